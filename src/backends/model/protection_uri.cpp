#include "protection_uri.hpp"

#include <string>

#include <xnvme/nvme/protection.hpp>

#include "parse.hpp"

namespace xnvme::be_model {

namespace {

std::unexpected<Failure> refuse_value(std::string_view key, std::string_view value,
                                      std::string_view allowed) {
    return fail(Errc::invalid_argument, "'" + std::string(key) + "=" + std::string(value) +
                                            "' of a model device: " + std::string(key) +
                                            " must be " + std::string(allowed) + ".");
}

std::unexpected<Failure> refuse(std::string sentence) {
    return fail(Errc::invalid_argument, std::move(sentence));
}

}  // namespace

Result<void, Failure> read_protection_key(std::string_view key, std::string_view value,
                                          ProtectionConfig& config) {
    const auto number = parse_number(value);
    if (key == "pi") {
        if (!number || *number > 3) return refuse_value(key, value, "a type, 1 to 3, or 0");
        config.type = static_cast<std::uint8_t>(*number);
    } else if (key == "guard") {
        if (!number || (*number != 16 && *number != 32 && *number != 64))
            return refuse_value(key, value, "16, 32 or 64");
        config.guard_bits = static_cast<std::uint8_t>(*number);
    } else if (key == "storage_tag") {
        if (!number || *number > 64) return refuse_value(key, value, "0 to 64 bits");
        config.storage_tag_bits = static_cast<std::uint8_t>(*number);
    } else {
        if (value != "0" && value != "1") return refuse_value(key, value, "0 or 1");
        config.first = value == "1";
    }
    return {};
}

Result<void, Failure> check_protection_config(const ProtectionConfig& config,
                                              std::uint64_t metadata_bytes) {
    if (config.type == 0) {
        if (config.first || config.guard_bits || config.storage_tag_bits)
            return refuse(
                "guard=, pi_first= and storage_tag= of a model device are about protection "
                "information: add pi=1, pi=2 or pi=3.");
        return {};
    }
    nvme::ProtectionFormat format;
    format.type = config.type;
    format.guard_bits = config.guard_bits.value_or(16);
    format.storage_tag_bits = config.storage_tag_bits.value_or(format.guard_bits == 32 ? 16 : 0);
    if (metadata_bytes < format.bytes())
        return refuse("A guard of " + std::to_string(format.guard_bits) +
                      " bits needs at least meta=" + std::to_string(format.bytes()) +
                      " on a model device, and meta=" + std::to_string(metadata_bytes) +
                      " was given.");
    if (!format.valid())
        return refuse("storage_tag=" + std::to_string(format.storage_tag_bits) +
                      " does not go with a guard of " + std::to_string(format.guard_bits) +
                      " bits on a model device: with 16 it has 0 to 32 bits, with 32 it has 16 "
                      "to 64, with 64 it has 0 to 48.");
    return {};
}

}  // namespace xnvme::be_model
