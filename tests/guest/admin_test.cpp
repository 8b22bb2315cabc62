// Admin commands on controllers of the emulated machine: what they answer is decoded, what they do
// not support is named, and what they change is seen by the kernel.
#include <xnvme/admin.hpp>

#include <chrono>
#include <filesystem>
#include <set>
#include <string>

#include <xnvme/describe.hpp>
#include <xnvme/nvme/feature_fields.hpp>
#include <xnvme/nvme/print.hpp>
#include <xnvme/nvme/status.hpp>

#include "tests/conformance/harness.hpp"
#include "tests/guest/devices.hpp"

namespace {

using conformance::must;
using xnvme::Data;
using xnvme::Device;
using xnvme::Errc;
namespace nvme = xnvme::nvme;

template <class T>
T identify(Device& device, nvme::Cns cns, std::uint32_t nsid = 0, std::uint16_t cntid = 0) {
    T structure{};
    (void)must(device.admin(nvme::identify({.cns = cns, .nsid = nsid, .cntid = cntid}),
                            Data(&structure, sizeof structure)));
    return structure;
}

/// The error's text has the status by name, which is what a person is shown.
void expect_refused(const xnvme::Result<xnvme::Completion>& result, nvme::GenericStatus status) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::device) << xnvme::describe(result.error());
    EXPECT_TRUE(nvme::is(result.error().status, status)) << xnvme::describe(result.error());
    EXPECT_NE(xnvme::describe(result.error()).find(nvme::status_name(nvme::status_of(status))),
              std::string::npos);
}

/// The namespaces' nodes that there are: "ng0n1".
std::set<std::string> generic_nodes() {
    std::set<std::string> nodes;
    for (const auto& entry : std::filesystem::directory_iterator("/dev")) {
        const std::string name = entry.path().filename();
        if (name.starts_with("ng")) nodes.insert(name);
    }
    return nodes;
}

// ---- Identify -----------------------------------------------------------------------------------

TEST(NvmAdminIdentify, EveryStructureIsDecodedOrRefusedByName) {
    Device device = must(Device::open(guest::device("many2").generic));
    std::set<nvme::Cns> answered;
    for (const nvme::CnsInfo& row : nvme::kCnsValues) {
        SCOPED_TRACE(row.name);
        std::array<std::byte, nvme::kIdentifyBytes> data{};
        // Lists begin after the namespace that is named; the others are of this one.
        const bool list = row.name.find("namespaces") != std::string_view::npos ||
                          row.cns == nvme::Cns::controller || row.cns == nvme::Cns::controller_csi;
        nvme::IdentifyFields fields;
        fields.cns = row.cns;
        fields.nsid = list ? 0 : device.nsid();
        const auto done = device.admin(nvme::identify(fields), Data(data.data(), data.size()));
        if (!done) {
            EXPECT_EQ(done.error().code, Errc::device) << xnvme::describe(done.error());
            EXPECT_NE(nvme::status_name(done.error().status), "Unknown Status");
            continue;
        }
        answered.insert(row.cns);
        const nvme::Node node = nvme::identify_node(row.cns, xnvme::CommandSet::nvm, data);
        EXPECT_EQ(node.find("lines"), nullptr) << "printed as bytes";
        EXPECT_GT(node.size(), 0u);
    }
    using enum nvme::Cns;
    for (const nvme::Cns cns :
         {ns, controller, active_namespaces, namespace_descriptors, ns_csi, controller_csi,
          active_namespaces_csi, allocated_namespaces, allocated_ns, io_command_sets})
        EXPECT_TRUE(answered.contains(cns)) << nvme::cns_name(cns);
}

TEST(NvmAdminIdentify, ListsTheNamespacesOfTheController) {
    Device device = must(Device::open(guest::device("many1").controller));
    for (const nvme::Cns cns : {nvme::Cns::active_namespaces, nvme::Cns::allocated_namespaces}) {
        const auto list = identify<nvme::NamespaceList>(device, cns);
        ASSERT_EQ(list.count(), 3u);
        EXPECT_EQ(list.nsid[0], 1u);
        EXPECT_EQ(list.nsid[1], 2u);
        EXPECT_EQ(list.nsid[2], 7u);
        EXPECT_EQ(identify<nvme::NamespaceList>(device, cns, 2).nsid[0], 7u);
    }
}

