// Descriptors, pages, error texts and what stands at a path, on Windows.
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

#include <io.h>
#include <windows.h>

#include "os/error_text.hpp"
#include "os/fd.hpp"
#include "os/file_kind.hpp"
#include "os/pages.hpp"

namespace xnvme::os {

void Fd::reset() noexcept {
    if (fd_ < 0) return;
    const int kept = errno;
    ::_close(fd_);
    errno = kept;
    fd_ = -1;
}

std::size_t page_bytes() noexcept {
    static const std::size_t bytes = [] {
        SYSTEM_INFO info{};
        ::GetSystemInfo(&info);
        return static_cast<std::size_t>(info.dwPageSize);
    }();
    return bytes;
}

Result<void*> map_anonymous(std::size_t bytes, bool) noexcept {
    if (bytes == 0) return fail(Errc::invalid_argument);
    // Committed memory counts against the system's limit, but takes up no page before it is
    // touched.
    void* base = ::VirtualAlloc(nullptr, bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (base == nullptr) return fail(Error{Errc::no_memory, Status{}, ENOMEM});
    return base;
}

void unmap(void* base, std::size_t) noexcept {
    if (base != nullptr) ::VirtualFree(base, 0, MEM_RELEASE);
}

std::string message(int os_errno) {
    std::array<char, 256> buffer{};
    if (::strerror_s(buffer.data(), buffer.size(), os_errno) != 0) return "unknown error";
    return buffer.data();
}

namespace {

/// Disks, volumes and drive letters; `name` is what follows `\\.\`.
bool names_disk(std::string_view name) {
    if (name.size() == 2 && name[1] == ':') return true;
    for (const std::string_view start : {"physicaldrive", "harddisk", "cdrom"}) {
        if (name.size() <= start.size()) continue;
        bool same = true;
        for (std::size_t i = 0; i < start.size(); ++i)
            same = same && std::tolower(static_cast<unsigned char>(name[i])) == start[i];
        if (same) return true;
    }
    return false;
}

}  // namespace

FileFound file_kind(const std::string& path) noexcept {
    FileFound result;
    const std::string_view text(path);
    if (text.starts_with("\\\\.\\") || text.starts_with("//./")) {
        result.kind = names_disk(text.substr(4)) ? FileKind::block : FileKind::character;
        return result;
    }
    WIN32_FILE_ATTRIBUTE_DATA found{};
    if (!::GetFileAttributesExA(path.c_str(), GetFileExInfoStandard, &found)) {
        switch (::GetLastError()) {
            case ERROR_FILE_NOT_FOUND:
            case ERROR_PATH_NOT_FOUND:
            case ERROR_INVALID_NAME:
                return result;
            case ERROR_ACCESS_DENIED:
                result.kind = FileKind::no_permission;
                result.os_error = EACCES;
                return result;
            default:
                result.kind = FileKind::other;
                result.os_error = EIO;
                return result;
        }
    }
    if ((found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0) {
        result.kind = FileKind::directory;
    } else {
        result.kind = FileKind::regular;
        result.bytes = (static_cast<std::uint64_t>(found.nFileSizeHigh) << 32) | found.nFileSizeLow;
    }
    return result;
}

}  // namespace xnvme::os
