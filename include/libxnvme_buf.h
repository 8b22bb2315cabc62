/// \file
/// Memory for I/O.
///
/// Buffers are zeroed, aligned for their device and at least to the page, and keep their device
/// open until they are freed. Any thread may call these functions.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <libxnvme_dev.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Allocates `nbytes` for I/O with `dev`. Returns NULL with errno: EINVAL, ENOMEM.
void* xnvme_buf_alloc(const struct xnvme_dev* dev, size_t nbytes);

/// Allocates `nbytes`, copies what fits of `buf`, and frees `buf`. `buf` may be NULL. On an error
/// `buf` stays, and NULL is returned with errno: EINVAL also where `buf` is no buffer of the
/// library's.
void* xnvme_buf_realloc(const struct xnvme_dev* dev, void* buf, size_t nbytes);

/// Frees what `xnvme_buf_alloc` or `xnvme_buf_realloc` returned. NULL is harmless, and so is a
/// device that was closed.
void xnvme_buf_free(const struct xnvme_dev* dev, void* buf);

/// As `xnvme_buf_alloc`, with the address by which the device knows the memory in `*phys`. Returns
/// NULL with errno: ENOTSUP where memory has no such address, which is so with every interface that
/// goes through the system.
void* xnvme_buf_phys_alloc(const struct xnvme_dev* dev, size_t nbytes, uint64_t* phys);

/// Frees what `xnvme_buf_phys_alloc` returned. NULL is harmless.
void xnvme_buf_phys_free(const struct xnvme_dev* dev, void* buf);

/// As `xnvme_buf_realloc`, with the device's address in `*phys`.
void* xnvme_buf_phys_realloc(const struct xnvme_dev* dev, void* buf, size_t nbytes, uint64_t* phys);

/// The address by which the device knows `buf`. Returns 0, -EINVAL, or -ENOTSUP where there is
/// none.
int xnvme_buf_vtophys(const struct xnvme_dev* dev, void* buf, uint64_t* phys);

/// Allocates `nbytes` of plain memory, zeroed. `alignment` is a power of two. Returns NULL with
/// errno: EINVAL, ENOMEM.
void* xnvme_buf_virt_alloc(size_t alignment, size_t nbytes);

/// Frees what `xnvme_buf_virt_alloc`, or a function that says so, returned. NULL is harmless.
void xnvme_buf_virt_free(void* buf);

/// Fills a buffer. `content` is "zero", "anum" (the letters A to Z over and over), "rand-k" (the
/// same pseudo-random bytes at every call), "rand-t" (other bytes at every call), or else the path
/// of a file whose bytes are taken; what the file does not fill stays. Returns 0 or a negative
/// errno.
int xnvme_buf_fill(void* buf, size_t nbytes, const char* content);

/// Fills a buffer with zeroes. Returns `buf`.
void* xnvme_buf_clear(void* buf, size_t nbytes);

/// Returns how many of the first `nbytes` differ.
size_t xnvme_buf_diff(const void* expected, const void* actual, size_t nbytes);

/// Prints how many of the first `nbytes` differ, and the first of them, to standard output.
void xnvme_buf_diff_pr(const void* expected, const void* actual, size_t nbytes, int opts);

/// Writes a buffer to a file, which is made or cut to nothing first. Returns 0 or a negative errno.
int xnvme_buf_to_file(void* buf, size_t nbytes, const char* path);

/// Reads a file into a buffer: `nbytes`, or as many as the file has. Returns 0 or a negative errno.
int xnvme_buf_from_file(void* buf, size_t nbytes, const char* path);

#ifdef __cplusplus
}
#endif
