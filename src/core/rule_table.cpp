#include "core/rule_table.hpp"

#include <algorithm>
#include <bit>
#include <span>

#include <xnvme/nvme/opcodes.hpp>

namespace xnvme::core {

namespace {

using nvme::FileOpcode;
using nvme::KeyValueOpcode;
using nvme::NvmOpcode;
using nvme::ZonedOpcode;

template <class Opcode>
constexpr std::uint8_t opcode(Opcode value) {
    return static_cast<std::uint8_t>(value);
}

/// What an opcode's fields mean, and what it does to the medium.
struct OpcodeMeaning {
    std::uint8_t opcode;
    CommandKind kind;
    bool reads;
    bool writes;
};

// NVM Command Set 1.0 §3.2
constexpr OpcodeMeaning kNvm[] = {
    {opcode(NvmOpcode::flush), CommandKind::no_data, false, false},
    {opcode(NvmOpcode::write), CommandKind::blocks_data, false, true},
    {opcode(NvmOpcode::read), CommandKind::blocks_data, true, false},
    {opcode(NvmOpcode::write_uncorrectable), CommandKind::blocks_only, false, true},
    {opcode(NvmOpcode::compare), CommandKind::blocks_data, true, false},
    {opcode(NvmOpcode::write_zeroes), CommandKind::blocks_only, false, true},
    {opcode(NvmOpcode::dataset_management), CommandKind::range_list, false, true},
    {opcode(NvmOpcode::verify), CommandKind::blocks_only, true, false},
    {opcode(NvmOpcode::copy), CommandKind::copy_list, true, true},
    {opcode(NvmOpcode::io_management_receive), CommandKind::raw, true, false},
    {opcode(NvmOpcode::io_management_send), CommandKind::raw, false, true},
};

// Zoned Namespace Command Set 1.1 §3.4
constexpr OpcodeMeaning kZoned[] = {
    {opcode(ZonedOpcode::zone_management_send), CommandKind::zone_send, false, true},
    {opcode(ZonedOpcode::zone_management_receive), CommandKind::zone_receive, true, false},
    {opcode(ZonedOpcode::zone_append), CommandKind::zone_append, false, true},
};

// Key Value Command Set 1.0 §3.2
constexpr OpcodeMeaning kKeyValue[] = {
    {opcode(NvmOpcode::flush), CommandKind::no_data, false, false},
    {opcode(KeyValueOpcode::store), CommandKind::key_value, false, true},
    {opcode(KeyValueOpcode::retrieve), CommandKind::key_buffer, true, false},
    {opcode(KeyValueOpcode::list), CommandKind::key_list, true, false},
    {opcode(KeyValueOpcode::remove), CommandKind::key_only, false, true},
    {opcode(KeyValueOpcode::exist), CommandKind::key_only, true, false},
};

// The file-system command set of regular files.
constexpr OpcodeMeaning kFile[] = {
    {opcode(FileOpcode::write), CommandKind::bytes_data, false, true},
    {opcode(FileOpcode::read), CommandKind::bytes_data, true, false},
    {opcode(FileOpcode::flush), CommandKind::no_data, false, false},
};

/// Who serves an opcode, whether that one moves metadata, and who serves it with a directive.
struct Server {
    Service service = Service::refused;
    bool carries_metadata = false;
    Service directed = Service::refused;
};

OpcodeRule make_rule(const Handle& handle, const OpcodeMeaning& meaning, std::uint8_t shift,
                     Server server) {
    const Service service = server.service;
    OpcodeRule rule{.service = service,
                    .directed = server.directed,
                    .kind = meaning.kind,
                    .carries_metadata = server.carries_metadata,
                    .shift = shift};
    const bool read_only = handle.access == Access::read_only || handle.facts.read_only;
    if (meaning.writes && read_only) {
        rule.service = Service::refused;
        rule.refusal = Errc::read_only;
    } else if (meaning.reads && handle.access == Access::write_only) {
        rule.service = Service::refused;
        rule.refusal = Errc::write_only;
    }
    return rule;
}

/// Which commands need no closer look, and up to how many blocks.
void fill_fast(const Geometry& geometry, CommandRules& rules) {
    // Separate metadata, and blocks that PRACT may make shorter, need one.
    if (geometry.protection_type != 0 || geometry.separate_metadata_bytes(1) != 0) return;
    if (rules.transfer_block_bytes == 0 || rules.blocks == 0) return;
    // Long commands, and those near the end of the namespace, get the closer look: next to their
    // transfer it is nothing, and few are so near.
    constexpr std::uint64_t kFastBytes = 256 * 1024;
    const std::uint64_t most =
        std::min<std::uint64_t>({0x10000u, std::max<std::uint64_t>(rules.blocks / 1024, 1),
                                 std::min<std::uint64_t>(rules.max_transfer_bytes, kFastBytes) /
                                     rules.transfer_block_bytes});
    rules.fast_slba_below = rules.blocks - most + 1;
    for (std::size_t code = 0; code < rules.opcodes.size(); ++code) {
        const OpcodeRule& rule = rules.opcodes[code];
        if (rule.kind == CommandKind::blocks_data && rule.service == Service::native)
            rules.fast_below[code] = static_cast<std::uint32_t>(most);
    }
}

}  // namespace

CommandRules make_rules(const Handle& handle, const OpcodeSet& native, const OpcodeSet& fallback) {
    const Geometry& geometry = handle.facts.geometry;
    CommandRules rules;
    rules.blocks = geometry.blocks;
    rules.transfer_block_bytes = geometry.transfer_block_bytes;
    rules.max_transfer_bytes = geometry.max_transfer_bytes;
    rules.alignment_mask = geometry.buffer_alignment > 1 ? geometry.buffer_alignment - 1 : 0;
    rules.metadata_bytes = static_cast<std::uint32_t>(geometry.separate_metadata_bytes(1));
    rules.pract_transfer_block_bytes = static_cast<std::uint32_t>(geometry.transfer_bytes(1, true));
    rules.pract_metadata_bytes =
        static_cast<std::uint32_t>(geometry.separate_metadata_bytes(1, true));
    rules.is_protected = geometry.protection_type != 0;
    // The drivers of the systems take one metadata buffer.
    rules.metadata_lists = handle.identifier.device_class == DeviceClass::model;
    rules.key_bytes_max = geometry.key_bytes_max;
    rules.value_bytes_max = geometry.value_bytes_max;
    rules.metadata_optional = handle.identifier.device_class == DeviceClass::nvme_block;
    rules.max_segments = geometry.max_segments != 0 && geometry.max_segments < kIoVecMax
                             ? geometry.max_segments
                             : kIoVecMax;
    rules.zone_blocks = geometry.zoned ? geometry.zone_blocks : 0;
    rules.max_append_bytes = geometry.max_append_bytes;
    rules.zone_extension_bytes = geometry.zone_extension_bytes;
    const auto server = [&](std::uint8_t code) {
        // Interfaces that send commands as they are send directives too.
        const Service directed = native.is_all()     ? Service::native
                                 : fallback.is_all() ? Service::emulated
                                                     : Service::refused;
        if (native.has(code)) return Server{Service::native, native.is_all(), directed};
        if (fallback.has(code)) return Server{Service::emulated, fallback.is_all(), directed};
        return Server{};
    };
    const auto shift = geometry.block_bytes == 0
                           ? std::uint8_t{0}
                           : static_cast<std::uint8_t>(std::countr_zero(geometry.block_bytes));
    // Opcodes that no table here knows go to devices that judge commands themselves.
    for (unsigned code = 0; code < 256; ++code) {
        const auto byte = static_cast<std::uint8_t>(code);
        const OpcodeMeaning unknown{byte, CommandKind::raw, false, true};
        if (handle.facts.takes_raw_commands) {
            rules.opcodes[byte] = make_rule(handle, unknown, shift, server(byte));
        }
    }
    const bool key_value = geometry.command_set == CommandSet::key_value;
    const std::span<const OpcodeMeaning> meanings =
        key_value ? std::span<const OpcodeMeaning>(kKeyValue) : kNvm;
    for (const OpcodeMeaning& meaning : meanings) {
        rules.opcodes[meaning.opcode] = make_rule(handle, meaning, shift, server(meaning.opcode));
    }
    if (geometry.zoned) {
        for (const OpcodeMeaning& meaning : kZoned) {
            rules.opcodes[meaning.opcode] =
                make_rule(handle, meaning, shift, server(meaning.opcode));
        }
    }
    if (handle.identifier.device_class == DeviceClass::file) {
        for (const OpcodeMeaning& meaning : kFile) {
            rules.opcodes[meaning.opcode] = make_rule(handle, meaning, 0, server(meaning.opcode));
        }
    }
    fill_fast(geometry, rules);
    return rules;
}

}  // namespace xnvme::core
