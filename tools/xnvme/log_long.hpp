/// \file
/// Logs that are too long to look at: their header is shown, the rest goes to a file.
#pragma once

#include "program.hpp"

namespace xnvme::tool {

/// Adds `telemetry` and `persistent-events` to the log command.
void add_long_logs(Program& program, CLI::App& log);

}  // namespace xnvme::tool
