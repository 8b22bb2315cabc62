/// \file
/// statx(2)'s answer on I/O past the page cache, in a file of its own: the kernel's header, which
/// alone has the fields, and the C library's define the same structure.
#pragma once

#include <cstdint>
#include <optional>

namespace xnvme::os {

struct StatxDirectAlignment {
    std::uint32_t buffer_bytes = 0;
    std::uint32_t offset_bytes = 0;
};

/// Linux 6.1: STATX_DIOALIGN. Nothing where the kernel or the file system does not say; zeroes
/// where it says that it cannot be done.
std::optional<StatxDirectAlignment> statx_direct_alignment(int fd) noexcept;

}  // namespace xnvme::os
