// Admin commands, on every admin interface: identify, log pages, features; and what is not there.
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include <xnvme/nvme/log.hpp>

#include "tests/conformance/harness.hpp"

namespace conformance {
namespace {

using namespace xnvme::nvme;

class Admin : public AdminCase {
  protected:
    template <class T>
    static T identify(xnvme::Device& device, Cns cns, std::uint32_t nsid) {
        T value{};
        IdentifyFields fields;
        fields.cns = cns;
        fields.nsid = nsid;
        (void)must(device.admin(xnvme::nvme::identify(fields), xnvme::Data(&value, sizeof value)));
        return value;
    }
    static std::vector<std::uint32_t> namespaces_after(xnvme::Device& device, std::uint32_t nsid) {
        const auto list = identify<NamespaceList>(device, Cns::active_namespaces, nsid);
        std::vector<std::uint32_t> all = decode_namespace_list(std::as_bytes(std::span(&list, 1)));
        return all;
    }
    template <class T>
    static T log(xnvme::Device& device, LogPage page) {
        T value{};
        LogFields fields;
        fields.page = page;
        fields.bytes = sizeof value;
        (void)must(device.admin(get_log_page(fields), xnvme::Data(&value, sizeof value)));
        return value;
    }
};

TEST_P(Admin, IdentifiesAControllerThatFitsTheDevice) {
    xnvme::Device device = open();
    EXPECT_EQ(device.capabilities().admin, GetParam().interface);
    const auto controller = identify<IdentifyController>(device, Cns::controller, 0);
    EXPECT_FALSE(controller.model().empty());
    EXPECT_EQ(std::memcmp(&controller, &device.identify_controller(), sizeof controller), 0);
    EXPECT_EQ(controller.sq_entry_bytes(), 64u);
    EXPECT_EQ(controller.cq_entry_bytes(), 16u);
    EXPECT_GE(controller.nn.value(), device.nsid());
    EXPECT_GE(controller.version_major(), 1u);
    if (const std::uint64_t most = controller.max_transfer_bytes(); most != 0) {
        // The field says a power of two; what stands in for a controller's rounds down.
        EXPECT_GE(most, std::bit_floor(device.geometry().max_transfer_bytes));
    }
}

TEST_P(Admin, IdentifiesANamespaceThatFitsTheGeometry) {
    xnvme::Device device = open();
    const xnvme::Geometry& geometry = device.geometry();
    const auto space = identify<IdentifyNamespace>(device, Cns::ns, device.nsid());
    EXPECT_EQ(space.nsze.value(), geometry.blocks);
    EXPECT_EQ(space.ncap.value(), geometry.blocks);
    EXPECT_EQ(space.format().block_bytes(), geometry.block_bytes);
    EXPECT_EQ(space.format().ms.value(), geometry.metadata_bytes);
    EXPECT_EQ(space.deallocated_read(), geometry.deallocated_read);
    EXPECT_EQ(space.size_bytes(), geometry.size_bytes);
    if (!is_nvme()) {
        EXPECT_EQ(geometry.size_bytes, kPlaceBytes);
    }
    EXPECT_EQ(std::memcmp(&space, &device.identify_namespace(), sizeof space), 0);
}

TEST_P(Admin, ListsItsNamespace) {
    xnvme::Device device = open();
    std::vector<std::uint32_t> all = namespaces_after(device, 0);
    EXPECT_EQ(std::ranges::count(all, device.nsid()), 1);
    EXPECT_TRUE(std::ranges::is_sorted(all));
    if (!is_nvme()) {
        EXPECT_EQ(all.size(), 1u);
    }
    std::erase_if(all, [&](std::uint32_t nsid) { return nsid <= device.nsid(); });
    EXPECT_EQ(namespaces_after(device, device.nsid()), all)
        << "a list begins after the namespace that is named";
}

TEST_P(Admin, HasTheMandatoryLogPages) {
    xnvme::Device device = open();
    const auto health = log<HealthLog>(device, LogPage::health);
    EXPECT_LE(health.available_spare, 100u);
    (void)log<ErrorLogEntry>(device, LogPage::error_information);
    const auto firmware = log<FirmwareSlotLog>(device, LogPage::firmware_slot);
    EXPECT_NE(firmware.afi & 7u, 0u) << "some slot is active";
}

TEST_P(Admin, SaysWhichCommandsItTakes) {
    xnvme::Device device = open();
    const auto effects = log<CommandsEffectsLog>(device, LogPage::commands_effects);
    EXPECT_TRUE(effects.admin[0x06].supported()) << "identify";
    EXPECT_TRUE(effects.io[0x01].supported()) << "write";
    EXPECT_TRUE(effects.io[0x02].supported()) << "read";
    EXPECT_FALSE(effects.io[0x7b].supported());
}

TEST_P(Admin, ReadsALogPageInParts) {
    xnvme::Device device = open();
    const auto whole = log<FirmwareSlotLog>(device, LogPage::firmware_slot);
    LogFields fields;
    fields.page = LogPage::firmware_slot;
    fields.bytes = 16;
    fields.offset_bytes = 8;
    std::array<std::byte, 16> part{};
    (void)must(device.admin(get_log_page(fields), xnvme::Data(part.data(), part.size())));
    EXPECT_EQ(std::memcmp(part.data(), reinterpret_cast<const std::byte*>(&whole) + 8, 16), 0);
}

TEST_P(Admin, AnswersTheFeaturesThatItHas) {
    xnvme::Device device = open();
    const auto queues = device.admin(get_features(FeatureId::number_of_queues));
    EXPECT_TRUE(queues) << text(queues ? xnvme::Error{} : queues.error());
    const auto temperature = device.admin(get_features(FeatureId::temperature_threshold));
    EXPECT_TRUE(temperature) << text(temperature ? xnvme::Error{} : temperature.error());
}

TEST_P(Admin, UnknownFeaturesAndPagesAreTheDevicesVerdict) {
    xnvme::Device device = open();
    const auto feature = device.admin(get_features(static_cast<FeatureId>(0xc9)));
    ASSERT_FALSE(feature);
    EXPECT_EQ(feature.error().code, Errc::device) << text(feature.error());
    EXPECT_NE(feature.error().status.sc(), 0u);
    LogFields fields;
    fields.page = static_cast<LogPage>(0xc9);
    fields.bytes = 512;
    std::array<std::byte, 512> page{};
    const auto log = device.admin(get_log_page(fields), xnvme::Data(page.data(), page.size()));
    ASSERT_FALSE(log);
    EXPECT_EQ(log.error().code, Errc::device) << text(log.error());
    const bool generic = log.error().status.sct() == 0;
    // Command specific: invalid log page. NVMe Base 2.0 §5.16. There are controllers, QEMU's among
    // them, that call the page an invalid field.
    EXPECT_TRUE(is_nvme() || !generic) << text(log.error());
    EXPECT_EQ(log.error().status.sct(), generic ? 0u : 1u) << text(log.error());
    EXPECT_EQ(log.error().status.sc(), generic ? 0x02u : 0x09u) << text(log.error());
}

TEST_P(Admin, AnUnknownOpcodeIsInvalid) {
    xnvme::Device device = open();
    xnvme::Command command;
    command.opcode = 0x7e;
    const auto result = device.admin(command);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::device) << text(result.error());
    EXPECT_EQ(result.error().status.sct(), 0u);
    EXPECT_EQ(result.error().status.sc(), 0x01u);
}

TEST_P(Admin, AnUnknownNamespaceIsRefused) {
    xnvme::Device device = open();
    std::array<std::byte, 4096> space{};
    IdentifyFields fields;
    fields.cns = Cns::ns;
    fields.nsid = 4711;
    const auto result =
        device.admin(xnvme::nvme::identify(fields), xnvme::Data(space.data(), space.size()));
    ASSERT_FALSE(result);
    // Generic: invalid namespace or format. NVMe Base 2.0 §3.3.3.2.1.1
    EXPECT_EQ(result.error().status.sct(), 0u) << text(result.error());
    EXPECT_EQ(result.error().status.sc(), 0x0bu) << text(result.error());
}

TEST_P(Admin, NeverWritesPastAShortBuffer) {
    xnvme::Device device = open();
    std::array<std::byte, 4096> memory;
    memory.fill(std::byte{0xa5});
    IdentifyFields identify_fields;
    identify_fields.cns = Cns::controller;
    LogFields log_fields;
    log_fields.page = LogPage::commands_effects;
    log_fields.bytes = 4096;
    for (std::size_t bytes : {std::size_t{0}, std::size_t{1}, std::size_t{100}}) {
        // Whether it is refused or cut short, nothing past the buffer is touched.
        (void)device.admin(xnvme::nvme::identify(identify_fields),
                           xnvme::Data(memory.data(), bytes));
        (void)device.admin(get_log_page(log_fields), xnvme::Data(memory.data(), bytes));
        EXPECT_TRUE(all_bytes(std::span(memory).subspan(bytes), std::byte{0xa5}));
    }
}

TEST_P(Admin, AContextThatFailedAndThenSucceedsReadsClean) {
    xnvme::Device device = open();
    xnvme::Context context;
    context.command.opcode = 0x7e;
    EXPECT_FALSE(device.admin(context));
    EXPECT_FALSE(context.ok());
    IdentifyController controller{};
    IdentifyFields fields;
    fields.cns = Cns::controller;
    context.command = xnvme::nvme::identify(fields);
    EXPECT_TRUE(device.admin(context, xnvme::Data(&controller, sizeof controller)));
    EXPECT_TRUE(context.ok());
    EXPECT_TRUE(context.completion.ok());
    EXPECT_EQ(context.os_error, 0);
}

CONFORMANCE_OVER(Admin, pairs(xnvme::Contract::admin));

}  // namespace
}  // namespace conformance
