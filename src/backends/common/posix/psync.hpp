/// \file
/// Synchronous interface `psync`: pread, pwrite and their vectored forms.
#pragma once

#include <memory>

#include "contracts/interfaces.hpp"

namespace xnvme::be_common::psync {

/// Every POSIX system has it.
Verdict machine();
/// It serves files and block devices that are open as a descriptor.
Verdict probe(const Handle& handle, const Options& options);
/// Read, write, flush, compare, verify, write zeroes, copy; dataset management where ranges can be
/// given back; the file-system commands on regular files.
OpcodeSet carries(const Handle& handle);
/// Errors: `no_memory`.
Result<std::unique_ptr<SyncInterface>, Failure> make(Handle& handle, const Options& options);

}  // namespace xnvme::be_common::psync
