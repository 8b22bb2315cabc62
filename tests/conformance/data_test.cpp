// What reads and writes move, and how a transfer fails: rules 2, 5, 6 and 7 of a queue, on every
// interface that moves data.
#include <algorithm>
#include <cstring>
#include <optional>
#include <random>

#include "tests/conformance/harness.hpp"

namespace conformance {
namespace {

using xnvme::IoVec;

class AsyncData : public AsyncCase {
  protected:
    /// Another way to the same place, to read back what this interface wrote.
    xnvme::Device other() const {
        xnvme::Options options;
        options.direct = place().direct;
        options.async = "emu";
        return open(options);
    }
    static std::uint32_t block_bytes(const xnvme::Device& device) {
        return device.geometry().transfer_block_bytes;
    }
};

TEST_P(AsyncData, ReadsBackWhatItWrote) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(16));
    Runner runner(queue);
    const std::uint32_t count = blocks_per_command(device.geometry(), 8);
    const std::size_t bytes = std::size_t{count} * block_bytes(device);
    xnvme::Buffer out = must(device.allocate(16 * bytes));
    xnvme::Buffer in = must(device.allocate(16 * bytes));
    fill(out.span(), 0, block_bytes(device), 1);
    for (std::uint32_t i = 0; i < 16; ++i)
        runner.add(xnvme::nvme::write(std::uint64_t{i} * count, count), out.part(i * bytes, bytes));
    runner.drain();
    for (std::uint32_t i = 0; i < 16; ++i)
        runner.add(xnvme::nvme::read(std::uint64_t{i} * count, count), in.part(i * bytes, bytes));
    runner.drain();
    EXPECT_EQ(runner.failed(), 0u) << text(runner.first_failure());
    EXPECT_TRUE(holds(in.span(), 0, block_bytes(device), 1));
    for (const Outcome& outcome : runner.outcomes()) EXPECT_EQ(outcome.bytes, bytes);
}

TEST_P(AsyncData, ReadAndWriteHelpersDoAsTheCommandsDo) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(1));
    xnvme::Buffer buffer = must(device.allocate(block_bytes(device)));
    fill(buffer.span(), 5, block_bytes(device), 2);
    xnvme::Context* context = queue.acquire();
    ASSERT_NE(context, nullptr);
    must(queue.write(*context, 5, 1, buffer));
    must(queue.drain());
    std::ranges::fill(buffer.span(), std::byte{0});
    context = queue.acquire();
    ASSERT_NE(context, nullptr);
    must(queue.read(*context, 5, 1, buffer));
    must(queue.drain());
    EXPECT_TRUE(holds(buffer.span(), 5, block_bytes(device), 2));
}

TEST_P(AsyncData, TheLastBlockIsReadAndWritten) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(2));
    Runner runner(queue);
    const std::uint64_t last = device.geometry().blocks - 1;
    xnvme::Buffer buffer = must(device.allocate(block_bytes(device)));
    fill(buffer.span(), last, block_bytes(device), 3);
    EXPECT_FALSE(runner.run(xnvme::nvme::write(last, 1), buffer).why);
    std::ranges::fill(buffer.span(), std::byte{0});
    EXPECT_FALSE(runner.run(xnvme::nvme::read(last, 1), buffer).why);
    EXPECT_TRUE(holds(buffer.span(), last, block_bytes(device), 3));
    EXPECT_EQ(must(xnvme::Device::open(place().uri, options())).geometry().blocks, last + 1);
}

TEST_P(AsyncData, TheLargestCommandIsCarried) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(2));
    Runner runner(queue);
    const std::uint32_t count =
        blocks_per_command(device.geometry(), static_cast<std::uint32_t>(device.geometry().blocks));
    xnvme::Buffer buffer = must(device.allocate(std::size_t{count} * block_bytes(device)));
    fill(buffer.span(), 0, block_bytes(device), 4);
    const Outcome written = runner.run(xnvme::nvme::write(0, count), buffer);
    EXPECT_FALSE(written.why) << text(written.why);
    std::ranges::fill(buffer.span(), std::byte{0});
    const Outcome read = runner.run(xnvme::nvme::read(0, count), buffer);
    EXPECT_FALSE(read.why) << text(read.why);
    EXPECT_EQ(read.bytes, buffer.size());
    EXPECT_TRUE(holds(buffer.span(), 0, block_bytes(device), 4));
}

