#include "os/parker.hpp"

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cerrno>
#include <ctime>
#endif

#include "os/deadline.hpp"

namespace xnvme::os {

#if defined(__linux__)

namespace {

// Linux: futex(2). A time-out of FUTEX_WAIT is relative, by CLOCK_MONOTONIC.
long futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value,
           const timespec* timeout) noexcept {
    static_assert(sizeof(word) == sizeof(std::uint32_t));
    return ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), operation, value, timeout,
                     nullptr, 0);
}

}  // namespace

bool Parker::sleep(std::chrono::nanoseconds timeout) noexcept {
    std::uint32_t state = kAwake;
    // Acquire, here and below: what was done before `wake` is seen.
    if (!state_.compare_exchange_strong(state, kAsleep, std::memory_order_acquire)) {
        state_.store(kAwake, std::memory_order_relaxed);
        return true;
    }
    const Deadline deadline(timeout);
    while (state_.load(std::memory_order_acquire) != kCalled) {
        const auto left = deadline.left();
        if (left.count() == 0) break;
        const timespec time{static_cast<time_t>(left.count() / 1'000'000'000),
                            static_cast<long>(left.count() % 1'000'000'000)};
        futex(state_, FUTEX_WAIT_PRIVATE, kAsleep, left.count() < 0 ? nullptr : &time);
    }
    return state_.exchange(kAwake, std::memory_order_acquire) == kCalled;
}

void Parker::wake() noexcept {
    // Release: pairs with the acquire of `sleep`.
    if (state_.exchange(kCalled, std::memory_order_release) == kAsleep)
        futex(state_, FUTEX_WAKE_PRIVATE, 1, nullptr);
}

#else

bool Parker::sleep(std::chrono::nanoseconds timeout) noexcept {
    const Deadline deadline(timeout);
    std::unique_lock lock(mutex_);
    const auto called = [this] { return state_.load(std::memory_order_relaxed) == kCalled; };
    if (deadline.endless()) {
        called_.wait(lock, called);
    } else if (!called_.wait_until(lock, deadline.at(), called)) {
        return false;
    }
    state_.store(kAwake, std::memory_order_relaxed);
    return true;
}

void Parker::wake() noexcept {
    {
        const std::lock_guard lock(mutex_);
        state_.store(kCalled, std::memory_order_relaxed);
    }
    called_.notify_one();
}

#endif

}  // namespace xnvme::os
