#include "written.hpp"

#include <gtest/gtest.h>

namespace xnvme::tool {
namespace {

TEST(Written, TellsWhatWasMarked) {
    Written written(1000, 8);
    EXPECT_FALSE(written.next(0, 64));
    written.mark(8, 8);
    written.mark(16, 16);
    written.mark(992, 8);
    EXPECT_EQ(written.count(), 32u);
    EXPECT_TRUE(written.holds(8, 24));
    EXPECT_FALSE(written.holds(0, 16));
    EXPECT_FALSE(written.holds(24, 16));
    written.mark(8, 8);
    EXPECT_EQ(written.count(), 32u) << "twice is once";
}

TEST(Written, GivesRangesInOrderOfAtMostSoManyBlocks) {
    Written written(8 * 500, 8);
    written.mark(8 * 3, 8 * 100);
    written.mark(8 * 499, 8);
    std::uint64_t slba = 0;
    std::uint64_t blocks = 0;
    std::uint64_t ranges = 0;
    while (const auto range = written.next(slba, 8 * 30)) {
        EXPECT_GE(range->slba, slba);
        EXPECT_LE(range->blocks, 8u * 30);
        EXPECT_TRUE(written.holds(range->slba, range->blocks));
        slba = range->slba + range->blocks;
        blocks += range->blocks;
        ++ranges;
    }
    EXPECT_EQ(blocks, 8u * 101);
    EXPECT_EQ(ranges, 5u);
    EXPECT_EQ(slba, 8u * 500);
}

}  // namespace
}  // namespace xnvme::tool
