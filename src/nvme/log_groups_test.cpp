#include <xnvme/nvme/log_groups.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <random>
#include <vector>

#include <xnvme/nvme/print.hpp>

namespace xnvme::nvme {
namespace {

/// Little-endian structures one after the other.
class Bytes {
  public:
    template <class T>
    Bytes& add(const T& value) {
        const auto bytes = encode(value);
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
        return *this;
    }
    operator std::span<const std::byte>() const { return bytes_; }
    std::vector<std::byte>& raw() { return bytes_; }

  private:
    std::vector<std::byte> bytes_;
};

template <class T>
T from(std::initializer_list<std::pair<std::size_t, int>> values) {
    std::array<std::uint8_t, sizeof(T)> raw{};
    for (const auto& [offset, value] : values) raw[offset] = static_cast<std::uint8_t>(value);
    return decode<T>(std::as_bytes(std::span(raw))).value();
}

TEST(EnduranceGroupLog, FieldsStandWhereTheSpecificationPutsThem) {
    const auto log = from<EnduranceGroupLog>({{0, 0x09},
                                              {3, 100},
                                              {4, 10},
                                              {5, 3},
                                              {6, 2},
                                              {32, 1},
                                              {48, 2},
                                              {64, 3},
                                              {80, 4},
                                              {96, 5},
                                              {128, 7},
                                              {176, 9}});
    EXPECT_EQ(log.available_spare, 100u);
    EXPECT_EQ(log.percentage_used, 3u);
    EXPECT_EQ(log.domain_id, 2u);
    EXPECT_EQ(log.endurance_estimate, U128::of(1));
    EXPECT_EQ(log.media_units_written, U128::of(4));
    EXPECT_EQ(log.host_read_commands, U128::of(5));
    EXPECT_EQ(log.media_errors, U128::of(7));
    EXPECT_EQ(log.unallocated_capacity, U128::of(9));
    const Node node = to_node(log);
    EXPECT_TRUE(node.find("critical_warning")->find("read_only")->as_bool());
    EXPECT_FALSE(node.find("critical_warning")->find("reliability_degraded")->as_bool());
}

TEST(PredictableLatencyLog, SaysWhichWindowASetIsIn) {
    const auto log = from<PredictableLatencyLog>({{0, 2}, {3, 0x80}, {32, 4}, {128, 5}, {144, 6}});
    EXPECT_EQ(to_node(log).find("window")->as_text(), "non-deterministic");
    EXPECT_TRUE(to_node(log).find("events")->find("deterministic_excursion")->as_bool());
    EXPECT_EQ(log.dtwin_reads_typical, 4u);
    EXPECT_EQ(log.dtwin_reads_estimate, 5u);
    EXPECT_EQ(log.dtwin_time_estimate, 6u);
}

TEST(EventAggregate, HoldsNoMoreThanItSaysAndNoMoreThanThereIs) {
    Bytes log;
    log.add(Le64(2)).add(Le16(4)).add(Le16(9)).add(Le16(11));
    EXPECT_EQ(decode_event_aggregate(log).identifiers, (std::vector<std::uint16_t>{4, 9}));
    Bytes hostile;
    hostile.add(Le64(~std::uint64_t{0})).add(Le16(4));
    const EventAggregate decoded = decode_event_aggregate(hostile);
    EXPECT_EQ(decoded.identifiers.size(), 1u);
    EXPECT_EQ(decoded.claimed, ~std::uint64_t{0});
    EXPECT_TRUE(decode_event_aggregate({}).identifiers.empty());
}

AnaGroupEntry ana_group(std::uint32_t group, std::uint32_t nsids, std::uint8_t state) {
    AnaGroupEntry entry{};
    entry.group = group;
    entry.nsids = nsids;
    entry.state = state;
    return entry;
}

TEST(AnaLog, GroupsHaveTheirNamespaces) {
    AnaHeader header{};
    header.change_count = std::uint64_t{8};
    header.groups = std::uint16_t{2};
    Bytes log;
    log.add(header)
        .add(ana_group(1, 2, 1))
        .add(Le32(3))
        .add(Le32(4))
        .add(ana_group(2, 1, 0xf3))
        .add(Le32(5));
    const AnaLog decoded = decode_ana(log);
    EXPECT_TRUE(decoded.well_formed);
    ASSERT_EQ(decoded.groups.size(), 2u);
    EXPECT_EQ(decoded.groups[0].nsids, (std::vector<std::uint32_t>{3, 4}));
    EXPECT_EQ(decoded.groups[1].state, 3u);
    const Node node = log_node(LogPage::ana, CommandSet::nvm, log);
    EXPECT_EQ(node.find("groups")->at(1).find("state")->as_text(), "inaccessible");
}

TEST(AnaLog, AGroupThatReachesPastTheEndEndsTheList) {
    AnaHeader header{};
    header.groups = std::uint16_t{0xffff};
    Bytes log;
    log.add(header).add(ana_group(1, 1, 1)).add(Le32(3)).add(ana_group(2, 0xffffffff, 1));
    const AnaLog decoded = decode_ana(log);
    EXPECT_FALSE(decoded.well_formed);
    ASSERT_EQ(decoded.groups.size(), 1u);
    EXPECT_EQ(decoded.groups[0].nsids.size(), 1u);
    EXPECT_FALSE(decode_ana({}).well_formed);
}

TEST(LbaStatusLog, NamespacesHaveTheirRanges) {
    LbaStatusHeader header{};
    header.lslplen = std::uint32_t{80};
    header.nlslne = std::uint32_t{2};
    header.estulb = std::uint32_t{0xffffffff};
    LbaStatusNamespace space{};
    space.nsid = std::uint32_t{1};
    space.nlrd = std::uint32_t{1};
    LbaStatusRange range{};
    range.slba = std::uint64_t{100};
    range.blocks = std::uint32_t{8};
    LbaStatusNamespace all{};
    all.nsid = std::uint32_t{2};
    all.nlrd = std::uint32_t{0xffffffff};
    Bytes log;
    log.add(header).add(space).add(range).add(all);
    const LbaStatusLog decoded = decode_lba_status(log);
    EXPECT_TRUE(decoded.well_formed);
    ASSERT_EQ(decoded.elements.size(), 2u);
    EXPECT_EQ(decoded.elements[0].ranges[0].slba, 100u);
    const Node node = log_node(LogPage::lba_status, CommandSet::nvm, log);
    EXPECT_TRUE(node.find("namespaces")->at(1).find("all_blocks")->as_bool());
    EXPECT_EQ(node.find("unrecoverable_blocks_estimate")->kind(), Node::Kind::null);

    space.nlrd = std::uint32_t{0xfffffffe};
    Bytes hostile;
    hostile.add(header).add(space).add(range);
    EXPECT_FALSE(decode_lba_status(hostile).well_formed);
    EXPECT_TRUE(decode_lba_status(hostile).elements.empty());
    EXPECT_FALSE(decode_lba_status({}).well_formed);
}

TEST(SmallGroups, SayWhatTheirBitsSay) {
    FeatureEffectsLog effects{};
    effects.features[6].raw = std::uint32_t{0x00200011};
    const Node features = to_node(effects);
    ASSERT_EQ(features.find("features")->size(), 1u);
    const Node& feature = features.find("features")->at(0);
    EXPECT_EQ(feature.find("name")->as_text(), "volatile-write-cache");
    EXPECT_TRUE(feature.find("changes_controller")->as_bool());
    EXPECT_EQ(feature.find("scope")->at(0).as_text(), "controller");
    LockdownLog lockdown{};
    lockdown.contents = 0x12;
    lockdown.length = 1;
    lockdown.identifiers[0] = 0x84;
    EXPECT_EQ(to_json(to_node(lockdown), 0),
              "{\"scope\":\"features\",\"contents\":\"locked for the admin queue\","
              "\"identifiers\":[132]}");
    BootPartitionHeader boot{};
    boot.bpinfo = std::uint32_t{0x80000003};
    EXPECT_EQ(boot.partition_bytes(), 3u * 128 * 1024);
    EXPECT_EQ(boot.active_partition(), 1u);
    const auto media = from<RotationalMediaLog>({{0, 1}, {2, 2}, {5, 0x1c}, {8, 7}, {20, 9}});
    EXPECT_EQ(media.rotations_per_minute, 7168u);
    EXPECT_EQ(media.spinups, 7u);
    EXPECT_EQ(media.failed_loads, 9u);
    const auto reservation = from<ReservationLog>({{0, 5}, {8, 2}, {9, 1}, {12, 3}});
    EXPECT_EQ(to_node(reservation).find("type")->as_text(), "reservation released");
    EXPECT_EQ(reservation.nsid, 3u);
}

TEST(Groups, WhateverADeviceSaysStaysInsideTheBuffer) {
    std::mt19937 random(7);
    for (const LogPageInfo& row : kLogPages) {
        for (int round = 0; round < 20; ++round) {
            std::vector<std::byte> data(random() % 1500);
            for (std::byte& byte : data)
                byte = static_cast<std::byte>(round % 3 == 0 ? 0xff : random() % 8);
            const Node node = log_node(row.page, CommandSet::nvm, data);
            EXPECT_FALSE(to_json(node, 0).empty()) << row.name;
        }
    }
}

}  // namespace
}  // namespace xnvme::nvme
