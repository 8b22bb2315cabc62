/// \file
/// The zone commands by the block layer's ioctls, for every zoned block device.
#pragma once

#include <xnvme/command.hpp>

#include "contracts/interfaces.hpp"

namespace xnvme::be_linux {

/// Zone Management Send: open, close, finish and reset, of one zone or all. The other actions are
/// answered with Invalid Field. Zoned Namespace Command Set 1.1 §3.4.3; linux/blkzoned.h
void manage_zones(const Handle& handle, Context& context) noexcept;

/// Zone Management Receive: a report. Extended reports are answered with Invalid Field.
/// Zoned Namespace Command Set 1.1 §3.4.2; linux/blkzoned.h
void report_zones(const Handle& handle, Context& context) noexcept;

}  // namespace xnvme::be_linux
