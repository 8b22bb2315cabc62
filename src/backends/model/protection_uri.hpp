/// \file
/// Reading what a model device's identifier says of protection information.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <xnvme/result.hpp>

namespace xnvme::be_model {

/// What an identifier asks for.
struct ProtectionConfig {
    std::uint8_t type = 0;
    bool first = false;
    std::optional<std::uint8_t> guard_bits;        ///< Which format is chosen, too.
    std::optional<std::uint8_t> storage_tag_bits;  ///< Of that guard.

    bool operator==(const ProtectionConfig&) const = default;
};

/// Reads one of the keys `pi=0..3`, `guard=16|32|64`, `pi_first=0|1` and `storage_tag=BITS`. Fails
/// with a sentence that says what is allowed.
Result<void, Failure> read_protection_key(std::string_view key, std::string_view value,
                                          ProtectionConfig& config);

/// Checks what is given against each other and against the bytes of metadata.
Result<void, Failure> check_protection_config(const ProtectionConfig& config,
                                              std::uint64_t metadata_bytes);

}  // namespace xnvme::be_model
