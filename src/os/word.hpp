/// \file
/// Sleeping until a word of memory changes, where the system can do that: Linux and Windows.
#pragma once

#if defined(__linux__) || defined(_WIN32)
#define XNVME_OS_HAVE_WORD_SLEEP 1

#include <atomic>
#include <chrono>
#include <cstdint>

namespace xnvme::os {

/// Sleeps while `word` holds `value`, until `wake_one` or until `timeout` has passed; a negative
/// one never does. May return early, so the caller looks at the word again. A `wake_one` that
/// follows a change of the word is never missed. Linux: futex(2), FUTEX_WAIT; Windows 8:
/// WaitOnAddress.
void sleep_while(std::atomic<std::uint32_t>& word, std::uint32_t value,
                 std::chrono::nanoseconds timeout) noexcept;
/// Wakes one of the threads that sleep on `word`, if any does. One system call.
void wake_one(std::atomic<std::uint32_t>& word) noexcept;

}  // namespace xnvme::os

#endif
