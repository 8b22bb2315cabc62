/// \file
/// Controllers and subsystems: resets, rescans, registers.
#pragma once

#include <libxnvme_dev.h>
#include <libxnvme_spec_pp.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A subsystem and its controllers.
struct xnvme_subsystem {
    struct xnvme_dev* dev;          ///< The subsystem, or NULL.
    struct xnvme_dev* controllers;  ///< Its controllers.
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_subsystem) == 16, "xnvme_subsystem has 16 bytes")

/// A controller and its namespaces.
struct xnvme_controller {
    struct xnvme_dev* dev;         ///< The controller, or NULL.
    struct xnvme_dev* namespaces;  ///< Its namespaces.
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_controller) == 16, "xnvme_controller has 16 bytes")

/// A namespace.
struct xnvme_namespace {
    struct xnvme_dev* dev;  ///< The namespace, or NULL.
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_namespace) == 8, "xnvme_namespace has 8 bytes")

/// Resets the device's subsystem. Blocks. Returns 0; -EINVAL for NULL; -ENOTSUP where the interface
/// has no such thing; or what the system said.
int xnvme_subsystem_reset(struct xnvme_dev* dev);

/// Resets the device's controller: outstanding commands complete, later ones work. Blocks. Errors
/// as `xnvme_subsystem_reset`.
int xnvme_controller_reset(struct xnvme_dev* dev);

/// Has the system look for the controller's namespaces again. Blocks. Errors as
/// `xnvme_subsystem_reset`.
int xnvme_namespace_rescan(struct xnvme_dev* dev);

/// Reads the controller's registers (NVMe Base 2.0 §3.1.3). Returns 0; -EINVAL for NULL; -ENOTSUP
/// where the interface does not show them.
int xnvme_controller_get_registers(struct xnvme_dev* dev, struct xnvme_spec_ctrlr_bar* bar);

#ifdef __cplusplus
}
#endif
