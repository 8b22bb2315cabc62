// io_uring with liburing.
//   plain   as its manual pages show it: a ring without flags, reads into any memory
//   tuned   with all that the kernel offers: one issuer, deferred work, the ring, the file and the
//           buffers registered
#include <liburing.h>

#include "bench/raw/loop.hpp"

namespace {

template <bool kTuned>
class Ring {
  public:
    Ring(const load& load, int fd) : fd_(fd) {
        io_uring_params params{};
        if constexpr (kTuned)
            params.flags =
                IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_COOP_TASKRUN;
        if (const int error = io_uring_queue_init_params(load.depth, &ring_, &params); error < 0)
            load_fail("io_uring", -error);
        if constexpr (kTuned) tune(load);
    }
    ~Ring() { io_uring_queue_exit(&ring_); }
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;

    void submit(std::uint64_t offset_bytes, char* buffer) {
        io_uring_sqe* const entry = io_uring_get_sqe(&ring_);
        if constexpr (kTuned) {
            io_uring_prep_read_fixed(entry, 0, buffer, kLoadBytes, offset_bytes, 0);
            entry->flags |= IOSQE_FIXED_FILE;
        } else {
            io_uring_prep_read(entry, fd_, buffer, kLoadBytes, offset_bytes);
        }
        io_uring_sqe_set_data(entry, buffer);
    }

    template <class Finished>
    void complete(bool wait, Finished&& finished) {
        hand_on(wait);
        unsigned head;
        unsigned count = 0;
        io_uring_cqe* entry;
        io_uring_for_each_cqe(&ring_, head, entry) {
            finished(static_cast<char*>(io_uring_cqe_get_data(entry)), entry->res == kLoadBytes);
            ++count;
        }
        io_uring_cq_advance(&ring_, count);
    }

  private:
    void tune(const load& load) {
        const iovec buffers{load.memory, std::size_t{load.depth} * std::size_t{kLoadBytes}};
        if (const int count = io_uring_register_ring_fd(&ring_); count != 1)
            load_fail("the ring cannot be registered", -count);
        if (const int error = io_uring_register_files(&ring_, &fd_, 1); error < 0)
            load_fail("the file cannot be registered", -error);
        if (const int error = io_uring_register_buffers(&ring_, &buffers, 1); error < 0)
            load_fail("the buffers cannot be registered", -error);
    }

    void hand_on(bool wait) {
        int result = 0;
        if (wait)
            result = io_uring_submit_and_wait(&ring_, 1);
        else if constexpr (kTuned)
            result = io_uring_submit_and_get_events(&ring_);  // Runs the deferred work.
        else if (io_uring_sq_ready(&ring_) != 0)
            result = io_uring_submit(&ring_);
        if (result < 0 && result != -EINTR) load_fail("io_uring_enter", -result);
    }

    io_uring ring_{};
    int fd_;
};

}  // namespace

int main(int argc, char** argv) {
    static load load;
    load_options(&load, argc, argv);
    const raw::Opened opened(load);
    if (std::strcmp(load.interface, "tuned") == 0) {
        Ring<true> engine(load, opened.fd);
        return raw::run(load, engine, "tuned");
    }
    Ring<false> engine(load, opened.fd);
    return raw::run(load, engine, "plain");
}
