#include "backends/common/libc.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>

#include "os/pages.hpp"

namespace xnvme::be_common {
namespace {

class LibcTest : public ::testing::Test {
  protected:
    Handle handle_;
    std::unique_ptr<MemoryInterface> memory_ = std::move(*libc::make(handle_, {}));
};

TEST_F(LibcTest, MemoryIsZeroedAndAligned) {
    for (const std::size_t alignment : {std::size_t{1}, std::size_t{512}, os::page_bytes(),
                                        8 * os::page_bytes(), std::size_t{1} << 21}) {
        for (const std::size_t bytes : {std::size_t{1}, std::size_t{4097}, std::size_t{1} << 20}) {
            const auto base = memory_->allocate(bytes, alignment);
            ASSERT_TRUE(base.has_value()) << base.error().sentence;
            const auto address = reinterpret_cast<std::uintptr_t>(*base);
            EXPECT_EQ(address % alignment, 0u);
            EXPECT_EQ(address % os::page_bytes(), 0u);
            auto* first = static_cast<unsigned char*>(*base);
            for (std::size_t i = 0; i < bytes; ++i) ASSERT_EQ(first[i], 0);
            std::memset(first, 0xff, bytes);
            memory_->free(*base, bytes);
        }
    }
}

TEST_F(LibcTest, WhatMakesNoSenseIsRefused) {
    EXPECT_EQ(memory_->allocate(0, 4096).error().error.code, Errc::invalid_argument);
    EXPECT_EQ(memory_->allocate(4096, 3000).error().error.code, Errc::invalid_argument);
    EXPECT_EQ(memory_->allocate(SIZE_MAX / 2, 4096).error().error.code, Errc::no_memory);
    char byte = 0;
    EXPECT_TRUE(memory_->map(&byte, 1).has_value());
    EXPECT_EQ(memory_->map(nullptr, 1).error().error.code, Errc::invalid_argument);
    EXPECT_EQ(memory_->map(&byte, 0).error().error.code, Errc::invalid_argument);
    EXPECT_EQ(memory_->translate(&byte).error().code, Errc::unsupported);
}

}  // namespace
}  // namespace xnvme::be_common
