// Flexible data placement on a real controller: four reclaim unit handles of 4 MiB in one group.
#include <algorithm>
#include <vector>

#include <xnvme/fdp.hpp>
#include <xnvme/nvme/directives.hpp>
#include <xnvme/nvme/status.hpp>

#include "tests/conformance/harness.hpp"
#include "tests/guest/devices.hpp"

namespace {

using conformance::must;
using xnvme::Fdp;
using xnvme::nvme::FdpEventType;

constexpr std::uint64_t kUnitBytes = 4u << 20;
constexpr std::uint32_t kHandles = 4;

struct Open {
    xnvme::Device device;
    Fdp fdp;

    explicit Open(xnvme::Options options = {})
        : device(must(xnvme::Device::open(guest::device("fdp").generic, options))),
          fdp(must(Fdp::of(device))) {}

    std::uint64_t left(std::uint16_t placement) {
        for (const auto& status : must(fdp.status()).list) {
            if (status.pid.value() == placement) return status.ruamw;
        }
        throw std::runtime_error("there is no such placement identifier");
    }
    std::uint64_t unit_blocks() const { return kUnitBytes / device.geometry().block_bytes; }
    void write(std::uint16_t placement, std::uint64_t slba, std::uint32_t blocks) {
        const std::uint32_t unit = device.geometry().transfer_block_bytes;
        xnvme::Buffer buffer = must(device.allocate(std::size_t{blocks} * unit));
        conformance::fill(buffer.span(), slba, unit, placement);
        (void)must(device.execute(xnvme::nvme::placed(xnvme::nvme::write(slba, blocks), placement),
                                  buffer));
    }
};

TEST(FdpState, IsOnAndCannotBeTurnedOffUnderANamespace) {
    Open open;
    EXPECT_EQ(open.fdp.endurance_group(), 1u);
    EXPECT_TRUE(must(open.fdp.state()).enabled());
    const auto refused = open.fdp.enable(false);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(
        xnvme::nvme::is(refused.error().status, xnvme::nvme::GenericStatus::command_sequence_error))
        << conformance::text(refused.error());
    EXPECT_TRUE(must(open.fdp.state()).enabled());
}

TEST(FdpState, IsNotThereOnAnotherController) {
    xnvme::Device other = must(xnvme::Device::open(guest::device("new512").generic));
    const auto refused = Fdp::of(other);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().error.code, xnvme::Errc::unsupported);
}

TEST(FdpLogs, ConfigurationsAreThoseOfTheDevice) {
    Open open;
    const auto log = must(open.fdp.configurations());
    EXPECT_TRUE(log.well_formed);
    ASSERT_EQ(log.list.size(), 1u);
    const auto& descriptor = log.list[0].descriptor;
    EXPECT_TRUE(descriptor.valid());
    EXPECT_EQ(descriptor.nrg.value(), 1u);
    EXPECT_EQ(descriptor.nruh.value(), kHandles);
    EXPECT_EQ(descriptor.runs.value(), kUnitBytes);
    EXPECT_EQ(log.list[0].handles.size(), kHandles);
}

TEST(FdpLogs, EveryHandleIsTheHosts) {
    Open open;
    const auto usage = must(open.fdp.usage());
    ASSERT_EQ(usage.size(), kHandles);
    for (const auto& handle : usage)
        EXPECT_EQ(handle.ruha, static_cast<std::uint8_t>(xnvme::nvme::FdpUse::host));
}

TEST(FdpStatus, HasAnEntryForEachHandle) {
    Open open;
    const auto statuses = must(open.fdp.status());
    EXPECT_EQ(statuses.reported, kHandles);
    ASSERT_EQ(statuses.list.size(), kHandles);
    for (std::uint32_t i = 0; i < kHandles; ++i) {
        EXPECT_EQ(statuses.list[i].pid.value(), i);
        EXPECT_LE(statuses.list[i].ruamw.value(), open.unit_blocks());
    }
}

TEST(FdpStatus, AWriteTakesRoomFromTheUnitThatItNames) {
    Open open;
    must(open.fdp.update(std::vector<std::uint16_t>{1, 2}));
    const auto before = must(open.fdp.statistics());
    EXPECT_EQ(open.left(2), open.unit_blocks());
    open.write(2, 64, 16);
    EXPECT_EQ(open.left(2), open.unit_blocks() - 16);
    EXPECT_EQ(open.left(1), open.unit_blocks());
    const auto after = must(open.fdp.statistics());
    EXPECT_EQ(after.hbmw.saturated() - before.hbmw.saturated(),
              16u * open.device.geometry().block_bytes);
    xnvme::Buffer read = conformance::read_blocks(open.device, 64, 16);
    EXPECT_TRUE(
        conformance::holds(read.span(), 64, open.device.geometry().transfer_block_bytes, 2));
}

