#include "copier.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <numeric>

#include <xnvme/nvme/builders.hpp>

#include "os/event.hpp"
#include "os/terminal.hpp"
#include "program.hpp"

namespace xnvme::tool {
namespace {

using namespace std::chrono_literals;

/// How long a sleep may be, so that Ctrl-C and the progress line are looked at.
constexpr std::chrono::nanoseconds kNap = 100ms;

/// The smallest piece that a failed range is cut into where neither side has larger blocks.
constexpr std::uint64_t kSmallestPiece = 512;

struct Range {
    std::uint64_t offset = 0;  ///< From the start of the copy.
    std::uint64_t bytes = 0;
};

std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) {
    return (value + unit - 1) / unit * unit;
}

/// One device of the copy, with its queue.
struct Side {
    explicit Side(Device& device_of_side, std::uint32_t depth, std::uint64_t offset_of_copy)
        : device(device_of_side),
          queue(take(device_of_side.create_queue(depth))),
          unit(transfer_unit(device_of_side)),
          offset(offset_of_copy),
          by_bytes(is_byte_addressed(device_of_side)) {}

    Command command(bool reading, std::uint64_t at, std::uint64_t bytes) const {
        if (by_bytes) return reading ? nvme::file_read(at) : nvme::file_write(at);
        const std::uint64_t slba = at / unit;
        const auto blocks = static_cast<std::uint32_t>(bytes / unit);
        return reading ? nvme::read(slba, blocks) : nvme::write(slba, blocks);
    }

    Device& device;
    Queue queue;
    std::uint64_t unit;
    std::uint64_t offset;
    bool by_bytes;
};

class Copier {
  public:
    Copier(const CopyPlan& plan, Progress& progress);
    CopyOutcome run();

  private:
    /// One of the `depth` pieces under way: read first, then written, from one buffer.
    struct Task {
        Copier* copier = nullptr;
        Buffer memory;
        Buffer mapped;  ///< The same memory, as the target knows it.
        Range range;
    };

    bool next_range(Range& range);
    void start(Task& task);
    void start_read(Task& task);
    void start_write(Task& task);
    void start_next(Task& task);
    void submit(Task& task, Side& side, bool reading, std::uint64_t bytes);
    void failed(Task& task, bool reading, const Error& error);
    void give_up(const Task& task, bool reading, const Error& error);
    void sleep();
    void join_bad();
    static void on_read(Context& context, void* argument);
    static void on_written(Context& context, void* argument);