TEST_P(AsyncData, RandomMixedCommandsLeaveTheLastGenerationOfEveryBlock) {
    constexpr std::uint32_t kDepth = 33;
    constexpr std::uint32_t kBlocks = 256;
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(kDepth));
    const std::uint32_t unit = block_bytes(device);
    write_pattern(device, 0, kBlocks, 100);

    // Each slot works on a stripe of its own, so that what a block holds is known at any time.
    struct Slot {
        std::uint64_t generation[kBlocks / 32] = {};
        bool writes = false;
        std::uint32_t block = 0;
        bool busy = false;
        xnvme::Data data;
        std::string mistake;
        xnvme::Queue* queue = nullptr;
        std::uint32_t unit = 0;
        std::uint32_t base = 0;
    };
    std::vector<Slot> slots(32);
    xnvme::Buffer buffer = must(device.allocate(slots.size() * unit));
    for (std::uint32_t i = 0; i < slots.size(); ++i) {
        slots[i].data = buffer.part(std::size_t{i} * unit, unit);
        std::ranges::fill(slots[i].generation, 100u);
        slots[i].queue = &queue;
        slots[i].unit = unit;
        slots[i].base = i * (kBlocks / 32);
    }
    const auto finished = [](xnvme::Context& context, void* argument) {
        Slot& slot = *static_cast<Slot*>(argument);
        slot.busy = false;
        const std::span<const std::byte> bytes(static_cast<std::byte*>(slot.data.base()),
                                               slot.unit);
        if (!context.ok()) {
            slot.mistake = text(context.why());
        } else if (slot.writes) {
            ++slot.generation[slot.block];
        } else if (const auto held =
                       holds(bytes, slot.base + slot.block, slot.unit, slot.generation[slot.block]);
                   !held) {
            slot.mistake = held.message();
        }
        slot.queue->release(context);
    };
    std::mt19937 random(7);
    for (std::uint32_t submitted = 0; submitted < 2000;) {
        for (Slot& slot : slots) {
            if (slot.busy) continue;
            ASSERT_EQ(slot.mistake, "");
            slot.busy = true;
            slot.block = random() % (kBlocks / 32);
            slot.writes = random() % 2 == 0;
            const std::uint64_t slba = slot.base + slot.block;
            std::span<std::byte> bytes(static_cast<std::byte*>(slot.data.base()), unit);
            if (slot.writes) fill(bytes, slba, unit, slot.generation[slot.block] + 1);
            xnvme::Context* context = queue.acquire();
            ASSERT_NE(context, nullptr);
            context->command =
                slot.writes ? xnvme::nvme::write(slba, 1) : xnvme::nvme::read(slba, 1);
            context->callback = finished;
            context->argument = &slot;
            must(queue.submit(*context, slot.data));
            ++submitted;
        }
        ASSERT_GT(must(queue.wait(1, std::chrono::seconds{30})), 0u);
    }
    must(queue.drain());

    xnvme::Device reader = other();
    xnvme::Buffer all = read_blocks(reader, 0, kBlocks);
    for (const Slot& slot : slots) {
        EXPECT_EQ(slot.mistake, "");
        for (std::uint32_t i = 0; i < kBlocks / 32; ++i) {
            const std::uint64_t block = slot.base + i;
            EXPECT_TRUE(
                holds(all.span().subspan(block * unit, unit), block, unit, slot.generation[i]));
        }
    }
}

// ---- Scatter and gather -------------------------------------------------------------------------

