#include "backends/linux/io_uring_cmd.hpp"

#include <fcntl.h>
#include <linux/nvme_ioctl.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <span>
#include <string>

#include <xnvme/nvme/opcodes.hpp>

#include "backends/linux/handle.hpp"
#include "backends/linux/io_uring_queue.hpp"
#include "backends/linux/nvme_complete.hpp"
#include "backends/linux/nvme_sysfs.hpp"
#include "contracts/complete.hpp"
#include "os/error_text.hpp"

namespace xnvme::be_linux::io_uring_cmd {

namespace {

/// In `io_uring_sqe::rw_flags` (uring_cmd_flags): the data is in a registered buffer. Linux 6.1;
/// the name is not in the headers of Debian 12.
constexpr std::uint32_t kFixed = 1u << 0;

RingConfig config_of(const Handle& handle, const Options& options, std::uint32_t depth) noexcept {
    RingConfig config;
    config.entries = depth;
    config.fd = handle.fd;
    config.register_file = options.register_files && handle.fd >= 0;
    // A command of the device's may not run twice, as on a ring that is replaced.
    config.bound = false;
    config.poll_io = options.poll_io;
    config.poll_sq = options.poll_sq;
    config.big_entries = true;
    return config;
}

std::uint32_t milliseconds(std::chrono::milliseconds timeout) noexcept {
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(timeout.count(), 0, UINT32_MAX));
}

/// How far from the end of a registered buffer a command may begin. Linux before 6.12 counts every
/// page up to there as the command's, and refuses more than the driver's 127.
std::uint64_t fixed_reach() noexcept {
    constexpr std::uint64_t kPages = 126;  // The first may be cut.
    utsname system{};
    int major = 0;
    int minor = 0;
    if (::uname(&system) != 0 || std::sscanf(system.release, "%d.%d", &major, &minor) != 2 ||
        major < 6 || (major == 6 && minor < 12))
        return kPages * 4096;
    return UINT64_MAX;
}

/// The time in milliseconds, as precise as the kernel's tick: what time-outs are counted in.
std::uint64_t now_ms() noexcept {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1000 +
           static_cast<std::uint64_t>(time.tv_nsec) / 1'000'000;
}

/// Where a queue's commands go, and how long they may take.
struct Targets {
    int space = -1;       ///< The namespace's generic device; -1 for a controller without one.
    int controller = -1;  ///< Takes admin commands; -1 leaves those to the worker.
    os::Fd owned;         ///< The controller, where the queue opened it.
    std::uint32_t nsid = 0;
    std::uint32_t timeout_ms = 0;
    std::uint32_t admin_timeout_ms = 0;
    bool in_order = false;  ///< Writes go to zones, and reach the device as they were submitted.
};

/// A command that a zone takes only at its write pointer.
bool goes_to_write_pointer(const Context& context) noexcept {
    const auto opcode = static_cast<nvme::NvmOpcode>(context.command.opcode);
    return opcode == nvme::NvmOpcode::write || opcode == nvme::NvmOpcode::write_zeroes;
}

class Queue final : public StagingQueue<Queue, 1> {
  public:
    Queue(QueueSetup setup, const RingConfig& config, Ring ring, Targets targets) noexcept
        : StagingQueue(setup, config, std::move(ring)),
          targets_(std::move(targets)),
          fd_(traits_.registered_file ? 0 : targets_.space) {
        traits_.admin = targets_.controller >= 0;
    }

  private:
    friend class StagingQueue<Queue, 1>;

    void fill(std::span<Context* const> contexts) noexcept {
        // Reading the clock once for all of them is precise enough.
        staged_at_ms_ = now_ms();
        for (Context* const context : contexts) fill_one(*context);
    }

