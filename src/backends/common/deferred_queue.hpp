/// \file
/// A queue without threads or kernel behind it: commands wait in a list, and are run, one after
/// another, inside `poll` and `wait`.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <utility>

#include "contracts/interfaces.hpp"
#include "os/deadline.hpp"
#include "os/event.hpp"

namespace xnvme::be_common {

/// `Run` is called with contexts whose completions are those of commands that succeeded. It runs
/// one after the other, changes the completion where it was not so, and calls back.
template <class Run>
class DeferredQueue final : public AsyncQueue {
  public:
    static Result<std::unique_ptr<AsyncQueue>, Failure> make(QueueParts parts, Run run,
                                                             bool moves_data) {
        std::unique_ptr<DeferredQueue> queue(
            new (std::nothrow) DeferredQueue(std::move(parts), std::move(run), moves_data));
        if (queue == nullptr) return fail(Errc::no_memory, "There is no memory for the queue.");
        return queue;
    }

    void submit(Context& context) noexcept override {
        stage_again(context);
        if (event_.has_value()) [[unlikely]]
            signal();
    }

    void submit_batch(Context* const* contexts, std::uint32_t count) noexcept override {
        stage_again(contexts, count);
        if (event_.has_value()) [[unlikely]]
            signal();
    }

    std::uint32_t poll(std::uint32_t max) noexcept override {
        // What an earlier call left comes first. What callbacks submit waits for the next call, so
        // that one call always ends.
        std::uint32_t done = 0;
        if (next_ != count_) [[unlikely]]
            done = run_taken(max);
        if (done < max) {
            take_list();
            done += run_taken(max - done);
        }
        clear_signal();
        return done;
    }

    /// Runs at least one command, and no further ones when the time has passed.
    Result<std::uint32_t> wait(std::uint32_t, std::uint32_t max,
                               std::chrono::nanoseconds timeout) noexcept override {
        if (timeout.count() < 0) return poll(max);
        const os::Deadline deadline(timeout);
        std::uint32_t done = 0;
        bool taken = false;
        while (done < max && (done == 0 || !deadline.passed())) {
            if (next_ == count_) {
                if (taken) break;
                take_list();
                taken = true;
                if (count_ == 0) break;
            }
            done += run_taken(1);
        }
        clear_signal();
        return done;
    }

    Result<NativeHandle> completion_fd() noexcept override {
        if (!event_.has_value()) {
            auto event = os::Event::create();
            if (!event) return std::unexpected(event.error());
            event_.emplace(std::move(*event));
            stop_staging();
            if (in_flight() != 0) signal();
        }
        return event_->handle();
    }

  private:
    DeferredQueue(QueueParts parts, Run run, bool moves_data) noexcept
        : AsyncQueue(std::move(parts), Staging::inlined),
          run_(std::move(run)),
          taken_(slots().spare()) {
        traits_.moves_data = moves_data;
        traits_.sleeps = false;
    }

    void take_list() noexcept {
        next_ = 0;
        count_ = exchange_staged(taken_);
    }

    /// Runs at most `max` of the commands that were taken. Returns how many.
    std::uint32_t run_taken(std::uint32_t max) noexcept {
        const std::uint32_t count = std::min(max, count_ - next_);
        Context* const* const first = taken_ + next_;
        next_ += count;
        completed(count);
        run_({first, count});
        return count;
    }

    void clear_signal() noexcept {
        if (signalled_ && in_flight() == 0) [[unlikely]] {
            event_->clear();
            signalled_ = false;
        }
    }

    void signal() noexcept {
        if (signalled_) return;
        signalled_ = true;
        event_->signal();
    }

    Run run_;
    Context** taken_;         ///< One of the two lists; what is submitted is staged in the other.
    std::uint32_t next_ = 0;  ///< Commands of it from here on are to be run.
    std::uint32_t count_ = 0;
    bool signalled_ = false;
    std::optional<os::Event> event_;
};

}  // namespace xnvme::be_common
