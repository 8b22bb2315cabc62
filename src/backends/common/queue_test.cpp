// The queues of this backend, over a synchronous interface that the tests hold in their hands.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "backends/common/emu.hpp"
#include "backends/common/nil.hpp"
#include "backends/common/thrpool.hpp"
#include "contracts/complete.hpp"
#include "contracts/regions.hpp"
#include "os/event.hpp"

namespace xnvme::be_common {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
constexpr nanoseconds kForEver{-1};
constexpr nanoseconds kLong = std::chrono::seconds{60};

/// Counts commands; fails those of opcode 0xff; holds those of opcode 0xfe at a gate.
class FakeSync final : public SyncInterface {
  public:
    void execute(Context& context) noexcept override {
        runs.fetch_add(1, std::memory_order_relaxed);
        if (context.command.opcode == 0xfe) {
            std::unique_lock lock(mutex_);
            ++held_;
            changed_.notify_all();
            changed_.wait(lock, [this] { return open_; });
            --held_;
        }
        if (context.command.opcode == 0xff) {
            complete_device(context, Status::make(2, 0x81));
        } else {
            complete_ok(context, context.command.cdw10 + 1u);
        }
    }
    void open_gate() {
        const std::lock_guard lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }
    void close_gate() {
        const std::lock_guard lock(mutex_);
        open_ = false;
    }
    void wait_until_held(unsigned count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return held_ >= count; });
    }
    std::atomic<unsigned> runs{0};

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    unsigned held_ = 0;
    bool open_ = false;
};

struct Bench {
    Handle handle;
    FakeSync sync;
    Options options;
    RegionTable regions;

    template <class Make>
    std::unique_ptr<AsyncQueue> make(Make factory, std::uint32_t depth, std::uint32_t threads = 0) {
        auto slots = SlotArray::create(depth);
        EXPECT_TRUE(slots.has_value());
        QueueOptions queue_options;
        queue_options.threads = threads;
        auto queue = factory(QueueSetup{QueueParts{std::move(*slots), CommandRules{}, nullptr},
                                        handle, sync, options, queue_options, regions});
        EXPECT_TRUE(queue.has_value());
        return std::move(*queue);
    }
};

struct Counter {
    unsigned completed = 0;
    unsigned failed = 0;
    unsigned resubmit = 0;  ///< How many more to submit from the callback.
};

void submit(AsyncQueue& queue, Context& context) {
    context.completion = Completion{};
    context.error = Errc::ok;
    queue.count_submission();
    queue.submit(context);
}

void on_complete(Context& context, void* argument) {
    auto& counter = *static_cast<Counter*>(argument);
    ++counter.completed;
    if (!context.ok()) ++counter.failed;
    if (counter.resubmit > 0) {
        --counter.resubmit;
        context.command.opcode = 0;
        submit(*context.queue, context);
        return;
    }
    context.queue->slots().give_back(context);
}

Context& take(AsyncQueue& queue, Counter& counter, std::uint8_t opcode = 0) {
    Context& context = *queue.slots().take();
    context.command = Command{};
    context.command.opcode = opcode;
    context.callback = on_complete;
    context.argument = &counter;
    return context;
}

void drain(AsyncQueue& queue) {
    while (queue.in_flight() > 0) {
        const auto done = queue.wait(queue.in_flight(), UINT32_MAX, kForEver);
        ASSERT_TRUE(done.has_value());
        ASSERT_GT(*done, 0u);
    }
}

using Factory = Result<std::unique_ptr<AsyncQueue>, Failure> (*)(QueueSetup);
struct Kind {
    const char* name;
    Factory make;
};
void PrintTo(const Kind& kind, std::ostream* out) {
    *out << kind.name;
}

class EveryQueue : public ::testing::TestWithParam<Kind>, protected Bench {};

INSTANTIATE_TEST_SUITE_P(Common, EveryQueue,
                         ::testing::Values(Kind{"emu", emu::make}, Kind{"nil", nil::make},
                                           Kind{"thrpool", thrpool::make}),
                         [](const auto& info) { return info.param.name; });

