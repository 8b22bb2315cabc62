#include "backends/common/thrpool.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backends/common/handoff_rings.hpp"
#include "contracts/complete.hpp"
#include "os/deadline.hpp"
#include "os/error_text.hpp"
#include "os/event.hpp"
#include "os/thread.hpp"

namespace xnvme::be_common::thrpool {

namespace {

/// Nobody waits: no count of completions reaches this.
constexpr std::uint64_t kNotWaiting = std::numeric_limits<std::uint64_t>::max();

/// A queue over threads. Commands are published as they are submitted, so that they start without
/// `poll`; at most one thread is being woken up at any time, and one that finds more work than its
/// own wakes the next. A batch so costs the submitter one wake-up.
class Pool final : public AsyncQueue {
  public:
    Pool(QueueParts parts, SyncInterface& sync) noexcept
        : AsyncQueue(std::move(parts)), sync_(sync) {}

    /// Commands that were not started are cancelled; those that run are waited for.
    ~Pool() override {
        {
            const std::lock_guard lock(sleep_mutex_);
            stop_.store(true, std::memory_order_relaxed);
        }
        sleep_.notify_all();
        for (os::Thread& thread : threads_) thread.join();
    }

    Result<void, Failure> create(std::uint32_t capacity, std::uint32_t threads) {
        if (!commands_.create(capacity) || !completions_.create(capacity))
            return fail(Errc::no_memory, "There is no memory for the queue of the thread pool.");
        threads_.reserve(threads);
        traits_.threads = threads;
        while (threads_.size() < threads) {
            if (const int why = start_thread(); why != 0)
                return fail(Error{Errc::no_memory, Status{}, why},
                            "Of " + std::to_string(threads) + " threads the system started " +
                                std::to_string(threads_.size()) + ": " + os::message(why) +
                                ". Ask for fewer threads or queues.");
        }
        // What a thread needs is allocated as it starts, some of it on the thread itself: that is
        // over before there is a queue, and not some time during its first commands.
        std::unique_lock lock(wait_mutex_);
        waiter_.wait(lock, [&] { return started_ == threads; });
        return {};
    }

    void submit(Context& context) noexcept override {
        commands_.put(context);
        commands_.publish();
        wake_a_thread();
    }

    void submit_batch(Context* const* contexts, std::uint32_t count) noexcept override {
        for (std::uint32_t i = 0; i < count; ++i) commands_.put(*contexts[i]);
        commands_.publish();
        wake_a_thread();
    }

