/// \file
/// Where writes go, as commands say it: directives, and flexible data placement.
#pragma once

#include <xnvme/command.hpp>

#include "controller.hpp"

namespace xnvme::be_model {

/// Success, or why a write may not name the directive that it names.
Status check_directive(Controller& controller, const Command& command) noexcept;
/// Accounts for a write that was done: to its stream, or to its reclaim unit.
void note_write(Controller& controller, const Command& command, std::uint64_t data_bytes,
                std::uint64_t total_bytes) noexcept;

/// Directive Receive and Send. NVMe Base 2.0 §5.9, §5.10
Outcome directive_receive(Controller& controller, const Command& command, Scatter& data) noexcept;
Outcome directive_send(Controller& controller, const Command& command) noexcept;

/// I/O Management Receive and Send. NVMe Base 2.1 §7.3, §7.4
Outcome io_management_receive(Controller& controller, const Context& context) noexcept;
Outcome io_management_send(Controller& controller, const Context& context) noexcept;

/// True for the features of flexible data placement, on a controller that has it.
bool is_fdp_feature(Controller& controller, const Command& command) noexcept;
Outcome get_fdp_feature(Controller& controller, const Command& command, Scatter& data) noexcept;
Outcome set_fdp_feature(Controller& controller, const Command& command, Scatter& data) noexcept;

/// The bytes of one of its log pages, or why there are none.
Status fdp_log(Controller& controller, const Command& command,
               std::vector<std::byte>& page) noexcept;

}  // namespace xnvme::be_model
