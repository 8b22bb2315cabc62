/// \file
/// Integers as they stand on the wire: little-endian, without alignment.
///
/// Structures of the specification are built of these, so that they have no padding and can be
/// copied to and from a buffer at any address. Everything here is plain data: trivially copyable,
/// uninitialised unless value-initialised (`IdentifyController id{};` is all zeroes).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>

#include <xnvme/result.hpp>

namespace xnvme::nvme {

/// An unsigned integer in little-endian byte order. It converts to and from the integer.
template <class T>
class LittleEndian {
  public:
    static_assert(std::is_unsigned_v<T>);
    static_assert(std::endian::native == std::endian::little,
                  "the bytes are taken as they are, which needs a little-endian machine");

    constexpr LittleEndian() noexcept = default;
    constexpr LittleEndian(T value) noexcept  // NOLINT: the conversion is the point of the type.
        : bytes_(std::bit_cast<std::array<std::uint8_t, sizeof(T)>>(value)) {}

    constexpr operator T() const noexcept { return std::bit_cast<T>(bytes_); }  // NOLINT: as above.
    /// The integer, for places where the type must be spelt out.
    constexpr T value() const noexcept { return std::bit_cast<T>(bytes_); }

    constexpr LittleEndian& operator|=(T bits) noexcept {
        return *this = LittleEndian(static_cast<T>(value() | bits));
    }
    constexpr LittleEndian& operator&=(T bits) noexcept {
        return *this = LittleEndian(static_cast<T>(value() & bits));
    }
    constexpr LittleEndian& operator+=(T addend) noexcept {
        return *this = LittleEndian(static_cast<T>(value() + addend));
    }

  private:
    std::array<std::uint8_t, sizeof(T)> bytes_;
};

using Le16 = LittleEndian<std::uint16_t>;
using Le32 = LittleEndian<std::uint32_t>;
using Le64 = LittleEndian<std::uint64_t>;

static_assert(sizeof(Le16) == 2 && alignof(Le16) == 1 && std::is_trivial_v<Le16>);
static_assert(sizeof(Le32) == 4 && alignof(Le32) == 1 && std::is_trivial_v<Le32>);
static_assert(sizeof(Le64) == 8 && alignof(Le64) == 1 && std::is_trivial_v<Le64>);

/// A 128-bit little-endian count, as the health log and the capacities have them.
struct U128 {
    Le64 low;
    Le64 high;

    static constexpr U128 of(std::uint64_t value) noexcept { return U128{value, 0}; }

    constexpr bool operator==(const U128& other) const noexcept {
        return low.value() == other.low.value() && high.value() == other.high.value();
    }
    constexpr bool is_zero() const noexcept { return low.value() == 0 && high.value() == 0; }
    /// The count, or the largest 64-bit integer where it does not fit.
    constexpr std::uint64_t saturated() const noexcept {
        return high.value() == 0 ? low.value() : UINT64_MAX;
    }
    /// Adds with carry; wraps at 2^128.
    constexpr U128& operator+=(std::uint64_t addend) noexcept {
        const std::uint64_t sum = low.value() + addend;
        if (sum < addend) high += 1;
        low = sum;
        return *this;
    }
    /// All digits, in base ten. Allocates.
    std::string decimal() const {
        std::array<std::uint32_t, 4> limbs{
            static_cast<std::uint32_t>(high.value() >> 32),
            static_cast<std::uint32_t>(high.value()),
            static_cast<std::uint32_t>(low.value() >> 32),
            static_cast<std::uint32_t>(low.value()),
        };
        std::array<char, 40> digits{};
        std::size_t at = digits.size();
        do {
            std::uint64_t remainder = 0;
            for (std::uint32_t& limb : limbs) {
                const std::uint64_t part = (remainder << 32) | limb;
                limb = static_cast<std::uint32_t>(part / 10);
                remainder = part % 10;
            }
            digits[--at] = static_cast<char>('0' + remainder);
        } while ((limbs[0] | limbs[1] | limbs[2] | limbs[3]) != 0);
        return std::string(digits.data() + at, digits.size() - at);
    }
};
static_assert(sizeof(U128) == 16 && alignof(U128) == 1 && std::is_trivial_v<U128>);

/// Copies a structure of the specification out of a buffer.
/// \return the structure, or `Errc::bad_length` when the buffer is shorter than it.
template <class T>
    requires(std::is_trivially_copyable_v<T> && alignof(T) == 1)
[[nodiscard]] Result<T> decode(std::span<const std::byte> bytes) noexcept {
    if (bytes.size() < sizeof(T)) return fail(Errc::bad_length);
    T value;
    std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
}

/// The bytes of a structure of the specification, to send or to compare. They belong to `value`.
template <class T>
    requires(std::is_trivially_copyable_v<T> && alignof(T) == 1)
[[nodiscard]] std::span<const std::byte, sizeof(T)> encode(const T& value) noexcept {
    return std::as_bytes(std::span<const T, 1>(&value, 1));
}

}  // namespace xnvme::nvme
