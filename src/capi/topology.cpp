#include <cerrno>
#include <cstddef>
#include <cstring>

#include <libxnvme_topology.h>

#include <xnvme/nvme/registers.hpp>

#include "capi/errors.hpp"
#include "capi/handles.hpp"

using namespace xnvme;
using namespace xnvme::capi;

namespace {

int control(xnvme_dev* dev, ControllerAction action) noexcept {
    if (dev == nullptr) return -EINVAL;
    return guarded([&] {
        const auto done = device_of(dev).control(action);
        return done ? 0 : failed(done.error());
    });
}

}  // namespace

int xnvme_subsystem_reset(struct xnvme_dev* dev) {
    return control(dev, ControllerAction::subsystem_reset);
}

int xnvme_controller_reset(struct xnvme_dev* dev) {
    return control(dev, ControllerAction::reset);
}

int xnvme_namespace_rescan(struct xnvme_dev* dev) {
    return control(dev, ControllerAction::rescan);
}

int xnvme_controller_get_registers(struct xnvme_dev* dev, struct xnvme_spec_ctrlr_bar* bar) {
    using Registers = nvme::ControllerRegisters;
    static_assert(offsetof(Registers, cmbsts) == offsetof(xnvme_spec_ctrlr_bar, cmbsts));
    static_assert(Registers::kPmrOffset == offsetof(xnvme_spec_ctrlr_bar, pmrcap));
    if (dev == nullptr || bar == nullptr) return -EINVAL;
    return guarded([&] {
        const auto registers = device_of(dev).registers();
        if (!registers) return failed(registers.error());
        std::memset(bar, 0, sizeof *bar);
        auto* const bytes = reinterpret_cast<std::byte*>(bar);
        std::memcpy(bytes, &*registers, Registers::kBytes);
        std::memcpy(bytes + Registers::kPmrOffset, &registers->pmr, sizeof registers->pmr);
        return 0;
    });
}
