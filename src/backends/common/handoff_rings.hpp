/// \file
/// The two rings between a queue's thread and its pool's threads. Both have room for every command
/// that can be outstanding, so neither is ever full, and nothing waits for room.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <new>
#include <utility>

#include <xnvme/command.hpp>

#include "core/cache_lines.hpp"

namespace xnvme::be_common {

/// The places of a ring, a power of two of them.
class RingSlots {
  public:
    /// False when there is no memory.
    bool create(std::uint32_t capacity) noexcept {
        try {
            slots_ = CacheLineVector<std::atomic<Context*>>(std::bit_ceil(capacity));
        } catch (const std::bad_alloc&) {
            return false;
        }
        mask_ = slots_.size() - 1;
        return true;
    }
    std::atomic<Context*>& operator[](std::uint64_t number) noexcept {
        return slots_[static_cast<std::size_t>(number & mask_)];
    }
    const std::atomic<Context*>& operator[](std::uint64_t number) const noexcept {
        return slots_[static_cast<std::size_t>(number & mask_)];
    }

  private:
    CacheLineVector<std::atomic<Context*>> slots_;
    std::uint64_t mask_ = 0;
};

/// Commands on their way to the pool: one thread puts, many take. The oldest is taken first.
class CommandRing {
  public:
    /// False when there is no memory.
    bool create(std::uint32_t capacity) noexcept { return slots_.create(capacity); }

    /// Puts one command, which is visible only after `publish`.
    void put(Context& context) noexcept {
        slots_[staged_++].store(&context, std::memory_order_relaxed);
    }
    /// True when `publish` has something to publish. For the putter alone.
    bool staged() const noexcept { return staged_ != tail_.load(std::memory_order_relaxed); }
    /// Sequentially consistent: either the taker that goes to sleep sees the command, or the putter
    /// that looks for sleepers afterwards sees the sleeper.
    void publish() noexcept { tail_.store(staged_, std::memory_order_seq_cst); }

    /// Takes the oldest command, or returns null when there is none.
    Context* take() noexcept {
        std::uint64_t head = head_.load(std::memory_order_relaxed);
        for (;;) {
            // Pairs with `publish`: with the tail, the slot and the command are seen.
            if (head == tail_.load(std::memory_order_seq_cst)) return nullptr;
            Context* context = slots_[head].load(std::memory_order_relaxed);
            // The slot is written again only after the head has moved past it, and then this fails.
            if (head_.compare_exchange_weak(head, head + 1, std::memory_order_acq_rel,
                                            std::memory_order_relaxed))
                return context;
        }
    }
    bool empty() const noexcept {
        return head_.load(std::memory_order_relaxed) == tail_.load(std::memory_order_seq_cst);
    }

  private:
    RingSlots slots_;
    std::uint64_t staged_ = 0;
    alignas(kCacheLineBytes) std::atomic<std::uint64_t> tail_{0};
    alignas(kCacheLineBytes) std::atomic<std::uint64_t> head_{0};
};

/// Commands on their way back: many threads put, one takes.
class CompletionRing {
  public:
    /// False when there is no memory.
    bool create(std::uint32_t capacity) noexcept { return slots_.create(capacity); }

    /// Puts one command. Returns how many have been put so far, this one included.
    std::uint64_t put(Context& context) noexcept {
        const std::uint64_t ticket = ticket_.fetch_add(1, std::memory_order_relaxed);
        // Release: the completion goes with it.
        slots_[ticket].store(&context, std::memory_order_release);
        // Sequentially consistent: either the taker that goes to sleep sees the count, or the
        // putter that looks for a sleeper afterwards sees the sleeper.
        return put_.fetch_add(1, std::memory_order_seq_cst) + 1;
    }

    /// Takes the oldest command, or returns null. Null also while a thread that was faster with a
    /// later command has put it and the one before has not: it has not counted itself either.
    Context* take() noexcept {
        std::atomic<Context*>& slot = slots_[taken_];
        Context* context = slot.load(std::memory_order_acquire);
        if (context == nullptr) return nullptr;
        // Relaxed: whoever writes this slot again runs a command submitted after this.
        slot.store(nullptr, std::memory_order_relaxed);
        ++taken_;
        return context;
    }
    /// Nothing to take right now. For the taker alone.
    bool empty() const noexcept {
        return slots_[taken_].load(std::memory_order_seq_cst) == nullptr;
    }
    std::uint64_t taken() const noexcept { return taken_; }
    std::uint64_t put_count() const noexcept { return put_.load(std::memory_order_seq_cst); }

  private:
    RingSlots slots_;
    std::uint64_t taken_ = 0;
    alignas(kCacheLineBytes) std::atomic<std::uint64_t> ticket_{0};
    std::atomic<std::uint64_t> put_{0};
};

}  // namespace xnvme::be_common
