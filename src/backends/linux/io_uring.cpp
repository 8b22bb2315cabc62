#include "backends/linux/io_uring.hpp"

#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <new>
#include <span>

#include <xnvme/nvme/opcodes.hpp>

#include "backends/linux/io_uring_queue.hpp"
#include "contracts/complete.hpp"
#include "os/deadline.hpp"
#include "os/error_text.hpp"
#include "os/fd.hpp"
#include "os/posix/file.hpp"

namespace xnvme::be_linux::io_uring {

namespace {

using ::xnvme::nvme::FileOpcode;
using ::xnvme::nvme::NvmOpcode;

template <class Opcode>
constexpr std::uint8_t raw(Opcode opcode) noexcept {
    return static_cast<std::uint8_t>(opcode);
}

/// Operations that the running kernel's rings have.
struct Operations {
    int error = 0;            ///< errno with which io_uring_setup failed; else 0.
    bool read_write = false;  ///< Linux 5.6: IORING_OP_READ, IORING_OP_WRITE
    bool fallocate = false;   ///< Linux 5.6: IORING_OP_FALLOCATE
};

Operations ask_kernel() noexcept {
    Operations found;
    auto ring = Ring::create(RingConfig{});
    if (!ring) {
        found.error = ring.error().os;
        return found;
    }
    // Before Linux 5.6 there is no probe, and none of what it would find.
    io_uring_probe* const probe = io_uring_get_probe_ring(&ring->raw());
    if (probe == nullptr) return found;
    found.read_write = io_uring_opcode_supported(probe, IORING_OP_READ) != 0 &&
                       io_uring_opcode_supported(probe, IORING_OP_WRITE) != 0;
    found.fallocate = io_uring_opcode_supported(probe, IORING_OP_FALLOCATE) != 0;
    io_uring_free_probe(probe);
    return found;
}

const Operations& operations() noexcept {
    static const Operations found = ask_kernel();
    return found;
}

std::string why_no_ring(int os_errno) {
    switch (os_errno) {
        case ENOSYS:
            return "this kernel has no io_uring (Linux 5.1 and later do); use libaio";
        case EPERM:
            return "this user may not use io_uring; see /proc/sys/kernel/io_uring_disabled, or use "
                   "libaio";
        case ENOMEM:
            return "no memory for a ring: raise RLIMIT_MEMLOCK (ulimit -l), or use fewer commands "
                   "per queue";
        case EMFILE:
        case ENFILE:
            return "too many open files for another ring: raise RLIMIT_NOFILE (ulimit -n)";
        default:
            return "io_uring_setup failed: " + os::message(os_errno);
    }
}

RingConfig config_of(const Handle& handle, const Options& options, std::uint32_t depth) noexcept {
    RingConfig config;
    config.entries = depth;
    config.fd = handle.fd;
    config.register_file = options.register_files;
    config.bound = true;
    config.poll_io = options.poll_io;
    config.poll_sq = options.poll_sq;
    return config;
}

/// Reads one block through a ring as `options` has it. Returns 0 or a positive errno.
int try_read(const Handle& handle, const Options& options) noexcept {
    auto ring = Ring::create(config_of(handle, options, 1));
    if (!ring) return ring.error().os;
    if (ring->bound()) {
        if (const int error = ring->enable(); error != 0) return error;
    }
    const std::size_t bytes = std::max<std::uint32_t>(handle.facts.geometry.block_bytes, 512);
    const std::size_t alignment = std::max<std::size_t>(4096, std::bit_ceil(bytes));
    void* const memory = ::operator new(bytes, std::align_val_t{alignment}, std::nothrow);
    if (memory == nullptr) return ENOMEM;
    iovec vector{memory, bytes};
    io_uring_prep_readv(&ring->next(), handle.fd, &vector, 1, 0);
    const os::Deadline deadline(std::chrono::seconds{5});
    int error = 0;
    while (ring->ready() == 0 && !deadline.passed()) {
        error = ring->enter(options.poll_io ? 0 : 1, deadline.left());
        if (error != 0 && error != EINTR && error != EAGAIN && error != ETIME) break;
    }
    if (ring->ready() != 0) {
        const std::int32_t result = ring->completions()[ring->head() & ring->completion_mask()].res;
        error = result < 0 ? -result : 0;
    } else {
        ring->close_and_wait();
        if (error == 0) error = ETIME;
    }
    ::operator delete(memory, std::align_val_t{alignment});
    return error;
}

/// The queue.
class Queue final : public StagingQueue<Queue, 0> {
  public:
    Queue(QueueSetup setup, const RingConfig& config, Ring ring, os::Fd own,
          std::unique_ptr<iovec[]> vectors) noexcept
        : StagingQueue(setup, config, std::move(ring)),
          geometry_(setup.handle.facts.geometry),
          fd_(config.fd),
          vectors_(std::move(vectors)) {
        keep(std::move(own));
        fill_tables();
    }

