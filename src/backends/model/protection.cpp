#include "protection.hpp"

#include <array>
#include <cstring>

#include <xnvme/nvme/protection.hpp>

namespace xnvme::be_model {

namespace {

using nvme::NvmOpcode;
using nvme::ProtectionTags;

constexpr std::uint32_t kChecks = nvme::kCheckGuard | nvme::kCheckApplicationTag |
                                  nvme::kCheckReferenceTag | nvme::kCheckStorageTag;

/// One block with its metadata, on its way.
class Block {
  public:
    explicit Block(const Shape& shape) noexcept : shape_(shape) {}

    std::span<std::byte> data() noexcept { return std::span(data_).first(shape_.block_bytes); }
    std::span<std::byte> metadata() noexcept {
        return std::span(metadata_).first(shape_.metadata_bytes);
    }
    /// Where the protection information stands in the metadata.
    std::span<std::byte> protection() noexcept {
        return metadata().subspan(offset(), shape_.protection.bytes());
    }

    /// Takes the block out of the medium. What was never written has protection information of
    /// ones, which escapes all checks. NVM Command Set 1.0 §3.2.3.2.1
    void load(const Media& media, std::uint64_t lba) noexcept {
        if (media.load(shape_, lba, data_.data(), metadata_.data())) return;
        const auto place = protection();
        std::memset(place.data(), 0xff, place.size());
    }
    bool store(Media& media, std::uint64_t lba) const noexcept {
        return media.store(shape_, lba, data_.data(), metadata_.data());
    }
    /// Takes the block out of the host's memory. Metadata that the host does not send is generated
    /// in all its bytes.
    void get(Scatter& host, Scatter& separate, bool with_metadata) noexcept {
        host.get(data_.data(), shape_.block_bytes);
        if (with_metadata)
            (shape_.extended ? host : separate).get(metadata_.data(), shape_.metadata_bytes);
    }
    void put(Scatter& host, Scatter& separate, bool with_metadata) const noexcept {
        host.put(data_.data(), shape_.block_bytes);
        if (with_metadata)
            (shape_.extended ? host : separate).put(metadata_.data(), shape_.metadata_bytes);
    }
    void zero() noexcept {
        data_.fill(std::byte{0});
        metadata_.fill(std::byte{0});
    }

    void generate(const ProtectionTags& tags, std::uint64_t index) noexcept {
        nvme::encode_protection(shape_.protection,
                                nvme::protection_of(shape_.protection, tags, index, guard()),
                                protection());
    }
    Status check(std::uint32_t checks, const ProtectionTags& tags, std::uint64_t index) noexcept {
        const auto found = nvme::decode_protection(shape_.protection, protection());
        const auto mismatch =
            nvme::check_protection(shape_.protection, checks, tags, index, guard(), found);
        return mismatch ? nvme::status_of(nvme::check_error(mismatch->field), true) : kSuccess;
    }
    /// Equal but for the protection information, which a compare leaves out.
    /// NVM Command Set 1.0 §3.2.1
    bool equals(Block& other) noexcept {
        const std::size_t behind = offset() + shape_.protection.bytes();
        return std::memcmp(data_.data(), other.data_.data(), shape_.block_bytes) == 0 &&
               std::memcmp(metadata_.data(), other.metadata_.data(), offset()) == 0 &&
               std::memcmp(metadata_.data() + behind, other.metadata_.data() + behind,
                           shape_.metadata_bytes - behind) == 0;
    }

  private:
    std::size_t offset() const noexcept {
        return shape_.protection.first ? 0 : shape_.metadata_bytes - shape_.protection.bytes();
    }
    std::uint64_t guard() noexcept {
        nvme::Guard guard(shape_.protection);
        guard.add(data());
        guard.add(metadata().first(offset()));
        return guard.value();
    }

    const Shape& shape_;
    std::array<std::byte, kBlockBytesMax> data_;
    std::array<std::byte, kMetadataBytesMax> metadata_;
};

/// What a command, or one side of a copy, says of protection information.
struct Request {
    std::uint32_t flags = 0;  ///< Bits of `nvme::IoFlags`.
    ProtectionTags tags;

