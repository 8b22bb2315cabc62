#include "perf_run.hpp"

#include <atomic>
#include <exception>
#include <memory>
#include <thread>
#include <vector>

#include "os/terminal.hpp"
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
    std::uint64_t reads = 0;
    std::uint64_t last_ns = 0;  ///< When the last counted I/O completed.
    std::optional<Error> error;
    bool moves_data = true;

  private:
    struct Task {
        Worker* worker = nullptr;
        Data data;
        std::uint64_t start_ns = 0;
        bool reading = true;
    };

    void start(Task& task, Context& context, std::uint64_t start_ns) noexcept;
    void finish(Context& context) noexcept;
    std::uint64_t next_slba() noexcept;
    std::uint64_t random() noexcept;
    static void on_done(Context& context, void* argument);

    const Workload& workload_;
    Shared& shared_;
    std::vector<Task> tasks_;
    Buffer memory_;  // Before the queue, which may write to it until it goes.
    Queue queue_;
    std::uint64_t places_;  ///< Positions on the device, in units of one I/O.
    std::uint64_t position_;
    std::uint64_t state_;
    std::uint64_t budget_;  ///< I/Os that are still to be started.
    std::uint32_t active_ = 0;
};

std::uint64_t share_of(std::uint64_t count, std::uint32_t queues, std::uint32_t index) {
    if (count == 0) return UINT64_MAX;
    return count / queues + (index < count % queues ? 1 : 0);
}

Worker::Worker(Device& device, const Workload& workload, Shared& shared, std::uint32_t index)
    : workload_(workload),
      shared_(shared),
      tasks_(workload.depth),
      memory_(take(device.allocate(std::size_t{workload.depth} * workload.blocks_per_io *
                                   device.geometry().transfer_block_bytes))),
      queue_(take(device.create_queue(workload.depth))),
      places_(device.geometry().blocks / workload.blocks_per_io),
      position_(places_ / workload.queues * index),
      state_(workload.seed * 0x9e3779b97f4a7c15 + index + 1),
      budget_(share_of(workload.count, workload.queues, index)) {
    moves_data = queue_.capabilities().traits.moves_data;
    const std::size_t bytes =
        std::size_t{workload.blocks_per_io} * device.geometry().transfer_block_bytes;
    // Data that is written is not all zeroes, which a device could store for nothing.
    for (std::byte& byte : memory_.span()) byte = static_cast<std::byte>(random() >> 56);
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
        tasks_[i].worker = this;
        tasks_[i].data = memory_.part(i * bytes, bytes);
    }
}

/// SplitMix64: fast, and good enough to choose places.
std::uint64_t Worker::random() noexcept {
    std::uint64_t value = (state_ += 0x9e3779b97f4a7c15);
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
    return value ^ (value >> 31);
}

std::uint64_t Worker::next_slba() noexcept {
    if (workload_.random) return random() % places_ * workload_.blocks_per_io;
    const std::uint64_t place = position_;
    position_ = position_ + 1 == places_ ? 0 : position_ + 1;
    return place * workload_.blocks_per_io;
}

void Worker::finish(Context& context) noexcept {
    --active_;
    queue_.release(context);
}

void Worker::start(Task& task, Context& context, std::uint64_t start_ns) noexcept {
    if (budget_ == 0 || shared_.stop.load(std::memory_order_relaxed)) return finish(context);
    --budget_;
    task.start_ns = start_ns;
    task.reading = workload_.read_percent == 100 ||
                   (workload_.read_percent != 0 && random() % 100 < workload_.read_percent);
    const std::uint64_t slba = next_slba();
    const auto sent = task.reading
                          ? queue_.read(context, slba, workload_.blocks_per_io, task.data)
                          : queue_.write(context, slba, workload_.blocks_per_io, task.data);
    if (sent) [[likely]]
        return;
    if (!error) error = sent.error();
    shared_.stop.store(true, std::memory_order_relaxed);
    finish(context);
}

void Worker::on_done(Context& context, void* argument) {
    auto& task = *static_cast<Task*>(argument);
    Worker& worker = *task.worker;
    const std::uint64_t time_ns = now_ns();
    if (!context.ok()) [[unlikely]] {
        if (!worker.error) worker.error = context.why();
        worker.shared_.stop.store(true, std::memory_order_relaxed);
        return worker.finish(context);
    }
    // What was started in the warm-up is not counted, so that every counted I/O was wholly within
    // the time that the rate is taken over.
    if (task.start_ns >= worker.shared_.warm_until_ns) {
        worker.latencies.add(time_ns - task.start_ns);
        worker.reads += task.reading ? 1 : 0;
        worker.last_ns = time_ns;
    }
    if (time_ns >= worker.shared_.end_ns) return worker.finish(context);
    worker.start(task, context, time_ns);
}

void Worker::run() {
    for (Task& task : tasks_) {
        Context* context = queue_.acquire();
        context->callback = on_done;
        context->argument = &task;
        ++active_;
        start(task, *context, now_ns());
    }
    while (active_ > 0) {
        if (auto waited = queue_.wait(1, kNap); !waited) {
            error = waited.error();
            shared_.stop.store(true, std::memory_order_relaxed);
            return;
        }
        if (os::interrupted()) shared_.stop.store(true, std::memory_order_relaxed);
    }
}

}  // namespace

Measurement measure(Device& device, const Workload& workload) {
    Shared shared;
    std::vector<std::unique_ptr<Worker>> workers;
    workers.reserve(workload.queues);
    for (std::uint32_t i = 0; i < workload.queues; ++i)
        workers.push_back(std::make_unique<Worker>(device, workload, shared, i));
    const std::uint64_t begin_ns = now_ns();
    const auto warm_up_ns = static_cast<std::uint64_t>(workload.warm_up.count());
    shared.warm_until_ns = begin_ns + warm_up_ns;
    shared.end_ns = workload.time.count() == 0
                        ? UINT64_MAX
                        : shared.warm_until_ns + static_cast<std::uint64_t>(workload.time.count());
    const std::uint64_t cpu_begin_ns = os::process_cpu_time_ns();
    std::vector<std::thread> threads;
    // The first queue runs here: one queue needs no thread.
    for (std::size_t i = 1; i < workers.size(); ++i)
        threads.emplace_back([&worker = *workers[i]] { worker.run(); });
    workers.front()->run();
    for (std::thread& thread : threads) thread.join();
    const std::uint64_t cpu_ns = os::process_cpu_time_ns() - cpu_begin_ns;

    Measurement result;
    std::uint64_t last_ns = shared.warm_until_ns;
    for (const auto& worker : workers) {
        result.latencies.merge(worker->latencies);
        result.reads += worker->reads;
        last_ns = std::max(last_ns, worker->last_ns);
        result.moves_data = result.moves_data && worker->moves_data;
        if (worker->error && !result.error) result.error = worker->error;
    }
    result.ios = result.latencies.count();
    result.bytes = result.ios * workload.blocks_per_io * device.geometry().block_bytes;
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
