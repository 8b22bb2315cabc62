#include "fdp_config.hpp"

#include <algorithm>
#include <bit>
#include <string>

#include <xnvme/size.hpp>

#include "parse.hpp"
#include "uri.hpp"

namespace xnvme::be_model {

namespace {

constexpr std::uint32_t kHandlesMax = 128;
constexpr std::uint32_t kGroupsMax = 32;
constexpr std::uint32_t kStreamsMax = 1024;
constexpr std::uint64_t kUnitMin = 4096;

std::unexpected<Failure> refuse(std::string sentence) {
    return fail(Errc::invalid_argument, std::move(sentence));
}

/// The media as a whole number of reclaim units for each group.
std::uint64_t usual_unit_bytes(const Config& config) {
    const std::uint64_t each = config.size_bytes / config.placement.groups / 64;
    return std::bit_floor(std::clamp(each, kUnitMin, std::uint64_t{64} << 20));
}

}  // namespace

Result<void, Failure> read_placement(std::string_view key, std::string_view value,
                                     PlacementConfig& config) {
    const auto bad = [&](std::string_view allowed) {
        return refuse("'" + std::string(key) + "=" + std::string(value) + "' of a model device: " +
                      std::string(key) + " must be " + std::string(allowed) + ".");
    };
    if (key == "ru") {
        const auto bytes = parse_size(value);
        if (!bytes || *bytes < kUnitMin || *bytes % kUnitMin != 0) return bad("a multiple of 4KiB");
        config.unit_bytes = *bytes;
        return {};
    }
    const auto number = parse_number(value);
    if (key == "fdp") {
        if (!number || *number > 1) return bad("0 or 1");
        config.fdp = *number == 1;
    } else if (key == "ruh") {
        if (!number || *number == 0 || *number > kHandlesMax) return bad("1 to 128");
        config.handles = static_cast<std::uint32_t>(*number);
    } else if (key == "groups") {
        if (!number || *number > kGroupsMax || !std::has_single_bit(*number))
            return bad("a power of two from 1 to 32");
        config.groups = static_cast<std::uint32_t>(*number);
    } else {
        if (!number || *number == 0 || *number > kStreamsMax) return bad("1 to 1024");
        config.streams = static_cast<std::uint32_t>(*number);
    }
    return {};
}

Result<void, Failure> check_placement(Config& config) {
    PlacementConfig& placement = config.placement;
    const auto given = [&](std::string_view key) {
        return std::ranges::find(config.given, key) != config.given.end();
    };
    const bool blocks = config.command_set == CommandSet::nvm;
    if ((placement.fdp || placement.streams != 0) && !blocks)
        return refuse(
            "Flexible data placement and streams of a model device are for namespaces of "
            "blocks: leave out fdp=1 and streams=, or the other command set.");
    for (const char* key : {"ruh", "groups", "ru"}) {
        if (given(key) && !placement.fdp)
            return refuse("The option '" + std::string(key) +
                          "' of a model device is about flexible data placement: add fdp=1.");
    }
    if (!placement.fdp) return {};
    if (placement.unit_bytes == 0) placement.unit_bytes = usual_unit_bytes(config);
    if (placement.unit_bytes * placement.groups > config.size_bytes)
        return refuse("ru=" + format_size(placement.unit_bytes) +
                      " with groups=" + std::to_string(placement.groups) +
                      " of a model device is more than its "
                      "size: each group needs room for a reclaim unit.");
    return {};
}

}  // namespace xnvme::be_model
