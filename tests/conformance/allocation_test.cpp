// Nothing allocates on the I/O path once a queue exists.
#include <algorithm>

#include "tests/conformance/harness.hpp"
#include "tests/conformance/system.hpp"

namespace conformance {
namespace {

class AsyncAllocation : public AsyncCase {
  protected:
    /// Runs `rounds` of a full queue with commands that only the queue's own memory serves.
    static void work(xnvme::Queue& queue, xnvme::Buffer& buffer, std::uint32_t unit, int rounds,
                     bool emulated) {
        static constexpr auto give_back = [](xnvme::Context& context, void* argument) {
            static_cast<xnvme::Queue*>(argument)->release(context);
        };
        for (int round = 0; round < rounds; ++round) {
            std::uint32_t index = 0;
            while (xnvme::Context* context = queue.acquire()) {
                context->callback = give_back;
                context->argument = &queue;
                const auto data = buffer.part(std::size_t{index} * unit, unit);
                const bool verify = emulated && index % 4 == 0;
                context->command = verify ? xnvme::nvme::verify(index, 1)
                                          : (index % 2 == 0 ? xnvme::nvme::read(index, 1)
                                                            : xnvme::nvme::write(index, 1));
                const auto result = verify ? queue.submit(*context) : queue.submit(*context, data);
                if (!result) throw std::runtime_error(text(result.error()));
                ++index;
            }
            queue.poll(3);
            must(queue.wait(2, std::chrono::seconds{30}));
            must(queue.drain());
        }
    }
};

TEST_P(AsyncAllocation, NothingIsAllocatedOnceAQueueExists) {
    xnvme::Device device = open();
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    xnvme::Buffer buffer = must(device.allocate(16 * std::size_t{unit}));
    xnvme::Queue queue = must(device.create_queue(16));
    (void)must(queue.completion_fd());
    // The first round may touch what is made at first use: a model's blocks, a thread's stack.
    work(queue, buffer, unit, 1, true);
    const AllocationCount allocations;
    work(queue, buffer, unit, 10, true);
    const std::uint64_t count = allocations.count();
    if (GetParam().interface == "posix_aio") {
        // The C library allocates for each request of its own; how much is its business, and the
        // library adds nothing that would grow faster than the commands.
        EXPECT_LE(count, 10u * 16u * 4u);
        return;
    }
    EXPECT_EQ(count, 0u);
}

TEST_P(AsyncAllocation, TheCountSeesAnAllocation) {
    const AllocationCount allocations;
    std::vector<int> numbers(100);
    std::ranges::fill(numbers, 1);
    EXPECT_GE(allocations.count(), 1u);
    EXPECT_EQ(numbers[99], 1);
}

CONFORMANCE_OVER(AsyncAllocation, pairs(xnvme::Contract::async));

}  // namespace
}  // namespace conformance
