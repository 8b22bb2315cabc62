#include <xnvme/async_queue.hpp>

#include <cassert>

namespace xnvme {

namespace {

void give_back(Context& context, void*) noexcept {
    context.queue->slots().give_back(context);
}

}  // namespace

Result<SlotArray> SlotArray::create(std::uint32_t depth) noexcept {
    SlotArray slots;
    void* memory = ::operator new(depth * sizeof(Context), std::align_val_t{128}, std::nothrow);
    slots.contexts_.reset(static_cast<Context*>(memory));
    slots.free_.reset(new (std::nothrow) std::uint16_t[depth]);
    if (memory == nullptr || slots.free_ == nullptr) return fail(Errc::no_memory);
    slots.depth_ = depth;
    // The first context taken is number 0, so that the first commands touch memory in order.
    for (std::uint32_t i = 0; i < depth; ++i) {
        new (&slots.contexts_[i]) Context{};
        slots.free_[i] = static_cast<std::uint16_t>(depth - 1 - i);
    }
    slots.free_count_ = depth;
    return slots;
}

AsyncQueue::AsyncQueue(QueueParts parts) noexcept
    : slots_(std::move(parts.slots)),
      sure_room_(slots_.depth()),
      device_(parts.device),
      rules_(parts.rules) {
    for (std::uint32_t i = 0; i < slots_.depth(); ++i) {
        Context& context = slots_.at(i);
        context.device = device_;
        context.queue = this;
        context.callback = give_back;
    }
}

AsyncQueue::~AsyncQueue() = default;

void AsyncQueue::submit_batch(Context* const* contexts, std::uint32_t count) noexcept {
    for (std::uint32_t i = 0; i < count; ++i) submit(*contexts[i]);
}

Result<NativeHandle> AsyncQueue::sleep_fd() noexcept {
    return completion_fd();
}

void AsyncQueue::hand_to_worker(Context& context) noexcept {
    assert(worker_ != nullptr);
    ++completed_;
    worker_->count_submission();
    worker_->submit(context);
    look_at_worker();
}

}  // namespace xnvme
