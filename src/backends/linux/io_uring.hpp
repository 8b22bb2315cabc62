/// \file
/// The asynchronous interface `io_uring`: files and block devices through a ring of the kernel.
#pragma once

#include <memory>

#include "contracts/interfaces.hpp"

namespace xnvme::be_linux::io_uring {

/// Makes a ring and asks which operations it has.
Verdict machine();
/// Refuses what cannot work on this device, `poll_io` and `poll_sq` included, which are tried with
/// a ring and a read. Demotes itself where reads cannot be done without blocking: the kernel then
/// hands each one to a thread of its own.
Verdict probe(const Handle& handle, const Options& options);
OpcodeSet carries(const Handle& handle);
Result<std::unique_ptr<AsyncQueue>, Failure> make(QueueSetup setup);

}  // namespace xnvme::be_linux::io_uring
