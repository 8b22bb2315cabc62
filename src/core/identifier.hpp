/// \file
/// Understanding what a caller's name for a device means.
#pragma once

#include <string>
#include <string_view>

#include "contracts/interfaces.hpp"

namespace xnvme::core {

/// Classifies `uri`, looking at the file system where it is a path. Opens nothing. Fails with a
/// sentence for what cannot be a device.
Result<Identifier, Failure> identify(std::string_view uri, const Options& options);

/// The generic device of the namespace that a block device of NVMe stands for: "/dev/ng0n1" for
/// "/dev/nvme0n1" and its partitions. Empty for everything else.
std::string generic_device_of(const Identifier& identifier);

}  // namespace xnvme::core
