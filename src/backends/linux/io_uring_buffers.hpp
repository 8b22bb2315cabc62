/// \file
/// The device's buffers as one ring has them registered with the kernel.
#pragma once

#include <cstdint>
#include <memory>

#include "backends/linux/io_uring_ring.hpp"
#include "contracts/regions.hpp"

namespace xnvme::be_linux {

/// A table of registered buffers. Buffers are looked up by a hint that each context keeps, so that
/// a context that uses the same buffer over and over finds it with two compares.
class RegisteredBuffers {
  public:
    /// Buffers in a table.
    static constexpr unsigned kCount = 1024;

    explicit RegisteredBuffers(const RegionTable& regions) noexcept : regions_(regions) {}

    /// Registers an empty table with the ring, for `refresh` to fill. False where the kernel has no
    /// such thing (Linux before 5.19) or no memory for it: buffers are then not registered.
    /// `slots` is how many contexts the queue has.
    bool start(Ring& ring, std::uint32_t slots) noexcept;
    /// True when buffers have come or gone since the last `refresh`. What was registered before is
    /// not used until then: an address may have become another buffer's.
    bool stale() const noexcept { return regions_.generation() != generation_; }
    /// Registers what is new and gives up what has gone. Makes system calls; the ring's own thread.
    /// False when there are buffers and the kernel took none of them.
    bool refresh(Ring& ring) noexcept;

    /// True when the bytes lie in the registered buffer `hint`.
    bool holds(unsigned hint, std::uint64_t address, std::uint32_t bytes) const noexcept {
        const Entry& entry = entries_[hint];
        const std::uint64_t offset = address - entry.base;
        return offset < entry.bytes && bytes <= entry.bytes - offset;
    }
    /// Where the registered buffer `hint` is.
    std::uint64_t base(unsigned hint) const noexcept { return entries_[hint].base; }
    std::uint64_t bytes(unsigned hint) const noexcept { return entries_[hint].bytes; }
    /// Bytes from `address` to the end of the registered buffer `hint`, which holds it.
    std::uint64_t rest(unsigned hint, std::uint64_t address) const noexcept {
        return entries_[hint].bytes - (address - entries_[hint].base);
    }
    /// The registered buffer that the bytes lie in, or `kCount`. Looks first at that which the
    /// context with number `slot` used last.
    unsigned find(std::size_t slot, std::uint64_t address, std::uint32_t bytes) noexcept;

    bool on() const noexcept { return on_; }
    /// Buffers registered now.
    unsigned count() const noexcept { return count_; }

  private:
    struct Entry {
        std::uint64_t base = 0;
        std::uint64_t bytes = 0;  ///< 0: not in use.
    };

    const RegionTable& regions_;
    std::unique_ptr<Entry[]> entries_;
    std::unique_ptr<std::uint64_t[]> serials_;
    std::unique_ptr<std::uint16_t[]> last_used_;  ///< By slot.
    /// No generation is this one, so that the first look finds the table stale.
    std::uint64_t generation_ = ~std::uint64_t{0};
    unsigned used_ = 0;  ///< Entries from here on have never been used.
    unsigned count_ = 0;
    bool on_ = false;
};

}  // namespace xnvme::be_linux
