/// \file
/// The registers of a controller, as memory-mapped I/O has them. NVMe Base 2.0 §3.1.3
#pragma once

#include <cstddef>
#include <cstdint>

#include <xnvme/nvme/endian.hpp>

namespace xnvme::nvme {

/// Registers of the persistent memory region, at offset E00h. NVMe Base 2.0 §3.1.3.22 and after
struct PersistentMemoryRegisters {
    Le32 pmrcap;
    Le32 pmrctl;
    Le32 pmrsts;
    Le32 pmrebs;
    Le32 pmrswtp;
    Le32 pmrmscl;
    Le32 pmrmscu;
};
static_assert(sizeof(PersistentMemoryRegisters) == 28);

/// The registers from offset 0, and after them those of the persistent memory region.
struct ControllerRegisters {
    Le64 cap;    ///< 00h: controller capabilities.
    Le32 vs;     ///< 08h: version.
    Le32 intms;  ///< 0Ch: interrupt mask set.
    Le32 intmc;  ///< 10h: interrupt mask clear.
    Le32 cc;     ///< 14h: controller configuration.
    Le32 rsvd18;
    Le32 csts;     ///< 1Ch: controller status.
    Le32 nssr;     ///< 20h: NVM subsystem reset.
    Le32 aqa;      ///< 24h: admin queue attributes.
    Le64 asq;      ///< 28h: admin submission queue's address.
    Le64 acq;      ///< 30h: admin completion queue's address.
    Le32 cmbloc;   ///< 38h: controller memory buffer location.
    Le32 cmbsz;    ///< 3Ch: controller memory buffer size.
    Le32 bpinfo;   ///< 40h: boot partition information.
    Le32 bprsel;   ///< 44h: boot partition read select.
    Le64 bpmbl;    ///< 48h: boot partition memory buffer's address.
    Le64 cmbmsc;   ///< 50h: controller memory buffer memory space control.
    Le32 cmbsts;   ///< 58h: controller memory buffer status.
    Le32 cmbebs;   ///< 5Ch: controller memory buffer elasticity buffer size.
    Le32 cmbswtp;  ///< 60h: controller memory buffer sustained write throughput.
    Le32 nssd;     ///< 64h: NVM subsystem shutdown.
    Le32 crto;     ///< 68h: controller ready time-outs.
    PersistentMemoryRegisters pmr;

    /// Bytes from offset 0, without the persistent memory region's.
    static constexpr std::size_t kBytes = 0x6c;
    /// Offset of the persistent memory region's registers.
    static constexpr std::size_t kPmrOffset = 0xe00;

    /// Entries of the largest queue, counted from one. CAP.MQES
    constexpr std::uint32_t queue_entries() const noexcept {
        return static_cast<std::uint32_t>(cap.value() & 0xffff) + 1;
    }
    /// The longest that CC.EN takes to show in CSTS.RDY. CAP.TO, in units of 500 ms
    constexpr std::uint32_t ready_timeout_ms() const noexcept {
        return static_cast<std::uint32_t>((cap.value() >> 24) & 0xff) * 500;
    }
    /// Bytes from one doorbell to the next. CAP.DSTRD
    constexpr std::uint32_t doorbell_stride_bytes() const noexcept {
        return 4u << ((cap.value() >> 32) & 0xf);
    }
    /// An NVM subsystem reset is possible. CAP.NSSRS
    constexpr bool subsystem_reset_supported() const noexcept {
        return ((cap.value() >> 36) & 1) != 0;
    }
    /// Smallest and largest page that the host may choose. CAP.MPSMIN, CAP.MPSMAX
    constexpr std::uint64_t page_bytes_min() const noexcept {
        return std::uint64_t{4096} << ((cap.value() >> 48) & 0xf);
    }
    constexpr std::uint64_t page_bytes_max() const noexcept {
        return std::uint64_t{4096} << ((cap.value() >> 52) & 0xf);
    }
    /// A controller memory buffer is there. CAP.CMBS
    constexpr bool memory_buffer_supported() const noexcept {
        return ((cap.value() >> 57) & 1) != 0;
    }
    /// A persistent memory region is there. CAP.PMRS
    constexpr bool persistent_memory_supported() const noexcept {
        return ((cap.value() >> 56) & 1) != 0;
    }
    /// CC.EN and CSTS.RDY.
    constexpr bool enabled() const noexcept { return (cc.value() & 1) != 0; }
    constexpr bool ready() const noexcept { return (csts.value() & 1) != 0; }
    /// Bytes of the controller memory buffer; 0 where there is none. CMBSZ
    constexpr std::uint64_t memory_buffer_bytes() const noexcept {
        const unsigned unit = (cmbsz.value() >> 8) & 0xf;
        return std::uint64_t{cmbsz.value() >> 12} << (12 + 4 * unit);
    }
};
static_assert(offsetof(ControllerRegisters, cc) == 0x14 &&
              offsetof(ControllerRegisters, csts) == 0x1c &&
              offsetof(ControllerRegisters, asq) == 0x28 &&
              offsetof(ControllerRegisters, cmbsz) == 0x3c &&
              offsetof(ControllerRegisters, cmbmsc) == 0x50 &&
              offsetof(ControllerRegisters, pmr) == ControllerRegisters::kBytes);

}  // namespace xnvme::nvme
