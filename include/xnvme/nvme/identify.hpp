/// \file
/// The data structures that the Identify command returns, byte for byte.
///
/// Every structure is plain data without padding, so `decode<T>()` copies it out of a buffer of
/// any alignment, and `T value{}` is one of zeroes. Members carry the specification's mnemonics
/// and raw values; accessors spell out units and convert zero-based counts. Everything in them
/// comes from the device and may be nonsense: the accessors never index or shift by it unchecked.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <xnvme/export.hpp>
#include <xnvme/geometry.hpp>
#include <xnvme/nvme/endian.hpp>

namespace xnvme::nvme {

/// Bytes in every Identify data structure.
inline constexpr std::uint32_t kIdentifyBytes = 4096;
/// The namespace identifier that stands for all namespaces. NVMe Base 2.0 §3.2.1
inline constexpr std::uint32_t kNsidAll = 0xffffffff;

/// Controller or Namespace Structure: what Identify returns. NVMe Base 2.0 §5.17.1, figure
/// "Identify - CNS Values"
enum class Cns : std::uint8_t {
    ns = 0x00,                        ///< `IdentifyNamespace`
    controller = 0x01,                ///< `IdentifyController`
    active_namespaces = 0x02,         ///< `NamespaceList`
    namespace_descriptors = 0x03,     ///< see `decode_namespace_ids`
    nvm_set_list = 0x04,              ///< `NvmSetList`
    ns_csi = 0x05,                    ///< `IdentifyNamespaceNvm` for the NVM command set
    controller_csi = 0x06,            ///< `IdentifyControllerNvm` for the NVM command set
    active_namespaces_csi = 0x07,     ///< `NamespaceList`
    ns_independent = 0x08,            ///< `IdentifyNamespaceIndependent`
    ns_format = 0x09,                 ///< `IdentifyNamespace` of a format
    ns_csi_format = 0x0a,             ///< `IdentifyNamespaceNvm` of a format
    allocated_namespaces = 0x10,      ///< `NamespaceList`
    allocated_ns = 0x11,              ///< `IdentifyNamespace`
    ns_controllers = 0x12,            ///< `ControllerList`
    controllers = 0x13,               ///< `ControllerList`
    primary_capabilities = 0x14,      ///< `PrimaryControllerCapabilities`
    secondary_controllers = 0x15,     ///< `SecondaryControllerList`
    namespace_granularity = 0x16,     ///< `NamespaceGranularityList`
    uuid_list = 0x17,                 ///< `UuidList`
    domain_list = 0x18,               ///< `DomainList`
    endurance_groups = 0x19,          ///< `EnduranceGroupList`
    allocated_namespaces_csi = 0x1a,  ///< `NamespaceList`
    allocated_ns_independent = 0x1b,  ///< `IdentifyNamespaceIndependent`
    io_command_sets = 0x1c,           ///< `IoCommandSets`
};

/// A CNS value and its name for people and for the command line.
struct CnsInfo {
    Cns cns;
    std::string_view name;
};
inline constexpr auto kCnsValues = std::to_array<CnsInfo>({
    {Cns::ns, "namespace"},
    {Cns::controller, "controller"},
    {Cns::active_namespaces, "active-namespaces"},
    {Cns::namespace_descriptors, "namespace-descriptors"},
    {Cns::nvm_set_list, "nvm-sets"},
    {Cns::ns_csi, "namespace-csi"},
    {Cns::controller_csi, "controller-csi"},
    {Cns::active_namespaces_csi, "active-namespaces-csi"},
    {Cns::ns_independent, "namespace-independent"},
    {Cns::ns_format, "namespace-format"},
    {Cns::ns_csi_format, "namespace-csi-format"},
    {Cns::allocated_namespaces, "allocated-namespaces"},
    {Cns::allocated_ns, "allocated-namespace"},
    {Cns::ns_controllers, "namespace-controllers"},
    {Cns::controllers, "controllers"},
    {Cns::primary_capabilities, "primary-capabilities"},
    {Cns::secondary_controllers, "secondary-controllers"},
    {Cns::namespace_granularity, "namespace-granularity"},
    {Cns::uuid_list, "uuids"},
    {Cns::domain_list, "domains"},
    {Cns::endurance_groups, "endurance-groups"},
    {Cns::allocated_namespaces_csi, "allocated-namespaces-csi"},
    {Cns::allocated_ns_independent, "allocated-namespace-independent"},
    {Cns::io_command_sets, "io-command-sets"},
});

/// The name of a CNS value, or "unknown".
constexpr std::string_view cns_name(Cns cns) noexcept {
    for (const CnsInfo& row : kCnsValues) {
        if (row.cns == cns) return row.name;
    }
    return "unknown";
}

/// An ASCII field of the specification without the spaces and zeroes that fill it up at its end.
/// The bytes are the device's: they may be anything. The view belongs to `field`.
template <std::size_t N>
constexpr std::string_view trimmed(const std::array<char, N>& field) noexcept {
    std::size_t length = N;
    while (length > 0 && (field[length - 1] == ' ' || field[length - 1] == '\0')) --length;
    return {field.data(), length};
}

/// Fills an ASCII field: `text` from the left, cut where it is too long, then `fill`.
template <std::size_t N>
constexpr void set_text(std::array<char, N>& field, std::string_view text,
                        char fill = ' ') noexcept {
    for (std::size_t i = 0; i < N; ++i) field[i] = i < text.size() ? text[i] : fill;
}

/// A power state. NVMe Base 2.0 §5.17.2.1, figure "Power State Descriptor Data Structure"
struct PowerState {
    Le16 mp;  ///< Maximum power, in units of `flags` bit 0.
    std::uint8_t rsvd2;
    std::uint8_t flags;  ///< Bit 0 MXPS, bit 1 NOPS.
    Le32 enlat;          ///< Entry latency, microseconds.
    Le32 exlat;          ///< Exit latency, microseconds.
    std::uint8_t rrt;
    std::uint8_t rrl;
    std::uint8_t rwt;
    std::uint8_t rwl;
    Le16 idlp;  ///< Idle power, in units of IPS.
    std::uint8_t ips;
    std::uint8_t rsvd19;
    Le16 actp;  ///< Active power, in units of APS.
    std::uint8_t apw_aps;
    std::array<std::uint8_t, 9> rsvd23;

