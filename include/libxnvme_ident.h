/// \file
/// What names a device.
#pragma once

#include <stdint.h>

#include <libxnvme_util.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The longest name of a device, with its terminating zero.
#define XNVME_IDENT_URI_LEN 384
#define XNVME_IDENT_URI_LEN_MIN 6
#define XNVME_IDENT_SCHM_LEN 5
#define XNVME_IDENT_TRGT_LEN 155
#define XNVME_IDENT_OPTS_LEN 160
#define XNVME_IDENT_OPTS_SEP '?'
#define XNVME_IDENT_OPT_MAX 20

/// What a device is, and where.
struct xnvme_ident {
    char subnqn[256];  ///< NVMe qualified name of the subsystem, empty where there is none.
    char uri[384];     ///< What the device was opened as.
    uint32_t dtype;    ///< 1 controller, 2 namespace, 3 block device, 4 file, 5 model; 0 unknown.
    uint32_t nsid;     ///< Namespace identifier.
    uint8_t csi;       ///< Command set identifier.
    uint8_t rsvd[55];
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_ident) == 704, "xnvme_ident has 704 bytes")

/// Fills `ident` with what `uri` alone tells: the name itself, and what kind of thing it names as
/// far as the system knows it. Opens nothing. Returns 0, or -EINVAL for NULL, an empty name, or one
/// longer than XNVME_IDENT_URI_LEN.
int xnvme_ident_from_uri(const char* uri, struct xnvme_ident* ident);

#ifdef __cplusplus
}
#endif
