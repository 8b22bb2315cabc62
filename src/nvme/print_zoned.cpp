// Printing of the zoned command set.
#include <xnvme/nvme/zoned.hpp>

#include "nvme/print_parts.hpp"

namespace xnvme::nvme {
namespace {

/// A number of seconds, or null where the device reports none.
Node seconds_node(std::uint32_t seconds) {
    return seconds == 0 ? Node() : Node(seconds);
}
/// A limit on zones, or null for none.
Node zone_limit_node(std::uint32_t zones) {
    return zones == 0 ? Node() : Node(zones);
}

/// The write pointer means nothing in these states.
bool has_write_pointer(ZoneState state) noexcept {
    switch (state) {
        case ZoneState::empty:
        case ZoneState::implicitly_open:
        case ZoneState::explicitly_open:
        case ZoneState::closed:
            return true;
        default:
            return false;
    }
}

}  // namespace

Node to_node(const ZoneDescriptor& zone) {
    Node node = Node::map();
    node.add("zslba", zone.zslba)
        .add("state", zone_state_name(zone.state()))
        .add("type", zone_type_name(zone.type()))
        .add("write_pointer", has_write_pointer(zone.state()) ? Node(zone.wp) : Node())
        .add("capacity_blocks", zone.zcap)
        .add("attributes", flags_node(zone.za, 2,
                                      {{0, "finished_by_controller"},
                                       {1, "finish_recommended"},
                                       {2, "reset_recommended"},
                                       {3, "random_write_area"},
                                       {7, "extension_valid"}}))
        .add("attributes_information", Node::hex(zone.zai, 2));
    return node;
}

Node to_node(const ZoneReportView& report) {
    Node zones = Node::list();
    for (std::size_t i = 0; i < report.size(); ++i) {
        Node zone = to_node(report.at(i));
        if (const auto extension = report.extension(i); !extension.empty())
            zone.add("extension", bytes_node(extension));
        zones.push(std::move(zone));
    }
    Node node = Node::map();
    node.add("nzones", report.zones_said()).add("zones", std::move(zones));
    return node;
}

Node to_node(const IdentifyNamespaceZoned& id, std::uint32_t formats) {
    Node list = Node::list();
    for (std::uint32_t i = 0; i < formats && i < id.lbafe.size(); ++i) {
        Node format = Node::map();
        format.add("index", i)
            .add("zone_blocks", id.lbafe[i].zsze)
            .add("extension_bytes", id.lbafe[i].extension_bytes());
        list.push(std::move(format));
    }
    Node node = Node::map();
    node.add("zoc", flags_node(id.zoc, 4, {{0, "variable_capacity"}, {1, "active_excursions"}}))
        .add("ozcs", flags_node(id.ozcs, 4, {{0, "reads_cross_zones"}, {1, "random_write_areas"}}))
        .add("max_active_zones", zone_limit_node(id.max_active()))
        .add("max_open_zones", zone_limit_node(id.max_open()))
        .add("reset_recommended_seconds", seconds_node(id.rrl))
        .add("reset_recommended_1_seconds", seconds_node(id.rrl1))
        .add("reset_recommended_2_seconds", seconds_node(id.rrl2))
        .add("reset_recommended_3_seconds", seconds_node(id.rrl3))
        .add("finish_recommended_seconds", seconds_node(id.frl))
        .add("finish_recommended_1_seconds", seconds_node(id.frl1))
        .add("finish_recommended_2_seconds", seconds_node(id.frl2))
        .add("finish_recommended_3_seconds", seconds_node(id.frl3))
        .add("random_write_areas", zone_limit_node(id.numzrwa))
        .add("random_write_area_blocks", id.zrwasz)
        .add("random_write_area_flush_blocks", id.zrwafg)
        .add("zrwacap", flags_node(id.zrwacap, 2, {{0, "explicit_flush"}}))
        .add("formats", std::move(list));
    return node;
}

Node to_node(const IdentifyControllerZoned& id) {
    const std::uint64_t bytes = id.max_append_bytes();
    Node node = Node::map();
    node.add("zasl", id.zasl).add("max_append_bytes", bytes == 0 ? Node() : Node(bytes));
    return node;
}

Node to_node(const ChangedZonesLog& log) {
    Node zones = Node::list();
    for (std::uint32_t i = 0; i < log.count(); ++i) zones.push(log.zid[i].value());
    Node node = Node::map();
    node.add("too_many_to_list", log.overflowed()).add("zslbas", std::move(zones));
    return node;
}

}  // namespace xnvme::nvme
