// Opening and closing, several queues, several threads: rules 10 and 11 of a queue. What runs on
// several threads stands in suites that begin with "Concurrent", for the thread sanitizer.
#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>
#include <optional>
#include <thread>

#include "tests/conformance/harness.hpp"

namespace conformance {
namespace {

class AsyncLifetime : public AsyncCase {};

TEST_P(AsyncLifetime, DestroyedWithCommandsOutstandingTouchesNoMemoryAndCallsNobody) {
    for (std::uint32_t depth : {1u, 33u, 128u}) {
        xnvme::Device device = open();
        const std::uint32_t unit = device.geometry().transfer_block_bytes;
        write_pattern(device, 0, 128, 1);
        auto queue = std::make_optional(must(device.create_queue(depth)));
        std::vector<xnvme::Buffer> buffers;
        int called = 0;
        for (std::uint32_t i = 0; i < depth; ++i) {
            buffers.push_back(must(device.allocate(unit)));
            xnvme::Context* context = queue->acquire();
            ASSERT_NE(context, nullptr);
            context->argument = &called;
            context->callback = [](xnvme::Context&, void* argument) {
                ++*static_cast<int*>(argument);
            };
            if (i % 8 == 7) {
                context->command = xnvme::nvme::compare(i, 1);
            } else {
                context->command = xnvme::nvme::read(i, 1);
            }
            must(queue->submit(*context, buffers.back()));
        }
        queue.reset();
        EXPECT_EQ(called, 0);
        for (xnvme::Buffer& buffer : buffers) std::ranges::fill(buffer.span(), std::byte{0x5a});
        // Anything that were still under way would be done when these have been.
        EXPECT_TRUE(holds(read_blocks(device, 0, 128).span(), 0, unit, 1));
        for (xnvme::Buffer& buffer : buffers)
            EXPECT_TRUE(all_bytes(buffer.span(), std::byte{0x5a}));
    }
}

TEST_P(AsyncLifetime, DestroyedInTheMiddleOfABatchLeavesTheDeviceUsable) {
    xnvme::Device device = open();
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    xnvme::Buffer buffer = must(device.allocate(64 * std::size_t{unit}));
    for (int round = 0; round < 5; ++round) {
        xnvme::Queue queue = must(device.create_queue(64));
        Runner runner(queue);
        for (std::uint32_t i = 0; i < 64; ++i)
            must(runner.submit(xnvme::nvme::read(i, 1), buffer.part(std::size_t{i} * unit, unit)));
        runner.poll(7);
        runner.abandon();
    }
    xnvme::Queue queue = must(device.create_queue(1));
    Runner runner(queue);
    EXPECT_FALSE(runner.run(xnvme::nvme::read(0, 1), buffer.part(0, unit)).why);
}

TEST_P(AsyncLifetime, ReopeningFindsWhatWasWritten) {
    for (std::uint64_t generation = 60; generation < 70; ++generation) {
        {
            xnvme::Device device = open();
            write_pattern(device, 3, 5, generation);
            xnvme::Queue queue = must(device.create_queue(8));
            Runner runner(queue);
            EXPECT_FALSE(runner.run(xnvme::nvme::flush()).why);
        }
        xnvme::Device device = open();
        const std::uint32_t unit = device.geometry().transfer_block_bytes;
        EXPECT_TRUE(holds(read_blocks(device, 3, 5).span(), 3, unit, generation));
    }
}

TEST_P(AsyncLifetime, QueueAndBuffersKeepTheDeviceOpen) {
    auto device = std::make_optional(open());
    xnvme::Buffer buffer = must(device->allocate(device->geometry().transfer_block_bytes));
    auto queue = std::make_optional(must(device->create_queue(2)));
    device.reset();
    {
        Runner runner(*queue);
        EXPECT_FALSE(runner.run(xnvme::nvme::read(0, 1), buffer).why);
    }
    queue.reset();
    std::ranges::fill(buffer.span(), std::byte{1});
    EXPECT_TRUE(all_bytes(buffer.span(), std::byte{1}));
}

TEST_P(AsyncLifetime, MovedQueuesWorkOn) {
    xnvme::Device device = open();
    xnvme::Buffer buffer = must(device.allocate(device.geometry().transfer_block_bytes));
    xnvme::Queue first = must(device.create_queue(2));
    xnvme::Context* context = first.acquire();
    ASSERT_NE(context, nullptr);
    must(first.read(*context, 0, 1, buffer));
    xnvme::Queue second = std::move(first);
    EXPECT_EQ(second.outstanding(), 1u);
    EXPECT_EQ(must(second.drain()), 1u);
    xnvme::Queue third = must(device.create_queue(3));
    third = std::move(second);
    EXPECT_EQ(third.depth(), 2u);
    xnvme::Device moved = std::move(device);
    EXPECT_GT(moved.geometry().blocks, 0u);
    Runner runner(third);
    EXPECT_FALSE(runner.run(xnvme::nvme::read(1, 1), buffer).why);
}

TEST_P(AsyncLifetime, ManyQueuesOnOneDeviceDoNotDisturbEachOther) {
    constexpr std::uint32_t kQueues = 16;
    constexpr std::uint32_t kBlocks = 16;
    xnvme::Device device = open();
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    xnvme::Buffer buffer = must(device.allocate(kQueues * kBlocks * std::size_t{unit}));
    fill(buffer.span(), 0, unit, 80);
    std::vector<xnvme::Queue> queues;
    std::deque<Runner> runners;
    queues.reserve(kQueues);
    for (std::uint32_t i = 0; i < kQueues; ++i) {
        queues.push_back(must(device.create_queue(8)));
        runners.emplace_back(queues.back());
    }
    for (std::uint32_t block = 0; block < kBlocks; ++block) {
        for (std::uint32_t i = 0; i < kQueues; ++i) {
            const std::uint64_t slba = i * kBlocks + block;
            runners[i].add(xnvme::nvme::write(slba, 1), buffer.part(slba * unit, unit));
        }
    }
    for (std::uint32_t i = 0; i < kQueues; ++i) {
        runners[i].drain();
        EXPECT_EQ(runners[i].completed(), kBlocks);
        EXPECT_EQ(runners[i].failed(), 0u) << text(runners[i].first_failure());
    }
    if (GetParam().interface == "nil") return;
    EXPECT_TRUE(holds(read_blocks(device, 0, kQueues * kBlocks).span(), 0, unit, 80));
}

// ---- Threads ------------------------------------------------------------------------------------

/// Fails a case from another thread, where an exception would end the program.
class Mistakes {
  public:
    void note(const std::string& mistake) {
        const std::lock_guard lock(mutex_);
        if (first_.empty()) first_ = mistake;
    }
    std::string first() {
        const std::lock_guard lock(mutex_);
        return first_;
    }
    /// Runs `work` and notes what it throws.
    template <class Work>
    void guard(Work work) {
        try {
            work();
        } catch (const std::exception& error) {
            note(error.what());
        }
    }