TEST_P(EveryQueue, CompletesEverythingAtEveryDepth) {
    for (const std::uint32_t depth : {1u, 2u, 33u, 128u, 1000u}) {
        auto queue = make(GetParam().make, depth);
        Counter counter;
        for (int round = 0; round < 3; ++round) {
            for (std::uint32_t i = 0; i < depth; ++i) submit(*queue, take(*queue, counter));
            EXPECT_EQ(queue->in_flight(), depth);
            EXPECT_EQ(queue->slots().free_count(), 0u);
            drain(*queue);
            EXPECT_EQ(queue->slots().free_count(), depth);
        }
        EXPECT_EQ(counter.completed, 3 * depth);
        EXPECT_EQ(counter.failed, 0u);
    }
}

TEST_P(EveryQueue, TakesBatches) {
    auto queue = make(GetParam().make, 100);
    Counter counter;
    std::array<Context*, 100> batch;
    for (Context*& context : batch) context = &take(*queue, counter);
    queue->count_submissions(100);
    queue->submit_batch(batch.data(), 100);
    drain(*queue);
    EXPECT_EQ(counter.completed, 100u);
}

TEST_P(EveryQueue, PollTakesAtMostWhatIsAskedFor) {
    auto queue = make(GetParam().make, 8);
    Counter counter;
    for (int i = 0; i < 8; ++i) submit(*queue, take(*queue, counter));
    unsigned done = 0;
    while (done < 8) {
        const std::uint32_t count = queue->poll(3);
        EXPECT_LE(count, 3u);
        done += count;
    }
    EXPECT_EQ(counter.completed, 8u);
    EXPECT_EQ(queue->poll(3), 0u);
}

TEST_P(EveryQueue, CallbacksMayResubmitTheirContext) {
    for (const std::uint32_t depth : {1u, 7u}) {
        auto queue = make(GetParam().make, depth);
        Counter counter;
        counter.resubmit = 1000;
        for (std::uint32_t i = 0; i < depth; ++i) submit(*queue, take(*queue, counter));
        drain(*queue);
        EXPECT_EQ(counter.completed, 1000 + depth);
        EXPECT_EQ(queue->slots().free_count(), depth);
    }
}

TEST_P(EveryQueue, TheDescriptorIsReadableExactlyWhileThereIsSomethingToComplete) {
    auto queue = make(GetParam().make, 4);
    Counter counter;
    // Before the descriptor exists, and after.
    submit(*queue, take(*queue, counter));
    const auto handle = queue->completion_fd();
    ASSERT_TRUE(handle.has_value());
    for (int round = 0; round < 200; ++round) {
        const auto readable = os::wait_readable({&*handle, 1}, kLong);
        ASSERT_TRUE(readable.has_value() && *readable) << "round " << round;
        // Nothing is lost when poll is told to leave something behind.
        while (queue->in_flight() > 0) {
            ASSERT_TRUE(os::wait_readable({&*handle, 1}, kLong).value());
            queue->poll(1);
        }
        while (queue->poll(UINT32_MAX) != 0) {
        }
        ASSERT_FALSE(os::wait_readable({&*handle, 1}, nanoseconds{0}).value());
        for (int i = 0; i < 4; ++i) submit(*queue, take(*queue, counter));
    }
    drain(*queue);
}

TEST_P(EveryQueue, DestroyedWithCommandsOutstanding) {
    for (int round = 0; round < 50; ++round) {
        auto queue = make(GetParam().make, 32);
        Counter counter;
        for (int i = 0; i < 32; ++i) submit(*queue, take(*queue, counter));
        queue.reset();
        EXPECT_EQ(counter.completed, 0u);
    }
}

TEST(Nil, SaysThatItMovesNoDataAndRunsNothing) {
    Bench bench;
    auto queue = bench.make(nil::make, 4);
    EXPECT_FALSE(queue->traits().moves_data);
    Counter counter;
    submit(*queue, take(*queue, counter, 0xff));
    drain(*queue);
    EXPECT_EQ(counter.failed, 0u);
    EXPECT_EQ(bench.sync.runs.load(), 0u);
}

TEST(Emu, RunsNothingBeforePoll) {
    Bench bench;
    auto queue = bench.make(emu::make, 4);
    EXPECT_TRUE(queue->traits().moves_data);
    Counter counter;
    submit(*queue, take(*queue, counter));
    submit(*queue, take(*queue, counter, 0xff));
    EXPECT_EQ(bench.sync.runs.load(), 0u);
    EXPECT_EQ(queue->poll(UINT32_MAX), 2u);
    EXPECT_EQ(bench.sync.runs.load(), 2u);
    EXPECT_EQ(counter.failed, 1u);
}