    bool pract() const noexcept { return (flags & nvme::kPract) != 0; }
    std::uint32_t checks() const noexcept { return flags & kChecks; }
};

/// Type 1 ties the reference tag to the block's number, and type 3 ties it to nothing, so that
/// there is nothing to check. NVM Command Set 1.0 §5.2.2.3
Status check_request(const Shape& shape, const Request& request, std::uint64_t slba) noexcept {
    if ((request.flags & nvme::kCheckReferenceTag) == 0) return kSuccess;
    if (shape.protection.type == 3) return kInvalidProtection;
    const std::uint64_t expected = slba & shape.protection.reference_tag_mask();
    const bool differs = request.tags.reference_tag != expected;
    return shape.protection.type == 1 && differs ? kInvalidProtection : kSuccess;
}

Outcome read(const Media& media, const Shape& shape, const Request& request,
             const BlockRange& range, Scatter data, Scatter metadata) noexcept {
    const bool with_metadata = !(request.pract() && shape.pract_strips());
    Block block(shape);
    for (std::uint64_t i = 0; i < range.blocks; ++i) {
        block.load(media, range.slba + i);
        if (const Status status = block.check(request.checks(), request.tags, i); !status.ok())
            return Outcome::of(status, range.slba + i);
        block.put(data, metadata, with_metadata);
    }
    return {};
}

Outcome verify(const Media& media, const Shape& shape, const Request& request,
               const BlockRange& range) noexcept {
    Block block(shape);
    for (std::uint64_t i = 0; i < range.blocks; ++i) {
        block.load(media, range.slba + i);
        if (const Status status = block.check(request.checks(), request.tags, i); !status.ok())
            return Outcome::of(status, range.slba + i);
    }
    return {};
}

/// Everything is checked before the first block is written.
Outcome check_host(const Shape& shape, const Request& request, const BlockRange& range,
                   Scatter data, Scatter metadata) noexcept {
    Block block(shape);
    for (std::uint64_t i = 0; i < range.blocks; ++i) {
        block.get(data, metadata, true);
        if (const Status status = block.check(request.checks(), request.tags, i); !status.ok())
            return Outcome::of(status, range.slba + i);
    }
    return {};
}

Outcome write(Media& media, const Shape& shape, const Request& request, const BlockRange& range,
              Scatter data, Scatter metadata) noexcept {
    const bool pract = request.pract();
    if (!pract && request.checks() != 0) {
        const Outcome checked = check_host(shape, request, range, data, metadata);
        if (!checked.status.ok()) return checked;
    }
    Block block(shape);
    for (std::uint64_t i = 0; i < range.blocks; ++i) {
        block.get(data, metadata, !(pract && shape.pract_strips()));
        if (pract) block.generate(request.tags, i);
        if (!block.store(media, range.slba + i)) return Outcome::of(kInternalError, range.slba + i);
    }
    return {};
}

/// Both what the medium holds and what the host sends is checked. NVM Command Set 1.0 §5.2.2.3
Outcome compare(const Media& media, const Shape& shape, const Request& request,
                const BlockRange& range, Scatter data, Scatter metadata) noexcept {
    Block stored(shape);
    Block sent(shape);
    for (std::uint64_t i = 0; i < range.blocks; ++i) {
        stored.load(media, range.slba + i);
        sent.get(data, metadata, true);
        for (Block* const block : {&stored, &sent}) {
            if (const Status status = block->check(request.checks(), request.tags, i); !status.ok())
                return Outcome::of(status, range.slba + i);
        }
        if (!stored.equals(sent)) return Outcome::of(kCompareFailure, range.slba + i);
    }
    return {};
}

/// With PRACT the zeroes get protection information; without it, that is zeroes too.
/// NVM Command Set 1.0 §3.2.8
Outcome write_zeroes(Media& media, const Shape& shape, const Request& request,
                     const BlockRange& range) noexcept {
    Block block(shape);
    for (std::uint64_t i = 0; i < range.blocks; ++i) {
        block.zero();
        if (request.pract()) block.generate(request.tags, i);
        if (!block.store(media, range.slba + i)) return Outcome::of(kInternalError, range.slba + i);
    }
    return {};
}

/// One source range of a copy, to `destination`; `index` is that of its first block among all.
Outcome copy_range(Media& media, const Shape& shape, const BlockRange& source,
                   const Request& reading, const Request& writing, std::uint64_t destination,
                   std::uint64_t index) noexcept {
    Block block(shape);
    for (std::uint64_t i = 0; i < source.blocks; ++i) {
        block.load(media, source.slba + i);
        Status status = block.check(reading.checks(), reading.tags, i);
        if (status.ok() && writing.pract())
            block.generate(writing.tags, index + i);
        else if (status.ok())
            status = block.check(writing.checks(), writing.tags, index + i);
        if (!status.ok()) return Outcome::of(status, source.slba + i);
        if (!block.store(media, destination + i)) return Outcome::of(kInternalError, destination);
    }
    return {};
}

template <class Descriptor>
ProtectionTags tags_of_next(Scatter& descriptors, const Shape& shape) noexcept {
    Descriptor descriptor;
    descriptors.get(&descriptor, sizeof(descriptor));
    return nvme::expected_tags(descriptor, shape.protection);
}

}  // namespace

TransferUnit transfer_unit(const Shape& shape, const Command& command) noexcept {
    if ((command.cdw12 & nvme::kPract) != 0 && shape.pract_strips()) return {shape.block_bytes, 0};
    return {shape.transfer_bytes, shape.separate_bytes};
}

Outcome execute_protected(Controller& controller, const Shape& shape, const Command& command,
                          const Scatter& data, const Scatter& metadata) noexcept {
    Media& media = controller.media();
    const BlockRange range{command.slba(), command.blocks()};
    const auto opcode = static_cast<NvmOpcode>(command.opcode);
    const Request request{command.cdw12, nvme::tags_of(command, shape.protection)};
    if (const Status status = check_request(shape, request, range.slba); !status.ok())
        return Outcome::of(status, range.slba);
    // There is nothing to generate or strip in these.
    if (request.pract() && (opcode == NvmOpcode::compare || opcode == NvmOpcode::verify))
        return Outcome::of(kInvalidProtection, range.slba);
    switch (opcode) {
        case NvmOpcode::read:
            return read(media, shape, request, range, data, metadata);
        case NvmOpcode::write:
            return write(media, shape, request, range, data, metadata);
        case NvmOpcode::compare:
            return compare(media, shape, request, range, data, metadata);
        case NvmOpcode::verify:
            return verify(media, shape, request, range);
        default:
            return write_zeroes(media, shape, request, range);
    }
}

Outcome copy_protected(Controller& controller, const Shape& shape, const Context& context,
                       std::span<const BlockRange> ranges) noexcept {
    const Command& command = context.command;
    // Longer guards need the longer descriptor. NVM Command Set 1.0 §3.2.2
    const bool long_guard = shape.protection.guard_bits != 16;
    if ((nvme::copy_format(command) == 1) != long_guard) return Outcome::of(kInvalidFormat);
    Request writing{nvme::copy_write_flags(command), nvme::tags_of(command, shape.protection)};
    Request reading{nvme::copy_read_flags(command), {}};
    if (reading.pract() != writing.pract()) return Outcome::of(kInvalidField);
    if (const Status status = check_request(shape, writing, command.slba()); !status.ok())
        return Outcome::of(status, command.slba());
    Scatter descriptors = Scatter::data_of(context);
    std::uint64_t index = 0;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
        reading.tags = long_guard ? tags_of_next<nvme::CopyRange1>(descriptors, shape)
                                  : tags_of_next<nvme::CopyRange0>(descriptors, shape);
        Outcome outcome;
        outcome.status = check_request(shape, reading, ranges[i].slba);
        outcome.lba = ranges[i].slba;
        if (outcome.status.ok())
            outcome = copy_range(controller.media(), shape, ranges[i], reading, writing,
                                 command.slba() + index, index);
        outcome.result = i;
        if (!outcome.status.ok()) return outcome;
        index += ranges[i].blocks;
    }
    return {};
}

}  // namespace xnvme::be_model
