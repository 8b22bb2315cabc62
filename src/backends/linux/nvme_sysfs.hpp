/// \file
/// What /sys says of NVMe: which controllers, namespaces and subsystems there are, and which of
/// them belong together. Reads files and opens no device.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace xnvme::be_linux {

/// What stands after the last slash.
inline std::string base_name(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

/// "ng0n1" for "nvme0n1", the two devices of one namespace. A path of a namespace with several,
/// "nvme0c1n1", gives the namespace's as well. Empty for other names.
std::string generic_of_block(std::string_view block);
/// "nvme0n1" for "ng0n1"; empty for other names.
std::string block_of_generic(std::string_view generic);
/// The generic device of a block device by their paths: "/dev/ng0n1" for "/dev/nvme0n1", or
/// "/dev/ngXnY" for paths that are not the driver's.
std::string generic_path(const std::string& block_path);
/// True for the name of a controller: "nvme0".
bool is_controller_name(std::string_view name);

/// The folder in /sys of a character device; empty where /sys does not have it.
std::string character_folder(dev_t device);

/// A namespace that a controller shows.
struct NvmeNamespace {
    std::string block;  ///< Its block device's name, "nvme0n1", with several paths too.
    std::uint32_t nsid = 0;
};
/// The namespaces of a controller, by its name, in order of their identifiers.
std::vector<NvmeNamespace> namespaces_of(const std::string& controller);

/// The names of the controllers that a namespace is reached through: of the folder of a
/// namespace's device in /sys, whose parent is a controller, or a subsystem where the kernel
/// chooses between paths. Of a subsystem's controllers, those that the namespace is attached to.
std::vector<std::string> controllers_of(const std::string& namespace_folder);

/// The most bytes of data that the driver moves in one command of a namespace, by its block
/// device's name: what its queue says, as the kernel does not split commands that are passed
/// through. A command set without a block device gets the least that the driver has.
std::uint64_t driver_transfer_bytes(const std::string& block);

/// The driver keeps queues that are polled for this namespace, by its block device's name.
bool has_poll_queues(const std::string& block);

}  // namespace xnvme::be_linux
