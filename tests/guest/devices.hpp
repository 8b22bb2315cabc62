// Where the devices of the emulated machine are. tests/guest/devices.sh says what they are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace guest {

/// The nodes of a device. A test that opens them by name finds the same device in every boot.
struct Device {
    std::string controller;                ///< "/dev/nvme0".
    std::vector<std::string> controllers;  ///< All of them, where several share the namespace.
    std::string block;                     ///< "/dev/nvme0n1"; empty for a controller alone.
    std::string generic;                   ///< "/dev/ng0n1"; the same.
};

/// The device of a role. Throws std::runtime_error, which fails the test that called it, when this
/// machine has none: the message names the role and those that there are.
const Device& device(std::string_view role);

/// The set of devices of this boot, such as "nvm". Throws outside the emulated machine.
std::string device_set();

/// Every set that there is, with which the names of the test suites begin.
std::vector<std::string> device_sets();

}  // namespace guest
