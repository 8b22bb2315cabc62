// The optional commands of the NVM command set on a controller: who carries each of them on which
// path, their several ranges, and the controller's own limits and refusals by name.
#include <xnvme/device.hpp>
#include <xnvme/nvme/status.hpp>

#include "tests/conformance/harness.hpp"
#include "tests/guest/devices.hpp"

namespace {

using conformance::must;
using conformance::text;
using xnvme::Data;
using xnvme::Error;
using xnvme::Service;
using xnvme::nvme::CommandStatus;
using xnvme::nvme::GenericStatus;
using xnvme::nvme::NvmOpcode;
namespace nvme = xnvme::nvme;

constexpr std::uint8_t code(NvmOpcode opcode) {
    return static_cast<std::uint8_t>(opcode);
}

constexpr NvmOpcode kOptional[] = {
    NvmOpcode::compare, NvmOpcode::verify,       NvmOpcode::dataset_management,
    NvmOpcode::copy,    NvmOpcode::write_zeroes, NvmOpcode::write_uncorrectable};

/// A device opened on one of its nodes, and one of the ways to its controller.
struct Way {
    const char* name;
    bool generic;
    const char* async;  ///< Null: commands are waited for, by the driver's ioctl.
};
constexpr Way kWays[] = {{"uring_cmd", true, "io_uring_cmd"},
                         {"ioctl_on_generic", true, nullptr},
                         {"ioctl_on_block", false, nullptr},
                         {"io_uring_on_block", false, "io_uring"},
                         {"libaio_on_block", false, "libaio"}};

std::ostream& operator<<(std::ostream& out, const Way& way) {
    return out << way.name;
}

class NvmCommands : public ::testing::TestWithParam<Way> {
  protected:
    void SetUp() override {
        const guest::Device& found = guest::device("nvme512");
        xnvme::Options options;
        options.sync = "nvme";
        if (GetParam().async != nullptr) options.async = GetParam().async;
        options.direct = !GetParam().generic;
        device_ = std::make_unique<xnvme::Device>(
            must(xnvme::Device::open(GetParam().generic ? found.generic : found.block, options)));
        if (GetParam().async != nullptr)
            queue_ = std::make_unique<xnvme::Queue>(must(device_->create_queue(4)));
    }
    Service service(NvmOpcode opcode) const {
        return queue_ != nullptr ? queue_->capabilities().service(code(opcode))
                                 : device_->capabilities().service(code(opcode));
    }
    Error run(const xnvme::Command& command, const Data& data = {}) {
        if (queue_ == nullptr) {
            const auto result = device_->execute(command, data);
            return result ? Error{} : result.error();
        }
        conformance::Runner runner(*queue_);
        if (const auto taken = runner.submit(command, data); !taken) return taken.error();
        must(queue_->drain());
        return runner.outcomes().front().why;
    }
    testing::AssertionResult holds(std::uint64_t slba, std::uint32_t blocks, std::uint64_t first,
                                   std::uint64_t generation) {
        return conformance::holds(conformance::read_blocks(*device_, slba, blocks).span(), first,
                                  512, generation);
    }

    std::unique_ptr<xnvme::Device> device_;
    std::unique_ptr<xnvme::Queue> queue_;
};

TEST_P(NvmCommands, EachIsCarriedAndNativelyByWhatSendsCommands) {
    const bool block_layer = GetParam().async != nullptr && !GetParam().generic;
    for (const NvmOpcode opcode : kOptional) {
        EXPECT_NE(service(opcode), Service::refused) << unsigned{code(opcode)};
        if (!block_layer) {
            EXPECT_EQ(service(opcode), Service::native) << unsigned{code(opcode)};
        }
    }
}

TEST_P(NvmCommands, CopyTakesAsManyRangesAsTheControllerSays) {
    ASSERT_EQ(device_->identify_namespace().copy_ranges(), 16u);
    conformance::write_pattern(*device_, 0, 256, 1);
    std::vector<nvme::CopyRange0> ranges;
    ranges.reserve(17);
    for (std::uint64_t i = 0; i < 16; ++i) ranges.push_back(nvme::CopyRange0::of(16 * i, 2));
    const Error error = run(nvme::copy(1024, 16), std::as_bytes(std::span(ranges)));
    ASSERT_FALSE(error) << text(error);
    for (std::uint64_t i = 0; i < 16; ++i) EXPECT_TRUE(holds(1024 + 2 * i, 2, 16 * i, 1));

    ranges.push_back(nvme::CopyRange0::of(0, 1));
    EXPECT_TRUE(nvme::is(run(nvme::copy(1024, 17), std::as_bytes(std::span(ranges))).status,
                         CommandStatus::command_size_limit_exceeded));
    const nvme::CopyRange0 longer = nvme::CopyRange0::of(0, 65);
    // A range may have 64 blocks (MSSRL). QEMU 7.2 says Internal Error of one that has more.
    EXPECT_EQ(run(nvme::copy(1024, 1), {&longer, sizeof longer}).code, xnvme::Errc::device);
}

TEST_P(NvmCommands, TheLongDescriptorIsForLongGuards) {
    const nvme::CopyRange1 range = nvme::CopyRange1::of(0, 1);
    const Error error = run(nvme::copy(1024, 1, 1), {&range, sizeof range});
    EXPECT_EQ(error.code, xnvme::Errc::device) << text(error);
    EXPECT_TRUE(nvme::is(error.status, CommandStatus::invalid_format) ||
                nvme::is(error.status, GenericStatus::invalid_field))
        << nvme::status_text(error.status);
}

TEST_P(NvmCommands, DeallocateTakesTwoHundredAndFiftySixRanges) {
    for (std::uint64_t slba = 2048; slba < 4096; slba += 256)
        conformance::write_pattern(*device_, slba, 256, 2);
    std::vector<nvme::DsmRange> ranges(256);
    for (std::size_t i = 0; i < ranges.size(); ++i) {
        ranges[i].slba = 2048 + 8 * i;
        ranges[i].nlb = 4;
    }
    const Error error = run(nvme::dataset_management(256), std::as_bytes(std::span(ranges)));
    ASSERT_FALSE(error) << text(error);
    for (const std::uint64_t i : {0u, 100u, 255u})
        EXPECT_TRUE(holds(2048 + 8 * i + 4, 4, 2048 + 8 * i + 4, 2)) << "range " << i;
}

TEST_P(NvmCommands, WriteUncorrectableIsRefusedByThisControllerByName) {
    const Error error = run(nvme::write_uncorrectable(0, 1));
    EXPECT_EQ(error.code, xnvme::Errc::device) << text(error);
    EXPECT_EQ(nvme::status_name(error.status), "Invalid Command Opcode");
    EXPECT_TRUE(error.status.dnr());
    EXPECT_EQ(error.os, 0);
}

TEST_P(NvmCommands, WriteZeroesAndVerifyReachTheLastBlock) {
    const std::uint64_t last = device_->geometry().blocks - 1;
    conformance::write_pattern(*device_, last, 1, 3);
    EXPECT_FALSE(run(nvme::verify(last, 1)));
    const Error error = run(nvme::write_zeroes(last, 1));
    ASSERT_FALSE(error) << text(error);
    EXPECT_TRUE(
        conformance::all_bytes(conformance::read_blocks(*device_, last, 1).span(), std::byte{0}));
    EXPECT_EQ(run(nvme::verify(last, 2)).code, xnvme::Errc::out_of_range);
}

INSTANTIATE_TEST_SUITE_P(, NvmCommands, ::testing::ValuesIn(kWays),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
