#include "perf_run.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <memory>
#include <thread>
#include <vector>

#include "os/terminal.hpp"
#include "os/thread.hpp"
#include "program.hpp"

namespace xnvme::tool {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// How long a sleep may be, so that Ctrl-C is looked at also when nothing completes.
constexpr std::chrono::nanoseconds kNap = 100ms;

std::uint64_t now_ns() noexcept {
    return static_cast<std::uint64_t>(Clock::now().time_since_epoch().count());
}

/// What the threads of a run share. The times are written before the threads start.
struct Shared {
    std::uint64_t begin_ns = 0;
    std::uint64_t warm_until_ns = 0;
    std::uint64_t end_ns = 0;
    std::atomic<bool> stop{false};
};

/// One queue with its thread's counters.
class Worker {
  public:
    Worker(Device& device, const Workload& workload, Shared& shared, std::uint32_t index);
    void run();

    Histogram latencies;
    Histogram services;
    std::uint64_t reads = 0;
    std::uint64_t blocks = 0;
    std::uint64_t unsent = 0;
    std::uint64_t last_ns = 0;  ///< When the last counted I/O completed.
    std::optional<Error> error;
    bool moves_data = true;

  private:
    struct Task {
        Worker* worker = nullptr;
        std::size_t offset_bytes = 0;  ///< Of its part of the memory.
        std::uint64_t start_ns = 0;    ///< When it was due.
        std::uint64_t sent_ns = 0;
        std::uint32_t blocks = 0;
        bool reading = true;
    };

    void start_all() noexcept;
    void start_what_is_due() noexcept;
    void start(Task& task, Context& context, std::uint64_t start_ns) noexcept;
    void finish(Task& task, Context& context) noexcept;
    bool ended() const noexcept {
        return budget_ == 0 || shared_.stop.load(std::memory_order_relaxed);
    }
    bool wait_for(std::chrono::nanoseconds timeout) noexcept;
    std::uint32_t next_size() noexcept;
    std::uint64_t next_slba(std::uint32_t blocks) noexcept;
    std::uint64_t random() noexcept;
    static void on_done(Context& context, void* argument);

    const Workload& workload_;
    Shared& shared_;
    std::vector<Task> tasks_;
    Buffer memory_;  // Before the queue, which may write to it until it goes.
    Queue queue_;
    std::uint64_t blocks_on_device_;
    std::size_t block_bytes_;
    std::uint64_t position_;
    std::uint64_t state_;
    std::uint64_t budget_;  ///< I/Os that are still to be started.
    std::uint32_t active_ = 0;
    std::uint32_t index_;
    std::vector<Task*> idle_;  ///< With a rate: those that wait for the next I/O that is due.
};

std::uint32_t most_blocks(const Workload& workload) {
    return std::ranges::max(workload.sizes, {}, &IoSize::blocks).blocks;
}

std::uint64_t share_of(std::uint64_t count, std::uint32_t queues, std::uint32_t index) {
    if (count == 0) return UINT64_MAX;
    return count / queues + (index < count % queues ? 1 : 0);
}

Worker::Worker(Device& device, const Workload& workload, Shared& shared, std::uint32_t index)
    : workload_(workload),
      shared_(shared),
      tasks_(workload.depth),
      memory_(take(device.allocate(std::size_t{workload.depth} * most_blocks(workload) *
                                   device.geometry().transfer_block_bytes))),
      queue_(take(device.create_queue(workload.depth))),
      blocks_on_device_(device.geometry().blocks),
      block_bytes_(device.geometry().transfer_block_bytes),
      state_(workload.seed * 0x9e3779b97f4a7c15 + index + 1),
      budget_(share_of(workload.count, workload.queues, index)),
      index_(index) {
    moves_data = queue_.capabilities().traits.moves_data;
    const std::size_t bytes = most_blocks(workload) * block_bytes_;
    // Queues that read in order begin side by side, each at a whole I/O.
    const std::uint64_t places = blocks_on_device_ / most_blocks(workload);
    position_ = places / workload.queues * index * most_blocks(workload);
    idle_.reserve(tasks_.size());
    // Data that is written is not all zeroes, which a device could store for nothing.
    for (std::byte& byte : memory_.span()) byte = static_cast<std::byte>(random() >> 56);
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
        tasks_[i].worker = this;
        tasks_[i].offset_bytes = i * bytes;
    }
}

/// SplitMix64: fast, and good enough to choose places.
std::uint64_t Worker::random() noexcept {
    std::uint64_t value = (state_ += 0x9e3779b97f4a7c15);
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
    return value ^ (value >> 31);
}

std::uint32_t Worker::next_size() noexcept {
    if (workload_.sizes.size() == 1) return workload_.sizes.front().blocks;
    const std::uint64_t drawn = random() % 100;
    for (const IoSize& size : workload_.sizes)
        if (drawn < size.percent_up_to) return size.blocks;
    return workload_.sizes.back().blocks;
}

