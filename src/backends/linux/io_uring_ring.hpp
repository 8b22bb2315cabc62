/// \file
/// A submission and completion ring of the kernel: set up with the best flags that the running
/// kernel takes, entered, and taken down so that nothing of it outlives the call.
#pragma once

#include <liburing.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include <xnvme/result.hpp>

#include "os/fd.hpp"

namespace xnvme::be_linux {

/// The number of the calling thread; 0 until it is asked for. The address of a thread's variable
/// would not do in its place: the next thread gets the same one.
[[gnu::tls_model("initial-exec")]] inline constinit thread_local std::uint64_t known_thread_number =
    0;
std::uint64_t give_thread_number() noexcept;
/// A number for the calling thread, never used twice in a process. Not 0.
inline std::uint64_t thread_number() noexcept {
    return known_thread_number != 0 ? known_thread_number : give_thread_number();
}

/// What a ring is made for.
struct RingConfig {
    std::uint32_t entries = 1;
    int fd = -1;                 ///< The descriptor that commands go to.
    bool register_file = false;  ///< Register it, so that the kernel need not look it up.
    /// Bind the ring to the thread that first enters it: SINGLE_ISSUER and DEFER_TASKRUN. Such a
    /// ring belongs to that thread for good.
    bool bound = false;
    bool poll_io = false;      ///< IORING_SETUP_IOPOLL
    bool poll_sq = false;      ///< IORING_SETUP_SQPOLL
    bool big_entries = false;  ///< IORING_SETUP_SQE128 and CQE32, for passthrough.
};

/// What a ring is made of, apart from what it owns.
class RingFields {
  protected:
    io_uring_sqe* sqes_ = nullptr;
    unsigned tail_ = 0;
    unsigned taken_ = 0;
    unsigned sq_mask_ = 0;
    unsigned sqe_shift_ = 0;
    unsigned enter_flags_ = 0;
    unsigned cq_head_ = 0;
    unsigned cq_mask_ = 0;
    bool open_ = false;
    bool bound_ = false;
    bool file_registered_ = false;
    bool poll_io_ = false;
    bool poll_sq_ = false;
    bool sleeps_with_timeout_ = false;
    std::atomic<unsigned>* sq_flags_ = nullptr;
    std::atomic<unsigned>* sq_ktail_ = nullptr;
    std::atomic<unsigned>* cq_khead_ = nullptr;
    std::atomic<unsigned>* cq_tail_ = nullptr;
    io_uring_cqe* cqes_ = nullptr;
    ::io_uring ring_{};
};

/// A ring. Belongs to one thread at a time. Staging and reaping are inline; a system call is made
/// in `enter` and in nothing else that runs per command.
class Ring : private RingFields {
  public:
    /// Makes a ring. Flags that this kernel lacks are left out, one set after the other; what was
    /// asked for by `poll_io`, `poll_sq` and `big_entries` is never left out. Errors: `system` with
    /// the errno of io_uring_setup.
    static Result<Ring> create(const RingConfig& config) noexcept;

    Ring(Ring&& other) noexcept;
    Ring& operator=(Ring&& other) noexcept;
    /// Closes the ring. Nothing may be in the kernel: see
    /// `close_and_wait`.
    ~Ring();

    /// The next submission entry, to be filled in. There is room: at most `entries` commands are
    /// outstanding, and the ring has no fewer entries.
    /// `kShift` is 1 on a ring with big entries.
    template <unsigned kShift = 0>
    io_uring_sqe& next() noexcept {
        return sqes_[static_cast<std::size_t>(tail_++ & sq_mask_) << kShift];
    }
    /// The same for up to `count`, as far as they lie one behind the other; the others are those
    /// from `first` on. `advance` says how many were filled in.
    std::span<io_uring_sqe> next_run(std::size_t count) noexcept {
        const std::size_t at = tail_ & sq_mask_;
        return {sqes_ + at, std::min(count, std::size_t{sq_mask_} + 1 - at)};
    }
    io_uring_sqe& first() noexcept { return sqes_[0]; }
    void advance(unsigned count) noexcept { tail_ += count; }
    /// Entries filled in that the kernel has not taken.
    unsigned staged() const noexcept { return tail_ - taken_; }
    /// Context of a staged entry; `index` is less than `staged()`.
    std::uint64_t staged_user_data(unsigned index) const noexcept {
        return sqes_[static_cast<std::size_t>((taken_ + index) & sq_mask_) << sqe_shift_].user_data;
    }
    /// Forgets all that is staged.
    void unstage() noexcept;

    /// True when the kernel has something to do before completions can be seen.
    bool wants_enter() const noexcept {
        return tail_ != taken_ || (sq_flags_->load(std::memory_order_relaxed) & enter_flags_) != 0;
    }
    /// Completions that can be reaped.
    unsigned ready() const noexcept {
        // Acquire: the entries are read after the tail that covers them.
        return cq_tail_->load(std::memory_order_acquire) - cq_head_;
    }
    unsigned head() const noexcept { return cq_head_; }
    const io_uring_cqe* completions() const noexcept { return cqes_; }
    unsigned completion_mask() const noexcept { return cq_mask_; }
    /// Gives the entries up to `head` back to the kernel.
    void set_head(unsigned head) noexcept {
        cq_head_ = head;
        // Release: the entries have been read before the kernel may write to them again.
        cq_khead_->store(head, std::memory_order_release);
    }

    /// Hands on what is staged and, with `min` above 0, sleeps until so many completions can be
    /// reaped or `timeout` has passed (negative: for ever). Returns 0, or a positive errno: ETIME
    /// when the time passed, EINTR when a signal came, or why the kernel refused.
    int enter(unsigned min,
              std::chrono::nanoseconds timeout = std::chrono::nanoseconds{-1}) noexcept;

    /// Lets the thread that calls first enter a bound ring. Returns 0 or a positive errno.
    int enable() noexcept;

    /// Closes the ring while commands are in the kernel, which cancels those that have not begun,
    /// and waits until the kernel is done with all of them. From any thread. Returns false when the
    /// end cannot be seen, for want of registered files; bound rings can always.
    bool close_and_wait() noexcept;
    bool can_close_and_wait() const noexcept { return static_cast<bool>(end_); }

    bool open() const noexcept { return open_; }
    bool bound() const noexcept { return bound_; }
    bool file_registered() const noexcept { return file_registered_; }
    int fd() const noexcept { return ring_.ring_fd; }
    ::io_uring& raw() noexcept { return ring_; }

  private:
    Ring() noexcept = default;
    int set_up(const RingConfig& config, unsigned flags) noexcept;
    void register_files(const RingConfig& config) noexcept;
    void close() noexcept;

    /// One end of a pipe whose other end only the ring holds: it hangs up when the kernel has
    /// finished with the ring.
    os::Fd end_;
};

}  // namespace xnvme::be_linux
