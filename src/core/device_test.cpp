#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <optional>
#include <vector>

#include <xnvme/coroutine.hpp>
#include <xnvme/xnvme.hpp>

namespace xnvme {
namespace {

std::string sentence_of(std::string_view uri, const Options& options) {
    const auto device = Device::open(uri, options);
    EXPECT_FALSE(device.has_value());
    return device ? std::string{} : device.error().sentence;
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

TEST(Device, AnUnknownInterfaceNameGetsTheNearestOne) {
    const std::string sentence = sentence_of("mem:1MiB", {.async = "thrpol"});
    EXPECT_TRUE(has(sentence, "'thrpol'")) << sentence;
    EXPECT_TRUE(has(sentence, "Did you mean 'thrpool'?")) << sentence;
    EXPECT_TRUE(has(sentence_of("mem:1MiB", {.be = "modle"}), "Did you mean 'model'?"));
    EXPECT_TRUE(has(sentence_of("mem:1MiB", {.sync = "zzzzzzz"}), "This build has"));
}

TEST(Device, ADeviceThatNothingOpensSaysSo) {
    EXPECT_TRUE(has(sentence_of("0000:02:00.0", {}), "no backend of this build"));
}

TEST(Device, NamesOfXnvmeProgramsAreTaken) {
    const auto device = Device::open(
        "1MiB", {.be = "ramdisk", .sync = "ramdisk", .admin = "ramdisk", .mem = "posix"});
    ASSERT_TRUE(device.has_value()) << device.error().sentence;
    EXPECT_EQ(device->capabilities().backend, "model");
    EXPECT_EQ(device->capabilities().mem, "libc");
}

TEST(Device, ADepthOutsideTheLimitsIsRefusedWithTheLimits) {
    auto device = Device::open("mem:1MiB");
    ASSERT_TRUE(device.has_value());
    for (const std::uint32_t depth : {0u, kDepthMax + 1, UINT32_MAX}) {
        const auto queue = device->create_queue(depth);
        ASSERT_FALSE(queue.has_value());
        EXPECT_TRUE(has(queue.error().sentence, std::to_string(depth)));
        EXPECT_TRUE(has(queue.error().sentence, "1 to 32768"));
    }
    EXPECT_TRUE(device->create_queue(kDepthMax).has_value());
}

TEST(Device, QueuesAndBuffersOutliveTheDevice) {
    std::optional<Device> device(*Device::open("mem:1MiB"));
    auto buffer = device->allocate(512);
    auto queue = device->create_queue(4);
    ASSERT_TRUE(buffer && queue);
    device.reset();
    Context* context = queue->acquire();
    ASSERT_NE(context, nullptr);
    ASSERT_TRUE(queue->write(*context, 0, 1, *buffer));
    EXPECT_EQ(queue->drain(), 1u);
    queue = std::unexpected(Failure{});
    std::memset(buffer->data(), 1, buffer->size());
}

TEST(Device, TheErrorOfASynchronousCommandIsTheDevicesVerdict) {
    auto device = Device::open("mem:1MiB?fault=read@lba:7,sct=2,sc=0x81");
    ASSERT_TRUE(device.has_value());
    auto buffer = device->allocate(512);
    ASSERT_TRUE(device->execute(nvme::read(6, 1), *buffer));
    const auto failed = device->execute(nvme::read(7, 1), *buffer);
    ASSERT_FALSE(failed.has_value());
    EXPECT_EQ(failed.error().code, Errc::device);
    EXPECT_EQ(failed.error().status.sct(), 2);
    EXPECT_EQ(failed.error().status.sc(), 0x81);
    EXPECT_EQ(failed.error().os, 0);
}

TEST(Device, EveryCandidateHasAReason) {
    const auto device = Device::open("mem:1MiB");
    ASSERT_TRUE(device.has_value());
    unsigned chosen = 0;
    for (const Candidate& candidate : device->candidates()) {
        EXPECT_FALSE(candidate.reason.empty()) << candidate.interface;
        chosen += candidate.chosen ? 1 : 0;
    }
    EXPECT_EQ(chosen, kContractCount);
}

Task copy_blocks(AwaitableQueue& from, AwaitableQueue& to, Buffer& buffer, unsigned& copied) {
    for (std::uint64_t slba = 0; slba < 4; ++slba) {
        auto moved = co_await from.read(slba, 1, buffer);
        if (moved) moved = co_await to.write(slba, 1, buffer);
        if (!moved) co_return;
        ++copied;
    }
}

Task join(AwaitableQueue& from, AwaitableQueue& to, Buffer& buffer, unsigned& copied) {
    const Task inner = copy_blocks(from, to, buffer, copied);
    co_await inner;
    copied *= 10;
}

TEST(Coroutine, AwaitsOneCommandAfterAnother) {
    auto source = Device::open("mem:1MiB");
    auto target = Device::open("mem:1MiB", {.async = "thrpool"});
    ASSERT_TRUE(source && target);
    auto buffer = source->allocate(512);
    std::memset(buffer->data(), 0x5a, 512);
    ASSERT_TRUE(source->execute(nvme::write(3, 1), *buffer));
    auto read_queue = source->create_queue(1);
    auto write_queue = target->create_queue(1);
    ASSERT_TRUE(read_queue && write_queue);
    AwaitableQueue from(*read_queue);
    AwaitableQueue to(*write_queue);
    unsigned copied = 0;
    const Task task = join(from, to, *buffer, copied);
    while (!task.done()) ASSERT_TRUE(read_queue->drain() && write_queue->drain());
    EXPECT_EQ(copied, 40u);
    std::memset(buffer->data(), 0, 512);
    ASSERT_TRUE(target->execute(nvme::read(3, 1), *buffer));
    EXPECT_EQ(buffer->data()[511], std::byte{0x5a});
}

Task read_past_the_end(AwaitableQueue& queue, Buffer& buffer, std::vector<Errc>& seen) {
    const auto outside = co_await queue.read(1u << 20, 1, buffer);
    seen.push_back(outside ? Errc::ok : outside.error().code);
    const auto inside = co_await queue.read(0, 1, buffer);
    seen.push_back(inside ? Errc::ok : inside.error().code);
}

TEST(Coroutine, ARefusedCommandDoesNotSuspend) {
    auto device = Device::open("mem:1MiB");
    auto buffer = device->allocate(512);
    auto queue = device->create_queue(1);
    AwaitableQueue awaitable(*queue);
    std::vector<Errc> seen;
    const Task task = read_past_the_end(awaitable, *buffer, seen);
    EXPECT_EQ(seen, std::vector{Errc::out_of_range});
    ASSERT_TRUE(queue->drain());
    EXPECT_TRUE(task.done());
    EXPECT_EQ(seen, (std::vector{Errc::out_of_range, Errc::ok}));
    EXPECT_NE(queue->acquire(), nullptr) << "the context was given back";
}

}  // namespace
}  // namespace xnvme
