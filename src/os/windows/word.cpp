#include "os/word.hpp"

#include <algorithm>

#include <windows.h>

namespace xnvme::os {

void sleep_while(std::atomic<std::uint32_t>& word, std::uint32_t value,
                 std::chrono::nanoseconds timeout) noexcept {
    static_assert(sizeof(word) == sizeof(value));
    DWORD milliseconds = INFINITE;
    if (timeout.count() >= 0) {
        // Rounded up, so that nobody wakes just before the time and sleeps again; at most what is
        // just short of INFINITE, after which the caller goes on.
        const auto wanted = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
        milliseconds = static_cast<DWORD>(std::min<long long>(wanted, INFINITE - 1));
    }
    ::WaitOnAddress(&word, &value, sizeof(value), milliseconds);
}

void wake_one(std::atomic<std::uint32_t>& word) noexcept {
    ::WakeByAddressSingle(&word);
}

}  // namespace xnvme::os
