// NVMe namespaces, which the environment names.
#pragma once

#include <vector>

#include "tests/conformance/places.hpp"

namespace conformance {

/// One kind per entry of XNVME_CONFORMANCE_NVME, which reads NAME=PATH with commas. The path is a
/// namespace's, /dev/nvme0n1 or /dev/ng0n1, and may have in front of it how much of the suite runs:
/// "native:" for the driver's own interfaces, "polled:" for those that can, without interrupts,
/// "admin:" for what writes no block. "zoned:", in front of all, says that it is zoned. None when it
/// is not set. What the namespaces hold is lost. Ends the program when an entry cannot be read.
std::vector<TargetKind> nvme_targets();

}  // namespace conformance