TEST(SharedAdminIdentify, BothControllersHaveTheNamespace) {
    Device device = must(Device::open(guest::device("shared").controllers.at(0)));
    EXPECT_EQ(identify<nvme::ControllerList>(device, nvme::Cns::controllers).count(), 2u);
    const auto attached = identify<nvme::ControllerList>(device, nvme::Cns::ns_controllers, 1);
    ASSERT_EQ(attached.count(), 2u);
    EXPECT_LT(attached.cntlid[0], attached.cntlid[1]);
    EXPECT_EQ(identify<nvme::IdentifyNamespace>(device, nvme::Cns::ns, 1).nmic & 1, 1);
    Device other = must(Device::open(guest::device("shared").controllers.at(1)));
    EXPECT_NE(device.identify_controller().cntlid, other.identify_controller().cntlid);
    EXPECT_EQ(device.identify_controller().subsystem_nqn(),
              other.identify_controller().subsystem_nqn());
}

TEST(SharedAdminIdentify, APrimaryControllerTellsWhatItShares) {
    Device device = must(Device::open(guest::device("sriov").controller));
    const auto capabilities =
        identify<nvme::PrimaryControllerCapabilities>(device, nvme::Cns::primary_capabilities);
    EXPECT_EQ(capabilities.cntlid, device.identify_controller().cntlid);
    EXPECT_EQ(capabilities.crt & 3, 3) << "queues and interrupts";
    EXPECT_EQ(capabilities.vqfrt, 4u);
    EXPECT_EQ(capabilities.vifrt, 4u);
    const auto secondary =
        identify<nvme::SecondaryControllerList>(device, nvme::Cns::secondary_controllers);
    ASSERT_EQ(secondary.count(), 2u);
    for (std::uint32_t i = 0; i < 2; ++i) {
        EXPECT_EQ(secondary.controllers[i].pcid, capabilities.cntlid);
        EXPECT_EQ(secondary.controllers[i].vfn, i + 1);
        EXPECT_FALSE(secondary.controllers[i].online());
    }
}

TEST(SharedAdminVirtualization, ResourcesAreAssignedToASecondaryControllerAndTakenBack) {
    Device device = must(Device::open(guest::device("sriov").controller));
    const auto list = [&device] {
        return identify<nvme::SecondaryControllerList>(device, nvme::Cns::secondary_controllers);
    };
    const std::uint16_t cntlid = list().controllers[0].scid;
    const auto assign = [&](std::uint16_t count) {
        (void)must(device.admin(
            nvme::virtualization_management(nvme::VirtualizationAction::assign_secondary, cntlid,
                                            nvme::VirtualResource::queues, count)));
    };
    assign(2);
    EXPECT_EQ(list().controllers[0].nvq, 2u);
    assign(0);
    EXPECT_EQ(list().controllers[0].nvq, 0u);
}

// ---- Log pages ----------------------------------------------------------------------------------

TEST(NvmAdminLogs, EveryPageIsDecodedOrRefusedByName) {
    Device device = must(Device::open(guest::device("nvme512").generic));
    std::set<nvme::LogPage> answered;
    for (const nvme::LogPageInfo& row : nvme::kLogPages) {
        SCOPED_TRACE(row.name);
        nvme::LogFields fields;
        fields.page = row.page;
        fields.retain_event = true;
        const std::uint64_t bytes = row.bytes == 0                                 ? 512
                                    : row.page == nvme::LogPage::error_information ? 256
                                                                                   : row.bytes;
        const auto log = xnvme::read_log(device, fields, bytes);
        if (!log) {
            EXPECT_EQ(log.error().error.code, Errc::device) << log.error().sentence;
            EXPECT_EQ(log.error().sentence.find("Unknown Status"), std::string::npos);
            continue;
        }
        EXPECT_EQ(log->size(), bytes);
        answered.insert(row.page);
        EXPECT_EQ(nvme::log_node(row.page, xnvme::CommandSet::nvm, *log).find("lines"), nullptr);
    }
    using enum nvme::LogPage;
    for (const nvme::LogPage page :
         {error_information, health, firmware_slot, changed_namespaces, commands_effects})
        EXPECT_TRUE(answered.contains(page)) << nvme::log_page_name(page);
}

TEST(NvmAdminLogs, AreReadInPartsFromAnOffset) {
    Device device = must(Device::open(guest::device("nvme512").generic));
    nvme::LogFields fields;
    fields.page = nvme::LogPage::commands_effects;
    const auto whole = must(xnvme::read_log(device, fields, 4096));
    fields.offset_bytes = 1024;
    const auto part = must(xnvme::read_log(device, fields, 100));
    EXPECT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + 1024));
    EXPECT_EQ(part.size(), 100u);
}

