// Printing of the library's own words: geometry, commands, completions, errors, and raw bytes.
#include <array>

#include <xnvme/describe.hpp>
#include <xnvme/nvme/status.hpp>

#include "nvme/print_parts.hpp"

namespace xnvme::nvme {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

std::string_view opcode_set_name(OpcodeSet set) noexcept {
    switch (set) {
        case OpcodeSet::admin:
            return "admin";
        case OpcodeSet::nvm:
            return command_set_name(CommandSet::nvm);
        case OpcodeSet::zoned:
            return command_set_name(CommandSet::zoned);
        case OpcodeSet::key_value:
            return command_set_name(CommandSet::key_value);
        case OpcodeSet::file_system:
            return command_set_name(CommandSet::file_system);
    }
    return "unknown";
}

/// The row of an opcode as it is meant on a namespace of this set.
const OpcodeInfo* row_of(OpcodeSet set, std::uint8_t opcode) noexcept {
    switch (set) {
        case OpcodeSet::admin:
            return find_opcode(set, opcode);
        case OpcodeSet::nvm:
            return find_io_opcode(CommandSet::nvm, opcode);
        case OpcodeSet::zoned:
            return find_io_opcode(CommandSet::zoned, opcode);
        case OpcodeSet::key_value:
            return find_io_opcode(CommandSet::key_value, opcode);
        case OpcodeSet::file_system:
            return find_io_opcode(CommandSet::file_system, opcode);
    }
    return nullptr;
}

}  // namespace

Node flags_node(std::uint64_t value, unsigned digits, std::initializer_list<Flag> flags) {
    Node node = Node::map();
    node.add("value", Node::hex(value, digits));
    for (const Flag& flag : flags) node.add(flag.name, ((value >> flag.bit) & 1) != 0);
    return node;
}

std::string hex_text(std::span<const std::uint8_t> bytes) {
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const std::uint8_t byte : bytes) {
        text += kHexDigits[byte >> 4];
        text += kHexDigits[byte & 0xf];
    }
    return text;
}

std::string uuid_text(const std::array<std::uint8_t, 16>& uuid) {
    std::string text = hex_text(uuid);
    for (const std::size_t at : {20u, 16u, 12u, 8u}) text.insert(at, 1, '-');
    return text;
}

Node celsius_node(std::uint32_t kelvin) {
    if (kelvin == 0) return {};
    return static_cast<std::int32_t>(kelvin) - 273;
}

Node bytes_node(std::span<const std::byte> data) {
    constexpr std::size_t kLineBytes = 32;
    std::size_t used = data.size();
    while (used > 0 && data[used - 1] == std::byte{0}) --used;
    Node lines = Node::list();
    for (std::size_t offset = 0; offset < used; offset += kLineBytes) {
        std::string line;
        for (unsigned shift = 16; shift > 0; shift -= 4) {
            line += kHexDigits[(offset >> (shift - 4)) & 0xf];
        }
        line += ':';
        const std::size_t end =
            offset + kLineBytes < data.size() ? offset + kLineBytes : data.size();
        for (std::size_t i = offset; i < end; ++i) {
            if ((i - offset) % 8 == 0) line += ' ';
            const auto byte = std::to_integer<unsigned>(data[i]);
            line += kHexDigits[byte >> 4];
            line += kHexDigits[byte & 0xf];
        }
        lines.push(std::move(line));
    }
    Node node = Node::map();
    node.add("bytes", data.size()).add("lines", std::move(lines));
    return node;
}

