#include "append_zone.hpp"

#include <gtest/gtest.h>

namespace xnvme::tool {
namespace {

constexpr std::uint64_t kStart = 1000;

AppendZone zone_of(std::uint64_t capacity, bool verify) {
    AppendZone zone(kStart, capacity, verify);
    zone.begin();
    return zone;
}

TEST(AppendZone, HasRoomForAsMuchAsItsCapacity) {
    AppendZone zone = zone_of(10, false);
    EXPECT_TRUE(zone.empty());
    EXPECT_TRUE(zone.has_room_for(10));
    EXPECT_FALSE(zone.has_room_for(11));
    EXPECT_EQ(zone.send(4), kStart);
    EXPECT_EQ(zone.send(4), kStart + 4);
    EXPECT_FALSE(zone.empty() || zone.full());
    EXPECT_FALSE(zone.has_room_for(3));
    zone.send(2);
    EXPECT_TRUE(zone.full());
    const std::uint16_t round = zone.round();
    zone.begin();
    EXPECT_TRUE(zone.empty());
    EXPECT_NE(zone.round(), round) << "what is appended now is told from what was there";
}

TEST(AppendZone, BelievesNoPlaceOutsideOfItself) {
    for (const bool verify : {false, true}) {
        AppendZone zone = zone_of(10, verify);
        const std::uint64_t number = zone.send(4);
        for (const std::uint64_t lba :
             {std::uint64_t{0}, kStart - 1, kStart + 7, kStart + 10, UINT64_MAX - 1, UINT64_MAX})
            EXPECT_FALSE(zone.place(lba, 4, number)) << lba;
        EXPECT_TRUE(zone.place(kStart + 6, 4, number));
    }
}

TEST(AppendZone, BelievesNoPlaceTwice) {
    AppendZone zone = zone_of(10, true);
    const std::uint64_t first = zone.send(4);
    const std::uint64_t second = zone.send(4);
    EXPECT_TRUE(zone.place(kStart + 4, 4, first));
    EXPECT_FALSE(zone.place(kStart + 4, 4, second));
    EXPECT_FALSE(zone.place(kStart + 1, 4, second));
}

TEST(AppendZone, KnowsWhatIsWhere) {
    AppendZone zone = zone_of(100, true);
    EXPECT_FALSE(zone.next(kStart, 8));
    const std::uint64_t first = zone.send(3);
    const std::uint64_t second = zone.send(2);
    // The device put the second before the first, and left a gap.
    EXPECT_TRUE(zone.place(kStart + 10, 2, second));
    EXPECT_TRUE(zone.place(kStart + 12, 3, first));
    EXPECT_EQ(zone.count(), 5u);
    EXPECT_EQ(zone.number_of(kStart + 10), kStart + 3);
    EXPECT_EQ(zone.number_of(kStart + 11), kStart + 4);
    EXPECT_EQ(zone.number_of(kStart + 12), kStart);
    const auto range = zone.next(kStart, 4);
    ASSERT_TRUE(range);
    EXPECT_EQ(range->slba, kStart + 10);
    EXPECT_EQ(range->blocks, 4u);
    const auto rest = zone.next(range->slba + range->blocks, 4);
    ASSERT_TRUE(rest);
    EXPECT_EQ(rest->slba, kStart + 14);
    EXPECT_EQ(rest->blocks, 1u);
    EXPECT_FALSE(zone.next(kStart + 15, 4));
    EXPECT_FALSE(zone.next(kStart + 100, 4));
    zone.begin();
    EXPECT_FALSE(zone.next(kStart, 8)) << "a reset forgets all";
}

TEST(AppendZone, WithoutVerificationHasNothingToRead) {
    AppendZone zone = zone_of(10, false);
    EXPECT_TRUE(zone.place(kStart, 4, zone.send(4)));
    EXPECT_FALSE(zone.next(kStart, 4));
    EXPECT_EQ(zone.count(), 0u);
}

}  // namespace
}  // namespace xnvme::tool
