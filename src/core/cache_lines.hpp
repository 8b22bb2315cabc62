/// \file
/// Memory that shares no cache line with anything else: what one queue's thread writes slows down
/// no other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <vector>

namespace xnvme {

/// Bytes that two processors hand to each other at a time.
inline constexpr std::size_t kCacheLineBytes = 64;

/// Allocates whole cache lines.
template <class T>
struct CacheLineAllocator {
    using value_type = T;
    /// Vectors of what cannot be moved, such as atomics, are moved whole.
    // NOLINTNEXTLINE(readability-identifier-naming): as the standard has it.
    using propagate_on_container_move_assignment = std::true_type;

    CacheLineAllocator() noexcept = default;
    template <class Other>
    CacheLineAllocator(const CacheLineAllocator<Other>&) noexcept {}  // NOLINT: as the standard's.

    T* allocate(std::size_t count) {
        constexpr std::size_t kEach =
            sizeof(T);  // NOLINT(bugprone-sizeof-expression): or pointers.
        if (count > (SIZE_MAX - kCacheLineBytes) / kEach) throw std::bad_array_new_length();
        const std::size_t lines = (count * kEach + kCacheLineBytes - 1) / kCacheLineBytes;
        return static_cast<T*>(
            ::operator new(lines * kCacheLineBytes, std::align_val_t{kCacheLineBytes}));
    }
    void deallocate(T* memory, std::size_t) noexcept {
        ::operator delete(memory, std::align_val_t{kCacheLineBytes});
    }
    bool operator==(const CacheLineAllocator&) const noexcept = default;
};

/// A vector on cache lines of its own.
template <class T>
using CacheLineVector = std::vector<T, CacheLineAllocator<T>>;

}  // namespace xnvme
