/// \file
/// Where one thread sleeps until another wakes it: no lock, and no system call unless it sleeps.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "os/word.hpp"
#ifndef XNVME_OS_HAVE_WORD_SLEEP
#include <condition_variable>
#include <mutex>
#endif

namespace xnvme::os {

/// The sleeping place of one thread. A `wake` is never lost: one that comes first makes the next
/// `sleep` return at once; several that come before it count as one.
class Parker {
  public:
    Parker() = default;
    Parker(const Parker&) = delete;
    Parker& operator=(const Parker&) = delete;

    /// For one thread at a time. Returns true when it was woken, false when `timeout` passed first;
    /// a negative one never does.
    bool sleep(std::chrono::nanoseconds timeout) noexcept;
    /// For any thread. What it did before is seen by the thread that wakes up. One system call
    /// where that thread sleeps, none else.
    void wake() noexcept;

  private:
    enum State : std::uint32_t { kAwake, kAsleep, kCalled };
    std::atomic<std::uint32_t> state_{kAwake};
#ifndef XNVME_OS_HAVE_WORD_SLEEP
    std::mutex mutex_;
    std::condition_variable called_;
#endif
};

/// Tells the processor that a loop waits for another one.
inline void relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

}  // namespace xnvme::os
