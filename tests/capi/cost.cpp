// Reads through the C++ API, command by command as cost.c does it through the C API.
//   cost_cpp DEVICE ASYNC COUNT
#include <cstdio>
#include <cstdlib>

#include <xnvme/xnvme.hpp>

namespace {

constexpr std::uint32_t kDepth = 32;

struct State {
    xnvme::Queue* queue;
    std::uint64_t completed;
};

void finished(xnvme::Context& context, void* argument) {
    auto& state = *static_cast<State*>(argument);
    state.completed += context.ok() ? 1 : 0;
    state.queue->release(context);
}

int run(xnvme::Device& device, std::uint64_t count) {
    const std::uint32_t bytes = device.geometry().transfer_block_bytes;
    auto buffer = device.allocate(bytes);
    auto queue = device.create_queue(kDepth);
    if (!buffer || !queue) return 1;
    State state{&*queue, 0};
    for (std::uint64_t submitted = 0; state.completed < count;) {
        while (submitted < count) {
            xnvme::Context* const context = queue->acquire();
            if (context == nullptr) break;
            context->callback = finished;
            context->argument = &state;
            context->command.opcode = static_cast<std::uint8_t>(xnvme::nvme::NvmOpcode::read);
            context->command.nsid = device.nsid();
            context->command.set_slba(submitted & 1023);
            context->command.set_blocks(1);
            if (!queue->submit(*context, *buffer)) return 1;
            ++submitted;
        }
        queue->poll();
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    auto device = xnvme::Device::open(argv[1], {.async = argv[2]});
    if (!device) return std::fprintf(stderr, "%s\n", device.error().sentence.c_str()), 1;
    return run(*device, std::strtoull(argv[3], nullptr, 10));
}
