#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <span>

#include "capi/errors.hpp"
#include "capi/handles.hpp"

using namespace xnvme;
using namespace xnvme::capi;

// What programs inline of the C API finds a queue's parts where they are. Classes with a table of
// virtual functions have no layout by the standard, but by the ABI of every compiler that the
// header is for.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
struct xnvme::QuickLayout {
    using Quick = xnvme_queue_quick;
    static constexpr std::size_t kSlots = offsetof(AsyncQueue, slots_);
    static constexpr std::size_t kRules = offsetof(AsyncQueue, rules_);
    static_assert(offsetof(Quick, free_top) == kSlots + offsetof(SlotArray, free_top_));
    static_assert(offsetof(Quick, free_end) == kSlots + offsetof(SlotArray, free_end_));
    static_assert(offsetof(Quick, staged_begin) == offsetof(AsyncQueue, staged_begin_));
    static_assert(offsetof(Quick, staged_top) == offsetof(AsyncQueue, staged_top_));
    static_assert(offsetof(Quick, staged_end) == offsetof(AsyncQueue, staged_end_));
    static_assert(offsetof(Quick, slba_below) == kRules + offsetof(CommandRules, fast_slba_below));
    static_assert(offsetof(Quick, block_nbytes) ==
                  kRules + offsetof(CommandRules, transfer_block_bytes));
    static_assert(offsetof(Quick, alignment_mask) ==
                  kRules + offsetof(CommandRules, alignment_mask));
    static_assert(offsetof(Quick, nlb_below) == kRules + offsetof(CommandRules, fast_below));
    static_assert(offsetof(xnvme_cmd_ctx, be_rsvd) + 8 == offsetof(Context, bytes));
    static_assert(kDirectiveBits + kForceUnitAccess == 0x40f00000);
};
#pragma GCC diagnostic pop

namespace {

/// Not inlined, so that taking a context saves and restores nothing.
[[gnu::noinline]] xnvme_cmd_ctx* no_context(int negative_errno) noexcept {
    return null_with<xnvme_cmd_ctx>(negative_errno);
}

}  // namespace

int xnvme_queue_create(struct xnvme_dev* dev, uint32_t depth,
                       const struct xnvme_queue_config* config, struct xnvme_queue** queue) {
    if (dev == nullptr || queue == nullptr) return -EINVAL;
    const xnvme_queue_config asked = config == nullptr ? xnvme_queue_config{} : *config;
    if ((asked.opts & ~(std::uint32_t{XNVME_QUEUE_IOPOLL} | XNVME_QUEUE_SQPOLL)) != 0) {
        return failed(EINVAL, "A queue has no other options than IOPOLL and SQPOLL.");
    }
    return guarded([&] {
        const auto spin = std::min<std::uint64_t>(asked.spin_ns, INT64_MAX);
        const QueueOptions options{
            .strict = asked.strict,
            .threads = asked.nthreads,
            .spin = std::chrono::nanoseconds(static_cast<std::int64_t>(spin)),
            .poll_io = (asked.opts & XNVME_QUEUE_IOPOLL) != 0,
            .poll_sq = (asked.opts & XNVME_QUEUE_SQPOLL) != 0};
        auto created = device_of(dev).create_queue(depth, options);
        if (!created) return failed(created.error());
        AsyncQueue& engine = created->engine();
        engine.state()->companion = new OpenQueue{std::move(*created)};
        *queue = handle_of(&engine);
        return 0;
    });
}

int xnvme_queue_init(struct xnvme_dev* dev, uint16_t capacity, int opts,
                     struct xnvme_queue** queue) {
    const xnvme_queue_config config{static_cast<std::uint32_t>(opts), false, 0, 0};
    return xnvme_queue_create(dev, capacity, &config, queue);
}

uint32_t xnvme_queue_get_capacity(struct xnvme_queue* queue) {
    return queue == nullptr ? 0 : queue_of(queue).depth();
}

uint32_t xnvme_queue_get_outstanding(struct xnvme_queue* queue) {
    return queue == nullptr ? 0 : queue_of(queue).outstanding();
}

int xnvme_queue_term(struct xnvme_queue* queue) {
    if (queue == nullptr) return -EINVAL;
    delete static_cast<OpenQueue*>(engine_of(queue).state()->companion);
    return 0;
}

int xnvme_queue_poke(struct xnvme_queue* queue, uint32_t max) {
    if (queue == nullptr) return -EINVAL;
    return static_cast<int>(queue_of(queue).poll(max == 0 ? UINT32_MAX : max));
}

int xnvme_queue_drain(struct xnvme_queue* queue) {
    return queue == nullptr ? -EINVAL : count_of(queue_of(queue).drain());
}

int xnvme_queue_wait(struct xnvme_queue* queue) {
    if (queue == nullptr) return -EINVAL;
    return count_of(queue_of(queue).wait(queue_of(queue).outstanding()));
}

int xnvme_queue_wait_for(struct xnvme_queue* queue, uint32_t min, int64_t timeout_ns) {
    if (queue == nullptr) return -EINVAL;
    return count_of(queue_of(queue).wait(min, std::chrono::nanoseconds(timeout_ns)));
}

struct xnvme_cmd_ctx* xnvme_queue_get_cmd_ctx(struct xnvme_queue* queue) {
    if (queue == nullptr) return no_context(-EINVAL);
    Context* const context = engine_of(queue).slots().take();
    if (context == nullptr) return no_context(-EBUSY);
    return handle_of(context);
}

int xnvme_queue_put_cmd_ctx(struct xnvme_queue* queue, struct xnvme_cmd_ctx* ctx) {
    if (queue == nullptr || ctx == nullptr || ctx->async.queue != queue) return -EINVAL;
    SlotArray& slots = engine_of(queue).slots();
    // Given back twice: the stack of free contexts has no room for it.
    if (slots.all_free()) return -EINVAL;
    slots.give_back(context_of(ctx));
    return 0;
}

int xnvme_queue_set_cb(struct xnvme_queue* queue, xnvme_queue_cb cb, void* cb_arg) {
    if (queue == nullptr) return -EINVAL;
    SlotArray& slots = engine_of(queue).slots();
    for (std::uint32_t i = 0; i < slots.depth(); ++i) {
        xnvme_cmd_ctx_set_cb(handle_of(&slots.at(i)), cb, cb_arg);
    }
    return 0;
}

int xnvme_queue_get_completion_fd(struct xnvme_queue* queue) {
    if (queue == nullptr) return -EINVAL;
    return guarded([&] {
        const auto handle = queue_of(queue).completion_fd();
        return handle ? static_cast<int>(*handle) : -errno_of(handle.error());
    });
}

int xnvme_queue_submit(struct xnvme_queue* queue, struct xnvme_cmd_ctx* const* ctxs,
                       uint32_t count) {
    if (queue == nullptr || (ctxs == nullptr && count != 0)) return -EINVAL;
    const std::span<Context* const> contexts(reinterpret_cast<Context* const*>(ctxs), count);
    for (const Context* context : contexts) {
        if (context == nullptr || handle_of(context->queue) != queue) return -EINVAL;
    }
    return code_of(queue_of(queue).submit_batch(contexts));
}
