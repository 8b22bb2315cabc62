#include "backends/linux/discovery.hpp"

#include <fcntl.h>
#include <linux/nvme_ioctl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <cerrno>

#include "backends/common/posix/open_file.hpp"
#include "backends/linux/nvme_identify.hpp"
#include "backends/linux/nvme_sysfs.hpp"
#include "backends/linux/open_block.hpp"
#include "os/error_text.hpp"

namespace xnvme::be_linux {

namespace {

std::string listed(const std::vector<NvmeNamespace>& spaces) {
    std::string text;
    for (const NvmeNamespace& space : spaces)
        text += (text.empty() ? "" : ", ") + std::to_string(space.nsid);
    return text.empty() ? "none" : text;
}

/// Finds and opens the namespace of a controller that the options name, or its first. A controller
/// without any is one all the same.
Result<void, Failure> open_namespace(const Identifier& identifier, const Options& options,
                                     NvmeParts& parts) {
    const auto spaces = namespaces_of(base_name(parts.folder));
    const NvmeNamespace* chosen = nullptr;
    for (const NvmeNamespace& space : spaces) {
        if (chosen == nullptr && (options.nsid == 0 || space.nsid == options.nsid)) chosen = &space;
    }
    if (chosen == nullptr && options.nsid == 0) return {};
    if (chosen == nullptr)
        return fail(Errc::not_found, identifier.text + " has no namespace " +
                                         std::to_string(options.nsid) + "; the kernel shows " +
                                         listed(spaces) + ". List the namespaces with: xnvme scan");
    const std::string path = "/dev/" + generic_of_block(chosen->block);
    parts.space = os::Fd(::open(path.c_str(), open_flags(options)));
    if (!parts.space) {
        const Identifier generic{
            .text = path, .device_class = DeviceClass::nvme_generic, .path = path};
        return open_failure(generic, options.access, errno);
    }
    parts.block = chosen->block;
    parts.nsid = chosen->nsid;
    return {};
}

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
    NvmeParts parts;
    parts.folder = character_folder(status.st_rdev);
    os::Fd fd(::open(identifier.path.c_str(), open_flags(plain)));
    if (!fd) return open_failure(identifier, options.access, errno);
    if (identifier.device_class == DeviceClass::nvme_generic) {
        const int answer = ::ioctl(fd.get(), NVME_IOCTL_ID);
        if (answer <= 0)
            return fail(Error::of_system(answer < 0 ? errno : EINVAL),
                        identifier.text + " is no NVMe namespace: it has no namespace identifier.");
        parts.nsid = static_cast<std::uint32_t>(answer);
        parts.block = block_of_generic(base_name(parts.folder));
        parts.space = std::move(fd);
    } else {
        parts.controller = std::move(fd);
        if (auto found = open_namespace(identifier, plain, parts); !found)
            return std::unexpected(std::move(found.error()));
    }
    auto handle = std::make_unique<NvmeHandle>(identifier, std::move(parts), options);
    if (auto read = handle->refresh(); !read) return std::unexpected(std::move(read.error()));
    if (options.access != Access::read_only && handle->facts.read_only)
        return fail(Errc::read_only, identifier.text + " is read-only. Open it for reading only.");
    return handle;
}

}  // namespace

NvmeHandle::NvmeHandle(Identifier name, NvmeParts parts, const Options& options) noexcept
    : parts_(std::move(parts)) {
    identifier = std::move(name);
    fd = parts_.space.get();
    admin_fd = parts_.controller.get();
    direct = true;
    access = options.access;
    facts.nsid = parts_.nsid;
}

Result<void, Failure> NvmeHandle::refresh() {
    return read_nvme_facts(*this);
}

namespace {

Result<std::unique_ptr<Handle>, Failure> open_any(const Identifier& identifier,
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

}  // namespace

Result<std::unique_ptr<Handle>, Failure> open(const Identifier& identifier,
                                              const Options& options) {
    auto handle = open_any(identifier, options);
    const bool namespaced = identifier.device_class == DeviceClass::nvme_block ||
                            identifier.device_class == DeviceClass::nvme_generic;
    if (!handle || !namespaced || options.nsid == 0) return handle;
    const std::uint32_t nsid = (*handle)->facts.nsid;
    if (nsid == options.nsid) return handle;
    return fail(Errc::not_found, identifier.text + " is namespace " + std::to_string(nsid) +
                                     ", not " + std::to_string(options.nsid) +
                                     ". Leave the number out, or name the controller, where it "
                                     "chooses the namespace.");
}

}  // namespace xnvme::be_linux
