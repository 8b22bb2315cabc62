// The coroutine layer, over every asynchronous interface.
#include <algorithm>

#include <xnvme/coroutine.hpp>

#include "tests/conformance/harness.hpp"

namespace conformance {
namespace {

class AsyncCoroutine : public AsyncCase {};

struct Progress {
    int steps = 0;
    xnvme::Error error;
};

xnvme::Task write_then_read(xnvme::AwaitableQueue& queue, xnvme::Buffer& buffer, std::uint64_t slba,
                            std::uint32_t unit, Progress& progress) {
    fill(buffer.span().first(unit), slba, unit, 1);
    auto done = co_await queue.write(slba, 1, buffer.part(0, unit));
    if (!done) {
        progress.error = done.error();
        co_return;
    }
    ++progress.steps;
    done = co_await queue.flush();
    if (!done) {
        progress.error = done.error();
        co_return;
    }
    ++progress.steps;
    std::ranges::fill(buffer.span(), std::byte{0});
    done = co_await queue.read(slba, 1, buffer.part(0, unit));
    if (!done) {
        progress.error = done.error();
        co_return;
    }
    ++progress.steps;
}

TEST_P(AsyncCoroutine, AwaitsItsCommandsInOrder) {
    xnvme::Device device = open();
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    xnvme::Buffer buffer = must(device.allocate(unit));
    xnvme::Queue queue = must(device.create_queue(4));
    xnvme::AwaitableQueue awaitable(queue);
    Progress progress;
    const xnvme::Task task = write_then_read(awaitable, buffer, 3, unit, progress);
    EXPECT_FALSE(task.done()) << "it runs inside poll, wait and drain";
    EXPECT_EQ(must(queue.drain()), 3u);
    EXPECT_TRUE(task.done());
    EXPECT_EQ(progress.steps, 3) << text(progress.error);
    if (GetParam().interface != "nil") {
        EXPECT_TRUE(holds(buffer.span(), 3, unit, 1));
    }
}

TEST_P(AsyncCoroutine, ManyRunAtOnce) {
    xnvme::Device device = open();
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    xnvme::Queue queue = must(device.create_queue(16));
    xnvme::AwaitableQueue awaitable(queue);
    std::vector<xnvme::Buffer> buffers;
    std::vector<Progress> progress(16);
    std::vector<xnvme::Task> tasks;
    for (std::uint32_t i = 0; i < 16; ++i) buffers.push_back(must(device.allocate(unit)));
    for (std::uint32_t i = 0; i < 16; ++i)
        tasks.push_back(write_then_read(awaitable, buffers[i], 100 + i, unit, progress[i]));
    EXPECT_EQ(must(queue.drain()), 48u);
    for (std::uint32_t i = 0; i < 16; ++i) {
        EXPECT_TRUE(tasks[i].done());
        EXPECT_EQ(progress[i].steps, 3) << text(progress[i].error);
    }
}

TEST_P(AsyncCoroutine, ErrorsComeBackFromTheAwait) {
    xnvme::Device device = open();
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    xnvme::Buffer buffer = must(device.allocate(unit));
    xnvme::Queue queue = must(device.create_queue(1));
    xnvme::AwaitableQueue awaitable(queue);
    Progress out_of_range;
    const xnvme::Task refused =
        write_then_read(awaitable, buffer, device.geometry().blocks, unit, out_of_range);
    EXPECT_TRUE(refused.done());
    EXPECT_EQ(out_of_range.error.code, Errc::out_of_range);
    Progress first;
    Progress second;
    xnvme::Buffer other = must(device.allocate(unit));
    const xnvme::Task takes = write_then_read(awaitable, buffer, 0, unit, first);
    const xnvme::Task full = write_then_read(awaitable, other, 1, unit, second);
    EXPECT_TRUE(full.done());
    EXPECT_EQ(second.error.code, Errc::queue_full);
    must(queue.drain());
    EXPECT_EQ(first.steps, 3);
}

xnvme::Task twice(xnvme::AwaitableQueue& queue, xnvme::Buffer& buffer, std::uint32_t unit,
                  Progress& progress) {
    const xnvme::Task inner = write_then_read(queue, buffer, 7, unit, progress);
    co_await inner;
    ++progress.steps;
}

TEST_P(AsyncCoroutine, ATaskAwaitsAnother) {
    xnvme::Device device = open();
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    xnvme::Buffer buffer = must(device.allocate(unit));
    xnvme::Queue queue = must(device.create_queue(2));
    xnvme::AwaitableQueue awaitable(queue);
    Progress progress;
    const xnvme::Task task = twice(awaitable, buffer, unit, progress);
    must(queue.drain());
    EXPECT_TRUE(task.done());
    EXPECT_EQ(progress.steps, 4) << text(progress.error);
}

CONFORMANCE_OVER(AsyncCoroutine, pairs(xnvme::Contract::async));

}  // namespace
}  // namespace conformance