    const CopyPlan& plan_;
    Progress& progress_;
    std::vector<Task> tasks_;  ///< Before the queues, which may write to its buffers until they go.
    Side source_;
    Side target_;
    std::uint64_t piece_bytes_;  ///< The smallest piece of a failed range.
    std::uint64_t cursor_ = 0;   ///< Where the part that was not started yet begins.
    std::deque<Range> again_;    ///< Pieces of failed ranges.
    std::size_t active_ = 0;
    bool stopping_ = false;
    CopyOutcome outcome_;
};

Copier::Copier(const CopyPlan& plan, Progress& progress)
    : plan_(plan),
      progress_(progress),
      tasks_(plan.depth),
      source_(*plan.source, plan.depth, plan.source_offset),
      target_(*plan.target, plan.depth, plan.target_offset),
      piece_bytes_(std::max(std::lcm(source_.unit, target_.unit), kSmallestPiece)) {
    // The last piece may have to be padded to the larger of the two units.
    const std::uint64_t bytes = round_up(plan.io_bytes, std::lcm(source_.unit, target_.unit));
    for (Task& task : tasks_) {
        task.copier = this;
        task.memory = take(source_.device.allocate(bytes));
        if (plan.source != plan.target)
            task.mapped = take(target_.device.map(task.memory.data(), bytes));
    }
}

bool Copier::next_range(Range& range) {
    if (stopping_) return false;
    if (!again_.empty()) {
        range = again_.front();
        again_.pop_front();
        return true;
    }
    if (cursor_ == plan_.bytes) return false;
    range = {cursor_, std::min<std::uint64_t>(plan_.io_bytes, plan_.bytes - cursor_)};
    cursor_ += range.bytes;
    return true;
}

void Copier::start_next(Task& task) {
    if (next_range(task.range)) {
        start_read(task);
    } else {
        --active_;
    }
}

void Copier::start(Task& task) {
    if (!next_range(task.range)) return;
    ++active_;
    start_read(task);
}

void Copier::submit(Task& task, Side& side, bool reading, std::uint64_t bytes) {
    Context* context = side.queue.acquire();
    context->command = side.command(reading, side.offset + task.range.offset, bytes);
    context->callback = reading ? on_read : on_written;
    context->argument = &task;
    if (auto sent = side.queue.submit(*context, task.memory.part(0, bytes)); !sent) {
        side.queue.release(*context);
        give_up(task, reading, sent.error());
    }
}

void Copier::start_read(Task& task) {
    submit(task, source_, true, round_up(task.range.bytes, source_.unit));
}

void Copier::start_write(Task& task) {
    const std::uint64_t bytes = round_up(task.range.bytes, target_.unit);
    std::memset(task.memory.data() + task.range.bytes, 0, bytes - task.range.bytes);
    submit(task, target_, false, bytes);
}

void Copier::on_read(Context& context, void* argument) {
    auto& task = *static_cast<Task*>(argument);
    Copier& copier = *task.copier;
    const Error error = context.why();
    // A read that was rounded up to the unit ends early at the end of a file, with all that the
    // copy wants of it.
    const bool enough = error.code == Errc::short_transfer && context.bytes >= task.range.bytes;
    copier.source_.queue.release(context);
    if (error && !enough) return copier.failed(task, true, error);
    copier.start_write(task);
}

void Copier::on_written(Context& context, void* argument) {
    auto& task = *static_cast<Task*>(argument);
    Copier& copier = *task.copier;
    const Error error = context.why();
    copier.target_.queue.release(context);
    if (error) return copier.failed(task, false, error);
    copier.outcome_.copied_bytes += task.range.bytes;
    copier.start_next(task);
}

/// Ends the copy because of this task; the others finish what they have begun.
void Copier::give_up(const Task& task, bool reading, const Error& error) {
    const BadRange bad{plan_.source_offset + task.range.offset, task.range.bytes, reading, error};
    if (!outcome_.fatal || bad.source_offset < outcome_.fatal->source_offset) outcome_.fatal = bad;
    stopping_ = true;
    --active_;
}

void Copier::failed(Task& task, bool reading, const Error& error) {
    // A device that has gone and a medium that is full do not get better by going on.
    const bool hopeless = error.code == Errc::device_gone || error.os == ENOSPC;
    if (plan_.on_bad == OnBad::stop || hopeless) return give_up(task, reading, error);
    if (task.range.bytes > piece_bytes_) {
        const std::uint64_t half =
            std::max(piece_bytes_, task.range.bytes / 2 / piece_bytes_ * piece_bytes_);
        again_.push_back({task.range.offset, half});
        again_.push_back({task.range.offset + half, task.range.bytes - half});
        return start_next(task);
    }
    outcome_.bad.push_back(
        {plan_.source_offset + task.range.offset, task.range.bytes, reading, error});
    if (reading && plan_.on_bad == OnBad::zero) {
        std::memset(task.memory.data(), 0, task.range.bytes);
        return start_write(task);
    }
    start_next(task);
}

/// Sleeps until either queue has something to complete.
void Copier::sleep() {
    const bool reading = source_.queue.outstanding() > 0;
    const bool writing = target_.queue.outstanding() > 0;
    if (reading != writing) {
        Queue& queue = reading ? source_.queue : target_.queue;
        take(queue.wait(1, kNap), "waiting for I/O");
        return;
    }
    const std::array<NativeHandle, 2> handles{
        take(source_.queue.completion_fd(), "waiting for I/O"),
        take(target_.queue.completion_fd(), "waiting for I/O")};
    take(os::wait_readable(handles, kNap), "waiting for I/O");
}

void Copier::join_bad() {
    auto& bad = outcome_.bad;
    std::ranges::sort(bad, {}, &BadRange::source_offset);
    std::vector<BadRange> joined;
    for (const BadRange& range : bad) {
        const bool adjacent =
            !joined.empty() && joined.back().reading == range.reading &&
            joined.back().error == range.error &&
            joined.back().source_offset + joined.back().bytes == range.source_offset;
        if (adjacent)
            joined.back().bytes += range.bytes;
        else
            joined.push_back(range);
    }
    bad = std::move(joined);
}

CopyOutcome Copier::run() {
    for (Task& task : tasks_) start(task);
    while (active_ > 0) {
        if (os::interrupted() && !stopping_) {
            stopping_ = true;
            outcome_.interrupted = true;
        }
        const std::uint32_t completed = source_.queue.poll() + target_.queue.poll();
        progress_.update(outcome_.copied_bytes);
        if (completed == 0 && active_ > 0) sleep();
    }
    join_bad();
    return std::move(outcome_);
}

}  // namespace

bool is_byte_addressed(const Device& device) {
    return device.device_class() == DeviceClass::file;
}

std::uint64_t transfer_unit(const Device& device) {
    const Geometry& geometry = device.geometry();
    if (!is_byte_addressed(device)) return geometry.block_bytes;
    if (!device.options().direct) return 1;
    return std::max(geometry.buffer_alignment, geometry.block_bytes);
}

CopyOutcome copy(const CopyPlan& plan, Progress& progress) {
    return Copier(plan, progress).run();
}

}  // namespace xnvme::tool
