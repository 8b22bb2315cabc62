#include <gtest/gtest.h>
#include <xnvme/size.hpp>

#include "text/nearest.hpp"

namespace xnvme {
namespace {

TEST(Size, ReadsEveryUnitAsAPowerOf1024) {
    EXPECT_EQ(parse_size("0"), 0u);
    EXPECT_EQ(parse_size("4096"), 4096u);
    EXPECT_EQ(parse_size("4096B"), 4096u);
    EXPECT_EQ(parse_size("4k"), 4096u);
    EXPECT_EQ(parse_size("4KiB"), 4096u);
    EXPECT_EQ(parse_size("64 MiB"), 64u << 20);
    EXPECT_EQ(parse_size("1GB"), 1u << 30);
    EXPECT_EQ(parse_size("2T"), std::uint64_t{2} << 40);
    EXPECT_EQ(parse_size("18446744073709551615"), UINT64_MAX);
}

TEST(Size, RefusesWithASentenceThatNamesTheText) {
    for (const char* text :
         {"1GBB", "", "GiB", "-1", "1.5G", "18446744073709551616", "99999999P", "1 Q", "0x10"}) {
        const auto size = parse_size(text);
        ASSERT_FALSE(size.has_value()) << text;
        EXPECT_EQ(size.error().error.code, Errc::invalid_argument);
        EXPECT_NE(size.error().sentence.find("'" + std::string(text) + "'"), std::string::npos);
        EXPECT_NE(size.error().sentence.find("4KiB"), std::string::npos);
    }
}

TEST(Size, WritesTheLargestUnit) {
    EXPECT_EQ(format_size(0), "0 B");
    EXPECT_EQ(format_size(100), "100 B");
    EXPECT_EQ(format_size(4096), "4 KiB");
    EXPECT_EQ(format_size((3u << 30) / 2), "1.50 GiB");
    EXPECT_EQ(format_size(std::uint64_t{1} << 60), "1 EiB");
}

TEST(Nearest, FindsSlipsAndNothingElse) {
    static constexpr std::string_view kNames[] = {"io_uring", "libaio",  "posix_aio",
                                                  "emu",      "thrpool", "nil"};
    EXPECT_EQ(text::nearest("io-uring", kNames), "io_uring");
    EXPECT_EQ(text::nearest("iouring", kNames), "io_uring");
    EXPECT_EQ(text::nearest("libiao", kNames), "libaio");
    EXPECT_EQ(text::nearest("thrpol", kNames), "thrpool");
    EXPECT_EQ(text::nearest("EMU", kNames), "emu");
    EXPECT_EQ(text::nearest("spdk", kNames), "");
    EXPECT_EQ(text::nearest(std::string(100'000, 'x'), kNames), "");
}

}  // namespace
}  // namespace xnvme
