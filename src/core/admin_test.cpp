// Admin operations over the model, through the public API.
#include <xnvme/admin.hpp>

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include <xnvme/nvme/builders.hpp>
#include <xnvme/nvme/status.hpp>

namespace xnvme {
namespace {

template <class T>
T must(std::expected<T, Failure> result) {
    if (!result) {
        ADD_FAILURE() << result.error().sentence;
        std::abort();
    }
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

Device open(const std::string& uri) {
    return must(Device::open(uri));
}

/// Collects what a log's sink is given, and that it comes in order and without gaps.
struct Collector {
    std::vector<std::byte> bytes;
    unsigned parts = 0;
    std::uint64_t first = 0;

    ByteSink sink() {
        return [this](std::uint64_t offset, std::span<const std::byte> part) {
            if (parts++ == 0) first = offset;
            EXPECT_EQ(offset, first + bytes.size());
            bytes.insert(bytes.end(), part.begin(), part.end());
            return Result<void, Failure>();
        };
    }
};

TEST(ReadLog, TakesAsManyCommandsAsTheLengthNeeds) {
    Device device = open("mem:1MiB?mdts=8KiB");
    must(read_telemetry(device, {.area = 1}, Collector().sink()));
    Collector collected;
    const nvme::TelemetryHeader header =
        must(read_telemetry(device, {.area = 3}, collected.sink()));
    EXPECT_EQ(collected.bytes.size(), header.bytes(3));
    EXPECT_EQ(collected.bytes.size(), 97u * 512);
    EXPECT_EQ(collected.parts, 1u + (96 * 512 + 8191) / 8192) << "no part is over 8 KiB";
    EXPECT_EQ(header.host_generation, 2u);
    for (unsigned block = 1; block <= 96; ++block) {
        const auto* text = reinterpret_cast<const char*>(collected.bytes.data() + block * 512);
        EXPECT_TRUE(std::string(text).ends_with("capture 2, block " + std::to_string(block)))
            << text;
    }
}

TEST(ReadLog, GivesNoMoreThanWasAskedForAndStartsWhereItWasTold) {
    Device device = open("mem:1MiB");
    nvme::LogFields fields;
    fields.page = nvme::LogPage::firmware_slot;
    fields.offset_bytes = 8;
    const auto part = must(read_log(device, fields, 3));
    ASSERT_EQ(part.size(), 3u);
    EXPECT_EQ(std::memcmp(part.data(), "1.0", 3), 0);
    EXPECT_TRUE(must(read_log(device, fields, 0)).empty());
    fields.offset_bytes = 6;
    EXPECT_EQ(read_log(device, fields, 4).error().error.code, Errc::invalid_argument);
    fields.offset_bytes = 0;
    EXPECT_EQ(read_log(device, fields, kLogBytesMax + 1).error().error.code, Errc::too_large);
    fields.page = static_cast<nvme::LogPage>(0xc9);
    const auto unknown = read_log(device, fields, 512);
    EXPECT_TRUE(nvme::is(unknown.error().error.status, nvme::CommandStatus::invalid_log_page));
    EXPECT_NE(unknown.error().sentence.find("Invalid Log Page"), std::string::npos);
}

TEST(ReadLog, RetainsTheEventInAllCommandsButTheLast) {
    // The controller's capture is released by the first command that does not retain it.
    Device device = open("mem:1MiB?mdts=8KiB&serial=R&fault=read@lba:5");
    auto buffer = must(device.allocate(512));
    EXPECT_FALSE(device.execute(nvme::read(5, 1), buffer));
    nvme::LogFields fields;
    fields.page = nvme::LogPage::telemetry_controller;
    fields.retain_event = true;
    const auto available = [&] {
        const auto header = must(read_log(device, fields, sizeof(nvme::TelemetryHeader)));
        return nvme::decode<nvme::TelemetryHeader>(header)->controller_available;
    };
    EXPECT_EQ(available(), 1u);
    EXPECT_EQ(available(), 1u) << "retained";
    fields.retain_event = false;
    const auto log = must(read_log(device, fields, 97 * 512));
    EXPECT_STREQ(reinterpret_cast<const char*>(log.data() + 96 * 512),
                 "telemetry of R, capture 1, block 96")
        << "the seventh command still met the capture";
    fields.retain_event = true;
    EXPECT_EQ(available(), 0u) << "the last command released it";
}

TEST(ReadLog, StopsWithTheFailureOfItsSink) {
    Device device = open("mem:1MiB");
    nvme::LogFields fields;
    fields.page = nvme::LogPage::health;
    const auto stopped =
        read_log(device, fields, 512, [](std::uint64_t, std::span<const std::byte>) {
            return Result<void, Failure>(fail(Errc::no_memory, "the disk is full"));
        });
    EXPECT_EQ(stopped.error().sentence, "the disk is full");
}

TEST(LogBytes, AreFixedOrFollowFromIdentifyOrFromTheHeader) {
    Device device = open("mem:1MiB");
    const auto bytes = [&device](nvme::LogPage page) {
        nvme::LogFields fields;
        fields.page = page;
        return log_bytes(device, fields);
    };
    EXPECT_EQ(bytes(nvme::LogPage::health), 512u);
    EXPECT_EQ(bytes(nvme::LogPage::error_information), 64u * 64);
    EXPECT_EQ(bytes(nvme::LogPage::telemetry_host), 512u);
    must(read_telemetry(device, {}, Collector().sink()));
    EXPECT_EQ(bytes(nvme::LogPage::telemetry_host), 97u * 512);
    EXPECT_EQ(bytes(nvme::LogPage::endurance_group_events), 8u);
    EXPECT_EQ(bytes(static_cast<nvme::LogPage>(0xca)).error().error.code, Errc::unsupported);
    EXPECT_EQ(bytes(nvme::LogPage::lba_status).error().error.code, Errc::device);
}

TEST(Telemetry, OfTheControllerIsReleasedOnlyWhenAsked) {
    Device device = open("mem:1MiB?fault=read@lba:5");
    auto buffer = must(device.allocate(512));
    EXPECT_FALSE(device.execute(nvme::read(5, 1), buffer));
    const auto read = [&device](bool release) {
        return must(read_telemetry(device, {.host_initiated = false, .release = release},
                                   Collector().sink()))
            .controller_available;
    };
    EXPECT_EQ(read(false), 1u);
    EXPECT_EQ(read(true), 1u);
    EXPECT_EQ(read(false), 0u);
    EXPECT_EQ(read_telemetry(device, {.area = 5}, Collector().sink()).error().error.code,
              Errc::invalid_argument);
}

TEST(Telemetry, ACaptureThatIsReplacedMeanwhileIsNoticed) {
    Device device = open("mem:1MiB?mdts=8KiB");
    bool again = true;
    const auto replaced = read_telemetry(
        device, {}, [&](std::uint64_t, std::span<const std::byte>) -> Result<void, Failure> {
            if (std::exchange(again, false)) {
                nvme::TelemetryHeader header;
                nvme::LogFields fields;
                fields.page = nvme::LogPage::telemetry_host;
                fields.bytes = sizeof header;
                fields.lsp = nvme::kTelemetryCreate;
                EXPECT_TRUE(device.admin(nvme::get_log_page(fields), Data(&header, sizeof header)));
            }
            return {};
        });
    ASSERT_FALSE(replaced);
    EXPECT_EQ(replaced.error().error.code, Errc::busy);
}

TEST(PersistentEvents, AreReadWholeAndTheContextIsReleased) {
    Device device = open("mem:1MiB");
    EXPECT_TRUE(device.admin(nvme::format({.nsid = 1})));
    for (int round = 0; round < 2; ++round) {
        Collector collected;
        const auto header = must(read_persistent_events(device, collected.sink()));
        EXPECT_EQ(collected.bytes.size(), header.tll);
        const auto decoded = nvme::decode_persistent_events(collected.bytes);
        EXPECT_TRUE(decoded.well_formed);
        EXPECT_EQ(decoded.events.size(), header.tnev);
        EXPECT_EQ(decoded.events.size(), 3u);
    }
    EXPECT_FALSE(read_persistent_events(device, [](std::uint64_t, std::span<const std::byte>) {
        return Result<void, Failure>(fail(Errc::no_memory, "full"));
    }));
    must(read_persistent_events(device, Collector().sink()));
}

TEST(PersistentEvents, AnotherReadersContextIsNotTakenUnasked) {
    Device device = open("mem:1MiB");
    nvme::PersistentEventHeader header;
    nvme::LogFields fields;
    fields.page = nvme::LogPage::persistent_event;
    fields.bytes = sizeof header;
    fields.lsp = static_cast<std::uint8_t>(nvme::PersistentEventAction::establish_and_read);
    ASSERT_TRUE(device.admin(nvme::get_log_page(fields), Data(&header, sizeof header)));
    const auto refused = read_persistent_events(device, Collector().sink());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().error.code, Errc::busy);
    must(read_persistent_events(device, Collector().sink(), true));
}

TEST(GetFeature, BringsTheStructureWhereThereIsOne) {
    Device device = open("mem:1MiB");
    const auto queues = get_feature(device, nvme::FeatureId::number_of_queues);
    ASSERT_TRUE(queues);
    EXPECT_TRUE(queues->data.empty());
    EXPECT_EQ(nvme::NumberOfQueues{queues->value}.submission_queues(), 64u);
    EXPECT_EQ(get_feature(device, nvme::FeatureId::timestamp)->data.size(), 8u);
    EXPECT_EQ(get_feature(device, nvme::FeatureId::host_identifier)->data.size(), 16u);
    EXPECT_EQ(get_feature(device, nvme::FeatureId::error_recovery)->value, 0u);
    const auto none = get_feature(device, nvme::FeatureId::host_memory_buffer);
    ASSERT_FALSE(none);
    EXPECT_TRUE(nvme::is(none.error().status, nvme::GenericStatus::invalid_field));
    const auto capabilities =
        get_feature(device, nvme::FeatureId::timestamp, nvme::FeatureSelect::capabilities);
    EXPECT_TRUE(nvme::FeatureCapabilities{capabilities->value}.changeable());
}

TEST(Namespaces, AreDeletedCreatedAndAttached) {
    Device device = open("mem:1MiB");
    must(detach_namespace(device, 1));
    auto buffer = must(device.allocate(4096));
    const auto gone = device.execute(nvme::read(0, 1), buffer.part(0, 512));
    ASSERT_FALSE(gone);
    EXPECT_TRUE(nvme::is(gone.error().status, nvme::GenericStatus::invalid_namespace));
    EXPECT_EQ(device.refresh().error().error.code, Errc::device_gone);
    must(delete_namespace(device, 1));
    EXPECT_EQ(must(create_namespace(device, {.size_blocks = 50, .lbaf = 1})), 1u);
    must(attach_namespace(device, 1));
    must(device.refresh());
    EXPECT_EQ(device.geometry().blocks, 50u);
    EXPECT_EQ(device.geometry().block_bytes, 4096u);
    EXPECT_TRUE(device.execute(nvme::read(49, 1), buffer));
    const auto again = attach_namespace(device, 1);
    ASSERT_FALSE(again);
    EXPECT_NE(again.error().sentence.find("Namespace Already Attached"), std::string::npos)
        << again.error().sentence;
    EXPECT_EQ(create_namespace(device, {}).error().error.code, Errc::invalid_argument);
    const std::vector<std::uint16_t> many(2048);
    EXPECT_EQ(attach_namespace(device, 1, many).error().error.code, Errc::invalid_argument);
}

TEST(Firmware, IsHandedOverInPartsAndCommitted) {
    Device device = open("mem:1MiB");
    std::vector<std::byte> image(10'000, std::byte{7});
    std::memcpy(image.data(),
                "XNVMEFW1"
                "4.2     ",
                16);
    std::vector<std::uint64_t> progress;
    must(download_firmware(device, image,
                           [&progress](std::uint64_t done) { progress.push_back(done); }));
    EXPECT_EQ(progress, (std::vector<std::uint64_t>{4096, 8192, 10'000}));
    EXPECT_EQ(must(commit_firmware(device, nvme::FirmwareAction::store_and_activate, 2)),
              FirmwareActivation::controller_reset);
    EXPECT_EQ(must(commit_firmware(device, nvme::FirmwareAction::activate_now, 2)),
              FirmwareActivation::done);
    must(device.refresh());
    EXPECT_EQ(device.identify_controller().firmware(), "4.2");
    EXPECT_EQ(commit_firmware(device, nvme::FirmwareAction::store, 8).error().error.code,
              Errc::invalid_argument);
    const auto none = commit_firmware(device, nvme::FirmwareAction::store, 2);
    EXPECT_NE(none.error().sentence.find("Invalid Firmware Image"), std::string::npos);
    image.resize(10'001);
    EXPECT_EQ(download_firmware(device, image).error().error.code, Errc::invalid_argument);
}

TEST(Follow, AsksUntilTheOperationHasEnded) {
    Device device = open("mem:1MiB?background=30ms");
    ASSERT_TRUE(device.admin(nvme::sanitize({})));
    unsigned asked = 0;
    const auto log =
        must(follow_sanitize(device, {.interval = std::chrono::milliseconds(1),
                                      .progress = [&asked](const auto&) { return ++asked != 0; }}));
    EXPECT_EQ(log.state(), nvme::SanitizeState::succeeded);
    EXPECT_GE(asked, 2u);
    ASSERT_TRUE(device.admin(nvme::device_self_test(nvme::SelfTest::short_test, 1)));
    const auto tests =
        must(follow_self_test(device, {.interval = std::chrono::milliseconds(1), .progress = {}}));
    EXPECT_EQ(tests.results[0].status, 0x10);
}

TEST(Follow, StopsWhenItIsTold) {
    Device device = open("mem:1MiB?background=3600s");
    ASSERT_TRUE(device.admin(nvme::sanitize({})));
    const auto log = must(follow_sanitize(device, {.interval = std::chrono::hours(1),
                                                   .progress = [](const auto&) { return false; }}));
    EXPECT_EQ(log.state(), nvme::SanitizeState::in_progress);
}

}  // namespace
}  // namespace xnvme
