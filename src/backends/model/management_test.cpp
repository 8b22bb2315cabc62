// Namespaces, firmware, security, and the operations that go on after their command.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <xnvme/nvme/log_events.hpp>
#include <xnvme/nvme/log_groups.hpp>
#include <xnvme/nvme/management.hpp>

#include "controller.hpp"
#include "test_device.hpp"

namespace xnvme::be_model {
namespace {

using Bytes = std::vector<std::uint8_t>;
using nvme::NamespaceAttachment;

Status change_attachment(TestDevice& device, NamespaceAttachment operation, std::uint32_t nsid = 1,
                         std::uint16_t cntlid = kControllerId) {
    nvme::ControllerList list{};
    list.num = std::uint16_t{1};
    list.cntlid[0] = cntlid;
    return device.admin_status(nvme::namespace_attachment(operation, nsid),
                               Data(&list, sizeof list));
}
Status attach(TestDevice& device) {
    return change_attachment(device, NamespaceAttachment::attach);
}
Status detach(TestDevice& device) {
    return change_attachment(device, NamespaceAttachment::detach);
}

nvme::NamespaceRequest request(std::uint64_t blocks, std::uint32_t format = 0) {
    nvme::NamespaceRequest wanted{};
    wanted.nsze = blocks;
    wanted.ncap = blocks;
    wanted.set_format(format, false);
    return wanted;
}
Context create(TestDevice& device, nvme::NamespaceRequest wanted) {
    return device.admin(nvme::namespace_create(), Data(&wanted, sizeof wanted));
}

TEST(ModelNamespaces, DetachedKeepTheirDataAndRefuseCommands) {
    TestDevice device("mem:1MiB");
    device.write(3, 2, pattern(1024, 7));
    EXPECT_EQ(detach(device), kSuccess);
    EXPECT_EQ(detach(device), kNotAttached);
    Bytes data(512);
    EXPECT_EQ(device.io_status(nvme::read(3, 1), TestDevice::bytes_of(data)), kInvalidNamespace);
    EXPECT_EQ(device.io_status(nvme::write(3, 1), TestDevice::bytes_of(data)), kInvalidNamespace);
    EXPECT_EQ(device.io_status(nvme::flush()), kInvalidNamespace);
    EXPECT_EQ(device.admin_status(nvme::format({.nsid = 1})), kInvalidNamespace);
    EXPECT_FALSE(device.handle().refresh());
    using nvme::Cns;
    EXPECT_EQ(device.identify<nvme::NamespaceList>({.cns = Cns::active_namespaces}).count(), 0u);
    EXPECT_EQ(device.identify<nvme::NamespaceList>({.cns = Cns::allocated_namespaces}).count(), 1u);
    EXPECT_EQ(
        device.identify<nvme::ControllerList>({.cns = Cns::ns_controllers, .nsid = 1}).count(), 0u);
    EXPECT_EQ(device.identify<nvme::IdentifyNamespace>({.cns = Cns::ns, .nsid = 1}).nsze, 0u);
    EXPECT_EQ(device.identify<nvme::IdentifyNamespace>({.cns = Cns::allocated_ns, .nsid = 1}).nsze,
              2048u);

    EXPECT_EQ(attach(device), kSuccess);
    EXPECT_EQ(attach(device), kAlreadyAttached);
    ASSERT_TRUE(device.handle().refresh());
    EXPECT_EQ(device.read(3, 2), pattern(1024, 7));
    EXPECT_EQ(device.identify<nvme::IdentifyNamespace>({.cns = Cns::ns, .nsid = 1}).nsze, 2048u);
}

TEST(ModelNamespaces, AttachmentChecksControllerAndNamespace) {
    TestDevice device("mem:1MiB");
    EXPECT_EQ(change_attachment(device, NamespaceAttachment::detach, 2), kInvalidNamespace);
    EXPECT_EQ(change_attachment(device, NamespaceAttachment::detach, 1, 7), kControllerListInvalid);
    Bytes little(100);
    EXPECT_EQ(device.admin_status(nvme::namespace_attachment(NamespaceAttachment::attach, 1),
                                  TestDevice::bytes_of(little)),
              kDataLengthInvalid);
    Command unknown = nvme::namespace_attachment(NamespaceAttachment::attach, 1);
    unknown.cdw10 = 5;
    Bytes list(4096);
    EXPECT_EQ(device.admin_status(unknown, TestDevice::bytes_of(list)), kInvalidField);
}

TEST(ModelNamespaces, AreDeletedAndCreatedInAnotherSizeAndFormat) {
    TestDevice device("mem:1MiB");
    device.write(0, 1, pattern(512, 1));
    EXPECT_EQ(create(device, request(16)).completion.status, kNamespaceIdUnavailable);
    EXPECT_EQ(device.admin_status(nvme::namespace_delete(1)), kSuccess);
    EXPECT_EQ(device.admin_status(nvme::namespace_delete(1)), kInvalidNamespace);
    EXPECT_EQ(device.admin_status(nvme::namespace_delete(nvme::kNsidAll)), kSuccess);
    EXPECT_EQ(attach(device), kInvalidNamespace);
    const auto id = device.identify<nvme::IdentifyController>({.cns = nvme::Cns::controller});
    EXPECT_EQ(id.unvmcap, id.tnvmcap);

    const Context created = create(device, request(100, 1));
    EXPECT_EQ(created.completion.status, kSuccess);
    EXPECT_EQ(created.completion.result, 1u);
    EXPECT_FALSE(device.handle().refresh()) << "created, but not attached";
    EXPECT_EQ(attach(device), kSuccess);
    ASSERT_TRUE(device.handle().refresh());
    EXPECT_EQ(device.geometry().blocks, 100u);
    EXPECT_EQ(device.geometry().block_bytes, 4096u);
    EXPECT_EQ(device.read(0, 1), Bytes(4096, 0)) << "what was there is gone";
    const auto space = device.identify<nvme::IdentifyNamespace>({.cns = nvme::Cns::ns, .nsid = 1});
    EXPECT_EQ(space.nvmcap, nvme::U128::of(100 * 4096));
    EXPECT_EQ(device.identify<nvme::IdentifyController>({.cns = nvme::Cns::controller}).unvmcap,
              nvme::U128::of((1 << 20) - 100 * 4096));
    device.write(99, 1, pattern(4096, 5));
    Bytes data(4096);
    EXPECT_EQ(device.io_status(nvme::read(100, 1), TestDevice::bytes_of(data)), kLbaOutOfRange);
    EXPECT_EQ(device.read(99, 1), pattern(4096, 5));
}

TEST(ModelNamespaces, CreationChecksEveryField) {
    TestDevice device("mem:1MiB");
    ASSERT_EQ(device.admin_status(nvme::namespace_delete(1)), kSuccess);
    const auto status = [&device](nvme::NamespaceRequest wanted) {
        return create(device, wanted).completion.status;
    };
    EXPECT_EQ(status(request(2049)), kInsufficientCapacity);
    EXPECT_EQ(status(request(~std::uint64_t{0})), kInsufficientCapacity);
    EXPECT_EQ(status(request(0)), kInvalidField);
    EXPECT_EQ(status(request(8, kFormats.size())), kInvalidFormat);
    nvme::NamespaceRequest wanted = request(8);
    wanted.dps = 1;
    EXPECT_EQ(status(wanted), kInvalidFormat) << "no metadata to hold protection information";
    wanted = request(8);
    wanted.ncap = std::uint64_t{4};
    EXPECT_EQ(status(wanted), kInvalidField);
    wanted = request(8);
    wanted.nmic = 1;
    EXPECT_EQ(status(wanted), kInvalidField);
    Bytes little(10);
    EXPECT_EQ(device.admin_status(nvme::namespace_create(), TestDevice::bytes_of(little)),
              kDataLengthInvalid);
    EXPECT_FALSE(
        device.admin_status(nvme::namespace_create(CommandSet::zoned), TestDevice::bytes_of(little))
            .ok());
    EXPECT_EQ(status(request(2048)), kSuccess);
}

TEST(ModelNamespaces, DetachingMeetsCommandsThatRun) {
    TestDevice device("mem:1MiB");
    device.write(0, 8, pattern(4096, 3));
    std::thread reader([&device] {
        Bytes data(4096);
        for (int i = 0; i < 2000; ++i) {
            const Status status = device.io_status(nvme::read(0, 8), TestDevice::bytes_of(data));
            EXPECT_TRUE(status.ok() || status == kInvalidNamespace) << nvme::status_text(status);
            if (status.ok()) {
                EXPECT_EQ(data, pattern(4096, 3));
            }
        }
    });
    for (int i = 0; i < 200; ++i) {
        EXPECT_EQ(detach(device), kSuccess);
        EXPECT_EQ(attach(device), kSuccess);
    }
    reader.join();
}

/// An image for the model: what it begins with, a revision, and as many bytes as asked for.
Bytes image(std::string_view revision, std::size_t bytes = 8192) {
    Bytes made(bytes, 0x5a);
    std::copy(kFirmwareMagic.begin(), kFirmwareMagic.end(), made.begin());
    std::array<char, 8> field{};
    nvme::set_text(field, revision);
    std::copy(field.begin(), field.end(), made.begin() + 8);
    return made;
}
Status download(TestDevice& device, const Bytes& bytes, std::uint32_t from, std::uint32_t to) {
    return device.admin_status(nvme::firmware_download(from, to - from),
                               Data(bytes.data() + from, to - from));
}
Status commit(TestDevice& device, nvme::FirmwareAction action, unsigned slot) {
    return device.admin_status(nvme::firmware_commit(action, slot));
}
std::string running(TestDevice& device) {
    return std::string(
        device.identify<nvme::IdentifyController>({.cns = nvme::Cns::controller}).firmware());
}

TEST(ModelFirmware, IsStoredAndActivated) {
    TestDevice device("mem:1MiB");
    using nvme::FirmwareAction;
    EXPECT_EQ(running(device), "1.0");
    const Bytes bytes = image("2.1");
    EXPECT_EQ(download(device, bytes, 0, 4096), kSuccess);
    EXPECT_EQ(commit(device, FirmwareAction::store, 2), kSuccess)
        << "half of an image is one, as far as the controller can tell";
    EXPECT_EQ(download(device, bytes, 0, 4096), kSuccess);
    EXPECT_EQ(download(device, bytes, 4096, 8192), kSuccess);
    EXPECT_EQ(commit(device, FirmwareAction::store, 3), kSuccess);
    EXPECT_EQ(running(device), "1.0") << "stored alone";
    EXPECT_EQ(commit(device, FirmwareAction::activate, 3), kFirmwareNeedsReset);
    const auto log = device.log<nvme::FirmwareSlotLog>(nvme::LogPage::firmware_slot);
    EXPECT_EQ(log.active_slot(), 1u);
    EXPECT_EQ(log.next_slot(), 3u);
    EXPECT_EQ(log.revision(3), "2.1");
    EXPECT_EQ(commit(device, FirmwareAction::activate_now, 3), kSuccess);
    EXPECT_EQ(running(device), "2.1");
    ASSERT_TRUE(device.handle().refresh());
    EXPECT_EQ(device.handle().facts.firmware, "2.1");
}

TEST(ModelFirmware, RefusesWhatIsNoImage) {
    TestDevice device("mem:1MiB");
    using nvme::FirmwareAction;
    const Bytes good = image("2.1");
    EXPECT_EQ(commit(device, FirmwareAction::store, 2), kInvalidFirmwareImage) << "none was given";
    EXPECT_EQ(download(device, Bytes(8192, 1), 0, 8192), kSuccess);
    EXPECT_EQ(commit(device, FirmwareAction::store, 2), kInvalidFirmwareImage) << "another's";
    EXPECT_EQ(download(device, good, 0, 4096), kSuccess);
    EXPECT_EQ(download(device, good, 0, 4096), kSuccess) << "begins anew";
    EXPECT_EQ(commit(device, FirmwareAction::store, 1), kInvalidFirmwareSlot) << "read-only";
    EXPECT_EQ(commit(device, FirmwareAction::store, 4), kInvalidFirmwareSlot);
    EXPECT_EQ(commit(device, FirmwareAction::activate, 2), kInvalidFirmwareImage) << "empty slot";
    EXPECT_EQ(commit(device, FirmwareAction::store_boot, 0), kInvalidField);
    const Bytes large = image("3", 3 * 4096);
    EXPECT_EQ(download(device, large, 0, 4096), kSuccess);
    EXPECT_EQ(download(device, large, 8192, 3 * 4096), kSuccess);
    EXPECT_EQ(commit(device, FirmwareAction::store, 2), kInvalidFirmwareImage)
        << "a part is missing";
    Bytes little(100);
    EXPECT_EQ(device.admin_status(nvme::firmware_download(0, 4096), TestDevice::bytes_of(little)),
              kDataLengthInvalid);
    EXPECT_EQ(download(device, good, 4, 4096), kInvalidField) << "off the granularity";
    EXPECT_EQ(running(device), "1.0");
}

TEST(ModelSecurity, ListsItsProtocolAndHasNoOther) {
    TestDevice device("mem:1MiB");
    Bytes data(512, 0xaa);
    EXPECT_EQ(
        device.admin_status(nvme::security_receive({.bytes = 512}), TestDevice::bytes_of(data)),
        kSuccess);
    EXPECT_EQ(data[7], 1u);
    EXPECT_EQ(data[8], 0u);
    EXPECT_EQ(data[511], 0u);
    EXPECT_EQ(device.admin_status(nvme::security_receive({.protocol = 1, .bytes = 512}),
                                  TestDevice::bytes_of(data)),
              kInvalidField);
    EXPECT_EQ(
        device.admin_status(nvme::security_receive({.bytes = 513}), TestDevice::bytes_of(data)),
        kDataLengthInvalid);
    EXPECT_EQ(device.admin_status(nvme::security_send({.bytes = 512}), TestDevice::bytes_of(data)),
              kInvalidField);
}

TEST(ModelBackground, SanitizeGoesOnAndRefusesEverythingMeanwhile) {
    TestDevice device("mem:1MiB?background=3600s");
    device.write(0, 1, pattern(512, 1));
    EXPECT_EQ(device.admin_status(nvme::sanitize({})), kSuccess);
    const auto log = device.log<nvme::SanitizeStatusLog>(nvme::LogPage::sanitize_status);
    EXPECT_EQ(log.state(), nvme::SanitizeState::in_progress);
    EXPECT_LT(log.sprog, 0xffffu);
    Bytes data(512);
    EXPECT_EQ(device.io_status(nvme::read(0, 1), TestDevice::bytes_of(data)), kSanitizeInProgress);
    EXPECT_EQ(device.admin_status(nvme::format({.nsid = 1})), kSanitizeInProgress);
    EXPECT_EQ(device.admin_status(nvme::sanitize({})), kSanitizeInProgress);
    EXPECT_EQ(device.admin_status(nvme::namespace_delete(1)), kSanitizeInProgress);
    EXPECT_EQ(device.admin_status(nvme::device_self_test(nvme::SelfTest::short_test, 1)),
              kSanitizeInProgress);
}

TEST(ModelBackground, SanitizeEndsByItself) {
    TestDevice device("mem:1MiB?background=20ms");
    device.write(0, 1, pattern(512, 1));
    EXPECT_EQ(device.admin_status(nvme::sanitize({})), kSuccess);
    Bytes data(512);
    Status status = kSanitizeInProgress;
    while (status == kSanitizeInProgress)
        status = device.io_status(nvme::read(0, 1), TestDevice::bytes_of(data));
    EXPECT_EQ(status, kSuccess);
    EXPECT_EQ(data, Bytes(512, 0));
    const auto log = device.log<nvme::SanitizeStatusLog>(nvme::LogPage::sanitize_status);
    EXPECT_EQ(log.state(), nvme::SanitizeState::succeeded);
    EXPECT_EQ(log.sprog, 0xffffu);
}

TEST(ModelBackground, SelfTestsGoOnAndAreAborted) {
    TestDevice device("mem:1MiB?background=3600s");
    const auto log = [&device] { return device.log<nvme::SelfTestLog>(nvme::LogPage::self_test); };
    using nvme::SelfTest;
    EXPECT_EQ(device.admin_status(nvme::device_self_test(SelfTest::extended, 1)), kSuccess);
    EXPECT_EQ(log().operation, 2u);
    EXPECT_LT(log().completion, 100u);
    EXPECT_FALSE(log().results[0].used());
    EXPECT_EQ(device.admin_status(nvme::device_self_test(SelfTest::short_test, 1)),
              kSelfTestInProgress);
    device.write(0, 1, pattern(512, 1));  // I/O goes on beside it.
    EXPECT_EQ(device.admin_status(nvme::device_self_test(SelfTest::abort, 1)), kSuccess);
    EXPECT_EQ(log().operation, 0u);
    EXPECT_EQ(log().results[0].status, 0x21) << "extended, aborted by the command";
    EXPECT_EQ(log().results[0].nsid, 1u);
}

TEST(ModelTelemetry, IsCapturedWhenTheHostAsks) {
    TestDevice device("mem:1MiB?serial=ABC");
    const auto header = [&device](std::uint8_t lsp) {
        nvme::TelemetryHeader read;
        nvme::LogFields fields;
        fields.page = nvme::LogPage::telemetry_host;
        fields.bytes = sizeof read;
        fields.lsp = lsp;
        EXPECT_EQ(device.admin_status(nvme::get_log_page(fields), Data(&read, sizeof read)),
                  kSuccess);
        return read;
    };
    EXPECT_EQ(header(0).bytes(4), 512u) << "nothing was captured yet";
    EXPECT_EQ(header(nvme::kTelemetryCreate).host_generation, 1u);
    EXPECT_EQ(header(0).host_generation, 1u) << "reading captures nothing";
    EXPECT_EQ(header(0).bytes(3), 97u * 512);
    nvme::LogFields fields;
    fields.page = nvme::LogPage::telemetry_host;
    fields.bytes = 1024;
    fields.offset_bytes = 160 * 512;
    Bytes data(1024, 0xaa);
    EXPECT_EQ(device.admin_status(nvme::get_log_page(fields), TestDevice::bytes_of(data)),
              kSuccess);
    EXPECT_STREQ(reinterpret_cast<const char*>(data.data()),
                 "telemetry of ABC, capture 1, block 160");
    EXPECT_EQ(data[512], 0u) << "past the end";
    fields.offset_bytes = 4;
    EXPECT_EQ(device.admin_status(nvme::get_log_page(fields), TestDevice::bytes_of(data)),
              kInvalidField);
}

TEST(ModelTelemetry, TheControllerCapturesWhenTheMediumFails) {
    TestDevice device("mem:1MiB?fault=read@lba:5");
    const auto read = [&device](bool retain) {
        nvme::TelemetryHeader header;
        nvme::LogFields fields;
        fields.page = nvme::LogPage::telemetry_controller;
        fields.bytes = sizeof header;
        fields.retain_event = retain;
        EXPECT_EQ(device.admin_status(nvme::get_log_page(fields), Data(&header, sizeof header)),
                  kSuccess);
        return header;
    };
    EXPECT_EQ(read(true).controller_available, 0u);
    Bytes data(512);
    EXPECT_FALSE(device.io_status(nvme::read(5, 1), TestDevice::bytes_of(data)).ok());
    EXPECT_EQ(read(true).controller_available, 1u);
    EXPECT_EQ(read(true).controller_generation, 1u);
    EXPECT_EQ(read(false).controller_available, 1u) << "released by being read";
    EXPECT_EQ(read(true).controller_available, 0u);
}

TEST(ModelEvents, AreReadInAContext) {
    TestDevice device("mem:1MiB");
    using Action = nvme::PersistentEventAction;
    Bytes data(EventLog::kBytesMax / 4 * 4, 0xaa);
    const auto read = [&](Action action) {
        nvme::LogFields fields;
        fields.page = nvme::LogPage::persistent_event;
        fields.bytes = static_cast<std::uint32_t>(data.size());
        fields.lsp = static_cast<std::uint8_t>(action);
        return device.admin_status(nvme::get_log_page(fields), TestDevice::bytes_of(data));
    };
    EXPECT_EQ(read(Action::read), kSequenceError);
    EXPECT_EQ(device.admin_status(nvme::format({.nsid = 1})), kSuccess);
    EXPECT_EQ(read(Action::establish_and_read), kSuccess);
    EXPECT_EQ(read(Action::establish_and_read), kSequenceError);
    const auto header = nvme::decode<nvme::PersistentEventHeader>(std::as_bytes(std::span(data)));
    EXPECT_EQ(header->tnev, 3u);
    EXPECT_EQ(header->generation, 1u);
    EXPECT_TRUE(header->supports(nvme::PersistentEventType::format_start));
    const auto decoded = nvme::decode_persistent_events(
        std::as_bytes(std::span(data)).first(static_cast<std::size_t>(header->tll.value())));
    EXPECT_TRUE(decoded.well_formed);
    ASSERT_EQ(decoded.events.size(), 3u);
    EXPECT_EQ(decoded.events[0].type(), nvme::PersistentEventType::format_completion);
    EXPECT_EQ(decoded.events[1].type(), nvme::PersistentEventType::format_start);
    EXPECT_EQ(decoded.events[2].type(), nvme::PersistentEventType::power_on_or_reset);

    EXPECT_EQ(device.admin_status(nvme::sanitize({})), kSuccess);
    const Bytes before = data;
    EXPECT_EQ(read(Action::read), kSuccess);
    EXPECT_EQ(data, before) << "a context does not change";
    EXPECT_EQ(read(Action::release), kSuccess);
    EXPECT_EQ(read(Action::read), kSequenceError);
    EXPECT_EQ(read(Action::establish_and_read), kSuccess);
    EXPECT_NE(data, before);
}

TEST(ModelEvents, TheLogForgetsTheOldest) {
    TestDevice device("mem:1MiB");
    for (std::uint32_t i = 0; i < kEventsMax + 10; ++i)
        EXPECT_EQ(device.admin_status(
                      nvme::set_features({.id = nvme::FeatureId::software_progress, .cdw11 = i})),
                  kSuccess);
    nvme::PersistentEventHeader header;
    nvme::LogFields fields;
    fields.page = nvme::LogPage::persistent_event;
    fields.bytes = sizeof header;
    fields.lsp = 1;
    EXPECT_EQ(device.admin_status(nvme::get_log_page(fields), Data(&header, sizeof header)),
              kSuccess);
    EXPECT_EQ(header.tnev, kEventsMax);
    EXPECT_LE(header.tll, EventLog::kBytesMax);
}

TEST(ModelRecords, TellOfTheEnduranceGroupAndOfFeatures) {
    TestDevice device("mem:1MiB");
    device.write(0, 1, pattern(512, 1));
    nvme::EnduranceGroupLog group;
    nvme::LogFields fields;
    fields.page = nvme::LogPage::endurance_group;
    fields.bytes = sizeof group;
    EXPECT_EQ(device.admin_status(nvme::get_log_page(fields), Data(&group, sizeof group)),
              kInvalidField)
        << "group 0 is none";
    fields.lsi = kEnduranceGroup;
    EXPECT_EQ(device.admin_status(nvme::get_log_page(fields), Data(&group, sizeof group)),
              kSuccess);
    EXPECT_EQ(group.host_write_commands, nvme::U128::of(1));
    EXPECT_EQ(group.data_units_written, nvme::U128::of(1)) << "rounded up";
    EXPECT_EQ(group.total_capacity, nvme::U128::of(1 << 20));
    const auto list =
        device.identify<nvme::EnduranceGroupList>({.cns = nvme::Cns::endurance_groups});
    EXPECT_EQ(list.count(), 1u);
    EXPECT_EQ(list.endgid[0], kEnduranceGroup);
    const auto effects = device.log<nvme::FeatureEffectsLog>(nvme::LogPage::feature_effects);
    for (unsigned id = 0; id < 256; ++id) {
        Bytes data(4096);
        const auto status = device.admin_status(
            nvme::get_features(static_cast<nvme::FeatureId>(id)), TestDevice::bytes_of(data));
        EXPECT_EQ(effects.features[id].supported(), status.ok()) << id;
    }
}

TEST(ModelRecords, FormatsAreDescribedBeforeTheyAreUsed) {
    TestDevice device("mem:1MiB");
    using nvme::Cns;
    const auto format =
        device.identify<nvme::IdentifyNamespace>({.cns = Cns::ns_format, .cnssid = 1});
    EXPECT_EQ(format.lbaf[1].block_bytes(), 4096u);
    EXPECT_EQ(format.nsze, 0u);
    Bytes data(4096);
    EXPECT_EQ(device.admin_status(nvme::identify({.cns = Cns::ns_csi_format, .cnssid = 60}),
                                  TestDevice::bytes_of(data)),
              kInvalidFormat);
    EXPECT_TRUE(device
                    .identify<nvme::IdentifyNamespaceIndependent>(
                        {.cns = Cns::allocated_ns_independent, .nsid = 1})
                    .ready());
}

TEST(ModelFeatures, PowerAndThermalManagementAreChecked) {
    TestDevice device("mem:1MiB");
    const auto set = [&device](nvme::FeatureId id, std::uint32_t value, const Data& data = {}) {
        return device.admin_status(nvme::set_features({.id = id, .cdw11 = value}), data);
    };
    EXPECT_EQ(set(nvme::FeatureId::thermal_management, (320u << 16) | 330u), kSuccess);
    EXPECT_EQ(set(nvme::FeatureId::thermal_management, (330u << 16) | 320u), kInvalidField);
    EXPECT_EQ(set(nvme::FeatureId::thermal_management, 100), kInvalidField);
    nvme::AutonomousPowerState states{};
    states.raw[0] = std::uint64_t{(100 << 8) | (2 << 3)};
    EXPECT_EQ(set(nvme::FeatureId::autonomous_power_state, 1, Data(&states, sizeof states)),
              kSuccess);
    nvme::AutonomousPowerState read{};
    const Context got = device.admin(nvme::get_features(nvme::FeatureId::autonomous_power_state),
                                     Data(&read, sizeof read));
    EXPECT_EQ(got.completion.result, 1u);
    EXPECT_EQ(read.idle_ms(0), 100u);
    states.raw[0] = std::uint64_t{(100 << 8) | (1 << 3)};
    EXPECT_EQ(set(nvme::FeatureId::autonomous_power_state, 1, Data(&states, sizeof states)),
              kInvalidField)
        << "state 1 is operational";
    EXPECT_EQ(set(nvme::FeatureId::autonomous_power_state, 1, Data(&states, 8)),
              kDataLengthInvalid);
}

}  // namespace
}  // namespace xnvme::be_model
