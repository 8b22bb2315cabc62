/// \file
/// Log pages about parts of an NVM subsystem (endurance groups, NVM sets, paths), and
/// the smaller ones that list what there is.
///
/// Plain data without padding, as in log.hpp. Logs of variable length begin with a structure of
/// theirs, and are decoded by functions that read nothing past the buffer, whatever counts the
/// device gave.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <xnvme/export.hpp>
#include <xnvme/nvme/endian.hpp>
#include <xnvme/nvme/log.hpp>

namespace xnvme::nvme {

/// Endurance Group Information, LID 09h; the group is the log specific identifier.
/// NVMe Base 2.0 §5.16.1.10
struct EnduranceGroupLog {
    std::uint8_t critical_warning;  ///< Bit 0 spare low, 2 reliability degraded, 3 read-only.
    std::uint8_t features;
    std::uint8_t rsvd2;
    std::uint8_t available_spare;            ///< Per cent.
    std::uint8_t available_spare_threshold;  ///< Per cent.
    std::uint8_t percentage_used;            ///< Per cent of the estimated life; may exceed 100.
    Le16 domain_id;
    std::array<std::uint8_t, 24> rsvd8;
    U128 endurance_estimate;  ///< In 10^9 bytes, as the following three.
    U128 data_units_read;
    U128 data_units_written;
    U128 media_units_written;
    U128 host_read_commands;
    U128 host_write_commands;
    U128 media_errors;
    U128 error_log_entries;
    U128 total_capacity;        ///< Bytes.
    U128 unallocated_capacity;  ///< Bytes.
    std::array<std::uint8_t, 320> rsvd192;
};
static_assert(sizeof(EnduranceGroupLog) == 512 &&
              offsetof(EnduranceGroupLog, endurance_estimate) == 32 &&
              offsetof(EnduranceGroupLog, total_capacity) == 160);

/// Predictable Latency Per NVM Set, LID 0Ah; the set is the log specific identifier.
/// NVMe Base 2.0 §5.16.1.11
struct PredictableLatencyLog {
    std::uint8_t status;  ///< Bits 2:0: 0 not enabled, 1 deterministic, 2 non-deterministic window.
    std::uint8_t rsvd1;
    Le16 event_type;
    std::array<std::uint8_t, 28> rsvd4;
    Le64 dtwin_reads_typical;   ///< In 4 KiB.
    Le64 dtwin_writes_typical;  ///< In optimal write sizes.
    Le64 dtwin_time_maximum;    ///< Milliseconds.
    Le64 ndwin_time_minimum_high;
    Le64 ndwin_time_minimum_low;
    std::array<std::uint8_t, 56> rsvd72;
    Le64 dtwin_reads_estimate;
    Le64 dtwin_writes_estimate;
    Le64 dtwin_time_estimate;
    std::array<std::uint8_t, 360> rsvd152;
};
static_assert(sizeof(PredictableLatencyLog) == 512 &&
              offsetof(PredictableLatencyLog, dtwin_reads_estimate) == 128);

/// The list of sets or groups that have events: LID 0Bh and 0Fh. NVMe Base 2.0 §5.16.1.12,
/// §5.16.1.15
struct EventAggregate {
    std::uint64_t claimed = 0;  ///< Entries that the log says it has.
    std::vector<std::uint16_t> identifiers;
};
/// The entries that are in `log`: never more than it says, nor than fit in it.
[[nodiscard]] XNVME_API EventAggregate decode_event_aggregate(std::span<const std::byte> log);

/// The beginning of Asymmetric Namespace Access, LID 0Ch. NVMe Base 2.0 §5.16.1.13
struct AnaHeader {
    Le64 change_count;
    Le16 groups;
    std::array<std::uint8_t, 6> rsvd10;
};
static_assert(sizeof(AnaHeader) == 16);
/// An ANA group; `nsids` namespace identifiers follow. NVMe Base 2.0 §5.16.1.13
struct AnaGroupEntry {
    Le32 group;
    Le32 nsids;
    Le64 change_count;
    std::uint8_t
        state;  ///< Bits 3:0: 1 optimized, 2 non-optimized, 3 inaccessible, 4 lost, 15 changing.
    std::array<std::uint8_t, 15> rsvd17;
};
static_assert(sizeof(AnaGroupEntry) == 32);
struct AnaGroup {
    std::uint32_t group = 0;
    std::uint64_t change_count = 0;
    std::uint8_t state = 0;
    std::vector<std::uint32_t> nsids;
};
struct AnaLog {
    std::uint64_t change_count = 0;
    /// False when a group reaches past the end. The groups before it are kept.
    bool well_formed = true;
    std::vector<AnaGroup> groups;
};
[[nodiscard]] XNVME_API AnaLog decode_ana(std::span<const std::byte> log);
/// Log specific field of Get Log Page: the groups without their namespaces.
inline constexpr std::uint8_t kAnaGroupsOnly = 0x01;

/// The beginning of LBA Status Information, LID 0Eh. NVM Command Set 1.0 §4.1.4.5
struct LbaStatusHeader {
    Le32 lslplen;  ///< Bytes in the log.
    Le32 nlslne;   ///< Namespaces in the log.
    Le32 estulb;   ///< Estimate of unrecoverable blocks; ffffffffh for not reported.
    std::array<std::uint8_t, 2> rsvd12;
    Le16 lsgc;  ///< Generation.
};
static_assert(sizeof(LbaStatusHeader) == 16);
/// A namespace of the log; `nlrd` ranges follow. NVM Command Set 1.0 §4.1.4.5
struct LbaStatusNamespace {
    Le32 nsid;
    Le32 nlrd;            ///< Ranges; ffffffffh: all blocks should be looked at, none follow.
    std::uint8_t ratype;  ///< Recommended action type of Get LBA Status.
    std::array<std::uint8_t, 7> rsvd9;
};
static_assert(sizeof(LbaStatusNamespace) == 16);
struct LbaStatusRange {
    Le64 slba;
    Le32 blocks;
    std::array<std::uint8_t, 4> rsvd12;
};
static_assert(sizeof(LbaStatusRange) == 16);
struct LbaStatusElement {
    LbaStatusNamespace space{};
    std::vector<LbaStatusRange> ranges;
};
struct LbaStatusLog {
    LbaStatusHeader header{};
    /// False when a namespace reaches past the end. What stands before it is kept.
    bool well_formed = true;
    std::vector<LbaStatusElement> elements;
};
[[nodiscard]] XNVME_API LbaStatusLog decode_lba_status(std::span<const std::byte> log);

/// What setting a feature does to the rest of the device. NVMe Base 2.0 §5.16.1.18, figure "FID
/// Supported and Effects Data Structure"
struct FeatureEffects {
    Le32 raw;

