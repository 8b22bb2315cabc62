// The reads through the C++ API: one program for every interface of the library, which is chosen by
// name or, as "default", by the library.
#include <string>
#include <vector>

#include <xnvme/xnvme.hpp>

#include "bench/load.h"

namespace {

load run;
std::vector<xnvme::Context*> staged;

template <bool kTimed>
void finished(xnvme::Context& context, void* buffer) {
    if constexpr (kTimed) load_measure(&run, static_cast<char*>(buffer));
    context.queue->slots().give_back(context);
    load_completed(&run, static_cast<char*>(buffer), context.ok());
}

[[noreturn]] void fail(const std::string& why) {
    load_fail(why.c_str(), 0);
    std::abort();
}

void complete(xnvme::Queue& queue) {
    if (!run.wait) {
        queue.poll();
    } else if (auto done = queue.wait(1); !done) {
        fail(xnvme::describe(done.error()));
    }
}

template <bool kTimed>
void read_all(xnvme::Queue& queue, std::uint32_t blocks) {
    load_start(&run);
    while (run.completed < run.count) {
        while (load_may_submit(&run)) {
            xnvme::Context* const context = queue.acquire();
            char* const buffer = load_take(&run);
            if constexpr (kTimed) load_stamp(&run, buffer);
            context->callback = finished<kTimed>;
            context->argument = buffer;
            const auto submitted = queue.read(*context, load_next_block(&run) * blocks, blocks,
                                              xnvme::Data(buffer, kLoadBytes));
            if (!submitted) fail(xnvme::describe(submitted.error()));
        }
        complete(queue);
    }
    load_stop(&run);
}

/// The same, with one call for all that is submitted together.
void read_all_in_batches(xnvme::Queue& queue, std::uint32_t blocks) {
    load_start(&run);
    while (run.completed < run.count) {
        std::size_t count = 0;
        while (load_may_submit(&run)) {
            xnvme::Context* const context = queue.acquire();
            char* const buffer = load_take(&run);
            context->callback = finished<false>;
            context->argument = buffer;
            context->command = xnvme::nvme::read(load_next_block(&run) * blocks, blocks);
            const auto prepared = queue.prepare(*context, xnvme::Data(buffer, kLoadBytes));
            if (!prepared) fail(xnvme::describe(prepared.error()));
            staged[count++] = context;
        }
        if (count != 0) {
            const auto submitted = queue.submit_batch({staged.data(), count});
            if (!submitted) fail(xnvme::describe(submitted.error()));
        }
        complete(queue);
    }
    load_stop(&run);
}

/// What was never written is not read: a model device answers with zeroes from nowhere.
void write_all(xnvme::Device& device) {
    const std::uint32_t blocks = kLoadBytes / device.geometry().block_bytes;
    const std::vector<std::byte> data(kLoadBytes, std::byte{1});
    for (std::uint64_t slba = 0; slba + blocks <= device.geometry().blocks; slba += blocks) {
        const auto written =
            device.execute(xnvme::nvme::write(slba, blocks), xnvme::Data(data.data(), data.size()));
        if (!written) fail(xnvme::describe(written.error()));
    }
}

}  // namespace

int main(int argc, char** argv) {
    load_options(&run, argc, argv);
    xnvme::Options options;
    if (std::strcmp(run.interface, "default") != 0) options.async = run.interface;
    options.access = run.fill ? xnvme::Access::read_write : xnvme::Access::read_only;
    options.direct = run.direct;
    auto device = xnvme::Device::open(run.device, options);
    if (!device) fail(device.error().sentence);
    auto memory = device->allocate(std::size_t{run.depth} * std::size_t{kLoadBytes});
    if (!memory) fail(memory.error().sentence);
    auto queue = device->create_queue(run.depth);
    if (!queue) fail(queue.error().sentence);
    const xnvme::Geometry& geometry = device->geometry();
    if (geometry.block_bytes == 0 || kLoadBytes % geometry.block_bytes != 0)
        fail("a read of 4 KiB is not whole blocks of this device");
    if (run.fill) write_all(*device);
    load_prepare(&run, geometry.size_bytes, reinterpret_cast<char*>(memory->data()));
    staged.resize(run.depth);

    const std::uint32_t blocks = kLoadBytes / geometry.block_bytes;
    if (run.batch)
        read_all_in_batches(*queue, blocks);
    else if (run.latency)
        read_all<true>(*queue, blocks);
    else
        read_all<false>(*queue, blocks);
    load_print(&run, std::string(queue->capabilities().interface).c_str());
}