  private:
    std::mutex mutex_;
    std::string first_;
};

class ConcurrentQueues : public AsyncCase {};

TEST_P(ConcurrentQueues, OfSeveralThreadsShareADevice) {
    constexpr std::uint32_t kThreads = 4;
    constexpr std::uint32_t kBlocks = 64;
    xnvme::Device device = open();
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    const bool moves = GetParam().interface != "nil";
    Mistakes mistakes;
    std::vector<std::thread> threads;
    for (std::uint32_t number = 0; number < kThreads; ++number) {
        threads.emplace_back([&, number] {
            mistakes.guard([&] {
                xnvme::Queue queue = must(device.create_queue(16));
                xnvme::Buffer buffer = must(device.allocate(kBlocks * std::size_t{unit}));
                const std::uint64_t first = number * kBlocks;
                for (std::uint64_t generation = 1; generation <= 3; ++generation) {
                    Runner runner(queue);
                    fill(buffer.span(), first, unit, generation);
                    for (std::uint32_t i = 0; i < kBlocks; ++i)
                        runner.add(xnvme::nvme::write(first + i, 1),
                                   buffer.part(std::size_t{i} * unit, unit));
                    runner.add(xnvme::nvme::flush());
                    runner.drain();
                    std::ranges::fill(buffer.span(), std::byte{0});
                    for (std::uint32_t i = 0; i < kBlocks; ++i)
                        runner.add(xnvme::nvme::read(first + i, 1),
                                   buffer.part(std::size_t{i} * unit, unit));
                    runner.drain();
                    if (runner.failed() != 0) mistakes.note(text(runner.first_failure()));
                    const auto held = holds(buffer.span(), first, unit, generation);
                    if (moves && !held) mistakes.note(held.message());
                }
            });
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(mistakes.first(), "");
}

TEST_P(ConcurrentQueues, AreMadeAndDestroyedWhileOthersWork) {
    xnvme::Device device = open();
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    Mistakes mistakes;
    std::vector<std::thread> threads;
    for (int number = 0; number < 4; ++number) {
        threads.emplace_back([&] {
            mistakes.guard([&] {
                for (int round = 0; round < 5; ++round) {
                    xnvme::Buffer buffer = must(device.allocate(8 * std::size_t{unit}));
                    xnvme::Queue queue = must(device.create_queue(8));
                    Runner runner(queue);
                    for (std::uint32_t i = 0; i < 8; ++i)
                        must(i % 4 == 3 ? runner.submit(xnvme::nvme::verify(i, 1))
                                        : runner.submit(xnvme::nvme::read(i, 1),
                                                        buffer.part(std::size_t{i} * unit, unit)));
                    // Every other round leaves commands behind for the destructor.
                    if (round % 2 == 0) runner.abandon();
                }
            });
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(mistakes.first(), "");
}

TEST_P(ConcurrentQueues, AreHandedFromThreadToThreadBetweenCalls) {
    xnvme::Device device = open();
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    xnvme::Queue queue = must(device.create_queue(8));
    xnvme::Buffer buffer = must(device.allocate(8 * std::size_t{unit}));
    Mistakes mistakes;
    Runner runner(queue);
    // One thread submits, the next completes; joining is what hands the queue over.
    for (int round = 0; round < 6; ++round) {
        std::thread([&] {
            mistakes.guard([&] {
                for (std::uint32_t i = 0; i < 8; ++i)
                    must(i % 4 == 3 ? runner.submit(xnvme::nvme::verify(i, 1))
                                    : runner.submit(xnvme::nvme::read(i, 1),
                                                    buffer.part(std::size_t{i} * unit, unit)));
                runner.poll(1);
            });
        }).join();
        std::thread([&] {
            mistakes.guard([&] {
                while (queue.outstanding() > 0) {
                    if (runner.wait(1, std::chrono::seconds{30}) == 0)
                        throw std::runtime_error("nothing completed on the second thread");
                }
            });
        }).join();
        ASSERT_EQ(mistakes.first(), "") << "round " << round;
    }
    EXPECT_EQ(runner.completed(), 48u);
    EXPECT_EQ(runner.failed(), 0u) << text(runner.first_failure());
}

TEST_P(ConcurrentQueues, EmulatedCommandsOfManyQueuesComplete) {
    xnvme::Device device = open();
    Mistakes mistakes;
    std::vector<std::thread> threads;
    for (int number = 0; number < 3; ++number) {
        threads.emplace_back([&] {
            mistakes.guard([&] {
                xnvme::Queue queue = must(device.create_queue(4));
                // One at a time: a wake-up that is lost stops the loop.
                for (std::uint32_t i = 0; i < 200; ++i) {
                    Runner runner(queue);
                    const Outcome outcome = runner.run(xnvme::nvme::verify(i % 64, 1));
                    if (outcome.why) mistakes.note(text(outcome.why));
                }
            });
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(mistakes.first(), "");
}

class ConcurrentSync : public SyncCase {};

TEST_P(ConcurrentSync, CommandsOfSeveralThreadsRunOnOneDevice) {
    constexpr std::uint32_t kThreads = 4;
    xnvme::Device device = open();
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    Mistakes mistakes;
    std::vector<std::thread> threads;
    for (std::uint32_t number = 0; number < kThreads; ++number) {
        threads.emplace_back([&, number] {
            mistakes.guard([&] {
                for (std::uint64_t generation = 1; generation <= 20; ++generation) {
                    write_pattern(device, number * 16, 16, generation);
                    const auto held = holds(read_blocks(device, number * 16, 16).span(),
                                            number * 16, unit, generation);
                    if (!held) mistakes.note(held.message());
                }
            });
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(mistakes.first(), "");
}

CONFORMANCE_OVER(AsyncLifetime, pairs(xnvme::Contract::async));
CONFORMANCE_OVER(ConcurrentQueues, pairs(xnvme::Contract::async));
CONFORMANCE_OVER(ConcurrentSync, pairs(xnvme::Contract::sync));

}  // namespace
}  // namespace conformance
