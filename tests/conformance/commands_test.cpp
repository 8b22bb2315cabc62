// Commands other than read and write: served natively, or by the queue's worker (rule 8), or
// refused, as the capabilities say; and doing what they say on every interface that moves data.
#include <algorithm>
#include <array>
#include <functional>

#include "tests/conformance/harness.hpp"

namespace conformance {
namespace {

using xnvme::Service;
using xnvme::nvme::CopyRange0;
using xnvme::nvme::DsmRange;

constexpr std::uint8_t kSctMedia = 2;
constexpr std::uint8_t kScCompareFailure = 0x85;

/// One way to run a command and wait for it.
using Way = std::function<Outcome(const xnvme::Command&, const xnvme::Data&)>;

Outcome execute(xnvme::Device& device, const xnvme::Command& command, const xnvme::Data& data) {
    xnvme::Context context;
    context.command = command;
    const auto result = device.execute(context, data);
    Outcome outcome;
    outcome.done = true;
    outcome.why = result ? context.why() : result.error();
    outcome.bytes = context.bytes;
    outcome.completion = context.completion;
    return outcome;
}

struct Blocks {
    xnvme::Device& device;
    std::uint32_t unit = device.geometry().transfer_block_bytes;

    void write(std::uint64_t slba, std::uint32_t count, std::uint64_t generation) {
        write_pattern(device, slba, count, generation);
    }
    testing::AssertionResult hold(std::uint64_t slba, std::uint32_t count,
                                  std::uint64_t generation) {
        return holds(read_blocks(device, slba, count).span(), slba, unit, generation);
    }
    /// Protection information is not looked at: deallocated blocks have it all ones.
    testing::AssertionResult are(std::uint64_t slba, std::uint32_t count, std::byte value) {
        const xnvme::Buffer read = read_blocks(device, slba, count);
        if (device.geometry().protection_type == 0) return all_bytes(read.span(), value);
        for (std::uint32_t i = 0; i < count; ++i) {
            const auto block = read.span().subspan(std::size_t{i} * unit);
            if (auto same = all_bytes(block.first(device.geometry().block_bytes), value); !same)
                return same << " in block " << slba + i;
        }
        return testing::AssertionSuccess();
    }
};

void check_flush(xnvme::Device& device, const Way& run) {
    Blocks{device}.write(0, 4, 1);
    const Outcome outcome = run(xnvme::nvme::flush(), {});
    EXPECT_FALSE(outcome.why) << text(outcome.why);
    EXPECT_TRUE(Blocks{device}.hold(0, 4, 1));
}

void check_write_zeroes(xnvme::Device& device, const Way& run) {
    Blocks blocks{device};
    blocks.write(0, 24, 2);
    const Outcome outcome = run(xnvme::nvme::write_zeroes(8, 8), {});
    EXPECT_FALSE(outcome.why) << text(outcome.why);
    EXPECT_TRUE(blocks.hold(0, 8, 2));
    EXPECT_TRUE(blocks.are(8, 8, std::byte{0}));
    EXPECT_TRUE(blocks.hold(16, 8, 2));
}

void check_deallocate(xnvme::Device& device, const Way& run) {
    Blocks blocks{device};
    // Whole pages, so that every device can give something back.
    const std::uint32_t page = std::max(65536u / blocks.unit, 1u);
    blocks.write(0, 4 * page, 3);
    std::array<DsmRange, 2> ranges{};
    ranges[0].slba = 0;
    ranges[0].nlb = page;
    ranges[1].slba = 2 * page;
    ranges[1].nlb = page;
    const Outcome outcome =
        run(xnvme::nvme::dataset_management(2), std::as_bytes(std::span(ranges)));
    EXPECT_FALSE(outcome.why) << text(outcome.why);
    EXPECT_TRUE(blocks.hold(page, page, 3));
    EXPECT_TRUE(blocks.hold(3 * std::uint64_t{page}, page, 3));
    switch (device.geometry().deallocated_read) {
        case xnvme::DeallocatedRead::zeroes:
            EXPECT_TRUE(blocks.are(0, page, std::byte{0}));
            EXPECT_TRUE(blocks.are(2 * std::uint64_t{page}, page, std::byte{0}));
            break;
        case xnvme::DeallocatedRead::ones:
            EXPECT_TRUE(blocks.are(0, page, std::byte{0xff}));
            break;
        case xnvme::DeallocatedRead::unreported:
            // Anything may stand there, and it reads.
            EXPECT_EQ(read_blocks(device, 0, page).size(), std::size_t{page} * blocks.unit);
            break;
    }
}

void check_deallocate_past_the_end(xnvme::Device& device, const Way& run) {
    Blocks blocks{device};
    blocks.write(0, 16, 4);
    std::array<DsmRange, 2> ranges{};
    ranges[0].nlb = 8;
    ranges[1].slba = device.geometry().blocks - 1;
    ranges[1].nlb = 2;
    const Outcome outcome =
        run(xnvme::nvme::dataset_management(2), std::as_bytes(std::span(ranges)));
    EXPECT_EQ(outcome.why.code, Errc::out_of_range) << text(outcome.why);
    EXPECT_TRUE(blocks.hold(0, 16, 4)) << "a list that is partly wrong was partly done";
}

void check_compare(xnvme::Device& device, const Way& run) {
    Blocks blocks{device};
    blocks.write(4, 4, 5);
    xnvme::Buffer buffer = must(device.allocate(4 * std::size_t{blocks.unit}));
    fill(buffer.span(), 4, blocks.unit, 5);
    const Outcome equal = run(xnvme::nvme::compare(4, 4), buffer);
    EXPECT_FALSE(equal.why) << text(equal.why);

    // In the data: protection information at the end of a block is not compared.
    buffer.span()[3 * std::size_t{blocks.unit} + device.geometry().block_bytes - 1] ^= std::byte{1};
    const Outcome different = run(xnvme::nvme::compare(4, 4), buffer);
    EXPECT_EQ(different.why.code, Errc::device) << text(different.why);
    EXPECT_EQ(different.why.status.sct(), kSctMedia);
    EXPECT_EQ(different.why.status.sc(), kScCompareFailure);
    EXPECT_EQ(different.why.os, 0) << "a verdict is no error of the system";
    EXPECT_TRUE(blocks.hold(4, 4, 5));
}

void check_verify(xnvme::Device& device, const Way& run) {
    const Outcome outcome = run(xnvme::nvme::verify(0, 8), {});
    EXPECT_FALSE(outcome.why) << text(outcome.why);
    const Outcome last = run(xnvme::nvme::verify(device.geometry().blocks - 1, 1), {});
    EXPECT_FALSE(last.why) << text(last.why);
}

/// Copies ranges, described as the namespace's guard wants them.
Outcome copy(xnvme::Device& device, const Way& run, std::uint64_t destination,
             std::span<const CopyRange0> ranges) {
    const auto count = static_cast<std::uint32_t>(ranges.size());
    if (device.geometry().guard_bits <= 16)
        return run(xnvme::nvme::copy(destination, count), std::as_bytes(ranges));
    std::vector<xnvme::nvme::CopyRange1> longer;
    longer.reserve(ranges.size());
    for (const CopyRange0& range : ranges)
        longer.push_back(xnvme::nvme::CopyRange1::of(range.slba, range.blocks()));
    return run(xnvme::nvme::copy(destination, count, 1), std::as_bytes(std::span(longer)));
}

void check_copy(xnvme::Device& device, const Way& run) {
    Blocks blocks{device};
    blocks.write(0, 16, 6);
    blocks.write(64, 16, 7);
    const std::array<CopyRange0, 2> ranges{CopyRange0::of(0, 3), CopyRange0::of(8, 5)};
    const Outcome outcome = copy(device, run, 66, ranges);
    EXPECT_FALSE(outcome.why) << text(outcome.why);
    EXPECT_TRUE(blocks.hold(64, 2, 7));
    xnvme::Buffer copied = read_blocks(device, 66, 8);
    EXPECT_TRUE(holds(copied.span().first(3 * std::size_t{blocks.unit}), 0, blocks.unit, 6));
    EXPECT_TRUE(holds(copied.span().subspan(3 * std::size_t{blocks.unit}), 8, blocks.unit, 6));
    EXPECT_TRUE(blocks.hold(74, 6, 7));
}

void check_copy_past_the_end(xnvme::Device& device, const Way& run) {
    Blocks blocks{device};
    blocks.write(64, 8, 8);
    const std::array<CopyRange0, 1> source{CopyRange0::of(device.geometry().blocks - 1, 2)};
    EXPECT_EQ(run(xnvme::nvme::copy(64, 1), std::as_bytes(std::span(source))).why.code,
              Errc::out_of_range);
    EXPECT_TRUE(blocks.hold(64, 8, 8));
    const std::array<CopyRange0, 1> good{CopyRange0::of(64, 8)};
    EXPECT_EQ(
        run(xnvme::nvme::copy(device.geometry().blocks - 4, 1), std::as_bytes(std::span(good)))
            .why.code,
        Errc::out_of_range);
}

/// The commands of these checks.
struct Named {
    const char* name;
    std::uint8_t opcode;
};
constexpr Named kServedCommands[] = {
    {"flush", 0x00},        {"write", 0x01},      {"read", 0x02},   {"compare", 0x05},
    {"write zeroes", 0x08}, {"deallocate", 0x09}, {"verify", 0x0c}, {"copy", 0x19}};

// ---- Asynchronous -------------------------------------------------------------------------------

class AsyncCommands : public AsyncCase {
  protected:
    void with(void (*check)(xnvme::Device&, const Way&)) {
        xnvme::Device device = open();
        xnvme::Queue queue = must(device.create_queue(4));
        check(device, [&queue](const xnvme::Command& command, const xnvme::Data& data) {
            Runner runner(queue);
            if (const auto result = runner.submit(command, data); !result) {
                Outcome refused;
                refused.why = result.error();
                return refused;
            }
            runner.drain();
            return runner.outcomes().front();
        });
    }
};
TEST_P(AsyncCommands, FlushKeepsTheData) {
    with(check_flush);
}
TEST_P(AsyncCommands, WriteZeroesZeroesItsBlocksAlone) {
    with(check_write_zeroes);
}
TEST_P(AsyncCommands, DeallocateGivesBackItsRangesAlone) {
    with(check_deallocate);
}
TEST_P(AsyncCommands, DeallocatePastTheEndDoesNothing) {
    with(check_deallocate_past_the_end);
}
TEST_P(AsyncCommands, CompareTellsEqualFromDifferent) {
    with(check_compare);
}
TEST_P(AsyncCommands, VerifyReads) {
    with(check_verify);
}
TEST_P(AsyncCommands, CopyMovesItsRangesInOrder) {
    with(check_copy);
}
TEST_P(AsyncCommands, CopyPastTheEndDoesNothing) {
    with(check_copy_past_the_end);
}

TEST_P(AsyncCommands, AContextThatFailedAndThenSucceedsReadsClean) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(1));
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    write_pattern(device, 0, 1, 11);
    xnvme::Buffer buffer = must(device.allocate(unit));
    Runner runner(queue);
    for (int round = 0; round < 3; ++round) {
        fill(buffer.span(), 0, unit, 12);
        const Outcome failed = runner.run(xnvme::nvme::compare(0, 1), buffer);
        EXPECT_EQ(failed.why.code, Errc::device) << text(failed.why);
        const Outcome read = runner.run(xnvme::nvme::read(0, 1), buffer);
        EXPECT_FALSE(read.why) << text(read.why);
        EXPECT_TRUE(read.completion.ok());
        EXPECT_EQ(read.os_error, 0);
        EXPECT_EQ(read.bytes, unit);
        EXPECT_TRUE(holds(buffer.span(), 0, unit, 11));
    }
}

