#include "tests/guest/devices.hpp"

#include <cstdlib>
#include <map>
#include <sstream>
#include <stdexcept>

namespace guest {
namespace {

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr)
        throw std::runtime_error(std::string(name) +
                                 " is not set: this runs in the emulated machine (./dev guest)");
    return value;
}

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::istringstream in{text};
    for (std::string part; std::getline(in, part, separator);) parts.push_back(part);
    return parts;
}

std::string node(const std::string& name) {
    return name.empty() ? name : "/dev/" + name;
}

std::map<std::string, Device, std::less<>> read_devices() {
    std::map<std::string, Device, std::less<>> all;
    for (const std::string& entry : split(variable("XNVME_GUEST_DEVICES"), ',')) {
        const std::size_t equals = entry.find('=');
        std::vector<std::string> nodes = split(entry.substr(equals + 1), ':');
        nodes.resize(3);
        Device found;
        for (const std::string& name : split(nodes[0], '+'))
            found.controllers.push_back(node(name));
        if (equals == std::string::npos || found.controllers.empty())
            throw std::runtime_error("XNVME_GUEST_DEVICES holds \"" + entry + "\"");
        found.controller = found.controllers[0];
        found.block = node(nodes[1]);
        found.generic = node(nodes[2]);
        all.emplace(entry.substr(0, equals), std::move(found));
    }
    return all;
}

}  // namespace

const Device& device(std::string_view role) {
    static const auto all = read_devices();
    const auto found = all.find(role);
    if (found != all.end()) return found->second;
    std::string known;
    for (const auto& [name, nodes] : all) known += " " + name;
    throw std::runtime_error("no device of this boot is \"" + std::string(role) +
                             "\"; these are there:" + known);
}

std::string device_set() {
    return variable("XNVME_GUEST_SET");
}

std::vector<std::string> device_sets() {
    return split(variable("XNVME_GUEST_SETS"), ' ');
}

}  // namespace guest
