#include "backends/common/posix/posix_aio.hpp"

#include <aio.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include <xnvme/nvme/builders.hpp>
#include <xnvme/nvme/opcodes.hpp>

#include "backends/common/posix/aio_watcher.hpp"
#include "backends/common/posix/transfer.hpp"
#include "contracts/complete.hpp"
#include "os/deadline.hpp"
#include "os/error_text.hpp"
#include "os/fd.hpp"
#include "os/posix/aio.hpp"

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
    std::span<const IoVec> list;  ///< What is left of the data: from `into` of its first element.
    std::size_t into = 0;
    IoVec single;              ///< What `list` shows of a command with one buffer.
    std::uint64_t offset = 0;  ///< Of the command's first byte.
    std::uint64_t moved = 0;
    bool write = false;
    bool flush_after = false;  ///< A flush is the command's next, and last, part.
    bool flushing = false;     ///< That part is under way.
};

class AioQueue final : public AsyncQueue {
  public:
    AioQueue(QueueParts parts, const Handle& handle, os::Fd fd) noexcept
        : AsyncQueue(std::move(parts)),
          fd_(std::move(fd)),
          unit_(handle.direct ? std::max(handle.facts.geometry.block_bytes, 1u) : 1) {}
    ~AioQueue() override;

    void create();

    void submit(Context& context) noexcept override;
    std::uint32_t poll(std::uint32_t max) noexcept override;
    Result<std::uint32_t> wait(std::uint32_t min, std::uint32_t max,
                               std::chrono::nanoseconds timeout) noexcept override;
    Result<NativeHandle> completion_fd() noexcept override;

  private:
    /// What became of handing a part to the system.
    enum class Handed : std::uint8_t { running, no_room, finished };

    Handed hand_on(Request& request) noexcept;
    void advance(Request& request, std::uint64_t bytes) noexcept;
    bool settle(Request& request) noexcept;
    void start_waiting() noexcept;
    void finish(Request& request) noexcept;
    void signal_watcher() noexcept;
    Result<void> suspend(std::chrono::nanoseconds left) noexcept;

    /// Of this queue alone: glibc serves the requests of one descriptor one after another.
    os::Fd fd_;
    std::uint32_t unit_;
    std::vector<Request> requests_;
    std::vector<Request*> free_;
    std::vector<Request*> running_;   ///< With the system, oldest first.
    std::vector<Request*> waiting_;   ///< The system had no room for them, oldest first.
    std::vector<Request*> finished_;  ///< Completed, but for being reported.
    std::vector<const struct aiocb*> suspended_;
    std::unique_ptr<AioWatcher> watcher_;
};

void AioQueue::create() {
    requests_.resize(depth());
    free_.reserve(depth());
    // While `poll` goes through one of these, the same requests may be appended again.
    running_.reserve(std::size_t{2} * depth());
    waiting_.reserve(std::size_t{2} * depth());
    finished_.reserve(std::size_t{2} * depth());
    suspended_.reserve(depth());
    for (std::size_t i = requests_.size(); i-- > 0;) free_.push_back(&requests_[i]);
}

AioQueue::~AioQueue() {
    // Everything is waited for, as the system may still write to its memory. aio_cancel is of no
    // use here: glibc forgets the requests behind one that it takes out before it was started
    // (glibc 2.36, __aio_remove_request), and they never end.
    for (Request* request : running_) {
        const struct aiocb* list[] = {&request->control};
        while (::aio_error(&request->control) == EINPROGRESS) ::aio_suspend(list, 1, nullptr);
        ::aio_return(&request->control);
    }
}

void AioQueue::submit(Context& context) noexcept {
    const bool forced = context.command.opcode == code(NvmOpcode::write) &&
                        (context.command.cdw12 & nvme::kForceUnitAccess) != 0;
    if (forced && !os::kAioFlushIsDurable && worker() != nullptr) [[unlikely]]
        return hand_to_worker(context);
    Request& request = *free_.back();
    free_.pop_back();
    const Command& command = context.command;
    request.context = &context;
    request.into = 0;
    request.moved = 0;
    request.flushing = false;
    request.write =
        command.opcode == code(NvmOpcode::write) || command.opcode == code(FileOpcode::write);
    if (request.write || command.opcode == code(NvmOpcode::read) ||
        command.opcode == code(FileOpcode::read)) {
        request.list = data_of(context, request.single);
        request.offset = command.slba() << rules().of(command).shift;
        request.flush_after = forced;
    } else {
        request.list = {};
        request.flush_after = true;
    }
    // Those that wait for room go first.
    if (!waiting_.empty() || hand_on(request) == Handed::no_room) waiting_.push_back(&request);
    if (watcher_ != nullptr) [[unlikely]]
        signal_watcher();
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
    std::memset(&request.control, 0, sizeof(request.control));
    request.control.aio_fildes = fd_.get();
    request.control.aio_sigevent.sigev_notify = SIGEV_NONE;
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
            why =
                (request.write ? ::aio_write(&request.control) : ::aio_read(&request.control)) == 0
                    ? 0
                    : errno;
        }
    }
    if (why == EAGAIN) return Handed::no_room;
    if (why != 0) {
        complete_transfer(*request.context, -why);
        finish(request);
        return Handed::finished;
    }
    running_.push_back(&request);
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

