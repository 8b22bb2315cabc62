// pread, one after another: what a program does that knows no other interface. The reads of a depth
// are prepared together, as in the other programs, so that they go through as many buffers.
#include <vector>

#include "bench/raw/loop.hpp"

namespace {

class Pread {
  public:
    Pread(const load& load, int fd) : fd_(fd), reads_(load.depth) {}

    void submit(std::uint64_t offset_bytes, char* buffer) {
        reads_[count_++] = {static_cast<off_t>(offset_bytes), buffer};
    }

    template <class Finished>
    void complete(bool, Finished&& finished) {
        for (std::uint32_t i = 0; i < count_; ++i) {
            const Read& read = reads_[i];
            finished(read.buffer,
                     ::pread(fd_, read.buffer, kLoadBytes, read.offset_bytes) == kLoadBytes);
        }
        count_ = 0;
    }

  private:
    struct Read {
        off_t offset_bytes;
        char* buffer;
    };
    int fd_;
    std::vector<Read> reads_;
    std::uint32_t count_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    static load load;
    load_options(&load, argc, argv);
    const raw::Opened opened(load);
    Pread engine(load, opened.fd);
    return raw::run(load, engine, "pread");
}
