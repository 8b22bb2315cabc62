#include "fdp_state.hpp"

#include <algorithm>
#include <bit>

#include "controller.hpp"

namespace xnvme::be_model {

namespace {

using nvme::FdpEventType;

/// The row of an event type, or their number where there is none.
std::size_t row_of(std::uint8_t type) {
    const auto* row = std::ranges::find(nvme::kFdpEvents, static_cast<FdpEventType>(type),
                                        &nvme::FdpEventInfo::type);
    return static_cast<std::size_t>(row - nvme::kFdpEvents.begin());
}

}  // namespace

FdpState::FdpState(const PlacementConfig& config, std::uint64_t size_bytes)
    : config_(config),
      units_(std::max<std::uint64_t>(size_bytes / config.unit_bytes, 1)),
      group_bits_(static_cast<unsigned>(std::countr_zero(config.groups))),
      started_(std::chrono::steady_clock::now()),
      enabled_(config.fdp),
      in_use_(std::size_t{config.groups} * config.handles),
      filters_(config.handles) {
    static_assert(nvme::kFdpEvents.size() <= 8, "a filter has a bit for each type");
    start();
}

void FdpState::start() noexcept {
    taken_ = in_use_.size();
    for (Unit& unit : in_use_) unit.left_bytes = config_.unit_bytes;
}

void FdpState::enable(bool on) noexcept {
    const std::lock_guard lock(mutex_);
    start();
    std::ranges::fill(filters_, std::uint8_t{0});
    host_events_.count = 0;
    controller_events_.count = 0;
    host_bytes_ = media_bytes_ = erased_bytes_ = {};
    enabled_.store(on, std::memory_order_relaxed);
}

bool FdpState::is_valid(std::uint16_t placement) const noexcept {
    return nvme::placement_group(placement, group_bits_) < config_.groups &&
           nvme::placement_handle(placement, group_bits_) < config_.handles;
}

FdpState::Unit& FdpState::unit_of(std::uint16_t placement) noexcept {
    const std::size_t group = nvme::placement_group(placement, group_bits_);
    return in_use_[group * config_.handles + nvme::placement_handle(placement, group_bits_)];
}

void FdpState::next_unit(Unit& unit) noexcept {
    unit.left_bytes = config_.unit_bytes;
    // The media is full of units that were written; the one that is taken is erased before.
    if (++taken_ > units_) erased_bytes_ += config_.unit_bytes;
}

void FdpState::log(Ring& ring, FdpEventType type, std::uint16_t placement, bool located) noexcept {
    const std::uint32_t handle =
        is_valid(placement) ? nvme::placement_handle(placement, group_bits_) : 0;
    if (((filters_[handle] >> row_of(static_cast<std::uint8_t>(type))) & 1) == 0) return;
    nvme::FdpEvent event{};
    event.type = static_cast<std::uint8_t>(type);
    event.flags = nvme::kFdpHasPlacement | nvme::kFdpHasNamespace;
    event.pid = placement;
    event.nsid = kNsid;
    const auto passed = std::chrono::steady_clock::now() - started_;
    const auto ms = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(passed).count());
    for (std::size_t i = 0; i < event.timestamp.milliseconds.size(); ++i)
        event.timestamp.milliseconds[i] = static_cast<std::uint8_t>(ms >> (8 * i));
    if (located) {
        event.flags |= nvme::kFdpHasLocation;
        event.rgid = static_cast<std::uint16_t>(nvme::placement_group(placement, group_bits_));
        event.ruhid = static_cast<std::uint16_t>(handle);
    }
    ring.events[ring.count++ % ring.events.size()] = event;
}

void FdpState::wrote(std::uint16_t placement, std::uint64_t data_bytes,
                     std::uint64_t total_bytes) noexcept {
    const std::lock_guard lock(mutex_);
    if (!is_valid(placement)) {
        log(host_events_, FdpEventType::invalid_placement, placement, false);
        placement = 0;
    }
    host_bytes_ += total_bytes;
    media_bytes_ += total_bytes;
    Unit& unit = unit_of(placement);
    while (data_bytes >= unit.left_bytes) {
        data_bytes -= unit.left_bytes;
        next_unit(unit);
    }
    unit.left_bytes -= data_bytes;
}

