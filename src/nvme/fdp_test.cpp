#include <xnvme/nvme/fdp.hpp>

#include <gtest/gtest.h>

#include <cstring>

#include <xnvme/nvme/directives.hpp>

namespace xnvme::nvme {
namespace {

template <class... T>
std::vector<std::byte> bytes_of(const T&... values) {
    std::vector<std::byte> bytes;
    const auto add = [&bytes](const auto& value) {
        const auto encoded = encode(value);
        bytes.insert(bytes.end(), encoded.begin(), encoded.end());
    };
    (add(values), ...);
    return bytes;
}

FdpConfigurationDescriptor descriptor(std::uint16_t handles, std::uint16_t bytes) {
    FdpConfigurationDescriptor made{};
    made.dsze = bytes;
    made.fdpa = 0x82;
    made.nrg = std::uint32_t{4};
    made.nruh = handles;
    made.maxpids = std::uint16_t{7};
    made.nns = std::uint32_t{1};
    made.runs = std::uint64_t{96} << 20;
    return made;
}

TEST(FdpBuilders, PutEachFieldWhereItBelongs) {
    const Command enable = fdp_enable(3, true, 2, true);
    EXPECT_EQ(enable.opcode, 0x09);
    EXPECT_EQ(enable.cdw10, 0x8000001du);
    EXPECT_EQ(enable.cdw11, 3u);
    EXPECT_EQ(enable.cdw12, 0x201u);
    EXPECT_EQ(fdp_enable(3, false).cdw12, 0u);
    EXPECT_EQ(fdp_state(3).cdw10, 0x1du);
    EXPECT_EQ(fdp_state(3).cdw11, 3u);
    EXPECT_EQ(fdp_set_events(5, 4, true, 1).cdw11, 0x40005u);
    EXPECT_EQ(fdp_set_events(5, 4, true, 1).cdw12, 1u);
    EXPECT_EQ(fdp_get_events(5, 255, 1).cdw11, 0xff0005u);
    const Command log = fdp_log(LogPage::fdp_events, 9, 4096, 64, true);
    EXPECT_EQ(log.cdw10, 0x23u | (1u << 8) | (1023u << 16));
    EXPECT_EQ(log.cdw11, 9u << 16);
    EXPECT_EQ(log.cdw12, 64u);
    const Command status = fdp_status(272);
    EXPECT_EQ(status.opcode, 0x12);
    EXPECT_EQ(status.cdw10, 1u);
    EXPECT_EQ(status.cdw11, 67u);
    const Command update = fdp_update(3, 7);
    EXPECT_EQ(update.opcode, 0x1d);
    EXPECT_EQ(update.nsid, 7u);
    EXPECT_EQ(update.cdw10, 0x20001u);
}

TEST(FdpBuilders, AWriteNamesItsPlacement) {
    Command plain = write(8, 4, kForceUnitAccess);
    plain.cdw13 = 0x12;
    const Command command = placed(plain, 0xabcd);
    EXPECT_EQ(command.cdw12, kForceUnitAccess | 0x200000u | 3u);
    EXPECT_EQ(command.cdw13, 0xabcd0012u);
    EXPECT_EQ(directive_of(command), DirectiveType::data_placement);
    EXPECT_EQ(directive_specific(command), 0xabcd);
    EXPECT_EQ(directive_of(plain), DirectiveType::identify);
    const Command stream = streamed(command, 5);
    EXPECT_EQ(stream.cdw12, kForceUnitAccess | 0x100000u | 3u);
    EXPECT_EQ(directive_specific(stream), 5);
}

TEST(FdpPlacement, GroupStandsInTheUpperBits) {
    EXPECT_EQ(placement_identifier(0, 5, 0), 5);
    EXPECT_EQ(placement_identifier(3, 5, 2), 0xc005);
    EXPECT_EQ(placement_group(0xc005, 2), 3u);
    EXPECT_EQ(placement_handle(0xc005, 2), 5u);
    EXPECT_EQ(placement_group(0xffff, 0), 0u);
    EXPECT_EQ(placement_handle(0xffff, 0), 0xffffu);
}

TEST(FdpConfigurations, AreDecodedWithTheirHandles) {
    FdpConfigurationsHeader header{};
    header.numfdpc = std::uint16_t{1};
    header.sze = std::uint32_t{16 + 76 + 68};
    FdpRuhDescriptor persistent{2, {}};
    FdpRuhDescriptor initial{1, {}};
    // The first has four bytes of the vendor's behind its two handles.
    const auto bytes = bytes_of(header, descriptor(2, 76), persistent, initial, Le32(0xdeadbeef),
                                descriptor(1, 68), persistent);
    const FdpConfigurations log = decode_fdp_configurations(bytes);
    EXPECT_TRUE(log.well_formed);
    EXPECT_EQ(log.reported, 2u);
    EXPECT_EQ(log.bytes, 160u);
    ASSERT_EQ(log.list.size(), 2u);
    ASSERT_EQ(log.list[0].handles.size(), 2u);
    EXPECT_EQ(log.list[0].handles[1].ruht, 1);
    EXPECT_EQ(log.list[0].descriptor.group_bits(), 2u);
    EXPECT_TRUE(log.list[0].descriptor.valid());
    EXPECT_EQ(log.list[0].descriptor.placement_handles(), 8u);
    EXPECT_EQ(log.list[1].handles.size(), 1u);
}

TEST(FdpConfigurations, DamageEndsThemAndKeepsWhatWasBefore) {
    FdpConfigurationsHeader header{};
    header.numfdpc = std::uint16_t{1};
    const FdpRuhDescriptor handle{2, {}};
    const auto good = bytes_of(header, descriptor(1, 68), handle);
    // One that is cut, one that is shorter than its handles, one that says it has no size at all,
    // and one with more handles than there are bytes.
    for (const auto& tail :
         {std::vector<std::byte>(10), bytes_of(descriptor(3, 68), handle, handle, handle),
          bytes_of(descriptor(0, 0)), bytes_of(descriptor(0xffff, 0xffff), handle)}) {
        auto bytes = good;
        bytes.insert(bytes.end(), tail.begin(), tail.end());
        const FdpConfigurations log = decode_fdp_configurations(bytes);
        EXPECT_FALSE(log.well_formed);
        EXPECT_EQ(log.list.size(), 1u);
    }
    EXPECT_FALSE(decode_fdp_configurations({}).well_formed);
    EXPECT_FALSE(decode_fdp_configurations(std::vector<std::byte>(15)).well_formed);
}

TEST(FdpLists, NeverReadPastTheBuffer) {
    FdpUsageHeader usage{};
    usage.nruh = std::uint16_t{0xffff};
    const auto usages =
        decode_fdp_usage(bytes_of(usage, FdpUsage{1, {}}, FdpUsage{2, {}}, Le16(1)));
    ASSERT_EQ(usages.size(), 2u);
    EXPECT_EQ(usages[1].ruha, 2);
    FdpEventsHeader events{};
    events.n = std::uint32_t{0xffffffff};
    FdpEvent event{};
    event.type = 3;
    EXPECT_EQ(decode_fdp_events(bytes_of(events, event)).size(), 1u);
    events.n = std::uint32_t{0};
    EXPECT_TRUE(decode_fdp_events(bytes_of(events, event)).empty());
    FdpStatusHeader header{};
    header.nruhsd = std::uint16_t{3};
    FdpStatus status{};
    status.pid = std::uint16_t{2};
    status.ruamw = std::uint64_t{77};
    const FdpStatuses statuses = decode_fdp_status(bytes_of(header, status));
    EXPECT_EQ(statuses.reported, 3u);
    ASSERT_EQ(statuses.list.size(), 1u);
    EXPECT_EQ(statuses.list[0].ruamw.value(), 77u);
    EXPECT_TRUE(decode_fdp_usage({}).empty());
    EXPECT_TRUE(decode_fdp_events({}).empty());
    EXPECT_TRUE(decode_fdp_status({}).list.empty());
}

TEST(FdpEvents, ReallocatedMediaSaysWhatWasMoved) {
    FdpEvent event{};
    event.type = 0x80;
    event.flags = kFdpHasPlacement | kFdpHasLocation;
    event.pid = std::uint16_t{0x102};
    event.specific = {1, 0, 0x34, 0x12, 8, 7, 6, 5, 4, 3, 2, 1};
    EXPECT_EQ(event.moved_blocks(), 0x1234u);
    EXPECT_TRUE(event.has_moved_lba());
    EXPECT_EQ(event.moved_lba(), 0x0102030405060708u);
    const Node node = to_node(event);
    EXPECT_EQ(node.find("name")->as_text(), "media-reallocated");
    EXPECT_EQ(node.find("moved_blocks")->as_unsigned(), 0x1234u);
    EXPECT_EQ(node.find("placement_identifier")->as_unsigned(), 0x102u);
    EXPECT_EQ(node.find("nsid"), nullptr);
    EXPECT_NE(node.find("reclaim_group"), nullptr);
}

TEST(FdpPrint, LogsGoByTheirPage) {
    FdpStatisticsLog statistics{};
    statistics.hbmw = U128::of(4096);
    const Node node = log_node(LogPage::fdp_statistics, CommandSet::nvm, encode(statistics));
    ASSERT_NE(node.find("host_bytes_written"), nullptr);
    EXPECT_EQ(node.find("host_bytes_written")->as_text(), "4096");
    EXPECT_NE(log_node(LogPage::fdp_events, CommandSet::nvm, {}).find("events"), nullptr);
}

TEST(Directives, ParametersAreBitsOfTypes) {
    DirectiveParameters parameters{};
    DirectiveParameters::add(parameters.supported, DirectiveType::streams);
    DirectiveParameters::add(parameters.supported, DirectiveType::data_placement);
    DirectiveParameters::add(parameters.enabled, DirectiveType::data_placement);
    EXPECT_EQ(parameters.supported[0], 6);
    const Node list = *to_node(parameters).find("directives");
    ASSERT_EQ(list.size(), 2u);
    EXPECT_EQ(list.at(0).find("name")->as_text(), "streams");
    EXPECT_FALSE(list.at(0).find("enabled")->as_bool());
    EXPECT_TRUE(list.at(1).find("enabled")->as_bool());
}

TEST(Directives, StreamsBuildersAndTheirAnswers) {
    EXPECT_EQ(directive_parameters(1).cdw10, 1023u);
    EXPECT_EQ(directive_parameters(1).cdw11, 1u);
    EXPECT_EQ(streams_parameters(1).cdw10, 7u);
    EXPECT_EQ(streams_parameters(1).cdw11, 0x0101u);
    EXPECT_EQ(streams_status(64, 1).cdw11, 0x0102u);
    EXPECT_EQ(streams_allocate(9, 1).cdw11, 0x0103u);
    EXPECT_EQ(streams_allocate(9, 1).cdw12, 9u);
    EXPECT_EQ(streams_release(0x55, 1).cdw11, 0x00550101u);
    EXPECT_EQ(streams_release_all(1).cdw11, 0x0102u);
    EXPECT_EQ(decode_streams_status(bytes_of(Le16(2), Le16(7), Le16(9), Le16(11))),
              (std::vector<std::uint16_t>{7, 9}));
    EXPECT_EQ(decode_streams_status(bytes_of(Le16(0xffff), Le16(7))),
              std::vector<std::uint16_t>{7});
    EXPECT_TRUE(decode_streams_status({}).empty());
}

}  // namespace
}  // namespace xnvme::nvme
