#include "run.hpp"

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>

#include <fmt/core.h>

#include "os/terminal.hpp"
#include "os/thread.hpp"
#include "output.hpp"
#include "pattern_pass.hpp"
#include "program.hpp"
#include "worker.hpp"
#include "zones.hpp"

namespace xnvme::tool {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kVerifyDepth = 16;
constexpr std::uint64_t kVerifyBytes = std::uint64_t{128} * 1024;

/// What every I/O's place and length are multiples of.
std::uint32_t unit_blocks(const Workload& workload, const Device& device) {
    std::uint64_t bytes = 0;
    for (const IoSize& size : workload.sizes) bytes = std::gcd(bytes, size.bytes);
    return static_cast<std::uint32_t>(bytes / device.geometry().block_bytes);
}

/// The workers of a run, and the threads that drive them.
class Run {
  public:
    Run(std::vector<Device>& devices, const Workload& workload)
        : devices_(devices), workload_(workload), written_(devices.size()) {
        const auto queues = static_cast<std::uint32_t>(devices.size()) * workload.queues;
        workers_.reserve(queues);
        for (std::size_t d = 0; d < devices.size(); ++d) add_device(d, queues);
    }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

    Outcome measure(const std::string& label, bool lines);
    void verify(Outcome& outcome, const std::string& label, bool lines);

  private:
    void add_device(std::size_t index, std::uint32_t queues);
    void start_clock();
    void run_threads(ProgressLine& progress);
    void show(ProgressLine& progress);
    PassPlan plan_of(std::size_t index);
    std::uint64_t written_blocks(std::size_t index) const;
    std::vector<const AppendZone*> zones_of(std::size_t index) const;

    std::vector<Device>& devices_;
    const Workload& workload_;
    Shared shared_;
    std::vector<std::unique_ptr<Written>> written_;  ///< By device; null where it is not asked for.
    std::vector<std::unique_ptr<Worker>> workers_;

    // How the threads say that they have ended.
    std::mutex mutex_;
    std::condition_variable ended_;
    std::size_t running_ = 0;

