/// \file
/// What an NVMe device says of itself, asked through the kernel's driver.
#pragma once

#include <cstdint>

#include "contracts/interfaces.hpp"

namespace xnvme::be_linux {

/// Runs Identify on an NVMe device's descriptor. Returns 0, a positive errno, or the negative of a
/// status of the device. `data` has room for 4096 bytes.
int identify(int fd, std::uint8_t cns, std::uint32_t nsid, std::uint8_t csi, void* data) noexcept;

/// Adds what Identify says to the facts of a block device that is a namespace: metadata,
/// protection, MDTS stays the kernel's to split. A user who may not send admin commands gets what
/// the block layer knows, which is right as far as it goes.
void read_nvme_identity(Handle& handle) noexcept;

/// Fills in all facts of a character device from Identify.
Result<void, Failure> read_nvme_facts(Handle& handle);

}  // namespace xnvme::be_linux
