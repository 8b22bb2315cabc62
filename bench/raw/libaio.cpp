// libaio, batched: one io_submit for all that is staged, completions from the ring that the kernel
// maps, and io_getevents only to sleep.
//   libaio   a buffer has a control block of its own, in which only the place changes
//   filled   control blocks are filled in for every read
#include <libaio.h>

#include <atomic>
#include <vector>

#include "bench/raw/loop.hpp"

namespace {

/// What is mapped where an io_context_t points. Linux, fs/aio.c: struct aio_ring.
struct AioRing {
    unsigned id;
    unsigned entries;
    std::atomic<unsigned> head;
    std::atomic<unsigned> tail;
    unsigned magic;
    unsigned compatible_features;
    unsigned incompatible_features;
    unsigned header_bytes;
    io_event events[];
};
constexpr unsigned kMagic = 0xa10a10a1;

/// `kFilled`: control blocks come from a stack, and are filled in for every read, as in a program
/// whose buffers are not tied to control blocks.
template <bool kFilled>
class Libaio {
  public:
    Libaio(const load& load, int fd)
        : load_(load), fd_(fd), blocks_(load.depth), staged_(load.depth), events_(load.depth) {
        const int error = io_setup(static_cast<int>(load.depth), &context_);
        if (error < 0) load_fail("io_setup", -error);
        ring_ = reinterpret_cast<AioRing*>(context_);
        if (ring_->magic != kMagic) load_fail("the ring of libaio is not mapped", 0);
        // A buffer has a control block of its own, in which only the place changes.
        for (std::uint32_t i = 0; i < load.depth; ++i) {
            char* const buffer = load.memory + std::size_t{i} * std::size_t{kLoadBytes};
            io_prep_pread(&blocks_[i], fd, buffer, kLoadBytes, 0);
            blocks_[i].data = buffer;
            free_.push_back(&blocks_[i]);
        }
        free_count_ = load.depth;
    }
    ~Libaio() { io_destroy(context_); }
    Libaio(const Libaio&) = delete;
    Libaio& operator=(const Libaio&) = delete;

    void submit(std::uint64_t offset_bytes, char* buffer) {
        if constexpr (kFilled) {
            iocb* const block = free_[--free_count_];
            // No more than what changes from one request to the next: what io_prep_pread clears
            // besides is clear.
            block->data = buffer;
            block->aio_lio_opcode = IO_CMD_PREAD;
            block->aio_fildes = fd_;
            block->u.c.buf = buffer;
            block->u.c.nbytes = kLoadBytes;
            block->u.c.offset = static_cast<long long>(offset_bytes);
            staged_[staged_count_++] = block;
        } else {
            iocb& block = blocks_[load_index(&load_, buffer)];
            block.u.c.offset = static_cast<long long>(offset_bytes);
            staged_[staged_count_++] = &block;
        }
    }

    template <class Finished>
    void complete(bool wait, Finished&& finished) {
        hand_on();
        unsigned head = ring_->head.load(std::memory_order_relaxed);
        // Acquire: the events are seen that the kernel wrote before it moved the tail.
        const unsigned tail = ring_->tail.load(std::memory_order_acquire);
        if (head == tail) {
            if (wait) sleep(finished);
            return;
        }
        while (head != tail) {
            const io_event event = ring_->events[head];
            if (++head == ring_->entries) head = 0;
            give_back(event);
            finished(static_cast<char*>(event.data), event.res == kLoadBytes);
        }
        // Release: the events have been read before the kernel writes over them.
        ring_->head.store(head, std::memory_order_release);
    }

  private:
    void hand_on() {
        std::uint32_t taken = 0;
        while (taken < staged_count_) {
            const int result = io_submit(context_, staged_count_ - taken, &staged_[taken]);
            if (result < 0) load_fail("io_submit", -result);
            taken += static_cast<std::uint32_t>(result);
        }
        staged_count_ = 0;
    }

    template <class Finished>
    void sleep(Finished&& finished) {
        const int count =
            io_getevents(context_, 1, static_cast<long>(events_.size()), events_.data(), nullptr);
        if (count < 0 && count != -EINTR) load_fail("io_getevents", -count);
        for (int i = 0; i < count; ++i) {
            const io_event& event = events_[static_cast<std::size_t>(i)];
            give_back(event);
            finished(static_cast<char*>(event.data), event.res == kLoadBytes);
        }
    }

    void give_back(const io_event& event) {
        if constexpr (kFilled) free_[free_count_++] = event.obj;
    }

    const load& load_;
    int fd_;
    io_context_t context_ = nullptr;
    AioRing* ring_ = nullptr;
    std::vector<iocb> blocks_;
    std::vector<iocb*> staged_;
    std::vector<io_event> events_;
    std::uint32_t staged_count_ = 0;
    std::vector<iocb*> free_;  ///< A stack of control blocks that no read uses.
    std::uint32_t free_count_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    static load load;
    load_options(&load, argc, argv);
    const raw::Opened opened(load);
    if (std::strcmp(load.interface, "filled") == 0) {
        Libaio<true> engine(load, opened.fd);
        return raw::run(load, engine, "filled");
    }
    Libaio<false> engine(load, opened.fd);
    return raw::run(load, engine, "libaio");
}