Status FdpState::update(std::span<const nvme::Le16> placements) noexcept {
    const std::lock_guard lock(mutex_);
    for (const nvme::Le16 placement : placements) {
        if (!is_valid(placement)) return kInvalidField;
    }
    for (const nvme::Le16 placement : placements) {
        Unit& unit = unit_of(placement);
        if (unit.left_bytes == config_.unit_bytes) continue;  // It is empty already.
        log(host_events_, FdpEventType::unit_not_full, placement, true);
        // What is left is filled, so that the unit can be reclaimed like any other.
        media_bytes_ += unit.left_bytes;
        next_unit(unit);
    }
    return kSuccess;
}

void FdpState::erased() noexcept {
    const std::lock_guard lock(mutex_);
    for (std::uint32_t handle = 0; handle < config_.handles; ++handle) {
        for (std::uint32_t group = 0; group < config_.groups; ++group) {
            const std::uint16_t placement = nvme::placement_identifier(group, handle, group_bits_);
            if (unit_of(placement).left_bytes == config_.unit_bytes) continue;
            log(controller_events_, FdpEventType::implicitly_changed_unit, placement, true);
        }
    }
    erased_bytes_ += std::min(taken_, units_) * config_.unit_bytes;
    start();
}

Status FdpState::set_events(std::uint32_t handle, std::span<const std::uint8_t> types,
                            bool on) noexcept {
    if (handle >= config_.handles) return kInvalidField;
    unsigned mask = 0;
    for (const std::uint8_t type : types) {
        const std::size_t row = row_of(type);
        if (row == nvme::kFdpEvents.size()) return kInvalidField;
        mask |= 1u << row;
    }
    const std::lock_guard lock(mutex_);
    const unsigned filter = filters_[handle];
    filters_[handle] = static_cast<std::uint8_t>(on ? filter | mask : filter & ~mask);
    return kSuccess;
}

Status FdpState::get_events(std::uint32_t handle, std::span<nvme::FdpEventDescriptor> types,
                            std::uint32_t& count) const noexcept {
    if (handle >= config_.handles) return kInvalidField;
    const std::lock_guard lock(mutex_);
    count = static_cast<std::uint32_t>(std::min(types.size(), nvme::kFdpEvents.size()));
    for (std::uint32_t i = 0; i < count; ++i) {
        types[i] = {static_cast<std::uint8_t>(nvme::kFdpEvents[i].type),
                    static_cast<std::uint8_t>((filters_[handle] >> i) & 1)};
    }
    return kSuccess;
}

std::vector<nvme::FdpStatus> FdpState::status(std::uint32_t block_bytes) const {
    const std::lock_guard lock(mutex_);
    std::vector<nvme::FdpStatus> all;
    all.reserve(in_use_.size());
    for (std::uint32_t handle = 0; handle < config_.handles; ++handle) {
        for (std::uint32_t group = 0; group < config_.groups; ++group) {
            nvme::FdpStatus status{};
            status.pid = nvme::placement_identifier(group, handle, group_bits_);
            status.ruhid = static_cast<std::uint16_t>(handle);
            status.ruamw =
                in_use_[std::size_t{group} * config_.handles + handle].left_bytes / block_bytes;
            all.push_back(status);
        }
    }
    return all;
}

nvme::FdpStatisticsLog FdpState::statistics() const noexcept {
    const std::lock_guard lock(mutex_);
    nvme::FdpStatisticsLog log{};
    log.hbmw = host_bytes_;
    log.mbmw = media_bytes_;
    log.mbe = erased_bytes_;
    return log;
}

std::vector<nvme::FdpEvent> FdpState::events(bool host) const {
    const std::lock_guard lock(mutex_);
    const Ring& ring = host ? host_events_ : controller_events_;
    const std::uint64_t kept = std::min<std::uint64_t>(ring.count, ring.events.size());
    std::vector<nvme::FdpEvent> events;
    events.reserve(kept);
    for (std::uint64_t i = ring.count - kept; i < ring.count; ++i)
        events.push_back(ring.events[i % ring.events.size()]);
    return events;
}

}  // namespace xnvme::be_model
