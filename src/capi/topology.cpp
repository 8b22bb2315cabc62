#include <cerrno>

#include <libxnvme_topology.h>

#include "capi/errors.hpp"

using namespace xnvme::capi;

namespace {

int not_here(const xnvme_dev* dev) noexcept {
    if (dev == nullptr) return -EINVAL;
    return failed(ENOTSUP, "No interface of this build resets controllers or shows registers.");
}

}  // namespace

int xnvme_subsystem_reset(struct xnvme_dev* dev) {
    return not_here(dev);
}

int xnvme_controller_reset(struct xnvme_dev* dev) {
    return not_here(dev);
}

int xnvme_namespace_rescan(struct xnvme_dev* dev) {
    return not_here(dev);
}

int xnvme_controller_get_registers(struct xnvme_dev* dev, struct xnvme_spec_ctrlr_bar* bar) {
    return bar == nullptr ? -EINVAL : not_here(dev);
}
