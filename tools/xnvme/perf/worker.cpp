#include "worker.hpp"

#include <algorithm>
#include <chrono>
#include <new>
#include <thread>

#include <fmt/core.h>

#include <xnvme/nvme/zoned.hpp>

#include "mix.hpp"
#include "os/terminal.hpp"
#include "os/thread.hpp"
#include "pattern_pass.hpp"
#include "program.hpp"
#include "schedule.hpp"

namespace xnvme::tool {
namespace {

using namespace std::chrono_literals;

/// How long a sleep may be, so that Ctrl-C is looked at also when nothing completes.
constexpr std::chrono::nanoseconds kNap = 100ms;
/// A sleep ends some tens of microseconds late: the rest of the time is polled away.
constexpr std::chrono::nanoseconds kSleepless = 100us;

std::uint64_t share_of(std::uint64_t count, const Place& place) {
    if (count == 0) return UINT64_MAX;
    return count / place.count + (place.index < count % place.count ? 1 : 0);
}

/// Adds to a counter that this thread alone writes, and others look at.
void bump(std::atomic<std::uint64_t>& counter, std::uint64_t by) noexcept {
    counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

}  // namespace

std::uint64_t now_ns() noexcept {
    return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

std::uint32_t most_blocks(const Workload& workload, const Device& device) {
    return static_cast<std::uint32_t>(std::ranges::max(workload.sizes, {}, &IoSize::bytes).bytes /
                                      device.geometry().block_bytes);
}

Worker::Worker(Device& device, const Workload& workload, Shared& shared, const Place& place,
               Written* written, std::vector<AppendZone> zones)
    : device_(device),
      workload_(workload),
      shared_(shared),
      place_(place),
      written_(written),
      zones_(std::move(zones)),
      most_blocks_(most_blocks(workload, device)),
      blocks_on_device_(device.geometry().blocks),
      block_bytes_(device.geometry().transfer_block_bytes),
      tasks_(workload.depth),
      memory_(take(device.allocate(std::size_t{workload.depth} * most_blocks_ * block_bytes_))),
      queue_(take(device.create_queue(workload.depth))),
      state_(workload.seed * kMixStep + place.index + 1),
      budget_(share_of(workload.count, place)) {
    if (workload.verify) refuse_without_data(queue_);
    for (const IoSize& size : workload.sizes)
        sizes_.push_back({static_cast<std::uint32_t>(size.bytes / device.geometry().block_bytes),
                          size.percent_up_to});
    // Queues that go in order begin side by side, each at a whole I/O.
    const std::uint64_t places = blocks_on_device_ / most_blocks_;
    position_ = places / workload.queues * place.on_device * most_blocks_;
    // Data that is written is not all zeroes, which a device could store for nothing.
    for (std::byte& byte : memory_.span()) byte = static_cast<std::byte>(random() >> 56);
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
        tasks_[i].worker = this;
        tasks_[i].offset_bytes = i * most_blocks_ * block_bytes_;
    }
    if (written_ != nullptr && workload.read_percent != 0)
        seen_.resize(tasks_.size() * (most_blocks_ / written_->unit_blocks()));
    idle_.reserve(tasks_.size());
    for (Task& task : tasks_) idle_.push_back(&task);
    if (!zones_.empty()) zones_.front().begin();
}

void Worker::add_to(Measurement& measurement, std::uint64_t& last_ns) const {
    measurement.latencies.merge(latencies_);
    measurement.services.merge(services_);
    measurement.timeline.merge(timeline_);
    measurement.ios += latencies_.count();
    measurement.reads += reads_;
    measurement.bytes += blocks_so_far() * device_.geometry().block_bytes;
    measurement.unsent += unsent_;
    measurement.zone_resets += zone_resets_;
    measurement.moves_data = measurement.moves_data && queue_.capabilities().traits.moves_data;
    last_ns = std::max(last_ns, last_ns_);
}

std::uint64_t Worker::random() noexcept {
    const std::uint64_t number = mix(state_);
    state_ += kMixStep;
    return number;
}

std::uint32_t Worker::draw_blocks() noexcept {
    if (sizes_.size() == 1) return sizes_.front().blocks;
    const std::uint64_t drawn = random() % 100;
    for (const Size& size : sizes_)
        if (drawn < size.percent_up_to) return size.blocks;
    return sizes_.back().blocks;
}

/// A place at a multiple of the size, or the next one in order.
std::uint64_t Worker::draw_slba(std::uint32_t blocks) noexcept {
    if (workload_.order == Order::random) return random() % (blocks_on_device_ / blocks) * blocks;
    const std::uint64_t slba = blocks_on_device_ - position_ < blocks ? 0 : position_;
    position_ = slba + blocks;
    return slba;
}

std::span<std::byte> Worker::block_of(const Task& task, std::uint32_t index) const noexcept {
    return memory_.span().subspan(task.offset_bytes + index * block_bytes_, block_bytes_);
}

void Worker::fail(std::string sentence) {
    if (failure_.empty()) failure_ = std::move(sentence);
    shared_.stop.store(true, std::memory_order_relaxed);
}

void Worker::fail_io(const Task& task, const Error& error) {
    const bool appends = workload_.order == Order::append;
    const std::string where = appends ? fmt::format("the zone at block {}", task.slba)
                                      : range_text(task.slba, task.blocks);
    fail(fmt::format("an I/O failed: {} {} of {}: {}",
                     appends        ? "append to"
                     : task.reading ? "read of"
                                    : "write of",
                     where, device_.uri(), describe(error)));
}

void Worker::finish(Task& task, Context& context) noexcept {
    --active_;
    idle_.push_back(&task);
    queue_.release(context);
}

/// Sends an I/O of this task, or makes the task idle: at the end, when its append finds no room in
/// the zone, or when it failed.
void Worker::start(Task& task, Context& context, std::uint64_t start_ns) {
    if (ended()) return finish(task, context);
    task.blocks = waiting_blocks_ != 0 ? waiting_blocks_ : draw_blocks();
    waiting_blocks_ = 0;
    if (workload_.order == Order::append && !zones_[zone_].has_room_for(task.blocks)) {
        waiting_blocks_ = task.blocks;
        zone_is_full_ = true;
        return finish(task, context);
    }
    // Those of the warm-up are none of the count.
    if (start_ns >= shared_.warm_until_ns) --budget_;
    task.start_ns = start_ns;
    if (const auto sent = submit(task, context); !sent) [[unlikely]] {
        fail_io(task, sent.error());
        finish(task, context);
    }
}

Result<void> Worker::submit(Task& task, Context& context) {
    const Data data = memory_.part(task.offset_bytes, task.blocks * block_bytes_);
    if (workload_.order == Order::append) {
        AppendZone& zone = zones_[zone_];
        task.reading = false;
        task.slba = zone.zslba();
        task.number = zone.send(task.blocks);
        if (workload_.verify) fill(task);
        context.command = nvme::zone_append(task.slba, task.blocks);
        return queue_.submit(context, data);
    }
    task.reading = workload_.read_percent == 100 ||
                   (workload_.read_percent != 0 && random() % 100 < workload_.read_percent);
    task.slba = draw_slba(task.blocks);
    if (!task.reading) {
        if (workload_.verify) fill(task);
        return queue_.write(context, task.slba, task.blocks, data);
    }
    if (written_ != nullptr) note_units(task);
    return queue_.read(context, task.slba, task.blocks, data);
}

/// Makes the data of a write that begins now.
void Worker::fill(const Task& task) noexcept {
    const Pattern run = workload_.pattern();
    if (written_ == nullptr) {
        const Pattern pattern = pattern_of_write(run, zones_[zone_].round());
        for (std::uint32_t i = 0; i < task.blocks; ++i)
            fill_block(block_of(task, i), task.number + i, pattern);
        return;
    }
    const std::uint32_t step = written_->unit_blocks();
    for (std::uint32_t unit = 0; unit < task.blocks; unit += step) {
        const Pattern pattern = pattern_of_write(run, written_->begin(task.slba + unit));
        for (std::uint32_t i = unit; i < unit + step; ++i)
            fill_block(block_of(task, i), task.slba + i, pattern);
    }
}

std::span<Written::Unit> Worker::units_of(const Task& task) noexcept {
    const std::size_t most = most_blocks_ / written_->unit_blocks();
    const auto index = static_cast<std::size_t>(&task - tasks_.data());
    return std::span(seen_).subspan(index * most, task.blocks / written_->unit_blocks());
}

void Worker::note_units(const Task& task) noexcept {
    std::uint64_t slba = task.slba;
    for (Written::Unit& unit : units_of(task)) {
        unit = written_->unit_of(slba);
        slba += written_->unit_blocks();
    }
}

/// What a completed I/O tells of where data is, and what it brought. False ended the run.
bool Worker::look_at_data(const Task& task, const Context& context) {
    if (workload_.order == Order::append) {
        const std::uint64_t lba = nvme::appended_lba(context.completion);
        if (zones_[zone_].place(lba, task.blocks, task.number)) return true;
        fail(
            fmt::format("{} says that an append to the zone at block {} went to block {}, which "
                        "cannot be: do not trust what it stored.",
                        device_.uri(), task.slba, lba));
        return false;
    }
    if (written_ == nullptr) return true;
    if (task.reading) return look_at_read(task);
    written_->end(task.slba, task.blocks);
    return true;
}

/// Where no write was under way from before the read until after it, what this run wrote has to be
/// there. A read at the same time as a write may bring a part of either.
bool Worker::look_at_read(const Task& task) {
    const std::span<const Written::Unit> seen = units_of(task);
    for (std::uint32_t i = 0; i < task.blocks; ++i) {
        const std::uint64_t lba = task.slba + i;
        const Written::Unit unit = seen[i / written_->unit_blocks()];
        if (!unit.settled() || unit != written_->unit_of(lba)) continue;
        const auto mismatch = check_written(block_of(task, i), lba, workload_.pattern(), unit);
        if (!mismatch) continue;
        fail(mismatch_text(device_, *mismatch));
        return false;
    }
    return true;
}

/// Counts an I/O. What was started in the warm-up is not counted, so that every counted I/O was
/// wholly within the time that the rate is taken over.
void Worker::count(const Task& task, std::uint64_t time_ns) noexcept {
    if (task.start_ns < shared_.warm_until_ns) return;
    latencies_.add(time_ns - task.start_ns);
    if (workload_.rate > 0) services_.add(time_ns - task.sent_ns);
    timeline_.add(time_ns);
    bump(ios_, 1);
    bump(blocks_, task.blocks);
    reads_ += task.reading ? 1 : 0;
    last_ns_ = time_ns;
}

void Worker::on_done(Context& context, void* argument) {
    auto& task = *static_cast<Task*>(argument);
    Worker& worker = *task.worker;
    const std::uint64_t time_ns = now_ns();
    if (!context.ok()) [[unlikely]] {
        worker.fail_io(task, context.why());
        return worker.finish(task, context);
    }
    worker.count(task, time_ns);
    const bool looks = worker.written_ != nullptr || worker.workload_.order == Order::append;
    const bool goes_on = !looks || worker.look_at_data(task, context);
    if (!goes_on || time_ns >= worker.shared_.end_ns || worker.workload_.rate > 0)
        return worker.finish(task, context);
    // What was looked at has taken time.
    worker.start(task, context, looks ? now_ns() : time_ns);
}

/// Completes what has completed, or sleeps until something has. False when the queue failed.
bool Worker::wait_for(std::chrono::nanoseconds timeout) {
    if (auto waited = queue_.wait(1, timeout); !waited) {
        fail(fmt::format("the queue of {} failed: {}", device_.uri(), describe(waited.error())));
        return false;
    }
    if (os::interrupted()) shared_.stop.store(true, std::memory_order_relaxed);
    return true;
}

/// One task begins, due at `start_ns`.
void Worker::start_idle(std::uint64_t start_ns, std::uint64_t time_ns) {
    Task& task = *idle_.back();
    idle_.pop_back();
    Context* context = queue_.acquire();
    context->callback = on_done;
    context->argument = &task;
    ++active_;
    task.sent_ns = time_ns;
    start(task, *context, start_ns);
}

/// Each task starts its next I/O when the one before has completed.
void Worker::run_closed() {
    for (;;) {
        if (zone_is_full_ && active_ == 0 && !ended()) change_zone();
        std::uint64_t time_ns = now_ns();
        while (!zone_is_full_ && !ended() && !idle_.empty() && time_ns < shared_.end_ns) {
            start_idle(time_ns, time_ns);
            time_ns = now_ns();
        }
        if (active_ == 0 && (!zone_is_full_ || ended() || time_ns >= shared_.end_ns)) return;
        if (active_ != 0 && !wait_for(kNap)) return;
    }
}

/// I/Os are due at even distances, also while the device is behind: those that then wait for a slot
/// have been late since they were due.
void Worker::run_at_rate() {
    const double step_ns = 1e9 * place_.count / workload_.rate;
    Schedule schedule(static_cast<double>(shared_.begin_ns) + step_ns / place_.count * place_.index,
                      step_ns);
    // A thread that was not let run at the end of the time still sends what was due in it.
    const std::uint64_t last_send_ns =
        shared_.end_ns +
        std::min((shared_.end_ns - shared_.warm_until_ns) / 10, UINT64_MAX - shared_.end_ns);
    for (;;) {
        const std::uint64_t time_ns = now_ns();
        // What the warm-up left undone is not caught up with.
        if (schedule.due_ns() < shared_.warm_until_ns && time_ns >= shared_.warm_until_ns)
            schedule.skip_to(shared_.warm_until_ns);
        const std::uint64_t due_ns = schedule.due_ns();
        const bool more = !ended() && due_ns < shared_.end_ns && time_ns < last_send_ns;
        if (!more && active_ == 0) {
            if (!ended() && due_ns < time_ns)
                unsent_ = std::min(budget_, schedule.due_before(shared_.end_ns));
            return;
        }
        if (more && zone_is_full_ && active_ == 0) {
            change_zone();
        } else if (!more || idle_.empty() || zone_is_full_) {
            if (!wait_for(kNap)) return;
        } else if (due_ns > time_ns) {
            if (!sleep_until(due_ns, time_ns)) return;
        } else {
            start_idle(due_ns, time_ns);
            // An append that found no room stays due.
            if (!zone_is_full_) schedule.advance();
        }
    }
}

/// Waits for what is due, and for completions meanwhile. False when the queue failed.
bool Worker::sleep_until(std::uint64_t due_ns, std::uint64_t time_ns) {
    const std::chrono::nanoseconds left(due_ns - time_ns);
    const std::chrono::nanoseconds longest =
        std::clamp<std::chrono::nanoseconds>(left - kSleepless, 0ns, kNap);
    if (active_ > 0) return wait_for(longest);
    if (longest > 0ns) std::this_thread::sleep_for(longest);
    if (os::interrupted()) shared_.stop.store(true, std::memory_order_relaxed);
    return true;
}

/// Goes on to the next zone, with nothing under way: the one that is left is made full, so that no
/// more than one is open, and the next is emptied.
void Worker::change_zone() {
    const AppendZone& left = zones_[zone_];
    const std::size_t next = (zone_ + 1) % zones_.size();
    if (!left.full() && next != zone_ && !manage_zone(nvme::zone_finish(left.zslba()))) return;
    zone_ = next;
    AppendZone& zone = zones_[zone_];
    if (!zone.empty()) {
        if (!manage_zone(nvme::zone_reset(zone.zslba()))) return;
        ++zone_resets_;
    }
    zone.begin();
    zone_is_full_ = false;
}

/// Sends one command on a zone and waits for it. False ended the run.
bool Worker::manage_zone(const Command& command) {
    struct Answer {
        Queue* queue;
        bool here = false;
        Error error{};
    } answer{&queue_};
    Context* context = queue_.acquire();
    context->command = command;
    context->argument = &answer;
    context->callback = [](Context& done, void* argument) {
        auto& to = *static_cast<Answer*>(argument);
        to.here = true;
        to.error = done.why();
        to.queue->release(done);
    };
    if (auto sent = queue_.submit(*context); !sent) {
        queue_.release(*context);
        answer = {&queue_, true, sent.error()};
    }
    while (!answer.here)
        if (!wait_for(kNap)) return false;
    if (!answer.error) return true;
    fail(fmt::format("{} of the zone at block {} of {} failed: {}",
                     nvme::zone_action_name(nvme::zone_action(command)), command.slba(),
                     device_.uri(), describe(answer.error)));
    return false;
}

void Worker::run() noexcept {
    try {
        if (!workload_.processors.empty()) {
            const auto& processors = workload_.processors;
            const unsigned processor = processors[place_.index % processors.size()];
            if (auto bound = os::bind_to_processor(processor); !bound)
                return fail(fmt::format("a thread could not be bound to processor {}: {}",
                                        processor, describe(bound.error())));
        }
        timeline_ = Timeline(shared_.warm_until_ns);
        if (workload_.rate > 0)
            run_at_rate();
        else
            run_closed();
    } catch (const std::bad_alloc&) {
        fail("there is not enough memory for this.");
    }
}

}  // namespace xnvme::tool