class AsyncVectored : public AsyncData {
  protected:
    /// Writes from and reads into lists of `elements`, each of `element_bytes` of buffer.
    void write_and_read(std::uint32_t elements) {
        xnvme::Device device = open();
        const xnvme::Geometry& geometry = device.geometry();
        // One element per block where a command takes that many; else parts of blocks, which
        // needs a device that takes them.
        std::uint32_t element_bytes = block_bytes(device);
        while (std::uint64_t{element_bytes} * elements > geometry.max_transfer_bytes)
            element_bytes /= 2;
        if (element_bytes % geometry.buffer_alignment != 0) {
            // So many parts do not fit, however small: as many as do.
            element_bytes = block_bytes(device);
            elements = geometry.max_transfer_bytes / element_bytes;
            ASSERT_GT(elements, 100u);
        }
        const std::uint32_t count = elements * element_bytes / block_bytes(device);
        if (count == 0 || elements > geometry.max_segments) {
            FAIL() << elements << " elements do not fit into a command of this device";
        }
        xnvme::Queue queue = must(device.create_queue(4));
        Runner runner(queue);
        // The elements lie apart and in reverse, so that a list that is read as one buffer shows.
        const std::size_t stride = 2 * std::size_t{element_bytes};
        xnvme::Buffer buffer = must(device.allocate(elements * stride));
        std::vector<IoVec> list(elements);
        std::vector<std::byte> flat(std::size_t{elements} * element_bytes);
        fill(flat, 64, block_bytes(device), elements);
        for (std::uint32_t i = 0; i < elements; ++i) {
            std::byte* base = buffer.data() + (elements - 1 - i) * stride;
            list[i] = {base, element_bytes};
            std::copy_n(flat.data() + std::size_t{i} * element_bytes, element_bytes, base);
        }
        const xnvme::Data data{std::span<const IoVec>(list)};
        const Outcome written = runner.run(xnvme::nvme::write(64, count), data);
        ASSERT_FALSE(written.why) << text(written.why);
        EXPECT_EQ(written.bytes, flat.size());
        xnvme::Device reader = other();
        EXPECT_TRUE(
            holds(read_blocks(reader, 64, count).span(), 64, block_bytes(device), elements));

        std::ranges::fill(buffer.span(), std::byte{0});
        const Outcome read = runner.run(xnvme::nvme::read(64, count), data);
        ASSERT_FALSE(read.why) << text(read.why);
        std::vector<std::byte> gathered;
        for (const IoVec& element : list) {
            const auto* base = static_cast<const std::byte*>(element.base);
            gathered.insert(gathered.end(), base, base + element.bytes);
            EXPECT_TRUE(all_bytes({base + element.bytes, element_bytes}, std::byte{0}));
        }
        EXPECT_TRUE(holds(gathered, 64, block_bytes(device), elements));
    }
};
TEST_P(AsyncVectored, OneElement) {
    write_and_read(1);
}
TEST_P(AsyncVectored, TwoElements) {
    write_and_read(2);
}
TEST_P(AsyncVectored, SevenElements) {
    write_and_read(7);
}
TEST_P(AsyncVectored, AThousandAndTwentyFourElements) {
    write_and_read(1024);
}

TEST_P(AsyncVectored, MoreElementsThanTheLimitAreRefused) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(4));
    Runner runner(queue);
    xnvme::Buffer buffer = must(device.allocate(block_bytes(device)));
    std::vector<IoVec> list(xnvme::kIoVecMax + 1);
    list[0] = {buffer.data(), buffer.size()};
    for (std::size_t i = 1; i < list.size(); ++i) list[i] = {buffer.data(), 0};
    EXPECT_EQ(code_of(runner.submit(xnvme::nvme::read(0, 1), std::span<const IoVec>(list))),
              Errc::too_large);
    EXPECT_NE(code_of(runner.submit(xnvme::nvme::read(0, 1), std::span<const IoVec>())), Errc::ok);
    EXPECT_EQ(queue.outstanding(), 0u);
}

TEST_P(AsyncVectored, ListsOfUnevenPartsAreCarriedWhereAlignmentAllows) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(4));
    Runner runner(queue);
    const std::uint32_t unit = block_bytes(device);
    const std::uint32_t align = std::max(device.geometry().buffer_alignment, 1u);
    // Parts of one, three and the remaining units of the alignment, in two blocks.
    const std::size_t total = 2 * std::size_t{unit};
    if (total < 8 * std::size_t{align}) {
        EXPECT_EQ(align, unit) << "the alignment of this device is more than a block";
        return;
    }
    xnvme::Buffer buffer = must(device.allocate(total + 3 * 4096));
    std::vector<std::byte> flat(total);
    fill(flat, 10, unit, 9);
    const std::size_t sizes[] = {align, 3 * std::size_t{align}, total - 4 * std::size_t{align}};
    std::vector<IoVec> list;
    std::size_t at = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        std::byte* base = buffer.data() + (i == 2 ? 2 * 4096 : i * 4096);
        std::copy_n(flat.data() + at, sizes[i], base);
        list.push_back({base, sizes[i]});
        at += sizes[i];
    }
    const Outcome written = runner.run(xnvme::nvme::write(10, 2), std::span<const IoVec>(list));
    ASSERT_FALSE(written.why) << text(written.why);
    xnvme::Device reader = other();
    EXPECT_TRUE(holds(read_blocks(reader, 10, 2).span(), 10, unit, 9));
}

// ---- What is refused at submission --------------------------------------------------------------

