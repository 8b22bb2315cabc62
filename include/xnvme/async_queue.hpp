/// \file
/// The contract of an asynchronous interface, with the part that is inlined into programs: slots
/// and counters. Programs use `Queue` (queue.hpp); this is what an interface implements.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <new>

#include <xnvme/command.hpp>
#include <xnvme/export.hpp>
#include <xnvme/rules.hpp>

namespace xnvme {

struct QueueState;

/// A descriptor (POSIX) or handle (Windows) that an event loop can watch.
using NativeHandle = std::intptr_t;
inline constexpr NativeHandle kNoNativeHandle = -1;

/// The contexts of a queue and the stack of the free ones. One array, no lists, no locks.
class SlotArray {
  public:
    /// Room for `depth` contexts, all free. Fails with `Errc::no_memory`.
    XNVME_API static Result<SlotArray> create(std::uint32_t depth) noexcept;

    SlotArray(SlotArray&&) noexcept = default;
    SlotArray& operator=(SlotArray&&) noexcept = default;

    std::uint32_t depth() const noexcept { return depth_; }
    std::uint32_t free_count() const noexcept { return free_count_; }
    /// The free context that was given back last, or null when all are taken.
    Context* take() noexcept {
        if (free_count_ == 0) [[unlikely]]
            return nullptr;
        return &contexts_[free_[--free_count_]];
    }
    void give_back(Context& context) noexcept {
        free_[free_count_++] = static_cast<std::uint16_t>(&context - contexts_.get());
    }
    /// Context `index`, free or taken; `index` is less than `depth()`.
    Context& at(std::uint32_t index) noexcept { return contexts_[index]; }

  private:
    struct Release {
        void operator()(Context* contexts) const noexcept {
            ::operator delete(contexts, std::align_val_t{kContextAlignment});
        }
        static constexpr std::size_t kContextAlignment = 128;
    };
    SlotArray() noexcept = default;

    std::unique_ptr<Context[], Release> contexts_;
    std::unique_ptr<std::uint16_t[]> free_;
    std::uint32_t free_count_ = 0;
    std::uint32_t depth_ = 0;
};

/// What an interface says of a queue that it made: data, so that nobody has to call and fail.
struct QueueTraits {
    bool moves_data = true;           ///< False only for nil.
    bool sleeps = true;               ///< `wait` sleeps in the kernel; false: it completes at once.
    bool registered_file = false;     ///< io_uring: the descriptor is registered.
    bool registered_buffers = false;  ///< io_uring: the library's allocations are registered.
    bool kernel_thread = false;       ///< io_uring: SQPOLL.
    bool io_poll = false;             ///< io_uring: IOPOLL.
    bool admin = false;         ///< Takes contexts with `kAdmin` itself; else the worker does.
    std::uint32_t threads = 0;  ///< Threads that run commands, 0 when the kernel does.
};

/// What the constructor of an interface's queue takes: finished parts.
struct QueueParts {
    SlotArray slots;
    CommandRules rules;
    DeviceState* device = nullptr;
};

/// The contract of an asynchronous interface.
///
/// `submit` is given commands that have passed the rules, never more than `depth` at a time. It
/// must not block and cannot fail: whatever goes wrong afterwards is that command's completion.
/// Submissions may be staged; `poll` and `wait` hand them on. A queue belongs to one thread at a
/// time. The destructor waits for, or cancels, what is outstanding, without calling back, and
/// returns when nothing can write to callers' memory any more.
class AsyncQueue {
  public:
    AsyncQueue(const AsyncQueue&) = delete;
    AsyncQueue& operator=(const AsyncQueue&) = delete;
    XNVME_API virtual ~AsyncQueue();

