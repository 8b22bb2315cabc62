#include "os/posix/statx.hpp"

#if defined(__linux__)
#include <linux/fcntl.h>
#include <linux/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace xnvme::os {

std::optional<StatxDirectAlignment> statx_direct_alignment([[maybe_unused]] int fd) noexcept {
#if defined(STATX_DIOALIGN)
    struct statx found{};
    if (::syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &found) == 0 &&
        (found.stx_mask & STATX_DIOALIGN) != 0)
        return StatxDirectAlignment{found.stx_dio_mem_align, found.stx_dio_offset_align};
#endif
    return std::nullopt;
}

}  // namespace xnvme::os
