/// \file
/// The zones of a zoned namespace: their states, write pointers, limits and random write areas.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include <xnvme/nvme/zoned.hpp>
#include <xnvme/result.hpp>

#include "faults.hpp"
#include "media.hpp"
#include "verdicts.hpp"
#include "zone_config.hpp"

namespace xnvme::be_model {

// Zoned Namespace Command Set 1.1 §3.2, TP4076. What goes away when other zones are closed,
// finished or reset may be tried again.
inline constexpr Status kInvalidZoneOperation =
    nvme::status_of(nvme::CommandStatus::invalid_zone_operation, true);
inline constexpr Status kNoRandomWriteArea =
    nvme::status_of(nvme::CommandStatus::no_zrwa_resources);
inline constexpr Status kZoneBoundary =
    nvme::status_of(nvme::CommandStatus::zone_boundary_error, true);
inline constexpr Status kZoneFull = nvme::status_of(nvme::CommandStatus::zone_is_full, true);
inline constexpr Status kZoneReadOnly =
    nvme::status_of(nvme::CommandStatus::zone_is_read_only, true);
inline constexpr Status kZoneOffline = nvme::status_of(nvme::CommandStatus::zone_is_offline, true);
inline constexpr Status kZoneInvalidWrite =
    nvme::status_of(nvme::CommandStatus::zone_invalid_write, true);
inline constexpr Status kTooManyActive =
    nvme::status_of(nvme::CommandStatus::too_many_active_zones);
inline constexpr Status kTooManyOpen = nvme::status_of(nvme::CommandStatus::too_many_open_zones);
inline constexpr Status kInvalidTransition =
    nvme::status_of(nvme::CommandStatus::invalid_zone_transition, true);

/// Locks of a set of zones, bit n of a mask for zones whose number is n modulo `kZoneStripes`.
using ZoneStripes = std::uint32_t;
inline constexpr unsigned kZoneStripes = 16;
inline constexpr ZoneStripes kAllZoneStripes = (ZoneStripes{1} << kZoneStripes) - 1;

/// The zones of a namespace. Any thread may use them.
///
/// Commands that write to a zone or manage it hold its stripe (`Held`) from the check to the last
/// byte, so that they run one after the other; those on other zones run at the same time. Stripes
/// are taken before those of `Media`. The format changes only while all are held. States and write
/// pointers have a lock of their own, because a write to one zone may close another.
class Zones {
  public:
    /// As `config` asks for, all empty. Fails with `no_memory`.
    static Result<std::unique_ptr<Zones>> create(const Config& config);

    std::uint64_t count() const noexcept { return zones_.size(); }
    const ZoneConfig& config() const noexcept { return config_; }
    std::uint64_t zone_blocks(const Shape& shape) const noexcept {
        return config_.zone_bytes >> shape.block_shift;
    }
    std::uint64_t capacity_blocks(const Shape& shape) const noexcept {
        return config_.capacity_bytes >> shape.block_shift;
    }
    std::uint64_t index_of(const Shape& shape, std::uint64_t lba) const noexcept {
        return lba / zone_blocks(shape);
    }
    std::uint64_t start_of(const Shape& shape, std::uint64_t index) const noexcept {
        return index * zone_blocks(shape);
    }
    static ZoneStripes stripes_of(std::uint64_t index) noexcept {
        return ZoneStripes{1} << (index % kZoneStripes);
    }

    /// Holds stripes for as long as it lives, taken in ascending order.
    class Held {
      public:
        Held(Zones& zones, ZoneStripes stripes) noexcept : zones_(zones), stripes_(stripes) {
            for (ZoneStripes left = stripes; left != 0; left &= left - 1)
                zones_.stripes_[static_cast<unsigned>(std::countr_zero(left))].lock();
        }
        ~Held() {
            for (ZoneStripes left = stripes_; left != 0; left &= left - 1)
                zones_.stripes_[static_cast<unsigned>(std::countr_zero(left))].unlock();
        }
        Held(const Held&) = delete;
        Held& operator=(const Held&) = delete;

      private:
        Zones& zones_;
        ZoneStripes stripes_;
    };

