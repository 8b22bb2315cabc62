#include "os/posix/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/vfs.h>
#else
#include <sys/mount.h>
#include <sys/param.h>
#endif

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <limits>
#include <memory>
#include <new>
#include <utility>

#include "os/posix/statx.hpp"

namespace xnvme::os {

namespace {

/// Runs a system call that returns -1 and sets errno, again when a signal interrupts it.
template <class Call>
int again(Call call) noexcept {
    while (call() < 0) {
        if (errno != EINTR) return errno;
    }
    return 0;
}

/// ENOSYS and EINVAL are what old kernels and some file systems say for "not here".
[[maybe_unused]] int as_unsupported(int why) noexcept {
    return why == ENOSYS || why == EINVAL || why == ENOTSUP ? EOPNOTSUPP : why;
}

}  // namespace

Opened open_path(const std::string& path, int flags, unsigned mode, bool direct) noexcept {
    Opened result;
#if defined(O_DIRECT)
    const int wanted = flags | O_CLOEXEC | (direct ? O_DIRECT : 0);
#else
    const int wanted = flags | O_CLOEXEC;
#endif
    int fd = -1;
    result.os_error = again([&] { return fd = ::open(path.c_str(), wanted, mode); });
    // open(2): EINVAL is the file system's answer to O_DIRECT.
    result.direct_refused = direct && result.os_error == EINVAL;
    result.fd = Fd(fd);
#if defined(F_NOCACHE)
    if (direct && result.fd && ::fcntl(fd, F_NOCACHE, 1) < 0) {
        result.os_error = errno;
        result.direct_refused = true;
        result.fd.reset();
    }
#endif
    return result;
}

Fd open_again([[maybe_unused]] int fd) noexcept {
#if defined(__linux__)
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0) return {};
    constexpr int kKept = O_ACCMODE | O_DIRECT | O_SYNC | O_DSYNC | O_NOATIME | O_NONBLOCK;
    std::array<char, 32> path{};
    std::snprintf(path.data(), path.size(), "/proc/self/fd/%d", fd);
    Fd again_open(::open(path.data(), (flags & kKept) | O_CLOEXEC));
    struct stat ours{};
    struct stat theirs{};
    // What stands at that path is the kernel's word only where it is the kernel's /proc.
    const bool same = again_open && ::fstat(fd, &ours) == 0 &&
                      ::fstat(again_open.get(), &theirs) == 0 && ours.st_dev == theirs.st_dev &&
                      ours.st_ino == theirs.st_ino && ours.st_rdev == theirs.st_rdev;
    return same ? std::move(again_open) : Fd{};
#else
    return {};
#endif
}

int sync_data(int fd) noexcept {
#if defined(F_FULLFSYNC)
    const int why = again([&] { return ::fcntl(fd, F_FULLFSYNC); });
    // Network file systems have no F_FULLFSYNC.
    return why == ENOTSUP || why == ENOTTY || why == EINVAL ? again([&] { return ::fsync(fd); })
                                                            : why;
#else
    return again([&] { return ::fdatasync(fd); });
#endif
}

#if defined(__linux__)

int zero_range(int fd, std::uint64_t offset, std::uint64_t bytes) noexcept {
    return as_unsupported(again([&] {
        return ::fallocate(fd, FALLOC_FL_ZERO_RANGE, static_cast<off_t>(offset),
                           static_cast<off_t>(bytes));
    }));
}

int punch_hole(int fd, std::uint64_t offset, std::uint64_t bytes) noexcept {
    return as_unsupported(again([&] {
        return ::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                           static_cast<off_t>(offset), static_cast<off_t>(bytes));
    }));
}

int allocate_range(int fd, std::uint64_t offset, std::uint64_t bytes) noexcept {
    const int why = again(
        [&] { return ::fallocate(fd, 0, static_cast<off_t>(offset), static_cast<off_t>(bytes)); });
    if (why != EOPNOTSUPP && why != ENOSYS) return why;
    return again([&] { return ::ftruncate(fd, static_cast<off_t>(offset + bytes)); });
}

#else

int zero_range(int, std::uint64_t, std::uint64_t) noexcept {
    return EOPNOTSUPP;
}

int punch_hole([[maybe_unused]] int fd, [[maybe_unused]] std::uint64_t offset,
               [[maybe_unused]] std::uint64_t bytes) noexcept {
#if defined(SPACECTL_DEALLOC)
    struct spacectl_range range{static_cast<off_t>(offset), static_cast<off_t>(bytes)};
    // It reports how far it came in the range, and is called again for the rest.
    while (range.r_len > 0) {
        if (::fspacectl(fd, SPACECTL_DEALLOC, &range, 0, &range) < 0 && errno != EINTR)
            return as_unsupported(errno);
    }
    return 0;
#elif defined(F_PUNCHHOLE)
    struct fpunchhole hole{};
    hole.fp_offset = static_cast<off_t>(offset);
    hole.fp_length = static_cast<off_t>(bytes);
    return as_unsupported(again([&] { return ::fcntl(fd, F_PUNCHHOLE, &hole); }));
#else
    return EOPNOTSUPP;
#endif
}