    /// Maximum power; 0 when not reported.
    constexpr std::uint32_t max_power_microwatts() const noexcept {
        return mp.value() * ((flags & 1) != 0 ? 100u : 10'000u);
    }
    constexpr bool non_operational() const noexcept { return (flags & 2) != 0; }
    /// Idle power; 0 when not reported.
    constexpr std::uint32_t idle_power_microwatts() const noexcept {
        return power_microwatts(idlp, ips >> 6);
    }
    /// Active power; 0 when not reported.
    constexpr std::uint32_t active_power_microwatts() const noexcept {
        return power_microwatts(actp, apw_aps >> 6);
    }

  private:
    static constexpr std::uint32_t power_microwatts(std::uint16_t value, int scale) noexcept {
        if (scale == 1) return value * 100u;
        if (scale == 2) return value * 10'000u;
        return 0;
    }
};
static_assert(sizeof(PowerState) == 32 && alignof(PowerState) == 1);

/// Identify Controller, CNS 01h. NVMe Base 2.0 §5.17.2.1
struct IdentifyController {
    Le16 vid;                          ///< PCI vendor identifier.
    Le16 ssvid;                        ///< PCI subsystem vendor identifier.
    std::array<char, 20> sn;           ///< Serial number, ASCII.
    std::array<char, 40> mn;           ///< Model number, ASCII.
    std::array<char, 8> fr;            ///< Firmware revision, ASCII.
    std::uint8_t rab;                  ///< Recommended arbitration burst, as a power of two.
    std::array<std::uint8_t, 3> ieee;  ///< OUI, least significant byte first.
    std::uint8_t cmic;
    std::uint8_t mdts;  ///< Maximum data transfer size: see `max_transfer_bytes`.
    Le16 cntlid;
    Le32 ver;    ///< Version: bits 31:16 major, 15:8 minor, 7:0 tertiary.
    Le32 rtd3r;  ///< RTD3 resume latency, microseconds.
    Le32 rtd3e;  ///< RTD3 entry latency, microseconds.
    Le32 oaes;
    Le32 ctratt;
    Le16 rrls;
    std::array<std::uint8_t, 9> rsvd102;
    std::uint8_t cntrltype;  ///< 1 I/O, 2 discovery, 3 administrative.
    std::array<std::uint8_t, 16> fguid;
    Le16 crdt1;  ///< Command retry delay time 1, in 100 milliseconds.
    Le16 crdt2;
    Le16 crdt3;
    std::array<std::uint8_t, 119> rsvd134;
    std::uint8_t nvmsr;
    std::uint8_t vwci;
    std::uint8_t mec;
    Le16 oacs;          ///< Optional admin commands: bits of `Oacs`.
    std::uint8_t acl;   ///< Abort command limit, zero-based.
    std::uint8_t aerl;  ///< Asynchronous event request limit, zero-based.
    std::uint8_t frmw;
    std::uint8_t lpa;
    std::uint8_t elpe;  ///< Error log page entries, zero-based.
    std::uint8_t npss;  ///< Number of power states, zero-based.
    std::uint8_t avscc;
    std::uint8_t apsta;
    Le16 wctemp;   ///< Warning composite temperature threshold, kelvin.
    Le16 cctemp;   ///< Critical composite temperature threshold, kelvin.
    Le16 mtfa;     ///< Maximum time for firmware activation, in 100 milliseconds.
    Le32 hmpre;    ///< Host memory buffer preferred size, in 4 KiB.
    Le32 hmmin;    ///< Host memory buffer minimum size, in 4 KiB.
    U128 tnvmcap;  ///< Total NVM capacity, bytes.
    U128 unvmcap;  ///< Unallocated NVM capacity, bytes.
    Le32 rpmbs;
    Le16 edstt;  ///< Extended device self-test time, minutes.
    std::uint8_t dsto;
    std::uint8_t fwug;  ///< Firmware update granularity, in 4 KiB.
    Le16 kas;           ///< Keep alive granularity, in 100 milliseconds.
    Le16 hctma;
    Le16 mntmt;  ///< Minimum thermal management temperature, kelvin.
    Le16 mxtmt;  ///< Maximum thermal management temperature, kelvin.
    Le32 sanicap;
    Le32 hmminds;  ///< Host memory buffer minimum descriptor entry size, in 4 KiB.
    Le16 hmmaxd;
    Le16 nsetidmax;
    Le16 endgidmax;
    std::uint8_t anatt;  ///< ANA transition time, seconds.
    std::uint8_t anacap;
    Le32 anagrpmax;
    Le32 nanagrpid;
    Le32 pels;  ///< Persistent event log size, in 64 KiB.
    Le16 domain_id;
    std::array<std::uint8_t, 10> rsvd358;
    U128 megcap;  ///< Maximum endurance group capacity, bytes.
    std::array<std::uint8_t, 128> rsvd384;
    std::uint8_t sqes;  ///< Submission queue entry size: bits 3:0 required, 7:4 maximum.
    std::uint8_t cqes;  ///< Completion queue entry size, likewise.
    Le16 maxcmd;
    Le32 nn;    ///< Largest namespace identifier.
    Le16 oncs;  ///< Optional NVM commands: bits of `Oncs`.
    Le16 fuses;
    std::uint8_t fna;
    std::uint8_t vwc;
    Le16 awun;   ///< Atomic write unit normal, blocks, zero-based.
    Le16 awupf;  ///< Atomic write unit power fail, blocks, zero-based.
    std::uint8_t icsvscc;
    std::uint8_t nwpc;
    Le16 acwu;  ///< Atomic compare and write unit, blocks, zero-based.
    Le16 ocfs;  ///< Copy descriptor formats: bit n for format n.
    Le32 sgls;
    Le32 mnan;
    U128 maxdna;
    Le32 maxcna;
    std::array<std::uint8_t, 204> rsvd564;
    std::array<char, 256> subnqn;  ///< NVM subsystem NVMe qualified name, ends with a zero.
    std::array<std::uint8_t, 768> rsvd1024;
    Le32 ioccsz;  ///< Fabrics: I/O queue command capsule size, in 16 bytes.
    Le32 iorcsz;  ///< Fabrics: I/O queue response capsule size, in 16 bytes.
    Le16 icdoff;  ///< Fabrics: in-capsule data offset, in 16 bytes.
    std::uint8_t fcatt;
    std::uint8_t msdbd;
    Le16 ofcs;
    std::array<std::uint8_t, 242> rsvd1806;
    std::array<PowerState, 32> psd;
    std::array<std::uint8_t, 1024> vs;

