/// \file
/// The zones of an NVMe namespace.
#pragma once

#include <cstdint>

#include "contracts/interfaces.hpp"

namespace xnvme::be_linux {

/// Fills in what the geometry says of zones, where the namespace is zoned; leaves it alone
/// otherwise, and where the device does not answer. The block size, the number of blocks and the
/// most bytes in a command are there already. Blocks.
/// \param fd takes the driver's admin commands
/// \param format_index of the LBA format in use
void read_nvme_zones(int fd, DeviceFacts& facts, std::uint32_t format_index) noexcept;

}  // namespace xnvme::be_linux
