/// \file
/// What stands at a path, without opening it.
#pragma once

#include <cstdint>
#include <string>

namespace xnvme::os {

enum class FileKind : std::uint8_t {
    missing,
    regular,
    directory,
    block,          ///< A block device. Windows: a disk, volume or drive letter under `\\.\`.
    character,      ///< A character device. Windows: any other name under `\\.\`.
    no_permission,  ///< A part of the path may not be searched by this user.
    other,          ///< A pipe, a socket, or something that the system could not look at.
};

/// What `file_kind` found.
struct FileFound {
    FileKind kind = FileKind::missing;
    std::uint64_t bytes = 0;   ///< Length of a regular file; 0 for all else.
    std::uint64_t device = 0;  ///< Device number (st_rdev) of a device node; 0 for all else.
    int os_error = 0;          ///< errno where the system could not look; else 0.
};

/// Follows symbolic links. Does not open anything. Any thread.
FileFound file_kind(const std::string& path) noexcept;

}  // namespace xnvme::os
