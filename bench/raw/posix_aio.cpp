// POSIX aio, as the C library has it: its own threads, one aiocb per read.
#include <aio.h>

#include <vector>

#include "bench/raw/loop.hpp"

namespace {

class PosixAio {
  public:
    PosixAio(const load& load, int fd) : load_(load), fd_(fd), blocks_(load.depth) {
        list_.reserve(load.depth);
    }

    void submit(std::uint64_t offset_bytes, char* buffer) {
        aiocb& block = blocks_[load_index(&load_, buffer)];
        block = aiocb{};
        block.aio_fildes = fd_;
        block.aio_buf = buffer;
        block.aio_nbytes = kLoadBytes;
        block.aio_offset = static_cast<off_t>(offset_bytes);
        block.aio_sigevent.sigev_notify = SIGEV_NONE;
        if (::aio_read(&block) != 0) load_fail("aio_read", errno);
        list_.push_back(&block);
    }

    template <class Finished>
    void complete(bool wait, Finished&& finished) {
        if (wait && ::aio_suspend(list_.data(), static_cast<int>(list_.size()), nullptr) != 0 &&
            errno != EINTR)
            load_fail("aio_suspend", errno);
        for (std::size_t i = 0; i < list_.size();) {
            const int error = ::aio_error(list_[i]);
            if (error == EINPROGRESS) {
                ++i;
                continue;
            }
            auto* const block = const_cast<aiocb*>(list_[i]);
            list_[i] = list_.back();
            list_.pop_back();
            finished(static_cast<char*>(const_cast<void*>(block->aio_buf)),
                     ::aio_return(block) == kLoadBytes);
        }
    }

  private:
    const load& load_;
    int fd_;
    std::vector<aiocb> blocks_;
    std::vector<const aiocb*> list_;
};

}  // namespace

int main(int argc, char** argv) {
    static load load;
    load_options(&load, argc, argv);
    const raw::Opened opened(load);
    PosixAio engine(load, opened.fd);
    return raw::run(load, engine, "posix_aio");
}
