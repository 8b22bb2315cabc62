#include <xnvme/queue.hpp>

#include <algorithm>

#include "core/device_state.hpp"

namespace xnvme {

using std::chrono::nanoseconds;
using Clock = std::chrono::steady_clock;

namespace {

/// Time left of a time-out that began at `start`; a negative time-out never passes.
nanoseconds time_left(nanoseconds timeout, Clock::time_point start) {
    if (timeout.count() < 0) return timeout;
    const nanoseconds passed = Clock::now() - start;
    return std::max(nanoseconds{0}, timeout - passed);
}

/// Sleeps until the interface or the worker has something, when both have commands outstanding.
Result<bool> sleep_on_both(AsyncQueue& engine, AsyncQueue& worker, nanoseconds timeout) {
    const auto engine_fd = engine.sleep_fd();
    if (!engine_fd) return std::unexpected(engine_fd.error());
    const auto worker_fd = worker.sleep_fd();
    if (!worker_fd) return std::unexpected(worker_fd.error());
    const NativeHandle handles[] = {*engine_fd, *worker_fd};
    return os::wait_readable(handles, timeout);
}

/// Writes a read or write of `blocks` blocks. False for more than a command takes, or none.
bool put_transfer(Command& command, nvme::NvmOpcode opcode, std::uint64_t slba,
                  std::uint32_t blocks) noexcept {
    if (blocks - 1 > 0xffffu) return false;
    command = Command{};
    command.opcode = static_cast<std::uint8_t>(opcode);
    command.set_slba(slba);
    command.cdw12 = blocks - 1;
    return true;
}

}  // namespace

Queue::Queue(std::unique_ptr<QueueState> state) noexcept
    : engine_(state->engine.get()), state_(std::move(state)) {}

Queue::Queue(Queue&&) noexcept = default;
Queue& Queue::operator=(Queue&&) noexcept = default;
Queue::~Queue() = default;

Result<void> Queue::prepare_checked(Context& context, const Data& data,
                                    const Data& metadata) noexcept {
    if (context.callback == nullptr) return fail(Errc::invalid_argument);
    const Error error = engine_->rules().prepare(context, data, metadata);
    if (error) return fail(error);
    if (engine_->rules().service_of(context.command) == Service::emulated)
        state_->prepared_for_worker = true;
    return {};
}

Result<void> Queue::prepare_checked(Context& context, void* base, std::size_t bytes) noexcept {
    return prepare_checked(context, Data(base, bytes), Data{});
}

Result<void> Queue::submit_checked(Context& context, const Data& data,
                                   const Data& metadata) noexcept {
    if (outstanding() >= depth()) return fail(Errc::queue_full);
    if (auto prepared = prepare(context, data, metadata); !prepared) return prepared;
    const bool emulated = engine_->rules().service_of(context.command) == Service::emulated;
    hand(emulated ? *engine_->worker() : *engine_, context);
    return {};
}

Result<void> Queue::submit_checked(Context& context, void* base, std::size_t bytes) noexcept {
    if (outstanding() >= depth()) return fail(Errc::queue_full);
    // What needs no closer look is the interface's own: all commands of an interface that stages
    // none come this way.
    if (!engine_->prepare_fast(context, base, bytes))
        return submit_checked(context, Data(base, bytes), Data{});
    hand(*engine_, context);
    return {};
}

Result<void> Queue::transfer_checked(Context& context, nvme::NvmOpcode opcode, std::uint64_t slba,
                                     std::uint32_t blocks, const Data& data) noexcept {
    if (!put_transfer(context.command, opcode, slba, blocks)) return fail(Errc::too_large);
    return submit_checked(context, data, Data{});
}

Result<void> Queue::transfer_checked(Context& context, nvme::NvmOpcode opcode, std::uint64_t slba,
                                     std::uint32_t blocks, void* base, std::size_t bytes) noexcept {
    if (!put_transfer(context.command, opcode, slba, blocks)) return fail(Errc::too_large);
    return submit_checked(context, base, bytes);
}

Result<void> Queue::submit_admin(Context& context, const Data& data,
                                 const Data& metadata) noexcept {
    if (state_->admin == Service::refused) return fail(Errc::unsupported);
    if (context.callback == nullptr) return fail(Errc::invalid_argument);
    if (outstanding() >= depth()) return fail(Errc::queue_full);
    if (const Error error = prepare_admin(*state_->device, context, data, metadata))
        return fail(error);
    context.options |= kAdmin;
    hand(state_->admin == Service::native ? *engine_ : *engine_->worker(), context);
    return {};
}

void Queue::hand(AsyncQueue& server, Context& context) noexcept {
    // What the worker has finished since is room for this one.
    engine_->look_at_worker();
    server.count_submission();
    server.submit(context);
    engine_->look_at_worker();
}

Result<void> Queue::submit_batch(std::span<Context* const> contexts) noexcept {
    if (contexts.size() > depth() - outstanding()) return fail(Errc::queue_full);
    engine_->look_at_worker();
    if (!state_->prepared_for_worker) [[likely]] {
        const auto count = static_cast<std::uint32_t>(contexts.size());
        engine_->count_submissions(count);
        engine_->submit_batch(contexts.data(), count);
        return {};
    }
    const auto emulated = [&](const Context& context) {
        return (context.options & kCloserLook) != 0 &&
               engine_->rules().service_of(context.command) == Service::emulated;
    };
    // Runs of commands that the interface carries go to it in one call each; in most batches that
    // is one run.
    std::size_t begin = 0;
    while (begin < contexts.size()) {
        const bool first = emulated(*contexts[begin]);
        std::size_t end = begin + 1;
        while (end < contexts.size() && emulated(*contexts[end]) == first) ++end;
        AsyncQueue& server = first ? *engine_->worker() : *engine_;
        const auto count = static_cast<std::uint32_t>(end - begin);
        server.count_submissions(count);
        server.submit_batch(contexts.data() + begin, count);
        begin = end;
    }
    engine_->look_at_worker();
    return {};
}

std::uint32_t Queue::poll_worker(std::uint32_t max) noexcept {
    return max == 0 ? 0 : engine_->worker()->poll(max);
}

Result<std::uint32_t> Queue::wait(std::uint32_t min, nanoseconds timeout) noexcept {
    std::uint32_t done = 0;
    if (min == 0 || timeout.count() == 0) return poll();
    const bool spins = state_->options.spin.count() > 0;
    const bool timed = spins || timeout.count() > 0;
    const Clock::time_point start = timed ? Clock::now() : Clock::time_point{};
    if (spins) {
        const nanoseconds spin =
            timeout.count() < 0 ? state_->options.spin : std::min(state_->options.spin, timeout);
        do {
            done += poll();
        } while (done < min && outstanding() != 0 && time_left(spin, start).count() > 0);
    }
    while (done < min && outstanding() != 0) {
        const nanoseconds left = time_left(timeout, start);
        AsyncQueue* worker = engine_->worker();
        const std::uint32_t in_engine = engine_->in_flight();
        const std::uint32_t in_worker = worker == nullptr ? 0 : worker->in_flight();
        std::uint32_t count = 0;
        if (in_engine != 0 && in_worker != 0) {
            count = poll();
            if (count == 0) {
                const auto woken = sleep_on_both(*engine_, *worker, left);
                if (!woken) return std::unexpected(woken.error());
                count = poll();
            }
        } else {
            AsyncQueue& server = in_engine != 0 ? *engine_ : *worker;
            const std::uint32_t wanted = std::min(min - done, server.in_flight());
            const auto waited = server.wait(wanted, UINT32_MAX, left);
            if (!waited) return waited;
            count = *waited;
        }
        done += count;
        if (count == 0 && left.count() == 0) break;
    }
    return done;
}

Result<std::uint32_t> Queue::drain() noexcept {
    std::uint32_t done = 0;
    while (outstanding() != 0) {
        const auto waited = wait(outstanding());
        if (!waited) return waited;
        done += *waited;
    }
    return done;
}

Result<NativeHandle> Queue::completion_fd() noexcept {
    if (engine_->worker() == nullptr) return engine_->completion_fd();
    if (state_->watched) return state_->watched->handle();
    const auto engine_fd = engine_->completion_fd();
    if (!engine_fd) return engine_fd;
    const auto worker_fd = engine_->worker()->completion_fd();
    if (!worker_fd) return worker_fd;
    auto set = os::EventSet::create();
    if (!set) return std::unexpected(set.error());
    for (const NativeHandle handle : {*engine_fd, *worker_fd}) {
        if (auto added = set->add(handle); !added) return std::unexpected(added.error());
    }
    state_->watched.emplace(std::move(*set));
    engine_->watch_worker();
    return state_->watched->handle();
}

QueueCapabilities Queue::capabilities() const noexcept {
    const InterfaceRow& row = *state_->device->selection.async;
    return QueueCapabilities{.interface = row.name,
                             .depth = depth(),
                             .strict = state_->options.strict,
                             .admin = state_->admin,
                             .traits = engine_->traits(),
                             .rules = &engine_->rules()};
}

}  // namespace xnvme
