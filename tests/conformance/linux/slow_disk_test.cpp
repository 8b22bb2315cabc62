// Time on the interfaces that the kernel or threads complete: a disk that stops makes commands that
// take as long as a case wants. And a disk that dies.
#include <algorithm>
#include <optional>

#include "tests/conformance/harness.hpp"
#include "tests/conformance/linux/slow_disk.hpp"
#include "tests/conformance/system.hpp"

namespace conformance {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::seconds;

/// One disk for all cases; a killed one is made anew.
std::unique_ptr<SlowDisk>& shared_disk() {
    static std::unique_ptr<SlowDisk> disk;
    return disk;
}

class DiskEnvironment : public ::testing::Environment {
  public:
    void TearDown() override { shared_disk().reset(); }
};
[[maybe_unused]] const auto* const kDiskEnvironment =
    ::testing::AddGlobalTestEnvironment(new DiskEnvironment);

/// Does something from another thread, a while from now, and no later than it is destroyed.
class Later {
  public:
    Later(milliseconds delay, std::function<void()> action)
        : thread_([delay, action] {
              std::this_thread::sleep_for(delay);
              action();
          }) {}
    ~Later() { join(); }
    void join() {
        if (thread_.joinable()) thread_.join();
    }

  private:
    std::thread thread_;
};

class AsyncSlowDisk : public AsyncCase {
  protected:
    void SetUp() override {
        AsyncCase::SetUp();
        if (HasFatalFailure()) return;
        if (shared_disk() == nullptr) shared_disk() = std::make_unique<SlowDisk>();
        device_.emplace(must(xnvme::Device::open(disk().path(), options())));
        unit_ = device_->geometry().transfer_block_bytes;
        buffer_ = must(device_->allocate(64 * 4096));
        std::ranges::fill(buffer_.span(), std::byte{1});
    }
    void TearDown() override {
        if (frozen_) thaw();
        buffer_ = {};
        device_.reset();
        AsyncCase::TearDown();
    }
    static SlowDisk& disk() { return *shared_disk(); }
    void freeze() {
        disk().freeze();
        frozen_ = true;
    }
    void thaw() {
        frozen_ = false;
        disk().thaw();
    }
    xnvme::Command write(std::uint32_t page) const {
        return xnvme::nvme::write(std::uint64_t{page} * (4096 / unit_), 4096 / unit_);
    }
    xnvme::Data page(std::uint32_t index) const {
        return buffer_.part(std::size_t{index} * 4096, 4096);
    }

