/// \file
/// Protection information: the eight or sixteen bytes of a block's metadata that say whether its
/// data is whole, and that it is this block's. NVM Command Set 1.0 §5.2, §5.3
///
/// Here are its layouts, one block at a time, and the fields of commands that go with it.
/// <xnvme/protection.hpp> generates and verifies it in the buffers of whole commands.
///
/// Everything is pure and may be called by any thread; nothing allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include <xnvme/export.hpp>
#include <xnvme/nvme/builders.hpp>
#include <xnvme/nvme/crc.hpp>
#include <xnvme/nvme/status.hpp>

namespace xnvme::nvme {

/// The application tag that switches the checks of a block off: of type 1 and 2 alone, of type 3
/// together with a reference tag of ones. NVM Command Set 1.0 §5.2.1.4
inline constexpr std::uint16_t kApplicationTagEscape = 0xffff;

/// What protection information looks like on a namespace. NVM Command Set 1.0 §5.2.1
struct ProtectionFormat {
    std::uint8_t type = 0;              ///< 1 to 3, 0 for none. NVM Command Set 1.0 §5.2.1.4
    std::uint8_t guard_bits = 16;       ///< 16, 32 or 64.
    std::uint8_t storage_tag_bits = 0;  ///< STS: the storage tag's part of the space it shares.
    bool first = false;                 ///< In the first bytes of the metadata, else in the last.

    /// Bytes of it per block.
    constexpr std::uint32_t bytes() const noexcept { return guard_bits == 16 ? 8 : 16; }
    /// Bits that the storage tag and the reference tag have together: 32, 80 or 48.
    constexpr unsigned space_bits() const noexcept {
        return guard_bits == 16 ? 32 : guard_bits == 32 ? 80 : 48;
    }
    constexpr unsigned reference_tag_bits() const noexcept {
        return space_bits() - storage_tag_bits;
    }
    /// The bits that a reference tag can have. It wraps there when it counts.
    constexpr std::uint64_t reference_tag_mask() const noexcept {
        return low_bits(reference_tag_bits());
    }
    constexpr std::uint64_t storage_tag_mask() const noexcept { return low_bits(storage_tag_bits); }

    /// True when such a format can be: types, guards, and the limits of the storage tag for each
    /// guard. NVM Command Set 1.0 §4.1.5.3, figure "Extended LBA Format"
    constexpr bool valid() const noexcept {
        if (type > 3) return false;
        switch (guard_bits) {
            case 16:
                return storage_tag_bits <= 32;
            case 32:
                return storage_tag_bits >= 16 && storage_tag_bits <= 64;
            case 64:
                return storage_tag_bits <= 48;
            default:
                return false;
        }
    }
    constexpr bool operator==(const ProtectionFormat&) const = default;

  private:
    static constexpr std::uint64_t low_bits(unsigned bits) noexcept {
        return bits >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
    }
};

/// Bits of the guard of a protection information format (PIF); 0 for those that are not known.
/// NVM Command Set 1.0 §4.1.5.3
constexpr std::uint8_t guard_bits_of(unsigned protection_format) noexcept {
    constexpr std::uint8_t kBits[] = {16, 32, 64, 0};
    return kBits[protection_format & 3];
}

/// The fields of one block's protection information.
struct ProtectionInfo {
    std::uint64_t guard = 0;
    std::uint64_t storage_tag = 0;
    std::uint64_t reference_tag = 0;
    std::uint16_t application_tag = 0;

    constexpr bool operator==(const ProtectionInfo&) const = default;
};

/// What a command says of the tags of its blocks.
struct ProtectionTags {
    std::uint64_t reference_tag = 0;  ///< Of the first block; types 1 and 2 count from there.
    std::uint64_t storage_tag = 0;
    std::uint64_t storage_tag_mask = ~std::uint64_t{0};  ///< Bits that are checked.
    std::uint16_t application_tag = 0;
    std::uint16_t application_tag_mask = 0xffff;  ///< Bits that are checked.

    /// The reference tag of the block with this index in the command.
    constexpr std::uint64_t reference_tag_at(const ProtectionFormat& format,
                                             std::uint64_t index) const noexcept {
        const std::uint64_t tag = format.type == 3 ? reference_tag : reference_tag + index;
        return tag & format.reference_tag_mask();
    }
};

/// A field of protection information.
enum class ProtectionField : std::uint8_t { guard, application_tag, reference_tag, storage_tag };

/// The status that a controller gives when the check of a field fails. NVM Command Set 1.0 §5.2.3
constexpr MediaStatus check_error(ProtectionField field) noexcept {
    constexpr MediaStatus kErrors[] = {
        MediaStatus::guard_check_error, MediaStatus::application_tag_check_error,
        MediaStatus::reference_tag_check_error, MediaStatus::storage_tag_check_error};
    return kErrors[static_cast<unsigned>(field)];
}

/// A field that is not what it should be.
struct ProtectionMismatch {
    std::uint64_t block = 0;  ///< Index of the block in the command, from 0.
    ProtectionField field = ProtectionField::guard;
    std::uint64_t expected = 0;  ///< The bits that are checked.
    std::uint64_t found = 0;     ///< The same bits.