TEST(Emu, WaitStopsWhenTheTimeHasPassed) {
    Bench bench;
    auto queue = bench.make(emu::make, 4);
    Counter counter;
    for (int i = 0; i < 4; ++i) submit(*queue, take(*queue, counter));
    EXPECT_EQ(queue->wait(4, UINT32_MAX, nanoseconds{0}).value(), 1u);
    EXPECT_EQ(queue->wait(3, UINT32_MAX, kForEver).value(), 3u);
}

TEST(Thrpool, CommandsAreStagedUntilPoll) {
    Bench bench;
    auto queue = bench.make(thrpool::make, 4, 2);
    EXPECT_EQ(queue->traits().threads, 2u);
    Counter counter;
    submit(*queue, take(*queue, counter, 0xfe));
    submit(*queue, take(*queue, counter, 0xfe));
    EXPECT_EQ(queue->poll(UINT32_MAX), 0u);
    // Both at once: on two threads.
    bench.sync.wait_until_held(2);
    bench.sync.open_gate();
    drain(*queue);
    EXPECT_EQ(counter.completed, 2u);
}

TEST(Thrpool, CommandsStartAtOnceOnceTheDescriptorIsAskedFor) {
    Bench bench;
    auto queue = bench.make(thrpool::make, 4, 2);
    Counter counter;
    submit(*queue, take(*queue, counter, 0xfe));
    ASSERT_TRUE(queue->completion_fd().has_value());
    bench.sync.wait_until_held(1);
    submit(*queue, take(*queue, counter, 0xfe));
    bench.sync.wait_until_held(2);
    bench.sync.open_gate();
    drain(*queue);
    EXPECT_EQ(counter.completed, 2u);
}

// A thread with more to do holds calls back for a moment: not until a command ends that may never.
TEST(Thrpool, ACompletionIsNotHeldBackBehindACommandThatTakesLong) {
    Bench bench;
    auto queue = bench.make(thrpool::make, 8, 1);
    Counter counter;
    for (int round = 0; round < 200; ++round) {
        bench.sync.close_gate();
        for (int i = 0; i < 4; ++i) submit(*queue, take(*queue, counter));
        submit(*queue, take(*queue, counter, 0xfe));
        submit(*queue, take(*queue, counter));
        // The four come back while the fifth is held, and one is behind it.
        while (queue->in_flight() > 2) {
            const auto done = queue->wait(1, UINT32_MAX, kLong);
            ASSERT_TRUE(done.has_value() && *done > 0) << "round " << round;
        }
        bench.sync.wait_until_held(1);
        bench.sync.open_gate();
        drain(*queue);
    }
    EXPECT_EQ(counter.completed, 1200u);
}

TEST(Thrpool, ABatchRunsOnAllThreads) {
    Bench bench;
    auto queue = bench.make(thrpool::make, 8, 4);
    Counter counter;
    // Over and over, so that it also meets threads that are asleep. The submitter wakes one thread,
    // and each thread that finds more work wakes the next.
    for (int round = 0; round < 200; ++round) {
        bench.sync.close_gate();
        std::array<Context*, 4> batch;
        for (Context*& context : batch) context = &take(*queue, counter, 0xfe);
        queue->count_submissions(4);
        queue->submit_batch(batch.data(), 4);
        bench.sync.wait_until_held(4);
        bench.sync.open_gate();
        drain(*queue);
    }
    EXPECT_EQ(counter.completed, 800u);
}

TEST(Thrpool, HasNoMoreThreadsThanCommands) {
    Bench bench;
    EXPECT_EQ(bench.make(thrpool::make, 3, 64)->traits().threads, 3u);
    EXPECT_EQ(bench.make(thrpool::make, 1)->traits().threads, 1u);
}

TEST(Thrpool, WaitSleepsAndTimesOut) {
    Bench bench;
    auto queue = bench.make(thrpool::make, 4, 1);
    Counter counter;
    submit(*queue, take(*queue, counter, 0xfe));
    EXPECT_EQ(queue->poll(UINT32_MAX), 0u);
    bench.sync.wait_until_held(1);
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(queue->wait(1, UINT32_MAX, milliseconds{20}).value(), 0u);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, milliseconds{20});
    EXPECT_EQ(queue->wait(1, UINT32_MAX, nanoseconds{0}).value(), 0u);
    bench.sync.open_gate();
    EXPECT_EQ(queue->wait(1, UINT32_MAX, kForEver).value(), 1u);
}

