#include "os/parker.hpp"

#include "os/deadline.hpp"
#include "os/word.hpp"

namespace xnvme::os {

#ifdef XNVME_OS_HAVE_WORD_SLEEP

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
        sleep_while(state_, kAsleep, left);
    }
    return state_.exchange(kAwake, std::memory_order_acquire) == kCalled;
}

void Parker::wake() noexcept {
    // Release: pairs with the acquire of `sleep`.
    if (state_.exchange(kCalled, std::memory_order_release) == kAsleep) wake_one(state_);
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