    [[gnu::always_inline]] void fill_one(Context& context) noexcept {
        io_uring_sqe& entry = ring().next<1>();
        std::memset(&entry, 0, 2 * sizeof entry);
        entry.opcode = IORING_OP_URING_CMD;
        entry.flags = traits_.registered_file ? IOSQE_FIXED_FILE : 0;
        entry.fd = fd_;
        entry.user_data = reinterpret_cast<std::uintptr_t>(&context);
        entry.cmd_op = NVME_URING_CMD_IO;
        if ((context.options & kVectored) != 0) {
            entry.cmd_op = NVME_URING_CMD_IO_VEC;
        } else if (context.bytes != 0) {
            const unsigned found = fixed_buffer(context);
            if (found != RegisteredBuffers::kCount) {
                entry.rw_flags = static_cast<int>(kFixed);
                entry.buf_index = static_cast<std::uint16_t>(found);
            }
        }
        // The driver's command is the library's 64 bytes, then a time-out. It stands where the
        // second half of the entry begins, at `cmd`.
        auto* const command = reinterpret_cast<std::byte*>(&entry) + offsetof(io_uring_sqe, cmd);
        static_assert(offsetof(nvme_uring_cmd, timeout_ms) == sizeof(Command));
        std::memcpy(command, &context.command, sizeof(Command));
        std::uint32_t nsid = context.command.nsid != 0 ? context.command.nsid : targets_.nsid;
        std::uint32_t timeout_ms = targets_.timeout_ms;
        if ((context.options & kAdmin) != 0) [[unlikely]] {
            entry.cmd_op = NVME_URING_CMD_ADMIN;
            entry.flags = 0;
            entry.fd = targets_.controller;
            // An admin command without a namespace is meant so.
            nsid = context.command.nsid;
            timeout_ms = targets_.admin_timeout_ms;
        }
        const std::uint16_t cid = 0;
        std::memcpy(command + offsetof(nvme_uring_cmd, nsid), &nsid, sizeof nsid);
        std::memcpy(command + offsetof(nvme_uring_cmd, rsvd1), &cid, sizeof cid);
        std::memcpy(command + offsetof(nvme_uring_cmd, timeout_ms), &timeout_ms, sizeof timeout_ms);
        mark(context);
        // Nobody else uses the result before it is there: until then it says since when the
        // command is under way.
        context.completion.result = staged_at_ms_;
        // The block layer keeps the commands of one call on a stack, and gives the last of them to
        // the device first. Linux 6.1
        if (targets_.in_order && goes_to_write_pointer(context)) [[unlikely]]
            hand_on();
    }

    unsigned fixed_buffer(const Context& context) noexcept {
        if (!buffers().on() || buffers().stale()) return RegisteredBuffers::kCount;
        const unsigned found = find_buffer(context);
        const bool too_far = found != RegisteredBuffers::kCount &&
                             buffers().rest(found, context.command.data) > fixed_reach_;
        return too_far ? RegisteredBuffers::kCount : found;
    }

    [[gnu::always_inline]] bool settle(Context& context, const io_uring_cqe& entry) noexcept {
        // A negative result is the system's; a positive one the device's status, without its phase
        // tag. The device's result stands in the second half of the entry.
        if (entry.res >= 0) [[likely]] {
            complete_device(context, Status{static_cast<std::uint16_t>(entry.res << 1)},
                            entry.big_cqe[0]);
            return true;
        }
        return settle_error(context, -entry.res);
    }

    [[gnu::noinline]] bool settle_error(Context& context, int os_errno) noexcept {
        // The driver had no room and did not begin.
        if (os_errno == EAGAIN) {
            run_again(context);
            return false;
        }
        const bool admin = (context.options & kAdmin) != 0;
        const std::uint32_t nsid = context.command.nsid;
        if (os_errno == EINVAL && !admin && nsid != 0 && nsid != targets_.nsid) {
            complete_failed(context, Errc::invalid_argument, os_errno);
            return true;
        }
        const std::uint32_t limit_ms = admin ? targets_.admin_timeout_ms : targets_.timeout_ms;
        const std::uint64_t since_ms = context.completion.result;
        staged_at_ms_ = now_ms();
        complete_driver_error(context, os_errno,
                              limit_ms != 0 && staged_at_ms_ - since_ms >= limit_ms);
        return true;
    }

