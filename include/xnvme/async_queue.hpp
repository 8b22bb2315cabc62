/// \file
/// The contract of an asynchronous interface, with the part that is inlined into programs: slots
/// and counters. Programs use `Queue` (queue.hpp); this is what an interface implements.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <utility>

#include <xnvme/command.hpp>
#include <xnvme/export.hpp>
#include <xnvme/rules.hpp>

namespace xnvme {

struct QueueState;
struct QuickLayout;

/// A descriptor (POSIX) or handle (Windows) that an event loop can watch.
using NativeHandle = std::intptr_t;
inline constexpr NativeHandle kNoNativeHandle = -1;

/// The contexts of a queue, the stack of the free ones, and two more arrays of as many pointers.
/// One piece of memory, in which no other queue has a cache line; no lists, no locks.
class SlotArray {
  public:
    /// Room for `depth` contexts, all free. Fails with `Errc::no_memory`.
    XNVME_API static Result<SlotArray> create(std::uint32_t depth) noexcept;

    SlotArray(SlotArray&&) noexcept = default;
    SlotArray& operator=(SlotArray&&) noexcept = default;

    std::uint32_t depth() const noexcept { return depth_; }
    std::uint32_t free_count() const noexcept {
        return static_cast<std::uint32_t>(free_top_ - free_) - 1;
    }
    /// The free context that was given back last, or null when all are taken.
    Context* take() noexcept {
        Context* const context = free_top_[-1];
        if (context != nullptr) [[likely]]
            --free_top_;
        return context;
    }
    void give_back(Context& context) noexcept {
        *free_top_ = &context;
        ++free_top_;
    }
    /// True when no context is taken.
    bool all_free() const noexcept { return free_top_ == free_end_; }
    /// Context `index`, free or taken; `index` is less than `depth()`.
    Context& at(std::uint32_t index) noexcept { return contexts_[index]; }
    /// Number of a context of this array.
    std::size_t index_of(const Context& context) const noexcept {
        return static_cast<std::size_t>(&context - contexts_.get());
    }
    /// Room for `depth` pointers beside the stack, for `AsyncQueue` to stage commands in.
    Context** order() const noexcept { return free_end_; }
    /// The same for an interface to keep commands in.
    Context** spare() const noexcept { return free_end_ + depth_; }

  private:
    static constexpr std::size_t kAlignment = 128;
    struct Release {
        void operator()(Context* contexts) const noexcept {
            ::operator delete(contexts, std::align_val_t{kAlignment});
        }
    };
    friend struct QuickLayout;
    SlotArray() noexcept = default;

    Context** free_top_ = nullptr;
    Context** free_end_ = nullptr;
    std::unique_ptr<Context[], Release> contexts_;
    /// Behind the contexts: null, which ends the stack; the stack; `order`; `spare`.
    Context** free_ = nullptr;
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

/// How commands reach an interface.
enum class Staging : std::uint8_t {
    none,     ///< With a call of `submit` for each.
    inlined,  ///< Through a list that programs append to, and that `poll` and `wait` take whole.
};

/// The contract of an asynchronous interface.
///
/// `submit` is given commands that have passed the rules, never more than `depth` at a time. It
/// must not block and cannot fail: whatever goes wrong afterwards is that command's completion.
/// Submissions may be staged; `poll` and `wait` hand them on. A queue belongs to one thread at a
/// time. The destructor waits for, or cancels, what is outstanding, without calling back, and
/// returns when nothing can write to callers' memory any more.
///
/// An interface with `Staging::inlined` finds most commands in the list: it takes them with
/// `take_staged`, in order. What it is given by `submit` it appends with `stage_again`.
///
/// No two queues have a cache line in common.
class alignas(64) AsyncQueue {
  public:
    AsyncQueue(const AsyncQueue&) = delete;
    AsyncQueue& operator=(const AsyncQueue&) = delete;
    XNVME_API virtual ~AsyncQueue();