    std::string_view serial() const noexcept { return trimmed(sn); }
    std::string_view model() const noexcept { return trimmed(mn); }
    std::string_view firmware() const noexcept { return trimmed(fr); }
    std::string_view subsystem_nqn() const noexcept { return trimmed(subnqn); }
    /// The most bytes of data in one command, 0 for no limit. MDTS counts in the controller's
    /// smallest memory page, which CAP.MPSMIN gives: 4096 bytes where nothing else is known.
    constexpr std::uint64_t max_transfer_bytes(std::uint32_t page_bytes = 4096) const noexcept {
        if (mdts == 0 || mdts > 32) return 0;
        return static_cast<std::uint64_t>(page_bytes) << mdts;
    }
    constexpr std::uint32_t version_major() const noexcept { return ver.value() >> 16; }
    constexpr std::uint32_t version_minor() const noexcept { return (ver.value() >> 8) & 0xff; }
    constexpr std::uint32_t version_tertiary() const noexcept { return ver.value() & 0xff; }
    constexpr std::uint32_t error_log_entries() const noexcept { return elpe + 1u; }
    /// Power states described in `psd`: at most 32.
    constexpr std::uint32_t power_states() const noexcept { return npss < 32 ? npss + 1u : 32u; }
    constexpr std::uint32_t async_event_requests() const noexcept { return aerl + 1u; }
    constexpr std::uint32_t abort_commands() const noexcept { return acl + 1u; }
    /// Bytes of a submission queue entry that the controller requires: 64 for all known ones.
    constexpr std::uint32_t sq_entry_bytes() const noexcept { return 1u << (sqes & 0xf); }
    constexpr std::uint32_t cq_entry_bytes() const noexcept { return 1u << (cqes & 0xf); }
    constexpr bool volatile_write_cache() const noexcept { return (vwc & 1) != 0; }
    constexpr bool copy_format(unsigned format) const noexcept {
        return format < 16 && ((ocfs.value() >> format) & 1) != 0;
    }
};
static_assert(sizeof(IdentifyController) == 4096 && alignof(IdentifyController) == 1);
static_assert(
    offsetof(IdentifyController, mdts) == 77 && offsetof(IdentifyController, ver) == 80 &&
    offsetof(IdentifyController, cntrltype) == 111 && offsetof(IdentifyController, oacs) == 256 &&
    offsetof(IdentifyController, tnvmcap) == 280 && offsetof(IdentifyController, sanicap) == 328 &&
    offsetof(IdentifyController, megcap) == 368 && offsetof(IdentifyController, sqes) == 512 &&
    offsetof(IdentifyController, oncs) == 520 && offsetof(IdentifyController, sgls) == 536 &&
    offsetof(IdentifyController, subnqn) == 768 && offsetof(IdentifyController, ioccsz) == 1792 &&
    offsetof(IdentifyController, psd) == 2048);

/// Bits of `IdentifyController::oacs`. NVMe Base 2.0 §5.17.2.1
enum Oacs : std::uint16_t {
    kOacsSecurity = 1u << 0,
    kOacsFormat = 1u << 1,
    kOacsFirmware = 1u << 2,
    kOacsNamespaceManagement = 1u << 3,
    kOacsSelfTest = 1u << 4,
    kOacsDirectives = 1u << 5,
    kOacsNvmeMi = 1u << 6,
    kOacsVirtualization = 1u << 7,
    kOacsDoorbellBuffer = 1u << 8,
    kOacsGetLbaStatus = 1u << 9,
    kOacsLockdown = 1u << 10,
};

/// Bits of `IdentifyController::oncs`. NVMe Base 2.0 §5.17.2.1
enum Oncs : std::uint16_t {
    kOncsCompare = 1u << 0,
    kOncsWriteUncorrectable = 1u << 1,
    kOncsDatasetManagement = 1u << 2,
    kOncsWriteZeroes = 1u << 3,
    kOncsSaveSelect = 1u << 4,  ///< Set Features' save, and Get Features' select, fields.
    kOncsReservations = 1u << 5,
    kOncsTimestamp = 1u << 6,
    kOncsVerify = 1u << 7,
    kOncsCopy = 1u << 8,
};

/// Bits of `IdentifyController::lpa`. NVMe Base 2.0 §5.17.2.1
enum Lpa : std::uint8_t {
    kLpaHealthPerNamespace = 1u << 0,
    kLpaCommandsEffects = 1u << 1,
    kLpaExtendedData = 1u << 2,  ///< Get Log Page takes an offset and a length over 4 KiB.
    kLpaTelemetry = 1u << 3,
    kLpaPersistentEvent = 1u << 4,
    kLpaSupportedPages = 1u << 5,
    kLpaTelemetryDataArea4 = 1u << 6,
};

/// One format of a namespace's blocks. NVM Command Set 1.0 §4.1.5.1, figure "LBA Format"
struct LbaFormat {
    Le16 ms;             ///< Metadata bytes per block.
    std::uint8_t lbads;  ///< Data bytes per block, as a power of two; 0 for no such format.
    std::uint8_t rp;     ///< Bits 1:0 relative performance, 0 best.

