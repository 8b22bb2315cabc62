/// \file
/// What an NVMe device says of itself, asked through the kernel's driver.
#pragma once

#include <cstdint>
#include <string>

#include "backends/linux/handle.hpp"

namespace xnvme::be_linux {

/// Runs Identify on an NVMe device's descriptor. Returns 0, a positive errno, or the negative of a
/// status of the device. `data` has room for 4096 bytes.
int identify(int fd, std::uint8_t cns, std::uint32_t nsid, std::uint8_t csi, void* data) noexcept;

/// Adds what Identify says to the facts of a block device that is a namespace: metadata,
/// protection, and the transfer limit, which holds for commands that are passed through. A user who
/// may not send admin commands gets what the block layer knows, which is right as far as it goes.
void read_nvme_identity(BlockHandle& handle);

/// Fills in all facts of a character device from Identify. A controller without a namespace has no
/// geometry but its transfer limit.
Result<void, Failure> read_nvme_facts(NvmeHandle& handle);

/// Why a namespace's block device has no size, where that is because of its format: the kernel
/// reads and writes no blocks whose metadata stands among the data. Empty when it is not so, or
/// cannot be asked.
std::string why_no_capacity(const std::string& block);

}  // namespace xnvme::be_linux
