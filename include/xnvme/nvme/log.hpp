/// \file
/// Log pages, byte for byte, as Get Log Page returns them.
///
/// Plain data without padding: `decode<T>()` copies them out of a buffer, `T value{}` is one of
/// zeroes. Everything in them comes from the device and may be nonsense.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <xnvme/nvme/endian.hpp>
#include <xnvme/nvme/identify.hpp>
#include <xnvme/result.hpp>

namespace xnvme::nvme {

/// Log page identifiers. NVMe Base 2.0 §5.16.1, figure "Get Log Page - Log Page Identifiers"
enum class LogPage : std::uint8_t {
    supported_pages = 0x00,             ///< `SupportedLogPages`
    error_information = 0x01,           ///< `ErrorLogEntry`, several
    health = 0x02,                      ///< `HealthLog`
    firmware_slot = 0x03,               ///< `FirmwareSlotLog`
    changed_namespaces = 0x04,          ///< `ChangedNamespacesLog`
    commands_effects = 0x05,            ///< `CommandsEffectsLog`
    self_test = 0x06,                   ///< `SelfTestLog`
    telemetry_host = 0x07,              ///< `TelemetryHeader`, then data
    telemetry_controller = 0x08,        ///< `TelemetryHeader`, then data
    endurance_group = 0x09,             ///< `EnduranceGroupLog`
    predictable_latency = 0x0a,         ///< `PredictableLatencyLog`
    predictable_latency_events = 0x0b,  ///< see `decode_event_aggregate`
    ana = 0x0c,                         ///< see `decode_ana`
    persistent_event = 0x0d,            ///< see `decode_persistent_events`
    lba_status = 0x0e,                  ///< see `decode_lba_status`
    endurance_group_events = 0x0f,      ///< see `decode_event_aggregate`
    media_unit_status = 0x10,
    capacity_configurations = 0x11,
    feature_effects = 0x12,      ///< `FeatureEffectsLog`
    mi_commands_effects = 0x13,  ///< `MiEffectsLog`
    lockdown = 0x14,             ///< `LockdownLog`
    boot_partition = 0x15,       ///< `BootPartitionHeader`, then data
    rotational_media = 0x16,     ///< `RotationalMediaLog`
    fdp_configurations = 0x20,
    fdp_ruh_usage = 0x21,
    fdp_statistics = 0x22,
    fdp_events = 0x23,
    discovery = 0x70,
    reservation = 0x80,      ///< `ReservationLog`
    sanitize_status = 0x81,  ///< `SanitizeStatusLog`
    changed_zones = 0xbf,    ///< `ChangedZonesLog` (zoned.hpp)
};

/// A log page, its name, and its size where it has a fixed one.
struct LogPageInfo {
    LogPage page;
    std::uint32_t bytes;  ///< 0 where the size varies. Of the error log, the size of one entry.
    std::string_view name;
};
inline constexpr auto kLogPages = std::to_array<LogPageInfo>({
    {LogPage::supported_pages, 1024, "supported-pages"},
    {LogPage::error_information, 64, "error-information"},
    {LogPage::health, 512, "health"},
    {LogPage::firmware_slot, 512, "firmware-slot"},
    {LogPage::changed_namespaces, 4096, "changed-namespaces"},
    {LogPage::commands_effects, 4096, "commands-effects"},
    {LogPage::self_test, 564, "self-test"},
    {LogPage::telemetry_host, 0, "telemetry-host"},
    {LogPage::telemetry_controller, 0, "telemetry-controller"},
    {LogPage::endurance_group, 512, "endurance-group"},
    {LogPage::predictable_latency, 512, "predictable-latency"},
    {LogPage::predictable_latency_events, 0, "predictable-latency-events"},
    {LogPage::ana, 0, "ana"},
    {LogPage::persistent_event, 0, "persistent-event"},
    {LogPage::lba_status, 0, "lba-status"},
    {LogPage::endurance_group_events, 0, "endurance-group-events"},
    {LogPage::media_unit_status, 0, "media-unit-status"},
    {LogPage::capacity_configurations, 0, "capacity-configurations"},
    {LogPage::feature_effects, 1024, "feature-effects"},
    {LogPage::mi_commands_effects, 4096, "mi-commands-effects"},
    {LogPage::lockdown, 512, "lockdown"},
    {LogPage::boot_partition, 0, "boot-partition"},
    {LogPage::rotational_media, 512, "rotational-media"},
    {LogPage::fdp_configurations, 0, "fdp-configurations"},
    {LogPage::fdp_ruh_usage, 0, "fdp-ruh-usage"},
    {LogPage::fdp_statistics, 64, "fdp-statistics"},
    {LogPage::fdp_events, 0, "fdp-events"},
    {LogPage::discovery, 0, "discovery"},
    {LogPage::reservation, 64, "reservation"},
    {LogPage::sanitize_status, 512, "sanitize-status"},
    {LogPage::changed_zones, 4096, "changed-zones"},
});

/// The row of a log page, or null where the library does not know it.
constexpr const LogPageInfo* find_log_page(LogPage page) noexcept {
    for (const LogPageInfo& row : kLogPages) {
        if (row.page == page) return &row;
    }
    return nullptr;
}
/// The name of a log page, or "unknown".
constexpr std::string_view log_page_name(LogPage page) noexcept {
    const LogPageInfo* row = find_log_page(page);
    return row != nullptr ? row->name : std::string_view("unknown");
}

/// Supported Log Pages, LID 00h. NVMe Base 2.0 §5.16.1.1
struct SupportedLogPages {
    std::array<Le32, 256> lid;  ///< Bit 0 supported, bit 1 index offset, bits 31:16 page's own.

