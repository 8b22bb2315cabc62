/// \file
/// Command builders: functions that return a `Command` with its fields encoded.
///
/// They are pure and inline; nothing is allocated and nothing can fail. Counts are counts: what
/// the specification counts from zero is converted here (and in `Command::set_blocks`), nowhere
/// else. A count outside the field that holds it is a mistake of the caller: it is asserted in
/// debug builds and wraps otherwise.
///
/// A namespace identifier of 0 in an I/O command means the device's own. The data and metadata are
/// given beside the command at submission.
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>

#include <xnvme/command.hpp>
#include <xnvme/nvme/endian.hpp>
#include <xnvme/nvme/features.hpp>
#include <xnvme/nvme/identify.hpp>
#include <xnvme/nvme/log.hpp>
#include <xnvme/nvme/opcodes.hpp>

namespace xnvme::nvme {

/// The most blocks that one command's count can say. NVM Command Set 1.0 §3.2
inline constexpr std::uint32_t kBlocksMax = 65536;

/// Bits of command dword 12 of read, write, compare, verify, write zeroes, copy.
/// NVM Command Set 1.0 §3.2, §2.2 (PRINFO)
enum IoFlags : std::uint32_t {
    kLimitedRetry = 1u << 31,
    kForceUnitAccess = 1u << 30,
    kPract = 1u << 29,       ///< The device inserts, checks or strips protection information.
    kCheckGuard = 1u << 28,  ///< PRCHK bit 2
    kCheckApplicationTag = 1u << 27,  ///< PRCHK bit 1
    kCheckReferenceTag = 1u << 26,    ///< PRCHK bit 0
    kDeallocate = 1u << 25,           ///< DEAC: Write Zeroes may deallocate the blocks.
    kCheckStorageTag = 1u << 24,      ///< STC
};

namespace detail {
constexpr Command make(NvmOpcode opcode, std::uint32_t nsid) noexcept {
    Command command;
    command.opcode = static_cast<std::uint8_t>(opcode);
    command.nsid = nsid;
    return command;
}
constexpr Command make(AdminOpcode opcode, std::uint32_t nsid) noexcept {
    Command command;
    command.opcode = static_cast<std::uint8_t>(opcode);
    command.nsid = nsid;
    return command;
}
constexpr Command make(FileOpcode opcode, std::uint64_t offset_bytes) noexcept {
    Command command;
    command.opcode = static_cast<std::uint8_t>(opcode);
    command.set_slba(offset_bytes);
    return command;
}
constexpr Command range(NvmOpcode opcode, std::uint64_t slba, std::uint32_t blocks,
                        std::uint32_t flags, std::uint32_t nsid) noexcept {
    assert(blocks >= 1 && blocks <= kBlocksMax);
    assert((flags & 0xffffu) == 0);
    Command command = make(opcode, nsid);
    command.cdw12 = flags;
    command.set_slba(slba);
    command.set_blocks(blocks);
    return command;
}
/// A number of dwords counted from zero; no bytes at all are zero too, as the specification has it
/// for commands without data.
constexpr std::uint32_t zero_based_dwords(std::uint32_t bytes) noexcept {
    assert(bytes % 4 == 0);
    return bytes == 0 ? 0 : bytes / 4 - 1;
}
}  // namespace detail

// ---- NVM command set ----------------------------------------------------------------------------

/// Read. NVM Command Set 1.0 §3.2.4
/// \param slba first block
/// \param blocks 1 to `kBlocksMax`
/// \param flags bits of `IoFlags`
constexpr Command read(std::uint64_t slba, std::uint32_t blocks, std::uint32_t flags = 0,
                       std::uint32_t nsid = 0) noexcept {
    return detail::range(NvmOpcode::read, slba, blocks, flags, nsid);
}

/// Write. NVM Command Set 1.0 §3.2.6. Parameters as `read`.
constexpr Command write(std::uint64_t slba, std::uint32_t blocks, std::uint32_t flags = 0,
                        std::uint32_t nsid = 0) noexcept {
    return detail::range(NvmOpcode::write, slba, blocks, flags, nsid);
}

/// Flush: what was written before is on the medium when it completes. No data. NVMe Base 2.0 §7.1
constexpr Command flush(std::uint32_t nsid = 0) noexcept {
    return detail::make(NvmOpcode::flush, nsid);
}

/// Write Zeroes. No data. NVM Command Set 1.0 §3.2.8
/// \param deallocate the device may deallocate the blocks, where they then read as zeroes (DEAC)
constexpr Command write_zeroes(std::uint64_t slba, std::uint32_t blocks, bool deallocate = false,
                               std::uint32_t flags = 0, std::uint32_t nsid = 0) noexcept {
    return detail::range(NvmOpcode::write_zeroes, slba, blocks,
                         flags | (deallocate ? kDeallocate : 0u), nsid);
}

/// Compare: fails with Compare Failure where the data differs. NVM Command Set 1.0 §3.2.1.
/// Parameters as `read`.
constexpr Command compare(std::uint64_t slba, std::uint32_t blocks, std::uint32_t flags = 0,
                          std::uint32_t nsid = 0) noexcept {
    return detail::range(NvmOpcode::compare, slba, blocks, flags, nsid);
}

/// Verify: the device reads and checks the blocks. No data. NVM Command Set 1.0 §3.2.5. Parameters
/// as `read`.
constexpr Command verify(std::uint64_t slba, std::uint32_t blocks, std::uint32_t flags = 0,
                         std::uint32_t nsid = 0) noexcept {
    return detail::range(NvmOpcode::verify, slba, blocks, flags, nsid);
}

/// Write Uncorrectable: the blocks fail to read until written. No data. NVM Command Set 1.0 §3.2.7
constexpr Command write_uncorrectable(std::uint64_t slba, std::uint32_t blocks,
                                      std::uint32_t nsid = 0) noexcept {
    return detail::range(NvmOpcode::write_uncorrectable, slba, blocks, 0, nsid);
}

/// Bits of command dword 11 of Dataset Management. NVM Command Set 1.0 §3.2.3
enum DsmAttributes : std::uint32_t {
    kDsmIntegralRead = 1u << 0,
    kDsmIntegralWrite = 1u << 1,
    kDsmDeallocate = 1u << 2,
};

/// The most ranges in one Dataset Management command.
inline constexpr std::uint32_t kDsmRangesMax = 256;

/// One range of Dataset Management: 16 bytes. NVM Command Set 1.0 §3.2.3, figure "Range Definition"
struct DsmRange {
    Le32 cattr;  ///< Context attributes.
    Le32 nlb;    ///< Blocks, counted from one: this field is not zero-based.
    Le64 slba;   ///< First block.
};
static_assert(sizeof(DsmRange) == 16);
static_assert(offsetof(DsmRange, nlb) == 4 && offsetof(DsmRange, slba) == 8);

/// Dataset Management. The data is `range_count` elements of `DsmRange`. NVM Command Set 1.0 §3.2.3
/// \param range_count 1 to `kDsmRangesMax`
/// \param attributes bits of `DsmAttributes`
constexpr Command dataset_management(std::uint32_t range_count,
                                     std::uint32_t attributes = kDsmDeallocate,
                                     std::uint32_t nsid = 0) noexcept {
    assert(range_count >= 1 && range_count <= kDsmRangesMax);
    Command command = detail::make(NvmOpcode::dataset_management, nsid);
    command.cdw10 = (range_count - 1) & 0xff;
    command.cdw11 = attributes;
    return command;
}
/// Ranges in a Dataset Management command, counted from one.
constexpr std::uint32_t dsm_range_count(const Command& command) noexcept {
    return (command.cdw10 & 0xff) + 1;
}

/// The most source ranges in one Copy command.
inline constexpr std::uint32_t kCopyRangesMax = 256;

/// A source range of Copy, descriptor format 0h: 32 bytes. NVM Command Set 1.0 §3.2.2
struct CopyRange0 {
    std::array<std::uint8_t, 8> rsvd0;
    Le64 slba;
    Le16 nlb;  ///< Zero-based: see `of` and `blocks`.
    std::array<std::uint8_t, 6> rsvd18;
    Le32 eilbrt;  ///< Expected initial logical block reference tag.
    Le16 elbat;   ///< Expected logical block application tag.
    Le16 elbatm;  ///< Its mask.

