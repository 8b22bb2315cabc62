// Copies one device to another with eight coroutines, each of which reads a piece and writes it.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <vector>
#include <xnvme/coroutine.hpp>
#include <xnvme/xnvme.hpp>

namespace {

constexpr std::uint32_t kTasks = 8;
constexpr std::uint32_t kBlocksEach = 64;

struct Copy {
    xnvme::AwaitableQueue from;
    xnvme::AwaitableQueue to;
    std::uint64_t blocks;
    std::uint32_t block_bytes;
    std::uint64_t next = 0;
    std::uint64_t failed = 0;
};

xnvme::Task worker(Copy& copy, xnvme::Buffer& memory, std::size_t offset_bytes) {
    while (copy.next < copy.blocks) {
        const std::uint64_t slba = copy.next;
        const auto count =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(kBlocksEach, copy.blocks - slba));
        copy.next += count;
        const xnvme::Data data = memory.part(offset_bytes, std::size_t{count} * copy.block_bytes);
        auto moved = co_await copy.from.read(slba, count, data);
        if (moved) moved = co_await copy.to.write(slba, count, data);
        if (!moved) ++copy.failed;
    }
}

int run(const char* from_uri, const char* to_uri) {
    auto from = xnvme::Device::open(from_uri);
    auto to = xnvme::Device::open(to_uri);
    if (!from || !to) {
        const auto& failure = !from ? from.error() : to.error();
        return std::fprintf(stderr, "%s\n", failure.sentence.c_str()), 1;
    }
    const std::uint32_t block_bytes = from->geometry().transfer_block_bytes;
    if (block_bytes != to->geometry().transfer_block_bytes) {
        return std::fprintf(stderr, "The block sizes differ.\n"), 1;
    }
    const std::size_t each = std::size_t{kBlocksEach} * block_bytes;
    auto memory = from->allocate(kTasks * each);
    auto from_queue = from->create_queue(kTasks);
    auto to_queue = to->create_queue(kTasks);
    if (!memory || !from_queue || !to_queue) return std::fprintf(stderr, "no memory\n"), 1;

    Copy copy{.from = xnvme::AwaitableQueue(*from_queue),
              .to = xnvme::AwaitableQueue(*to_queue),
              .blocks = std::min(from->geometry().blocks, to->geometry().blocks),
              .block_bytes = block_bytes};
    std::vector<xnvme::Task> tasks;
    tasks.reserve(kTasks);
    for (std::uint32_t i = 0; i < kTasks; ++i) tasks.push_back(worker(copy, *memory, i * each));
    const auto all_done = [&] {
        return std::ranges::all_of(tasks, [](const xnvme::Task& task) { return task.done(); });
    };
    while (!all_done()) {
        if (!from_queue->drain() || !to_queue->drain()) return 1;
    }
    std::printf("copied %llu blocks of %u bytes, %llu pieces failed\n",
                static_cast<unsigned long long>(copy.blocks), block_bytes,
                static_cast<unsigned long long>(copy.failed));
    return copy.failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    return run(argc > 1 ? argv[1] : "mem:64MiB", argc > 2 ? argv[2] : "mem:64MiB");
}
