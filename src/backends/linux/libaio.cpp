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
#include "os/posix/file.hpp"

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

/// The requests of all contexts of the system, and how many there may be.
constexpr const char* kUsed = "/proc/sys/fs/aio-nr";
constexpr const char* kMost = "/proc/sys/fs/aio-max-nr";

bool limit_is_reached() {
    const auto used = read_number(kUsed);
    const auto most = read_number(kMost);
    return used && most && *used >= *most;
}

std::string why_no_context(int os_errno) {
    switch (os_errno) {
        case ENOSYS:
            return "this kernel was built without it (CONFIG_AIO); use io_uring or thrpool";
        case EAGAIN: {
            const auto used = read_line(kUsed).value_or("?");
            const auto most = read_line(kMost).value_or("?");
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

/// On a cache line of its own.
struct alignas(64) Request {
    ::iocb block{};
};

/// The queue. `poll` and `wait` make requests of what is staged and hand them on together.
class Queue final : public AsyncQueue {
  public:
    Queue(QueueSetup setup, AioContext context, os::Event event, os::Fd own,
          std::unique_ptr<Request[]> requests) noexcept
        : AsyncQueue(std::move(setup.parts), Staging::inlined),
          own_(std::move(own)),
          context_(std::move(context)),
          event_(std::move(event)),
          ring_(context_.ring()),
          requests_(std::move(requests)),
          list_(new(slots().spare())::iocb* [depth()] {}),
          fd_(own_ ? own_.get() : setup.handle.fd) {
        const Geometry& geometry = setup.handle.facts.geometry;
        heads_.fill(IO_CMD_NOOP);
        if (std::has_single_bit(geometry.block_bytes)) {
            shift_ = static_cast<unsigned>(std::countr_zero(geometry.block_bytes));
            set_operation(raw(NvmOpcode::write), IO_CMD_PWRITE);
            set_operation(raw(NvmOpcode::read), IO_CMD_PREAD);
        }
        set_operation(raw(FileOpcode::write), IO_CMD_PWRITE);
        set_operation(raw(FileOpcode::read), IO_CMD_PREAD);
        set_operation(raw(NvmOpcode::flush), IO_CMD_FDSYNC);
        set_operation(raw(FileOpcode::flush), IO_CMD_FDSYNC);
        for (std::uint32_t i = 0; i < depth(); ++i) {
            for (Request* const request : {&requests_[i], &requests_[depth() + i]}) {
                request->block.data = &slots().at(i);
                io_set_eventfd(&request->block, static_cast<int>(event_.handle()));
            }
        }
        to_request_ = reinterpret_cast<std::uintptr_t>(requests_.get()) -
                      (reinterpret_cast<std::uintptr_t>(&slots().at(0)) >> 1);
        reaps_ = ring_->magic == kMagic && ring_->incompatible_features == 0;
    }

    void submit(Context& context) noexcept override {
        stage_again(context);
        if (watched_) [[unlikely]]
            hand_on();
    }

    void submit_batch(Context* const* contexts, std::uint32_t count) noexcept override {
        stage_again(contexts, count);
        hand_on();
    }

    std::uint32_t poll(std::uint32_t max) noexcept override {
        if (watched_) [[unlikely]]
            event_.clear();
        hand_on();
        std::uint32_t reaped = 0;
        if (refused_count_ != 0) [[unlikely]]
            reaped = fail_refused(max);
        reaped += reap(max - reaped);
        // What `max` left behind, or the kernel did not take, must keep the descriptor readable.
        if (watched_ && (ready() != 0 || staged_count() != 0 || request_count_ != 0)) [[unlikely]]
            event_.signal();
        return reaped;
    }

    Result<std::uint32_t> wait(std::uint32_t min, std::uint32_t max,
                               std::chrono::nanoseconds timeout) noexcept override;
    Result<NativeHandle> completion_fd() noexcept override;
    Result<NativeHandle> sleep_fd() noexcept override;

  private:
    /// The eight-byte words of a request, in the order of `struct iocb`.
    struct Words {
        std::uint64_t data;
        std::uint64_t key;  ///< And, in the upper half, aio_rw_flags.
        std::uint64_t head;
        std::uint64_t address;
        std::uint64_t bytes;
        std::uint64_t offset;
        std::uint64_t rest[2];
    };
    static_assert(sizeof(Words) == sizeof(::iocb));

    void set_operation(std::uint8_t code, unsigned operation) noexcept {
        heads_[code] = operation | (std::uint64_t{static_cast<unsigned>(fd_)} << 32);
    }

    /// The second request of a context, for `make_other`.
    Words& other_of(const Context& context) noexcept {
        return reinterpret_cast<Words&>(requests_[depth() + slots().index_of(context)]);
    }

    /// Makes requests of what is staged.
    void make_requests() noexcept {
        std::span<Context* const> contexts = take_staged();
        while (!contexts.empty()) {
            const std::size_t made = make_transfers(contexts);
            request_count_ += static_cast<std::uint32_t>(made);
            contexts = contexts.subspan(made);
            if (contexts.empty()) break;
            make_other(*contexts.front());
            contexts = contexts.subspan(1);
        }
    }

    /// Makes requests up to the first command that needs a closer look. Returns how many.
    std::size_t make_transfers(std::span<Context* const> contexts) noexcept {
        const unsigned shift = shift_;
        const std::uintptr_t to_request = to_request_;
        const auto* const heads = heads_.data();
        ::iocb** const list = list_ + request_count_;
        const std::size_t count = contexts.size();
        std::uint32_t options = 0;
        for (std::size_t i = 0; i < count; ++i) {
            const Context& context = *contexts[i];
            const Command& command = context.command;
            // A request is half as large as a context, so that its place follows from the other's.
            static_assert(sizeof(Context) == 2 * sizeof(Words));
            auto* const words = reinterpret_cast<volatile Words*>(
                (reinterpret_cast<std::uintptr_t>(&context) >> 1) + to_request);
            options |= context.options;
            list[i] = const_cast<::iocb*>(reinterpret_cast<volatile ::iocb*>(words));
            words->head = heads[command.opcode];
            words->address = command.data;
            words->bytes = context.bytes;
            words->offset = command.slba() << shift;
        }
        // Looked at once for all: what was made from the first of those on is made again.
        if ((options & kCloserLook) != 0) [[unlikely]] {
            const auto closer = [](const Context* context) {
                return (context->options & kCloserLook) != 0;
            };
            return static_cast<std::size_t>(std::ranges::find_if(contexts, closer) -
                                            contexts.begin());
        }
        return count;
    }

    [[gnu::noinline]] void make_other(Context& context) noexcept {
        const Command& command = context.command;
        if (command.metadata != 0 && worker() != nullptr) return hand_to_worker(context);
        Words& words = other_of(context);
        auto& request = reinterpret_cast<::iocb&>(words);
        list_[request_count_++] = &request;
        // The kernel refuses a flush whose other fields are set. The flags of a request that is
        // used for nothing but plain reads and writes stay 0.
        words.head = heads_[command.opcode];
        words.key = words.address = words.bytes = words.offset = 0;
        if (request.aio_lio_opcode == IO_CMD_FDSYNC) return;
        words.address = command.data;
        words.bytes = context.bytes;
        words.offset = command.slba() << rules().of(command).shift;
        // Force unit access is a synchronous write.
        if ((command.cdw12 & kForceUnitAccess) != 0) request.aio_rw_flags = RWF_DSYNC;
        if ((context.options & kVectored) == 0) return;
        request.aio_lio_opcode =
            request.aio_lio_opcode == IO_CMD_PWRITE ? IO_CMD_PWRITEV : IO_CMD_PREADV;
        words.bytes = command.data_bytes;
    }

    unsigned ready() const noexcept {
        // Acquire: the events are read after the tail that covers them.
        const unsigned tail = ring_->tail.load(std::memory_order_acquire);
        const unsigned head = ring_->head.load(std::memory_order_relaxed);
        return tail >= head ? tail - head : ring_->entries - head + tail;
    }

    void hand_on() noexcept;
    void drop_requests(std::uint32_t count) noexcept;
    std::uint32_t reap(std::uint32_t max) noexcept;
    std::uint32_t reap_by_call(std::uint32_t max) noexcept;
    std::uint32_t take_events(std::span<const ::io_event> events) noexcept;
    void report(const ::io_event* event, std::uint32_t count) noexcept;
    std::uint32_t fail_refused(std::uint32_t max) noexcept;

    /// By opcode: the word of a request that has the kernel's opcode and the descriptor.
    std::array<std::uint64_t, 256> heads_{};
    unsigned shift_ = 0;  ///< log2 of a block's bytes.
    os::Fd own_;          ///< Of this queue alone, where the system gave one.
    AioContext context_;
    /// Every request signals it (IOCB_FLAG_RESFD), from the first: what was submitted without could
    /// not be slept on later. Nobody reads it until somebody watches.
    os::Event event_;
    AioRing* ring_;
    std::unique_ptr<Request[]> requests_;  ///< Two per slot: for `make_transfers`, `make_other`.
    std::uintptr_t to_request_ = 0;  ///< From half a context's address to its first request's.
    ::iocb** list_;                  ///< Those that the kernel has not taken.
    std::uint32_t request_count_ = 0;
    std::uint32_t refused_count_ = 0;  ///< Requests of the list, from the first, that were refused.
    int refused_errno_ = 0;
    int fd_;
    bool reaps_ = false;
    bool watched_ = false;
};

void Queue::hand_on() noexcept {
    if (staged_count() != 0) make_requests();
    // What was refused is completed first, in its turn.
    if (refused_count_ != 0 || request_count_ == 0) return;
    std::uint32_t taken = 0;
    while (taken < request_count_) {
        const int count =
            io_submit(context_.get(), static_cast<long>(request_count_ - taken), list_ + taken);
        if (count > 0) {
            taken += static_cast<std::uint32_t>(count);
            continue;
        }
        // EAGAIN: the kernel is short of requests or the device is congested; the rest stays
        // for later. Anything else is about the first request that was left.
        if (count != -EAGAIN && count != -EINTR && count < 0) {
            refused_count_ = 1;
            refused_errno_ = -count;
        }
        break;
    }
    if (taken == request_count_) [[likely]]
        request_count_ = 0;
    else
        drop_requests(taken);
}

void Queue::drop_requests(std::uint32_t count) noexcept {
    std::move(list_ + count, list_ + request_count_, list_);
    request_count_ -= count;
}

std::uint32_t Queue::fail_refused(std::uint32_t max) noexcept {
    std::uint32_t failed = 0;
    while (refused_count_ != 0 && failed < max) {
        Context& context = *static_cast<Context*>(list_[0]->data);
        drop_requests(1);
        refused_count_ = 0;
        complete_system(context, refused_errno_);
        complete(context);
        ++failed;
        // The requests behind it may be fine.
        hand_on();
    }
    return failed;
}

std::uint32_t Queue::reap(std::uint32_t max) noexcept {
    if (!reaps_) [[unlikely]]
        return reap_by_call(max);
    const std::uint32_t count = std::min(ready(), max);
    if (count == 0) return 0;
    AioRing& ring = *ring_;
    const unsigned head = ring.head.load(std::memory_order_relaxed);
    completed(count);
    // The head moves after the callbacks, in one store. Until then the kernel sees the ring fuller
    // than it is, and it has room for twice the depth.
    const std::uint32_t to_end = ring.entries - head;
    unsigned next = head + count;
    if (count < to_end) [[likely]] {
        report(ring.events + head, count);
    } else {
        report(ring.events + head, to_end);
        next = count - to_end;
        report(ring.events, next);
    }
    // Release: the events have been read before the kernel may write to them again.
    ring.head.store(next, std::memory_order_release);
    return count;
}

void Queue::report(const ::io_event* event, std::uint32_t count) noexcept {
    const ::io_event* const end = event + count;
#pragma GCC unroll 2
    while (event != end) {
        Context& context = *static_cast<Context*>(event->data);
        // No command moves 4 GiB: the lower half tells its bytes from any errno.
        if (static_cast<std::uint32_t>(event->res) != context.bytes) [[unlikely]]
            complete_transfer(context, static_cast<std::int64_t>(event->res));
        ++event;
        call_back(context);
    }
}

std::uint32_t Queue::take_events(std::span<const ::io_event> events) noexcept {
    const auto count = static_cast<std::uint32_t>(events.size());
    completed(count);
    report(events.data(), count);
    return count;
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
        const std::uint32_t in_kernel = begun() - request_count_;
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
        stop_staging();
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
    // Asked for no request, io_setup makes nothing and says EINVAL. A context that were made only
    // to see that it can be would have to be destroyed again, which waits for the whole kernel to
    // pass by (RCU): tens of milliseconds. The answer is kept once it is yes.
    static std::atomic<bool> has_it{false};
    if (!has_it.load(std::memory_order_relaxed)) {
        io_context_t none = nullptr;
        int error = -io_setup(0, &none);
        if (error == EINVAL) error = limit_is_reached() ? EAGAIN : 0;
        if (error != 0) return Verdict::refuses(why_no_context(error));
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
    os::Fd own = os::open_again(setup.handle.fd);
    return std::make_unique<Queue>(std::move(setup), std::move(*context), std::move(*event),
                                   std::move(own),
                                   std::make_unique<Request[]>(std::size_t{2} * depth));
}

}  // namespace xnvme::be_linux::libaio
