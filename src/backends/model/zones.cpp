#include "zones.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include "uri.hpp"

namespace xnvme::be_model {

namespace {

using nvme::ZoneAction;
using nvme::ZoneState;

constexpr bool is_open(ZoneState state) {
    return state == ZoneState::implicitly_open || state == ZoneState::explicitly_open;
}
constexpr bool is_active(ZoneState state) {
    return is_open(state) || state == ZoneState::closed;
}
constexpr bool is_broken(ZoneState state) {
    return state == ZoneState::read_only || state == ZoneState::offline;
}

}  // namespace

Result<std::unique_ptr<Zones>> Zones::create(const Config& config) {
    try {
        std::unique_ptr<Zones> zones(new Zones(config.zones));
        const std::uint64_t count = config.size_bytes / config.zones.zone_bytes;
        zones->zones_.resize(static_cast<std::size_t>(count));
        zones->implicit_.reserve(config.zones.max_open);
        if (config.zones.extension_bytes != 0) {
            // Large zeroed allocations take no memory until they are written.
            zones->extensions_.reset(static_cast<std::byte*>(
                std::calloc(static_cast<std::size_t>(count), config.zones.extension_bytes)));
            if (zones->extensions_ == nullptr) return fail(Errc::no_memory);
        }
        return zones;
    } catch (const std::bad_alloc&) {
        return fail(Errc::no_memory);
    }
}

// ---- States -------------------------------------------------------------------------------------

void Zones::give_up_area(Zone& zone) noexcept {
    if ((zone.attributes & nvme::kZoneRandomWriteArea) == 0) return;
    zone.attributes &= static_cast<std::uint8_t>(~nvme::kZoneRandomWriteArea);
    --areas_;
}

/// Changes a zone's state, with the counts and lists that depend on it.
void Zones::enter(std::uint64_t index, ZoneState state) noexcept {
    Zone& zone = zones_[static_cast<std::size_t>(index)];
    if (is_open(zone.state)) --open_;
    if (is_active(zone.state)) --active_;
    if (zone.state == ZoneState::implicitly_open)
        std::erase(implicit_, static_cast<std::uint32_t>(index));
    zone.state = state;
    if (is_open(state)) ++open_;
    if (is_active(state)) {
        ++active_;
    } else {
        give_up_area(zone);
    }
    if (state == ZoneState::implicitly_open && config_.max_open != 0)
        implicit_.push_back(static_cast<std::uint32_t>(index));
}

/// Closes the zone that was implicitly opened first, to make room for another. False when there is
/// none.
bool Zones::close_implicit() noexcept {
    if (implicit_.empty()) return false;
    enter(implicit_.front(), ZoneState::closed);
    return true;
}

/// Opens a zone that is empty or closed. Zoned Namespace Command Set 1.1 §2.1.1.4
Status Zones::take_open(std::uint64_t index, ZoneState as) noexcept {
    const Zone& zone = zones_[static_cast<std::size_t>(index)];
    if (!is_active(zone.state) && config_.max_active != 0 && active_ >= config_.max_active)
        return kTooManyActive;
    if (config_.max_open != 0 && open_ >= config_.max_open && !close_implicit())
        return kTooManyOpen;
    enter(index, as);
    return kSuccess;
}

void Zones::fill(std::uint64_t index) noexcept {
    Zone& zone = zones_[static_cast<std::size_t>(index)];
    enter(index, ZoneState::full);
    // Nobody need be told any more to finish it.
    zone.attributes &= static_cast<std::uint8_t>(~nvme::kZoneFinishRecommended);
}

Status Zones::writable(const Zone& zone) const noexcept {
    switch (zone.state) {
        case ZoneState::full:
            return kZoneFull;
        case ZoneState::read_only:
            return kZoneReadOnly;
        case ZoneState::offline:
            return kZoneOffline;
        default:
            return kSuccess;
    }
}

// ---- Writes -------------------------------------------------------------------------------------

Outcome Zones::begin_write(const Shape& shape, std::uint64_t slba, std::uint64_t blocks,
                           Write& write) noexcept {
    const std::lock_guard lock(mutex_);
    const std::uint64_t index = index_of(shape, slba);
    const Zone& zone = zones_[static_cast<std::size_t>(index)];
    if (const Status status = writable(zone); !status.ok()) return Outcome::of(status, slba);
    const std::uint64_t offset = slba - start_of(shape, index);
    if ((zone.attributes & nvme::kZoneRandomWriteArea) != 0) {
        // TP4076: the area, and behind it as many blocks whose writing commits what is before.
        const std::uint64_t area = config_.area_bytes >> shape.block_shift;
        if (offset < zone.written || offset + blocks > zone.written + 2 * area)
            return Outcome::of(kZoneInvalidWrite, slba);
    } else if (offset != zone.written) {
        return Outcome::of(kZoneInvalidWrite, slba);
    }
    if (offset + blocks > capacity_blocks(shape)) return Outcome::of(kZoneBoundary, slba);
    write = {index, slba, blocks, zone.state};
    if (is_open(zone.state)) return {};
    return Outcome::of(take_open(index, ZoneState::implicitly_open), slba);
}

Outcome Zones::begin_append(const Shape& shape, std::uint64_t zslba, std::uint64_t blocks,
                            Write& write) noexcept {
    const std::lock_guard lock(mutex_);
    const std::uint64_t index = index_of(shape, zslba);
    const Zone& zone = zones_[static_cast<std::size_t>(index)];
    if (const Status status = writable(zone); !status.ok()) return Outcome::of(status, zslba);
    // TP4076: a zone with a random write area has no one place to append to.
    if ((zone.attributes & nvme::kZoneRandomWriteArea) != 0)
        return Outcome::of(kInvalidZoneOperation, zslba);
    if (zone.written + blocks > capacity_blocks(shape)) return Outcome::of(kZoneBoundary, zslba);
    write = {index, zslba + zone.written, blocks, zone.state};
    if (is_open(zone.state)) return {};
    return Outcome::of(take_open(index, ZoneState::implicitly_open), zslba);
}

void Zones::end_write(const Shape& shape, const Write& write, bool done) noexcept {
    const std::lock_guard lock(mutex_);
    Zone& zone = zones_[static_cast<std::size_t>(write.index)];
    if (!done) {
        // Somebody else's write may have closed it meanwhile; then it stays so.
        if (zone.state == ZoneState::implicitly_open && zone.state != write.before)
            enter(write.index, write.before);
        return;
    }
    // A fault may have broken the zone meanwhile.
    if (!is_active(zone.state)) return;
    const std::uint64_t end = write.slba - start_of(shape, write.index) + write.blocks;
    if ((zone.attributes & nvme::kZoneRandomWriteArea) != 0) {
        const std::uint64_t area = config_.area_bytes >> shape.block_shift;
        const std::uint64_t step = config_.area_flush_bytes >> shape.block_shift;
        if (end <= zone.written + area) return;
        const std::uint64_t beyond = end - (zone.written + area);
        zone.written += (beyond + step - 1) / step * step;
    } else {
        zone.written = end;
    }
    if (zone.written >= capacity_blocks(shape)) fill(write.index);
}

Outcome Zones::check_read(const Shape& shape, std::uint64_t slba, std::uint64_t blocks) noexcept {
    if (blocks == 0) return {};
    const std::uint64_t first = index_of(shape, slba);
    const std::uint64_t last = index_of(shape, slba + blocks - 1);
    if (first != last && !config_.reads_cross) return Outcome::of(kZoneBoundary, slba);
    const std::lock_guard lock(mutex_);
    for (std::uint64_t index = first; index <= last; ++index) {
        if (zones_[static_cast<std::size_t>(index)].state == ZoneState::offline)
            return Outcome::of(kZoneOffline, std::max(slba, start_of(shape, index)));
    }
    return {};
}

// ---- Management ---------------------------------------------------------------------------------

Status Zones::open(std::uint64_t index, bool random_write_area) noexcept {
    const std::lock_guard lock(mutex_);
    Zone& zone = zones_[static_cast<std::size_t>(index)];
    const bool has_area = (zone.attributes & nvme::kZoneRandomWriteArea) != 0;
    if (random_write_area && config_.area_bytes == 0) return kInvalidZoneOperation;
    if (zone.state == ZoneState::full || is_broken(zone.state)) return kInvalidTransition;
    const bool wants_area = random_write_area && !has_area;
    // An area is given to a zone that holds nothing yet.
    if (wants_area && zone.state != ZoneState::empty) return kInvalidZoneOperation;
    if (wants_area && config_.areas != 0 && areas_ >= config_.areas) return kNoRandomWriteArea;
    if (is_open(zone.state)) {
        if (zone.state == ZoneState::implicitly_open) enter(index, ZoneState::explicitly_open);
    } else if (const Status status = take_open(index, ZoneState::explicitly_open); !status.ok()) {
        return status;
    }
    if (wants_area) {
        zone.attributes |= nvme::kZoneRandomWriteArea;
        ++areas_;
    }
    return kSuccess;
}

Status Zones::open_closed() noexcept {
    const std::lock_guard lock(mutex_);
    std::uint64_t closed = 0;
    for (const Zone& zone : zones_) closed += zone.state == ZoneState::closed ? 1 : 0;
    if (config_.max_open != 0 && open_ + closed > config_.max_open) return kTooManyOpen;
    for (std::uint64_t index = 0; index < zones_.size() && closed != 0; ++index) {
        if (zones_[static_cast<std::size_t>(index)].state != ZoneState::closed) continue;
        enter(index, ZoneState::explicitly_open);
        --closed;
    }
    return kSuccess;
}

Status Zones::close(std::uint64_t index) noexcept {
    const std::lock_guard lock(mutex_);
    const ZoneState state = zones_[static_cast<std::size_t>(index)].state;
    if (state == ZoneState::closed) return kSuccess;
    if (!is_open(state)) return kInvalidTransition;
    enter(index, ZoneState::closed);
    return kSuccess;
}

Status Zones::finish(const Shape& shape, std::uint64_t index) noexcept {
    const std::lock_guard lock(mutex_);
    Zone& zone = zones_[static_cast<std::size_t>(index)];
    if (zone.state == ZoneState::full) return kSuccess;
    if (is_broken(zone.state)) return kInvalidTransition;
    zone.written = capacity_blocks(shape);
    fill(index);
    return kSuccess;
}

Status Zones::reset(std::uint64_t index, bool& emptied) noexcept {
    const std::lock_guard lock(mutex_);
    Zone& zone = zones_[static_cast<std::size_t>(index)];
    emptied = false;
    if (zone.state == ZoneState::empty) return kSuccess;
    if (is_broken(zone.state)) return kInvalidTransition;
    emptied = true;
    enter(index, ZoneState::empty);
    zone.written = 0;
    zone.attributes = 0;
    return kSuccess;
}

Status Zones::take_offline(std::uint64_t index) noexcept {
    const std::lock_guard lock(mutex_);
    const ZoneState state = zones_[static_cast<std::size_t>(index)].state;
    if (state == ZoneState::offline) return kSuccess;
    if (state != ZoneState::read_only) return kInvalidTransition;
    enter(index, ZoneState::offline);
    return kSuccess;
}

Status Zones::set_extension(std::uint64_t index, std::span<const std::byte> extension) noexcept {
    if (config_.extension_bytes == 0) return kInvalidField;
    const std::lock_guard lock(mutex_);
    Zone& zone = zones_[static_cast<std::size_t>(index)];
    if (zone.state != ZoneState::empty) return kInvalidTransition;
    if (config_.max_active != 0 && active_ >= config_.max_active) return kTooManyActive;
    std::memcpy(extensions_.get() + static_cast<std::size_t>(index) * config_.extension_bytes,
                extension.data(), config_.extension_bytes);
    enter(index, ZoneState::closed);
    zone.attributes |= nvme::kZoneExtensionValid;
    return kSuccess;
}

Status Zones::flush(const Shape& shape, std::uint64_t last) noexcept {
    if (config_.area_bytes == 0) return kInvalidZoneOperation;
    const std::lock_guard lock(mutex_);
    const std::uint64_t index = index_of(shape, last);
    Zone& zone = zones_[static_cast<std::size_t>(index)];
    if ((zone.attributes & nvme::kZoneRandomWriteArea) == 0) return kInvalidField;
    const std::uint64_t area = config_.area_bytes >> shape.block_shift;
    const std::uint64_t step = config_.area_flush_bytes >> shape.block_shift;
    const std::uint64_t offset = last - start_of(shape, index);
    if (offset < zone.written || offset >= zone.written + area || offset >= capacity_blocks(shape))
        return kZoneBoundary;
    const std::uint64_t blocks = offset + 1 - zone.written;
    if (blocks % step != 0) return kInvalidField;
    if (!is_open(zone.state)) {
        if (const Status status = take_open(index, ZoneState::implicitly_open); !status.ok())
            return status;
    }
    zone.written += blocks;
    if (zone.written >= capacity_blocks(shape)) fill(index);
    return kSuccess;
}

bool Zones::selected(std::uint64_t index, ZoneAction action) const noexcept {
    const std::lock_guard lock(mutex_);
    const ZoneState state = zones_[static_cast<std::size_t>(index)].state;
    switch (action) {
        case ZoneAction::close:
            return is_open(state);
        case ZoneAction::finish:
            return is_active(state);
        case ZoneAction::open:
            return state == ZoneState::closed;
        case ZoneAction::reset:
            return is_active(state) || state == ZoneState::full;
        case ZoneAction::offline:
            return state == ZoneState::read_only;
        default:
            return false;
    }
}

// ---- Reports ------------------------------------------------------------------------------------

nvme::ZoneDescriptor Zones::describe(const Shape& shape, std::uint64_t index) const noexcept {
    const std::lock_guard lock(mutex_);
    const Zone& zone = zones_[static_cast<std::size_t>(index)];
    nvme::ZoneDescriptor descriptor{};
    descriptor.zt = static_cast<std::uint8_t>(nvme::ZoneType::sequential);
    descriptor.zs = static_cast<std::uint8_t>(static_cast<unsigned>(zone.state) << 4);
    descriptor.za = zone.attributes;
    descriptor.zcap = capacity_blocks(shape);
    descriptor.zslba = start_of(shape, index);
    const bool has_pointer = zone.state == ZoneState::empty || is_active(zone.state);
    descriptor.wp = has_pointer ? start_of(shape, index) + zone.written : UINT64_MAX;
    return descriptor;
}

void Zones::copy_extension(std::uint64_t index, std::span<std::byte> to) const noexcept {
    const std::lock_guard lock(mutex_);
    const bool valid =
        (zones_[static_cast<std::size_t>(index)].attributes & nvme::kZoneExtensionValid) != 0;
    if (!valid) {
        std::ranges::fill(to, std::byte{0});
        return;
    }
    const std::byte* from =
        extensions_.get() + static_cast<std::size_t>(index) * config_.extension_bytes;
    std::copy_n(from, to.size(), to.begin());
}

void Zones::break_zone(std::uint64_t index, ZoneDefect defect) noexcept {
    const std::lock_guard lock(mutex_);
    Zone& zone = zones_[static_cast<std::size_t>(index)];
    switch (defect) {
        case ZoneDefect::none:
            return;
        case ZoneDefect::read_only:
            if (zone.state == ZoneState::offline) return;
            enter(index, ZoneState::read_only);
            break;
        case ZoneDefect::offline:
            enter(index, ZoneState::offline);
            break;
        case ZoneDefect::finished:
            if (is_broken(zone.state)) return;
            enter(index, ZoneState::full);
            zone.attributes |= nvme::kZoneFinishedByController;
            break;
    }
    zone.changed = true;
}

nvme::ChangedZonesLog Zones::changed(const Shape& shape, bool keep) noexcept {
    const std::lock_guard lock(mutex_);
    nvme::ChangedZonesLog log{};
    std::size_t listed = 0;
    for (std::uint64_t index = 0; index < zones_.size(); ++index) {
        Zone& zone = zones_[static_cast<std::size_t>(index)];
        if (!zone.changed) continue;
        if (listed < log.zid.size()) log.zid[listed] = start_of(shape, index);
        ++listed;
        if (!keep) zone.changed = false;
    }
    if (listed > log.zid.size()) {
        // More than the list holds: it says so, and names none.
        log = {};
        log.nrzid = std::uint16_t{0xffff};
    } else {
        log.nrzid = static_cast<std::uint16_t>(listed);
    }
    return log;
}

void Zones::clear() noexcept {
    const std::lock_guard lock(mutex_);
    for (std::uint64_t index = 0; index < zones_.size(); ++index) {
        Zone& zone = zones_[static_cast<std::size_t>(index)];
        if (is_broken(zone.state)) continue;
        enter(index, ZoneState::empty);
        zone.written = 0;
        zone.attributes = 0;
    }
}

}  // namespace xnvme::be_model
