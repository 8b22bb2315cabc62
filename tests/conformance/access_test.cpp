// Devices opened for reading only or writing only.
#include <array>

#include "tests/conformance/harness.hpp"

namespace conformance {
namespace {

/// Commands that change the device, with the data that they need.
struct Change {
    xnvme::Command command;
    bool has_block = false;
    xnvme::Data data;
};

class AsyncAccess : public AsyncCase {
  protected:
    xnvme::nvme::DsmRange range_{.cattr = 0u, .nlb = 1u, .slba = 0u};
    xnvme::nvme::CopyRange0 source_ = xnvme::nvme::CopyRange0::of(0, 1);

    std::vector<Change> changes() const {
        return {{xnvme::nvme::write(0, 1), true, {}},
                {xnvme::nvme::write_zeroes(0, 1), false, {}},
                {xnvme::nvme::dataset_management(1), false, {&range_, sizeof range_}},
                {xnvme::nvme::copy(1, 1), false, {&source_, sizeof source_}}};
    }
};

TEST_P(AsyncAccess, ReadOnlyRefusesWhateverChangesTheDevice) {
    {
        xnvme::Device writer = open();
        write_pattern(writer, 0, 4, 7);
    }
    xnvme::Options read_only = options();
    read_only.access = xnvme::Access::read_only;
    xnvme::Device device = open(read_only);
    xnvme::Queue queue = must(device.create_queue(4));
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    xnvme::Buffer buffer = must(device.allocate(unit));
    Runner runner(queue);
    for (const Change& change : changes()) {
        const xnvme::Data data = change.has_block ? xnvme::Data(buffer) : change.data;
        EXPECT_EQ(code_of(runner.submit(change.command, data)), Errc::read_only)
            << "opcode " << unsigned{change.command.opcode};
        EXPECT_EQ(code_of(device.execute(change.command, data)), Errc::read_only)
            << "opcode " << unsigned{change.command.opcode};
    }
    EXPECT_EQ(queue.outstanding(), 0u);
    EXPECT_FALSE(runner.run(xnvme::nvme::read(0, 1), buffer).why);
    if (GetParam().interface == "nil") return;
    EXPECT_TRUE(holds(buffer.span(), 0, unit, 7));
    EXPECT_FALSE(runner.run(xnvme::nvme::verify(0, 1)).why);
    EXPECT_TRUE(holds(read_blocks(device, 0, 4).span(), 0, unit, 7));
}

TEST_P(AsyncAccess, WriteOnlyRefusesWhateverReadsTheDevice) {
    xnvme::Options write_only = options();
    write_only.access = xnvme::Access::write_only;
    xnvme::Device device = open(write_only);
    xnvme::Queue queue = must(device.create_queue(4));
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    xnvme::Buffer buffer = must(device.allocate(unit));
    Runner runner(queue);
    const std::pair<xnvme::Command, xnvme::Data> reads[] = {
        {xnvme::nvme::read(0, 1), buffer},
        {xnvme::nvme::compare(0, 1), buffer},
        {xnvme::nvme::verify(0, 1), {}},
        {xnvme::nvme::copy(1, 1), {&source_, sizeof source_}}};
    for (const auto& [command, data] : reads) {
        EXPECT_EQ(code_of(runner.submit(command, data)), Errc::write_only)
            << "opcode " << unsigned{command.opcode};
        EXPECT_EQ(code_of(device.execute(command, data)), Errc::write_only)
            << "opcode " << unsigned{command.opcode};
    }
    fill(buffer.span(), 2, unit, 8);
    EXPECT_FALSE(runner.run(xnvme::nvme::write(2, 1), buffer).why);
    EXPECT_FALSE(runner.run(xnvme::nvme::flush()).why);
    if (GetParam().interface == "nil") return;
    xnvme::Device reader = open();
    EXPECT_TRUE(holds(read_blocks(reader, 2, 1).span(), 2, unit, 8));
}

CONFORMANCE_OVER(AsyncAccess, pairs(xnvme::Contract::async));

}  // namespace
}  // namespace conformance
