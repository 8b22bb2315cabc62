// Protection information through every interface of the model device: the checks of the device come
// back as its verdict, and what PRACT transfers is counted the same on all of them.
#include <xnvme/protection.hpp>

#include "tests/conformance/harness.hpp"

namespace conformance {
namespace {

using xnvme::Data;
namespace nvme = xnvme::nvme;

bool is_protected(const Pair& pair) {
    return pair.interface != "nil" && pair.device_class == xnvme::DeviceClass::model &&
           pair.target.find("_pi") != std::string::npos;
}

/// The target's format with the metadata behind each block, and with the metadata apart.
class AsyncProtection : public AsyncCase {
  protected:
    xnvme::Device open_model(bool extended) const {
        std::vector<std::string> format = model_format(GetParam().target);
        std::erase(format, "extended=1");
        if (extended) format.push_back("extended=1");
        return must(xnvme::Device::open(model_uri("16MiB", format), options()));
    }
};

struct Blocks {
    static constexpr std::uint32_t kCount = 8;
    explicit Blocks(xnvme::Device& device)
        : layout(must(xnvme::ProtectionLayout::of(device.geometry()))),
          buffer(must(device.allocate(device.geometry().transfer_bytes(kCount)))),
          extra(must(device.allocate(kCount * std::size_t{layout.metadata_bytes}))),
          data(buffer.part(0, device.geometry().transfer_bytes(kCount))),
          metadata(layout.extended
                       ? Data{}
                       : Data(extra.part(0, kCount * std::size_t{layout.metadata_bytes}))) {
        fill(buffer.span(), 0, layout.transfer_block_bytes(), 1);
    }
    xnvme::ProtectionLayout layout;
    xnvme::Buffer buffer;
    xnvme::Buffer extra;
    Data data;
    Data metadata;
};

TEST_P(AsyncProtection, GeneratedVerifiedAndCheckedOnTheWay) {
    for (const bool extended : {true, false}) {
        SCOPED_TRACE(extended);
        xnvme::Device device = open_model(extended);
        xnvme::Queue queue = must(device.create_queue(4));
        Runner runner(queue);
        Blocks blocks(device);
        const std::uint32_t checks = nvme::all_checks(blocks.layout.format);
        const auto tags = blocks.layout.tags(40, 0x5a5a, 3);
        const auto write = blocks.layout.command(nvme::write(40, 8, checks), tags);
        const auto read = blocks.layout.command(nvme::read(40, 8, checks), tags);
        must(generate_protection(blocks.layout, tags, blocks.data, blocks.metadata));
        const Outcome written = runner.run(write, blocks.data, blocks.metadata);
        ASSERT_FALSE(written.why) << text(written.why);
        std::ranges::fill(blocks.buffer.span(), std::byte{0});
        std::ranges::fill(blocks.extra.span(), std::byte{0});
        const Outcome back = runner.run(read, blocks.data, blocks.metadata);
        ASSERT_FALSE(back.why) << text(back.why);
        EXPECT_EQ(must(verify_protection(blocks.layout, tags, blocks.data, blocks.metadata)),
                  std::nullopt);

        blocks.buffer.span()[100] ^= std::byte{1};
        const auto mismatch =
            must(verify_protection(blocks.layout, tags, blocks.data, blocks.metadata));
        ASSERT_TRUE(mismatch);
        EXPECT_EQ(mismatch->field, nvme::ProtectionField::guard);
        const Outcome refused = runner.run(write, blocks.data, blocks.metadata);
        EXPECT_TRUE(nvme::is(refused.why.status, nvme::MediaStatus::guard_check_error))
            << text(refused.why);
        EXPECT_EQ(refused.why.os, 0);
        const Outcome wrong = runner.run(
            blocks.layout.command(nvme::verify(40, 8, checks), blocks.layout.tags(40, 0x5a5b, 3)));
        EXPECT_TRUE(nvme::is(wrong.why.status, nvme::MediaStatus::application_tag_check_error))
            << text(wrong.why);
    }
}

TEST_P(AsyncProtection, WithPractTheLengthsAreThoseOfTheGeometry) {
    for (const bool extended : {true, false}) {
        SCOPED_TRACE(extended);
        xnvme::Device device = open_model(extended);
        xnvme::Queue queue = must(device.create_queue(4));
        Runner runner(queue);
        Blocks blocks(device);
        const xnvme::Geometry& geometry = device.geometry();
        const auto tags = blocks.layout.tags(16, 1);
        const Data data(blocks.buffer.data(), geometry.transfer_bytes(8, true));
        const Data metadata =
            geometry.separate_metadata_bytes(8, true) == 0 ? Data{} : blocks.metadata;
        const auto write = blocks.layout.command(nvme::write(16, 8, nvme::kPract), tags);
        const Outcome written = runner.run(write, data, metadata);
        ASSERT_FALSE(written.why) << text(written.why);
        EXPECT_EQ(written.bytes, data.bytes());
        if (geometry.pract_strips()) {
            EXPECT_EQ(code_of(runner.submit(write, blocks.data, blocks.metadata)),
                      Errc::bad_length);
        }
        const Outcome read = runner.run(nvme::read(16, 8), blocks.data, blocks.metadata);
        ASSERT_FALSE(read.why) << text(read.why);
        EXPECT_EQ(must(verify_protection(blocks.layout, tags, blocks.data, blocks.metadata)),
                  std::nullopt);
    }
}

CONFORMANCE_OVER(AsyncProtection, pairs(xnvme::Contract::async, is_protected));

}  // namespace
}  // namespace conformance