class AsyncService : public AsyncCase {};

TEST_P(AsyncService, EveryCommandIsServed) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(4));
    const xnvme::QueueCapabilities capabilities = queue.capabilities();
    EXPECT_EQ(capabilities.interface, GetParam().interface);
    EXPECT_EQ(capabilities.depth, 4u);
    EXPECT_FALSE(capabilities.strict);
    for (const Named& command : kServedCommands)
        EXPECT_NE(capabilities.service(command.opcode), Service::refused) << command.name;
    EXPECT_EQ(capabilities.service(0x01), Service::native);
    EXPECT_EQ(capabilities.service(0x02), Service::native);
    EXPECT_EQ(capabilities.traits.moves_data, GetParam().interface != "nil");
}

TEST_P(AsyncService, StrictRefusesWhatItDoesNotCarryItself) {
    xnvme::Device device = open();
    xnvme::Queue lenient = must(device.create_queue(4));
    xnvme::QueueOptions options;
    options.strict = true;
    xnvme::Queue strict = must(device.create_queue(4, options));
    EXPECT_TRUE(strict.capabilities().strict);
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    xnvme::Buffer buffer = must(device.allocate(unit));
    DsmRange range{};
    range.nlb = 1;
    const CopyRange0 source = CopyRange0::of(0, 1);
    const std::pair<xnvme::Command, xnvme::Data> commands[] = {
        {xnvme::nvme::flush(), {}},
        {xnvme::nvme::compare(0, 1), buffer},
        {xnvme::nvme::write_zeroes(0, 1), {}},
        {xnvme::nvme::dataset_management(1), {&range, sizeof range}},
        {xnvme::nvme::verify(0, 1), {}},
        {xnvme::nvme::copy(1, 1), {&source, sizeof source}},
    };
    for (const auto& [command, data] : commands) {
        const Service service = lenient.capabilities().service(command.opcode);
        Runner runner(strict);
        const auto result = runner.submit(command, data);
        if (service == Service::native)
            EXPECT_TRUE(result) << "opcode " << unsigned{command.opcode};
        else
            EXPECT_EQ(code_of(result), Errc::unsupported) << "opcode " << unsigned{command.opcode};
        EXPECT_EQ(runner.drain(), result ? 1u : 0u);
    }
    Runner runner(strict);
    EXPECT_FALSE(runner.run(xnvme::nvme::read(0, 1), buffer).why);
}

