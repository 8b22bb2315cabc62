#include <xnvme/nvme/zoned.hpp>

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

#include <xnvme/nvme/print.hpp>

namespace xnvme::nvme {
namespace {

TEST(Zoned, AppendIsAWriteToAZone) {
    const Command command = zone_append(0x1'0000'0010, 8, kForceUnitAccess, 3);
    EXPECT_EQ(command.opcode, 0x7d);
    EXPECT_EQ(command.nsid, 3u);
    EXPECT_EQ(command.cdw10, 0x10u);
    EXPECT_EQ(command.cdw11, 1u);
    EXPECT_EQ(command.cdw12, 0x40000007u);
    Completion completion;
    completion.result = 0x1'0000'0018;
    EXPECT_EQ(appended_lba(completion), 0x1'0000'0018u);
}

TEST(Zoned, ManagementCommandsHaveTheirActionAndFlags) {
    EXPECT_EQ(zone_close(64).cdw13, 0x01u);
    EXPECT_EQ(zone_finish(64).cdw13, 0x02u);
    EXPECT_EQ(zone_open(64).cdw13, 0x03u);
    EXPECT_EQ(zone_open(64, true).cdw13, 0x203u);
    EXPECT_EQ(zone_reset(64).cdw13, 0x04u);
    EXPECT_EQ(zone_offline(64).cdw13, 0x05u);
    EXPECT_EQ(zone_set_extension(64).cdw13, 0x10u);
    EXPECT_EQ(zone_flush(71).cdw13, 0x11u);
    EXPECT_EQ(zone_flush(71).cdw10, 71u);
    const Command all = zone_management_send(ZoneAction::reset, 0, kZoneSelectAll, 2);
    EXPECT_EQ(all.opcode, 0x79);
    EXPECT_EQ(all.nsid, 2u);
    EXPECT_EQ(all.cdw13, 0x104u);
    EXPECT_EQ(zone_action(all), ZoneAction::reset);
}

TEST(Zoned, ReceiveHasLengthFilterAndKind) {
    const Command plain = zone_management_receive({.slba = 0x2'0000'0000, .bytes = 4096});
    EXPECT_EQ(plain.opcode, 0x7a);
    EXPECT_EQ(plain.cdw11, 2u);
    EXPECT_EQ(plain.cdw12, 1023u);
    EXPECT_EQ(plain.cdw13, 0x10000u);
    EXPECT_EQ(zone_receive_bytes(plain), 4096u);
    const Command full = zone_management_receive(
        {.bytes = 64, .state = ZoneState::full, .extended = true, .partial = false});
    EXPECT_EQ(full.cdw12, 15u);
    EXPECT_EQ(full.cdw13, 0x501u);
}

TEST(Zoned, FiltersMatchTheirStateAlone) {
    for (const ZoneStateInfo& row : kZoneStates) {
        EXPECT_TRUE(zone_matches(0, row.state));
        EXPECT_EQ(find_zone_state(row.name), row.state);
        for (std::uint32_t filter = 1; filter <= kZoneFilterMax; ++filter)
            EXPECT_EQ(zone_matches(filter, row.state), filter == row.filter) << row.name;
    }
    EXPECT_FALSE(zone_matches(8, ZoneState::empty));
    EXPECT_EQ(find_zone_state("half-open"), std::nullopt);
    EXPECT_EQ(zone_state_name(static_cast<ZoneState>(7)), "unknown");
}

TEST(Zoned, LimitsAreCountedFromOneAndMayBeMissing) {
    IdentifyNamespaceZoned id{};
    id.mar = kNoZoneLimit;
    id.mor = 13u;
    EXPECT_EQ(id.max_active(), 0u);
    EXPECT_EQ(id.max_open(), 14u);
    IdentifyControllerZoned controller{};
    EXPECT_EQ(controller.max_append_bytes(), 0u);
    controller.zasl = 5;
    EXPECT_EQ(controller.max_append_bytes(), 128u * 1024);
    controller.zasl = 255;
    EXPECT_EQ(controller.max_append_bytes(), 0u);
}

std::vector<std::byte> report_of(std::uint64_t said, std::size_t zones,
                                 std::uint32_t extension_bytes) {
    std::vector<std::byte> bytes(ZoneReportView::bytes_for(zones, extension_bytes));
    ZoneReportHeader header{};
    header.nzones = said;
    std::memcpy(bytes.data(), &header, sizeof header);
    for (std::size_t i = 0; i < zones; ++i) {
        ZoneDescriptor zone{};
        zone.zt = 2;
        zone.zs = 0x10;
        zone.zslba = i * 4096;
        zone.wp = i * 4096;
        zone.zcap = std::uint64_t{4000};
        std::byte* at = bytes.data() + sizeof header + i * (sizeof zone + extension_bytes);
        std::memcpy(at, &zone, sizeof zone);
        std::memset(at + sizeof zone, static_cast<int>(i + 1), extension_bytes);
    }
    return bytes;
}

TEST(Zoned, ReportIsReadZoneByZone) {
    const auto bytes = report_of(3, 3, 128);
    const ZoneReportView report(bytes, 128);
    ASSERT_EQ(report.size(), 3u);
    EXPECT_EQ(report.at(2).zslba.value(), 8192u);
    EXPECT_EQ(report.at(2).state(), ZoneState::empty);
    EXPECT_EQ(report.at(2).type(), ZoneType::sequential);
    EXPECT_EQ(report.extension(2).size(), 128u);
    EXPECT_EQ(report.extension(2).front(), std::byte{3});
    const Node node = to_node(report);
    EXPECT_EQ(node.find("zones")->size(), 3u);
    EXPECT_EQ(node.find("zones")->at(1).find("zslba")->as_unsigned(), 4096u);
    EXPECT_EQ(node.find("zones")->at(1).find("state")->as_text(), "empty");
}

TEST(Zoned, ReportThatSaysMoreThanItHasIsCut) {
    const auto bytes = report_of(UINT64_MAX, 2, 0);
    EXPECT_EQ(ZoneReportView(bytes, 0).size(), 2u);
    EXPECT_EQ(ZoneReportView(bytes, 0).zones_said(), UINT64_MAX);
    const std::span<const std::byte> span(bytes);
    EXPECT_EQ(ZoneReportView(span.first(64 + 127), 0).size(), 1u);
    EXPECT_EQ(ZoneReportView(span.first(64), 0).size(), 0u);
    EXPECT_EQ(ZoneReportView(span.first(63), 0).size(), 0u);
    EXPECT_EQ(ZoneReportView(span.first(63), 0).zones_said(), 0u);
    EXPECT_EQ(ZoneReportView({}, 64).size(), 0u);
}

TEST(Zoned, ReportThatSaysLessHasLess) {
    EXPECT_EQ(ZoneReportView(report_of(1, 3, 0), 0).zones_said(), 1u);
    const auto bytes = report_of(1, 3, 0);
    EXPECT_EQ(ZoneReportView(bytes, 0).size(), 1u);
}

TEST(Zoned, ChangedZonesAreBoundedByTheList) {
    ChangedZonesLog log{};
    log.nrzid = std::uint16_t{2};
    log.zid[1] = std::uint64_t{4096};
    EXPECT_EQ(log.count(), 2u);
    EXPECT_EQ(to_node(log).find("zslbas")->size(), 2u);
    log.nrzid = std::uint16_t{0xfffe};
    EXPECT_EQ(log.count(), 511u);
    log.nrzid = std::uint16_t{0xffff};
    EXPECT_TRUE(log.overflowed());
    EXPECT_EQ(log.count(), 0u);
    EXPECT_TRUE(to_node(log).find("too_many_to_list")->as_bool());
}

TEST(Zoned, AFullZoneHasNoWritePointer) {
    ZoneDescriptor zone{};
    zone.zs = 0xe0;
    zone.za = 0x81;
    const Node node = to_node(zone);
    EXPECT_EQ(node.find("write_pointer")->kind(), Node::Kind::null);
    EXPECT_TRUE(node.find("attributes")->find("finished_by_controller")->as_bool());
    EXPECT_TRUE(node.find("attributes")->find("extension_valid")->as_bool());
    EXPECT_FALSE(node.find("attributes")->find("random_write_area")->as_bool());
    zone.zs = 0x70;
    EXPECT_EQ(to_node(zone).find("state")->as_text(), "unknown");
}

TEST(Zoned, RandomBytesNeverLeadOutsideAReport) {
    std::mt19937 random(11);
    for (int round = 0; round < 2000; ++round) {
        std::vector<std::byte> bytes(random() % 700);
        for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
        if (bytes.size() >= 8 && random() % 2 == 0) std::memset(bytes.data() + 1, 0, 7);
        const auto extension = static_cast<std::uint32_t>(random() % 4 * 64);
        const ZoneReportView report(bytes, extension);
        const Node node = to_node(report);
        EXPECT_EQ(node.find("zones")->size(), report.size());
        EXPECT_LE(ZoneReportView::bytes_for(report.size(), extension),
                  bytes.size() < 64 ? 64 : bytes.size());
        EXPECT_FALSE(to_json(node).empty());
    }
}

TEST(Zoned, IdentifyAndLogAreDecodedByTheirCommandSet) {
    std::vector<std::byte> data(4096);
    data[4] = std::byte{13};
    data[2816 + 1] = std::byte{0x10};
    data[2816 + 8] = std::byte{1};
    const Node ns = identify_node(Cns::ns_csi, CommandSet::zoned, data);
    EXPECT_EQ(ns.find("max_active_zones")->as_unsigned(), 14u);
    EXPECT_EQ(ns.find("formats")->at(0).find("zone_blocks")->as_unsigned(), 4096u);
    EXPECT_EQ(ns.find("formats")->at(0).find("extension_bytes")->as_unsigned(), 64u);
    const Node controller = identify_node(Cns::controller_csi, CommandSet::zoned, data);
    EXPECT_EQ(controller.find("zasl")->as_unsigned(), 0u);
    const Node log = log_node(LogPage::changed_zones, CommandSet::zoned, data);
    EXPECT_EQ(log.find("zslbas")->size(), 0u);
}

}  // namespace
}  // namespace xnvme::nvme