TEST(Thrpool, DestructionCancelsWhatWaitsAndWaitsForWhatRuns) {
    Bench bench;
    auto queue = bench.make(thrpool::make, 8, 1);
    Counter counter;
    for (int i = 0; i < 8; ++i) submit(*queue, take(*queue, counter, 0xfe));
    EXPECT_EQ(queue->poll(UINT32_MAX), 0u);
    bench.sync.wait_until_held(1);
    std::atomic<bool> destroyed{false};
    std::thread destroyer([&] {
        queue.reset();
        destroyed.store(true);
    });
    EXPECT_FALSE(destroyed.load());
    bench.sync.open_gate();
    destroyer.join();
    // The one that ran, and those that its thread took before it was told to stop.
    EXPECT_GE(bench.sync.runs.load(), 1u);
    EXPECT_EQ(counter.completed, 0u);
}

TEST(Thrpool, NoWakeUpIsLost) {
    // Threads fall asleep between commands all the time; a wake-up that is lost hangs this.
    Bench bench;
    for (const std::uint32_t threads : {1u, 2u, 4u}) {
        auto queue = bench.make(thrpool::make, 4, threads);
        Counter counter;
        for (unsigned i = 0; i < 4000; ++i) {
            const unsigned burst = i % 4 + 1;
            for (unsigned j = 0; j < burst; ++j) submit(*queue, take(*queue, counter));
            drain(*queue);
        }
        EXPECT_EQ(counter.completed, 10'000u);
    }
}

TEST(Thrpool, DevicesAreSharedByManyQueues) {
    Bench bench;
    std::vector<std::thread> users;
    std::atomic<unsigned> completed{0};
    for (int user = 0; user < 4; ++user) {
        users.emplace_back([&] {
            auto queue = bench.make(thrpool::make, 16, 2);
            Counter counter;
            counter.resubmit = 2000;
            for (int i = 0; i < 16; ++i) submit(*queue, take(*queue, counter));
            drain(*queue);
            completed += counter.completed;
        });
    }
    for (std::thread& user : users) user.join();
    EXPECT_EQ(completed.load(), 4u * 2016u);
}

TEST(Worker, RunsContextsOfAnotherQueue) {
    Bench bench;
    auto queue = bench.make(nil::make, 8);
    auto slots = SlotArray::create(0);
    ASSERT_TRUE(slots.has_value());
    auto worker =
        thrpool::make_worker(QueueParts{std::move(*slots), CommandRules{}, nullptr}, bench.sync, 8);
    ASSERT_TRUE(worker.has_value());
    EXPECT_EQ((*worker)->traits().threads, 1u);
    queue->set_worker(worker->get());
    Counter counter;
    for (int round = 0; round < 100; ++round) {
        for (int i = 0; i < 8; ++i) {
            Context& context = take(*queue, counter, i == 7 ? 0xff : 0x00);
            (*worker)->count_submission();
            (*worker)->submit(context);
        }
        drain(**worker);
    }
    EXPECT_EQ(counter.completed, 800u);
    EXPECT_EQ(counter.failed, 100u);
    EXPECT_EQ(queue->slots().free_count(), 8u);
}

TEST(Worker, CompletesInTheOrderOfSubmission) {
    Bench bench;
    auto queue = bench.make(nil::make, 8);
    auto slots = SlotArray::create(0);
    auto worker =
        thrpool::make_worker(QueueParts{std::move(*slots), CommandRules{}, nullptr}, bench.sync, 8);
    std::vector<std::uint64_t> order;
    for (std::uint32_t i = 0; i < 8; ++i) {
        Context& context = *queue->slots().take();
        context.command = Command{};
        context.command.cdw10 = i;
        context.argument = &order;
        context.callback = [](Context& done, void* argument) {
            static_cast<std::vector<std::uint64_t>*>(argument)->push_back(done.completion.result);
        };
        (*worker)->count_submission();
        (*worker)->submit(context);
    }
    drain(**worker);
    EXPECT_EQ(order, (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6, 7, 8}));
}

}  // namespace
}  // namespace xnvme::be_common
