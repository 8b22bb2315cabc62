#include <xnvme/nvme/registers.hpp>

#include <gtest/gtest.h>

#include <xnvme/nvme/print.hpp>

namespace xnvme::nvme {
namespace {

/// What a controller of QEMU's has, with a buffer of 16 MiB.
ControllerRegisters registers() {
    ControllerRegisters registers{};
    registers.cap = 0x024008200f0107ff;
    registers.vs = 0x00010400;
    registers.cc = 0x00460061;
    registers.csts = 1;
    registers.aqa = 0x001f001f;
    registers.cmbloc = 2;
    registers.cmbsz = 0x0001021d;
    return registers;
}

TEST(Registers, CountsAndUnitsAreThoseOfTheSpecification) {
    const ControllerRegisters all = registers();
    EXPECT_EQ(all.queue_entries(), 2048u);
    EXPECT_EQ(all.ready_timeout_ms(), 7500u);
    EXPECT_EQ(all.doorbell_stride_bytes(), 4u);
    EXPECT_EQ(all.page_bytes_min(), 4096u);
    EXPECT_EQ(all.page_bytes_max(), 65536u);
    EXPECT_FALSE(all.subsystem_reset_supported());
    EXPECT_TRUE(all.memory_buffer_supported());
    EXPECT_FALSE(all.persistent_memory_supported());
    EXPECT_TRUE(all.enabled());
    EXPECT_TRUE(all.ready());
    EXPECT_EQ(all.memory_buffer_bytes(), 16u << 20);
}

const Node& member(const Node& node, std::string_view name) {
    const Node* const found = node.find(name);
    EXPECT_NE(found, nullptr) << name;
    static const Node none;
    return found == nullptr ? none : *found;
}

TEST(Registers, PrintFieldByField) {
    const Node node = to_node(registers());
    EXPECT_EQ(member(member(node, "cap"), "value").as_unsigned(), 0x024008200f0107ffu);
    EXPECT_TRUE(member(member(member(node, "cap"), "command_sets"), "nvm").as_bool());
    EXPECT_EQ(member(member(node, "vs"), "version").as_text(), "1.4");
    EXPECT_EQ(member(member(node, "cc"), "submission_entry_bytes").as_unsigned(), 64u);
    EXPECT_EQ(member(member(node, "cc"), "completion_entry_bytes").as_unsigned(), 16u);
    EXPECT_EQ(member(member(node, "aqa"), "submission_entries").as_unsigned(), 32u);
    EXPECT_EQ(member(member(node, "cmbloc"), "bar").as_unsigned(), 2u);
    EXPECT_TRUE(member(member(node, "cmbsz"), "write_data").as_bool());
    EXPECT_EQ(node.find("pmr"), nullptr);
    ControllerRegisters with_pmr = registers();
    with_pmr.cap = with_pmr.cap.value() | (std::uint64_t{1} << 56);
    EXPECT_NE(to_node(with_pmr).find("pmr"), nullptr);
}

}  // namespace
}  // namespace xnvme::nvme