    std::uint32_t poll(std::uint32_t max) noexcept override {
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
                               std::chrono::nanoseconds timeout) noexcept override {
        const std::uint32_t outstanding = in_flight();
        if (outstanding == 0) return 0;
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

    Result<NativeHandle> completion_fd() noexcept override {
        if (!event_.has_value()) {
            auto event = os::Event::create();
            if (!event) return std::unexpected(event.error());
            event_.emplace(std::move(*event));
            // Sequentially consistent: a thread that puts a command after this sees it, and what
            // was put before is seen by the look below.
            watched_.store(true, std::memory_order_seq_cst);
            if (!completions_.empty()) signal_event();
        }
        return event_->handle();
    }

  private:
    int start_thread() noexcept {
        auto thread =
            os::Thread::start([](void* pool) { static_cast<Pool*>(pool)->run_commands(); }, this);
        if (!thread) return thread.error().os;
        threads_.push_back(std::move(*thread));
        return 0;
    }

    /// A thread of the pool.
    void run_commands() noexcept {
        {
            const std::lock_guard lock(wait_mutex_);
            ++started_;
        }
        waiter_.notify_one();
        while (!stop_.load(std::memory_order_relaxed)) {
            Context* context = commands_.take();
            if (context == nullptr) {
                sleep_until_work();
                continue;
            }
            if (!commands_.empty()) wake_a_thread();
            sync_.execute(*context);
            finish(*context);
        }
    }

    /// Hands a command back. The context is the queue's again with the call of `put`.
    void finish(Context& context) noexcept {
        const std::uint64_t count = completions_.put(context);
        if (count >= wake_at_.load(std::memory_order_seq_cst)) {
            // With the lock taken once, the waiter either has not looked yet or sleeps.
            {
                const std::lock_guard lock(wait_mutex_);
            }
            waiter_.notify_one();
        }
        if (watched_.load(std::memory_order_seq_cst)) [[unlikely]]
            signal_event();
    }

    /// `idle_` and `waking_` change only under the lock, but for being looked at here; see
    /// `sleep_until_work` for why no wake-up is lost.
    void wake_a_thread() noexcept {
        if (idle_.load(std::memory_order_seq_cst) == 0 || waking_.load(std::memory_order_seq_cst))
            return;
        {
            const std::lock_guard lock(sleep_mutex_);
            if (idle_.load(std::memory_order_relaxed) == 0 ||
                waking_.load(std::memory_order_relaxed))
                return;
            waking_.store(true, std::memory_order_seq_cst);
        }
        sleep_.notify_one();
    }

    /// Sleeps until there may be work. A submitter publishes first and looks for sleepers then;
    /// this counts itself as a sleeper first and looks for work then. Where the submitter leaves it
    /// to a thread that is being woken, that thread resets `waking_` before it looks for work.
    void sleep_until_work() noexcept {
        std::unique_lock lock(sleep_mutex_);
        idle_.fetch_add(1, std::memory_order_seq_cst);
        while (commands_.empty() && !stop_.load(std::memory_order_relaxed)) {
            sleep_.wait(lock);
            waking_.store(false, std::memory_order_seq_cst);
        }
        idle_.fetch_sub(1, std::memory_order_seq_cst);
    }

    /// Sleeps until `wanted` completions have been put in all; false when the time passed first.
    bool sleep_until_put(std::uint64_t wanted, const os::Deadline& deadline) noexcept {
        if (completions_.put_count() >= wanted) return true;
        std::unique_lock lock(wait_mutex_);
        // Sequentially consistent: see `CompletionRing::put`.
        wake_at_.store(wanted, std::memory_order_seq_cst);
        bool came = true;
        while (came && completions_.put_count() < wanted) {
            if (deadline.endless()) {
                waiter_.wait(lock);
            } else if (waiter_.wait_until(lock, deadline.at()) == std::cv_status::timeout) {
                came = completions_.put_count() >= wanted;
            }
        }
        wake_at_.store(kNotWaiting, std::memory_order_relaxed);
        return came;
    }

    void signal_event() noexcept {
        if (!signalled_.exchange(true, std::memory_order_seq_cst)) event_->signal();
    }

    /// Clears the event when there is nothing left to take. A call that found nothing clears it in
    /// any case: a thread may have signalled late, after its command was taken.
    void settle_event(std::uint32_t done) noexcept {
        if (!completions_.empty()) return;
        if (done != 0 && !signalled_.load(std::memory_order_relaxed)) return;
        event_->clear();
        signalled_.store(false, std::memory_order_seq_cst);
        // A command that came between the two was not signalled: its thread saw `signalled_`.
        if (!completions_.empty()) signal_event();
    }

    SyncInterface& sync_;
    CommandRing commands_;
    CompletionRing completions_;
    std::vector<os::Thread> threads_;

    std::mutex sleep_mutex_;
    std::condition_variable sleep_;
    std::atomic<std::uint32_t> idle_{0};
    std::atomic<bool> waking_{false};
    std::atomic<bool> stop_{false};

    std::mutex wait_mutex_;
    std::condition_variable waiter_;
    std::uint32_t started_ = 0;  ///< Threads that run; guarded by `wait_mutex_`.
    std::atomic<std::uint64_t> wake_at_{kNotWaiting};

    std::atomic<bool> watched_{false};
    std::atomic<bool> signalled_{false};
    std::optional<os::Event> event_;
};

Result<std::unique_ptr<AsyncQueue>, Failure> make_pool(QueueParts parts, SyncInterface& sync,
                                                       std::uint32_t capacity,
                                                       std::uint32_t threads) {
    std::unique_ptr<Pool> pool(new (std::nothrow) Pool(std::move(parts), sync));
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
    return make_pool(std::move(setup.parts), setup.sync, depth, std::min(wanted, depth));
}

Result<std::unique_ptr<AsyncQueue>, Failure> make_worker(QueueParts parts, SyncInterface& sync,
                                                         std::uint32_t capacity) {
    return make_pool(std::move(parts), sync, capacity, 1);
}

}  // namespace xnvme::be_common::thrpool
