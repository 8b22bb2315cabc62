/// \file
/// An asynchronous queue of a device.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <xnvme/async_queue.hpp>
#include <xnvme/command.hpp>
#include <xnvme/nvme/opcodes.hpp>
#include <xnvme/result.hpp>
#include <xnvme/rules.hpp>

namespace xnvme {

/// What a queue can do; see `Queue::capabilities`.
struct QueueCapabilities {
    std::string_view interface{};  ///< The asynchronous interface's name, such as "io_uring".
    std::uint32_t depth = 0;
    bool strict = false;
    /// Who serves `Queue::submit_admin`: the interface, the worker, or nobody.
    Service admin = Service::refused;
    QueueTraits traits{};
    const CommandRules* rules = nullptr;  ///< Lives as long as the queue.

    /// Who serves this opcode on this queue.
    Service service(std::uint8_t opcode) const noexcept { return rules->opcodes[opcode].service; }
};

/// A queue: commands go in with `submit`, and come back through their callbacks inside `poll`,
/// `wait` or `drain`. The same on every interface.
///
/// A queue belongs to one thread at a time; it may be handed from one to another while no call is
/// under way. Queues are independent of each other. It keeps its device open for as long as it
/// lives. Callbacks must not call `poll`, `wait` or `drain`; they may submit.
///
/// Destroying a queue with commands outstanding waits for them or cancels them, without calling
/// back: buffers may be freed as soon as the destructor has returned.
class Queue {
  public:
    XNVME_API Queue(Queue&&) noexcept;
    XNVME_API Queue& operator=(Queue&&) noexcept;
    XNVME_API ~Queue();

    /// Takes a context, or returns null when all `depth()` are taken. Its `command`, `callback` and
    /// `argument` are what they were when it was last used; the callback of a fresh queue's
    /// contexts gives the context back and nothing else. Does not block.
    [[nodiscard]] Context* acquire() noexcept { return engine_->slots().take(); }
    /// Gives back a context that `acquire` returned and that is not outstanding.
    void release(Context& context) noexcept { engine_->slots().give_back(context); }

    /// Submits one command. Never blocks. The data (and the list, where it is one) must stay until
    /// the callback. Errors, all without side effect, the context still the caller's:
    /// `queue_full`, `out_of_range`, `misaligned`, `bad_length`, `too_large`, `unsupported`,
    /// `read_only`, `write_only`; `invalid_argument` when `callback` is null, or when a
    /// key's length is none that the namespace takes.
    [[nodiscard]] Result<void> submit(Context& context, const Data& data = {},
                                      const Data& metadata = {}) noexcept {
        if (!is_plain(data, metadata)) return submit_checked(context, data, metadata);
        if (engine_->submit_fast(context, data.base(), data.bytes())) [[likely]]
            return {};
        return submit_checked(context, data.base(), data.bytes());
    }

    /// Checks a command and fills its context, for a later `submit_batch`. The errors are those of
    /// `submit`, except `queue_full`.
    [[nodiscard]] Result<void> prepare(Context& context, const Data& data = {},
                                       const Data& metadata = {}) noexcept {
        if (!is_plain(data, metadata)) return prepare_checked(context, data, metadata);
        if (engine_->prepare_fast(context, data.base(), data.bytes())) [[likely]]
            return {};
        return prepare_checked(context, data.base(), data.bytes());
    }
    /// Submits prepared contexts with one call of the interface, and hands them to the device.
    /// Either all are taken or, with `queue_full`, none.
    [[nodiscard]] XNVME_API Result<void> submit_batch(std::span<Context* const> contexts) noexcept;

    /// Submits one admin command of a queue that was made with `QueueOptions::admin`. Never blocks;
    /// the callback, and what must stay until it, are as for `submit`. The command is sent as it
    /// is: a namespace of 0 is none. Admin commands complete in any order among each other and
    /// among I/O commands, and count towards the depth. Errors, all without side effect:
    /// `queue_full`; `unsupported` on a queue that carries none; `invalid_argument` when
    /// `callback` is null, or for a list; `bad_length` for less room than the command fills;
    /// `too_large`.
    [[nodiscard]] XNVME_API Result<void> submit_admin(Context& context, const Data& data = {},
                                                      const Data& metadata = {}) noexcept;

