/// \file
/// The lists and capabilities that Identify returns of a whole NVM subsystem: what can be shared
/// out between controllers, sets, groups and domains; and what Namespace Management takes.
///
/// Plain data without padding, as in identify.hpp. Every count in them comes from the device: the
/// accessors named `count` never exceed what the structure holds.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <xnvme/nvme/endian.hpp>

namespace xnvme::nvme {

/// An NVM set. NVMe Base 2.0 §5.17.2.4, figure "NVM Set Attributes Entry"
struct NvmSet {
    Le16 nvmsetid;
    Le16 endgid;
    std::array<std::uint8_t, 4> rsvd4;
    Le32 rr4kt;       ///< Typical time of a random 4 KiB read, in 100 nanoseconds.
    Le32 ows;         ///< Optimal write size, bytes.
    U128 tnvmsetcap;  ///< Total capacity, bytes.
    U128 unvmsetcap;  ///< Unallocated capacity, bytes.
    std::array<std::uint8_t, 80> rsvd48;
};
static_assert(sizeof(NvmSet) == 128 && offsetof(NvmSet, unvmsetcap) == 32);

/// NVM sets in ascending order, CNS 04h. NVMe Base 2.0 §5.17.2.4
struct NvmSetList {
    std::uint8_t num;
    std::array<std::uint8_t, 127> rsvd1;
    std::array<NvmSet, 31> sets;

    constexpr std::uint32_t count() const noexcept {
        return std::min<std::uint32_t>(num, static_cast<std::uint32_t>(sets.size()));
    }
};
static_assert(sizeof(NvmSetList) == 4096 && offsetof(NvmSetList, sets) == 128);

/// What a primary controller has to share out, CNS 14h. VQ are queues, VI interrupts.
/// NVMe Base 2.0 §5.17.2.13
struct PrimaryControllerCapabilities {
    Le16 cntlid;
    Le16 portid;
    std::uint8_t crt;  ///< Bit 0 VQ and bit 1 VI resources are supported.
    std::array<std::uint8_t, 27> rsvd5;
    Le32 vqfrt;   ///< VQ flexible total.
    Le32 vqrfa;   ///< VQ flexible assigned to secondary controllers.
    Le16 vqrfap;  ///< VQ flexible allocated to the primary controller.
    Le16 vqprt;   ///< VQ private to the primary controller.
    Le16 vqfrsm;  ///< VQ flexible, the most for one secondary controller.
    Le16 vqgran;  ///< VQ flexible, preferred granularity.
    std::array<std::uint8_t, 16> rsvd48;
    Le32 vifrt;
    Le32 virfa;
    Le16 virfap;
    Le16 viprt;
    Le16 vifrsm;
    Le16 vigran;
    std::array<std::uint8_t, 4016> rsvd80;
};
static_assert(sizeof(PrimaryControllerCapabilities) == 4096 &&
              offsetof(PrimaryControllerCapabilities, vqfrt) == 32 &&
              offsetof(PrimaryControllerCapabilities, vifrt) == 64);

/// A secondary controller. NVMe Base 2.0 §5.17.2.14, figure "Secondary Controller Entry"
struct SecondaryController {
    Le16 scid;         ///< Its controller identifier.
    Le16 pcid;         ///< The identifier of its primary controller.
    std::uint8_t scs;  ///< Bit 0: online.
    std::array<std::uint8_t, 3> rsvd5;
    Le16 vfn;  ///< Virtual function number, 0 where it is none.
    Le16 nvq;  ///< VQ flexible resources assigned to it.
    Le16 nvi;  ///< VI flexible resources assigned to it.
    std::array<std::uint8_t, 18> rsvd14;

    constexpr bool online() const noexcept { return (scs & 1) != 0; }
};
static_assert(sizeof(SecondaryController) == 32 && offsetof(SecondaryController, vfn) == 8);

/// Secondary controllers in ascending order, CNS 15h. NVMe Base 2.0 §5.17.2.14
struct SecondaryControllerList {
    std::uint8_t num;
    std::array<std::uint8_t, 31> rsvd1;
    std::array<SecondaryController, 127> controllers;

    constexpr std::uint32_t count() const noexcept {
        return std::min<std::uint32_t>(num, static_cast<std::uint32_t>(controllers.size()));
    }
};
static_assert(sizeof(SecondaryControllerList) == 4096 &&
              offsetof(SecondaryControllerList, controllers) == 32);

/// In which steps namespaces of a format are best created, in bytes.
/// NVM Command Set 1.0 §4.1.5.7, figure "Namespace Granularity Descriptor"
struct NamespaceGranularity {
    Le64 nszegran;  ///< Of the size.
    Le64 ncapgran;  ///< Of the capacity.
};
static_assert(sizeof(NamespaceGranularity) == 16);

/// CNS 16h. NVM Command Set 1.0 §4.1.5.7
struct NamespaceGranularityList {
    Le32 attributes;           ///< Bit 0: each LBA format has a descriptor of its own.
    std::uint8_t descriptors;  ///< Zero-based.
    std::array<std::uint8_t, 27> rsvd5;
    std::array<NamespaceGranularity, 16> granularity;
    std::array<std::uint8_t, 3808> rsvd288;

