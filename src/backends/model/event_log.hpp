/// \file
/// The persistent event log: what happened to the controller, the latest first.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>

#include <xnvme/command.hpp>
#include <xnvme/nvme/log_events.hpp>

#include "scatter.hpp"
#include "verdicts.hpp"

namespace xnvme::be_model {

/// Events that the log keeps; older ones are forgotten.
inline constexpr std::uint32_t kEventsMax = 64;
/// The longest data of an event: that of a change of a namespace.
inline constexpr std::size_t kEventDataMax = 48;

/// Keeps events, and hands out copies of the log that do not change while they are read. Any thread
/// may use it.
class EventLog {
  public:
    /// The whole log at its longest.
    static constexpr std::size_t kBytesMax =
        sizeof(nvme::PersistentEventHeader) +
        kEventsMax * (sizeof(nvme::PersistentEventEntry) + kEventDataMax);

    /// \param timestamp as the Timestamp feature has it
    /// \param data at most `kEventDataMax` bytes; more are cut off
    void add(nvme::PersistentEventType type, std::uint64_t timestamp,
             std::span<const std::byte> data) noexcept;

    /// Get Log Page for the log. \param header what the controller says of itself; the lengths and
    /// counts are filled in. NVMe Base 2.0 §5.16.1.14
    Outcome get(const Command& command, Scatter& data,
                const nvme::PersistentEventHeader& header) noexcept;

  private:
    struct Event {
        nvme::PersistentEventEntry entry{};
        std::array<std::byte, kEventDataMax> data{};
        std::uint16_t bytes = 0;
    };
    /// Fills `context_` with the log as it is now.
    void establish(nvme::PersistentEventHeader header) noexcept;

    std::mutex mutex_;
    std::array<Event, kEventsMax> ring_{};
    std::uint64_t count_ = 0;       ///< Events ever.
    std::uint64_t reported_ = 0;    ///< Events at the last context.
    std::uint16_t generation_ = 0;  ///< Changes with a context that has new events.
    bool established_ = false;
    std::array<std::byte, kBytesMax> context_{};
    std::size_t context_bytes_ = 0;
};

}  // namespace xnvme::be_model
