#include "placement.hpp"

#include <array>
#include <random>
#include <thread>

#include <xnvme/nvme/directives.hpp>
#include <xnvme/nvme/fdp.hpp>

#include "test_device.hpp"

namespace xnvme::be_model {
namespace {

using Numbers = std::initializer_list<std::uint16_t>;
using nvme::FdpEventType;
using nvme::GenericStatus;

/// Four handles, units of 64 KiB: 128 blocks of 512 bytes.
constexpr const char* kUri = "mem:1MiB?fdp=1&ruh=4&ru=64KiB";
constexpr std::uint64_t kUnitBlocks = 128;
constexpr Status kFdpDisabled = nvme::status_of(GenericStatus::fdp_disabled, true);

class Placed : public TestDevice {
  public:
    using TestDevice::TestDevice;

    Status write_to(std::uint16_t placement, std::uint64_t slba, std::uint32_t blocks) {
        std::vector<std::uint8_t> data(std::size_t{blocks} * geometry().transfer_block_bytes, 7);
        return io_status(nvme::placed(nvme::write(slba, blocks), placement), bytes_of(data));
    }
    nvme::FdpStatuses statuses() {
        std::vector<std::uint8_t> data(8192);
        EXPECT_EQ(io_status(nvme::fdp_status(8192), bytes_of(data)), kSuccess);
        return nvme::decode_fdp_status(std::as_bytes(std::span(data)));
    }
    std::uint64_t left(std::uint16_t placement) {
        for (const nvme::FdpStatus& status : statuses().list) {
            if (status.pid.value() == placement) return status.ruamw;
        }
        ADD_FAILURE() << placement << " is not there";
        return 0;
    }
    nvme::FdpStatisticsLog statistics() {
        nvme::FdpStatisticsLog log{};
        EXPECT_EQ(admin_status(nvme::fdp_log(nvme::LogPage::fdp_statistics, 1, sizeof(log)),
                               Data(&log, sizeof(log))),
                  kSuccess);
        return log;
    }
    std::vector<nvme::FdpEvent> events(bool host) {
        std::vector<std::uint8_t> data(4096);
        EXPECT_EQ(admin_status(nvme::fdp_log(nvme::LogPage::fdp_events, 1, 4096, 0, host),
                               bytes_of(data)),
                  kSuccess);
        return nvme::decode_fdp_events(std::as_bytes(std::span(data)));
    }
    Status set_events(std::uint16_t handle, std::vector<std::uint8_t> types, bool on) {
        return admin_status(
            nvme::fdp_set_events(handle, static_cast<std::uint8_t>(types.size()), on, 1),
            bytes_of(types));
    }
    Status update(std::vector<nvme::Le16> placements) {
        return io_status(nvme::fdp_update(static_cast<std::uint32_t>(placements.size())),
                         Data(placements.data(), placements.size() * 2));
    }
};

TEST(ModelFdp, SaysWhatItHas) {
    Placed device("mem:1MiB?fdp=1&ruh=3&groups=2&ru=64KiB");
    nvme::IdentifyFields fields;
    fields.cns = nvme::Cns::controller;
    const auto id = device.identify<nvme::IdentifyController>(fields);
    EXPECT_NE(id.ctratt.value() & nvme::kCtrattFdp, 0u);
    EXPECT_NE(id.ctratt.value() & nvme::kCtrattEnduranceGroups, 0u);
    EXPECT_EQ(id.endgidmax.value(), 1u);
    fields.cns = nvme::Cns::ns;
    EXPECT_EQ(device.identify<nvme::IdentifyNamespace>(fields).endgid.value(), 1u);

    std::vector<std::uint8_t> data(4096, 0xaa);
    const auto log = nvme::fdp_log(nvme::LogPage::fdp_configurations, 1, 4096);
    EXPECT_EQ(device.admin_status(log, TestDevice::bytes_of(data)), kSuccess);
    const auto configurations = nvme::decode_fdp_configurations(std::as_bytes(std::span(data)));
    EXPECT_TRUE(configurations.well_formed);
    ASSERT_EQ(configurations.list.size(), 1u);
    const nvme::FdpConfiguration& one = configurations.list[0];
    EXPECT_EQ(configurations.bytes, 16u + 64u + 12u);
    EXPECT_EQ(one.descriptor.nruh.value(), 3u);
    EXPECT_EQ(one.descriptor.nrg.value(), 2u);
    EXPECT_EQ(one.descriptor.runs.value(), 65536u);
    EXPECT_EQ(one.descriptor.group_bits(), 1u);
    EXPECT_EQ(one.handles.size(), 3u);

    const nvme::FdpStatuses statuses = device.statuses();
    EXPECT_EQ(statuses.reported, 6u);
    ASSERT_EQ(statuses.list.size(), 6u);
    EXPECT_EQ(statuses.list[1].pid.value(), 0x8000u);
    EXPECT_EQ(statuses.list[1].ruhid.value(), 0u);
    EXPECT_EQ(statuses.list[5].pid.value(), 0x8002u);
    EXPECT_EQ(statuses.list[5].ruamw.value(), kUnitBlocks);
}

TEST(ModelFdp, WritesFillTheUnitsThatTheyName) {
    Placed device(kUri);
    EXPECT_EQ(device.write_to(2, 0, 100), kSuccess);
    EXPECT_EQ(device.left(2), kUnitBlocks - 100);
    EXPECT_EQ(device.left(0), kUnitBlocks);
    EXPECT_EQ(device.write_to(2, 100, 30), kSuccess);
    EXPECT_EQ(device.left(2), 2 * kUnitBlocks - 130) << "the rest is in the next unit";
    EXPECT_EQ(device.write_to(2, 0, static_cast<std::uint32_t>(2 * kUnitBlocks - 130)), kSuccess);
    EXPECT_EQ(device.left(2), kUnitBlocks) << "a unit that is full is left at once";
    device.write(500, 8, pattern(8 * 512, 3));
    EXPECT_EQ(device.left(0), kUnitBlocks - 8) << "a write without a placement is the first's";
    EXPECT_EQ(device.read(500, 8), pattern(8 * 512, 3));
    const auto statistics = device.statistics();
    EXPECT_EQ(statistics.hbmw.saturated(), (2 * kUnitBlocks + 8) * 512);
    EXPECT_EQ(statistics.mbmw.saturated(), statistics.hbmw.saturated());
    EXPECT_TRUE(statistics.mbe.is_zero());
}

TEST(ModelFdp, MetadataIsCountedAndTakesNoRoom) {
    Placed device("mem:1MiB?fdp=1&ru=64KiB&block=4096&meta=64&extended=1");
    EXPECT_EQ(device.write_to(1, 0, 4), kSuccess);
    EXPECT_EQ(device.left(1), 12u);
    EXPECT_EQ(device.statistics().hbmw.saturated(), 4u * 4160);
}

TEST(ModelFdp, MediaThatIsFullIsErasedBeforeItIsWritten) {
    // Sixteen units; four are in use from the beginning.
    Placed device(kUri);
    for (std::uint64_t unit = 0; unit < 12; ++unit)
        EXPECT_EQ(device.write_to(1, unit * kUnitBlocks, kUnitBlocks), kSuccess);
    EXPECT_TRUE(device.statistics().mbe.is_zero());
    EXPECT_EQ(device.write_to(1, 0, kUnitBlocks), kSuccess);
    EXPECT_EQ(device.statistics().mbe.saturated(), 65536u);
    EXPECT_EQ(device.write_to(1, 0, 2 * kUnitBlocks), kSuccess);
    EXPECT_EQ(device.statistics().mbe.saturated(), 3 * 65536u);
}

TEST(ModelFdp, AnUpdateGoesOnToAnEmptyUnit) {
    Placed device(kUri);
    EXPECT_EQ(device.set_events(1, {0x00}, true), kSuccess);
    EXPECT_EQ(device.write_to(1, 0, 28), kSuccess);
    EXPECT_EQ(device.write_to(2, 100, 28), kSuccess);
    EXPECT_EQ(device.update({std::uint16_t{1}, std::uint16_t{2}, std::uint16_t{3}}), kSuccess);
    for (const std::uint16_t placement : Numbers{1, 2, 3})
        EXPECT_EQ(device.left(placement), kUnitBlocks);
    const auto statistics = device.statistics();
    EXPECT_EQ(statistics.hbmw.saturated(), 56u * 512);
    EXPECT_EQ(statistics.mbmw.saturated(), 2 * 65536u) << "what was left is filled";
    const auto events = device.events(true);
    ASSERT_EQ(events.size(), 1u) << "handle 2 logs nothing, and that of handle 3 was empty";
    EXPECT_EQ(events[0].type, static_cast<std::uint8_t>(FdpEventType::unit_not_full));
    EXPECT_EQ(events[0].pid.value(), 1u);
    EXPECT_EQ(events[0].nsid.value(), 1u);
    EXPECT_EQ(events[0].ruhid.value(), 1u);
    EXPECT_NE(events[0].flags & nvme::kFdpHasLocation, 0);
}

TEST(ModelFdp, AnUpdateThatIsPartlyWrongDoesNothing) {
    Placed device(kUri);
    EXPECT_EQ(device.write_to(1, 0, 28), kSuccess);
    EXPECT_EQ(device.update({std::uint16_t{1}, std::uint16_t{4}}), kInvalidField);
    EXPECT_EQ(device.left(1), kUnitBlocks - 28);
    EXPECT_EQ(device.update(std::vector<nvme::Le16>(129)), kInvalidField);
    nvme::Le16 one = std::uint16_t{1};
    EXPECT_EQ(device.io_status(nvme::fdp_update(2), Data(&one, 2)), kDataLengthInvalid);
    EXPECT_EQ(device.io_status(nvme::io_management_send(7, 0), Data(&one, 2)), kInvalidField);
    EXPECT_EQ(device.io_status(nvme::io_management_send(0, 0)), kSuccess);
}

TEST(ModelFdp, AnInvalidPlacementIsLoggedAndTheFirstIsUsed) {
    Placed device(kUri);
    EXPECT_EQ(device.write_to(4, 0, 1), kSuccess);
    EXPECT_TRUE(device.events(true).empty());
    EXPECT_EQ(device.set_events(0, {0x03, 0x00}, true), kSuccess);
    EXPECT_EQ(device.write_to(0xffff, 1, 1), kSuccess);
    EXPECT_EQ(device.left(0), kUnitBlocks - 2);
    const auto events = device.events(true);
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].type, 0x03);
    EXPECT_EQ(events[0].pid.value(), 0xffffu);
    EXPECT_TRUE(device.events(false).empty());
}

