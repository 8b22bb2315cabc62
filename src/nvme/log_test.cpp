#include <xnvme/nvme/log.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include <xnvme/nvme/features.hpp>

namespace xnvme::nvme {
namespace {

template <class T>
T from(std::initializer_list<std::pair<std::size_t, int>> values) {
    std::array<std::uint8_t, sizeof(T)> raw{};
    for (const auto& [offset, value] : values) raw[offset] = static_cast<std::uint8_t>(value);
    return decode<T>(std::as_bytes(std::span(raw))).value();
}

TEST(HealthLog, FieldsStandWhereTheSpecificationPutsThem) {
    const auto log = from<HealthLog>({{0, 0x05},
                                      {1, 0x2c},
                                      {2, 0x01},
                                      {3, 90},
                                      {4, 10},
                                      {5, 120},
                                      {32, 7},
                                      {144, 3},
                                      {176, 9},
                                      {200, 0x2d},
                                      {201, 0x01}});
    EXPECT_EQ(log.critical_warning, kWarnSpare | kWarnReliability);
    EXPECT_EQ(log.composite_temperature, 300);
    EXPECT_EQ(log.temperature_celsius(), 27);
    EXPECT_EQ(log.available_spare, 90);
    EXPECT_EQ(log.percentage_used, 120);
    EXPECT_EQ(log.data_units_read, U128::of(7));
    EXPECT_EQ(log.unsafe_shutdowns, U128::of(3));
    EXPECT_EQ(log.error_log_entries, U128::of(9));
    EXPECT_EQ(log.temperature_sensor[0], 301);
}

TEST(ErrorLogEntry, FieldsStandWhereTheSpecificationPutsThem) {
    const auto entry = from<ErrorLogEntry>(
        {{0, 1}, {8, 2}, {10, 3}, {12, 0x05}, {13, 0x80}, {14, 40}, {15, 5}, {16, 0x99}, {24, 1}});
    EXPECT_TRUE(entry.used());
    EXPECT_EQ(entry.sqid, 2);
    EXPECT_EQ(entry.cid, 3);
    EXPECT_EQ(entry.status().sc(), 0x02);
    EXPECT_TRUE(entry.status().dnr());
    EXPECT_EQ(entry.parameter_byte(), 40u);
    EXPECT_EQ(entry.parameter_bit(), 5u);
    EXPECT_EQ(entry.lba, 0x99u);
    EXPECT_EQ(entry.nsid, 1u);
    EXPECT_FALSE(ErrorLogEntry{}.used());
}

TEST(FirmwareSlotLog, SlotsCountFromOne) {
    auto log = from<FirmwareSlotLog>({{0, 0x21}});
    set_text(log.frs[0], "1.0");
    EXPECT_EQ(log.active_slot(), 1u);
    EXPECT_EQ(log.next_slot(), 2u);
    EXPECT_EQ(log.revision(1), "1.0");
    EXPECT_EQ(log.revision(2), "");
    EXPECT_EQ(log.revision(0), "");
    EXPECT_EQ(log.revision(8), "");
}

TEST(CommandsEffectsLog, AdminComesFirst) {
    const auto log = from<CommandsEffectsLog>({{6 * 4, 1}, {1024 + 1 * 4, 3}, {1024 + 6, 2}});
    EXPECT_TRUE(log.admin[6].supported());
    EXPECT_FALSE(log.admin[7].supported());
    EXPECT_TRUE(log.io[1].supported());
    EXPECT_TRUE(log.io[1].changes_blocks());
    EXPECT_FALSE(log.io[1].changes_namespace());
    EXPECT_EQ(log.io[1].submission_rule(), 2u);
    EXPECT_EQ(log.io[1].raw.value() & kEffectBlocks, kEffectBlocks);
}

TEST(SanitizeStatusLog, FieldsStandWhereTheSpecificationPutsThem) {
    const auto log = from<SanitizeStatusLog>({{1, 0x80}, {2, 0x1a}, {3, 0x01}, {8, 60}});
    EXPECT_EQ(log.progress_percent(), 50u);
    EXPECT_EQ(log.state(), SanitizeState::in_progress);
    EXPECT_EQ(log.overwrite_passes(), 3u);
    EXPECT_TRUE(log.global_data_erased());
    EXPECT_EQ(log.eto, 60u);
    const auto idle = from<SanitizeStatusLog>({{0, 0xff}, {1, 0xff}});
    EXPECT_EQ(idle.progress_percent(), 100u);
}

TEST(SmallLogs, AnswerWhatTheirBitsSay) {
    const auto pages = from<SupportedLogPages>({{2 * 4, 1}, {3 * 4, 2}});
    EXPECT_TRUE(pages.supports(LogPage::health));
    EXPECT_FALSE(pages.supports(LogPage::firmware_slot));
    ChangedNamespacesLog changed{};
    EXPECT_FALSE(changed.overflowed());
    changed.list.nsid[0] = kNsidAll;
    EXPECT_TRUE(changed.overflowed());
    EXPECT_EQ(log_page_name(LogPage::error_information), "error-information");
    EXPECT_EQ(log_page_name(static_cast<LogPage>(0xc0)), "unknown");
    EXPECT_EQ(find_log_page(LogPage::health)->bytes, sizeof(HealthLog));
    EXPECT_EQ(find_log_page(LogPage::self_test)->bytes, sizeof(SelfTestLog));
}

TEST(Features, DecodeTheirFieldsWithUnits) {
    EXPECT_EQ(Arbitration{0x03020107}.burst_commands(), 0u);
    EXPECT_EQ(Arbitration{0x03020102}.burst_commands(), 4u);
    EXPECT_EQ(Arbitration{0x03020107}.low_weight(), 2u);
    EXPECT_EQ(Arbitration{0x03020107}.high_weight(), 4u);
    EXPECT_EQ(PowerManagement{0x43}.power_state(), 3u);
    EXPECT_EQ(PowerManagement{0x43}.workload_hint(), 2u);
    EXPECT_EQ(TemperatureThreshold{0x00110157}.threshold_kelvin(), 343u);
    EXPECT_EQ(TemperatureThreshold{0x00110157}.sensor(), 1u);
    EXPECT_TRUE(TemperatureThreshold{0x00110157}.under());
    EXPECT_EQ(ErrorRecovery{0x00010005}.time_limit_ms(), 500u);
    EXPECT_TRUE(ErrorRecovery{0x00010005}.deallocated_error());
    EXPECT_TRUE(VolatileWriteCache{1}.enabled());
    EXPECT_EQ(NumberOfQueues::of(64, 32).raw, 0x001f003fu);
    EXPECT_EQ(NumberOfQueues{0x001f003f}.submission_queues(), 64u);
    EXPECT_EQ(NumberOfQueues{0x001f003f}.completion_queues(), 32u);
    EXPECT_EQ(InterruptCoalescing{0x0a07}.threshold_entries(), 8u);
    EXPECT_EQ(InterruptCoalescing{0x0a07}.time_us(), 1000u);
    EXPECT_TRUE(FeatureCapabilities{5}.saveable());
    EXPECT_FALSE(FeatureCapabilities{5}.per_namespace());
    EXPECT_TRUE(FeatureCapabilities{5}.changeable());
    const Timestamp time{{0x88, 0x77, 0x66, 0x55, 0x44, 0x01}, 2, 0};
    EXPECT_EQ(time.time_ms(), 0x014455667788u);
    EXPECT_TRUE(time.set_by_host());
}

TEST(Features, EveryRowIsFoundAndHasOneName) {
    for (const FeatureInfo& row : kFeatures) {
        EXPECT_EQ(find_feature(row.id), &row);
        for (const FeatureInfo& other : kFeatures) {
            if (&row == &other) continue;
            EXPECT_NE(row.name, other.name);
        }
    }
    EXPECT_EQ(feature_name(static_cast<FeatureId>(0xcc)), "unknown");
}

}  // namespace
}  // namespace xnvme::nvme
