// Depth, slots, submission and callbacks: rules 1, 2 and 3 of a queue, on every interface.
#include <algorithm>
#include <cstring>
#include <optional>
#include <set>

#include "tests/conformance/harness.hpp"

namespace conformance {
namespace {

using xnvme::Context;

class AsyncDepth : public AsyncCase {
  protected:
    /// Fills a queue of `depth`, finds it full, and completes it, twice.
    void fill_and_complete(std::uint32_t depth) {
        xnvme::Device device = open();
        xnvme::Queue queue = must(device.create_queue(depth));
        ASSERT_EQ(queue.depth(), depth);
        const std::uint32_t block_bytes = device.geometry().transfer_block_bytes;
        xnvme::Buffer buffer = must(device.allocate(std::size_t{depth} * block_bytes));
        for (int round = 0; round < 2; ++round) {
            Runner runner(queue);
            for (std::uint32_t i = 0; i < depth; ++i) {
                const auto data = buffer.part(std::size_t{i} * block_bytes, block_bytes);
                const auto result =
                    runner.submit(xnvme::nvme::read(i % device.geometry().blocks, 1), data);
                ASSERT_TRUE(result) << "command " << i << ": " << text(result.error());
            }
            EXPECT_EQ(queue.outstanding(), depth);
            EXPECT_EQ(queue.acquire(), nullptr);
            EXPECT_EQ(runner.drain(), depth);
            EXPECT_EQ(runner.completed(), depth);
            EXPECT_EQ(runner.failed(), 0u) << text(runner.first_failure());
            EXPECT_EQ(queue.outstanding(), 0u);
        }
    }
};
TEST_P(AsyncDepth, OneFillsAndCompletes) {
    fill_and_complete(1);
}
TEST_P(AsyncDepth, TwoFillsAndCompletes) {
    fill_and_complete(2);
}
TEST_P(AsyncDepth, ThirtyThreeFillsAndCompletes) {
    fill_and_complete(33);
}
TEST_P(AsyncDepth, AHundredAndTwentyEightFillsAndCompletes) {
    fill_and_complete(128);
}
TEST_P(AsyncDepth, AThousandFillsAndCompletes) {
    fill_and_complete(1000);
}

TEST_P(AsyncDepth, EveryContextIsHandedOutOnce) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(33));
    std::set<Context*> taken;
    while (Context* context = queue.acquire()) ASSERT_TRUE(taken.insert(context).second);
    EXPECT_EQ(taken.size(), 33u);
    for (Context* context : taken) queue.release(*context);
    EXPECT_NE(queue.acquire(), nullptr);
}

TEST_P(AsyncDepth, SubmittingBeyondItIsRefusedAndChangesNothing) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(2));
    const std::uint32_t block_bytes = device.geometry().transfer_block_bytes;
    xnvme::Buffer buffer = must(device.allocate(3 * std::size_t{block_bytes}));
    Runner runner(queue);
    must(runner.submit(xnvme::nvme::read(0, 1), buffer.part(0, block_bytes)));
    must(runner.submit(xnvme::nvme::read(1, 1), buffer.part(block_bytes, block_bytes)));

    Context beyond;
    beyond.command = xnvme::nvme::read(2, 1);
    beyond.callback = [](Context&, void*) { ADD_FAILURE() << "the refused command completed"; };
    beyond.completion.result = 77;
    const Context before = beyond;
    const auto refused =
        queue.submit(beyond, buffer.part(2 * std::size_t{block_bytes}, block_bytes));
    EXPECT_EQ(code_of(refused), Errc::queue_full);
    EXPECT_EQ(std::memcmp(&beyond, &before, sizeof beyond), 0);
    EXPECT_EQ(queue.outstanding(), 2u);
    EXPECT_EQ(runner.drain(), 2u);
    EXPECT_EQ(runner.completed(), 2u);
}

TEST_P(AsyncDepth, SubmitDoesNotComplete) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(4));
    xnvme::Buffer buffer = must(device.allocate(device.geometry().transfer_block_bytes));
    Runner runner(queue);
    must(runner.submit(xnvme::nvme::read(0, 1), buffer));
    EXPECT_EQ(runner.completed(), 0u);
    EXPECT_EQ(queue.outstanding(), 1u);
    EXPECT_EQ(runner.drain(), 1u);
    EXPECT_TRUE(runner.outcomes().front().inside);
}

class AsyncCallback : public AsyncCase {};

struct Again {
    xnvme::Queue* queue = nullptr;
    xnvme::Data data;
    std::uint32_t left = 0;
    std::uint32_t completed = 0;
    xnvme::Error refused;
    bool acquires = false;
};

