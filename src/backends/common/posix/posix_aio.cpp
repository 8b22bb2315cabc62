#include "backends/common/posix/posix_aio.hpp"

#include <aio.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <new>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <xnvme/nvme/builders.hpp>
#include <xnvme/nvme/opcodes.hpp>

#include "backends/common/posix/aio_watcher.hpp"
#include "backends/common/posix/transfer.hpp"
#include "contracts/complete.hpp"
#include "core/cache_lines.hpp"
#include "os/deadline.hpp"
#include "os/error_text.hpp"
#include "os/fd.hpp"
#include "os/posix/aio.hpp"
#include "os/posix/file.hpp"

namespace xnvme::be_common::posix_aio {

namespace {

using nvme::FileOpcode;
using nvme::NvmOpcode;

constexpr std::uint8_t code(NvmOpcode opcode) noexcept {
    return static_cast<std::uint8_t>(opcode);
}
constexpr std::uint8_t code(FileOpcode opcode) noexcept {
    return static_cast<std::uint8_t>(opcode);
}

/// A command, and the request of the system that moves its next part.
struct Request {
    struct aiocb control{};
    Context* context = nullptr;
    bool plain = false;  ///< One request moves it all: what follows is filled in if that fails.
    std::span<const IoVec> list;  ///< What is left of the data: from `into` of its first element.
    std::size_t into = 0;
    IoVec single;              ///< What `list` shows of a command with one buffer.
    std::uint64_t offset = 0;  ///< Of the command's first byte.
    std::uint64_t moved = 0;
    bool write = false;
    bool flush_after = false;  ///< A flush is the command's next, and last, part.
    bool flushing = false;     ///< That part is under way.
};

// The list of those that run is handed to the system as it is.
static_assert(std::is_standard_layout_v<Request> && offsetof(Request, control) == 0);
Request& request_of(struct aiocb* control) noexcept {
    return *reinterpret_cast<Request*>(control);
}

class AioQueue final : public AsyncQueue {
  public:
    AioQueue(QueueParts parts, const Handle& handle, os::Fd fd) noexcept
        : AsyncQueue(std::move(parts), Staging::inlined),
          fd_(std::move(fd)),
          unit_(handle.direct ? std::max(handle.facts.geometry.block_bytes, 1u) : 1) {}
    ~AioQueue() override;

    void create();

    void submit(Context& context) noexcept override;
    void submit_batch(Context* const* contexts, std::uint32_t count) noexcept override;
    std::uint32_t poll(std::uint32_t max) noexcept override;
    Result<std::uint32_t> wait(std::uint32_t min, std::uint32_t max,
                               std::chrono::nanoseconds timeout) noexcept override;
    Result<NativeHandle> completion_fd() noexcept override;

  private:
    /// What became of handing a part to the system.
    enum class Handed : std::uint8_t { running, no_room, finished };

    void start_staged() noexcept;
    void begin(Context& context) noexcept;
    void spread(Request& request) noexcept;
    Handed start(Request& request, bool write) noexcept;
    Handed started(Request& request, int why) noexcept;
    void prepare(struct aiocb& control) const noexcept;
    Handed hand_on(Request& request) noexcept;
    void advance(Request& request, std::uint64_t bytes) noexcept;
    bool settle(Request& request, int why, std::int64_t moved) noexcept;
    std::uint32_t report_finished(std::uint32_t max) noexcept;
    void start_waiting() noexcept;
    void finish(Request& request) noexcept;
    void signal_watcher() noexcept;
    Result<void> suspend(std::uint32_t min, std::chrono::nanoseconds left) noexcept;

