/// \file
/// The fields of features, by name: one table that printing, the command line and programs read.
///
/// A field stands in a dword of the Set Features command. Get Features returns the value of most
/// features in dword 0 of the completion, its fields at the same bits; fields that only choose what
/// the command is about (a sensor, an NVM set) stand in dword 11 of both commands, and are not
/// returned. The structures of features that have one are in features.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <xnvme/export.hpp>
#include <xnvme/nvme/features.hpp>
#include <xnvme/result.hpp>

namespace xnvme::nvme {

/// How the bits of a field become a value.
enum class FieldKind : std::uint8_t {
    number,        ///< As they are.
    flag,          ///< One bit: false or true.
    one_based,     ///< A count that the specification counts from zero.
    scaled,        ///< In units of `scale`; 0 stands for none.
    power_of_two,  ///< An exponent; all ones stand for no limit.
    celsius,       ///< Kelvin, as degrees Celsius; 0 stands for not set.
    choice,        ///< One of `choices`, by name.
};

/// What a field is for.
enum class FieldRole : std::uint8_t {
    value,     ///< Set, and returned by Get Features.
    selector,  ///< Chooses what Set and Get Features are about; not returned.
    both,      ///< Chooses, and is returned.
};

struct FeatureField {
    FeatureId id;
    std::uint8_t dword;  ///< Of Set Features: 11 or 12.
    std::uint8_t bit;    ///< The lowest of its bits.
    std::uint8_t bits;
    FieldRole role;
    FieldKind kind;
    std::uint32_t scale;                        ///< Of `FieldKind::scaled`, else 1.
    std::string_view name;                      ///< With its unit last.
    std::span<const std::string_view> choices;  ///< Of `FieldKind::choice`, else empty.

    /// The largest raw value.
    constexpr std::uint32_t raw_max() const noexcept {
        return bits >= 32 ? 0xffffffffu : (1u << bits) - 1;
    }
    /// Its raw value in a dword.
    constexpr std::uint32_t raw(std::uint32_t dword_value) const noexcept {
        return (dword_value >> bit) & raw_max();
    }
    /// The dword with this field set; bits of `raw` past the field are dropped.
    constexpr std::uint32_t with(std::uint32_t dword_value, std::uint32_t raw) const noexcept {
        return (dword_value & ~(raw_max() << bit)) | ((raw & raw_max()) << bit);
    }
};

/// The fields of a feature in the order of their bits; empty for a feature without any, or one that
/// the library does not know. The view is of constant data. Any thread.
[[nodiscard]] XNVME_API std::span<const FeatureField> feature_fields(FeatureId id) noexcept;

/// The field of this name, or null.
[[nodiscard]] XNVME_API const FeatureField* find_feature_field(FeatureId id,
                                                               std::string_view name) noexcept;

/// Reads a field's value as people write it: a number (decimal or 0x hexadecimal) in the unit of
/// the field's name, `true` or `false` (`on`, `off`, `1`, `0`), `none` where there may be none, or
/// one of the choices.
/// \return the raw value, or `invalid_argument` with a sentence that says what is allowed.
/// Allocates.
[[nodiscard]] XNVME_API Result<std::uint32_t, Failure> parse_feature_field(
    const FeatureField& field, std::string_view text);

}  // namespace xnvme::nvme
