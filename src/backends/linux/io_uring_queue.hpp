/// \file
/// What the queues over a ring share: handing on, sleeping, handing over between threads, ending.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "backends/linux/io_uring_buffers.hpp"
#include "backends/linux/io_uring_ring.hpp"
#include "contracts/interfaces.hpp"
#include "os/deadline.hpp"
#include "os/event.hpp"
#include "os/fd.hpp"

namespace xnvme::be_linux {

/// A queue over a ring. Derived classes stage commands and settle completions; the rest is here.
///
/// A bound ring (SINGLE_ISSUER, DEFER_TASKRUN) belongs to the thread that enters it first. When
/// another thread takes the queue over, the ring is replaced by one that any thread may enter. What
/// was in the kernel at that moment is ended by closing the old ring, waited for, and run again on
/// the new one: reading and writing the same bytes once more changes nothing. Interfaces whose
/// commands must not run twice do not bind their rings.
class RingQueue : public AsyncQueue {
  public:
    ~RingQueue() override;
    Result<NativeHandle> completion_fd() noexcept final;
    Result<NativeHandle> sleep_fd() noexcept final;

  protected:
    /// The context is in the ring or in the kernel. The mark is a byte of its own, the highest of
    /// `options`, which is reset when a command is filled in: to set it and take it away is one
    /// store each, and loads nothing.
    static void mark(Context& context, bool taken = true) noexcept {
        reinterpret_cast<std::uint8_t*>(&context.options)[3] = taken ? 1 : 0;
    }
    static bool is_marked(const Context& context) noexcept {
        return reinterpret_cast<const std::uint8_t*>(&context.options)[3] != 0;
    }

    RingQueue(QueueSetup& setup, const RingConfig& config, Ring ring) noexcept;

    /// Keeps a descriptor of this queue alone until the ring is closed.
    void keep(os::Fd own) noexcept { own_ = std::move(own); }
    Ring& ring() noexcept { return ring_; }
    const RegisteredBuffers& buffers() const noexcept { return buffers_; }
    /// The registered buffer of a command, or `RegisteredBuffers::kCount`. Not inlined, as the
    /// loops that ask for it seldom do.
    [[gnu::noinline]] unsigned find_buffer(const Context& context) noexcept {
        return buffers_.find(slots().index_of(context), context.command.data, context.bytes);
    }
    /// Somebody watches the descriptor: nothing stays staged, and `poll` is put between the two
    /// functions below.
    bool watched() const noexcept { return watched_; }
    void begin_watched_poll() noexcept { event_->clear(); }
    void end_watched_poll() noexcept {
        // The kernel signals nothing under IOPOLL: polling is what was asked for, so the descriptor
        // is readable for as long as there is something to poll for.
        const bool polls = must_enter_ && in_flight() != 0;
        if (polls || ring_.ready() != 0 || ring_.wants_enter() || staged_count() != 0)
            event_->signal();
    }

    /// True when `hand_on` has something to do.
    bool has_to_hand_on() const noexcept {
        return staged_count() != 0 || ring_.wants_enter() || must_enter_ ||
               (buffers_.on() && buffers_.stale());
    }
    /// Takes the list of what is staged and fills in an entry of the ring for each.
    virtual void fill_entries() noexcept = 0;
    /// Hands on what is staged and lets the kernel post completions. Does not sleep or call back.
    /// Returns 0, or the errno with which the kernel refuses for good what is staged.
    int hand_on() noexcept;
    /// The same for a submission while somebody watches.
    void hand_on_watched() noexcept {
        hand_on();
        if (must_enter_) event_->signal();
    }
    /// The same at the start of `poll`, which may call back: what the kernel refuses for good is
    /// completed. Returns how many that were.
    std::uint32_t hand_on_or_fail() noexcept;
    /// Hands on what is staged and sleeps until something can be reaped or the time has passed.
    Result<void> sleep(std::uint32_t min, std::chrono::nanoseconds timeout) noexcept;
    /// Commands that the kernel has and that were not reaped.
    std::uint32_t in_kernel() const noexcept { return begun() - ring_.staged(); }
    /// For `settle`: the command, which was reaped, is to be run again.
    void run_again(Context& context) noexcept {
        count_submission();
        submit(context);
    }
    /// The same for one that the worker is to run.
    void leave_to_worker(Context& context) noexcept {
        count_submission();
        hand_to_worker(context);
    }

