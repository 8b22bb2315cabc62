/// \file
/// Sizes and limits of a device.
#pragma once

#include <stdint.h>

#include <libxnvme_util.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What kind of namespace a device is.
enum xnvme_geo_type {
    XNVME_GEO_UNKNOWN = 0x0,       ///< Not known.
    XNVME_GEO_CONVENTIONAL = 0x1,  ///< Blocks that are written in any order.
    XNVME_GEO_ZONED = 0x2,         ///< Zones.
    XNVME_GEO_KV = 0x3,            ///< Keys and values.
};

/// Sizes and limits, as `xnvme_dev_get_geo` gives them. Counts are counts, not zero-based. A
/// namespace has `npugrp * npunit * nzone * nsect` blocks.
struct xnvme_geo {
    enum xnvme_geo_type type;  ///< What kind of namespace it is.
    uint32_t npugrp;           ///< Parallel unit groups: 1.
    uint32_t npunit;           ///< Parallel units in a group: 1.
    uint32_t nzone;            ///< Zones in a unit; 1 where there are no zones.
    uint64_t nsect;            ///< Logical blocks in a zone.
    uint32_t nbytes;           ///< Data bytes in a logical block.
    uint32_t nbytes_oob;       ///< Metadata bytes in a logical block.
    uint64_t tbytes;           ///< Bytes of the whole namespace, as it is transferred.
    uint64_t ssw;              ///< log2 of `nbytes`.
    uint32_t mdts_nbytes;      ///< The most bytes in one command.
    uint32_t lba_nbytes;       ///< Bytes transferred per logical block: with extended blocks, the
                               ///< metadata too.
    uint8_t lba_extended;  ///< Not 0: the metadata is transferred behind the data of each block.
    uint8_t pi_type;       ///< Type of protection information, 0 for none.
    uint8_t pi_loc;  ///< 1: protection information is at the front of the metadata; 0: at its end.
    uint8_t pi_format;  ///< `enum xnvme_spec_nvm_ns_pif`.
    uint8_t _rsvd[4];
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_geo) == 64, "xnvme_geo has 64 bytes")

#ifdef __cplusplus
}
#endif
