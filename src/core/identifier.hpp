/// \file
/// Understanding what a caller's name for a device means.
#pragma once

#include <string_view>

#include "contracts/interfaces.hpp"

namespace xnvme::core {

/// Classifies `uri`, looking at the file system where it is a path. Opens nothing. Fails with a
/// sentence for what cannot be a device.
Result<Identifier, Failure> identify(std::string_view uri, const Options& options);

}  // namespace xnvme::core
