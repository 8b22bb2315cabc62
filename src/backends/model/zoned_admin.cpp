// What a zoned namespace adds to Identify and to the log pages.
#include <bit>

#include <xnvme/nvme/builders.hpp>
#include <xnvme/nvme/zoned.hpp>

#include "admin.hpp"

namespace xnvme::be_model {

namespace {

/// A limit counted from zero, or none.
std::uint32_t zero_based_limit(std::uint32_t limit) {
    return limit == 0 ? nvme::kNoZoneLimit : limit - 1;
}

}  // namespace

nvme::IdentifyNamespaceZoned identify_namespace_zoned(Controller& controller) noexcept {
    const ZoneConfig& config = controller.config().zones;
    const std::uint32_t shift = controller.media().shape().block_shift;
    nvme::IdentifyNamespaceZoned id{};
    id.ozcs = static_cast<std::uint16_t>((config.reads_cross ? 1u : 0u) |
                                         (config.area_bytes != 0 ? 2u : 0u));
    id.mar = zero_based_limit(config.max_active);
    id.mor = zero_based_limit(config.max_open);
    id.numzrwa = config.areas;
    id.zrwafg = static_cast<std::uint16_t>(config.area_flush_bytes >> shift);
    id.zrwasz = static_cast<std::uint16_t>(config.area_bytes >> shift);
    id.zrwacap = config.area_bytes != 0 ? 1 : 0;
    for (std::size_t i = 0; i < kFormats.size(); ++i) {
        id.lbafe[i].zsze = config.zone_bytes >> kFormats[i].block_shift;
        id.lbafe[i].zdes = static_cast<std::uint8_t>(config.extension_bytes / 64);
    }
    return id;
}

nvme::IdentifyControllerZoned identify_controller_zoned(Controller& controller) noexcept {
    const Config& config = controller.config();
    nvme::IdentifyControllerZoned id{};
    if (config.zones.append_bytes != config.mdts_bytes)
        id.zasl = static_cast<std::uint8_t>(std::countr_zero(config.zones.append_bytes) - 12);
    return id;
}

void add_zones(const Controller&, nvme::IdentifyController& id) noexcept {
    id.oaes |= 1u << 27;  // Zone descriptor changed notices.
    id.oncs &= static_cast<std::uint16_t>(~nvme::kOncsDatasetManagement);
}

void add_zones(Controller& controller, nvme::IdentifyNamespace& ns) noexcept {
    const Zones& zones = *controller.zones();
    ns.ncap = zones.count() * zones.capacity_blocks(controller.media().shape());
    // Blocks that cannot be written are no thin provisioning.
    ns.nsfeat &= static_cast<std::uint8_t>(~0x01u);
}

void add_zoned_effects(nvme::CommandsEffectsLog& log) noexcept {
    using nvme::ZonedOpcode;
    log.io[static_cast<std::uint8_t>(nvme::NvmOpcode::dataset_management)].raw = std::uint32_t{0};
    const auto io = [&log](ZonedOpcode opcode, std::uint32_t effects) {
        log.io[static_cast<std::uint8_t>(opcode)].raw = nvme::kEffectSupported | effects;
    };
    io(ZonedOpcode::zone_append, nvme::kEffectBlocks);
    io(ZonedOpcode::zone_management_send, nvme::kEffectBlocks);
    io(ZonedOpcode::zone_management_receive, 0);
}

}  // namespace xnvme::be_model
