#include "written.hpp"

#include <gtest/gtest.h>

#include <array>
#include <initializer_list>
#include <thread>
#include <vector>

namespace xnvme::tool {
namespace {

constexpr Pattern kRun{.seed = 5, .generation = std::uint64_t{9} << kRunShift};

void write(Written& written, std::uint64_t slba, std::uint32_t blocks) {
    for (std::uint32_t i = 0; i < blocks; i += written.unit_blocks()) written.begin(slba + i);
    written.end(slba, blocks);
}

TEST(Written, TellsWhatWasWrittenAndHowOften) {
    Written written(1000, 8);
    EXPECT_FALSE(written.next(0, 64));
    write(written, 8, 8);
    write(written, 16, 16);
    write(written, 992, 8);
    EXPECT_EQ(written.count(), 32u);
    EXPECT_TRUE(written.unit_of(8).settled());
    EXPECT_TRUE(written.unit_of(15).sure());
    EXPECT_FALSE(written.unit_of(0).settled());
    EXPECT_FALSE(written.unit_of(0).sure());
    EXPECT_EQ(written.unit_of(8).number(), 1u);
    write(written, 8, 8);
    EXPECT_EQ(written.unit_of(8).number(), 2u);
    EXPECT_EQ(written.unit_of(16).number(), 1u);
    EXPECT_EQ(written.count(), 32u) << "twice is once";
}

TEST(Written, GivesRangesInOrderOfAtMostSoManyBlocks) {
    Written written(8 * 500, 8);
    write(written, 8 * 3, 8 * 100);
    write(written, 8 * 499, 8);
    std::uint64_t slba = 0;
    std::uint64_t blocks = 0;
    std::uint64_t ranges = 0;
    while (const auto range = written.next(slba, 8 * 30)) {
        EXPECT_GE(range->slba, slba);
        EXPECT_LE(range->blocks, 8u * 30);
        slba = range->slba + range->blocks;
        blocks += range->blocks;
        ++ranges;
    }
    EXPECT_EQ(blocks, 8u * 101);
    EXPECT_EQ(ranges, 5u);
    EXPECT_EQ(slba, 8u * 500);
}

TEST(Written, OfWritesAtTheSameTimeEitherMayBeTheLast) {
    Written written(8, 8);
    EXPECT_EQ(written.begin(0), 1u);
    EXPECT_FALSE(written.unit_of(0).sure());
    EXPECT_EQ(written.begin(0), 2u);
    written.end(0, 8);
    EXPECT_FALSE(written.unit_of(0).settled()) << "one is under way";
    EXPECT_EQ(written.count(), 8u) << "and one has completed";
    written.end(0, 8);
    EXPECT_TRUE(written.unit_of(0).settled());
    EXPECT_FALSE(written.unit_of(0).sure()) << "they met";
    EXPECT_EQ(written.begin(0), 3u);
    EXPECT_FALSE(written.unit_of(0).sure());
    written.end(0, 8);
    EXPECT_TRUE(written.unit_of(0).sure()) << "this one was alone";
}

TEST(Written, TheNumberGoesRound) {
    Written written(8, 8);
    for (int i = 0; i < 65535; ++i) write(written, 0, 8);
    EXPECT_EQ(written.unit_of(0).number(), 65535u);
    write(written, 0, 8);
    EXPECT_EQ(written.unit_of(0).number(), 0u);
    EXPECT_TRUE(written.unit_of(0).sure());
}

TEST(Written, SeveralThreadsLoseNothing) {
    constexpr int kEach = 20000;
    Written written(16, 8);
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t)
        threads.emplace_back([&written] {
            for (int i = 0; i < kEach; ++i) write(written, 0, 16);
        });
    for (std::thread& thread : threads) thread.join();
    for (const std::uint64_t slba : {0u, 8u}) {
        EXPECT_EQ(written.unit_of(slba).number(), 3 * kEach);
        write(written, slba, 8);
        EXPECT_TRUE(written.unit_of(slba).sure()) << "none is left under way";
    }
}

class CheckWritten : public ::testing::Test {
  protected:
    /// Of a unit that was written three times, the last two at the same time or not.
    std::optional<Mismatch> check(const Pattern& held, std::uint64_t number, bool sure) {
        Written written(8, 8);
        write(written, 0, 8);
        written.begin(0);
        if (sure) written.end(0, 8);
        written.begin(0);
        written.end(0, 8);
        if (!sure) written.end(0, 8);
        EXPECT_EQ(written.unit_of(0).sure(), sure);
        EXPECT_TRUE(written.unit_of(0).settled());
        fill_block(block_, number, held);
        if (torn_) block_.back() ^= std::byte{1};
        return check_written(block_, 4, kRun, written.unit_of(0));
    }
    std::array<std::byte, 512> block_{};
    bool torn_ = false;
};

TEST_F(CheckWritten, TheLastWriteIsTheOneThatIsThere) {
    EXPECT_FALSE(check(pattern_of_write(kRun, 3), 4, true));
    const auto earlier = check(pattern_of_write(kRun, 2), 4, true);
    ASSERT_TRUE(earlier);
    EXPECT_EQ(earlier->block, 4u);
    EXPECT_EQ(earlier->holds, "what an earlier write of this run left there");
}

TEST_F(CheckWritten, AfterWritesAtTheSameTimeAnyOfTheRunMayBe) {
    for (const auto number : std::initializer_list<std::uint16_t>{0, 1, 3, 65535})
        EXPECT_FALSE(check(pattern_of_write(kRun, number), 4, false));
    const Pattern other_run{kRun.seed, kRun.generation + (std::uint64_t{1} << kRunShift)};
    EXPECT_TRUE(check(other_run, 4, false));
    EXPECT_TRUE(check({kRun.seed + 1, kRun.generation + 3}, 4, false));
    EXPECT_TRUE(check(pattern_of_write(kRun, 3), 5, false)) << "another block's data";
    torn_ = true;
    const auto torn = check(pattern_of_write(kRun, 3), 4, false);
    ASSERT_TRUE(torn);
    EXPECT_EQ(torn->byte, 511u);
}

}  // namespace
}  // namespace xnvme::tool