TEST_P(AsyncService, EmulatedCommandsFillAQueueToo) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(33));
    Runner runner(queue);
    for (std::uint32_t i = 0; i < 33; ++i) must(runner.submit(xnvme::nvme::verify(i, 1)));
    EXPECT_EQ(queue.acquire(), nullptr);
    EXPECT_EQ(queue.outstanding(), 33u);
    EXPECT_EQ(runner.drain(), 33u);
    EXPECT_EQ(runner.failed(), 0u) << text(runner.first_failure());
}

TEST_P(AsyncService, FullOfNativeAndEmulatedCommandsIsFull) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(4));
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    xnvme::Buffer buffer = must(device.allocate(4 * std::size_t{unit}));
    Runner runner(queue);
    for (std::uint32_t i = 0; i < 2; ++i) {
        must(runner.submit(xnvme::nvme::verify(i, 1)));
        must(runner.submit(xnvme::nvme::read(i, 1), buffer.part(std::size_t{i} * unit, unit)));
    }
    xnvme::Context beyond;
    beyond.callback = [](xnvme::Context&, void*) {};
    EXPECT_EQ(queue.acquire(), nullptr);
    beyond.command = xnvme::nvme::verify(0, 1);
    EXPECT_EQ(code_of(queue.submit(beyond)), Errc::queue_full);
    EXPECT_EQ(queue.outstanding(), 4u);
    EXPECT_EQ(runner.drain(), 4u);
}