int allocate_range(int fd, std::uint64_t offset, std::uint64_t bytes) noexcept {
#if defined(__FreeBSD__)
    const int why = ::posix_fallocate(fd, static_cast<off_t>(offset), static_cast<off_t>(bytes));
    // ZFS says EINVAL: it cannot set space aside.
    if (why != EINVAL && why != EOPNOTSUPP && why != ENODEV) return why;
#endif
    return again([&] { return ::ftruncate(fd, static_cast<off_t>(offset + bytes)); });
}

#endif

bool can_punch_hole(int fd, std::uint64_t bytes) noexcept {
    // Past the end, rounded up to any block size of a file system, there is nothing to lose.
    constexpr std::uint64_t kUnit = 1u << 20;
    const std::uint64_t past = (bytes + kUnit - 1) / kUnit * kUnit;
    return punch_hole(fd, past, kUnit) == 0;
}

namespace {

/// Does a read of `unit` bytes at offset `unit`, into memory aligned to `unit`, pass? `memory` has
/// room for twice that and is aligned to its size.
bool reads_in_units_of(int fd, std::byte* memory, std::size_t unit) noexcept {
    ssize_t count = 0;
    do {
        count = ::pread(fd, memory + unit, unit, static_cast<off_t>(unit));
    } while (count < 0 && errno == EINTR);
    return count > 0;
}

}  // namespace

DirectAlignment direct_alignment(int fd) noexcept {
    if (const auto told = statx_direct_alignment(fd); told.has_value())
        return {told->buffer_bytes, told->offset_bytes};
    struct stat found{};
    const std::uint32_t page = 4096;
    std::uint32_t unit = page;
    if (::fstat(fd, &found) == 0 && found.st_blksize >= 512)
        unit = static_cast<std::uint32_t>(
            std::min<std::uint64_t>(static_cast<std::uint64_t>(found.st_blksize), page));
    struct Free {
        void operator()(std::byte* memory) const noexcept {
            ::operator delete(memory, std::align_val_t{8192});
        }
    };
    const std::unique_ptr<std::byte, Free> memory(
        static_cast<std::byte*>(::operator new(8192, std::align_val_t{8192}, std::nothrow)));
    if (memory != nullptr && reads_in_units_of(fd, memory.get(), 512)) unit = 512;
    return {unit, unit};
}

bool takes_nowait([[maybe_unused]] int fd) noexcept {
#if defined(RWF_NOWAIT)
    alignas(4096) std::array<std::byte, 4096> memory;
    struct iovec element{memory.data(), memory.size()};
    ssize_t count = 0;
    do {
        count = ::preadv2(fd, &element, 1, 0, RWF_NOWAIT);
    } while (count < 0 && errno == EINTR);
    // EAGAIN says that it would have blocked, which is the very thing asked for.
    return count >= 0 || errno == EAGAIN;
#else
    return false;
#endif
}

std::string file_system_name(int fd) {
    struct statfs found{};
    if (::fstatfs(fd, &found) != 0) return "file";
#if defined(__linux__)
    // linux/magic.h, and those that stand with their file systems.
    static constexpr auto kNames = std::to_array<std::pair<std::uint32_t, const char*>>({
        {0xef53, "ext4"},         {0x58465342, "xfs"},       {0x9123683e, "btrfs"},
        {0x01021994, "tmpfs"},    {0x794c7630, "overlayfs"}, {0x6969, "nfs"},
        {0x65735546, "fuse"},     {0x2fc12fc1, "zfs"},       {0xf2f52010, "f2fs"},
        {0x4d44, "vfat"},         {0x2011bab0, "exfat"},     {0x858458f6, "ramfs"},
        {0x01021997, "9p"},       {0xff534d42, "cifs"},      {0xfe534d42, "smb2"},
        {0xca451a4e, "bcachefs"}, {0x958458f6, "hugetlbfs"}, {0x3153464a, "jfs"},
        {0x52654973, "reiserfs"}, {0x5346544e, "ntfs"},      {0x7366746e, "ntfs3"},
        {0xe0f5e1e2, "erofs"},    {0x73717368, "squashfs"},  {0x00c36400, "ceph"},
    });
    const auto magic = static_cast<std::uint32_t>(found.f_type);
    for (const auto& [number, name] : kNames) {
        if (number == magic) return name;
    }
    return "file";
#else
    return found.f_fstypename;
#endif
}

}  // namespace xnvme::os
