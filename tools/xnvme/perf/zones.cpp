#include "zones.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "output.hpp"
#include "zoned.hpp"

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

std::vector<std::vector<AppendZone>> take_zones(Device& device, std::uint32_t queues,
                                                std::uint32_t most_blocks, bool verify) {
    refuse_without_append(device);
    const Geometry& geometry = device.geometry();
    const std::uint32_t open_max = geometry.max_open_zones != 0     ? geometry.max_open_zones
                                   : geometry.max_active_zones != 0 ? geometry.max_active_zones
                                                                    : UINT32_MAX;
    if (queues > open_max)
        throw Stop(kUsage, fmt::format("{} queues append to a zone each, and {} lets {} be open.",
                                       queues, device.uri(), counted(open_max, "zone")));
    take_zoned(zoned::manage_all(device, nvme::ZoneAction::reset));
    std::vector<std::vector<AppendZone>> dealt(queues);
    std::size_t next = 0;
    for (const zoned::Zone& zone : take_zoned(zoned::report(device))) {
        if (zone.type != nvme::ZoneType::sequential || zone.room() < most_blocks ||
            zone.capacity >= UINT32_MAX)
            continue;
        dealt[next++ % queues].emplace_back(zone.start, zone.capacity, verify);
    }
    if (next < queues)
        throw Stop(kUsage,
                   fmt::format("{} has {} that such appends fit into, and {} queues take one each.",
                               device.uri(), counted(next, "zone"), queues));
    return dealt;
}

}  // namespace xnvme::tool
