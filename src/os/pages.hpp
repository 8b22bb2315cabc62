/// \file
/// Pages of memory from the system.
#pragma once

#include <cstddef>

#include <xnvme/result.hpp>

namespace xnvme::os {

/// Bytes in a page of memory, a power of two.
std::size_t page_bytes() noexcept;

/// Zeroed memory of the process's own, aligned to the page. Pages take up memory when they are
/// first touched; with `reserve` the system sets memory aside for all of them now, where it can, so
/// that touching one later cannot fail. Errors: `no_memory`; `invalid_argument` for no bytes.
Result<void*> map_anonymous(std::size_t bytes, bool reserve = false) noexcept;

/// Gives back what `map_anonymous` returned, all of it.
void unmap(void* base, std::size_t bytes) noexcept;

}  // namespace xnvme::os
