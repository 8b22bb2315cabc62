// poll, wait, drain and completion_fd: rules 4 and 9 of a queue, on every interface.
#include <chrono>

#include "tests/conformance/harness.hpp"
#include "tests/conformance/system.hpp"

namespace conformance {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::seconds;

class AsyncWait : public AsyncCase {
  protected:
    /// Submits `count` reads of one block each, every `emulated_every`th one a verify.
    void submit_reads(Runner& runner, xnvme::Device& device, xnvme::Buffer& buffer,
                      std::uint32_t count, std::uint32_t emulated_every = 0) {
        const std::uint32_t block_bytes = device.geometry().transfer_block_bytes;
        for (std::uint32_t i = 0; i < count; ++i) {
            if (emulated_every != 0 && i % emulated_every == 0)
                must(runner.submit(xnvme::nvme::verify(i, 1)));
            else
                must(runner.submit(xnvme::nvme::read(i, 1),
                                   buffer.part(std::size_t{i} * block_bytes, block_bytes)));
        }
    }
    xnvme::Buffer blocks(xnvme::Device& device, std::uint32_t count) {
        return must(device.allocate(std::size_t{count} * device.geometry().transfer_block_bytes));
    }
};

TEST_P(AsyncWait, ReturnsAtOnceWhenNothingIsOutstanding) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(4));
    EXPECT_EQ(queue.poll(), 0u);
    EXPECT_EQ(must(queue.wait(1)), 0u);
    EXPECT_EQ(must(queue.wait(4, seconds{30})), 0u);
    EXPECT_EQ(must(queue.drain()), 0u);
}

TEST_P(AsyncWait, CompletesAtLeastTheMinimum) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(33));
    xnvme::Buffer buffer = blocks(device, 33);
    Runner runner(queue);
    submit_reads(runner, device, buffer, 33);
    const std::uint32_t first = runner.wait(5, seconds{30});
    EXPECT_GE(first, 5u);
    EXPECT_EQ(runner.completed(), first);
    EXPECT_EQ(queue.outstanding(), 33u - first);
    EXPECT_EQ(first + runner.drain(), 33u);
    EXPECT_EQ(runner.failed(), 0u) << text(runner.first_failure());
}

TEST_P(AsyncWait, ForMoreThanIsOutstandingCompletesAll) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(33));
    xnvme::Buffer buffer = blocks(device, 7);
    Runner runner(queue);
    submit_reads(runner, device, buffer, 7);
    EXPECT_EQ(runner.wait(1000, seconds{30}), 7u);
    EXPECT_EQ(queue.outstanding(), 0u);
}

TEST_P(AsyncWait, CountsNativeAndEmulatedCommands) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(32));
    xnvme::Buffer buffer = blocks(device, 32);
    Runner runner(queue);
    submit_reads(runner, device, buffer, 32, 2);
    std::uint32_t total = 0;
    while (queue.outstanding() > 0) {
        const std::uint32_t count = runner.wait(3, seconds{30});
        ASSERT_GT(count, 0u) << "the time passed";
        total += count;
    }
    EXPECT_EQ(total, 32u);
    EXPECT_EQ(runner.completed(), 32u);
    EXPECT_EQ(runner.failed(), 0u) << text(runner.first_failure());
}

TEST_P(AsyncWait, WithTimeZeroDoesNotSleepAndGetsThereInTheEnd) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(8));
    xnvme::Buffer buffer = blocks(device, 8);
    Runner runner(queue);
    submit_reads(runner, device, buffer, 8);
    const auto end = Clock::now() + seconds{30};
    while (queue.outstanding() > 0 && Clock::now() < end)
        runner.wait(8, std::chrono::nanoseconds{0});
    EXPECT_EQ(runner.completed(), 8u);
}

TEST_P(AsyncWait, SpinsFirstWhereThatIsAskedFor) {
    xnvme::Device device = open();
    xnvme::QueueOptions options;
    options.spin = std::chrono::microseconds{200};
    xnvme::Queue queue = must(device.create_queue(8, options));
    xnvme::Buffer buffer = blocks(device, 8);
    for (int round = 0; round < 10; ++round) {
        Runner runner(queue);
        submit_reads(runner, device, buffer, 8, 4);
        while (queue.outstanding() > 0) ASSERT_GT(runner.wait(1, seconds{30}), 0u);
        EXPECT_EQ(runner.completed(), 8u);
    }
}