  private:
    friend class StagingQueue<Queue, 0>;

    /// The eight-byte words of a submission entry, in the order of `struct io_uring_sqe`.
    struct Words {
        std::uint64_t head;  ///< opcode, flags, ioprio, fd
        std::uint64_t offset;
        std::uint64_t address;
        std::uint64_t length;  ///< And, in the upper half, rw_flags.
        std::uint64_t user_data;
        std::uint64_t buffer;   ///< buf_index, personality, splice_fd_in
        std::uint64_t rest[2];  ///< Always 0.
    };
    static_assert(sizeof(Words) == sizeof(io_uring_sqe));
    /// The first word of an entry, by the command's opcode.
    using Heads = std::array<std::uint64_t, 256>;

    /// The table of buffers has just been refreshed.
    void fill(std::span<Context* const> contexts) noexcept {
        for (;;) {
            const std::size_t filled = !simple_                 ? 0
                                       : buffers().count() != 0 ? fill_transfers<true>(contexts)
                                                                : fill_transfers<false>(contexts);
            if (filled == contexts.size()) [[likely]]
                return;
            fill_other(*contexts[filled]);
            contexts = contexts.subspan(filled + 1);
            if (contexts.empty()) return;
        }
    }

    /// The number of commands that the first that needs a closer look has before it. Takes the mark
    /// from the others.
    [[gnu::noinline]] static std::size_t first_for_a_closer_look(
        std::span<Context* const> contexts) noexcept {
        std::size_t count = 0;
        while ((contexts[count]->options & kCloserLook) == 0) ++count;
        for (Context* const context : contexts.subspan(count)) mark(*context, false);
        return count;
    }

    /// Fills in entries up to the first command that needs a closer look. Returns how many.
    /// `kFixed`: there are registered buffers to look for; the one that was used last is likely to
    /// be used next.
    template <bool kFixed>
    std::size_t fill_transfers(std::span<Context* const> contexts) noexcept {
        const Heads& heads = kFixed ? fixed_heads_ : plain_heads_;
        const unsigned shift = shift_;
        // As far as the entries lie one behind the other, then the rest, if there is any.
        const auto entries = ring().next_run(contexts.size());
        // Volatile, so that words are written one by one: gathering pairs of them in vector
        // registers takes longer.
        auto* words = reinterpret_cast<volatile Words*>(entries.data());
        std::uint64_t index = kFixed ? buffer_ : 0;
        std::uint64_t base = kFixed ? buffers().base(buffer_) : 0;
        std::uint64_t end = kFixed ? base + buffers().bytes(buffer_) : 0;
        std::uint32_t options = 0;
        Context* const* next = contexts.data();
        Context* const* const last = next + contexts.size();
        Context* const* run_end = next + entries.size();
        for (;;) {
            for (; next != run_end; ++next, ++words) {
                Context& context = **next;
                options |= context.options;
                const Command& command = context.command;
                const std::uint64_t address = command.data;
                const std::uint64_t length = context.bytes;
                words->head = heads[command.opcode];
                words->buffer = index;
                // An address near the end of the address space is the kernel's to refuse.
                if (kFixed && (address < base || address + length > end)) [[unlikely]] {
                    const unsigned found = find_buffer(context);
                    if (found == RegisteredBuffers::kCount) {
                        words->head = plain_heads_[command.opcode];
                        words->buffer = 0;
                    } else {
                        index = found;
                        base = buffers().base(found);
                        end = base + buffers().bytes(found);
                        words->buffer = index;
                    }
                }
                words->offset = command.slba() << shift;
                words->address = address;
                words->length = length;
                words->user_data = reinterpret_cast<std::uintptr_t>(&context);
                mark(context);
            }
            if (next == last) [[likely]]
                break;
            words = reinterpret_cast<volatile Words*>(&ring().first());
            run_end = last;
        }
        std::size_t filled = contexts.size();
        // Looked at once for all: what was filled in from the first of those on is not used.
        if ((options & kCloserLook) != 0) [[unlikely]]
            filled = first_for_a_closer_look(contexts);
        ring().advance(static_cast<unsigned>(filled));
        if (kFixed) buffer_ = static_cast<unsigned>(index);
        return filled;
    }

