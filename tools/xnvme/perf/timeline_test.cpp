#include "timeline.hpp"

#include <numeric>

#include <gtest/gtest.h>

namespace xnvme::tool {
namespace {

using Counts = std::vector<std::uint64_t>;

std::uint64_t sum(const Timeline& timeline) {
    return std::accumulate(timeline.counts().begin(), timeline.counts().end(), std::uint64_t{0});
}

TEST(Timeline, CountsByInterval) {
    Timeline timeline(1000, 10);
    for (const std::uint64_t time : {1000u, 1009u, 1010u, 1039u}) timeline.add(time);
    EXPECT_EQ(timeline.counts(), (Counts{2, 1, 0, 1}));
    timeline.end_at(39);
    EXPECT_EQ(timeline.counts(), (Counts{2, 1, 0})) << "the last interval was not over";
    timeline.end_at(5);
    EXPECT_EQ(timeline.counts(), (Counts{2})) << "one stays";
}

TEST(Timeline, HasLongerIntervalsTheLongerItIs) {
    Timeline timeline(0, 1);
    for (std::uint64_t time = 0; time < 10'000; ++time) timeline.add(time);
    EXPECT_EQ(sum(timeline), 10'000u);
    EXPECT_LE(timeline.counts().size(), 256u);
    EXPECT_EQ(timeline.interval_ns(), 64u);
    for (std::size_t i = 0; i + 1 < timeline.counts().size(); ++i)
        EXPECT_EQ(timeline.counts()[i], 64u) << i;
}

TEST(Timeline, SkipsAnyGap) {
    Timeline timeline(0, 1);
    timeline.add(0);
    timeline.add(3'600'000'000'000);
    EXPECT_EQ(sum(timeline), 2u);
    EXPECT_LE(timeline.counts().size(), 256u);
    EXPECT_EQ(timeline.counts().front(), 1u);
    EXPECT_EQ(timeline.counts().back(), 1u);
}

TEST(Timeline, MergesAndAppendsWhateverTheIntervals) {
    Timeline fine(0, 1);
    Timeline coarse(0, 1);
    for (std::uint64_t time = 0; time < 100; ++time) fine.add(time);
    for (std::uint64_t time = 0; time < 1000; ++time) coarse.add(time);
    Timeline both = fine;
    both.merge(coarse);
    EXPECT_EQ(both.interval_ns(), coarse.interval_ns());
    EXPECT_EQ(sum(both), 1100u);
    EXPECT_EQ(both.counts().front(), 2 * coarse.interval_ns());
    Timeline behind = coarse;
    behind.append(fine);
    EXPECT_EQ(sum(behind), 1100u);
    EXPECT_LE(behind.counts().size(), 256u);
    EXPECT_GT(behind.counts().size(), 128u);
}

}  // namespace
}  // namespace xnvme::tool