    constexpr bool supports(LogPage page) const noexcept {
        return (lid[static_cast<std::uint8_t>(page)].value() & 1) != 0;
    }
};
static_assert(sizeof(SupportedLogPages) == 1024);

/// An entry of the Error Information log, LID 01h, newest first. NVMe Base 2.0 §5.16.1.2
struct ErrorLogEntry {
    Le64 error_count;               ///< Ascending, unique; 0 for an unused entry.
    Le16 sqid;                      ///< 0xffff where the error belongs to no command.
    Le16 cid;                       ///< 0xffff where the error belongs to no command.
    Le16 status_field;              ///< As in the completion, with the phase tag in bit 0.
    Le16 parameter_error_location;  ///< Bits 7:0 byte, bits 10:8 bit; 0xffff for none.
    Le64 lba;                       ///< First block with the error.
    Le32 nsid;
    std::uint8_t vendor_page;  ///< Log page with more, 0 for none.
    std::uint8_t trtype;
    std::uint8_t csi;
    std::uint8_t opcode;
    Le64 command_specific;
    Le16 transport_specific;
    std::array<std::uint8_t, 21> rsvd42;
    std::uint8_t version;

    constexpr Status status() const noexcept { return Status{status_field.value()}; }
    constexpr bool used() const noexcept { return error_count.value() != 0; }
    constexpr bool has_parameter_location() const noexcept {
        return parameter_error_location.value() != 0xffff;
    }
    /// Byte of the command at fault.
    constexpr unsigned parameter_byte() const noexcept {
        return parameter_error_location.value() & 0xffu;
    }
    constexpr unsigned parameter_bit() const noexcept {
        return (parameter_error_location.value() >> 8) & 7u;
    }
};
static_assert(sizeof(ErrorLogEntry) == 64);
static_assert(offsetof(ErrorLogEntry, lba) == 16 && offsetof(ErrorLogEntry, vendor_page) == 28 &&
              offsetof(ErrorLogEntry, command_specific) == 32 &&
              offsetof(ErrorLogEntry, version) == 63);

/// Bits of `HealthLog::critical_warning`. NVMe Base 2.0 §5.16.1.3
enum CriticalWarning : std::uint8_t {
    kWarnSpare = 1u << 0,
    kWarnTemperature = 1u << 1,
    kWarnReliability = 1u << 2,
    kWarnReadOnly = 1u << 3,
    kWarnVolatileBackup = 1u << 4,
    kWarnPersistentMemory = 1u << 5,
};

/// SMART / Health Information, LID 02h. NVMe Base 2.0 §5.16.1.3
struct HealthLog {
    std::uint8_t critical_warning;           ///< Bits of `CriticalWarning`.
    Le16 composite_temperature;              ///< Kelvin.
    std::uint8_t available_spare;            ///< Per cent.
    std::uint8_t available_spare_threshold;  ///< Per cent.
    std::uint8_t percentage_used;            ///< Per cent of the estimated life; may exceed 100.
    std::uint8_t endurance_group_warning;
    std::array<std::uint8_t, 25> rsvd7;
    U128 data_units_read;     ///< In 512,000 bytes, rounded up.
    U128 data_units_written;  ///< In 512,000 bytes, rounded up.
    U128 host_read_commands;
    U128 host_write_commands;
    U128 controller_busy_time;  ///< Minutes.
    U128 power_cycles;
    U128 power_on_hours;
    U128 unsafe_shutdowns;
    U128 media_errors;
    U128 error_log_entries;
    Le32 warning_temperature_time;           ///< Minutes.
    Le32 critical_temperature_time;          ///< Minutes.
    std::array<Le16, 8> temperature_sensor;  ///< Kelvin, 0 for no such sensor.
    Le32 thermal_transitions_1;
    Le32 thermal_transitions_2;
    Le32 thermal_time_1;  ///< Seconds.
    Le32 thermal_time_2;  ///< Seconds.
    std::array<std::uint8_t, 280> rsvd232;

