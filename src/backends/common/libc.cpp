#include "backends/common/libc.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <mutex>
#include <new>
#include <string>
#include <vector>

#include "os/pages.hpp"

namespace xnvme::be_common::libc {

namespace {

class LibcMemory final : public MemoryInterface {
  public:
    Result<void*, Failure> allocate(std::size_t bytes, std::size_t alignment) override {
        if (bytes == 0)
            return fail(Errc::invalid_argument,
                        "A buffer of 0 bytes was asked for: ask for at least one.");
        if (alignment != 0 && !std::has_single_bit(alignment))
            return fail(Errc::invalid_argument, "The alignment of a buffer is " +
                                                    std::to_string(alignment) +
                                                    " bytes, which is no power of two.");
        // Fresh pages are zeroed by the system, and are not touched before the caller does.
        if (alignment <= os::page_bytes()) {
            if (auto base = os::map_anonymous(bytes)) return *base;
        } else if (void* base = ::operator new(bytes, std::align_val_t{alignment}, std::nothrow)) {
            std::memset(base, 0, bytes);
            const std::lock_guard lock(mutex_);
            aligned_.push_back({base, alignment});
            return base;
        }
        return fail(Errc::no_memory, "The system has no memory for a buffer of " +
                                         std::to_string(bytes) + " bytes.");
    }

    void free(void* base, std::size_t bytes) noexcept override {
        if (base == nullptr) return;
        {
            const std::lock_guard lock(mutex_);
            const auto found =
                std::find_if(aligned_.begin(), aligned_.end(),
                             [base](const Aligned& entry) { return entry.base == base; });
            if (found != aligned_.end()) {
                ::operator delete(base, std::align_val_t{found->alignment});
                aligned_.erase(found);
                return;
            }
        }
        os::unmap(base, bytes);
    }

    Result<void, Failure> map(void* base, std::size_t bytes) override {
        if (base == nullptr || bytes == 0)
            return fail(Errc::invalid_argument,
                        "Memory to be mapped is empty: pass its address and its length in bytes.");
        return {};
    }

    void unmap(void*, std::size_t) noexcept override {}

    Result<std::uint64_t> translate(const void*) noexcept override {
        return fail(Errc::unsupported);
    }

  private:
    /// Buffers with a larger alignment than the page, which come from elsewhere.
    struct Aligned {
        void* base;
        std::size_t alignment;
    };
    std::mutex mutex_;
    std::vector<Aligned> aligned_;
};

}  // namespace

Verdict machine() {
    return Verdict::serves("part of the library");
}

Verdict probe(const Handle&, const Options&) {
    return Verdict::serves("memory of this process, page-aligned");
}

Result<std::unique_ptr<MemoryInterface>, Failure> make(Handle&, const Options&) {
    return std::make_unique<LibcMemory>();
}

}  // namespace xnvme::be_common::libc
