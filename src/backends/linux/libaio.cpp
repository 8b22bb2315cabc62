#include "backends/linux/libaio.hpp"

#include <libaio.h>
#include <linux/fs.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cerrno>
#include <ctime>
#include <optional>
#include <span>
#include <utility>

#include <xnvme/nvme/opcodes.hpp>

#include "backends/linux/sysfs.hpp"
#include "contracts/complete.hpp"
#include "os/deadline.hpp"
#include "os/error_text.hpp"
#include "os/event.hpp"
#include "os/fd.hpp"

namespace xnvme::be_linux::libaio {

namespace {

using ::xnvme::nvme::FileOpcode;
using ::xnvme::nvme::NvmOpcode;

template <class Opcode>
constexpr std::uint8_t raw(Opcode opcode) noexcept {
    return static_cast<std::uint8_t>(opcode);
}

/// The head of the ring of completions that the kernel maps where `io_context_t` points.
/// Linux, fs/aio.c: struct aio_ring. The layout is what user space reaps by since Linux 2.6.
struct AioRing {
    unsigned id;
    unsigned entries;
    std::atomic<unsigned> head;
    std::atomic<unsigned> tail;
    unsigned magic;
    unsigned compatible_features;
    unsigned incompatible_features;
    unsigned header_bytes;
    ::io_event events[];
};
constexpr unsigned kMagic = 0xa10a10a1;

/// A context of the kernel's. Destroying it cancels what it can, and waits for the rest.
class AioContext {
  public:
    static Result<AioContext> create(std::uint32_t entries) noexcept {
        AioContext context;
        const int error = io_setup(static_cast<int>(entries), &context.context_);
        if (error != 0) return fail(Error::of_system(-error));
        return context;
    }
    AioContext(AioContext&& other) noexcept : context_(std::exchange(other.context_, nullptr)) {}
    AioContext& operator=(AioContext&&) = delete;
    ~AioContext() {
        // Linux 3.11: io_destroy returns when all requests have ended.
        if (context_ != nullptr) io_destroy(context_);
    }
    io_context_t get() const noexcept { return context_; }
    AioRing* ring() const noexcept { return reinterpret_cast<AioRing*>(context_); }

  private:
    AioContext() noexcept = default;
    io_context_t context_ = nullptr;
};

std::string why_no_context(int os_errno) {
    switch (os_errno) {
        case ENOSYS:
            return "this kernel was built without it (CONFIG_AIO); use io_uring or thrpool";
        case EAGAIN: {
            const auto used = read_line("/proc/sys/fs/aio-nr").value_or("?");
            const auto most = read_line("/proc/sys/fs/aio-max-nr").value_or("?");
            return "the system's limit of requests is reached (" + used + " of " + most +
                   " in use): raise it with sysctl fs.aio-max-nr=1048576, or use a smaller depth";
        }
        default:
            return "io_setup failed: " + os::message(os_errno);
    }
}

/// Whether the kernel flushes (Linux 4.18), tried out on a file in memory, where it costs nothing.
bool flushes() noexcept {
    const os::Fd file(::memfd_create("xnvme", MFD_CLOEXEC));
    auto context = AioContext::create(1);
    if (!context || !file) return false;
    ::iocb request{};
    request.aio_lio_opcode = IO_CMD_FDSYNC;
    request.aio_fildes = file.get();
    ::iocb* list[] = {&request};
    if (io_submit(context->get(), 1, list) != 1) return false;
    ::io_event event{};
    int count = 0;
    do {
        count = io_getevents(context->get(), 1, 1, &event, nullptr);
    } while (count == -EINTR);
    return count == 1 && static_cast<std::int64_t>(event.res) == 0;
}

/// The queue. Requests are staged in an array that `poll` and `wait` hand on whole.
class Queue final : public AsyncQueue {
  public:
    Queue(QueueSetup setup, AioContext context, os::Event event, std::unique_ptr<::iocb[]> requests,
          std::unique_ptr<::iocb*[]> staged) noexcept
        : AsyncQueue(std::move(setup.parts)),
          context_(std::move(context)),
          event_(std::move(event)),
          ring_(context_.ring()),
          requests_(std::move(requests)),
          staged_(std::move(staged)),
          fd_(setup.handle.fd) {
        const Geometry& geometry = setup.handle.facts.geometry;
        if (std::has_single_bit(geometry.block_bytes)) {
            const auto shift = static_cast<unsigned>(std::countr_zero(geometry.block_bytes));
            operations_[raw(NvmOpcode::write)] = Operation{IO_CMD_PWRITE, shift};
            operations_[raw(NvmOpcode::read)] = Operation{IO_CMD_PREAD, shift};
        }
        operations_[raw(FileOpcode::write)] = Operation{IO_CMD_PWRITE, 0};
        operations_[raw(FileOpcode::read)] = Operation{IO_CMD_PREAD, 0};
        operations_[raw(NvmOpcode::flush)] = Operation{IO_CMD_FDSYNC, 0};
        operations_[raw(FileOpcode::flush)] = Operation{IO_CMD_FDSYNC, 0};
        for (std::uint32_t i = 0; i < depth(); ++i) {
            requests_[i].aio_fildes = fd_;
            requests_[i].data = &slots().at(i);
            io_set_eventfd(&requests_[i], static_cast<int>(event_.handle()));
        }
        reaps_ = ring_->magic == kMagic && ring_->incompatible_features == 0;
    }

