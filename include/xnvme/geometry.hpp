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

/// Sizes and limits of an open device. Counts are counts, not zero-based.
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
    std::uint8_t protection_type = 0;  ///< Protection information type, 0 for none.
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
};

}  // namespace xnvme