/// Submits again until nothing is left: the same context, or one that it takes after releasing.
void submit_again(Context& context, void* argument) {
    Again& again = *static_cast<Again*>(argument);
    ++again.completed;
    if (again.left == 0) {
        again.queue->release(context);
        return;
    }
    --again.left;
    Context* next = &context;
    const xnvme::Command command = context.command;
    if (again.acquires) {
        again.queue->release(context);
        next = again.queue->acquire();
        if (next == nullptr) {
            again.refused = xnvme::Error::of(Errc::queue_full);
            return;
        }
        next->command = command;
        next->callback = submit_again;
        next->argument = &again;
    }
    if (const auto result = again.queue->submit(*next, again.data); !result) {
        again.refused = result.error();
        again.queue->release(*next);
    }
}

/// `rounds` resubmissions from callbacks at `depth`: the count that completed.
std::uint32_t resubmit(xnvme::Device& device, std::uint32_t depth, std::uint32_t rounds,
                       bool acquires) {
    xnvme::Queue queue = must(device.create_queue(depth));
    xnvme::Buffer buffer = must(device.allocate(device.geometry().transfer_block_bytes));
    Again again{.queue = &queue,
                .data = buffer,
                .left = rounds,
                .completed = 0,
                .refused = {},
                .acquires = acquires};
    for (std::uint32_t i = 0; i < depth; ++i) {
        Context* context = queue.acquire();
        if (context == nullptr) throw std::runtime_error("no context");
        context->command = xnvme::nvme::read(i, 1);
        context->callback = submit_again;
        context->argument = &again;
        must(queue.submit(*context, buffer));
    }
    const std::uint32_t drained = must(queue.drain());
    EXPECT_FALSE(again.refused) << text(again.refused);
    EXPECT_EQ(drained, again.completed);
    return again.completed;
}

TEST_P(AsyncCallback, ResubmitsItsOwnContextAtDepthOne) {
    xnvme::Device device = open();
    EXPECT_EQ(resubmit(device, 1, 100, false), 101u);
}
TEST_P(AsyncCallback, ResubmitsItsOwnContextWhenTheQueueWasFull) {
    xnvme::Device device = open();
    EXPECT_EQ(resubmit(device, 33, 200, false), 233u);
}
TEST_P(AsyncCallback, ReleasesAndAcquiresAndSubmits) {
    xnvme::Device device = open();
    EXPECT_EQ(resubmit(device, 2, 100, true), 102u);
}

TEST_P(AsyncCallback, RunsOnTheThreadThatPollsAndInsideItsCall) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(32));
    const std::uint32_t block_bytes = device.geometry().transfer_block_bytes;
    xnvme::Buffer buffer = must(device.allocate(32 * std::size_t{block_bytes}));
    Runner runner(queue);
    for (std::uint32_t i = 0; i < 32; ++i)
        must(runner.submit(xnvme::nvme::read(i, 1),
                           buffer.part(std::size_t{i} * block_bytes, block_bytes)));
    runner.poll();
    runner.wait(4, std::chrono::seconds{10});
    runner.drain();
    EXPECT_EQ(runner.completed(), 32u);
    for (const Outcome& outcome : runner.outcomes()) {
        EXPECT_TRUE(outcome.inside);
        EXPECT_EQ(outcome.thread, std::this_thread::get_id());
    }
}

TEST_P(AsyncCallback, OfAFreshContextGivesItBack) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(1));
    xnvme::Buffer buffer = must(device.allocate(device.geometry().transfer_block_bytes));
    for (int round = 0; round < 3; ++round) {
        Context* context = queue.acquire();
        ASSERT_NE(context, nullptr) << "round " << round;
        must(queue.read(*context, 0, 1, buffer));
        EXPECT_EQ(must(queue.drain()), 1u);
    }
}

TEST_P(AsyncCallback, IsNeededAtSubmission) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(1));
    xnvme::Buffer buffer = must(device.allocate(device.geometry().transfer_block_bytes));
    Context* context = queue.acquire();
    ASSERT_NE(context, nullptr);
    context->command = xnvme::nvme::read(0, 1);
    context->callback = nullptr;
    EXPECT_EQ(code_of(queue.submit(*context, buffer)), Errc::invalid_argument);
    EXPECT_EQ(queue.outstanding(), 0u);
}

class AsyncCompletion : public AsyncCase {};

TEST_P(AsyncCompletion, IsResetAtSubmission) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(1));
    xnvme::Buffer buffer = must(device.allocate(device.geometry().transfer_block_bytes));
    Context* context = queue.acquire();
    ASSERT_NE(context, nullptr);
    context->completion.result = ~std::uint64_t{0};
    context->completion.status = xnvme::Status::make(2, 0x81, true);
    context->error = Errc::device;
    context->os_error = 5;
    context->bytes = 1;
    Context seen;
    context->command = xnvme::nvme::read(0, 1);
    context->argument = &seen;
    context->callback = [](Context& done, void* argument) {
        *static_cast<Context*>(argument) = done;
        done.queue->slots().give_back(done);
    };
    must(queue.submit(*context, buffer));
    must(queue.drain());
    EXPECT_TRUE(seen.ok()) << text(seen.why());
    EXPECT_TRUE(seen.completion.ok());
    EXPECT_EQ(seen.completion.result, 0u);
    EXPECT_EQ(seen.os_error, 0);
    EXPECT_EQ(seen.bytes, buffer.size());
}

