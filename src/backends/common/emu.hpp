/// \file
/// Asynchronous interface `emu`: commands wait in the queue, and the synchronous interface runs
/// them, one after another, inside `poll` and `wait`. It needs no thread and no kernel interface,
/// and is the cheapest where the data is in the page cache; nothing runs beside the program.
#pragma once

#include <memory>

#include "contracts/interfaces.hpp"

namespace xnvme::be_common::emu {

/// Every machine has it.
Verdict machine();
/// It serves every device that has a synchronous interface.
Verdict probe(const Handle& handle, const Options& options);
/// Errors: `no_memory`.
Result<std::unique_ptr<AsyncQueue>, Failure> make(QueueSetup setup);

}  // namespace xnvme::be_common::emu
