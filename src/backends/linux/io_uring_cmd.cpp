#include "backends/linux/io_uring_cmd.hpp"

#include <linux/nvme_ioctl.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "backends/linux/io_uring_queue.hpp"
#include "contracts/complete.hpp"
#include "os/deadline.hpp"
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
    config.register_file = options.register_files;
    // A command of the device's may not run twice, as on a ring that is replaced.
    config.bound = false;
    config.poll_io = options.poll_io;
    config.poll_sq = options.poll_sq;
    config.big_entries = true;
    return config;
}

class Queue final : public RingQueue {
  public:
    Queue(QueueSetup setup, const RingConfig& config, Ring ring) noexcept
        : RingQueue(setup, config, std::move(ring)),
          nsid_(setup.handle.facts.nsid),
          timeout_ms_(static_cast<std::uint32_t>(std::clamp<std::int64_t>(
              setup.device_options.command_timeout.count(), 0, UINT32_MAX))),
          fd_(traits_.registered_file ? 0 : setup.handle.fd) {}

    void submit(Context& context) noexcept override {
        stage(context);
        if (watched()) [[unlikely]]
            hand_on_watched();
    }

    void submit_batch(Context* const* contexts, std::uint32_t count) noexcept override {
        for (std::uint32_t i = 0; i < count; ++i) stage(*contexts[i]);
        hand_on();
    }

    std::uint32_t poll(std::uint32_t max) noexcept override {
        if (watched()) [[unlikely]]
            begin_watched_poll();
        std::uint32_t count = 0;
        if (has_to_hand_on()) count = hand_on_or_fail();
        count += reap_some(max);
        if (watched()) [[unlikely]]
            end_watched_poll();
        return count;
    }

    Result<std::uint32_t> wait(std::uint32_t min, std::uint32_t max,
                               std::chrono::nanoseconds timeout) noexcept override {
        const os::Deadline deadline(timeout);
        for (;;) {
            if (auto slept = sleep(min, deadline.left()); !slept)
                return std::unexpected(slept.error());
            const std::uint32_t count = reap_some(max);
            if (count != 0 || in_flight() == 0 || deadline.passed()) return count;
        }
    }

  private:
    void stage(Context& context) noexcept {
        io_uring_sqe& entry = ring().next<1>();
        std::memset(&entry, 0, 2 * sizeof entry);
        entry.opcode = IORING_OP_URING_CMD;
        entry.flags = traits_.registered_file ? IOSQE_FIXED_FILE : 0;
        entry.fd = fd_;
        entry.user_data = reinterpret_cast<std::uintptr_t>(&context);
        const bool vectored = (context.options & kVectored) != 0;
        entry.cmd_op = vectored ? NVME_URING_CMD_IO_VEC : NVME_URING_CMD_IO;
        unsigned hint = 0;
        if (!vectored && context.bytes != 0) {
            hint = find_buffer(context);
            if (hint != RegisteredBuffers::kCount) {
                entry.rw_flags = static_cast<int>(kFixed);
                entry.buf_index = static_cast<std::uint16_t>(hint);
            } else {
                hint = 0;
            }
        }
        // The driver's command is the library's 64 bytes, then a time-out. It stands where the
        // second half of the entry begins, at `cmd`.
        auto* const command = reinterpret_cast<std::byte*>(&entry) + offsetof(io_uring_sqe, cmd);
        static_assert(offsetof(nvme_uring_cmd, timeout_ms) == sizeof(Command));
        std::memcpy(command, &context.command, sizeof(Command));
        const std::uint32_t nsid = context.command.nsid != 0 ? context.command.nsid : nsid_;
        const std::uint16_t cid = 0;
        std::memcpy(command + offsetof(nvme_uring_cmd, nsid), &nsid, sizeof nsid);
        std::memcpy(command + offsetof(nvme_uring_cmd, rsvd1), &cid, sizeof cid);
        std::memcpy(command + offsetof(nvme_uring_cmd, timeout_ms), &timeout_ms_,
                    sizeof timeout_ms_);
        context.scratch = static_cast<std::uint16_t>(hint | kTaken);
    }

    unsigned find_buffer(const Context& context) noexcept {
        if (!buffers().on() || buffers().stale()) return RegisteredBuffers::kCount;
        const unsigned hint = context.scratch & RegisteredBuffers::kHintMask;
        if (buffers().holds(hint, context.command.data, context.bytes)) return hint;
        return buffers().find(context.command.data, context.bytes);
    }

    std::uint32_t reap_some(std::uint32_t max) noexcept {
        return reap<1>(max, [this](Context& context, const io_uring_cqe& entry) {
            // A negative result is the system's; a positive one the device's status, without its
            // phase tag. The device's result stands in the second half of the entry.
            const std::uint64_t result = entry.big_cqe[0];
            if (entry.res == -EAGAIN || entry.res == -EINTR) {
                submit(context);
                return false;
            }
            if (entry.res < 0) {
                complete_system(context, -entry.res);
            } else {
                complete_device(context, Status{static_cast<std::uint16_t>(entry.res << 1)},
                                result);
            }
            return true;
        });
    }

    std::uint32_t nsid_;
    std::uint32_t timeout_ms_;
    int fd_;
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

/// The generic device of a namespace's block device: /dev/nvme0n1 is /dev/ng0n1.
std::string generic_name(const std::string& path) {
    const auto name = path.rfind("/nvme");
    if (name == std::string::npos) return "/dev/ngXnY";
    return path.substr(0, name) + "/ng" + path.substr(name + 5);
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
            break;
        case DeviceClass::nvme_block:
            return Verdict::refuses("needs the namespace's generic device: open " +
                                    generic_name(handle.identifier.path));
        case DeviceClass::nvme_controller:
            return Verdict::refuses("needs a namespace's generic device: open " +
                                    generic_name(handle.identifier.path) + "n" +
                                    std::to_string(handle.facts.nsid));
        default:
            return Verdict::refuses(
                "sends NVMe commands, which this device does not take; use "
                "io_uring here");
    }
    if (options.poll_io || options.poll_sq) {
        auto ring = Ring::create(config_of(handle, options, 1));
        if (!ring)
            return Verdict::refuses("the kernel refuses a ring with poll_io or poll_sq: " +
                                    os::message(ring.error().os));
    }
    return Verdict::serves("commands go to the NVMe driver as they are");
}

OpcodeSet carries(const Handle&) {
    return OpcodeSet::all();
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
    return std::make_unique<Queue>(std::move(setup), config, std::move(*ring));
}

}  // namespace xnvme::be_linux::io_uring_cmd
