/// \file
/// The interfaces `nvme`: commands through the ioctls of the kernel's NVMe driver.
#pragma once

#include <memory>

#include "contracts/interfaces.hpp"

namespace xnvme::be_linux::nvme {

/// Every Linux has the ioctls; the devices may be missing.
Verdict machine();
/// It serves NVMe's character devices and, past the page cache, whole block devices.
Verdict probe_sync(const Handle& handle, const Options& options);
/// It serves NVMe's character devices and whole block devices.
Verdict probe_admin(const Handle& handle, const Options& options);
/// Every opcode: what an opcode is allowed to do is the device's verdict. None for a controller
/// without a namespace.
OpcodeSet carries(const Handle& handle);
/// Errors: none.
Result<std::unique_ptr<SyncInterface>, Failure> make_sync(Handle& handle, const Options& options);
/// Errors: none.
Result<std::unique_ptr<AdminInterface>, Failure> make_admin(Handle& handle, const Options& options);

}  // namespace xnvme::be_linux::nvme
