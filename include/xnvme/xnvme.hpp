/// \file
/// All of the API but the coroutine layer.
#pragma once

#include <xnvme/buffer.hpp>
#include <xnvme/command.hpp>
#include <xnvme/describe.hpp>
#include <xnvme/device.hpp>
#include <xnvme/fdp.hpp>
#include <xnvme/geometry.hpp>
#include <xnvme/key_value.hpp>
#include <xnvme/nvme/builders.hpp>
#include <xnvme/options.hpp>
#include <xnvme/protection.hpp>
#include <xnvme/queue.hpp>
#include <xnvme/result.hpp>
#include <xnvme/size.hpp>
#include <xnvme/version.hpp>
#include <xnvme/zoned.hpp>