    constexpr bool supported() const noexcept { return bit(0); }
    constexpr bool changes_blocks() const noexcept { return bit(1); }
    constexpr bool changes_namespace() const noexcept { return bit(2); }
    constexpr bool changes_inventory() const noexcept { return bit(3); }
    constexpr bool changes_controller() const noexcept { return bit(4); }
    constexpr bool uuid_selectable() const noexcept { return bit(19); }
    /// Bit 0 namespace, 1 controller, 2 NVM set, 3 endurance group, 4 domain, 5 NVM subsystem.
    constexpr std::uint32_t scope() const noexcept { return raw.value() >> 20; }

  private:
    constexpr bool bit(unsigned n) const noexcept { return ((raw.value() >> n) & 1) != 0; }
};
static_assert(sizeof(FeatureEffects) == 4);
/// Feature Identifiers Supported and Effects, LID 12h. NVMe Base 2.0 §5.16.1.18
struct FeatureEffectsLog {
    std::array<FeatureEffects, 256> features;  ///< By feature identifier.
};
static_assert(sizeof(FeatureEffectsLog) == 1024);

/// NVMe-MI Commands Supported and Effects, LID 13h: the layout of the features' log, by MI opcode.
/// NVMe Base 2.0 §5.16.1.19
struct MiEffectsLog {
    std::array<FeatureEffects, 256> commands;
    std::array<std::uint8_t, 3072> rsvd1024;
};
static_assert(sizeof(MiEffectsLog) == 4096);

/// Command and Feature Lockdown, LID 14h. NVMe Base 2.0 §5.16.1.20
struct LockdownLog {
    std::uint8_t contents;  ///< Bits 3:0 the scope of the list, bits 5:4 what it lists.
    std::array<std::uint8_t, 2> rsvd1;
    std::uint8_t length;  ///< Entries in `identifiers`.
    std::array<std::uint8_t, 508> identifiers;
};
static_assert(sizeof(LockdownLog) == 512);

/// The beginning of Boot Partition, LID 15h: the partition's data follows. NVMe Base 2.0 §5.16.1.21
struct BootPartitionHeader {
    std::uint8_t lid;
    std::array<std::uint8_t, 3> rsvd1;
    Le32 bpinfo;  ///< Bits 14:0 size in 128 KiB, bit 31 the active partition.
    std::array<std::uint8_t, 8> rsvd8;

    constexpr std::uint64_t partition_bytes() const noexcept {
        return std::uint64_t{bpinfo.value() & 0x7fff} << 17;
    }
    constexpr unsigned active_partition() const noexcept { return bpinfo.value() >> 31; }
};
static_assert(sizeof(BootPartitionHeader) == 16);

/// Rotational Media Information, LID 16h; the endurance group is the log specific identifier.
/// NVMe Base 2.0 §5.16.1.22
struct RotationalMediaLog {
    Le16 endgid;
    Le16 actuators;
    Le16 rotations_per_minute;
    std::array<std::uint8_t, 2> rsvd6;
    Le32 spinups;
    Le32 failed_spinups;
    Le32 loads;
    Le32 failed_loads;
    std::array<std::uint8_t, 488> rsvd24;
};
static_assert(sizeof(RotationalMediaLog) == 512 && offsetof(RotationalMediaLog, spinups) == 8);

/// Reservation Notification, LID 80h. NVMe Base 2.0 §5.16.1.24
struct ReservationLog {
    Le64 count;              ///< Counts the notifications; 0 where there is none.
    std::uint8_t type;       ///< 0 empty, 1 registration, 2 reservation released, 3 preempted.
    std::uint8_t available;  ///< More notifications behind this one.
    std::array<std::uint8_t, 2> rsvd10;
    Le32 nsid;
    std::array<std::uint8_t, 48> rsvd16;
};
static_assert(sizeof(ReservationLog) == 64 && offsetof(ReservationLog, nsid) == 12);

}  // namespace xnvme::nvme