    void fill_tables() noexcept {
        const auto head = [this](unsigned operation) {
            const std::uint64_t flags = traits_.registered_file ? IOSQE_FIXED_FILE : 0;
            const std::uint64_t fd = traits_.registered_file ? 0 : static_cast<unsigned>(fd_);
            return operation | (flags << 8) | (fd << 32);
        };
        // An operation that the kernel refuses, should anything else come here.
        plain_heads_.fill(0xff);
        fixed_heads_.fill(0xff);
        plain_heads_[raw(NvmOpcode::write)] = head(IORING_OP_WRITE);
        plain_heads_[raw(NvmOpcode::read)] = head(IORING_OP_READ);
        fixed_heads_[raw(NvmOpcode::write)] = head(IORING_OP_WRITE_FIXED);
        fixed_heads_[raw(NvmOpcode::read)] = head(IORING_OP_READ_FIXED);
        shift_ = static_cast<unsigned>(std::countr_zero(geometry_.block_bytes));
        // Where a command may have metadata of its own, or the kernel has but vectored reads, each
        // command is looked at.
        simple_ = operations().read_write && geometry_.metadata_bytes == 0;
    }

    [[gnu::noinline]] void fill_other(Context& context) noexcept;
    void stage_transfer(Context& context, bool write, unsigned shift) noexcept;
    bool stage_range(Context& context) noexcept;
    void stage_fallocate(Context& context, int mode, std::uint64_t slba,
                         std::uint64_t blocks) noexcept;
    io_uring_sqe& entry_for(Context& context, unsigned operation) noexcept;
    void pass_on(Context& context) noexcept;

    [[gnu::noinline]] bool settle(Context& context, const io_uring_cqe& entry) noexcept;

