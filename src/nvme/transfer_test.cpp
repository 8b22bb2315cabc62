#include <xnvme/nvme/transfer.hpp>

#include <gtest/gtest.h>

#include <xnvme/nvme/builders.hpp>

namespace xnvme::nvme {
namespace {

std::uint64_t admin_filled(const Command& command) {
    return filled_bytes(OpcodeSet::admin, command);
}

TEST(Transfer, TheFieldsOfAdminCommandsSayHowMuchTheyFill) {
    EXPECT_EQ(admin_filled(identify({.cns = Cns::controller})), 4096u);
    EXPECT_EQ(admin_filled(get_log_page({.page = LogPage::health, .bytes = 512})), 512u);
    EXPECT_EQ(admin_filled(get_log_page({.page = LogPage::health, .bytes = 1u << 20})), 1u << 20);
    EXPECT_EQ(admin_filled(get_features(FeatureId::timestamp)), 8u);
    EXPECT_EQ(admin_filled(get_features(FeatureId::timestamp, FeatureSelect::capabilities)), 0u);
    EXPECT_EQ(admin_filled(get_features(FeatureId::arbitration)), 0u);
    Command command = get_features(FeatureId::host_identifier);
    EXPECT_EQ(admin_filled(command), 8u);
    command.cdw11 = 1;
    EXPECT_EQ(admin_filled(command), 16u);
    command = Command{};
    command.opcode = 0x82;
    command.cdw11 = 300;
    EXPECT_EQ(admin_filled(command), 300u);
    command.opcode = 0x1a;
    command.cdw10 = UINT32_MAX;
    EXPECT_EQ(admin_filled(command), std::uint64_t{1} << 34);
    command.cdw11 = 0x0103;  // Streams, Allocate Resources: the answer is in the completion.
    EXPECT_EQ(admin_filled(command), 0u);
    command.opcode = 0x09;
    EXPECT_EQ(admin_filled(command), 0u);
}

TEST(Transfer, ReportsOfIoCommandsAreCountedInDwords) {
    Command command{};
    command.opcode = 0x0e;
    command.cdw10 = 15;
    EXPECT_EQ(filled_bytes(OpcodeSet::nvm, command), 64u);
    command.opcode = 0x12;
    command.cdw11 = 3;
    EXPECT_EQ(filled_bytes(OpcodeSet::nvm, command), 16u);
    command.opcode = 0x7a;
    command.cdw12 = 1023;
    EXPECT_EQ(filled_bytes(OpcodeSet::zoned, command), 4096u);
    EXPECT_EQ(filled_bytes(OpcodeSet::nvm, command), 0u);
    EXPECT_EQ(filled_bytes(OpcodeSet::nvm, read(0, 8)), 0u);
}

}  // namespace
}  // namespace xnvme::nvme