    /// Data bytes in a block. 0 where the device says something that is no block size: less than
    /// 512 bytes, or 2 GiB and more.
    constexpr std::uint32_t block_bytes() const noexcept {
        return lbads >= 9 && lbads <= 30 ? 1u << lbads : 0;
    }
    constexpr std::uint32_t metadata_bytes() const noexcept { return ms.value(); }
    /// 0 best, 1 better, 2 good, 3 degraded.
    constexpr unsigned relative_performance() const noexcept { return rp & 3u; }
};
static_assert(sizeof(LbaFormat) == 4);

/// Identify Namespace, CNS 00h. NVM Command Set 1.0 §4.1.5.1
struct IdentifyNamespace {
    Le64 nsze;  ///< Size, blocks.
    Le64 ncap;  ///< Capacity, blocks.
    Le64 nuse;  ///< Utilization, blocks.
    std::uint8_t nsfeat;
    std::uint8_t nlbaf;  ///< Number of formats, zero-based.
    std::uint8_t flbas;  ///< Bits 3:0 and 6:5 the format in use, bit 4 extended metadata.
    std::uint8_t mc;
    std::uint8_t dpc;
    std::uint8_t dps;  ///< Bits 2:0 protection type, bit 3 at the start of the metadata.
    std::uint8_t nmic;
    std::uint8_t rescap;
    std::uint8_t fpi;
    std::uint8_t dlfeat;  ///< Bits 2:0 how deallocated blocks read, bit 3 DEAC in Write Zeroes.
    Le16 nawun;
    Le16 nawupf;
    Le16 nacwu;
    Le16 nabsn;
    Le16 nabo;
    Le16 nabspf;
    Le16 noiob;         ///< Optimal I/O boundary, blocks.
    U128 nvmcap;        ///< Capacity, bytes.
    Le16 npwg;          ///< Preferred write granularity, blocks, zero-based.
    Le16 npwa;          ///< Preferred write alignment, blocks, zero-based.
    Le16 npdg;          ///< Preferred deallocate granularity, blocks, zero-based.
    Le16 npda;          ///< Preferred deallocate alignment, blocks, zero-based.
    Le16 nows;          ///< Optimal write size, blocks, zero-based.
    Le16 mssrl;         ///< Maximum blocks in one source range of Copy.
    Le32 mcl;           ///< Maximum blocks in one Copy.
    std::uint8_t msrc;  ///< Maximum source ranges in one Copy, zero-based.
    std::array<std::uint8_t, 11> rsvd81;
    Le32 anagrpid;
    std::array<std::uint8_t, 3> rsvd96;
    std::uint8_t nsattr;  ///< Bit 0 write protected.
    Le16 nvmsetid;
    Le16 endgid;
    std::array<std::uint8_t, 16> nguid;  ///< Big-endian.
    std::array<std::uint8_t, 8> eui64;   ///< Big-endian.
    std::array<LbaFormat, 64> lbaf;
    std::array<std::uint8_t, 3712> vs;

