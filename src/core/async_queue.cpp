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
    const std::size_t pointers = 3 * std::size_t{depth} + 1;
    const std::size_t used = depth * sizeof(Context) + pointers * sizeof(Context*);
    // The end of the last cache line is nobody else's either.
    const std::size_t bytes = (used + kAlignment - 1) / kAlignment * kAlignment;
    void* const memory = ::operator new(bytes, std::align_val_t{kAlignment}, std::nothrow);
    if (memory == nullptr) return fail(Errc::no_memory);
    slots.contexts_.reset(static_cast<Context*>(memory));
    slots.free_ = new (static_cast<Context*>(memory) + depth) Context* [pointers] {};
    slots.depth_ = depth;
    // The first context taken is number 0, so that the first commands touch memory in order.
    for (std::uint32_t i = 0; i < depth; ++i) {
        new (&slots.contexts_[i]) Context{};
        slots.free_[depth - i] = &slots.contexts_[i];
    }
    slots.free_end_ = slots.free_ + 1 + depth;
    slots.free_top_ = slots.free_end_;
    return slots;
}

AsyncQueue::AsyncQueue(QueueParts parts, Staging staging) noexcept
    : slots_(std::move(parts.slots)),
      staged_begin_(slots_.order()),
      staged_top_(staged_begin_),
      rules_(parts.rules),
      staging_(staging),
      device_(parts.device) {
    set_end();
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
    completed(1);
    worker_->count_submission();
    worker_->submit(context);
    look_at_worker();
}

}  // namespace xnvme