class AsyncRefusal : public AsyncData {
  protected:
    void SetUp() override {
        AsyncData::SetUp();
        if (HasFatalFailure()) return;
        device_.emplace(open());
        queue_.emplace(must(device_->create_queue(4)));
        unit_ = block_bytes(*device_);
        blocks_ = device_->geometry().blocks;
        buffer_ = must(device_->allocate(8 * std::size_t{unit_}));
        write_pattern(*device_, 0, 8, 50);
        write_pattern(*device_, blocks_ - 8, 8, 50);
        std::ranges::fill(buffer_.span(), std::byte{0xee});
    }
    void TearDown() override {
        if (queue_) queue_.reset();
        if (device_) device_.reset();
        AsyncData::TearDown();
    }
    /// A submission fails with `expected`, nothing is outstanding, and nothing was written.
    void expect_refused(Errc expected, const xnvme::Command& command, const xnvme::Data& data) {
        xnvme::Context* context = queue_->acquire();
        ASSERT_NE(context, nullptr);
        context->command = command;
        context->error = Errc::busy;
        context->bytes = 12345;
        context->callback = [](xnvme::Context&, void*) { ADD_FAILURE() << "it completed"; };
        const xnvme::Context before = *context;
        EXPECT_EQ(code_of(queue_->submit(*context, data)), expected);
        EXPECT_EQ(code_of(queue_->prepare(*context, data)), expected);
        EXPECT_EQ(std::memcmp(&before, context, sizeof before), 0) << "the context was changed";
        context->callback = [](xnvme::Context&, void*) {};
        queue_->release(*context);
        EXPECT_EQ(queue_->outstanding(), 0u);
        EXPECT_EQ(must(queue_->drain()), 0u);
        // The synchronous call has the same checks.
        const auto synchronous = device_->execute(command, data);
        EXPECT_EQ(code_of(synchronous), expected);
        EXPECT_TRUE(all_bytes(buffer_.span(), std::byte{0xee}));
        EXPECT_TRUE(holds(read_blocks(*device_, 0, 8).span(), 0, unit_, 50));
        EXPECT_TRUE(holds(read_blocks(*device_, blocks_ - 8, 8).span(), blocks_ - 8, unit_, 50));
    }
    /// A device that takes raw commands is asked, and the verdict is its own.
    void expect_invalid_opcode(const xnvme::Command& command) {
        Runner runner(*queue_);
        const Outcome outcome = runner.run(command);
        EXPECT_EQ(outcome.why.code, Errc::device) << text(outcome.why);
        EXPECT_EQ(outcome.completion.status.sct(), 0u);
        EXPECT_EQ(outcome.completion.status.sc(), 0x01u);
    }
    xnvme::Data data(std::uint32_t blocks) const {
        return buffer_.part(0, std::size_t{blocks} * unit_);
    }

    std::optional<xnvme::Device> device_;
    std::optional<xnvme::Queue> queue_;
    xnvme::Buffer buffer_;
    std::uint32_t unit_ = 0;
    std::uint64_t blocks_ = 0;
};

