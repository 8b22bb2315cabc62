// Printing of features: their fields by the table of feature_fields.cpp, and their structures.
#include <array>

#include <xnvme/nvme/feature_fields.hpp>

#include "nvme/print_parts.hpp"
#include "nvme/reader.hpp"

namespace xnvme::nvme {
namespace {

Node field_node(const FeatureField& field, std::uint32_t value) {
    const std::uint32_t raw = field.raw(value);
    switch (field.kind) {
        case FieldKind::number:
            return raw;
        case FieldKind::flag:
            return raw != 0;
        case FieldKind::one_based:
            return std::uint64_t{raw} + 1;
        case FieldKind::scaled:
            return raw == 0 ? Node() : Node(std::uint64_t{raw} * field.scale);
        case FieldKind::power_of_two:
            return raw == field.raw_max() ? Node() : Node(std::uint64_t{1} << (raw & 31));
        case FieldKind::celsius:
            return celsius_node(raw);
        case FieldKind::choice:
            return raw < field.choices.size() ? field.choices[raw] : std::string_view("reserved");
    }
    return raw;
}

Node lba_ranges_node(std::span<const std::byte> data, std::uint32_t value) {
    Node ranges = Node::list();
    Reader reader(data);
    const std::uint32_t count = (value & 0x3f) + 1;
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto range = reader.read<LbaRange>();
        if (!range) break;
        constexpr auto kTypes = std::to_array<std::string_view>(
            {"general purpose", "file system", "RAID", "cache", "swap"});
        Node node = Node::map();
        node.add("type", range->type < kTypes.size() ? Node(kTypes[range->type])
                                                     : Node::hex(range->type, 2))
            .add("slba", range->slba)
            .add("blocks", range->nlb == UINT64_MAX ? UINT64_MAX : range->nlb + 1)
            .add("may_be_overwritten", (range->attributes & 1) != 0)
            .add("hidden", (range->attributes & 2) != 0)
            .add("guid", hex_text(range->guid));
        ranges.push(std::move(node));
    }
    return ranges;
}

Node transitions_node(const AutonomousPowerState& states) {
    Node transitions = Node::list();
    for (std::uint32_t state = 0; state < states.raw.size(); ++state) {
        if (states.idle_ms(state) == 0) continue;
        Node node = Node::map();
        node.add("power_state", state)
            .add("next_state", states.next_state(state))
            .add("idle_ms", states.idle_ms(state));
        transitions.push(std::move(node));
    }
    return transitions;
}

void add_host_memory(Node& node, const HostMemoryBuffer& buffer) {
    const std::uint64_t address =
        (std::uint64_t{buffer.list_address_high.value()} << 32) | buffer.list_address_low.value();
    node.add("size_pages", buffer.hsize)
        .add("descriptor_list_address", Node::hex(address, 16))
        .add("descriptor_entries", buffer.list_entries);
}

void add_host_behavior(Node& node, const HostBehavior& behavior) {
    node.add("advanced_command_retry", behavior.advanced_command_retry == 1)
        .add("telemetry_data_area_4", behavior.telemetry_data_area_4 == 1)
        .add("lba_format_extension", behavior.lba_format_extension == 1)
        .add("host_dispersed_namespaces", behavior.host_dispersed_namespaces == 1)
        .add("copy_formats", Node::hex(behavior.copy_formats, 4));
}

void add_latency_config(Node& node, const PredictableLatencyConfig& config) {
    node.add("enabled_events", flags_node(config.enabled_events, 4,
                                          {{0, "dtwin_reads"},
                                           {1, "dtwin_writes"},
                                           {2, "dtwin_time"},
                                           {14, "typical_or_maximum_exceeded"},
                                           {15, "deterministic_excursion"}}))
        .add("dtwin_reads", config.dtwin_reads)
        .add("dtwin_writes", config.dtwin_writes)
        .add("dtwin_time_ms", config.dtwin_time_ms);
}

/// Adds what a feature's structure says. False where there is too little of it, or where the
/// library has no more to say of it than its bytes.
bool add_structure(Node& node, FeatureId id, std::uint32_t value, std::span<const std::byte> data) {
    const auto decoded = [&data]<class T>(auto&& add) {
        const Result<T> structure = decode<T>(data);
        if (structure) add(*structure);
        return structure.has_value();
    };
    switch (id) {
        case FeatureId::lba_range_type:
            node.add("lba_ranges", lba_ranges_node(data, value));
            return true;
        case FeatureId::autonomous_power_state:
            return decoded.operator()<AutonomousPowerState>(
                [&node](const auto& states) { node.add("transitions", transitions_node(states)); });
        case FeatureId::host_memory_buffer:
            return decoded.operator()<HostMemoryBuffer>(
                [&node](const auto& buffer) { add_host_memory(node, buffer); });
        case FeatureId::timestamp:
            return decoded.operator()<Timestamp>([&node](const auto& timestamp) {
                node.add("time_ms", timestamp.time_ms())
                    .add("set_by_host", timestamp.set_by_host())
                    .add("may_have_stopped", (timestamp.attributes & 1) != 0);
            });
        case FeatureId::host_behavior:
            return decoded.operator()<HostBehavior>(
                [&node](const auto& behavior) { add_host_behavior(node, behavior); });
        case FeatureId::predictable_latency_config:
            return decoded.operator()<PredictableLatencyConfig>(
                [&node](const auto& config) { add_latency_config(node, config); });
        default:
            return false;
    }
}

}  // namespace

Node feature_node(FeatureId id, std::uint32_t value, std::span<const std::byte> data) {
    Node node = Node::map();
    node.add("fid", Node::hex(static_cast<std::uint8_t>(id), 2))
        .add("name", feature_name(id))
        .add("value", Node::hex(value, 8));
    for (const FeatureField& field : feature_fields(id)) {
        if (field.role != FieldRole::selector) node.add(field.name, field_node(field, value));
    }
    if (!data.empty() && !add_structure(node, id, value, data)) node.add("data", bytes_node(data));
    return node;
}

Node to_node(const FeatureCapabilities& capabilities) {
    return flags_node(capabilities.raw, 8,
                      {{0, "saveable"}, {1, "per_namespace"}, {2, "changeable"}});
}

}  // namespace xnvme::nvme
