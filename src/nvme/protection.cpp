#include <xnvme/nvme/protection.hpp>

namespace xnvme::nvme {

namespace {

/// The space that the storage tag and the reference tag share: at most 80 bits, the storage tag in
/// the upper ones. NVM Command Set 1.0 §5.2.1.6
struct TagSpace {
    std::uint64_t high = 0;  ///< Bits 79:64.
    std::uint64_t low = 0;
};

TagSpace join(const ProtectionFormat& format, std::uint64_t storage, std::uint64_t reference) {
    const unsigned shift = format.reference_tag_bits();
    storage &= format.storage_tag_mask();
    reference &= format.reference_tag_mask();
    if (shift >= 64) return {storage << (shift - 64), reference};
    const std::uint64_t high = shift == 0 ? 0 : storage >> (64 - shift);
    return {high & 0xffff, (storage << shift) | reference};
}

void split(const ProtectionFormat& format, const TagSpace& space, std::uint64_t& storage,
           std::uint64_t& reference) {
    const unsigned shift = format.reference_tag_bits();
    reference = space.low & format.reference_tag_mask();
    if (shift >= 64)
        storage = space.high >> (shift - 64);
    else
        storage = (space.low >> shift) | (shift == 0 ? 0 : space.high << (64 - shift));
    storage &= format.storage_tag_mask();
}

void put_big_endian(std::span<std::byte> to, std::uint64_t value) {
    for (std::size_t i = to.size(); i-- != 0; value >>= 8) to[i] = static_cast<std::byte>(value);
}

std::uint64_t get_big_endian(std::span<const std::byte> from) {
    std::uint64_t value = 0;
    for (const std::byte byte : from) value = (value << 8) | std::to_integer<std::uint64_t>(byte);
    return value;
}

/// Where the fields stand: the guard, two bytes of application tag, then the space.
struct Offsets {
    explicit Offsets(const ProtectionFormat& format)
        : guard_bytes(format.guard_bits / 8u),
          space(guard_bytes + 2),
          space_bytes(format.space_bits() / 8) {}
    std::size_t guard_bytes;
    std::size_t space;
    std::size_t space_bytes;
};

void put_space(std::span<std::byte> to, const TagSpace& space) {
    const std::size_t low_bytes = to.size() < 8 ? to.size() : 8;
    put_big_endian(to.first(to.size() - low_bytes), space.high);
    put_big_endian(to.last(low_bytes), space.low);
}

TagSpace get_space(std::span<const std::byte> from) {
    const std::size_t low_bytes = from.size() < 8 ? from.size() : 8;
    return {get_big_endian(from.first(from.size() - low_bytes)),
            get_big_endian(from.last(low_bytes))};
}

}  // namespace

void encode_protection(const ProtectionFormat& format, const ProtectionInfo& info,
                       std::span<std::byte> to) noexcept {
    const Offsets at(format);
    put_big_endian(to.first(at.guard_bytes), info.guard);
    put_big_endian(to.subspan(at.guard_bytes, 2), info.application_tag);
    put_space(to.subspan(at.space, at.space_bytes),
              join(format, info.storage_tag, info.reference_tag));
}

ProtectionInfo decode_protection(const ProtectionFormat& format,
                                 std::span<const std::byte> from) noexcept {
    const Offsets at(format);
    ProtectionInfo info;
    info.guard = get_big_endian(from.first(at.guard_bytes));
    info.application_tag =
        static_cast<std::uint16_t>(get_big_endian(from.subspan(at.guard_bytes, 2)));
    split(format, get_space(from.subspan(at.space, at.space_bytes)), info.storage_tag,
          info.reference_tag);
    return info;
}

std::optional<ProtectionMismatch> check_protection(const ProtectionFormat& format,
                                                   std::uint32_t checks, const ProtectionTags& tags,
                                                   std::uint64_t index, std::uint64_t guard,
                                                   const ProtectionInfo& found) noexcept {
    if (escapes_checks(format, found)) return std::nullopt;
    const ProtectionInfo expected = protection_of(format, tags, index, guard);
    const struct {
        std::uint32_t check;
        ProtectionField field;
        std::uint64_t expected;
        std::uint64_t found;
        std::uint64_t mask;
    } fields[] = {
        {kCheckGuard, ProtectionField::guard, expected.guard, found.guard, ~std::uint64_t{0}},
        {kCheckApplicationTag, ProtectionField::application_tag, expected.application_tag,
         found.application_tag, tags.application_tag_mask},
        {kCheckReferenceTag, ProtectionField::reference_tag, expected.reference_tag,
         found.reference_tag, format.reference_tag_mask()},
        {kCheckStorageTag, ProtectionField::storage_tag, expected.storage_tag, found.storage_tag,
         tags.storage_tag_mask},
    };
    for (const auto& one : fields) {
        if ((checks & one.check) != 0 && ((one.expected ^ one.found) & one.mask) != 0)
            return ProtectionMismatch{index, one.field, one.expected & one.mask,
                                      one.found & one.mask};
    }
    return std::nullopt;
}

Command with_tags(Command command, const ProtectionFormat& format,
                  const ProtectionTags& tags) noexcept {
    const TagSpace space = join(format, tags.storage_tag, tags.reference_tag);
    command.cdw2 = static_cast<std::uint32_t>(space.high);
    command.cdw3 = static_cast<std::uint32_t>(space.low >> 32);
    command.cdw14 = static_cast<std::uint32_t>(space.low);
    command.cdw15 = tags.application_tag | (std::uint32_t{tags.application_tag_mask} << 16);
    return command;
}

ProtectionTags tags_of(const Command& command, const ProtectionFormat& format) noexcept {
    ProtectionTags tags;
    TagSpace space{command.cdw2 & 0xffffu, command.cdw14};
    // Of 48 bits, the upper sixteen are in dword 3; of 80, also the next sixteen, and dword 2.
    if (format.space_bits() > 32) space.low |= static_cast<std::uint64_t>(command.cdw3) << 32;
    split(format, space, tags.storage_tag, tags.reference_tag);
    tags.application_tag = static_cast<std::uint16_t>(command.cdw15);
    tags.application_tag_mask = static_cast<std::uint16_t>(command.cdw15 >> 16);
    return tags;
}

void set_expected_tags(CopyRange0& range, const ProtectionFormat& format,
                       const ProtectionTags& tags) noexcept {
    range.eilbrt =
        static_cast<std::uint32_t>(join(format, tags.storage_tag, tags.reference_tag).low);
    range.elbat = tags.application_tag;
    range.elbatm = tags.application_tag_mask;
}

void set_expected_tags(CopyRange1& range, const ProtectionFormat& format,
                       const ProtectionTags& tags) noexcept {
    // Big-endian, unlike every other field of the descriptor, as it stands in the metadata.
    put_space(std::as_writable_bytes(std::span(range.elbt)),
              join(format, tags.storage_tag, tags.reference_tag));
    range.elbat = tags.application_tag;
    range.elbatm = tags.application_tag_mask;
}

ProtectionTags expected_tags(const CopyRange0& range, const ProtectionFormat& format) noexcept {
    ProtectionTags tags;
    split(format, {0, range.eilbrt}, tags.storage_tag, tags.reference_tag);
    tags.application_tag = range.elbat;
    tags.application_tag_mask = range.elbatm;
    return tags;
}

ProtectionTags expected_tags(const CopyRange1& range, const ProtectionFormat& format) noexcept {
    ProtectionTags tags;
    split(format, get_space(std::as_bytes(std::span(range.elbt))), tags.storage_tag,
          tags.reference_tag);
    tags.application_tag = range.elbat;
    tags.application_tag_mask = range.elbatm;
    return tags;
}

std::string_view protection_field_name(ProtectionField field) noexcept {
    constexpr std::string_view kNames[] = {"guard", "application tag", "reference tag",
                                           "storage tag"};
    return kNames[static_cast<unsigned>(field)];
}

}  // namespace xnvme::nvme
