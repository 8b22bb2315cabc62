// What the model device lets a test see: faults, the device's verdicts, metadata, formats.
#include <algorithm>
#include <chrono>

#include "tests/conformance/harness.hpp"

namespace conformance {
namespace {

using Clock = std::chrono::steady_clock;

class AsyncModel : public AsyncCase {
  protected:
    /// A model of this case alone, in the target's format.
    xnvme::Device open_model(std::vector<std::string> extra) {
        std::vector<std::string> all = model_format(GetParam().target);
        all.insert(all.end(), extra.begin(), extra.end());
        return must(xnvme::Device::open(model_uri("16MiB", all), opened_with_));
    }
    void SetUp() override {
        AsyncCase::SetUp();
        if (!HasFatalFailure()) opened_with_ = options();
    }
    xnvme::Options opened_with_;
};

TEST_P(AsyncModel, FaultsAreTheDevicesVerdictAsItGaveIt) {
    xnvme::Device device = open_model({"fault=read@lba:100..107,sct=2,sc=0x81"});
    xnvme::Queue queue = must(device.create_queue(4));
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    xnvme::Buffer buffer = must(device.allocate(8 * std::size_t{unit}));
    Runner runner(queue);
    for (std::uint64_t slba : {100u, 107u, 93u}) {
        const Outcome outcome = runner.run(xnvme::nvme::read(slba, 8), buffer);
        EXPECT_EQ(outcome.why.code, Errc::device) << slba;
        EXPECT_EQ(outcome.completion.status.sct(), 2u);
        EXPECT_EQ(outcome.completion.status.sc(), 0x81u);
        EXPECT_FALSE(outcome.completion.status.dnr());
        EXPECT_EQ(outcome.os_error, 0);
    }
    EXPECT_FALSE(runner.run(xnvme::nvme::read(92, 8), buffer).why);
    EXPECT_FALSE(runner.run(xnvme::nvme::read(108, 8), buffer).why);
    EXPECT_FALSE(runner.run(xnvme::nvme::write(100, 8), buffer).why);
}

TEST_P(AsyncModel, DoNotRetryIsKept) {
    xnvme::Device device = open_model({"fault=write@lba:5,sct=1,sc=0x80,dnr=1"});
    xnvme::Queue queue = must(device.create_queue(4));
    xnvme::Buffer buffer = must(device.allocate(device.geometry().transfer_block_bytes));
    Runner runner(queue);
    const Outcome outcome = runner.run(xnvme::nvme::write(5, 1), buffer);
    EXPECT_EQ(outcome.why.code, Errc::device);
    EXPECT_EQ(outcome.why.status.sct(), 1u);
    EXPECT_EQ(outcome.why.status.sc(), 0x80u);
    EXPECT_TRUE(outcome.why.status.dnr());
}

TEST_P(AsyncModel, OneFaultAmongManyFailsOneCommand) {
    xnvme::Device device = open_model({"fault=read@nth:50,sct=2,sc=0x81"});
    xnvme::Queue queue = must(device.create_queue(33));
    xnvme::Buffer buffer = must(device.allocate(device.geometry().transfer_block_bytes));
    Runner runner(queue);
    for (std::uint32_t i = 0; i < 100; ++i) runner.add(xnvme::nvme::read(i, 1), buffer);
    runner.drain();
    EXPECT_EQ(runner.completed(), 100u);
    EXPECT_EQ(runner.failed(), 1u);
}

TEST_P(AsyncModel, ADroppedCommandTimesOutAndTheRestGoesOn) {
    opened_with_.command_timeout = milliseconds{150};
    xnvme::Device device = open_model({"fault=drop@nth:3"});
    xnvme::Queue queue = must(device.create_queue(8));
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    xnvme::Buffer buffer = must(device.allocate(8 * std::size_t{unit}));
    Runner runner(queue);
    const auto start = Clock::now();
    for (std::uint32_t i = 0; i < 8; ++i)
        must(runner.submit(xnvme::nvme::read(i, 1), buffer.part(std::size_t{i} * unit, unit)));
    EXPECT_EQ(runner.drain(), 8u);
    const auto took = Clock::now() - start;
    EXPECT_GE(took, milliseconds{150});
    EXPECT_LT(took, std::chrono::seconds{5});
    EXPECT_EQ(runner.failed(), 1u);
    EXPECT_EQ(runner.first_failure().code, Errc::timed_out) << text(runner.first_failure());
    EXPECT_FALSE(runner.run(xnvme::nvme::read(0, 1), buffer.part(0, unit)).why);
}

TEST_P(AsyncModel, UncorrectableBlocksFailUntilTheyAreWritten) {
    xnvme::Device device = open_model({});
    xnvme::Queue queue = must(device.create_queue(4));
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    xnvme::Buffer buffer = must(device.allocate(4 * std::size_t{unit}));
    Runner runner(queue);
    EXPECT_FALSE(runner.run(xnvme::nvme::write_uncorrectable(10, 2)).why);
    const Outcome read = runner.run(xnvme::nvme::read(8, 4), buffer);
    EXPECT_EQ(read.why.code, Errc::device);
    EXPECT_EQ(read.why.status.sct(), 2u);
    EXPECT_EQ(read.why.status.sc(), 0x81u);
    EXPECT_TRUE(runner.run(xnvme::nvme::verify(10, 1)).why);
    EXPECT_FALSE(runner.run(xnvme::nvme::write(8, 4), buffer).why);
    EXPECT_FALSE(runner.run(xnvme::nvme::read(8, 4), buffer).why);
}

TEST_P(AsyncModel, AWriteProtectedDeviceRefusesWritesAndChangesNothing) {
    // The device is protected, not the open: whether the library sees it first or the device says
    // it, the write fails and the blocks stay.
    xnvme::Options read_only = opened_with_;
    const std::string uri = model_uri("16MiB", {"ro=1"});
    auto opened = xnvme::Device::open(uri, read_only);
    if (!opened) {
        EXPECT_TRUE(says(sentence_of(opened), {"read"}));
        read_only.access = xnvme::Access::read_only;
        opened = xnvme::Device::open(uri, read_only);
    }
    xnvme::Device device = must(std::move(opened));
    xnvme::Queue queue = must(device.create_queue(4));
    xnvme::Buffer buffer = must(device.allocate(device.geometry().transfer_block_bytes));
    std::ranges::fill(buffer.span(), std::byte{3});
    Runner runner(queue);
    const auto submitted = runner.submit(xnvme::nvme::write(0, 1), buffer);
    if (submitted) {
        runner.drain();
        EXPECT_EQ(runner.failed(), 1u);
    } else {
        EXPECT_EQ(submitted.error().code, Errc::read_only);
    }
    EXPECT_TRUE(all_bytes(read_blocks(device, 0, 1).span(), std::byte{0}));
}

TEST_P(AsyncModel, IsSharedBetweenOpensOfOneNameAndNoOther) {
    xnvme::Device first = open_model({"name=async_model_shared"});
    xnvme::Device second = open_model({"name=async_model_shared"});
    xnvme::Device stranger = open_model({});
    const std::uint32_t unit = first.geometry().transfer_block_bytes;
    write_pattern(first, 0, 4, 9);
    EXPECT_TRUE(holds(read_blocks(second, 0, 4).span(), 0, unit, 9));
    const xnvme::Buffer empty = read_blocks(stranger, 0, 4);
    EXPECT_TRUE(all_bytes(empty.span().first(stranger.geometry().block_bytes), std::byte{0}));
}

class AsyncMetadata : public AsyncModel {
  protected:
    /// A model whose metadata is beside its blocks, not at the end of each.
    xnvme::Device open_separate() {
        return must(
            xnvme::Device::open(model_uri("16MiB", {"block=4096", "meta=64"}), opened_with_));
    }
};

TEST_P(AsyncMetadata, TravelsBesideItsBlocks) {
    xnvme::Device device = open_separate();
    const xnvme::Geometry& geometry = device.geometry();
    ASSERT_EQ(geometry.metadata_bytes, 64u);
    ASSERT_FALSE(geometry.metadata_extended);
    EXPECT_EQ(geometry.transfer_block_bytes, geometry.block_bytes);
    xnvme::Queue queue = must(device.create_queue(8));
    xnvme::Buffer data = must(device.allocate(8 * std::size_t{geometry.block_bytes}));
    xnvme::Buffer metadata = must(device.allocate(8 * std::size_t{64}));
    fill(data.span(), 20, geometry.block_bytes, 1);
    fill(metadata.span(), 20, 64, 2);
    Runner runner(queue);
    const xnvme::Data tags(metadata.data(), 8 * std::size_t{64});
    const Outcome written = runner.run(xnvme::nvme::write(20, 8), data, tags);
    ASSERT_FALSE(written.why) << text(written.why);
    std::ranges::fill(data.span(), std::byte{0});
    std::ranges::fill(metadata.span(), std::byte{0});
    const Outcome read =
        runner.run(xnvme::nvme::read(22, 4), data.part(0, 4 * 4096), metadata.part(0, 4 * 64));
    ASSERT_FALSE(read.why) << text(read.why);
    EXPECT_TRUE(holds(data.span().first(4 * 4096), 22, geometry.block_bytes, 1));
    EXPECT_TRUE(holds(metadata.span().first(4 * 64), 22, 64, 2));
    EXPECT_TRUE(all_bytes(metadata.span().subspan(4 * 64, 4 * 64), std::byte{0}));
    // The synchronous call sees the same.
    (void)must(device.execute(xnvme::nvme::read(20, 8), data, tags));
    EXPECT_TRUE(holds(metadata.span().first(8 * 64), 20, 64, 2));
}

TEST_P(AsyncMetadata, OfTheWrongLengthIsRefused) {
    xnvme::Device device = open_separate();
    xnvme::Queue queue = must(device.create_queue(8));
    xnvme::Buffer data = must(device.allocate(2 * std::size_t{4096}));
    xnvme::Buffer metadata = must(device.allocate(256));
    Runner runner(queue);
    EXPECT_EQ(code_of(runner.submit(xnvme::nvme::write(0, 2), data, metadata.part(0, 64))),
              Errc::bad_length);
    EXPECT_EQ(code_of(runner.submit(xnvme::nvme::read(0, 2), data, metadata.part(0, 256))),
              Errc::bad_length);
    EXPECT_EQ(queue.outstanding(), 0u);
}

TEST_P(AsyncMetadata, MayBeAListOfParts) {
    xnvme::Device device = open_separate();
    xnvme::Queue queue = must(device.create_queue(8));
    xnvme::Buffer data = must(device.allocate(2 * std::size_t{4096}));
    xnvme::Buffer metadata = must(device.allocate(512));
    fill(data.span(), 0, 4096, 3);
    std::vector<std::byte> flat(128);
    fill(flat, 0, 64, 4);
    const xnvme::IoVec parts[] = {{metadata.data() + 256, 100}, {metadata.data(), 28}};
    std::copy_n(flat.data(), 100, metadata.data() + 256);
    std::copy_n(flat.data() + 100, 28, metadata.data());
    Runner runner(queue);
    const Outcome written =
        runner.run(xnvme::nvme::write(0, 2), data, std::span<const xnvme::IoVec>(parts));
    ASSERT_FALSE(written.why) << text(written.why);
    xnvme::Buffer read = must(device.allocate(128));
    (void)must(device.execute(xnvme::nvme::read(0, 2), data, read.part(0, 128)));
    EXPECT_TRUE(holds(read.span().first(128), 0, 64, 4));
}

TEST_P(AsyncMetadata, AtTheEndOfTheDataMakesBlocksLonger) {
    xnvme::Device device = open_model({});
    const xnvme::Geometry& geometry = device.geometry();
    ASSERT_TRUE(geometry.metadata_extended);
    ASSERT_EQ(geometry.transfer_block_bytes, 4096u + 64u);
    xnvme::Queue queue = must(device.create_queue(8));
    xnvme::Buffer buffer = must(device.allocate(4 * std::size_t{4160}));
    fill(buffer.span().first(4 * 4160), 30, 4160, 5);
    Runner runner(queue);
    const xnvme::Data data = buffer.part(0, 4 * 4160);
    ASSERT_FALSE(runner.run(xnvme::nvme::write(30, 4), data).why);
    EXPECT_EQ(code_of(runner.submit(xnvme::nvme::read(30, 4), buffer.part(0, 4 * 4096))),
              Errc::bad_length);
    std::ranges::fill(buffer.span(), std::byte{0});
    ASSERT_FALSE(runner.run(xnvme::nvme::read(31, 2), buffer.part(0, 2 * 4160)).why);
    EXPECT_TRUE(holds(buffer.span().first(2 * 4160), 31, 4160, 5));
}

std::vector<Pair> model_pairs() {
    return pairs(xnvme::Contract::async, [](const Pair& pair) {
        return pair.interface != "nil" && pair.device_class == xnvme::DeviceClass::model;
    });
}
std::vector<Pair> metadata_pairs() {
    return pairs(xnvme::Contract::async, [](const Pair& pair) {
        return pair.interface != "nil" && pair.target == "model_4096_64";
    });
}
CONFORMANCE_OVER(AsyncModel, model_pairs());
CONFORMANCE_OVER(AsyncMetadata, metadata_pairs());

}  // namespace
}  // namespace conformance
