/// \file
/// Flexible data placement: the structures, and the commands that are its own.
///
/// A write names where it goes by a placement identifier: a reclaim group, and a placement handle
/// of the namespace, which stands for a reclaim unit handle of the endurance group. What is written
/// through one handle comes to stand in the same reclaim units, and goes with them when it is
/// deallocated. NVMe TP4146, NVMe Base 2.1 §3.2.4, §8.1.10
///
/// Everything in the structures comes from the device and may be nonsense; the decoders read
/// nothing past the buffer, whatever counts and sizes it gave.
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <xnvme/command.hpp>
#include <xnvme/export.hpp>
#include <xnvme/nvme/builders.hpp>
#include <xnvme/nvme/endian.hpp>
#include <xnvme/nvme/features.hpp>
#include <xnvme/nvme/log.hpp>
#include <xnvme/nvme/print.hpp>

namespace xnvme::nvme {

// ---- Features -----------------------------------------------------------------------------------

/// Bits of `IdentifyController::ctratt` that flexible data placement is about.
/// NVMe Base 2.1 §5.1.13.2.1
inline constexpr std::uint32_t kCtrattEnduranceGroups = 1u << 4;
inline constexpr std::uint32_t kCtrattFdp = 1u << 19;

/// Flexible Data Placement, FID 1Dh, as Get Features returns it. NVMe Base 2.1 §5.1.25.1.20
struct FdpFeature {
    std::uint32_t raw = 0;

    constexpr bool enabled() const noexcept { return (raw & 1) != 0; }
    /// Index of the configuration in use.
    constexpr unsigned configuration() const noexcept { return (raw >> 8) & 0xff; }
};

/// Set Features that turns it on or off. Fails with Command Sequence Error while the endurance
/// group has a namespace. No data. NVMe Base 2.1 §5.1.25.1.20
/// \param configuration index in the configurations log
constexpr Command fdp_enable(std::uint16_t endurance_group, bool enable,
                             std::uint8_t configuration = 0, bool save = false) noexcept {
    SetFeaturesFields fields;
    fields.id = FeatureId::fdp;
    fields.cdw11 = endurance_group;
    fields.cdw12 = (enable ? 1u : 0u) | (static_cast<std::uint32_t>(configuration) << 8);
    fields.save = save;
    return set_features(fields);
}
/// Get Features that asks for it. Dword 0 of the completion is a `FdpFeature`.
constexpr Command fdp_state(std::uint16_t endurance_group,
                            FeatureSelect select = FeatureSelect::current) noexcept {
    return get_features(FeatureId::fdp, select, 0, endurance_group);
}

/// Types of events. NVMe Base 2.1 §5.1.12.1.31; from 80h those of the controller
enum class FdpEventType : std::uint8_t {
    unit_not_full = 0x00,        ///< A reclaim unit was left before it was written to capacity.
    unit_time_limit = 0x01,      ///< A reclaim unit was active for too long.
    reset_changed_units = 0x02,  ///< A controller level reset modified reclaim unit handles.
    invalid_placement = 0x03,    ///< A write named no placement identifier of the namespace.
    media_reallocated = 0x80,
    implicitly_changed_unit = 0x81,
};
/// An event type and its name.
struct FdpEventInfo {
    FdpEventType type;
    std::string_view name;
};
inline constexpr auto kFdpEvents = std::to_array<FdpEventInfo>({
    {FdpEventType::unit_not_full, "unit-not-full"},
    {FdpEventType::unit_time_limit, "unit-time-limit"},
    {FdpEventType::reset_changed_units, "reset-changed-units"},
    {FdpEventType::invalid_placement, "invalid-placement"},
    {FdpEventType::media_reallocated, "media-reallocated"},
    {FdpEventType::implicitly_changed_unit, "implicitly-changed-unit"},
});
/// The name of an event type, or "unknown".
constexpr std::string_view fdp_event_name(FdpEventType type) noexcept {
    for (const FdpEventInfo& row : kFdpEvents) {
        if (row.type == type) return row.name;
    }
    return "unknown";
}

/// One event type in the data of Get Features for FID 1Eh. NVMe Base 2.1 §5.1.25.1.21
struct FdpEventDescriptor {
    std::uint8_t type;        ///< `FdpEventType`
    std::uint8_t attributes;  ///< Bit 0 enabled.