    /// Completes up to `max` commands. `settle(context, completion)` is called for those that did
    /// not return what was asked for; false from it means that the command goes on.
    template <unsigned kShift, class Settle>
    std::uint32_t reap(std::uint32_t max, Settle settle) noexcept {
        const unsigned head = ring_.head();
        const std::uint32_t count = std::min(ring_.ready(), max);
        if (count == 0) return 0;
        const io_uring_cqe* const entries = ring_.completions();
        const unsigned mask = ring_.completion_mask();
        completed(count);
        std::uint32_t going_on = 0;
        // The head moves after the callbacks, in one store. Commands that they submit find room
        // all the same: the kernel makes the completion ring twice as large as the other.
        const unsigned at = head & mask;
        // As far as the entries lie one behind the other, then the rest, if there is any.
        std::size_t run = std::min(count, mask + 1 - at);
        const io_uring_cqe* entry = entries + (std::size_t{at} << kShift);
        for (std::uint32_t left = count;;) {
            left -= static_cast<std::uint32_t>(run);
            const io_uring_cqe* const end = entry + (run << kShift);
            for (; entry != end; entry += std::size_t{1} << kShift) {
                Context& context = *reinterpret_cast<Context*>(entry->user_data);
                mark(context, false);
                if (entry->res != static_cast<std::int32_t>(context.bytes) || kShift != 0)
                    [[unlikely]] {
                    if (!settle(context, *entry)) {
                        ++going_on;
                        continue;
                    }
                }
                call_back(context);
            }
            if (left == 0) [[likely]]
                break;
            entry = entries;
            run = left;
        }
        ring_.set_head(head + count);
        return count - going_on;
    }

  private:
    /// False when the ring cannot be entered by this thread now.
    bool take_over() noexcept {
        if (owner_ == known_thread_number) [[likely]]
            return true;
        return take_over_from_other();
    }
    [[gnu::noinline]] bool take_over_from_other() noexcept;
    Result<void> make_event() noexcept;
    bool replace_ring() noexcept;
    void start_buffers() noexcept;
    bool register_event() noexcept;
    void refresh_buffers() noexcept;
    std::uint32_t fail_staged(int os_errno) noexcept;

    os::Fd own_;
    Ring ring_;
    RegisteredBuffers buffers_;
    RingConfig config_;
    static constexpr std::uint64_t kNobody = ~std::uint64_t{0};
    std::uint64_t owner_ = kNobody;  ///< Number of the thread that the ring is entered by.
    bool watched_ = false;
    bool must_enter_ = false;  ///< IOPOLL: the kernel looks for completions only when entered.
    bool register_buffers_ = false;
    std::optional<os::Event> event_;
};

/// The calls of a queue, over what a kind of command adds: `Derived` has `fill(span)`, which fills
/// in an entry of the ring for each context, and `settle(Context&, const io_uring_cqe&)`, which
/// `reap` calls. `kShift` is 1 on a ring with big entries. The derived functions are known here, so
/// nothing is called through a table but the call itself.
template <class Derived, unsigned kShift>
class StagingQueue : public RingQueue {
  public:
    void submit(Context& context) noexcept final {
        stage_again(context);
        if (watched()) [[unlikely]]
            hand_on_watched();
    }

    void submit_batch(Context* const* contexts, std::uint32_t count) noexcept final {
        stage_again(contexts, count);
        hand_on();
    }

    std::uint32_t poll(std::uint32_t max) noexcept final {
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
                               std::chrono::nanoseconds timeout) noexcept final {
        const os::Deadline deadline(timeout);
        for (;;) {
            if (auto slept = sleep(min, deadline.left()); !slept)
                return std::unexpected(slept.error());
            const std::uint32_t count = reap_some(max);
            // A command that goes on, or to the worker, was reaped and is not complete.
            if (count != 0 || in_flight() == 0 || deadline.passed()) return count;
        }
    }

  protected:
    using RingQueue::RingQueue;

  private:
    void fill_entries() noexcept final {
        if (staged_count() != 0) self().fill(take_staged());
    }
    Derived& self() noexcept { return static_cast<Derived&>(*this); }

    std::uint32_t reap_some(std::uint32_t max) noexcept {
        return reap<kShift>(max, [this](Context& context, const io_uring_cqe& entry) {
            return self().settle(context, entry);
        });
    }
};

}  // namespace xnvme::be_linux
