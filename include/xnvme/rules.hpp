/// \file
/// The checks that every command passes at submission, the same on every interface. What depends on
/// the device and the interface is worked out once, when a queue is made.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <xnvme/command.hpp>
#include <xnvme/export.hpp>

namespace xnvme {

/// Who serves a command on a queue or device.
enum class Service : std::uint8_t {
    refused,   ///< Nobody: refused at submission with `Errc::unsupported`.
    native,    ///< The interface itself.
    emulated,  ///< The synchronous interface, on the queue's own worker.
};

/// What the fields of a command mean to the checks.
enum class CommandKind : std::uint8_t {
    raw,           ///< Unknown to the checks: data of any length up to the limit.
    blocks_data,   ///< A range of blocks, with as much data (read, write, compare).
    blocks_only,   ///< A range of blocks without data (write zeroes, verify, write uncorrectable).
    bytes_data,    ///< An offset in bytes, with data of any length (file-system command set).
    range_list,    ///< Data is a list of ranges, counted in command dword 10 (dataset management).
    copy_list,     ///< Data is a list of source ranges, counted in command dword 12 (copy).
    no_data,       ///< Neither range nor data (flush).
    key_only,      ///< A key, without data (key-value delete, exist).
    key_value,     ///< A key, with data that is its value (store).
    key_buffer,    ///< A key, with data for its value (retrieve).
    key_list,      ///< A key or none, with data for a list of keys (list).
    zone_append,   ///< The first block of a zone, a count of blocks and as much data.
    zone_send,     ///< A zone and an action; data with one action alone (zone management send).
    zone_receive,  ///< A block, and a report as long as dword 12 says (zone management receive).
};

/// Bits 23:20 of command dword 12 of commands on blocks: the directive that a write names, 0 for
/// none. NVM Command Set 1.0 §3.2.6 (DTYPE)
inline constexpr std::uint32_t kDirectiveBits = 0x00f00000;
/// Bit 30 of command dword 12 of commands on blocks: force unit access. NVM Command Set 1.0 §3.2.6
inline constexpr std::uint32_t kForceUnitAccess = 1u << 30;

/// One opcode's entry.
struct OpcodeRule {
    Service service = Service::refused;
    /// Who serves it when it names a directive. The system's block layer has no place for one, so
    /// that such a command never goes through it.
    Service directed = Service::refused;
    CommandKind kind = CommandKind::raw;
    /// Metadata and what the command says of protection information go to the device. The system's
    /// block layer has no place for either: there they are refused.
    bool carries_metadata = false;
    /// log2 of the unit of `slba`: the block size, or 0 for commands in bytes. An interface's byte
    /// offset is `slba << shift`. Block sizes that are no power of two are carried by interfaces
    /// that take blocks, which do not use it.
    std::uint8_t shift = 0;
    /// Why it is refused when it is: `unsupported`, `read_only` or `write_only`.
    Errc refusal = Errc::unsupported;
};

/// The limits and the opcode table of one queue or device.
struct CommandRules {
    // What `admits` reads stands first, side by side.

    /// First blocks below this one leave room in the namespace for any count that `fast_below`
    /// lets through.
    std::uint64_t fast_slba_below = 0;
    std::uint64_t transfer_block_bytes = 0;  ///< Bytes of buffer per block.
    std::uint32_t alignment_mask = 0;        ///< Buffer addresses and lengths have these bits 0.
    /// By opcode, for commands that need no look at anything but range, length, limit and alignment
    /// of one buffer: the first zero-based count of blocks that is too many, for the device or for
    /// a quick look. 0 for all other commands. One compare so answers for the opcode, the limit, a
    /// directive and force unit access, whose bits make any count too many.
    std::array<std::uint32_t, 256> fast_below{};

    std::uint64_t blocks = 0;  ///< Blocks in the namespace.
    std::uint32_t max_transfer_bytes = 0;
    std::uint32_t metadata_bytes = 0;  ///< Separate metadata per block, 0 for none.
    /// Reads and writes may come without their metadata: a block device's do.
    bool metadata_optional = false;
    /// The same two in commands with PRACT, where the device may keep protection information to
    /// itself: see `Geometry::pract_strips`.
    std::uint32_t pract_transfer_block_bytes = 0;
    std::uint32_t pract_metadata_bytes = 0;
    bool is_protected = false;    ///< The namespace has protection information.
    bool metadata_lists = false;  ///< Metadata may be a list.
    std::uint32_t max_segments = kIoVecMax;
    std::uint32_t max_append_bytes = 0;      ///< Of a zone append.
    std::uint32_t zone_extension_bytes = 0;  ///< Of a zone descriptor.
    std::uint64_t zone_blocks = 0;           ///< Blocks in a zone, 0 when not zoned.
    std::uint32_t key_bytes_max = 0;         ///< Longest key of a key-value namespace.
    std::uint32_t value_bytes_max = 0;       ///< Longest value of one.
    std::array<OpcodeRule, 256> opcodes{};

