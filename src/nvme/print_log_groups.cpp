// Printing of log pages about parts of an NVM subsystem.
#include <array>

#include "nvme/print_log_parts.hpp"

namespace xnvme::nvme {
namespace {

std::string_view ana_state_name(std::uint8_t state) noexcept {
    constexpr auto kNames = std::to_array<std::string_view>(
        {"reserved", "optimized", "non-optimized", "inaccessible", "persistent loss"});
    if (state == 0xf) return "change";
    return state < kNames.size() ? kNames[state] : std::string_view("reserved");
}

std::string_view window_name(std::uint8_t status) noexcept {
    constexpr auto kNames =
        std::to_array<std::string_view>({"not enabled", "deterministic", "non-deterministic"});
    const unsigned window = status & 7u;
    return window < kNames.size() ? kNames[window] : std::string_view("reserved");
}

Node scope_node(std::uint32_t scope) {
    constexpr auto kNames = std::to_array<std::string_view>(
        {"namespace", "controller", "nvm set", "endurance group", "domain", "nvm subsystem"});
    Node scopes = Node::list();
    for (std::size_t bit = 0; bit < kNames.size(); ++bit) {
        if (((scope >> bit) & 1) != 0) scopes.push(kNames[bit]);
    }
    return scopes;
}

Node effects_node(const FeatureEffects& effects) {
    Node node = Node::map();
    node.add("value", Node::hex(effects.raw, 8))
        .add("changes_blocks", effects.changes_blocks())
        .add("changes_namespace", effects.changes_namespace())
        .add("changes_inventory", effects.changes_inventory())
        .add("changes_controller", effects.changes_controller())
        .add("uuid_selectable", effects.uuid_selectable())
        .add("scope", scope_node(effects.scope()));
    return node;
}

}  // namespace

Node to_node(const EnduranceGroupLog& log) {
    // The counts of data are in units of a thousand million bytes, rounded up.
    Node node = Node::map();
    node.add("critical_warning",
             flags_node(log.critical_warning, 2,
                        {{0, "spare_low"}, {2, "reliability_degraded"}, {3, "read_only"}}))
        .add("features", Node::hex(log.features, 2))
        .add("available_spare_percent", log.available_spare)
        .add("available_spare_threshold_percent", log.available_spare_threshold)
        .add("used_percent", log.percentage_used)
        .add("domain_id", log.domain_id)
        .add("endurance_estimate", log.endurance_estimate)
        .add("data_units_read", log.data_units_read)
        .add("data_units_written", log.data_units_written)
        .add("media_units_written", log.media_units_written)
        .add("data_unit_bytes", 1'000'000'000u)
        .add("host_read_commands", log.host_read_commands)
        .add("host_write_commands", log.host_write_commands)
        .add("media_errors", log.media_errors)
        .add("error_log_entries", log.error_log_entries)
        .add("total_capacity_bytes", log.total_capacity)
        .add("unallocated_capacity_bytes", log.unallocated_capacity);
    return node;
}

Node to_node(const PredictableLatencyLog& log) {
    Node node = Node::map();
    node.add("window", window_name(log.status))
        .add("events", flags_node(log.event_type, 4,
                                  {{0, "dtwin_reads"},
                                   {1, "dtwin_writes"},
                                   {2, "dtwin_time"},
                                   {14, "typical_or_maximum_exceeded"},
                                   {15, "deterministic_excursion"}}))
        .add("dtwin_reads_typical", log.dtwin_reads_typical)
        .add("dtwin_writes_typical", log.dtwin_writes_typical)
        .add("dtwin_time_maximum_ms", log.dtwin_time_maximum)
        .add("ndwin_time_minimum_high_ms", log.ndwin_time_minimum_high)
        .add("ndwin_time_minimum_low_ms", log.ndwin_time_minimum_low)
        .add("dtwin_reads_estimate", log.dtwin_reads_estimate)
        .add("dtwin_writes_estimate", log.dtwin_writes_estimate)
        .add("dtwin_time_estimate_ms", log.dtwin_time_estimate);
    return node;
}

Node to_node(const FeatureEffectsLog& log) {
    Node features = Node::list();
    for (std::uint32_t i = 0; i < log.features.size(); ++i) {
        if (!log.features[i].supported()) continue;
        Node node = Node::map();
        node.add("fid", Node::hex(i, 2)).add("name", feature_name(static_cast<FeatureId>(i)));
        const Node effects = effects_node(log.features[i]);
        for (std::size_t n = 0; n < effects.size(); ++n) node.add(effects.name(n), effects.at(n));
        features.push(std::move(node));
    }
    return std::move(Node::map().add("features", std::move(features)));
}

Node to_node(const MiEffectsLog& log) {
    Node commands = Node::list();
    for (std::uint32_t i = 0; i < log.commands.size(); ++i) {
        if (!log.commands[i].supported()) continue;
        Node node = Node::map();
        node.add("opcode", Node::hex(i, 2)).add("effects", effects_node(log.commands[i]));
        commands.push(std::move(node));
    }
    return std::move(Node::map().add("mi_commands", std::move(commands)));
}

Node to_node(const LockdownLog& log) {
    constexpr auto kContents = std::to_array<std::string_view>(
        {"supported to be locked", "locked for the admin queue", "locked out of band", "reserved"});
    constexpr auto kScopes = std::to_array<std::string_view>(
        {"admin opcodes", "reserved", "features", "MI opcodes", "PCIe commands"});
    const unsigned scope = log.contents & 0xfu;
    Node identifiers = Node::list();
    for (std::uint32_t i = 0; i < log.length && i < log.identifiers.size(); ++i)
        identifiers.push(Node::hex(log.identifiers[i], 2));
    Node node = Node::map();
    node.add("scope", scope < kScopes.size() ? kScopes[scope] : std::string_view("reserved"))
        .add("contents", kContents[(log.contents >> 4) & 3])
        .add("identifiers", std::move(identifiers));
    return node;
}

Node to_node(const BootPartitionHeader& header) {
    Node node = Node::map();
    node.add("lid", Node::hex(header.lid, 2))
        .add("partition_bytes", header.partition_bytes())
        .add("active_partition", header.active_partition());
    return node;
}

Node to_node(const RotationalMediaLog& log) {
    Node node = Node::map();
    node.add("endgid", log.endgid)
        .add("actuators", log.actuators)
        .add("rotations_per_minute", log.rotations_per_minute)
        .add("spinups", log.spinups)
        .add("failed_spinups", log.failed_spinups)
        .add("loads", log.loads)
        .add("failed_loads", log.failed_loads);
    return node;
}

Node to_node(const ReservationLog& log) {
    constexpr auto kTypes = std::to_array<std::string_view>(
        {"empty", "registration preempted", "reservation released", "reservation preempted"});
    Node node = Node::map();
    node.add("count", log.count)
        .add("type", log.type < kTypes.size() ? kTypes[log.type] : std::string_view("reserved"))
        .add("available", log.available)
        .add("nsid", log.nsid);
    return node;
}

Node event_aggregate_node(std::span<const std::byte> data, std::string_view name) {
    const EventAggregate decoded = decode_event_aggregate(data);
    Node identifiers = Node::list();
    for (const std::uint16_t identifier : decoded.identifiers) identifiers.push(identifier);
    Node node = Node::map();
    node.add("entries", decoded.claimed).add(name, std::move(identifiers));
    return node;
}

Node ana_node(std::span<const std::byte> data) {
    const AnaLog decoded = decode_ana(data);
    Node groups = Node::list();
    for (const AnaGroup& group : decoded.groups) {
        Node nsids = Node::list();
        for (const std::uint32_t nsid : group.nsids) nsids.push(nsid);
        Node node = Node::map();
        node.add("group", group.group)
            .add("state", ana_state_name(group.state))
            .add("change_count", group.change_count)
            .add("nsids", std::move(nsids));
        groups.push(std::move(node));
    }
    Node node = Node::map();
    node.add("change_count", decoded.change_count)
        .add("well_formed", decoded.well_formed)
        .add("groups", std::move(groups));
    return node;
}

Node lba_status_node(std::span<const std::byte> data) {
    const LbaStatusLog decoded = decode_lba_status(data);
    Node elements = Node::list();
    for (const LbaStatusElement& element : decoded.elements) {
        Node ranges = Node::list();
        for (const LbaStatusRange& range : element.ranges) {
            Node node = Node::map();
            node.add("slba", range.slba).add("blocks", range.blocks);
            ranges.push(std::move(node));
        }
        Node node = Node::map();
        node.add("nsid", element.space.nsid)
            .add("all_blocks", element.space.nlrd.value() == 0xffffffff)
            .add("recommended_action", Node::hex(element.space.ratype, 2))
            .add("ranges", std::move(ranges));
        elements.push(std::move(node));
    }
    const std::uint32_t estimate = decoded.header.estulb;
    Node node = Node::map();
    node.add("log_bytes", decoded.header.lslplen)
        .add("generation", decoded.header.lsgc)
        .add("unrecoverable_blocks_estimate", estimate == 0xffffffff ? Node() : Node(estimate))
        .add("well_formed", decoded.well_formed)
        .add("namespaces", std::move(elements));
    return node;
}

}  // namespace xnvme::nvme
