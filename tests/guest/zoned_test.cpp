// What QEMU's zoned namespaces have beyond what the conformance suite asks of every zoned device:
// limits, descriptor extensions, random write areas.
#include <algorithm>
#include <array>
#include <string>

#include <xnvme/describe.hpp>
#include <xnvme/nvme/status.hpp>
#include <xnvme/zoned.hpp>

#include "tests/conformance/harness.hpp"
#include "tests/guest/devices.hpp"

namespace {

using conformance::must;
using conformance::says;
using conformance::sentence_of;
using xnvme::nvme::CommandStatus;
using xnvme::nvme::ZoneState;
using xnvme::zoned::Zone;

/// A zoned device by its generic node, all its zones empty.
xnvme::Device open_empty(const char* role) {
    xnvme::Device device = must(xnvme::Device::open(guest::device(role).generic));
    must(xnvme::zoned::manage_all(device, xnvme::nvme::ZoneAction::reset));
    return device;
}

xnvme::Buffer block_of(xnvme::Device& device, std::uint32_t blocks, std::uint64_t generation) {
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    xnvme::Buffer buffer = must(device.allocate(std::size_t{blocks} * unit));
    conformance::fill(buffer.span(), 0, unit, generation);
    return buffer;
}

Zone zone_at(xnvme::Device& device, std::uint64_t lba) {
    return must(xnvme::zoned::zone_at(device, lba));
}

TEST(ZonedGeometry, IsThatOfTheNamespaceThroughEitherNode) {
    for (const std::string& path : {guest::device("zoned").block, guest::device("zoned").generic}) {
        SCOPED_TRACE(path);
        xnvme::Device device = must(xnvme::Device::open(path));
        const xnvme::Geometry& geometry = device.geometry();
        EXPECT_TRUE(geometry.zoned);
        EXPECT_EQ(geometry.command_set, xnvme::CommandSet::zoned);
        EXPECT_EQ(geometry.zone_blocks, 512u);
        EXPECT_EQ(geometry.zones, 16u);
        EXPECT_EQ(geometry.max_open_zones, 4u);
        EXPECT_EQ(geometry.max_active_zones, 6u);
        EXPECT_EQ(geometry.max_append_bytes, 128u << 10);
        EXPECT_EQ(geometry.zone_extension_bytes, 64u);
        EXPECT_EQ(geometry.random_write_area_blocks, 0u);
        EXPECT_EQ(zone_at(device, 0).capacity, 256u);
    }
    xnvme::Device areas = must(xnvme::Device::open(guest::device("zoned_zrwa").generic));
    EXPECT_EQ(areas.geometry().random_write_area_blocks, 16u);
    EXPECT_EQ(areas.geometry().random_write_area_flush_blocks, 4u);
    EXPECT_EQ(areas.geometry().random_write_areas, 4u);
}

TEST(ZonedReport, APartialOneCountsWhatItHoldsAndAWholeOneWhatMatches) {
    xnvme::Device device = open_empty("zoned");
    const std::uint64_t zone = device.geometry().zone_blocks;
    for (const std::uint64_t i : {1u, 3u, 4u}) must(xnvme::zoned::open(device, i * zone));
    std::array<std::byte, 64 + 2 * 64> bytes;
    const auto report = [&](xnvme::nvme::ZoneReceiveFields fields) {
        fields.bytes = bytes.size();
        (void)must(device.execute(xnvme::nvme::zone_management_receive(fields),
                                  xnvme::Data(bytes.data(), bytes.size())));
        return xnvme::nvme::ZoneReportView(bytes, 0);
    };
    EXPECT_EQ(report({.partial = false}).zones_said(), 16u);
    EXPECT_EQ(report({.partial = true}).zones_said(), 2u);
    const auto open = report({.state = ZoneState::explicitly_open, .partial = false});
    EXPECT_EQ(open.zones_said(), 3u);
    EXPECT_EQ(open.at(0).zslba.value(), zone);
    EXPECT_EQ(open.at(1).zslba.value(), 3 * zone);
    const auto later = report({.slba = 3 * zone + 7, .state = ZoneState::explicitly_open});
    EXPECT_EQ(later.at(0).zslba.value(), 3 * zone);
}

TEST(ZonedLimits, OpenAndActiveZonesAreRefusedByName) {
    xnvme::Device device = open_empty("zoned");
    const std::uint64_t zone = device.geometry().zone_blocks;
    for (std::uint64_t i = 0; i < 4; ++i) must(xnvme::zoned::open(device, i * zone));
    const auto fifth = xnvme::zoned::open(device, 4 * zone);
    ASSERT_FALSE(fifth);
    EXPECT_TRUE(xnvme::nvme::is(fifth.error().error.status, CommandStatus::too_many_open_zones));
    EXPECT_TRUE(says(sentence_of(fifth), {"open of the zone at block", "close or finish"}));
    must(xnvme::zoned::manage_all(device, xnvme::nvme::ZoneAction::close));
    must(xnvme::zoned::open(device, 4 * zone));
    must(xnvme::zoned::open(device, 5 * zone));
    const auto seventh = xnvme::zoned::open(device, 6 * zone);
    ASSERT_FALSE(seventh);
    EXPECT_TRUE(
        xnvme::nvme::is(seventh.error().error.status, CommandStatus::too_many_active_zones));
    must(xnvme::zoned::finish(device, 0));
    must(xnvme::zoned::open(device, 6 * zone));
}

TEST(ZonedLimits, AFullZoneAndAnUnalignedAppendHaveTheirMessages) {
    xnvme::Device device = open_empty("zoned");
    xnvme::Buffer block = block_of(device, 1, 1);
    const std::uint64_t zone = device.geometry().zone_blocks;
    const auto unaligned = xnvme::zoned::append(device, zone + 1, 1, block);
    EXPECT_TRUE(says(sentence_of(unaligned),
                     {"block 513 is not the first of a zone", "starts at block 512"}));
    must(xnvme::zoned::finish(device, zone));
    const auto full = xnvme::zoned::append(device, zone, 1, block);
    EXPECT_TRUE(says(sentence_of(full), {"Zone Is Full", "reset the zone"}));
    const auto written = device.execute(xnvme::nvme::write(zone, 1), block);
    ASSERT_FALSE(written);
    EXPECT_TRUE(xnvme::nvme::is(written.error().status, CommandStatus::zone_is_full));
}

TEST(ZonedExtensions, ComeBackWithTheirZone) {
    xnvme::Device device = open_empty("zoned");
    const std::uint64_t zone = device.geometry().zone_blocks;
    std::array<std::byte, 64> extension;
    for (std::size_t i = 0; i < extension.size(); ++i) extension[i] = static_cast<std::byte>(i);
    must(xnvme::zoned::set_extension(device, 2 * zone, extension));
    EXPECT_EQ(zone_at(device, 2 * zone).state, ZoneState::closed);
    unsigned found = 0;
    must(xnvme::zoned::for_each_zone(device, {.extensions = true, .zones_per_command = 5},
                                     [&](const Zone& each, std::span<const std::byte> bytes) {
                                         if (!each.has(xnvme::nvme::kZoneExtensionValid))
                                             return true;
                                         EXPECT_EQ(each.start, 2 * zone);
                                         EXPECT_TRUE(std::ranges::equal(bytes, extension));
                                         ++found;
                                         return true;
                                     }));
    EXPECT_EQ(found, 1u);
}

TEST(ZonedAreas, AreWrittenInAnyOrderAndCommittedByAFlush) {
    xnvme::Device device = open_empty("zoned_zrwa");
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    must(xnvme::zoned::open(device, 0, true));
    EXPECT_TRUE(zone_at(device, 0).has(xnvme::nvme::kZoneRandomWriteArea));
    xnvme::Buffer four = block_of(device, 4, 1);
    (void)must(device.execute(xnvme::nvme::write(8, 4), four));
    (void)must(device.execute(xnvme::nvme::write(0, 4), four));
    conformance::fill(four.span(), 0, unit, 2);
    (void)must(device.execute(xnvme::nvme::write(0, 4), four));
    EXPECT_EQ(zone_at(device, 0).write_pointer, 0u);
    EXPECT_FALSE(xnvme::zoned::append(device, 0, 1, four.part(0, unit)));
    EXPECT_FALSE(xnvme::zoned::flush(device, 2)) << "not the granularity";
    must(xnvme::zoned::flush(device, 3));
    EXPECT_EQ(zone_at(device, 0).write_pointer, 4u);
    EXPECT_TRUE(conformance::holds(
        conformance::read_blocks(device, 0, 4).span().first(4 * std::size_t{unit}), 0, unit, 2));
    EXPECT_FALSE(device.execute(xnvme::nvme::write(0, 4), four)) << "it is committed";
}

TEST(ZonedAreas, AreCommittedByWritingBehindThem) {
    xnvme::Device device = open_empty("zoned_zrwa");
    must(xnvme::zoned::open(device, 0, true));
    xnvme::Buffer four = block_of(device, 4, 3);
    (void)must(device.execute(xnvme::nvme::write(12, 4), four));
    EXPECT_EQ(zone_at(device, 0).write_pointer, 0u);
    (void)must(device.execute(xnvme::nvme::write(16, 4), four));
    EXPECT_EQ(zone_at(device, 0).write_pointer, 4u);
    EXPECT_FALSE(device.execute(xnvme::nvme::write(36, 4), four)) << "behind what it commits";
}

TEST(ZonedAreas, AreGivenToSoManyZones) {
    xnvme::Device device = open_empty("zoned_zrwa");
    const std::uint64_t zone = device.geometry().zone_blocks;
    for (std::uint64_t i = 0; i < 4; ++i) must(xnvme::zoned::open(device, i * zone, true));
    const auto fifth = xnvme::zoned::open(device, 4 * zone, true);
    ASSERT_FALSE(fifth);
    EXPECT_TRUE(xnvme::nvme::is(fifth.error().error.status, CommandStatus::no_zrwa_resources))
        << sentence_of(fifth);
    must(xnvme::zoned::reset(device, 0));
    must(xnvme::zoned::open(device, 4 * zone, true));
}

TEST(ZonedChanged, ADeviceWithoutTheListGivesItsStatusByName) {
    xnvme::Device device = open_empty("zoned");
    const auto changed = xnvme::zoned::changed(device);
    ASSERT_FALSE(changed);
    EXPECT_TRUE(says(sentence_of(changed), {"changed zone list", "("}));
    EXPECT_EQ(changed.error().error.code, xnvme::Errc::device);
}

// The page cache would have said that it went well.
TEST(ZonedBlock, AWriteToAWrongPlaceFailsWithoutDirectToo) {
    for (const std::string async : {"io_uring", "libaio", "posix_aio", "emu"}) {
        xnvme::Options options;
        options.async = async;
        xnvme::Device device = must(xnvme::Device::open(guest::device("zoned").block, options));
        must(xnvme::zoned::reset(device, 0));
        xnvme::Buffer block = block_of(device, 1, 5);
        xnvme::Queue queue = must(device.create_queue(1));
        conformance::Runner runner(queue);
        // The driver's ioctl tells the device's own verdict, the block layer an errno.
        const auto why = runner.run(xnvme::nvme::write(7, 1), block).why;
        EXPECT_EQ(why.code, async == "emu" ? xnvme::Errc::device : xnvme::Errc::system) << async;
        EXPECT_EQ(runner.run(xnvme::nvme::write(0, 1), block).why.code, xnvme::Errc::ok) << async;
        EXPECT_EQ(zone_at(device, 0).write_pointer, 1u) << async;
        must(xnvme::zoned::reset(device, 0));
    }
}

TEST(ZonedBlock, ThroughTheKernelsZoneCallsThereIsNoAppend) {
    xnvme::Options options;
    options.sync = "block";
    options.async = "emu";
    options.direct = true;
    xnvme::Device device = must(xnvme::Device::open(guest::device("zoned").block, options));
    must(xnvme::zoned::manage_all(device, xnvme::nvme::ZoneAction::reset));
    xnvme::Buffer block = block_of(device, 1, 5);
    const auto refused = xnvme::zoned::append(device, 0, 1, block);
    EXPECT_TRUE(says(sentence_of(refused), {"no append", "write at the zone's write pointer"}));
    (void)must(device.execute(xnvme::nvme::write(0, 1), block));
    EXPECT_EQ(zone_at(device, 0).write_pointer, 1u);
    EXPECT_EQ(zone_at(device, 0).capacity, 256u);
    must(xnvme::zoned::finish(device, 0));
    EXPECT_EQ(zone_at(device, 0).state, ZoneState::full);
    must(xnvme::zoned::reset(device, 0));
    EXPECT_EQ(zone_at(device, 0).state, ZoneState::empty);
}

}  // namespace
