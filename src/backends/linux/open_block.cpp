#include "backends/linux/open_block.hpp"

#include <fcntl.h>
#include <linux/blkzoned.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include <xnvme/size.hpp>

#include "backends/linux/nvme_identify.hpp"
#include "os/error_text.hpp"
#include "os/posix/file.hpp"

namespace xnvme::be_linux {

namespace {

/// The kernel splits what is larger than the device takes, so this is what a command can say:
/// 65536 blocks, and no more than a call moves.
constexpr std::uint64_t kMaxTransferBytes = std::uint64_t{1} << 30;

template <class T>
T ask(int fd, unsigned long request, T otherwise) noexcept {
    T value{};
    return ::ioctl(fd, request, &value) == 0 ? value : otherwise;
}

/// Whether the device erases so that nothing can be read back. The kernel looks at that before it
/// looks at the range, which is misaligned here: nothing is erased.
bool takes_secure_erase(int fd) noexcept {
    std::uint64_t range[2] = {1, 1};
    return ::ioctl(fd, BLKSECDISCARD, range) != 0 && errno == EINVAL;
}

std::string model_of(const BlockFolders& folders) {
    if (const auto model = read_line(folders.disk + "/device/model")) return *model;
    if (folders.name.starts_with("loop")) return "Linux loop device";
    if (folders.name.starts_with("zram")) return "Linux zram device";
    return "Linux block device";
}

/// Linux: drivers/block/zram, drivers/block/brd.c, drivers/nvdimm/pmem.c. The kernel knows it of a
/// device (BLK_FEAT_SYNCHRONOUS) and tells nobody.
bool is_in_memory(std::string_view name) noexcept {
    return name.starts_with("zram") || name.starts_with("ram") || name.starts_with("pmem");
}

std::string serial_of(const BlockFolders& folders) {
    for (const char* const attribute : {"/device/serial", "/serial", "/device/wwid", "/wwid"}) {
        if (const auto serial = read_line(folders.disk + attribute); serial && !serial->empty())
            return *serial;
    }
    return folders.name;
}

std::string no_medium(const Identifier& identifier, const BlockFolders& folders) {
    const std::string& name = identifier.text;
    if (folders.name.starts_with("loop"))
        return name + " has no backing file. Attach one with: losetup " + identifier.path + " FILE";
    if (folders.name.starts_with("zram"))
        return name + " has no size. Set one with: echo 1G > /sys/block/" + folders.name +
               "/disksize";
    if (const std::string why = why_no_capacity(folders.name); !why.empty())
        return name + " " + why + ".";
    return name + " holds no medium: its size is 0.";
}

void read_limits(BlockHandle& handle) {
    const BlockFolders& folders = handle.folders();
    const int fd = handle.fd;
    DeviceFacts& facts = handle.facts;
    Geometry& geometry = facts.geometry;
    geometry.physical_block_bytes = ask<unsigned>(fd, BLKPBSZGET, geometry.block_bytes);
    geometry.optimal_io_bytes = ask<unsigned>(fd, BLKIOOPT, 0);
    geometry.rotational = ask<unsigned short>(fd, BLKROTATIONAL, 0) != 0;
    geometry.max_transfer_bytes = static_cast<std::uint32_t>(
        std::min(kMaxTransferBytes, std::uint64_t{geometry.block_bytes} * 65536));
    geometry.max_segments = kIoVecMax;
    geometry.buffer_alignment = 1;
    if (handle.direct) {
        // The block size is what every device takes. Linux says less (512 for zram's blocks of
        // 4096), but zram then writes parts of blocks to the wrong place without an error
        // (Linux 6.18).
        const std::uint32_t bytes = os::direct_alignment(fd).buffer_bytes;
        geometry.buffer_alignment = std::max(bytes, geometry.block_bytes);
    }
    const unsigned zone_sectors = ask<unsigned>(fd, BLKGETZONESZ, 0);
    const auto zoned = read_line(folders.queue("zoned"));
    if (zone_sectors != 0 && zoned && *zoned != "none") {
        geometry.zoned = true;
        geometry.command_set = CommandSet::zoned;
        geometry.zone_blocks = std::uint64_t{zone_sectors} * 512 / geometry.block_bytes;
        geometry.zones = ask<unsigned>(fd, BLKGETNRZONES, 0);
        const auto limit = [&folders](const char* attribute) {
            return static_cast<std::uint32_t>(read_number(folders.queue(attribute)).value_or(0));
        };
        geometry.max_open_zones = limit("max_open_zones");
        geometry.max_active_zones = limit("max_active_zones");
    }
    facts.read_only = ask<int>(fd, BLKROGET, 0) != 0;
    facts.can_deallocate = read_number(folders.queue("discard_max_bytes")).value_or(0) != 0;
    facts.can_write_zeroes = true;  // The kernel writes zeroes where the device cannot.
    facts.can_secure_erase = handle.access != Access::read_only && takes_secure_erase(fd);
    facts.volatile_cache = read_line(folders.queue("write_cache")) == "write back";
    facts.nowait = os::takes_nowait(fd);
    facts.in_memory = is_in_memory(folders.name);
    facts.model = model_of(folders);
    facts.serial = serial_of(folders);
    facts.firmware = read_line(folders.disk + "/device/firmware_rev")
                         .value_or(read_line(folders.disk + "/device/rev").value_or(""));
}

}  // namespace

BlockHandle::BlockHandle(Identifier name, BlockFolders folders, os::Fd fd,
                         const Options& options) noexcept
    : folders_(std::move(folders)), owner_(std::move(fd)) {
    identifier = std::move(name);
    this->fd = owner_.get();
    direct = options.direct;
    access = options.access;
}

Result<void, Failure> BlockHandle::refresh() {
    Geometry& geometry = facts.geometry;
    geometry.block_bytes = static_cast<std::uint32_t>(ask<int>(fd, BLKSSZGET, 512));
    geometry.transfer_block_bytes = geometry.block_bytes;
    geometry.size_bytes = ask<std::uint64_t>(fd, BLKGETSIZE64, 0);
    geometry.blocks = geometry.size_bytes / geometry.block_bytes;
    if (geometry.blocks == 0) return fail(Errc::not_found, no_medium(identifier, folders_));
    read_limits(*this);
    if (identifier.device_class == DeviceClass::nvme_block) read_nvme_identity(*this);
    return {};
}

int open_flags(const Options& options) noexcept {
    const int access = options.access == Access::read_only    ? O_RDONLY
                       : options.access == Access::write_only ? O_WRONLY
                                                              : O_RDWR;
    return access | O_CLOEXEC | (options.direct ? O_DIRECT : 0);
}

std::unexpected<Failure> open_failure(const Identifier& identifier, Access access, int os_errno) {
    const std::string& name = identifier.text;
    switch (os_errno) {
        case ENOENT:
            return fail(
                Error{Errc::not_found, {}, os_errno},
                "There is no " + name + ". List the devices of this system with: xnvme scan");
        case EACCES:
        case EPERM:
            return fail(Error{Errc::no_permission, {}, os_errno},
                        "This user may not open " + name + " for " +
                            (access == Access::read_only ? "reading" : "writing") +
                            ". Run as root, or as a member of the group that owns it.");
        case EROFS:
            return fail(Error{Errc::read_only, {}, os_errno},
                        name + " is read-only. Open it for reading only.");
        case ENXIO:
        case ENODEV:
        case ENOMEDIUM:
            return fail(
                Error{Errc::not_found, {}, os_errno},
                name + " has no device or medium behind it: " + os::message(os_errno) + ".");
        case EBUSY:
            return fail(Error{Errc::busy, {}, os_errno},
                        name + " is held by something else: " + os::message(os_errno) +
                            ". Unmount it, or stop what uses it.");
        case EINVAL:
            return fail(Error{Errc::unsupported, {}, os_errno},
                        name +
                            " cannot be opened with direct: the system refuses O_DIRECT. Leave "
                            "direct out.");
        default:
            return fail(Error::of_system(os_errno),
                        name + " could not be opened: " + os::message(os_errno) + ".");
    }
}

Result<std::unique_ptr<Handle>, Failure> open_block(const Identifier& identifier,
                                                    const Options& options) {
    const std::string& path = identifier.path;
    struct stat status;
    if (::stat(path.c_str(), &status) != 0) return open_failure(identifier, options.access, errno);
    if (!S_ISBLK(status.st_mode))
        return fail(Errc::invalid_argument, identifier.text + " is no block device.");
    if (options.truncate)
        return fail(Errc::invalid_argument, identifier.text +
                                                " is a block device, which cannot be "
                                                "truncated. Leave truncate out.");
    auto folders = block_folders(status.st_rdev);
    if (!folders)
        return fail(Errc::not_found, identifier.text +
                                         " has no device behind it: its number is "
                                         "not in /sys/dev/block.");
    if (read_number(folders->self + "/size") == 0)
        return fail(Errc::not_found, no_medium(identifier, *folders));
    if (options.access != Access::read_only && read_number(folders->self + "/ro") == 1)
        return fail(Errc::read_only, identifier.text + " is read-only. Open it for reading only.");
    // The page cache would take a write to a wrong place of a zone, and lose it later.
    Options opened = options;
    const bool zoned = read_line(folders->queue("zoned")).value_or("none") != "none";
    if (zoned && options.access != Access::read_only) opened.direct = true;
    os::Fd fd(::open(path.c_str(), open_flags(opened)));
    if (!fd) return open_failure(identifier, options.access, errno);
    auto handle =
        std::make_unique<BlockHandle>(identifier, std::move(*folders), std::move(fd), opened);
    if (auto read = handle->refresh(); !read) return std::unexpected(std::move(read.error()));
    if (options.create_bytes > handle->facts.geometry.size_bytes)
        return fail(Errc::invalid_argument, identifier.text + " is a block device of " +
                                                format_size(handle->facts.geometry.size_bytes) +
                                                " and cannot grow to " +
                                                format_size(options.create_bytes) + ".");
    return handle;
}

}  // namespace xnvme::be_linux