    /// Formats in `lbaf`, at most 64.
    constexpr std::uint32_t formats() const noexcept { return nlbaf < 64 ? nlbaf + 1u : 64u; }
    /// Index of the format in use: below 64.
    constexpr std::uint32_t format_index() const noexcept {
        const std::uint32_t low = flbas & 0xfu;
        // The upper two bits mean nothing on a namespace with 16 formats or fewer.
        return nlbaf < 16 ? low : low | ((flbas & 0x60u) >> 1);
    }
    constexpr const LbaFormat& format() const noexcept { return lbaf[format_index()]; }
    /// Metadata is transferred at the end of each block's data.
    constexpr bool metadata_extended() const noexcept { return (flbas & 0x10) != 0; }
    /// Protection information type, 0 for none.
    constexpr unsigned protection_type() const noexcept { return dps & 7u; }
    constexpr bool protection_first() const noexcept { return (dps & 8) != 0; }
    /// Data bytes in the namespace, saturated; 0 where the format makes no sense.
    constexpr std::uint64_t size_bytes() const noexcept {
        const std::uint64_t block = format().block_bytes();
        if (block == 0) return 0;
        return nsze.value() > UINT64_MAX / block ? UINT64_MAX : nsze.value() * block;
    }
    constexpr DeallocatedRead deallocated_read() const noexcept {
        const unsigned value = dlfeat & 7u;
        return value == 1   ? DeallocatedRead::zeroes
               : value == 2 ? DeallocatedRead::ones
                            : DeallocatedRead::unreported;
    }
    constexpr bool write_zeroes_deallocates() const noexcept { return (dlfeat & 8) != 0; }
    constexpr bool write_protected() const noexcept { return (nsattr & 1) != 0; }
    /// The fields from NPWG to NOWS are reported. NSFEAT bit 4 (OPTPERF)
    constexpr bool reports_optimal_io() const noexcept { return (nsfeat & 0x10) != 0; }
    constexpr std::uint32_t copy_ranges() const noexcept { return msrc + 1u; }
};
static_assert(sizeof(IdentifyNamespace) == 4096 && alignof(IdentifyNamespace) == 1);
static_assert(offsetof(IdentifyNamespace, dlfeat) == 33 &&
              offsetof(IdentifyNamespace, nvmcap) == 48 &&
              offsetof(IdentifyNamespace, npwg) == 64 && offsetof(IdentifyNamespace, mssrl) == 74 &&
              offsetof(IdentifyNamespace, anagrpid) == 92 &&
              offsetof(IdentifyNamespace, nguid) == 104 &&
              offsetof(IdentifyNamespace, eui64) == 120 &&
              offsetof(IdentifyNamespace, lbaf) == 128 && offsetof(IdentifyNamespace, vs) == 384);

/// Identify Controller of the NVM command set, CNS 06h, CSI 00h. NVM Command Set 1.0 §4.1.5.4
struct IdentifyControllerNvm {
    std::uint8_t vsl;   ///< Verify size limit, as MDTS.
    std::uint8_t wzsl;  ///< Write Zeroes size limit, as MDTS.
    std::uint8_t wusl;  ///< Write Uncorrectable size limit, as MDTS.
    std::uint8_t dmrl;  ///< Dataset Management ranges limit, ranges; 0 for no limit.
    Le32 dmrsl;         ///< Dataset Management range size limit, blocks; 0 for no limit.
    Le64 dmsl;          ///< Dataset Management size limit, blocks; 0 for no limit.
    std::uint8_t kpiocap;
    std::uint8_t wzdsl;  ///< Write Zeroes with deallocate size limit, as MDTS.
    Le16 aocs;
    Le32 ver;
    std::array<std::uint8_t, 4072> rsvd24;

