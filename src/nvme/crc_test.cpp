#include <xnvme/nvme/crc.hpp>

#include <gtest/gtest.h>

#include <random>
#include <string_view>
#include <vector>

#include "nvme/crc_tables.hpp"

namespace xnvme::nvme {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

/// 4 KiB, as the specification's examples have them.
std::vector<std::byte> page(unsigned first, unsigned step) {
    std::vector<std::byte> bytes(4096);
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<std::byte>(first + i * step);
    return bytes;
}

/// Both ways that there are: the library's function (ISA-L's where that is there), and the tables.
struct Crcs {
    std::uint16_t (*crc16)(std::span<const std::byte>, std::uint16_t) noexcept;
    std::uint32_t (*crc32)(std::span<const std::byte>, std::uint32_t) noexcept;
    std::uint64_t (*crc64)(std::span<const std::byte>, std::uint64_t) noexcept;
};
constexpr Crcs kBoth[] = {{crc16_t10dif, crc32c, crc64_nvme},
                          {tables::crc16_t10dif, tables::crc32c, tables::crc64_nvme}};

// The check values of the CRC RevEng catalogue: the checksums of "123456789".
TEST(Crc, TheCatalogueAgrees) {
    for (const Crcs& crcs : kBoth) {
        EXPECT_EQ(crcs.crc16(bytes_of("123456789"), 0), 0xd0db);
        EXPECT_EQ(crcs.crc32(bytes_of("123456789"), 0), 0xe3069283u);
        EXPECT_EQ(crcs.crc64(bytes_of("123456789"), 0), 0xae8b14860a799888u);
        EXPECT_EQ(crcs.crc16({}, 0), 0);
        EXPECT_EQ(crcs.crc32({}, 0), 0u);
        EXPECT_EQ(crcs.crc64({}, 0), 0u);
    }
}

// NVM Command Set 1.0 §5.2.1.2 and §5.2.1.3: the checksums of 4 KiB of zeroes, of ones, of 00h to
// FFh over and over, and of FFh to 00h.
TEST(Crc, TheSpecificationsExamplesAgree) {
    struct Example {
        std::vector<std::byte> bytes;
        std::uint32_t crc32;
        std::uint64_t crc64;
    };
    const Example examples[] = {
        {page(0, 0), 0x98f94189, 0x6482d367eb22b64e},
        {page(0xff, 0), 0x25c1fe13, 0xc0ddba7302eca3ac},
        {page(0, 1), 0x9c71fe32, 0x3e729f5f6750449c},
        {page(0xff, 0xff), 0x214941a8, 0x9a2df64b8e9e517e},
    };
    for (const Crcs& crcs : kBoth) {
        for (const Example& example : examples) {
            EXPECT_EQ(crcs.crc32(example.bytes, 0), example.crc32);
            EXPECT_EQ(crcs.crc64(example.bytes, 0), example.crc64);
        }
    }
}

// SBC-3, table "CRC test cases": 32 bytes of zeroes, of ones, of 00h to 1Fh.
TEST(Crc, TheDifExamplesAgree) {
    const std::vector<std::byte> zeroes(32);
    const std::vector<std::byte> ones(32, std::byte{0xff});
    std::vector<std::byte> counting(32);
    for (std::size_t i = 0; i < 32; ++i) counting[i] = static_cast<std::byte>(i);
    for (const Crcs& crcs : kBoth) {
        EXPECT_EQ(crcs.crc16(zeroes, 0), 0x0000);
        EXPECT_EQ(crcs.crc16(ones, 0), 0xa293);
        EXPECT_EQ(crcs.crc16(counting, 0), 0x0224);
    }
}

TEST(Crc, AcceleratedAndTablesAgreeOnRandomData) {
    std::mt19937_64 random(20240917);
    std::vector<std::byte> memory(9000);
    for (std::byte& byte : memory) byte = static_cast<std::byte>(random());
    for (int round = 0; round < 2000; ++round) {
        const std::size_t begin = random() % 64;
        const std::size_t length = round < 200 ? static_cast<std::size_t>(round) : random() % 8900;
        const std::span<const std::byte> part(memory.data() + begin, length);
        const std::uint64_t seed = random();
        const auto seed16 = static_cast<std::uint16_t>(seed);
        const auto seed32 = static_cast<std::uint32_t>(seed);
        ASSERT_EQ(crc16_t10dif(part, seed16), tables::crc16_t10dif(part, seed16)) << length;
        ASSERT_EQ(crc32c(part, seed32), tables::crc32c(part, seed32)) << length;
        ASSERT_EQ(crc64_nvme(part, seed), tables::crc64_nvme(part, seed)) << length;
    }
}

TEST(Crc, PartsComeToTheSameAsTheWhole) {
    std::mt19937_64 random(7);
    std::vector<std::byte> memory(4104);
    for (std::byte& byte : memory) byte = static_cast<std::byte>(random());
    const std::span<const std::byte> whole(memory);
    for (const Crcs& crcs : kBoth) {
        for (const std::size_t cut : {std::size_t{0}, std::size_t{1}, std::size_t{7},
                                      std::size_t{512}, std::size_t{4096}, whole.size()}) {
            const auto first = whole.first(cut);
            const auto rest = whole.subspan(cut);
            EXPECT_EQ(crcs.crc16(rest, crcs.crc16(first, 0)), crcs.crc16(whole, 0)) << cut;
            EXPECT_EQ(crcs.crc32(rest, crcs.crc32(first, 0)), crcs.crc32(whole, 0)) << cut;
            EXPECT_EQ(crcs.crc64(rest, crcs.crc64(first, 0)), crcs.crc64(whole, 0)) << cut;
        }
    }
}

}  // namespace
}  // namespace xnvme::nvme
