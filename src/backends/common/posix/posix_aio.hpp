/// \file
/// Asynchronous interface `posix_aio`: aio_read, aio_write and aio_fsync.
///
/// glibc runs the requests of one descriptor one after another on a thread of its own. Where the
/// system has no vectored requests a list is moved element by element, in order; neighbours that
/// touch are moved as one. What the system refuses for want of room (EAGAIN; macOS takes 16
/// requests from a process) waits in the queue until it has some.
#pragma once

#include <memory>

#include "contracts/interfaces.hpp"

namespace xnvme::be_common::posix_aio {

/// Every POSIX system that this library knows has it.
Verdict machine();
/// It serves what is open as a descriptor.
Verdict probe(const Handle& handle, const Options& options);
/// Reads, writes, and flush where the system's flush reaches the medium.
OpcodeSet carries(const Handle& handle);
/// Errors: `no_memory`.
Result<std::unique_ptr<AsyncQueue>, Failure> make(QueueSetup setup);

}  // namespace xnvme::be_common::posix_aio