TEST_P(AsyncWait, PollGivesNoMoreThanItsMaximum) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(16));
    xnvme::Buffer buffer = blocks(device, 16);
    Runner runner(queue);
    submit_reads(runner, device, buffer, 16, 4);
    EXPECT_EQ(runner.poll(0), 0u);
    EXPECT_EQ(runner.completed(), 0u);
    const auto end = Clock::now() + seconds{30};
    std::uint32_t total = 0;
    while (total < 16 && Clock::now() < end) {
        const std::uint32_t count = runner.poll(3);
        ASSERT_LE(count, 3u);
        total += count;
        ASSERT_EQ(runner.completed(), total);
    }
    EXPECT_EQ(total, 16u);
}

TEST_P(AsyncWait, PollAloneCompletesEverything) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(128));
    xnvme::Buffer buffer = blocks(device, 128);
    Runner runner(queue);
    submit_reads(runner, device, buffer, 128, 16);
    const auto end = Clock::now() + seconds{30};
    while (queue.outstanding() > 0 && Clock::now() < end) runner.poll();
    EXPECT_EQ(runner.completed(), 128u);
    EXPECT_EQ(runner.failed(), 0u) << text(runner.first_failure());
}

TEST_P(AsyncWait, DrainCompletesWhatCallbacksSubmit) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(4));
    xnvme::Buffer buffer = blocks(device, 1);
    struct Chain {
        xnvme::Queue* queue;
        xnvme::Data data;
        int left = 50;
        int completed = 0;
        bool refused = false;
    } chain{&queue, buffer};
    // Every second command of the chain is one that most interfaces do not carry themselves.
    static constexpr auto next = [](xnvme::Context& context, Chain& chain) {
        const bool read = chain.left % 2 == 0;
        context.command = read ? xnvme::nvme::read(0, 1) : xnvme::nvme::verify(0, 1);
        const auto result =
            read ? chain.queue->submit(context, chain.data) : chain.queue->submit(context);
        if (!result) chain.refused = true;
    };
    xnvme::Context* context = queue.acquire();
    ASSERT_NE(context, nullptr);
    context->argument = &chain;
    context->callback = [](xnvme::Context& done, void* argument) {
        auto& chain = *static_cast<Chain*>(argument);
        if (done.ok()) ++chain.completed;
        if (chain.left-- > 0)
            next(done, chain);
        else
            chain.queue->release(done);
    };
    next(*context, chain);
    EXPECT_EQ(must(queue.drain()), 51u);
    EXPECT_EQ(chain.completed, 51);
    EXPECT_FALSE(chain.refused);
}

TEST_P(AsyncWait, CompletionFdDrivesALoop) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(33));
    const xnvme::NativeHandle handle = must(queue.completion_fd());
    ASSERT_NE(handle, xnvme::kNoNativeHandle);
    EXPECT_EQ(must(queue.completion_fd()), handle) << "it is made once";
    xnvme::Buffer buffer = blocks(device, 33);
    for (std::uint32_t emulated_every : {0u, 3u, 1u}) {
        Runner runner(queue);
        submit_reads(runner, device, buffer, 33, emulated_every);
        while (runner.completed() < 33) {
            // What is staged is handed on by poll, so the loop polls before it watches.
            if (runner.poll() > 0) continue;
            ASSERT_TRUE(watch(handle, milliseconds{10'000}))
                << "not readable with " << queue.outstanding() << " commands outstanding";
        }
        EXPECT_EQ(runner.poll(), 0u);
        EXPECT_EQ(runner.failed(), 0u) << text(runner.first_failure());
    }
}

TEST_P(AsyncWait, CompletionFdIsQuietWhenNothingIsOutstanding) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(8));
    const xnvme::NativeHandle handle = must(queue.completion_fd());
    xnvme::Buffer buffer = blocks(device, 8);
    Runner runner(queue);
    submit_reads(runner, device, buffer, 8, 2);
    while (runner.completed() < 8) ASSERT_GT(runner.wait(1, seconds{30}), 0u);
    while (runner.poll() > 0) {
    }
    // A signal may come after its command was reaped; one poll takes it away, and no other comes.
    if (watch(handle, milliseconds{50})) {
        EXPECT_EQ(runner.poll(), 0u);
    }
    EXPECT_FALSE(watch(handle, milliseconds{0}));
}

