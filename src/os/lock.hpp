/// \file
/// A lock that is taken and given back in a few instructions, for what is held briefly and often.
#pragma once

#include <atomic>
#include <cstdint>

namespace xnvme::os {

/// A lock for `std::lock_guard` and the like. Taking and giving it back is one atomic instruction
/// each, inlined; std::mutex is two calls of the C library. Who finds it taken sleeps.
class Lock {
  public:
    Lock() = default;
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

    void lock() noexcept {
        std::uint32_t state = kFree;
        // Acquire: pairs with the release of `unlock`.
        if (!state_.compare_exchange_strong(state, kTaken, std::memory_order_acquire,
                                            std::memory_order_relaxed)) [[unlikely]]
            lock_taken();
    }
    void unlock() noexcept {
        if (state_.exchange(kFree, std::memory_order_release) == kWanted) [[unlikely]]
            state_.notify_one();
    }

  private:
    enum State : std::uint32_t {
        kFree,
        kTaken,
        kWanted,  ///< Taken, and somebody sleeps, or may.
    };

    [[gnu::noinline, gnu::cold]] void lock_taken() noexcept {
        // Whoever comes through here leaves it wanted: there may be others that sleep.
        while (state_.exchange(kWanted, std::memory_order_acquire) != kFree)
            state_.wait(kWanted, std::memory_order_relaxed);
    }

    std::atomic<std::uint32_t> state_{kFree};
};

}  // namespace xnvme::os
