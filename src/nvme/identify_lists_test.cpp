#include <xnvme/nvme/identify_lists.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <random>
#include <vector>

#include <xnvme/nvme/management.hpp>
#include <xnvme/nvme/print.hpp>

namespace xnvme::nvme {
namespace {

using Page = std::array<std::byte, kIdentifyBytes>;

template <class T>
T from(std::initializer_list<std::pair<std::size_t, int>> values) {
    std::array<std::uint8_t, sizeof(T)> raw{};
    for (const auto& [offset, value] : values) raw[offset] = static_cast<std::uint8_t>(value);
    return decode<T>(std::as_bytes(std::span(raw))).value();
}

std::string printed(Cns cns, std::span<const std::byte> data) {
    return to_json(identify_node(cns, CommandSet::nvm, data), 0);
}

TEST(PrimaryControllerCapabilities, FieldsStandWhereTheSpecificationPutsThem) {
    const auto id = from<PrimaryControllerCapabilities>(
        {{0, 7}, {4, 3}, {32, 16}, {36, 4}, {40, 2}, {42, 9}, {44, 5}, {46, 1}, {64, 32}, {72, 6}});
    EXPECT_EQ(id.cntlid, 7u);
    EXPECT_EQ(id.crt, 3u);
    EXPECT_EQ(id.vqfrt, 16u);
    EXPECT_EQ(id.vqrfa, 4u);
    EXPECT_EQ(id.vqrfap, 2u);
    EXPECT_EQ(id.vqprt, 9u);
    EXPECT_EQ(id.vqfrsm, 5u);
    EXPECT_EQ(id.vqgran, 1u);
    EXPECT_EQ(id.vifrt, 32u);
    EXPECT_EQ(id.virfap, 6u);
    const std::string text = printed(Cns::primary_capabilities, encode(id));
    EXPECT_NE(text.find("\"queue_resources\":{\"flexible\":16"), std::string::npos) << text;
}

TEST(SecondaryControllerList, ListsAsManyAsItSaysAndHasRoomFor) {
    auto list = from<SecondaryControllerList>(
        {{0, 2}, {32, 9}, {34, 1}, {36, 1}, {40, 3}, {42, 4}, {44, 5}, {64, 10}});
    EXPECT_EQ(list.count(), 2u);
    EXPECT_EQ(list.controllers[0].scid, 9u);
    EXPECT_EQ(list.controllers[0].pcid, 1u);
    EXPECT_TRUE(list.controllers[0].online());
    EXPECT_EQ(list.controllers[0].vfn, 3u);
    EXPECT_EQ(list.controllers[0].nvq, 4u);
    EXPECT_EQ(list.controllers[0].nvi, 5u);
    EXPECT_FALSE(list.controllers[1].online());
    EXPECT_EQ(to_node(list).find("secondary_controllers")->size(), 2u);
    list.num = 255;
    EXPECT_EQ(list.count(), 127u);
    EXPECT_EQ(to_node(list).find("secondary_controllers")->size(), 127u);
}

TEST(NamespaceGranularityList, CountsDescriptorsFromZero) {
    auto list = from<NamespaceGranularityList>({{0, 1}, {4, 1}, {33, 0x10}, {41, 0x20}});
    EXPECT_TRUE(list.per_format());
    EXPECT_EQ(list.count(), 2u);
    EXPECT_EQ(list.granularity[0].nszegran, 0x1000u);
    EXPECT_EQ(list.granularity[0].ncapgran, 0x2000u);
    list.descriptors = 255;
    EXPECT_EQ(list.count(), 16u);
}

TEST(UuidList, EndsAtTheFirstUnusedEntry) {
    auto list = from<UuidList>({{32, 2}, {48, 0x12}, {63, 0x34}, {127, 1}});
    EXPECT_EQ(list.count(), 1u) << "the second entry is unused, though the third is not";
    EXPECT_EQ(list.entries[0].association(), 2u);
    EXPECT_EQ(to_node(list).find("uuids")->at(0).find("uuid")->as_text(),
              "12000000-0000-0000-0000-000000000034");
    for (UuidEntry& entry : list.entries) entry.uuid[0] = 1;
    EXPECT_EQ(list.count(), 127u);
}

TEST(Lists, OfSetsDomainsAndGroupsStayInsideTheirStructure) {
    auto sets = from<NvmSetList>({{0, 1}, {128, 2}, {130, 3}, {136, 10}, {140, 8}, {160, 1}});
    EXPECT_EQ(sets.count(), 1u);
    EXPECT_EQ(sets.sets[0].nvmsetid, 2u);
    EXPECT_EQ(sets.sets[0].endgid, 3u);
    EXPECT_EQ(to_node(sets).find("nvm_sets")->at(0).find("random_read_4k_ns")->as_unsigned(),
              1000u);
    sets.num = 200;
    EXPECT_EQ(sets.count(), 31u);
    auto domains = from<DomainList>({{0, 1}, {128, 5}, {144, 9}});
    EXPECT_EQ(domains.domains[0].domain_id, 5u);
    EXPECT_EQ(domains.domains[0].capacity, U128::of(9));
    domains.num = 32;
    EXPECT_EQ(domains.count(), 31u);
    auto groups = from<EnduranceGroupList>({{0, 2}, {2, 1}, {4, 4}});
    EXPECT_EQ(to_json(to_node(groups), 0), "{\"endgids\":[1,4]}");
    groups.num = std::uint16_t{0xffff};
    EXPECT_EQ(groups.count(), 2047u);
}

TEST(Identify, EveryStructureHasFieldsAndNoBytes) {
    const Page page{};
    for (const CnsInfo& row : kCnsValues) {
        const Node node = identify_node(row.cns, CommandSet::nvm, page);
        EXPECT_EQ(node.find("lines"), nullptr) << row.name << " is printed as bytes";
    }
}

TEST(Identify, WhateverADeviceSaysStaysInsideTheBuffer) {
    std::mt19937 random(11);
    for (const CnsInfo& row : kCnsValues) {
        for (int round = 0; round < 8; ++round) {
            // A heap of exactly this size, so that a sanitizer sees a read past it.
            std::vector<std::byte> page(round < 4 ? kIdentifyBytes : random() % kIdentifyBytes);
            const auto fill = random();
            for (std::byte& byte : page)
                byte = static_cast<std::byte>(round % 2 == 0 ? 0xff : random() ^ fill);
            EXPECT_FALSE(printed(row.cns, page).empty());
        }
    }
}

TEST(Management, NamespacesAreCreatedByTheFieldsOfIdentify) {
    const Command create = namespace_create(CommandSet::zoned);
    EXPECT_EQ(create.opcode, 0x0du);
    EXPECT_EQ(create.cdw10, 0u);
    EXPECT_EQ(create.cdw11, 0x02000000u);
    const Command remove = namespace_delete(4);
    EXPECT_EQ(remove.nsid, 4u);
    EXPECT_EQ(remove.cdw10, 1u);
    NamespaceRequest request{};
    request.set_format(0x25, true);
    EXPECT_EQ(request.flbas, 0x55);
    EXPECT_EQ(request.format_index(), 0x25u);
    request.nsze = std::uint64_t{77};
    request.endgid = std::uint16_t{3};
    const auto id = decode<IdentifyNamespace>(encode(request)).value();
    EXPECT_EQ(id.nsze, 77u);
    EXPECT_EQ(id.endgid, 3u);
    EXPECT_TRUE(id.metadata_extended());
    const Command detach = namespace_attachment(NamespaceAttachment::detach, 2);
    EXPECT_EQ(detach.opcode, 0x15u);
    EXPECT_EQ(detach.nsid, 2u);
    EXPECT_EQ(detach.cdw10, 1u);
}

TEST(Management, FirmwareSecurityAndTestsPlaceTheirFields) {
    const Command download = firmware_download(8192, 4096);
    EXPECT_EQ(download.opcode, 0x11u);
    EXPECT_EQ(download.cdw10, 1023u);
    EXPECT_EQ(download.cdw11, 2048u);
    EXPECT_EQ(firmware_commit(FirmwareAction::activate_now, 2).cdw10, 0x1au);
    EXPECT_EQ(firmware_commit(FirmwareAction::store_boot, 0, 1).cdw10, 0x80000030u);
    EXPECT_EQ(device_self_test(SelfTest::abort, kNsidAll).cdw10, 0xfu);
    const Command receive = security_receive({.nsid = 1,
                                              .protocol = 0xea,
                                              .protocol_specific = 0x0102,
                                              .nvme_specific = 3,
                                              .bytes = 512});
    EXPECT_EQ(receive.opcode, 0x82u);
    EXPECT_EQ(receive.cdw10, 0xea010203u);
    EXPECT_EQ(receive.cdw11, 512u);
    EXPECT_EQ(security_send({.protocol = 1}).opcode, 0x81u);
    const Command assign = virtualization_management(VirtualizationAction::assign_secondary, 3,
                                                     VirtualResource::interrupts, 2);
    EXPECT_EQ(assign.opcode, 0x1cu);
    EXPECT_EQ(assign.cdw10, 0x00030108u);
    EXPECT_EQ(assign.cdw11, 2u);
}

}  // namespace
}  // namespace xnvme::nvme
