/// \file
/// Asynchronous interface `nil`: completes every command at once, without moving data. It measures
/// what the library itself costs, and is used only when it is named.
#pragma once

#include <memory>

#include "contracts/interfaces.hpp"

namespace xnvme::be_common::nil {

/// Every machine has it.
Verdict machine();
/// It serves every device.
Verdict probe(const Handle& handle, const Options& options);
/// Errors: `no_memory`.
Result<std::unique_ptr<AsyncQueue>, Failure> make(QueueSetup setup);

}  // namespace xnvme::be_common::nil