    std::optional<xnvme::Device> device_;
    xnvme::Buffer buffer_;
    std::uint32_t unit_ = 0;
    bool frozen_ = false;
};

TEST_P(AsyncSlowDisk, SubmitDoesNotBlock) {
    xnvme::Queue queue = must(device_->create_queue(8));
    Runner runner(queue);
    freeze();
    const auto start = Clock::now();
    for (std::uint32_t i = 0; i < 7; ++i) must(runner.submit(write(i), page(i)));
    must(runner.submit(xnvme::nvme::flush()));
    runner.poll();
    EXPECT_LT(Clock::now() - start, milliseconds{500});
    EXPECT_EQ(queue.outstanding() + runner.completed(), 8u);
    thaw();
    runner.drain();
    EXPECT_EQ(runner.completed(), 8u);
    EXPECT_EQ(runner.failed(), 0u) << text(runner.first_failure());
}

TEST_P(AsyncSlowDisk, WaitTimesOutAndSleepsMeanwhile) {
    xnvme::Queue queue = must(device_->create_queue(8));
    Runner runner(queue);
    freeze();
    must(runner.submit(write(0), page(0)));
    must(runner.submit(write(1), page(1)));
    const auto start = Clock::now();
    const auto used_before = thread_cpu_time();
    EXPECT_EQ(runner.wait(1, milliseconds{200}), 0u);
    const auto used = thread_cpu_time() - used_before;
    const auto took = Clock::now() - start;
    EXPECT_GE(took, milliseconds{200});
    EXPECT_LT(took, seconds{2});
    EXPECT_LT(used, milliseconds{50}) << "it spun";
    EXPECT_EQ(queue.outstanding(), 2u);
    thaw();
    EXPECT_EQ(runner.wait(2, seconds{10}), 2u);
    EXPECT_EQ(runner.failed(), 0u) << text(runner.first_failure());
}

TEST_P(AsyncSlowDisk, WaitWakesUpForACompletion) {
    xnvme::Queue queue = must(device_->create_queue(8));
    Runner runner(queue);
    freeze();
    must(runner.submit(write(0), page(0)));
    Later later(milliseconds{100}, [this] { thaw(); });
    const auto used_before = thread_cpu_time();
    EXPECT_EQ(runner.wait(1, std::chrono::nanoseconds{-1}), 1u);
    EXPECT_LT(thread_cpu_time() - used_before, milliseconds{50}) << "it spun";
    later.join();
    EXPECT_EQ(runner.failed(), 0u) << text(runner.first_failure());
}

TEST_P(AsyncSlowDisk, SpinningIsBounded) {
    xnvme::QueueOptions spinning;
    spinning.spin = milliseconds{20};
    xnvme::Queue queue = must(device_->create_queue(8, spinning));
    Runner runner(queue);
    freeze();
    must(runner.submit(write(0), page(0)));
    const auto used_before = thread_cpu_time();
    EXPECT_EQ(runner.wait(1, milliseconds{300}), 0u);
    EXPECT_LT(thread_cpu_time() - used_before, milliseconds{120}) << "it spun on";
    thaw();
    runner.drain();
}

TEST_P(AsyncSlowDisk, CompletionFdBecomesReadableWhenACommandCompletes) {
    xnvme::Queue queue = must(device_->create_queue(8));
    const xnvme::NativeHandle handle = must(queue.completion_fd());
    Runner runner(queue);
    freeze();
    must(runner.submit(write(0), page(0)));
    EXPECT_EQ(runner.poll(), 0u);
    EXPECT_FALSE(watch(handle, milliseconds{50})) << "readable with nothing to complete";
    Later later(milliseconds{50}, [this] { thaw(); });
    EXPECT_TRUE(watch(handle, milliseconds{10'000}));
    later.join();
    while (runner.completed() == 0) {
        if (runner.poll() > 0) continue;
        ASSERT_TRUE(watch(handle, milliseconds{10'000}));
    }
    EXPECT_EQ(runner.failed(), 0u) << text(runner.first_failure());
}

TEST_P(AsyncSlowDisk, DestroyedWhileCommandsAreUnderWayWaitsForThem) {
    auto queue = std::make_optional(must(device_->create_queue(16)));
    // Written from memory that goes away right after the queue: what reached the disk must be what
    // stood there while the queue lived.
    xnvme::Buffer doomed = must(device_->allocate(16 * 4096));
    fill(doomed.span(), 0, unit_, 77);
    int called = 0;
    freeze();
    for (std::uint32_t i = 0; i < 16; ++i) {
        xnvme::Context* context = queue->acquire();
        ASSERT_NE(context, nullptr);
        context->command = write(i);
        context->argument = &called;
        context->callback = [](xnvme::Context&, void* argument) { ++*static_cast<int*>(argument); };
        must(queue->submit(*context, doomed.part(std::size_t{i} * 4096, 4096)));
    }
    queue->poll();
    Later later(milliseconds{100}, [this] { thaw(); });
    queue.reset();
    later.join();
    EXPECT_EQ(called, 0);
    std::ranges::fill(doomed.span(), std::byte{0xdd});
    // What was written is all of one command's data or none of it, and never the later bytes.
    xnvme::Buffer stands = read_blocks(*device_, 0, 16 * 4096 / unit_);
    const std::vector<std::byte> later_bytes(64, std::byte{0xdd});
    EXPECT_TRUE(std::ranges::search(stands.span(), later_bytes).empty());
}

TEST_P(AsyncSlowDisk, ADiskThatDiesCompletesEverythingWithErrors) {
    xnvme::Queue queue = must(device_->create_queue(64));
    Runner runner(queue);
    freeze();
    for (std::uint32_t i = 0; i < 63; ++i) must(runner.submit(write(i), page(i)));
    must(runner.submit(xnvme::nvme::flush()));
    runner.poll();
    disk().kill();
    thaw();
    runner.drain();
    EXPECT_EQ(runner.completed(), 64u);
    EXPECT_GE(runner.failed(), 1u);
    for (const Outcome& outcome : runner.outcomes()) {
        EXPECT_TRUE(outcome.done);
        if (!outcome.why) continue;
        EXPECT_TRUE(outcome.why.code == Errc::system || outcome.why.code == Errc::device_gone ||
                    outcome.why.code == Errc::short_transfer)
            << text(outcome.why);
        EXPECT_FALSE(outcome.completion.ok()) << "the status alone must show the error";
    }
    // The next commands fail as well, and come back.
    const Outcome next = runner.run(write(0), page(0));
    EXPECT_TRUE(next.why);
    buffer_ = {};
    device_.reset();
    shared_disk().reset();
}

bool on_slow_disk(const Pair& pair) {
    return pair.target == "loop_direct" && pair.interface != "nil" && pair.interface != "emu";
}
CONFORMANCE_OVER(AsyncSlowDisk, pairs(xnvme::Contract::async, on_slow_disk));

}  // namespace
}  // namespace conformance
