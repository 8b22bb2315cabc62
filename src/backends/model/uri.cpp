#include "uri.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <utility>

#include <xnvme/size.hpp>

#include "kv_uri.hpp"
#include "media.hpp"
#include "parse.hpp"
#include "text/nearest.hpp"

namespace xnvme::be_model {

namespace {

using std::chrono::nanoseconds;

/// What the keys that depend on each other say, until all are read.
struct Pending {
    std::optional<std::uint64_t> block;
    std::optional<std::uint64_t> meta;
};

std::unexpected<Failure> refuse(std::string sentence) {
    return fail(Errc::invalid_argument, std::move(sentence));
}
std::unexpected<Failure> refuse_value(std::string_view key, std::string_view value,
                                      std::string_view allowed) {
    return refuse("'" + std::string(key) + "=" + std::string(value) + "' of a model device: " +
                  std::string(key) + " must be " + std::string(allowed) + ".");
}

Result<void, Failure> read_flag(std::string_view key, std::string_view value, bool& flag) {
    if (value != "0" && value != "1") return refuse_value(key, value, "0 or 1");
    flag = value == "1";
    return {};
}

bool plain_text(std::string_view text, std::size_t longest) {
    return !text.empty() && text.size() <= longest &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

Result<void, Failure> read_name(std::string_view key, std::string_view value, Config& config,
                                Pending&) {
    if (!plain_text(value, 64)) return refuse_value(key, value, "1 to 64 printable characters");
    config.name = value;
    return {};
}
Result<void, Failure> read_serial(std::string_view key, std::string_view value, Config& config,
                                  Pending&) {
    if (!plain_text(value, 20)) return refuse_value(key, value, "1 to 20 printable characters");
    config.serial = value;
    return {};
}
Result<void, Failure> read_block(std::string_view key, std::string_view value, Config&,
                                 Pending& pending) {
    const auto bytes = parse_size(value);
    if (!bytes || (*bytes != 512 && *bytes != 4096)) return refuse_value(key, value, "512 or 4096");
    pending.block = *bytes;
    return {};
}
Result<void, Failure> read_meta(std::string_view key, std::string_view value, Config&,
                                Pending& pending) {
    const auto bytes = parse_number(value);
    if (!bytes || (*bytes != 0 && *bytes != 8 && *bytes != 16 && *bytes != 64))
        return refuse_value(key, value, "0, 8, 16 or 64");
    pending.meta = *bytes;
    return {};
}
Result<void, Failure> read_extended(std::string_view key, std::string_view value, Config& config,
                                    Pending&) {
    return read_flag(key, value, config.extended);
}
Result<void, Failure> read_protection(std::string_view key, std::string_view value, Config& config,
                                      Pending&) {
    return read_protection_key(key, value, config.protection);
}
Result<void, Failure> read_mdts(std::string_view key, std::string_view value, Config& config,
                                Pending&) {
    const auto bytes = parse_size(value);
    if (!bytes || *bytes < kMdtsMin || *bytes > kMdtsMax || !std::has_single_bit(*bytes))
        return refuse_value(key, value, "a power of two from 8KiB to 1GiB");
    config.mdts_bytes = static_cast<std::uint32_t>(*bytes);
    return {};
}
Result<void, Failure> read_latency(std::string_view key, std::string_view value, Config& config,
                                   Pending&) {
    const auto duration = parse_duration(value);
    if (!duration) return refuse_value(key, value, "a time from 0ns to 1h, such as 100us or 5ms");
    if (key != "write_latency") config.read_latency = *duration;
    if (key != "read_latency") config.write_latency = *duration;
    return {};
}
Result<void, Failure> read_background(std::string_view key, std::string_view value, Config& config,
                                      Pending&) {
    const auto duration = parse_duration(value);
    if (!duration) return refuse_value(key, value, "a time up to 3600s, such as 500ms or 2s");
    config.background = *duration;
    return {};
}
Result<void, Failure> read_dealloc(std::string_view key, std::string_view value, Config& config,
                                   Pending&) {
    if (value == "zeroes") {
        config.deallocated = DeallocatedRead::zeroes;
    } else if (value == "ones") {
        config.deallocated = DeallocatedRead::ones;
    } else if (value == "unreported") {
        config.deallocated = DeallocatedRead::unreported;
    } else {
        return refuse_value(key, value, "zeroes, ones or unreported");
    }
    return {};
}
Result<void, Failure> read_ro(std::string_view key, std::string_view value, Config& config,
                              Pending&) {
    return read_flag(key, value, config.read_only);
}
Result<void, Failure> read_zones(std::string_view key, std::string_view value, Config& config,
                                 Pending&) {
    return read_zone_key(key, value, config.zones);
}
Result<void, Failure> read_csi(std::string_view key, std::string_view value, Config& config,
                               Pending&) {
    if (value != "nvm" && value != "kv") return refuse_value(key, value, "nvm or kv");
    config.command_set = value == "kv" ? CommandSet::key_value : CommandSet::nvm;
    return {};
}
Result<void, Failure> read_key_value(std::string_view key, std::string_view value, Config& config,
                                     Pending&) {
    return read_kv_limit(key, value, config.kv);
}
Result<void, Failure> read_placement_key(std::string_view key, std::string_view value,
                                         Config& config, Pending&) {
    return read_placement(key, value, config.placement);
}
Result<void, Failure> read_fault(std::string_view, std::string_view value, Config& config,
                                 Pending&) {
    auto rule = parse_fault(value);
    if (!rule) return std::unexpected(std::move(rule.error()));
    config.faults.push_back(*rule);
    return {};
}

struct Key {
    std::string_view name;
    Result<void, Failure> (*read)(std::string_view key, std::string_view value, Config& config,
                                  Pending& pending);
};
constexpr Key kKeys[] = {
    {"name", read_name},
    {"block", read_block},
    {"meta", read_meta},
    {"extended", read_extended},
    {"pi", read_protection},
    {"guard", read_protection},
    {"pi_first", read_protection},
    {"storage_tag", read_protection},
    {"mdts", read_mdts},
    {"latency", read_latency},
    {"read_latency", read_latency},
    {"write_latency", read_latency},
    {"background", read_background},
    {"dealloc", read_dealloc},
    {"ro", read_ro},
    {"csi", read_csi},
    {"key_max", read_key_value},
    {"value_max", read_key_value},
    {"keys_max", read_key_value},
    {"fdp", read_placement_key},
    {"ruh", read_placement_key},
    {"groups", read_placement_key},
    {"ru", read_placement_key},
    {"streams", read_placement_key},
    {"serial", read_serial},
    {"fault", read_fault},
    {"zoned", read_zones},
    {"zone", read_zones},
    {"zone_capacity", read_zones},
    {"max_open", read_zones},
    {"max_active", read_zones},
    {"append", read_zones},
    {"extension", read_zones},
    {"zrwa", read_zones},
    {"zrwa_flush", read_zones},
    {"zrwa_zones", read_zones},
    {"cross_read", read_zones},
};

std::unexpected<Failure> refuse_key(std::string_view key) {
    std::vector<std::string_view> names;
    std::string all;
    for (const Key& known : kKeys) {
        names.push_back(known.name);
        all += (all.empty() ? "" : ", ") + std::string(known.name);
    }
    const std::string_view near = text::nearest(key, names);
    return refuse("A model device has no option '" + std::string(key) + "'. " +
                  (near.empty() ? "The options are " + all + "."
                                : "Did you mean '" + std::string(near) + "'?"));
}

Result<void, Failure> read_pair(std::string_view pair, Config& config, Pending& pending) {
    std::string_view value = pair;
    const std::string_view name = take_until(value, '=');
    const auto* key = std::find_if(std::begin(kKeys), std::end(kKeys),
                                   [name](const Key& known) { return known.name == name; });
    if (name.empty())
        return refuse("The options of a model device are key=value pairs joined by '&', and '" +
                      std::string(pair) + "' has no key.");
    if (key == std::end(kKeys)) return refuse_key(name);
    if (pair.find('=') == std::string_view::npos)
        return refuse("The option '" + std::string(name) +
                      "' of a model device has no value: "
                      "write " +
                      std::string(name) + "=VALUE.");
    const bool again =
        std::find(config.given.begin(), config.given.end(), name) != config.given.end();
    if (again && name != "fault")
        return refuse("The option '" + std::string(name) +
                      "' of a model device is given twice; only fault= may be.");
    config.given.emplace_back(name);
    return key->read(name, value, config, pending);
}

Result<void, Failure> choose_format(Config& config, const Pending& pending) {
    const ProtectionConfig& protection = config.protection;
    const std::uint8_t guard = protection.guard_bits.value_or(16);
    const std::uint64_t enough = protection.type == 0 ? 0 : guard == 16 ? 8 : 16;
    const std::uint64_t meta = pending.meta.value_or(enough);
    if (auto checked = check_protection_config(protection, meta); !checked) return checked;
    const std::uint64_t block = pending.block.value_or(meta != 0 ? 4096 : 512);
    for (std::size_t i = 0; i < kFormats.size(); ++i) {
        if (std::uint64_t{1} << kFormats[i].block_shift != block ||
            kFormats[i].metadata_bytes != meta || kFormats[i].guard_bits != guard)
            continue;
        config.format = static_cast<std::uint8_t>(i);
        if (config.extended && meta == 0)
            return refuse("extended=1 of a model device needs metadata: add meta=8, 16 or 64.");
        return {};
    }
    return refuse("block=" + std::to_string(block) + " with meta=" + std::to_string(meta) +
                  " and guard=" + std::to_string(guard) + " is no format of a model device.");
}

}  // namespace

Result<nanoseconds, Failure> parse_duration(std::string_view text) {
    struct Unit {
        std::string_view suffix;
        std::uint64_t nanoseconds;
    };
    static constexpr Unit kUnits[] = {
        {"ns", 1}, {"us", 1'000}, {"ms", 1'000'000}, {"s", 1'000'000'000}};
    constexpr std::uint64_t kLongest = 3'600'000'000'000;
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto number = parse_number(text.substr(0, digits));
    for (const Unit& unit : kUnits) {
        if (!number || text.substr(digits) != unit.suffix) continue;
        if (*number > kLongest / unit.nanoseconds) break;
        return nanoseconds(static_cast<std::int64_t>(*number * unit.nanoseconds));
    }
    return refuse("'" + std::string(text) +
                  "' is not a time: write digits and ns, us, ms or s, such as 100us; at most one "
                  "hour.");
}

Result<Config, Failure> parse_uri(std::string_view text) {
    Config config;
    Pending pending;
    std::string_view rest = text;
    if (rest.starts_with("mem:")) rest.remove_prefix(4);
    const std::string_view size_text = take_until(rest, '?');
    auto size = parse_size(size_text);
    if (!size) return std::unexpected(std::move(size.error()));
    config.size_bytes = *size;
    while (!rest.empty()) {
        const std::string_view pair = take_until(rest, '&');
        if (auto read = read_pair(pair, config, pending); !read)
            return std::unexpected(std::move(read.error()));
    }
    if (auto chosen = choose_format(config, pending); !chosen)
        return std::unexpected(std::move(chosen.error()));
    if (auto agreed = check_kv(config); !agreed) return std::unexpected(std::move(agreed.error()));
    if (auto agreed = check_placement(config); !agreed)
        return std::unexpected(std::move(agreed.error()));
    if (config.size_bytes < kSizeMin || config.size_bytes > kSizeMax)
        return refuse("A model device of " + format_size(config.size_bytes) +
                      " cannot be made: the size must be from 4 KiB to 1 PiB.");
    const std::uint64_t block = std::uint64_t{1} << kFormats[config.format].block_shift;
    if (config.size_bytes % block != 0)
        return refuse("The size " + std::to_string(config.size_bytes) +
                      " of a model device is no multiple of its block size " +
                      std::to_string(block) + ": use " +
                      std::to_string(config.size_bytes / block * block) + " or " +
                      std::to_string((config.size_bytes / block + 1) * block) + ".");
    if (auto completed = complete_zones(config); !completed)
        return std::unexpected(std::move(completed.error()));
    return config;
}

}  // namespace xnvme::be_model
