#include "backends/linux/block.hpp"

#include <fcntl.h>
#include <linux/blkzoned.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <new>

#include <xnvme/nvme/opcodes.hpp>
#include <xnvme/nvme/status.hpp>

#include "backends/common/posix/file_commands.hpp"
#include "backends/common/synthesised_admin.hpp"
#include "contracts/complete.hpp"

namespace xnvme::be_linux::block {

namespace {

using be_common::FileCommands;
using ::xnvme::nvme::SecureErase;
using ::xnvme::nvme::ZonedOpcode;

constexpr std::uint64_t kSectorBytes = 512;
/// Zones asked of the kernel in one call.
constexpr unsigned kZonesPerCall = 64;

template <class Opcode>
constexpr std::uint8_t raw(Opcode opcode) noexcept {
    return static_cast<std::uint8_t>(opcode);
}

Status invalid_field() noexcept {
    return Status::make(0, static_cast<unsigned>(::xnvme::nvme::GenericStatus::invalid_field),
                        true);
}

/// An ioctl of the block layer on a range: 0 or an errno.
int on_range(int fd, unsigned long request, std::uint64_t offset, std::uint64_t bytes) noexcept {
    std::uint64_t range[2] = {offset, bytes};
    return ::ioctl(fd, request, range) == 0 ? 0 : errno;
}

/// Zone Receive Action Specific Field: which zones a report is of. Zoned Namespace Command Set 1.1
/// §3.4.2, in the order of its values; 0 is all. The conditions are those of `struct blk_zone`,
/// which are the specification's.
bool wanted(unsigned filter, const blk_zone& zone) noexcept {
    constexpr std::array<unsigned, 8> kConditions = {
        0,
        BLK_ZONE_COND_EMPTY,
        BLK_ZONE_COND_IMP_OPEN,
        BLK_ZONE_COND_EXP_OPEN,
        BLK_ZONE_COND_CLOSED,
        BLK_ZONE_COND_FULL,
        BLK_ZONE_COND_READONLY,
        BLK_ZONE_COND_OFFLINE,
    };
    return filter == 0 || zone.cond == kConditions[filter];
}

/// A zone descriptor. Zoned Namespace Command Set 1.1 §3.4.2.2
struct ZoneDescriptor {
    std::uint8_t type = 0;
    std::uint8_t state = 0;  ///< Bits 7:4.
    std::uint8_t attributes = 0;
    std::uint8_t reserved[5] = {};
    std::uint64_t capacity = 0;
    std::uint64_t start = 0;
    std::uint64_t write_pointer = 0;
    std::uint8_t reserved2[32] = {};
};
static_assert(sizeof(ZoneDescriptor) == 64);

class Commands final : public FileCommands {
  public:
    explicit Commands(const Handle& handle) noexcept : FileCommands(handle) {}

    void execute(Context& context) noexcept override {
        if (handle().facts.geometry.zoned) {
            if (context.command.opcode == raw(ZonedOpcode::zone_management_send))
                return manage(context);
            if (context.command.opcode == raw(ZonedOpcode::zone_management_receive))
                return report(context);
        }
        FileCommands::execute(context);
    }

  protected:
    int zero(std::uint64_t offset, std::uint64_t bytes, bool may_deallocate) noexcept override {
        if (may_deallocate) {
            // Linux 4.9: zeroes by giving the space back, or not at all.
            const int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
            if (::fallocate(handle().fd, mode, static_cast<off_t>(offset),
                            static_cast<off_t>(bytes)) == 0)
                return 0;
        }
        return on_range(handle().fd, BLKZEROOUT, offset, bytes);
    }
    int deallocate(std::uint64_t offset, std::uint64_t bytes) noexcept override {
        return on_range(handle().fd, BLKDISCARD, offset, bytes);
    }

  private:
    /// Zone Management Send. Zoned Namespace Command Set 1.1 §3.4.3
    void manage(Context& context) noexcept {
        const Geometry& geometry = handle().facts.geometry;
        const Command& command = context.command;
        const bool all = (command.cdw13 & 0x100) != 0;
        unsigned long request = 0;
        switch (command.cdw13 & 0xff) {
            case 0x01:
                request = BLKCLOSEZONE;
                break;
            case 0x02:
                request = BLKFINISHZONE;
                break;
            case 0x03:
                request = BLKOPENZONE;
                break;
            case 0x04:
                request = BLKRESETZONE;
                break;
            default:
                return complete_device(context, invalid_field());
        }
        const std::uint64_t slba = all ? 0 : command.slba();
        if (slba >= geometry.blocks || slba % geometry.zone_blocks != 0)
            return complete_device(context, invalid_field());
        const std::uint64_t blocks =
            all ? geometry.blocks : std::min(geometry.zone_blocks, geometry.blocks - slba);
        blk_zone_range range{slba * geometry.block_bytes / kSectorBytes,
                             blocks * geometry.block_bytes / kSectorBytes};
        if (::ioctl(handle().fd, request, &range) != 0) return complete_system(context, errno);
        complete_ok(context);
    }

