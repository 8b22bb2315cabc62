// Descriptors, pages, error texts and what stands at a path, on POSIX systems.
#include <cerrno>
#include <cstring>
#include <string>

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/error_text.hpp"
#include "os/fd.hpp"
#include "os/file_kind.hpp"
#include "os/pages.hpp"

namespace xnvme::os {

void Fd::reset() noexcept {
    if (fd_ < 0) return;
    const int kept = errno;
    // Not repeated after EINTR: the descriptor is gone all the same, and its number may be another
    // thread's by then.
    ::close(fd_);
    errno = kept;
    fd_ = -1;
}

std::size_t page_bytes() noexcept {
    static const auto bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return bytes;
}

Result<void*> map_anonymous(std::size_t bytes, bool reserve) noexcept {
    if (bytes == 0) return fail(Errc::invalid_argument);
    int flags = MAP_PRIVATE | MAP_ANON;
#if defined(MAP_NORESERVE)
    if (!reserve) flags |= MAP_NORESERVE;
#else
    static_cast<void>(reserve);
#endif
    void* base = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (base == MAP_FAILED) return fail(Error{Errc::no_memory, Status{}, errno});
    return base;
}

void unmap(void* base, std::size_t bytes) noexcept {
    if (base != nullptr) ::munmap(base, bytes);
}

namespace {

// strerror_r comes in two shapes: POSIX's fills the buffer, GNU's returns the text.
[[maybe_unused]] const char* text_of(int, const char* buffer) {
    return buffer;
}
[[maybe_unused]] const char* text_of(const char* text, const char*) {
    return text;
}

}  // namespace

std::string message(int os_errno) {
    char buffer[256] = "unknown error";
    return text_of(::strerror_r(os_errno, buffer, sizeof(buffer)), buffer);
}

FileFound file_kind(const std::string& path) noexcept {
    struct stat found{};
    FileFound result;
    if (::stat(path.c_str(), &found) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) return result;
        result.os_error = errno;
        const bool denied = errno == EACCES || errno == EPERM;
        result.kind = denied ? FileKind::no_permission : FileKind::other;
        return result;
    }
    if (S_ISREG(found.st_mode)) {
        result.kind = FileKind::regular;
        result.bytes = static_cast<std::uint64_t>(found.st_size);
    } else if (S_ISDIR(found.st_mode)) {
        result.kind = FileKind::directory;
    } else if (S_ISBLK(found.st_mode) || S_ISCHR(found.st_mode)) {
        result.kind = S_ISBLK(found.st_mode) ? FileKind::block : FileKind::character;
        result.device = static_cast<std::uint64_t>(found.st_rdev);
    } else {
        result.kind = FileKind::other;
    }
    return result;
}

}  // namespace xnvme::os
