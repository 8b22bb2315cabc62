// Zones, on every interface that reaches a zoned device. The other cases write blocks wherever they
// like, which a zone does not let them.
#include <algorithm>
#include <vector>

#include <xnvme/nvme/status.hpp>
#include <xnvme/nvme/zoned.hpp>
#include <xnvme/zoned.hpp>

#include "tests/conformance/harness.hpp"

namespace conformance {
namespace {

using xnvme::Service;
using xnvme::nvme::CommandStatus;
using xnvme::nvme::ZonedOpcode;
using xnvme::nvme::ZoneState;

constexpr auto kAppend = static_cast<std::uint8_t>(ZonedOpcode::zone_append);
constexpr auto kReceive = static_cast<std::uint8_t>(ZonedOpcode::zone_management_receive);
constexpr auto kSend = static_cast<std::uint8_t>(ZonedOpcode::zone_management_send);

/// A zoned target, all its zones empty.
class ZonedCase : public DeviceCase {
  protected:
    void SetUp() override {
        DeviceCase::SetUp();
        if (HasFatalFailure()) return;
        xnvme::Device device = other();
        must(xnvme::zoned::manage_all(device, xnvme::nvme::ZoneAction::reset));
    }
    /// The device by the interfaces that the library chooses, which carry every zone command.
    xnvme::Device other() const {
        xnvme::Options options;
        options.async = "emu";
        options.direct = place().direct;
        return open(options);
    }
    static std::uint32_t unit(const xnvme::Device& device) {
        return device.geometry().transfer_block_bytes;
    }
    static std::uint64_t second(const xnvme::Device& device) {
        return device.geometry().zone_blocks;
    }
    /// Blocks in one append, at most.
    static std::uint32_t append_blocks(const xnvme::Device& device) {
        return device.geometry().max_append_bytes / unit(device);
    }
};
class AsyncZoned : public ZonedCase {};
class SyncZoned : public ZonedCase {};

// ---- Asynchronous -------------------------------------------------------------------------------

TEST_P(AsyncZoned, EveryZoneCommandIsServed) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(4));
    for (const std::uint8_t opcode : {kAppend, kReceive, kSend})
        EXPECT_NE(queue.capabilities().service(opcode), Service::refused) << unsigned{opcode};
}

TEST_P(AsyncZoned, AppendsAtDepthSayWhereTheyWentAndNoneOverlap) {
    constexpr std::uint32_t kDepth = 16;
    constexpr std::uint32_t kAppends = 48;
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(kDepth));
    const std::uint64_t zone = second(device);
    // Different lengths, so that an address which is only counted up shows.
    const auto length = [](std::uint32_t i) { return 1 + i % 3; };
    const std::size_t stride = 3 * std::size_t{unit(device)};
    xnvme::Buffer buffer = must(device.allocate(kAppends * stride));
    Runner runner(queue);
    for (std::uint32_t i = 0; i < kAppends; ++i) {
        const std::size_t bytes = std::size_t{length(i)} * unit(device);
        fill(buffer.span().subspan(i * stride, bytes), 0, unit(device), 100 + i);
        runner.add(xnvme::nvme::zone_append(zone, length(i)), buffer.part(i * stride, bytes));
    }
    runner.drain();
    ASSERT_EQ(runner.failed(), 0u) << text(runner.first_failure());
    std::vector<std::pair<std::uint64_t, std::uint32_t>> where;
    where.reserve(kAppends);
    xnvme::Device reader = other();
    for (std::uint32_t i = 0; i < kAppends; ++i) {
        const std::uint64_t lba = xnvme::nvme::appended_lba(runner.outcomes()[i].completion);
        where.emplace_back(lba, length(i));
        const xnvme::Buffer stored = read_blocks(reader, lba, length(i));
        EXPECT_TRUE(holds(stored.span().first(std::size_t{length(i)} * unit(device)), 0,
                          unit(device), 100 + i))
            << "append " << i << " at block " << lba;
    }
    std::ranges::sort(where);
    std::uint64_t next = zone;
    for (const auto& [lba, blocks] : where) {
        EXPECT_EQ(lba, next) << "a gap, or two appends in one place";
        next = lba + blocks;
    }
    EXPECT_EQ(must(xnvme::zoned::zone_at(reader, zone)).write_pointer, next);
}

TEST_P(AsyncZoned, AnUnalignedAppendIsRefusedAtSubmission) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(4));
    xnvme::Buffer buffer = must(device.allocate(unit(device)));
    Runner runner(queue);
    EXPECT_EQ(code_of(runner.submit(xnvme::nvme::zone_append(second(device) + 1, 1), buffer)),
              Errc::misaligned);
    EXPECT_EQ(queue.outstanding(), 0u);
    EXPECT_EQ(code_of(runner.submit(xnvme::nvme::zone_reset(second(device) + 1))),
              Errc::misaligned);
    EXPECT_EQ(code_of(runner.submit(xnvme::nvme::zone_append(device.geometry().blocks, 1), buffer)),
              Errc::out_of_range);
    EXPECT_EQ(must(xnvme::zoned::zone_at(device, second(device))).state, ZoneState::empty);
}

