/// \file
/// What a program asks for when it opens a device.
#pragma once

#include <stdint.h>

#include <libxnvme_util.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A command set that was asked for.
struct xnvme_opts_css {
    uint32_t value;  ///< Command set to select.
    uint32_t given;  ///< Not 0: `value` was given.
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_opts_css) == 8, "xnvme_opts_css has 8 bytes")

/// Options of `xnvme_dev_open`. NULL for a name leaves the choice to the library. Every name that
/// xNVMe has used for an interface is understood. What is asked for is what is used: a combination
/// that cannot work is refused at open.
///
/// Access: `rdonly` or `wronly` alone mean what they say, also where `rdwr` kept its default. Where
/// none of the three is set the device is opened for reading and writing, or for reading only where
/// the system grants no more.
struct xnvme_opts {
    const char* be;                  ///< Backend: see docs/c_api.md for the names.
    const char* dev;                 ///< Not used.
    const char* mem;                 ///< Memory interface.
    const char* sync;                ///< Synchronous interface.
    const char* async;               ///< Asynchronous interface.
    const char* admin;               ///< Admin interface.
    uint32_t nsid;                   ///< Namespace, where the name is a controller's; 0: its first.
    uint8_t rdonly;                  ///< Open for reading only.
    uint8_t wronly;                  ///< Open for writing only.
    uint8_t rdwr;                    ///< Open for reading and writing.
    uint8_t create;                  ///< Create the file where it is missing.
    uint8_t truncate;                ///< Cut the file to nothing first.
    uint8_t direct;                  ///< Bypass the page cache; refused where it cannot be.
    uint32_t create_mode;            ///< Permission bits of a created file.
    uint8_t poll_io;                 ///< io_uring: IOPOLL.
    uint8_t poll_sq;                 ///< io_uring: SQPOLL.
    uint8_t register_files;          ///< Not used: the library registers what it can.
    uint8_t register_buffers;        ///< Not used: the library registers what it can.
    struct xnvme_opts_css css;       ///< Not used.
    uint32_t use_cmb_sqs;            ///< Not used.
    uint32_t shm_id;                 ///< Not used.
    uint32_t main_core;              ///< Not used.
    const char* core_mask;           ///< Not used.
    const char* adrfam;              ///< Not used.
    const char* subnqn;              ///< Not used.
    const char* hostnqn;             ///< Not used.
    uint32_t admin_timeout;          ///< Microseconds, for an admin command; 0 for the default.
    uint32_t command_timeout;        ///< Microseconds, for an I/O command; 0 for the default.
    uint32_t spdk_fabrics;           ///< Not used.
    uint32_t keep_alive_timeout_ms;  ///< Not used.
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_opts) == 136, "xnvme_opts has 136 bytes")

/// Sets `opts` to the defaults: `rdwr` 1, `nsid` 1, `create_mode` 0600, `admin_timeout` 60 s,
/// `command_timeout` 30 s, the rest 0 or NULL.
void xnvme_opts_set_defaults(struct xnvme_opts* opts);

/// Returns the defaults: see `xnvme_opts_set_defaults`.
struct xnvme_opts xnvme_opts_default(void);

#ifdef __cplusplus
}
#endif
