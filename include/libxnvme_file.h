/// \file
/// Files: reading and writing at offsets in bytes.
///
/// The functions work on any device; where it is not a file, offset and length are whole blocks.
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include <libxnvme_cmd.h>
#include <libxnvme_dev.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Opens a file; `opts` may be NULL. As `xnvme_dev_open`.
struct xnvme_dev* xnvme_file_open(const char* pathname, struct xnvme_opts* opts);
/// Closes it. Returns 0, also for NULL.
int xnvme_file_close(struct xnvme_dev* fh);

/// Reads `count` bytes from `offset`: waits where the context has no queue. A file that ends before
/// `offset + count` is an error (-EIO), not a success. Returns 0 or a negative errno.
int xnvme_file_pread(struct xnvme_cmd_ctx* ctx, void* buf, size_t count, off_t offset);
/// Writes `count` bytes from `offset`. Returns 0 or a negative errno.
int xnvme_file_pwrite(struct xnvme_cmd_ctx* ctx, void* buf, size_t count, off_t offset);
/// What was written is on the medium when it returns. Returns 0 or a negative errno.
int xnvme_file_sync(struct xnvme_dev* fh);

/// A context for synchronous commands of the file.
struct xnvme_cmd_ctx xnvme_file_get_cmd_ctx(struct xnvme_dev* fh);

#ifdef __cplusplus
}
#endif
