/// \file
/// Which blocks a run has written, so that they can be verified.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "block_range.hpp"

namespace xnvme::tool {

/// A bit for each unit of blocks of a device. Several threads may set bits and ask for them.
class Written {
  public:
    /// \param unit_blocks what every I/O's place and length are multiples of
    Written(std::uint64_t blocks, std::uint32_t unit_blocks);

    /// The write of these blocks has completed.
    void mark(std::uint64_t slba, std::uint32_t blocks) noexcept;
    /// All of them are written.
    bool holds(std::uint64_t slba, std::uint32_t blocks) const noexcept;

    /// The first range of written blocks from `slba` on, with at most `most` blocks, which is a
    /// multiple of the unit; nothing when there is none.
    std::optional<BlockRange> next(std::uint64_t slba, std::uint32_t most) const noexcept;
    /// How many blocks are written.
    std::uint64_t count() const noexcept;

  private:
    static constexpr unsigned kBits = 64;
    bool is_set(std::uint64_t unit) const noexcept {
        // Whoever reads a bit may then read the blocks: the device, not this memory, orders that.
        return (words_[unit / kBits].load(std::memory_order_relaxed) >> unit % kBits & 1) != 0;
    }

    std::uint64_t units_;
    std::uint32_t unit_blocks_;
    std::unique_ptr<std::atomic<std::uint64_t>[]> words_;
};

}  // namespace xnvme::tool
