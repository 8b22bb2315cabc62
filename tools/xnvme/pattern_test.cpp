#include "pattern.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace xnvme::tool {
namespace {

constexpr Pattern kPattern{.seed = 3, .generation = 7};

std::vector<std::byte> block_of(std::size_t bytes, std::uint64_t number, const Pattern& pattern) {
    std::vector<std::byte> block(bytes);
    fill_block(block, number, pattern);
    return block;
}

TEST(Pattern, OfEveryLengthIsKnownAgain) {
    for (const std::size_t bytes : {32u, 33u, 512u, 520u, 4096u}) {
        const auto block = block_of(bytes, 9, kPattern);
        EXPECT_FALSE(check_block(block, 9, kPattern)) << bytes;
        const auto claimed = claimed_pattern(block, 9);
        ASSERT_TRUE(claimed);
        EXPECT_EQ(claimed->seed, kPattern.seed);
        EXPECT_EQ(claimed->generation, kPattern.generation);
    }
}

TEST(Pattern, SaysWhereABlockDiffersAndWhatItHolds) {
    auto block = block_of(512, 9, kPattern);
    block[100] ^= std::byte{0xff};
    const auto changed = check_block(block, 9, kPattern);
    ASSERT_TRUE(changed);
    EXPECT_EQ(changed->block, 9u);
    EXPECT_EQ(changed->byte, 100u);
    EXPECT_EQ(changed->expected ^ changed->actual, 0xff);
    EXPECT_EQ(changed->holds, "");
    const auto holds = [](const std::vector<std::byte>& held) {
        const auto mismatch = check_block(held, 9, kPattern);
        return mismatch ? mismatch->holds : "it is right";
    };
    EXPECT_EQ(holds(std::vector<std::byte>(512)), "nothing but zeroes");
    EXPECT_EQ(holds(block_of(512, 8, kPattern)), "what belongs into block 8");
    EXPECT_EQ(holds(block_of(512, 9, {3, 6})), "its data of generation 6");
    EXPECT_EQ(holds(block_of(512, 9, {2, 7})), "its data of seed 2");
}

TEST(Pattern, OnlyItsOwnBlockClaimsOne) {
    EXPECT_FALSE(claimed_pattern(block_of(512, 8, kPattern), 9));
    EXPECT_FALSE(claimed_pattern(std::vector<std::byte>(512), 0));
}

}  // namespace
}  // namespace xnvme::tool
