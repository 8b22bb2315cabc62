#include <xnvme/nvme/feature_fields.hpp>

#include <algorithm>
#include <bit>
#include <charconv>
#include <string>

namespace xnvme::nvme {
namespace {

constexpr auto kWriteProtection =
    std::to_array<std::string_view>({"none", "protected", "until-power-cycle", "permanent"});
constexpr auto kWindows =
    std::to_array<std::string_view>({"reserved", "deterministic", "non-deterministic"});
constexpr auto kThresholds = std::to_array<std::string_view>({"over", "under"});
constexpr auto kWorkloads =
    std::to_array<std::string_view>({"none", "idle-and-random-writes", "sequential-writes"});

constexpr FeatureField field(FeatureId id, unsigned dword, unsigned bit, unsigned bits,
                             std::string_view name, FieldKind kind = FieldKind::number,
                             FieldRole role = FieldRole::value, std::uint32_t scale = 1,
                             std::span<const std::string_view> choices = {}) {
    return {id,
            static_cast<std::uint8_t>(dword),
            static_cast<std::uint8_t>(bit),
            static_cast<std::uint8_t>(bits),
            role,
            kind,
            scale,
            name,
            choices};
}
constexpr FeatureField number(FeatureId id, unsigned bit, unsigned bits, std::string_view name,
                              FieldRole role = FieldRole::value) {
    return field(id, 11, bit, bits, name, FieldKind::number, role);
}
constexpr FeatureField flag(FeatureId id, unsigned bit, std::string_view name) {
    return field(id, 11, bit, 1, name, FieldKind::flag);
}
constexpr FeatureField counted(FeatureId id, unsigned bit, unsigned bits, std::string_view name) {
    return field(id, 11, bit, bits, name, FieldKind::one_based);
}
constexpr FeatureField scaled(FeatureId id, unsigned bit, unsigned bits, std::string_view name,
                              std::uint32_t scale) {
    return field(id, 11, bit, bits, name, FieldKind::scaled, FieldRole::value, scale);
}
constexpr FeatureField celsius(FeatureId id, unsigned bit, std::string_view name) {
    return field(id, 11, bit, 16, name, FieldKind::celsius);
}
constexpr FeatureField choice(FeatureId id, unsigned dword, unsigned bit, unsigned bits,
                              std::string_view name, std::span<const std::string_view> choices,
                              FieldRole role = FieldRole::value) {
    return field(id, dword, bit, bits, name, FieldKind::choice, role, 1, choices);
}
/// The NVM set or endurance group that a command is about.
constexpr FeatureField selector(FeatureId id, std::string_view name) {
    return number(id, 0, 16, name, FieldRole::selector);
}

using enum FeatureId;

/// By feature; within one, by dword and bit. NVMe Base 2.0 §5.27.1, NVM Command Set 1.0 §4.1.3
constexpr auto kFields = std::to_array<FeatureField>({
    field(arbitration, 11, 0, 3, "burst_commands", FieldKind::power_of_two),
    counted(arbitration, 8, 8, "low_weight"),
    counted(arbitration, 16, 8, "medium_weight"),
    counted(arbitration, 24, 8, "high_weight"),
    number(power_management, 0, 5, "power_state"),
    choice(power_management, 11, 5, 3, "workload_hint", kWorkloads),
    counted(lba_range_type, 0, 6, "ranges"),
    celsius(temperature_threshold, 0, "threshold_celsius"),
    number(temperature_threshold, 16, 4, "sensor", FieldRole::selector),
    choice(temperature_threshold, 11, 20, 2, "threshold", kThresholds, FieldRole::selector),
    scaled(error_recovery, 0, 16, "time_limit_ms", 100),
    flag(error_recovery, 16, "deallocated_error"),
    flag(volatile_write_cache, 0, "enabled"),
    counted(number_of_queues, 0, 16, "submission_queues"),
    counted(number_of_queues, 16, 16, "completion_queues"),
    counted(interrupt_coalescing, 0, 8, "threshold_entries"),
    scaled(interrupt_coalescing, 8, 8, "time_us", 100),
    number(interrupt_vector, 0, 16, "vector", FieldRole::both),
    flag(interrupt_vector, 16, "coalescing_disabled"),
    flag(write_atomicity, 0, "normal_atomicity_disabled"),
    flag(async_event, 0, "spare_low"),
    flag(async_event, 1, "temperature"),
    flag(async_event, 2, "reliability_degraded"),
    flag(async_event, 3, "read_only"),
    flag(async_event, 4, "volatile_backup_failed"),
    flag(async_event, 5, "persistent_memory_unreliable"),
    flag(async_event, 8, "namespace_attributes"),
    flag(async_event, 9, "firmware_activation"),
    flag(async_event, 10, "telemetry"),
    flag(async_event, 11, "ana_change"),
    flag(async_event, 12, "predictable_latency"),
    flag(async_event, 13, "lba_status"),
    flag(async_event, 14, "endurance_group"),
    flag(async_event, 15, "normal_subsystem_shutdown"),
    flag(async_event, 27, "zone_descriptor_changed"),
    flag(async_event, 31, "discovery_log_changed"),
    flag(autonomous_power_state, 0, "enabled"),
    flag(host_memory_buffer, 0, "enabled"),
    flag(host_memory_buffer, 1, "memory_return"),
    flag(host_memory_buffer, 2, "non_operational_restricted"),
    number(keep_alive, 0, 32, "timeout_ms"),
    celsius(thermal_management, 0, "heavy_throttle_celsius"),
    celsius(thermal_management, 16, "light_throttle_celsius"),
    flag(non_operational_power, 0, "permissive_mode"),
    selector(read_recovery_level, "nvm_set"),
    field(read_recovery_level, 12, 0, 4, "level"),
    selector(predictable_latency_config, "nvm_set"),
    field(predictable_latency_config, 12, 0, 1, "enabled", FieldKind::flag),
    selector(predictable_latency_window, "nvm_set"),
    choice(predictable_latency_window, 12, 0, 3, "window", kWindows),
    scaled(lba_status_interval, 0, 16, "report_interval_ms", 100),
    scaled(lba_status_interval, 16, 16, "poll_interval_ms", 100),
    flag(sanitize_config, 0, "no_deallocate_warns"),
    selector(endurance_group_event, "endurance_group"),
    flag(endurance_group_event, 16, "spare_low"),
    flag(endurance_group_event, 18, "reliability_degraded"),
    flag(endurance_group_event, 19, "read_only"),
    number(command_set_profile, 0, 9, "combination"),
    flag(spinup_control, 0, "spinup_inhibited"),
    selector(fdp, "endurance_group"),
    field(fdp, 12, 0, 1, "enabled", FieldKind::flag),
    field(fdp, 12, 8, 8, "configuration"),
    number(software_progress, 0, 8, "boot_failures"),
    field(host_identifier, 11, 0, 1, "extended", FieldKind::flag, FieldRole::selector),
    flag(reservation_mask, 1, "registration_preempted_masked"),
    flag(reservation_mask, 2, "reservation_released_masked"),
    flag(reservation_mask, 3, "reservation_preempted_masked"),
    flag(reservation_persistence, 0, "persist_through_power_loss"),
    choice(write_protection, 11, 0, 3, "state", kWriteProtection),
});

static_assert(std::ranges::is_sorted(kFields, {}, &FeatureField::id),
              "the fields of a feature are found by searching");

std::unexpected<Failure> refuse(const FeatureField& field, std::string_view text,
                                const std::string& allowed) {
    return fail(Errc::invalid_argument, "'" + std::string(text) + "' is no value of " +
                                            std::string(field.name) + ": it takes " + allowed +
                                            ".");
}

std::string joined(std::span<const std::string_view> words) {
    std::string text;
    for (const std::string_view word : words) {
        if (!text.empty()) text += ", ";
        text += word;
    }
    return text;
}

/// A whole number, decimal or hexadecimal, perhaps negative; false for anything else.
bool parse_whole(std::string_view text, std::int64_t& value) noexcept {
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
    if (hexadecimal) text.remove_prefix(2);
    std::uint32_t magnitude = 0;
    const char* const last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, magnitude, hexadecimal ? 16 : 10);
    if (error != std::errc{} || end != last || text.empty()) return false;
    value = negative ? -std::int64_t{magnitude} : std::int64_t{magnitude};
    return true;
}

Result<std::uint32_t, Failure> parse_flag(const FeatureField& field, std::string_view text) {
    if (text == "true" || text == "on" || text == "1") return 1u;
    if (text == "false" || text == "off" || text == "0") return 0u;
    return refuse(field, text, "true or false");
}

Result<std::uint32_t, Failure> parse_choice(const FeatureField& field, std::string_view text) {
    const auto found = std::find(field.choices.begin(), field.choices.end(), text);
    if (found != field.choices.end())
        return static_cast<std::uint32_t>(found - field.choices.begin());
    return refuse(field, text, "one of " + joined(field.choices));
}

Result<std::uint32_t, Failure> parse_power(const FeatureField& field, std::string_view text) {
    const std::uint32_t no_limit = field.raw_max();
    if (text == "none") return no_limit;
    std::int64_t value = 0;
    const bool power = parse_whole(text, value) && value > 0 &&
                       std::has_single_bit(static_cast<std::uint64_t>(value));
    const auto exponent =
        power ? static_cast<std::uint32_t>(std::countr_zero(static_cast<std::uint64_t>(value)))
              : no_limit;
    if (exponent < no_limit) return exponent;
    return refuse(
        field, text,
        "a power of two up to " + std::to_string(1u << (no_limit - 1)) + ", or none for no limit");
}

}  // namespace

