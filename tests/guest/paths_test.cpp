// Reads and writes through every path that Linux has to an NVMe namespace: the driver's ioctls,
// rings with NVMe commands, and the block device.
#include <algorithm>
#include <cstring>
#include <numeric>

#include <xnvme/zoned.hpp>

#include "tests/conformance/harness.hpp"
#include "tests/guest/devices.hpp"

namespace {

using conformance::code_of;
using conformance::holds;
using conformance::must;
using conformance::Runner;
using conformance::sentence_of;
using xnvme::Errc;
namespace nvme = xnvme::nvme;

xnvme::Options with(const std::string& async, const std::string& sync, bool direct = false) {
    xnvme::Options options;
    options.async = async;
    options.sync = sync;
    options.direct = direct;
    return options;
}

TEST(NvmPaths, EveryNodeOfANamespaceHasTheSameBlocks) {
    for (const char* const role : {"nvme512", "nvme4096", "cmb"}) {
        SCOPED_TRACE(role);
        const guest::Device& node = guest::device(role);
        xnvme::Options options = with("emu", "nvme", true);
        xnvme::Device generic = must(xnvme::Device::open(node.generic, with("emu", "nvme")));
        options.nsid = generic.nsid();
        xnvme::Device block = must(xnvme::Device::open(node.block, options));
        options.direct = false;
        xnvme::Device controller = must(xnvme::Device::open(node.controller, options));
        EXPECT_EQ(controller.nsid(), generic.nsid());
        std::uint64_t generation = 100;
        const std::uint32_t bytes = generic.geometry().block_bytes;
        for (xnvme::Device* const writer : {&generic, &block, &controller}) {
            conformance::write_pattern(*writer, 16, 8, ++generation);
            for (xnvme::Device* const reader : {&generic, &block, &controller}) {
                const xnvme::Buffer read = conformance::read_blocks(*reader, 16, 8);
                EXPECT_TRUE(holds(read.span(), 16, bytes, generation));
            }
        }
    }
}

TEST(NvmPaths, TheDriverTakesLists) {
    for (const std::string& path :
         {guest::device("nvme512").generic, guest::device("nvme512").block}) {
        xnvme::Device device =
            must(xnvme::Device::open(path, with("emu", "nvme", path.find("ng") == path.npos)));
        xnvme::Buffer out = must(device.allocate(16384));
        xnvme::Buffer in = must(device.allocate(16384));
        conformance::fill(out.span().first(4096), 64, 512, 7);
        const auto scattered = [](xnvme::Buffer& buffer) {
            return std::vector<xnvme::IoVec>{
                {buffer.data(), 512}, {buffer.data() + 4096, 3072}, {buffer.data() + 12288, 512}};
        };
        std::memmove(out.data() + 12288, out.data() + 3584, 512);
        std::memmove(out.data() + 4096, out.data() + 512, 3072);
        const auto from = scattered(out);
        const auto to = scattered(in);
        (void)must(device.execute(nvme::write(64, 8), xnvme::Data(std::span(from))));
        const xnvme::Buffer whole = conformance::read_blocks(device, 64, 8);
        EXPECT_TRUE(holds(whole.span(), 64, 512, 7));
        (void)must(device.execute(nvme::read(64, 8), xnvme::Data(std::span(to))));
        EXPECT_TRUE(holds(in.span().first(512), 64, 512, 7));
        EXPECT_TRUE(holds(in.span().subspan(4096, 3072), 65, 512, 7));
        EXPECT_TRUE(holds(in.span().subspan(12288, 512), 71, 512, 7));
    }
}

TEST(NvmPaths, ARingUsesTheDevicesOwnBuffersAsRegistered) {
    xnvme::Device device =
        must(xnvme::Device::open(guest::device("nvme4096").generic, with("io_uring_cmd", "nvme")));
    xnvme::Buffer buffer = must(device.allocate(64 * 4096));
    xnvme::Queue queue = must(device.create_queue(16));
    Runner runner(queue);
    for (std::uint32_t i = 0; i < 64; ++i) {
        conformance::fill(buffer.span().subspan(i * 4096, 4096), i, 4096, 3);
        runner.add(nvme::write(i, 1), buffer.part(i * 4096, 4096));
    }
    runner.drain();
    EXPECT_TRUE(queue.capabilities().traits.registered_buffers);
    EXPECT_TRUE(queue.capabilities().traits.registered_file);
    std::memset(buffer.data(), 0, buffer.size());
    for (std::uint32_t i = 0; i < 64; ++i)
        runner.add(nvme::read(i, 1), buffer.part(i * 4096, 4096));
    runner.drain();
    EXPECT_EQ(runner.failed(), 0u) << conformance::text(runner.first_failure());
    EXPECT_TRUE(holds(buffer.span(), 0, 4096, 3));
}

TEST(NvmPaths, ARingPollsWhereTheDriverHasPollQueues) {
    xnvme::Options options = with("io_uring_cmd", "nvme");
    options.poll_io = true;
    xnvme::Device device = must(xnvme::Device::open(guest::device("nvme512").generic, options));
    xnvme::Buffer buffer = must(device.allocate(32 * 512));
    xnvme::Queue queue = must(device.create_queue(8));
    EXPECT_TRUE(queue.capabilities().traits.io_poll);
    Runner runner(queue);
    conformance::fill(buffer.span(), 0, 512, 9);
    for (std::uint32_t i = 0; i < 32; ++i) runner.add(nvme::write(i, 1), buffer.part(i * 512, 512));
    runner.drain();
    std::memset(buffer.data(), 0, buffer.size());
    for (std::uint32_t i = 0; i < 32; ++i) runner.add(nvme::read(i, 1), buffer.part(i * 512, 512));
    runner.drain();
    EXPECT_EQ(runner.failed(), 0u) << conformance::text(runner.first_failure());
    EXPECT_TRUE(holds(buffer.span(), 0, 512, 9));
}

TEST(MetaPaths, PollingIsRefusedWhereTheDriverHasNoPollQueues) {
    xnvme::Options options = with("io_uring_cmd", "");
    options.poll_io = true;
    const auto device = xnvme::Device::open(guest::device("meta_sep").generic, options);
    ASSERT_FALSE(device.has_value());
    EXPECT_TRUE(conformance::says(sentence_of(device), {"io_uring_cmd", "poll_queues=2"}));
}

TEST(NvmPaths, ARingOfCommandsIsRefusedOnABlockDeviceWithTheDeviceToUse) {
    const guest::Device& node = guest::device("nvme512");
    const auto device = xnvme::Device::open(node.block, with("io_uring_cmd", ""));
    ASSERT_FALSE(device.has_value());
    EXPECT_EQ(device.error().error.code, Errc::unsupported);
    EXPECT_TRUE(conformance::says(sentence_of(device), {"io_uring_cmd", node.generic}));
}

TEST(NvmPaths, EachNodeGetsTheFastestPathThatIsRightForIt) {
    const guest::Device& node = guest::device("nvme512");
    const auto chosen = [](const std::string& path, bool direct) {
        const xnvme::Device device = must(xnvme::Device::open(path, with("", "", direct)));
        const xnvme::Capabilities all = device.capabilities();
        return std::string(all.async) + " " + std::string(all.sync) + " " + std::string(all.admin);
    };
    EXPECT_EQ(chosen(node.generic, false), "io_uring_cmd nvme nvme");
    EXPECT_EQ(chosen(node.controller, false), "io_uring_cmd nvme nvme");
    EXPECT_EQ(chosen(node.block, true), "io_uring nvme nvme");
    // Commands that go past the page cache would not see what is in it.
    EXPECT_EQ(chosen(node.block, false), "io_uring block nvme");
}

TEST(ZonedPaths, ZonesAreReachedByTheDriverThroughEitherNode) {
    const guest::Device& node = guest::device("zoned");
    for (const std::string& path : {node.block, node.generic}) {
        const xnvme::Device device = must(xnvme::Device::open(path));
        EXPECT_EQ(device.capabilities().sync, "nvme");
        EXPECT_EQ(device.capabilities().service(0x7d), xnvme::Service::native);
    }
}

TEST(NvmPaths, CommandsPastThePageCacheSeeWhatIsInIt) {
    // Asked for by name, the driver's ioctl stays right beside buffered reads and writes.
    xnvme::Device device =
        must(xnvme::Device::open(guest::device("nvme512").block, with("io_uring", "nvme")));
    xnvme::Buffer buffer = must(device.allocate(4096));
    xnvme::Queue queue = must(device.create_queue(4));
    Runner runner(queue);
    for (std::uint64_t generation = 20; generation < 24; ++generation) {
        conformance::fill(buffer.span(), 8, 512, generation);
        EXPECT_FALSE(runner.run(nvme::write(8, 8), buffer.part(0, 4096)).why);
        EXPECT_TRUE(holds(conformance::read_blocks(device, 8, 8).span(), 8, 512, generation));
        conformance::write_pattern(device, 8, 8, generation + 100);
        EXPECT_FALSE(runner.run(nvme::read(8, 8), buffer.part(0, 4096)).why);
        EXPECT_TRUE(holds(buffer.span(), 8, 512, generation + 100));
    }
}

/// Writes blocks with metadata through one device and reads them through another.
void check_metadata(xnvme::Device& writer, xnvme::Device& reader, std::uint8_t seed) {
    const std::uint32_t bytes = 4 * writer.geometry().metadata_bytes;
    ASSERT_NE(bytes, 0u);
    xnvme::Buffer data = must(writer.allocate(2048));
    conformance::fill(data.span(), 4, 512, seed);
    std::vector<std::uint8_t> metadata(bytes);
    std::iota(metadata.begin(), metadata.end(), seed);
    const auto part = xnvme::Data(metadata.data(), metadata.size());
    (void)must(writer.execute(nvme::write(4, 4), data.part(0, 2048), part));
    std::vector<std::uint8_t> read(bytes, 0xee);
    std::memset(data.data(), 0, data.size());
    xnvme::Queue queue = must(reader.create_queue(2));
    Runner runner(queue);
    const auto outcome = runner.run(nvme::read(4, 4), xnvme::Data(data.data(), 2048),
                                    xnvme::Data(read.data(), read.size()));
    EXPECT_FALSE(outcome.why) << conformance::text(outcome.why);
    EXPECT_EQ(read, metadata);
    EXPECT_TRUE(holds(data.span(), 4, 512, seed));
}

TEST(MetaPaths, SeparateMetadataGoesThroughIoctlsAndRings) {
    const guest::Device& node = guest::device("meta_sep");
    xnvme::Device ring = must(xnvme::Device::open(node.generic, with("io_uring_cmd", "nvme")));
    xnvme::Device threads = must(xnvme::Device::open(node.generic, with("thrpool", "nvme")));
    xnvme::Device block = must(xnvme::Device::open(node.block, with("io_uring", "nvme", true)));
    check_metadata(threads, ring, 1);
    check_metadata(ring, threads, 50);
    // The driver's ioctl takes it on the block device too.
    check_metadata(block, ring, 130);
}

TEST(MetaPaths, ABlockDeviceMovesDataAlone) {
    const guest::Device& node = guest::device("meta_sep");
    for (const char* const sync : {"nvme", "block", "psync"}) {
        SCOPED_TRACE(sync);
        xnvme::Device device = must(xnvme::Device::open(node.block, with("libaio", sync, true)));
        conformance::write_pattern(device, 32, 8, 77);
        EXPECT_TRUE(holds(conformance::read_blocks(device, 32, 8).span(), 32, 512, 77));
    }
    // On the generic device nothing is made up: the metadata has to be there.
    xnvme::Device generic = must(xnvme::Device::open(node.generic, with("emu", "nvme")));
    xnvme::Buffer data = must(generic.allocate(512));
    EXPECT_EQ(code_of(generic.execute(nvme::read(32, 1), data.part(0, 512))), Errc::bad_length);
}

TEST(MetaPaths, ABlockDeviceWithProtectionInformationHasTheControllerMakeIt) {
    for (const char* const role : {"pi1", "pi1_ext"}) {
        SCOPED_TRACE(role);
        const guest::Device& node = guest::device(role);
        xnvme::Device driver = must(xnvme::Device::open(node.block, with("emu", "nvme", true)));
        xnvme::Device kernel = must(xnvme::Device::open(node.block, with("emu", "psync", true)));
        const std::uint32_t bytes = driver.geometry().block_bytes;
        conformance::write_pattern(driver, 8, 8, 5);
        EXPECT_TRUE(holds(conformance::read_blocks(kernel, 8, 8).span(), 8, bytes, 5));
        conformance::write_pattern(kernel, 8, 8, 6);
        EXPECT_TRUE(holds(conformance::read_blocks(driver, 8, 8).span(), 8, bytes, 6));
    }
}

TEST(MetaPaths, ExtendedBlocksGoThroughTheGenericDeviceAndTheBlockDeviceSaysSo) {
    const guest::Device& node = guest::device("meta_ext");
    const auto block = xnvme::Device::open(node.block);
    ASSERT_FALSE(block.has_value());
    EXPECT_TRUE(conformance::says(sentence_of(block), {"16 bytes of metadata", node.generic}));
    xnvme::Device device = must(xnvme::Device::open(node.generic, with("io_uring_cmd", "nvme")));
    EXPECT_EQ(device.geometry().transfer_block_bytes, 4112u);
    conformance::write_pattern(device, 0, 4, 11);
    EXPECT_TRUE(holds(conformance::read_blocks(device, 0, 4).span(), 0, 4112, 11));
}

TEST(ZonedPaths, AppendsReturnAddressesThroughEveryPath) {
    const std::string& path = guest::device("zoned").generic;
    for (const char* const async : {"io_uring_cmd", "thrpool", "emu"}) {
        SCOPED_TRACE(async);
        xnvme::Device device = must(xnvme::Device::open(path, with(async, "nvme")));
        const std::uint64_t zone = 3 * device.geometry().zone_blocks;
        xnvme::Command reset{};
        reset.opcode = 0x79;
        reset.set_slba(zone);
        reset.cdw13 = 4;
        (void)must(device.execute(reset));
        xnvme::Buffer buffer = must(device.allocate(32 * 4096));
        xnvme::Queue queue = must(device.create_queue(8));
        Runner runner(queue);
        for (std::uint32_t i = 0; i < 32; ++i) {
            xnvme::Command append{};
            append.opcode = 0x7d;
            append.set_slba(zone);
            append.set_blocks(1);
            runner.add(append, buffer.part(i * 4096, 4096));
        }
        runner.drain();
        EXPECT_EQ(runner.failed(), 0u) << conformance::text(runner.first_failure());
        std::vector<std::uint64_t> found;
        found.reserve(runner.outcomes().size());
        for (const auto& outcome : runner.outcomes()) found.push_back(outcome.completion.result);
        std::ranges::sort(found);
        std::vector<std::uint64_t> expected(32);
        std::iota(expected.begin(), expected.end(), zone);
        EXPECT_EQ(found, expected);
    }
}

TEST(ZonedPaths, AnAddressHasMoreThanThirtyTwoBits) {
    const std::string& path = guest::device("zoned_far").generic;
    for (const char* const async : {"io_uring_cmd", "thrpool"}) {
        SCOPED_TRACE(async);
        xnvme::Device device = must(xnvme::Device::open(path, with(async, "nvme")));
        const std::uint64_t zone = 47 * device.geometry().zone_blocks;
        ASSERT_GT(zone, std::uint64_t{1} << 32);
        must(xnvme::zoned::reset(device, zone));
        xnvme::Buffer buffer = must(device.allocate(2 * 512));
        conformance::fill(buffer.span(), zone, 512, 4);
        EXPECT_EQ(must(xnvme::zoned::append(device, zone, 1, buffer.part(0, 512))), zone);
        xnvme::Queue queue = must(device.create_queue(2));
        Runner runner(queue);
        const auto outcome = runner.run(nvme::zone_append(zone, 1), buffer.part(512, 512));
        EXPECT_FALSE(outcome.why) << conformance::text(outcome.why);
        EXPECT_EQ(nvme::appended_lba(outcome.completion), zone + 1);
        EXPECT_TRUE(holds(conformance::read_blocks(device, zone, 2).span(), zone, 512, 4));
    }
}

}  // namespace