/// A place at a multiple of the size, or the next one in order.
std::uint64_t Worker::next_slba(std::uint32_t blocks) noexcept {
    if (workload_.random) return random() % (blocks_on_device_ / blocks) * blocks;
    const std::uint64_t slba = blocks_on_device_ - position_ < blocks ? 0 : position_;
    position_ = slba + blocks;
    return slba;
}

void Worker::finish(Task& task, Context& context) noexcept {
    --active_;
    if (workload_.rate > 0) idle_.push_back(&task);
    queue_.release(context);
}

void Worker::start(Task& task, Context& context, std::uint64_t start_ns) noexcept {
    if (ended()) return finish(task, context);
    // Those of the warm-up are none of the count.
    if (start_ns >= shared_.warm_until_ns) --budget_;
    task.start_ns = start_ns;
    task.reading = workload_.read_percent == 100 ||
                   (workload_.read_percent != 0 && random() % 100 < workload_.read_percent);
    task.blocks = next_size();
    const std::uint64_t slba = next_slba(task.blocks);
    const Data data = memory_.part(task.offset_bytes, task.blocks * block_bytes_);
    const auto sent = task.reading ? queue_.read(context, slba, task.blocks, data)
                                   : queue_.write(context, slba, task.blocks, data);
    if (sent) [[likely]]
        return;
    if (!error) error = sent.error();
    shared_.stop.store(true, std::memory_order_relaxed);
    finish(task, context);
}

void Worker::on_done(Context& context, void* argument) {
    auto& task = *static_cast<Task*>(argument);
    Worker& worker = *task.worker;
    const std::uint64_t time_ns = now_ns();
    if (!context.ok()) [[unlikely]] {
        if (!worker.error) worker.error = context.why();
        worker.shared_.stop.store(true, std::memory_order_relaxed);
        return worker.finish(task, context);
    }
    // What was started in the warm-up is not counted, so that every counted I/O was wholly within
    // the time that the rate is taken over.
    if (task.start_ns >= worker.shared_.warm_until_ns) {
        worker.latencies.add(time_ns - task.start_ns);
        if (worker.workload_.rate > 0) worker.services.add(time_ns - task.sent_ns);
        worker.blocks += task.blocks;
        worker.reads += task.reading ? 1 : 0;
        worker.last_ns = time_ns;
    }
    if (time_ns >= worker.shared_.end_ns || worker.workload_.rate > 0)
        return worker.finish(task, context);
    worker.start(task, context, time_ns);
}

/// Completes what has completed, or sleeps until something has. False when the queue failed.
bool Worker::wait_for(std::chrono::nanoseconds timeout) noexcept {
    if (auto waited = queue_.wait(1, timeout); !waited) {
        error = waited.error();
        shared_.stop.store(true, std::memory_order_relaxed);
        return false;
    }
    if (os::interrupted()) shared_.stop.store(true, std::memory_order_relaxed);
    return true;
}

void Worker::start_all() noexcept {
    for (Task& task : tasks_) {
        Context* context = queue_.acquire();
        context->callback = on_done;
        context->argument = &task;
        ++active_;
        start(task, *context, now_ns());
    }
    while (active_ > 0) {
        if (!wait_for(kNap)) return;
    }
}

/// I/Os are due at even distances, also while the device is behind: those that then wait for a slot
/// have been late since they were due.
void Worker::start_what_is_due() noexcept {
    // A sleep ends some tens of microseconds late: the rest of the time is polled away.
    constexpr std::uint64_t kSleeplessNs = 100'000;
    const double step_ns = 1e9 * workload_.queues / workload_.rate;
    const double first_ns =
        static_cast<double>(shared_.begin_ns) + step_ns / workload_.queues * index_;
    // A thread that was not let run at the end of the time still sends what was due in it.
    const std::uint64_t last_send_ns =
        shared_.end_ns +
        std::min((shared_.end_ns - shared_.warm_until_ns) / 10, UINT64_MAX - shared_.end_ns);
    std::uint64_t number = 0;
    for (Task& task : tasks_) idle_.push_back(&task);
    while (!ended() || active_ > 0) {
        const auto due_ns =
            static_cast<std::uint64_t>(first_ns + step_ns * static_cast<double>(number));
        const std::uint64_t time_ns = now_ns();
        if (due_ns < shared_.warm_until_ns && time_ns >= shared_.warm_until_ns) {
            // What the warm-up left undone is not caught up with.
            number = static_cast<std::uint64_t>(
                std::ceil((static_cast<double>(shared_.warm_until_ns) - first_ns) / step_ns));
            if (first_ns + step_ns * static_cast<double>(number) <
                static_cast<double>(shared_.warm_until_ns) + 1)
                ++number;
            continue;
        }
        const bool more = !ended() && due_ns < shared_.end_ns && time_ns < last_send_ns;
        if (more && due_ns <= time_ns && !idle_.empty()) {
            Task& task = *idle_.back();
            idle_.pop_back();
            Context* context = queue_.acquire();
            context->callback = on_done;
            context->argument = &task;
            ++active_;
            task.sent_ns = time_ns;
            start(task, *context, due_ns);
            ++number;
            continue;
        }
        if (!more && active_ == 0) {
            if (due_ns < time_ns && due_ns < shared_.end_ns && !ended())
                unsent =
                    std::min(budget_, static_cast<std::uint64_t>(std::ceil(
                                          static_cast<double>(shared_.end_ns - due_ns) / step_ns)));
            return;
        }
        const bool full = idle_.empty();
        const std::uint64_t left_ns = !more || full || due_ns <= time_ns ? 0 : due_ns - time_ns;
        const bool sleeps = full || !more || left_ns > kSleeplessNs;
        const auto longest =
            more && !full ? std::chrono::nanoseconds(left_ns - std::min(left_ns, kSleeplessNs))
                          : kNap;
        if (active_ == 0) {
            if (sleeps) std::this_thread::sleep_for(std::min(longest, kNap));
            if (os::interrupted()) shared_.stop.store(true, std::memory_order_relaxed);
        } else if (!wait_for(sleeps ? std::min(longest, kNap) : std::chrono::nanoseconds{0})) {
            return;
        }
    }
}

