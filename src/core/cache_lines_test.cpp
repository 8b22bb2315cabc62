#include "cache_lines.hpp"

#include <atomic>
#include <cstdint>

#include <gtest/gtest.h>

namespace xnvme {
namespace {

TEST(CacheLines, VectorsBeginOnOneAndEndBehindOne) {
    for (const std::size_t count : {1u, 7u, 8u, 9u, 100u}) {
        CacheLineVector<std::uint64_t> one(count);
        CacheLineVector<std::uint64_t> other(count);
        const auto begin = reinterpret_cast<std::uintptr_t>(one.data());
        const auto next = reinterpret_cast<std::uintptr_t>(other.data());
        EXPECT_EQ(begin % kCacheLineBytes, 0u);
        EXPECT_EQ(next % kCacheLineBytes, 0u);
        const std::uintptr_t end = begin + count * sizeof(std::uint64_t);
        EXPECT_TRUE(next >= (end + kCacheLineBytes - 1) / kCacheLineBytes * kCacheLineBytes ||
                    next < begin);
    }
}

TEST(CacheLines, RefuseMoreThanThereIs) {
    CacheLineAllocator<std::uint64_t> allocator;
    EXPECT_THROW(static_cast<void>(allocator.allocate(SIZE_MAX / 4)), std::bad_alloc);
    EXPECT_THROW(static_cast<void>(allocator.allocate(SIZE_MAX)), std::bad_alloc);
}

}  // namespace
}  // namespace xnvme
