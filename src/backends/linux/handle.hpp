/// \file
/// An open block device or NVMe character device.
#pragma once

#include <string>

#include "backends/linux/sysfs.hpp"
#include "contracts/interfaces.hpp"
#include "os/fd.hpp"

namespace xnvme::be_linux {

/// A block device, of NVMe or not.
class BlockHandle final : public Handle {
  public:
    BlockHandle(Identifier name, BlockFolders folders, os::Fd fd, const Options& options) noexcept;
    Result<void, Failure> refresh() override;

    const BlockFolders& folders() const noexcept { return folders_; }

  private:
    BlockFolders folders_;
    os::Fd owner_;
};

/// The descriptors of an NVMe character device, and where /sys has it.
struct NvmeParts {
    os::Fd space;            ///< The namespace's generic device; none for a controller without one.
    os::Fd controller;       ///< The controller, where that was opened.
    std::string block;       ///< Name of the namespace's block device, "nvme0n1".
    std::string folder;      ///< In /sys, of the device that was opened.
    std::uint32_t nsid = 0;  ///< 0 for a controller without a namespace.
};

/// A namespace or a controller of NVMe as a character device. A controller's handle has the
/// namespace that `Options::nsid` names, through its generic device.
class NvmeHandle final : public Handle {
  public:
    NvmeHandle(Identifier name, NvmeParts parts, const Options& options) noexcept;
    Result<void, Failure> refresh() override;

    const NvmeParts& parts() const noexcept { return parts_; }

  private:
    NvmeParts parts_;
};

/// The descriptor that takes admin commands.
inline int admin_descriptor(const Handle& handle) noexcept {
    return handle.admin_fd >= 0 ? handle.admin_fd : handle.fd;
}

}  // namespace xnvme::be_linux
