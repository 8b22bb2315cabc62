/// \file
/// Flexible data placement of the model: reclaim units, statistics and events.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include <xnvme/nvme/fdp.hpp>

#include "fdp_config.hpp"
#include "verdicts.hpp"

namespace xnvme::be_model {

/// The endurance group that the model has.
inline constexpr std::uint16_t kEnduranceGroup = 1;

/// The reclaim units of an endurance group with one namespace, whose placement handles are the
/// reclaim unit handles in their order.
///
/// The media is written through once before anything has to be erased; from then on a reclaim unit
/// that is taken into use is erased first. Nothing is ever moved, so that what is written is what
/// the host wrote and what it left unwritten in a reclaim unit. Any thread may use it.
class FdpState {
  public:
    FdpState(const PlacementConfig& config, std::uint64_t size_bytes);

    const PlacementConfig& config() const noexcept { return config_; }
    /// Relaxed: a write at the same time as the change may see either.
    bool enabled() const noexcept { return enabled_.load(std::memory_order_relaxed); }
    void enable(bool on) noexcept;
    /// Bits of a placement identifier that name the reclaim group.
    unsigned group_bits() const noexcept { return group_bits_; }
    bool is_valid(std::uint16_t placement) const noexcept;

    /// Accounts for a write. An identifier that is not valid is logged, and the first of the
    /// namespace used instead. NVMe Base 2.1 §8.1.10
    /// \param data_bytes without metadata, which is how reclaim units are counted
    /// \param total_bytes with metadata
    void wrote(std::uint16_t placement, std::uint64_t data_bytes,
               std::uint64_t total_bytes) noexcept;
    /// Reclaim unit handle update: all of the identifiers, or with one that is not valid none.
    Status update(std::span<const nvme::Le16> placements) noexcept;
    /// Everything was deallocated and erased.
    void erased() noexcept;

    /// Turns event types of a placement handle on or off; none when one is unknown.
    Status set_events(std::uint32_t handle, std::span<const std::uint8_t> types, bool on) noexcept;
    /// The event types there are, with what a placement handle has on.
    Status get_events(std::uint32_t handle, std::span<nvme::FdpEventDescriptor> types,
                      std::uint32_t& count) const noexcept;

    /// \param block_bytes what room is counted in
    std::vector<nvme::FdpStatus> status(std::uint32_t block_bytes) const;
    nvme::FdpStatisticsLog statistics() const noexcept;
    /// The events that were kept, the oldest first.
    std::vector<nvme::FdpEvent> events(bool host) const;

  private:
    /// The unit that a handle writes to in a group.
    struct Unit {
        std::uint64_t left_bytes = 0;
    };
    /// The latest events; the older ones go.
    struct Ring {
        std::array<nvme::FdpEvent, nvme::kFdpEventsMax> events;
        std::uint64_t count = 0;
    };

    Unit& unit_of(std::uint16_t placement) noexcept;
    void next_unit(Unit& unit) noexcept;
    void log(Ring& ring, nvme::FdpEventType type, std::uint16_t placement, bool located) noexcept;
    void start() noexcept;

    const PlacementConfig config_;
    const std::uint64_t units_;  ///< Reclaim units of the media, in all groups.
    const unsigned group_bits_;
    const std::chrono::steady_clock::time_point started_;
    std::atomic<bool> enabled_;

    mutable std::mutex mutex_;
    std::vector<Unit> in_use_;           ///< By group, then by handle.
    std::vector<std::uint8_t> filters_;  ///< By handle: bit n for row n of `nvme::kFdpEvents`.
    std::uint64_t taken_ = 0;            ///< Units taken into use since all was erased.
    nvme::U128 host_bytes_{};
    nvme::U128 media_bytes_{};
    nvme::U128 erased_bytes_{};
    Ring host_events_{};
    Ring controller_events_{};
};

}  // namespace xnvme::be_model
