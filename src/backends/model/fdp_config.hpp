/// \file
/// What an identifier says about flexible data placement and streams.
#pragma once

#include <cstdint>
#include <string_view>

#include <xnvme/result.hpp>

namespace xnvme::be_model {

struct Config;

/// Flexible data placement, and the streams directive.
struct PlacementConfig {
    bool fdp = false;              ///< The controller has flexible data placement, turned on.
    std::uint32_t handles = 8;     ///< Reclaim unit handles, all of them the namespace's.
    std::uint32_t groups = 1;      ///< Reclaim groups: a power of two.
    std::uint64_t unit_bytes = 0;  ///< Of a reclaim unit; 0: as suits the size.
    std::uint32_t streams = 0;     ///< Streams that can be open at a time; 0: no such directive.

    bool operator==(const PlacementConfig&) const = default;
};

/// Reads `fdp`, `ruh`, `groups`, `ru` or `streams`.
Result<void, Failure> read_placement(std::string_view key, std::string_view value,
                                     PlacementConfig& config);
/// Holds what was read against the rest, and fills in what was not given.
Result<void, Failure> check_placement(Config& config);

}  // namespace xnvme::be_model
