/// \file
/// The logs that tell what happened: telemetry and persistent events. Both begin with a header of
/// 512 bytes that says how long they are; what follows can be many megabytes.
///
/// Plain data without padding, as in log.hpp. Lengths in them come from the device and are bounded
/// here before anyone reads or allocates by them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <xnvme/export.hpp>
#include <xnvme/nvme/endian.hpp>
#include <xnvme/nvme/identify.hpp>
#include <xnvme/nvme/log.hpp>

namespace xnvme::nvme {

// ---- Telemetry ----------------------------------------------------------------------------------

/// Bytes in a block of telemetry data. NVMe Base 2.0 §8.24
inline constexpr std::uint32_t kTelemetryBlockBytes = 512;
/// Log specific field of Get Log Page for the host-initiated log: make the controller capture its
/// state anew. NVMe Base 2.0 §5.16.1.8
inline constexpr std::uint8_t kTelemetryCreate = 0x01;
/// The data areas of telemetry: each holds those before it.
inline constexpr unsigned kTelemetryAreas = 4;

/// The header of a telemetry log, LID 07h and 08h. NVMe Base 2.0 §5.16.1.8, §5.16.1.9
struct TelemetryHeader {
    std::uint8_t lid;
    std::array<std::uint8_t, 4> rsvd1;
    std::array<std::uint8_t, 3> ieee;  ///< OUI, least significant byte first.
    Le16 dalb1;                        ///< Last block of data area 1; 0 where it is empty.
    Le16 dalb2;
    Le16 dalb3;
    std::array<std::uint8_t, 2> rsvd14;
    Le32 dalb4;
    std::array<std::uint8_t, 360> rsvd20;
    std::uint8_t scope;                 ///< 0 not reported, 1 controller, 2 NVM subsystem.
    std::uint8_t host_generation;       ///< Host-initiated: counts the captures.
    std::uint8_t controller_available;  ///< 1: the controller has captured its state by itself.
    std::uint8_t controller_generation;
    std::array<std::uint8_t, 128> reason;