TEST(ModelFdp, KeepsTheLatestEvents) {
    Placed device(kUri);
    EXPECT_EQ(device.set_events(0, {0x03}, true), kSuccess);
    for (std::uint16_t i = 0; i < 100; ++i)
        EXPECT_EQ(device.write_to(static_cast<std::uint16_t>(1000 + i), 0, 1), kSuccess);
    const auto events = device.events(true);
    ASSERT_EQ(events.size(), nvme::kFdpEventsMax);
    EXPECT_EQ(events.front().pid.value(), 1100u - nvme::kFdpEventsMax);
    EXPECT_EQ(events.back().pid.value(), 1099u);
}

TEST(ModelFdp, EventTypesAreTurnedOnAndOffByHandle) {
    Placed device(kUri);
    const auto types = [&](std::uint16_t handle, std::uint8_t count) {
        std::vector<std::uint8_t> data(512, 0xaa);
        const Context context =
            device.admin(nvme::fdp_get_events(handle, count, 1), TestDevice::bytes_of(data));
        EXPECT_TRUE(context.ok());
        std::vector<nvme::FdpEventDescriptor> found(context.completion.result);
        std::memcpy(found.data(), data.data(), found.size() * 2);
        EXPECT_EQ(data[found.size() * 2], 0xaa);
        return found;
    };
    EXPECT_EQ(device.set_events(1, {0x00, 0x80}, true), kSuccess);
    EXPECT_EQ(device.set_events(1, {0x80}, false), kSuccess);
    const auto of_one = types(1, 255);
    ASSERT_EQ(of_one.size(), nvme::kFdpEvents.size());
    for (const nvme::FdpEventDescriptor& row : of_one) EXPECT_EQ(row.enabled(), row.type == 0x00);
    for (const nvme::FdpEventDescriptor& row : types(0, 255)) EXPECT_FALSE(row.enabled());
    EXPECT_EQ(types(1, 2).size(), 2u);
    EXPECT_EQ(device.set_events(1, {0x00, 0x7f}, true), kInvalidField);
    EXPECT_EQ(device.set_events(4, {0x00}, true), kInvalidField);
    EXPECT_EQ(device.admin_status(nvme::fdp_get_events(4, 1, 1)), kInvalidField);
    EXPECT_EQ(device.admin_status(nvme::fdp_get_events(0, 255, 1)), kDataLengthInvalid);
}

