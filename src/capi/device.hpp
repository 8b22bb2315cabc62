/// \file
/// Devices of the C API, for the parts of it that open one.
#pragma once

#include <libxnvme.h>

#include <xnvme/device.hpp>

namespace xnvme::capi {

/// The library's options for the C API's, null meaning the defaults.
Options options_of(const xnvme_opts* opts);

/// Gives an open device to the C API. Allocates.
xnvme_dev* adopt(Device device, const xnvme_opts* opts);

/// What `dtype` of an identification says.
std::uint32_t dtype_of(DeviceClass device_class) noexcept;

}  // namespace xnvme::capi
