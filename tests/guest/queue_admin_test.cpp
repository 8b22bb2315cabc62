// Admin commands on queues: which queue carries them itself.
#include <cstring>

#include "tests/conformance/harness.hpp"
#include "tests/guest/devices.hpp"

namespace {

using conformance::must;
using xnvme::Service;

void note(xnvme::Context& context, void* argument) {
    *static_cast<xnvme::Error*>(argument) = context.why();
    context.queue->slots().give_back(context);
}

/// Identifies the controller on a queue of its own; says who served it.
Service served(const std::string& path, const std::string& async, bool poll_io = false) {
    xnvme::Options options;
    options.async = async;
    options.poll_io = poll_io;
    xnvme::Device device = must(xnvme::Device::open(path, options));
    xnvme::QueueOptions queue_options;
    queue_options.admin = true;
    xnvme::Queue queue = must(device.create_queue(4, queue_options));
    xnvme::Error why = xnvme::Error::of(xnvme::Errc::cancelled);
    xnvme::Buffer buffer = must(device.allocate(4096));
    xnvme::Context* const context = queue.acquire();
    context->command = xnvme::nvme::identify({.cns = xnvme::nvme::Cns::controller});
    context->callback = note;
    context->argument = &why;
    must(queue.submit_admin(*context, buffer.part(0, 4096)));
    (void)must(queue.drain());
    EXPECT_FALSE(why) << conformance::text(why);
    EXPECT_EQ(std::memcmp(buffer.data() + 4, device.identify_controller().sn.data(), 20), 0);
    return queue.capabilities().admin;
}

TEST(NvmQueueAdmin, ARingCarriesThemOnTheGenericDeviceAndOnTheController) {
    const guest::Device& node = guest::device("nvme512");
    EXPECT_EQ(served(node.generic, "io_uring_cmd"), Service::native);
    EXPECT_EQ(served(node.controller, "io_uring_cmd"), Service::native);
    // The driver refuses them on a ring that polls.
    EXPECT_EQ(served(node.generic, "io_uring_cmd", true), Service::emulated);
    for (const char* const async : {"emu", "thrpool"})
        EXPECT_EQ(served(node.generic, async), Service::emulated);
    for (const char* const async : {"io_uring", "libaio", "posix_aio"})
        EXPECT_EQ(served(node.block, async), Service::emulated);
}

TEST(SharedQueueAdmin, WithSeveralPathsTheDriverChoosesOnePerCommand) {
    const guest::Device& node = guest::device("shared");
    EXPECT_EQ(served(node.generic, "io_uring_cmd"), Service::emulated);
    EXPECT_EQ(served(node.controllers[1], "io_uring_cmd"), Service::native);
}

}  // namespace
