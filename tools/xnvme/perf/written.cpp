#include "written.hpp"

#include <algorithm>
#include <new>

namespace xnvme::tool {

Written::Written(std::uint64_t blocks, std::uint32_t unit_blocks)
    : units_(blocks / unit_blocks), unit_blocks_(unit_blocks) {
    // Zeroed memory of this size comes from the system, page by page as it is written to.
    static_assert(sizeof(Word) == sizeof(std::uint32_t) && Word::is_always_lock_free);
    words_.reset(static_cast<Word*>(
        std::calloc(static_cast<std::size_t>(std::max<std::uint64_t>(units_, 1)), sizeof(Word))));
    if (words_ == nullptr) throw std::bad_alloc();
}

Written::Unit Written::unit_of(std::uint64_t slba) const noexcept {
    Unit unit;
    unit.word_ = words_[slba / unit_blocks_].load(std::memory_order_acquire);
    return unit;
}

std::uint16_t Written::begin(std::uint64_t slba) noexcept {
    Word& word = words_[slba / unit_blocks_];
    std::uint32_t before = word.load(std::memory_order_relaxed);
    std::uint32_t after = 0;
    do {
        const bool alone = (before & kUnderWay) == 0;
        after = ((before & kUnderWay) + kOneUnderWay) | (alone ? 0 : kMixed) | (before & kWritten) |
                ((before + 1) & kNumber);
    } while (!word.compare_exchange_weak(before, after, std::memory_order_acq_rel,
                                         std::memory_order_relaxed));
    return static_cast<std::uint16_t>(after);
}

void Written::end(std::uint64_t slba, std::uint32_t blocks) noexcept {
    const std::uint64_t first = slba / unit_blocks_;
    const std::uint64_t end = first + blocks / unit_blocks_;
    for (std::uint64_t unit = first; unit < end; ++unit) {
        Word& word = words_[unit];
        std::uint32_t before = word.load(std::memory_order_relaxed);
        while (!word.compare_exchange_weak(before, (before - kOneUnderWay) | kWritten,
                                           std::memory_order_acq_rel, std::memory_order_relaxed)) {
        }
    }
}

std::optional<BlockRange> Written::next(std::uint64_t slba, std::uint32_t most) const noexcept {
    std::uint64_t unit = slba / unit_blocks_;
    while (unit < units_ && !is_written(unit)) ++unit;
    if (unit >= units_) return std::nullopt;
    const std::uint64_t end = std::min(units_, unit + most / unit_blocks_);
    std::uint64_t behind = unit + 1;
    while (behind < end && is_written(behind)) ++behind;
    return BlockRange{unit * unit_blocks_,
                      static_cast<std::uint32_t>((behind - unit) * unit_blocks_)};
}

std::uint64_t Written::count() const noexcept {
    std::uint64_t written = 0;
    for (std::uint64_t unit = 0; unit < units_; ++unit) written += is_written(unit) ? 1 : 0;
    return written * unit_blocks_;
}

Pattern pattern_of_write(const Pattern& run, std::uint16_t number) noexcept {
    return {run.seed, run.generation + number};
}

std::optional<Mismatch> check_written(std::span<const std::byte> block, std::uint64_t number,
                                      const Pattern& run, Written::Unit unit) {
    Pattern expected = pattern_of_write(run, unit.number());
    const auto claimed = claimed_pattern(block, number);
    const bool of_this_run = claimed && claimed->seed == run.seed &&
                             claimed->generation >> kRunShift == run.generation >> kRunShift;
    if (!unit.sure() && of_this_run) expected = *claimed;
    auto mismatch = check_block(block, number, expected);
    if (mismatch && of_this_run && claimed->generation != expected.generation)
        mismatch->holds = "what an earlier write of this run left there";
    return mismatch;
}

}  // namespace xnvme::tool