/// Looks at a request that the system has. True when it is done: it is then with the system again
/// for its next part, waits for room, or is finished.
bool AioQueue::settle(Request& request) noexcept {
    const int why = ::aio_error(&request.control);
    if (why == EINPROGRESS) return false;
    if (watcher_ != nullptr) watcher_->remove(request.control);
    const ssize_t moved = ::aio_return(&request.control);
    if (why != 0) {
        complete_transfer(*request.context, -why);
        finish(request);
    } else if (request.flushing) {
        complete_transfer(*request.context, static_cast<std::int64_t>(request.moved));
        finish(request);
    } else {
        advance(request, static_cast<std::uint64_t>(moved));
        // No byte moved, or a part that direct I/O cannot go on from, is the end of the file.
        if (moved == 0 || request.moved % unit_ != 0) {
            complete_transfer(*request.context, static_cast<std::int64_t>(request.moved));
            finish(request);
        } else if (hand_on(request) == Handed::no_room) {
            waiting_.push_back(&request);
        }
    }
    return true;
}

void AioQueue::start_waiting() noexcept {
    std::size_t started = 0;
    while (started < waiting_.size() && hand_on(*waiting_[started]) != Handed::no_room) ++started;
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(started));
}

std::uint32_t AioQueue::poll(std::uint32_t max) noexcept {
    // `settle` appends what goes on with its next part: the end of what is looked at is fixed here,
    // and the room for it is there, because what it appends it has taken out.
    const std::size_t count = running_.size();
    std::size_t kept = 0;
    bool changed = false;
    for (std::size_t i = 0; i < count; ++i) {
        Request* request = running_[i];
        running_[i] = nullptr;
        if (settle(*request)) {
            changed = true;
        } else {
            running_[kept++] = request;
        }
    }
    if (changed) {
        running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(kept),
                       running_.begin() + static_cast<std::ptrdiff_t>(count));
    }
    if (!waiting_.empty()) [[unlikely]]
        start_waiting();

    // What callbacks submit and the system refuses at once waits for the next call.
    const std::size_t ready = std::min<std::size_t>(finished_.size(), max);
    for (std::size_t i = 0; i < ready; ++i) {
        Context& context = *finished_[i]->context;
        free_.push_back(finished_[i]);
        complete(context);
    }
    finished_.erase(finished_.begin(), finished_.begin() + static_cast<std::ptrdiff_t>(ready));
    if (watcher_ != nullptr) {
        watcher_->settle();
        signal_watcher();
    }
    return static_cast<std::uint32_t>(ready);
}

/// Sleeps until a request that the system has is done, or `left` has passed.
Result<void> AioQueue::suspend(std::chrono::nanoseconds left) noexcept {
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
    suspended_.clear();
    for (const Request* request : running_) suspended_.push_back(&request->control);
    if (::aio_suspend(suspended_.data(), static_cast<int>(suspended_.size()),
                      left.count() < 0 ? nullptr : &limit) == 0 ||
        errno == EAGAIN || errno == EINTR)
        return {};
    return fail(Error::of_system(errno));
}

Result<std::uint32_t> AioQueue::wait(std::uint32_t, std::uint32_t max,
                                     std::chrono::nanoseconds timeout) noexcept {
    const os::Deadline deadline(timeout);
    for (;;) {
        if (const std::uint32_t done = poll(max); done > 0 || in_flight() == 0) return done;
        if (deadline.passed()) return 0;
        if (auto slept = suspend(deadline.left()); !slept) return std::unexpected(slept.error());
    }
}

Result<NativeHandle> AioQueue::completion_fd() noexcept {
    if (watcher_ == nullptr) {
        auto watcher = AioWatcher::start(depth());
        if (!watcher) return std::unexpected(watcher.error());
        watcher_ = std::move(*watcher);
        for (const Request* request : running_) watcher_->add(request->control);
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
    os::Fd fd(::fcntl(setup.handle.fd, F_DUPFD_CLOEXEC, 0));
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
