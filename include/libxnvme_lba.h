/// \file
/// Ranges of logical blocks.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <libxnvme_dev.h>
#include <libxnvme_spec.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What is known of a range.
struct xnvme_lba_range_attr {
    bool is_zoned;  ///< The namespace has zones.
    bool is_valid;  ///< The range lies within the namespace and has whole blocks.
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_lba_range_attr) == 2, "xnvme_lba_range_attr has 2 bytes")

/// A range of blocks of a device.
struct xnvme_lba_range {
    uint64_t slba;    ///< First block.
    uint64_t elba;    ///< Last block.
    uint32_t naddrs;  ///< Blocks.
    uint64_t nbytes;  ///< Bytes.
    struct xnvme_lba_range_attr attr;
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_lba_range) == 40, "xnvme_lba_range has 40 bytes")

/// Prints a range to `stream`, as YAML. Returns the bytes printed or a negative errno.
int xnvme_lba_range_fpr(FILE* stream, struct xnvme_lba_range* range, int opts);
/// The same, to standard output.
int xnvme_lba_range_pr(struct xnvme_lba_range* range, int opts);

/// The range of an offset and a length in bytes, which are multiples of the block size.
/// `attr.is_valid` is false where they are not, or where the range is not within the device; so it
/// is with the others.
struct xnvme_lba_range xnvme_lba_range_from_offset_nbytes(struct xnvme_dev* dev, uint64_t offset,
                                                          uint64_t nbytes);
/// The range from one block to another, both included.
struct xnvme_lba_range xnvme_lba_range_from_slba_elba(struct xnvme_dev* dev, uint64_t slba,
                                                      uint64_t elba);
/// The range of a number of blocks.
struct xnvme_lba_range xnvme_lba_range_from_slba_naddrs(struct xnvme_dev* dev, uint64_t slba,
                                                        uint64_t naddrs);
/// The range of a zone: its capacity from its start.
struct xnvme_lba_range xnvme_lba_range_from_zdescr(struct xnvme_dev* dev,
                                                   struct xnvme_spec_znd_descr* zdescr);

#ifdef __cplusplus
}
#endif
