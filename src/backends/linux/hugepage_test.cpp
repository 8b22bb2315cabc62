#include "backends/linux/hugepage.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "backends/linux/sysfs.hpp"

namespace xnvme::be_linux::hugepage {

namespace {

/// Sets the number of huge pages for as long as a test runs. Needs root.
class Reserved {
  public:
    explicit Reserved(std::uint64_t pages) : before_(read_number(kFile).value_or(0)) { set(pages); }
    ~Reserved() { set(before_); }
    static std::uint64_t count() { return read_number(kFile).value_or(0); }

  private:
    static constexpr const char* kFile = "/proc/sys/vm/nr_hugepages";
    static void set(std::uint64_t pages) { std::ofstream(kFile) << pages << std::endl; }
    std::uint64_t before_;
};

class NoHandle final : public Handle {};

TEST(Hugepage, WithoutPagesTheSentenceSaysHowToGetThem) {
    const Reserved none(0);
    ASSERT_EQ(Reserved::count(), 0u) << "somebody holds huge pages";
    EXPECT_EQ(machine().kind, Verdict::Kind::refuses);
    NoHandle handle;
    auto memory = make(handle, Options{});
    ASSERT_TRUE(memory.has_value());
    auto refused = (*memory)->allocate(5 << 20, 4096);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().error.code, Errc::no_memory);
    EXPECT_NE(refused.error().sentence.find("echo 3 > /proc/sys/vm/nr_hugepages"),
              std::string::npos)
        << refused.error().sentence;
}

TEST(Hugepage, AllocatesWholePagesAndGivesThemBack) {
    const Reserved some(8);
    ASSERT_GE(Reserved::count(), 2u) << "this machine has no two huge pages of memory to set aside";
    NoHandle handle;
    EXPECT_EQ(probe(handle, Options{}).kind, Verdict::Kind::serves);
    auto memory = make(handle, Options{});
    ASSERT_TRUE(memory.has_value());
    for (int round = 0; round < 20; ++round) {
        auto base = (*memory)->allocate((2 << 20) + 1, 4096);
        ASSERT_TRUE(base.has_value()) << base.error().sentence;
        auto* const bytes = static_cast<unsigned char*>(*base);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(bytes) % (2 << 20), 0u);
        EXPECT_EQ(bytes[0], 0);
        EXPECT_EQ(bytes[(4 << 20) - 1], 0);
        std::memset(bytes, 1, 4 << 20);
        const auto first = (*memory)->translate(bytes);
        const auto next = (*memory)->translate(bytes + 4096 + 7);
        ASSERT_TRUE(first.has_value());
        ASSERT_TRUE(next.has_value());
        EXPECT_EQ(*first % (2 << 20), 0u);
        EXPECT_EQ(*next, *first + 4096 + 7) << "a huge page is contiguous";
        (*memory)->free(*base, (2 << 20) + 1);
    }
    EXPECT_FALSE((*memory)->allocate(0, 4096).has_value());
    EXPECT_FALSE((*memory)->allocate(4096, std::size_t{1} << 40).has_value());
}

}  // namespace

}  // namespace xnvme::be_linux::hugepage