TEST(NvmAdminLogs, TellTheTemperatureAndHowManyErrorsAreKept) {
    Device device = must(Device::open(guest::device("nvme512").generic));
    nvme::LogFields fields;
    fields.page = nvme::LogPage::health;
    const auto log = must(xnvme::read_log(device, fields, sizeof(nvme::HealthLog)));
    EXPECT_EQ(nvme::decode<nvme::HealthLog>(log)->temperature_celsius(), 50) << "QEMU's constant";
    fields.page = nvme::LogPage::error_information;
    EXPECT_EQ(must(xnvme::log_bytes(device, fields)),
              64u * device.identify_controller().error_log_entries());
}

// ---- Features -----------------------------------------------------------------------------------

TEST(NvmAdminFeatures, ThoseThatThereAreHaveFieldsForEverySelect) {
    Device device = must(Device::open(guest::device("nvme512").generic));
    std::set<nvme::FeatureId> answered;
    for (const nvme::FeatureInfo& row : nvme::kFeatures) {
        SCOPED_TRACE(row.name);
        for (const auto select : {nvme::FeatureSelect::current, nvme::FeatureSelect::defaults,
                                  nvme::FeatureSelect::saved, nvme::FeatureSelect::capabilities}) {
            const auto feature = xnvme::get_feature(device, row.id, select);
            if (!feature) {
                EXPECT_EQ(feature.error().code, Errc::device) << xnvme::describe(feature.error());
                continue;
            }
            if (select == nvme::FeatureSelect::current) answered.insert(row.id);
            const nvme::Node node = nvme::feature_node(row.id, feature->value, feature->data);
            EXPECT_FALSE(nvme::to_json(node).empty());
        }
    }
    using enum nvme::FeatureId;
    for (const nvme::FeatureId id :
         {arbitration, temperature_threshold, error_recovery, volatile_write_cache,
          number_of_queues, async_event, timestamp, command_set_profile})
        EXPECT_TRUE(answered.contains(id)) << nvme::feature_name(id);
}

TEST(NvmAdminFeatures, AreSetReadBackAndRestored) {
    Device device = must(Device::open(guest::device("nvme512").generic));
    const auto get = [&device](nvme::FeatureId id) {
        return must(xnvme::get_feature(device, id)).value;
    };
    const auto set = [&device](nvme::FeatureId id, std::uint32_t value) {
        (void)must(device.admin(nvme::set_features({.id = id, .cdw11 = value})));
    };
    const std::uint32_t threshold = get(nvme::FeatureId::temperature_threshold);
    set(nvme::FeatureId::temperature_threshold, 350);
    EXPECT_EQ(get(nvme::FeatureId::temperature_threshold), 350u);
    set(nvme::FeatureId::temperature_threshold, threshold);
    EXPECT_EQ(get(nvme::FeatureId::temperature_threshold), threshold);

    const std::uint32_t cache = get(nvme::FeatureId::volatile_write_cache);
    set(nvme::FeatureId::volatile_write_cache, cache ^ 1);
    EXPECT_EQ(get(nvme::FeatureId::volatile_write_cache) & 1, (cache ^ 1) & 1);
    set(nvme::FeatureId::volatile_write_cache, cache);
    EXPECT_EQ(get(nvme::FeatureId::volatile_write_cache) & 1, cache & 1);

    const auto clock = std::chrono::system_clock::now().time_since_epoch();
    const auto ms = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(clock).count());
    nvme::Timestamp stamp{};
    for (std::size_t i = 0; i < stamp.milliseconds.size(); ++i)
        stamp.milliseconds[i] = static_cast<std::uint8_t>(ms >> (8 * i));
    (void)must(device.admin(nvme::set_features({.id = nvme::FeatureId::timestamp}),
                            Data(&stamp, sizeof stamp)));
    const auto read = must(xnvme::get_feature(device, nvme::FeatureId::timestamp));
    const auto now = nvme::decode<nvme::Timestamp>(read.data).value();
    EXPECT_GE(now.time_ms(), ms);
    EXPECT_LT(now.time_ms(), ms + 60'000);
    EXPECT_TRUE(now.set_by_host());
}

