/// \file
/// What systems do differently with an open file or block device: getting past the page cache,
/// making data durable, zeroing and punching ranges, and saying what the file system can do.
///
/// Functions that return `int` return 0 or an errno. They may be called from any thread.
#pragma once

#include <cstdint>
#include <string>

#include "os/fd.hpp"

namespace xnvme::os {

/// Opens `path` with the flags of open(2), close-on-exec, and past the page cache when `direct` is
/// set. Blocks. On an error the descriptor is -1 and `os_error` says why.
struct Opened {
    Fd fd;
    int os_error = 0;
    /// The errno is that of bypassing the page cache: the file system does not do it.
    bool direct_refused = false;
};
Opened open_path(const std::string& path, int flags, unsigned mode, bool direct) noexcept;

/// Opens what `fd` has open once more, the same way. The kernel counts users of an open file, and
/// keeps where it was last read, in one place that all threads would write to: with a file each,
/// they share nothing. None where the system has no way (macOS, FreeBSD), where /proc is not
/// mounted, or where this process may not open it any more; `fd` serves in its place.
Fd open_again(int fd) noexcept;

/// Returns when what was written is on the medium, the size of the file included, but not
/// necessarily its times. Linux, FreeBSD: fdatasync. macOS: F_FULLFSYNC. Blocks.
int sync_data(int fd) noexcept;

/// Makes a range read as zeroes without writing it, where the file system has a way that keeps the
/// space allocated. `EOPNOTSUPP` where it has none. Linux: FALLOC_FL_ZERO_RANGE. Blocks.
int zero_range(int fd, std::uint64_t offset, std::uint64_t bytes) noexcept;

/// Gives the space of a range back; it reads as zeroes afterwards. `EOPNOTSUPP` where the file
/// system cannot. Linux: FALLOC_FL_PUNCH_HOLE. FreeBSD 14: fspacectl. macOS: F_PUNCHHOLE. Blocks.
int punch_hole(int fd, std::uint64_t offset, std::uint64_t bytes) noexcept;

/// True when `punch_hole` works on this file, of `bytes` bytes, open for writing. Tried out past
/// the end, where it changes nothing.
bool can_punch_hole(int fd, std::uint64_t bytes) noexcept;

/// Sets space aside for a range past what the file has, so that writing there cannot run out of
/// space; the file grows to the range's end. Grows it without space where the file system cannot
/// set any aside. Blocks.
int allocate_range(int fd, std::uint64_t offset, std::uint64_t bytes) noexcept;

/// What I/O past the page cache must be a multiple of. 0: it is refused here.
struct DirectAlignment {
    std::uint32_t buffer_bytes = 0;
    std::uint32_t offset_bytes = 0;
};
/// Of a descriptor that `open_path` opened with `direct`. Asks the system (Linux 6.1:
/// STATX_DIOALIGN) or tries it out; where neither tells, the file system's block size.
DirectAlignment direct_alignment(int fd) noexcept;

/// True when the system can refuse a read that would block instead of blocking (Linux 4.14:
/// RWF_NOWAIT), tried out on this descriptor. False where it cannot, or the descriptor may not be
/// read.
bool takes_nowait(int fd) noexcept;

/// The name of the file system that the file is on, such as "ext4"; "file" where it is not known.
std::string file_system_name(int fd);

}  // namespace xnvme::os
