#include "backends/linux/block_zones.hpp"

#include <linux/blkzoned.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <new>

#include <xnvme/nvme/status.hpp>
#include <xnvme/nvme/zoned.hpp>

#include "contracts/complete.hpp"

namespace xnvme::be_linux {

namespace {

using ::xnvme::nvme::ZoneAction;
using ::xnvme::nvme::ZoneDescriptor;
using ::xnvme::nvme::ZoneReportHeader;
using ::xnvme::nvme::ZoneState;

constexpr std::uint64_t kSectorBytes = 512;
/// Zones asked of the kernel in one call.
constexpr unsigned kZonesPerCall = 64;

// The conditions and types of `struct blk_zone` are the numbers of the specification.
static_assert(BLK_ZONE_COND_EMPTY == static_cast<int>(ZoneState::empty) &&
              BLK_ZONE_COND_IMP_OPEN == static_cast<int>(ZoneState::implicitly_open) &&
              BLK_ZONE_COND_EXP_OPEN == static_cast<int>(ZoneState::explicitly_open) &&
              BLK_ZONE_COND_CLOSED == static_cast<int>(ZoneState::closed) &&
              BLK_ZONE_COND_READONLY == static_cast<int>(ZoneState::read_only) &&
              BLK_ZONE_COND_FULL == static_cast<int>(ZoneState::full) &&
              BLK_ZONE_COND_OFFLINE == static_cast<int>(ZoneState::offline));

Status invalid_field() noexcept {
    return ::xnvme::nvme::status_of(::xnvme::nvme::GenericStatus::invalid_field, true);
}

/// Calls `visit(zone)` for each zone from a sector on, until it returns false. 0 or an errno.
template <class Visit>
int for_each_zone(const Handle& handle, std::uint64_t sector, Visit visit) {
    const Geometry& geometry = handle.facts.geometry;
    const std::uint64_t end = geometry.blocks * (geometry.block_bytes / kSectorBytes);
    alignas(blk_zone_report)
        std::array<std::byte, sizeof(blk_zone_report) + kZonesPerCall * sizeof(blk_zone)>
            memory;
    while (sector < end) {
        auto* const answer = new (memory.data()) blk_zone_report{};
        answer->sector = sector;
        answer->nr_zones = kZonesPerCall;
        if (::ioctl(handle.fd, BLKREPORTZONE, answer) != 0) return errno;
        if (answer->nr_zones == 0) return 0;
        for (unsigned i = 0; i < std::min(answer->nr_zones, kZonesPerCall); ++i) {
            const blk_zone& zone = answer->zones[i];
            if (zone.len == 0) return EIO;
            sector = zone.start + zone.len;
            // Linux 5.9: BLK_ZONE_REP_CAPACITY; without it every zone is written to its end.
            const bool has_capacity = (answer->flags & BLK_ZONE_REP_CAPACITY) != 0;
            if (!visit(zone, has_capacity ? zone.capacity : zone.len)) return 0;
        }
    }
    return 0;
}

int on_zone(int fd, unsigned long request, std::uint64_t sector, std::uint64_t sectors) noexcept {
    blk_zone_range range{sector, sectors};
    return ::ioctl(fd, request, &range) == 0 ? 0 : errno;
}

/// The ioctl of an action, 0 where there is none.
unsigned long request_of(ZoneAction action) noexcept {
    switch (action) {
        case ZoneAction::close:
            return BLKCLOSEZONE;
        case ZoneAction::finish:
            return BLKFINISHZONE;
        case ZoneAction::open:
            return BLKOPENZONE;
        case ZoneAction::reset:
            return BLKRESETZONE;
        default:
            return 0;
    }
}

/// Whether an action on all zones is for a zone in this condition: the ioctls would do it to every
/// zone of their range. Zoned Namespace Command Set 1.1 §3.4.3, Select All
bool selected(ZoneAction action, unsigned condition) noexcept {
    const bool open = condition == BLK_ZONE_COND_IMP_OPEN || condition == BLK_ZONE_COND_EXP_OPEN;
    const bool closed = condition == BLK_ZONE_COND_CLOSED;
    switch (action) {
        case ZoneAction::close:
            return open;
        case ZoneAction::finish:
            return open || closed;
        case ZoneAction::open:
            return closed;
        default:
            return open || closed || condition == BLK_ZONE_COND_FULL;
    }
}

int manage_all(const Handle& handle, ZoneAction action, unsigned long request) noexcept {
    int failed = 0;
    const int asked = for_each_zone(handle, 0, [&](const blk_zone& zone, std::uint64_t) {
        if (selected(action, zone.cond)) failed = on_zone(handle.fd, request, zone.start, zone.len);
        return failed == 0;
    });
    return failed != 0 ? failed : asked;
}

ZoneDescriptor describe(const blk_zone& zone, std::uint64_t capacity_sectors,
                        std::uint64_t sectors_per_block) noexcept {
    ZoneDescriptor descriptor{};
    descriptor.zt = zone.type;
    descriptor.zs = static_cast<std::uint8_t>(zone.cond << 4);
    if (zone.reset != 0) descriptor.za = ::xnvme::nvme::kZoneResetRecommended;
    descriptor.zcap = capacity_sectors / sectors_per_block;
    descriptor.zslba = zone.start / sectors_per_block;
    descriptor.wp = zone.wp / sectors_per_block;
    return descriptor;
}

}  // namespace

void manage_zones(const Handle& handle, Context& context) noexcept {
    const Geometry& geometry = handle.facts.geometry;
    const Command& command = context.command;
    const ZoneAction action = ::xnvme::nvme::zone_action(command);
    const unsigned long request = request_of(action);
    const bool area = (command.cdw13 & ::xnvme::nvme::kZoneAllocateRandomWriteArea) != 0;
    if (request == 0 || area) return complete_device(context, invalid_field());
    int failed = 0;
    if ((command.cdw13 & ::xnvme::nvme::kZoneSelectAll) != 0) {
        failed = manage_all(handle, action, request);
    } else {
        const std::uint64_t slba = command.slba();
        if (slba >= geometry.blocks || slba % geometry.zone_blocks != 0)
            return complete_device(context, invalid_field());
        // The last zone may be shorter than the others.
        const std::uint64_t blocks = std::min(geometry.zone_blocks, geometry.blocks - slba);
        const std::uint64_t sectors = geometry.block_bytes / kSectorBytes;
        failed = on_zone(handle.fd, request, slba * sectors, blocks * sectors);
    }
    failed != 0 ? complete_system(context, failed) : complete_ok(context);
}

void report_zones(const Handle& handle, Context& context) noexcept {
    const Geometry& geometry = handle.facts.geometry;
    const Command& command = context.command;
    const std::uint64_t asked = ::xnvme::nvme::zone_receive_bytes(command);
    const unsigned filter = (command.cdw13 >> 8) & 0xff;
    if ((command.cdw13 & 0xff) != 0 || filter > ::xnvme::nvme::kZoneFilterMax ||
        command.slba() >= geometry.blocks || (context.options & kVectored) != 0 ||
        asked > context.bytes || asked < sizeof(ZoneReportHeader))
        return complete_device(context, invalid_field());
    auto* const out = reinterpret_cast<std::byte*>(command.data);
    std::memset(out, 0, asked);
    const std::uint64_t room = (asked - sizeof(ZoneReportHeader)) / sizeof(ZoneDescriptor);
    const bool partial = (command.cdw13 & ::xnvme::nvme::kZonePartialReport) != 0;
    const std::uint64_t sectors = geometry.block_bytes / kSectorBytes;
    std::uint64_t count = 0;
    const auto take = [&](const blk_zone& zone, std::uint64_t capacity_sectors) {
        if (partial && count == room) return false;
        if (!::xnvme::nvme::zone_matches(filter, static_cast<ZoneState>(zone.cond))) return true;
        if (count < room) {
            const ZoneDescriptor descriptor = describe(zone, capacity_sectors, sectors);
            std::memcpy(out + sizeof(ZoneReportHeader) + count * sizeof descriptor, &descriptor,
                        sizeof descriptor);
        }
        ++count;
        return true;
    };
    const int failed = for_each_zone(handle, command.slba() * sectors, take);
    if (failed != 0) return complete_system(context, failed);
    ZoneReportHeader header{};
    header.nzones = count;
    std::memcpy(out, &header, sizeof header);
    complete_ok(context);
}

}  // namespace xnvme::be_linux
