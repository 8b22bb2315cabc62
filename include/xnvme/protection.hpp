/// \file
/// Protection information in the buffers of whole commands: generating it before a write, verifying
/// it after a read, whatever the device and wherever its metadata goes.
///
/// A write of data that is protected from here on, and a read that is checked here:
///
///     const auto layout = ProtectionLayout::of(device.geometry());
///     const nvme::ProtectionTags tags = layout->tags(slba, 0x1234);
///     generate_protection(*layout, tags, data, metadata);
///     device.execute(layout->command(nvme::write(slba, blocks, nvme::kCheckGuard), tags), ...);
///     ...
///     verify_protection(*layout, tags, data, metadata);
///
/// With `nvme::kPract` in the flags the device generates, checks and strips it instead; then
/// `Geometry::transfer_bytes` and `Geometry::separate_metadata_bytes` say what is transferred.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <xnvme/command.hpp>
#include <xnvme/export.hpp>
#include <xnvme/geometry.hpp>
#include <xnvme/nvme/protection.hpp>
#include <xnvme/result.hpp>

namespace xnvme {

/// Where protection information is in the buffers of a device's commands.
struct ProtectionLayout {
    nvme::ProtectionFormat format;
    std::uint32_t block_bytes = 0;     ///< Data per block.
    std::uint32_t metadata_bytes = 0;  ///< Metadata per block.
    bool extended = false;             ///< Behind each block's data, else in a buffer of its own.

    /// That of a device. Fails with `Errc::unsupported` where its namespace has no protection
    /// information, or one that this library does not know.
    [[nodiscard]] XNVME_API static Result<ProtectionLayout> of(const Geometry& geometry) noexcept;

    /// Bytes of the data buffer per block.
    constexpr std::uint32_t transfer_block_bytes() const noexcept {
        return block_bytes + (extended ? metadata_bytes : 0);
    }
    /// Bytes of the metadata buffer per block.
    constexpr std::uint32_t separate_block_bytes() const noexcept {
        return extended ? 0 : metadata_bytes;
    }
    /// Tags for blocks from `slba` on, with the reference tag that type 1 requires: the block's
    /// number, as far as it fits.
    constexpr nvme::ProtectionTags tags(std::uint64_t slba, std::uint16_t application_tag = 0,
                                        std::uint64_t storage_tag = 0) const noexcept {
        nvme::ProtectionTags tags;
        tags.reference_tag = slba & format.reference_tag_mask();
        tags.storage_tag = storage_tag;
        tags.application_tag = application_tag;
        return tags;
    }
    /// The command with these tags in its fields.
    [[nodiscard]] Command command(const Command& command,
                                  const nvme::ProtectionTags& tags) const noexcept {
        return nvme::with_tags(command, format, tags);
    }
};

/// Writes the protection information of every block of `data` into its metadata: behind each block
/// where the layout is extended, else into `metadata`. Both may be lists. Bytes of metadata before
/// or behind the protection information stay as they are; those before it are under the guard.
/// Fails with `Errc::bad_length` when the buffers are no whole number of blocks, or not of the same
/// number. Any thread; does not block or allocate.
[[nodiscard]] XNVME_API Result<void> generate_protection(const ProtectionLayout& layout,
                                                         const nvme::ProtectionTags& tags,
                                                         const Data& data,
                                                         const Data& metadata = {}) noexcept;

/// Checks the protection information of every block of `data`. The buffers are as for
/// `generate_protection`, and so are the errors.
/// \param checks which fields, as bits of `nvme::IoFlags`; 0 for all that the format has
///     (`nvme::all_checks`)
/// \return the first field that is wrong, or nothing when all blocks hold. A block with the escape
///     value in its application tag holds (`nvme::escapes_checks`).
[[nodiscard]] XNVME_API Result<std::optional<nvme::ProtectionMismatch>> verify_protection(
    const ProtectionLayout& layout, const nvme::ProtectionTags& tags, const Data& data,
    const Data& metadata = {}, std::uint32_t checks = 0) noexcept;

/// A mismatch in words: "the guard of block 17 is 0x1d0f, and should be 0x32d9".
/// \param slba the first block of the command, to name the block by its number
[[nodiscard]] XNVME_API std::string describe(const nvme::ProtectionMismatch& mismatch,
                                             std::uint64_t slba = 0);

}  // namespace xnvme
