/// \file
/// Opening devices for commands.
#pragma once

#include <string>

#include "program.hpp"

namespace xnvme::tool {

/// What a command exits with when a device could not be opened: a usage error when the options make
/// no sense for it, which they also do when they name an interface that there is not.
ExitCode exit_code(const Failure& failure, const Options& options);

/// Opens a device, or ends the command with the failure's sentence.
Device open_or_stop(const std::string& uri, const Options& options);

}  // namespace xnvme::tool
