/// \file
/// A lock that is taken and given back in a few instructions, for what is held briefly and often.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "os/word.hpp"

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
            wake_sleeper();
    }

  private:
    enum State : std::uint32_t {
        kFree,
        kTaken,
        kWanted,  ///< Taken, and somebody sleeps, or may.
    };

    // Not std::atomic's own wait: where that stands on no system call, as in GCC 12 for Windows, it
    // misses wake-ups.
#ifdef XNVME_OS_HAVE_WORD_SLEEP
    void sleep() noexcept { sleep_while(state_, kWanted, std::chrono::nanoseconds{-1}); }
    void wake_sleeper() noexcept { wake_one(state_); }
#else
    void sleep() noexcept { state_.wait(kWanted, std::memory_order_relaxed); }
    void wake_sleeper() noexcept { state_.notify_one(); }
#endif

    [[gnu::noinline, gnu::cold]] void lock_taken() noexcept {
        // Whoever comes through here leaves it wanted: there may be others that sleep.
        while (state_.exchange(kWanted, std::memory_order_acquire) != kFree) sleep();
    }

    std::atomic<std::uint32_t> state_{kFree};
};

}  // namespace xnvme::os