    /// A limit given like MDTS, in bytes; 0 for no limit.
    static constexpr std::uint64_t limit_bytes(std::uint8_t exponent,
                                               std::uint32_t page_bytes = 4096) noexcept {
        if (exponent == 0 || exponent > 32) return 0;
        return static_cast<std::uint64_t>(page_bytes) << exponent;
    }
};
static_assert(sizeof(IdentifyControllerNvm) == 4096);
static_assert(offsetof(IdentifyControllerNvm, dmrsl) == 4 &&
              offsetof(IdentifyControllerNvm, dmsl) == 8);

/// The extension of an LBA format. NVM Command Set 1.0 §4.1.5.3, figure "Extended LBA Format"
struct ExtendedLbaFormat {
    Le32 raw;  ///< Bits 6:0 storage tag size, bits 8:7 protection information format.

    constexpr unsigned storage_tag_bits() const noexcept { return raw.value() & 0x7f; }
    /// Protection information format: 0 for 16-bit, 1 for 32-bit, 2 for 64-bit guards, 3 for the
    /// qualified type in bits 12:9.
    constexpr unsigned protection_format() const noexcept { return (raw.value() >> 7) & 3; }
};
static_assert(sizeof(ExtendedLbaFormat) == 4);

/// Identify Namespace of the NVM command set, CNS 05h, CSI 00h. NVM Command Set 1.0 §4.1.5.3
struct IdentifyNamespaceNvm {
    Le64 lbstm;        ///< Logical block storage tag mask.
    std::uint8_t pic;  ///< Protection information capabilities.
    std::uint8_t pifa;
    std::array<std::uint8_t, 2> rsvd10;
    std::array<ExtendedLbaFormat, 64> elbaf;
    Le32 npdgl;  ///< Preferred deallocate granularity large, blocks.
    Le32 nprg;
    Le32 npra;
    Le32 nors;
    Le32 npdal;
    std::array<std::uint8_t, 3808> rsvd288;
};
static_assert(sizeof(IdentifyNamespaceNvm) == 4096);
static_assert(offsetof(IdentifyNamespaceNvm, elbaf) == 12 &&
              offsetof(IdentifyNamespaceNvm, npdgl) == 268);

/// I/O command set independent Identify Namespace, CNS 08h. NVMe Base 2.0 §5.17.2.8
struct IdentifyNamespaceIndependent {
    std::uint8_t nsfeat;
    std::uint8_t nmic;
    std::uint8_t rescap;
    std::uint8_t fpi;
    Le32 anagrpid;
    std::uint8_t nsattr;
    std::uint8_t rsvd9;
    Le16 nvmsetid;
    Le16 endgid;
    std::uint8_t nstat;  ///< Bit 0 the namespace is ready.
    std::uint8_t kpios;
    Le16 maxkt;
    std::array<std::uint8_t, 2> rsvd18;
    Le32 rgrpid;
    std::array<std::uint8_t, 4072> rsvd24;

