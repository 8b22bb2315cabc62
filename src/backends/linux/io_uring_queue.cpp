#include "backends/linux/io_uring_queue.hpp"

#include <cerrno>

#include "contracts/complete.hpp"
#include "os/deadline.hpp"

namespace xnvme::be_linux {

namespace {

/// The kernel could not take commands now, and may later.
bool passes_by(int error) noexcept {
    return error == 0 || error == EINTR || error == EAGAIN || error == EBUSY || error == ETIME ||
           error == ENOMEM;
}

}  // namespace

RingQueue::RingQueue(QueueSetup& setup, const RingConfig& config, Ring ring) noexcept
    : AsyncQueue(std::move(setup.parts), Staging::inlined),
      ring_(std::move(ring)),
      buffers_(setup.regions),
      config_(config),
      must_enter_(config.poll_io),
      register_buffers_(setup.device_options.register_buffers) {
    traits_.kernel_thread = config.poll_sq;
    traits_.io_poll = config.poll_io;
    start_buffers();
}

RingQueue::~RingQueue() {
    std::uint32_t pending = in_kernel();
    if (pending == 0) return;
    if (ring_.bound() && owner_ != thread_number()) {
        ring_.close_and_wait();
        return;
    }
    ring_.unstage();
    while (pending != 0) {
        if (const unsigned ready = ring_.ready(); ready != 0) {
            ring_.set_head(ring_.head() + ready);
            pending -= ready;
        } else if (!passes_by(ring_.enter(1))) {
            ring_.close_and_wait();
            return;
        }
    }
}

void RingQueue::start_buffers() noexcept {
    traits_.registered_file = ring_.file_registered();
    traits_.registered_buffers = register_buffers_ && buffers_.start(ring_, depth());
}

void RingQueue::refresh_buffers() noexcept {
    if (buffers_.on() && buffers_.stale()) [[unlikely]] {
        traits_.registered_buffers = buffers_.refresh(ring_);
    }
}

bool RingQueue::take_over_from_other() noexcept {
    const std::uint64_t me = thread_number();
    if (ring_.bound()) {
        if (owner_ != kNobody) {
            // What the kernel has posted can be reaped by anybody, and is, before the rest runs
            // again.
            if (ring_.ready() != 0) return false;
            return replace_ring();
        }
        if (ring_.enable() != 0) return false;
    }
    owner_ = me;
    return true;
}

bool RingQueue::replace_ring() noexcept {
    RingConfig config = config_;
    config.bound = false;
    auto fresh = Ring::create(config);
    // What was staged and what will be names the descriptor in the same way as before.
    if (!fresh || fresh->file_registered() != ring_.file_registered()) return false;
    if (in_kernel() != 0) ring_.close_and_wait();
    ring_ = std::move(*fresh);
    config_ = config;
    owner_ = thread_number();
    start_buffers();
    // A watcher's descriptor stays: the new ring signals it too.
    if (event_) {
        if (!must_enter_) register_event();
        event_->signal();
    }
    for (std::uint32_t i = 0; i < depth(); ++i) {
        Context& context = slots().at(i);
        if (is_marked(context)) submit(context);
    }
    return true;
}

int RingQueue::hand_on() noexcept {
    if (!take_over()) return 0;
    refresh_buffers();
    fill_entries();
    if (!ring_.wants_enter() && (!must_enter_ || in_kernel() == 0)) return 0;
    const int error = ring_.enter(0);
    return passes_by(error) ? 0 : error;
}

std::uint32_t RingQueue::hand_on_or_fail() noexcept {
    const int error = hand_on();
    return error == 0 ? 0 : fail_staged(error);
}

std::uint32_t RingQueue::fail_staged(int os_errno) noexcept {
    // Only as many as are staged now: callbacks may stage more.
    const unsigned count = ring_.staged();
    std::vector<Context*> refused;
    refused.reserve(count);
    for (unsigned i = 0; i < count; ++i)
        refused.push_back(reinterpret_cast<Context*>(ring_.staged_user_data(i)));
    ring_.unstage();
    for (Context* context : refused) {
        mark(*context, false);
        complete_system(*context, os_errno);
        complete(*context);
    }
    return count;
}

Result<void> RingQueue::sleep(std::uint32_t min, std::chrono::nanoseconds timeout) noexcept {
    const os::Deadline deadline(timeout);
    for (;;) {
        if (!take_over()) {
            if (ring_.ready() != 0) return {};
            return fail(Error::of_system(ENOMEM));
        }
        refresh_buffers();
        fill_entries();
        const std::uint32_t want = std::min(min, in_flight());
        if (want == 0) return {};
        // The kernel does not look at the time while it polls a device.
        const bool spin = must_enter_ && !deadline.endless();
        const int error = ring_.enter(spin ? 0 : want, deadline.left());
        if (ring_.ready() != 0 || error == ETIME) return {};
        if (!passes_by(error) || (error != 0 && error != EINTR && in_kernel() == 0))
            return fail(Error::of_system(error));
        // A call that took commands says so even when its sleep was cut short.
        if (deadline.passed()) return {};
    }
}

bool RingQueue::register_event() noexcept {
    // The ring's own descriptor would not do: with DEFER_TASKRUN the kernel (6.18 at least) does
    // not wake those who watch it when there is work to be done, but signals an eventfd.
    return io_uring_register_eventfd(&ring_.raw(), static_cast<int>(event_->handle())) == 0;
}

Result<void> RingQueue::make_event() noexcept {
    if (event_) return {};
    if (!take_over()) return fail(Errc::busy);
    auto event = os::Event::create();
    if (!event) return std::unexpected(event.error());
    event_ = std::move(*event);
    // Under IOPOLL the kernel has nothing to signal with.
    if (!must_enter_ && !register_event()) {
        event_.reset();
        return fail(Error::of_system(ENOMEM));
    }
    // What has completed already signals nothing.
    event_->signal();
    return {};
}

Result<NativeHandle> RingQueue::completion_fd() noexcept {
    if (auto made = make_event(); !made) return std::unexpected(made.error());
    watched_ = true;
    stop_staging();
    if ((staged_count() != 0 || ring_.staged() != 0) && hand_on() != 0)
        return fail(Error::of_system(EIO));
    return event_->handle();
}

Result<NativeHandle> RingQueue::sleep_fd() noexcept {
    if (auto made = make_event(); !made) return std::unexpected(made.error());
    // Signals of what was reaped already are old; one that comes between the two lines stays.
    event_->clear();
    if (ring_.ready() != 0 || must_enter_) event_->signal();
    return event_->handle();
}

}  // namespace xnvme::be_linux
