/// \file
/// The clock that time-outs and measurements are taken from.
#pragma once

#include <chrono>
#include <cstdint>

namespace xnvme::os {

/// Nanoseconds since some moment in the past; never goes back. Any thread.
inline std::uint64_t monotonic_ns() noexcept {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                          std::chrono::steady_clock::now().time_since_epoch())
                                          .count());
}

}  // namespace xnvme::os