    constexpr bool ready() const noexcept { return (nstat & 1) != 0; }
};
static_assert(sizeof(IdentifyNamespaceIndependent) == 4096);
static_assert(offsetof(IdentifyNamespaceIndependent, anagrpid) == 4 &&
              offsetof(IdentifyNamespaceIndependent, nstat) == 14);

/// Namespace identifiers in ascending order, ending with a zero unless full. CNS 02h, 07h, 10h and
/// 1Ah; the Changed Namespace List log has the same layout. NVMe Base 2.0 §4.4.2
struct NamespaceList {
    std::array<Le32, 1024> nsid;

    /// Entries before the first zero.
    constexpr std::uint32_t count() const noexcept {
        std::uint32_t n = 0;
        while (n < nsid.size() && nsid[n].value() != 0) ++n;
        return n;
    }
};
static_assert(sizeof(NamespaceList) == 4096);

/// Controller identifiers in ascending order, CNS 12h and 13h. NVMe Base 2.0 §4.4.1
struct ControllerList {
    Le16 num;
    std::array<Le16, 2047> cntlid;

    /// Valid entries, at most 2047.
    constexpr std::uint32_t count() const noexcept {
        return num.value() < cntlid.size() ? num.value()
                                           : static_cast<std::uint32_t>(cntlid.size());
    }
};
static_assert(sizeof(ControllerList) == 4096);

/// The combinations of I/O command sets that a controller can run together, CNS 1Ch.
/// NVMe Base 2.0 §5.17.2.21
struct IoCommandSets {
    std::array<Le64, 512> vector;  ///< Bit n: the command set with CSI n. A zero entry is unused.