    constexpr bool enabled() const noexcept { return (attributes & 1) != 0; }
};
static_assert(sizeof(FdpEventDescriptor) == 2);

/// Set Features that turns event types of a placement handle on or off. The data is one byte for
/// each type, `count` of them. NVMe Base 2.1 §5.1.25.1.21
/// \param count 1 to 255
constexpr Command fdp_set_events(std::uint16_t handle, std::uint8_t count, bool enable,
                                 std::uint32_t nsid) noexcept {
    assert(count != 0);
    SetFeaturesFields fields;
    fields.id = FeatureId::fdp_events;
    fields.nsid = nsid;
    fields.cdw11 = handle | (static_cast<std::uint32_t>(count) << 16);
    fields.cdw12 = enable ? 1 : 0;
    return set_features(fields);
}
/// Get Features that asks which event types a placement handle has. The data is `count` elements of
/// `FdpEventDescriptor`; dword 0 of the completion is how many there are.
constexpr Command fdp_get_events(std::uint16_t handle, std::uint8_t count,
                                 std::uint32_t nsid) noexcept {
    return get_features(FeatureId::fdp_events, FeatureSelect::current, nsid,
                        handle | (static_cast<std::uint32_t>(count) << 16));
}

// ---- Log pages ----------------------------------------------------------------------------------

/// Get Log Page of one of the four pages, LID 20h to 23h, of an endurance group.
/// \param bytes a multiple of 4, at least 4
/// \param host_events of the events page: those of the host, not those of the controller
constexpr Command fdp_log(LogPage page, std::uint16_t endurance_group, std::uint32_t bytes,
                          std::uint64_t offset_bytes = 0, bool host_events = false) noexcept {
    LogFields fields;
    fields.page = page;
    fields.bytes = bytes;
    fields.offset_bytes = offset_bytes;
    fields.nsid = 0;
    fields.lsi = endurance_group;
    fields.lsp = host_events ? 1 : 0;
    return get_log_page(fields);
}

/// The header of the configurations log, LID 20h. NVMe Base 2.1 §5.1.12.1.28
struct FdpConfigurationsHeader {
    Le16 numfdpc;  ///< Number of configurations, zero-based.
    std::uint8_t ver;
    std::uint8_t rsvd3;
    Le32 sze;  ///< Bytes in the log, this header included.
    std::array<std::uint8_t, 8> rsvd8;
};
static_assert(sizeof(FdpConfigurationsHeader) == 16);

/// A configuration; `nruh` elements of `FdpRuhDescriptor` and `vss` bytes of the vendor's follow.
struct FdpConfigurationDescriptor {
    Le16 dsze;          ///< Bytes in the descriptor, all that follows included.
    std::uint8_t fdpa;  ///< Bits 3:0 RGIF, bit 4 volatile write cache, bit 7 valid.
    std::uint8_t vss;   ///< Bytes of the vendor's.
    Le32 nrg;           ///< Reclaim groups.
    Le16 nruh;          ///< Reclaim unit handles.
    Le16 maxpids;       ///< Placement handles that a namespace may have, zero-based.
    Le32 nns;           ///< Namespaces that may be in the endurance group.
    Le64 runs;          ///< Nominal size of a reclaim unit, bytes.
    Le32 erutl;         ///< Estimated time limit of a reclaim unit, seconds; 0 when not reported.
    std::array<std::uint8_t, 36> rsvd28;