TEST_P(AsyncZoned, AnAppendBeyondTheLimitIsRefusedAndOneAtTheLimitIsNot) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(4));
    const std::uint32_t most = append_blocks(device);
    ASSERT_GT(most, 0u);
    xnvme::Buffer buffer = must(device.allocate((std::size_t{most} + 1) * unit(device)));
    Runner runner(queue);
    EXPECT_EQ(code_of(runner.submit(xnvme::nvme::zone_append(0, most + 1),
                                    buffer.part(0, (std::size_t{most} + 1) * unit(device)))),
              Errc::too_large);
    const Outcome done = runner.run(xnvme::nvme::zone_append(0, most),
                                    buffer.part(0, std::size_t{most} * unit(device)));
    EXPECT_FALSE(done.why) << text(done.why);
}

TEST_P(AsyncZoned, AnAppendToAFullZoneFailsAndTheNextOneElsewhereIsClean) {
    xnvme::Device device = open();
    must(xnvme::zoned::finish(device, 0));
    xnvme::Queue queue = must(device.create_queue(1));
    xnvme::Buffer buffer = must(device.allocate(unit(device)));
    Runner runner(queue);
    const Outcome full = runner.run(xnvme::nvme::zone_append(0, 1), buffer);
    EXPECT_EQ(full.why.code, Errc::device) << text(full.why);
    EXPECT_TRUE(xnvme::nvme::is(full.why.status, CommandStatus::zone_is_full)) << text(full.why);
    EXPECT_EQ(full.os_error, 0);
    const Outcome next = runner.run(xnvme::nvme::zone_append(second(device), 1), buffer);
    EXPECT_FALSE(next.why) << text(next.why);
    EXPECT_EQ(xnvme::nvme::appended_lba(next.completion), second(device));
}

TEST_P(AsyncZoned, WritesGoToTheWritePointer) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(4));
    const std::uint64_t zone = second(device);
    xnvme::Buffer buffer = must(device.allocate(4 * std::size_t{unit(device)}));
    Runner runner(queue);
    for (std::uint32_t i = 0; i < 3; ++i) {
        fill(buffer.span(), zone + 4 * i, unit(device), 7);
        const Outcome done = runner.run(xnvme::nvme::write(zone + 4 * i, 4), buffer);
        ASSERT_FALSE(done.why) << text(done.why);
    }
    EXPECT_TRUE(holds(read_blocks(device, zone, 12).span(), zone, unit(device), 7));
    const Outcome again = runner.run(xnvme::nvme::write(zone, 4), buffer);
    EXPECT_TRUE(again.why) << "a zone was written behind its write pointer";
    const Outcome ahead = runner.run(xnvme::nvme::write(zone + 16, 4), buffer);
    EXPECT_TRUE(ahead.why) << "a zone was written ahead of its write pointer";
    EXPECT_EQ(must(xnvme::zoned::zone_at(device, zone)).write_pointer, zone + 12);
    EXPECT_TRUE(holds(read_blocks(device, zone, 12).span(), zone, unit(device), 7));
}

TEST_P(AsyncZoned, ManagementAndReportsGoThroughAQueue) {
    xnvme::Device device = open();
    xnvme::Queue queue = must(device.create_queue(4));
    const std::uint64_t zone = second(device);
    Runner runner(queue);
    const Outcome opened = runner.run(xnvme::nvme::zone_open(zone));
    EXPECT_FALSE(opened.why) << text(opened.why);
    xnvme::Buffer buffer = must(device.allocate(4096));
    const auto report = [&](std::uint64_t slba) {
        const Outcome done =
            runner.run(xnvme::nvme::zone_management_receive({.slba = slba, .bytes = 4096}), buffer);
        EXPECT_FALSE(done.why) << text(done.why);
        return xnvme::nvme::ZoneReportView(buffer.span().first(4096), 0);
    };
    EXPECT_EQ(report(zone).at(0).state(), ZoneState::explicitly_open);
    EXPECT_EQ(report(zone).at(0).zslba.value(), zone);
    const Outcome finished = runner.run(xnvme::nvme::zone_finish(zone));
    EXPECT_FALSE(finished.why) << text(finished.why);
    EXPECT_EQ(report(0).at(1).state(), ZoneState::full);
    const Outcome reset = runner.run(xnvme::nvme::zone_reset(zone));
    EXPECT_FALSE(reset.why) << text(reset.why);
    EXPECT_EQ(report(zone).at(0).state(), ZoneState::empty);
}

