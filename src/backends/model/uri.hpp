/// \file
/// Reading a model device's identifier.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <xnvme/geometry.hpp>
#include <xnvme/result.hpp>

#include "faults.hpp"
#include "fdp_config.hpp"
#include "protection_uri.hpp"
#include "zone_config.hpp"

namespace xnvme::be_model {

/// The limits of a key-value namespace.
struct KvConfig {
    std::uint32_t key_bytes_max = 16;
    std::uint32_t value_bytes_max = 0;  ///< 0: MDTS.
    std::uint32_t keys_max = 0;         ///< 0: as many as there is room for.

    bool operator==(const KvConfig&) const = default;
};

/// What an identifier asks for.
struct Config {
    std::uint64_t size_bytes = 0;
    std::string name;         ///< Empty: shared with nobody.
    std::uint8_t format = 0;  ///< Index in `kFormats`.
    bool extended = false;
    ProtectionConfig protection;
    std::uint32_t mdts_bytes = 1u << 20;
    std::chrono::nanoseconds read_latency{0};   ///< Of every command that is no write.
    std::chrono::nanoseconds write_latency{0};  ///< Of every command that changes blocks.
    std::chrono::nanoseconds background{0};     ///< How long sanitize and self-test go on.
    DeallocatedRead deallocated = DeallocatedRead::zeroes;
    bool read_only = false;
    CommandSet command_set = CommandSet::nvm;
    PlacementConfig placement;
    KvConfig kv;         ///< Where the command set is key-value.
    std::string serial;  ///< Empty: one of its own.
    std::vector<FaultRule> faults;
    ZoneConfig zones;
    /// Keys that the identifier gave, for comparing with a named device that is open already.
    std::vector<std::string> given;
};

/// The smallest and largest size of a model device, and the limits of MDTS.
inline constexpr std::uint64_t kSizeMin = 4096;
inline constexpr std::uint64_t kSizeMax = std::uint64_t{1} << 50;
inline constexpr std::uint32_t kMdtsMin = 8192;  // MDTS cannot say less: 0 stands for no limit.
inline constexpr std::uint32_t kMdtsMax = 1u << 30;

/// Reads an identifier: `SIZE[?key=value[&key=value]...]`, with or without `mem:` in front. Sizes
/// are those of `parse_size`. Keys:
///
/// - `name=TEXT`: opens of the same name in one process share the device
/// - `block=512|4096`, `meta=0|8|16|64`, `extended=0|1`: the format to begin with
/// - `pi=0..3`, `guard=16|32|64`, `pi_first=0|1`, `storage_tag=BITS`: its protection information
/// - `mdts=SIZE`: the most data in one command, a power of two from 8KiB to 1GiB
/// - `latency=`, `read_latency=`, `write_latency=`: how long commands take, such as `100us`
/// - `background=`: how long sanitize and self-test go on after their command
/// - `dealloc=zeroes|ones|unreported`: how deallocated blocks read
/// - `ro=0|1`: write protected
/// - `csi=nvm|kv`: the command set. Of a key-value namespace, which has no blocks, `key_max=1..16`,
///   `value_max=SIZE` and `keys_max=N` are the limits
/// - `fdp=0|1`: flexible data placement, with `ruh=1..128` reclaim unit handles, `groups=` reclaim
///   groups and `ru=SIZE` reclaim units
/// - `streams=1..1024`: the streams directive
/// - `serial=TEXT`: at most 20 printable characters
/// - `zoned=1` and the keys of zones: see `read_zone_key`
/// - `fault=...`, repeatable: see `parse_fault`
///
/// Each mistake fails with a sentence of its own, that names the part and what is allowed.
Result<Config, Failure> parse_uri(std::string_view text);

/// Reads a time: digits and `ns`, `us`, `ms` or `s`, up to one hour.
Result<std::chrono::nanoseconds, Failure> parse_duration(std::string_view text);

}  // namespace xnvme::be_model