TEST(NvmAdminFeatures, WhatCannotBeSetIsNamed) {
    Device device = must(Device::open(guest::device("nvme512").generic));
    // Queues were created already, so that their number cannot change. NVMe Base 2.0 §5.27.1.5
    const auto queues = device.admin(nvme::set_features(
        {.id = nvme::FeatureId::number_of_queues, .cdw11 = nvme::NumberOfQueues::of(4, 4).raw}));
    expect_refused(queues, nvme::GenericStatus::command_sequence_error);
    expect_refused(device.admin(nvme::get_features(static_cast<nvme::FeatureId>(0xc9))),
                   nvme::GenericStatus::invalid_field);
}

// ---- Format -------------------------------------------------------------------------------------

std::uint8_t format_of(const Device& device, std::uint32_t block_bytes) {
    const nvme::IdentifyNamespace& id = device.identify_namespace();
    for (std::uint32_t i = 0; i < id.formats(); ++i) {
        if (id.lbaf[i].block_bytes() == block_bytes && id.lbaf[i].metadata_bytes() == 0)
            return static_cast<std::uint8_t>(i);
    }
    throw std::runtime_error("there is no such format");
}

void format(Device& device, std::uint32_t block_bytes) {
    (void)must(device.admin(
        nvme::format({.nsid = device.nsid(), .lbaf = format_of(device, block_bytes)})));
    must(device.refresh());
}

/// Writes the last block and reads it back, through an open device.
void use_last_block(Device& device) {
    const xnvme::Geometry& geometry = device.geometry();
    auto buffer = must(device.allocate(geometry.block_bytes));
    std::fill_n(buffer.data(), buffer.size(), std::byte{0x5a});
    (void)must(device.execute(nvme::write(geometry.blocks - 1, 1), buffer));
    std::fill_n(buffer.data(), buffer.size(), std::byte{0});
    (void)must(device.execute(nvme::read(geometry.blocks - 1, 1), buffer));
    EXPECT_EQ(buffer.data()[buffer.size() - 1], std::byte{0x5a});
}

TEST(NvmAdminFormat, ChangesTheBlockSizeOfDeviceAndKernel) {
    const guest::Device& nodes = guest::device("many7");
    Device generic = must(Device::open(nodes.generic));
    const std::uint64_t bytes = generic.geometry().size_bytes;
    ASSERT_EQ(generic.geometry().block_bytes, 512u);
    for (const std::uint32_t block_bytes : {4096u, 512u}) {
        SCOPED_TRACE(block_bytes);
        format(generic, block_bytes);
        EXPECT_EQ(generic.geometry().block_bytes, block_bytes);
        EXPECT_EQ(generic.geometry().blocks, bytes / block_bytes);
        EXPECT_EQ(generic.identify_namespace().format().block_bytes(), block_bytes);
        use_last_block(generic);
        Device block = must(Device::open(nodes.block));
        EXPECT_EQ(block.geometry().block_bytes, block_bytes) << "as the kernel has it";
        EXPECT_EQ(block.geometry().blocks, bytes / block_bytes);
        use_last_block(block);
    }
}

TEST(NvmAdminFormat, ThroughTheBlockDeviceTheGeometryFollowsToo) {
    Device block = must(Device::open(guest::device("many1").block));
    ASSERT_EQ(block.geometry().block_bytes, 512u);
    format(block, 4096);
    EXPECT_EQ(block.geometry().block_bytes, 4096u);
    use_last_block(block);
    format(block, 512);
    EXPECT_EQ(block.geometry().block_bytes, 512u);
    use_last_block(block);
}

TEST(NvmAdminFormat, AFormatThatIsNotThereIsNamed) {
    Device device = must(Device::open(guest::device("many7").generic));
    const auto refused = device.admin(nvme::format({.nsid = device.nsid(), .lbaf = 15}));
    ASSERT_FALSE(refused);
    EXPECT_TRUE(nvme::is(refused.error().status, nvme::CommandStatus::invalid_format))
        << xnvme::describe(refused.error());
}

// ---- What QEMU does not have --------------------------------------------------------------------