    /// Takes one command. Does not block.
    virtual void submit(Context& context) noexcept = 0;
    /// Takes `count` commands and hands all that is staged to the device, where that does not
    /// block. The base class submits one by one.
    XNVME_API virtual void submit_batch(Context* const* contexts, std::uint32_t count) noexcept;
    /// Hands on what is staged, then completes at most `max` commands: calls `complete` for each.
    /// Does not block. Returns how many.
    virtual std::uint32_t poll(std::uint32_t max) noexcept = 0;
    /// Sleeps until at least one command can be completed or `timeout` has passed (a negative one:
    /// for ever), having handed on what is staged, then does as `poll(max)`. `min`, at least 1 and
    /// at most the commands outstanding, is a hint: how many completions are worth waking up for.
    /// Returns how many were completed; 0 means that the time passed. An error is one of the
    /// system, after which the queue is as it was.
    virtual Result<std::uint32_t> wait(std::uint32_t min, std::uint32_t max,
                                       std::chrono::nanoseconds timeout) noexcept = 0;
    /// A descriptor that is readable whenever `poll` would complete something. It stays the
    /// queue's; it is made at the first call. Watching it level-triggered is always right.
    virtual Result<NativeHandle> completion_fd() noexcept = 0;
    /// The same for one sleep inside `Queue::wait`, right after a `poll`: later submissions may be
    /// staged again. The base class gives `completion_fd`.
    XNVME_API virtual Result<NativeHandle> sleep_fd() noexcept;

    const CommandRules& rules() const noexcept { return rules_; }
    SlotArray& slots() noexcept { return slots_; }
    std::uint32_t depth() const noexcept { return slots_.depth(); }
    const QueueTraits& traits() const noexcept { return traits_; }
    DeviceState* device() const noexcept { return device_; }
    /// Commands submitted to this interface and not yet completed; the worker's not counted.
    std::uint32_t in_flight() const noexcept { return submitted_ - completed_; }
    /// True when there is certainly room for one more command. False while the worker has commands
    /// means that one has to look closer.
    bool has_room() const noexcept { return in_flight() < sure_room_; }
    /// Works out again what `has_room` answers.
    void look_at_worker() noexcept {
        const bool idle = worker_ == nullptr || worker_->in_flight() == 0;
        sure_room_ = idle ? slots_.depth() : 0;
    }
    /// Counts one submission, before `submit` is called.
    void count_submission() noexcept { ++submitted_; }
    void count_submissions(std::uint32_t count) noexcept { submitted_ += count; }

    /// The queue's worker for commands that the interface does not carry; null when there is none.
    AsyncQueue* worker() const noexcept { return worker_; }
    void set_worker(AsyncQueue* worker) noexcept { worker_ = worker; }
    /// Somebody watches the worker's descriptor: polls look at the worker even while it has no
    /// commands, to take away a signal that came after its command was taken.
    void watch_worker() noexcept { worker_watched_ = true; }
    bool looks_at_worker() const noexcept {
        return worker_ != nullptr && (worker_watched_ || worker_->in_flight() != 0);
    }
    QueueState* state() const noexcept { return state_; }
    void set_state(QueueState* state) noexcept { state_ = state; }

  protected:
    XNVME_API explicit AsyncQueue(QueueParts parts) noexcept;

    /// Frees the slot, then calls back. The context's completion is final. Interfaces that reap in
    /// a batch call `completed(n)` once and then `call_back` for each.
    void complete(Context& context) noexcept {
        ++completed_;
        call_back(context);
    }
    void completed(std::uint32_t count) noexcept { completed_ += count; }
    static void call_back(Context& context) noexcept {
        context.callback(context, context.argument);
    }
    /// Hands a command that was submitted here to the worker instead, for an interface that finds
    /// out per command that it cannot carry it. There must be a worker.
    XNVME_API void hand_to_worker(Context& context) noexcept;

    QueueTraits traits_;

  private:
    SlotArray slots_;
    std::uint32_t submitted_ = 0;
    std::uint32_t completed_ = 0;
    std::uint32_t sure_room_ = 0;  ///< The depth, or 0 while the worker has commands.
    bool worker_watched_ = false;
    AsyncQueue* worker_ = nullptr;
    QueueState* state_ = nullptr;
    DeviceState* device_ = nullptr;
    CommandRules rules_;
};

}  // namespace xnvme
