/// \file
/// The option for which command set's part of the controller a command asks.
#pragma once

#include <optional>

#include <xnvme/device.hpp>

#include "program.hpp"

namespace xnvme::tool {

/// None: that of the device's namespace.
using CommandSetChoice = std::optional<CommandSet>;

inline void add_command_set_option(CLI::App* command, CommandSetChoice& choice) {
    command
        ->add_option_function<std::string>(
            "--csi",
            [&choice](const std::string& text) {
                choice = static_cast<CommandSet>(parse_number("--csi", text, 0, 255));
            },
            "Command set: 0 NVM, 1 key-value, 2 zoned; the default is the namespace's")
        ->type_name("N");
}

inline CommandSet chosen_command_set(const CommandSetChoice& choice, const Device& device) {
    return choice.value_or(device.geometry().command_set);
}

}  // namespace xnvme::tool
