/// \file
/// The interfaces `block`: block devices through reads, writes and ioctls of the block layer, and
/// seen as an NVMe controller with one namespace.
#pragma once

#include <memory>

#include "contracts/interfaces.hpp"

namespace xnvme::be_linux::block {

/// Every Linux has it.
Verdict machine();
/// It serves block devices.
Verdict probe(const Handle& handle, const Options& options);
/// Read, write, flush, write zeroes, compare, verify, copy; dataset management where the device
/// discards; zone management on zoned devices.
OpcodeSet carries(const Handle& handle);
/// Errors: `no_memory`.
Result<std::unique_ptr<SyncInterface>, Failure> make_sync(Handle& handle, const Options& options);
/// Format erases the whole device: by secure discard, or, where only zeroes are asked for, by
/// zeroing out. Errors: `no_memory`.
Result<std::unique_ptr<AdminInterface>, Failure> make_admin(Handle& handle, const Options& options);

}  // namespace xnvme::be_linux::block
