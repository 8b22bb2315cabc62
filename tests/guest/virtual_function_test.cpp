// A virtual function (SR-IOV): given queues and interrupts by its primary controller, brought
// online, and used as the NVMe controller that it then is.
#include <filesystem>
#include <fstream>
#include <string>

#include <xnvme/device.hpp>
#include <xnvme/nvme/management.hpp>

#include "tests/conformance/harness.hpp"
#include "tests/guest/devices.hpp"
#include "tests/guest/waiting.hpp"

namespace {

using conformance::must;
using xnvme::nvme::VirtualizationAction;
using xnvme::nvme::VirtualResource;
namespace nvme = xnvme::nvme;

void write_file(const std::string& path, const std::string& text) {
    std::ofstream out(path);
    out << text << std::flush;
    if (!out) throw std::runtime_error("'" + text + "' could not be written to " + path);
}

/// The primary controller and the function's folder in /sys. What was changed is put back.
class VirtualFunction {
  public:
    explicit VirtualFunction(const std::string& controller)
        : primary_(must(xnvme::Device::open(controller))),
          folder_("/sys/class/nvme/" + controller.substr(5) + "/device/") {
        nvme::SecondaryControllerList list{};
        (void)must(primary_.admin(nvme::identify({.cns = nvme::Cns::secondary_controllers}),
                                  xnvme::Data(&list, sizeof list)));
        cntlid_ = list.controllers[0].scid;
        write_file(folder_ + "sriov_drivers_autoprobe", "0");
        write_file(folder_ + "sriov_numvfs", "1");
        manage(VirtualizationAction::assign_secondary, VirtualResource::queues, 2);
        manage(VirtualizationAction::assign_secondary, VirtualResource::interrupts, 2);
        manage(VirtualizationAction::online_secondary, VirtualResource::queues, 0);
    }
    ~VirtualFunction() {
        write_file(folder_ + "sriov_numvfs", "0");
        manage(VirtualizationAction::assign_secondary, VirtualResource::queues, 0);
        manage(VirtualizationAction::assign_secondary, VirtualResource::interrupts, 0);
    }
    VirtualFunction(const VirtualFunction&) = delete;
    VirtualFunction& operator=(const VirtualFunction&) = delete;

    /// Gives it to the kernel's driver; the controller's path once it is live.
    std::string bind() {
        const std::string address =
            std::filesystem::read_symlink(folder_ + "virtfn0").filename().string();
        write_file(folder_ + "sriov_drivers_autoprobe", "1");
        write_file("/sys/bus/pci/drivers_probe", address);
        std::string path;
        guest::wait_until("the function at " + address + " does not come up", [&] {
            for (const xnvme::Found& found : must(xnvme::scan()))
                if (found.address == address && found.state == "live" &&
                    found.device_class == xnvme::DeviceClass::nvme_controller)
                    path = found.uri;
            return !path.empty();
        });
        return path;
    }
    std::uint16_t cntlid() const { return cntlid_; }

  private:
    void manage(VirtualizationAction action, VirtualResource resource, std::uint16_t count) {
        (void)must(
            primary_.admin(nvme::virtualization_management(action, cntlid_, resource, count)));
    }

    xnvme::Device primary_;
    std::string folder_;
    std::uint16_t cntlid_ = 0;
};

TEST(SharedVirtualFunction, IsAControllerOfItsOwnWithTheSameNamespace) {
    const guest::Device& node = guest::device("sriov");
    VirtualFunction function(node.controller);
    const std::string path = function.bind();
    xnvme::Device primary = must(xnvme::Device::open(node.controller));
    guest::wait_for_namespace(path, primary.nsid());
    xnvme::Device secondary = must(xnvme::Device::open(path));
    EXPECT_EQ(secondary.identify_controller().cntlid, function.cntlid());
    EXPECT_NE(secondary.identify_controller().cntlid, primary.identify_controller().cntlid);
    EXPECT_EQ(secondary.identify_controller().subsystem_nqn(),
              primary.identify_controller().subsystem_nqn());
    ASSERT_EQ(secondary.nsid(), primary.nsid());
    conformance::write_pattern(secondary, 0, 8, 12);
    EXPECT_TRUE(conformance::holds(conformance::read_blocks(primary, 0, 8).span(), 0, 512, 12));
}

}  // namespace