TEST_P(AsyncRefusal, ARangeThatBeginsPastTheEnd) {
    expect_refused(Errc::out_of_range, xnvme::nvme::read(blocks_, 1), data(1));
    expect_refused(Errc::out_of_range, xnvme::nvme::write(blocks_, 1), data(1));
    expect_refused(Errc::out_of_range, xnvme::nvme::write(UINT64_MAX, 1), data(1));
}
TEST_P(AsyncRefusal, ARangeThatReachesPastTheEnd) {
    expect_refused(Errc::out_of_range, xnvme::nvme::read(blocks_ - 1, 2), data(2));
    expect_refused(Errc::out_of_range, xnvme::nvme::write(blocks_ - 7, 8), data(8));
    // The sum of these two wraps to a block that exists.
    expect_refused(Errc::out_of_range, xnvme::nvme::write(UINT64_MAX - 1, 4), data(4));
}
TEST_P(AsyncRefusal, ARangeWithoutDataThatReachesPastTheEnd) {
    expect_refused(Errc::out_of_range, xnvme::nvme::write_zeroes(blocks_ - 1, 2), {});
    expect_refused(Errc::out_of_range, xnvme::nvme::verify(blocks_, 1), {});
}
TEST_P(AsyncRefusal, DataThatIsShorterThanTheBlocks) {
    expect_refused(Errc::bad_length, xnvme::nvme::read(0, 2), data(1));
    expect_refused(Errc::bad_length, xnvme::nvme::write(0, 2),
                   buffer_.part(0, 2 * std::size_t{unit_} - 1));
}
TEST_P(AsyncRefusal, DataThatIsLongerThanTheBlocks) {
    expect_refused(Errc::bad_length, xnvme::nvme::write(0, 1), data(2));
    expect_refused(Errc::bad_length, xnvme::nvme::read(0, 1), buffer_.part(0, unit_ + 1));
}
TEST_P(AsyncRefusal, NoDataWhereThereMustBeSome) {
    expect_refused(Errc::bad_length, xnvme::nvme::read(0, 1), {});
    expect_refused(Errc::bad_length, xnvme::nvme::compare(0, 1), {});
}
TEST_P(AsyncRefusal, MoreDataThanOneCommandTakes) {
    const std::uint64_t most = device_->geometry().max_transfer_bytes;
    const std::uint64_t count = most / unit_ + 1;
    if (count > 65536) {
        // The field that counts blocks ends before the device's limit does: the helper refuses it.
        xnvme::Context* context = queue_->acquire();
        ASSERT_NE(context, nullptr);
        EXPECT_EQ(code_of(queue_->read(*context, 0, 65537, data(8))), Errc::too_large);
        queue_->release(*context);
        return;
    }
    ASSERT_LE(count, blocks_) << "the target is smaller than one command's data";
    xnvme::Buffer large = must(device_->allocate(count * unit_));
    expect_refused(Errc::too_large, xnvme::nvme::read(0, static_cast<std::uint32_t>(count)), large);
}
TEST_P(AsyncRefusal, CountsThatTheHelperCannotSay) {
    xnvme::Context* context = queue_->acquire();
    ASSERT_NE(context, nullptr);
    EXPECT_EQ(code_of(queue_->read(*context, 0, 0, data(1))), Errc::too_large);
    EXPECT_EQ(code_of(queue_->write(*context, 0, 65537, data(1))), Errc::too_large);
    queue_->release(*context);
    EXPECT_EQ(queue_->outstanding(), 0u);
}

class AsyncDirect : public AsyncRefusal {};

TEST_P(AsyncDirect, ABufferThatIsNotAligned) {
    ASSERT_GT(device_->geometry().buffer_alignment, 1u) << "direct has an alignment";
    expect_refused(Errc::misaligned, xnvme::nvme::read(0, 1), buffer_.part(1, unit_));
    expect_refused(Errc::misaligned, xnvme::nvme::write(0, 1), buffer_.part(2, unit_));
}
TEST_P(AsyncDirect, AnElementThatIsNotAligned) {
    const IoVec bad_base[] = {{buffer_.data() + 1, unit_}, {buffer_.data() + 2 * unit_, unit_}};
    expect_refused(Errc::misaligned, xnvme::nvme::write(0, 2), std::span<const IoVec>(bad_base));
    const IoVec bad_length[] = {{buffer_.data(), unit_ - 1},
                                {buffer_.data() + 2 * unit_, unit_ + 1}};
    expect_refused(Errc::misaligned, xnvme::nvme::read(0, 2), std::span<const IoVec>(bad_length));
}
TEST_P(AsyncDirect, AnOffsetOrLengthInBytesThatIsNotAligned) {
    if (is_nvme()) {
        // To an NVMe device this is a vendor's command.
        expect_invalid_opcode(xnvme::nvme::file_read(0));
        return;
    }
    if (!is_file()) {
        // Only files have commands in bytes; a block command cannot be off by a byte.
        expect_refused(Errc::unsupported, xnvme::nvme::file_read(0), data(1));
        return;
    }
    expect_refused(Errc::misaligned, xnvme::nvme::file_read(1), data(1));
    expect_refused(Errc::misaligned, xnvme::nvme::file_write(0), buffer_.part(0, unit_ - 1));
}

TEST_P(AsyncRefusal, AnOpcodeThatNobodyKnows) {
    xnvme::Command command;
    command.opcode = 0x7b;
    if (is_model() || is_nvme())
        expect_invalid_opcode(command);
    else
        expect_refused(Errc::unsupported, command, {});
}

bool is_direct(const Pair& pair) {
    // NVMe devices are opened past the page cache, or have none.
    return pair.interface != "nil" && (pair.target.ends_with("_direct") || is_nvme(pair));
}

CONFORMANCE_OVER(AsyncData, pairs_with_data());
CONFORMANCE_OVER(AsyncVectored, pairs_with_data());
CONFORMANCE_OVER(AsyncRefusal, pairs_with_data());
CONFORMANCE_OVER(AsyncDirect, pairs(xnvme::Contract::async, is_direct));

}  // namespace
}  // namespace conformance
