#include "backends/linux/discovery.hpp"

#include <fcntl.h>
#include <linux/nvme_ioctl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <cerrno>

#include "backends/common/posix/open_file.hpp"
#include "backends/linux/nvme_identify.hpp"
#include "backends/linux/open_block.hpp"
#include "os/error_text.hpp"

namespace xnvme::be_linux {

namespace {

Result<std::unique_ptr<Handle>, Failure> open_nvme(const Identifier& identifier,
                                                   const Options& options) {
    struct stat status;
    if (::stat(identifier.path.c_str(), &status) != 0)
        return open_failure(identifier, options.access, errno);
    if (!S_ISCHR(status.st_mode))
        return fail(Errc::invalid_argument, identifier.text + " is no character device of NVMe.");
    if (options.truncate || options.create_bytes != 0)
        return fail(Errc::invalid_argument,
                    identifier.text + " is a device, which cannot be truncated or grow.");
    Options plain = options;
    // A character device of NVMe has no page cache: it is direct without being asked.
    plain.direct = false;
    os::Fd fd(::open(identifier.path.c_str(), open_flags(plain)));
    if (!fd) return open_failure(identifier, options.access, errno);
    std::uint32_t nsid = options.nsid;
    if (identifier.device_class == DeviceClass::nvme_generic) {
        const int answer = ::ioctl(fd.get(), NVME_IOCTL_ID);
        if (answer <= 0)
            return fail(Error::of_system(answer < 0 ? errno : EINVAL),
                        identifier.text + " is no NVMe namespace: it has no namespace identifier.");
        nsid = static_cast<std::uint32_t>(answer);
    }
    auto handle = std::make_unique<NvmeHandle>(identifier, std::move(fd), options, nsid);
    if (auto read = handle->refresh(); !read) return std::unexpected(std::move(read.error()));
    if (options.access != Access::read_only && handle->facts.read_only)
        return fail(Errc::read_only, identifier.text + " is read-only. Open it for reading only.");
    return handle;
}

}  // namespace

NvmeHandle::NvmeHandle(Identifier name, os::Fd fd, const Options& options,
                       std::uint32_t nsid) noexcept
    : owner_(std::move(fd)) {
    identifier = std::move(name);
    this->fd = owner_.get();
    direct = true;
    access = options.access;
    facts.nsid = nsid;
}

Result<void, Failure> NvmeHandle::refresh() {
    return read_nvme_facts(*this);
}

Result<std::unique_ptr<Handle>, Failure> open(const Identifier& identifier,
                                              const Options& options) {
    switch (identifier.device_class) {
        case DeviceClass::file:
            return be_common::open_file(identifier, options);
        case DeviceClass::block:
        case DeviceClass::nvme_block:
            return open_block(identifier, options);
        case DeviceClass::nvme_generic:
        case DeviceClass::nvme_controller:
            return open_nvme(identifier, options);
        default:
            return fail(Errc::unsupported,
                        "The linux backend does not serve " + identifier.text + ".");
    }
}

}  // namespace xnvme::be_linux
