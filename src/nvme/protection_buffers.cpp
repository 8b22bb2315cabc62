#include <xnvme/protection.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>

namespace xnvme {

namespace {

/// A place in a buffer or a list of buffers that moves forward. It stays inside: whoever moves it
/// has held the lengths against each other before.
class Cursor {
  public:
    explicit Cursor(const Data& data) noexcept {
        if (data.vectored()) {
            next_ = data.list();
            end_ = next_ + data.segments();
        } else {
            at_ = static_cast<std::byte*>(data.base());
            left_ = data.bytes();
        }
    }

    /// Calls `visit` with the next `count` bytes, in as many parts as they lie in.
    template <class Visit>
    void walk(std::size_t count, Visit visit) noexcept {
        while (count != 0) {
            while (left_ == 0) {
                if (next_ == end_) return;
                at_ = static_cast<std::byte*>(next_->base);
                left_ = next_->bytes;
                ++next_;
            }
            const std::size_t part = std::min(count, left_);
            visit(std::span(at_, part));
            at_ += part;
            left_ -= part;
            count -= part;
        }
    }
    void skip(std::size_t count) noexcept {
        walk(count, [](std::span<std::byte>) {});
    }
    void add_to(nvme::Guard& guard, std::size_t count) noexcept {
        walk(count, [&guard](std::span<const std::byte> part) { guard.add(part); });
    }
    void put(std::span<const std::byte> bytes) noexcept {
        walk(bytes.size(), [&bytes](std::span<std::byte> part) {
            std::memcpy(part.data(), bytes.data(), part.size());
            bytes = bytes.subspan(part.size());
        });
    }
    void get(std::span<std::byte> bytes) noexcept {
        walk(bytes.size(), [&bytes](std::span<const std::byte> part) {
            std::memcpy(bytes.data(), part.data(), part.size());
            bytes = bytes.subspan(part.size());
        });
    }

  private:
    std::byte* at_ = nullptr;
    std::size_t left_ = 0;
    const IoVec* next_ = nullptr;
    const IoVec* end_ = nullptr;
};

/// The number of blocks in the buffers, or why they make no sense.
Result<std::uint64_t> count_blocks(const ProtectionLayout& layout, const Data& data,
                                   const Data& metadata) noexcept {
    if (layout.block_bytes == 0 || layout.format.type == 0 || !layout.format.valid() ||
        layout.metadata_bytes < layout.format.bytes())
        return fail(Errc::invalid_argument);
    const std::uint32_t unit = layout.transfer_block_bytes();
    const std::uint64_t blocks = data.bytes() / unit;
    if (data.bytes() % unit != 0 || metadata.bytes() != blocks * layout.separate_block_bytes())
        return fail(Errc::bad_length);
    return blocks;
}

/// Calls `visit(index, guard, metadata)` for each block, with the place of its protection
/// information, until it returns false.
template <class Visit>
void for_each_block(const ProtectionLayout& layout, std::uint64_t blocks, const Data& data,
                    const Data& metadata, Visit visit) noexcept {
    const std::uint32_t bytes = layout.format.bytes();
    const std::uint32_t before = layout.format.first ? 0 : layout.metadata_bytes - bytes;
    Cursor block(data);
    Cursor separate(metadata);
    Cursor& extra = layout.extended ? block : separate;
    for (std::uint64_t i = 0; i < blocks; ++i) {
        nvme::Guard guard(layout.format);
        block.add_to(guard, layout.block_bytes);
        extra.add_to(guard, before);
        if (!visit(i, guard.value(), extra)) return;
        extra.skip(layout.metadata_bytes - before - bytes);
    }
}

using Bytes = std::array<std::byte, 16>;

}  // namespace

Result<ProtectionLayout> ProtectionLayout::of(const Geometry& geometry) noexcept {
    ProtectionLayout layout;
    layout.format.type = geometry.protection_type;
    layout.format.guard_bits = geometry.guard_bits;
    layout.format.storage_tag_bits = geometry.storage_tag_bits;
    layout.format.first = geometry.protection_first;
    layout.block_bytes = geometry.block_bytes;
    layout.metadata_bytes = geometry.metadata_bytes;
    layout.extended = geometry.metadata_extended;
    if (layout.format.type == 0 || !layout.format.valid() ||
        layout.metadata_bytes < layout.format.bytes())
        return fail(Errc::unsupported);
    return layout;
}

Result<void> generate_protection(const ProtectionLayout& layout, const nvme::ProtectionTags& tags,
                                 const Data& data, const Data& metadata) noexcept {
    const auto blocks = count_blocks(layout, data, metadata);
    if (!blocks) return std::unexpected(blocks.error());
    for_each_block(
        layout, *blocks, data, metadata, [&](std::uint64_t index, std::uint64_t guard, Cursor& at) {
            Bytes bytes{};
            nvme::encode_protection(layout.format,
                                    nvme::protection_of(layout.format, tags, index, guard), bytes);
            at.put(std::span(bytes).first(layout.format.bytes()));
            return true;
        });
    return {};
}

Result<std::optional<nvme::ProtectionMismatch>> verify_protection(const ProtectionLayout& layout,
                                                                  const nvme::ProtectionTags& tags,
                                                                  const Data& data,
                                                                  const Data& metadata,
                                                                  std::uint32_t checks) noexcept {
    const auto blocks = count_blocks(layout, data, metadata);
    if (!blocks) return std::unexpected(blocks.error());
    if (checks == 0) checks = nvme::all_checks(layout.format);
    std::optional<nvme::ProtectionMismatch> mismatch;
    for_each_block(
        layout, *blocks, data, metadata, [&](std::uint64_t index, std::uint64_t guard, Cursor& at) {
            Bytes bytes{};
            at.get(std::span(bytes).first(layout.format.bytes()));
            const auto found = nvme::decode_protection(layout.format, bytes);
            mismatch = nvme::check_protection(layout.format, checks, tags, index, guard, found);
            return !mismatch;
        });
    return mismatch;
}

std::string describe(const nvme::ProtectionMismatch& mismatch, std::uint64_t slba) {
    char numbers[64];
    std::snprintf(numbers, sizeof(numbers), " is 0x%llx, and should be 0x%llx",
                  static_cast<unsigned long long>(mismatch.found),
                  static_cast<unsigned long long>(mismatch.expected));
    return "the " + std::string(nvme::protection_field_name(mismatch.field)) + " of block " +
           std::to_string(slba + mismatch.block) + numbers;
}

}  // namespace xnvme
