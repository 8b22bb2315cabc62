// Placed writes, and the commands of flexible data placement, on every interface that serves a
// model device.
#include <algorithm>
#include <array>

#include <xnvme/fdp.hpp>
#include <xnvme/nvme/directives.hpp>
#include <xnvme/nvme/status.hpp>

#include "tests/conformance/harness.hpp"

namespace conformance {
namespace {

using Numbers = std::initializer_list<std::uint16_t>;
using xnvme::nvme::Le16;

/// Sixteen MiB in units of 64 KiB, 128 blocks each, through four handles in two groups.
constexpr std::uint64_t kUnitBlocks = 128;

class AsyncPlacement : public AsyncCase {
  protected:
    xnvme::Device open_placed(const xnvme::Options& options, std::vector<std::string> extra = {}) {
        std::vector<std::string> all{"fdp=1", "ruh=4", "groups=2", "ru=64KiB"};
        all.insert(all.end(), extra.begin(), extra.end());
        return must(xnvme::Device::open(model_uri("16MiB", all), options));
    }
    static std::uint64_t left(xnvme::Device& device, std::uint16_t placement) {
        const auto statuses = must(must(xnvme::Fdp::of(device)).status());
        const auto found = std::ranges::find(
            statuses.list, placement,
            [](const xnvme::nvme::FdpStatus& status) { return status.pid.value(); });
        if (found == statuses.list.end()) throw std::runtime_error("no such placement identifier");
        return found->ruamw;
    }
};

TEST_P(AsyncPlacement, WritesAtDepthFillTheUnitsThatTheyName) {
    xnvme::Device device = open_placed(options());
    xnvme::Queue queue = must(device.create_queue(16, {.strict = true}));
    xnvme::Buffer buffer = must(device.allocate(256 * std::size_t{512}));
    fill(buffer.span(), 0, 512, 3);
    const std::array<std::uint16_t, 4> placements{0, 1, 0x8002, 0x8003};
    Runner runner(queue);
    for (std::uint32_t i = 0; i < 256; ++i)
        runner.add(xnvme::nvme::placed(xnvme::nvme::write(i, 1), placements[i % 4]),
                   buffer.part(std::size_t{i} * 512, 512));
    runner.drain();
    ASSERT_EQ(runner.failed(), 0u) << text(runner.first_failure());
    for (const std::uint16_t placement : placements)
        EXPECT_EQ(left(device, placement), kUnitBlocks - 64) << placement;
    EXPECT_EQ(left(device, 0x8000), kUnitBlocks);
    EXPECT_TRUE(holds(read_blocks(device, 0, 256).span(), 0, 512, 3));
    const auto statistics = must(must(xnvme::Fdp::of(device)).statistics());
    EXPECT_EQ(statistics.hbmw.saturated(), 256u * 512);
}

TEST_P(AsyncPlacement, StatusAndUpdateGoThroughTheQueue) {
    xnvme::Device device = open_placed(options());
    xnvme::Queue queue = must(device.create_queue(4, {.strict = true}));
    EXPECT_EQ(queue.capabilities().service(0x12), xnvme::Service::native);
    EXPECT_EQ(queue.capabilities().service(0x1d), xnvme::Service::native);
    xnvme::Buffer buffer = must(device.allocate(4096));
    Runner runner(queue);
    EXPECT_FALSE(
        runner.run(xnvme::nvme::placed(xnvme::nvme::write(0, 5), 1), buffer.part(0, 5 * 512)).why);
    EXPECT_EQ(left(device, 1), kUnitBlocks - 5);
    const std::array<Le16, 2> placements{Le16(std::uint16_t{1}), Le16(std::uint16_t{2})};
    const Outcome updated = runner.run(xnvme::nvme::fdp_update(2), std::span(placements));
    EXPECT_FALSE(updated.why) << text(updated.why);
    const Outcome status = runner.run(xnvme::nvme::fdp_status(4096), buffer);
    ASSERT_FALSE(status.why) << text(status.why);
    const auto statuses = xnvme::nvme::decode_fdp_status(buffer.span());
    ASSERT_EQ(statuses.list.size(), 8u);
    for (const auto& one : statuses.list) EXPECT_EQ(one.ruamw.value(), kUnitBlocks);
}

TEST_P(AsyncPlacement, FaultsAndVerdictsAreTheDevices) {
    xnvme::Device device = open_placed(options(), {"fault=io-management-receive,sct=0,sc=0x06"});
    xnvme::Queue queue = must(device.create_queue(4));
    xnvme::Buffer buffer = must(device.allocate(4096));
    Runner runner(queue);
    const Outcome faulty = runner.run(xnvme::nvme::fdp_status(4096), buffer);
    EXPECT_TRUE(xnvme::nvme::is(faulty.why.status, xnvme::nvme::GenericStatus::internal_error))
        << text(faulty.why);
    const std::array<Le16, 1> unknown{Le16(std::uint16_t{0x44})};
    const Outcome refused = runner.run(xnvme::nvme::fdp_update(1), std::span(unknown));
    EXPECT_TRUE(xnvme::nvme::is(refused.why.status, xnvme::nvme::GenericStatus::invalid_field))
        << text(refused.why);
    // A namespace without it refuses the directive.
    xnvme::Device plain = must(xnvme::Device::open(model_uri("16MiB", {}), options()));
    xnvme::Queue other = must(plain.create_queue(4));
    Runner plain_runner(other);
    EXPECT_EQ(
        plain_runner.run(xnvme::nvme::placed(xnvme::nvme::write(0, 1), 1), buffer.part(0, 512))
            .why.code,
        Errc::device);
}

TEST_P(AsyncPlacement, AReadOnlyOpenLooksAndDoesNotTouch) {
    xnvme::Options read_only = options();
    read_only.access = xnvme::Access::read_only;
    xnvme::Device device = open_placed(read_only);
    xnvme::Queue queue = must(device.create_queue(4));
    xnvme::Buffer buffer = must(device.allocate(4096));
    Runner runner(queue);
    EXPECT_FALSE(runner.run(xnvme::nvme::fdp_status(4096), buffer).why);
    EXPECT_EQ(code_of(runner.submit(xnvme::nvme::fdp_update(1), buffer.part(0, 2))),
              Errc::read_only);
}

TEST_P(AsyncPlacement, StreamsAreOpenedByWrites) {
    xnvme::Device device = must(xnvme::Device::open(model_uri("16MiB", {"streams=4"}), options()));
    (void)must(
        device.admin(xnvme::nvme::directive_enable(xnvme::nvme::DirectiveType::streams, true, 1)));
    xnvme::Queue queue = must(device.create_queue(4, {.strict = true}));
    xnvme::Buffer buffer = must(device.allocate(512));
    Runner runner(queue);
    for (const std::uint16_t stream : Numbers{3, 5})
        EXPECT_FALSE(
            runner.run(xnvme::nvme::streamed(xnvme::nvme::write(0, 1), stream), buffer).why);
    xnvme::nvme::StreamsParameters parameters{};
    (void)must(device.admin(xnvme::nvme::streams_parameters(1),
                            xnvme::Data(&parameters, sizeof parameters)));
    EXPECT_EQ(parameters.nso.value(), 2u);
}

std::vector<Pair> placement_pairs() {
    return pairs(xnvme::Contract::async, [](const Pair& pair) {
        return pair.interface != "nil" && pair.target == "model_512";
    });
}
CONFORMANCE_OVER(AsyncPlacement, placement_pairs());

}  // namespace
}  // namespace conformance