TEST(FdpStatus, AnUpdateGoesOnToAnEmptyUnitAndIsLogged) {
    Open open;
    const FdpEventType type = FdpEventType::unit_not_full;
    must(open.fdp.enable_events(3, std::span(&type, 1), true));
    const auto types = must(open.fdp.event_types(3));
    const auto row = std::ranges::find(types, static_cast<std::uint8_t>(type),
                                       &xnvme::nvme::FdpEventDescriptor::type);
    ASSERT_NE(row, types.end());
    EXPECT_TRUE(row->enabled());
    open.write(3, 128, 8);
    EXPECT_LT(open.left(3), open.unit_blocks());
    const auto before = must(open.fdp.events(true));
    must(open.fdp.update(std::vector<std::uint16_t>{3}));
    EXPECT_EQ(open.left(3), open.unit_blocks());
    const auto events = must(open.fdp.events(true));
    ASSERT_EQ(events.size(), before.size() + 1);
    EXPECT_TRUE(std::ranges::any_of(events, [](const xnvme::nvme::FdpEvent& event) {
        return event.type == static_cast<std::uint8_t>(type) && event.pid.value() == 3;
    }));
    must(open.fdp.enable_events(3, std::span(&type, 1), false));
    open.write(3, 128, 8);
    must(open.fdp.update(std::vector<std::uint16_t>{3}));
    EXPECT_EQ(must(open.fdp.events(true)).size(), events.size());
}

TEST(FdpStatus, APlacementThatIsNotThereIsRefusedByAnUpdate) {
    Open open;
    const auto refused = open.fdp.update(std::vector<std::uint16_t>{77});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, xnvme::Errc::device);
}

TEST(FdpQueue, CarriesPlacedWritesAndStatusNatively) {
    for (const char* async : {"io_uring_cmd", "emu", "thrpool"}) {
        SCOPED_TRACE(async);
        xnvme::Options options;
        options.async = async;
        Open open(options);
        xnvme::Queue queue = must(open.device.create_queue(8, {.strict = true}));
        const std::uint32_t unit = open.device.geometry().transfer_block_bytes;
        must(open.fdp.update(std::vector<std::uint16_t>{1}));
        xnvme::Buffer buffer = must(open.device.allocate(32 * std::size_t{unit}));
        conformance::fill(buffer.span(), 256, unit, 9);
        conformance::Runner runner(queue);
        for (std::uint32_t i = 0; i < 32; ++i)
            runner.add(xnvme::nvme::placed(xnvme::nvme::write(256 + i, 1), 1),
                       buffer.part(std::size_t{i} * unit, unit));
        runner.drain();
        EXPECT_EQ(runner.failed(), 0u) << conformance::text(runner.first_failure());
        xnvme::Buffer data = must(open.device.allocate(4096));
        const auto outcome = runner.run(xnvme::nvme::fdp_status(4096), data.part(0, 4096));
        ASSERT_FALSE(outcome.why) << conformance::text(outcome.why);
        const auto statuses = xnvme::nvme::decode_fdp_status(data.span());
        ASSERT_EQ(statuses.list.size(), kHandles);
        EXPECT_EQ(statuses.list[1].ruamw.value(), open.unit_blocks() - 32);
        xnvme::Buffer read = conformance::read_blocks(open.device, 256, 32);
        EXPECT_TRUE(conformance::holds(read.span(), 256, unit, 9));
    }
}

TEST(FdpQueue, APlacedWriteNeverGoesThroughTheBlockLayer) {
    // The block device's own interfaces would write the blocks and forget where.
    xnvme::Options options;
    options.async = "io_uring";
    options.sync = "nvme";
    xnvme::Device block = must(xnvme::Device::open(guest::device("fdp").block, options));
    Open open;
    must(open.fdp.update(std::vector<std::uint16_t>{2}));
    const xnvme::Command command = xnvme::nvme::placed(xnvme::nvme::write(400, 4), 2);
    xnvme::Buffer buffer =
        must(block.allocate(4 * std::size_t{block.geometry().transfer_block_bytes}));
    xnvme::Queue queue = must(block.create_queue(4));
    EXPECT_EQ(queue.capabilities().service(command.opcode), xnvme::Service::native);
    EXPECT_EQ(queue.capabilities().rules->service_of(command), xnvme::Service::emulated);
    conformance::Runner runner(queue);
    const auto outcome = runner.run(command, buffer);
    EXPECT_FALSE(outcome.why) << conformance::text(outcome.why);
    EXPECT_EQ(open.left(2), open.unit_blocks() - 4);
    xnvme::Queue strict = must(block.create_queue(4, {.strict = true}));
    conformance::Runner refused(strict);
    EXPECT_EQ(conformance::code_of(refused.submit(command, buffer)), xnvme::Errc::unsupported);
}

TEST(FdpDirectives, DataPlacementIsOnAndStreamsAreNot) {
    Open open;
    xnvme::nvme::DirectiveParameters parameters{};
    (void)must(open.device.admin(xnvme::nvme::directive_parameters(open.device.nsid()),
                                 xnvme::Data(&parameters, sizeof parameters)));
    using xnvme::nvme::DirectiveParameters;
    using xnvme::nvme::DirectiveType;
    EXPECT_TRUE(DirectiveParameters::has(parameters.supported, DirectiveType::identify));
    EXPECT_TRUE(DirectiveParameters::has(parameters.supported, DirectiveType::data_placement));
    EXPECT_TRUE(DirectiveParameters::has(parameters.enabled, DirectiveType::data_placement));
    EXPECT_FALSE(DirectiveParameters::has(parameters.supported, DirectiveType::streams));
    xnvme::nvme::StreamsParameters streams{};
    const auto refused = open.device.admin(xnvme::nvme::streams_parameters(open.device.nsid()),
                                           xnvme::Data(&streams, sizeof streams));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, xnvme::Errc::device);
}

}  // namespace
