// What keeps commands that change a device from changing one that somebody uses.

#include <algorithm>
#include <filesystem>

#include <fmt/core.h>

#include "program.hpp"

namespace xnvme::tool {
namespace {

namespace fs = std::filesystem;

std::string canonical(const std::string& path) {
    std::error_code error;
    const fs::path result = fs::weakly_canonical(path, error);
    return error ? path : result.string();
}

/// The block device with the same contents: the generic character device of a namespace (ng0n1)
/// has one, and it is there that a file system is mounted.
std::string block_sibling(const std::string& path) {
    const std::size_t name = path.find_last_of('/') + 1;
    if (path.compare(name, 2, "ng") != 0) return path;
    return path.substr(0, name) + "nvme" + path.substr(name + 2);
}

/// True when `path` names a partition of `disk`: the disk's name, a 'p' where that name ends in a
/// digit, and a number.
bool is_partition_of(const std::string& path, const std::string& disk) {
    if (path.size() <= disk.size() || !path.starts_with(disk)) return false;
    std::string_view rest = std::string_view(path).substr(disk.size());
    if (disk.back() >= '0' && disk.back() <= '9') {
        if (rest.front() != 'p') return false;
        rest.remove_prefix(1);
    }
    return !rest.empty() && rest.find_first_not_of("0123456789") == std::string_view::npos;
}

/// True when `path` names a namespace of the controller character device `controller`.
bool is_namespace_of(const std::string& path, const std::string& controller) {
    if (path.size() <= controller.size() || !path.starts_with(controller)) return false;
    return controller.find("nvme") != std::string::npos && path[controller.size()] == 'n';
}

/// What holds a device, without the file behind a loop device, which is no reason to spare it.
std::string holder(std::string use) {
    const std::size_t file = use.rfind("backed by ");
    if (file != std::string::npos) use.erase(file);
    while (use.ends_with(' ') || use.ends_with(',')) use.pop_back();
    return use;
}

/// What holds the partition `name`, out of what holds its disk: uses of partitions begin with the
/// partition's name there. A partition that nothing holds stands there as "partition NAME".
std::string partition_holder(const std::string& disk_use, const std::string& name) {
    for (std::size_t at = 0; at < disk_use.size();) {
        const std::size_t end = std::min(disk_use.find(", ", at), disk_use.size());
        const std::string use = disk_use.substr(at, end - at);
        if (use.starts_with(name + " ")) return use;
        at = end + 2;
    }
    return {};
}

/// Why a device that a scan found stands in the way of changing `target`; empty when it does not.
std::string conflict(const Found& found, const std::string& target) {
    const std::string path = canonical(found.uri);
    const std::string use = holder(found.use);
    if (use.empty()) return {};
    if (path == target) return use;
    if (is_namespace_of(path, target)) return found.uri + " is " + use;
    if (is_partition_of(target, path))
        return partition_holder(use, target.substr(target.find_last_of('/') + 1));
    return {};
}

}  // namespace

void refuse_if_used(const Program& program, const std::string& uri, std::string_view what) {
    if (program.force) return;
    std::error_code error;
    const fs::file_status status = fs::status(uri, error);
    const bool device =
        fs::is_block_file(status) || fs::is_character_file(status) || uri.starts_with("\\\\.\\");
    if (!device) return;
    auto found = scan();
    if (!found)
        throw Stop(kFailed, fmt::format("Whether {} is in use could not be found out: {} Give "
                                        "--force to {} it all the same.",
                                        uri, found.error().sentence, what));
    const std::string target = block_sibling(canonical(uri));
    for (const Found& other : *found) {
        const std::string why = conflict(other, target);
        if (!why.empty())
            throw Stop(kUsage, fmt::format("{} is in use: {}. Give --force to {} it all the same.",
                                           uri, why, what));
    }
}

}  // namespace xnvme::tool