TEST(ModelFdp, FormatErasesTheUnitsThatWereUsed) {
    Placed device(kUri);
    EXPECT_EQ(device.set_events(1, {0x81}, true), kSuccess);
    EXPECT_EQ(device.write_to(1, 0, 28), kSuccess);
    nvme::FormatFields fields;
    fields.nsid = 1;
    EXPECT_EQ(device.admin_status(nvme::format(fields)), kSuccess);
    EXPECT_EQ(device.left(1), kUnitBlocks);
    EXPECT_EQ(device.statistics().mbe.saturated(), 4 * 65536u);
    const auto events = device.events(false);
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].type, 0x81);
    EXPECT_TRUE(device.events(true).empty());
}

TEST(ModelFdp, IsTurnedOffAndOnWithoutANamespaceInUse) {
    Placed device(kUri);
    EXPECT_EQ(device.admin(nvme::fdp_state(1)).completion.result, 1u);
    EXPECT_EQ(device.write_to(1, 0, 1), kSuccess);
    const Status sequence = nvme::status_of(GenericStatus::command_sequence_error, true);
    EXPECT_EQ(device.admin_status(nvme::fdp_enable(1, false)), sequence);
    EXPECT_EQ(device.admin(nvme::fdp_state(1)).completion.result, 1u);
    nvme::FormatFields fields;
    fields.nsid = 1;
    EXPECT_EQ(device.admin_status(nvme::format(fields)), kSuccess);
    EXPECT_EQ(device.admin_status(nvme::fdp_enable(2, false)), kInvalidField);
    EXPECT_EQ(device.admin_status(nvme::fdp_enable(1, true, 1)), kInvalidField);
    EXPECT_EQ(device.admin_status(nvme::fdp_enable(1, false)), kSuccess);
    EXPECT_EQ(device.admin(nvme::fdp_state(1)).completion.result, 0u);

    std::vector<std::uint8_t> data(4096);
    const Data buffer = TestDevice::bytes_of(data);
    EXPECT_EQ(device.write_to(1, 0, 1), kInvalidField);
    EXPECT_EQ(device.io_status(nvme::fdp_status(4096), buffer), kFdpDisabled);
    EXPECT_EQ(device.update({std::uint16_t{1}}), kFdpDisabled);
    EXPECT_EQ(device.set_events(0, {0}, true), kFdpDisabled);
    EXPECT_EQ(device.admin_status(nvme::fdp_log(nvme::LogPage::fdp_statistics, 1, 64), buffer),
              kFdpDisabled);
    EXPECT_EQ(device.admin_status(nvme::fdp_log(nvme::LogPage::fdp_configurations, 1, 64), buffer),
              kSuccess);
    device.write(0, 1, pattern(512, 1));
    EXPECT_EQ(device.admin_status(nvme::format(fields)), kSuccess);
    EXPECT_EQ(device.admin_status(nvme::fdp_enable(1, true)), kSuccess);
    EXPECT_EQ(device.left(1), kUnitBlocks);
    EXPECT_TRUE(device.statistics().hbmw.is_zero());
}