    /// Of this queue alone: glibc serves the requests of one descriptor one after another.
    os::Fd fd_;
    std::uint32_t unit_;
    CacheLineVector<Request> requests_;
    CacheLineVector<Request*> free_;
    CacheLineVector<struct aiocb*> running_;  ///< With the system, oldest first.
    CacheLineVector<Request*> waiting_;       ///< The system had no room for them, oldest first.
    CacheLineVector<Request*> finished_;      ///< Completed, but for being reported.
    std::unique_ptr<AioWatcher> watcher_;
};

void AioQueue::create() {
    requests_.resize(depth());
    free_.reserve(depth());
    // While `poll` goes through one of these, the same requests may be appended again.
    running_.reserve(std::size_t{2} * depth());
    waiting_.reserve(std::size_t{2} * depth());
    finished_.reserve(std::size_t{2} * depth());
    for (std::size_t i = requests_.size(); i-- > 0;) {
        prepare(requests_[i].control);
        free_.push_back(&requests_[i]);
    }
}

void AioQueue::prepare(struct aiocb& control) const noexcept {
    std::memset(&control, 0, sizeof(control));
    control.aio_fildes = fd_.get();
    control.aio_sigevent.sigev_notify = SIGEV_NONE;
}

AioQueue::~AioQueue() {
    // Everything is waited for, as the system may still write to its memory. aio_cancel is of no
    // use here: glibc forgets the requests behind one that it takes out before it was started
    // (glibc 2.36, __aio_remove_request), and they never end.
    for (struct aiocb* control : running_) {
        while (::aio_error(control) == EINPROGRESS) ::aio_suspend(&control, 1, nullptr);
        ::aio_return(control);
    }
}

void AioQueue::submit(Context& context) noexcept {
    stage_again(context);
    if (watcher_ != nullptr) [[unlikely]]
        start_staged();
}

void AioQueue::submit_batch(Context* const* contexts, std::uint32_t count) noexcept {
    stage_again(contexts, count);
    start_staged();
}

/// Hands what is staged to the system.
void AioQueue::start_staged() noexcept {
    for (Context* const context : take_staged()) begin(*context);
    if (watcher_ != nullptr) [[unlikely]]
        signal_watcher();
}

void AioQueue::begin(Context& context) noexcept {
    const Command& command = context.command;
    const bool write = command.opcode == code(NvmOpcode::write);
    const bool forced = write && (command.cdw12 & nvme::kForceUnitAccess) != 0;
    if (forced && !os::kAioFlushIsDurable && worker() != nullptr) [[unlikely]]
        return hand_to_worker(context);
    Request& request = *free_.back();
    free_.pop_back();
    request.context = &context;
    request.plain = !forced && (write || command.opcode == code(NvmOpcode::read)) &&
                    (context.options & kVectored) == 0 && os::kAioReusesBlocks;
    Handed handed = Handed::no_room;
    if (request.plain && waiting_.empty()) [[likely]] {
        request.control.aio_offset =
            static_cast<off_t>(command.slba() << rules().of(command).shift);
        request.control.aio_buf = reinterpret_cast<void*>(command.data);
        request.control.aio_nbytes = command.data_bytes;
        handed = start(request, write);
    } else {
        spread(request);
        // Those that wait for room go first.
        if (waiting_.empty()) handed = hand_on(request);
    }
    if (handed == Handed::no_room) [[unlikely]] {
        if (request.plain) spread(request);
        waiting_.push_back(&request);
    }
}

/// Fills in what is left to do of a command: all of it.
void AioQueue::spread(Request& request) noexcept {
    Context& context = *request.context;
    const Command& command = context.command;
    request.plain = false;
    request.into = 0;
    request.moved = 0;
    request.flushing = false;
    request.write =
        command.opcode == code(NvmOpcode::write) || command.opcode == code(FileOpcode::write);
    if (request.write || command.opcode == code(NvmOpcode::read) ||
        command.opcode == code(FileOpcode::read)) {
        request.list = data_of(context, request.single);
        request.offset = command.slba() << rules().of(command).shift;
        request.flush_after = command.opcode == code(NvmOpcode::write) &&
                              (command.cdw12 & nvme::kForceUnitAccess) != 0;
    } else {
        request.list = {};
        request.flush_after = true;
    }
}

/// Signals for what no request of ours will tell of.
void AioQueue::signal_watcher() noexcept {
    if (!finished_.empty() || (running_.empty() && !waiting_.empty())) watcher_->signal();
}

/// Hands a command's next part to the system, or finishes it where none is left or the system says
/// no.
AioQueue::Handed AioQueue::hand_on(Request& request) noexcept {
    while (!request.list.empty() && request.into == request.list.front().bytes) {
        request.list = request.list.subspan(1);
        request.into = 0;
    }
    if (request.list.empty() && !request.flush_after) {
        complete_transfer(*request.context, static_cast<std::int64_t>(request.moved));
        finish(request);
        return Handed::finished;
    }
    if (!os::kAioReusesBlocks) prepare(request.control);
    int why = 0;
    if (request.list.empty()) {
        request.flushing = true;
        why = os::aio_start_flush(request.control);
    } else {
        request.control.aio_offset = static_cast<off_t>(request.offset + request.moved);
        IoVec part{static_cast<std::byte*>(request.list.front().base) + request.into,
                   request.list.front().bytes - request.into};
        if (request.into == 0 && request.list.size() > 1 && os::kAioElementsMax > 1) {
            const std::size_t count =
                std::min<std::size_t>(request.list.size(), os::kAioElementsMax);
            why = os::aio_start_vectored(request.control, request.write, request.list.first(count));
        } else {
            for (const IoVec& next : request.list.subspan(1)) {
                if (next.base != static_cast<std::byte*>(part.base) + part.bytes) break;
                part.bytes += next.bytes;
            }
            request.control.aio_buf = part.base;
            request.control.aio_nbytes = part.bytes;
            return start(request, request.write);
        }
    }
    return started(request, why);
}

/// Starts the read or write that the request's control block has.
AioQueue::Handed AioQueue::start(Request& request, bool write) noexcept {
    const int result = write ? ::aio_write(&request.control) : ::aio_read(&request.control);
    return started(request, result == 0 ? 0 : errno);
}

/// The system took the request, or said why not.
AioQueue::Handed AioQueue::started(Request& request, int why) noexcept {
    if (why == EAGAIN) return Handed::no_room;
    if (why != 0) {
        complete_transfer(*request.context, -why);
        finish(request);
        return Handed::finished;
    }
    running_.push_back(&request.control);
    if (watcher_ != nullptr) watcher_->add(request.control);
    return Handed::running;
}

void AioQueue::finish(Request& request) noexcept {
    finished_.push_back(&request);
}

void AioQueue::advance(Request& request, std::uint64_t bytes) noexcept {
    request.moved += bytes;
    while (bytes > 0) {
        const std::uint64_t step =
            std::min<std::uint64_t>(bytes, request.list.front().bytes - request.into);
        bytes -= step;
        request.into += step;
        if (request.into == request.list.front().bytes) {
            request.list = request.list.subspan(1);
            request.into = 0;
        }
    }
}

/// A request of the system ended: with an errno, or 0 and the bytes that it moved. True when that
/// was the command's last, and its completion is filled in; else it is with the system again, waits
/// for room, or has been refused.
bool AioQueue::settle(Request& request, int why, std::int64_t moved) noexcept {
    Context& context = *request.context;
    if (why != 0) {
        complete_transfer(context, -why);
        return true;
    }
    if (request.plain) {
        if (moved == static_cast<std::int64_t>(context.bytes)) [[likely]] {
            complete_ok(context);
            return true;
        }
        spread(request);
    }
    if (!request.flushing) {
        advance(request, static_cast<std::uint64_t>(moved));
        // No byte moved, or a part that direct I/O cannot go on from, is the end of the file.
        if (moved != 0 && request.moved % unit_ == 0) {
            if (hand_on(request) == Handed::no_room) waiting_.push_back(&request);
            return false;
        }
    }
    complete_transfer(context, static_cast<std::int64_t>(request.moved));
    return true;
}

void AioQueue::start_waiting() noexcept {
    std::size_t started = 0;
    while (started < waiting_.size() && hand_on(*waiting_[started]) != Handed::no_room) ++started;
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(started));
}

std::uint32_t AioQueue::poll(std::uint32_t max) noexcept {
    if (staged_count() != 0) start_staged();
    // Callbacks, and commands that go on with their next part, append to what is looked at: its end
    // is fixed here, and the room for it is there, because what is appended was taken out.
    const std::size_t count = running_.size();
    std::size_t kept = 0;
    std::size_t looked_at = 0;
    std::uint32_t done = 0;
    for (; looked_at < count && done < max; ++looked_at) {
        Request& request = request_of(running_[looked_at]);
        const int why = ::aio_error(&request.control);
        if (why == EINPROGRESS) {
            if (os::kAioIsInOrder) break;
            running_[kept++] = &request.control;
            continue;
        }
        if (watcher_ != nullptr) [[unlikely]]
            watcher_->remove(request.control);
        if (!settle(request, why, ::aio_return(&request.control))) [[unlikely]]
            continue;
        free_.push_back(&request);
        ++done;
        complete(*request.context);
    }
    if (looked_at != kept) {
        running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(kept),
                       running_.begin() + static_cast<std::ptrdiff_t>(looked_at));
    }
    if (!waiting_.empty()) [[unlikely]]
        start_waiting();
    if (!finished_.empty()) [[unlikely]]
        done += report_finished(max - done);
    if (watcher_ != nullptr) [[unlikely]] {
        watcher_->settle();
        signal_watcher();
    }
    return done;
}