TEST_P(AsyncService, FlushCoversWhatWasSubmittedAndCompletedBefore) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(33));
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    xnvme::Buffer buffer = must(device.allocate(32 * std::size_t{unit}));
    fill(buffer.span(), 0, unit, 21);
    Runner runner(queue);
    for (std::uint32_t i = 0; i < 32; ++i)
        must(runner.submit(xnvme::nvme::write(i, 1), buffer.part(std::size_t{i} * unit, unit)));
    must(runner.submit(xnvme::nvme::flush()));
    EXPECT_EQ(runner.drain(), 33u);
    EXPECT_EQ(runner.failed(), 0u) << text(runner.first_failure());
}

// ---- Synchronous --------------------------------------------------------------------------------

class SyncCommands : public SyncCase {
  protected:
    void with(std::uint8_t opcode, void (*check)(xnvme::Device&, const Way&)) {
        xnvme::Device device = open();
        EXPECT_EQ(device.capabilities().sync, GetParam().interface);
        const Way run = [&device](const xnvme::Command& command, const xnvme::Data& data) {
            return execute(device, command, data);
        };
        ASSERT_NE(device.capabilities().service(opcode), Service::refused);
        check(device, run);
    }
};
TEST_P(SyncCommands, FlushKeepsTheData) {
    with(0x00, check_flush);
}
TEST_P(SyncCommands, WriteZeroesZeroesItsBlocksAlone) {
    with(0x08, check_write_zeroes);
}
TEST_P(SyncCommands, DeallocateGivesBackItsRangesAlone) {
    with(0x09, check_deallocate);
}
TEST_P(SyncCommands, DeallocatePastTheEndDoesNothing) {
    with(0x09, check_deallocate_past_the_end);
}
TEST_P(SyncCommands, CompareTellsEqualFromDifferent) {
    with(0x05, check_compare);
}
TEST_P(SyncCommands, VerifyReads) {
    with(0x0c, check_verify);
}
TEST_P(SyncCommands, CopyMovesItsRangesInOrder) {
    with(0x19, check_copy);
}
TEST_P(SyncCommands, CopyPastTheEndDoesNothing) {
    with(0x19, check_copy_past_the_end);
}