    /// The last block of a data area, 1 to 4; 0 for an empty area or another number.
    constexpr std::uint32_t last_block(unsigned area) const noexcept {
        switch (area) {
            case 1:
                return dalb1.value();
            case 2:
                return dalb2.value();
            case 3:
                return dalb3.value();
            case 4:
                return dalb4.value();
            default:
                return 0;
        }
    }
    /// Bytes from the log's start to the end of a data area, the header among them. An area that
    /// claims to end before one that it holds ends where that one does.
    constexpr std::uint64_t bytes(unsigned area) const noexcept {
        std::uint32_t last = 0;
        for (unsigned i = 1; i <= area && i <= kTelemetryAreas; ++i)
            last = last_block(i) > last ? last_block(i) : last;
        return (std::uint64_t{last} + 1) * kTelemetryBlockBytes;
    }
};
static_assert(sizeof(TelemetryHeader) == 512);
static_assert(offsetof(TelemetryHeader, ieee) == 5 && offsetof(TelemetryHeader, dalb4) == 16 &&
              offsetof(TelemetryHeader, scope) == 380 && offsetof(TelemetryHeader, reason) == 384);

// ---- Persistent events --------------------------------------------------------------------------

/// Log specific field of Get Log Page for persistent events: what becomes of the context, the
/// unchanging copy of the log that is read. NVMe Base 2.0 §5.16.1.14
enum class PersistentEventAction : std::uint8_t {
    read = 0,                ///< In the context that was established.
    establish_and_read = 1,  ///< An error where there is one already.
    release = 2,             ///< Transfers nothing that counts.
};

/// Types of persistent events. NVMe Base 2.0 §5.16.1.14.1
enum class PersistentEventType : std::uint8_t {
    health_snapshot = 0x01,
    firmware_commit = 0x02,
    timestamp_change = 0x03,
    power_on_or_reset = 0x04,
    hardware_error = 0x05,
    change_namespace = 0x06,
    format_start = 0x07,
    format_completion = 0x08,
    sanitize_start = 0x09,
    sanitize_completion = 0x0a,
    set_feature = 0x0b,
    telemetry_create = 0x0c,
    thermal_excursion = 0x0d,
    vendor_specific = 0xde,
    tcg = 0xdf,
};
struct PersistentEventInfo {
    PersistentEventType type;
    std::string_view name;
};
inline constexpr auto kPersistentEvents = std::to_array<PersistentEventInfo>({
    {PersistentEventType::health_snapshot, "health-snapshot"},
    {PersistentEventType::firmware_commit, "firmware-commit"},
    {PersistentEventType::timestamp_change, "timestamp-change"},
    {PersistentEventType::power_on_or_reset, "power-on-or-reset"},
    {PersistentEventType::hardware_error, "hardware-error"},
    {PersistentEventType::change_namespace, "change-namespace"},
    {PersistentEventType::format_start, "format-start"},
    {PersistentEventType::format_completion, "format-completion"},
    {PersistentEventType::sanitize_start, "sanitize-start"},
    {PersistentEventType::sanitize_completion, "sanitize-completion"},
    {PersistentEventType::set_feature, "set-feature"},
    {PersistentEventType::telemetry_create, "telemetry-create"},
    {PersistentEventType::thermal_excursion, "thermal-excursion"},
    {PersistentEventType::vendor_specific, "vendor-specific"},
    {PersistentEventType::tcg, "tcg"},
});
/// The name of a type of event, or "unknown".
constexpr std::string_view persistent_event_name(PersistentEventType type) noexcept {
    for (const PersistentEventInfo& row : kPersistentEvents) {
        if (row.type == type) return row.name;
    }
    return "unknown";
}

/// The header of the Persistent Event log, LID 0Dh. NVMe Base 2.0 §5.16.1.14
struct PersistentEventHeader {
    std::uint8_t lid;
    std::array<std::uint8_t, 3> rsvd1;
    Le32 tnev;  ///< Events in the log.
    Le64 tll;   ///< Bytes in the log, this header among them.
    std::uint8_t revision;
    std::uint8_t rsvd17;
    Le16 lhl;        ///< Bytes of the header behind this field.
    Le64 timestamp;  ///< As `Timestamp`.
    U128 power_on_hours;
    Le64 power_cycles;
    Le16 vid;
    Le16 ssvid;
    std::array<char, 20> sn;
    std::array<char, 40> mn;
    std::array<char, 256> subnqn;
    Le16 generation;  ///< Changes with every context in which there are new events.
    Le32 rci;         ///< Bit 18: a context was there already. Bits 15:0 its port.
    std::array<std::uint8_t, 102> rsvd378;
    std::array<std::uint8_t, 32> supported;  ///< Bit n: events of type n.

    constexpr bool supports(PersistentEventType type) const noexcept {
        const auto bit = static_cast<std::uint8_t>(type);
        return ((supported[bit / 8u] >> (bit % 8u)) & 1) != 0;
    }
};
static_assert(sizeof(PersistentEventHeader) == 512);
static_assert(offsetof(PersistentEventHeader, lhl) == 18 &&
              offsetof(PersistentEventHeader, power_cycles) == 44 &&
              offsetof(PersistentEventHeader, sn) == 56 &&
              offsetof(PersistentEventHeader, generation) == 372 &&
              offsetof(PersistentEventHeader, supported) == 480);

/// The header of an event. NVMe Base 2.0 §5.16.1.14, figure "Persistent Event Format"
struct PersistentEventEntry {
    std::uint8_t type;
    std::uint8_t revision;
    std::uint8_t ehl;  ///< Bytes of this header behind this field.
    std::uint8_t ehai;
    Le16 cntlid;
    Le64 timestamp;  ///< As `Timestamp`.
    Le16 port;
    std::array<std::uint8_t, 4> rsvd16;
    Le16 vsil;  ///< Bytes of vendor specific information, which come before the event's data.
    Le16 el;    ///< Bytes behind the header: vendor specific information and data.
};
static_assert(sizeof(PersistentEventEntry) == 24);

/// An event, and where its data is in what was read.
struct PersistentEvent {
    PersistentEventEntry entry{};
    std::span<const std::byte> data{};  ///< Without the vendor specific information.

