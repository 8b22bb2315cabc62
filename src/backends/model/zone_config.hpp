/// \file
/// What an identifier asks of the zones of a model device.
#pragma once

#include <cstdint>
#include <string_view>

#include <xnvme/result.hpp>

namespace xnvme::be_model {

struct Config;

/// The zones of a namespace, as they are asked for.
struct ZoneConfig {
    bool zoned = false;
    std::uint64_t zone_bytes = std::uint64_t{16} << 20;
    std::uint64_t capacity_bytes = 0;    ///< Of a zone; 0: all of it.
    std::uint32_t max_open = 0;          ///< 0: no limit.
    std::uint32_t max_active = 0;        ///< 0: no limit.
    std::uint64_t append_bytes = 0;      ///< Most in one append; 0: as much as in any command.
    std::uint32_t extension_bytes = 0;   ///< Of a zone descriptor.
    std::uint64_t area_bytes = 0;        ///< Of a random write area; 0: there are none.
    std::uint64_t area_flush_bytes = 0;  ///< What an area is committed in.
    std::uint32_t areas = 0;             ///< Zones that may have one; 0: all.
    bool reads_cross = false;            ///< A read may reach from one zone into the next.
    std::string_view first_given;        ///< A key that was given beside `zoned`, or empty.
};

/// The most zones of a device: their table is memory that is taken at once.
inline constexpr std::uint64_t kZonesMax = std::uint64_t{1} << 20;

/// Reads one of the keys of zones:
///
/// - `zoned=0|1`; all others need `zoned=1`
/// - `zone=SIZE`, `zone_capacity=SIZE`: multiples of 4KiB
/// - `max_open=N`, `max_active=N`: 0 for no limit
/// - `append=SIZE`: a power of two from 8KiB
/// - `extension=BYTES`: a multiple of 64
/// - `zrwa=SIZE`, `zrwa_flush=SIZE`, `zrwa_zones=N`: the zone random write area
/// - `cross_read=0|1`
Result<void, Failure> read_zone_key(std::string_view key, std::string_view value,
                                    ZoneConfig& zones);

/// Checks what depends on several keys, and fills in what was left open.
Result<void, Failure> complete_zones(Config& config);

}  // namespace xnvme::be_model
