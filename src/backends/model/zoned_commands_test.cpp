// The zoned command set of the model, command by command.
#include <algorithm>
#include <atomic>
#include <thread>

#include <xnvme/nvme/zoned.hpp>

#include "test_device.hpp"
#include "zones.hpp"

namespace xnvme::be_model {
namespace {

using nvme::ZoneAction;
using nvme::ZoneState;

/// Zones of 1 MiB, 2048 blocks of 512 bytes, of which 1536 can be written.
constexpr std::uint64_t kZone = 2048;
constexpr std::uint64_t kCapacity = 1536;
constexpr char kUri[] = "mem:16MiB?zoned=1&zone=1MiB&zone_capacity=768KiB";

std::string with(const std::string& options) {
    std::string uri = kUri;
    uri += '&';
    uri += options;
    return uri;
}

class ZonedModel : public TestDevice {
  public:
    explicit ZonedModel(const std::string& uri = kUri) : TestDevice(uri) {}

    Status write(std::uint64_t slba, std::uint32_t blocks, std::uint8_t seed = 1) {
        const auto data = pattern(std::size_t{blocks} * 512, seed);
        return io_status(nvme::write(slba, blocks), bytes_of(data));
    }
    Context append(std::uint64_t zslba, std::uint32_t blocks, std::uint8_t seed = 1) {
        const auto data = pattern(std::size_t{blocks} * 512, seed);
        return io(nvme::zone_append(zslba, blocks), bytes_of(data));
    }
    Status append_status(std::uint64_t zslba, std::uint32_t blocks) {
        return append(zslba, blocks).completion.status;
    }
    /// Writes a zone up to its capacity.
    void fill(std::uint64_t zslba) {
        for (std::uint64_t done = 0; done < kCapacity; done += 512)
            EXPECT_EQ(write(zslba + done, 512), kSuccess);
    }
    Status all(ZoneAction action) {
        return io_status(nvme::zone_management_send(action, 0, nvme::kZoneSelectAll));
    }
    nvme::ZoneDescriptor zone(std::uint64_t lba) {
        std::vector<std::uint8_t> bytes(128);
        EXPECT_EQ(
            io_status(nvme::zone_management_receive({.slba = lba, .bytes = 128}), bytes_of(bytes)),
            kSuccess);
        return nvme::ZoneReportView(std::as_bytes(std::span(bytes)), 0).at(0);
    }
    ZoneState state(std::uint64_t lba) { return zone(lba).state(); }
    /// Breaks a zone by the fault that the device was opened with.
    void make_read_only(std::uint64_t slba) { EXPECT_NE(write(slba, 1), kSuccess); }
};

// ---- Writes -------------------------------------------------------------------------------------

TEST(ZonedModelWrites, StartEmptyAndOpenWithTheFirstWrite) {
    ZonedModel device;
    EXPECT_EQ(device.geometry().zones, 16u);
    EXPECT_EQ(device.geometry().zone_blocks, kZone);
    nvme::ZoneDescriptor zone = device.zone(kZone);
    EXPECT_EQ(zone.state(), ZoneState::empty);
    EXPECT_EQ(zone.zslba.value(), kZone);
    EXPECT_EQ(zone.wp.value(), kZone);
    EXPECT_EQ(zone.zcap.value(), kCapacity);
    EXPECT_EQ(device.write(kZone, 8), kSuccess);
    zone = device.zone(kZone);
    EXPECT_EQ(zone.state(), ZoneState::implicitly_open);
    EXPECT_EQ(zone.wp.value(), kZone + 8);
    EXPECT_EQ(device.state(0), ZoneState::empty);
}

TEST(ZonedModelWrites, GoToTheWritePointerAndNowhereElse) {
    ZonedModel device;
    EXPECT_EQ(device.write(1, 1), kZoneInvalidWrite);
    EXPECT_EQ(device.state(0), ZoneState::empty) << "a write that is refused opens nothing";
    EXPECT_EQ(device.write(0, 4, 7), kSuccess);
    EXPECT_EQ(device.write(0, 4), kZoneInvalidWrite);
    EXPECT_EQ(device.write(5, 1), kZoneInvalidWrite);
    EXPECT_EQ(device.read(0, 4), pattern(4 * 512, 7));
    EXPECT_EQ(device.write(4, 4, 8), kSuccess);
    EXPECT_EQ(device.read(4, 4), pattern(4 * 512, 8));
    EXPECT_EQ(device.io_status(nvme::write_zeroes(4, 4)), kZoneInvalidWrite);
    EXPECT_EQ(device.io_status(nvme::write_zeroes(8, 4)), kSuccess);
    EXPECT_EQ(device.zone(0).wp.value(), 12u);
    EXPECT_EQ(device.io_status(nvme::write_uncorrectable(12, 1)), kSuccess);
    EXPECT_EQ(device.zone(0).wp.value(), 13u);
}

TEST(ZonedModelWrites, StopAtTheCapacity) {
    ZonedModel device;
    for (std::uint64_t at = 0; at < 1024; at += 512) EXPECT_EQ(device.write(at, 512), kSuccess);
    EXPECT_EQ(device.write(1024, 513), kZoneBoundary);
    EXPECT_EQ(device.zone(0).wp.value(), 1024u);
    EXPECT_EQ(device.write(1024, 512), kSuccess);
    EXPECT_EQ(device.state(0), ZoneState::full);
    EXPECT_EQ(device.zone(0).wp.value(), UINT64_MAX);
    EXPECT_EQ(device.write(kCapacity, 1), kZoneFull);
    EXPECT_EQ(device.append_status(0, 1), kZoneFull);
}

TEST(ZonedModelWrites, PastTheEndAreOutOfRange) {
    ZonedModel device;
    EXPECT_EQ(device.write(16 * kZone, 1), kLbaOutOfRange);
    EXPECT_EQ(device.append_status(16 * kZone, 1), kLbaOutOfRange);
    EXPECT_EQ(device.io_status(nvme::zone_reset(16 * kZone)), kLbaOutOfRange);
}

TEST(ZonedModelWrites, ThatFailLeaveTheZoneAsItWas) {
    ZonedModel device(with("fault=write@lba:4..4"));
    EXPECT_EQ(device.write(0, 8), kWriteFault);
    EXPECT_EQ(device.state(0), ZoneState::empty);
    EXPECT_EQ(device.write(0, 4), kSuccess);
    EXPECT_EQ(device.write(4, 1), kWriteFault);
    EXPECT_EQ(device.zone(0).wp.value(), 4u);
    std::vector<std::uint8_t> short_data(512);
    EXPECT_EQ(device.io_status(nvme::write(kZone, 2), TestDevice::bytes_of(short_data)),
              kDataLengthInvalid);
    EXPECT_EQ(device.state(kZone), ZoneState::empty);
}

TEST(ZonedModelWrites, CopyGoesToTheWritePointerToo) {
    ZonedModel device;
    EXPECT_EQ(device.write(0, 8, 3), kSuccess);
    const nvme::CopyRange0 source = nvme::CopyRange0::of(0, 8);
    const Data list(&source, sizeof source);
    EXPECT_EQ(device.io_status(nvme::copy(kZone + 1, 1), list), kZoneInvalidWrite);
    EXPECT_EQ(device.io_status(nvme::copy(kZone, 1), list), kSuccess);
    EXPECT_EQ(device.zone(kZone).wp.value(), kZone + 8);
    EXPECT_EQ(device.read(kZone, 8), pattern(8 * 512, 3));
    const nvme::CopyRange0 across = nvme::CopyRange0::of(kZone - 1, 2);
    EXPECT_EQ(device.io_status(nvme::copy(kZone + 8, 1), Data(&across, sizeof across)),
              kZoneBoundary);
}

TEST(ZonedModelWrites, DeallocateIsNotThere) {
    ZonedModel device;
    nvme::DsmRange range{};
    range.nlb = 8u;
    EXPECT_EQ(device.io_status(nvme::dataset_management(1), Data(&range, sizeof range)),
              kInvalidOpcode);
}

TEST(ZonedModelReads, StayInOneZoneUnlessTheDeviceSaysOtherwise) {
    ZonedModel device;
    std::vector<std::uint8_t> data(2 * 512);
    EXPECT_EQ(device.io_status(nvme::read(kZone - 1, 2), TestDevice::bytes_of(data)),
              kZoneBoundary);
    EXPECT_EQ(device.io_status(nvme::verify(kZone - 1, 2)), kZoneBoundary);
    EXPECT_EQ(device.read(kZone - 1, 1), std::vector<std::uint8_t>(512, 0));
    ZonedModel crossing(with("cross_read=1"));
    EXPECT_EQ(crossing.io_status(nvme::read(kZone - 1, 2), TestDevice::bytes_of(data)), kSuccess);
    EXPECT_TRUE(crossing
                    .identify<nvme::IdentifyNamespaceZoned>(
                        {.cns = nvme::Cns::ns_csi, .nsid = 1, .csi = CommandSet::zoned})
                    .reads_cross_zones());
}

// ---- Appends ------------------------------------------------------------------------------------

TEST(ZonedModelAppends, SayWhereTheyWrote) {
    ZonedModel device;
    EXPECT_EQ(nvme::appended_lba(device.append(kZone, 4, 1).completion), kZone);
    EXPECT_EQ(nvme::appended_lba(device.append(kZone, 8, 2).completion), kZone + 4);
    EXPECT_EQ(device.zone(kZone).wp.value(), kZone + 12);
    EXPECT_EQ(device.read(kZone + 4, 8), pattern(8 * 512, 2));
    EXPECT_EQ(device.state(kZone), ZoneState::implicitly_open);
}

TEST(ZonedModelAppends, NameTheFirstBlockOfAZone) {
    ZonedModel device;
    EXPECT_EQ(device.append_status(kZone + 1, 1), kInvalidField);
    EXPECT_EQ(device.state(kZone), ZoneState::empty);
}

TEST(ZonedModelAppends, KeepTheirLimit) {
    ZonedModel device(with("append=8KiB"));
    EXPECT_EQ(device.geometry().max_append_bytes, 8192u);
    EXPECT_EQ(device.append_status(0, 17), kInvalidField);
    EXPECT_EQ(device.append_status(0, 16), kSuccess);
    EXPECT_EQ(device
                  .identify<nvme::IdentifyControllerZoned>(
                      {.cns = nvme::Cns::controller_csi, .csi = CommandSet::zoned})
                  .max_append_bytes(),
              8192u);
}

TEST(ZonedModelAppends, StopAtTheCapacity) {
    ZonedModel device;
    EXPECT_EQ(device.append_status(0, 1000), kSuccess);
    EXPECT_EQ(device.append_status(0, 537), kZoneBoundary);
    EXPECT_EQ(device.append_status(0, 536), kSuccess);
    EXPECT_EQ(device.state(0), ZoneState::full);
}

TEST(ZonedModelAppends, FromManyThreadsNeverOverlap) {
    ZonedModel device("mem:64MiB?zoned=1&zone=16MiB&max_open=2");
    constexpr int kThreads = 4;
    constexpr int kEach = 200;
    std::vector<std::vector<std::uint64_t>> where(kThreads);
    std::vector<std::thread> threads;
    threads.reserve(kThreads);
    std::atomic<int> failed{0};
    for (int i = 0; i < kThreads; ++i) {
        where[static_cast<std::size_t>(i)].reserve(kEach);
        threads.emplace_back([&, i] {
            const auto data = pattern(2 * 512, static_cast<std::uint8_t>(i));
            for (int n = 0; n < kEach; ++n) {
                const Context done =
                    device.io(nvme::zone_append(static_cast<unsigned>(n) % 3 * 32768, 2),
                              TestDevice::bytes_of(data));
                if (!done.ok()) ++failed;
                where[static_cast<std::size_t>(i)].push_back(done.completion.result);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(failed, 0);
    std::vector<std::uint64_t> all;
    for (int i = 0; i < kThreads; ++i) {
        for (const std::uint64_t lba : where[static_cast<std::size_t>(i)]) {
            EXPECT_EQ(device.read(lba, 2), pattern(2 * 512, static_cast<std::uint8_t>(i)));
            all.push_back(lba);
        }
    }
    std::ranges::sort(all);
    EXPECT_EQ(std::ranges::adjacent_find(all), all.end());
    std::uint64_t written = 0;
    for (std::uint64_t index = 0; index < 3; ++index)
        written += device.zone(index * 32768).wp.value() - index * 32768;
    EXPECT_EQ(written, 2u * kThreads * kEach);
}

// ---- States -------------------------------------------------------------------------------------

TEST(ZonedModelStates, OpenCloseFinishResetFollowTheStateMachine) {
    ZonedModel device;
    const auto apply = [&](const Command& command) { return device.io_status(command); };
    EXPECT_EQ(apply(nvme::zone_close(0)), kInvalidTransition);
    EXPECT_EQ(apply(nvme::zone_reset(0)), kSuccess) << "an empty zone stays empty";
    EXPECT_EQ(apply(nvme::zone_offline(0)), kInvalidTransition);
    EXPECT_EQ(apply(nvme::zone_open(0)), kSuccess);
    EXPECT_EQ(device.state(0), ZoneState::explicitly_open);
    EXPECT_EQ(apply(nvme::zone_open(0)), kSuccess);
    EXPECT_EQ(device.write(0, 8), kSuccess);
    EXPECT_EQ(device.state(0), ZoneState::explicitly_open);
    EXPECT_EQ(apply(nvme::zone_close(0)), kSuccess);
    EXPECT_EQ(device.state(0), ZoneState::closed);
    EXPECT_EQ(apply(nvme::zone_close(0)), kSuccess);
    EXPECT_EQ(device.write(8, 1), kSuccess);
    EXPECT_EQ(device.state(0), ZoneState::implicitly_open);
    EXPECT_EQ(apply(nvme::zone_open(0)), kSuccess);
    EXPECT_EQ(device.state(0), ZoneState::explicitly_open);
    EXPECT_EQ(apply(nvme::zone_finish(0)), kSuccess);
    EXPECT_EQ(device.state(0), ZoneState::full);
    EXPECT_EQ(apply(nvme::zone_finish(0)), kSuccess);
    EXPECT_EQ(apply(nvme::zone_open(0)), kInvalidTransition);
    EXPECT_EQ(apply(nvme::zone_close(0)), kInvalidTransition);
    EXPECT_EQ(device.write(9, 1), kZoneFull);
    EXPECT_EQ(apply(nvme::zone_reset(0)), kSuccess);
    EXPECT_EQ(device.state(0), ZoneState::empty);
    EXPECT_EQ(device.zone(0).wp.value(), 0u);
    EXPECT_EQ(apply(nvme::zone_finish(kZone)), kSuccess);
    EXPECT_EQ(device.state(kZone), ZoneState::full);
}

TEST(ZonedModelStates, ResetLosesTheData) {
    ZonedModel device;
    EXPECT_EQ(device.write(0, 8, 5), kSuccess);
    EXPECT_EQ(device.write(kZone, 8, 6), kSuccess);
    EXPECT_EQ(device.io_status(nvme::zone_reset(0)), kSuccess);
    EXPECT_EQ(device.read(0, 8), std::vector<std::uint8_t>(8 * 512, 0));
    EXPECT_EQ(device.read(kZone, 8), pattern(8 * 512, 6));
    EXPECT_EQ(device.write(0, 8, 7), kSuccess);
}

TEST(ZonedModelStates, ManagementNamesTheFirstBlockOfAZone) {
    ZonedModel device;
    EXPECT_EQ(device.io_status(nvme::zone_open(1)), kInvalidField);
    EXPECT_EQ(device.io_status(nvme::zone_reset(kZone + 7)), kInvalidField);
    Command unknown = nvme::zone_open(0);
    unknown.cdw13 = 0x77;
    EXPECT_EQ(device.io_status(unknown), kInvalidField);
    Command elsewhere = nvme::zone_open(0);
    elsewhere.nsid = 2;
    EXPECT_EQ(device.io_status(elsewhere), kInvalidNamespace);
}

TEST(ZonedModelStates, AllZonesAtOnce) {
    ZonedModel device;
    EXPECT_EQ(device.write(0, 8), kSuccess);
    EXPECT_EQ(device.io_status(nvme::zone_open(kZone)), kSuccess);
    EXPECT_EQ(device.io_status(nvme::zone_finish(2 * kZone)), kSuccess);
    EXPECT_EQ(device.all(ZoneAction::close), kSuccess);
    EXPECT_EQ(device.state(0), ZoneState::closed);
    EXPECT_EQ(device.state(kZone), ZoneState::closed);
    EXPECT_EQ(device.state(3 * kZone), ZoneState::empty);
    EXPECT_EQ(device.all(ZoneAction::open), kSuccess);
    EXPECT_EQ(device.state(0), ZoneState::explicitly_open);
    EXPECT_EQ(device.state(kZone), ZoneState::explicitly_open);
    EXPECT_EQ(device.state(2 * kZone), ZoneState::full);
    EXPECT_EQ(device.all(ZoneAction::finish), kSuccess);
    EXPECT_EQ(device.state(0), ZoneState::full);
    EXPECT_EQ(device.state(3 * kZone), ZoneState::empty);
    EXPECT_EQ(device.all(ZoneAction::reset), kSuccess);
    for (std::uint64_t i = 0; i < 16; ++i) EXPECT_EQ(device.state(i * kZone), ZoneState::empty);
    EXPECT_EQ(device.read(0, 8), std::vector<std::uint8_t>(8 * 512, 0));
    EXPECT_EQ(device.all(ZoneAction::flush_explicit), kInvalidField);
    EXPECT_EQ(device.all(ZoneAction::set_extension), kInvalidField);
}

TEST(ZonedModelStates, WriteProtectedDevicesChangeNothing) {
    ZonedModel device(with("ro=1"));
    EXPECT_EQ(device.write(0, 1), kWriteProtected);
    EXPECT_EQ(device.append_status(0, 1), kWriteProtected);
    EXPECT_EQ(device.io_status(nvme::zone_open(0)), kWriteProtected);
    EXPECT_EQ(device.state(0), ZoneState::empty);
}

// ---- Limits -------------------------------------------------------------------------------------

TEST(ZonedModelLimits, ExplicitlyOpenZonesAreNotClosedForOthers) {
    ZonedModel device(with("max_open=2"));
    EXPECT_EQ(device.io_status(nvme::zone_open(0)), kSuccess);
    EXPECT_EQ(device.io_status(nvme::zone_open(kZone)), kSuccess);
    EXPECT_EQ(device.io_status(nvme::zone_open(2 * kZone)), kTooManyOpen);
    EXPECT_EQ(device.write(2 * kZone, 1), kTooManyOpen);
    EXPECT_EQ(device.append_status(2 * kZone, 1), kTooManyOpen);
    EXPECT_EQ(device.state(2 * kZone), ZoneState::empty);
    EXPECT_EQ(device.io_status(nvme::zone_close(0)), kSuccess);
    EXPECT_EQ(device.write(2 * kZone, 1), kSuccess);
}

TEST(ZonedModelLimits, ImplicitlyOpenZonesMakeRoomTheOldestFirst) {
    ZonedModel device(with("max_open=2"));
    EXPECT_EQ(device.write(0, 1), kSuccess);
    EXPECT_EQ(device.write(kZone, 1), kSuccess);
    EXPECT_EQ(device.write(2 * kZone, 1), kSuccess);
    EXPECT_EQ(device.state(0), ZoneState::closed);
    EXPECT_EQ(device.state(kZone), ZoneState::implicitly_open);
    EXPECT_EQ(device.state(2 * kZone), ZoneState::implicitly_open);
    EXPECT_EQ(device.io_status(nvme::zone_open(3 * kZone)), kSuccess);
    EXPECT_EQ(device.state(kZone), ZoneState::closed);
    EXPECT_EQ(device.write(1, 1), kSuccess) << "a closed zone is written on";
}

TEST(ZonedModelLimits, ActiveZonesCountUntilTheyAreFullOrEmpty) {
    ZonedModel device(with("max_active=3&max_open=2"));
    EXPECT_EQ(device.write(0, 1), kSuccess);
    EXPECT_EQ(device.write(kZone, 1), kSuccess);
    EXPECT_EQ(device.write(2 * kZone, 1), kSuccess);
    EXPECT_EQ(device.write(3 * kZone, 1), kTooManyActive);
    EXPECT_EQ(device.io_status(nvme::zone_open(3 * kZone)), kTooManyActive);
    EXPECT_EQ(device.io_status(nvme::zone_finish(0)), kSuccess);
    EXPECT_EQ(device.write(3 * kZone, 1), kSuccess);
    EXPECT_EQ(device.write(4 * kZone, 1), kTooManyActive);
    EXPECT_EQ(device.io_status(nvme::zone_reset(kZone)), kSuccess);
    EXPECT_EQ(device.write(4 * kZone, 1), kSuccess);
    EXPECT_EQ(device.io_status(nvme::zone_finish(5 * kZone)), kSuccess)
        << "an empty zone becomes full without being active";
}

TEST(ZonedModelLimits, OpeningAllClosedZonesOpensAllOrNone) {
    ZonedModel device(with("max_open=2"));
    for (std::uint64_t i = 0; i < 3; ++i) EXPECT_EQ(device.write(i * kZone, 1), kSuccess);
    EXPECT_EQ(device.all(ZoneAction::close), kSuccess);
    EXPECT_EQ(device.all(ZoneAction::open), kTooManyOpen);
    for (std::uint64_t i = 0; i < 3; ++i) EXPECT_EQ(device.state(i * kZone), ZoneState::closed);
    EXPECT_EQ(device.io_status(nvme::zone_reset(0)), kSuccess);
    EXPECT_EQ(device.all(ZoneAction::open), kSuccess);
    EXPECT_EQ(device.state(kZone), ZoneState::explicitly_open);
}

// ---- Random write areas -------------------------------------------------------------------------

/// An area of 16 blocks, committed in multiples of 8.
const std::string kAreas = with("zrwa=8KiB&zrwa_flush=4KiB&zrwa_zones=1");

TEST(ZonedModelAreas, AreWrittenInAnyOrderAndAgain) {
    ZonedModel device(kAreas);
    EXPECT_EQ(device.io_status(nvme::zone_open(0, true)), kSuccess);
    EXPECT_TRUE(device.zone(0).has(nvme::kZoneRandomWriteArea));
    EXPECT_EQ(device.write(8, 4, 1), kSuccess);
    EXPECT_EQ(device.write(0, 4, 2), kSuccess);
    EXPECT_EQ(device.write(8, 4, 3), kSuccess);
    EXPECT_EQ(device.zone(0).wp.value(), 0u);
    EXPECT_EQ(device.read(8, 4), pattern(4 * 512, 3));
    EXPECT_EQ(device.append_status(0, 1), kInvalidZoneOperation);
}

TEST(ZonedModelAreas, AreCommittedByWritingBehindThem) {
    ZonedModel device(kAreas);
    EXPECT_EQ(device.io_status(nvme::zone_open(0, true)), kSuccess);
    EXPECT_EQ(device.write(15, 1), kSuccess);
    EXPECT_EQ(device.zone(0).wp.value(), 0u);
    EXPECT_EQ(device.write(16, 1), kSuccess);
    EXPECT_EQ(device.zone(0).wp.value(), 8u);
    EXPECT_EQ(device.write(7, 1), kZoneInvalidWrite);
    EXPECT_EQ(device.write(39, 1), kSuccess);
    EXPECT_EQ(device.zone(0).wp.value(), 24u);
    EXPECT_EQ(device.write(56, 1), kZoneInvalidWrite) << "behind what a write commits";
}

TEST(ZonedModelAreas, AreCommittedByAFlush) {
    ZonedModel device(kAreas);
    EXPECT_EQ(device.io_status(nvme::zone_flush(7)), kInvalidField) << "there is no area";
    EXPECT_EQ(device.io_status(nvme::zone_open(0, true)), kSuccess);
    EXPECT_EQ(device.write(0, 8), kSuccess);
    EXPECT_EQ(device.io_status(nvme::zone_flush(6)), kInvalidField) << "not the granularity";
    EXPECT_EQ(device.io_status(nvme::zone_flush(16)), kZoneBoundary);
    EXPECT_EQ(device.io_status(nvme::zone_flush(7)), kSuccess);
    EXPECT_EQ(device.zone(0).wp.value(), 8u);
    EXPECT_EQ(device.io_status(nvme::zone_flush(7)), kZoneBoundary) << "it is committed";
    for (std::uint64_t last = 23; last < kCapacity; last += 16)
        EXPECT_EQ(device.io_status(nvme::zone_flush(last)), kSuccess);
    EXPECT_EQ(device.io_status(nvme::zone_flush(kCapacity - 1)), kSuccess);
    EXPECT_EQ(device.state(0), ZoneState::full);
    EXPECT_FALSE(device.zone(0).has(nvme::kZoneRandomWriteArea));
}

TEST(ZonedModelAreas, AreGivenToSoManyZones) {
    ZonedModel device(kAreas);
    EXPECT_EQ(device.write(2 * kZone, 1), kSuccess);
    EXPECT_EQ(device.io_status(nvme::zone_open(2 * kZone, true)), kInvalidZoneOperation);
    EXPECT_EQ(device.io_status(nvme::zone_open(0, true)), kSuccess);
    EXPECT_EQ(device.io_status(nvme::zone_open(0, true)), kSuccess);
    EXPECT_EQ(device.io_status(nvme::zone_open(kZone, true)), kNoRandomWriteArea);
    EXPECT_EQ(device.state(kZone), ZoneState::empty);
    EXPECT_EQ(device.io_status(nvme::zone_finish(0)), kSuccess);
    EXPECT_EQ(device.io_status(nvme::zone_open(kZone, true)), kSuccess);
    EXPECT_EQ(device.io_status(nvme::zone_reset(kZone)), kSuccess);
    EXPECT_FALSE(device.zone(kZone).has(nvme::kZoneRandomWriteArea));
    EXPECT_EQ(device.io_status(nvme::zone_open(kZone, true)), kSuccess);
    ZonedModel without;
    EXPECT_EQ(without.io_status(nvme::zone_open(0, true)), kInvalidZoneOperation);
    EXPECT_EQ(without.io_status(nvme::zone_flush(0)), kInvalidZoneOperation);
}

// ---- Descriptor extensions and reports ----------------------------------------------------------

TEST(ZonedModelReports, ExtensionsBelongToTheirZone) {
    ZonedModel device(with("extension=128&max_active=1"));
    auto extension = pattern(128, 9);
    const Data data = TestDevice::bytes_of(extension);
    EXPECT_EQ(device.io_status(nvme::zone_set_extension(kZone), data), kSuccess);
    EXPECT_EQ(device.state(kZone), ZoneState::closed);
    EXPECT_TRUE(device.zone(kZone).has(nvme::kZoneExtensionValid));
    EXPECT_EQ(device.io_status(nvme::zone_set_extension(kZone), data), kInvalidTransition);
    EXPECT_EQ(device.io_status(nvme::zone_set_extension(0), data), kTooManyActive);
    std::vector<std::uint8_t> report(nvme::ZoneReportView::bytes_for(2, 128));
    EXPECT_EQ(device.io_status(
                  nvme::zone_management_receive(
                      {.bytes = static_cast<std::uint32_t>(report.size()), .extended = true}),
                  TestDevice::bytes_of(report)),
              kSuccess);
    const nvme::ZoneReportView view(std::as_bytes(std::span(report)), 128);
    ASSERT_EQ(view.size(), 2u);
    EXPECT_EQ(view.extension(0).front(), std::byte{0});
    EXPECT_TRUE(std::ranges::equal(view.extension(1), std::as_bytes(std::span(extension))));
    EXPECT_EQ(device.io_status(nvme::zone_reset(kZone)), kSuccess);
    EXPECT_FALSE(device.zone(kZone).has(nvme::kZoneExtensionValid));
    std::vector<std::uint8_t> little(64);
    EXPECT_EQ(device.io_status(nvme::zone_set_extension(kZone), TestDevice::bytes_of(little)),
              kDataLengthInvalid);
    ZonedModel without;
    EXPECT_EQ(without.io_status(nvme::zone_set_extension(0)), kInvalidField);
    EXPECT_EQ(without.io_status(nvme::zone_management_receive({.bytes = 128, .extended = true}),
                                TestDevice::bytes_of(report)),
              kInvalidField);
}

TEST(ZonedModelReports, CountWhatMatchesOrWhatIsThere) {
    ZonedModel device;
    EXPECT_EQ(device.write(3 * kZone, 1), kSuccess);
    EXPECT_EQ(device.write(5 * kZone, 1), kSuccess);
    std::vector<std::uint8_t> bytes(nvme::ZoneReportView::bytes_for(2, 0));
    const auto report = [&](nvme::ZoneReceiveFields fields) {
        fields.bytes = static_cast<std::uint32_t>(bytes.size());
        EXPECT_EQ(
            device.io_status(nvme::zone_management_receive(fields), TestDevice::bytes_of(bytes)),
            kSuccess);
        return nvme::ZoneReportView(std::as_bytes(std::span(bytes)), 0);
    };
    EXPECT_EQ(report({.partial = false}).zones_said(), 16u);
    EXPECT_EQ(report({.partial = true}).zones_said(), 2u);
    EXPECT_EQ(report({.slba = 14 * kZone + 5, .partial = false}).zones_said(), 2u);
    auto view = report({.state = ZoneState::implicitly_open, .partial = false});
    EXPECT_EQ(view.zones_said(), 2u);
    EXPECT_EQ(view.at(0).zslba.value(), 3 * kZone);
    EXPECT_EQ(view.at(1).zslba.value(), 5 * kZone);
    view = report({.slba = 4 * kZone, .state = ZoneState::implicitly_open});
    EXPECT_EQ(view.zones_said(), 1u);
    EXPECT_EQ(view.at(0).zslba.value(), 5 * kZone);
    EXPECT_EQ(report({.state = ZoneState::full}).zones_said(), 0u);
    EXPECT_EQ(bytes[64 + 16], 0) << "what no zone fills is zeroes";
}

TEST(ZonedModelReports, BadRequestsAreRefused) {
    ZonedModel device;
    std::vector<std::uint8_t> bytes(4096);
    const Data data = TestDevice::bytes_of(bytes);
    Command bad = nvme::zone_management_receive({.bytes = 4096});
    bad.cdw13 = 2;
    EXPECT_EQ(device.io_status(bad, data), kInvalidField);
    bad.cdw13 = 8 << 8;
    EXPECT_EQ(device.io_status(bad, data), kInvalidField);
    EXPECT_EQ(device.io_status(nvme::zone_management_receive({.bytes = 8192}), data),
              kDataLengthInvalid);
    EXPECT_EQ(device.io_status(nvme::zone_management_receive({.bytes = 60}), data), kInvalidField);
    EXPECT_EQ(
        device.io_status(nvme::zone_management_receive({.slba = 16 * kZone, .bytes = 4096}), data),
        kLbaOutOfRange);
}

// ---- Faults -------------------------------------------------------------------------------------

TEST(ZonedModelFaults, BreakZonesAndPutThemOnTheList) {
    ZonedModel device(
        with("fault=write@lba:8,zone=read-only,once&fault=zone-append@lba:2048..2048,"
             "zone=offline,once&fault=zone-management-send@lba:4096,zone=full,once"));
    EXPECT_EQ(device.write(0, 8, 4), kSuccess);
    EXPECT_EQ(device.write(8, 8), kWriteFault);
    EXPECT_EQ(device.state(0), ZoneState::read_only);
    EXPECT_EQ(device.write(8, 8), kZoneReadOnly);
    EXPECT_EQ(device.append_status(0, 1), kZoneReadOnly);
    EXPECT_EQ(device.read(0, 8), pattern(8 * 512, 4));
    EXPECT_EQ(device.io_status(nvme::zone_reset(0)), kInvalidTransition);
    EXPECT_EQ(device.io_status(nvme::zone_finish(0)), kInvalidTransition);
    EXPECT_EQ(device.append_status(kZone, 1), kWriteFault);
    EXPECT_EQ(device.state(kZone), ZoneState::offline);
    EXPECT_EQ(device.append_status(kZone, 1), kZoneOffline);
    std::vector<std::uint8_t> data(512);
    EXPECT_EQ(device.io_status(nvme::read(kZone, 1), TestDevice::bytes_of(data)), kZoneOffline);
    EXPECT_EQ(device.io_status(nvme::zone_open(2 * kZone)), kWriteFault);
    EXPECT_TRUE(device.zone(2 * kZone).has(nvme::kZoneFinishedByController));
    EXPECT_EQ(device.state(2 * kZone), ZoneState::full);

    const auto log = device.log<nvme::ChangedZonesLog>(nvme::LogPage::changed_zones, 1);
    ASSERT_EQ(log.count(), 3u);
    EXPECT_EQ(log.zid[0].value(), 0u);
    EXPECT_EQ(log.zid[1].value(), kZone);
    EXPECT_EQ(log.zid[2].value(), 2 * kZone);
    EXPECT_EQ(device.log<nvme::ChangedZonesLog>(nvme::LogPage::changed_zones, 1).count(), 0u)
        << "reading it empties it";
}

TEST(ZonedModelFaults, LostAppendsHaveAPlaceAndNoData) {
    ZonedModel device(with("fault=zone-append@nth:2,lost"));
    EXPECT_EQ(device.append_status(0, 1), kSuccess);
    EXPECT_EQ(device.append_status(0, 1), kSuccess);
    EXPECT_EQ(device.zone(0).wp.value(), 2u);
    EXPECT_EQ(device.read(1, 1), std::vector<std::uint8_t>(512));
}

TEST(ZonedModelFaults, ReadOnlyZonesCanBeTakenOffline) {
    ZonedModel device(with("fault=write@nth:1,zone=read-only&max_active=1"));
    EXPECT_EQ(device.write(0, 1), kWriteFault);
    EXPECT_EQ(device.state(0), ZoneState::read_only);
    EXPECT_EQ(device.write(kZone, 1), kSuccess) << "a broken zone is not active";
    EXPECT_EQ(device.io_status(nvme::zone_offline(0)), kSuccess);
    EXPECT_EQ(device.io_status(nvme::zone_offline(0)), kSuccess);
    EXPECT_EQ(device.state(0), ZoneState::offline);
    EXPECT_EQ(device.io_status(nvme::zone_offline(kZone)), kInvalidTransition);
}

TEST(ZonedModelFaults, TheListIsKeptWhenTheHostAsks) {
    ZonedModel device(with("fault=write@nth:1,zone=offline"));
    EXPECT_EQ(device.write(0, 1), kWriteFault);
    nvme::ChangedZonesLog log{};
    const Command keep = nvme::get_log_page({.page = nvme::LogPage::changed_zones,
                                             .bytes = sizeof log,
                                             .nsid = 1,
                                             .retain_event = true});
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(device.admin_status(keep, Data(&log, sizeof log)), kSuccess);
        EXPECT_EQ(log.count(), 1u);
    }
    Command everybody = keep;
    everybody.nsid = nvme::kNsidAll;
    EXPECT_EQ(device.admin_status(everybody, Data(&log, sizeof log)), kInvalidNamespace);
    TestDevice plain("mem:1MiB");
    EXPECT_EQ(plain.admin_status(keep, Data(&log, sizeof log)), kInvalidLogPage);
}

TEST(ZonedModelFaults, MoreChangesThanTheListHoldsAreSaid) {
    ZonedModel device("mem:8MiB?zoned=1&zone=8KiB&fault=write,zone=offline");
    for (std::uint64_t i = 0; i < 512; ++i) EXPECT_EQ(device.write(i * 16, 1), kWriteFault);
    const auto log = device.log<nvme::ChangedZonesLog>(nvme::LogPage::changed_zones, 1);
    EXPECT_TRUE(log.overflowed());
    EXPECT_EQ(log.zid[0].value(), 0u);
}

TEST(ZonedModelFaults, AreReadFromTheName) {
    EXPECT_NE(refusal(with("fault=write,zone=gone")).find("zone=read-only"), std::string::npos);
    EXPECT_EQ(refusal(with("fault=zone-append@nth:3,zone=full")), "");
}

// ---- Admin --------------------------------------------------------------------------------------

TEST(ZonedModelAdmin, IdentifyIsThatOfAZonedNamespace) {
    ZonedModel device(
        with("max_open=3&max_active=5&extension=64&zrwa=8KiB&zrwa_flush=4KiB&zrwa_zones=2"));
    const auto ns = device.identify<nvme::IdentifyNamespaceZoned>(
        {.cns = nvme::Cns::ns_csi, .nsid = 1, .csi = CommandSet::zoned});
    EXPECT_EQ(ns.max_open(), 3u);
    EXPECT_EQ(ns.max_active(), 5u);
    EXPECT_EQ(ns.lbafe[0].zsze.value(), kZone);
    EXPECT_EQ(ns.lbafe[1].zsze.value(), kZone / 8);
    EXPECT_EQ(ns.lbafe[0].extension_bytes(), 64u);
    EXPECT_TRUE(ns.random_write_areas() && ns.explicit_flush());
    EXPECT_EQ(ns.zrwasz.value(), 16u);
    EXPECT_EQ(ns.zrwafg.value(), 8u);
    EXPECT_EQ(ns.numzrwa.value(), 2u);
    const auto plain = device.identify<nvme::IdentifyNamespace>({.cns = nvme::Cns::ns, .nsid = 1});
    EXPECT_EQ(plain.nsze.value(), 16 * kZone);
    EXPECT_EQ(plain.ncap.value(), 16 * kCapacity);
    std::vector<std::uint8_t> list(4096);
    EXPECT_EQ(
        device.admin_status(nvme::identify({.cns = nvme::Cns::namespace_descriptors, .nsid = 1}),
                            TestDevice::bytes_of(list)),
        kSuccess);
    EXPECT_EQ(nvme::decode_namespace_ids(std::as_bytes(std::span(list))).csi, CommandSet::zoned);
    const auto sets =
        device.identify<nvme::IoCommandSets>({.cns = nvme::Cns::io_command_sets, .cntid = 0xffff});
    EXPECT_TRUE(sets.supports(0, CommandSet::zoned) && sets.supports(0, CommandSet::nvm));
    const auto active = [&](CommandSet csi) {
        return device
            .identify<nvme::NamespaceList>(
                {.cns = nvme::Cns::active_namespaces_csi, .nsid = 0, .csi = csi})
            .count();
    };
    EXPECT_EQ(active(CommandSet::zoned), 1u);
    EXPECT_EQ(active(CommandSet::nvm), 0u);
    EXPECT_EQ(device.identify<nvme::NamespaceList>({.cns = nvme::Cns::active_namespaces}).count(),
              1u);
    const auto controller =
        device.identify<nvme::IdentifyController>({.cns = nvme::Cns::controller});
    EXPECT_EQ(controller.oncs.value() & nvme::kOncsDatasetManagement, 0);
    EXPECT_NE(controller.oaes.value() & (1u << 27), 0u);
}

TEST(ZonedModelAdmin, LogsNameTheCommandsOfZones) {
    ZonedModel device;
    EXPECT_TRUE(device.log<nvme::SupportedLogPages>(nvme::LogPage::supported_pages)
                    .supports(nvme::LogPage::changed_zones));
    nvme::CommandsEffectsLog log{};
    EXPECT_EQ(device.admin_status(nvme::get_log_page({.page = nvme::LogPage::commands_effects,
                                                      .bytes = sizeof log,
                                                      .csi = CommandSet::zoned}),
                                  Data(&log, sizeof log)),
              kSuccess);
    EXPECT_TRUE(log.io[0x79].supported() && log.io[0x7a].supported() && log.io[0x7d].supported());
    EXPECT_FALSE(log.io[0x09].supported());
}

TEST(ZonedModelAdmin, FormatAndSanitizeEmptyAllZones) {
    ZonedModel device;
    device.fill(0);
    EXPECT_EQ(device.write(kZone, 8), kSuccess);
    EXPECT_EQ(device.admin_status(nvme::format({.nsid = 1, .lbaf = 1})), kSuccess);
    EXPECT_TRUE(device.handle().refresh());
    EXPECT_EQ(device.geometry().zone_blocks, kZone / 8);
    EXPECT_EQ(device.zone(0).zcap.value(), kCapacity / 8);
    for (std::uint64_t i = 0; i < 16; ++i)
        EXPECT_EQ(device.state(i * (kZone / 8)), ZoneState::empty);
    std::vector<std::uint8_t> block(4096, 1);
    EXPECT_EQ(device.io_status(nvme::write(0, 1), TestDevice::bytes_of(block)), kSuccess);
    EXPECT_EQ(device.admin_status(nvme::format({.nsid = 1, .lbaf = 2, .protection_type = 1})),
              kInvalidFormat);
    EXPECT_EQ(device.admin_status(nvme::sanitize({})), kSuccess);
    EXPECT_EQ(device.state(0), ZoneState::empty);
}

TEST(ZonedModelAdmin, CommandsOnZonesGoOnWhileTheFormatChanges) {
    ZonedModel device("mem:16MiB?zoned=1&zone=1MiB&max_open=2");
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    threads.reserve(2);
    for (std::uint64_t i = 0; i < 2; ++i) {
        threads.emplace_back([&, i] {
            const std::vector<std::uint8_t> block(4096, static_cast<std::uint8_t>(i));
            while (!stop) {
                // With blocks of 512 bytes it is of the wrong length, which is an answer too.
                (void)device.io(nvme::zone_append(0, 1), TestDevice::bytes_of(block));
                (void)device.io(nvme::zone_reset(i * 256));
            }
        });
    }
    for (int i = 0; i < 50; ++i) {
        EXPECT_EQ(device.admin_status(
                      nvme::format({.nsid = 1, .lbaf = static_cast<std::uint8_t>(i % 2)})),
                  kSuccess);
    }
    stop = true;
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(device.admin_status(nvme::format({.nsid = 1, .lbaf = 0})), kSuccess);
    EXPECT_EQ(device.state(0), ZoneState::empty);
    EXPECT_EQ(device.write(0, 1), kSuccess);
}

TEST(ZonedModelUri, MistakesAreNamed) {
    const auto says = [](const std::string& uri, const char* part) {
        const std::string sentence = refusal(uri);
        EXPECT_NE(sentence.find(part), std::string::npos) << uri << ": " << sentence;
    };
    says("mem:16MiB?zone=1MiB", "zoned=1");
    says("mem:16MiB?zoned=2", "0 or 1");
    says("mem:16MiB?zoned=1&zone=1000", "multiple of 4KiB");
    says("mem:16MiB?zoned=1&zone=3MiB", "zones of 3 MiB");
    says("mem:1TiB?zoned=1&zone=4KiB", "too many");
    says("mem:16MiB?zoned=1&zone=1MiB&zone_capacity=2MiB", "more than a zone has");
    says("mem:16MiB?zoned=1&max_open=3&max_active=2", "open zones are active");
    says("mem:16MiB?zoned=1&append=2MiB", "mdts is 1 MiB");
    says("mem:16MiB?zoned=1&append=9000", "power of two");
    says("mem:16MiB?zoned=1&extension=65", "multiple of 64");
    says("mem:16MiB?zoned=1&zrwa_flush=4KiB", "zrwa=SIZE");
    says("mem:16MiB?zoned=1&zrwa=12KiB&zrwa_flush=8KiB", "multiples of zrwa_flush");
    says("mem:16MiB?zoned=1&zone=8KiB&zrwa=16KiB", "too large");
    says("mem:16MiB?zoned=1&max_opne=2", "'max_open'");
    says("mem:16MiB?zoned=1&block=4096&meta=8&pi=1", "either zones or protection");
    EXPECT_EQ(refusal("mem:32MiB?zoned=1"), "");
}

}  // namespace
}  // namespace xnvme::be_model
