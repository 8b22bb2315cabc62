/// \file
/// A queue without threads or kernel behind it: commands wait in a ring, and are run, one after
/// another, inside `poll` and `wait`.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include "contracts/interfaces.hpp"
#include "os/deadline.hpp"
#include "os/event.hpp"

namespace xnvme::be_common {

/// `Run` is called with each context, and fills in its completion.
template <class Run>
class DeferredQueue final : public AsyncQueue {
  public:
    static Result<std::unique_ptr<AsyncQueue>, Failure> make(QueueParts parts, Run run,
                                                             bool moves_data) {
        const std::uint32_t capacity = std::bit_ceil(std::max(parts.slots.depth(), 1u));
        std::unique_ptr<Context*[]> ring(new (std::nothrow) Context*[capacity]);
        std::unique_ptr<DeferredQueue> queue;
        if (ring != nullptr)
            queue.reset(new (std::nothrow) DeferredQueue(std::move(parts), std::move(run),
                                                         std::move(ring), capacity, moves_data));
        if (queue == nullptr) return fail(Errc::no_memory, "There is no memory for the queue.");
        return queue;
    }

    void submit(Context& context) noexcept override {
        ring_[tail_++ & mask_] = &context;
        if (event_.has_value()) [[unlikely]]
            signal();
    }

    std::uint32_t poll(std::uint32_t max) noexcept override {
        return run_while(max, [] { return true; });
    }

    /// Runs at least one command, and no further ones when the time has passed.
    Result<std::uint32_t> wait(std::uint32_t, std::uint32_t max,
                               std::chrono::nanoseconds timeout) noexcept override {
        if (timeout.count() < 0) return poll(max);
        const os::Deadline deadline(timeout);
        return run_while(max, [&] { return !deadline.passed(); });
    }

    Result<NativeHandle> completion_fd() noexcept override {
        if (!event_.has_value()) {
            auto event = os::Event::create();
            if (!event) return std::unexpected(event.error());
            event_.emplace(std::move(*event));
            if (head_ != tail_) signal();
        }
        return event_->handle();
    }

  private:
    DeferredQueue(QueueParts parts, Run run, std::unique_ptr<Context*[]> ring,
                  std::uint32_t capacity, bool moves_data) noexcept
        : AsyncQueue(std::move(parts)),
          run_(std::move(run)),
          ring_(std::move(ring)),
          mask_(capacity - 1) {
        traits_.moves_data = moves_data;
        traits_.sleeps = false;
    }

    template <class GoOn>
    std::uint32_t run_while(std::uint32_t max, GoOn go_on) noexcept {
        // What callbacks submit waits for the next call, so that one call always ends.
        const std::uint32_t count = std::min(max, tail_ - head_);
        std::uint32_t done = 0;
        while (done < count) {
            Context& context = *ring_[head_++ & mask_];
            run_(context);
            complete(context);
            ++done;
            if (!go_on()) break;
        }
        if (signalled_ && head_ == tail_) [[unlikely]] {
            event_->clear();
            signalled_ = false;
        }
        return done;
    }

    void signal() noexcept {
        if (signalled_) return;
        signalled_ = true;
        event_->signal();
    }

    Run run_;
    std::unique_ptr<Context*[]> ring_;
    std::uint32_t mask_;
    std::uint32_t head_ = 0;
    std::uint32_t tail_ = 0;
    bool signalled_ = false;
    std::optional<os::Event> event_;
};

}  // namespace xnvme::be_common