    /// True when combination `index` has the command set. False past the end.
    constexpr bool supports(std::uint32_t index, CommandSet set) const noexcept {
        const auto bit = static_cast<std::uint8_t>(set);
        return index < vector.size() && bit < 64 && ((vector[index].value() >> bit) & 1) != 0;
    }
};
static_assert(sizeof(IoCommandSets) == 4096);

/// Types of namespace identification descriptors. NVMe Base 2.0 §5.17.2.3
enum class NamespaceIdType : std::uint8_t { eui64 = 1, nguid = 2, uuid = 3, csi = 4 };

/// The header of a namespace identification descriptor, CNS 03h; `nidl` bytes follow it.
/// NVMe Base 2.0 §5.17.2.3
struct NamespaceIdHeader {
    std::uint8_t nidt;  ///< `NamespaceIdType`; zero ends the list.
    std::uint8_t nidl;
    std::array<std::uint8_t, 2> rsvd2;
};
static_assert(sizeof(NamespaceIdHeader) == 4);

/// What a list of namespace identification descriptors says.
struct NamespaceIds {
    bool has_eui64 = false;
    bool has_nguid = false;
    bool has_uuid = false;
    bool has_csi = false;
    /// False when the list is damaged: a descriptor of a known type has the wrong length, or one
    /// reaches past the end. What stands before the damage is kept.
    bool well_formed = true;
    std::array<std::uint8_t, 8> eui64{};
    std::array<std::uint8_t, 16> nguid{};
    std::array<std::uint8_t, 16> uuid{};
    CommandSet csi = CommandSet::nvm;
};

/// Decodes the list that Identify with CNS 03h returns. It reads nothing past the buffer, whatever
/// lengths the device gave; descriptors of unknown types are passed over.
[[nodiscard]] XNVME_API NamespaceIds decode_namespace_ids(std::span<const std::byte> list) noexcept;

/// Adds a descriptor at `offset` of a list; for those who answer Identify.
/// \return the offset behind it, or 0 when it does not fit (nothing is written).
[[nodiscard]] XNVME_API std::size_t encode_namespace_id(std::span<std::byte> list,
                                                        std::size_t offset, NamespaceIdType type,
                                                        std::span<const std::uint8_t> id) noexcept;

/// The identifiers in a namespace list up to its first zero. A buffer that is shorter than a list
/// gives the entries that are whole.
[[nodiscard]] XNVME_API std::vector<std::uint32_t> decode_namespace_list(
    std::span<const std::byte> list);

/// The identifiers in a controller list: as many as it says it has, and never more than the buffer
/// holds.
[[nodiscard]] XNVME_API std::vector<std::uint16_t> decode_controller_list(
    std::span<const std::byte> list);

}  // namespace xnvme::nvme
