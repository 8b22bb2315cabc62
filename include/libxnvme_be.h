/// \file
/// The backends of this build.
#pragma once

#include <stdint.h>

#include <libxnvme_util.h>

#ifdef __cplusplus
extern "C" {
#endif

/// One backend.
struct xnvme_be_attr {
    const char* name;  ///< The backend's name.
    uint8_t enabled;   ///< Not 0: part of this build.
    uint8_t _rsvd[15];
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_be_attr) == 24, "xnvme_be_attr has 24 bytes")

/// A list of backends.
struct xnvme_be_attr_list {
    uint32_t capacity;  ///< Elements that there is room for.
    int count;          ///< Elements.
    struct xnvme_be_attr item[];
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_be_attr_list) == 8, "xnvme_be_attr_list has 8 bytes")

/// Makes a list of the backends of this build. The caller frees `*list` with `free()`.
/// Returns 0, -EINVAL where `list` is NULL, or -ENOMEM. Any thread.
int xnvme_be_attr_list_bundled(struct xnvme_be_attr_list** list);

#ifdef __cplusplus
}
#endif
