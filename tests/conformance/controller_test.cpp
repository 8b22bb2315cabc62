// What is done to a controller as a whole, through every admin interface.
#include <xnvme/nvme/builders.hpp>
#include <xnvme/nvme/registers.hpp>

#include "tests/conformance/harness.hpp"

namespace conformance {
namespace {

using xnvme::ControllerAction;
using xnvme::nvme::FeatureId;
using xnvme::nvme::FeatureSelect;

class Controller : public AdminCase {
  protected:
    bool has_one() const { return GetParam().interface == "nvme" || is_model(); }
    /// A namespace with several controllers has one named instead of taking any.
    template <class T>
    bool is_shared(const std::expected<T, xnvme::Failure>& result) const {
        return GetParam().interface == "nvme" && !result &&
               result.error().error.code == Errc::invalid_argument &&
               says(result.error().sentence, {"several controllers", "/dev/nvme"});
    }
};

TEST_P(Controller, ResetsOrSaysThatThereIsNone) {
    xnvme::Device device = open();
    for (const ControllerAction action : {ControllerAction::reset, ControllerAction::rescan}) {
        const auto done = device.control(action);
        if (is_shared(done)) continue;
        EXPECT_EQ(done.has_value(), has_one()) << sentence_of(done);
        if (!done) {
            EXPECT_EQ(done.error().error.code, Errc::unsupported);
            EXPECT_TRUE(says(done.error().sentence, {"no NVMe controller"}));
        }
    }
    write_pattern(device, 1, 2, 17);
    EXPECT_TRUE(
        holds(read_blocks(device, 1, 2).span(), 1, device.geometry().transfer_block_bytes, 17));
}

TEST_P(Controller, AResetKeepsTheBlocksAndEndsFeaturesThatWereNotSaved) {
    if (!is_model()) return;  // What a controller makes of it is the controller's.
    xnvme::Device device = open();
    write_pattern(device, 1, 2, 18);
    const auto timeout = [&] {
        return must(device.admin(xnvme::nvme::get_features(FeatureId::error_recovery,
                                                           FeatureSelect::current, 1)))
            .result;
    };
    const std::uint64_t before = timeout();
    xnvme::Command set{};
    set.opcode = 0x09;
    set.nsid = 1;
    set.cdw10 = static_cast<std::uint32_t>(FeatureId::error_recovery);
    set.cdw11 = static_cast<std::uint32_t>(before) ^ 7;
    (void)must(device.admin(set));
    EXPECT_EQ(timeout(), before ^ 7);
    must(device.control(ControllerAction::subsystem_reset));
    EXPECT_EQ(timeout(), before);
    EXPECT_TRUE(
        holds(read_blocks(device, 1, 2).span(), 1, device.geometry().transfer_block_bytes, 18));
}

TEST_P(Controller, RegistersSayThatItRuns) {
    xnvme::Device device = open();
    const auto registers = device.registers();
    if (!has_one()) {
        ASSERT_FALSE(registers.has_value());
        EXPECT_EQ(registers.error().error.code, Errc::unsupported);
        return;
    }
    if (is_shared(registers)) return;
    if (!registers) {
        // A kernel that keeps the registers to its driver.
        EXPECT_EQ(GetParam().interface, "nvme");
        EXPECT_TRUE(says(registers.error().sentence, {"iomem=relaxed"}));
        return;
    }
    EXPECT_TRUE(registers->enabled());
    EXPECT_TRUE(registers->ready());
    EXPECT_EQ(registers->vs.value(), device.identify_controller().ver.value());
}

CONFORMANCE_OVER(Controller, pairs(xnvme::Contract::admin));

}  // namespace
}  // namespace conformance
