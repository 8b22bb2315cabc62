#include <string_view>

#include "backends/linux/discovery.hpp"
#include "backends/linux/sysfs.hpp"

namespace xnvme::be_linux {

namespace {

Found block_found(const std::string& name) {
    const std::string folder = "/sys/block/" + name;
    Found found;
    found.uri = "/dev/" + name;
    found.backend = "linux";
    found.device_class = name.starts_with("nvme") ? DeviceClass::nvme_block : DeviceClass::block;
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

Found character_found(const std::string& name, const std::string& controller,
                      DeviceClass device_class) {
    Found found;
    found.uri = "/dev/" + name;
    found.backend = "linux";
    found.device_class = device_class;
    found.model = read_line(controller + "/model").value_or("");
    found.serial = read_line(controller + "/serial").value_or("");
    return found;
}

}  // namespace

Result<std::vector<Found>, Failure> scan() {
    std::vector<Found> all;
    for (const std::string& name : list_names("/sys/block")) {
        // Loop, zram and card reader devices without a medium have size 0. Paths of a multipath
        // namespace (nvme0c0n1) are no devices of their own.
        if (name.starts_with("nvme") && name.find('c') != std::string::npos) continue;
        Found found = block_found(name);
        if (found.size_bytes != 0) all.push_back(std::move(found));
    }
    for (const std::string& name : list_names("/sys/class/nvme"))
        all.push_back(
            character_found(name, "/sys/class/nvme/" + name, DeviceClass::nvme_controller));
    for (const std::string& name : list_names("/sys/class/nvme-generic"))
        all.push_back(character_found(name, "/sys/class/nvme-generic/" + name + "/device",
                                      DeviceClass::nvme_generic));
    return all;
}

}  // namespace xnvme::be_linux
