// Reads a whole device with 32 commands in flight, and counts the bytes that are not zero. The
// interface is the second argument; without one the library chooses.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <xnvme/xnvme.hpp>

namespace {

constexpr std::uint32_t kDepth = 32;

struct Reader {
    xnvme::Queue& queue;
    xnvme::Buffer& memory;
    std::uint32_t blocks_each;
    std::uint32_t block_bytes;
    std::uint64_t blocks;
    std::uint64_t next = 0;
    std::uint64_t not_zero = 0;
    std::uint64_t failed = 0;

    // Starts the next read in this context, or gives the context back at the end.
    void start(xnvme::Context& context) {
        if (next >= blocks) return queue.release(context);
        const auto count =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(blocks_each, blocks - next));
        const std::size_t slot = reinterpret_cast<std::uintptr_t>(context.argument);
        const std::size_t bytes = std::size_t{count} * block_bytes;
        auto submitted =
            queue.read(context, next, count, memory.part(slot * blocks_each * block_bytes, bytes));
        next += count;
        if (!submitted) {
            ++failed;
            queue.release(context);
        }
    }

    void finished(xnvme::Context& context) {
        const std::size_t slot = reinterpret_cast<std::uintptr_t>(context.argument);
        const std::byte* data = memory.data() + slot * blocks_each * block_bytes;
        if (!context.ok()) ++failed;
        for (std::uint32_t i = 0; context.ok() && i < context.bytes; ++i) {
            not_zero += data[i] != std::byte{0} ? 1 : 0;
        }
        start(context);
    }
};

Reader* reader = nullptr;

int run(const char* uri, const char* async) {
    auto device = xnvme::Device::open(uri, {.async = async, .access = xnvme::Access::read_only});
    if (!device) return std::fprintf(stderr, "%s\n", device.error().sentence.c_str()), 1;
    const xnvme::Geometry& geometry = device->geometry();
    const std::uint32_t blocks_each = std::max(1u, 65536 / geometry.transfer_block_bytes);

    auto memory =
        device->allocate(std::size_t{kDepth} * blocks_each * geometry.transfer_block_bytes);
    auto queue = device->create_queue(kDepth);
    if (!memory || !queue) return std::fprintf(stderr, "no memory or no queue\n"), 1;

    Reader state{.queue = *queue,
                 .memory = *memory,
                 .blocks_each = blocks_each,
                 .block_bytes = geometry.transfer_block_bytes,
                 .blocks = geometry.blocks};
    reader = &state;
    for (std::uintptr_t slot = 0; slot < kDepth; ++slot) {
        xnvme::Context* context = queue->acquire();
        context->callback = [](xnvme::Context& done, void*) { reader->finished(done); };
        context->argument = reinterpret_cast<void*>(slot);
        state.start(*context);
    }
    if (auto drained = queue->drain(); !drained) {
        return std::fprintf(stderr, "%s\n", xnvme::describe(drained.error()).c_str()), 1;
    }
    std::printf("%s through %s: %llu blocks, %llu bytes are not zero, %llu reads failed\n", uri,
                queue->capabilities().interface.data(),
                static_cast<unsigned long long>(geometry.blocks),
                static_cast<unsigned long long>(state.not_zero),
                static_cast<unsigned long long>(state.failed));
    return state.failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    return run(argc > 1 ? argv[1] : "mem:64MiB", argc > 2 ? argv[2] : "");
}