    // What the line of progress said last.
    std::uint64_t shown_ns_ = 0;
    std::uint64_t shown_ios_ = 0;
    std::uint64_t shown_bytes_ = 0;
};

void Run::add_device(std::size_t index, std::uint32_t queues) {
    Device& device = devices_[index];
    std::vector<std::vector<AppendZone>> zones(workload_.queues);
    if (workload_.order == Order::append)
        zones =
            take_zones(device, workload_.queues, most_blocks(workload_, device), workload_.verify);
    else if (workload_.verify)
        written_[index] =
            std::make_unique<Written>(device.geometry().blocks, unit_blocks(workload_, device));
    for (std::uint32_t q = 0; q < workload_.queues; ++q) {
        const Place place{.device = index,
                          .on_device = q,
                          .index = static_cast<std::uint32_t>(workers_.size()),
                          .count = queues};
        workers_.push_back(std::make_unique<Worker>(device, workload_, shared_, place,
                                                    written_[index].get(), std::move(zones[q])));
    }
}

void Run::start_clock() {
    shared_.begin_ns = now_ns();
    shared_.warm_until_ns =
        shared_.begin_ns + static_cast<std::uint64_t>(workload_.warm_up.count());
    shared_.end_ns =
        workload_.time.count() == 0
            ? UINT64_MAX
            : shared_.warm_until_ns + static_cast<std::uint64_t>(workload_.time.count());
    shown_ns_ = shared_.begin_ns;
}

/// What has been counted since the last time it was shown.
void Run::show(ProgressLine& progress) {
    const std::uint64_t time_ns = now_ns();
    std::uint64_t ios = 0;
    std::uint64_t bytes = 0;
    for (const auto& worker : workers_) {
        ios += worker->ios_so_far();
        bytes += worker->blocks_so_far() * devices_[worker->place().device].geometry().block_bytes;
    }
    const double seconds =
        static_cast<double>(std::max<std::uint64_t>(time_ns - shown_ns_, 1)) / 1e9;
    const double whole_ns = static_cast<double>(shared_.end_ns - shared_.begin_ns);
    const double part = workload_.count != 0
                            ? static_cast<double>(ios) / static_cast<double>(workload_.count)
                            : static_cast<double>(time_ns - shared_.begin_ns) / whole_ns;
    progress.draw(
        part, time_ns < shared_.warm_until_ns
                  ? std::string("not counted yet")
                  : fmt::format("{:3.0f}%  {} IOPS  {}", std::min(part, 1.0) * 100,
                                grouped(static_cast<std::uint64_t>(
                                    static_cast<double>(ios - shown_ios_) / seconds)),
                                format_rate(static_cast<double>(bytes - shown_bytes_) / seconds)));
    shown_ns_ = time_ns;
    shown_ios_ = ios;
    shown_bytes_ = bytes;
}

void Run::run_threads(ProgressLine& progress) {
    struct Start {
        Run* run;
        Worker* worker;
    };
    std::vector<Start> starts;
    std::vector<os::Thread> threads;
    starts.reserve(workers_.size());
    threads.reserve(workers_.size());
    running_ = workers_.size();
    start_clock();
    const auto drive = [](void* argument) {
        const Start& start = *static_cast<Start*>(argument);
        start.worker->run();
        const std::lock_guard lock(start.run->mutex_);
        --start.run->running_;
        start.run->ended_.notify_all();
    };
    for (const auto& worker : workers_) {
        starts.push_back({this, worker.get()});
        auto thread = os::Thread::start(drive, &starts.back());
        if (!thread) {
            shared_.stop.store(true, std::memory_order_relaxed);
            threads.clear();
            throw Stop(kFailed,
                       fmt::format("A thread for queue {} of {} could not be started: {}",
                                   starts.size(), workers_.size(), describe(thread.error())));
        }
        threads.push_back(std::move(*thread));
    }
    std::unique_lock lock(mutex_);
    const auto over = [this] { return running_ == 0; };
    while (!over()) {
        if (!progress.shown()) {
            ended_.wait(lock, over);
        } else if (!ended_.wait_for(lock, 50ms, over) && progress.due()) {
            lock.unlock();
            show(progress);
            lock.lock();
        }
    }
}

Outcome Run::measure(const std::string& label, bool lines) {
    ProgressLine progress(label, lines);
    const std::uint64_t cpu_begin_ns = os::process_cpu_time_ns();
    run_threads(progress);
    const std::uint64_t cpu_ns = os::process_cpu_time_ns() - cpu_begin_ns;
    progress.clear();

    Outcome outcome;
    outcome.devices.resize(devices_.size());
    std::uint64_t last_ns = shared_.warm_until_ns;
    for (const auto& worker : workers_) {
        worker->add_to(outcome.devices[worker->place().device], last_ns);
        std::uint64_t same = 0;
        worker->add_to(outcome.all, same);
        if (outcome.failure.empty()) outcome.failure = worker->failure();
    }
    // All are taken over the same time, so that the devices' figures add up to the whole's.
    const std::uint64_t time_ns = last_ns - shared_.warm_until_ns;
    for (Measurement& measurement : outcome.devices) {
        measurement.time = std::chrono::nanoseconds(time_ns);
        measurement.timeline.end_at(time_ns);
    }
    outcome.all.time = std::chrono::nanoseconds(time_ns);
    outcome.all.timeline.end_at(time_ns);
    outcome.interrupted = os::interrupted();
    // The processor time is that of the whole run; the warm-up's part of it goes by time.
    const double whole = static_cast<double>(last_ns - shared_.begin_ns);
    outcome.cpu_ns = whole > 0 ? static_cast<std::uint64_t>(static_cast<double>(cpu_ns) *
                                                            static_cast<double>(time_ns) / whole)
                               : cpu_ns;
    return outcome;
}

std::vector<const AppendZone*> Run::zones_of(std::size_t index) const {
    std::vector<const AppendZone*> zones;
    for (const auto& worker : workers_) {
        if (worker->place().device != index) continue;
        for (const AppendZone& zone : worker->zones()) zones.push_back(&zone);
    }
    std::ranges::sort(zones, {}, &AppendZone::zslba);
    return zones;
}

std::uint64_t Run::written_blocks(std::size_t index) const {
    if (written_[index] != nullptr) return written_[index]->count();
    std::uint64_t blocks = 0;
    for (const AppendZone* zone : zones_of(index)) blocks += zone->count();
    return blocks;
}

/// Reads what was written on a device, in ascending order.
PassPlan Run::plan_of(std::size_t index) {
    const Device& device = devices_[index];
    const Geometry& geometry = device.geometry();
    const std::uint32_t unit = unit_blocks(workload_, device);
    const std::uint64_t bytes = std::min<std::uint64_t>(kVerifyBytes, geometry.max_transfer_bytes);
    PassPlan plan;
    plan.depth = kVerifyDepth;
    plan.blocks_per_io =
        std::max(static_cast<std::uint32_t>(bytes / geometry.block_bytes / unit * unit), unit);
    if (const Written* written = written_[index].get(); written != nullptr) {
        plan.next = [written, slba = std::uint64_t{0}](std::uint32_t most) mutable {
            const auto range = written->next(slba, most);
            if (range) slba = range->slba + range->blocks;
            return range;
        };
        plan.check = [written, run = workload_.pattern()](std::span<const std::byte> block,
                                                          std::uint64_t lba) {
            return check_written(block, lba, run, written->unit_of(lba));
        };
        return plan;
    }
    const auto zones = std::make_shared<const std::vector<const AppendZone*>>(zones_of(index));
    plan.next = [zones, at = std::size_t{0},
                 lba = std::uint64_t{0}](std::uint32_t most) mutable -> std::optional<BlockRange> {
        for (; at < zones->size(); ++at) {
            const AppendZone& zone = *(*zones)[at];
            if (const auto range = zone.next(std::max(lba, zone.zslba()), most)) {
                lba = range->slba + range->blocks;
                return range;
            }
        }
        return std::nullopt;
    };
    plan.check = [zones, run = workload_.pattern()](std::span<const std::byte> block,
                                                    std::uint64_t lba) {
        const auto behind = std::ranges::upper_bound(*zones, lba, {}, &AppendZone::zslba);
        const AppendZone& zone = **std::prev(behind);
        return check_block(block, zone.number_of(lba), pattern_of_write(run, zone.round()));
    };
    return plan;
}

void Run::verify(Outcome& outcome, const std::string& label, bool lines) {
    for (std::size_t i = 0; i < devices_.size() && outcome.failure.empty(); ++i) {
        Device& device = devices_[i];
        const std::uint64_t block_bytes = device.geometry().block_bytes;
        flush(device);
        Progress progress(label + " verify", written_blocks(i) * block_bytes, lines);
        const PassPlan plan = plan_of(i);
        const PassOutcome pass = run_pass(device, plan, false, progress);
        progress.clear();
        if (pass.mismatch) {
            outcome.failure = mismatch_text(device, *pass.mismatch);
        } else if (pass.failure) {
            outcome.failure =
                fmt::format("what was written could not be read back: {} of {}: {}",
                            range_text(pass.failure->first.slba, pass.failure->first.blocks),
                            device.uri(), describe(pass.failure->second));
        }
        outcome.interrupted = outcome.interrupted || pass.interrupted;
        if (pass.interrupted || !outcome.failure.empty()) return;
        outcome.devices[i].verified_bytes = pass.blocks * block_bytes;
        outcome.all.verified_bytes += pass.blocks * block_bytes;
    }
}

void merge(Measurement& all, const Measurement& one) {
    all.latencies.merge(one.latencies);
    all.services.merge(one.services);
    all.timeline.append(one.timeline);
    all.ios += one.ios;
    all.reads += one.reads;
    all.bytes += one.bytes;
    all.time += one.time;
    all.unsent += one.unsent;
    all.zone_resets += one.zone_resets;
    all.verified_bytes += one.verified_bytes;
    all.moves_data = all.moves_data && one.moves_data;
}

}  // namespace

void merge(Outcome& all, const Outcome& one) {
    merge(all.all, one.all);
    for (std::size_t i = 0; i < all.devices.size(); ++i) merge(all.devices[i], one.devices[i]);
    all.cpu_ns += one.cpu_ns;
    all.interrupted = all.interrupted || one.interrupted;
}

Outcome measure(std::vector<Device>& devices, const Workload& workload, const std::string& label,
                bool lines) {
    Run run(devices, workload);
    Outcome outcome = run.measure(label, lines);
    if (!workload.verify || !outcome.failure.empty() || outcome.interrupted) return outcome;
    try {
        run.verify(outcome, label, lines);
    } catch (const Stop& stop) {
        // It did run: what failed is to read it back.
        outcome.failure = stop.sentence;
    }
    return outcome;
}

}  // namespace xnvme::tool
