#include <xnvme/nvme/fdp.hpp>

#include <algorithm>

#include "nvme/print_parts.hpp"
#include "nvme/reader.hpp"

namespace xnvme::nvme {

namespace {

/// As many elements as the device says, and never more than are whole in the buffer.
template <class T>
std::vector<T> read_elements(Reader& reader, std::uint64_t count) {
    std::vector<T> elements;
    elements.reserve(std::min<std::uint64_t>(count, reader.remaining_bytes() / sizeof(T)));
    while (elements.size() < count) {
        const auto element = reader.read<T>();
        if (!element) break;
        elements.push_back(*element);
    }
    return elements;
}

std::string_view isolation_name(std::uint8_t type) {
    switch (static_cast<FdpIsolation>(type)) {
        case FdpIsolation::initially:
            return "initially isolated";
        case FdpIsolation::persistently:
            return "persistently isolated";
    }
    return "reserved";
}

std::string_view use_name(std::uint8_t use) {
    switch (static_cast<FdpUse>(use)) {
        case FdpUse::unused:
            return "unused";
        case FdpUse::host:
            return "host";
        case FdpUse::controller:
            return "controller";
    }
    return "reserved";
}

Node configuration_node(const FdpConfiguration& configuration, std::size_t index) {
    const FdpConfigurationDescriptor& descriptor = configuration.descriptor;
    Node handles = Node::list();
    for (const FdpRuhDescriptor& handle : configuration.handles)
        handles.push(isolation_name(handle.ruht));
    Node node = Node::map();
    node.add("index", index)
        .add("valid", descriptor.valid())
        .add("volatile_write_cache", descriptor.volatile_cache())
        .add("reclaim_group_bits", descriptor.group_bits())
        .add("reclaim_groups", descriptor.nrg)
        .add("reclaim_unit_handles", descriptor.nruh)
        .add("placement_handles_max", descriptor.placement_handles())
        .add("namespaces_max", descriptor.nns)
        .add("reclaim_unit_bytes", descriptor.runs)
        .add("reclaim_unit_time_limit_seconds",
             descriptor.erutl.value() == 0 ? Node() : Node(descriptor.erutl))
        .add("handles", std::move(handles));
    return node;
}

}  // namespace

FdpConfigurations decode_fdp_configurations(std::span<const std::byte> data) {
    FdpConfigurations log;
    Reader reader(data);
    const auto header = reader.read<FdpConfigurationsHeader>();
    if (!header) {
        log.well_formed = false;
        return log;
    }
    log.reported = header->numfdpc.value() + 1u;
    log.bytes = header->sze;
    log.list.reserve(std::min<std::size_t>(
        log.reported, reader.remaining_bytes() / sizeof(FdpConfigurationDescriptor)));
    for (std::uint32_t i = 0; i < log.reported; ++i) {
        const std::size_t start = reader.offset_bytes();
        const auto descriptor = reader.read<FdpConfigurationDescriptor>();
        const std::uint64_t needed =
            descriptor ? sizeof(*descriptor) + std::uint64_t{descriptor->nruh} * 4 : 0;
        if (!descriptor || descriptor->dsze < needed) {
            log.well_formed = false;
            return log;
        }
        FdpConfiguration configuration{*descriptor,
                                       read_elements<FdpRuhDescriptor>(reader, descriptor->nruh)};
        const bool whole = configuration.handles.size() == descriptor->nruh.value() &&
                           reader.seek(start + descriptor->dsze);
        if (!whole) {
            log.well_formed = false;
            return log;
        }
        log.list.push_back(std::move(configuration));
    }
    return log;
}

std::vector<FdpUsage> decode_fdp_usage(std::span<const std::byte> data) {
    Reader reader(data);
    const auto header = reader.read<FdpUsageHeader>();
    return header ? read_elements<FdpUsage>(reader, header->nruh.value()) : std::vector<FdpUsage>{};
}

std::vector<FdpEvent> decode_fdp_events(std::span<const std::byte> data) {
    Reader reader(data);
    const auto header = reader.read<FdpEventsHeader>();
    return header ? read_elements<FdpEvent>(reader, header->n.value()) : std::vector<FdpEvent>{};
}

FdpStatuses decode_fdp_status(std::span<const std::byte> data) {
    FdpStatuses statuses;
    Reader reader(data);
    const auto header = reader.read<FdpStatusHeader>();
    if (!header) return statuses;
    statuses.reported = header->nruhsd.value();
    statuses.list = read_elements<FdpStatus>(reader, statuses.reported);
    return statuses;
}

Node to_node(const FdpConfigurations& log) {
    Node list = Node::list();
    for (std::size_t i = 0; i < log.list.size(); ++i) list.push(configuration_node(log.list[i], i));
    Node node = Node::map();
    node.add("reported", log.reported).add("configurations", std::move(list));
    if (!log.well_formed) node.add("well_formed", false);
    return node;
}

Node to_node(std::span<const FdpUsage> usage) {
    Node list = Node::list();
    for (std::size_t i = 0; i < usage.size(); ++i)
        list.push(Node::map().add("ruhid", i).add("used_by", use_name(usage[i].ruha)));
    return Node::map().add("handles", std::move(list));
}

Node to_node(const FdpStatisticsLog& log) {
    return Node::map()
        .add("host_bytes_written", log.hbmw)
        .add("media_bytes_written", log.mbmw)
        .add("media_bytes_erased", log.mbe);
}

Node to_node(const FdpEvent& event) {
    const auto type = static_cast<FdpEventType>(event.type);
    Node node = Node::map();
    node.add("type", Node::hex(event.type, 2))
        .add("name", fdp_event_name(type))
        .add("time_ms", event.timestamp.time_ms())
        .add("time_set_by_host", event.timestamp.set_by_host());
    if ((event.flags & kFdpHasPlacement) != 0)
        node.add("placement_identifier", Node::hex(event.pid, 4));
    if ((event.flags & kFdpHasNamespace) != 0) node.add("nsid", event.nsid);
    if ((event.flags & kFdpHasLocation) != 0)
        node.add("reclaim_group", event.rgid).add("ruhid", event.ruhid);
    if (type == FdpEventType::media_reallocated) {
        node.add("moved_blocks", event.moved_blocks());
        if (event.has_moved_lba()) node.add("moved_lba", event.moved_lba());
    }
    return node;
}

Node to_node(std::span<const FdpEvent> events) {
    Node list = Node::list();
    for (const FdpEvent& event : events) list.push(to_node(event));
    return Node::map().add("events", std::move(list));
}

Node to_node(const FdpStatuses& statuses) {
    Node list = Node::list();
    for (const FdpStatus& status : statuses.list) {
        Node entry = Node::map();
        entry.add("placement_identifier", Node::hex(status.pid, 4))
            .add("ruhid", status.ruhid)
            .add("available_blocks", status.ruamw)
            .add("time_limit_seconds", status.earutr.value() == 0 ? Node() : Node(status.earutr));
        list.push(std::move(entry));
    }
    return Node::map().add("reported", statuses.reported).add("handles", std::move(list));
}

Node to_node(std::span<const FdpEventDescriptor> types) {
    Node list = Node::list();
    for (const FdpEventDescriptor& row : types) {
        list.push(Node::map()
                      .add("type", Node::hex(row.type, 2))
                      .add("name", fdp_event_name(static_cast<FdpEventType>(row.type)))
                      .add("enabled", row.enabled()));
    }
    return Node::map().add("types", std::move(list));
}

}  // namespace xnvme::nvme
