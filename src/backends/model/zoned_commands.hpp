/// \file
/// The zoned namespace command set: its own commands, and those of the NVM command set with the
/// checks of zones around them.
#pragma once

#include <xnvme/command.hpp>

#include "controller.hpp"

namespace xnvme::be_model {

/// Executes one I/O command of a zoned namespace. Trusts nothing in it.
Outcome execute_zoned(Controller& controller, const Context& context) noexcept;

}  // namespace xnvme::be_model
