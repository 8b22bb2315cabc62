/// \file
/// Coroutines over a queue: `co_await queue.read(...)`. Programs that do not include this header
/// pay nothing for it; those that do pay a coroutine frame per task, and nothing per command
/// beyond the callback.
///
/// ```
/// xnvme::Task copy(xnvme::AwaitableQueue& from, xnvme::AwaitableQueue& to, xnvme::Buffer& buffer)
/// {
///     for (std::uint64_t slba = 0; slba < 1024; slba += 8) {
///         auto moved = co_await from.read(slba, 8, buffer);
///         if (moved) moved = co_await to.write(slba, 8, buffer);
///         if (!moved) co_return;
///     }
/// }
/// ```
/// A task starts when it is called and runs until its first `co_await`; from then on it runs inside
/// `poll`, `wait` or `drain` of the queue that it waits for, on the thread that calls them.
#pragma once

#include <coroutine>
#include <exception>
#include <utility>

#include <xnvme/nvme/builders.hpp>
#include <xnvme/queue.hpp>

namespace xnvme {

/// A coroutine that was started. Destroying a task that is not done is an error of the program
/// while a command of its is outstanding: drain the queue first. Move-only.
class [[nodiscard]] Task {
  public:
    struct promise_type {
        std::coroutine_handle<> continuation;

        Task get_return_object() noexcept {
            return Task(std::coroutine_handle<promise_type>::from_promise(*this));
        }
        std::suspend_never initial_suspend() noexcept { return {}; }
        auto final_suspend() noexcept {
            struct Resume {
                bool await_ready() noexcept { return false; }
                std::coroutine_handle<> await_suspend(
                    std::coroutine_handle<promise_type> handle) noexcept {
                    const auto next = handle.promise().continuation;
                    return next ? next : std::noop_coroutine();
                }
                void await_resume() noexcept {}
            };
            return Resume{};
        }
        void return_void() noexcept {}
        // Nothing of the library throws; an exception of the program's own that leaves a task has
        // nobody to go to.
        void unhandled_exception() noexcept { std::terminate(); }
    };

    Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Task& operator=(Task&& other) noexcept {
        if (this != &other) {
            if (handle_) handle_.destroy();
            handle_ = std::exchange(other.handle_, nullptr);
        }
        return *this;
    }
    ~Task() {
        if (handle_) handle_.destroy();
    }

    /// True when the coroutine has returned.
    bool done() const noexcept { return !handle_ || handle_.done(); }

    /// Waits for a task inside another.
    auto operator co_await() const noexcept {
        struct Join {
            std::coroutine_handle<promise_type> handle;
            bool await_ready() const noexcept { return !handle || handle.done(); }
            void await_suspend(std::coroutine_handle<> waiter) const noexcept {
                handle.promise().continuation = waiter;
            }
            void await_resume() const noexcept {}
        };
        return Join{handle_};
    }

  private:
    explicit Task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
    std::coroutine_handle<promise_type> handle_;
};

/// A queue whose commands can be awaited. It refers to the queue, which must outlive it.
class AwaitableQueue {
  public:
    explicit AwaitableQueue(Queue& queue) noexcept : queue_(&queue) {}

    /// One command under way. `co_await` gives its completion, or the error: those of
    /// `Queue::submit` at once, `queue_full` when no context is free, else the command's own.
    class [[nodiscard]] Operation {
      public:
        Operation(Queue& queue, const Command& command, const Data& data,
                  const Data& metadata) noexcept
            : queue_(queue), command_(command), data_(data), metadata_(metadata) {}

        bool await_ready() noexcept { return false; }
        bool await_suspend(std::coroutine_handle<> handle) noexcept {
            Context* context = queue_.acquire();
            if (context == nullptr) {
                outcome_ = fail(Errc::queue_full);
                return false;
            }
            waiter_ = handle;
            context->command = command_;
            context->callback = resume;
            context->argument = this;
            if (auto submitted = queue_.submit(*context, data_, metadata_); !submitted) {
                queue_.release(*context);
                outcome_ = std::unexpected(submitted.error());
                return false;
            }
            return true;
        }
        Result<Completion> await_resume() noexcept { return outcome_; }

      private:
        static void resume(Context& context, void* argument) noexcept {
            auto& self = *static_cast<Operation*>(argument);
            if (context.ok()) {
                self.outcome_ = context.completion;
            } else {
                self.outcome_ = fail(context.why());
            }
            self.queue_.release(context);
            self.waiter_.resume();
        }

        Queue& queue_;
        Command command_;
        Data data_;
        Data metadata_;
        std::coroutine_handle<> waiter_;
        Result<Completion> outcome_{Completion{}};
    };

    /// Any command.
    Operation execute(const Command& command, const Data& data = {},
                      const Data& metadata = {}) noexcept {
        return Operation(*queue_, command, data, metadata);
    }
    /// Reads `blocks` (1 to 65536) blocks from `slba`.
    Operation read(std::uint64_t slba, std::uint32_t blocks, const Data& data) noexcept {
        return execute(ranged(nvme::NvmOpcode::read, slba, blocks), data);
    }
    /// Writes `blocks` (1 to 65536) blocks from `slba`.
    Operation write(std::uint64_t slba, std::uint32_t blocks, const Data& data) noexcept {
        return execute(ranged(nvme::NvmOpcode::write, slba, blocks), data);
    }
    /// Makes what was written before durable.
    Operation flush() noexcept { return execute(nvme::flush()); }

    Queue& queue() const noexcept { return *queue_; }

  private:
    static Command ranged(nvme::NvmOpcode opcode, std::uint64_t slba,
                          std::uint32_t blocks) noexcept {
        Command command{};
        command.opcode = static_cast<std::uint8_t>(opcode);
        command.set_slba(slba);
        command.set_blocks(blocks);
        return command;
    }

    Queue* queue_;
};

}  // namespace xnvme
