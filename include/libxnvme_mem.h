/// \file
/// Making the caller's memory known to a device.
#pragma once

#include <stddef.h>

#include <libxnvme_dev.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Makes memory of the caller's known to a device, which speeds up I/O where the interface can
/// register it. It stays the caller's, and must stay until `xnvme_mem_unmap`. Returns 0, -EINVAL,
/// -ENOMEM, or -EEXIST where that address is mapped already. Any thread.
int xnvme_mem_map(const struct xnvme_dev* dev, void* vaddr, size_t nbytes);

/// Undoes `xnvme_mem_map`. Returns 0, or -EINVAL where `buf` was not mapped. Any thread.
int xnvme_mem_unmap(const struct xnvme_dev* dev, void* buf);

#ifdef __cplusplus
}
#endif
