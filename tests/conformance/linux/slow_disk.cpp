#include "tests/conformance/linux/slow_disk.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "tests/conformance/system.hpp"

namespace conformance {
namespace {

// Linux 4.20: fs/ext4/ext4.h, EXT4_IOC_SHUTDOWN; 2 is "do not flush the log".
constexpr unsigned long kShutdown = _IOR('X', 125, std::uint32_t);
constexpr std::uint32_t kNoLogFlush = 2;
constexpr std::uint64_t kImageBytes = 48ull << 20;

}  // namespace

SlowDisk::SlowDisk() {
    image_ = work_folder() + "/slow.image";
    mount_point_ = work_folder() + "/slow";
    try {
        std::ofstream(image_, std::ios::trunc).flush();
        std::filesystem::resize_file(image_, kImageBytes);
        const std::string format =
            "mkfs.ext4 -q -F -O ^has_journal,^metadata_csum '" + image_ + "' >/dev/null 2>&1";
        if (std::system(format.c_str()) != 0)
            throw std::runtime_error("a disk that stops needs mkfs.ext4 (e2fsprogs)");
        image_loop_ = std::make_unique<LoopDevice>(image_, false);
        std::filesystem::create_directories(mount_point_);
        if (::mount(image_loop_->path().c_str(), mount_point_.c_str(), "ext4", 0, nullptr) != 0)
            throw_errno("mounting an ext4 file system on " + image_loop_->path());
        mounted_ = true;
        mount_ = Fd(::open(mount_point_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (mount_.get() < 0) throw_errno("opening " + mount_point_);
        const std::string file = mount_point_ + "/disk";
        const Fd disk(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
        if (disk.get() < 0 || ::posix_fallocate(disk.get(), 0, kPlaceBytes) != 0 ||
            ::fsync(disk.get()) != 0)
            throw_errno("making " + file);
        disk_ = std::make_unique<LoopDevice>(file, false);
    } catch (...) {
        unmount();
        throw;
    }
}

SlowDisk::~SlowDisk() {
    stop_watchdog();
    unmount();
}

void SlowDisk::start_watchdog() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("a pipe");
    watchdog_pid_ = ::fork();
    if (watchdog_pid_ < 0) throw_errno("a helper process");
    if (watchdog_pid_ == 0) {
        // It keeps nothing else open, so that queues and devices close when their owner does.
        constexpr int kFirst = 500;
        const int pipe_end = ::fcntl(ends[0], F_DUPFD, kFirst);
        const int mount = ::fcntl(mount_.get(), F_DUPFD, kFirst);
        ::close_range(3, kFirst - 1, 0);
        ::close_range(static_cast<unsigned>(std::max(pipe_end, mount)) + 1, ~0u, 0);
        pollfd gone{pipe_end, POLLIN, 0};
        ::poll(&gone, 1, 30'000);
        ::ioctl(mount, FITHAW, 0);
        ::_exit(0);
    }
    ::close(ends[0]);
    watchdog_ = Fd(ends[1]);
}

void SlowDisk::stop_watchdog() {
    watchdog_.close();
    if (watchdog_pid_ > 0) ::waitpid(watchdog_pid_, nullptr, 0);
    watchdog_pid_ = -1;
}

void SlowDisk::freeze() {
    start_watchdog();
    if (::ioctl(mount_.get(), FIFREEZE, 0) != 0) throw_errno("FIFREEZE of " + mount_point_);
}
void SlowDisk::thaw() {
    // The helper thaws as soon as its pipe closes.
    stop_watchdog();
}
void SlowDisk::kill() {
    std::uint32_t how = kNoLogFlush;
    if (::ioctl(mount_.get(), kShutdown, &how) != 0) throw_errno("EXT4_IOC_SHUTDOWN");
}

void SlowDisk::unmount() {
    disk_.reset();
    mount_.close();
    if (mounted_) ::umount2(mount_point_.c_str(), MNT_DETACH);
    mounted_ = false;
    image_loop_.reset();
    std::error_code ignored;
    std::filesystem::remove(image_, ignored);
}

}  // namespace conformance