TEST(NvmAdminUnsupported, CommandsAreRefusedByName) {
    Device device = must(Device::open(guest::device("nvme512").generic));
    std::array<std::byte, 4096> data{};
    const Data all(data.data(), data.size());
    using enum nvme::GenericStatus;
    expect_refused(device.admin(nvme::sanitize({})), invalid_opcode);
    expect_refused(device.admin(nvme::device_self_test(nvme::SelfTest::short_test, 1)),
                   invalid_opcode);
    expect_refused(device.admin(nvme::namespace_create(), all), invalid_opcode);
    expect_refused(device.admin(nvme::security_receive({.bytes = 4096}), all), invalid_opcode);
    expect_refused(device.admin(nvme::firmware_download(0, 4096), all), invalid_opcode);
    EXPECT_NE(xnvme::create_namespace(device, {.size_blocks = 8})
                  .error()
                  .sentence.find("Invalid Command Opcode"),
              std::string::npos);
    const auto telemetry =
        xnvme::read_telemetry(device, {}, [](std::uint64_t, std::span<const std::byte>) {
            return xnvme::Result<void, xnvme::Failure>();
        });
    ASSERT_FALSE(telemetry);
    EXPECT_EQ(telemetry.error().error.code, Errc::device) << telemetry.error().sentence;
}

// ---- Attaching ----------------------------------------------------------------------------------

/// Attaches namespace 2, and returns the node that the driver has made for it.
std::string attach_second(Device& controller, const std::set<std::string>& before) {
    must(xnvme::attach_namespace(controller, 2));
    for (const std::string& node : generic_nodes()) {
        if (!before.contains(node)) return "/dev/" + node;
    }
    throw std::runtime_error("the driver has made no node for the namespace");
}

TEST(FdpAdminNamespaces, AreAttachedAndDetachedAndTheirNodesComeAndGo) {
    Device controller = must(Device::open(guest::device("detached").controller));
    const auto active = [&controller] {
        return identify<nvme::NamespaceList>(controller, nvme::Cns::active_namespaces).count();
    };
    EXPECT_EQ(active(), 1u);
    EXPECT_EQ(identify<nvme::NamespaceList>(controller, nvme::Cns::allocated_namespaces).count(),
              2u);
    EXPECT_EQ(identify<nvme::IdentifyNamespace>(controller, nvme::Cns::ns, 2).nsze, 0u);
    EXPECT_GT(identify<nvme::IdentifyNamespace>(controller, nvme::Cns::allocated_ns, 2).nsze, 0u);
    const std::set<std::string> before = generic_nodes();

    {
        Device attached = must(Device::open(attach_second(controller, before)));
        EXPECT_EQ(active(), 2u);
        EXPECT_EQ(attached.nsid(), 2u);
        use_last_block(attached);
        EXPECT_TRUE(nvme::is(xnvme::attach_namespace(controller, 2).error().error.status,
                             nvme::CommandStatus::namespace_already_attached));
    }
    must(xnvme::detach_namespace(controller, 2));
    EXPECT_EQ(active(), 1u);
    EXPECT_EQ(generic_nodes(), before);
    // Detaching it once more ends QEMU 10 itself, with an assertion: the model has that case.
}

TEST(FdpAdminNamespaces, OneThatIsDetachedWhileOpenFailsItsCommandsAndComesBack) {
    Device controller = must(Device::open(guest::device("detached").controller));
    const std::set<std::string> before = generic_nodes();
    for (int round = 0; round < 2; ++round) {
        Device device = must(Device::open(attach_second(controller, before)));
        use_last_block(device);
        must(xnvme::detach_namespace(controller, 2));
        auto buffer = must(device.allocate(device.geometry().block_bytes));
        const auto failed = device.execute(nvme::read(0, 1), buffer);
        ASSERT_FALSE(failed);
        EXPECT_TRUE(failed.error().code == Errc::device ||
                    failed.error().code == Errc::device_gone || failed.error().code == Errc::system)
            << xnvme::describe(failed.error());
    }
    EXPECT_EQ(generic_nodes(), before);
}

TEST(FdpAdminLogs, TheEnduranceGroupIsDecoded) {
    Device device = must(Device::open(guest::device("fdp").generic));
    const auto groups = identify<nvme::EnduranceGroupList>(device, nvme::Cns::endurance_groups);
    ASSERT_GE(groups.count(), 1u);
    nvme::LogFields fields;
    fields.page = nvme::LogPage::endurance_group;
    fields.lsi = groups.endgid[0];
    const auto log = must(xnvme::read_log(device, fields, sizeof(nvme::EnduranceGroupLog)));
    const auto group = nvme::decode<nvme::EnduranceGroupLog>(log).value();
    EXPECT_LE(group.available_spare, 100u);
    const nvme::Node node =
        nvme::log_node(nvme::LogPage::endurance_group, xnvme::CommandSet::nvm, log);
    EXPECT_NE(node.find("data_units_written"), nullptr);
}

}  // namespace
