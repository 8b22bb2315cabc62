/// \file
/// The zoned namespace command set. Zoned Namespace Command Set 1.1
///
/// Commands are passed as those of libxnvme_nvm.h are. Functions that return a report or a
/// descriptor ask the device and wait.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <libxnvme_cmd.h>
#include <libxnvme_dev.h>
#include <libxnvme_spec.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A report of zones.
struct xnvme_znd_report {
    uint64_t nzones;        ///< Zones in the namespace.
    uint32_t zd_nbytes;     ///< Bytes in a zone descriptor.
    uint32_t zdext_nbytes;  ///< Bytes in a zone descriptor extension.
    uint64_t zslba;         ///< First block of the first zone reported.
    uint64_t zelba;         ///< First block of the last zone reported.
    uint32_t nentries;      ///< Descriptors in `storage`.
    uint8_t extended;       ///< Not 0: with descriptor extensions.
    uint8_t _pad[3];
    uint64_t zrent_nbytes;    ///< Bytes from one entry to the next.
    uint64_t report_nbytes;   ///< Bytes of this structure with its entries.
    uint64_t entries_nbytes;  ///< Bytes of the entries.
    uint8_t storage[];        ///< The entries: see `XNVME_ZND_REPORT_DESCR`.
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_znd_report) == 64, "xnvme_znd_report has 64 bytes")

/// Descriptor `nth` of a report: `struct xnvme_spec_znd_descr *`.
#define XNVME_ZND_REPORT_DESCR(rprt, nth) \
    ((struct xnvme_spec_znd_descr*)(void*)&(rprt)->storage[(rprt)->zrent_nbytes * (nth)])

/// The extension of descriptor `nth` of an extended report: `void *`.
#define XNVME_ZND_REPORT_DEXT(rprt, nth) \
    ((void*)&(rprt)->storage[(rprt)->zrent_nbytes * (nth) + sizeof(struct xnvme_spec_znd_descr)])

/// Identify Controller of the zoned command set, valid until the device is closed. NULL with errno
/// where the device has none.
const struct xnvme_spec_znd_idfy_ctrlr* xnvme_znd_dev_get_ctrlr(struct xnvme_dev* dev);
/// Identify Namespace of the zoned command set, valid until the device is closed. NULL with errno
/// where the device has none.
const struct xnvme_spec_znd_idfy_ns* xnvme_znd_dev_get_ns(struct xnvme_dev* dev);
/// The zone format of the namespace's block format, valid until the device is closed. NULL with
/// errno where the device has none.
const struct xnvme_spec_znd_idfy_lbafe* xnvme_znd_dev_get_lbafe(struct xnvme_dev* dev);

/// Zone Management Send: does `zsa` to the zone that begins at `zslba`, or to all of them where
/// `select_all`. `dbuf` is a descriptor extension for the action that sets one, else NULL.
int xnvme_znd_mgmt_send(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint64_t zslba, bool select_all,
                        enum xnvme_spec_znd_cmd_mgmt_send_action zsa,
                        enum xnvme_spec_znd_mgmt_send_action_so zsaso, void* dbuf);
/// Zone Management Receive.
int xnvme_znd_mgmt_recv(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint64_t slba,
                        enum xnvme_spec_znd_cmd_mgmt_recv_action zra,
                        enum xnvme_spec_znd_cmd_mgmt_recv_action_sf zrasf, uint8_t partial,
                        void* dbuf, uint32_t dbuf_nbytes);
/// Zone Append of `nlb + 1` blocks to the zone that begins at `zslba`. The completion's result has
/// the first block that was written.
int xnvme_znd_append(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint64_t zslba, uint16_t nlb,
                     const void* dbuf, const void* mbuf);
/// Flushes the random write area of a zone up to and with block `lba`.
int xnvme_znd_zrwa_flush(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint64_t lba);

/// Makes a report of at most `limit` zones (0: all) from the zone of block `slba`, with descriptor
/// extensions where `extended` is not 0. The caller frees it with `xnvme_buf_virt_free`. NULL with
/// errno.
struct xnvme_znd_report* xnvme_znd_report_from_dev(struct xnvme_dev* dev, uint64_t slba,
                                                   size_t limit, uint8_t extended);
/// Finds a zone in state `state` in a report and writes its first block to `*zlba`. Returns 0, or
/// -ENXIO where there is none. `opts` is not used.
int xnvme_znd_report_find_arbitrary(const struct xnvme_znd_report* report,
                                    enum xnvme_spec_znd_state state, uint64_t* zlba, int opts);
/// Prints a report to `stream`, as YAML. Returns the bytes printed or a negative errno.
int xnvme_znd_report_fpr(FILE* stream, const struct xnvme_znd_report* report, int opts);
/// The same, to standard output.
int xnvme_znd_report_pr(const struct xnvme_znd_report* report, int opts);

/// Reads the descriptor of the zone of block `slba`. Returns 0 or a negative errno.
int xnvme_znd_descr_from_dev(struct xnvme_dev* dev, uint64_t slba,
                             struct xnvme_spec_znd_descr* zdescr);
/// Reads the descriptor of the first zone in state `state`. Returns 0, -ENXIO where there is none,
/// or a negative errno.
int xnvme_znd_descr_from_dev_in_state(struct xnvme_dev* dev, enum xnvme_spec_znd_state state,
                                      struct xnvme_spec_znd_descr* zdescr);
/// Counts the zones that `sfield` selects. Returns 0 or a negative errno.
int xnvme_znd_stat(struct xnvme_dev* dev, enum xnvme_spec_znd_cmd_mgmt_recv_action_sf sfield,
                   uint64_t* nzones);
/// Reads the changed zone list (log page BFh), which clears it. The caller frees it with
/// `xnvme_buf_free`. NULL with errno.
struct xnvme_spec_znd_log_changes* xnvme_znd_log_changes_from_dev(struct xnvme_dev* dev);

#ifdef __cplusplus
}
#endif
