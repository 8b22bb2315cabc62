#include "backends/common/thrpool.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "backends/common/handoff_rings.hpp"
#include "contracts/complete.hpp"
#include "os/deadline.hpp"
#include "os/error_text.hpp"
#include "os/event.hpp"
#include "os/parker.hpp"
#include "os/thread.hpp"

namespace xnvme::be_common::thrpool {

namespace {

using Clock = std::chrono::steady_clock;

/// Nobody waits: no count of completions reaches this.
constexpr std::uint64_t kNotWaiting = std::numeric_limits<std::uint64_t>::max();

/// While a thread has more commands to run, it wakes the waiter no more often than this. Commands
/// from the page cache, of a microsecond each, then come back by the dozen; those that take longer
/// than this are told of one by one.
constexpr std::chrono::microseconds kBetweenCalls{40};

/// Completions that come more often than this, for so many sleeps in a row, are worth holding a
/// call back for. Others are not: a nap of the waiter sets a timer, which on a virtual machine
/// takes microseconds.
constexpr std::chrono::microseconds kQuick{5};
constexpr unsigned kQuickSleeps = 8;

/// How often a thread that has run out of commands looks for more before it sleeps: for a
/// microsecond, a part of what waking it would take. Measured with two processors: more looks make
/// no fewer sleeps, and 300 cost a tenth more processor time.
constexpr unsigned kLooks = 30;

/// When commands that are submitted reach the threads.
enum class Start : std::uint8_t {
    staged,   ///< With the next `poll`, `wait` or batch.
    at_once,  ///< With `submit`.
};

/// A queue over threads. What is submitted is staged, and handed on with one wake-up: at most one
/// thread is being woken at any time, and one that finds more work than its own wakes the next, so
/// that there are no more threads awake than commands to run.
class Pool final : public AsyncQueue {
  public:
    Pool(QueueParts parts, SyncInterface& sync, Start start) noexcept
        : AsyncQueue(std::move(parts)), sync_(sync), at_once_(start == Start::at_once) {}

    /// Commands that were not started are cancelled; those that run are waited for.
    ~Pool() override {
        stop_.store(true, std::memory_order_seq_cst);
        for (Worker& worker : started()) worker.place.wake();
        for (Worker& worker : started()) worker.thread.join();
    }

    Result<void, Failure> create(std::uint32_t capacity, std::uint32_t threads);

    void submit(Context& context) noexcept override {
        commands_.put(context);
        if (at_once_) hand_on();
    }

    void submit_batch(Context* const* contexts, std::uint32_t count) noexcept override {
        for (std::uint32_t i = 0; i < count; ++i) commands_.put(*contexts[i]);
        hand_on();
    }

    std::uint32_t poll(std::uint32_t max) noexcept override {
        if (commands_.staged()) hand_on();
        std::uint32_t done = 0;
        while (done < max) {
            Context* context = completions_.take();
            if (context == nullptr) break;
            complete(*context);
            ++done;
        }
        if (watched_.load(std::memory_order_relaxed)) [[unlikely]]
            settle_event(done);
        return done;
    }

    Result<std::uint32_t> wait(std::uint32_t min, std::uint32_t max,
                               std::chrono::nanoseconds timeout) noexcept override;
    Result<NativeHandle> completion_fd() noexcept override;

  private:
    /// A thread of the pool. On a cache line of its own: it is written to by who wakes it.
    struct alignas(kCacheLineBytes) Worker {
        Pool* pool = nullptr;
        os::Thread thread;
        os::Parker place;
        Worker* next = nullptr;  ///< Of those that sleep, the one that fell asleep before it.
    };

    std::span<Worker> started() noexcept { return {workers_.get(), traits_.threads}; }
    void run_commands(Worker& worker) noexcept;
    void finish(Context& context) noexcept;
    void call_waiter(std::uint64_t wanted) noexcept;
    void call_waiter_if_due() noexcept;
    void hand_on() noexcept;
    void wake_a_thread() noexcept;
    bool look_for_work() noexcept;
    void sleep_until_work(Worker& worker) noexcept;
    bool sleep_until_put(std::uint64_t wanted, const os::Deadline& deadline) noexcept;
    void signal_event() noexcept;
    void settle_event(std::uint32_t done) noexcept;

