#include "capi/device.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include <xnvme/nvme/builders.hpp>

#include "capi/errors.hpp"
#include "capi/handles.hpp"
#include "core/identifier.hpp"

using namespace xnvme;
using namespace xnvme::capi;

namespace xnvme::capi {

namespace {

xnvme_geo geometry_of(const Device& device) {
    const Geometry& from = device.geometry();
    xnvme_geo geo{};
    geo.type = XNVME_GEO_CONVENTIONAL;
    if (from.zoned) geo.type = XNVME_GEO_ZONED;
    if (from.block_bytes == 0) geo.type = XNVME_GEO_UNKNOWN;
    if (from.command_set == CommandSet::key_value) geo.type = XNVME_GEO_KV;
    geo.npugrp = 1;
    geo.npunit = 1;
    geo.nzone = from.zoned ? static_cast<std::uint32_t>(from.zones) : 1;
    geo.nsect = from.zoned ? from.zone_blocks : from.blocks;
    geo.nbytes = from.block_bytes;
    geo.nbytes_oob = from.metadata_bytes;
    geo.tbytes = from.blocks * from.transfer_block_bytes;
    geo.ssw = from.block_bytes == 0 ? 0 : static_cast<unsigned>(std::countr_zero(from.block_bytes));
    geo.mdts_nbytes = from.max_transfer_bytes;
    geo.lba_nbytes = from.transfer_block_bytes;
    geo.lba_extended = from.metadata_extended ? 1 : 0;
    geo.pi_type = from.protection_type;
    geo.pi_loc = from.protection_first ? 1 : 0;
    geo.pi_format = from.guard_bits == 64   ? XNVME_SPEC_NVM_NS_64B_GUARD
                    : from.guard_bits == 32 ? XNVME_SPEC_NVM_NS_32B_GUARD
                                            : XNVME_SPEC_NVM_NS_16B_GUARD;
    return geo;
}

/// Copies text into a field of fixed length, which stays terminated.
template <std::size_t N>
void set_field(char (&field)[N], std::string_view text) noexcept {
    const std::size_t length = std::min(text.size(), N - 1);
    std::memcpy(field, text.data(), length);
    field[length] = '\0';
}

xnvme_ident ident_of(const Device& device) {
    xnvme_ident ident{};
    set_field(ident.uri, device.uri());
    set_field(ident.subnqn, device.identify_controller().subsystem_nqn());
    ident.dtype = dtype_of(device.device_class());
    ident.nsid = device.nsid();
    // A file takes the NVM command set too, but is known by its own.
    ident.csi = device.device_class() == DeviceClass::file
                    ? std::uint8_t{XNVME_SPEC_CSI_FS}
                    : static_cast<std::uint8_t>(device.geometry().command_set);
    return ident;
}

/// The options as they came to be: the names of what was chosen.
void keep_options(OpenDevice& open, const xnvme_opts* asked) {
    open.opts = asked == nullptr ? xnvme_opts_default() : *asked;
    const Capabilities has = open.device.capabilities();
    const std::string_view names[] = {has.backend, has.async, has.sync, has.admin, has.mem};
    const char** const places[] = {&open.opts.be, &open.opts.async, &open.opts.sync,
                                   &open.opts.admin, &open.opts.mem};
    for (std::size_t i = 0; i < std::size(names); ++i) {
        open.names[i] = names[i];
        *places[i] = open.names[i].c_str();
    }
    // The other strings are the caller's, and may be gone.
    open.opts.dev = open.opts.core_mask = open.opts.adrfam = nullptr;
    open.opts.subnqn = open.opts.hostnqn = nullptr;
    open.opts.nsid = open.device.nsid();
    const Access access = open.device.options().access;
    open.opts.rdwr = access == Access::read_write ? 1 : 0;
    open.opts.rdonly = access == Access::read_only ? 1 : 0;
    open.opts.wronly = access == Access::write_only ? 1 : 0;
}

/// Reads what Identify of the namespace's command set returns. Returns 0 or a negative errno.
int read_set(OpenDevice& open, nvme::Cns cns, Buffer& place) {
    const bool of_namespace = cns == nvme::Cns::ns_csi;
    const auto done =
        open.device.admin(nvme::identify({.cns = cns,
                                          .nsid = of_namespace ? open.device.nsid() : 0,
                                          .csi = open.device.geometry().command_set}),
                          place);
    return done ? 0 : -errno_of(done.error());
}

/// The same, read when it is first asked for. Null with errno.
const std::byte* identify_set(OpenDevice& open, nvme::Cns cns, Buffer& place) {
    const std::lock_guard lock(open.mutex);
    if (place.data() != nullptr) return place.data();
    auto buffer = open.device.allocate(nvme::kIdentifyBytes);
    if (!buffer) return null_with<std::byte>(failed(buffer.error()));
    if (const int err = read_set(open, cns, *buffer); err != 0) return null_with<std::byte>(err);
    place = std::move(*buffer);
    return place.data();
}

/// Reads again what was read before, where it stands: programs hold pointers to it.
int refresh_sets(OpenDevice& open) {
    const std::lock_guard lock(open.mutex);
    int err = 0;
    if (open.controller_of_set.data() != nullptr)
        err = read_set(open, nvme::Cns::controller_csi, open.controller_of_set);
    if (err == 0 && open.namespace_of_set.data() != nullptr)
        err = read_set(open, nvme::Cns::ns_csi, open.namespace_of_set);
    return err;
}

std::chrono::milliseconds from_microseconds(std::uint32_t value, std::chrono::milliseconds def) {
    return value == 0 ? def : std::chrono::milliseconds((std::uint64_t{value} + 999) / 1000);
}

/// None of the three ways of access was asked for.
bool leaves_access_open(const xnvme_opts* opts) noexcept {
    return opts != nullptr && opts->rdonly == 0 && opts->wronly == 0 && opts->rdwr == 0;
}

/// Keeps the sentence. A name that no interface or backend has, here or anywhere, is a wrong
/// argument, and not a device that is missing. Returns a negative errno.
int failed_open(const Failure& failure, const xnvme_opts* opts) {
    const int code = failed(failure);
    const bool missing = failure.error.code == Errc::not_found;
    return missing && !core::knows_names(options_of(opts)) ? -EINVAL : code;
}

Result<Device, Failure> open_device(std::string_view uri, const xnvme_opts* opts) {
    Options options = options_of(opts);
    // Programs ask for namespace 1 unless they set another, also where a device is a namespace
    // already, whichever number it has.
    const auto identifier = core::identify(uri, options);
    if (identifier && (identifier->device_class == DeviceClass::nvme_block ||
                       identifier->device_class == DeviceClass::nvme_generic))
        options.nsid = 0;
    auto device = Device::open(uri, options);
    if (device || !leaves_access_open(opts)) return device;
    const int why = errno_of(device.error().error);
    if (why != EACCES && why != EROFS && why != EPERM) return device;
    options.access = Access::read_only;
    return Device::open(uri, options);
}

}  // namespace

std::uint32_t dtype_of(DeviceClass device_class) noexcept {
    switch (device_class) {
        case DeviceClass::nvme_controller:
        case DeviceClass::pci:
        case DeviceClass::tcp:
        case DeviceClass::driverkit:
            return 1;
        case DeviceClass::nvme_block:
        case DeviceClass::nvme_generic:
            return 2;
        case DeviceClass::block:
            return 3;
        case DeviceClass::file:
            return 4;
        case DeviceClass::model:
            return 5;
    }
    return 0;
}

Options options_of(const xnvme_opts* opts) {
    Options options;
    if (opts == nullptr) return options;
    const auto text = [](const char* name) { return std::string(name == nullptr ? "" : name); };
    options.be = text(opts->be);
    options.async = text(opts->async);
    options.sync = text(opts->sync);
    options.admin = text(opts->admin);
    options.mem = text(opts->mem);
    options.nsid = opts->nsid;
    if (opts->rdonly != 0 && opts->wronly == 0) options.access = Access::read_only;
    if (opts->wronly != 0 && opts->rdonly == 0) options.access = Access::write_only;
    options.direct = opts->direct != 0;
    options.create = opts->create != 0;
    options.truncate = opts->truncate != 0;
    if (opts->create_mode != 0) options.create_mode = opts->create_mode;
    options.poll_io = opts->poll_io != 0;
    options.poll_sq = opts->poll_sq != 0;
    options.command_timeout = from_microseconds(opts->command_timeout, options.command_timeout);
    options.admin_timeout = from_microseconds(opts->admin_timeout, options.admin_timeout);
    return options;
}

xnvme_dev* adopt(Device device, const xnvme_opts* opts) {
    auto open = std::make_unique<OpenDevice>(std::move(device));
    open->geo = geometry_of(open->device);
    open->ident = ident_of(open->device);
    keep_options(*open, opts);
    DeviceState& state = open->device.state();
    state.companion = open.release();
    return handle_of(&state);
}

}  // namespace xnvme::capi

