/// \file
/// What a caller can ask for when it opens a device or makes a queue.
///
/// Everything asked for is what is used: an option that cannot be honoured is refused at open, with
/// a sentence that says what to use instead.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace xnvme {

/// Which commands a handle carries.
enum class Access : std::uint8_t { read_write, read_only, write_only };

/// Options of `Device::open`. An empty interface name leaves the choice to the library.
struct Options {
    std::string be{};     ///< Backend: a name of the registry, such as "linux" or "model".
    std::string async{};  ///< Asynchronous interface, such as "io_uring".
    std::string sync{};   ///< Synchronous interface, such as "psync".
    std::string admin{};  ///< Admin interface, such as "file".
    std::string mem{};    ///< Memory interface, such as "hugepage".

    /// Namespace, where the identifier names a controller. 0: its first, if it has one.
    std::uint32_t nsid = 0;
    Access access = Access::read_write;
    /// Bypass the page cache (O_DIRECT). Never dropped in silence. A zoned block device that is
    /// opened for writing does so unasked: the cache would lose the errors of its writes.
    bool direct = false;

    bool create = false;               ///< Create the file when it is not there.
    bool truncate = false;             ///< Cut an existing file to nothing first.
    std::uint32_t create_mode = 0600;  ///< Permission bits of a file that is created.
    std::uint64_t create_bytes = 0;    ///< Grow the file to at least this many bytes at open.

    bool register_files = true;    ///< io_uring: register the descriptor.
    bool register_buffers = true;  ///< io_uring: register the library's own allocations.
    bool poll_io = false;          ///< io_uring: IOPOLL, busy polling for completions.
    bool poll_sq = false;          ///< io_uring: SQPOLL, a kernel thread that takes submissions.

    /// How long a command may take before it completes with `Errc::timed_out`, where the
    /// interface or device can tell.
    std::chrono::milliseconds command_timeout{30'000};
    std::chrono::milliseconds admin_timeout{60'000};
};

/// Options of `Device::create_queue`.
struct QueueOptions {
    /// Refuse commands that the interface does not carry itself, at submission, with
    /// `Errc::unsupported`. Without it the queue's own worker serves them.
    bool strict = false;
    /// Threads of the `thrpool` interface; 0 is the number of processors, at most the depth.
    std::uint32_t threads = 0;
    /// Let the queue carry admin commands too: `Queue::submit_admin`.
    bool admin = false;
    /// How long `wait` polls before it sleeps. Zero: sleeps at once where it can.
    std::chrono::nanoseconds spin{0};
    /// As `Options::poll_io` and `Options::poll_sq`, for this queue alone.
    bool poll_io = false;
    bool poll_sq = false;
};

/// The largest queue depth.
inline constexpr std::uint32_t kDepthMax = 32768;

}  // namespace xnvme
