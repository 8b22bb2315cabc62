/// \file
/// The model backend: an NVMe controller in this process's memory, opened by `mem:SIZE`.
#pragma once

#include <memory>

#include "contracts/interfaces.hpp"

namespace xnvme::be_model {

/// Opens a model device. Everything that is wrong with the identifier is refused with a sentence.
/// There is nothing to scan for. Does not block.
Result<std::unique_ptr<Handle>, Failure> open(const Identifier& identifier, const Options& options);

/// The interface `model`: sync and admin, on the calling thread.
namespace model {

Verdict machine();
Verdict probe(const Handle& handle, const Options& options);
/// Every opcode: the model judges commands itself.
OpcodeSet carries(const Handle& handle);
Result<std::unique_ptr<SyncInterface>, Failure> make_sync(Handle& handle, const Options& options);
Result<std::unique_ptr<AdminInterface>, Failure> make_admin(Handle& handle, const Options& options);

}  // namespace model
}  // namespace xnvme::be_model
