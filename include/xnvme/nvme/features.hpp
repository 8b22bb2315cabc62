/// \file
/// Features: identifiers, which value to get, and the fields of those that fit in one dword.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include <xnvme/nvme/endian.hpp>

namespace xnvme::nvme {

/// Feature identifiers. NVMe Base 2.0 §5.27.1, figure "Set Features - Feature Identifiers"
enum class FeatureId : std::uint8_t {
    arbitration = 0x01,
    power_management = 0x02,
    lba_range_type = 0x03,
    temperature_threshold = 0x04,
    error_recovery = 0x05,
    volatile_write_cache = 0x06,
    number_of_queues = 0x07,
    interrupt_coalescing = 0x08,
    interrupt_vector = 0x09,
    write_atomicity = 0x0a,
    async_event = 0x0b,
    autonomous_power_state = 0x0c,
    host_memory_buffer = 0x0d,
    timestamp = 0x0e,
    keep_alive = 0x0f,
    thermal_management = 0x10,
    non_operational_power = 0x11,
    read_recovery_level = 0x12,
    predictable_latency_config = 0x13,
    predictable_latency_window = 0x14,
    lba_status_interval = 0x15,
    host_behavior = 0x16,
    sanitize_config = 0x17,
    endurance_group_event = 0x18,
    command_set_profile = 0x19,
    spinup_control = 0x1a,
    fdp = 0x1d,
    fdp_events = 0x1e,
    namespace_label = 0x1f,
    enhanced_controller_metadata = 0x7d,
    controller_metadata = 0x7e,
    namespace_metadata = 0x7f,
    software_progress = 0x80,
    host_identifier = 0x81,
    reservation_mask = 0x82,
    reservation_persistence = 0x83,
    write_protection = 0x84,
};

/// Which value of a feature to get. NVMe Base 2.0 §5.15, figure "Get Features - Select"
enum class FeatureSelect : std::uint8_t { current = 0, defaults = 1, saved = 2, capabilities = 3 };

/// A feature, its name, and how it is handed over.
struct FeatureInfo {
    FeatureId id;
    std::uint32_t data_bytes;  ///< Size of its data structure, 0 where its value is a dword.
    bool per_namespace;        ///< Get and Set Features take a namespace identifier.
    std::string_view name;
};
inline constexpr auto kFeatures = std::to_array<FeatureInfo>({
    {FeatureId::arbitration, 0, false, "arbitration"},
    {FeatureId::power_management, 0, false, "power-management"},
    {FeatureId::lba_range_type, 4096, true, "lba-range-type"},
    {FeatureId::temperature_threshold, 0, false, "temperature-threshold"},
    {FeatureId::error_recovery, 0, true, "error-recovery"},
    {FeatureId::volatile_write_cache, 0, false, "volatile-write-cache"},
    {FeatureId::number_of_queues, 0, false, "number-of-queues"},
    {FeatureId::interrupt_coalescing, 0, false, "interrupt-coalescing"},
    {FeatureId::interrupt_vector, 0, false, "interrupt-vector"},
    {FeatureId::write_atomicity, 0, false, "write-atomicity"},
    {FeatureId::async_event, 0, false, "async-event"},
    {FeatureId::autonomous_power_state, 256, false, "autonomous-power-state"},
    {FeatureId::host_memory_buffer, 4096, false, "host-memory-buffer"},
    {FeatureId::timestamp, 8, false, "timestamp"},
    {FeatureId::keep_alive, 0, false, "keep-alive"},
    {FeatureId::thermal_management, 0, false, "thermal-management"},
    {FeatureId::non_operational_power, 0, false, "non-operational-power"},
    {FeatureId::read_recovery_level, 0, false, "read-recovery-level"},
    {FeatureId::predictable_latency_config, 512, false, "predictable-latency-config"},
    {FeatureId::predictable_latency_window, 0, false, "predictable-latency-window"},
    {FeatureId::lba_status_interval, 0, false, "lba-status-interval"},
    {FeatureId::host_behavior, 512, false, "host-behavior"},
    {FeatureId::sanitize_config, 0, false, "sanitize-config"},
    {FeatureId::endurance_group_event, 0, false, "endurance-group-event"},
    {FeatureId::command_set_profile, 0, false, "command-set-profile"},
    {FeatureId::spinup_control, 0, false, "spinup-control"},
    {FeatureId::fdp, 0, false, "fdp"},
    {FeatureId::fdp_events, 0, true, "fdp-events"},
    {FeatureId::namespace_label, 256, true, "namespace-label"},
    {FeatureId::enhanced_controller_metadata, 4096, false, "enhanced-controller-metadata"},
    {FeatureId::controller_metadata, 4096, false, "controller-metadata"},
    {FeatureId::namespace_metadata, 4096, true, "namespace-metadata"},
    {FeatureId::software_progress, 0, false, "software-progress"},
    {FeatureId::host_identifier, 16, false, "host-identifier"},
    {FeatureId::reservation_mask, 0, true, "reservation-mask"},
    {FeatureId::reservation_persistence, 0, true, "reservation-persistence"},
    {FeatureId::write_protection, 0, true, "write-protection"},
});

/// The row of a feature, or null where the library does not know it.
constexpr const FeatureInfo* find_feature(FeatureId id) noexcept {
    for (const FeatureInfo& row : kFeatures) {
        if (row.id == id) return &row;
    }
    return nullptr;
}
/// The name of a feature, or "unknown".
constexpr std::string_view feature_name(FeatureId id) noexcept {
    const FeatureInfo* row = find_feature(id);
    return row != nullptr ? row->name : std::string_view("unknown");
}

/// What Get Features returns in dword 0 when asked for `FeatureSelect::capabilities`.
/// NVMe Base 2.0 §5.15
struct FeatureCapabilities {
    std::uint32_t raw = 0;

