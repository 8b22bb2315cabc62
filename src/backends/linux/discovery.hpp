/// \file
/// What storage a Linux system has, and opening it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "contracts/interfaces.hpp"

namespace xnvme::be_linux {

/// Block devices with a medium, and NVMe's character devices, from /sys. Opens nothing. Partitions
/// stand in their disk's `use`. Order: block devices, then NVMe's, each by name.
Result<std::vector<Found>, Failure> scan();

/// Opens a file, a block device, or an NVMe character device. Errors: `not_found`, `no_permission`,
/// `read_only`, `busy`, `invalid_argument`, `unsupported` for options that cannot be honoured, and
/// `system`. Blocks while the system opens the device.
Result<std::unique_ptr<Handle>, Failure> open(const Identifier& identifier, const Options& options);

}  // namespace xnvme::be_linux