    /// Takes one command, which was counted. Does not block.
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
    /// Gives back a context of this queue that is not outstanding.
    void release(Context& context) noexcept { slots_.give_back(context); }
    /// Commands submitted to this interface and not yet completed; the worker's not counted.
    std::uint32_t in_flight() const noexcept { return begun_ + staged_count(); }
    /// True when there is certainly room in the list for one more command. False may also mean
    /// that the worker has to be looked at, or that the interface is to be called.
    bool has_room() const noexcept { return staged_top_ < staged_end_; }
    /// Appends a command that was checked and filled, while `has_room`.
    void stage(Context& context) noexcept { *staged_top_++ = &context; }
    /// Checks, fills and stages a command of one buffer. False, having changed nothing, for those
    /// that need a closer look.
    bool submit_fast(Context& context, const void* base, std::size_t bytes) noexcept {
        Context** const top = staged_top_;
        if (!rules_.admits(context.command, base, bytes)) [[unlikely]]
            return false;
        if (context.callback == nullptr) [[unlikely]]
            return false;
        if (top >= staged_end_) [[unlikely]]
            return false;
        CommandRules::fill(context, base, bytes);
        *top = &context;
        staged_top_ = top + 1;
        return true;
    }
    /// The same of `count` blocks; the command is written whole.
    bool submit_fast(Context& context, std::uint8_t opcode, std::uint64_t slba, std::uint32_t count,
                     const void* base, std::size_t bytes) noexcept {
        Context** const top = staged_top_;
        if (!rules_.admits(opcode, slba, count, base, bytes)) [[unlikely]]
            return false;
        if (context.callback == nullptr) [[unlikely]]
            return false;
        if (top >= staged_end_) [[unlikely]]
            return false;
        CommandRules::fill(context, opcode, slba, count, base, bytes);
        *top = &context;
        staged_top_ = top + 1;
        return true;
    }
    /// The same as the first without staging.
    bool prepare_fast(Context& context, const void* base, std::size_t bytes) noexcept {
        if (!rules_.admits(context.command, base, bytes) || context.callback == nullptr)
            [[unlikely]]
            return false;
        CommandRules::fill(context, base, bytes);
        return true;
    }
    /// Looks how many commands the worker has, and so works out again what `has_room` answers.
    void look_at_worker() noexcept {
        withheld_ = worker_ == nullptr ? 0 : worker_->in_flight();
        set_end();
    }
    /// Counts one submission, before `submit` is called.
    void count_submission() noexcept { count_submissions(1); }
    void count_submissions(std::uint32_t count) noexcept {
        begun_ += count;
        set_end();
    }

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
    XNVME_API explicit AsyncQueue(QueueParts parts, Staging staging = Staging::none) noexcept;

    /// Commands in the list.
    std::uint32_t staged_count() const noexcept {
        return static_cast<std::uint32_t>(staged_top_ - staged_begin_);
    }
    /// Commands that were counted or taken from the list, and are not completed.
    std::uint32_t begun() const noexcept { return begun_; }
    /// Takes the list, which is good until the next command is staged.
    std::span<Context* const> take_staged() noexcept {
        const std::uint32_t count = staged_count();
        staged_top_ = staged_begin_;
        count_submissions(count);
        return {staged_begin_, count};
    }
    /// The same, with `order` for the list in its place: an array of `depth` pointers. Returns how
    /// many commands are in the one that was taken.
    std::uint32_t exchange_staged(Context**& order) noexcept {
        const std::uint32_t count = staged_count();
        std::swap(staged_begin_, order);
        staged_top_ = staged_begin_;
        count_submissions(count);
        return count;
    }
    /// Puts a command that was counted or taken at the end of the list.
    void stage_again(Context& context) noexcept {
        stage(context);
        --begun_;
        set_end();
    }
    void stage_again(Context* const* contexts, std::uint32_t count) noexcept {
        staged_top_ = std::copy_n(contexts, count, staged_top_);
        begun_ -= count;
        set_end();
    }
    /// From now on commands come by `submit` alone.
    void stop_staging() noexcept {
        staging_ = Staging::none;
        set_end();
    }

    /// Frees the slot, then calls back. The context's completion is final. Interfaces that reap in
    /// a batch call `completed(n)` once and then `call_back` for each.
    void complete(Context& context) noexcept {
        completed(1);
        call_back(context);
    }
    void completed(std::uint32_t count) noexcept {
        begun_ -= count;
        set_end();
    }
    static void call_back(Context& context) noexcept {
        context.callback(context, context.argument);
    }
    /// Hands a command that was submitted here to the worker instead, for an interface that finds
    /// out per command that it cannot carry it. There must be a worker.
    XNVME_API void hand_to_worker(Context& context) noexcept;

  private:
    friend struct QuickLayout;

    /// Works out where the list ends: what the interface and the worker have is no room.
    void set_end() noexcept {
        staged_end_ = staging_ == Staging::none
                          ? staged_top_
                          : staged_begin_ + (slots_.depth() - begun_ - withheld_);
    }

    // What programs touch for every command stands first. The C API's header (libxnvme_quick.h)
    // knows the layout from here to `rules_.fast_below`; capi/queue.cpp holds the two together.
    SlotArray slots_;
    /// Commands on their way to the interface. What is submitted is appended here without a call.
    Context** staged_begin_ = nullptr;
    Context** staged_top_ = nullptr;
    Context** staged_end_ = nullptr;
    std::uint32_t begun_ = 0;
    std::uint32_t withheld_ = 0;  ///< The worker's commands, when it was last looked at.
    CommandRules rules_;
    Staging staging_ = Staging::none;
    bool worker_watched_ = false;
    AsyncQueue* worker_ = nullptr;
    QueueState* state_ = nullptr;
    DeviceState* device_ = nullptr;

  protected:
    QueueTraits traits_;
};

}  // namespace xnvme
