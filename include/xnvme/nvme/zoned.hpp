/// \file
/// The zoned namespace command set: structures, states and command builders.
///
/// Plain data without padding: `decode<T>()` copies a structure out of a buffer, `T value{}` is one
/// of zeroes. Everything in them comes from the device and may be nonsense. The builders are as
/// those of builders.hpp: pure, inline, and nothing can fail. Zone numbers of the specification are
/// first blocks of zones.
/// Zoned Namespace Command Set 1.1, with the Zone Random Write Area of TP4076
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <xnvme/command.hpp>
#include <xnvme/export.hpp>
#include <xnvme/nvme/builders.hpp>
#include <xnvme/nvme/endian.hpp>
#include <xnvme/nvme/opcodes.hpp>

namespace xnvme::nvme {

/// Types of zones. Zoned Namespace Command Set 1.1 §3.4.2.2, field ZT. Zoned block devices of other
/// kinds have zones that are written anywhere, which the command set has not.
enum class ZoneType : std::uint8_t { conventional = 0x1, sequential = 0x2, preferred = 0x3 };

/// States of zones. Zoned Namespace Command Set 1.1 §3.4.2.2, field ZS
enum class ZoneState : std::uint8_t {
    no_write_pointer = 0x0,  ///< A conventional zone; outside the command set.
    empty = 0x1,
    implicitly_open = 0x2,
    explicitly_open = 0x3,
    closed = 0x4,
    read_only = 0xd,
    full = 0xe,
    offline = 0xf,
};

/// A state, its name, and how a report is restricted to it.
struct ZoneStateInfo {
    ZoneState state;
    std::uint8_t filter;  ///< Zone Receive Action Specific Field; 0 where there is none.
    std::string_view name;
};
inline constexpr auto kZoneStates = std::to_array<ZoneStateInfo>({
    {ZoneState::no_write_pointer, 0, "no-write-pointer"},
    {ZoneState::empty, 1, "empty"},
    {ZoneState::implicitly_open, 2, "implicitly-open"},
    {ZoneState::explicitly_open, 3, "explicitly-open"},
    {ZoneState::closed, 4, "closed"},
    {ZoneState::full, 5, "full"},
    {ZoneState::read_only, 6, "read-only"},
    {ZoneState::offline, 7, "offline"},
});

/// The name of a state, such as "implicitly-open", or "unknown".
constexpr std::string_view zone_state_name(ZoneState state) noexcept {
    for (const ZoneStateInfo& row : kZoneStates) {
        if (row.state == state) return row.name;
    }
    return "unknown";
}
/// The state of this name, or nothing.
constexpr std::optional<ZoneState> find_zone_state(std::string_view name) noexcept {
    for (const ZoneStateInfo& row : kZoneStates) {
        if (row.name == name) return row.state;
    }
    return std::nullopt;
}
/// The name of a type: "conventional", "sequential" or "preferred", or "unknown".
constexpr std::string_view zone_type_name(ZoneType type) noexcept {
    switch (type) {
        case ZoneType::conventional:
            return "conventional";
        case ZoneType::sequential:
            return "sequential";
        case ZoneType::preferred:
            return "preferred";
    }
    return "unknown";
}

/// Bits of `ZoneDescriptor::za`. Zoned Namespace Command Set 1.1 §3.4.2.2; TP4076
enum ZoneAttribute : std::uint8_t {
    kZoneFinishedByController = 1u << 0,  ///< ZFC
    kZoneFinishRecommended = 1u << 1,     ///< FZR
    kZoneResetRecommended = 1u << 2,      ///< RZR
    kZoneRandomWriteArea = 1u << 3,       ///< ZRWAV: the zone has a random write area.
    kZoneExtensionValid = 1u << 7,        ///< ZDEV: its descriptor extension has been set.
};

/// A zone descriptor: 64 bytes. Zoned Namespace Command Set 1.1 §3.4.2.2
struct ZoneDescriptor {
    std::uint8_t zt;   ///< Bits 3:0 the type.
    std::uint8_t zs;   ///< Bits 7:4 the state.
    std::uint8_t za;   ///< Bits of `ZoneAttribute`.
    std::uint8_t zai;  ///< Bits 1:0 and 3:2 time limits that belong to the recommendations.
    std::array<std::uint8_t, 4> rsvd4;
    Le64 zcap;   ///< Blocks that can be written, from the first on.
    Le64 zslba;  ///< First block.
    Le64 wp;     ///< Write pointer; means nothing in a full, read-only or offline zone.
    std::array<std::uint8_t, 32> rsvd32;

