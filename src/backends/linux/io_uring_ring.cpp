#include "backends/linux/io_uring_ring.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

namespace xnvme::be_linux {

namespace {

// Flags that are younger than the headers of Debian 12 are not used; these are all in them.
// Linux 6.1: IORING_SETUP_DEFER_TASKRUN; 6.0: SINGLE_ISSUER; 5.19: COOP_TASKRUN, TASKRUN_FLAG;
// 5.18: SUBMIT_ALL; 5.10: R_DISABLED.
constexpr unsigned kBoundFlags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                                 IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL |
                                 IORING_SETUP_R_DISABLED;
constexpr unsigned kFreeFlags =
    IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL;

std::atomic<unsigned>* shared(unsigned* word) noexcept {
    static_assert(sizeof(std::atomic<unsigned>) == sizeof(unsigned) &&
                  std::atomic<unsigned>::is_always_lock_free);
    return reinterpret_cast<std::atomic<unsigned>*>(word);
}

}  // namespace

std::uint64_t give_thread_number() noexcept {
    static std::atomic<std::uint64_t> last{0};
    known_thread_number = last.fetch_add(1, std::memory_order_relaxed) + 1;
    return known_thread_number;
}

Result<Ring> Ring::create(const RingConfig& config) noexcept {
    // With SQPOLL the kernel's thread runs everything, and refuses the flags that say when.
    const std::array<unsigned, 3> sets = {kBoundFlags, kFreeFlags, 0};
    std::size_t next = config.poll_sq ? 2 : config.bound ? 0 : 1;
    Ring ring;
    int error = 0;
    for (; next < sets.size(); ++next) {
        error = ring.set_up(config, sets[next]);
        // A bound ring that could not be taken down from another thread is not made.
        if (error == 0 && ring.bound_ && !ring.can_close_and_wait()) {
            ring.close();
            error = EINVAL;
        }
        if (error != EINVAL) break;
    }
    if (error != 0) return fail(Error::of_system(error));
    return ring;
}

int Ring::set_up(const RingConfig& config, unsigned flags) noexcept {
    io_uring_params params{};
    params.flags = flags;
    if (config.poll_io) params.flags |= IORING_SETUP_IOPOLL;
    if (config.big_entries) params.flags |= IORING_SETUP_SQE128 | IORING_SETUP_CQE32;
    if (config.poll_sq) {
        params.flags |= IORING_SETUP_SQPOLL;
        params.sq_thread_idle = 100;  // Milliseconds.
    }
    const int error = io_uring_queue_init_params(config.entries, &ring_, &params);
    if (error < 0) return -error;
    open_ = true;
    bound_ = (flags & IORING_SETUP_SINGLE_ISSUER) != 0;
    poll_io_ = config.poll_io;
    poll_sq_ = config.poll_sq;
    // Linux 5.11: a sleep with a time-out in the call that submits.
    sleeps_with_timeout_ = (params.features & IORING_FEAT_EXT_ARG) != 0;
    sqes_ = ring_.sq.sqes;
    sqe_shift_ = config.big_entries ? 1 : 0;
    sq_mask_ = params.sq_entries - 1;
    cq_mask_ = params.cq_entries - 1;
    cqes_ = ring_.cq.cqes;
    sq_flags_ = shared(ring_.sq.kflags);
    sq_ktail_ = shared(ring_.sq.ktail);
    cq_khead_ = shared(ring_.cq.khead);
    cq_tail_ = shared(ring_.cq.ktail);
    cq_head_ = *ring_.cq.khead;
    tail_ = taken_ = *ring_.sq.ktail;
    enter_flags_ = IORING_SQ_CQ_OVERFLOW | IORING_SQ_TASKRUN;
    for (unsigned i = 0; i < params.sq_entries; ++i) ring_.sq.array[i] = i;
    register_files(config);
    return 0;
}

void Ring::register_files(const RingConfig& config) noexcept {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return;
    os::Fd read_end(ends[0]);
    const os::Fd write_end(ends[1]);
    const int files[2] = {config.register_file ? config.fd : -1, write_end.get()};
    if (io_uring_register_files(&ring_, files, 2) != 0) return;
    file_registered_ = config.register_file;
    end_ = std::move(read_end);
}

int Ring::enable() noexcept {
    // liburing 2.3 declares a function for this and does not export it.
    const long result =
        ::syscall(__NR_io_uring_register, ring_.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
    return result < 0 ? errno : 0;
}

int Ring::enter(unsigned min, std::chrono::nanoseconds timeout) noexcept {
    unsigned to_submit = tail_ - taken_;
    unsigned flags = IORING_ENTER_GETEVENTS;
    // Release: an SQPOLL thread sees the entries before the tail that covers them.
    sq_ktail_->store(tail_, std::memory_order_release);
    if (poll_sq_) {
        // The kernel's thread goes to sleep after it has set the flag and looked at the tail once
        // more: the tail must be visible before the flag is read.
        std::atomic_thread_fence(std::memory_order_seq_cst);
        if ((sq_flags_->load(std::memory_order_relaxed) & IORING_SQ_NEED_WAKEUP) != 0)
            flags |= IORING_ENTER_SQ_WAKEUP;
        taken_ = tail_;
        if (min == 0 && !poll_io_ && flags == IORING_ENTER_GETEVENTS) return 0;
    }
    int taken = 0;
    if (min == 0 || timeout.count() < 0) {
        taken = io_uring_enter2(static_cast<unsigned>(ring_.ring_fd), to_submit, min, flags,
                                nullptr, _NSIG / 8);
    } else if (sleeps_with_timeout_) {
        __kernel_timespec time{timeout.count() / 1'000'000'000, timeout.count() % 1'000'000'000};
        io_uring_getevents_arg argument{};
        argument.ts = reinterpret_cast<std::uintptr_t>(&time);
        taken = io_uring_enter2(static_cast<unsigned>(ring_.ring_fd), to_submit, min,
                                flags | IORING_ENTER_EXT_ARG,
                                reinterpret_cast<sigset_t*>(&argument), sizeof argument);
    } else {
        taken = io_uring_enter2(static_cast<unsigned>(ring_.ring_fd), to_submit, 0, flags, nullptr,
                                _NSIG / 8);
        if (taken >= 0 && ready() == 0) {
            pollfd watched{ring_.ring_fd, POLLIN, 0};
            const timespec time{static_cast<time_t>(timeout.count() / 1'000'000'000),
                                static_cast<long>(timeout.count() % 1'000'000'000)};
            const int found = ::ppoll(&watched, 1, &time, nullptr);
            if (!poll_sq_) taken_ += static_cast<unsigned>(taken);
            return found < 0 ? errno : found == 0 ? ETIME : 0;
        }
    }
    if (taken < 0) return -taken;
    if (!poll_sq_) taken_ += static_cast<unsigned>(taken);
    return 0;
}

void Ring::unstage() noexcept {
    tail_ = taken_;
    sq_ktail_->store(tail_, std::memory_order_release);
}

bool Ring::close_and_wait() noexcept {
    if (!end_) return false;
    const os::Fd end = std::move(end_);
    close();
    // The pipe hangs up when the kernel drops the ring's files, which it does when the last
    // command has ended. Nothing is ever written to it.
    pollfd watched{end.get(), 0, 0};
    while (::poll(&watched, 1, -1) < 0 && errno == EINTR) {
    }
    return true;
}

void Ring::close() noexcept {
    if (open_) io_uring_queue_exit(&ring_);
    open_ = false;
    end_.reset();
}

Ring::Ring(Ring&& other) noexcept
    : RingFields(std::exchange(static_cast<RingFields&>(other), RingFields{})),
      end_(std::move(other.end_)) {}

Ring& Ring::operator=(Ring&& other) noexcept {
    if (this != &other) {
        close();
        static_cast<RingFields&>(*this) =
            std::exchange(static_cast<RingFields&>(other), RingFields{});
        end_ = std::move(other.end_);
    }
    return *this;
}

Ring::~Ring() {
    close();
}

}  // namespace xnvme::be_linux