    void submit(Context& context) noexcept override {
        stage(context);
        if (watched_) [[unlikely]]
            hand_on();
    }

    void submit_batch(Context* const* contexts, std::uint32_t count) noexcept override {
        for (std::uint32_t i = 0; i < count; ++i) stage(*contexts[i]);
        hand_on();
    }

    std::uint32_t poll(std::uint32_t max) noexcept override {
        if (watched_) [[unlikely]]
            event_.clear();
        if (staged_count_ != 0) hand_on();
        const std::uint32_t count = fail_refused(max);
        const std::uint32_t reaped = count + reap(max - count);
        // What `max` left behind, or the kernel did not take, must keep the descriptor readable.
        if (watched_ && (ready() != 0 || staged_count_ != 0)) [[unlikely]]
            event_.signal();
        return reaped;
    }

    Result<std::uint32_t> wait(std::uint32_t min, std::uint32_t max,
                               std::chrono::nanoseconds timeout) noexcept override;
    Result<NativeHandle> completion_fd() noexcept override;
    Result<NativeHandle> sleep_fd() noexcept override;

  private:
    struct Operation {
        std::uint8_t opcode = IO_CMD_NOOP;
        std::uint8_t shift = 0;
        constexpr Operation() = default;
        constexpr Operation(unsigned code, unsigned bits)
            : opcode(static_cast<std::uint8_t>(code)), shift(static_cast<std::uint8_t>(bits)) {}
    };

    [[gnu::always_inline]] void stage(Context& context) noexcept {
        const Operation operation = operations_[context.command.opcode];
        ::iocb& request = requests_[static_cast<std::size_t>(&context - &slots().at(0))];
        request.aio_lio_opcode = operation.opcode;
        request.u.c.buf = reinterpret_cast<void*>(context.command.data);
        request.u.c.nbytes = context.bytes;
        request.u.c.offset =
            std::bit_cast<long long>(std::uint64_t{context.command.slba() << operation.shift});
        // Force unit access (bit 30 of command dword 12) is a synchronous write: RWF_DSYNC, 2.
        request.aio_rw_flags = (context.command.cdw12 >> 29) & 2;
        staged_[staged_count_++] = &request;
        if ((context.options & kVectored) != 0 || context.command.metadata != 0 ||
            operation.opcode > IO_CMD_PWRITE) [[unlikely]]
            stage_other(context, request);
    }

    [[gnu::noinline]] void stage_other(Context& context, ::iocb& request) noexcept {
        if (context.command.metadata != 0 && worker() != nullptr) {
            --staged_count_;
            hand_to_worker(context);
            return;
        }
        if (request.aio_lio_opcode == IO_CMD_FDSYNC) {
            // The kernel refuses a flush whose other fields are set.
            request.u.c.buf = nullptr;
            request.u.c.nbytes = 0;
            request.u.c.offset = 0;
            request.aio_rw_flags = 0;
            return;
        }
        request.aio_lio_opcode =
            request.aio_lio_opcode == IO_CMD_PWRITE ? IO_CMD_PWRITEV : IO_CMD_PREADV;
        request.u.c.nbytes = context.command.data_bytes;
    }

    unsigned ready() const noexcept {
        // Acquire: the events are read after the tail that covers them.
        const unsigned tail = ring_->tail.load(std::memory_order_acquire);
        const unsigned head = ring_->head.load(std::memory_order_relaxed);
        return tail >= head ? tail - head : ring_->entries - head + tail;
    }

