// Printing of log pages.
#include <array>

#include <xnvme/describe.hpp>
#include <xnvme/nvme/fdp.hpp>

#include "nvme/print_log_parts.hpp"
#include "nvme/reader.hpp"

namespace xnvme::nvme {
namespace {

template <class T>
Node decoded_node(std::span<const std::byte> data) {
    const Result<T> value = decode<T>(data);
    return value ? to_node(*value) : bytes_node(data);
}

Node critical_warning_node(std::uint8_t value) {
    return flags_node(value, 2,
                      {{0, "spare_low"},
                       {1, "temperature"},
                       {2, "reliability_degraded"},
                       {3, "read_only"},
                       {4, "volatile_backup_failed"},
                       {5, "persistent_memory_unreliable"}});
}

std::string_view submission_rule_name(unsigned rule) noexcept {
    constexpr auto kNames = std::to_array<std::string_view>(
        {"none", "no other command to the namespace", "no other command to any namespace"});
    return rule < kNames.size() ? kNames[rule] : std::string_view("reserved");
}

Node effects_node(const CommandEffects& effects, std::uint8_t opcode, std::string_view name) {
    Node node = Node::map();
    node.add("opcode", Node::hex(opcode, 2))
        .add("name", name)
        .add("value", Node::hex(effects.raw, 8))
        .add("changes_blocks", effects.changes_blocks())
        .add("changes_namespace", effects.changes_namespace())
        .add("changes_inventory", effects.changes_inventory())
        .add("changes_controller", effects.changes_controller())
        .add("submission_rule", submission_rule_name(effects.submission_rule()));
    return node;
}

std::string_view name_or_unknown(const OpcodeInfo* row) noexcept {
    return row != nullptr ? row->name : std::string_view("unknown");
}

Node error_entries_node(std::span<const std::byte> data) {
    Node entries = Node::list();
    Reader reader(data);
    while (const auto entry = reader.read<ErrorLogEntry>()) {
        if (entry->used()) entries.push(to_node(*entry));
    }
    Node node = Node::map();
    node.add("entries", std::move(entries));
    return node;
}

std::string_view self_test_result_name(unsigned result) noexcept {
    constexpr auto kNames = std::to_array<std::string_view>(
        {"passed", "aborted by the self-test command", "aborted by a controller reset",
         "aborted by the removal of a namespace", "aborted by format", "fatal error",
         "failed in an unknown segment", "failed", "aborted for an unknown reason",
         "aborted by sanitize"});
    return result < kNames.size() ? kNames[result] : std::string_view("reserved");
}

std::string_view self_test_name(unsigned code) noexcept {
    switch (code) {
        case 0:
            return "none";
        case 1:
            return "short";
        case 2:
            return "extended";
        case 3:
            return "host-initiated refresh";
        case 0xe:
            return "vendor specific";
        default:
            return "reserved";
    }
}

}  // namespace

Node to_node(const SupportedLogPages& log) {
    Node pages = Node::list();
    for (std::uint32_t lid = 0; lid < log.lid.size(); ++lid) {
        const auto page = static_cast<LogPage>(lid);
        if (!log.supports(page)) continue;
        Node entry = Node::map();
        entry.add("lid", Node::hex(lid, 2))
            .add("name", log_page_name(page))
            .add("index_offset", (log.lid[lid].value() & 2) != 0);
        pages.push(std::move(entry));
    }
    Node node = Node::map();
    node.add("pages", std::move(pages));
    return node;
}

Node to_node(const ErrorLogEntry& entry) {
    Node node = Node::map();
    node.add("error_count", entry.error_count)
        .add("sqid", entry.sqid)
        .add("cid", entry.cid)
        .add("status", to_node(entry.status()));
    if (entry.has_parameter_location()) {
        node.add("parameter_byte", entry.parameter_byte())
            .add("parameter_bit", entry.parameter_bit());
    }
    node.add("lba", entry.lba)
        .add("nsid", Node::hex(entry.nsid, 1))
        .add("opcode", Node::hex(entry.opcode, 2))
        .add("vendor_page", Node::hex(entry.vendor_page, 2))
        .add("trtype", entry.trtype)
        .add("command_specific", Node::hex(entry.command_specific, 16))
        .add("transport_specific", Node::hex(entry.transport_specific, 4));
    return node;
}

Node to_node(const HealthLog& log) {
    Node sensors = Node::list();
    for (const Le16 sensor : log.temperature_sensor) {
        if (sensor.value() != 0) sensors.push(celsius_node(sensor));
    }
    Node node = Node::map();
    node.add("critical_warning", critical_warning_node(log.critical_warning))
        .add("temperature_celsius", log.temperature_celsius())
        .add("temperature_kelvin", log.composite_temperature)
        .add("available_spare_percent", log.available_spare)
        .add("available_spare_threshold_percent", log.available_spare_threshold)
        .add("used_percent", log.percentage_used)
        .add("endurance_group_warning", Node::hex(log.endurance_group_warning, 2))
        .add("data_units_read", log.data_units_read)
        .add("data_units_written", log.data_units_written)
        .add("data_unit_bytes", 512'000u)
        .add("host_read_commands", log.host_read_commands)
        .add("host_write_commands", log.host_write_commands)
        .add("controller_busy_minutes", log.controller_busy_time)
        .add("power_cycles", log.power_cycles)
        .add("power_on_hours", log.power_on_hours)
        .add("unsafe_shutdowns", log.unsafe_shutdowns)
        .add("media_errors", log.media_errors)
        .add("error_log_entries", log.error_log_entries)
        .add("warning_temperature_minutes", log.warning_temperature_time)
        .add("critical_temperature_minutes", log.critical_temperature_time)
        .add("temperature_sensors_celsius", std::move(sensors))
        .add("thermal_transitions_1", log.thermal_transitions_1)
        .add("thermal_transitions_2", log.thermal_transitions_2)
        .add("thermal_seconds_1", log.thermal_time_1)
        .add("thermal_seconds_2", log.thermal_time_2);
    return node;
}

Node to_node(const FirmwareSlotLog& log) {
    Node slots = Node::list();
    for (unsigned slot = 1; slot <= log.frs.size(); ++slot) {
        const std::string_view revision = log.revision(slot);
        if (revision.empty()) continue;
        Node entry = Node::map();
        entry.add("slot", slot)
            .add("revision", Node::device_text(revision))
            .add("active", slot == log.active_slot());
        slots.push(std::move(entry));
    }
    Node node = Node::map();
    node.add("active_slot", log.active_slot())
        .add("next_slot", log.next_slot() == 0 ? Node() : Node(log.next_slot()))
        .add("slots", std::move(slots));
    return node;
}

Node to_node(const ChangedNamespacesLog& log) {
    Node nsids = Node::list();
    if (!log.overflowed()) {
        for (std::uint32_t i = 0; i < log.list.count(); ++i) nsids.push(log.list.nsid[i].value());
    }
    Node node = Node::map();
    node.add("too_many_to_list", log.overflowed()).add("nsids", std::move(nsids));
    return node;
}

Node to_node(const CommandsEffectsLog& log, CommandSet set) {
    Node admin = Node::list();
    Node io = Node::list();
    for (std::uint32_t i = 0; i < log.admin.size(); ++i) {
        const auto opcode = static_cast<std::uint8_t>(i);
        if (log.admin[i].supported()) {
            const OpcodeInfo* row = find_opcode(OpcodeSet::admin, opcode);
            admin.push(effects_node(log.admin[i], opcode, name_or_unknown(row)));
        }
        if (log.io[i].supported()) {
            const OpcodeInfo* row = find_io_opcode(set, opcode);
            io.push(effects_node(log.io[i], opcode, name_or_unknown(row)));
        }
    }
    Node node = Node::map();
    node.add("admin", std::move(admin)).add("io", std::move(io));
    return node;
}

Node to_node(const SelfTestLog& log) {
    Node results = Node::list();
    for (const SelfTestResult& result : log.results) {
        if (!result.used()) continue;
        Node entry = Node::map();
        entry.add("test", self_test_name(result.status >> 4))
            .add("result", self_test_result_name(result.status & 0xf))
            .add("segment", result.segment)
            .add("power_on_hours", result.power_on_hours);
        if ((result.valid & 1) != 0) entry.add("nsid", Node::hex(result.nsid, 1));
        if ((result.valid & 2) != 0) entry.add("failing_lba", result.failing_lba);
        if ((result.valid & 0xc) == 0xc) {
            entry.add("status", to_node(Status::make(result.sct, result.sc)));
        }
        results.push(std::move(entry));
    }
    Node node = Node::map();
    node.add("in_progress", self_test_name(log.operation & 0xf))
        .add("completed_percent", log.completion & 0x7f)
        .add("results", std::move(results));
    return node;
}

Node to_node(const SanitizeStatusLog& log) {
    constexpr auto kStates = std::to_array<std::string_view>(
        {"never sanitized", "succeeded", "in progress", "failed", "succeeded without deallocate"});
    const auto state = static_cast<std::size_t>(log.state());
    const auto seconds = [](std::uint32_t value) {
        return value == 0xffffffff ? Node() : Node(value);
    };
    Node node = Node::map();
    node.add("state", state < kStates.size() ? kStates[state] : std::string_view("reserved"))
        .add("progress_percent", log.progress_percent())
        .add("overwrite_passes", log.overwrite_passes())
        .add("global_data_erased", log.global_data_erased())
        .add("command_dword_10", Node::hex(log.scdw10, 8))
        .add("overwrite_seconds", seconds(log.eto))
        .add("block_erase_seconds", seconds(log.etbe))
        .add("crypto_erase_seconds", seconds(log.etce))
        .add("overwrite_no_deallocate_seconds", seconds(log.etond))
        .add("block_erase_no_deallocate_seconds", seconds(log.etbend))
        .add("crypto_erase_no_deallocate_seconds", seconds(log.etcend));
    return node;
}

Node log_node(LogPage page, CommandSet csi, std::span<const std::byte> data) {
    switch (page) {
        case LogPage::supported_pages:
            return decoded_node<SupportedLogPages>(data);
        case LogPage::error_information:
            return error_entries_node(data);
        case LogPage::health:
            return decoded_node<HealthLog>(data);
        case LogPage::firmware_slot:
            return decoded_node<FirmwareSlotLog>(data);
        case LogPage::changed_namespaces:
            return decoded_node<ChangedNamespacesLog>(data);
        case LogPage::commands_effects: {
            const Result<CommandsEffectsLog> log = decode<CommandsEffectsLog>(data);
            return log ? to_node(*log, csi) : bytes_node(data);
        }
        case LogPage::self_test:
            return decoded_node<SelfTestLog>(data);
        case LogPage::sanitize_status:
            return decoded_node<SanitizeStatusLog>(data);
        case LogPage::changed_zones:
            return decoded_node<ChangedZonesLog>(data);
        case LogPage::telemetry_host:
        case LogPage::telemetry_controller:
            return telemetry_node(data);
        case LogPage::endurance_group:
            return decoded_node<EnduranceGroupLog>(data);
        case LogPage::predictable_latency:
            return decoded_node<PredictableLatencyLog>(data);
        case LogPage::predictable_latency_events:
            return event_aggregate_node(data, "nvm_sets");
        case LogPage::endurance_group_events:
            return event_aggregate_node(data, "endgids");
        case LogPage::ana:
            return ana_node(data);
        case LogPage::persistent_event:
            return persistent_events_node(data);
        case LogPage::lba_status:
            return lba_status_node(data);
        case LogPage::feature_effects:
            return decoded_node<FeatureEffectsLog>(data);
        case LogPage::mi_commands_effects:
            return decoded_node<MiEffectsLog>(data);
        case LogPage::lockdown:
            return decoded_node<LockdownLog>(data);
        case LogPage::boot_partition:
            return decoded_node<BootPartitionHeader>(data);
        case LogPage::rotational_media:
            return decoded_node<RotationalMediaLog>(data);
        case LogPage::reservation:
            return decoded_node<ReservationLog>(data);
        case LogPage::fdp_configurations:
            return to_node(decode_fdp_configurations(data));
        case LogPage::fdp_ruh_usage:
            return to_node(std::span<const FdpUsage>(decode_fdp_usage(data)));
        case LogPage::fdp_statistics:
            return decoded_node<FdpStatisticsLog>(data);
        case LogPage::fdp_events:
            return to_node(std::span<const FdpEvent>(decode_fdp_events(data)));
        default:
            return bytes_node(data);
    }
}

}  // namespace xnvme::nvme
