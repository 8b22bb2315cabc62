#include "append_zone.hpp"

#include <algorithm>
#include <cstddef>

namespace xnvme::tool {

bool AppendZone::place(std::uint64_t lba, std::uint32_t blocks, std::uint64_t number) noexcept {
    if (lba < zslba_ || lba - zslba_ > capacity_ - blocks) return false;
    if (!verify_) return true;
    const auto first = static_cast<std::size_t>(lba - zslba_);
    for (std::uint32_t i = 0; i < blocks; ++i) {
        std::uint32_t& there = numbers_[first + i];
        if (there != 0) return false;
        there = static_cast<std::uint32_t>(number - zslba_) + i + 1;
    }
    return true;
}

void AppendZone::begin() {
    sent_ = 0;
    ++round_;
    if (verify_) numbers_.assign(static_cast<std::size_t>(capacity_), 0);
}

std::optional<BlockRange> AppendZone::next(std::uint64_t lba, std::uint32_t most) const noexcept {
    const auto is_written = [](std::uint32_t number) { return number != 0; };
    const auto from = numbers_.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(
                                             lba - zslba_, numbers_.size()));
    const auto first = std::find_if(from, numbers_.end(), is_written);
    if (first == numbers_.end()) return std::nullopt;
    const auto last = numbers_.end() - first > most ? first + most : numbers_.end();
    const auto behind = std::find_if_not(first, last, is_written);
    return BlockRange{zslba_ + static_cast<std::uint64_t>(first - numbers_.begin()),
                      static_cast<std::uint32_t>(behind - first)};
}

std::uint64_t AppendZone::count() const noexcept {
    return static_cast<std::uint64_t>(
        std::ranges::count_if(numbers_, [](std::uint32_t number) { return number != 0; }));
}

}  // namespace xnvme::tool