    constexpr bool saveable() const noexcept { return (raw & 1) != 0; }
    constexpr bool per_namespace() const noexcept { return (raw & 2) != 0; }
    constexpr bool changeable() const noexcept { return (raw & 4) != 0; }
};

/// Arbitration, FID 01h. NVMe Base 2.0 §5.27.1.1
struct Arbitration {
    std::uint32_t raw = 0;

    /// Commands taken from a queue at a time, 0 for no limit.
    constexpr std::uint32_t burst_commands() const noexcept {
        return (raw & 7) == 7 ? 0 : 1u << (raw & 7);
    }
    /// Weights, counted from one.
    constexpr std::uint32_t low_weight() const noexcept { return ((raw >> 8) & 0xff) + 1; }
    constexpr std::uint32_t medium_weight() const noexcept { return ((raw >> 16) & 0xff) + 1; }
    constexpr std::uint32_t high_weight() const noexcept { return (raw >> 24) + 1; }
};

/// Power Management, FID 02h. NVMe Base 2.0 §5.27.1.2
struct PowerManagement {
    std::uint32_t raw = 0;

    constexpr unsigned power_state() const noexcept { return raw & 0x1f; }
    constexpr unsigned workload_hint() const noexcept { return (raw >> 5) & 7; }
};

/// Temperature Threshold, FID 04h. NVMe Base 2.0 §5.27.1.3
struct TemperatureThreshold {
    std::uint32_t raw = 0;

    constexpr unsigned threshold_kelvin() const noexcept { return raw & 0xffff; }
    /// 0 the composite temperature, 1 to 8 a sensor, 15 all (Set Features).
    constexpr unsigned sensor() const noexcept { return (raw >> 16) & 0xf; }
    /// True for the lower threshold.
    constexpr bool under() const noexcept { return ((raw >> 20) & 3) == 1; }
};

/// Error Recovery, FID 05h. NVM Command Set 1.0 §4.1.3.2
struct ErrorRecovery {
    std::uint32_t raw = 0;

    /// Time limit for recovery, milliseconds; 0 for none.
    constexpr std::uint32_t time_limit_ms() const noexcept { return (raw & 0xffff) * 100; }
    /// Reading deallocated or unwritten blocks is an error (DULBE).
    constexpr bool deallocated_error() const noexcept { return (raw & 0x10000) != 0; }
};

/// Volatile Write Cache, FID 06h. NVMe Base 2.0 §5.27.1.4
struct VolatileWriteCache {
    std::uint32_t raw = 0;

    constexpr bool enabled() const noexcept { return (raw & 1) != 0; }
};

/// Number of Queues, FID 07h, in the completion and in Set Features. NVMe Base 2.0 §5.27.1.5
struct NumberOfQueues {
    std::uint32_t raw = 0;

    static constexpr NumberOfQueues of(std::uint32_t submission,
                                       std::uint32_t completion) noexcept {
        return {((submission - 1) & 0xffff) | (((completion - 1) & 0xffff) << 16)};
    }
    constexpr std::uint32_t submission_queues() const noexcept { return (raw & 0xffff) + 1; }
    constexpr std::uint32_t completion_queues() const noexcept { return (raw >> 16) + 1; }
};

/// Interrupt Coalescing, FID 08h. NVMe Base 2.0 §5.27.1.6
struct InterruptCoalescing {
    std::uint32_t raw = 0;

    constexpr std::uint32_t threshold_entries() const noexcept { return (raw & 0xff) + 1; }
    constexpr std::uint32_t time_us() const noexcept { return ((raw >> 8) & 0xff) * 100; }
};

/// Interrupt Vector Configuration, FID 09h. NVMe Base 2.0 §5.27.1.7
struct InterruptVector {
    std::uint32_t raw = 0;