std::span<const FeatureField> feature_fields(FeatureId id) noexcept {
    const auto [first, last] = std::ranges::equal_range(kFields, id, {}, &FeatureField::id);
    return {first, last};
}

const FeatureField* find_feature_field(FeatureId id, std::string_view name) noexcept {
    for (const FeatureField& row : feature_fields(id)) {
        if (row.name == name) return &row;
    }
    return nullptr;
}

Result<std::uint32_t, Failure> parse_feature_field(const FeatureField& field,
                                                   std::string_view text) {
    if (field.kind == FieldKind::flag) return parse_flag(field, text);
    if (field.kind == FieldKind::choice) return parse_choice(field, text);
    if (field.kind == FieldKind::power_of_two) return parse_power(field, text);
    const std::int64_t raw_max = field.raw_max();
    // The value is `raw * scale + offset`.
    std::int64_t scale = 1;
    std::int64_t offset = 0;
    bool may_be_none = false;
    if (field.kind == FieldKind::one_based) offset = 1;
    if (field.kind == FieldKind::scaled) {
        scale = field.scale;
        may_be_none = true;
    }
    if (field.kind == FieldKind::celsius) {
        offset = -273;
        may_be_none = true;
    }
    if (may_be_none && text == "none") return 0u;
    std::int64_t value = 0;
    const bool whole = parse_whole(text, value);
    const std::int64_t raw = (value - offset) / scale;
    if (whole && value >= offset && raw <= raw_max && (value - offset) % scale == 0)
        return static_cast<std::uint32_t>(raw);
    std::string allowed =
        std::to_string(offset) + " to " + std::to_string(raw_max * scale + offset);
    if (scale != 1) allowed += " in steps of " + std::to_string(scale);
    if (may_be_none) allowed += ", or none";
    return refuse(field, text, allowed);
}

}  // namespace xnvme::nvme
