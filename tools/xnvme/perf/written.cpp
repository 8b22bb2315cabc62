#include "written.hpp"

#include <algorithm>
#include <bit>

namespace xnvme::tool {

Written::Written(std::uint64_t blocks, std::uint32_t unit_blocks)
    : units_(blocks / unit_blocks),
      unit_blocks_(unit_blocks),
      words_(std::make_unique<std::atomic<std::uint64_t>[]>(
          static_cast<std::size_t>((units_ + kBits - 1) / kBits))) {}

void Written::mark(std::uint64_t slba, std::uint32_t blocks) noexcept {
    const std::uint64_t first = slba / unit_blocks_;
    const std::uint64_t end = first + blocks / unit_blocks_;
    for (std::uint64_t unit = first; unit < end; ++unit)
        words_[unit / kBits].fetch_or(std::uint64_t{1} << unit % kBits, std::memory_order_relaxed);
}

bool Written::holds(std::uint64_t slba, std::uint32_t blocks) const noexcept {
    const std::uint64_t first = slba / unit_blocks_;
    const std::uint64_t end = first + blocks / unit_blocks_;
    for (std::uint64_t unit = first; unit < end; ++unit)
        if (!is_set(unit)) return false;
    return true;
}

std::optional<BlockRange> Written::next(std::uint64_t slba, std::uint32_t most) const noexcept {
    std::uint64_t unit = slba / unit_blocks_;
    while (unit < units_ && !is_set(unit)) {
        const std::uint64_t left =
            words_[unit / kBits].load(std::memory_order_relaxed) >> unit % kBits;
        unit += left == 0 ? kBits - unit % kBits : static_cast<unsigned>(std::countr_zero(left));
    }
    if (unit >= units_) return std::nullopt;
    const std::uint64_t end = std::min(units_, unit + most / unit_blocks_);
    std::uint64_t behind = unit + 1;
    while (behind < end && is_set(behind)) ++behind;
    return BlockRange{unit * unit_blocks_,
                      static_cast<std::uint32_t>((behind - unit) * unit_blocks_)};
}

std::uint64_t Written::count() const noexcept {
    std::uint64_t set = 0;
    for (std::uint64_t i = 0; i < (units_ + kBits - 1) / kBits; ++i)
        set += static_cast<unsigned>(std::popcount(words_[i].load(std::memory_order_relaxed)));
    return set * unit_blocks_;
}

}  // namespace xnvme::tool
