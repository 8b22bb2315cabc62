#include <algorithm>
#include <filesystem>
#include <string_view>

#include "backends/linux/discovery.hpp"
#include "backends/linux/nvme_sysfs.hpp"
#include "backends/linux/sysfs.hpp"

namespace xnvme::be_linux {

namespace {

Found block_found(const std::string& name) {
    const std::string folder = "/sys/block/" + name;
    Found found;
    found.uri = "/dev/" + name;
    found.backend = "linux";
    found.device_class =
        !generic_of_block(name).empty() ? DeviceClass::nvme_block : DeviceClass::block;
    found.size_bytes = read_number(folder + "/size").value_or(0) * 512;
    found.block_bytes =
        static_cast<std::uint32_t>(read_number(folder + "/queue/logical_block_size").value_or(0));
    found.read_only = read_number(folder + "/ro").value_or(0) != 0;
    found.model = read_line(folder + "/device/model").value_or("");
    found.serial =
        read_line(folder + "/device/serial").value_or(read_line(folder + "/serial").value_or(""));
    BlockFolders folders;
    folders.self = folders.disk = folder;
    folders.name = name;
    found.use = use_of(folders);
    if (const auto file = read_line(folder + "/loop/backing_file")) {
        found.use += (found.use.empty() ? "backed by " : ", backed by ") + *file;
    }
    return found;
}

/// The driver's name of a link to it.
std::string driver_of(const std::string& device_folder) {
    std::error_code error;
    const auto target = std::filesystem::read_symlink(device_folder + "/driver", error);
    return error ? std::string{} : target.filename().string();
}

/// What all devices of a controller share.
void add_controller(Found& found, const std::string& name) {
    const std::string folder = "/sys/class/nvme/" + name;
    const auto text = [&](const char* attribute) {
        return read_line(folder + "/" + attribute).value_or("");
    };
    found.model = text("model");
    found.serial = text("serial");
    found.firmware = text("firmware_rev");
    found.subsystem_nqn = text("subsysnqn");
    found.transport = text("transport");
    found.address = text("address");
    found.state = text("state");
    found.driver = driver_of(folder + "/device");
}

/// The command set of a namespace's block device. Linux 6.8 has an attribute for it; before, what
/// is not zoned and has a size is NVM's.
std::optional<CommandSet> command_set_of(const std::string& folder) {
    if (const auto csi = read_number(folder + "/csi")) return static_cast<CommandSet>(*csi);
    const auto zoned = read_line(folder + "/queue/zoned");
    if (zoned && *zoned != "none") return CommandSet::zoned;
    if (read_number(folder + "/size").value_or(0) != 0) return CommandSet::nvm;
    return std::nullopt;
}

/// What /sys says of a namespace with its block device, which is there also where it has no size.
/// `device` is the folder of the device that was found, whose parent is the controller or, with
/// several paths, the subsystem.
void add_namespace(Found& found, const std::string& block, const std::string& device) {
    const std::string folder = "/sys/block/" + block;
    found.nsid = static_cast<std::uint32_t>(read_number(folder + "/nsid").value_or(0));
    found.command_set = command_set_of(folder);
    std::error_code error;
    const auto canonical = std::filesystem::canonical(device, error);
    if (error) return;
    found.controllers = controllers_of(canonical.string());
    if (!found.controllers.empty()) add_controller(found, found.controllers.front());
}

Found controller_found(const std::string& name) {
    Found found;
    found.uri = "/dev/" + name;
    found.backend = "linux";
    found.device_class = DeviceClass::nvme_controller;
    add_controller(found, name);
    return found;
}

Found generic_found(const std::string& name) {
    const std::string block = block_of_generic(name);
    Found found = block_found(block);
    found.uri = "/dev/" + name;
    found.device_class = DeviceClass::nvme_generic;
    found.twin = "/dev/" + block;
    add_namespace(found, block, "/sys/class/nvme-generic/" + name);
    return found;
}

}  // namespace

Result<std::vector<Found>, Failure> scan() {
    std::vector<Found> all;
    const auto generics = list_names("/sys/class/nvme-generic");
    for (const std::string& name : list_names("/sys/block")) {
        // Loop, zram and card reader devices without a medium have size 0. Paths of a multipath
        // namespace (nvme0c0n1) are no devices of their own.
        if (name.starts_with("nvme") && name.find('c') != std::string::npos) continue;
        Found found = block_found(name);
        if (found.size_bytes == 0) continue;
        if (const std::string generic = generic_of_block(name); !generic.empty()) {
            add_namespace(found, name, "/sys/block/" + name);
            if (std::ranges::find(generics, generic) != generics.end())
                found.twin = "/dev/" + generic;
        }
        all.push_back(std::move(found));
    }
    for (const std::string& name : list_names("/sys/class/nvme"))
        all.push_back(controller_found(name));
    for (const std::string& name : generics) all.push_back(generic_found(name));
    return all;
}

}  // namespace xnvme::be_linux
