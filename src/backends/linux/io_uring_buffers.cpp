#include "backends/linux/io_uring_buffers.hpp"

#include <sys/uio.h>

#include <algorithm>
#include <new>

namespace xnvme::be_linux {

namespace {

/// The most that the kernel registers as one buffer.
constexpr std::size_t kMaxBytes = std::size_t{1} << 30;

bool update(Ring& ring, unsigned index, void* base, std::size_t bytes) noexcept {
    const iovec buffer{base, bytes};
    __u64 tag = 0;
    return io_uring_register_buffers_update_tag(&ring.raw(), index, &buffer, &tag, 1) == 1;
}

}  // namespace

bool RegisteredBuffers::start(Ring& ring, std::uint32_t slots) noexcept {
    on_ = false;
    used_ = count_ = 0;
    generation_ = ~std::uint64_t{0};
    entries_.reset(new (std::nothrow) Entry[kCount]());
    serials_.reset(new (std::nothrow) std::uint64_t[kCount]());
    last_used_.reset(new (std::nothrow) std::uint16_t[slots]());
    if (entries_ == nullptr || serials_ == nullptr || last_used_ == nullptr) return false;
    // Linux 5.19: a table that is filled in later.
    on_ = io_uring_register_buffers_sparse(&ring.raw(), kCount) == 0;
    return on_;
}

bool RegisteredBuffers::refresh(Ring& ring) noexcept {
    std::uint64_t generation = 0;
    const std::vector<Region> regions = regions_.copy(generation);
    const auto listed = [&](std::uint64_t serial) {
        return std::ranges::any_of(regions,
                                   [serial](const Region& r) { return r.serial == serial; });
    };
    for (unsigned i = 0; i < used_; ++i) {
        if (entries_[i].bytes == 0 || listed(serials_[i])) continue;
        // Commands in flight keep the pages that they use; the entry itself is free at once.
        update(ring, i, nullptr, 0);
        entries_[i] = Entry{};
        serials_[i] = 0;
        --count_;
    }
    for (const Region& region : regions) {
        std::uint64_t* const end = serials_.get() + used_;
        if (std::find(serials_.get(), end, region.serial) != end) continue;
        if (region.bytes > kMaxBytes) continue;
        unsigned index = 0;
        while (index < used_ && serials_[index] != 0) ++index;
        if (index == kCount) break;
        // The kernel may refuse, for RLIMIT_MEMLOCK or for memory that cannot be pinned. Such a
        // buffer is used as it is.
        if (!update(ring, index, reinterpret_cast<void*>(region.base), region.bytes)) continue;
        entries_[index] = Entry{region.base, region.bytes};
        serials_[index] = region.serial;
        used_ = std::max(used_, index + 1);
        ++count_;
    }
    generation_ = generation;
    return regions.empty() || count_ != 0;
}

unsigned RegisteredBuffers::find(std::size_t slot, std::uint64_t address,
                                 std::uint32_t bytes) noexcept {
    if (holds(last_used_[slot], address, bytes)) return last_used_[slot];
    for (unsigned i = 0; i < used_; ++i) {
        if (holds(i, address, bytes)) {
            last_used_[slot] = static_cast<std::uint16_t>(i);
            return i;
        }
    }
    return kCount;
}

}  // namespace xnvme::be_linux
