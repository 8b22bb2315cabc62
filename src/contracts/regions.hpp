/// \file
/// The buffers of a device, for interfaces that register memory with the kernel.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace xnvme {

/// One buffer. `serial` is never used twice, so that memory that was freed and allocated again at
/// the same address is told from what was there before.
struct Region {
    std::uintptr_t base = 0;
    std::size_t bytes = 0;
    std::uint64_t serial = 0;
};

/// The buffers of a device. Any thread may change it; queues compare `generation` on their own
/// path and take a copy when it has moved.
class RegionTable {
  public:
    void add(void* base, std::size_t bytes) {
        const std::lock_guard lock(mutex_);
        regions_.push_back({reinterpret_cast<std::uintptr_t>(base), bytes, ++last_serial_});
        // Release: a queue that sees the new generation sees the regions, also without the lock.
        generation_.fetch_add(1, std::memory_order_release);
    }
    void remove(const void* base) noexcept {
        const std::lock_guard lock(mutex_);
        std::erase_if(regions_, [base](const Region& region) {
            return region.base == reinterpret_cast<std::uintptr_t>(base);
        });
        generation_.fetch_add(1, std::memory_order_release);
    }
    /// Changes with every `add` and `remove`.
    std::uint64_t generation() const noexcept {
        return generation_.load(std::memory_order_acquire);
    }
    /// A copy, and the generation it belongs to.
    std::vector<Region> copy(std::uint64_t& generation) const {
        const std::lock_guard lock(mutex_);
        generation = generation_.load(std::memory_order_relaxed);
        return regions_;
    }

  private:
    mutable std::mutex mutex_;
    std::vector<Region> regions_;
    std::uint64_t last_serial_ = 0;
    std::atomic<std::uint64_t> generation_{0};
};

}  // namespace xnvme
