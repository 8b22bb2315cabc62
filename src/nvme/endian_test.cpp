#include <xnvme/nvme/endian.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstring>

namespace xnvme::nvme {
namespace {

TEST(LittleEndian, PutsTheLeastSignificantByteFirst) {
    struct {
        std::uint8_t pad;
        Le16 a;
        Le32 b;
        Le64 c;
    } value{0xee, 0x1122, 0x33445566, 0x778899aabbccddee};
    static_assert(sizeof(value) == 15);
    const std::array<std::uint8_t, 15> bytes{0xee, 0x22, 0x11, 0x66, 0x55, 0x44, 0x33, 0xee,
                                             0xdd, 0xcc, 0xbb, 0xaa, 0x99, 0x88, 0x77};
    EXPECT_EQ(std::memcmp(&value, bytes.data(), bytes.size()), 0);
    EXPECT_EQ(value.c, 0x778899aabbccddeeu);
}

TEST(LittleEndian, WorksInConstantExpressions) {
    static_assert(Le16(7) == 7 && Le32(1u << 31).value() == 1u << 31);
    constexpr Le64 kValue = 0x100000000;
    static_assert((kValue >> 32) == 1);
    Le16 flags = 1;
    flags |= 4;
    flags &= 6;
    flags += 10;
    EXPECT_EQ(flags, 14);
}

TEST(U128, PrintsAllDigits) {
    EXPECT_EQ(U128{}.decimal(), "0");
    EXPECT_EQ(U128::of(10).decimal(), "10");
    EXPECT_EQ(U128::of(UINT64_MAX).decimal(), "18446744073709551615");
    EXPECT_EQ((U128{0, 1}).decimal(), "18446744073709551616");
    EXPECT_EQ((U128{UINT64_MAX, UINT64_MAX}).decimal(), "340282366920938463463374607431768211455");
}

TEST(U128, AddsWithCarryAndSaturates) {
    U128 value = U128::of(UINT64_MAX - 1);
    value += 1;
    EXPECT_EQ(value, U128::of(UINT64_MAX));
    EXPECT_EQ(value.saturated(), UINT64_MAX);
    value += 1;
    EXPECT_EQ(value, (U128{0, 1}));
    EXPECT_EQ(value.saturated(), UINT64_MAX);
    EXPECT_FALSE(value.is_zero());
    EXPECT_TRUE(U128::of(0).is_zero());
}

TEST(Decode, RefusesAShortBufferAndTakesAnyAlignment) {
    const std::array<std::byte, 6> bytes{std::byte{9}, std::byte{1}, std::byte{2},
                                         std::byte{3}, std::byte{4}, std::byte{9}};
    const std::span<const std::byte> all(bytes);
    const Result<Le32> value = decode<Le32>(all.subspan(1, 4));
    ASSERT_TRUE(value.has_value());
    EXPECT_EQ(value->value(), 0x04030201u);
    const Result<Le32> none = decode<Le32>(all.first(3));
    ASSERT_FALSE(none.has_value());
    EXPECT_EQ(none.error().code, Errc::bad_length);
    EXPECT_EQ(encode(*value).size(), 4u);
    EXPECT_EQ(encode(*value)[0], std::byte{1});
}

}  // namespace
}  // namespace xnvme::nvme
