/// \file
/// The zones that the queues of a run append to.
#pragma once

#include <cstdint>
#include <vector>

#include <xnvme/xnvme.hpp>

#include "append_zone.hpp"

namespace xnvme::tool {

/// Empties a device's zones, and deals out to each of `queues` queues those that it can write
/// appends of `most_blocks` to. Throws `Stop` where the device has no append, or too few zones.
std::vector<std::vector<AppendZone>> take_zones(Device& device, std::uint32_t queues,
                                                std::uint32_t most_blocks, bool verify);

}  // namespace xnvme::tool