    /// Descriptors: 1 to 16.
    constexpr std::uint32_t count() const noexcept {
        return std::min<std::uint32_t>(descriptors + 1u,
                                       static_cast<std::uint32_t>(granularity.size()));
    }
    constexpr bool per_format() const noexcept { return (attributes.value() & 1) != 0; }
};
static_assert(sizeof(NamespaceGranularityList) == 4096 &&
              offsetof(NamespaceGranularityList, granularity) == 32);

/// NVMe Base 2.0 §5.17.2.16, figure "UUID List Entry"
struct UuidEntry {
    std::uint8_t header;  ///< Bits 1:0: 1 the PCI vendor's, 2 the PCI subsystem vendor's.
    std::array<std::uint8_t, 15> rsvd1;
    std::array<std::uint8_t, 16> uuid;  ///< Big-endian.

    constexpr bool used() const noexcept {
        return std::any_of(uuid.begin(), uuid.end(), [](std::uint8_t byte) { return byte != 0; });
    }
    constexpr unsigned association() const noexcept { return header & 3u; }
};
static_assert(sizeof(UuidEntry) == 32);

/// The UUIDs that a UUID index selects, counted from one, CNS 17h. NVMe Base 2.0 §5.17.2.16
struct UuidList {
    std::array<std::uint8_t, 32> rsvd0;
    std::array<UuidEntry, 127> entries;

    /// Entries before the first unused one.
    constexpr std::uint32_t count() const noexcept {
        std::uint32_t n = 0;
        while (n < entries.size() && entries[n].used()) ++n;
        return n;
    }
};
static_assert(sizeof(UuidList) == 4096 && offsetof(UuidList, entries) == 32);

/// A domain. NVMe Base 2.0 §5.17.2.17, figure "Domain Attributes Entry"
struct Domain {
    Le16 domain_id;
    std::array<std::uint8_t, 14> rsvd2;
    U128 capacity;                 ///< Bytes.
    U128 unallocated_capacity;     ///< Bytes.
    U128 endurance_group_maximum;  ///< Largest capacity of an endurance group, bytes.
    std::array<std::uint8_t, 64> rsvd64;
};
static_assert(sizeof(Domain) == 128 && offsetof(Domain, endurance_group_maximum) == 48);

/// Domains in ascending order, CNS 18h. NVMe Base 2.0 §5.17.2.17
struct DomainList {
    std::uint8_t num;
    std::array<std::uint8_t, 127> rsvd1;
    std::array<Domain, 31> domains;

    constexpr std::uint32_t count() const noexcept {
        return std::min<std::uint32_t>(num, static_cast<std::uint32_t>(domains.size()));
    }
};
static_assert(sizeof(DomainList) == 4096 && offsetof(DomainList, domains) == 128);

/// Endurance group identifiers in ascending order, CNS 19h. NVMe Base 2.0 §5.17.2.18
struct EnduranceGroupList {
    Le16 num;
    std::array<Le16, 2047> endgid;

    constexpr std::uint32_t count() const noexcept {
        return std::min<std::uint32_t>(num.value(), static_cast<std::uint32_t>(endgid.size()));
    }
};
static_assert(sizeof(EnduranceGroupList) == 4096);

/// What Namespace Management takes to create a namespace: the host's fields of Identify Namespace,
/// at the same places. NVM Command Set 1.0 §4.1.6
struct NamespaceRequest {
    Le64 nsze;  ///< Size, blocks.
    Le64 ncap;  ///< Capacity, blocks.
    std::array<std::uint8_t, 10> rsvd16;
    std::uint8_t flbas;  ///< As in Identify Namespace.
    std::array<std::uint8_t, 2> rsvd27;
    std::uint8_t dps;   ///< As in Identify Namespace.
    std::uint8_t nmic;  ///< Bit 0: may be attached to several controllers.
    std::array<std::uint8_t, 61> rsvd31;
    Le32 anagrpid;
    std::array<std::uint8_t, 4> rsvd96;
    Le16 nvmsetid;
    Le16 endgid;
    std::array<std::uint8_t, 280> rsvd104;
    Le64 lbstm;  ///< Logical block storage tag mask.
    std::array<std::uint8_t, 3704> rsvd392;

    /// Index of the LBA format: below 64.
    constexpr std::uint32_t format_index() const noexcept {
        return (flbas & 0xfu) | ((flbas & 0x60u) >> 1);
    }
    /// \param index of the LBA format, 0 to 63
    constexpr void set_format(std::uint32_t index, bool metadata_extended) noexcept {
        flbas = static_cast<std::uint8_t>((index & 0xfu) | ((index & 0x30u) << 1) |
                                          (metadata_extended ? 0x10u : 0u));
    }
};
static_assert(sizeof(NamespaceRequest) == 4096 && alignof(NamespaceRequest) == 1);
static_assert(offsetof(NamespaceRequest, flbas) == 26 && offsetof(NamespaceRequest, dps) == 29 &&
              offsetof(NamespaceRequest, anagrpid) == 92 &&
              offsetof(NamespaceRequest, endgid) == 102 &&
              offsetof(NamespaceRequest, lbstm) == 384);

}  // namespace xnvme::nvme
