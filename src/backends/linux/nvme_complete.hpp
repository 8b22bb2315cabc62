/// \file
/// What the NVMe driver's own errors mean, the same for its ioctls and its ring commands.
#pragma once

#include <cerrno>

#include "contracts/complete.hpp"

namespace xnvme::be_linux {

/// The driver failed a command with an errno. EINTR is what it says of a command that it ended
/// itself, and no signal does that: its time-out passed, or the controller was reset.
/// `late`: as much time as the time-out has passed.
inline void complete_driver_error(Context& context, int os_errno, bool late) noexcept {
    switch (os_errno) {
        case EINTR:
            return complete_failed(context, late ? Errc::timed_out : Errc::cancelled, os_errno);
        case ETIME:
        case ETIMEDOUT:
            return complete_failed(context, Errc::timed_out, os_errno);
        default:
            return complete_system(context, os_errno);
    }
}

}  // namespace xnvme::be_linux