    Heads plain_heads_{};
    Heads fixed_heads_{};
    unsigned shift_ = 0;   ///< log2 of a block's bytes.
    unsigned buffer_ = 0;  ///< The registered buffer that was used last.
    bool simple_ = false;
    const Geometry& geometry_;
    int fd_;
    std::unique_ptr<iovec[]> vectors_;  ///< One per slot, for kernels without IORING_OP_READ.
};

io_uring_sqe& Queue::entry_for(Context& context, unsigned operation) noexcept {
    io_uring_sqe& entry = ring().next();
    std::memset(&entry, 0, sizeof entry);
    entry.opcode = static_cast<std::uint8_t>(operation);
    if (traits_.registered_file) {
        entry.flags = IOSQE_FIXED_FILE;
    } else {
        entry.fd = fd_;
    }
    entry.user_data = reinterpret_cast<std::uintptr_t>(&context);
    mark(context);
    return entry;
}

void Queue::fill_other(Context& context) noexcept {
    const Command& command = context.command;
    bool staged = false;
    if (command.metadata == 0) {
        const unsigned shift = rules().of(command).shift;
        switch (command.opcode) {
            case raw(NvmOpcode::write):
            case raw(FileOpcode::write):
                stage_transfer(context, true, shift);
                staged = true;
                break;
            case raw(NvmOpcode::read):
            case raw(FileOpcode::read):
                stage_transfer(context, false, shift);
                staged = true;
                break;
            case raw(NvmOpcode::flush):
            case raw(FileOpcode::flush):
                entry_for(context, IORING_OP_FSYNC).fsync_flags = IORING_FSYNC_DATASYNC;
                staged = true;
                break;
            case raw(NvmOpcode::write_zeroes): {
                // Bit 25 of command dword 12: the blocks may be deallocated, if they read as
                // zeroes. NVM Command Set 1.0 §3.2.8
                const bool deallocate = (command.cdw12 & (1u << 25)) != 0;
                stage_fallocate(context,
                                deallocate ? FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
                                           : FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE,
                                command.slba(), command.blocks());
                staged = true;
                break;
            }
            case raw(NvmOpcode::dataset_management):
                staged = stage_range(context);
                break;
            default:
                break;
        }
    }
    if (!staged) pass_on(context);
}

void Queue::stage_transfer(Context& context, bool write, unsigned shift) noexcept {
    const Command& command = context.command;
    unsigned operation = write ? IORING_OP_WRITEV : IORING_OP_READV;
    std::uint64_t address = command.data;
    std::uint32_t length = command.data_bytes;
    if ((context.options & kVectored) == 0) {
        if (operations().read_write) {
            operation = write ? IORING_OP_WRITE : IORING_OP_READ;
            length = context.bytes;
        } else {
            iovec& vector = vectors_[static_cast<std::size_t>(&context - &slots().at(0))];
            vector = {reinterpret_cast<void*>(command.data), context.bytes};
            address = reinterpret_cast<std::uintptr_t>(&vector);
            length = 1;
        }
    }
    io_uring_sqe& entry = entry_for(context, operation);
    entry.off = command.slba() << shift;
    entry.addr = address;
    entry.len = length;
    entry.rw_flags = static_cast<int>((command.cdw12 >> 29) & 2);
}

void Queue::stage_fallocate(Context& context, int mode, std::uint64_t slba,
                            std::uint64_t blocks) noexcept {
    io_uring_sqe& entry = entry_for(context, IORING_OP_FALLOCATE);
    entry.off = slba * geometry_.block_bytes;
    entry.addr = blocks * geometry_.block_bytes;
    entry.len = static_cast<std::uint32_t>(mode);
}

bool Queue::stage_range(Context& context) noexcept {
    // NVM Command Set 1.0 §3.2.3: command dword 10 bits 7:0 are the number of ranges, zero-based,
    // bit 2 of command dword 11 is "deallocate"; a range is attributes, length, starting LBA.
    const Command& command = context.command;
    if ((command.cdw10 & 0xff) != 0 || (command.cdw11 & 4) == 0 || command.data_bytes < 16 ||
        (context.options & kVectored) != 0)
        return false;
    struct {
        std::uint32_t attributes;
        std::uint32_t blocks;
        std::uint64_t slba;
    } range;
    std::memcpy(&range, reinterpret_cast<const void*>(command.data), sizeof range);
    // What is out of range is the synchronous interface's to refuse, as with every list.
    if (range.blocks == 0 || range.slba >= geometry_.blocks ||
        range.blocks > geometry_.blocks - range.slba)
        return false;
    stage_fallocate(context, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, range.slba, range.blocks);
    return true;
}

void Queue::pass_on(Context& context) noexcept {
    if (worker() != nullptr) {
        hand_to_worker(context);
        return;
    }
    // Without a worker the command completes as refused, in its turn.
    complete_failed(context, Errc::unsupported, EOPNOTSUPP);
    entry_for(context, IORING_OP_NOP).flags = 0;
}

bool Queue::settle(Context& context, const io_uring_cqe& entry) noexcept {
    const std::int32_t result = entry.res;
    if (context.error != Errc::ok) return true;
    // The kernel cancels what a thread has not seen the end of when that thread ends: the queue may
    // be another's by then, which runs it again.
    if (result == -EAGAIN || result == -EINTR || result == -ECANCELED) {
        run_again(context);
        return false;
    }
    const std::uint8_t opcode = context.command.opcode;
    if (opcode == raw(NvmOpcode::dataset_management) || opcode == raw(NvmOpcode::write_zeroes)) {
        // File systems and block devices without the operation refuse it; the synchronous interface
        // has other ways.
        if ((result == -EOPNOTSUPP || result == -EINVAL) && worker() != nullptr) {
            leave_to_worker(context);
            return false;
        }
        if (result == -EOPNOTSUPP) {
            complete_failed(context, Errc::unsupported, EOPNOTSUPP);
        } else if (result < 0) {
            complete_system(context, -result);
        }
        return true;
    }
    complete_transfer(context, result);
    return true;
}

}  // namespace

Verdict machine() {
    const Operations& found = operations();
    if (found.error != 0) return Verdict::refuses(why_no_ring(found.error));
    return Verdict::serves(found.read_write ? "the kernel has io_uring"
                                            : "the kernel has io_uring, of before Linux 5.6");
}

Verdict probe(const Handle& handle, const Options& options) {
    if (const Verdict verdict = machine(); verdict.kind == Verdict::Kind::refuses) return verdict;
    const DeviceClass device_class = handle.identifier.device_class;
    if (device_class == DeviceClass::nvme_generic || device_class == DeviceClass::nvme_controller)
        return Verdict::refuses(
            "io_uring reads and writes files and block devices; use io_uring_cmd here");
    if (!std::has_single_bit(handle.facts.geometry.block_bytes))
        return Verdict::refuses("the block size is no power of two; use io_uring_cmd");
    if (options.poll_io || options.poll_sq) {
        if (options.poll_io && !handle.direct)
            return Verdict::refuses(
                "poll_io works only with direct: the page cache has nothing to "
                "poll; add direct or leave poll_io out");
        if (handle.access == Access::write_only)
            return Verdict::refuses(
                "poll_io and poll_sq are tried with a read, which a device "
                "opened for writing only does not allow");
        if (const int error = try_read(handle, options); error != 0) {
            const std::string what = options.poll_io ? "poll_io" : "poll_sq";
            return Verdict::refuses("a read with " + what + " failed: " + os::message(error) +
                                    "; leave " + what + " out on this device");
        }
        return Verdict::serves("a read with the polling asked for worked");
    }
    if (!handle.facts.nowait)
        return Verdict::demoted(
            "reads here cannot be done without blocking (RWF_NOWAIT is "
            "refused), so the kernel hands each one to a thread of its own");
    return Verdict::serves(
        "reads that would block can be told apart, so nothing is handed to "
        "threads");
}

OpcodeSet carries(const Handle& handle) {
    OpcodeSet set{raw(NvmOpcode::flush), raw(NvmOpcode::write), raw(NvmOpcode::read)};
    if (handle.identifier.device_class == DeviceClass::file) {
        set.add(raw(FileOpcode::write));
        set.add(raw(FileOpcode::read));
        set.add(raw(FileOpcode::flush));
    }
    if (operations().fallocate) {
        if (handle.facts.can_write_zeroes) set.add(raw(NvmOpcode::write_zeroes));
        if (handle.facts.can_deallocate) set.add(raw(NvmOpcode::dataset_management));
    }
    return set;
}

Result<std::unique_ptr<AsyncQueue>, Failure> make(QueueSetup setup) {
    const std::uint32_t depth = setup.parts.slots.depth();
    RingConfig config = config_of(setup.handle, setup.device_options, depth);
    os::Fd own = os::open_again(setup.handle.fd);
    if (own) config.fd = own.get();
    auto ring = Ring::create(config);
    if (!ring) {
        return fail(ring.error(), "A queue of " + std::to_string(depth) + " commands for " +
                                      setup.handle.identifier.text +
                                      " could not be made: " + why_no_ring(ring.error().os) + ".");
    }
    std::unique_ptr<iovec[]> vectors;
    if (!operations().read_write) vectors = std::make_unique<iovec[]>(depth);
    return std::make_unique<Queue>(std::move(setup), config, std::move(*ring), std::move(own),
                                   std::move(vectors));
}

}  // namespace xnvme::be_linux::io_uring