    constexpr ZoneType type() const noexcept { return static_cast<ZoneType>(zt & 0xf); }
    constexpr ZoneState state() const noexcept { return static_cast<ZoneState>(zs >> 4); }
    constexpr bool has(ZoneAttribute attribute) const noexcept { return (za & attribute) != 0; }
};
static_assert(sizeof(ZoneDescriptor) == 64 && alignof(ZoneDescriptor) == 1);
static_assert(offsetof(ZoneDescriptor, zcap) == 8 && offsetof(ZoneDescriptor, zslba) == 16 &&
              offsetof(ZoneDescriptor, wp) == 24);

/// What a report begins with: 64 bytes. Zoned Namespace Command Set 1.1 §3.4.2.1
struct ZoneReportHeader {
    Le64 nzones;  ///< Zones that match, or with the partial flag those that are in the report.
    std::array<std::uint8_t, 56> rsvd8;
};
static_assert(sizeof(ZoneReportHeader) == 64);

/// Actions of Zone Management Send. Zoned Namespace Command Set 1.1 §3.4.3; TP4076
enum class ZoneAction : std::uint8_t {
    close = 0x01,
    finish = 0x02,
    open = 0x03,
    reset = 0x04,
    offline = 0x05,
    set_extension = 0x10,
    flush_explicit = 0x11,  ///< Flush Explicit ZRWA Range.
};
/// The word for an action, such as "reset", or "unknown".
constexpr std::string_view zone_action_name(ZoneAction action) noexcept {
    switch (action) {
        case ZoneAction::close:
            return "close";
        case ZoneAction::finish:
            return "finish";
        case ZoneAction::open:
            return "open";
        case ZoneAction::reset:
            return "reset";
        case ZoneAction::offline:
            return "offline";
        case ZoneAction::set_extension:
            return "set-extension";
        case ZoneAction::flush_explicit:
            return "flush";
    }
    return "unknown";
}

/// Bits of command dword 13 of Zone Management Send. Zoned Namespace Command Set 1.1 §3.4.3; TP4076
inline constexpr std::uint32_t kZoneSelectAll = 1u << 8;
inline constexpr std::uint32_t kZoneAllocateRandomWriteArea = 1u << 9;  ///< Of an open (ZRWAA).
/// Bit of command dword 13 of Zone Management Receive: the number of zones is that of the report.
inline constexpr std::uint32_t kZonePartialReport = 1u << 16;

/// Actions of Zone Management Receive. Zoned Namespace Command Set 1.1 §3.4.2
enum class ZoneReceiveAction : std::uint8_t { report = 0x00, extended_report = 0x01 };

/// Limits that say "none" with all ones. Zoned Namespace Command Set 1.1 §4.1.5.1
inline constexpr std::uint32_t kNoZoneLimit = 0xffffffff;

/// What zones are like in one LBA format: 16 bytes. Zoned Namespace Command Set 1.1 §4.1.5.1,
/// figure "LBA Format Extension"
struct ZonedFormat {
    Le64 zsze;          ///< Blocks in a zone.
    std::uint8_t zdes;  ///< Size of a descriptor extension, in units of 64 bytes.
    std::array<std::uint8_t, 7> rsvd9;

