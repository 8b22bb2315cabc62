#include "backends/linux/nvme_sysfs.hpp"

#include <sys/sysmacros.h>

#include <algorithm>
#include <filesystem>
#include <limits>

#include "backends/linux/sysfs.hpp"

namespace xnvme::be_linux {

namespace {

namespace fs = std::filesystem;

/// Linux before 6.2 has one segment fewer than the 128 of its successors; a segment is a page at
/// least.
constexpr std::uint64_t kLeastSegments = 127;
constexpr std::uint64_t kPageBytes = 4096;

/// Takes digits from the front; returns them.
std::string_view take_digits(std::string_view& text) {
    std::size_t count = 0;
    while (count < text.size() && text[count] >= '0' && text[count] <= '9') ++count;
    const std::string_view digits = text.substr(0, count);
    text.remove_prefix(count);
    return digits;
}

/// The numbers of "nvme0n1", "nvme0c1n1" and "ng0n1".
struct NamespaceName {
    std::string_view instance;
    std::string_view number;
    bool valid = false;
};
NamespaceName parse(std::string_view name, std::string_view prefix) {
    NamespaceName found;
    if (!name.starts_with(prefix)) return found;
    name.remove_prefix(prefix.size());
    found.instance = take_digits(name);
    if (name.starts_with('c')) {
        name.remove_prefix(1);
        if (take_digits(name).empty()) return found;
    }
    if (!name.starts_with('n')) return found;
    name.remove_prefix(1);
    found.number = take_digits(name);
    found.valid = !found.instance.empty() && !found.number.empty() && name.empty();
    return found;
}

std::string join(std::string_view prefix, const NamespaceName& name) {
    if (!name.valid) return {};
    return std::string(prefix) + std::string(name.instance) + "n" + std::string(name.number);
}

}  // namespace

std::string generic_of_block(std::string_view block) {
    return join("ng", parse(block, "nvme"));
}

std::string block_of_generic(std::string_view generic) {
    return join("nvme", parse(generic, "ng"));
}

std::string generic_path(const std::string& block_path) {
    const std::string generic = generic_of_block(base_name(block_path));
    if (generic.empty()) return "/dev/ngXnY";
    return block_path.substr(0, block_path.rfind('/') + 1) + generic;
}

bool is_controller_name(std::string_view name) {
    if (!name.starts_with("nvme")) return false;
    name.remove_prefix(4);
    return !take_digits(name).empty() && name.empty();
}

std::string character_folder(dev_t device) {
    std::error_code error;
    const fs::path folder = fs::canonical(
        "/sys/dev/char/" + std::to_string(major(device)) + ":" + std::to_string(minor(device)),
        error);
    return error ? std::string{} : folder.string();
}

std::vector<NvmeNamespace> namespaces_of(const std::string& controller) {
    const std::string folder = "/sys/class/nvme/" + controller;
    std::vector<NvmeNamespace> found;
    for (const std::string& name : list_names(folder)) {
        const NamespaceName parsed = parse(name, "nvme");
        if (!parsed.valid) continue;
        const auto nsid = read_number(folder + "/" + name + "/nsid");
        if (nsid)
            found.push_back(
                {join("nvme", parsed),
                 static_cast<std::uint32_t>(std::min<std::uint64_t>(*nsid, UINT32_MAX))});
    }
    std::ranges::sort(found, {}, &NvmeNamespace::nsid);
    return found;
}

std::vector<std::string> controllers_of(const std::string& namespace_folder) {
    const fs::path parent = fs::path(namespace_folder).parent_path();
    const std::string name = parent.filename().string();
    if (is_controller_name(name)) return {name};
    std::string block = base_name(namespace_folder);
    if (const std::string twin = block_of_generic(block); !twin.empty()) block = twin;
    // A subsystem's folder has all of its controllers, and each of those the namespaces that are
    // attached to it.
    std::vector<std::string> names;
    for (const std::string& entry : list_names(parent.string())) {
        if (!is_controller_name(entry)) continue;
        const auto has_it = [&](const NvmeNamespace& space) { return space.block == block; };
        if (std::ranges::any_of(namespaces_of(entry), has_it)) names.push_back(entry);
    }
    return names;
}

std::uint64_t driver_transfer_bytes(const std::string& block) {
    const std::string queue = "/sys/block/" + block + "/queue/";
    const std::uint64_t segments = read_number(queue + "max_segments").value_or(kLeastSegments);
    const std::uint64_t most_kib = read_number(queue + "max_hw_sectors_kb")
                                       .value_or(std::numeric_limits<std::uint32_t>::max());
    // A segment holds a page when no two pages of a buffer lie side by side in memory.
    return std::min(segments * kPageBytes, most_kib * 1024);
}

bool has_poll_queues(const std::string& block) {
    return read_number("/sys/block/" + block + "/queue/io_poll").value_or(0) == 1;
}

}  // namespace xnvme::be_linux
