#include <xnvme/nvme/log_events.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <random>
#include <vector>

#include <xnvme/nvme/print.hpp>

namespace xnvme::nvme {
namespace {

TEST(TelemetryHeader, FieldsStandWhereTheSpecificationPutsThem) {
    std::array<std::uint8_t, 512> raw{};
    raw[0] = 7;
    raw[5] = 0x11;
    raw[7] = 0x33;
    raw[8] = 2;
    raw[10] = 5;
    raw[13] = 1;
    raw[16] = 9;
    raw[17] = 1;
    raw[380] = 1;
    raw[381] = 4;
    raw[382] = 1;
    raw[383] = 6;
    raw[384] = 0xaa;
    const auto header = decode<TelemetryHeader>(std::as_bytes(std::span(raw))).value();
    EXPECT_EQ(header.last_block(1), 2u);
    EXPECT_EQ(header.last_block(2), 5u);
    EXPECT_EQ(header.last_block(3), 0x100u);
    EXPECT_EQ(header.last_block(4), 0x109u);
    EXPECT_EQ(header.last_block(0), 0u);
    EXPECT_EQ(header.bytes(1), 3u * 512);
    EXPECT_EQ(header.bytes(4), 0x10au * 512);
    EXPECT_EQ(header.host_generation, 4u);
    EXPECT_EQ(header.controller_generation, 6u);
    const Node node =
        log_node(LogPage::telemetry_host, CommandSet::nvm, std::as_bytes(std::span(raw)));
    EXPECT_EQ(node.find("ieee_oui")->as_text(), "330011");
    EXPECT_TRUE(node.find("controller_data_available")->as_bool());
    EXPECT_EQ(node.find("data_areas")->size(), 4u);
}

TEST(TelemetryHeader, AnAreaThatEndsBeforeTheOneItHoldsEndsWithIt) {
    TelemetryHeader header{};
    header.dalb1 = std::uint16_t{9};
    header.dalb2 = std::uint16_t{3};
    EXPECT_EQ(header.bytes(2), 10u * 512);
    EXPECT_EQ(TelemetryHeader{}.bytes(3), 512u) << "the header alone";
    header.dalb4 = std::uint32_t{0xffffffff};
    EXPECT_EQ(header.bytes(4), std::uint64_t{1} << 41) << "not wrapped";
}

/// A log with these events, each a type, a length of vendor specific bytes, and data.
struct Event {
    PersistentEventType type;
    std::uint16_t vendor_bytes;
    std::vector<std::uint8_t> data;
};
std::vector<std::byte> make_log(const std::vector<Event>& events) {
    PersistentEventHeader header{};
    header.lid = 0x0d;
    header.lhl = std::uint16_t{512 - 20};
    header.tnev = static_cast<std::uint32_t>(events.size());
    header.supported[0] = 0x12;
    std::vector<std::byte> log(sizeof header);
    for (const Event& event : events) {
        PersistentEventEntry entry{};
        entry.type = static_cast<std::uint8_t>(event.type);
        entry.ehl = sizeof(entry) - 3;
        entry.vsil = event.vendor_bytes;
        entry.el = static_cast<std::uint16_t>(event.vendor_bytes + event.data.size());
        const auto bytes = encode(entry);
        log.insert(log.end(), bytes.begin(), bytes.end());
        log.resize(log.size() + event.vendor_bytes, std::byte{0xee});
        for (const std::uint8_t byte : event.data) log.push_back(static_cast<std::byte>(byte));
    }
    header.tll = log.size();
    std::memcpy(log.data(), &header, sizeof header);
    return log;
}

TEST(PersistentEvents, AreFoundOneAfterTheOther) {
    const auto log = make_log({{PersistentEventType::thermal_excursion, 0, {5, 2}},
                               {PersistentEventType::format_start, 3, {1, 0, 0, 0, 4, 0, 0, 0, 9}},
                               {PersistentEventType::vendor_specific, 0, {}}});
    const PersistentEvents decoded = decode_persistent_events(log);
    EXPECT_TRUE(decoded.well_formed);
    ASSERT_EQ(decoded.events.size(), 3u);
    EXPECT_EQ(decoded.events[0].data.size(), 2u);
    EXPECT_EQ(decoded.events[1].data.size(), 9u);
    EXPECT_EQ(decoded.events[1].data[0], std::byte{1}) << "behind the vendor specific bytes";
    EXPECT_EQ(to_node(decoded.events[0]).find("over_celsius")->as_unsigned(), 5u);
    EXPECT_EQ(to_node(decoded.events[1]).find("nsid"), nullptr) << "12 bytes are not there";
    const Node node = log_node(LogPage::persistent_event, CommandSet::nvm, log);
    EXPECT_EQ(node.find("list")->size(), 3u);
    EXPECT_EQ(to_json(*node.find("supported_events"), 0),
              "[\"health-snapshot\",\"power-on-or-reset\"]");
}

TEST(PersistentEvents, EveryTypeShowsItsFields) {
    const std::vector<std::uint8_t> data(512, 1);
    std::vector<Event> events;
    for (const PersistentEventInfo& row : kPersistentEvents) events.push_back({row.type, 0, data});
    const auto log = make_log(events);
    const PersistentEvents decoded = decode_persistent_events(log);
    ASSERT_EQ(decoded.events.size(), kPersistentEvents.size());
    constexpr std::size_t kCommon = 6;
    for (const PersistentEvent& event : decoded.events) {
        const bool opaque = event.type() == PersistentEventType::telemetry_create ||
                            event.type() == PersistentEventType::vendor_specific ||
                            event.type() == PersistentEventType::tcg;
        EXPECT_EQ(to_node(event).size() > kCommon, !opaque) << persistent_event_name(event.type());
    }
}

TEST(PersistentEvents, HostileLengthsEndTheListInsideTheBuffer) {
    const auto good = make_log({{PersistentEventType::thermal_excursion, 0, {5, 2}},
                                {PersistentEventType::thermal_excursion, 0, {6, 2}}});
    const auto damaged = [&good](std::size_t offset, std::uint8_t value) {
        auto log = good;
        log[offset] = static_cast<std::byte>(value);
        return decode_persistent_events(log);
    };
    constexpr std::size_t kFirst = 512;
    constexpr std::size_t kSecond = kFirst + 24 + 2;
    EXPECT_EQ(damaged(kSecond + 22, 0xff).events.size(), 1u) << "an event past the end";
    EXPECT_FALSE(damaged(kSecond + 22, 0xff).well_formed);
    EXPECT_EQ(damaged(kFirst + 2, 0).events.size(), 0u) << "a header shorter than a header";
    EXPECT_EQ(damaged(kFirst + 2, 0xff).events.size(), 0u) << "a header past the end";
    EXPECT_EQ(damaged(kFirst + 20, 9).events.size(), 0u) << "more vendor bytes than bytes";
    EXPECT_FALSE(damaged(19, 0xff).well_formed) << "a log header past the end";
    const auto many = damaged(7, 0xff);
    EXPECT_EQ(many.events.size(), 2u) << "as many as there are, not as many as it says";
    EXPECT_FALSE(many.well_formed);
    EXPECT_FALSE(decode_persistent_events({}).well_formed);
}

TEST(PersistentEvents, RandomLogsNeverLeaveTheBuffer) {
    std::mt19937 random(5);
    for (int round = 0; round < 300; ++round) {
        std::vector<std::byte> log(random() % 2048);
        for (std::byte& byte : log) byte = static_cast<std::byte>(random() % 40);
        if (log.size() > 20) {
            log[18] = std::byte{0xec};
            log[19] = std::byte{0x01};
        }
        for (const PersistentEvent& event : decode_persistent_events(log).events) {
            EXPECT_GE(event.data.data(), log.data());
            EXPECT_LE(event.data.data() + event.data.size(), log.data() + log.size());
            EXPECT_FALSE(to_json(to_node(event), 0).empty());
        }
    }
}

}  // namespace
}  // namespace xnvme::nvme
