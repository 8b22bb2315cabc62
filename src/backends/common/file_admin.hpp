/// \file
/// Admin interface `file`: a regular file seen as an NVMe controller with one namespace.
#pragma once

#include <memory>

#include "contracts/interfaces.hpp"

namespace xnvme::be_common::file_admin {

/// Every system has it.
Verdict machine();
/// It serves regular files that are open as a descriptor.
Verdict probe(const Handle& handle, const Options& options);
/// See `SynthesisedAdmin`. Format NVM makes all blocks read as zeroes; a secure erase it does not
/// offer, for a file system does not say where it has kept copies. Errors: `no_memory`.
Result<std::unique_ptr<AdminInterface>, Failure> make(Handle& handle, const Options& options);

}  // namespace xnvme::be_common::file_admin
