#include <xnvme/nvme/feature_fields.hpp>

#include <gtest/gtest.h>

#include <set>
#include <string>

#include <xnvme/nvme/print.hpp>

namespace xnvme::nvme {
namespace {

const FeatureField& field(FeatureId id, std::string_view name) {
    const FeatureField* found = find_feature_field(id, name);
    EXPECT_NE(found, nullptr) << name;
    return *found;
}

std::uint32_t parsed(FeatureId id, std::string_view name, std::string_view text) {
    const auto raw = parse_feature_field(field(id, name), text);
    EXPECT_TRUE(raw) << name << "=" << text << ": " << (raw ? "" : raw.error().sentence);
    return raw.value_or(0xdeadbeef);
}

std::string refusal(FeatureId id, std::string_view name, std::string_view text) {
    const auto raw = parse_feature_field(field(id, name), text);
    EXPECT_FALSE(raw) << name << "=" << text;
    return raw ? std::string() : raw.error().sentence;
}

TEST(FeatureFields, OfAFeatureDoNotOverlapAndHaveNamesOfTheirOwn) {
    for (const FeatureInfo& row : kFeatures) {
        std::set<std::string_view> names;
        std::uint32_t taken[2] = {0, 0};
        for (const FeatureField& one : feature_fields(row.id)) {
            EXPECT_EQ(one.id, row.id);
            EXPECT_TRUE(names.insert(one.name).second) << row.name << ": " << one.name;
            ASSERT_TRUE(one.dword == 11 || one.dword == 12) << one.name;
            ASSERT_LE(one.bit + one.bits, 32) << one.name;
            const std::uint32_t mask = one.with(0, 0xffffffff);
            std::uint32_t& used = taken[one.dword - 11];
            EXPECT_EQ(used & mask, 0u) << row.name << ": " << one.name;
            used |= mask;
            EXPECT_EQ(one.kind == FieldKind::choice, !one.choices.empty()) << one.name;
            EXPECT_EQ(one.kind == FieldKind::scaled, one.scale > 1) << one.name;
        }
    }
    EXPECT_TRUE(feature_fields(static_cast<FeatureId>(0xc0)).empty());
    EXPECT_EQ(find_feature_field(FeatureId::timestamp, "enabled"), nullptr);
}

TEST(FeatureFields, AgreeWithTheStructures) {
    const auto raw = [](FeatureId id, std::string_view name, std::uint32_t value) {
        return field(id, name).raw(value);
    };
    for (const std::uint32_t value : {0x00000000u, 0xffffffffu, 0x12345678u, 0x0f0f0f0fu}) {
        EXPECT_EQ(raw(FeatureId::arbitration, "low_weight", value) + 1,
                  Arbitration{value}.low_weight());
        EXPECT_EQ(raw(FeatureId::arbitration, "high_weight", value) + 1,
                  Arbitration{value}.high_weight());
        EXPECT_EQ(raw(FeatureId::power_management, "power_state", value),
                  PowerManagement{value}.power_state());
        EXPECT_EQ(raw(FeatureId::power_management, "workload_hint", value),
                  PowerManagement{value}.workload_hint());
        EXPECT_EQ(raw(FeatureId::temperature_threshold, "threshold_celsius", value),
                  TemperatureThreshold{value}.threshold_kelvin());
        EXPECT_EQ(raw(FeatureId::temperature_threshold, "sensor", value),
                  TemperatureThreshold{value}.sensor());
        EXPECT_EQ(raw(FeatureId::temperature_threshold, "threshold", value) == 1,
                  TemperatureThreshold{value}.under());
        EXPECT_EQ(raw(FeatureId::error_recovery, "time_limit_ms", value) * 100,
                  ErrorRecovery{value}.time_limit_ms());
        EXPECT_EQ(raw(FeatureId::error_recovery, "deallocated_error", value) == 1,
                  ErrorRecovery{value}.deallocated_error());
        EXPECT_EQ(raw(FeatureId::number_of_queues, "completion_queues", value) + 1,
                  NumberOfQueues{value}.completion_queues());
        EXPECT_EQ(raw(FeatureId::interrupt_coalescing, "time_us", value) * 100,
                  InterruptCoalescing{value}.time_us());
        EXPECT_EQ(raw(FeatureId::interrupt_vector, "vector", value),
                  InterruptVector{value}.vector());
        EXPECT_EQ(raw(FeatureId::async_event, "telemetry", value) == 1,
                  AsyncEvents{value}.telemetry());
    }
}

TEST(FeatureFields, TakeTheirValuesInTheirUnit) {
    EXPECT_EQ(parsed(FeatureId::arbitration, "burst_commands", "64"), 6u);
    EXPECT_EQ(parsed(FeatureId::arbitration, "burst_commands", "none"), 7u);
    EXPECT_EQ(parsed(FeatureId::arbitration, "low_weight", "1"), 0u);
    EXPECT_EQ(parsed(FeatureId::arbitration, "low_weight", "256"), 255u);
    EXPECT_EQ(parsed(FeatureId::error_recovery, "time_limit_ms", "500"), 5u);
    EXPECT_EQ(parsed(FeatureId::error_recovery, "time_limit_ms", "none"), 0u);
    EXPECT_EQ(parsed(FeatureId::temperature_threshold, "threshold_celsius", "70"), 343u);
    EXPECT_EQ(parsed(FeatureId::temperature_threshold, "threshold_celsius", "-10"), 263u);
    EXPECT_EQ(parsed(FeatureId::volatile_write_cache, "enabled", "on"), 1u);
    EXPECT_EQ(parsed(FeatureId::volatile_write_cache, "enabled", "false"), 0u);
    EXPECT_EQ(parsed(FeatureId::write_protection, "state", "until-power-cycle"), 2u);
    EXPECT_EQ(parsed(FeatureId::keep_alive, "timeout_ms", "0xffffffff"), 0xffffffffu);
    EXPECT_EQ(field(FeatureId::power_management, "workload_hint").with(0xffffffff, 2), 0xffffff5fu);
}

TEST(FeatureFields, RefuseWhatTheyCannotHold) {
    EXPECT_EQ(refusal(FeatureId::arbitration, "low_weight", "0"),
              "'0' is no value of low_weight: it takes 1 to 256.");
    EXPECT_EQ(
        refusal(FeatureId::error_recovery, "time_limit_ms", "150"),
        "'150' is no value of time_limit_ms: it takes 0 to 6553500 in steps of 100, or none.");
    EXPECT_NE(refusal(FeatureId::arbitration, "burst_commands", "128").find("up to 64"),
              std::string::npos);
    EXPECT_NE(refusal(FeatureId::arbitration, "burst_commands", "3"), "");
    EXPECT_NE(refusal(FeatureId::temperature_threshold, "threshold_celsius", "-274"), "");
    EXPECT_NE(refusal(FeatureId::volatile_write_cache, "enabled", "2"), "");
    EXPECT_NE(refusal(FeatureId::write_protection, "state", "forever").find("permanent"),
              std::string::npos);
    for (const char* text : {"", "-", "0x", "1x", "4294967296", " 1", "99999999999999999999"})
        EXPECT_NE(refusal(FeatureId::keep_alive, "timeout_ms", text), "") << text;
}

TEST(FeatureFields, ArePrintedInTheirUnit) {
    const Node power = feature_node(FeatureId::power_management, 0x42);
    EXPECT_EQ(power.find("power_state")->as_unsigned(), 2u);
    EXPECT_EQ(power.find("workload_hint")->as_text(), "sequential-writes");
    const Node arbitration = feature_node(FeatureId::arbitration, 0x7);
    EXPECT_EQ(arbitration.find("burst_commands")->kind(), Node::Kind::null);
    const Node thermal = feature_node(FeatureId::thermal_management, 0x01600000);
    EXPECT_EQ(thermal.find("light_throttle_celsius")->as_signed(), 79);
    EXPECT_EQ(thermal.find("heavy_throttle_celsius")->kind(), Node::Kind::null);
    const Node threshold = feature_node(FeatureId::temperature_threshold, 343);
    EXPECT_EQ(threshold.find("sensor"), nullptr) << "it is not in what is returned";
    EXPECT_EQ(feature_node(FeatureId::interrupt_vector, 5).find("vector")->as_unsigned(), 5u);
    EXPECT_EQ(feature_node(FeatureId::write_protection, 7).find("state")->as_text(), "reserved");
}

TEST(FeatureStructures, ShowTheirFields) {
    AutonomousPowerState states{};
    states.raw[1] = std::uint64_t{(500 << 8) | (2 << 3)};
    const Node power = feature_node(FeatureId::autonomous_power_state, 1, encode(states));
    EXPECT_TRUE(power.find("enabled")->as_bool());
    EXPECT_EQ(to_json(*power.find("transitions"), 0),
              "[{\"power_state\":1,\"next_state\":2,\"idle_ms\":500}]");
    LbaRange range{};
    range.type = 1;
    range.slba = std::uint64_t{10};
    range.nlb = std::uint64_t{7};
    const Node ranges = feature_node(FeatureId::lba_range_type, 0x3f, encode(range));
    ASSERT_EQ(ranges.find("lba_ranges")->size(), 1u) << "64 are claimed, and one is there";
    EXPECT_EQ(ranges.find("lba_ranges")->at(0).find("blocks")->as_unsigned(), 8u);
    HostBehavior behavior{};
    behavior.telemetry_data_area_4 = 1;
    EXPECT_TRUE(feature_node(FeatureId::host_behavior, 0, encode(behavior))
                    .find("telemetry_data_area_4")
                    ->as_bool());
    HostMemoryBuffer memory{};
    memory.hsize = std::uint32_t{16};
    memory.list_address_high = std::uint32_t{1};
    const Node buffer = feature_node(FeatureId::host_memory_buffer, 1, encode(memory));
    EXPECT_EQ(buffer.find("size_pages")->as_unsigned(), 16u);
    EXPECT_EQ(buffer.find("descriptor_list_address")->as_unsigned(), std::uint64_t{1} << 32);
    PredictableLatencyConfig latency{};
    latency.dtwin_time_ms = std::uint64_t{9};
    EXPECT_EQ(feature_node(FeatureId::predictable_latency_config, 1, encode(latency))
                  .find("dtwin_time_ms")
                  ->as_unsigned(),
              9u);
    const std::array<std::byte, 3> little{};
    EXPECT_NE(feature_node(FeatureId::host_memory_buffer, 0, little).find("data"), nullptr)
        << "too little of a structure is shown as bytes";
}

}  // namespace
}  // namespace xnvme::nvme
