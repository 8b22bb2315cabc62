/// \file
/// Opening block devices.
#pragma once

#include <memory>

#include "backends/linux/handle.hpp"

namespace xnvme::be_linux {

/// Opens a block device; see `open`.
Result<std::unique_ptr<Handle>, Failure> open_block(const Identifier& identifier,
                                                    const Options& options);

/// The sentence for a device that could not be opened.
std::unexpected<Failure> open_failure(const Identifier& identifier, Access access, int os_errno);

/// The flags of open(2) that options come to.
int open_flags(const Options& options) noexcept;

}  // namespace xnvme::be_linux
