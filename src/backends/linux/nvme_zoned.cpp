#include "backends/linux/nvme_zoned.hpp"

#include <algorithm>

#include <xnvme/nvme/zoned.hpp>

#include "backends/linux/nvme_identify.hpp"

namespace xnvme::be_linux {

namespace {

using ::xnvme::nvme::Cns;
using ::xnvme::nvme::IdentifyControllerZoned;
using ::xnvme::nvme::IdentifyNamespaceZoned;

constexpr auto kZoned = static_cast<std::uint8_t>(CommandSet::zoned);

}  // namespace

void read_nvme_zones(int fd, DeviceFacts& facts, std::uint32_t format_index) noexcept {
    Geometry& geometry = facts.geometry;
    IdentifyNamespaceZoned ns{};
    // A namespace of another command set refuses this.
    if (identify(fd, static_cast<std::uint8_t>(Cns::ns_csi), facts.nsid, kZoned, &ns) != 0) return;
    const std::uint64_t zone_blocks = ns.lbafe[format_index].zsze;
    if (zone_blocks == 0 || geometry.blocks == 0) return;
    geometry.zoned = true;
    geometry.command_set = CommandSet::zoned;
    geometry.zone_blocks = zone_blocks;
    geometry.zones = geometry.blocks / zone_blocks;
    geometry.max_open_zones = ns.max_open();
    geometry.max_active_zones = ns.max_active();
    geometry.zone_extension_bytes = ns.lbafe[format_index].extension_bytes();
    if (ns.random_write_areas()) {
        geometry.random_write_areas = ns.numzrwa;
        geometry.random_write_area_blocks = ns.zrwasz;
        geometry.random_write_area_flush_blocks = ns.zrwafg;
    }
    IdentifyControllerZoned controller{};
    geometry.max_append_bytes = geometry.max_transfer_bytes;
    if (identify(fd, static_cast<std::uint8_t>(Cns::controller_csi), 0, kZoned, &controller) != 0)
        return;
    const std::uint64_t most = controller.max_append_bytes();
    if (most != 0)
        geometry.max_append_bytes =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(most, geometry.max_transfer_bytes));
}

}  // namespace xnvme::be_linux