    /// Read `blocks` blocks from `slba`. `blocks` is 1 to 65536. Errors: those of `submit`.
    [[nodiscard]] Result<void> read(Context& context, std::uint64_t slba, std::uint32_t blocks,
                                    const Data& data) noexcept {
        return transfer(context, nvme::NvmOpcode::read, slba, blocks, data);
    }
    /// Write `blocks` blocks from `slba`. Errors: those of `submit`.
    [[nodiscard]] Result<void> write(Context& context, std::uint64_t slba, std::uint32_t blocks,
                                     const Data& data) noexcept {
        return transfer(context, nvme::NvmOpcode::write, slba, blocks, data);
    }

    /// Hands on what is staged and completes at most `max` commands. Does not block. Returns how
    /// many were completed.
    std::uint32_t poll(std::uint32_t max = UINT32_MAX) noexcept {
        const std::uint32_t count = engine_->poll(max);
        if (!engine_->looks_at_worker()) [[likely]]
            return count;
        return count + poll_worker(max - count);
    }
    /// Sleeps until `min` commands have completed, all that are outstanding have, or `timeout` has
    /// passed (negative: for ever; zero: does not sleep). Returns how many completed in this call;
    /// fewer than `min` while commands are outstanding means that the time passed. An error is the
    /// system's (`Errc::system`); the commands that were completed before it were called back.
    [[nodiscard]] XNVME_API Result<std::uint32_t> wait(
        std::uint32_t min,
        std::chrono::nanoseconds timeout = std::chrono::nanoseconds{-1}) noexcept;
    /// Completes everything outstanding, what callbacks submit included. Returns how many
    /// completed.
    [[nodiscard]] XNVME_API Result<std::uint32_t> drain() noexcept;

    /// A descriptor for poll, epoll or kqueue that is readable whenever `poll` has something to
    /// complete. Call `poll` until it returns 0 before watching it again. It stays the queue's.
    [[nodiscard]] XNVME_API Result<NativeHandle> completion_fd() noexcept;

    std::uint32_t depth() const noexcept { return engine_->depth(); }
    /// Commands submitted whose callback has not run.
    std::uint32_t outstanding() const noexcept {
        return engine_->in_flight() +
               (engine_->worker() != nullptr ? engine_->worker()->in_flight() : 0);
    }
    [[nodiscard]] XNVME_API QueueCapabilities capabilities() const noexcept;

    /// The interface's side of the queue.
    AsyncQueue& engine() const noexcept { return *engine_; }

  private:
    friend class Device;
    explicit Queue(std::unique_ptr<QueueState> state) noexcept;

    Result<void> transfer(Context& context, nvme::NvmOpcode opcode, std::uint64_t slba,
                          std::uint32_t blocks, const Data& data) noexcept {
        if (!data.vectored() && engine_->submit_fast(context, static_cast<std::uint8_t>(opcode),
                                                     slba, blocks, data.base(), data.bytes()))
            [[likely]]
            return {};
        if (!data.vectored())
            return transfer_checked(context, opcode, slba, blocks, data.base(), data.bytes());
        return transfer_checked(context, opcode, slba, blocks, data);
    }
    /// One buffer, and no metadata.
    static bool is_plain(const Data& data, const Data& metadata) noexcept {
        return !data.vectored() && !metadata.vectored() && metadata.base() == nullptr &&
               metadata.bytes() == 0;
    }
    // Those of one buffer take it as two words: a `Data` would have to be in memory for them.
    XNVME_API Result<void> submit_checked(Context& context, void* base, std::size_t bytes) noexcept;
    XNVME_API Result<void> submit_checked(Context& context, const Data& data,
                                          const Data& metadata) noexcept;
    XNVME_API Result<void> prepare_checked(Context& context, void* base,
                                           std::size_t bytes) noexcept;
    XNVME_API Result<void> prepare_checked(Context& context, const Data& data,
                                           const Data& metadata) noexcept;
    XNVME_API Result<void> transfer_checked(Context& context, nvme::NvmOpcode opcode,
                                            std::uint64_t slba, std::uint32_t blocks, void* base,
                                            std::size_t bytes) noexcept;
    XNVME_API Result<void> transfer_checked(Context& context, nvme::NvmOpcode opcode,
                                            std::uint64_t slba, std::uint32_t blocks,
                                            const Data& data) noexcept;
    void hand(AsyncQueue& server, Context& context) noexcept;
    XNVME_API std::uint32_t poll_worker(std::uint32_t max) noexcept;

    AsyncQueue* engine_ = nullptr;
    std::unique_ptr<QueueState> state_;
};

}  // namespace xnvme
