/// \file
/// What the commands of the zoned family share.
#pragma once

#include <cstdint>
#include <utility>

#include <xnvme/zoned.hpp>

#include "program.hpp"

namespace xnvme::tool {

/// `--slba` or `--zone`.
struct ZoneChoice {
    std::uint64_t value = 0;
    bool index = false;  ///< The value is a zone's number, not its first block.
    bool given = false;
};

/// Adds `--slba` and `--zone`, which exclude each other.
void add_zone_choice(CLI::App* command, ZoneChoice& zone);

/// The first block of the zone that was chosen. Ends the command when the device has no zones, or
/// none of this number.
std::uint64_t block_of(const Device& device, const ZoneChoice& zone);

/// Ends the command with the failure's sentence: a usage error where the library refused it.
[[noreturn]] void stop_zoned(Failure failure);

/// The value, or the end of the command.
template <class T>
T take_zoned(std::expected<T, Failure> result) {
    if (!result) stop_zoned(std::move(result.error()));
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// Ends the command when the device has no append, which only NVMe's zoned namespaces have.
void refuse_without_append(Device& device);

/// Adds `append` and `set-extension`: what sends data to zones (zoned_append.cpp).
void add_zoned_append(Program& program, CLI::App& zoned);

}  // namespace xnvme::tool
