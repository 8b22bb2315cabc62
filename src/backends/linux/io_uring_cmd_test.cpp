#include "backends/linux/io_uring_cmd.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "backends/linux/devices_for_test.hpp"
#include "backends/linux/discovery.hpp"

namespace xnvme::be_linux::testing {

namespace {

TEST(IoUringCmd, RefusesOtherDevicesAndNamesTheOneToUse) {
    LoopDevice loop(1 << 20);
    auto handle = be_linux::open(identifier_of(loop.path(), DeviceClass::block), Options{});
    ASSERT_TRUE(handle.has_value());
    EXPECT_EQ(io_uring_cmd::probe(**handle, Options{}).kind, Verdict::Kind::refuses);
    (*handle)->identifier.device_class = DeviceClass::nvme_block;
    (*handle)->identifier.path = "/dev/nvme3n2";
    EXPECT_NE(io_uring_cmd::probe(**handle, Options{}).reason.find("/dev/ng3n2"),
              std::string::npos);
}

class DescriptorHandle final : public Handle {
  public:
    explicit DescriptorHandle(const char* path) : owner_(::open(path, O_RDWR | O_CLOEXEC)) {
        fd = owner_.get();
        identifier.device_class = DeviceClass::nvme_generic;
    }

  private:
    os::Fd owner_;
};

class NoSync final : public SyncInterface {
  public:
    void execute(Context&) noexcept override {}
};

/// Commands through a ring with large entries to a device that is not NVMe's: /dev/null takes any
/// command and says yes (Linux 6.1), /dev/full takes none.
void check_commands(const char* path, std::uint32_t depth, Errc error) {
    DescriptorHandle handle(path);
    ASSERT_GE(handle.fd, 0);
    NoSync sync;
    const Options options;
    RegionTable regions;
    auto slots = SlotArray::create(depth);
    ASSERT_TRUE(slots.has_value());
    auto made = io_uring_cmd::make(QueueSetup{QueueParts{std::move(*slots), {}, nullptr}, handle,
                                              sync, options, QueueOptions{}, regions});
    ASSERT_TRUE(made.has_value()) << made.error().sentence;
    AsyncQueue& queue = **made;
    struct Seen {
        std::uint32_t count = 0;
        std::uint32_t as_expected = 0;
        Errc error;
    } seen{.error = error};
    for (int round = 0; round < 5; ++round) {
        for (std::uint32_t i = 0; i < depth; ++i) {
            Context* const context = queue.slots().take();
            ASSERT_NE(context, nullptr);
            context->command = Command{};
            context->argument = &seen;
            context->callback = [](Context& done, void* argument) {
                Seen& to = *static_cast<Seen*>(argument);
                ++to.count;
                if (done.error == to.error && (done.os_error != 0) == (to.error == Errc::system))
                    ++to.as_expected;
                done.queue->slots().give_back(done);
            };
            CommandRules::fill(*context, Data{});
            queue.count_submission();
            queue.submit(*context);
        }
        while (queue.in_flight() != 0) {
            ASSERT_TRUE(queue.wait(1, UINT32_MAX, std::chrono::nanoseconds{-1}).has_value());
        }
    }
    EXPECT_EQ(seen.count, 5 * depth);
    EXPECT_EQ(seen.as_expected, 5 * depth);
}

TEST(IoUringCmd, CompletesEveryCommandOnALargeRing) {
    ASSERT_EQ(io_uring_cmd::machine().kind, Verdict::Kind::serves)
        << io_uring_cmd::machine().reason;
    for (const std::uint32_t depth : {1u, 33u, 128u}) check_commands("/dev/null", depth, Errc::ok);
}

TEST(IoUringCmd, ADeviceWithoutCommandsKeepsTheSystemsErrno) {
    check_commands("/dev/full", 4, Errc::system);
}

}  // namespace

}  // namespace xnvme::be_linux::testing