void Worker::run() {
    if (!workload_.processors.empty()) {
        const auto& processors = workload_.processors;
        if (auto bound = os::bind_to_processor(processors[index_ % processors.size()]); !bound) {
            error = bound.error();
            shared_.stop.store(true, std::memory_order_relaxed);
            return;
        }
    }
    if (workload_.rate > 0)
        start_what_is_due();
    else
        start_all();
}

}  // namespace

void merge(Measurement& all, const Measurement& one) {
    all.latencies.merge(one.latencies);
    all.services.merge(one.services);
    all.ios += one.ios;
    all.reads += one.reads;
    all.bytes += one.bytes;
    all.time += one.time;
    all.unsent += one.unsent;
    all.cpu_ns += one.cpu_ns;
    all.moves_data = all.moves_data && one.moves_data;
    all.interrupted = all.interrupted || one.interrupted;
    if (!all.error) all.error = one.error;
}

Measurement measure(Device& device, const Workload& workload) {
    Shared shared;
    std::vector<std::unique_ptr<Worker>> workers;
    workers.reserve(workload.queues);
    for (std::uint32_t i = 0; i < workload.queues; ++i)
        workers.push_back(std::make_unique<Worker>(device, workload, shared, i));
    const std::uint64_t begin_ns = now_ns();
    shared.begin_ns = begin_ns;
    const auto warm_up_ns = static_cast<std::uint64_t>(workload.warm_up.count());
    shared.warm_until_ns = begin_ns + warm_up_ns;
    shared.end_ns = workload.time.count() == 0
                        ? UINT64_MAX
                        : shared.warm_until_ns + static_cast<std::uint64_t>(workload.time.count());
    const std::uint64_t cpu_begin_ns = os::process_cpu_time_ns();
    std::vector<std::thread> threads;
    // The first queue runs here: one queue needs no thread, unless it is to be bound, which this
    // one would stay.
    const bool here = workload.processors.empty();
    for (std::size_t i = here ? 1 : 0; i < workers.size(); ++i)
        threads.emplace_back([&, i] { workers[i]->run(); });
    if (here) workers.front()->run();
    for (std::thread& thread : threads) thread.join();
    const std::uint64_t cpu_ns = os::process_cpu_time_ns() - cpu_begin_ns;

    Measurement result;
    std::uint64_t last_ns = shared.warm_until_ns;
    for (const auto& worker : workers) {
        result.latencies.merge(worker->latencies);
        result.services.merge(worker->services);
        result.reads += worker->reads;
        result.unsent += worker->unsent;
        result.bytes += worker->blocks * device.geometry().block_bytes;
        last_ns = std::max(last_ns, worker->last_ns);
        result.moves_data = result.moves_data && worker->moves_data;
        if (worker->error && !result.error) result.error = worker->error;
    }
    result.ios = result.latencies.count();
    result.time = std::chrono::nanoseconds(last_ns - shared.warm_until_ns);
    result.interrupted = os::interrupted();
    // The processor time is that of the whole run; the warm-up's part of it goes by time.
    const double all = static_cast<double>(last_ns - begin_ns);
    const double counted = static_cast<double>(result.time.count());
    result.cpu_ns =
        all > 0 ? static_cast<std::uint64_t>(static_cast<double>(cpu_ns) * counted / all) : cpu_ns;
    return result;
}

}  // namespace xnvme::tool