    constexpr int temperature_celsius() const noexcept {
        return static_cast<int>(composite_temperature.value()) - 273;
    }
};
static_assert(sizeof(HealthLog) == 512);
static_assert(offsetof(HealthLog, composite_temperature) == 1 &&
              offsetof(HealthLog, data_units_read) == 32 &&
              offsetof(HealthLog, error_log_entries) == 176 &&
              offsetof(HealthLog, temperature_sensor) == 200 &&
              offsetof(HealthLog, thermal_time_2) == 228);

/// Firmware Slot Information, LID 03h. NVMe Base 2.0 §5.16.1.4
struct FirmwareSlotLog {
    std::uint8_t afi;  ///< Bits 2:0 the active slot, bits 6:4 the slot after the next reset.
    std::array<std::uint8_t, 7> rsvd1;
    std::array<std::array<char, 8>, 7> frs;  ///< Firmware revision of slots 1 to 7, ASCII.
    std::array<std::uint8_t, 448> rsvd64;

    /// The slot in use, 1 to 7.
    constexpr unsigned active_slot() const noexcept { return afi & 7u; }
    /// The slot that is activated by the next reset, 0 when not reported.
    constexpr unsigned next_slot() const noexcept { return (afi >> 4) & 7u; }
    /// The revision in a slot, counted from 1; empty for an empty slot or one out of range.
    std::string_view revision(unsigned slot) const noexcept {
        return slot >= 1 && slot <= frs.size() ? trimmed(frs[slot - 1]) : std::string_view{};
    }
};
static_assert(sizeof(FirmwareSlotLog) == 512 && offsetof(FirmwareSlotLog, frs) == 8);

/// Changed Namespace List, LID 04h: a `NamespaceList` whose first entry is `kNsidAll` when more
/// than 1024 namespaces changed. NVMe Base 2.0 §5.16.1.5
struct ChangedNamespacesLog {
    NamespaceList list;

    constexpr bool overflowed() const noexcept { return list.nsid[0].value() == kNsidAll; }
};
static_assert(sizeof(ChangedNamespacesLog) == 4096);

/// What a command does to the rest of the device. NVMe Base 2.0 §5.16.1.6, figure "Commands
/// Supported and Effects Data Structure"
struct CommandEffects {
    Le32 raw;

    constexpr bool supported() const noexcept { return bit(0); }           ///< CSUPP
    constexpr bool changes_blocks() const noexcept { return bit(1); }      ///< LBCC
    constexpr bool changes_namespace() const noexcept { return bit(2); }   ///< NCC
    constexpr bool changes_inventory() const noexcept { return bit(3); }   ///< NIC
    constexpr bool changes_controller() const noexcept { return bit(4); }  ///< CCC
    /// Submission rule: 0 none, 1 no other command to the namespace, 2 none to any namespace.
    constexpr unsigned submission_rule() const noexcept { return (raw.value() >> 16) & 7u; }
    constexpr bool uuid_selectable() const noexcept { return bit(19); }

