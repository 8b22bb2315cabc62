#include "backends/common/synthesised_admin.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include <xnvme/nvme/status.hpp>

namespace xnvme::be_common {
namespace {

using nvme::Cns;
using nvme::CommandStatus;
using nvme::FeatureId;
using nvme::FeatureSelect;
using nvme::GenericStatus;
using nvme::LogPage;

int erase_result = 0;
int erased = 0;
int erase(Handle&, nvme::SecureErase kind) {
    if (kind != nvme::SecureErase::none) return EOPNOTSUPP;
    ++erased;
    return erase_result;
}

class SynthesisedAdminTest : public ::testing::Test {
  protected:
    SynthesisedAdminTest() {
        handle_.facts.model = "ext4 file";
        handle_.facts.serial = "4711";
        handle_.facts.firmware = "1.0";
        handle_.facts.volatile_cache = true;
        handle_.facts.can_deallocate = true;
        Geometry& geometry = handle_.facts.geometry;
        geometry.blocks = 1000;
        geometry.block_bytes = 512;
        geometry.size_bytes = 512'100;
        geometry.max_transfer_bytes = 65536 * 512;
        geometry.physical_block_bytes = 4096;
        geometry.deallocated_read = DeallocatedRead::zeroes;
        hooks_.io = OpcodeSet{0x00, 0x01, 0x02, 0x05, 0x08, 0x09, 0x0c, 0x19};
        hooks_.erase = erase;
        erase_result = 0;
        erased = 0;
    }

    Context run(Command command, std::span<std::byte> data = {}) {
        Context context{};
        context.command = command;
        context.command.data = reinterpret_cast<std::uintptr_t>(data.data());
        context.command.data_bytes = static_cast<std::uint32_t>(data.size());
        context.bytes = context.command.data_bytes;
        admin().execute(context);
        return context;
    }
    SynthesisedAdmin& admin() {
        if (!admin_) admin_.emplace(handle_, hooks_);
        return *admin_;
    }
    template <class T>
    T identify(Cns cns, std::uint32_t nsid = 0) {
        std::vector<std::byte> data(4096, std::byte{0xee});
        EXPECT_TRUE(run(nvme::identify({.cns = cns, .nsid = nsid}), data).ok());
        return nvme::decode<T>(data).value();
    }
    template <class T>
    T log(LogPage page) {
        std::vector<std::byte> data(sizeof(T), std::byte{0xee});
        EXPECT_TRUE(run(nvme::get_log_page({.page = page, .bytes = sizeof(T)}), data).ok());
        return nvme::decode<T>(data).value();
    }
    Status status_of(Command command, std::size_t bytes = 4096) {
        std::vector<std::byte> data(bytes);
        const Context context = run(command, data);
        EXPECT_EQ(context.error, Errc::device);
        return context.completion.status;
    }