    const OpcodeRule& of(const Command& command) const noexcept { return opcodes[command.opcode]; }
    /// Who serves a command: by its opcode, and by whether it names a directive.
    Service service_of(const Command& command) const noexcept {
        const OpcodeRule& rule = of(command);
        const bool directed =
            rule.kind == CommandKind::blocks_data && (command.cdw12 & kDirectiveBits) != 0;
        return directed ? rule.directed : rule.service;
    }

    /// True when a read or write of `count` blocks and one buffer, without metadata, passes. False
    /// means that `prepare` has to look closer, not that the command is wrong.
    bool admits(std::uint8_t opcode, std::uint64_t slba, std::uint32_t count, const void* base,
                std::size_t bytes) const noexcept {
        const auto address = reinterpret_cast<std::uintptr_t>(base);
        if (count - 1 >= fast_below[opcode]) [[unlikely]]
            return false;
        if (slba >= fast_slba_below) [[unlikely]]
            return false;
        if (bytes != count * transfer_block_bytes) [[unlikely]]
            return false;
        if (address == 0) [[unlikely]]
            return false;
        if ((address & alignment_mask) != 0) [[unlikely]]
            return false;
        return true;
    }
    /// The same of a command that stands in its context.
    bool admits(const Command& command, const void* base, std::size_t bytes) const noexcept {
        constexpr std::uint32_t kBits = kDirectiveBits | kForceUnitAccess | 0xffffu;
        return admits(command.opcode, command.slba(), (command.cdw12 & kBits) + 1, base, bytes);
    }
    bool passes_fast(const Context& context, const Data& data,
                     const Data& metadata) const noexcept {
        return !data.vectored() && metadata.base() == nullptr &&
               admits(context.command, data.base(), data.bytes());
    }

    /// Fills in the parts of the context that every interface reads, for one buffer, and resets the
    /// completion, so that nothing of an earlier command stays. Neighbours are written in one
    /// store.
    static void fill(Context& context, const void* base, std::size_t bytes) noexcept {
        put(context, offsetof(Command, metadata), 0);
        fill_rest(context, base, bytes);
    }
    static void fill(Context& context, const Data& data) noexcept {
        fill(context, data.base(), data.bytes());
    }
    /// The same, and the whole command with it.
    static void fill(Context& context, std::uint8_t opcode, std::uint64_t slba, std::uint32_t count,
                     const void* base, std::size_t bytes) noexcept {
        put(context, 0, opcode);
        clear(context, offsetof(Command, cdw2));  // And `metadata`.
        put(context, offsetof(Command, cdw10), slba);
        context.command.cdw12 = count - 1;
        clear(context, offsetof(Command, cdw13));  // And a part of `completion`.
        fill_rest(context, base, bytes);
    }

    /// The whole check, of any command: range, length, limit, alignment, permission, metadata and
    /// lists. Fills the context as `fill` does, with lists too. Without side effect on an error.
    XNVME_API Error prepare(Context& context, const Data& data,
                            const Data& metadata) const noexcept;

  private:
    static void fill_rest(Context& context, const void* base, std::size_t bytes) noexcept {
        put(context, offsetof(Command, data), reinterpret_cast<std::uintptr_t>(base));
        context.command.metadata_bytes = 0;
        context.command.data_bytes = static_cast<std::uint32_t>(bytes);
        clear(context, offsetof(Context, completion));
        clear(context, offsetof(Context, options));  // And `os_error` and `error`.
        context.bytes = static_cast<std::uint32_t>(bytes);
    }
    static void put(Context& context, std::size_t offset, std::uint64_t word) noexcept {
        std::memcpy(reinterpret_cast<std::byte*>(&context) + offset, &word, sizeof word);
    }
    static void clear(Context& context, std::size_t offset) noexcept {
        std::memset(reinterpret_cast<std::byte*>(&context) + offset, 0, 16);
    }
};
static_assert(offsetof(Context, bytes) == offsetof(Context, options) + 12);

}  // namespace xnvme
