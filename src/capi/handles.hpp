/// \file
/// What stands behind the C API's handles.
///
/// A `struct xnvme_dev` is a `DeviceState`, a `struct xnvme_queue` an `AsyncQueue` and a `struct
/// xnvme_cmd_ctx` a `Context`: the pointers in a context mean the same on both sides, and nothing
/// is translated on the way of a command.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>

#include <libxnvme.h>
#include <libxnvme_more.h>

#include <xnvme/command.hpp>
#include <xnvme/device.hpp>
#include <xnvme/queue.hpp>

#include "core/device_state.hpp"

namespace xnvme::capi {

/// What the C API keeps beside a device: the handle itself, and what its getters point at.
struct OpenDevice {
    explicit OpenDevice(Device opened) : device(std::move(opened)) {}

    Device device;
    xnvme_geo geo{};
    xnvme_ident ident{};
    xnvme_opts opts{};
    std::string names[5];  ///< What the strings of `opts` are: be, async, sync, admin, mem.

    std::mutex mutex;  ///< Of what follows, which is read when it is first asked for.
    Buffer controller_of_set;
    Buffer namespace_of_set;
};

/// What the C API keeps beside a queue.
struct OpenQueue {
    Queue queue;
};

inline DeviceState* state_of(const xnvme_dev* dev) noexcept {
    return reinterpret_cast<DeviceState*>(const_cast<xnvme_dev*>(dev));
}
inline xnvme_dev* handle_of(DeviceState* state) noexcept {
    return reinterpret_cast<xnvme_dev*>(state);
}
inline OpenDevice& open_of(const xnvme_dev* dev) noexcept {
    return *static_cast<OpenDevice*>(state_of(dev)->companion);
}
inline Device& device_of(const xnvme_dev* dev) noexcept {
    return open_of(dev).device;
}

inline xnvme_queue* handle_of(AsyncQueue* queue) noexcept {
    return reinterpret_cast<xnvme_queue*>(queue);
}
inline AsyncQueue& engine_of(xnvme_queue* queue) noexcept {
    return *reinterpret_cast<AsyncQueue*>(queue);
}
inline Queue& queue_of(AsyncQueue& queue) noexcept {
    return static_cast<OpenQueue*>(queue.state()->companion)->queue;
}
inline Queue& queue_of(xnvme_queue* queue) noexcept {
    return queue_of(engine_of(queue));
}

inline Context& context_of(xnvme_cmd_ctx* ctx) noexcept {
    return *reinterpret_cast<Context*>(ctx);
}
inline const Context& context_of(const xnvme_cmd_ctx* ctx) noexcept {
    return *reinterpret_cast<const Context*>(ctx);
}
inline xnvme_cmd_ctx* handle_of(Context* context) noexcept {
    return reinterpret_cast<xnvme_cmd_ctx*>(context);
}

static_assert(sizeof(xnvme_cmd_ctx) == sizeof(Context) &&
              alignof(xnvme_cmd_ctx) == alignof(Context));
static_assert(offsetof(xnvme_cmd_ctx, cmd) == offsetof(Context, command) &&
              offsetof(xnvme_cmd_ctx, cpl) == offsetof(Context, completion) &&
              offsetof(xnvme_cmd_ctx, dev) == offsetof(Context, device) &&
              offsetof(xnvme_cmd_ctx, async.queue) == offsetof(Context, queue) &&
              offsetof(xnvme_cmd_ctx, async.cb) == offsetof(Context, callback) &&
              offsetof(xnvme_cmd_ctx, async.cb_arg) == offsetof(Context, argument) &&
              offsetof(xnvme_cmd_ctx, opts) == offsetof(Context, options) &&
              offsetof(xnvme_cmd_ctx, be_rsvd) == offsetof(Context, os_error));
static_assert(sizeof(xnvme_spec_cmd) == sizeof(Command) &&
              offsetof(xnvme_spec_cmd_common, nsid) == offsetof(Command, nsid) &&
              offsetof(xnvme_spec_cmd_common, cdw02) == offsetof(Command, cdw2) &&
              offsetof(xnvme_spec_cmd_common, mptr) == offsetof(Command, metadata) &&
              offsetof(xnvme_spec_cmd_common, dptr.lnx_ioctl.data) == offsetof(Command, data) &&
              offsetof(xnvme_spec_cmd_common, dptr.lnx_ioctl.metadata_len) ==
                  offsetof(Command, metadata_bytes) &&
              offsetof(xnvme_spec_cmd_common, dptr.lnx_ioctl.data_len) ==
                  offsetof(Command, data_bytes) &&
              offsetof(xnvme_spec_cmd_common, ndt) == offsetof(Command, cdw10) &&
              offsetof(xnvme_spec_cmd_common, cdw15) == offsetof(Command, cdw15));
static_assert(sizeof(xnvme_spec_cpl) == sizeof(Completion) &&
              offsetof(xnvme_spec_cpl, result) == offsetof(Completion, result) &&
              offsetof(xnvme_spec_cpl, sqhd) == offsetof(Completion, sqhd) &&
              offsetof(xnvme_spec_cpl, cid) == offsetof(Completion, cid) &&
              offsetof(xnvme_spec_cpl, status) == offsetof(Completion, status));
static_assert(sizeof(iovec) == sizeof(IoVec) &&
              offsetof(iovec, iov_base) == offsetof(IoVec, base) &&
              offsetof(iovec, iov_len) == offsetof(IoVec, bytes));

}  // namespace xnvme::capi