    constexpr std::uint32_t extension_bytes() const noexcept { return zdes * 64u; }
};
static_assert(sizeof(ZonedFormat) == 16);

/// Identify Namespace of the zoned command set, CNS 05h, CSI 02h.
/// Zoned Namespace Command Set 1.1 §4.1.5.1; TP4076
struct IdentifyNamespaceZoned {
    Le16 zoc;   ///< Bit 0 the capacities of zones vary, bit 1 active excursions.
    Le16 ozcs;  ///< Bit 0 reads may cross zones, bit 1 random write areas.
    Le32 mar;   ///< Most active zones, zero-based; `kNoZoneLimit` for no limit.
    Le32 mor;   ///< Most open zones, likewise.
    Le32 rrl;   ///< Reset recommended limit, seconds; 0 not reported.
    Le32 frl;   ///< Finish recommended limit, seconds; 0 not reported.
    Le32 rrl1;
    Le32 rrl2;
    Le32 rrl3;
    Le32 frl1;
    Le32 frl2;
    Le32 frl3;
    Le32 numzrwa;          ///< Random write areas there can be, 0 for as many as zones.
    Le16 zrwafg;           ///< What an area is flushed in, blocks.
    Le16 zrwasz;           ///< Size of an area, blocks.
    std::uint8_t zrwacap;  ///< Bit 0 a flush can be asked for.
    std::array<std::uint8_t, 2763> rsvd53;
    std::array<ZonedFormat, 64> lbafe;  ///< By index of the LBA format.
    std::array<std::uint8_t, 256> vs;

    /// Most zones that may be active at a time, counted from one; 0 for no limit.
    constexpr std::uint32_t max_active() const noexcept {
        return mar.value() == kNoZoneLimit ? 0 : mar.value() + 1;
    }
    /// Most zones that may be open at a time, counted from one; 0 for no limit.
    constexpr std::uint32_t max_open() const noexcept {
        return mor.value() == kNoZoneLimit ? 0 : mor.value() + 1;
    }
    constexpr bool variable_capacity() const noexcept { return (zoc.value() & 1) != 0; }
    constexpr bool active_excursions() const noexcept { return (zoc.value() & 2) != 0; }
    constexpr bool reads_cross_zones() const noexcept { return (ozcs.value() & 1) != 0; }
    constexpr bool random_write_areas() const noexcept { return (ozcs.value() & 2) != 0; }
    constexpr bool explicit_flush() const noexcept { return (zrwacap & 1) != 0; }
};
static_assert(sizeof(IdentifyNamespaceZoned) == 4096 && alignof(IdentifyNamespaceZoned) == 1);
static_assert(offsetof(IdentifyNamespaceZoned, frl) == 16 &&
              offsetof(IdentifyNamespaceZoned, frl3) == 40 &&
              offsetof(IdentifyNamespaceZoned, numzrwa) == 44 &&
              offsetof(IdentifyNamespaceZoned, zrwacap) == 52 &&
              offsetof(IdentifyNamespaceZoned, lbafe) == 2816 &&
              offsetof(IdentifyNamespaceZoned, vs) == 3840);

/// Identify Controller of the zoned command set, CNS 06h, CSI 02h.
/// Zoned Namespace Command Set 1.1 §4.1.5.2
struct IdentifyControllerZoned {
    std::uint8_t zasl;  ///< Zone append size limit, as MDTS; 0 where MDTS is the limit.
    std::array<std::uint8_t, 4095> rsvd1;

    /// The limit in bytes, 0 where MDTS is the limit.
    constexpr std::uint64_t max_append_bytes(std::uint32_t page_bytes = 4096) const noexcept {
        if (zasl == 0 || zasl > 32) return 0;
        return static_cast<std::uint64_t>(page_bytes) << zasl;
    }
};
static_assert(sizeof(IdentifyControllerZoned) == 4096);

/// Changed Zone List, LID BFh. Zoned Namespace Command Set 1.1 §4.1.4.1
struct ChangedZonesLog {
    Le16 nrzid;  ///< Zones in the list; ffffh when there are more than it holds.
    std::array<std::uint8_t, 6> rsvd2;
    std::array<Le64, 511> zid;  ///< First blocks of zones.