TEST(ModelFdp, IsNotThereUnlessItIsAskedFor) {
    Placed device("mem:1MiB");
    std::vector<std::uint8_t> data(4096);
    const Data buffer = TestDevice::bytes_of(data);
    EXPECT_EQ(device.write_to(0, 0, 1), kInvalidField);
    EXPECT_EQ(device.io_status(nvme::fdp_status(4096), buffer), kInvalidOpcode);
    EXPECT_EQ(device.io_status(nvme::fdp_update(1), Data(data.data(), 2)), kInvalidOpcode);
    EXPECT_EQ(device.admin_status(nvme::fdp_log(nvme::LogPage::fdp_statistics, 1, 64), buffer),
              kInvalidLogPage);
    EXPECT_EQ(device.admin_status(nvme::fdp_state(1)), kInvalidField);
}

TEST(ModelFdp, HostileCommandsAreRefused) {
    Placed device(kUri);
    std::vector<std::uint8_t> data(4096);
    const Data buffer = TestDevice::bytes_of(data);
    EXPECT_EQ(device.admin_status(nvme::fdp_log(nvme::LogPage::fdp_statistics, 2, 64), buffer),
              kInvalidField);
    EXPECT_EQ(
        device.admin_status(nvme::fdp_log(nvme::LogPage::fdp_events, 1, 64, 1u << 30), buffer),
        kInvalidField);
    EXPECT_EQ(device.io_status(nvme::fdp_status(8192), buffer), kDataLengthInvalid);
    EXPECT_EQ(device.io_status(nvme::io_management_receive(64, 9), buffer), kInvalidField);
    Command foreign = nvme::fdp_status(4096);
    foreign.nsid = 5;
    EXPECT_EQ(device.io_status(foreign, buffer), kInvalidNamespace);
    EXPECT_EQ(device.admin_status(nvme::fdp_set_events(0, 8, true, 1), Data(data.data(), 4)),
              kDataLengthInvalid);
    EXPECT_EQ(device.admin_status(nvme::fdp_set_events(0, 1, true, 0), buffer), kInvalidNamespace);
    // A status that is asked for in part gives the beginning.
    EXPECT_EQ(device.io_status(nvme::fdp_status(48), Data(data.data(), 48)), kSuccess);
    EXPECT_EQ(nvme::decode_fdp_status(std::as_bytes(std::span(data)).first(48)).list.size(), 1u);
}