void xnvme_opts_set_defaults(struct xnvme_opts* opts) {
    if (opts != nullptr) *opts = xnvme_opts_default();
}

struct xnvme_opts xnvme_opts_default(void) {
    const Options defaults;
    xnvme_opts opts{};
    opts.rdwr = 1;
    opts.nsid = 1;
    opts.create_mode = defaults.create_mode;
    using std::chrono::microseconds;
    opts.admin_timeout = static_cast<std::uint32_t>(microseconds(defaults.admin_timeout).count());
    opts.command_timeout =
        static_cast<std::uint32_t>(microseconds(defaults.command_timeout).count());
    return opts;
}

struct xnvme_dev* xnvme_dev_open(const char* dev_uri, struct xnvme_opts* opts) {
    return guarded([&]() -> xnvme_dev* {
        if (dev_uri == nullptr) {
            return null_with<xnvme_dev>(failed(EINVAL, "The device has no name: it is NULL."));
        }
        auto device = open_device(dev_uri, opts);
        if (device) return adopt(std::move(*device), opts);
        return null_with<xnvme_dev>(failed_open(device.error(), opts));
    });
}

void xnvme_dev_close(struct xnvme_dev* dev) {
    if (dev == nullptr) return;
    // The state may outlive this: queues and buffers hold it.
    delete static_cast<OpenDevice*>(std::exchange(state_of(dev)->companion, nullptr));
}