Node to_node(const Geometry& geometry) {
    Node node = Node::map();
    if (geometry.command_set == CommandSet::key_value) {
        node.add("command_set", command_set_name(geometry.command_set))
            .add("size_bytes", geometry.size_bytes)
            .add("key_max_bytes", geometry.key_bytes_max)
            .add("value_max_bytes", geometry.value_bytes_max)
            .add("max_transfer_bytes", geometry.max_transfer_bytes)
            .add("max_segments", geometry.max_segments)
            .add("buffer_alignment", geometry.buffer_alignment);
        return node;
    }
    node.add("command_set", command_set_name(geometry.command_set))
        .add("blocks", geometry.blocks)
        .add("size_bytes", geometry.size_bytes)
        .add("block_bytes", geometry.block_bytes)
        .add("metadata_bytes", geometry.metadata_bytes)
        .add("metadata_extended", geometry.metadata_extended)
        .add("transfer_block_bytes", geometry.transfer_block_bytes)
        .add("protection_type", geometry.protection_type);
    if (geometry.protection_type != 0) {
        node.add("guard_bits", geometry.guard_bits)
            .add("storage_tag_bits", geometry.storage_tag_bits)
            .add("protection_first", geometry.protection_first);
    }
    node.add("max_transfer_bytes", geometry.max_transfer_bytes)
        .add("max_segments", geometry.max_segments)
        .add("buffer_alignment", geometry.buffer_alignment)
        .add("physical_block_bytes", geometry.physical_block_bytes)
        .add("optimal_io_bytes", geometry.optimal_io_bytes)
        .add("deallocated_read", deallocated_read_name(geometry.deallocated_read))
        .add("rotational", geometry.rotational)
        .add("zoned", geometry.zoned);
    if (geometry.zoned) {
        node.add("zones", geometry.zones)
            .add("zone_blocks", geometry.zone_blocks)
            .add("max_open_zones", geometry.max_open_zones)
            .add("max_active_zones", geometry.max_active_zones)
            .add("max_append_bytes", geometry.max_append_bytes)
            .add("zone_extension_bytes", geometry.zone_extension_bytes);
        if (geometry.random_write_area_blocks != 0) {
            node.add("random_write_areas", geometry.random_write_areas)
                .add("random_write_area_blocks", geometry.random_write_area_blocks)
                .add("random_write_area_flush_blocks", geometry.random_write_area_flush_blocks);
        }
    }
    return node;
}

Node to_node(Status status) {
    Node node = Node::map();
    node.add("name", status_name(status))
        .add("type", status_type_name(status))
        .add("sct", Node::hex(status.sct(), 1))
        .add("sc", Node::hex(status.sc(), 2))
        .add("do_not_retry", status.dnr())
        .add("more", status.more());
    return node;
}

Node to_node(const Completion& completion) {
    Node node = Node::map();
    node.add("result", Node::hex(completion.result, 8))
        .add("cid", completion.cid)
        .add("sqid", completion.sqid)
        .add("sqhd", completion.sqhd)
        .add("status", to_node(completion.status));
    return node;
}

Node to_node(const Error& error) {
    Node node = Node::map();
    node.add("error", errc_name(error.code));
    if (error.code == Errc::device) node.add("status", to_node(error.status));
    if (error.os != 0) {
        node.add("errno", error.os).add("system", os_error_text(error.os));
    }
    node.add("description", describe(error));
    return node;
}

Node to_node(const Command& command, OpcodeSet set) {
    const OpcodeInfo* row = row_of(set, command.opcode);
    Node node = Node::map();
    node.add("opcode", Node::hex(command.opcode, 2))
        .add("name", row != nullptr ? row->name : std::string_view("unknown"))
        .add("set", opcode_set_name(row != nullptr ? row->set : set))
        .add("flags", Node::hex(command.flags, 2))
        .add("cid", command.cid)
        .add("nsid", Node::hex(command.nsid, 1));
    if (row != nullptr && row->has_block_range) {
        node.add("slba", command.slba()).add("blocks", command.blocks());
    }
    if (row != nullptr && row->set == OpcodeSet::file_system) {
        node.add("offset_bytes", command.slba());
    }
    node.add("cdw2", Node::hex(command.cdw2, 8))
        .add("cdw3", Node::hex(command.cdw3, 8))
        .add("cdw10", Node::hex(command.cdw10, 8))
        .add("cdw11", Node::hex(command.cdw11, 8))
        .add("cdw12", Node::hex(command.cdw12, 8))
        .add("cdw13", Node::hex(command.cdw13, 8))
        .add("cdw14", Node::hex(command.cdw14, 8))
        .add("cdw15", Node::hex(command.cdw15, 8))
        .add("data_bytes", command.data_bytes)
        .add("metadata_bytes", command.metadata_bytes);
    return node;
}

}  // namespace xnvme::nvme