// ---- Synchronous --------------------------------------------------------------------------------

TEST_P(SyncZoned, CarriesZonesOrSaysThatItDoesNot) {
    xnvme::Device device = open();
    ASSERT_EQ(device.capabilities().sync, GetParam().interface);
    const auto served = [&](std::uint8_t opcode) {
        return device.capabilities().service(opcode) != Service::refused;
    };
    const auto reset = xnvme::zoned::reset(device, 0);
    EXPECT_EQ(reset.has_value(), served(kSend)) << sentence_of(reset);
    if (!reset) {
        EXPECT_EQ(reset.error().error.code, Errc::unsupported);
    }
    const auto report = xnvme::zoned::report(device);
    EXPECT_EQ(report.has_value(), served(kReceive)) << sentence_of(report);
    xnvme::Buffer buffer = must(device.allocate(unit(device)));
    const auto append = xnvme::zoned::append(device, 0, 1, buffer.part(0, unit(device)));
    EXPECT_EQ(append.has_value(), served(kAppend)) << sentence_of(append);
    if (!append) {
        EXPECT_EQ(append.error().error.code, Errc::unsupported);
        EXPECT_TRUE(says(append.error().sentence, {"no append", "write pointer"}));
    }
    const bool kernel_only = GetParam().interface == "psync";
    EXPECT_EQ(served(kSend), !kernel_only);
}

TEST_P(SyncZoned, ReportsEveryZoneInPartsAndByState) {
    xnvme::Device device = open();
    if (GetParam().interface == "psync") {
        EXPECT_EQ(xnvme::zoned::report(device).error().error.code, Errc::unsupported);
        return;
    }
    const std::uint64_t zone = second(device);
    must(xnvme::zoned::open(device, zone));
    must(xnvme::zoned::finish(device, 3 * zone));
    const auto whole = must(xnvme::zoned::report(device));
    ASSERT_EQ(whole.size(), device.geometry().zones);
    for (std::size_t i = 0; i < whole.size(); ++i) {
        EXPECT_EQ(whole[i].start, i * zone);
        EXPECT_EQ(whole[i].capacity, whole[0].capacity);
        EXPECT_GT(whole[i].capacity, 0u);
    }
    EXPECT_EQ(must(xnvme::zoned::report(device, {.zones_per_command = 3})), whole);
    EXPECT_EQ(whole[1].state, ZoneState::explicitly_open);
    EXPECT_EQ(whole[3].state, ZoneState::full);
    const auto full = must(xnvme::zoned::report(device, {.state = ZoneState::full}));
    ASSERT_EQ(full.size(), 1u);
    EXPECT_EQ(full[0], whole[3]);
    EXPECT_EQ(must(xnvme::zoned::count_zones(device, ZoneState::empty)),
              device.geometry().zones - 2);
}

TEST_P(SyncZoned, AllZonesAreManagedAtOnce) {
    xnvme::Device device = open();
    if (GetParam().interface == "psync") {
        EXPECT_EQ(
            xnvme::zoned::manage_all(device, xnvme::nvme::ZoneAction::reset).error().error.code,
            Errc::unsupported);
        return;
    }
    const std::uint64_t zone = second(device);
    const auto state = [&](std::uint64_t lba) {
        return must(xnvme::zoned::zone_at(device, lba)).state;
    };
    must(xnvme::zoned::open(device, 0));
    must(xnvme::zoned::open(device, zone));
    must(xnvme::zoned::finish(device, 2 * zone));
    must(xnvme::zoned::manage_all(device, xnvme::nvme::ZoneAction::close));
    EXPECT_EQ(state(0), ZoneState::closed);
    EXPECT_EQ(state(zone), ZoneState::closed);
    EXPECT_EQ(state(2 * zone), ZoneState::full);
    EXPECT_EQ(state(3 * zone), ZoneState::empty) << "an empty zone is not one to close";
    must(xnvme::zoned::manage_all(device, xnvme::nvme::ZoneAction::open));
    EXPECT_EQ(state(zone), ZoneState::explicitly_open);
    EXPECT_EQ(state(3 * zone), ZoneState::empty);
    must(xnvme::zoned::manage_all(device, xnvme::nvme::ZoneAction::finish));
    EXPECT_EQ(state(0), ZoneState::full);
    EXPECT_EQ(state(3 * zone), ZoneState::empty);
    must(xnvme::zoned::manage_all(device, xnvme::nvme::ZoneAction::reset));
    EXPECT_EQ(must(xnvme::zoned::count_zones(device, ZoneState::empty)), device.geometry().zones);
}

CONFORMANCE_OVER(AsyncZoned, zoned_pairs(xnvme::Contract::async));
CONFORMANCE_OVER(SyncZoned, zoned_pairs(xnvme::Contract::sync));

}  // namespace
}  // namespace conformance