    void hand_on() noexcept;
    std::uint32_t reap(std::uint32_t max) noexcept;
    std::uint32_t reap_by_call(std::uint32_t max) noexcept;
    std::uint32_t take_events(std::span<const ::io_event> events) noexcept;
    void settle(Context& context, std::int64_t result) noexcept {
        if (result != static_cast<std::int64_t>(context.bytes)) [[unlikely]]
            complete_transfer(context, result);
    }
    std::uint32_t fail_refused(std::uint32_t max) noexcept;

    std::array<Operation, 256> operations_{};
    AioContext context_;
    /// Every request signals it (IOCB_FLAG_RESFD), from the first: what was submitted without could
    /// not be slept on later. Nobody reads it until somebody watches.
    os::Event event_;
    AioRing* ring_;
    std::unique_ptr<::iocb[]> requests_;  ///< One per slot.
    std::unique_ptr<::iocb*[]> staged_;
    std::uint32_t staged_count_ = 0;
    std::uint32_t refused_count_ = 0;  ///< Staged requests, from the first, that were refused.
    int refused_errno_ = 0;
    int fd_;
    bool reaps_ = false;
    bool watched_ = false;
};

void Queue::hand_on() noexcept {
    // Without a list, io_submit takes nothing: what was refused is completed first, in its turn.
    if (refused_count_ != 0 || staged_count_ == 0) return;
    std::uint32_t taken = 0;
    while (taken < staged_count_) {
        const int count = io_submit(context_.get(), static_cast<long>(staged_count_ - taken),
                                    staged_.get() + taken);
        if (count > 0) {
            taken += static_cast<std::uint32_t>(count);
            continue;
        }
        // EAGAIN: the kernel is short of requests or the device is congested; the rest stays
        // staged. Anything else is about the first request that was left.
        if (count != -EAGAIN && count != -EINTR && count < 0) {
            refused_count_ = 1;
            refused_errno_ = -count;
        }
        break;
    }
    std::move(staged_.get() + taken, staged_.get() + staged_count_, staged_.get());
    staged_count_ -= taken;
}

std::uint32_t Queue::fail_refused(std::uint32_t max) noexcept {
    std::uint32_t failed = 0;
    while (refused_count_ != 0 && failed < max) {
        Context& context = *static_cast<Context*>(staged_[0]->data);
        --staged_count_;
        std::move(staged_.get() + 1, staged_.get() + 1 + staged_count_, staged_.get());
        refused_count_ = 0;
        complete_system(context, refused_errno_);
        complete(context);
        ++failed;
        // The requests behind it may be fine.
        if (staged_count_ != 0) hand_on();
    }
    return failed;
}

std::uint32_t Queue::reap(std::uint32_t max) noexcept {
    if (!reaps_) [[unlikely]]
        return reap_by_call(max);
    const std::uint32_t count = std::min(ready(), max);
    if (count == 0) return 0;
    unsigned head = ring_->head.load(std::memory_order_relaxed);
    const unsigned entries = ring_->entries;
    completed(count);
    // The head moves after the callbacks, in one store. Until then the kernel sees the ring fuller
    // than it is, and it has room for twice the depth.
    for (std::uint32_t i = 0; i < count; ++i) {
        const ::io_event& event = ring_->events[head];
        head = head + 1 == entries ? 0 : head + 1;
        Context& context = *static_cast<Context*>(event.data);
        settle(context, static_cast<std::int64_t>(event.res));
        call_back(context);
    }
    // Release: the events have been read before the kernel may write to them again.
    ring_->head.store(head, std::memory_order_release);
    return count;
}

std::uint32_t Queue::take_events(std::span<const ::io_event> events) noexcept {
    completed(static_cast<std::uint32_t>(events.size()));
    for (const ::io_event& event : events) {
        Context& context = *static_cast<Context*>(event.data);
        settle(context, static_cast<std::int64_t>(event.res));
        call_back(context);
    }
    return static_cast<std::uint32_t>(events.size());
}

std::uint32_t Queue::reap_by_call(std::uint32_t max) noexcept {
    std::uint32_t count = 0;
    std::array<::io_event, 64> events;
    timespec none{};
    while (count < max) {
        const long room = std::min<long>(static_cast<long>(events.size()), max - count);
        const int got = io_getevents(context_.get(), 0, room, events.data(), &none);
        if (got <= 0) break;
        count += take_events(std::span(events).first(static_cast<std::size_t>(got)));
    }
    return count;
}

Result<std::uint32_t> Queue::wait(std::uint32_t min, std::uint32_t max,
                                  std::chrono::nanoseconds timeout) noexcept {
    const os::Deadline deadline(timeout);
    for (;;) {
        if (const std::uint32_t count = poll(max); count != 0 || in_flight() == 0 || max == 0)
            return count;
        if (deadline.passed()) return 0u;
        const std::uint32_t in_kernel = in_flight() - staged_count_;
        if (in_kernel == 0) {
            // The kernel has nothing of this queue's, and takes nothing now.
            ::sched_yield();
            continue;
        }
        // Sleeping and reaping are one call: what it sleeps for, it takes out of the ring.
        std::array<::io_event, 64> events;
        const long room = std::min<long>(static_cast<long>(events.size()), max);
        const long want = std::min<long>(room, std::min(min, in_kernel));
        const auto left = deadline.left();
        timespec time{static_cast<time_t>(left.count() / 1'000'000'000),
                      static_cast<long>(left.count() % 1'000'000'000)};
        const int got = io_getevents(context_.get(), want, room, events.data(),
                                     deadline.endless() ? nullptr : &time);
        if (got == -EINTR) continue;
        if (got < 0) return fail(Error::of_system(-got));
        if (got == 0) continue;
        const std::uint32_t taken =
            take_events(std::span(events).first(static_cast<std::size_t>(got)));
        return taken + reap(max - taken);
    }
}

Result<NativeHandle> Queue::completion_fd() noexcept {
    if (!watched_) {
        watched_ = true;
        hand_on();
        // The first look is free: there may be completions that were signalled and not reaped.
        event_.signal();
    }
    return event_.handle();
}

Result<NativeHandle> Queue::sleep_fd() noexcept {
    // Signals of what was reaped already are old; one that comes between the two lines stays.
    event_.clear();
    if (ready() != 0) event_.signal();
    return event_.handle();
}

}  // namespace

Verdict machine() {
    // Kept once it is true: io_destroy waits for the whole kernel to pass by (RCU), which takes
    // tens of milliseconds.
    static std::atomic<bool> has_it{false};
    if (!has_it.load(std::memory_order_relaxed)) {
        auto context = AioContext::create(1);
        if (!context) return Verdict::refuses(why_no_context(context.error().os));
        has_it.store(true, std::memory_order_relaxed);
    }
    return Verdict::serves("the kernel has it");
}

Verdict probe(const Handle& handle, const Options& options) {
    if (const Verdict verdict = machine(); verdict.kind == Verdict::Kind::refuses) return verdict;
    const DeviceClass device_class = handle.identifier.device_class;
    if (device_class == DeviceClass::nvme_generic || device_class == DeviceClass::nvme_controller)
        return Verdict::refuses(
            "libaio reads and writes files and block devices; use io_uring_cmd here");
    if (options.poll_io || options.poll_sq)
        return Verdict::refuses(
            "poll_io and poll_sq are io_uring's; leave them out, or use "
            "io_uring");
    if (!std::has_single_bit(handle.facts.geometry.block_bytes))
        return Verdict::refuses("the block size is no power of two; use io_uring_cmd");
    if (!handle.direct)
        return Verdict::demoted("without direct its submissions block until the data is there");
    if (handle.facts.in_memory)
        return Verdict::demoted(
            "the data is copied during submission, which plain calls do for less");
    return Verdict::serves("direct I/O is handed to the device in batches");
}

OpcodeSet carries(const Handle& handle) {
    static const bool can_flush = flushes();
    OpcodeSet set{raw(NvmOpcode::write), raw(NvmOpcode::read)};
    const bool file = handle.identifier.device_class == DeviceClass::file;
    if (file) {
        set.add(raw(FileOpcode::write));
        set.add(raw(FileOpcode::read));
    }
    if (can_flush) {
        set.add(raw(NvmOpcode::flush));
        if (file) set.add(raw(FileOpcode::flush));
    }
    return set;
}

Result<std::unique_ptr<AsyncQueue>, Failure> make(QueueSetup setup) {
    const std::uint32_t depth = setup.parts.slots.depth();
    auto context = AioContext::create(depth);
    if (!context) {
        return fail(context.error(), "A queue of " + std::to_string(depth) + " commands for " +
                                         setup.handle.identifier.text + " could not be made: " +
                                         why_no_context(context.error().os) + ".");
    }
    auto event = os::Event::create();
    if (!event) {
        return fail(event.error(), "The queue's eventfd could not be made: " +
                                       os::message(event.error().os) + ".");
    }
    return std::make_unique<Queue>(std::move(setup), std::move(*context), std::move(*event),
                                   std::make_unique<::iocb[]>(depth),
                                   std::make_unique<::iocb*[]>(depth));
}

}  // namespace xnvme::be_linux::libaio
