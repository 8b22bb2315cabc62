/// \file
/// What is done to NVMe controllers as a whole, through the kernel's driver.
#pragma once

#include "backends/linux/handle.hpp"

namespace xnvme::be_linux {

/// `Device::control` for the controller of an NVMe device.
Result<void, Failure> control_nvme(const Handle& handle, ControllerAction action);

/// `Device::registers`: of a PCI Express controller from its memory, of one over a network by the
/// commands that NVMe over Fabrics has for that.
Result<::xnvme::nvme::ControllerRegisters, Failure> read_nvme_registers(const Handle& handle);

}  // namespace xnvme::be_linux
