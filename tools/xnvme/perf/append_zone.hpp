/// \file
/// What was appended to a zone, and where the device says that it went.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "block_range.hpp"

namespace xnvme::tool {

/// A zone with what was sent to it since it was empty.
class AppendZone {
  public:
    AppendZone(std::uint64_t zslba, std::uint64_t capacity, bool verify)
        : zslba_(zslba), capacity_(capacity), verify_(verify) {}

    std::uint64_t zslba() const noexcept { return zslba_; }
    bool empty() const noexcept { return sent_ == 0; }
    bool full() const noexcept { return sent_ == capacity_; }
    bool has_room_for(std::uint32_t blocks) const noexcept { return capacity_ - sent_ >= blocks; }

    /// Takes room for an append. \return the number that the data of its first block is made from;
    /// no two blocks of a device have the same at the same time
    std::uint64_t send(std::uint32_t blocks) noexcept {
        const std::uint64_t number = zslba_ + sent_;
        sent_ += blocks;
        return number;
    }
    /// An append has completed. False when the device names a place that cannot be: outside the
    /// zone, or, with verification, one that another append was given.
    bool place(std::uint64_t lba, std::uint32_t blocks, std::uint64_t number) noexcept;
    /// Makes ready to be written from its start.
    void begin();
    /// How often it has been begun: goes into the data, so that what it held before is told.
    std::uint16_t round() const noexcept { return round_; }

    /// With verification: the first range of written blocks from `lba` on.
    std::optional<BlockRange> next(std::uint64_t lba, std::uint32_t most) const noexcept;
    std::uint64_t number_of(std::uint64_t lba) const noexcept {
        return zslba_ + numbers_[static_cast<std::size_t>(lba - zslba_)] - 1;
    }
    std::uint64_t count() const noexcept;

  private:
    std::uint64_t zslba_;
    std::uint64_t capacity_;
    bool verify_;
    std::uint64_t sent_ = 0;
    std::uint16_t round_ = 0;
    /// By block: one more than the place in the order of sending of what was put there; 0 for
    /// nothing. Empty until the zone is first written.
    std::vector<std::uint32_t> numbers_;
};

}  // namespace xnvme::tool
