/// \file
/// The error information log: a ring of the last errors.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>

#include <xnvme/command.hpp>
#include <xnvme/nvme/log.hpp>

#include "verdicts.hpp"

namespace xnvme::be_model {

/// Entries that the log keeps.
inline constexpr std::uint32_t kErrorEntries = 64;

/// What the log has counted.
struct ErrorCounts {
    std::uint64_t errors = 0;
    std::uint64_t media_errors = 0;
};

/// The last `kErrorEntries` errors of a controller. Any thread may use it.
class ErrorLog {
  public:
    using Entries = std::array<nvme::ErrorLogEntry, kErrorEntries>;

    /// Adds a command that failed.
    void add(const Command& command, bool admin, const Outcome& outcome) noexcept;
    /// Newest first; unused entries are zeroes. NVMe Base 2.0 §5.16.1.2
    Entries entries() const noexcept;
    ErrorCounts counts() const noexcept;

  private:
    mutable std::mutex mutex_;
    Entries ring_{};  ///< The error with count n stands at (n - 1) % `kErrorEntries`.
    ErrorCounts counts_;
};

}  // namespace xnvme::be_model
