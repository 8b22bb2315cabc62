#include "histogram.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace xnvme::tool {
namespace {

TEST(Histogram, PercentilesAreRightToAPartInSixtyFour) {
    Histogram times;
    for (std::uint64_t us = 1; us <= 100'000; ++us) times.add(us * 1000);
    EXPECT_EQ(times.count(), 100'000u);
    EXPECT_EQ(times.max_ns(), 100'000'000u);
    EXPECT_NEAR(times.mean_ns(), 50'000'500.0, 1.0);
    const std::pair<double, double> cases[] = {
        {0.5, 50e6}, {0.9, 90e6}, {0.99, 99e6}, {0.999, 99.9e6}, {0.9999, 99.99e6}};
    for (const auto& [part, expected] : cases) {
        const auto found = times.percentile_ns(part);
        ASSERT_TRUE(found) << part;
        EXPECT_GE(static_cast<double>(*found), expected * 0.9999) << part;
        EXPECT_LE(static_cast<double>(*found), expected * (1 + 1.0 / 64)) << part;
    }
}

TEST(Histogram, PercentilesThatTooFewTellOfAreNone) {
    Histogram times;
    EXPECT_FALSE(times.percentile_ns(0.5));
    for (int i = 0; i < 99; ++i) times.add(5);
    EXPECT_TRUE(times.percentile_ns(0.9));
    EXPECT_FALSE(times.percentile_ns(0.99));
    times.add(5);
    EXPECT_EQ(times.percentile_ns(0.99), 5u);
}

TEST(Histogram, AnyTimeHasABucket) {
    Histogram times;
    std::vector<std::uint64_t> values{0, 1, 63, 64, 65, 127, 128, 1'000'000, UINT64_MAX};
    for (const std::uint64_t value : values) times.add(value);
    std::uint64_t next = 0;
    std::uint64_t counted = 0;
    std::size_t at = 0;
    times.for_each([&](std::uint64_t first, std::uint64_t last, std::uint64_t count) {
        EXPECT_GE(first, next);
        EXPECT_LE(first, last);
        for (std::uint64_t i = 0; i < count; ++i, ++at) {
            EXPECT_GE(values[at], first);
            EXPECT_LE(values[at], last);
        }
        next = last;
        counted += count;
    });
    EXPECT_EQ(counted, values.size());
    EXPECT_EQ(times.max_ns(), UINT64_MAX);
}

TEST(Histogram, MergesAsIfAllHadBeenAddedToOne) {
    Histogram one;
    Histogram other;
    Histogram both;
    for (std::uint64_t i = 0; i < 1000; ++i) {
        (i % 3 == 0 ? one : other).add(i * i);
        both.add(i * i);
    }
    one.merge(other);
    EXPECT_EQ(one.count(), both.count());
    EXPECT_EQ(one.max_ns(), both.max_ns());
    EXPECT_EQ(one.mean_ns(), both.mean_ns());
    EXPECT_EQ(one.percentile_ns(0.99), both.percentile_ns(0.99));
}

}  // namespace
}  // namespace xnvme::tool
