#include "backends/linux/sysfs.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace xnvme::be_linux {

namespace {

namespace fs = std::filesystem;

std::string number_of(dev_t device) {
    return std::to_string(major(device)) + ":" + std::to_string(minor(device));
}

/// /proc/self/mountinfo and /proc/swaps write spaces and backslashes as octal.
std::string unescape(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 3 < text.size()) {
            unsigned value = 0;
            const auto digits = text.substr(i + 1, 3);
            const auto end = std::from_chars(digits.data(), digits.data() + 3, value, 8);
            if (end.ptr == digits.data() + 3) {
                out += static_cast<char>(value);
                i += 3;
                continue;
            }
        }
        out += text[i];
    }
    return out;
}

void add_use(std::string& uses, const std::string& use) {
    if (!uses.empty()) uses += ", ";
    uses += use;
}

/// Where the device number, or the device file, is mounted.
void add_mounts(std::string& uses, const std::string& number, const std::string& name) {
    // proc(5), /proc/PID/mountinfo: identifier, parent, major:minor, root, mount point, options,
    // optional fields, "-", type, source, options. Btrfs shows a number of its own, hence the
    // source.
    std::ifstream mounts("/proc/self/mountinfo");
    for (std::string line; std::getline(mounts, line);) {
        std::istringstream fields(line);
        std::string skip, device, point, type, source;
        fields >> skip >> skip >> device >> skip >> point;
        while (fields >> skip && skip != "-") {
        }
        fields >> type >> source;
        if (device != number && source != "/dev/" + name) continue;
        add_use(uses, "mounted on " + unescape(point));
        return;
    }
}

void add_swap(std::string& uses, const std::string& name) {
    std::ifstream swaps("/proc/swaps");
    for (std::string line; std::getline(swaps, line);) {
        std::istringstream fields(line);
        std::string path;
        fields >> path;
        if (path == "/dev/" + name) add_use(uses, "swap");
    }
}

void add_uses(std::string& uses, const std::string& folder, const std::string& name) {
    if (const auto number = read_line(folder + "/dev")) add_mounts(uses, *number, name);
    add_swap(uses, name);
    for (const std::string& holder : list_names(folder + "/holders"))
        add_use(uses, "held by " + holder);
}

}  // namespace

std::optional<std::string> read_line(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    if (!file || !std::getline(file, line)) return std::nullopt;
    const auto begin = line.find_first_not_of(" \t");
    if (begin == std::string::npos) return std::string{};
    return line.substr(begin, line.find_last_not_of(" \t\r") - begin + 1);
}

std::optional<std::uint64_t> read_number(const std::string& path) {
    const auto line = read_line(path);
    if (!line) return std::nullopt;
    std::uint64_t value = 0;
    const auto end = std::from_chars(line->data(), line->data() + line->size(), value);
    if (end.ec != std::errc{}) return std::nullopt;
    return value;
}

std::vector<std::string> list_names(const std::string& path) {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator entry(path, error); !error && entry != fs::directory_iterator();
         entry.increment(error))
        names.push_back(entry->path().filename().string());
    std::ranges::sort(names);
    return names;
}

std::optional<BlockFolders> block_folders(dev_t device) {
    std::error_code error;
    const fs::path self = fs::canonical("/sys/dev/block/" + number_of(device), error);
    if (error) return std::nullopt;
    BlockFolders folders;
    folders.self = self.string();
    folders.name = self.filename().string();
    folders.partition = fs::exists(self / "partition", error);
    folders.disk = folders.partition ? self.parent_path().string() : folders.self;
    return folders;
}

std::string use_of(const BlockFolders& folders) {
    std::string uses;
    add_uses(uses, folders.self, folders.name);
    if (folders.partition) return uses;
    for (const std::string& name : list_names(folders.self)) {
        const std::string folder = folders.self + "/" + name;
        if (!read_line(folder + "/partition")) continue;
        std::string inner;
        add_uses(inner, folder, name);
        add_use(uses, inner.empty() ? "partition " + name : name + " " + inner);
    }
    return uses;
}

std::string use_of(const std::string& path) {
    struct stat status;
    if (::stat(path.c_str(), &status) != 0 || !S_ISBLK(status.st_mode)) return {};
    const auto folders = block_folders(status.st_rdev);
    return folders ? use_of(*folders) : std::string{};
}

}  // namespace xnvme::be_linux
