/// \file
/// Zoned devices: reports, management of zones, appends.
///
/// Everything here works on NVMe zoned namespaces (as block device, as generic device, in the
/// model) by NVMe commands, and on other zoned block devices by the system's zone calls, which have
/// no append, no descriptor extensions and no random write areas. Anything else is refused with a
/// sentence that says what to use.
///
/// Zones are named by their first block. All functions wait for the device; several threads may
/// call them on one device. To keep many appends in flight, submit `nvme::zone_append` to a queue:
/// the first block that it wrote is `nvme::appended_lba` of its completion. Commands that make no
/// sense for the device's zones are refused at submission: `Errc::misaligned` for a zone command
/// that does not name the first block of a zone, `Errc::too_large` for an append beyond
/// `Geometry::max_append_bytes`.
///
/// The sizes and limits of zones are in `Device::geometry()`; the capacity belongs to each zone.
/// Zoned Namespace Command Set 1.1
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include <xnvme/device.hpp>
#include <xnvme/export.hpp>
#include <xnvme/nvme/zoned.hpp>
#include <xnvme/result.hpp>

namespace xnvme::zoned {

/// A zone as a report had it. It may have changed since.
struct Zone {
    std::uint64_t start = 0;          ///< First block.
    std::uint64_t capacity = 0;       ///< Blocks that can be written, from the first on.
    std::uint64_t write_pointer = 0;  ///< Next block to write, where `has_write_pointer()`.
    nvme::ZoneState state{};
    nvme::ZoneType type{};
    std::uint8_t attributes = 0;  ///< Bits of `nvme::ZoneAttribute`.

    /// The zone is written from a write pointer on: it is empty, open or closed.
    constexpr bool has_write_pointer() const noexcept {
        return state == nvme::ZoneState::empty || state == nvme::ZoneState::implicitly_open ||
               state == nvme::ZoneState::explicitly_open || state == nvme::ZoneState::closed;
    }
    /// Blocks that can still be written; 0 for a zone without a write pointer.
    constexpr std::uint64_t room() const noexcept {
        const std::uint64_t end = start + capacity;
        return has_write_pointer() && write_pointer < end ? end - write_pointer : 0;
    }
    constexpr bool has(nvme::ZoneAttribute attribute) const noexcept {
        return (attributes & attribute) != 0;
    }
    constexpr bool operator==(const Zone&) const = default;
};

/// Which zones a report is of.
struct ReportOptions {
    std::uint64_t slba = 0;                  ///< From the zone that has this block on.
    std::uint64_t max_zones = UINT64_MAX;    ///< At most so many.
    std::optional<nvme::ZoneState> state{};  ///< In this state alone; nothing: in any.
    bool extensions = false;                 ///< With descriptor extensions.
    /// Zones asked of the device in one command; 0 for as many as one command takes.
    std::uint32_t zones_per_command = 0;
};

/// Success for a zoned device. The failure of anything else is `Errc::unsupported`, and its
/// sentence says why and what to use instead. Does not block.
[[nodiscard]] XNVME_API Result<void, Failure> check(const Device& device);

/// Called for each zone of a report. The extension is empty unless extensions were asked for, and
/// is gone after the call. \return false to end the report
using Visit = std::function<bool(const Zone& zone, std::span<const std::byte> extension)>;

/// Reports zones in ascending order, in as many commands as it takes. What the device sends is
/// checked: zones outside the namespace, or out of order, fail with `Errc::device`. Between two
/// commands zones may change.
[[nodiscard]] XNVME_API Result<void, Failure> for_each_zone(Device& device,
                                                            const ReportOptions& options,
                                                            const Visit& visit);
/// The zones of a report. `options.extensions` has no effect here.
[[nodiscard]] XNVME_API Result<std::vector<Zone>, Failure> report(
    Device& device, const ReportOptions& options = {});
/// The zone that has this block.
[[nodiscard]] XNVME_API Result<Zone, Failure> zone_at(Device& device, std::uint64_t lba);
/// How many zones from `slba` on are in this state, or in any, as the device counts them.
[[nodiscard]] XNVME_API Result<std::uint64_t, Failure> count_zones(
    Device& device, std::optional<nvme::ZoneState> state = {}, std::uint64_t slba = 0);

/// Opens a zone explicitly. With `random_write_area` the zone, which must be empty, gets an area
/// ahead of its write pointer in which blocks are written in any order and again (ZRWA).
[[nodiscard]] XNVME_API Result<void, Failure> open(Device& device, std::uint64_t zslba,
                                                   bool random_write_area = false);
/// Closes an open zone: it stays active, and counts no longer as open.
[[nodiscard]] XNVME_API Result<void, Failure> close(Device& device, std::uint64_t zslba);
/// Makes a zone full: what was not written reads as deallocated blocks do.
[[nodiscard]] XNVME_API Result<void, Failure> finish(Device& device, std::uint64_t zslba);
/// Empties a zone: its data is gone.
[[nodiscard]] XNVME_API Result<void, Failure> reset(Device& device, std::uint64_t zslba);
/// Takes a read-only zone offline: its data is gone for good.
[[nodiscard]] XNVME_API Result<void, Failure> take_offline(Device& device, std::uint64_t zslba);

/// An action on all zones that it applies to, in one command: `open` all closed zones, `close` all
/// open ones, `finish` all active ones, `reset` all that hold or may hold data, `offline` all
/// read-only ones. The other actions have no such form (`Errc::invalid_argument`).
[[nodiscard]] XNVME_API Result<void, Failure> manage_all(Device& device, nvme::ZoneAction action);

/// Appends `blocks` blocks to a zone. \return the first block that was written
[[nodiscard]] XNVME_API Result<std::uint64_t, Failure> append(Device& device, std::uint64_t zslba,
                                                              std::uint32_t blocks,
                                                              const Data& data,
                                                              const Data& metadata = {});

/// Commits what a zone's random write area holds up to and including block `last`: the write
/// pointer goes behind it. The blocks committed are a multiple of
/// `Geometry::random_write_area_flush_blocks`.
[[nodiscard]] XNVME_API Result<void, Failure> flush(Device& device, std::uint64_t last);

/// Sets the descriptor extension of an empty zone, which becomes closed. The bytes are
/// `Geometry::zone_extension_bytes`.
[[nodiscard]] XNVME_API Result<void, Failure> set_extension(Device& device, std::uint64_t zslba,
                                                            std::span<const std::byte> extension);

/// What the changed zone list of a namespace says.
struct ChangedZones {
    bool too_many = false;             ///< More than the list holds: look at every zone.
    std::vector<std::uint64_t> zones;  ///< First blocks, as the device gave them.
};
/// Reads the list of zones that the controller changed by itself. \param keep the device keeps the
/// list and its event; otherwise reading empties it
[[nodiscard]] XNVME_API Result<ChangedZones, Failure> changed(Device& device, bool keep = false);

}  // namespace xnvme::zoned
