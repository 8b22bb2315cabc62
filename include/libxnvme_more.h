/// \file
/// What the library has beyond the API of xNVMe 0.7.5: reasons in words, queues of any depth with
/// options, batches, waiting with a time-out, all of a completion. The names are this library's
/// own.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libxnvme_cmd.h>
#include <libxnvme_dev.h>
#include <libxnvme_queue.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Why the last function that failed on this thread failed: what was asked, what was tried, what
/// the system said, and what to do. Opening, enumerating, making queues and allocating memory say
/// it; the I/O path does not. Never NULL; empty where nothing has failed. Valid until the next
/// failure on this thread.
const char* xnvme_error_sentence(void);

/// The errno of the operating system by which the command failed, 0 where it succeeded or where the
/// device said no. Of a context whose command has completed; 0 for NULL.
int xnvme_cmd_ctx_os_error(const struct xnvme_cmd_ctx* ctx);

/// 0, or the negative errno that says how the command ended: what a synchronous `xnvme_cmd_pass`
/// would have returned. Of a context whose command has completed; -EINVAL for NULL.
int xnvme_cmd_ctx_result(const struct xnvme_cmd_ctx* ctx);

/// Bytes that the command moved; after a short transfer, fewer than were asked for. 0 for NULL.
uint32_t xnvme_cmd_ctx_nbytes(const struct xnvme_cmd_ctx* ctx);

/// Options of `xnvme_queue_create`; zeroes are the defaults.
struct xnvme_queue_config {
    uint32_t opts;      ///< Bits of `enum xnvme_queue_opts`.
    bool strict;        ///< Refuse commands that the interface does not carry itself.
    uint32_t nthreads;  ///< Threads of `thrpool`; 0 for as many as there are processors.
    uint64_t spin_ns;   ///< How long a wait polls before it sleeps.
};

/// Makes a queue of `depth` commands, 1 to 32768. `config` may be NULL. Returns 0 or a negative
/// errno, as `xnvme_queue_init`.
int xnvme_queue_create(struct xnvme_dev* dev, uint32_t depth,
                       const struct xnvme_queue_config* config, struct xnvme_queue** queue);

/// Checks a command and fills its context, for `xnvme_queue_submit`. Data and metadata are given
/// here. The errors are those of `xnvme_cmd_pass`, but for -EBUSY.
int xnvme_cmd_prepare(struct xnvme_cmd_ctx* ctx, void* dbuf, size_t dbuf_nbytes, void* mbuf,
                      size_t mbuf_nbytes);
/// The same with lists, as `xnvme_cmd_passv`.
int xnvme_cmd_preparev(struct xnvme_cmd_ctx* ctx, struct iovec* dvec, size_t dvec_cnt,
                       struct iovec* mvec, size_t mvec_cnt);

/// Submits prepared contexts of the queue with one call of the interface, and hands them to the
/// device. Returns 0; -EINVAL; or -EBUSY, when none was taken.
int xnvme_queue_submit(struct xnvme_queue* queue, struct xnvme_cmd_ctx* const* ctxs,
                       uint32_t count);

/// Sleeps until `min` commands have completed, all that are outstanding have, or `timeout_ns` has
/// passed (negative: for ever; 0: does not sleep). Returns how many completed, -EINVAL for NULL, or
/// what the system said.
int xnvme_queue_wait_for(struct xnvme_queue* queue, uint32_t min, int64_t timeout_ns);

#ifdef __cplusplus
}
#endif
