// The pool's threads, as the kernel sees them.
#include <gtest/gtest.h>
#include <sched.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <utility>

#include "backends/common/thrpool.hpp"
#include "contracts/complete.hpp"
#include "contracts/regions.hpp"

namespace xnvme::be_common {
namespace {

struct DoNothing final : SyncInterface {
    void execute(Context& context) noexcept override { complete_ok(context); }
};

/// Keeps the calling thread, and those that it starts, on one processor.
class OneProcessor {
  public:
    OneProcessor() {
        EXPECT_EQ(::sched_getaffinity(0, sizeof(before_), &before_), 0);
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(static_cast<unsigned>(::sched_getcpu()), &one);
        EXPECT_EQ(::sched_setaffinity(0, sizeof(one), &one), 0);
    }
    ~OneProcessor() { EXPECT_EQ(::sched_setaffinity(0, sizeof(before_), &before_), 0); }

  private:
    cpu_set_t before_;
};

struct Tasks {
    unsigned count = 0;
    unsigned never_ran = 0;
};

/// The threads of this process.
Tasks tasks() {
    Tasks found;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        // Linux: Documentation/scheduler/sched-stats.rst, time on a processor, time in the run
        // queue, number of time slices.
        std::ifstream file(task.path() / "schedstat");
        std::uint64_t ran_ns = 0;
        std::uint64_t waited_ns = 0;
        std::uint64_t slices = 0;
        EXPECT_TRUE(file >> ran_ns >> waited_ns >> slices);
        ++found.count;
        if (slices == 0) ++found.never_ran;
    }
    return found;
}

/// A queue over 16 threads.
struct Pool {
    Handle handle;
    DoNothing sync;
    Options options;
    RegionTable regions;
    std::unique_ptr<AsyncQueue> queue;

    Pool() {
        QueueOptions queue_options;
        queue_options.threads = 16;
        auto slots = SlotArray::create(16);
        EXPECT_TRUE(slots.has_value());
        auto made = thrpool::make({QueueParts{std::move(*slots), CommandRules{}, nullptr}, handle,
                                   sync, options, queue_options, regions});
        EXPECT_TRUE(made.has_value());
        queue = std::move(*made);
    }
};

// A thread allocates as it starts, above all under a sanitizer: one that starts after the queue was
// made does so while commands are under way.
TEST(ThreadPool, EveryThreadHasRunWhenTheQueueExists) {
    const OneProcessor one;
    const Tasks before = tasks();
    unsigned never_ran = 0;
    // Which of two threads goes first is the scheduler's choice: one round proves little.
    for (int round = 0; round < 100; ++round) {
        Pool pool;
        const Tasks with_pool = tasks();
        // Threads of the round before may not be gone altogether.
        ASSERT_GE(with_pool.count, before.count + 16);
        never_ran += with_pool.never_ran;
    }
    EXPECT_EQ(never_ran, 0u);
}

}  // namespace
}  // namespace xnvme::be_common
