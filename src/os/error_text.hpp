/// \file
/// The system's words for its errors.
#pragma once

#include <string>

namespace xnvme::os {

/// The system's text for an errno, such as "No such file or directory". Any thread.
std::string message(int os_errno);

}  // namespace xnvme::os
