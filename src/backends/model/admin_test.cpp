#include "admin.hpp"

#include <gtest/gtest.h>

#include <array>

#include "nvm_commands.hpp"
#include "test_device.hpp"

namespace xnvme::be_model {
namespace {

using Bytes = std::vector<std::uint8_t>;
using nvme::Cns;
using nvme::FeatureId;
using nvme::FeatureSelect;
using nvme::LogPage;

TEST(ModelIdentify, DescribesControllerAndNamespace) {
    TestDevice device("mem:8MiB?block=4096&meta=64&extended=1&mdts=64KiB&serial=ABC");
    const auto controller = device.identify<nvme::IdentifyController>({.cns = Cns::controller});
    EXPECT_EQ(controller.serial(), "ABC");
    EXPECT_EQ(controller.model(), kModelNumber);
    EXPECT_EQ(controller.max_transfer_bytes(), 64u << 10);
    EXPECT_EQ(controller.error_log_entries(), 64u);
    EXPECT_EQ(controller.nn.value(), 1u);
    EXPECT_TRUE(controller.copy_format(0) && controller.copy_format(1));
    EXPECT_FALSE(controller.copy_format(2));
    EXPECT_NE(controller.oacs.value() & nvme::kOacsFormat, 0);
    EXPECT_EQ(controller.tnvmcap.saturated(), 8u << 20);

    const auto ns = device.identify<nvme::IdentifyNamespace>({.cns = Cns::ns, .nsid = 1});
    EXPECT_EQ(ns.nsze.value(), 2048u);
    EXPECT_EQ(ns.nuse.value(), 0u);
    EXPECT_EQ(ns.formats(), 16u);
    EXPECT_EQ(ns.format_index(), 2u);
    EXPECT_TRUE(ns.metadata_extended());
    EXPECT_EQ(ns.format().block_bytes(), 4096u);
    EXPECT_EQ(ns.format().metadata_bytes(), 64u);
    EXPECT_EQ(ns.deallocated_read(), DeallocatedRead::zeroes);
    EXPECT_TRUE(ns.write_zeroes_deallocates());
    EXPECT_EQ(ns.copy_ranges(), kCopyRanges);
    EXPECT_FALSE(ns.write_protected());
}

TEST(ModelIdentify, CountsAllocatedBlocks) {
    TestDevice device("mem:8MiB");
    const auto used = [&] {
        return device.identify<nvme::IdentifyNamespace>({.cns = Cns::ns, .nsid = 1}).nuse.value();
    };
    device.write(500, 30, pattern(30 * 512, 1));
    device.write(510, 30, pattern(30 * 512, 1));
    EXPECT_EQ(used(), 40u);
    const nvme::DsmRange range{0, 15, 505};
    EXPECT_EQ(device.io_status(nvme::dataset_management(1), Data(&range, sizeof(range))), kSuccess);
    EXPECT_EQ(used(), 25u);
    EXPECT_EQ(device.io_status(nvme::write_zeroes(0, 1)), kSuccess);
    EXPECT_EQ(used(), 26u);
    // In a chunk that is there already, some of the blocks again.
    device.write(0, 4, pattern(4 * 512, 2));
    EXPECT_EQ(used(), 29u);
    EXPECT_EQ(device.read(0, 4), pattern(4 * 512, 2));
}

TEST(ModelIdentify, ListsItsOneNamespaceAndController) {
    TestDevice device("mem:8MiB");
    for (const Cns cns : {Cns::active_namespaces, Cns::active_namespaces_csi,
                          Cns::allocated_namespaces, Cns::allocated_namespaces_csi}) {
        const auto list = device.identify<nvme::NamespaceList>({.cns = cns});
        EXPECT_EQ(list.count(), 1u);
        EXPECT_EQ(list.nsid[0].value(), 1u);
        EXPECT_EQ(device.identify<nvme::NamespaceList>({.cns = cns, .nsid = 1}).count(), 0u);
    }
    for (const Cns cns : {Cns::controllers, Cns::ns_controllers}) {
        const auto list = device.identify<nvme::ControllerList>({.cns = cns, .nsid = 1});
        EXPECT_EQ(list.count(), 1u);
    }
    EXPECT_EQ(device.identify<nvme::ControllerList>({.cns = Cns::controllers, .cntid = 1}).count(),
              0u);
    const auto sets = device.identify<nvme::IoCommandSets>({.cns = Cns::io_command_sets});
    EXPECT_TRUE(sets.supports(0, CommandSet::nvm));
    EXPECT_FALSE(sets.supports(0, CommandSet::zoned));
    EXPECT_TRUE(
        device.identify<nvme::IdentifyNamespaceIndependent>({.cns = Cns::ns_independent, .nsid = 1})
            .ready());
    const auto list = device.identify<std::array<std::byte, 4096>>(
        {.cns = Cns::namespace_descriptors, .nsid = 1});
    const nvme::NamespaceIds ids = nvme::decode_namespace_ids(list);
    EXPECT_TRUE(ids.has_eui64 && ids.has_nguid && ids.has_uuid && ids.has_csi);
    EXPECT_TRUE(ids.well_formed);
    EXPECT_EQ(ids.csi, CommandSet::nvm);
    device.identify<nvme::IdentifyNamespaceNvm>({.cns = Cns::ns_csi, .nsid = 1});
    device.identify<nvme::IdentifyControllerNvm>({.cns = Cns::controller_csi});
}

TEST(ModelIdentify, TwoDevicesHaveDifferentIdentifiers) {
    TestDevice a("mem:1MiB");
    TestDevice b("mem:1MiB");
    const nvme::IdentifyFields fields{.cns = Cns::ns, .nsid = 1};
    EXPECT_NE(a.identify<nvme::IdentifyNamespace>(fields).nguid,
              b.identify<nvme::IdentifyNamespace>(fields).nguid);
    EXPECT_NE(a.handle().facts.serial, b.handle().facts.serial);
}

TEST(ModelIdentify, RefusesWhatItDoesNotHave) {
    TestDevice device("mem:1MiB");
    Bytes data(4096);
    const auto status = [&](nvme::IdentifyFields fields) {
        return device.admin_status(nvme::identify(fields), TestDevice::bytes_of(data));
    };
    EXPECT_EQ(status({.cns = Cns::ns, .nsid = 2}), kInvalidNamespace);
    EXPECT_EQ(status({.cns = Cns::ns, .nsid = nvme::kNsidAll}), kInvalidNamespace);
    EXPECT_EQ(status({.cns = Cns::active_namespaces, .nsid = 0xfffffffe}), kInvalidNamespace);
    EXPECT_EQ(status({.cns = Cns::ns_csi, .nsid = 1, .csi = CommandSet::zoned}), kInvalidField);
    EXPECT_EQ(status({.cns = Cns::controller_csi, .csi = CommandSet::zoned}), kInvalidField);
    EXPECT_EQ(status({.cns = Cns::io_command_sets, .cntid = 7}), kInvalidField);
    EXPECT_EQ(status({.cns = static_cast<Cns>(0xff)}), kInvalidField);
    EXPECT_EQ(device.admin_status(nvme::identify({}), Data(data.data(), 4095)), kDataLengthInvalid);
    EXPECT_EQ(device.admin_status(nvme::identify({}), Data(static_cast<void*>(nullptr), 4096)),
              kDataTransferError);
    EXPECT_EQ(device.admin_status(nvme::identify({})), kDataLengthInvalid);
    Command unknown;
    unknown.opcode = 0xc1;
    EXPECT_EQ(device.admin_status(unknown), kInvalidOpcode);
}

TEST(ModelLogs, ErrorsAreKeptNewestFirst) {
    TestDevice device("mem:1MiB");
    Command command = nvme::verify(5000, 1);
    command.cid = 77;
    command.nsid = 1;
    for (int i = 0; i < 70; ++i) EXPECT_EQ(device.io_status(command), kLbaOutOfRange);
    EXPECT_EQ(device.admin_status(nvme::identify({})), kDataLengthInvalid);
    using Entries = std::array<nvme::ErrorLogEntry, 64>;
    const auto entries = device.log<Entries>(LogPage::error_information);
    EXPECT_EQ(entries[0].error_count.value(), 71u);
    EXPECT_EQ(entries[0].sqid.value(), 0);
    EXPECT_EQ(entries[0].opcode, 0x06);
    EXPECT_EQ(entries[1].error_count.value(), 70u);
    EXPECT_EQ(entries[1].cid.value(), 77);
    EXPECT_EQ(entries[1].sqid.value(), 1);
    EXPECT_EQ(entries[1].status(), kLbaOutOfRange);
    EXPECT_EQ(entries[1].lba.value(), 5000u);
    EXPECT_EQ(entries[1].nsid.value(), 1u);
    EXPECT_EQ(entries[63].error_count.value(), 8u);
    EXPECT_EQ(device.log<nvme::HealthLog>(LogPage::health).error_log_entries.saturated(), 71u);
}

TEST(ModelLogs, HealthCountsWhatWasDone) {
    TestDevice device("mem:8MiB?block=4096");
    device.write(0, 125, pattern(125 * 4096, 1));
    device.write(0, 1, pattern(4096, 1));
    (void)device.read(0, 125);
    EXPECT_EQ(device.io_status(nvme::verify(0, 125)), kSuccess);
    EXPECT_EQ(device.io_status(nvme::write_uncorrectable(9, 1)), kSuccess);
    Bytes data(4096);
    EXPECT_EQ(device.io_status(nvme::read(9, 1), TestDevice::bytes_of(data)), kUnrecoveredRead);
    EXPECT_EQ(device.io_status(nvme::compare(0, 1), TestDevice::bytes_of(data)), kCompareFailure);
    const auto health = device.log<nvme::HealthLog>(LogPage::health, 1);
    EXPECT_EQ(health.data_units_written.saturated(), 2u);
    EXPECT_EQ(health.data_units_read.saturated(), 3u);
    EXPECT_EQ(health.host_write_commands.saturated(), 2u);
    EXPECT_EQ(health.host_read_commands.saturated(), 2u);
    EXPECT_EQ(health.media_errors.saturated(), 1u);
    EXPECT_EQ(health.error_log_entries.saturated(), 2u);
    EXPECT_EQ(health.temperature_celsius(), 40);
    EXPECT_EQ(health.critical_warning, 0);
}

TEST(ModelLogs, SupportedPagesAreThoseThatCanBeRead) {
    TestDevice device("mem:1MiB");
    const auto supported = device.log<nvme::SupportedLogPages>(LogPage::supported_pages);
    Bytes data(512);
    unsigned count = 0;
    for (unsigned id = 0; id < 256; ++id) {
        nvme::LogFields fields;
        fields.page = static_cast<LogPage>(id);
        fields.bytes = 512;
        // Persistent events are read in a context, and an endurance group is named.
        if (fields.page == LogPage::persistent_event) fields.lsp = 1;
        if (fields.page == LogPage::endurance_group) fields.lsi = kEnduranceGroup;
        const Status status =
            device.admin_status(nvme::get_log_page(fields), TestDevice::bytes_of(data));
        EXPECT_EQ(status, supported.supports(fields.page) ? kSuccess : kInvalidLogPage) << id;
        count += status.ok();
    }
    EXPECT_EQ(count, 14u);
}

TEST(ModelLogs, OffsetsAndLengthsAreChecked) {
    TestDevice device("mem:1MiB?mdts=8KiB&serial=XYZ");
    Bytes data(16384, 0xaa);
    nvme::LogFields fields;
    fields.page = LogPage::firmware_slot;
    fields.bytes = 16;
    fields.offset_bytes = 8;
    EXPECT_EQ(device.admin_status(nvme::get_log_page(fields), TestDevice::bytes_of(data)),
              kInvalidField);
    data.resize(8192);
    EXPECT_EQ(device.admin_status(nvme::get_log_page(fields), TestDevice::bytes_of(data)),
              kSuccess);
    EXPECT_EQ(std::string(data.begin(), data.begin() + 3), "1.0");
    EXPECT_EQ(data[16], 0xaa);
    fields.offset_bytes = 508;
    EXPECT_EQ(device.admin_status(nvme::get_log_page(fields), TestDevice::bytes_of(data)),
              kSuccess);
    EXPECT_EQ(data[15], 0);
    fields.offset_bytes = 516;
    EXPECT_EQ(device.admin_status(nvme::get_log_page(fields), TestDevice::bytes_of(data)),
              kInvalidField);
    Command odd = nvme::get_log_page({.page = LogPage::health, .bytes = 512});
    odd.cdw12 = 2;
    EXPECT_EQ(device.admin_status(odd, TestDevice::bytes_of(data)), kInvalidField);
    Command endless = nvme::get_log_page({.page = LogPage::health, .bytes = 512});
    endless.cdw10 |= 0xffff0000;
    endless.cdw11 |= 0xffff;
    EXPECT_EQ(device.admin_status(endless, TestDevice::bytes_of(data)), kDataLengthInvalid);
    EXPECT_EQ(device.admin_status(nvme::get_log_page({.bytes = 512, .nsid = 2}),
                                  TestDevice::bytes_of(data)),
              kInvalidNamespace);
}

TEST(ModelLogs, CommandsSupportedAreThoseThatAreCarriedOut) {
    TestDevice device("mem:1MiB");
    const auto effects = device.log<nvme::CommandsEffectsLog>(LogPage::commands_effects);
    for (unsigned opcode = 0; opcode < 256; ++opcode) {
        Command command;
        command.opcode = static_cast<std::uint8_t>(opcode);
        const bool known = device.io_status(command) != kInvalidOpcode;
        EXPECT_EQ(effects.io[opcode].supported(), known) << opcode;
    }
    EXPECT_TRUE(effects.io[0x01].changes_blocks());
    EXPECT_FALSE(effects.io[0x02].changes_blocks());
    EXPECT_TRUE(effects.admin[0x80].changes_namespace());
    EXPECT_TRUE(effects.admin[0x0d].changes_inventory());
    EXPECT_FALSE(effects.admin[0x1c].supported());
}

Context get(TestDevice& device, FeatureId id, FeatureSelect select = FeatureSelect::current,
            std::uint32_t cdw11 = 0) {
    return device.admin(nvme::get_features(id, select, 0, cdw11));
}
Status set(TestDevice& device, FeatureId id, std::uint32_t value, bool save = false,
           std::uint32_t nsid = 0) {
    return device.admin_status(
        nvme::set_features({.id = id, .nsid = nsid, .cdw11 = value, .save = save}));
}

TEST(ModelFeatures, HaveCurrentDefaultAndSavedValues) {
    TestDevice device("mem:1MiB");
    const FeatureId id = FeatureId::interrupt_coalescing;
    EXPECT_EQ(set(device, id, 0x0203, true), kSuccess);
    EXPECT_EQ(set(device, id, 0x0405), kSuccess);
    EXPECT_EQ(get(device, id).completion.result, 0x0405u);
    EXPECT_EQ(get(device, id, FeatureSelect::defaults).completion.result, 0u);
    EXPECT_EQ(get(device, id, FeatureSelect::saved).completion.result, 0x0203u);
    const nvme::FeatureCapabilities capabilities{
        static_cast<std::uint32_t>(get(device, id, FeatureSelect::capabilities).completion.result)};
    EXPECT_TRUE(capabilities.saveable() && capabilities.changeable());
    EXPECT_FALSE(capabilities.per_namespace());
    EXPECT_EQ(get(device, FeatureId::error_recovery, FeatureSelect::capabilities).completion.result,
              7u);
    EXPECT_EQ(get(device, id, static_cast<FeatureSelect>(4)).completion.status, kInvalidField);
}

TEST(ModelFeatures, ValuesAreChecked) {
    TestDevice device("mem:1MiB");
    EXPECT_EQ(set(device, FeatureId::power_management, 2), kSuccess);
    EXPECT_EQ(set(device, FeatureId::power_management, 3), kInvalidField);
    EXPECT_EQ(get(device, FeatureId::power_management).completion.result, 2u);
    EXPECT_EQ(set(device, FeatureId::volatile_write_cache, 2), kInvalidField);
    EXPECT_EQ(set(device, FeatureId::arbitration, 0x10), kInvalidField);
    EXPECT_EQ(set(device, FeatureId::command_set_profile, 1), kInvalidField);
    EXPECT_EQ(set(device, FeatureId::async_event, 1u << 31), kInvalidField);
    EXPECT_EQ(set(device, FeatureId::number_of_queues, 0xffff), kInvalidField);
    EXPECT_EQ(set(device, static_cast<FeatureId>(0xc0), 0), kInvalidField);
    EXPECT_EQ(get(device, static_cast<FeatureId>(0xc0)).completion.status, kInvalidField);
    EXPECT_EQ(set(device, FeatureId::keep_alive, 1000, true), kFeatureNotSaveable);
    EXPECT_EQ(set(device, FeatureId::arbitration, 7, false, 1), kFeatureNotPerNamespace);
    EXPECT_EQ(set(device, FeatureId::arbitration, 7, false, 2), kInvalidNamespace);
    EXPECT_EQ(set(device, FeatureId::error_recovery, 5, false, 1), kSuccess);
    EXPECT_EQ(device.admin_status(
                  nvme::get_features(FeatureId::error_recovery, FeatureSelect::current, 2)),
              kInvalidNamespace);
}

TEST(ModelFeatures, GrantsNoMoreQueuesThanItHas) {
    TestDevice device("mem:1MiB");
    const Context context =
        device.admin(nvme::set_features({.id = FeatureId::number_of_queues, .cdw11 = 0x00030fff}));
    EXPECT_TRUE(context.ok());
    const nvme::NumberOfQueues queues{static_cast<std::uint32_t>(context.completion.result)};
    EXPECT_EQ(queues.submission_queues(), kIoQueues);
    EXPECT_EQ(queues.completion_queues(), 4u);
    EXPECT_EQ(get(device, FeatureId::number_of_queues).completion.result,
              context.completion.result);
}

TEST(ModelFeatures, TemperatureThresholdsRaiseTheWarning) {
    TestDevice device("mem:1MiB");
    const FeatureId id = FeatureId::temperature_threshold;
    EXPECT_EQ(get(device, id).completion.result, kWarningKelvin);
    EXPECT_EQ(set(device, id, 300), kSuccess);
    EXPECT_EQ(device.log<nvme::HealthLog>(LogPage::health).critical_warning,
              nvme::kWarnTemperature);
    EXPECT_EQ(set(device, id, 0xf0000 | 350, true), kSuccess);
    EXPECT_EQ(device.log<nvme::HealthLog>(LogPage::health).critical_warning, 0);
    EXPECT_EQ(set(device, id, (1u << 20) | 320), kSuccess);
    EXPECT_EQ(get(device, id, FeatureSelect::current, 1u << 20).completion.result, 320u);
    EXPECT_EQ(device.log<nvme::HealthLog>(LogPage::health).critical_warning,
              nvme::kWarnTemperature);
    EXPECT_EQ(set(device, id, (2u << 20) | 320), kInvalidField);
    EXPECT_EQ(set(device, id, (3u << 16) | 320), kInvalidField);
    EXPECT_EQ(get(device, id, FeatureSelect::current, 3u << 16).completion.status, kInvalidField);
}

TEST(ModelFeatures, StructuresGoInAndOut) {
    TestDevice device("mem:1MiB");
    const Bytes id = pattern(16, 3);
    EXPECT_EQ(
        device.admin_status(nvme::set_features({.id = FeatureId::host_identifier, .cdw11 = 1}),
                            TestDevice::bytes_of(id)),
        kSuccess);
    Bytes back(16);
    EXPECT_EQ(device.admin_status(
                  nvme::get_features(FeatureId::host_identifier, FeatureSelect::current, 0, 1),
                  TestDevice::bytes_of(back)),
              kSuccess);
    EXPECT_EQ(back, id);
    EXPECT_EQ(device.admin_status(
                  nvme::get_features(FeatureId::host_identifier, FeatureSelect::current, 0, 1),
                  Data(back.data(), 15)),
              kDataLengthInvalid);

    nvme::Timestamp timestamp{};
    const auto read = [&] {
        EXPECT_EQ(device.admin_status(nvme::get_features(FeatureId::timestamp),
                                      Data(&timestamp, sizeof(timestamp))),
                  kSuccess);
    };
    read();
    EXPECT_FALSE(timestamp.set_by_host());
    timestamp = {};
    timestamp.milliseconds = {0, 0, 0, 0, 0, 1};
    EXPECT_EQ(device.admin_status(nvme::set_features({.id = FeatureId::timestamp}),
                                  Data(&timestamp, sizeof(timestamp))),
              kSuccess);
    read();
    EXPECT_TRUE(timestamp.set_by_host());
    EXPECT_GE(timestamp.time_ms(), std::uint64_t{1} << 40);
    EXPECT_LT(timestamp.time_ms(), (std::uint64_t{1} << 40) + 3'600'000);
    EXPECT_EQ(device.admin_status(nvme::set_features({.id = FeatureId::timestamp})),
              kDataLengthInvalid);
    const Bytes behavior = pattern(512, 9);
    EXPECT_EQ(device.admin_status(nvme::set_features({.id = FeatureId::host_behavior}),
                                  TestDevice::bytes_of(behavior)),
              kSuccess);
    Bytes behaves(512);
    EXPECT_EQ(device.admin_status(nvme::get_features(FeatureId::host_behavior),
                                  TestDevice::bytes_of(behaves)),
              kSuccess);
    EXPECT_EQ(behaves, behavior);
}

TEST(ModelFormat, ChangesTheBlocksAndEmptiesThem) {
    TestDevice device("mem:8MiB");
    device.write(3, 1, pattern(512, 1));
    EXPECT_EQ(device.admin_status(nvme::format({.nsid = 1, .lbaf = 2, .metadata_extended = true})),
              kSuccess);
    EXPECT_EQ(device.geometry().block_bytes, 512u);
    ASSERT_TRUE(device.handle().refresh());
    EXPECT_EQ(device.geometry().block_bytes, 4096u);
    EXPECT_EQ(device.geometry().transfer_block_bytes, 4160u);
    EXPECT_EQ(device.geometry().blocks, 2048u);
    EXPECT_EQ(device.read(0, 1), Bytes(4160, 0));
    device.write(2047, 1, pattern(4160, 1));
    const auto changed = device.log<nvme::ChangedNamespacesLog>(LogPage::changed_namespaces);
    EXPECT_EQ(changed.list.nsid[0].value(), 1u);
    EXPECT_EQ(device.log<nvme::ChangedNamespacesLog>(LogPage::changed_namespaces).list.count(), 0u);
    // A format without metadata has none to put behind the data.
    EXPECT_EQ(device.admin_status(nvme::format({.nsid = nvme::kNsidAll,
                                                .lbaf = 1,
                                                .metadata_extended = true,
                                                .erase = nvme::SecureErase::cryptographic})),
              kSuccess);
    ASSERT_TRUE(device.handle().refresh());
    EXPECT_FALSE(device.geometry().metadata_extended);
    EXPECT_EQ(device.read(2047, 1), Bytes(4096, 0));
}

TEST(ModelFormat, RefusesWhatIsNotInTheList) {
    TestDevice device("mem:8MiB");
    device.write(3, 1, pattern(512, 1));
    EXPECT_EQ(device.admin_status(nvme::format({.nsid = 1, .lbaf = 16})), kInvalidFormat);
    EXPECT_EQ(device.admin_status(nvme::format({.nsid = 1, .lbaf = 63})), kInvalidFormat);
    EXPECT_EQ(device.admin_status(nvme::format({.nsid = 1, .lbaf = 1, .protection_type = 1})),
              kInvalidFormat)
        << "no metadata, so no room for protection information";
    EXPECT_EQ(device.admin_status(nvme::format({.nsid = 2})), kInvalidNamespace);
    EXPECT_EQ(
        device.admin_status(nvme::format({.nsid = 1, .erase = static_cast<nvme::SecureErase>(3)})),
        kInvalidField);
    EXPECT_EQ(device.read(3, 1), pattern(512, 1));
}

TEST(ModelSanitize, ErasesAndKeepsALog) {
    TestDevice device("mem:8MiB");
    const auto state = [&] {
        const auto log = device.log<std::array<std::uint8_t, 512>>(LogPage::sanitize_status);
        return static_cast<unsigned>(log[2] | (log[3] << 8));
    };
    EXPECT_EQ(state(), 0x100u);
    for (const auto action : {nvme::SanitizeAction::block_erase, nvme::SanitizeAction::overwrite,
                              nvme::SanitizeAction::crypto_erase}) {
        device.write(3, 1, pattern(512, 1));
        EXPECT_EQ(state() & 0x100, 0u);
        EXPECT_EQ(device.admin_status(nvme::sanitize({.action = action, .overwrite_passes = 2})),
                  kSuccess);
        EXPECT_EQ(device.read(3, 1), Bytes(512, 0));
        const unsigned passes = action == nvme::SanitizeAction::overwrite ? 2u << 3 : 0;
        EXPECT_EQ(state(), 0x101u | passes);
    }
    EXPECT_EQ(device.admin_status(nvme::sanitize({.no_deallocate = true})), kInvalidField);
    EXPECT_EQ(set(device, FeatureId::sanitize_config, 1), kSuccess);
    EXPECT_EQ(device.admin_status(nvme::sanitize({.no_deallocate = true})), kSuccess);
    EXPECT_EQ(state(), 0x104u);
    EXPECT_EQ(device.admin_status(nvme::sanitize({.action = nvme::SanitizeAction::exit_failure})),
              kSuccess);
    EXPECT_EQ(device.admin_status(nvme::sanitize({.action = nvme::SanitizeAction{0}})),
              kInvalidField);
    EXPECT_EQ(device.admin_status(nvme::sanitize({.action = nvme::SanitizeAction{5}})),
              kInvalidField);
}

TEST(ModelDirectives, KnowsTheIdentifyDirectiveAlone) {
    TestDevice device("mem:1MiB");
    Bytes data(4096, 0xaa);
    nvme::DirectiveFields fields;
    fields.nsid = 1;
    fields.bytes = 4096;
    fields.operation = nvme::kIdentifyReceiveParameters;
    EXPECT_EQ(device.admin_status(nvme::directive_receive(fields), TestDevice::bytes_of(data)),
              kSuccess);
    EXPECT_EQ(data[0], 1);
    EXPECT_EQ(data[32], 1);
    EXPECT_EQ(data[4095], 0);
    EXPECT_EQ(device.admin_status(nvme::directive_receive(fields), Data(data.data(), 4092)),
              kDataLengthInvalid);
    fields.type = nvme::DirectiveType::streams;
    EXPECT_EQ(device.admin_status(nvme::directive_receive(fields), TestDevice::bytes_of(data)),
              kInvalidField);
    EXPECT_EQ(device.admin_status(nvme::directive_enable(nvme::DirectiveType::streams, true, 1)),
              kInvalidField);
    EXPECT_EQ(device.admin_status(nvme::directive_enable(nvme::DirectiveType::streams, true, 2)),
              kInvalidNamespace);
}

TEST(ModelAdmin, SelfTestsAbortAndKeepAlive) {
    TestDevice device("mem:1MiB");
    Command test;
    test.opcode = static_cast<std::uint8_t>(nvme::AdminOpcode::device_self_test);
    test.nsid = 1;
    test.cdw10 = 1;
    EXPECT_EQ(device.admin_status(test), kSuccess);
    test.cdw10 = 2;
    EXPECT_EQ(device.admin_status(test), kSuccess);
    test.cdw10 = 3;
    EXPECT_EQ(device.admin_status(test), kInvalidField);
    test.cdw10 = 0xf;
    EXPECT_EQ(device.admin_status(test), kSuccess);
    const auto log = device.log<nvme::SelfTestLog>(LogPage::self_test);
    EXPECT_EQ(log.results[0].status, 0x20);
    EXPECT_EQ(log.results[1].status, 0x10);
    EXPECT_EQ(log.results[1].nsid.value(), 1u);
    EXPECT_FALSE(log.results[2].used());
    Command command;
    command.opcode = static_cast<std::uint8_t>(nvme::AdminOpcode::abort);
    const Context aborted = device.admin(command);
    EXPECT_TRUE(aborted.ok());
    EXPECT_EQ(aborted.completion.result, 1u);
    command.opcode = static_cast<std::uint8_t>(nvme::AdminOpcode::keep_alive);
    EXPECT_EQ(device.admin_status(command), kSuccess);
}

}  // namespace
}  // namespace xnvme::be_model