    /// Zone Management Receive, Report Zones. Zoned Namespace Command Set 1.1 §3.4.2
    void report(Context& context) noexcept {
        const Geometry& geometry = handle().facts.geometry;
        const Command& command = context.command;
        const std::uint64_t asked = (std::uint64_t{command.cdw12} + 1) * 4;
        const unsigned filter = (command.cdw13 >> 8) & 0xff;
        if ((command.cdw13 & 0xff) != 0 || filter > 7 || command.slba() >= geometry.blocks ||
            (context.options & kVectored) != 0 || asked > context.bytes || asked < kHeadBytes)
            return complete_device(context, invalid_field());
        auto* const out = reinterpret_cast<std::byte*>(command.data);
        std::memset(out, 0, asked);
        const std::uint64_t room = (asked - kHeadBytes) / sizeof(ZoneDescriptor);
        const bool partial = (command.cdw13 & (1u << 16)) != 0;
        const std::uint64_t sectors_per_block = geometry.block_bytes / kSectorBytes;
        alignas(blk_zone_report)
            std::array<std::byte, sizeof(blk_zone_report) + kZonesPerCall * sizeof(blk_zone)>
                memory;
        std::uint64_t sector = command.slba() * sectors_per_block;
        const std::uint64_t end = geometry.blocks * sectors_per_block;
        std::uint64_t count = 0;
        while (sector < end && !(partial && count == room)) {
            auto* const answer = new (memory.data()) blk_zone_report{};
            answer->sector = sector;
            answer->nr_zones = kZonesPerCall;
            if (::ioctl(handle().fd, BLKREPORTZONE, answer) != 0)
                return complete_system(context, errno);
            if (answer->nr_zones == 0) break;
            for (unsigned i = 0; i < std::min(answer->nr_zones, kZonesPerCall); ++i) {
                const blk_zone& zone = answer->zones[i];
                sector = zone.start + zone.len;
                if (!wanted(filter, zone)) continue;
                if (count < room)
                    describe(zone, sectors_per_block,
                             out + kHeadBytes + count * sizeof(ZoneDescriptor));
                ++count;
            }
        }
        if (partial) count = std::min(count, room);
        std::memcpy(out, &count, sizeof count);
        complete_ok(context);
    }

    static void describe(const blk_zone& zone, std::uint64_t sectors_per_block,
                         std::byte* out) noexcept {
        ZoneDescriptor descriptor;
        descriptor.type = zone.type;
        descriptor.state = static_cast<std::uint8_t>(zone.cond << 4);
        descriptor.capacity = zone.capacity / sectors_per_block;
        descriptor.start = zone.start / sectors_per_block;
        descriptor.write_pointer = zone.wp / sectors_per_block;
        std::memcpy(out, &descriptor, sizeof descriptor);
    }

    static constexpr std::uint64_t kHeadBytes = 64;
};

int erase(Handle& handle, SecureErase kind) {
    const std::uint64_t bytes = handle.facts.geometry.size_bytes;
    switch (kind) {
        case SecureErase::user_data:
            return handle.facts.can_secure_erase ? on_range(handle.fd, BLKSECDISCARD, 0, bytes)
                                                 : EOPNOTSUPP;
        case SecureErase::none:
            // What was discarded reads as the device likes; zeroes are what a fresh format has.
            if (handle.facts.can_deallocate) on_range(handle.fd, BLKDISCARD, 0, bytes);
            return on_range(handle.fd, BLKZEROOUT, 0, bytes);
        default:
            return EOPNOTSUPP;
    }
}

}  // namespace

Verdict machine() {
    return Verdict::serves("every Linux has the block layer's ioctls");
}

Verdict probe(const Handle& handle, const Options&) {
    switch (handle.identifier.device_class) {
        case DeviceClass::block:
        case DeviceClass::nvme_block:
            return Verdict::serves("a block device");
        case DeviceClass::nvme_generic:
        case DeviceClass::nvme_controller:
            return Verdict::refuses("serves block devices; use nvme here");
        default:
            return Verdict::refuses("serves block devices; use psync here");
    }
}

OpcodeSet carries(const Handle& handle) {
    OpcodeSet set = FileCommands::carries(handle);
    if (handle.facts.geometry.zoned) {
        set.add(raw(ZonedOpcode::zone_management_send));
        set.add(raw(ZonedOpcode::zone_management_receive));
    }
    return set;
}

Result<std::unique_ptr<SyncInterface>, Failure> make_sync(Handle& handle, const Options&) {
    return std::make_unique<Commands>(handle);
}

Result<std::unique_ptr<AdminInterface>, Failure> make_admin(Handle& handle, const Options&) {
    be_common::AdminHooks hooks;
    hooks.io = carries(handle);
    hooks.erase = erase;
    return std::make_unique<be_common::SynthesisedAdmin>(handle, hooks);
}

}  // namespace xnvme::be_linux::block
