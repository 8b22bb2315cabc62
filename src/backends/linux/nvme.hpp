/// \file
/// The interfaces `nvme`: commands through the ioctls of the kernel's NVMe driver.
#pragma once

#include <memory>

#include "contracts/interfaces.hpp"

namespace xnvme::be_linux::nvme {

/// Every Linux has the ioctls; the devices may be missing.
Verdict machine();
/// It serves NVMe's block and character devices.
Verdict probe(const Handle& handle, const Options& options);
/// Every opcode: what an opcode is allowed to do is the device's verdict.
OpcodeSet carries(const Handle& handle);
/// Errors: none.
Result<std::unique_ptr<SyncInterface>, Failure> make_sync(Handle& handle, const Options& options);
/// Errors: none.
Result<std::unique_ptr<AdminInterface>, Failure> make_admin(Handle& handle, const Options& options);

}  // namespace xnvme::be_linux::nvme
