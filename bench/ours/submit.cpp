// What submitting costs, without the rest: 32 commands one by one, or the same 32 in one batch. The
// two functions are not inlined, so that valgrind can count inside them alone.
#include <array>
#include <string>

#include <xnvme/xnvme.hpp>

#include "bench/load.h"

namespace {

constexpr std::uint32_t kCommands = 32;

load run;
std::uint64_t completed;
xnvme::Buffer memory;

[[noreturn]] void fail(const std::string& why) {
    load_fail(why.c_str(), 0);
    std::abort();
}

void finished(xnvme::Context& context, void*) {
    if (!context.ok()) fail(xnvme::describe(context.why()));
    context.queue->slots().give_back(context);
    ++completed;
}

using Contexts = std::array<xnvme::Context*, kCommands>;

}  // namespace

// Not in a namespace: valgrind is told their names.
[[gnu::noinline]] bool submit_one_by_one(xnvme::Queue& queue, const Contexts& contexts) {
    bool good = true;
    for (std::size_t i = 0; i < kCommands; ++i)
        good &= queue.submit(*contexts[i], memory.part(i * kLoadBytes, kLoadBytes)).has_value();
    // A batch reaches the device within its call; these do with the next poll, which completes
    // none.
    queue.poll(0);
    return good;
}

/// What any batch does for each command before it can hand them on.
[[gnu::noinline]] bool prepare_all(xnvme::Queue& queue, const Contexts& contexts) {
    bool good = true;
    for (std::size_t i = 0; i < kCommands; ++i)
        good &= queue.prepare(*contexts[i], memory.part(i * kLoadBytes, kLoadBytes)).has_value();
    return good;
}

[[gnu::noinline]] bool submit_as_batch(xnvme::Queue& queue, const Contexts& contexts) {
    return prepare_all(queue, contexts) && queue.submit_batch(contexts).has_value();
}

int main(int argc, char** argv) {
    load_options(&run, argc, argv);
    auto device = xnvme::Device::open(run.device,
                                      {.async = run.interface, .access = xnvme::Access::read_only});
    if (!device) fail(device.error().sentence);
    auto allocated = device->allocate(std::size_t{kCommands} * kLoadBytes);
    if (!allocated) fail(allocated.error().sentence);
    memory = std::move(*allocated);
    auto queue = device->create_queue(kCommands);
    if (!queue) fail(queue.error().sentence);
    const std::uint32_t blocks = kLoadBytes / device->geometry().block_bytes;
    Contexts contexts;
    while (completed < run.count) {
        for (std::uint32_t i = 0; i < kCommands; ++i) {
            contexts[i] = queue->acquire();
            contexts[i]->callback = finished;
            contexts[i]->command = xnvme::nvme::read(std::uint64_t{i} * blocks, blocks);
        }
        const bool good =
            run.batch ? submit_as_batch(*queue, contexts) : submit_one_by_one(*queue, contexts);
        if (!good || !queue->drain()) fail("a submission was refused");
    }
    std::printf("{\"count\": %llu}\n", static_cast<unsigned long long>(completed));
    memory = {};
}
