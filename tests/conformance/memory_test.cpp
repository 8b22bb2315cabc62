// Memory, on every memory interface: what is allocated, what is mapped, and I/O with it.
#include <algorithm>
#include <cstdint>

#include "tests/conformance/harness.hpp"
#include "tests/conformance/system.hpp"

namespace conformance {
namespace {

class Memory : public MemoryCase {
  protected:
    void SetUp() override {
        // Hugepages are there only when somebody reserved them; the suite does for its own run.
        if (GetParam().interface == "hugepage") {
            const std::string missing = reserve_hugepages(32);
            ASSERT_EQ(missing, "");
        }
        MemoryCase::SetUp();
    }
};

bool aligned(const void* base, std::size_t alignment) {
    return reinterpret_cast<std::uintptr_t>(base) % alignment == 0;
}

TEST_P(Memory, IsZeroedAndAligned) {
    xnvme::Device device = open();
    EXPECT_EQ(device.capabilities().mem, GetParam().interface);
    for (std::size_t bytes : {std::size_t{1}, std::size_t{511}, std::size_t{4096},
                              std::size_t{65537}, std::size_t{3} << 20}) {
        xnvme::Buffer buffer = must(device.allocate(bytes));
        EXPECT_EQ(buffer.size(), bytes);
        EXPECT_TRUE(aligned(buffer.data(), 4096));
        EXPECT_TRUE(aligned(buffer.data(), std::max(device.geometry().buffer_alignment, 1u)));
        EXPECT_TRUE(all_bytes(buffer.span(), std::byte{0}));
        std::ranges::fill(buffer.span(), std::byte{0x77});
    }
    // What was given back and is handed out again is zeroed again.
    xnvme::Buffer again = must(device.allocate(65537));
    EXPECT_TRUE(all_bytes(again.span(), std::byte{0}));
}

TEST_P(Memory, BuffersDoNotOverlap) {
    xnvme::Device device = open();
    std::vector<xnvme::Buffer> buffers;
    for (int i = 0; i < 4; ++i) {
        buffers.push_back(must(device.allocate(5000)));
        std::ranges::fill(buffers.back().span(), static_cast<std::byte>(i));
    }
    for (int i = 0; i < 4; ++i)
        EXPECT_TRUE(
            all_bytes(buffers[static_cast<std::size_t>(i)].span(), static_cast<std::byte>(i)));
}

TEST_P(Memory, NothingAndTooMuchAreRefusedWithASentence) {
    xnvme::Device device = open();
    const auto nothing = device.allocate(0);
    ASSERT_FALSE(nothing);
    EXPECT_EQ(nothing.error().error.code, Errc::invalid_argument);
    EXPECT_TRUE(says(sentence_of(nothing), {"0"}));
    const auto much = device.allocate(std::size_t{1} << 60);
    ASSERT_FALSE(much);
    EXPECT_EQ(much.error().error.code, Errc::no_memory);
    EXPECT_TRUE(says(sentence_of(much), {"memory"})) << sentence_of(much);
    const auto all = device.allocate(SIZE_MAX);
    ASSERT_FALSE(all);
    EXPECT_EQ(all.error().error.code, Errc::no_memory);
}

TEST_P(Memory, MovesData) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(8));
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    xnvme::Buffer out = must(device.allocate(8 * std::size_t{unit}));
    xnvme::Buffer in = must(device.allocate(8 * std::size_t{unit}));
    fill(out.span(), 0, unit, 1);
    Runner runner(queue);
    EXPECT_FALSE(runner.run(xnvme::nvme::write(0, 8), out).why);
    EXPECT_FALSE(runner.run(xnvme::nvme::read(0, 8), in).why);
    EXPECT_TRUE(holds(in.span(), 0, unit, 1));
}

TEST_P(Memory, AllocatedAndFreedWhileAQueueExistsMovesData) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(8));
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    Runner runner(queue);
    for (std::uint64_t generation = 1; generation <= 12; ++generation) {
        // The address of a buffer that was freed is handed out again, of another size.
        const std::uint32_t count = static_cast<std::uint32_t>(generation % 4 + 1);
        xnvme::Buffer out = must(device.allocate(std::size_t{count} * unit));
        fill(out.span(), 0, unit, generation);
        EXPECT_FALSE(runner.run(xnvme::nvme::write(0, count), out).why);
        out = must(device.allocate(std::size_t{count} * unit));
        EXPECT_FALSE(runner.run(xnvme::nvme::read(0, count), out).why);
        EXPECT_TRUE(holds(out.span(), 0, unit, generation));
    }
}

TEST_P(Memory, CallersMemoryCanBeMapped) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(8));
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    const std::size_t bytes = 8 * std::size_t{unit};
    void* memory = ::operator new(bytes, std::align_val_t{4096});
    {
        xnvme::Buffer mapped = must(device.map(memory, bytes));
        EXPECT_EQ(mapped.data(), memory);
        EXPECT_EQ(mapped.size(), bytes);
        fill(mapped.span(), 0, unit, 5);
        Runner runner(queue);
        EXPECT_FALSE(runner.run(xnvme::nvme::write(0, 8), mapped).why);
        std::ranges::fill(mapped.span(), std::byte{0});
        EXPECT_FALSE(runner.run(xnvme::nvme::read(0, 8), mapped).why);
        EXPECT_TRUE(holds(mapped.span(), 0, unit, 5));
    }
    // It stays the caller's.
    EXPECT_TRUE(holds({static_cast<std::byte*>(memory), bytes}, 0, unit, 5));
    ::operator delete(memory, std::align_val_t{4096});
    EXPECT_FALSE(device.map(nullptr, 4096));
    EXPECT_FALSE(device.map(&queue, 0));
}

TEST_P(Memory, HasADeviceAddressOrSaysThatItHasNone) {
    xnvme::Device device = open();
    xnvme::Buffer buffer = must(device.allocate(4096));
    const auto address = buffer.device_address();
    if (address) {
        EXPECT_NE(*address, 0u);
    } else {
        EXPECT_EQ(address.error().code, Errc::unsupported);
    }
}

TEST_P(Memory, PartsOfABufferAreBuffers) {
    xnvme::Device device = open();
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    xnvme::Buffer buffer = must(device.allocate(4 * std::size_t{unit}));
    write_pattern(device, 0, 4, 3);
    for (std::uint32_t i = 0; i < 4; ++i)
        (void)must(
            device.execute(xnvme::nvme::read(3 - i, 1), buffer.part(std::size_t{i} * unit, unit)));
    for (std::uint32_t i = 0; i < 4; ++i)
        EXPECT_TRUE(holds(buffer.span().subspan(std::size_t{i} * unit, unit), 3 - i, unit, 3));
}

CONFORMANCE_OVER(Memory, pairs(xnvme::Contract::memory));

}  // namespace
}  // namespace conformance