    constexpr bool operator==(const ProtectionMismatch&) const = default;
};

/// Writes protection information as it stands in metadata: big-endian. `to` has at least
/// `format.bytes()` bytes. Bits that a tag has too many are cut off.
XNVME_API void encode_protection(const ProtectionFormat& format, const ProtectionInfo& info,
                                 std::span<std::byte> to) noexcept;
/// Reads it. `from` has at least `format.bytes()` bytes.
[[nodiscard]] XNVME_API ProtectionInfo decode_protection(const ProtectionFormat& format,
                                                         std::span<const std::byte> from) noexcept;

/// The guard over bytes that come in parts: a block's data, then the metadata before the protection
/// information.
class Guard {
  public:
    explicit Guard(const ProtectionFormat& format) noexcept : bits_(format.guard_bits) {}
    void add(std::span<const std::byte> bytes) noexcept {
        value_ = bits_ == 16   ? crc16_t10dif(bytes, static_cast<std::uint16_t>(value_))
                 : bits_ == 32 ? crc32c(bytes, static_cast<std::uint32_t>(value_))
                               : crc64_nvme(bytes, value_);
    }
    std::uint64_t value() const noexcept { return value_; }

  private:
    unsigned bits_;
    std::uint64_t value_ = 0;
};

/// The protection information of the block with this index in a command.
constexpr ProtectionInfo protection_of(const ProtectionFormat& format, const ProtectionTags& tags,
                                       std::uint64_t index, std::uint64_t guard) noexcept {
    return {guard, tags.storage_tag & format.storage_tag_mask(),
            tags.reference_tag_at(format, index), tags.application_tag};
}

/// True when the block is marked as one whose protection information is not to be checked.
constexpr bool escapes_checks(const ProtectionFormat& format, const ProtectionInfo& info) noexcept {
    return info.application_tag == kApplicationTagEscape &&
           (format.type != 3 || info.reference_tag == format.reference_tag_mask());
}

/// The checks that a namespace of this format can do: all of them, but for the reference tag of
/// type 3, which no rule ties to the block, and a storage tag where there is none.
constexpr std::uint32_t all_checks(const ProtectionFormat& format) noexcept {
    return kCheckGuard | kCheckApplicationTag |
           (format.type == 3 || format.reference_tag_bits() == 0
                ? 0u
                : std::uint32_t{kCheckReferenceTag}) |
           (format.storage_tag_bits == 0 ? 0u : std::uint32_t{kCheckStorageTag});
}

/// Checks one block as a controller does. NVM Command Set 1.0 §5.2.2.3
/// \param checks bits of `IoFlags`: `kCheckGuard` and so on; others mean nothing
/// \param index the block's index in the command
/// \param guard what the block's bytes come to
/// \param found what stands in the metadata
/// \return the first field that is wrong, in the order of `ProtectionField`; nothing when all hold
///     or the block escapes the checks
[[nodiscard]] XNVME_API std::optional<ProtectionMismatch> check_protection(
    const ProtectionFormat& format, std::uint32_t checks, const ProtectionTags& tags,
    std::uint64_t index, std::uint64_t guard, const ProtectionInfo& found) noexcept;

/// Sets the tags of a read, write, compare, verify, write zeroes or copy (there: those that the
/// written blocks get): command dwords 2, 3, 14 and 15.
/// NVM Command Set 1.0 §3.2, §5.2.1.6 (LBST, ILBRT), LBAT, LBATM
[[nodiscard]] XNVME_API Command with_tags(Command command, const ProtectionFormat& format,
                                          const ProtectionTags& tags) noexcept;
/// The same fields, out of a command. The storage tag's mask is the namespace's and no field.
[[nodiscard]] XNVME_API ProtectionTags tags_of(const Command& command,
                                               const ProtectionFormat& format) noexcept;

/// Sets what a copy checks and does where it reads, and where it writes: PRINFOR and STCR, PRINFOW
/// and STCW. NVM Command Set 1.0 §3.2.2
/// \param read_flags `kPract` and the checks, of `IoFlags`
/// \param write_flags the same
[[nodiscard]] constexpr Command with_copy_checks(Command command, std::uint32_t read_flags,
                                                 std::uint32_t write_flags) noexcept {
    constexpr std::uint32_t kPrinfo =
        kPract | kCheckGuard | kCheckApplicationTag | kCheckReferenceTag;
    command.cdw12 &= ~(kPrinfo | (kPrinfo >> 14) | (3u << 24));
    command.cdw12 |= (write_flags & (kPrinfo | kCheckStorageTag)) | ((read_flags & kPrinfo) >> 14) |
                     ((read_flags & kCheckStorageTag) << 1);
    return command;
}
/// What a copy does where it reads, as bits of `IoFlags`.
[[nodiscard]] constexpr std::uint32_t copy_read_flags(const Command& command) noexcept {
    return ((command.cdw12 & 0xf000u) << 14) | ((command.cdw12 >> 1) & kCheckStorageTag);
}
/// What a copy does where it writes, as bits of `IoFlags`.
[[nodiscard]] constexpr std::uint32_t copy_write_flags(const Command& command) noexcept {
    return command.cdw12 & (0x3c000000u | kCheckStorageTag);
}

/// Sets the tags that a copy expects of a source range. Descriptor format 0 goes with 16-bit
/// guards, format 1 with longer ones.
XNVME_API void set_expected_tags(CopyRange0& range, const ProtectionFormat& format,
                                 const ProtectionTags& tags) noexcept;
XNVME_API void set_expected_tags(CopyRange1& range, const ProtectionFormat& format,
                                 const ProtectionTags& tags) noexcept;
/// The same fields, out of a range.
[[nodiscard]] XNVME_API ProtectionTags expected_tags(const CopyRange0& range,
                                                     const ProtectionFormat& format) noexcept;
[[nodiscard]] XNVME_API ProtectionTags expected_tags(const CopyRange1& range,
                                                     const ProtectionFormat& format) noexcept;

/// The name of a field, such as "reference tag".
[[nodiscard]] XNVME_API std::string_view protection_field_name(ProtectionField field) noexcept;

}  // namespace xnvme::nvme
