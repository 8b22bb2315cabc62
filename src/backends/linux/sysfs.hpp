/// \file
/// What the kernel says of block and NVMe devices in /sys and /proc, read without opening them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xnvme::be_linux {

/// The first line of a file without the spaces around it; nothing when it cannot be read.
std::optional<std::string> read_line(const std::string& path);
/// The same as a number.
std::optional<std::uint64_t> read_number(const std::string& path);
/// Names in a directory, sorted, without "." and ".."; empty when it cannot be read.
std::vector<std::string> list_names(const std::string& path);

/// A block device's folders in /sys.
struct BlockFolders {
    std::string self;  ///< Of the device or partition.
    std::string disk;  ///< Of the whole disk: the same, or its parent.
    std::string name;  ///< The kernel's name, such as "sda1".
    bool partition = false;

    /// An attribute of the request queue.
    std::string queue(std::string_view attribute) const {
        return disk + "/queue/" + std::string(attribute);
    }
};

/// The folders of a device number; nothing where /sys does not have it.
std::optional<BlockFolders> block_folders(dev_t device);

/// What holds a block device: where it, or a partition of it, is mounted, swap, the devices that
/// stand on it. Empty when nothing does.
std::string use_of(const BlockFolders& folders);
/// The same for a path; empty for what is no block device.
std::string use_of(const std::string& path);

}  // namespace xnvme::be_linux
