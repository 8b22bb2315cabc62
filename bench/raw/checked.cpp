// No interface at all, and all that the rules of a queue ask for, written by hand into one program:
// whole commands in contexts of their own, each with a callback of its own; every command is
// checked before it is taken, and nothing of an earlier one stays in its context. What is left out
// is what only a library has: a call from the program into code that was compiled elsewhere.
#include <array>
#include <cstdint>
#include <vector>

#include "bench/raw/loop.hpp"

namespace {

constexpr std::uint64_t kBlockBytes = 512;

class Checked {
  public:
    Checked(load& load, std::uint32_t depth)
        : callback_(load.latency ? finished<true> : finished<false>),
          blocks_(load.blocks * (kLoadBytes / kBlockBytes)),
          contexts_(depth),
          free_(depth + 1),
          pending_(depth) {
        queue_ = this;
        load_ = &load;
        free_top_ = free_.data() + 1;
        for (Context& context : contexts_) *free_top_++ = &context;
        pending_top_ = pending_.data();
        pending_end_ = pending_top_ + depth;
        fast_below_[0x01] = fast_below_[0x02] = 512;
    }

    [[gnu::always_inline]] void submit(std::uint64_t offset_bytes, char* buffer) {
        // The first of the stack is null, which says that there is none.
        Context* const context = free_top_[-1];
        if (context == nullptr) load_fail("no context is free", 0);
        --free_top_;
        context->callback = callback_;
        context->argument = buffer;
        if (!read(*context, offset_bytes / kBlockBytes, kLoadBytes / kBlockBytes, buffer,
                  kLoadBytes))
            load_fail("a read was refused", 0);
    }

    template <class Finished>
    void complete(bool, Finished&&) {
        Context** const end = pending_top_;
        pending_top_ = pending_.data();
        for (Context** at = pending_.data(); at != end; ++at)
            (*at)->callback(**at, (*at)->argument);
    }

  private:
    struct Context;
    using Callback = void (*)(Context& context, void* argument);
    /// A submission queue entry, a completion, and what a queue knows of a command.
    struct Context {
        std::uint64_t head;  ///< Opcode, flags, identifier, namespace.
        std::uint64_t reserved;
        std::uint64_t metadata;
        char* data;
        std::uint32_t metadata_bytes;
        std::uint32_t data_bytes;
        std::uint64_t slba;
        std::uint64_t cdw12_and_13;
        std::uint64_t cdw14_and_15;
        std::uint64_t completion[2];
        std::uint64_t unused[2];
        Callback callback;
        void* argument;
        std::uint64_t options_and_errno;
        std::uint32_t error;
        std::uint32_t bytes;
    };
    static_assert(sizeof(Context) == 128);

    [[gnu::always_inline]] bool read(Context& context, std::uint64_t slba, std::uint32_t count,
                                     char* data, std::size_t bytes) {
        constexpr std::uint8_t kRead = 0x02;
        const auto address = reinterpret_cast<std::uintptr_t>(data);
        if (count - 1 >= fast_below_[kRead]) return false;
        if (slba > blocks_ - count) return false;
        if (bytes != count * block_bytes_) return false;
        if (address == 0 || (address & alignment_mask_) != 0) return false;
        if (context.callback == nullptr || pending_top_ == pending_end_) return false;
        context.head = kRead;
        context.reserved = 0;
        context.metadata = 0;
        context.data = data;
        context.metadata_bytes = 0;
        context.data_bytes = static_cast<std::uint32_t>(bytes);
        context.slba = slba;
        context.cdw12_and_13 = count - 1;
        context.cdw14_and_15 = 0;
        context.completion[0] = context.completion[1] = 0;
        context.options_and_errno = 0;
        context.error = 0;
        context.bytes = static_cast<std::uint32_t>(bytes);
        *pending_top_++ = &context;
        return true;
    }

    template <bool kTimed>
    static void finished(Context& context, void* argument) {
        auto* const buffer = static_cast<char*>(argument);
        if constexpr (kTimed) load_measure(load_, buffer);
        *queue_->free_top_++ = &context;
        load_completed(load_, buffer, context.error == 0);
    }

    static inline Checked* queue_ = nullptr;
    static inline load* load_ = nullptr;

    Callback callback_;
    std::uint64_t blocks_;
    std::uint64_t block_bytes_ = kBlockBytes;
    std::uint64_t alignment_mask_ = 3;
    Context** free_top_ = nullptr;
    Context** pending_top_ = nullptr;
    Context** pending_end_ = nullptr;
    std::array<std::uint32_t, 256> fast_below_{};
    std::vector<Context> contexts_;
    std::vector<Context*> free_;
    std::vector<Context*> pending_;
};

}  // namespace

int main(int argc, char** argv) {
    static load load;
    load_options(&load, argc, argv);
    load_prepare(&load, raw::model_bytes(load), raw::Opened::buffers(load));
    Checked engine(load, load.depth);
    return raw::run(load, engine, "checked");
}