    Handle handle_;
    AdminHooks hooks_;
    std::optional<SynthesisedAdmin> admin_;
};

TEST_F(SynthesisedAdminTest, IdentifiesTheController) {
    const auto id = identify<nvme::IdentifyController>(Cns::controller);
    EXPECT_EQ(id.model(), "ext4 file");
    EXPECT_EQ(id.serial(), "4711");
    EXPECT_EQ(id.firmware(), "1.0");
    EXPECT_EQ(id.max_transfer_bytes(), 65536u * 512);
    EXPECT_EQ(id.nn, 1u);
    EXPECT_EQ(id.oncs, nvme::kOncsCompare | nvme::kOncsDatasetManagement | nvme::kOncsWriteZeroes |
                           nvme::kOncsVerify | nvme::kOncsCopy | nvme::kOncsSaveSelect);
    EXPECT_TRUE(id.copy_format(0) && id.copy_format(1) && !id.copy_format(2));
    EXPECT_TRUE(id.volatile_write_cache());
    EXPECT_EQ(id.subsystem_nqn().size(), 68u);
    EXPECT_TRUE(id.subsystem_nqn().starts_with("nqn.2014-08.org.nvmexpress:uuid:"));
}

TEST_F(SynthesisedAdminTest, TheTransferLimitIsNeverRoundedUp) {
    handle_.facts.geometry.max_transfer_bytes = 1'300'000;
    EXPECT_EQ(identify<nvme::IdentifyController>(Cns::controller).max_transfer_bytes(), 1u << 20);
}

TEST_F(SynthesisedAdminTest, IdentifiesTheNamespace) {
    for (const std::uint32_t nsid : {0u, 1u}) {
        const auto id = identify<nvme::IdentifyNamespace>(Cns::ns, nsid);
        EXPECT_EQ(id.nsze, 1000u);
        EXPECT_EQ(id.ncap, 1000u);
        EXPECT_EQ(id.format().block_bytes(), 512u);
        EXPECT_EQ(id.formats(), 1u);
        EXPECT_EQ(id.deallocated_read(), DeallocatedRead::zeroes);
        EXPECT_EQ(id.npwg, 7u);
        EXPECT_EQ(id.copy_ranges(), 256u);
        EXPECT_FALSE(id.write_protected());
    }
    handle_.facts.read_only = true;
    EXPECT_TRUE(identify<nvme::IdentifyNamespace>(Cns::ns).write_protected());
    EXPECT_TRUE(identify<nvme::IdentifyNamespaceIndependent>(Cns::ns_independent).ready());
}

TEST_F(SynthesisedAdminTest, ListsNamespacesAfterTheOneGiven) {
    EXPECT_EQ(identify<nvme::NamespaceList>(Cns::active_namespaces, 0).nsid[0], 1u);
    EXPECT_EQ(identify<nvme::NamespaceList>(Cns::active_namespaces, 0).count(), 1u);
    EXPECT_EQ(identify<nvme::NamespaceList>(Cns::active_namespaces, 1).count(), 0u);
    EXPECT_TRUE(
        nvme::is(status_of(nvme::identify({.cns = Cns::active_namespaces, .nsid = nvme::kNsidAll})),
                 GenericStatus::invalid_namespace));
}

TEST_F(SynthesisedAdminTest, DescribesTheNamespaceByIdentifiersThatStay) {
    std::vector<std::byte> data(4096);
    ASSERT_TRUE(run(nvme::identify({.cns = Cns::namespace_descriptors, .nsid = 1}), data).ok());
    const nvme::NamespaceIds ids = nvme::decode_namespace_ids(data);
    EXPECT_TRUE(ids.has_uuid && ids.has_csi && ids.well_formed);
    EXPECT_EQ(ids.csi, CommandSet::nvm);
    ASSERT_TRUE(run(nvme::identify({.cns = Cns::namespace_descriptors, .nsid = 1}), data).ok());
    EXPECT_EQ(nvme::decode_namespace_ids(data).uuid, ids.uuid);
    handle_.facts.serial = "4712";
    ASSERT_TRUE(run(nvme::identify({.cns = Cns::namespace_descriptors, .nsid = 1}), data).ok());
    EXPECT_NE(nvme::decode_namespace_ids(data).uuid, ids.uuid);
}

TEST_F(SynthesisedAdminTest, CommandSetStructures) {
    EXPECT_TRUE(identify<nvme::IoCommandSets>(Cns::io_command_sets).supports(0, CommandSet::nvm));
    EXPECT_EQ(identify<nvme::IdentifyControllerNvm>(Cns::controller_csi).dmrl, 0);
    EXPECT_EQ(identify<nvme::IdentifyNamespaceNvm>(Cns::ns_csi, 1).pic, 0);
    EXPECT_TRUE(nvme::is(
        status_of(nvme::identify({.cns = Cns::ns_csi, .nsid = 1, .csi = CommandSet::zoned})),
        GenericStatus::invalid_field));
}

TEST_F(SynthesisedAdminTest, WhatIsNotThereIsRefused) {
    EXPECT_TRUE(nvme::is(status_of(nvme::identify({.cns = Cns::ns, .nsid = 2})),
                         GenericStatus::invalid_namespace));
    EXPECT_TRUE(
        nvme::is(status_of(nvme::identify({.cns = Cns::uuid_list})), GenericStatus::invalid_field));
    Command unknown;
    unknown.opcode = 0xc1;
    EXPECT_TRUE(nvme::is(status_of(unknown), GenericStatus::invalid_opcode));
    EXPECT_TRUE(
        nvme::is(status_of(nvme::get_log_page({.page = LogPage::telemetry_host, .bytes = 512})),
                 CommandStatus::invalid_log_page));
}

TEST_F(SynthesisedAdminTest, DataThatIsTooShortIsNotWrittenPast) {
    std::vector<std::byte> data(4095, std::byte{0xee});
    EXPECT_EQ(run(nvme::identify({.cns = Cns::controller}), data).error, Errc::bad_length);
    EXPECT_EQ(data[0], std::byte{0xee});
    EXPECT_EQ(run(nvme::identify({.cns = Cns::controller})).error, Errc::bad_length);
    EXPECT_EQ(
        run(nvme::get_log_page({.page = LogPage::health, .bytes = 512}), std::span(data).first(508))
            .error,
        Errc::bad_length);
}

TEST_F(SynthesisedAdminTest, DataMayBeAList) {
    std::vector<std::byte> data(4096, std::byte{0xee});
    IoVec list[3] = {{data.data() + 96, 4000}, {data.data(), 90}, {data.data() + 90, 6}};
    Context context{};
    context.command = nvme::identify({.cns = Cns::controller});
    context.command.data = reinterpret_cast<std::uintptr_t>(list);
    context.command.data_bytes = 3;
    context.options = kVectored;
    context.bytes = 4096;
    admin().execute(context);
    ASSERT_TRUE(context.ok());
    std::rotate(data.begin(), data.begin() + 96, data.end());
    EXPECT_EQ(nvme::decode<nvme::IdentifyController>(data)->model(), "ext4 file");
}

TEST_F(SynthesisedAdminTest, KeepsTheErrorsOfCommandsThatFailed) {
    EXPECT_FALSE(log<nvme::ErrorLogEntry>(LogPage::error_information).used());
    for (unsigned i = 0; i < 70; ++i) {
        Command command = nvme::identify({.cns = Cns::ns, .nsid = 100 + i});
        command.cid = static_cast<std::uint16_t>(i);
        status_of(command);
    }
    std::vector<std::byte> data(64 * 64);
    ASSERT_TRUE(
        run(nvme::get_log_page({.page = LogPage::error_information, .bytes = 4096}), data).ok());
    for (std::uint32_t i = 0; i < 64; ++i) {
        const auto entry =
            nvme::decode<nvme::ErrorLogEntry>(std::span(data).subspan(i * 64)).value();
        EXPECT_EQ(entry.error_count, 70u - i);
        EXPECT_EQ(entry.nsid, 169u - i);
        EXPECT_EQ(entry.cid, 69u - i);
        EXPECT_EQ(entry.opcode, 0x06);
        EXPECT_TRUE(nvme::is(entry.status(), GenericStatus::invalid_namespace));
    }
    EXPECT_EQ(log<nvme::HealthLog>(LogPage::health).error_log_entries.saturated(), 70u);
}

TEST_F(SynthesisedAdminTest, LogPagesHonourOffsetAndLength) {
    const auto whole = log<nvme::CommandsEffectsLog>(LogPage::commands_effects);
    std::vector<std::byte> data(64, std::byte{0xee});
    ASSERT_TRUE(run(nvme::get_log_page(
                        {.page = LogPage::commands_effects, .bytes = 64, .offset_bytes = 1024}),
                    data)
                    .ok());
    EXPECT_EQ(std::memcmp(data.data(), &whole.io[0], 64), 0);
    // Past the end there are zeroes.
    ASSERT_TRUE(
        run(nvme::get_log_page({.page = LogPage::health, .bytes = 64, .offset_bytes = 512}), data)
            .ok());
    EXPECT_EQ(data, std::vector<std::byte>(64));
    EXPECT_TRUE(nvme::is(
        status_of(nvme::get_log_page({.page = LogPage::health, .bytes = 4, .offset_bytes = 516})),
        GenericStatus::invalid_field));
}

TEST_F(SynthesisedAdminTest, SaysWhichCommandsItHas) {
    const auto effects = log<nvme::CommandsEffectsLog>(LogPage::commands_effects);
    EXPECT_TRUE(effects.admin[0x06].supported());
    EXPECT_FALSE(effects.admin[0x0d].supported());
    EXPECT_TRUE(effects.io[0x01].supported() && effects.io[0x01].changes_blocks());
    EXPECT_TRUE(effects.io[0x02].supported() && !effects.io[0x02].changes_blocks());
    EXPECT_FALSE(effects.io[0x04].supported());
    const auto pages = log<nvme::SupportedLogPages>(LogPage::supported_pages);
    EXPECT_TRUE(pages.supports(LogPage::health));
    EXPECT_FALSE(pages.supports(LogPage::self_test));
    EXPECT_EQ(log<nvme::FirmwareSlotLog>(LogPage::firmware_slot).revision(1), "1.0");
}

TEST_F(SynthesisedAdminTest, FeaturesKeepWhatIsSetAndTheirDefault) {
    const auto get = [&](FeatureId id, FeatureSelect select, std::uint32_t cdw11 = 0) {
        const Context context = run(nvme::get_features(id, select, 0, cdw11));
        EXPECT_TRUE(context.ok());
        return context.completion.result;
    };
    ASSERT_TRUE(run(nvme::set_features({.id = FeatureId::error_recovery, .cdw11 = 77})).ok());
    EXPECT_EQ(get(FeatureId::error_recovery, FeatureSelect::current), 77u);
    EXPECT_EQ(get(FeatureId::error_recovery, FeatureSelect::defaults), 0u);
    EXPECT_EQ(get(FeatureId::error_recovery, FeatureSelect::saved), 0u);
    EXPECT_EQ(get(FeatureId::error_recovery, FeatureSelect::capabilities), 4u);
    EXPECT_EQ(get(FeatureId::volatile_write_cache, FeatureSelect::current), 1u);

    const std::uint32_t under = 1u << 20;
    ASSERT_TRUE(
        run(nvme::set_features({.id = FeatureId::temperature_threshold, .cdw11 = under | 270}))
            .ok());
    EXPECT_EQ(get(FeatureId::temperature_threshold, FeatureSelect::current, under), 270u);
    EXPECT_EQ(get(FeatureId::temperature_threshold, FeatureSelect::current), 0xffffu);
}

TEST_F(SynthesisedAdminTest, FeaturesThatCannotBeAreRefused) {
    EXPECT_TRUE(
        nvme::is(status_of(nvme::get_features(FeatureId::fdp)), GenericStatus::invalid_field));
    EXPECT_TRUE(nvme::is(status_of(nvme::set_features({.id = FeatureId::volatile_write_cache})),
                         CommandStatus::feature_not_changeable));
    EXPECT_TRUE(
        nvme::is(status_of(nvme::set_features({.id = FeatureId::error_recovery, .save = true})),
                 CommandStatus::feature_not_saveable));
    EXPECT_TRUE(nvme::is(
        status_of(nvme::set_features({.id = FeatureId::number_of_queues, .cdw11 = 0xffff})),
        GenericStatus::invalid_field));
    handle_.facts.volatile_cache = false;
    EXPECT_TRUE(nvme::is(status_of(nvme::get_features(FeatureId::volatile_write_cache)),
                         GenericStatus::invalid_field));
}

TEST_F(SynthesisedAdminTest, FormatErases) {
    ASSERT_TRUE(run(nvme::format({.nsid = 1})).ok());
    EXPECT_EQ(erased, 1);
    EXPECT_TRUE(
        nvme::is(status_of(nvme::format({.nsid = 1, .lbaf = 1})), CommandStatus::invalid_format));
    EXPECT_TRUE(nvme::is(status_of(nvme::format({.nsid = 3})), GenericStatus::invalid_namespace));
    EXPECT_TRUE(
        nvme::is(status_of(nvme::format({.nsid = 1, .erase = nvme::SecureErase::cryptographic})),
                 GenericStatus::invalid_field));
    handle_.access = Access::read_only;
    EXPECT_EQ(run(nvme::format({.nsid = 1})).error, Errc::read_only);
    handle_.access = Access::read_write;
    handle_.facts.read_only = true;
    EXPECT_TRUE(
        nvme::is(status_of(nvme::format({.nsid = 1})), GenericStatus::namespace_write_protected));
    handle_.facts.read_only = false;
    erase_result = EIO;
    EXPECT_EQ(run(nvme::format({.nsid = 1})).os_error, EIO);
    EXPECT_EQ(erased, 2);
}

TEST_F(SynthesisedAdminTest, WithoutAWayToEraseThereIsNoFormat) {
    hooks_.erase = nullptr;
    EXPECT_TRUE(nvme::is(status_of(nvme::format({.nsid = 1})), GenericStatus::invalid_opcode));
    EXPECT_EQ(identify<nvme::IdentifyController>(Cns::controller).oacs, 0);
}

}  // namespace
}  // namespace xnvme::be_common
