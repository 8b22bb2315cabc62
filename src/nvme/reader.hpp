/// \file
/// The bounded reader through which every wire format of variable shape is decoded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>

namespace xnvme::nvme {

/// Walks over bytes that a device, a peer or a file gave. Nothing outside them is ever read, and
/// an access that does not fit leaves the reader where it was.
class Reader {
  public:
    explicit Reader(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}

    std::size_t offset_bytes() const noexcept { return offset_; }
    std::size_t remaining_bytes() const noexcept { return bytes_.size() - offset_; }

    /// Copies the next structure out and steps over it; nothing when it is not there in full.
    template <class T>
        requires(std::is_trivially_copyable_v<T> && alignof(T) == 1)
    std::optional<T> read() noexcept {
        if (remaining_bytes() < sizeof(T)) return std::nullopt;
        T value;
        std::memcpy(&value, bytes_.data() + offset_, sizeof(T));
        offset_ += sizeof(T);
        return value;
    }

    /// The next `count` bytes, in place; nothing when there are fewer.
    std::optional<std::span<const std::byte>> take(std::size_t count) noexcept {
        if (remaining_bytes() < count) return std::nullopt;
        const std::span<const std::byte> part = bytes_.subspan(offset_, count);
        offset_ += count;
        return part;
    }

    /// Goes to an offset from the start; false when it is past the end.
    bool seek(std::size_t offset_bytes) noexcept {
        if (offset_bytes > bytes_.size()) return false;
        offset_ = offset_bytes;
        return true;
    }

  private:
    std::span<const std::byte> bytes_;
    std::size_t offset_ = 0;
};

}  // namespace xnvme::nvme