    const Targets targets_;
    const int fd_;
    const std::uint64_t fixed_reach_ = fixed_reach();
    std::uint64_t staged_at_ms_ = 0;
};

int ask_kernel() noexcept {
    RingConfig config;
    config.big_entries = true;
    auto ring = Ring::create(config);
    if (!ring) return ring.error().os;
    io_uring_probe* const probe = io_uring_get_probe_ring(&ring->raw());
    const bool there = probe != nullptr && io_uring_opcode_supported(probe, IORING_OP_URING_CMD);
    if (probe != nullptr) io_uring_free_probe(probe);
    return there ? 0 : EINVAL;
}

/// The controller that takes a queue's admin commands. None for a namespace with several paths,
/// whose controller may go while others stay: there the driver chooses one per command.
Targets targets_of(const QueueSetup& setup) {
    Targets targets;
    const Options& options = setup.device_options;
    const Handle& handle = setup.handle;
    targets.space = handle.fd;
    targets.nsid = handle.facts.nsid;
    targets.timeout_ms = milliseconds(options.command_timeout);
    targets.admin_timeout_ms = milliseconds(options.admin_timeout);
    targets.in_order = setup.parts.rules.zone_blocks != 0;
    // The driver takes no admin commands on a ring that polls for completions.
    if (!setup.options.admin || options.poll_io) return targets;
    targets.controller = handle.admin_fd;
    if (targets.controller >= 0) return targets;
    const std::string& folder = static_cast<const NvmeHandle&>(handle).parts().folder;
    const auto controllers = controllers_of(folder);
    const std::string parent = base_name(folder.substr(0, folder.rfind('/')));
    if (controllers.size() != 1 || controllers.front() != parent) return targets;
    targets.owned = os::Fd(::open(("/dev/" + parent).c_str(), O_RDWR | O_CLOEXEC));
    targets.controller = targets.owned.get();
    return targets;
}

}  // namespace

Verdict machine() {
    static const int error = ask_kernel();
    switch (error) {
        case 0:
            return Verdict::serves("the kernel takes NVMe commands through rings");
        case EINVAL:
            return Verdict::refuses(
                "this kernel takes no NVMe commands through rings (Linux 5.19 "
                "and later do); use io_uring on the block device");
        case ENOSYS:
            return Verdict::refuses("this kernel has no io_uring");
        case EPERM:
            return Verdict::refuses(
                "this user may not use io_uring; see /proc/sys/kernel/io_uring_disabled");
        default:
            return Verdict::refuses("io_uring_setup failed: " + os::message(error));
    }
}

Verdict probe(const Handle& handle, const Options& options) {
    if (const Verdict verdict = machine(); verdict.kind == Verdict::Kind::refuses) return verdict;
    switch (handle.identifier.device_class) {
        case DeviceClass::nvme_generic:
        case DeviceClass::nvme_controller:
            break;
        case DeviceClass::nvme_block:
            return Verdict::refuses("needs the namespace's generic device: open " +
                                    generic_path(handle.identifier.path));
        default:
            return Verdict::refuses(
                "sends NVMe commands, which this device does not take; use "
                "io_uring here");
    }
    if (options.poll_io && !has_poll_queues(static_cast<const NvmeHandle&>(handle).parts().block))
        return Verdict::refuses(
            "the driver has no queues that are polled: load it with 'modprobe nvme poll_queues=2', "
            "or leave poll_io out");
    if (options.poll_io || options.poll_sq) {
        auto ring = Ring::create(config_of(handle, options, 1));
        if (!ring)
            return Verdict::refuses("the kernel refuses a ring with poll_io or poll_sq: " +
                                    os::message(ring.error().os));
    }
    return Verdict::serves("commands go to the NVMe driver as they are");
}

OpcodeSet carries(const Handle& handle) {
    // A controller without a namespace takes admin commands alone.
    return handle.fd >= 0 ? OpcodeSet::all() : OpcodeSet{};
}

Result<std::unique_ptr<AsyncQueue>, Failure> make(QueueSetup setup) {
    const std::uint32_t depth = setup.parts.slots.depth();
    const RingConfig config = config_of(setup.handle, setup.device_options, depth);
    auto ring = Ring::create(config);
    if (!ring) {
        return fail(ring.error(), "A queue of " + std::to_string(depth) + " commands for " +
                                      setup.handle.identifier.text +
                                      " could not be made: " + os::message(ring.error().os) + ".");
    }
    Targets targets = targets_of(setup);
    return std::make_unique<Queue>(std::move(setup), config, std::move(*ring), std::move(targets));
}

}  // namespace xnvme::be_linux::io_uring_cmd