    /// More zones have changed than the list holds: every zone has to be looked at.
    constexpr bool overflowed() const noexcept { return nrzid.value() == 0xffff; }
    /// Valid entries, at most 511; none when it overflowed.
    constexpr std::uint32_t count() const noexcept {
        if (overflowed()) return 0;
        return nrzid.value() < zid.size() ? nrzid.value() : static_cast<std::uint32_t>(zid.size());
    }
};
static_assert(sizeof(ChangedZonesLog) == 4096);
static_assert(offsetof(ChangedZonesLog, zid) == 8);

/// A report as a device sent it, walked with bounds: nothing outside the bytes is read, whatever
/// the header says. It refers to the bytes and does not own them.
class ZoneReportView {
  public:
    /// \param extension_bytes that each descriptor is followed by, 0 for a plain report
    ZoneReportView(std::span<const std::byte> bytes, std::uint32_t extension_bytes) noexcept
        : bytes_(bytes), extension_bytes_(extension_bytes) {}

    /// The number that the header says, 0 where the bytes hold no header.
    std::uint64_t zones_said() const noexcept {
        const auto header = decode<ZoneReportHeader>(bytes_);
        return header ? header->nzones.value() : 0;
    }
    /// Descriptors that the bytes hold: no more than the header says, and no more than there is
    /// room for.
    std::size_t size() const noexcept {
        if (bytes_.size() < sizeof(ZoneReportHeader)) return 0;
        const std::size_t room = (bytes_.size() - sizeof(ZoneReportHeader)) / entry_bytes();
        const std::uint64_t said = zones_said();
        return said < room ? static_cast<std::size_t>(said) : room;
    }
    /// Descriptor `index`, which must be below `size()`.
    ZoneDescriptor at(std::size_t index) const noexcept {
        const auto descriptor = decode<ZoneDescriptor>(entry(index));
        assert(descriptor);
        return descriptor ? *descriptor : ZoneDescriptor{};
    }
    /// The extension of descriptor `index`, empty in a plain report.
    std::span<const std::byte> extension(std::size_t index) const noexcept {
        return entry(index).subspan(sizeof(ZoneDescriptor), extension_bytes_);
    }

    /// Bytes of a report with `zones` descriptors.
    static constexpr std::uint64_t bytes_for(std::uint64_t zones,
                                             std::uint32_t extension_bytes) noexcept {
        return sizeof(ZoneReportHeader) + zones * (sizeof(ZoneDescriptor) + extension_bytes);
    }

  private:
    std::size_t entry_bytes() const noexcept { return sizeof(ZoneDescriptor) + extension_bytes_; }
    std::span<const std::byte> entry(std::size_t index) const noexcept {
        return bytes_.subspan(sizeof(ZoneReportHeader) + index * entry_bytes(), entry_bytes());
    }

