// Printing of telemetry and persistent events.
#include <array>

#include "nvme/print_log_parts.hpp"
#include "nvme/reader.hpp"

namespace xnvme::nvme {
namespace {

/// A timestamp as events have it: its 48 bits of milliseconds, and whether the host set the clock.
Node timestamp_node(std::uint64_t raw) {
    const auto timestamp = decode<Timestamp>(encode(Le64(raw)));
    Node node = Node::map();
    node.add("time_ms", timestamp->time_ms()).add("set_by_host", timestamp->set_by_host());
    return node;
}

void add_firmware_commit(Node& node, std::span<const std::byte> data) {
    const auto event = decode<FirmwareCommitEvent>(data);
    if (!event) return;
    node.add("old_revision", Node::device_text(trimmed(event->old_revision)))
        .add("new_revision", Node::device_text(trimmed(event->new_revision)))
        .add("action", event->action)
        .add("slot", event->slot)
        .add("status", to_node(Status::make(event->sct, event->sc)));
}

void add_timestamp_change(Node& node, std::span<const std::byte> data) {
    const auto event = decode<TimestampChangeEvent>(data);
    if (!event) return;
    node.add("previous", timestamp_node(event->previous))
        .add("since_reset_ms", event->since_reset_ms);
}

void add_reset(Node& node, std::span<const std::byte> data) {
    Reader reader(data);
    const auto revision = reader.read<std::array<char, 8>>();
    if (!revision) return;
    Node controllers = Node::list();
    while (const auto reset = reader.read<ResetInformation>()) {
        Node controller = Node::map();
        controller.add("cntlid", reset->cntlid)
            .add("firmware_activation", reset->firmware_activation)
            .add("operation", reset->operation)
            .add("power_cycle", reset->power_cycle)
            .add("power_on_ms", reset->power_on_ms)
            .add("timestamp", timestamp_node(reset->timestamp));
        controllers.push(std::move(controller));
    }
    node.add("firmware", Node::device_text(trimmed(*revision)))
        .add("controllers", std::move(controllers));
}

void add_change_namespace(Node& node, std::span<const std::byte> data) {
    const auto event = decode<ChangeNamespaceEvent>(data);
    if (!event) return;
    node.add("nsid", event->nsid)
        .add("command_dword_10", Node::hex(event->cdw10, 8))
        .add("nsze_blocks", event->nsze)
        .add("ncap_blocks", event->ncap)
        .add("flbas", Node::hex(event->flbas, 2))
        .add("dps", Node::hex(event->dps, 2))
        .add("nmic", Node::hex(event->nmic, 2))
        .add("anagrpid", event->anagrpid)
        .add("nvmsetid", event->nvmsetid);
}

void add_format_start(Node& node, std::span<const std::byte> data) {
    const auto event = decode<FormatStartEvent>(data);
    if (!event) return;
    node.add("nsid", Node::hex(event->nsid, 1))
        .add("fna", Node::hex(event->fna, 2))
        .add("command_dword_10", Node::hex(event->cdw10, 8));
}

void add_format_completion(Node& node, std::span<const std::byte> data) {
    const auto event = decode<FormatCompletionEvent>(data);
    if (!event) return;
    node.add("nsid", Node::hex(event->nsid, 1))
        .add("smallest_progress_percent", event->smallest_fpi & 0x7f)
        .add("status", Node::hex(event->status, 2))
        .add("status_field", Node::hex(event->status_field, 8));
}

void add_sanitize_start(Node& node, std::span<const std::byte> data) {
    const auto event = decode<SanitizeStartEvent>(data);
    if (!event) return;
    node.add("sanicap", Node::hex(event->sanicap, 8))
        .add("command_dword_10", Node::hex(event->cdw10, 8))
        .add("command_dword_11", Node::hex(event->cdw11, 8));
}

void add_sanitize_completion(Node& node, std::span<const std::byte> data) {
    const auto event = decode<SanitizeCompletionEvent>(data);
    if (!event) return;
    node.add("progress", Node::hex(event->progress, 4))
        .add("status", Node::hex(event->status, 4))
        .add("information", Node::hex(event->information, 4));
}

void add_set_feature(Node& node, std::span<const std::byte> data) {
    Reader reader(data);
    const auto layout = reader.read<Le32>();
    if (!layout) return;
    Node dwords = Node::list();
    for (std::uint32_t i = 0; i < (*layout & 7u); ++i) {
        const auto dword = reader.read<Le32>();
        if (!dword) break;
        // The first of them is command dword 10, which has the feature's identifier.
        if (i == 0) node.add("feature", feature_name(static_cast<FeatureId>(*dword & 0xff)));
        dwords.push(Node::hex(*dword, 8));
    }
    node.add("command_dwords", std::move(dwords)).add("data_bytes", *layout >> 16);
}

void add_thermal_excursion(Node& node, std::span<const std::byte> data) {
    const auto event = decode<ThermalExcursionEvent>(data);
    if (!event) return;
    node.add("over_celsius", event->over_celsius).add("threshold", event->threshold);
}

void add_health(Node& node, std::span<const std::byte> data) {
    if (const auto health = decode<HealthLog>(data)) node.add("health", to_node(*health));
}

void add_hardware_error(Node& node, std::span<const std::byte> data) {
    if (const auto code = decode<Le16>(data)) node.add("code", Node::hex(*code, 4));
}

struct EventPrinter {
    PersistentEventType type;
    void (*add)(Node&, std::span<const std::byte>);
};
constexpr auto kEventPrinters = std::to_array<EventPrinter>({
    {PersistentEventType::health_snapshot, add_health},
    {PersistentEventType::firmware_commit, add_firmware_commit},
    {PersistentEventType::timestamp_change, add_timestamp_change},
    {PersistentEventType::power_on_or_reset, add_reset},
    {PersistentEventType::hardware_error, add_hardware_error},
    {PersistentEventType::change_namespace, add_change_namespace},
    {PersistentEventType::format_start, add_format_start},
    {PersistentEventType::format_completion, add_format_completion},
    {PersistentEventType::sanitize_start, add_sanitize_start},
    {PersistentEventType::sanitize_completion, add_sanitize_completion},
    {PersistentEventType::set_feature, add_set_feature},
    {PersistentEventType::thermal_excursion, add_thermal_excursion},
});

std::string_view scope_name(std::uint8_t scope) noexcept {
    constexpr auto kNames =
        std::to_array<std::string_view>({"not reported", "controller", "NVM subsystem"});
    return scope < kNames.size() ? kNames[scope] : std::string_view("reserved");
}

}  // namespace

Node to_node(const TelemetryHeader& header) {
    Node areas = Node::list();
    for (unsigned area = 1; area <= kTelemetryAreas; ++area) {
        Node node = Node::map();
        node.add("area", area)
            .add("last_block", header.last_block(area))
            .add("log_bytes", header.bytes(area));
        areas.push(std::move(node));
    }
    Node node = Node::map();
    node.add("lid", Node::hex(header.lid, 2))
        .add("ieee_oui", hex_text(std::array{header.ieee[2], header.ieee[1], header.ieee[0]}))
        .add("scope", scope_name(header.scope))
        .add("host_generation", header.host_generation)
        .add("controller_data_available", (header.controller_available & 1) != 0)
        .add("controller_generation", header.controller_generation)
        .add("data_areas", std::move(areas))
        .add("reason", bytes_node(std::as_bytes(std::span(header.reason))));
    return node;
}

Node to_node(const PersistentEventHeader& header) {
    Node supported = Node::list();
    for (const PersistentEventInfo& row : kPersistentEvents) {
        if (header.supports(row.type)) supported.push(row.name);
    }
    Node node = Node::map();
    node.add("events", header.tnev)
        .add("log_bytes", header.tll)
        .add("revision", header.revision)
        .add("header_bytes", header.lhl.value() + 20u)
        .add("timestamp", timestamp_node(header.timestamp))
        .add("power_on_hours", header.power_on_hours)
        .add("power_cycles", header.power_cycles)
        .add("vid", Node::hex(header.vid, 4))
        .add("ssvid", Node::hex(header.ssvid, 4))
        .add("serial", Node::device_text(trimmed(header.sn)))
        .add("model", Node::device_text(trimmed(header.mn)))
        .add("subsystem_nqn", Node::device_text(trimmed(header.subnqn)))
        .add("generation", header.generation)
        .add("reporting_context", Node::hex(header.rci, 8))
        .add("supported_events", std::move(supported));
    return node;
}

Node to_node(const PersistentEvent& event) {
    Node node = Node::map();
    node.add("type", persistent_event_name(event.type()))
        .add("type_code", Node::hex(event.entry.type, 2))
        .add("cntlid", event.entry.cntlid)
        .add("timestamp", timestamp_node(event.entry.timestamp))
        .add("vendor_specific_bytes", event.entry.vsil)
        .add("data_bytes", event.data.size());
    for (const EventPrinter& row : kEventPrinters) {
        if (row.type == event.type()) row.add(node, event.data);
    }
    return node;
}

Node telemetry_node(std::span<const std::byte> data) {
    const auto header = decode<TelemetryHeader>(data);
    return header ? to_node(*header) : bytes_node(data);
}

Node persistent_events_node(std::span<const std::byte> data) {
    const auto header = decode<PersistentEventHeader>(data);
    if (!header) return bytes_node(data);
    Node node = to_node(*header);
    // The header alone, as it is read to learn how long the log is, has no events to show.
    if (data.size() <= sizeof(PersistentEventHeader)) return node;
    const PersistentEvents decoded = decode_persistent_events(data);
    Node events = Node::list();
    for (const PersistentEvent& event : decoded.events) events.push(to_node(event));
    node.add("well_formed", decoded.well_formed).add("list", std::move(events));
    return node;
}

}  // namespace xnvme::nvme
