#include "zone_config.hpp"

#include <bit>
#include <string>

#include <xnvme/size.hpp>

#include "parse.hpp"
#include "uri.hpp"

namespace xnvme::be_model {

namespace {

/// Blocks of every format are parts of this.
constexpr std::uint64_t kUnit = 4096;
constexpr std::uint64_t kAppendMin = 8192;  // ZASL cannot say less: 0 stands for MDTS.
constexpr std::uint64_t kExtensionMax = 255 * 64;
/// ZRWASZ counts blocks, of 512 bytes at the least, in 16 bits.
constexpr std::uint64_t kAreaMax = std::uint64_t{65528} * 512;

std::unexpected<Failure> refuse(std::string sentence) {
    return fail(Errc::invalid_argument, std::move(sentence));
}
std::unexpected<Failure> refuse_value(std::string_view key, std::string_view value,
                                      std::string_view allowed) {
    return refuse("'" + std::string(key) + "=" + std::string(value) + "' of a model device: " +
                  std::string(key) + " must be " + std::string(allowed) + ".");
}

using Read = Result<void, Failure> (*)(std::string_view key, std::string_view value,
                                       ZoneConfig& zones);

template <bool ZoneConfig::* kMember>
Result<void, Failure> read_flag(std::string_view key, std::string_view value, ZoneConfig& zones) {
    if (value != "0" && value != "1") return refuse_value(key, value, "0 or 1");
    zones.*kMember = value == "1";
    return {};
}
template <std::uint64_t ZoneConfig::* kMember>
Result<void, Failure> read_multiple(std::string_view key, std::string_view value,
                                    ZoneConfig& zones) {
    const auto bytes = parse_size(value);
    if (!bytes || *bytes == 0 || *bytes % kUnit != 0)
        return refuse_value(key, value, "a multiple of 4KiB");
    zones.*kMember = *bytes;
    return {};
}
template <std::uint32_t ZoneConfig::* kMember>
Result<void, Failure> read_count(std::string_view key, std::string_view value, ZoneConfig& zones) {
    const auto count = parse_number(value);
    if (!count || *count > kZonesMax)
        return refuse_value(key, value, "a number of zones, 0 for no limit");
    zones.*kMember = static_cast<std::uint32_t>(*count);
    return {};
}
Result<void, Failure> read_append(std::string_view key, std::string_view value, ZoneConfig& zones) {
    const auto bytes = parse_size(value);
    if (!bytes || *bytes < kAppendMin || !std::has_single_bit(*bytes))
        return refuse_value(key, value, "a power of two from 8KiB to the size of mdts");
    zones.append_bytes = *bytes;
    return {};
}
Result<void, Failure> read_extension(std::string_view key, std::string_view value,
                                     ZoneConfig& zones) {
    const auto bytes = parse_number(value);
    if (!bytes || *bytes % 64 != 0 || *bytes > kExtensionMax)
        return refuse_value(key, value, "a multiple of 64, at most 16320");
    zones.extension_bytes = static_cast<std::uint32_t>(*bytes);
    return {};
}

struct Key {
    std::string_view name;
    Read read;
};
constexpr Key kKeys[] = {
    {"zoned", read_flag<&ZoneConfig::zoned>},
    {"zone", read_multiple<&ZoneConfig::zone_bytes>},
    {"zone_capacity", read_multiple<&ZoneConfig::capacity_bytes>},
    {"max_open", read_count<&ZoneConfig::max_open>},
    {"max_active", read_count<&ZoneConfig::max_active>},
    {"append", read_append},
    {"extension", read_extension},
    {"zrwa", read_multiple<&ZoneConfig::area_bytes>},
    {"zrwa_flush", read_multiple<&ZoneConfig::area_flush_bytes>},
    {"zrwa_zones", read_count<&ZoneConfig::areas>},
    {"cross_read", read_flag<&ZoneConfig::reads_cross>},
};

Result<void, Failure> complete_areas(ZoneConfig& zones) {
    if (zones.area_bytes == 0) {
        if (zones.area_flush_bytes == 0 && zones.areas == 0) return {};
        return refuse(
            "zrwa_flush= and zrwa_zones= of a model device need zrwa=SIZE, the size of "
            "a random write area.");
    }
    if (zones.area_flush_bytes == 0) zones.area_flush_bytes = kUnit;
    if (zones.area_bytes % zones.area_flush_bytes != 0 ||
        zones.capacity_bytes % zones.area_flush_bytes != 0)
        return refuse("zrwa=" + format_size(zones.area_bytes) + " and the capacity of a zone, " +
                      format_size(zones.capacity_bytes) +
                      ", have to be multiples of zrwa_flush, which is " +
                      format_size(zones.area_flush_bytes) + ".");
    if (zones.area_bytes > zones.capacity_bytes || zones.area_bytes > kAreaMax)
        return refuse("A random write area of " + format_size(zones.area_bytes) +
                      " is too large: zrwa must be at most the capacity of a zone and " +
                      format_size(kAreaMax) + ".");
    return {};
}

}  // namespace

Result<void, Failure> read_zone_key(std::string_view key, std::string_view value,
                                    ZoneConfig& zones) {
    for (const Key& known : kKeys) {
        if (known.name != key) continue;
        if (key != "zoned" && zones.first_given.empty()) zones.first_given = known.name;
        return known.read(key, value, zones);
    }
    return refuse_value(key, value, "a key of zones");
}

Result<void, Failure> complete_zones(Config& config) {
    ZoneConfig& zones = config.zones;
    if (!zones.zoned) {
        if (zones.first_given.empty()) return {};
        return refuse("The option '" + std::string(zones.first_given) +
                      "' of a model device is for zones: add zoned=1.");
    }
    if (config.command_set != CommandSet::nvm)
        return refuse(
            "A model device has either zones or keys and values: leave out csi=kv or "
            "zoned=1.");
    if (config.placement.fdp)
        return refuse(
            "A model device has either zones or data placement: leave out fdp= or "
            "zoned=1.");
    config.command_set = CommandSet::zoned;
    if (config.protection.type != 0)
        return refuse(
            "A model device has either zones or protection information: leave out pi= "
            "or zoned=1.");
    if (zones.capacity_bytes == 0) zones.capacity_bytes = zones.zone_bytes;
    if (zones.capacity_bytes > zones.zone_bytes)
        return refuse("zone_capacity=" + format_size(zones.capacity_bytes) +
                      " of a model device is more than a zone has: zone is " +
                      format_size(zones.zone_bytes) + ".");
    if (config.size_bytes < zones.zone_bytes || config.size_bytes % zones.zone_bytes != 0)
        return refuse("A model device of " + format_size(config.size_bytes) +
                      " cannot be cut into zones of " + format_size(zones.zone_bytes) +
                      ": give zone=SIZE, of which the size is a multiple.");
    if (config.size_bytes / zones.zone_bytes > kZonesMax)
        return refuse("A model device of " + format_size(config.size_bytes) + " in zones of " +
                      format_size(zones.zone_bytes) +
                      " has too many of them: the most is 1048576. Make the zones larger.");
    if (zones.max_active != 0 && zones.max_open > zones.max_active)
        return refuse("max_open=" + std::to_string(zones.max_open) + " is more than max_active=" +
                      std::to_string(zones.max_active) + ": open zones are active.");
    if (zones.max_active != 0 && zones.max_open == 0) zones.max_open = zones.max_active;
    if (zones.append_bytes > config.mdts_bytes)
        return refuse("append=" + format_size(zones.append_bytes) + " of a model device is more " +
                      "than one command takes: mdts is " + format_size(config.mdts_bytes) + ".");
    if (zones.append_bytes == 0) zones.append_bytes = config.mdts_bytes;
    return complete_areas(zones);
}

}  // namespace xnvme::be_model