int xnvme_enumerate(const char* sys_uri, struct xnvme_opts* opts, xnvme_enumerate_cb cb_func,
                    void* cb_args) {
    if (cb_func == nullptr) return -EINVAL;
    return guarded([&] {
        const auto show = [&](Device device) {
            xnvme_dev* const dev = adopt(std::move(device), opts);
            if (cb_func(dev, cb_args) != XNVME_ENUMERATE_DEV_KEEP_OPEN) xnvme_dev_close(dev);
        };
        if (sys_uri != nullptr) {
            auto device = open_device(sys_uri, opts);
            if (!device) return failed_open(device.error(), opts);
            show(std::move(*device));
            return 0;
        }
        const auto found = scan();
        if (!found) return failed(found.error());
        for (const Found& one : *found) {
            if (auto device = open_device(one.uri, opts)) show(std::move(*device));
        }
        return 0;
    });
}

int xnvme_dev_derive_geo(struct xnvme_dev* dev) {
    if (dev == nullptr) return -EINVAL;
    return guarded([&] {
        OpenDevice& open = open_of(dev);
        if (auto done = open.device.refresh(); !done) return failed(done.error());
        open.geo = geometry_of(open.device);
        open.ident = ident_of(open.device);
        return refresh_sets(open);
    });
}

const struct xnvme_geo* xnvme_dev_get_geo(const struct xnvme_dev* dev) {
    if (dev == nullptr) return null_with<const xnvme_geo>(-EINVAL);
    return &open_of(dev).geo;
}

const struct xnvme_spec_idfy_ctrlr* xnvme_dev_get_ctrlr(const struct xnvme_dev* dev) {
    static_assert(sizeof(xnvme_spec_idfy_ctrlr) == sizeof(nvme::IdentifyController));
    if (dev == nullptr) return null_with<const xnvme_spec_idfy_ctrlr>(-EINVAL);
    return reinterpret_cast<const xnvme_spec_idfy_ctrlr*>(&device_of(dev).identify_controller());
}

const struct xnvme_spec_idfy_ns* xnvme_dev_get_ns(const struct xnvme_dev* dev) {
    static_assert(sizeof(xnvme_spec_idfy_ns) == sizeof(nvme::IdentifyNamespace));
    if (dev == nullptr) return null_with<const xnvme_spec_idfy_ns>(-EINVAL);
    return reinterpret_cast<const xnvme_spec_idfy_ns*>(&device_of(dev).identify_namespace());
}

const struct xnvme_spec_idfy_ctrlr* xnvme_dev_get_ctrlr_css(const struct xnvme_dev* dev) {
    if (dev == nullptr) return null_with<const xnvme_spec_idfy_ctrlr>(-EINVAL);
    return guarded([&] {
        OpenDevice& open = open_of(dev);
        return reinterpret_cast<const xnvme_spec_idfy_ctrlr*>(
            identify_set(open, nvme::Cns::controller_csi, open.controller_of_set));
    });
}

const struct xnvme_spec_idfy_ns* xnvme_dev_get_ns_css(const struct xnvme_dev* dev) {
    if (dev == nullptr) return null_with<const xnvme_spec_idfy_ns>(-EINVAL);
    return guarded([&] {
        OpenDevice& open = open_of(dev);
        return reinterpret_cast<const xnvme_spec_idfy_ns*>(
            identify_set(open, nvme::Cns::ns_csi, open.namespace_of_set));
    });
}

uint32_t xnvme_dev_get_nsid(const struct xnvme_dev* dev) {
    return dev == nullptr ? 0 : device_of(dev).nsid();
}

uint8_t xnvme_dev_get_csi(const struct xnvme_dev* dev) {
    return dev == nullptr ? 0 : open_of(dev).ident.csi;
}

const struct xnvme_ident* xnvme_dev_get_ident(const struct xnvme_dev* dev) {
    if (dev == nullptr) return null_with<const xnvme_ident>(-EINVAL);
    return &open_of(dev).ident;
}

const struct xnvme_opts* xnvme_dev_get_opts(const struct xnvme_dev* dev) {
    if (dev == nullptr) return null_with<const xnvme_opts>(-EINVAL);
    return &open_of(dev).opts;
}

const void* xnvme_dev_get_be_state(const struct xnvme_dev* dev) {
    if (dev == nullptr) return null_with<const void>(-EINVAL);
    return state_of(dev)->handle.get();
}

uint64_t xnvme_dev_get_ssw(const struct xnvme_dev* dev) {
    return dev == nullptr ? 0 : open_of(dev).geo.ssw;
}
