/// \file
/// Memory interface `libc`: memory of the process, page-aligned and zeroed.
#pragma once

#include <memory>

#include "contracts/interfaces.hpp"

namespace xnvme::be_common::libc {

/// Every machine has it.
Verdict machine();
/// It serves every device that takes any memory of the process.
Verdict probe(const Handle& handle, const Options& options);
/// Errors: none but `no_memory`.
Result<std::unique_ptr<MemoryInterface>, Failure> make(Handle& handle, const Options& options);

}  // namespace xnvme::be_common::libc
