/// \file
/// Which blocks a run has written, and how often, so that they can be verified.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>

#include "block_range.hpp"
#include "pattern.hpp"

namespace xnvme::tool {

/// Of each unit of blocks of a device, how often it was written. Several threads may write and ask.
///
/// A write of a unit gets a number as it begins, which goes into its data. When it began with no
/// other under way and has completed, it is sure that the unit holds it. Of writes at the same time
/// either may be the last: then the unit holds one of the run's, until it is written again.
class Written {
  public:
    /// How many writes of a unit may be under way at the same time.
    static constexpr std::uint32_t kMostAtOnce = (1u << 14) - 1;

    /// What is known of a unit at one moment.
    class Unit {
      public:
        /// It was written, and all writes of it have completed.
        bool settled() const noexcept { return (word_ & (kUnderWay | kWritten)) == kWritten; }
        /// And it holds the data of the write `number`.
        bool sure() const noexcept { return settled() && (word_ & kMixed) == 0; }
        /// Of the write that began last: from 1 on, and after 65,535 from 0 on.
        std::uint16_t number() const noexcept { return static_cast<std::uint16_t>(word_); }
        bool operator==(const Unit&) const = default;

      private:
        friend Written;
        std::uint32_t word_ = 0;
    };

    /// Throws `std::bad_alloc`. Memory is used where there was a write.
    /// \param unit_blocks what every I/O's place and length are multiples of
    Written(std::uint64_t blocks, std::uint32_t unit_blocks);

    std::uint32_t unit_blocks() const noexcept { return unit_blocks_; }
    /// The unit of a block.
    Unit unit_of(std::uint64_t slba) const noexcept;

    /// A write of the unit of this block begins. \return its number
    std::uint16_t begin(std::uint64_t slba) noexcept;
    /// The write of these blocks, whole units, has completed.
    void end(std::uint64_t slba, std::uint32_t blocks) noexcept;

    /// The first range of written blocks from `slba` on, with at most `most` blocks, which is a
    /// multiple of the unit; nothing when there is none.
    std::optional<BlockRange> next(std::uint64_t slba, std::uint32_t most) const noexcept;
    /// How many blocks are written.
    std::uint64_t count() const noexcept;

  private:
    static constexpr std::uint32_t kNumber = 0xffff;
    static constexpr std::uint32_t kOneUnderWay = 1u << 16;
    static constexpr std::uint32_t kUnderWay = kMostAtOnce * kOneUnderWay;
    static constexpr std::uint32_t kMixed = 1u << 30;  ///< The last ones were at the same time.
    static constexpr std::uint32_t kWritten = 1u << 31;

    using Word = std::atomic<std::uint32_t>;
    struct Free {
        void operator()(Word* words) const noexcept { std::free(words); }
    };
    bool is_written(std::uint64_t unit) const noexcept {
        return (words_[unit].load(std::memory_order_relaxed) & kWritten) != 0;
    }

    std::uint64_t units_;
    std::uint32_t unit_blocks_;
    std::unique_ptr<Word[], Free> words_;
};

/// The pattern of a write of a run. No two writes of a unit have the same, but for those that are
/// 65,536 apart.
Pattern pattern_of_write(const Pattern& run, std::uint16_t number) noexcept;
/// How far apart the generations of two runs are.
inline constexpr unsigned kRunShift = 16;

/// Holds a block that was read against what the run wrote: the last write where that is sure, else
/// any of them.
/// \param number the block's own
/// \param unit of the block; settled, from before the read until after it
std::optional<Mismatch> check_written(std::span<const std::byte> block, std::uint64_t number,
                                      const Pattern& run, Written::Unit unit);

}  // namespace xnvme::tool