    constexpr PersistentEventType type() const noexcept {
        return static_cast<PersistentEventType>(entry.type);
    }
};

/// What a persistent event log holds.
struct PersistentEvents {
    /// False when an event reaches past the end, or the log is shorter than its header says. What
    /// stands before the damage is kept.
    bool well_formed = true;
    std::vector<PersistentEvent> events;
};

/// Decodes the events of a log that was read whole or in part, from its first byte. It reads
/// nothing outside `log`, and the events refer to it.
[[nodiscard]] XNVME_API PersistentEvents decode_persistent_events(std::span<const std::byte> log);

/// Firmware Commit event. NVMe Base 2.0 §5.16.1.14.1.2
struct FirmwareCommitEvent {
    std::array<char, 8> old_revision;
    std::array<char, 8> new_revision;
    std::uint8_t action;
    std::uint8_t slot;
    std::uint8_t sct;
    std::uint8_t sc;
    Le16 vendor_code;
};
static_assert(sizeof(FirmwareCommitEvent) == 22);

/// Timestamp Change event. NVMe Base 2.0 §5.16.1.14.1.3
struct TimestampChangeEvent {
    Le64 previous;  ///< As `Timestamp`.
    Le64 since_reset_ms;
};
static_assert(sizeof(TimestampChangeEvent) == 16);

/// A controller of the Power-on or Reset event. NVMe Base 2.0 §5.16.1.14.1.4, figure "Controller
/// Reset Information descriptor"
struct ResetInformation {
    Le16 cntlid;
    std::uint8_t firmware_activation;
    std::uint8_t operation;
    std::array<std::uint8_t, 12> rsvd4;
    Le32 power_cycle;
    Le64 power_on_ms;
    Le64 timestamp;
};
static_assert(sizeof(ResetInformation) == 36);

/// Change Namespace event. NVMe Base 2.0 §5.16.1.14.1.6
struct ChangeNamespaceEvent {
    Le32 cdw10;  ///< Of Namespace Management.
    std::array<std::uint8_t, 4> rsvd4;
    Le64 nsze;
    std::array<std::uint8_t, 8> rsvd16;
    Le64 ncap;
    std::uint8_t flbas;
    std::uint8_t dps;
    std::uint8_t nmic;
    std::uint8_t rsvd35;
    Le32 anagrpid;
    Le16 nvmsetid;
    std::array<std::uint8_t, 2> rsvd42;
    Le32 nsid;
};
static_assert(sizeof(ChangeNamespaceEvent) == 48);

/// Format NVM Start event. NVMe Base 2.0 §5.16.1.14.1.7
struct FormatStartEvent {
    Le32 nsid;
    std::uint8_t fna;
    std::array<std::uint8_t, 3> rsvd5;
    Le32 cdw10;
};
static_assert(sizeof(FormatStartEvent) == 12);

/// Format NVM Completion event. NVMe Base 2.0 §5.16.1.14.1.8
struct FormatCompletionEvent {
    Le32 nsid;
    std::uint8_t smallest_fpi;
    std::uint8_t status;
    Le16 information;
    Le32 status_field;
};
static_assert(sizeof(FormatCompletionEvent) == 12);

/// Sanitize Start event. NVMe Base 2.0 §5.16.1.14.1.9
struct SanitizeStartEvent {
    Le32 sanicap;
    Le32 cdw10;
    Le32 cdw11;
};
static_assert(sizeof(SanitizeStartEvent) == 12);

/// Sanitize Completion event. NVMe Base 2.0 §5.16.1.14.1.10
struct SanitizeCompletionEvent {
    Le16 progress;
    Le16 status;
    Le16 information;
    std::array<std::uint8_t, 2> rsvd6;
};
static_assert(sizeof(SanitizeCompletionEvent) == 8);

/// Thermal Excursion event. NVMe Base 2.0 §5.16.1.14.1.13
struct ThermalExcursionEvent {
    std::uint8_t over_celsius;  ///< Degrees over the threshold.
    std::uint8_t threshold;     ///< 1 to 4: which threshold.
};
static_assert(sizeof(ThermalExcursionEvent) == 2);

}  // namespace xnvme::nvme