    /// Bits of a placement identifier that name the reclaim group: the upper ones.
    constexpr unsigned group_bits() const noexcept { return fdpa & 0xfu; }
    constexpr bool valid() const noexcept { return (fdpa & 0x80) != 0; }
    constexpr bool volatile_cache() const noexcept { return (fdpa & 0x10) != 0; }
    constexpr std::uint32_t placement_handles() const noexcept { return maxpids.value() + 1u; }
};
static_assert(sizeof(FdpConfigurationDescriptor) == 64 &&
              offsetof(FdpConfigurationDescriptor, runs) == 16);

/// Of a reclaim unit handle: what moves to where when its data is moved.
enum class FdpIsolation : std::uint8_t { initially = 1, persistently = 2 };
/// A reclaim unit handle of a configuration.
struct FdpRuhDescriptor {
    std::uint8_t ruht;  ///< `FdpIsolation`
    std::array<std::uint8_t, 3> rsvd1;
};
static_assert(sizeof(FdpRuhDescriptor) == 4);

/// A configuration with its reclaim unit handles.
struct FdpConfiguration {
    FdpConfigurationDescriptor descriptor;
    std::vector<FdpRuhDescriptor> handles;
};
/// The configurations log.
struct FdpConfigurations {
    std::vector<FdpConfiguration> list;
    std::uint32_t reported = 0;  ///< Configurations that the device says there are.
    std::uint32_t bytes = 0;     ///< Bytes that the whole log has, as the device says.
    /// False when a descriptor is damaged or reaches past the end. What stands before is kept.
    bool well_formed = true;
};
[[nodiscard]] XNVME_API FdpConfigurations
decode_fdp_configurations(std::span<const std::byte> data);

/// The header of the usage log, LID 21h. NVMe Base 2.1 §5.1.12.1.29
struct FdpUsageHeader {
    Le16 nruh;  ///< Reclaim unit handles: descriptors that follow.
    std::array<std::uint8_t, 6> rsvd2;
};
static_assert(sizeof(FdpUsageHeader) == 8);

/// Who uses a reclaim unit handle.
enum class FdpUse : std::uint8_t { unused = 0, host = 1, controller = 2 };
/// A reclaim unit handle in the usage log.
struct FdpUsage {
    std::uint8_t ruha;  ///< `FdpUse`
    std::array<std::uint8_t, 7> rsvd1;
};
static_assert(sizeof(FdpUsage) == 8);
/// The handles of the usage log, as many as are whole in the buffer.
[[nodiscard]] XNVME_API std::vector<FdpUsage> decode_fdp_usage(std::span<const std::byte> data);

/// The statistics log, LID 22h. NVMe Base 2.1 §5.1.12.1.30
struct FdpStatisticsLog {
    U128 hbmw;  ///< Bytes that the host wrote, with metadata.
    U128 mbmw;  ///< Bytes that were written to the media for it, with metadata.
    U128 mbe;   ///< Bytes of the media that were erased.
    std::array<std::uint8_t, 16> rsvd48;
};
static_assert(sizeof(FdpStatisticsLog) == 64);

/// The header of the events log, LID 23h. NVMe Base 2.1 §5.1.12.1.31
struct FdpEventsHeader {
    Le32 n;  ///< Events that follow.
    std::array<std::uint8_t, 60> rsvd4;
};
static_assert(sizeof(FdpEventsHeader) == 64);

/// Bits of `FdpEvent::flags`.
enum FdpEventFlags : std::uint8_t {
    kFdpHasPlacement = 1u << 0,  ///< `pid`
    kFdpHasNamespace = 1u << 1,  ///< `nsid`
    kFdpHasLocation = 1u << 2,   ///< `rgid` and `ruhid`
};
/// An event. NVMe Base 2.1 §5.1.12.1.31
struct FdpEvent {
    std::uint8_t type;   ///< `FdpEventType`
    std::uint8_t flags;  ///< Bits of `FdpEventFlags`.
    Le16 pid;            ///< Placement identifier.
    Timestamp timestamp;
    Le32 nsid;
    std::array<std::uint8_t, 16> specific;  ///< By type: see `moved_blocks`.
    Le16 rgid;                              ///< Reclaim group.
    Le16 ruhid;                             ///< Reclaim unit handle.
    std::array<std::uint8_t, 4> rsvd36;
    std::array<std::uint8_t, 24> vs;

