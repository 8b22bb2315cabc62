#include "kv_uri.hpp"

#include <algorithm>
#include <string>

#include <xnvme/nvme/key_value.hpp>
#include <xnvme/size.hpp>

#include "parse.hpp"

namespace xnvme::be_model {

namespace {

std::unexpected<Failure> refuse(std::string sentence) {
    return fail(Errc::invalid_argument, std::move(sentence));
}

/// The first of `keys` that the identifier gave, or empty.
std::string_view given_of(const Config& config, std::initializer_list<std::string_view> keys) {
    for (const std::string_view key : keys) {
        if (std::ranges::find(config.given, key) != config.given.end()) return key;
    }
    return {};
}

/// A fault that no command of this command set could ever meet is a slip.
Result<void, Failure> check_faults(const Config& config) {
    const bool key_value = config.command_set == CommandSet::key_value;
    for (const FaultRule& rule : config.faults) {
        const bool by_key = rule.when == FaultRule::When::key;
        if (by_key && !key_value)
            return refuse("A fault with @key: needs a key-value model device: add csi=kv.");
        if (key_value && rule.when == FaultRule::When::lba)
            return refuse("A key-value model device has no blocks: use @key: or @nth: in fault=.");
        if (rule.any || rule.admin || rule.key_value == key_value) continue;
        // Flush is numbered the same in every command set.
        if (key_value && rule.opcode == static_cast<std::uint8_t>(nvme::NvmOpcode::flush)) continue;
        return refuse(key_value ? "A fault= of a key-value model device names one of its own "
                                  "commands: store, retrieve, list, delete, exist or flush."
                                : "A fault= names a command of the key-value command set: add "
                                  "csi=kv.");
    }
    return {};
}

}  // namespace

Result<void, Failure> read_kv_limit(std::string_view key, std::string_view value,
                                    KvConfig& config) {
    const auto bad = [&](std::string_view allowed) {
        return refuse("'" + std::string(key) + "=" + std::string(value) + "' of a model device: " +
                      std::string(key) + " must be " + std::string(allowed) + ".");
    };
    if (key == "value_max") {
        const auto bytes = parse_size(value);
        if (!bytes || *bytes == 0 || *bytes > kMdtsMax) return bad("a size from 1 to 1GiB");
        config.value_bytes_max = static_cast<std::uint32_t>(*bytes);
        return {};
    }
    const auto number = parse_number(value);
    if (key == "key_max") {
        if (!number || *number == 0 || *number > nvme::kKvKeyBytesMax) return bad("1 to 16");
        config.key_bytes_max = static_cast<std::uint32_t>(*number);
        return {};
    }
    if (!number || *number == 0 || *number > UINT32_MAX)
        return bad("a whole number from 1 to 4294967295");
    config.keys_max = static_cast<std::uint32_t>(*number);
    return {};
}

Result<void, Failure> check_kv(Config& config) {
    if (config.command_set != CommandSet::key_value) {
        const std::string_view key = given_of(config, {"key_max", "value_max", "keys_max"});
        if (!key.empty())
            return refuse("The option '" + std::string(key) +
                          "' of a model device is for key-value namespaces: add csi=kv.");
        return check_faults(config);
    }
    const std::string_view key = given_of(
        config, {"block", "meta", "extended", "dealloc", "pi", "guard", "pi_first", "storage_tag"});
    if (!key.empty())
        return refuse("The option '" + std::string(key) +
                      "' of a model device is about blocks, and a key-value namespace (csi=kv) "
                      "has none.");
    if (config.kv.value_bytes_max > config.mdts_bytes)
        return refuse("value_max=" + format_size(config.kv.value_bytes_max) +
                      " of a model device is more than one command carries: give mdts= and a size "
                      "that is no less.");
    if (config.kv.value_bytes_max == 0) config.kv.value_bytes_max = config.mdts_bytes;
    return check_faults(config);
}

}  // namespace xnvme::be_model
