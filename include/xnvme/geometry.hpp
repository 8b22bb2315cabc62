/// \file
/// What a device is: its class, sizes and limits.
#pragma once

#include <cstdint>
#include <string>

namespace xnvme {

/// What kind of thing an identifier names. The registry says which interface serves which class.
enum class DeviceClass : std::uint8_t {
    file,             ///< A regular file.
    block,            ///< A block device that is not NVMe's.
    nvme_block,       ///< An NVMe namespace as a block device, such as /dev/nvme0n1.
    nvme_generic,     ///< An NVMe namespace as a character device, such as /dev/ng0n1.
    nvme_controller,  ///< An NVMe controller as a character device, such as /dev/nvme0.
    pci,              ///< An NVMe controller by PCI address, such as 0000:02:00.0.
    tcp,              ///< An NVMe/TCP endpoint, such as 127.0.0.1:4420.
    driverkit,        ///< MacVFN-<serial>.
    model,            ///< A controller in this process's memory, such as mem:1GiB.
};
inline constexpr unsigned kDeviceClassCount = 9;

/// The command set of a namespace. NVMe Base 2.0 §3.1.3.4 (CAP.CSS), I/O command set identifiers.
enum class CommandSet : std::uint8_t {
    nvm = 0x00,
    key_value = 0x01,
    zoned = 0x02,
    file_system = 0x1f,  ///< A regular file, with offsets in bytes; outside the specification.
};

/// How the blocks after a deallocation read. NVM Command Set 1.0 §3.2.3.2 (DLFEAT)
enum class DeallocatedRead : std::uint8_t { unreported = 0, zeroes = 1, ones = 2 };

/// Sizes and limits of an open device. Counts are counts, not zero-based. A key-value namespace has
/// no blocks: what counts or measures them is 0 there.
struct Geometry {
    std::uint64_t blocks = 0;          ///< Logical blocks in the namespace.
    std::uint64_t size_bytes = 0;      ///< Data bytes; of a file, its length at open.
    std::uint32_t block_bytes = 0;     ///< Bytes of data in a logical block (LBADS).
    std::uint32_t metadata_bytes = 0;  ///< Bytes of metadata per logical block (MS), 0 for none.
    /// Bytes of buffer per block: `block_bytes`, plus `metadata_bytes` where the metadata is
    /// transferred at the end of the data ("extended").
    std::uint32_t transfer_block_bytes = 0;
    bool metadata_extended = false;
    std::uint32_t max_transfer_bytes = 0;    ///< Most data bytes in one command (MDTS).
    std::uint32_t max_segments = 0;          ///< Most elements in one scatter/gather list.
    std::uint32_t buffer_alignment = 1;      ///< What buffer addresses must be a multiple of.
    std::uint32_t physical_block_bytes = 0;  ///< The unit that the medium writes without a read.
    std::uint32_t optimal_io_bytes = 0;      ///< Preferred transfer size, 0 when not reported.
    CommandSet command_set = CommandSet::nvm;
    DeallocatedRead deallocated_read = DeallocatedRead::unreported;
    std::uint8_t protection_type = 0;   ///< Protection information type, 0 for none.
    std::uint8_t guard_bits = 0;        ///< Bits of its guard: 16, 32 or 64; 0 without it.
    std::uint8_t storage_tag_bits = 0;  ///< Bits of its storage tag (STS).
    bool protection_first = false;      ///< In the first bytes of the metadata, else in the last.
    bool rotational = false;
    bool zoned = false;
    std::uint64_t zone_blocks = 0;  ///< Blocks in a zone, 0 when not zoned.
    std::uint64_t zones = 0;
    std::uint32_t max_open_zones = 0;        ///< 0 for no limit.
    std::uint32_t max_active_zones = 0;      ///< Open and closed zones together; 0 for no limit.
    std::uint32_t max_append_bytes = 0;      ///< Most bytes in one append, 0 where there is none.
    std::uint32_t zone_extension_bytes = 0;  ///< Bytes of a zone descriptor extension.
    std::uint32_t random_write_areas = 0;    ///< Zones that may have one (ZRWA); 0 for no limit.
    std::uint32_t random_write_area_blocks = 0;        ///< Its size, 0 where there are none.
    std::uint32_t random_write_area_flush_blocks = 0;  ///< What it is committed in multiples of.
    std::uint32_t key_bytes_max = 0;                   ///< Longest key, 0 where there are no keys.
    std::uint32_t value_bytes_max = 0;  ///< Longest value, 0 where there are no keys.

    /// Bytes of protection information per block, 0 for none. NVM Command Set 1.0 §5.2.1
    constexpr std::uint32_t protection_bytes() const noexcept {
        return protection_type == 0 || guard_bits == 0 ? 0 : guard_bits == 16 ? 8 : 16;
    }
    /// True when metadata is protection information and nothing else. Then commands with PRACT
    /// transfer none: the device generates it on a write, and strips it on a read.
    /// NVM Command Set 1.0 §5.2.2.1
    constexpr bool pract_strips() const noexcept {
        return protection_bytes() != 0 && metadata_bytes == protection_bytes();
    }
    /// Bytes of data buffer for `count` blocks, in commands with or without PRACT.
    constexpr std::uint64_t transfer_bytes(std::uint64_t count, bool pract = false) const noexcept {
        return count * (pract && pract_strips() ? block_bytes : transfer_block_bytes);
    }
    /// Bytes of the separate metadata buffer for `count` blocks, likewise; 0 where there is none.
    constexpr std::uint64_t separate_metadata_bytes(std::uint64_t count,
                                                    bool pract = false) const noexcept {
        return metadata_extended || (pract && pract_strips()) ? 0 : count * metadata_bytes;
    }
};

}  // namespace xnvme