    /// \param blocks 1 to `kBlocksMax`
    static constexpr CopyRange0 of(std::uint64_t slba, std::uint32_t blocks) noexcept {
        CopyRange0 range{};
        range.slba = slba;
        range.nlb = static_cast<std::uint16_t>(blocks - 1);
        return range;
    }
    constexpr std::uint32_t blocks() const noexcept { return nlb.value() + 1u; }
};
static_assert(sizeof(CopyRange0) == 32);
static_assert(offsetof(CopyRange0, slba) == 8 && offsetof(CopyRange0, nlb) == 16 &&
              offsetof(CopyRange0, eilbrt) == 24);

/// A source range of Copy, descriptor format 1h, for 32- and 64-bit guards: 40 bytes.
/// NVM Command Set 1.0 §3.2.2
struct CopyRange1 {
    std::array<std::uint8_t, 8> rsvd0;
    Le64 slba;
    Le16 nlb;  ///< Zero-based: see `of` and `blocks`.
    std::array<std::uint8_t, 8> rsvd18;
    std::array<std::uint8_t, 10> elbt;  ///< Expected storage and reference tags.
    Le16 elbat;
    Le16 elbatm;

    /// \param blocks 1 to `kBlocksMax`
    static constexpr CopyRange1 of(std::uint64_t slba, std::uint32_t blocks) noexcept {
        CopyRange1 range{};
        range.slba = slba;
        range.nlb = static_cast<std::uint16_t>(blocks - 1);
        return range;
    }
    constexpr std::uint32_t blocks() const noexcept { return nlb.value() + 1u; }
};
static_assert(sizeof(CopyRange1) == 40);
static_assert(offsetof(CopyRange1, slba) == 8 && offsetof(CopyRange1, nlb) == 16 &&
              offsetof(CopyRange1, elbt) == 26);

/// Copy within a namespace. The data is `range_count` elements of `CopyRange0` or `CopyRange1`.
/// NVM Command Set 1.0 §3.2.2
/// \param destination first block to write (SDLBA)
/// \param range_count 1 to `kCopyRangesMax`
/// \param format descriptor format, 0 or 1
/// \param flags `kLimitedRetry` and `kForceUnitAccess`
constexpr Command copy(std::uint64_t destination, std::uint32_t range_count, unsigned format = 0,
                       std::uint32_t flags = 0, std::uint32_t nsid = 0) noexcept {
    assert(range_count >= 1 && range_count <= kCopyRangesMax && format <= 0xf);
    assert((flags & ~(kLimitedRetry | kForceUnitAccess)) == 0);
    Command command = detail::make(NvmOpcode::copy, nsid);
    command.set_slba(destination);
    command.cdw12 = ((range_count - 1) & 0xff) | ((format & 0xfu) << 8) | flags;
    return command;
}
/// Source ranges in a Copy command, counted from one.
constexpr std::uint32_t copy_range_count(const Command& command) noexcept {
    return (command.cdw12 & 0xff) + 1;
}
/// Descriptor format of a Copy command.
constexpr unsigned copy_format(const Command& command) noexcept {
    return (command.cdw12 >> 8) & 0xf;
}

// ---- File-system command set --------------------------------------------------------------------

/// Reads a file from an offset in bytes; the length is that of the data.
constexpr Command file_read(std::uint64_t offset_bytes) noexcept {
    return detail::make(FileOpcode::read, offset_bytes);
}
/// Writes a file from an offset in bytes; the length is that of the data.
constexpr Command file_write(std::uint64_t offset_bytes) noexcept {
    return detail::make(FileOpcode::write, offset_bytes);
}
/// What was written to the file before is on the medium when it completes. No data.
constexpr Command file_flush() noexcept {
    return detail::make(FileOpcode::flush, 0);
}

// ---- Admin --------------------------------------------------------------------------------------

/// Fields of Identify. Those that a structure does not use stay 0.
struct IdentifyFields {
    Cns cns = Cns::controller;
    std::uint32_t nsid = 0;    ///< Namespace, or where a list starts.
    std::uint16_t cntid = 0;   ///< Controller.
    std::uint16_t cnssid = 0;  ///< What the CNS says: an NVM set, a domain, a format index.
    CommandSet csi = CommandSet::nvm;
    std::uint8_t uuid = 0;  ///< UUID index.
};

/// Identify. The data is 4096 bytes. NVMe Base 2.0 §5.17
constexpr Command identify(const IdentifyFields& fields) noexcept {
    Command command = detail::make(AdminOpcode::identify, fields.nsid);
    command.cdw10 =
        static_cast<std::uint32_t>(fields.cns) | (static_cast<std::uint32_t>(fields.cntid) << 16);
    command.cdw11 = fields.cnssid | (static_cast<std::uint32_t>(fields.csi) << 24);
    command.cdw14 = fields.uuid & 0x7fu;
    return command;
}

/// Fields of Get Log Page.
struct LogFields {
    LogPage page = LogPage::health;
    std::uint32_t bytes = 0;         ///< To transfer: a multiple of 4, at least 4.
    std::uint64_t offset_bytes = 0;  ///< A multiple of 4.
    std::uint32_t nsid = kNsidAll;   ///< All namespaces: the controller's log.
    std::uint8_t lsp = 0;            ///< Log specific, 7 bits.
    std::uint16_t lsi = 0;           ///< Log specific identifier.
    bool retain_event = false;       ///< The asynchronous event is not cleared (RAE).
    CommandSet csi = CommandSet::nvm;
    std::uint8_t uuid = 0;
};

/// Get Log Page. NVMe Base 2.0 §5.16
constexpr Command get_log_page(const LogFields& fields) noexcept {
    assert(fields.bytes >= 4 && fields.offset_bytes % 4 == 0 && fields.lsp <= 0x7f);
    const std::uint32_t dwords = detail::zero_based_dwords(fields.bytes);
    Command command = detail::make(AdminOpcode::get_log_page, fields.nsid);
    command.cdw10 = static_cast<std::uint32_t>(fields.page) | ((fields.lsp & 0x7fu) << 8) |
                    (fields.retain_event ? 1u << 15 : 0u) | ((dwords & 0xffff) << 16);
    command.cdw11 = (dwords >> 16) | (static_cast<std::uint32_t>(fields.lsi) << 16);
    command.cdw12 = static_cast<std::uint32_t>(fields.offset_bytes);
    command.cdw13 = static_cast<std::uint32_t>(fields.offset_bytes >> 32);
    command.cdw14 = (fields.uuid & 0x7fu) | (static_cast<std::uint32_t>(fields.csi) << 24);
    return command;
}
/// Bytes that a Get Log Page command transfers.
constexpr std::uint64_t log_bytes(const Command& command) noexcept {
    const std::uint64_t dwords = (command.cdw10 >> 16) | ((command.cdw11 & 0xffffu) << 16);
    return (dwords + 1) * 4;
}
/// Offset in bytes of a Get Log Page command.
constexpr std::uint64_t log_offset_bytes(const Command& command) noexcept {
    return (static_cast<std::uint64_t>(command.cdw13) << 32) | command.cdw12;
}

/// Get Features. The value comes in dword 0 of the completion, or as data where the feature has a
/// structure. NVMe Base 2.0 §5.15
/// \param cdw11 the feature's own field, such as which temperature sensor
constexpr Command get_features(FeatureId id, FeatureSelect select = FeatureSelect::current,
                               std::uint32_t nsid = 0, std::uint32_t cdw11 = 0,
                               std::uint8_t uuid = 0) noexcept {
    Command command = detail::make(AdminOpcode::get_features, nsid);
    command.cdw10 = static_cast<std::uint32_t>(id) | (static_cast<std::uint32_t>(select) << 8);
    command.cdw11 = cdw11;
    command.cdw14 = uuid & 0x7fu;
    return command;
}

/// Fields of Set Features.
struct SetFeaturesFields {
    FeatureId id = FeatureId::arbitration;
    std::uint32_t nsid = 0;
    std::uint32_t cdw11 = 0;  ///< The value.
    std::uint32_t cdw12 = 0;
    std::uint32_t cdw13 = 0;
    std::uint32_t cdw15 = 0;
    bool save = false;  ///< Keep it over resets and power cycles (SV).
    std::uint8_t uuid = 0;
};

/// Set Features. NVMe Base 2.0 §5.27
constexpr Command set_features(const SetFeaturesFields& fields) noexcept {
    Command command = detail::make(AdminOpcode::set_features, fields.nsid);
    command.cdw10 = static_cast<std::uint32_t>(fields.id) | (fields.save ? 1u << 31 : 0u);
    command.cdw11 = fields.cdw11;
    command.cdw12 = fields.cdw12;
    command.cdw13 = fields.cdw13;
    command.cdw14 = fields.uuid & 0x7fu;
    command.cdw15 = fields.cdw15;
    return command;
}

/// What Format NVM erases. NVMe Base 2.0 §5.14 (SES)
enum class SecureErase : std::uint8_t { none = 0, user_data = 1, cryptographic = 2 };

/// Fields of Format NVM.
struct FormatFields {
    std::uint32_t nsid = 0;            ///< `kNsidAll` for all of the controller's.
    std::uint8_t lbaf = 0;             ///< Index of the LBA format, 0 to 63.
    bool metadata_extended = false;    ///< At the end of each block's data (MSET).
    std::uint8_t protection_type = 0;  ///< 0 to 3 (PI).
    bool protection_first = false;     ///< In the first bytes of the metadata (PIL).
    SecureErase erase = SecureErase::none;
};

/// Format NVM: erases the namespace. No data. NVMe Base 2.0 §5.14
constexpr Command format(const FormatFields& fields) noexcept {
    assert(fields.lbaf <= 63 && fields.protection_type <= 3);
    Command command = detail::make(AdminOpcode::format_nvm, fields.nsid);
    command.cdw10 =
        (fields.lbaf & 0xfu) | (fields.metadata_extended ? 1u << 4 : 0u) |
        ((fields.protection_type & 7u) << 5) | (fields.protection_first ? 1u << 8 : 0u) |
        (static_cast<std::uint32_t>(fields.erase) << 9) | (((fields.lbaf >> 4) & 3u) << 12);
    return command;
}
/// The same fields, out of a command.
constexpr FormatFields format_fields(const Command& command) noexcept {
    FormatFields fields;
    fields.nsid = command.nsid;
    fields.lbaf =
        static_cast<std::uint8_t>((command.cdw10 & 0xf) | (((command.cdw10 >> 12) & 3) << 4));
    fields.metadata_extended = (command.cdw10 & (1u << 4)) != 0;
    fields.protection_type = static_cast<std::uint8_t>((command.cdw10 >> 5) & 7);
    fields.protection_first = (command.cdw10 & (1u << 8)) != 0;
    fields.erase = static_cast<SecureErase>((command.cdw10 >> 9) & 7);
    return fields;
}

/// What Sanitize does. NVMe Base 2.0 §5.24 (SANACT)
enum class SanitizeAction : std::uint8_t {
    exit_failure = 1,
    block_erase = 2,
    overwrite = 3,
    crypto_erase = 4,
};

/// Fields of Sanitize.
struct SanitizeFields {
    SanitizeAction action = SanitizeAction::block_erase;
    bool allow_unrestricted_exit = false;  ///< AUSE
    std::uint8_t overwrite_passes = 1;     ///< 1 to 16 (OWPASS); for `overwrite` alone.
    bool invert_between_passes = false;    ///< OIPBP
    bool no_deallocate = false;            ///< NDAS
    std::uint32_t overwrite_pattern = 0;   ///< OVRPAT
};

/// Sanitize: erases the whole NVM subsystem. It completes when the operation has started; the
/// sanitize status log has its progress. No data. NVMe Base 2.0 §5.24
constexpr Command sanitize(const SanitizeFields& fields) noexcept {
    assert(fields.overwrite_passes >= 1 && fields.overwrite_passes <= 16);
    Command command = detail::make(AdminOpcode::sanitize, 0);
    // Sixteen passes are written as zero, and the field has no meaning for the other actions.
    const std::uint32_t passes =
        fields.action == SanitizeAction::overwrite ? fields.overwrite_passes & 0xfu : 0u;
    command.cdw10 = static_cast<std::uint32_t>(fields.action) |
                    (fields.allow_unrestricted_exit ? 1u << 3 : 0u) | (passes << 4) |
                    (fields.invert_between_passes ? 1u << 8 : 0u) |
                    (fields.no_deallocate ? 1u << 9 : 0u);
    command.cdw11 = fields.overwrite_pattern;
    return command;
}

/// Types of directives. NVMe Base 2.0 §8.7
enum class DirectiveType : std::uint8_t { identify = 0, streams = 1, data_placement = 2 };

/// Operations of directives, by type. NVMe Base 2.0 §8.7.2, §8.7.3
inline constexpr std::uint8_t kIdentifyReceiveParameters = 0x01;
inline constexpr std::uint8_t kIdentifySendEnable = 0x01;
inline constexpr std::uint8_t kStreamsReceiveParameters = 0x01;
inline constexpr std::uint8_t kStreamsReceiveStatus = 0x02;
inline constexpr std::uint8_t kStreamsReceiveAllocate = 0x03;
inline constexpr std::uint8_t kStreamsSendReleaseIdentifier = 0x01;
inline constexpr std::uint8_t kStreamsSendReleaseResources = 0x02;

/// Fields of Directive Send and Directive Receive.
struct DirectiveFields {
    std::uint32_t nsid = 0;
    std::uint32_t bytes = 0;     ///< To transfer: a multiple of 4, 0 for none.
    std::uint8_t operation = 0;  ///< DOPER
    DirectiveType type = DirectiveType::identify;
    std::uint16_t specific = 0;  ///< DSPEC
    std::uint32_t cdw12 = 0;
    std::uint32_t cdw13 = 0;
};

namespace detail {
constexpr Command directive(AdminOpcode opcode, const DirectiveFields& fields) noexcept {
    Command command = make(opcode, fields.nsid);
    command.cdw10 = zero_based_dwords(fields.bytes);
    command.cdw11 = fields.operation | (static_cast<std::uint32_t>(fields.type) << 8) |
                    (static_cast<std::uint32_t>(fields.specific) << 16);
    command.cdw12 = fields.cdw12;
    command.cdw13 = fields.cdw13;
    return command;
}
}  // namespace detail

/// Directive Send. NVMe Base 2.0 §5.10
constexpr Command directive_send(const DirectiveFields& fields) noexcept {
    return detail::directive(AdminOpcode::directive_send, fields);
}
/// Directive Receive. NVMe Base 2.0 §5.9
constexpr Command directive_receive(const DirectiveFields& fields) noexcept {
    return detail::directive(AdminOpcode::directive_receive, fields);
}
/// Directive Send that turns a type of directive on or off for a namespace. No data.
/// NVMe Base 2.0 §8.7.2.2
constexpr Command directive_enable(DirectiveType type, bool enable,
                                   std::uint32_t nsid = 0) noexcept {
    DirectiveFields fields;
    fields.nsid = nsid;
    fields.operation = kIdentifySendEnable;
    fields.cdw12 = (enable ? 1u : 0u) | (static_cast<std::uint32_t>(type) << 8);
    return directive_send(fields);
}

}  // namespace xnvme::nvme