    SyncInterface& sync_;
    bool at_once_;
    unsigned looks_ = 0;
    unsigned quick_sleeps_ = 0;  ///< More of them than others lately; see `sleep_until_put`.
    std::unique_ptr<Worker[]> workers_;
    std::optional<os::Event> event_;
    os::Parker waiter_;
    CommandRing commands_;
    CompletionRing completions_;

    std::mutex sleep_mutex_;
    /// The thread that fell asleep last; changed under the lock, looked at without.
    std::atomic<Worker*> asleep_{nullptr};
    std::atomic<bool> waking_{false};
    std::atomic<std::uint32_t> looking_{0};  ///< Threads that look for work before they sleep.
    std::atomic<std::uint32_t> running_{0};  ///< Threads that have begun to run.
    std::atomic<bool> stop_{false};

    /// How many completions in all the waiter sleeps for.
    alignas(kCacheLineBytes) std::atomic<std::uint64_t> wake_at_{kNotWaiting};
    std::atomic<bool> holds_{false};  ///< The waiter looks by itself soon: calls may be held back.
    std::atomic<Clock::time_point> called_at_{Clock::time_point{}};
    std::atomic<bool> watched_{false};
    std::atomic<bool> signalled_{false};
};

Result<void, Failure> Pool::create(std::uint32_t capacity, std::uint32_t threads) {
    workers_.reset(new (std::nothrow) Worker[threads]);
    if (workers_ == nullptr || !commands_.create(capacity) || !completions_.create(capacity))
        return fail(Errc::no_memory, "There is no memory for the queue of the thread pool.");
    // On one processor, what is looked for cannot come while somebody looks.
    looks_ = os::processors() > 1 ? kLooks : 0;
    for (; traits_.threads < threads; ++traits_.threads) {
        Worker& worker = workers_[traits_.threads];
        worker.pool = this;
        const auto run = [](void* argument) {
            auto& self = *static_cast<Worker*>(argument);
            self.pool->run_commands(self);
        };
        auto thread = os::Thread::start(run, &worker);
        if (!thread)
            return fail(Error{Errc::no_memory, Status{}, thread.error().os},
                        "Of " + std::to_string(threads) + " threads the system started " +
                            std::to_string(traits_.threads) + ": " +
                            os::message(thread.error().os) + ". Ask for fewer threads or queues.");
        worker.thread = std::move(*thread);
    }
    // What a thread needs is allocated as it starts, some of it on the thread itself: that is over
    // before there is a queue, and not some time during its first commands.
    while (running_.load(std::memory_order_acquire) < threads)
        waiter_.sleep(std::chrono::nanoseconds{-1});
    return {};
}

void Pool::run_commands(Worker& worker) noexcept {
    running_.fetch_add(1, std::memory_order_release);
    waiter_.wake();
    while (!stop_.load(std::memory_order_relaxed)) {
        Context* context = commands_.take();
        if (context == nullptr) {
            call_waiter_if_due();
            if (!look_for_work()) sleep_until_work(worker);
            continue;
        }
        if (!commands_.empty()) wake_a_thread();
        sync_.execute(*context);
        finish(*context);
    }
}

/// Hands a command back. The context is the queue's again with the call of `put`.
void Pool::finish(Context& context) noexcept {
    const std::uint64_t count = completions_.put(context);
    const std::uint64_t wanted = wake_at_.load(std::memory_order_seq_cst);
    if (count >= wanted) {
        // Sequentially consistent: see `sleep_until_put`.
        const bool held = holds_.load(std::memory_order_seq_cst) && !commands_.empty() &&
                          Clock::now() - called_at_.load(std::memory_order_relaxed) < kBetweenCalls;
        if (!held) call_waiter(wanted);
    }
    if (watched_.load(std::memory_order_seq_cst)) [[unlikely]]
        signal_event();
}

/// Wakes the waiter that sleeps for `wanted` completions, unless somebody else has.
void Pool::call_waiter(std::uint64_t wanted) noexcept {
    if (!wake_at_.compare_exchange_strong(wanted, kNotWaiting, std::memory_order_seq_cst)) return;
    called_at_.store(Clock::now(), std::memory_order_relaxed);
    waiter_.wake();
}

/// With no more commands to run, a call is held back no longer.
void Pool::call_waiter_if_due() noexcept {
    const std::uint64_t wanted = wake_at_.load(std::memory_order_seq_cst);
    if (completions_.put_count() >= wanted) call_waiter(wanted);
}

void Pool::hand_on() noexcept {
    commands_.publish();
    wake_a_thread();
}

/// Wakes the thread that fell asleep last, unless one is on its way to look for work: see
/// `sleep_until_work` for why no command is left behind.
void Pool::wake_a_thread() noexcept {
    if (asleep_.load(std::memory_order_seq_cst) == nullptr ||
        waking_.load(std::memory_order_seq_cst) || looking_.load(std::memory_order_seq_cst) != 0)
        return;
    Worker* worker = nullptr;
    {
        const std::lock_guard lock(sleep_mutex_);
        worker = asleep_.load(std::memory_order_relaxed);
        if (worker == nullptr || waking_.load(std::memory_order_relaxed)) return;
        asleep_.store(worker->next, std::memory_order_relaxed);
        waking_.store(true, std::memory_order_seq_cst);
    }
    worker->place.wake();
}

/// Looks for work for a short time.
bool Pool::look_for_work() noexcept {
    looking_.fetch_add(1, std::memory_order_seq_cst);
    bool found = false;
    for (unsigned i = 0; i < looks_ && !found; ++i) {
        os::relax();
        found = !commands_.empty();
    }
    looking_.fetch_sub(1, std::memory_order_seq_cst);
    return found;
}

/// Sleeps until there may be work. A submitter publishes first and looks for sleepers then; this
/// counts itself as a sleeper first and looks for work then. Where the submitter leaves it to a
/// thread that is being woken, or looks for work, that thread stops being one before it looks for
/// the last time.
void Pool::sleep_until_work(Worker& worker) noexcept {
    {
        const std::lock_guard lock(sleep_mutex_);
        worker.next = asleep_.load(std::memory_order_relaxed);
        asleep_.store(&worker, std::memory_order_seq_cst);
        if (!commands_.empty() || stop_.load(std::memory_order_seq_cst)) {
            asleep_.store(worker.next, std::memory_order_relaxed);
            return;
        }
    }
    worker.place.sleep(std::chrono::nanoseconds{-1});
    waking_.store(false, std::memory_order_seq_cst);
}

Result<std::uint32_t> Pool::wait(std::uint32_t min, std::uint32_t max,
                                 std::chrono::nanoseconds timeout) noexcept {
    const std::uint32_t outstanding = in_flight();
    if (outstanding == 0) return 0;
    if (commands_.staged()) hand_on();
    min = std::clamp(min, 1u, std::min(outstanding, std::max(max, 1u)));
    const os::Deadline deadline(timeout);
    std::uint64_t wanted = completions_.taken() + min;
    for (;;) {
        const bool came = sleep_until_put(wanted, deadline);
        const std::uint32_t done = poll(max);
        if (done > 0 || !came) return done;
        // The oldest ticket's thread has not put its command yet: it will count itself.
        wanted = completions_.put_count() + 1;
        if (!completions_.empty()) wanted = completions_.taken() + 1;
    }
}

/// Sleeps until `wanted` completions have been put in all; false when the time passed first.
///
/// A thread that has more commands to run may hold its call back until `kBetweenCalls` after the
/// one before. Should one of those commands take long, nobody would call: therefore the first sleep
/// is a nap that ends at that moment, and what follows allows no holding back.
bool Pool::sleep_until_put(std::uint64_t wanted, const os::Deadline& deadline) noexcept {
    if (completions_.put_count() >= wanted) return true;
    const Clock::time_point begun = Clock::now();
    const auto nap = called_at_.load(std::memory_order_relaxed) + kBetweenCalls - begun;
    // Where each command has a thread, none has more to run.
    const bool naps = quick_sleeps_ >= kQuickSleeps && nap.count() > 0 &&
                      in_flight() > traits_.threads &&
                      (deadline.endless() || begun + nap < deadline.at());
    holds_.store(naps, std::memory_order_relaxed);
    // Sequentially consistent: see `CompletionRing::put`.
    wake_at_.store(wanted, std::memory_order_seq_cst);
    if (naps && completions_.put_count() < wanted) waiter_.sleep(nap);
    // Sequentially consistent: a thread that holds back after this has put its command before the
    // look that follows.
    if (naps) holds_.store(false, std::memory_order_seq_cst);
    bool came = true;
    while (came && completions_.put_count() < wanted)
        came = waiter_.sleep(deadline.left()) || completions_.put_count() >= wanted;
    wake_at_.store(kNotWaiting, std::memory_order_relaxed);
    const std::uint64_t ready = completions_.put_count() - completions_.taken();
    const bool quick = Clock::now() - begun < ready * kQuick;
    quick_sleeps_ = quick ? std::min(quick_sleeps_ + 1, 2 * kQuickSleeps) : quick_sleeps_ / 2;
    return came;
}

Result<NativeHandle> Pool::completion_fd() noexcept {
    if (!event_.has_value()) {
        auto event = os::Event::create();
        if (!event) return std::unexpected(event.error());
        event_.emplace(std::move(*event));
        // Sequentially consistent: a thread that puts a command after this sees it, and what was
        // put before is seen by the look below.
        watched_.store(true, std::memory_order_seq_cst);
        if (!completions_.empty()) signal_event();
        at_once_ = true;
        if (commands_.staged()) hand_on();
    }
    return event_->handle();
}

void Pool::signal_event() noexcept {
    if (!signalled_.exchange(true, std::memory_order_seq_cst)) event_->signal();
}

/// Clears the event when there is nothing left to take. A call that found nothing clears it in any
/// case: a thread may have signalled late, after its command was taken.
void Pool::settle_event(std::uint32_t done) noexcept {
    if (!completions_.empty()) return;
    if (done != 0 && !signalled_.load(std::memory_order_relaxed)) return;
    event_->clear();
    signalled_.store(false, std::memory_order_seq_cst);
    // A command that came between the two was not signalled: its thread saw `signalled_`.
    if (!completions_.empty()) signal_event();
}

Result<std::unique_ptr<AsyncQueue>, Failure> make_pool(QueueParts parts, SyncInterface& sync,
                                                       std::uint32_t capacity,
                                                       std::uint32_t threads, Start start) {
    std::unique_ptr<Pool> pool(new (std::nothrow) Pool(std::move(parts), sync, start));
    if (pool == nullptr)
        return fail(Errc::no_memory, "There is no memory for the queue of the thread pool.");
    if (auto created = pool->create(std::max(capacity, 1u), threads); !created)
        return std::unexpected(std::move(created.error()));
    return pool;
}

}  // namespace

Verdict machine() {
    return Verdict::serves("part of the library");
}

Verdict probe(const Handle&, const Options&) {
    return Verdict::serves("runs the synchronous interface on " + std::to_string(os::processors()) +
                           " threads, or as many as asked for");
}

Result<std::unique_ptr<AsyncQueue>, Failure> make(QueueSetup setup) {
    const std::uint32_t depth = std::max(setup.parts.slots.depth(), 1u);
    const std::uint32_t wanted =
        setup.options.threads != 0 ? setup.options.threads : os::processors();
    return make_pool(std::move(setup.parts), setup.sync, depth, std::min(wanted, depth),
                     Start::staged);
}

Result<std::unique_ptr<AsyncQueue>, Failure> make_worker(QueueParts parts, SyncInterface& sync,
                                                         std::uint32_t capacity) {
    return make_pool(std::move(parts), sync, capacity, 1, Start::at_once);
}

}  // namespace xnvme::be_common::thrpool
