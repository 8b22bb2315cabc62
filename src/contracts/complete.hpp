/// \file
/// The one place where outcomes of the system and of devices become completions.
#pragma once

#include <cerrno>
#include <cstdint>

#include <xnvme/command.hpp>

namespace xnvme {

/// The command succeeded and moved all its bytes.
inline void complete_ok(Context& context, std::uint64_t result = 0) noexcept {
    context.completion.result = result;
    context.completion.status = Status{};
    context.error = Errc::ok;
}

/// The device said no. A status of 0 is success.
inline void complete_device(Context& context, Status status, std::uint64_t result = 0) noexcept {
    context.completion.result = result;
    context.completion.status = status;
    context.error = status.ok() ? Errc::ok : Errc::device;
}

/// The library or the operating system failed it. The status gets type 7, so that code that looks
/// at nothing but the status sees an error; the errno itself is kept beside it.
inline void complete_failed(Context& context, Errc code, int os_errno) noexcept {
    context.completion.result = 0;
    context.completion.status = Status::make(kSctOperatingSystem, static_cast<unsigned>(os_errno));
    context.error = code;
    context.os_error = os_errno;
}

/// The system failed it with `os_errno`, a positive errno. A device that has gone (ENODEV, ENXIO)
/// is told apart.
inline void complete_system(Context& context, int os_errno) noexcept {
    const bool gone = os_errno == ENODEV || os_errno == ENXIO;
    complete_failed(context, gone ? Errc::device_gone : Errc::system, os_errno);
}

/// A read or write returned `moved`: bytes, or a negative errno. Fewer bytes than asked for are an
/// error that says how many.
inline void complete_transfer(Context& context, std::int64_t moved) noexcept {
    if (moved == static_cast<std::int64_t>(context.bytes)) [[likely]] {
        complete_ok(context);
    } else if (moved < 0) {
        complete_system(context, static_cast<int>(-moved));
        context.bytes = 0;
    } else {
        complete_failed(context, Errc::short_transfer, EIO);
        context.os_error = 0;
        context.bytes = static_cast<std::uint32_t>(moved);
    }
}

}  // namespace xnvme