/// Reports commands that ended without a request of the system.
std::uint32_t AioQueue::report_finished(std::uint32_t max) noexcept {
    // What callbacks submit and the system refuses at once waits for the next call.
    const std::size_t ready = std::min<std::size_t>(finished_.size(), max);
    for (std::size_t i = 0; i < ready; ++i) {
        Context& context = *finished_[i]->context;
        free_.push_back(finished_[i]);
        complete(context);
    }
    finished_.erase(finished_.begin(), finished_.begin() + static_cast<std::ptrdiff_t>(ready));
    return static_cast<std::uint32_t>(ready);
}

/// Sleeps until a request that the system has is done, or `left` has passed. Where they end in
/// order, until the oldest `min` are.
Result<void> AioQueue::suspend(std::uint32_t min, std::chrono::nanoseconds left) noexcept {
    // With nothing of ours running, the room that is waited for is another queue's to free, and
    // nothing tells of it.
    constexpr std::chrono::nanoseconds kLookAgain{1'000'000};
    if (running_.empty() && (left.count() < 0 || left > kLookAgain)) left = kLookAgain;
    const struct timespec limit{static_cast<time_t>(left.count() / 1'000'000'000),
                                static_cast<long>(left.count() % 1'000'000'000)};
    if (running_.empty()) {
        ::nanosleep(&limit, nullptr);
        return {};
    }
    // Where they end in order, the last of those that are waited for is enough. Not so for one: to
    // be woken for each costs a tenth more processor time than the list does (glibc 2.36).
    std::span<struct aiocb* const> list = running_;
    if (os::kAioIsInOrder && min > 1)
        list = list.subspan(std::min<std::size_t>(min, list.size()) - 1, 1);
    if (::aio_suspend(list.data(), static_cast<int>(list.size()),
                      left.count() < 0 ? nullptr : &limit) == 0 ||
        errno == EAGAIN || errno == EINTR)
        return {};
    return fail(Error::of_system(errno));
}

Result<std::uint32_t> AioQueue::wait(std::uint32_t min, std::uint32_t max,
                                     std::chrono::nanoseconds timeout) noexcept {
    min = std::max(min, 1u);
    const os::Deadline deadline(timeout);
    for (;;) {
        if (const std::uint32_t done = poll(max); done > 0 || in_flight() == 0) return done;
        if (deadline.passed()) return 0;
        if (auto slept = suspend(min, deadline.left()); !slept)
            return std::unexpected(slept.error());
    }
}

Result<NativeHandle> AioQueue::completion_fd() noexcept {
    if (watcher_ == nullptr) {
        auto watcher = AioWatcher::start(depth());
        if (!watcher) return std::unexpected(watcher.error());
        stop_staging();
        start_staged();
        watcher_ = std::move(*watcher);
        for (const struct aiocb* control : running_) watcher_->add(*control);
        signal_watcher();
    }
    return watcher_->handle();
}

}  // namespace

Verdict machine() {
    return Verdict::serves("part of the C library");
}

Verdict probe(const Handle& handle, const Options&) {
    if (handle.fd < 0)
        return Verdict::refuses("reads and writes a descriptor, and this device has none");
    return Verdict::serves(
        "aio_read and aio_write; the C library runs them on a thread of its own");
}

OpcodeSet carries(const Handle& handle) {
    OpcodeSet set{code(NvmOpcode::read), code(NvmOpcode::write)};
    if (os::kAioFlushIsDurable) set.add(code(NvmOpcode::flush));
    if (handle.identifier.device_class == DeviceClass::file) {
        set.add(code(FileOpcode::read));
        set.add(code(FileOpcode::write));
        if (os::kAioFlushIsDurable) set.add(code(FileOpcode::flush));
    }
    return set;
}

Result<std::unique_ptr<AsyncQueue>, Failure> make(QueueSetup setup) {
    os::Fd fd = os::open_again(setup.handle.fd);
    if (!fd) fd = os::Fd(::fcntl(setup.handle.fd, F_DUPFD_CLOEXEC, 0));
    if (!fd) {
        return fail(Error::of_system(errno),
                    "The queue's own descriptor of the file could not be made: " +
                        os::message(errno) + ".");
    }
    std::unique_ptr<AioQueue> queue(
        new (std::nothrow) AioQueue(std::move(setup.parts), setup.handle, std::move(fd)));
    if (queue == nullptr) return fail(Errc::no_memory, "There is no memory for the queue.");
    queue->create();
    return queue;
}

}  // namespace xnvme::be_common::posix_aio
