// libaio, batched: one io_submit for all that is staged, completions from the ring that the kernel
// maps, and io_getevents only to sleep.
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

class Libaio {
  public:
    Libaio(const load& load, int fd)
        : load_(load), blocks_(load.depth), staged_(load.depth), events_(load.depth) {
        const int error = io_setup(static_cast<int>(load.depth), &context_);
        if (error < 0) load_fail("io_setup", -error);
        ring_ = reinterpret_cast<AioRing*>(context_);
        if (ring_->magic != kMagic) load_fail("the ring of libaio is not mapped", 0);
        // A buffer has a control block of its own, in which only the place changes.
        for (std::uint32_t i = 0; i < load.depth; ++i) {
            char* const buffer = load.memory + std::size_t{i} * std::size_t{kLoadBytes};
            io_prep_pread(&blocks_[i], fd, buffer, kLoadBytes, 0);
            blocks_[i].data = buffer;
        }
    }
    ~Libaio() { io_destroy(context_); }
    Libaio(const Libaio&) = delete;
    Libaio& operator=(const Libaio&) = delete;

    void submit(std::uint64_t offset_bytes, char* buffer) {
        iocb& block = blocks_[load_index(&load_, buffer)];
        block.u.c.offset = static_cast<long long>(offset_bytes);
        staged_[staged_count_++] = &block;
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
        for (int i = 0; i < count; ++i)
            finished(static_cast<char*>(events_[static_cast<std::size_t>(i)].data),
                     events_[static_cast<std::size_t>(i)].res == kLoadBytes);
    }

    const load& load_;
    io_context_t context_ = nullptr;
    AioRing* ring_ = nullptr;
    std::vector<iocb> blocks_;
    std::vector<iocb*> staged_;
    std::vector<io_event> events_;
    std::uint32_t staged_count_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    static load load;
    load_options(&load, argc, argv);
    const raw::Opened opened(load);
    Libaio engine(load, opened.fd);
    return raw::run(load, engine, "libaio");
}
