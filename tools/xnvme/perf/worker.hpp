/// \file
/// One queue of a measurement, with the thread that drives it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "append_zone.hpp"
#include "run.hpp"
#include "written.hpp"

namespace xnvme::tool {

/// What the threads of a run share. The times are written before the threads start.
struct Shared {
    std::uint64_t begin_ns = 0;
    std::uint64_t warm_until_ns = 0;
    std::uint64_t end_ns = 0;
    std::atomic<bool> stop{false};
};

/// The monotonic clock that all times of a run are of.
std::uint64_t now_ns() noexcept;

/// Which queue of the run this is.
struct Place {
    std::size_t device = 0;
    std::uint32_t on_device = 0;  ///< Number among the queues of its device.
    std::uint32_t index = 0;      ///< Number among all queues.
    std::uint32_t count = 1;      ///< Queues of the run.
};

/// No two have a cache line in common.
class alignas(64) Worker {
  public:
    /// \param written null without verification, and for appends
    /// \param zones those to append to; none for other orders
    Worker(Device& device, const Workload& workload, Shared& shared, const Place& place,
           Written* written, std::vector<AppendZone> zones);
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    /// Runs to the end of the measurement. On a thread of its own.
    void run() noexcept;

    // For whoever looks on, while it runs.
    std::uint64_t ios_so_far() const noexcept { return ios_.load(std::memory_order_relaxed); }
    std::uint64_t blocks_so_far() const noexcept { return blocks_.load(std::memory_order_relaxed); }

    // Afterwards.
    const Place& place() const noexcept { return place_; }
    void add_to(Measurement& measurement, std::uint64_t& last_ns) const;
    const std::string& failure() const noexcept { return failure_; }
    const std::vector<AppendZone>& zones() const noexcept { return zones_; }

  private:
    struct Task {
        Worker* worker = nullptr;
        std::size_t offset_bytes = 0;  ///< Of its part of the memory.
        std::uint64_t start_ns = 0;    ///< When it was due.
        std::uint64_t sent_ns = 0;
        std::uint64_t slba = 0;
        std::uint64_t number = 0;  ///< Of an append's first block; see `AppendZone`.
        std::uint32_t blocks = 0;
        bool reading = true;
    };
    struct Size {
        std::uint32_t blocks;
        std::uint32_t percent_up_to;
    };

    void run_closed();
    void run_at_rate();
    void start_idle(std::uint64_t start_ns, std::uint64_t time_ns);
    void start(Task& task, Context& context, std::uint64_t start_ns);
    Result<void> submit(Task& task, Context& context);
    void count(const Task& task, std::uint64_t time_ns) noexcept;
    void finish(Task& task, Context& context) noexcept;
    void fill(const Task& task) noexcept;
    void note_units(const Task& task) noexcept;
    bool look_at_data(const Task& task, const Context& context);
    bool look_at_read(const Task& task);
    void change_zone();
    bool manage_zone(const Command& command);
    bool wait_for(std::chrono::nanoseconds timeout);
    bool sleep_until(std::uint64_t due_ns, std::uint64_t time_ns);
    void fail(std::string sentence);
    void fail_io(const Task& task, const Error& error);
    bool ended() const noexcept {
        return budget_ == 0 || shared_.stop.load(std::memory_order_relaxed);
    }
    std::uint32_t draw_blocks() noexcept;
    std::uint64_t draw_slba(std::uint32_t blocks) noexcept;
    std::uint64_t random() noexcept;
    std::span<Written::Unit> units_of(const Task& task) noexcept;
    std::span<std::byte> block_of(const Task& task, std::uint32_t index) const noexcept;
    static void on_done(Context& context, void* argument);

    Device& device_;
    const Workload& workload_;
    Shared& shared_;
    Place place_;
    Written* written_;
    std::vector<AppendZone> zones_;
    std::vector<Size> sizes_;
    std::uint32_t most_blocks_;
    std::uint64_t blocks_on_device_;
    std::size_t block_bytes_;
    std::vector<Task> tasks_;
    std::vector<Written::Unit> seen_;  ///< Of each unit of a task's read, as it was submitted.
    std::vector<Task*> idle_;
    Buffer memory_;  // Before the queue, which may write to it until it goes.
    Queue queue_;
    std::uint64_t position_ = 0;
    std::size_t zone_ = 0;
    bool zone_is_full_ = false;         ///< The next is begun when nothing is under way any more.
    std::uint32_t waiting_blocks_ = 0;  ///< Size of the append that found no room.
    std::uint64_t state_;
    std::uint64_t budget_;  ///< I/Os that are still to be started.
    std::uint32_t active_ = 0;

    Histogram latencies_;
    Histogram services_;
    Timeline timeline_;
    std::atomic<std::uint64_t> ios_{0};
    std::atomic<std::uint64_t> blocks_{0};
    std::uint64_t reads_ = 0;
    std::uint64_t unsent_ = 0;
    std::uint64_t zone_resets_ = 0;
    std::uint64_t last_ns_ = 0;  ///< When the last counted I/O completed.
    std::string failure_;
};

/// The most blocks of one I/O of a workload on a device.
std::uint32_t most_blocks(const Workload& workload, const Device& device);

}  // namespace xnvme::tool
