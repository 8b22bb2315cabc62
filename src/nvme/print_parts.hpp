/// \file
/// What the printing functions share: flags, identifiers, counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include <xnvme/nvme/print.hpp>

namespace xnvme::nvme {

/// A bit of a field and its name.
struct Flag {
    unsigned bit;
    std::string_view name;
};

/// A field of flags: its raw value in base sixteen, then each flag as a boolean.
Node flags_node(std::uint64_t value, unsigned digits, std::initializer_list<Flag> flags);

/// Bytes as base sixteen digits without separators, in the order they stand.
std::string hex_text(std::span<const std::uint8_t> bytes);

/// A UUID in its usual form: 8-4-4-4-12 digits. RFC 9562 §4
std::string uuid_text(const std::array<std::uint8_t, 16>& uuid);

/// A temperature in kelvin as degrees Celsius; null for 0, which means not reported.
Node celsius_node(std::uint32_t kelvin);

/// A zero-based 16-bit count as a count.
inline std::uint32_t one_based(std::uint16_t count) noexcept {
    return count + 1u;
}

}  // namespace xnvme::nvme