    std::span<const std::byte> bytes_;
    std::uint32_t extension_bytes_;
};

// ---- Commands -----------------------------------------------------------------------------------

/// Zone Append: writes to a zone wherever its write pointer stands. The first block that was
/// written is in the completion's result: `appended_lba`. Zoned Namespace Command Set 1.1 §3.4.1
/// \param zslba first block of the zone
/// \param blocks 1 to `kBlocksMax`
/// \param flags bits of `IoFlags`
constexpr Command zone_append(std::uint64_t zslba, std::uint32_t blocks, std::uint32_t flags = 0,
                              std::uint32_t nsid = 0) noexcept {
    Command command = detail::range(NvmOpcode::write, zslba, blocks, flags, nsid);
    command.opcode = static_cast<std::uint8_t>(ZonedOpcode::zone_append);
    return command;
}
/// The first block that a Zone Append wrote.
constexpr std::uint64_t appended_lba(const Completion& completion) noexcept {
    return completion.result;
}

/// Zone Management Send. No data but with `ZoneAction::set_extension`.
/// Zoned Namespace Command Set 1.1 §3.4.3
/// \param slba first block of the zone; of `flush_explicit` the last block to flush
/// \param options `kZoneSelectAll`, with which `slba` means nothing, and
///     `kZoneAllocateRandomWriteArea`
constexpr Command zone_management_send(ZoneAction action, std::uint64_t slba,
                                       std::uint32_t options = 0, std::uint32_t nsid = 0) noexcept {
    assert((options & ~(kZoneSelectAll | kZoneAllocateRandomWriteArea)) == 0);
    Command command;
    command.opcode = static_cast<std::uint8_t>(ZonedOpcode::zone_management_send);
    command.nsid = nsid;
    command.set_slba(slba);
    command.cdw13 = static_cast<std::uint32_t>(action) | options;
    return command;
}
constexpr Command zone_open(std::uint64_t zslba, bool random_write_area = false) noexcept {
    return zone_management_send(ZoneAction::open, zslba,
                                random_write_area ? kZoneAllocateRandomWriteArea : 0);
}
constexpr Command zone_close(std::uint64_t zslba) noexcept {
    return zone_management_send(ZoneAction::close, zslba);
}
constexpr Command zone_finish(std::uint64_t zslba) noexcept {
    return zone_management_send(ZoneAction::finish, zslba);
}
constexpr Command zone_reset(std::uint64_t zslba) noexcept {
    return zone_management_send(ZoneAction::reset, zslba);
}
constexpr Command zone_offline(std::uint64_t zslba) noexcept {
    return zone_management_send(ZoneAction::offline, zslba);
}
/// Sets the descriptor extension of an empty zone, which closes it. The data is as many bytes as
/// the extension has.
constexpr Command zone_set_extension(std::uint64_t zslba) noexcept {
    return zone_management_send(ZoneAction::set_extension, zslba);
}
/// Commits a random write area up to and including block `last`: the write pointer goes behind it.
/// TP4076, Flush Explicit ZRWA Range
constexpr Command zone_flush(std::uint64_t last) noexcept {
    return zone_management_send(ZoneAction::flush_explicit, last);
}

/// Fields of Zone Management Receive.
struct ZoneReceiveFields {
    std::uint64_t slba = 0;   ///< The report starts with the zone that has this block.
    std::uint32_t bytes = 0;  ///< To transfer: a multiple of 4, at least 64.
    /// Zones in this state alone; nothing for all.
    std::optional<ZoneState> state{};
    bool extended = false;  ///< Each descriptor is followed by its extension.
    bool partial = true;    ///< The header counts what is in the report, not all that match.
    std::uint32_t nsid = 0;
};

/// Zone Management Receive: a report. The data is `bytes` long.
/// Zoned Namespace Command Set 1.1 §3.4.2
constexpr Command zone_management_receive(const ZoneReceiveFields& fields) noexcept {
    Command command;
    command.opcode = static_cast<std::uint8_t>(ZonedOpcode::zone_management_receive);
    command.nsid = fields.nsid;
    command.set_slba(fields.slba);
    command.cdw12 = detail::zero_based_dwords(fields.bytes);
    std::uint32_t filter = 0;
    for (const ZoneStateInfo& row : kZoneStates) {
        if (fields.state && row.state == *fields.state) filter = row.filter;
    }
    const auto action =
        fields.extended ? ZoneReceiveAction::extended_report : ZoneReceiveAction::report;
    command.cdw13 = static_cast<std::uint32_t>(action) | (filter << 8) |
                    (fields.partial ? kZonePartialReport : 0u);
    return command;
}
/// Bytes that a Zone Management Receive command transfers.
constexpr std::uint64_t zone_receive_bytes(const Command& command) noexcept {
    return (std::uint64_t{command.cdw12} + 1) * 4;
}
/// The action of a Zone Management Send command; it may be none of the enumeration.
constexpr ZoneAction zone_action(const Command& command) noexcept {
    return static_cast<ZoneAction>(command.cdw13 & 0xff);
}
/// A Zone Management Receive command asks for zones in a state (or all, with a filter of 0).
/// False also for filters that the specification does not have.
constexpr bool zone_matches(std::uint32_t filter, ZoneState state) noexcept {
    if (filter == 0) return true;
    for (const ZoneStateInfo& row : kZoneStates) {
        if (row.filter == filter) return row.state == state;
    }
    return false;
}
/// The largest filter of Zone Management Receive.
inline constexpr std::uint32_t kZoneFilterMax = 7;

}  // namespace xnvme::nvme