    /// Blocks that were moved; of `media_reallocated`.
    constexpr std::uint32_t moved_blocks() const noexcept {
        return specific[2] | (static_cast<std::uint32_t>(specific[3]) << 8);
    }
    /// The first of them is known. Bit 0 of the first byte.
    constexpr bool has_moved_lba() const noexcept { return (specific[0] & 1) != 0; }
    constexpr std::uint64_t moved_lba() const noexcept {
        std::uint64_t lba = 0;
        for (std::size_t i = 12; i-- > 4;) lba = (lba << 8) | specific[i];
        return lba;
    }
};
static_assert(sizeof(FdpEvent) == 64 && offsetof(FdpEvent, nsid) == 12 &&
              offsetof(FdpEvent, rgid) == 32 && offsetof(FdpEvent, vs) == 40);
/// The events of the log, as many as it says and are whole in the buffer.
[[nodiscard]] XNVME_API std::vector<FdpEvent> decode_fdp_events(std::span<const std::byte> data);
/// The most events that one log keeps.
inline constexpr std::uint32_t kFdpEventsMax = 63;

// ---- I/O management -----------------------------------------------------------------------------

/// Operations of I/O Management Receive and Send. NVMe Base 2.1 §7.3, §7.4
inline constexpr std::uint8_t kIoReceiveRuhStatus = 0x01;
inline constexpr std::uint8_t kIoSendRuhUpdate = 0x01;
/// The most placement identifiers in one reclaim unit handle update.
inline constexpr std::uint32_t kFdpUpdateMax = 128;

/// I/O Management Receive. The data is `bytes` long. NVMe Base 2.1 §7.3
/// A device that does not accept lists longer than its answer (SGLS bit 18 of Identify Controller
/// is clear) may end a command that asks for more than there is with Data SGL Length Invalid. Linux
/// hands a program's buffers on as such lists; one within a page is always taken.
/// \param bytes a multiple of 4, at least 4
constexpr Command io_management_receive(std::uint32_t bytes,
                                        std::uint8_t operation = kIoReceiveRuhStatus,
                                        std::uint16_t specific = 0,
                                        std::uint32_t nsid = 0) noexcept {
    assert(bytes >= 4);
    Command command = detail::make(NvmOpcode::io_management_receive, nsid);
    command.cdw10 = operation | (static_cast<std::uint32_t>(specific) << 16);
    command.cdw11 = detail::zero_based_dwords(bytes);
    return command;
}
/// I/O Management Send. The data is what the operation says. NVMe Base 2.1 §7.4
constexpr Command io_management_send(std::uint8_t operation, std::uint16_t specific,
                                     std::uint32_t nsid = 0) noexcept {
    Command command = detail::make(NvmOpcode::io_management_send, nsid);
    command.cdw10 = operation | (static_cast<std::uint32_t>(specific) << 16);
    return command;
}
/// I/O Management Receive of the reclaim unit handles' status. The data is a `FdpStatusHeader` and
/// elements of `FdpStatus`. NVMe Base 2.1 §7.3.1
constexpr Command fdp_status(std::uint32_t bytes, std::uint32_t nsid = 0) noexcept {
    return io_management_receive(bytes, kIoReceiveRuhStatus, 0, nsid);
}
/// I/O Management Send that makes placement identifiers refer to empty reclaim units. The data is
/// `count` elements of `Le16`. NVMe Base 2.1 §7.4.1
/// \param count 1 to `kFdpUpdateMax`
constexpr Command fdp_update(std::uint32_t count, std::uint32_t nsid = 0) noexcept {
    assert(count >= 1 && count <= 65536);
    return io_management_send(kIoSendRuhUpdate, static_cast<std::uint16_t>(count - 1), nsid);
}

/// The header of a reclaim unit handles' status.
struct FdpStatusHeader {
    std::array<std::uint8_t, 14> rsvd0;
    Le16 nruhsd;  ///< Descriptors that there are; they follow.
};
static_assert(sizeof(FdpStatusHeader) == 16);
/// A placement identifier of a namespace, and the reclaim unit that it writes to.
struct FdpStatus {
    Le16 pid;     ///< Placement identifier.
    Le16 ruhid;   ///< Reclaim unit handle.
    Le32 earutr;  ///< Estimated time that the reclaim unit may stay active, seconds.
    Le64 ruamw;   ///< Blocks that can still be written to the reclaim unit.
    std::array<std::uint8_t, 16> rsvd16;
};
static_assert(sizeof(FdpStatus) == 32 && offsetof(FdpStatus, ruamw) == 8);

/// A namespace's placement identifiers.
struct FdpStatuses {
    std::vector<FdpStatus> list;
    std::uint32_t reported = 0;  ///< More than `list` has where the buffer was shorter.
};
[[nodiscard]] XNVME_API FdpStatuses decode_fdp_status(std::span<const std::byte> data);

// ---- Placement ----------------------------------------------------------------------------------

/// Names where a write goes: the data placement directive in dword 12, its placement identifier in
/// dword 13. NVM Command Set 1.1 §3.3.6 (DTYPE, DSPEC)
constexpr Command placed(Command write, std::uint16_t placement) noexcept {
    write.cdw12 = (write.cdw12 & ~0x00f00000u) |
                  (static_cast<std::uint32_t>(DirectiveType::data_placement) << 20);
    write.cdw13 = (write.cdw13 & 0xffffu) | (static_cast<std::uint32_t>(placement) << 16);
    return write;
}
/// The directive of a write, 0 for none, and what it is specific to.
constexpr DirectiveType directive_of(const Command& write) noexcept {
    return static_cast<DirectiveType>((write.cdw12 >> 20) & 0xf);
}
constexpr std::uint16_t directive_specific(const Command& write) noexcept {
    return static_cast<std::uint16_t>(write.cdw13 >> 16);
}

/// A placement identifier of a reclaim group and a placement handle. NVMe Base 2.1 §8.1.10
/// \param group_bits `FdpConfigurationDescriptor::group_bits`
constexpr std::uint16_t placement_identifier(std::uint32_t group, std::uint32_t handle,
                                             unsigned group_bits) noexcept {
    assert(group_bits <= 15 && handle < (1u << (16 - group_bits)) && group < (1u << group_bits));
    return static_cast<std::uint16_t>((group << (16 - group_bits)) | handle);
}
/// The reclaim group and the placement handle of an identifier.
constexpr std::uint32_t placement_group(std::uint16_t placement, unsigned group_bits) noexcept {
    return static_cast<std::uint32_t>(placement) >> (16 - group_bits);
}
constexpr std::uint32_t placement_handle(std::uint16_t placement, unsigned group_bits) noexcept {
    return placement & ((1u << (16 - group_bits)) - 1);
}

// ---- Printing -----------------------------------------------------------------------------------

[[nodiscard]] XNVME_API Node to_node(const FdpConfigurations& log);
[[nodiscard]] XNVME_API Node to_node(std::span<const FdpUsage> usage);
[[nodiscard]] XNVME_API Node to_node(const FdpStatisticsLog& log);
[[nodiscard]] XNVME_API Node to_node(const FdpEvent& event);
[[nodiscard]] XNVME_API Node to_node(std::span<const FdpEvent> events);
[[nodiscard]] XNVME_API Node to_node(const FdpStatuses& statuses);
[[nodiscard]] XNVME_API Node to_node(std::span<const FdpEventDescriptor> types);

}  // namespace xnvme::nvme