TEST_P(SyncCommands, ReadsBackWhatItWrote) {
    xnvme::Device device = open();
    Blocks blocks{device};
    blocks.write(0, 64, 31);
    EXPECT_TRUE(blocks.hold(0, 64, 31));
    blocks.write(device.geometry().blocks - 1, 1, 32);
    EXPECT_TRUE(blocks.hold(device.geometry().blocks - 1, 1, 32));
}

TEST_P(SyncCommands, ListsAreGatheredAndScattered) {
    xnvme::Device device = open();
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    for (std::uint32_t elements : {1u, 2u, 7u, 64u}) {
        xnvme::Buffer buffer = must(device.allocate(2 * std::size_t{elements} * unit));
        std::vector<xnvme::IoVec> list;
        for (std::uint32_t i = 0; i < elements; ++i) {
            std::byte* base = buffer.data() + 2 * std::size_t{elements - 1 - i} * unit;
            fill({base, unit}, i, unit, 40 + elements);
            list.push_back({base, unit});
        }
        const xnvme::Data data{std::span<const xnvme::IoVec>(list)};
        (void)must(device.execute(xnvme::nvme::write(0, elements), data));
        EXPECT_TRUE(Blocks{device}.hold(0, elements, 40 + elements));
        std::ranges::fill(buffer.span(), std::byte{0});
        (void)must(device.execute(xnvme::nvme::read(0, elements), data));
        for (std::uint32_t i = 0; i < elements; ++i) {
            const auto* base = static_cast<const std::byte*>(list[i].base);
            EXPECT_TRUE(holds({base, unit}, i, unit, 40 + elements));
        }
    }
}

TEST_P(SyncCommands, WhatIsRefusedAtSubmissionIsRefusedHereToo) {
    xnvme::Device device = open();
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    const std::uint64_t end = device.geometry().blocks;
    xnvme::Buffer buffer = must(device.allocate(2 * std::size_t{unit}));
    EXPECT_EQ(code_of(device.execute(xnvme::nvme::read(end, 1), buffer.part(0, unit))),
              Errc::out_of_range);
    EXPECT_EQ(code_of(device.execute(xnvme::nvme::write(end - 1, 2), buffer)), Errc::out_of_range);
    EXPECT_EQ(code_of(device.execute(xnvme::nvme::read(0, 1), buffer)), Errc::bad_length);
    if (place().direct) {
        EXPECT_EQ(code_of(device.execute(xnvme::nvme::read(0, 1), buffer.part(1, unit))),
                  Errc::misaligned);
    }
}

TEST_P(SyncCommands, AContextThatFailedAndThenSucceedsReadsClean) {
    xnvme::Device device = open();
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    write_pattern(device, 0, 1, 51);
    xnvme::Buffer buffer = must(device.allocate(unit));
    fill(buffer.span(), 0, unit, 52);
    xnvme::Context context;
    context.command = xnvme::nvme::compare(0, 1);
    EXPECT_EQ(code_of(device.execute(context, buffer)), Errc::device);
    EXPECT_EQ(context.completion.status.sc(), kScCompareFailure);
    context.command = xnvme::nvme::read(0, 1);
    EXPECT_TRUE(device.execute(context, buffer));
    EXPECT_TRUE(context.ok());
    EXPECT_TRUE(context.completion.ok());
    EXPECT_EQ(context.os_error, 0);
    EXPECT_TRUE(holds(buffer.span(), 0, unit, 51));
}

CONFORMANCE_OVER(AsyncCommands, pairs_with_data());
CONFORMANCE_OVER(AsyncService, pairs(xnvme::Contract::async));
CONFORMANCE_OVER(SyncCommands, pairs(xnvme::Contract::sync));

}  // namespace
}  // namespace conformance
