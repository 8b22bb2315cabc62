/// \file
/// The asynchronous interface `io_uring_cmd`: NVMe commands through a ring of the kernel, past the
/// block layer. Linux 5.19: IORING_OP_URING_CMD on /dev/ngXnY.
#pragma once

#include <memory>

#include "contracts/interfaces.hpp"

namespace xnvme::be_linux::io_uring_cmd {

/// Asks the kernel for the operation and for the larger entries that it needs.
Verdict machine();
/// Refuses what is no generic NVMe device, with the name of the device to use instead.
Verdict probe(const Handle& handle, const Options& options);
/// Every opcode: what an opcode is allowed to do is the device's verdict.
OpcodeSet carries(const Handle& handle);
Result<std::unique_ptr<AsyncQueue>, Failure> make(QueueSetup setup);

}  // namespace xnvme::be_linux::io_uring_cmd
