// No interface at all: the loop with a queue that completes at once, inlined whole. What the same
// loop costs more through a library is the library's.
//   nil      moves no data
//   memory   copies from an array, as the model device does
#include <cstdint>
#include <memory>
#include <vector>

#include "bench/raw/loop.hpp"

namespace {

/// The words of an NVMe command that a read fills, and what comes back.
struct Request {
    std::uint8_t opcode;
    std::uint32_t nsid;
    std::uint64_t slba;
    std::uint32_t blocks;
    std::int32_t result;
    char* buffer;
};

constexpr std::uint64_t kBlockBytes = 512;

template <bool kCopies>
class Inlined {
  public:
    Inlined(std::uint32_t depth, const char* data) : data_(data), requests_(depth) {
        for (Request& request : requests_) free_.push_back(&request);
        pending_.resize(depth);
        free_count_ = depth;
    }

    void submit(std::uint64_t offset_bytes, char* buffer) {
        Request* const request = free_[--free_count_];
        request->opcode = 0x02;
        request->nsid = 1;
        request->slba = offset_bytes / kBlockBytes;
        request->blocks = kLoadBytes / kBlockBytes - 1;
        request->buffer = buffer;
        pending_[pending_count_++] = request;
    }

    template <class Finished>
    void complete(bool, Finished&& finished) {
        for (std::uint32_t i = 0; i < pending_count_; ++i) {
            Request& request = *pending_[i];
            if constexpr (kCopies) {
                // A length that is not known before, as in a device: the copy is the C library's.
                const std::size_t bytes = (std::size_t{request.blocks} + 1) * kBlockBytes;
                std::memcpy(request.buffer, data_ + request.slba * kBlockBytes, bytes);
            }
            request.result = kLoadBytes;
            free_[free_count_++] = &request;
            finished(request.buffer, request.result == kLoadBytes);
        }
        pending_count_ = 0;
    }

  private:
    const char* data_;
    std::vector<Request> requests_;
    std::vector<Request*> free_;
    std::vector<Request*> pending_;
    std::uint32_t free_count_ = 0;
    std::uint32_t pending_count_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    static load load;
    load_options(&load, argc, argv);
    const std::uint64_t bytes = raw::model_bytes(load);
    load_prepare(&load, bytes, raw::Opened::buffers(load));
    if (std::strcmp(load.interface, "memory") == 0) {
        const auto data = std::make_unique<char[]>(bytes);
        Inlined<true> engine(load.depth, data.get());
        return raw::run(load, engine, "memory");
    }
    Inlined<false> engine(load.depth, nullptr);
    return raw::run(load, engine, "nil");
}