TEST_P(AsyncWait, CompletionFdStaysReadableWhilePollHasMore) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(8));
    const xnvme::NativeHandle handle = must(queue.completion_fd());
    xnvme::Buffer buffer = blocks(device, 8);
    Runner runner(queue);
    submit_reads(runner, device, buffer, 8, 4);
    for (std::uint32_t total = 0; total < 8;) {
        if (const std::uint32_t count = runner.poll(1); count > 0) {
            total += count;
            continue;
        }
        ASSERT_TRUE(watch(handle, milliseconds{10'000})) << total << " completed one by one";
    }
}

CONFORMANCE_OVER(AsyncWait, pairs(xnvme::Contract::async));

// ---- Time ---------------------------------------------------------------------------------------

// A model whose every command takes `latency`, driven by threads: the queue has something to sleep
// for. The interfaces that the kernel completes have theirs in linux/slow_disk_test.cpp.
class SlowModel : public ::testing::Test {
  protected:
    static constexpr milliseconds kLatency{150};
    xnvme::Device open(std::string_view async) {
        xnvme::Options options;
        options.async = async;
        return must(xnvme::Device::open(model_uri("16MiB", {"latency=150ms"}), options));
    }
};

TEST_F(SlowModel, WaitTimesOutOnThreads) {
    xnvme::Device device = open("thrpool");
    xnvme::Queue queue = must(device.create_queue(4));
    xnvme::Buffer buffer = must(device.allocate(4096));
    Runner runner(queue);
    const auto start = Clock::now();
    must(runner.submit(xnvme::nvme::read(0, 4096 / device.geometry().block_bytes), buffer));
    EXPECT_EQ(runner.wait(1, milliseconds{30}), 0u);
    const auto waited = Clock::now() - start;
    EXPECT_GE(waited, milliseconds{30});
    EXPECT_LT(waited, kLatency);
    EXPECT_EQ(queue.outstanding(), 1u);
    EXPECT_EQ(runner.wait(1, seconds{10}), 1u);
    EXPECT_GE(Clock::now() - start, kLatency);
}

TEST_F(SlowModel, WaitSleepsOnThreads) {
    xnvme::Device device = open("thrpool");
    xnvme::Queue queue = must(device.create_queue(4));
    xnvme::Buffer buffer = must(device.allocate(4096));
    Runner runner(queue);
    must(runner.submit(xnvme::nvme::read(0, 4096 / device.geometry().block_bytes), buffer));
    const auto used_before = thread_cpu_time();
    EXPECT_EQ(runner.wait(1, seconds{10}), 1u);
    EXPECT_LT(thread_cpu_time() - used_before, milliseconds{20});
}

TEST_F(SlowModel, SubmitDoesNotBlockOnAnyInterface) {
    for (const char* async : {"emu", "thrpool", "nil"}) {
        xnvme::Device device = open(async);
        xnvme::Queue queue = must(device.create_queue(4));
        xnvme::Buffer buffer = must(device.allocate(4096));
        Runner runner(queue);
        const auto start = Clock::now();
        must(runner.submit(xnvme::nvme::read(0, 4096 / device.geometry().block_bytes), buffer));
        must(runner.submit(xnvme::nvme::verify(0, 1)));
        EXPECT_LT(Clock::now() - start, kLatency / 2) << async;
        EXPECT_EQ(runner.drain(), 2u) << async;
    }
}

TEST_F(SlowModel, ThreadsWorkAtTheSameTime) {
    xnvme::Device device = open("thrpool");
    xnvme::QueueOptions options;
    options.threads = 8;
    xnvme::Queue queue = must(device.create_queue(8, options));
    EXPECT_EQ(queue.capabilities().traits.threads, 8u);
    const std::uint32_t block_bytes = device.geometry().block_bytes;
    xnvme::Buffer buffer = must(device.allocate(8 * std::size_t{block_bytes}));
    Runner runner(queue);
    const auto start = Clock::now();
    for (std::uint32_t i = 0; i < 8; ++i)
        must(runner.submit(xnvme::nvme::read(i, 1),
                           buffer.part(std::size_t{i} * block_bytes, block_bytes)));
    EXPECT_EQ(runner.drain(), 8u);
    EXPECT_LT(Clock::now() - start, kLatency * 4);
}

}  // namespace
}  // namespace conformance
