/// \file
/// Results and errors. Two kinds of error, for two kinds of moment:
///
/// - `Error`, eight bytes, trivially copyable: what the I/O path returns. Nothing is allocated.
/// - `Failure`, an `Error` with a sentence: what opening and configuring return. The sentence says
///   what was asked, what was tried, what the system said, and what to do.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <type_traits>
#include <utility>

namespace xnvme {

/// The status field of a completion, as it stands in the completion queue entry: bit 0 is the
/// phase tag, bits 8:1 the status code, bits 11:9 the status code type, bits 13:12 the command
/// retry delay, bit 14 "more", bit 15 "do not retry".
/// NVMe Base 2.0 §3.3.3.2.1
struct Status {
    std::uint16_t raw = 0;

    /// Builds a status from its status code type and status code.
    static constexpr Status make(unsigned sct, unsigned sc, bool dnr = false) noexcept {
        return Status{static_cast<std::uint16_t>(((sc & 0xffu) << 1) | ((sct & 0x7u) << 9) |
                                                 (dnr ? 0x8000u : 0u))};
    }
    /// Status code: the meaning depends on `sct()`.
    constexpr std::uint8_t sc() const noexcept { return static_cast<std::uint8_t>(raw >> 1); }
    /// Status code type: 0 generic, 1 command specific, 2 media and data integrity, 3 path
    /// related, 7 vendor specific.
    constexpr std::uint8_t sct() const noexcept {
        return static_cast<std::uint8_t>((raw >> 9) & 0x7);
    }
    /// True when a retry of the same command is expected to fail again.
    constexpr bool dnr() const noexcept { return (raw & 0x8000) != 0; }
    /// True when the error information log has more on this command.
    constexpr bool more() const noexcept { return (raw & 0x4000) != 0; }
    /// True when the command succeeded. The phase tag does not count.
    constexpr bool ok() const noexcept { return (raw & 0x0ffe) == 0; }

    constexpr bool operator==(const Status&) const = default;
};
static_assert(sizeof(Status) == 2);

/// Status code type that a completion carries when the operating system, not the device, failed
/// the command; the status code is then the low byte of errno. The errno itself stands in
/// `Context::os_error`, which is 0 for a verdict of a device, so that a device's vendor specific
/// status is never mistaken for it.
inline constexpr std::uint8_t kSctOperatingSystem = 0x7;

/// What went wrong, in the library's own words. `errc_name()` and `describe()` print it.
enum class Errc : std::uint16_t {
    ok = 0,
    device,            ///< The device refused or failed the command: see `Error::status`.
    system,            ///< The operating system did: see `Error::os`.
    queue_full,        ///< Every slot of the queue is taken; nothing was changed.
    out_of_range,      ///< The blocks asked for reach past the end of the namespace.
    misaligned,        ///< A buffer, offset or length is not a multiple of what `direct` needs, or
                       ///< a zone command does not name the first block of a zone.
    bad_length,        ///< The data length does not agree with the command's fields.
    too_large,         ///< More data than the device takes in one command, or too many segments.
    short_transfer,    ///< Fewer bytes moved than asked for: `Context::bytes` says how many.
    unsupported,       ///< The command is not carried by this interface or device.
    read_only,         ///< The command would change a device that was opened for reading only.
    write_only,        ///< The command would read a device that was opened for writing only.
    timed_out,         ///< The command did not complete within its time-out.
    device_gone,       ///< The device, or the connection to it, is no longer there.
    cancelled,         ///< Ended before it was known to be done: by the queue, or by a reset.
    invalid_argument,  ///< An option or argument has no meaning here.
    not_found,         ///< No such path, device or interface.
    no_permission,     ///< The system does not let this user do that.
    no_memory,         ///< Memory, hugepages or a kernel limit ran out.
    busy,              ///< Something else holds the device.
};

/// An error of the I/O path: eight bytes, returned in a register.
/// Converts to true when it is an error.
struct Error {
    Errc code = Errc::ok;
    Status status{};      ///< The device's verdict, when `code` is `device`; else 0.
    std::int32_t os = 0;  ///< errno, when the operating system said no; else 0.

    constexpr explicit operator bool() const noexcept { return code != Errc::ok; }
    constexpr bool operator==(const Error&) const = default;

    static constexpr Error of(Errc code) noexcept { return Error{code, Status{}, 0}; }
    static constexpr Error of_device(Status status) noexcept {
        return Error{Errc::device, status, 0};
    }
    static constexpr Error of_system(int os_errno) noexcept {
        return Error{Errc::system, Status{}, os_errno};
    }
};
static_assert(sizeof(Error) == 8 && std::is_trivially_copyable_v<Error>);

/// An error of opening or configuring: the error, and one or two sentences for a person.
struct Failure {
    Error error;
    std::string sentence;
};

/// `Result<void>`: what `std::expected<void, Error>` is, in the eight bytes of the error, so that
/// it comes back in one register and costs one compare. An error whose code is `ok` is none.
class [[nodiscard]] Outcome {
  public:
    using value_type = void;
    using error_type = Error;
    using unexpected_type = std::unexpected<Error>;

    constexpr Outcome() noexcept = default;
    constexpr Outcome(const std::unexpected<Error>& unexpected) noexcept
        : error_(unexpected.error()) {}

    constexpr bool has_value() const noexcept { return error_.code == Errc::ok; }
    constexpr explicit operator bool() const noexcept { return has_value(); }
    /// By value: nothing then refers to the outcome, which can stay in its register.
    constexpr Error error() const noexcept { return error_; }
    constexpr bool operator==(const Outcome&) const noexcept = default;

  private:
    Error error_{};
};
static_assert(sizeof(Outcome) == 8 && std::is_trivially_copyable_v<Outcome>);

/// A value or the reason why there is none.
template <class T, class E = Error>
using Result =
    std::conditional_t<std::is_void_v<T> && std::is_same_v<E, Error>, Outcome, std::expected<T, E>>;

/// Shorthand for returning an error: `return fail(Errc::queue_full);`
constexpr std::unexpected<Error> fail(Errc code) noexcept {
    return std::unexpected<Error>(Error::of(code));
}
constexpr std::unexpected<Error> fail(Error error) noexcept {
    return std::unexpected<Error>(error);
}
/// The same with a sentence: `return fail(Errc::not_found, "no such file ...");`
inline std::unexpected<Failure> fail(Errc code, std::string sentence) {
    return std::unexpected<Failure>(Failure{Error::of(code), std::move(sentence)});
}
inline std::unexpected<Failure> fail(Error error, std::string sentence) {
    return std::unexpected<Failure>(Failure{error, std::move(sentence)});
}

}  // namespace xnvme
