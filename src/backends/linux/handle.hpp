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

/// A namespace or a controller of NVMe as a character device. A controller's handle addresses the
/// namespace that `Options::nsid` names.
class NvmeHandle final : public Handle {
  public:
    NvmeHandle(Identifier name, os::Fd fd, const Options& options, std::uint32_t nsid) noexcept;
    Result<void, Failure> refresh() override;

  private:
    os::Fd owner_;
};

}  // namespace xnvme::be_linux
