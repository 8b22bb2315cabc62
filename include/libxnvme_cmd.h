/// \file
/// Commands: the context that carries one, and passing it to a device.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include <libxnvme_dev.h>
#include <libxnvme_queue.h>
#include <libxnvme_spec.h>

#ifdef __cplusplus
extern "C" {
#endif

/// How a command in a queue comes back.
struct xnvme_cmd_ctx_async {
    struct xnvme_queue* queue;  ///< The queue that owns the context.
    xnvme_queue_cb cb;          ///< Called when the command has completed.
    void* cb_arg;               ///< Handed to `cb`.
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_cmd_ctx_async) == 24, "xnvme_cmd_ctx_async has 24 bytes")

/// One command on its way. The first 80 bytes have the layout of Linux's `struct
/// nvme_passthru_cmd64`. The data pointer and lengths in `cmd` are filled at submission.
struct xnvme_cmd_ctx {
    struct xnvme_spec_cmd cmd;         ///< The command.
    struct xnvme_spec_cpl cpl;         ///< Its completion; reset at submission.
    struct xnvme_dev* dev;             ///< The device.
    struct xnvme_cmd_ctx_async async;  ///< Queue and callback.
    uint32_t opts;                     ///< The library's: set at submission.
    uint8_t be_rsvd[12];  ///< The library's: see libxnvme_more.h for what can be asked.
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_cmd_ctx) == 128, "xnvme_cmd_ctx has 128 bytes")

/// Sets callback and argument of one context.
static inline void xnvme_cmd_ctx_set_cb(struct xnvme_cmd_ctx* ctx, xnvme_queue_cb cb,
                                        void* cb_arg) {
    ctx->async.cb = cb;
    ctx->async.cb_arg = cb_arg;
}

/// Not 0 where the command failed: the status code type and status code of its completion. An error
/// of the operating system is status code type 7 with the errno as status code.
static inline int xnvme_cmd_ctx_cpl_status(struct xnvme_cmd_ctx* ctx) {
    return ctx->cpl.status.sc || ctx->cpl.status.sct;
}

/// A context for synchronous commands of `dev`, all of it zeroes but the device.
struct xnvme_cmd_ctx xnvme_cmd_ctx_from_dev(struct xnvme_dev* dev);

/// As `xnvme_queue_get_cmd_ctx`.
struct xnvme_cmd_ctx* xnvme_cmd_ctx_from_queue(struct xnvme_queue* queue);

/// Sets command and completion to zeroes; device, queue and callback stay.
void xnvme_cmd_ctx_clear(struct xnvme_cmd_ctx* ctx);

/// Passes an I/O command: waits for it where the context has no queue, else submits it, which never
/// blocks. An `nsid` of 0 means the device's own. Data and metadata may be NULL where the command
/// has none, and must stay until the command has completed.
///
/// Returns 0 or, without side effect: -EBUSY the queue is full; -ERANGE the blocks reach past the
/// end; -EINVAL data, length and command do not agree, a buffer is not aligned for `direct`, or
/// NULL; -EMSGSIZE more bytes or segments than the device takes; -ENOTSUP the command is not
/// carried here; -EROFS or -EBADF the device was opened for reading or writing only. A synchronous
/// command that failed returns -EIO where the device said no, with the status in the completion;
/// else what the system said.
int xnvme_cmd_pass(struct xnvme_cmd_ctx* ctx, void* dbuf, size_t dbuf_nbytes, void* mbuf,
                   size_t mbuf_nbytes);

/// As `xnvme_cmd_pass`, with lists of at most 1024 elements each. The lists must stay until the
/// command has completed. The lengths are those of the elements; `dvec_nbytes` and `mvec_nbytes`
/// are not looked at. -ENOTSUP also for metadata in pieces on NVMe devices that go through the
/// kernel, whose commands have one pointer for it.
int xnvme_cmd_passv(struct xnvme_cmd_ctx* ctx, struct iovec* dvec, size_t dvec_cnt,
                    size_t dvec_nbytes, struct iovec* mvec, size_t mvec_cnt, size_t mvec_nbytes);

/// As `xnvme_cmd_passv`, with the metadata in one buffer.
int xnvme_cmd_pass_iov(struct xnvme_cmd_ctx* ctx, struct iovec* dvec, size_t dvec_cnt,
                       size_t dvec_nbytes, void* mbuf, size_t mbuf_nbytes);

/// Passes an admin command and waits for it, whether or not the context has a queue; no callback is
/// called. Returns as a synchronous `xnvme_cmd_pass`.
int xnvme_cmd_pass_admin(struct xnvme_cmd_ctx* ctx, void* dbuf, size_t dbuf_nbytes, void* mbuf,
                         size_t mbuf_nbytes);

#ifdef __cplusplus
}
#endif
