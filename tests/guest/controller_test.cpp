// Controllers as a whole: reset, rescan, registers; and what a scan finds without opening anything.
#include <algorithm>

#include <xnvme/admin.hpp>

#include "tests/conformance/harness.hpp"
#include "tests/guest/devices.hpp"
#include "tests/guest/waiting.hpp"

namespace {

using conformance::must;
using conformance::sentence_of;
using xnvme::ControllerAction;
using xnvme::Errc;

TEST(NvmController, ResetsThroughEveryNodeAndWorksAfterwards) {
    const guest::Device& node = guest::device("nvme512");
    for (const std::string& path : {node.controller, node.generic, node.block}) {
        SCOPED_TRACE(path);
        xnvme::Device device = must(xnvme::Device::open(path));
        must(device.control(ControllerAction::reset));
        must(device.control(ControllerAction::rescan));
        conformance::write_pattern(device, 0, 4, 1);
        EXPECT_TRUE(conformance::holds(conformance::read_blocks(device, 0, 4).span(), 0,
                                       device.geometry().block_bytes, 1));
    }
}

TEST(NvmController, AResetEndsTheFeaturesThatWereNotSaved) {
    xnvme::Device device = must(xnvme::Device::open(guest::device("nvme512").controller));
    const auto id = xnvme::nvme::FeatureId::error_recovery;
    const auto get = [&] {
        return must(device.admin(xnvme::nvme::get_features(id, xnvme::nvme::FeatureSelect::current,
                                                           device.nsid())))
            .result;
    };
    const std::uint64_t before = get();
    xnvme::Command set{};
    set.opcode = 0x09;
    set.nsid = device.nsid();
    set.cdw10 = static_cast<std::uint32_t>(id);
    set.cdw11 = static_cast<std::uint32_t>(before) ^ 0x55;
    (void)must(device.admin(set));
    EXPECT_EQ(get(), before ^ 0x55);
    must(device.control(ControllerAction::reset));
    EXPECT_EQ(get() & ~std::uint64_t{0xffff}, before & ~std::uint64_t{0xffff});
}

TEST(NvmController, SaysThatItHasNoSubsystemReset) {
    xnvme::Device device = must(xnvme::Device::open(guest::device("nvme512").controller));
    ASSERT_FALSE(must(device.registers()).subsystem_reset_supported());
    const auto reset = device.control(ControllerAction::subsystem_reset);
    ASSERT_FALSE(reset.has_value());
    EXPECT_EQ(reset.error().error.code, Errc::unsupported);
    EXPECT_TRUE(conformance::says(reset.error().sentence, {"CAP.NSSRS is 0"}));
}

TEST(NvmController, RegistersAreThoseOfARunningController) {
    xnvme::Device device = must(xnvme::Device::open(guest::device("nvme512").controller));
    const xnvme::nvme::ControllerRegisters registers = must(device.registers());
    EXPECT_EQ(registers.vs.value(), device.identify_controller().ver.value());
    EXPECT_TRUE(registers.enabled());
    EXPECT_TRUE(registers.ready());
    EXPECT_GE(registers.queue_entries(), 2u);
    EXPECT_NE(registers.asq.value(), 0u);
    EXPECT_FALSE(registers.memory_buffer_supported());
    xnvme::Device with_buffer = must(xnvme::Device::open(guest::device("cmb").controller));
    EXPECT_TRUE(must(with_buffer.registers()).memory_buffer_supported());
}

TEST(ZonedController, AKernelThatKeepsRegistersToItsDriverIsNamed) {
    xnvme::Device device = must(xnvme::Device::open(guest::device("zoned").controller));
    const auto registers = device.registers();
    ASSERT_FALSE(registers.has_value());
    EXPECT_EQ(registers.error().error.code, Errc::no_permission);
    EXPECT_TRUE(conformance::says(registers.error().sentence, {"iomem=relaxed"}));
}

TEST(SharedController, ANamespaceWithSeveralWantsOneNamed) {
    const guest::Device& node = guest::device("shared");
    ASSERT_EQ(node.controllers.size(), 2u);
    xnvme::Device device = must(xnvme::Device::open(node.generic));
    const auto reset = device.control(ControllerAction::reset);
    ASSERT_FALSE(reset.has_value());
    EXPECT_EQ(reset.error().error.code, Errc::invalid_argument);
    EXPECT_TRUE(
        conformance::says(reset.error().sentence, {node.controllers[0], node.controllers[1]}));
    xnvme::Device one = must(xnvme::Device::open(node.controllers[0]));
    EXPECT_EQ(one.nsid(), device.nsid());
    must(one.control(ControllerAction::reset));
    conformance::write_pattern(device, 0, 4, 2);
    EXPECT_TRUE(conformance::holds(conformance::read_blocks(one, 0, 4).span(), 0,
                                   device.geometry().block_bytes, 2));
}

xnvme::Found found(const std::string& uri) {
    const std::vector<xnvme::Found> all = must(xnvme::scan());
    const auto one = std::ranges::find(all, uri, &xnvme::Found::uri);
    if (one == all.end()) throw std::runtime_error("the scan lacks " + uri);
    return *one;
}

TEST(NvmScan, SaysWhatEachNodeIsWithoutOpeningIt) {
    const guest::Device& node = guest::device("nvme4096");
    const xnvme::Found block = found(node.block);
    EXPECT_EQ(block.device_class, xnvme::DeviceClass::nvme_block);
    EXPECT_EQ(block.nsid, 2u);
    EXPECT_EQ(block.twin, node.generic);
    EXPECT_EQ(block.size_bytes, 16u << 20);
    EXPECT_EQ(block.block_bytes, 4096u);
    EXPECT_EQ(block.command_set, xnvme::CommandSet::nvm);
    const xnvme::Found generic = found(node.generic);
    EXPECT_EQ(generic.device_class, xnvme::DeviceClass::nvme_generic);
    EXPECT_EQ(generic.nsid, 2u);
    EXPECT_EQ(generic.twin, node.block);
    EXPECT_EQ(generic.size_bytes, block.size_bytes);
    const std::string controller_name = node.controller.substr(5);
    EXPECT_EQ(generic.controllers, std::vector<std::string>{controller_name});
    const xnvme::Found controller = found(node.controller);
    EXPECT_EQ(controller.device_class, xnvme::DeviceClass::nvme_controller);
    EXPECT_EQ(controller.serial, "conv");
    EXPECT_EQ(controller.transport, "pcie");
    EXPECT_EQ(controller.driver, "nvme");
    EXPECT_EQ(controller.state, "live");
    EXPECT_TRUE(controller.subsystem_nqn.starts_with("nqn.")) << controller.subsystem_nqn;
    // Domain, bus, device and function.
    EXPECT_EQ(controller.address.size(), 12u) << controller.address;
    for (const xnvme::Found* one : {&block, &generic}) {
        EXPECT_EQ(one->address, controller.address);
        EXPECT_EQ(one->subsystem_nqn, controller.subsystem_nqn);
    }
}

TEST(ZonedScan, KnowsTheCommandSet) {
    EXPECT_EQ(found(guest::device("zoned").generic).command_set, xnvme::CommandSet::zoned);
    EXPECT_EQ(found(guest::device("zoned").block).command_set, xnvme::CommandSet::zoned);
}

TEST(SharedScan, ListsANamespaceWithSeveralPathsOnce) {
    const guest::Device& node = guest::device("shared");
    const xnvme::Found generic = found(node.generic);
    std::vector<std::string> expected;
    for (const std::string& controller : node.controllers) expected.push_back(controller.substr(5));
    std::ranges::sort(expected);
    EXPECT_EQ(generic.controllers, expected);
    const auto all = must(xnvme::scan());
    EXPECT_EQ(std::ranges::count_if(all,
                                    [&](const xnvme::Found& one) {
                                        return one.nsid == generic.nsid &&
                                               one.subsystem_nqn == generic.subsystem_nqn &&
                                               one.device_class == xnvme::DeviceClass::nvme_generic;
                                    }),
              1);
}

TEST(SharedScan, ANamespaceHasTheControllersThatItIsAttachedTo) {
    const guest::Device& node = guest::device("shared");
    const std::string& kept = node.controllers.at(0);
    const std::string& other = node.controllers.at(1);
    xnvme::Device controller = must(xnvme::Device::open(other));
    const std::uint32_t nsid = controller.nsid();
    must(xnvme::detach_namespace(controller, nsid));
    guest::wait_for_namespace(other, nsid, false);
    EXPECT_EQ(found(node.generic).controllers, std::vector<std::string>{kept.substr(5)});
    EXPECT_EQ(must(xnvme::Device::open(other)).nsid(), 0u);
    {
        // One is left, which need not be named.
        xnvme::Device device = must(xnvme::Device::open(node.generic));
        must(device.control(ControllerAction::reset));
        conformance::write_pattern(device, 0, 4, 3);
    }
    must(xnvme::attach_namespace(controller, nsid));
    guest::wait_for_namespace(other, nsid);
    xnvme::Device again = must(xnvme::Device::open(other));
    EXPECT_EQ(again.nsid(), nsid);
    EXPECT_TRUE(conformance::holds(conformance::read_blocks(again, 0, 4).span(), 0,
                                   again.geometry().block_bytes, 3));
    EXPECT_EQ(found(node.generic).controllers.size(), 2u);
}

}  // namespace
