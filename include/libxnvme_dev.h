/// \file
/// Devices: finding, opening and closing them, and what they are.
///
/// A device may be used from several threads at once. Queues and buffers keep what they need of it,
/// so that they may be terminated and freed after it was closed.
#pragma once

#include <stdint.h>

#include <libxnvme_geo.h>
#include <libxnvme_ident.h>
#include <libxnvme_opts.h>
#include <libxnvme_spec.h>
#include <libxnvme_util.h>

#ifdef __cplusplus
extern "C" {
#endif

/// An open device.
struct xnvme_dev;

/// What the callback of `xnvme_enumerate` decides.
enum xnvme_enumerate_action {
    XNVME_ENUMERATE_DEV_KEEP_OPEN = 0x0,  ///< The handle stays open, and is the caller's to close.
    XNVME_ENUMERATE_DEV_CLOSE = 0x1,      ///< The handle is closed when the callback has returned.
};

/// Called by `xnvme_enumerate` with each open device. Returns an `enum xnvme_enumerate_action`.
typedef int (*xnvme_enumerate_cb)(struct xnvme_dev* dev, void* cb_args);

/// Opens every device of this machine (`sys_uri` NULL), or the one that `sys_uri` names, and calls
/// `cb_func` with it. Devices that cannot be opened are passed over. `opts` may be NULL. Blocks.
/// Returns 0; -EINVAL where `cb_func` is NULL; the reason why `sys_uri` could not be opened, or
/// why the system could not be asked.
int xnvme_enumerate(const char* sys_uri, struct xnvme_opts* opts, xnvme_enumerate_cb cb_func,
                    void* cb_args);

/// Opens what `dev_uri` names: a file, a block device, an NVMe device, "1GB" or "mem:1GiB" for a
/// device in memory. `opts` may be NULL for the defaults. Blocks while the system opens it.
///
/// Returns NULL with errno: ENOENT nothing of that name, EACCES or EPERM not permitted, EINVAL an
/// option or name has no meaning, ENOTSUP the combination cannot work, EBUSY somebody else holds
/// it, or what the system said. `xnvme_error_sentence` says it in words, and what to do.
struct xnvme_dev* xnvme_dev_open(const char* dev_uri, struct xnvme_opts* opts);

/// Closes a device. NULL is harmless. Queues and buffers of it stay usable until they are
/// terminated and freed.
void xnvme_dev_close(struct xnvme_dev* dev);

/// Reads the device's identify data and geometry again, after a format for example. Not while it
/// has queues: they keep the limits that they were made with. Blocks. Returns 0 or a negative
/// errno.
int xnvme_dev_derive_geo(struct xnvme_dev* dev);

/// The sizes and limits of the device. They stay valid until it is closed. NULL with EINVAL for
/// NULL.
const struct xnvme_geo* xnvme_dev_get_geo(const struct xnvme_dev* dev);

/// Identify Controller data (CNS 01h), valid until the device is closed; synthesised for files and
/// plain block devices. NULL with EINVAL for NULL.
const struct xnvme_spec_idfy_ctrlr* xnvme_dev_get_ctrlr(const struct xnvme_dev* dev);

/// Identify Controller data of the namespace's command set (CNS 06h), valid until the device is
/// closed. The first call asks the device, and blocks. NULL with errno where it has none.
const struct xnvme_spec_idfy_ctrlr* xnvme_dev_get_ctrlr_css(const struct xnvme_dev* dev);

/// Identify Namespace data (CNS 00h), valid until the device is closed; synthesised for files and
/// plain block devices. NULL with EINVAL for NULL.
const struct xnvme_spec_idfy_ns* xnvme_dev_get_ns(const struct xnvme_dev* dev);

/// Identify Namespace data of the namespace's command set (CNS 05h): `struct
/// xnvme_spec_znd_idfy_ns` for zones, for example. Valid until the device is closed. The first call
/// asks the device, and blocks. NULL with errno where it has none.
const struct xnvme_spec_idfy_ns* xnvme_dev_get_ns_css(const struct xnvme_dev* dev);

/// The namespace that commands are addressed to; 0 for NULL.
uint32_t xnvme_dev_get_nsid(const struct xnvme_dev* dev);

/// The command set of the namespace: `enum xnvme_spec_csi` or XNVME_SPEC_CSI_FS; 0 for NULL.
uint8_t xnvme_dev_get_csi(const struct xnvme_dev* dev);

/// What the device is. NULL with EINVAL for NULL.
const struct xnvme_ident* xnvme_dev_get_ident(const struct xnvme_dev* dev);

/// The options that the device was opened with, the names of the interfaces being those that were
/// chosen. NULL with EINVAL for NULL.
const struct xnvme_opts* xnvme_dev_get_opts(const struct xnvme_dev* dev);

/// The library's own state of the device: not for programs. NULL with EINVAL for NULL.
const void* xnvme_dev_get_be_state(const struct xnvme_dev* dev);

/// log2 of the bytes in a logical block: offsets in bytes are `slba << ssw`. 0 for NULL.
uint64_t xnvme_dev_get_ssw(const struct xnvme_dev* dev);

#ifdef __cplusplus
}
#endif
