// What a queue, and a device, keep in memory: many of each are opened, and what the process has
// more is divided by how many there are.
#include <malloc.h>

#include <fstream>
#include <string>
#include <vector>

#include <xnvme/xnvme.hpp>

#include "bench/load.h"

namespace {

constexpr std::size_t kDevices = 32;
constexpr std::size_t kQueues = 32;

[[noreturn]] void fail(const std::string& why) {
    load_fail(why.c_str(), 0);
    std::abort();
}

/// What the process has now.
struct Memory {
    double heap_bytes = 0;      ///< Of the C library's allocator.
    double resident_bytes = 0;  ///< Pages that are there, stacks and mapped rings included.

    static Memory now() {
        const struct mallinfo2 heap = ::mallinfo2();
        std::ifstream file("/proc/self/statm");
        std::size_t pages = 0;
        std::size_t resident = 0;
        if (!(file >> pages >> resident)) fail("/proc/self/statm cannot be read");
        return {static_cast<double>(heap.uordblks + heap.hblkhd),
                static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE))};
    }
};

Memory each(const Memory& before, const Memory& after, std::size_t count) {
    return {(after.heap_bytes - before.heap_bytes) / static_cast<double>(count),
            (after.resident_bytes - before.resident_bytes) / static_cast<double>(count)};
}

xnvme::Device open(const load& run) {
    auto device = xnvme::Device::open(run.device,
                                      {.async = run.interface, .access = xnvme::Access::read_only});
    if (!device) fail(device.error().sentence);
    return std::move(*device);
}

/// Uses all of the queue's contexts, so that all of its memory is there.
xnvme::Queue create(xnvme::Device& device, const load& run, const xnvme::Buffer& buffer) {
    auto queue = device.create_queue(run.depth);
    if (!queue) fail(queue.error().sentence);
    const std::uint32_t blocks = kLoadBytes / device.geometry().block_bytes;
    while (xnvme::Context* const context = queue->acquire()) {
        if (auto read = queue->read(*context, 0, blocks, buffer.part(0, kLoadBytes)); !read)
            fail(xnvme::describe(read.error()));
    }
    if (auto drained = queue->drain(); !drained) fail(xnvme::describe(drained.error()));
    return std::move(*queue);
}

}  // namespace

int main(int argc, char** argv) {
    load run{};
    load_options(&run, argc, argv);
    // What is made once in a program's life is not counted.
    xnvme::Device device = open(run);
    auto buffer = device.allocate(kLoadBytes);
    if (!buffer) fail(buffer.error().sentence);
    create(device, run, *buffer);

    const Memory at_first = Memory::now();
    std::vector<xnvme::Device> devices;
    devices.reserve(kDevices);
    for (std::size_t i = 0; i < kDevices; ++i) devices.push_back(open(run));
    const Memory with_devices = Memory::now();
    std::vector<xnvme::Queue> queues;
    queues.reserve(kQueues);
    for (std::size_t i = 0; i < kQueues; ++i) queues.push_back(create(device, run, *buffer));
    const Memory with_queues = Memory::now();

    const Memory of_device = each(at_first, with_devices, kDevices);
    const Memory of_queue = each(with_devices, with_queues, kQueues);
    std::printf(
        "{\"interface\": \"%s\", \"depth\": %u, \"device_heap\": %.0f, \"device_resident\": %.0f, "
        "\"queue_heap\": %.0f, \"queue_resident\": %.0f}\n",
        run.interface, run.depth, of_device.heap_bytes, of_device.resident_bytes,
        of_queue.heap_bytes, of_queue.resident_bytes);
}
