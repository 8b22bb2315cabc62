/// \file
/// The memory interface `hugepage`: pages of 2 MiB or 1 GiB that the administrator has set aside.
#pragma once

#include <memory>

#include "contracts/interfaces.hpp"

namespace xnvme::be_linux::hugepage {

/// Refuses where no huge pages are set aside, and says how to.
Verdict machine();
Verdict probe(const Handle& handle, const Options& options);
/// Allocations are rounded up to whole huge pages, of 1 GiB where those are set aside and the
/// buffer fills them, otherwise of the default size. `translate` returns physical addresses, which
/// needs CAP_SYS_ADMIN, and is right for huge pages and for memory that is locked.
Result<std::unique_ptr<MemoryInterface>, Failure> make(Handle& handle, const Options& options);

}  // namespace xnvme::be_linux::hugepage
