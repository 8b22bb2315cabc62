/// \file
/// Asynchronous interface `thrpool`: threads that run commands through the synchronous interface.
/// The same engine, with one thread, is the worker of every queue, for commands that the queue's
/// own interface does not carry.
#pragma once

#include <cstdint>
#include <memory>

#include "contracts/interfaces.hpp"

namespace xnvme::be_common::thrpool {

/// Every machine has it.
Verdict machine();
/// It serves every device that has a synchronous interface.
Verdict probe(const Handle& handle, const Options& options);
/// `setup.options.threads` threads; 0 is the number of processors. Never more than the depth. All
/// of them run when this returns. Submissions are staged. Errors: `no_memory`.
Result<std::unique_ptr<AsyncQueue>, Failure> make(QueueSetup setup);

/// The worker of a queue: one thread, which runs when this returns, so that nothing can fail at the
/// first command. It runs contexts of other queues, at most `capacity` at a time, and never looks
/// at its own slots. Commands start with `submit`. Errors: `no_memory`.
Result<std::unique_ptr<AsyncQueue>, Failure> make_worker(QueueParts parts, SyncInterface& sync,
                                                         std::uint32_t capacity);

}  // namespace xnvme::be_common::thrpool