    /// A write that was let in.
    struct Write {
        std::uint64_t index = 0;
        std::uint64_t slba = 0;
        std::uint64_t blocks = 0;
        nvme::ZoneState before{};  ///< The zone's state until then.
    };

    // What follows takes ranges that the shape holds, with the stripe of the zone held where it
    // says so.

    /// Lets a write in, or says why not; opens the zone. Stripe held.
    Outcome begin_write(const Shape& shape, std::uint64_t slba, std::uint64_t blocks,
                        Write& write) noexcept;
    /// The same for an append to the zone that starts at `zslba`; `write.slba` is where it goes.
    Outcome begin_append(const Shape& shape, std::uint64_t zslba, std::uint64_t blocks,
                         Write& write) noexcept;
    /// The write was done: the write pointer moves. Or it was not, and the zone is what it was.
    void end_write(const Shape& shape, const Write& write, bool done) noexcept;

    /// Whether a read may be done: not in an offline zone, nor across zones.
    Outcome check_read(const Shape& shape, std::uint64_t slba, std::uint64_t blocks) noexcept;

    // Zone Management Send. Stripe held.
    Status open(std::uint64_t index, bool random_write_area) noexcept;
    Status close(std::uint64_t index) noexcept;
    Status finish(const Shape& shape, std::uint64_t index) noexcept;
    /// The caller deallocates the zone's blocks where `emptied` says that it held some.
    Status reset(std::uint64_t index, bool& emptied) noexcept;
    Status take_offline(std::uint64_t index) noexcept;
    Status set_extension(std::uint64_t index, std::span<const std::byte> extension) noexcept;
    /// Commits the random write area of a zone up to and including block `last`.
    Status flush(const Shape& shape, std::uint64_t last) noexcept;
    /// Opens all closed zones, or none. All stripes held.
    Status open_closed() noexcept;
    /// True when a command that selects all zones applies to this one.
    bool selected(std::uint64_t index, nvme::ZoneAction action) const noexcept;

    /// A zone's descriptor at this moment.
    nvme::ZoneDescriptor describe(const Shape& shape, std::uint64_t index) const noexcept;
    /// Copies a zone's descriptor extension, zeroes where none was set.
    void copy_extension(std::uint64_t index, std::span<std::byte> to) const noexcept;

    /// Breaks a zone as a fault asks for, and puts it on the list of changed zones.
    void break_zone(std::uint64_t index, ZoneDefect defect) noexcept;
    /// The list of changed zones, which is emptied unless `keep` says otherwise.
    nvme::ChangedZonesLog changed(const Shape& shape, bool keep) noexcept;

    /// Empties all zones that are not read-only or offline, after a format or sanitize. All stripes
    /// held.
    void clear() noexcept;

  private:
    struct Zone {
        std::uint64_t written = 0;  ///< Blocks from its first to the write pointer.
        nvme::ZoneState state = nvme::ZoneState::empty;
        std::uint8_t attributes = 0;
        bool changed = false;
    };
    struct Free {
        void operator()(std::byte* memory) const noexcept { std::free(memory); }
    };

    explicit Zones(const ZoneConfig& config) noexcept : config_(config) {}
    void enter(std::uint64_t index, nvme::ZoneState state) noexcept;
    void fill(std::uint64_t index) noexcept;
    Status take_open(std::uint64_t index, nvme::ZoneState as) noexcept;
    Status writable(const Zone& zone) const noexcept;
    bool close_implicit() noexcept;
    void give_up_area(Zone& zone) noexcept;

    const ZoneConfig config_;
    std::mutex stripes_[kZoneStripes];
    mutable std::mutex mutex_;  ///< Guards what follows.
    std::vector<Zone> zones_;
    std::unique_ptr<std::byte[], Free> extensions_;
    std::uint32_t open_ = 0;
    std::uint32_t active_ = 0;
    std::uint32_t areas_ = 0;
    /// Implicitly opened zones, the longest open first. Kept only where there is a limit on open
    /// zones, which is then its capacity.
    std::vector<std::uint32_t> implicit_;
};

}  // namespace xnvme::be_model