class AsyncBatch : public AsyncCase {
  protected:
    struct Batch {
        std::vector<Context*> contexts;
        std::uint32_t completed = 0;
        xnvme::Queue* queue = nullptr;
    };
    static void count(Context& context, void* argument) {
        auto& batch = *static_cast<Batch*>(argument);
        if (context.ok()) ++batch.completed;
        batch.queue->release(context);
    }
    static void prepare(xnvme::Queue& queue, Batch& batch, xnvme::Buffer& buffer,
                        std::uint32_t count_of, std::uint32_t block_bytes) {
        batch.queue = &queue;
        for (std::uint32_t i = 0; i < count_of; ++i) {
            Context* context = queue.acquire();
            if (context == nullptr) throw std::runtime_error("no context");
            context->command = xnvme::nvme::read(i, 1);
            context->callback = count;
            context->argument = &batch;
            must(queue.prepare(*context, buffer.part(std::size_t{i} * block_bytes, block_bytes)));
            batch.contexts.push_back(context);
        }
    }
};

TEST_P(AsyncBatch, IsTakenWhole) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(64));
    const std::uint32_t block_bytes = device.geometry().transfer_block_bytes;
    xnvme::Buffer buffer = must(device.allocate(64 * std::size_t{block_bytes}));
    for (std::uint32_t size : {1u, 2u, 33u, 64u}) {
        Batch batch;
        prepare(queue, batch, buffer, size, block_bytes);
        must(queue.submit_batch(batch.contexts));
        EXPECT_EQ(queue.outstanding(), size);
        EXPECT_EQ(batch.completed, 0u) << "a callback ran inside submit_batch";
        EXPECT_EQ(must(queue.drain()), size);
        EXPECT_EQ(batch.completed, size);
    }
}

TEST_P(AsyncBatch, OfNothingIsTaken) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(4));
    EXPECT_TRUE(queue.submit_batch({}));
    EXPECT_EQ(queue.outstanding(), 0u);
}

TEST_P(AsyncBatch, ThatDoesNotFitIsRefusedWhole) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(4));
    const std::uint32_t block_bytes = device.geometry().transfer_block_bytes;
    xnvme::Buffer buffer = must(device.allocate(8 * std::size_t{block_bytes}));
    Batch first;
    prepare(queue, first, buffer, 3, block_bytes);
    must(queue.submit_batch(first.contexts));
    // One slot is left; the second context of this batch is a stranger's.
    Batch second;
    prepare(queue, second, buffer, 1, block_bytes);
    Context stranger = *second.contexts[0];
    second.contexts.push_back(&stranger);
    EXPECT_EQ(code_of(queue.submit_batch(second.contexts)), Errc::queue_full);
    EXPECT_EQ(queue.outstanding(), 3u);
    EXPECT_EQ(must(queue.drain()), 3u);
    EXPECT_EQ(first.completed, 3u);
    EXPECT_EQ(second.completed, 0u);
}

TEST_P(AsyncBatch, MixesNativeAndEmulatedCommands) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(16));
    const std::uint32_t block_bytes = device.geometry().transfer_block_bytes;
    xnvme::Buffer buffer = must(device.allocate(16 * std::size_t{block_bytes}));
    Batch batch;
    batch.queue = &queue;
    for (std::uint32_t i = 0; i < 16; ++i) {
        Context* context = queue.acquire();
        ASSERT_NE(context, nullptr);
        context->callback = count;
        context->argument = &batch;
        if (i % 2 == 0) {
            context->command = xnvme::nvme::read(i, 1);
            must(queue.prepare(*context, buffer.part(std::size_t{i} * block_bytes, block_bytes)));
        } else {
            context->command = xnvme::nvme::verify(i, 1);
            must(queue.prepare(*context));
        }
        batch.contexts.push_back(context);
    }
    must(queue.submit_batch(batch.contexts));
    EXPECT_EQ(must(queue.drain()), 16u);
    EXPECT_EQ(batch.completed, 16u);
    EXPECT_EQ(queue.outstanding(), 0u);
}

CONFORMANCE_OVER(AsyncDepth, pairs(xnvme::Contract::async));
CONFORMANCE_OVER(AsyncCallback, pairs(xnvme::Contract::async));
CONFORMANCE_OVER(AsyncCompletion, pairs(xnvme::Contract::async));
CONFORMANCE_OVER(AsyncBatch, pairs(xnvme::Contract::async));

}  // namespace
}  // namespace conformance
