// Devices that go, shrink, or are read-only under an open handle, and what a process holds.
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "tests/conformance/harness.hpp"
#include "tests/conformance/linux/block_places.hpp"
#include "tests/conformance/system.hpp"

namespace conformance {
namespace {

std::size_t open_descriptors() {
    const auto entries = std::filesystem::directory_iterator("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}
std::size_t threads() {
    const auto entries = std::filesystem::directory_iterator("/proc/self/task");
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

/// True while a loop device has a file behind it.
bool is_attached(const std::string& path) {
    return std::filesystem::exists("/sys/block/" + std::filesystem::path(path).filename().string() +
                                   "/loop/backing_file");
}

class AsyncVanish : public AsyncCase {
  protected:
    void SetUp() override {
        AsyncCase::SetUp();
        if (HasFatalFailure()) return;
        MadePlace file = make_file(work_folder(), "vanish.backing", 1u << 20, false);
        ASSERT_TRUE(file) << file.error();
        file_ = std::move(*file);
        loop_ = std::make_unique<LoopDevice>(file_->uri, false);
    }
    void TearDown() override {
        loop_.reset();
        file_.reset();
        AsyncCase::TearDown();
    }
    std::unique_ptr<Place> file_;
    std::unique_ptr<LoopDevice> loop_;
};

TEST_P(AsyncVanish, ADetachedLoopDeviceCompletesEverythingAndIsGoneAfterwards) {
    const std::string path = loop_->path();
    {
        xnvme::Device device = must(xnvme::Device::open(path, options()));
        const std::uint32_t unit = device.geometry().transfer_block_bytes;
        xnvme::Buffer buffer = must(device.allocate(64 * std::size_t{unit}));
        xnvme::Queue queue = must(device.create_queue(64));
        Runner runner(queue);
        for (std::uint32_t i = 0; i < 32; ++i)
            must(runner.submit(xnvme::nvme::write(i, 1), buffer.part(std::size_t{i} * unit, unit)));
        loop_->detach();
        for (std::uint32_t i = 32; i < 63; ++i)
            must(runner.submit(xnvme::nvme::read(i, 1), buffer.part(std::size_t{i} * unit, unit)));
        must(runner.submit(xnvme::nvme::flush()));
        EXPECT_EQ(runner.drain(), 64u);
        EXPECT_EQ(runner.completed(), 64u);
    }
    // The kernel detaches it at the last close: opening it again finds nothing to do I/O on.
    // A ring closes its files a moment after it was closed itself (Linux: io_ring_exit_work).
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (is_attached(path) && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    const auto again = xnvme::Device::open(path, options());
    ASSERT_FALSE(again) << "an empty loop device was opened as a device";
    EXPECT_TRUE(says(sentence_of(again), {path}));
}

TEST_P(AsyncVanish, ADeviceWhoseMediumIsCutFailsAndDrains) {
    xnvme::Device device = must(xnvme::Device::open(loop_->path(), options()));
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    xnvme::Queue queue = must(device.create_queue(64));
    const std::uint32_t per_page = 4096 / unit;
    xnvme::Buffer buffer = must(device.allocate(64 * 4096));
    truncate_file(file_->uri, 4096);
    loop_->take_size();
    Runner runner(queue);
    for (std::uint32_t i = 0; i < 64; ++i)
        must(runner.submit(xnvme::nvme::read(std::uint64_t{128 + i} * per_page, per_page),
                           buffer.part(std::size_t{i} * 4096, 4096)));
    EXPECT_EQ(runner.drain(), 64u);
    EXPECT_EQ(runner.failed(), 64u);
    for (const Outcome& outcome : runner.outcomes()) {
        EXPECT_TRUE(outcome.why.code == Errc::short_transfer || outcome.why.code == Errc::system ||
                    outcome.why.code == Errc::device_gone)
            << text(outcome.why);
    }
    const Outcome write =
        runner.run(xnvme::nvme::write(128 * per_page, per_page), buffer.part(0, 4096));
    // Through the page cache a write past the end is refused at once as well: no space.
    EXPECT_TRUE(write.why);
    EXPECT_FALSE(runner.run(xnvme::nvme::read(0, per_page), buffer.part(0, 4096)).why);
}

TEST_P(AsyncVanish, ADeviceThatBecomesReadOnlyFailsItsWritesAndKeepsItsData) {
    xnvme::Device device = must(xnvme::Device::open(loop_->path(), options()));
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    write_pattern(device, 0, 8, 1);
    xnvme::Queue queue = must(device.create_queue(8));
    Runner runner(queue);
    // Everything is on the medium before it closes for writing.
    ASSERT_FALSE(runner.run(xnvme::nvme::flush()).why);
    const int read_only = 1;
    ASSERT_EQ(::ioctl(loop_->fd(), BLKROSET, &read_only), 0);
    xnvme::Buffer buffer = must(device.allocate(8 * std::size_t{unit}));
    std::ranges::fill(buffer.span(), std::byte{9});
    EXPECT_TRUE(runner.run(xnvme::nvme::write(0, 8), buffer).why);
    EXPECT_TRUE(runner.run(xnvme::nvme::write_zeroes(0, 8)).why);
    const int writable = 0;
    ASSERT_EQ(::ioctl(loop_->fd(), BLKROSET, &writable), 0);
    EXPECT_TRUE(holds(read_blocks(device, 0, 8).span(), 0, unit, 1));
}

class AsyncHoldings : public AsyncCase {};

TEST_P(AsyncHoldings, NothingStaysOpenAfterADeviceIsClosed) {
    const auto cycle = [this](bool leave_outstanding) {
        xnvme::Device device = open();
        xnvme::Buffer buffer = must(device.allocate(device.geometry().transfer_block_bytes));
        xnvme::Queue queue = must(device.create_queue(8));
        (void)must(queue.completion_fd());
        Runner runner(queue);
        must(runner.submit(xnvme::nvme::read(0, 1), buffer));
        must(runner.submit(xnvme::nvme::verify(0, 1)));
        if (leave_outstanding) runner.abandon();
    };
    // The first one makes what the process keeps, such as the C library's own threads.
    cycle(false);
    const std::size_t descriptors = open_descriptors();
    const std::size_t thread_count = threads();
    for (int i = 0; i < 8; ++i) cycle(i % 2 == 0);
    EXPECT_EQ(open_descriptors(), descriptors);
    // The C library's threads of POSIX aio come and go as they like, and it keeps a few. The kernel
    // lists a thread for a moment after it was joined.
    const std::size_t most = thread_count + (GetParam().interface == "posix_aio" ? 16 : 0);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (threads() > most && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    EXPECT_LE(threads(), most);
}

TEST_P(AsyncHoldings, AFailedOpenKeepsNothingOpen) {
    xnvme::Options wrong = options();
    wrong.sync = "no-such-interface";
    const std::size_t descriptors = open_descriptors();
    for (int i = 0; i < 4; ++i) EXPECT_FALSE(xnvme::Device::open(place().uri, wrong));
    EXPECT_EQ(open_descriptors(), descriptors);
}

bool on_loop(const Pair& pair) {
    return pair.interface != "nil" && pair.target.starts_with("loop");
}
CONFORMANCE_OVER(AsyncVanish, pairs(xnvme::Contract::async, on_loop));
CONFORMANCE_OVER(AsyncHoldings, pairs(xnvme::Contract::async));

}  // namespace
}  // namespace conformance
