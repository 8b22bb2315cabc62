#include <cstring>

#include <xnvme/nvme/builders.hpp>
#include <xnvme/nvme/opcodes.hpp>
#include <xnvme/nvme/zoned.hpp>
#include <xnvme/rules.hpp>

namespace xnvme {

namespace {

/// Bytes of one source range of a copy command, by descriptor format; 0 for formats that the
/// library does not know. NVM Command Set 1.0 §3.2.2, figures 38 and 39
constexpr std::size_t copy_range_bytes(std::uint32_t cdw12) noexcept {
    switch ((cdw12 >> 8) & 0xf) {
        case 0:
            return 32;
        case 1:
            return 40;
        default:
            return 0;
    }
}

bool is_aligned(const Data& data, std::uint32_t mask) noexcept {
    if (!data.vectored()) return (reinterpret_cast<std::uintptr_t>(data.base()) & mask) == 0;
    for (std::size_t i = 0; i < data.segments(); ++i) {
        const IoVec& element = data.list()[i];
        if (((reinterpret_cast<std::uintptr_t>(element.base) | element.bytes) & mask) != 0) {
            return false;
        }
    }
    return true;
}

bool has_memory(const Data& data) noexcept {
    if (!data.vectored()) return data.base() != nullptr || data.bytes() == 0;
    for (std::size_t i = 0; i < data.segments(); ++i) {
        if (data.list()[i].base == nullptr && data.list()[i].bytes != 0) return false;
    }
    return true;
}

Errc check_range(const CommandRules& rules, const Command& command) noexcept {
    const std::uint64_t slba = command.slba();
    if (slba >= rules.blocks || command.blocks() > rules.blocks - slba) return Errc::out_of_range;
    return Errc::ok;
}

bool is_inside(const CommandRules& rules, std::uint64_t slba, std::uint64_t blocks) noexcept {
    return slba <= rules.blocks && blocks <= rules.blocks - slba;
}

/// The ranges of a list, where it lies in one piece. Devices differ in what they do with a list
/// that is partly wrong: some do the ranges that are right.
template <class Range, class Blocks>
Errc check_list(const CommandRules& rules, const Data& data, std::size_t each, Blocks blocks,
                std::uint64_t& total) noexcept {
    if (data.vectored() || data.base() == nullptr) return Errc::ok;
    for (std::size_t at = 0; at < data.bytes(); at += each) {
        Range range;
        std::memcpy(&range, static_cast<const std::byte*>(data.base()) + at, sizeof range);
        if (!is_inside(rules, range.slba.value(), blocks(range))) return Errc::out_of_range;
        total += blocks(range);
    }
    return Errc::ok;
}

Errc check_range_list(const CommandRules& rules, const Command& command,
                      const Data& data) noexcept {
    if (data.bytes() != ((command.cdw10 & 0xffu) + 1) * sizeof(nvme::DsmRange))
        return Errc::bad_length;
    std::uint64_t total = 0;
    return check_list<nvme::DsmRange>(
        rules, data, sizeof(nvme::DsmRange),
        [](const nvme::DsmRange& range) { return std::uint64_t{range.nlb.value()}; }, total);
}

Errc check_copy_list(const CommandRules& rules, const Command& command, const Data& data) noexcept {
    const std::size_t each = copy_range_bytes(command.cdw12);
    if (each == 0) return Errc::unsupported;
    if (command.slba() >= rules.blocks) return Errc::out_of_range;
    if (data.bytes() != ((command.cdw12 & 0xffu) + 1) * each) return Errc::bad_length;
    // What is read here stands at the same place in both formats.
    std::uint64_t total = 0;
    const Errc code = check_list<nvme::CopyRange0>(
        rules, data, each,
        [](const nvme::CopyRange0& range) { return std::uint64_t{range.blocks()}; }, total);
    if (code != Errc::ok) return code;
    return is_inside(rules, command.slba(), total) ? Errc::ok : Errc::out_of_range;
}

// PRINFO and STC of command dword 12. NVM Command Set 1.0 §5.2.2
constexpr std::uint32_t kPract = 1u << 29;
constexpr std::uint32_t kProtection = kPract | (7u << 26) | (1u << 24);

bool has_pract(const Command& command) noexcept {
    return (command.cdw12 & kPract) != 0;
}

/// Reads and writes whose metadata nobody asked for, on a device that moves data alone.
bool leaves_metadata_out(const CommandRules& rules, const Command& command,
                         const Data& metadata) noexcept {
    return rules.metadata_optional && metadata.bytes() == 0 &&
           (command.opcode == static_cast<std::uint8_t>(nvme::NvmOpcode::write) ||
            command.opcode == static_cast<std::uint8_t>(nvme::NvmOpcode::read));
}

/// Separate metadata: as many bytes as the blocks have, where the interface moves any.
Errc check_metadata(const CommandRules& rules, const Command& command, bool carries,
                    const Data& metadata) noexcept {
    if (!carries) return metadata.bytes() == 0 ? Errc::ok : Errc::unsupported;
    if (leaves_metadata_out(rules, command, metadata)) return Errc::ok;
    const std::uint32_t each =
        has_pract(command) ? rules.pract_metadata_bytes : rules.metadata_bytes;
    return metadata.bytes() == std::uint64_t{command.blocks()} * each ? Errc::ok : Errc::bad_length;
}

Errc check_blocks_data(const CommandRules& rules, const Command& command, const Data& data,
                       const Data& metadata) noexcept {
    const bool carries = rules.of(command).carries_metadata;
    if (const Errc code = check_range(rules, command); code != Errc::ok) return code;
    const std::uint64_t each =
        has_pract(command) ? rules.pract_transfer_block_bytes : rules.transfer_block_bytes;
    if (data.bytes() != std::uint64_t{command.blocks()} * each) return Errc::bad_length;
    if (data.bytes() > rules.max_transfer_bytes) return Errc::too_large;
    return check_metadata(rules, command, carries, metadata);
}

Errc check_bytes_data(const CommandRules& rules, const Command& command,
                      const Data& data) noexcept {
    if (data.bytes() == 0) return Errc::bad_length;
    if (data.bytes() > rules.max_transfer_bytes) return Errc::too_large;
    if (command.slba() > static_cast<std::uint64_t>(INT64_MAX) - data.bytes()) {
        return Errc::out_of_range;
    }
    if (rules.alignment_mask == 0) return Errc::ok;
    const std::uint64_t unit = rules.transfer_block_bytes;
    return command.slba() % unit != 0 || data.bytes() % unit != 0 ? Errc::misaligned : Errc::ok;
}

bool starts_zone(const CommandRules& rules, std::uint64_t slba) noexcept {
    return rules.zone_blocks != 0 && slba % rules.zone_blocks == 0;
}

/// Zoned Namespace Command Set 1.1 §3.4.1
Errc check_append(const CommandRules& rules, const Command& command, const Data& data,
                  const Data& metadata) noexcept {
    if (command.slba() >= rules.blocks) return Errc::out_of_range;
    if (!starts_zone(rules, command.slba())) return Errc::misaligned;
    if (const Errc code = check_blocks_data(rules, command, data, metadata); code != Errc::ok)
        return code;
    return data.bytes() > rules.max_append_bytes ? Errc::too_large : Errc::ok;
}

/// Zoned Namespace Command Set 1.1 §3.4.3
Errc check_zone_send(const CommandRules& rules, const Command& command, const Data& data) noexcept {
    const nvme::ZoneAction action = nvme::zone_action(command);
    const bool all = (command.cdw13 & nvme::kZoneSelectAll) != 0;
    const bool extension = action == nvme::ZoneAction::set_extension;
    if (data.bytes() != (extension ? rules.zone_extension_bytes : 0)) return Errc::bad_length;
    if (all) return Errc::ok;
    if (command.slba() >= rules.blocks) return Errc::out_of_range;
    // A flush names the last block to commit.
    if (action == nvme::ZoneAction::flush_explicit) return Errc::ok;
    return starts_zone(rules, command.slba()) ? Errc::ok : Errc::misaligned;
}

/// Zoned Namespace Command Set 1.1 §3.4.2
Errc check_zone_receive(const CommandRules& rules, const Command& command,
                        const Data& data) noexcept {
    if (command.slba() >= rules.blocks) return Errc::out_of_range;
    if (data.bytes() != nvme::zone_receive_bytes(command)) return Errc::bad_length;
    return data.bytes() > rules.max_transfer_bytes ? Errc::too_large : Errc::ok;
}

/// The key's length stands in dword 11 bits 7:0, that of the value or buffer in dword 10.
/// Key Value Command Set 1.0 §3.2
Errc check_key_value(const CommandRules& rules, const Command& command, CommandKind kind,
                     const Data& data) noexcept {
    const std::uint32_t key_bytes = command.cdw11 & 0xffu;
    const bool needs_key = kind != CommandKind::key_list;
    if (key_bytes > rules.key_bytes_max || (needs_key && key_bytes == 0)) {
        return Errc::invalid_argument;
    }
    if (kind == CommandKind::key_only) return data.bytes() == 0 ? Errc::ok : Errc::bad_length;
    if (kind == CommandKind::key_value && data.bytes() > rules.value_bytes_max) {
        return Errc::too_large;
    }
    if (data.bytes() > rules.max_transfer_bytes) return Errc::too_large;
    return data.bytes() == command.cdw10 ? Errc::ok : Errc::bad_length;
}

Errc check_fields(const CommandRules& rules, const Command& command, CommandKind kind,
                  const Data& data, const Data& metadata) noexcept {
    switch (kind) {
        case CommandKind::blocks_data:
            return check_blocks_data(rules, command, data, metadata);
        case CommandKind::blocks_only:
            if (data.bytes() != 0) return Errc::bad_length;
            return check_range(rules, command);
        case CommandKind::bytes_data:
            return check_bytes_data(rules, command, data);
        case CommandKind::range_list:
            return check_range_list(rules, command, data);
        case CommandKind::copy_list:
            return check_copy_list(rules, command, data);
        case CommandKind::no_data:
            return data.bytes() == 0 ? Errc::ok : Errc::bad_length;
        case CommandKind::key_only:
        case CommandKind::key_value:
        case CommandKind::key_buffer:
        case CommandKind::key_list:
            return check_key_value(rules, command, kind, data);
        case CommandKind::raw:
            return data.bytes() > rules.max_transfer_bytes ? Errc::too_large : Errc::ok;
        case CommandKind::zone_append:
            return check_append(rules, command, data, metadata);
        case CommandKind::zone_send:
            return check_zone_send(rules, command, data);
        case CommandKind::zone_receive:
            return check_zone_receive(rules, command, data);
    }
    return Errc::unsupported;
}

/// Whether all that counts of a command that was checked is what `CommandRules::fill` fills in.
/// Such a command only came here because it is long, or near the end of the namespace.
bool is_plain(const CommandRules& rules, const Command& command, const Data& data,
              const Data& metadata) noexcept {
    return rules.fast_below[command.opcode] != 0 && !data.vectored() && metadata.bytes() == 0 &&
           (command.cdw12 & (kDirectiveBits | kForceUnitAccess)) == 0;
}

}  // namespace

Error CommandRules::prepare(Context& context, const Data& data,
                            const Data& metadata) const noexcept {
    const OpcodeRule& rule = of(context.command);
    if (rule.service == Service::refused) return Error::of(rule.refusal);
    if (service_of(context.command) == Service::refused) return Error::of(Errc::unsupported);
    if (data.vectored() && data.segments() == 0) return Error::of(Errc::bad_length);
    if (data.segments() > max_segments || metadata.segments() > kIoVecMax ||
        data.bytes() > UINT32_MAX || metadata.bytes() > UINT32_MAX) {
        return Error::of(Errc::too_large);
    }
    if (metadata.vectored() && !metadata_lists) return Error::of(Errc::unsupported);
    const bool on_blocks =
        rule.kind == CommandKind::blocks_data || rule.kind == CommandKind::blocks_only;
    if (on_blocks && is_protected && !rule.carries_metadata &&
        (context.command.cdw12 & kProtection) != 0) {
        return Error::of(Errc::unsupported);
    }
    const Errc code = check_fields(*this, context.command, rule.kind, data, metadata);
    if (code != Errc::ok) return Error::of(code);
    if (!has_memory(data) || !has_memory(metadata)) return Error::of(Errc::invalid_argument);
    const bool moves_blocks = rule.kind == CommandKind::blocks_data ||
                              rule.kind == CommandKind::bytes_data ||
                              rule.kind == CommandKind::zone_append;
    if (moves_blocks && !is_aligned(data, alignment_mask)) return Error::of(Errc::misaligned);

    fill(context, data);
    if (is_plain(*this, context.command, data, metadata)) return {};
    context.options |= kWhole;
    if (data.vectored()) {
        context.options |= kVectored;
        context.command.data_bytes = static_cast<std::uint32_t>(data.segments());
    }
    context.command.metadata = reinterpret_cast<std::uintptr_t>(metadata.base());
    if (metadata.vectored()) {
        context.options |= kMetadataVectored;
        context.command.metadata_bytes = static_cast<std::uint32_t>(metadata.segments());
    } else {
        context.command.metadata_bytes = static_cast<std::uint32_t>(metadata.bytes());
    }
    return {};
}

}  // namespace xnvme
