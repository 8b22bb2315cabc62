/// \file
/// The asynchronous interface `libaio`: Linux's native asynchronous I/O on files and block devices.
#pragma once

#include <memory>

#include "contracts/interfaces.hpp"

namespace xnvme::be_linux::libaio {

/// Makes a context of the kernel's.
Verdict machine();
Verdict probe(const Handle& handle, const Options& options);
/// Read, write, and flush where the kernel has it (Linux 4.18: IOCB_CMD_FDSYNC).
OpcodeSet carries(const Handle& handle);
Result<std::unique_ptr<AsyncQueue>, Failure> make(QueueSetup setup);

}  // namespace xnvme::be_linux::libaio
