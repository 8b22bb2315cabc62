#include "zones.hpp"

#include <fmt/core.h>

#include "output.hpp"
#include "zoned.hpp"

namespace xnvme::tool {

std::vector<std::vector<AppendZone>> take_zones(Device& device, std::uint32_t queues,
                                                std::uint32_t most_blocks, bool verify) {
    refuse_without_append(device);
    const Geometry& geometry = device.geometry();
    const std::uint32_t open_max = geometry.max_open_zones != 0     ? geometry.max_open_zones
                                   : geometry.max_active_zones != 0 ? geometry.max_active_zones
                                                                    : UINT32_MAX;
    if (queues > open_max)
        throw Stop(kUsage, fmt::format("{} queues append to a zone each, and {} lets {} be open.",
                                       queues, device.uri(), counted(open_max, "zone")));
    take_zoned(zoned::manage_all(device, nvme::ZoneAction::reset));
    std::vector<std::vector<AppendZone>> dealt(queues);
    std::size_t next = 0;
    for (const zoned::Zone& zone : take_zoned(zoned::report(device))) {
        if (zone.type != nvme::ZoneType::sequential || zone.room() < most_blocks ||
            zone.capacity >= UINT32_MAX)
            continue;
        dealt[next++ % queues].emplace_back(zone.start, zone.capacity, verify);
    }
    if (next < queues)
        throw Stop(kUsage,
                   fmt::format("{} has {} that such appends fit into, and {} queues take one each.",
                               device.uri(), counted(next, "zone"), queues));
    return dealt;
}

}  // namespace xnvme::tool