    constexpr unsigned vector() const noexcept { return raw & 0xffff; }
    constexpr bool coalescing_disabled() const noexcept { return (raw & 0x10000) != 0; }
};

/// Asynchronous Event Configuration, FID 0Bh. NVMe Base 2.0 §5.27.1.8
struct AsyncEvents {
    std::uint32_t raw = 0;

    /// Bits of `CriticalWarning` that raise an event.
    constexpr unsigned health_warnings() const noexcept { return raw & 0xff; }
    constexpr bool namespace_attributes() const noexcept { return (raw & (1u << 8)) != 0; }
    constexpr bool firmware_activation() const noexcept { return (raw & (1u << 9)) != 0; }
    constexpr bool telemetry() const noexcept { return (raw & (1u << 10)) != 0; }
    constexpr bool ana_change() const noexcept { return (raw & (1u << 11)) != 0; }
    /// Zoned Namespace Command Set 1.1 §4.1.3
    constexpr bool zone_descriptor_changed() const noexcept { return (raw & (1u << 27)) != 0; }
};

/// Timestamp, FID 0Eh, as Get Features returns it. NVMe Base 2.0 §5.27.1.11
struct Timestamp {
    std::array<std::uint8_t, 6> milliseconds;  ///< Since 1970-01-01 UTC, or since reset.
    std::uint8_t attributes;                   ///< Bit 0 may have stopped, bits 3:1 origin.
    std::uint8_t rsvd7;

    constexpr std::uint64_t time_ms() const noexcept {
        std::uint64_t value = 0;
        for (std::size_t i = milliseconds.size(); i-- > 0;) value = value << 8 | milliseconds[i];
        return value;
    }
    /// The host set it; otherwise it counts from the controller's reset.
    constexpr bool set_by_host() const noexcept { return ((attributes >> 1) & 7) == 1; }
};
static_assert(sizeof(Timestamp) == 8);

/// LBA Range Type, FID 03h: up to 64 ranges. NVM Command Set 1.0 §4.1.3.1
struct LbaRange {
    std::uint8_t type;        ///< 0 general purpose, 1 file system, 2 RAID, 3 cache, 4 swap.
    std::uint8_t attributes;  ///< Bit 0 may be overwritten, bit 1 hidden.
    std::array<std::uint8_t, 14> rsvd2;
    Le64 slba;
    Le64 nlb;  ///< Blocks, zero-based.
    std::array<std::uint8_t, 16> guid;
    std::array<std::uint8_t, 16> rsvd48;
};
static_assert(sizeof(LbaRange) == 64);
/// Ranges in the structure.
inline constexpr std::uint32_t kLbaRangesMax = 64;

/// Autonomous Power State Transition, FID 0Ch: an entry for each power state.
/// NVMe Base 2.0 §5.27.1.9
struct AutonomousPowerState {
    std::array<Le64, 32> raw;  ///< Bits 7:3 the state to go to, 31:8 after so many milliseconds.

    /// \param state below 32
    constexpr unsigned next_state(std::uint32_t state) const noexcept {
        return (raw[state & 31].value() >> 3) & 0x1f;
    }
    /// Idle milliseconds before the transition, 0 for none.
    constexpr std::uint32_t idle_ms(std::uint32_t state) const noexcept {
        return (raw[state & 31].value() >> 8) & 0xffffff;
    }
};
static_assert(sizeof(AutonomousPowerState) == 256);

/// Host Memory Buffer, FID 0Dh, as Get Features returns it. NVMe Base 2.0 §5.27.1.10
struct HostMemoryBuffer {
    Le32 hsize;  ///< In memory pages.
    Le32 list_address_low;
    Le32 list_address_high;
    Le32 list_entries;
    std::array<std::uint8_t, 4080> rsvd16;
};
static_assert(sizeof(HostMemoryBuffer) == 4096);

/// Predictable Latency Mode Config, FID 13h. NVMe Base 2.0 §5.27.1.15
struct PredictableLatencyConfig {
    Le16 enabled_events;
    std::array<std::uint8_t, 30> rsvd2;
    Le64 dtwin_reads;   ///< In 4 KiB.
    Le64 dtwin_writes;  ///< In optimal write sizes.
    Le64 dtwin_time_ms;
    std::array<std::uint8_t, 456> rsvd56;
};
static_assert(sizeof(PredictableLatencyConfig) == 512);

/// Host Behavior Support, FID 16h. NVMe Base 2.0 §5.27.1.18
struct HostBehavior {
    std::uint8_t advanced_command_retry;     ///< ACRE
    std::uint8_t telemetry_data_area_4;      ///< ETDAS
    std::uint8_t lba_format_extension;       ///< LBAFEE
    std::uint8_t host_dispersed_namespaces;  ///< HDISNS
    Le16 copy_formats;                       ///< CDFE, bit n for descriptor format n.
    std::array<std::uint8_t, 506> rsvd6;
};
static_assert(sizeof(HostBehavior) == 512);

}  // namespace xnvme::nvme