TEST(ModelFdp, ThreadsCountEveryWrite) {
    Placed device("mem:1MiB?fdp=1&ruh=8&ru=64KiB");
    constexpr unsigned kThreads = 4;
    constexpr unsigned kWrites = 2000;
    std::vector<std::thread> threads;
    threads.reserve(kThreads);
    for (unsigned t = 0; t < kThreads; ++t) {
        threads.emplace_back([&device, t] {
            for (unsigned i = 0; i < kWrites; ++i)
                (void)device.write_to(static_cast<std::uint16_t>(t), (t * kWrites + i) % 2048, 1);
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(device.statistics().hbmw.saturated(), std::uint64_t{kThreads} * kWrites * 512);
    for (std::uint16_t t = 0; t < kThreads; ++t)
        EXPECT_EQ(device.left(t), kUnitBlocks - kWrites % kUnitBlocks);
}

TEST(ModelFdp, RefusesOptionsThatMakeNoSense) {
    EXPECT_NE(refusal("mem:1MiB?ruh=4").find("fdp=1"), std::string::npos);
    EXPECT_NE(refusal("mem:1MiB?fdp=1&ruh=0").find("1 to 128"), std::string::npos);
    EXPECT_NE(refusal("mem:1MiB?fdp=1&groups=3").find("power of two"), std::string::npos);
    EXPECT_NE(refusal("mem:1MiB?fdp=1&ru=5000").find("4KiB"), std::string::npos);
    EXPECT_NE(refusal("mem:1MiB?fdp=1&ru=2MiB").find("size"), std::string::npos);
    EXPECT_NE(refusal("mem:1MiB?fdp=2").find("0 or 1"), std::string::npos);
    EXPECT_NE(refusal("mem:1MiB?csi=kv&fdp=1").find("blocks"), std::string::npos);
    EXPECT_NE(refusal("mem:1MiB?streams=0").find("1 to 1024"), std::string::npos);
    EXPECT_EQ(refusal("mem:1GiB?fdp=1&ruh=128&groups=32&streams=16"), "");
}

// ---- Directives ---------------------------------------------------------------------------------

nvme::DirectiveParameters parameters(TestDevice& device) {
    nvme::DirectiveParameters found{};
    EXPECT_EQ(device.admin_status(nvme::directive_parameters(1), Data(&found, sizeof(found))),
              kSuccess);
    return found;
}

TEST(ModelDirectives, DataPlacementGoesWithFdp) {
    TestDevice plain("mem:1MiB");
    EXPECT_EQ(parameters(plain).supported[0], 1);
    TestDevice device(kUri);
    const auto found = parameters(device);
    EXPECT_EQ(found.supported[0], 5);
    EXPECT_EQ(found.enabled[0], 5);
    EXPECT_EQ(found.persistent[0], 4);
    EXPECT_EQ(
        device.admin_status(nvme::directive_enable(nvme::DirectiveType::data_placement, false, 1)),
        kInvalidField);
}

class Streamed : public TestDevice {
  public:
    using TestDevice::TestDevice;
    Status write_to(std::uint16_t stream) {
        std::vector<std::uint8_t> data(512);
        return io_status(nvme::streamed(nvme::write(0, 1), stream), bytes_of(data));
    }
    nvme::StreamsParameters streams() {
        nvme::StreamsParameters found{};
        EXPECT_EQ(admin_status(nvme::streams_parameters(1), Data(&found, sizeof(found))), kSuccess);
        return found;
    }
    std::vector<std::uint16_t> open() {
        std::vector<std::uint8_t> data(64);
        EXPECT_EQ(admin_status(nvme::streams_status(64, 1), bytes_of(data)), kSuccess);
        return nvme::decode_streams_status(std::as_bytes(std::span(data)));
    }
};

TEST(ModelDirectives, StreamsAreOpenedByWritesAndClosed) {
    Streamed device("mem:1MiB?streams=3");
    EXPECT_EQ(parameters(device).supported[0], 3);
    EXPECT_EQ(parameters(device).enabled[0], 1);
    EXPECT_EQ(device.write_to(1), kInvalidField) << "not before they are turned on";
    EXPECT_EQ(device.admin_status(nvme::streams_release_all(1)), kInvalidField);
    EXPECT_EQ(device.admin_status(nvme::directive_enable(nvme::DirectiveType::streams, true, 1)),
              kSuccess);
    EXPECT_EQ(parameters(device).enabled[0], 3);
    for (const std::uint16_t stream : Numbers{9, 8, 9, 7, 0})
        EXPECT_EQ(device.write_to(stream), kSuccess);
    EXPECT_EQ(device.open(), (std::vector<std::uint16_t>{9, 8, 7}));
    EXPECT_EQ(device.write_to(6), kSuccess);
    EXPECT_EQ(device.open(), (std::vector<std::uint16_t>{8, 7, 6})) << "the first made room";
    EXPECT_EQ(device.streams().msl.value(), 3u);
    EXPECT_EQ(device.streams().nso.value(), 3u);
    EXPECT_EQ(device.admin_status(nvme::streams_release(7, 1)), kSuccess);
    EXPECT_EQ(device.open(), (std::vector<std::uint16_t>{8, 6}));
    EXPECT_EQ(device.admin_status(nvme::directive_enable(nvme::DirectiveType::streams, false, 1)),
              kSuccess);
    EXPECT_EQ(device.write_to(1), kInvalidField);
}

TEST(ModelDirectives, ANamespaceIsGivenStreamsOfItsOwn) {
    Streamed device("mem:1MiB?streams=3");
    EXPECT_EQ(device.admin_status(nvme::directive_enable(nvme::DirectiveType::streams, true, 1)),
              kSuccess);
    EXPECT_EQ(device.admin_status(nvme::streams_allocate(0, 1)), kInvalidField);
    EXPECT_EQ(device.admin(nvme::streams_allocate(2, 1)).completion.result, 2u);
    EXPECT_EQ(device.admin_status(nvme::streams_allocate(1, 1)), kInvalidField);
    EXPECT_EQ(device.streams().nsa.value(), 2u);
    EXPECT_EQ(device.streams().nssa.value(), 1u);
    for (const std::uint16_t stream : Numbers{1, 2, 3})
        EXPECT_EQ(device.write_to(stream), kSuccess);
    EXPECT_EQ(device.open(), (std::vector<std::uint16_t>{2, 3}));
    EXPECT_EQ(device.admin_status(nvme::streams_release_all(1)), kSuccess);
    EXPECT_TRUE(device.open().empty());
    EXPECT_EQ(device.admin(nvme::streams_allocate(99, 1)).completion.result, 3u);
}

TEST(ModelDirectives, RandomOnesDoNoHarm) {
    TestDevice device("mem:1MiB?fdp=1&streams=4");
    std::mt19937 engine(3);
    std::vector<std::uint8_t> data(4096);
    for (int i = 0; i < 20000; ++i) {
        Command command;
        const auto random = [&engine] { return static_cast<std::uint32_t>(engine()); };
        const bool io = random() % 2 == 0;
        command.opcode =
            static_cast<std::uint8_t>(io ? (random() % 2 == 0 ? 0x12 : 0x1d) : 0x19 + random() % 2);
        command.cdw10 = random() % 4 == 0 ? random() : random() % 1024;
        command.cdw11 = random() % 4 == 0 ? random() : random() % 4 | (random() % 3) << 8;
        command.cdw12 = random();
        const Data part(data.data(), random() % (data.size() + 1));
        const Context context = io ? device.io(command, part) : device.admin(command, part);
        EXPECT_TRUE(context.error == Errc::ok || context.error == Errc::device);
    }
}

}  // namespace
}  // namespace xnvme::be_model