  private:
    constexpr bool bit(unsigned n) const noexcept { return ((raw.value() >> n) & 1) != 0; }
};
static_assert(sizeof(CommandEffects) == 4);

/// Bits to build a `CommandEffects` of.
enum CommandEffectBits : std::uint32_t {
    kEffectSupported = 1u << 0,
    kEffectBlocks = 1u << 1,
    kEffectNamespace = 1u << 2,
    kEffectInventory = 1u << 3,
    kEffectController = 1u << 4,
};

/// Commands Supported and Effects, LID 05h. NVMe Base 2.0 §5.16.1.6
struct CommandsEffectsLog {
    std::array<CommandEffects, 256> admin;  ///< By opcode.
    std::array<CommandEffects, 256> io;     ///< By opcode, of the command set asked for.
    std::array<std::uint8_t, 2048> rsvd2048;
};
static_assert(sizeof(CommandsEffectsLog) == 4096 && offsetof(CommandsEffectsLog, io) == 1024);

/// A result of the self-test log. NVMe Base 2.0 §5.16.1.7, figure "Self-test Result"
struct SelfTestResult {
    std::uint8_t status;  ///< Bits 3:0 result, 0xf for an unused entry; bits 7:4 the test's code.
    std::uint8_t segment;
    std::uint8_t valid;  ///< Bit 0 `nsid`, bit 1 `failing_lba`, bit 2 SCT, bit 3 SC.
    std::uint8_t rsvd3;
    Le64 power_on_hours;
    Le32 nsid;
    Le64 failing_lba;
    std::uint8_t sct;
    std::uint8_t sc;
    Le16 vs;

    constexpr bool used() const noexcept { return (status & 0xf) != 0xf; }
};
static_assert(sizeof(SelfTestResult) == 28);

/// Device Self-test, LID 06h. NVMe Base 2.0 §5.16.1.7
struct SelfTestLog {
    std::uint8_t operation;   ///< Bits 3:0: 0 none in progress, 1 short, 2 extended.
    std::uint8_t completion;  ///< Bits 6:0: per cent.
    std::array<std::uint8_t, 2> rsvd2;
    std::array<SelfTestResult, 20> results;  ///< Newest first.
};
static_assert(sizeof(SelfTestLog) == 564);

/// What became of the most recent sanitize operation. NVMe Base 2.0 §5.16.1.25 (SOS)
enum class SanitizeState : std::uint8_t {
    never = 0,
    succeeded = 1,
    in_progress = 2,
    failed = 3,
    succeeded_without_deallocate = 4,
};

/// Sanitize Status, LID 81h. NVMe Base 2.0 §5.16.1.25
struct SanitizeStatusLog {
    Le16 sprog;   ///< Progress in 65536ths; ffffh when none is in progress.
    Le16 sstat;   ///< Bits 2:0 `SanitizeState`, 7:3 overwrite passes done, 8 global data erased.
    Le32 scdw10;  ///< Command dword 10 of the Sanitize command.
    Le32 eto;     ///< Estimated time for overwrite, seconds; ffffffffh when not reported.
    Le32 etbe;    ///< Likewise for block erase.
    Le32 etce;    ///< Likewise for crypto erase.
    Le32 etond;   ///< Likewise for overwrite without deallocate.
    Le32 etbend;  ///< Likewise for block erase without deallocate.
    Le32 etcend;  ///< Likewise for crypto erase without deallocate.
    std::array<std::uint8_t, 480> rsvd32;

    constexpr SanitizeState state() const noexcept {
        return static_cast<SanitizeState>(sstat.value() & 7);
    }
    constexpr unsigned overwrite_passes() const noexcept { return (sstat.value() >> 3) & 0x1f; }
    /// Nothing was written since the last sanitize, or ever.
    constexpr bool global_data_erased() const noexcept { return (sstat.value() & 0x100) != 0; }
    /// 0 to 100.
    constexpr unsigned progress_percent() const noexcept {
        return sprog.value() == 0xffff ? 100u : sprog.value() * 100u / 65536u;
    }
};
static_assert(sizeof(SanitizeStatusLog) == 512 && offsetof(SanitizeStatusLog, etcend) == 28);

}  // namespace xnvme::nvme
