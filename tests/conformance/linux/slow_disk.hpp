// A disk that stops when it is told to: a loop device over a file on a file system of its own.
#pragma once

#include <memory>
#include <string>

#include "tests/conformance/linux/block_places.hpp"

namespace conformance {

/// While it is frozen, writes to the disk are taken and do not complete; reads of what is cached
/// may. A helper process thaws the file system, also when this one ends or 30 seconds have passed,
/// so that nothing of a crash stays frozen.
class SlowDisk {
  public:
    /// Throws std::runtime_error with what is missing.
    SlowDisk();
    SlowDisk(const SlowDisk&) = delete;
    SlowDisk& operator=(const SlowDisk&) = delete;
    ~SlowDisk();

    const std::string& path() const { return disk_->path(); }
    LoopDevice& disk() { return *disk_; }
    void freeze();
    void thaw();
    /// Every write from now on fails: the file system under the disk is shut down.
    void kill();

  private:
    void start_watchdog();
    void stop_watchdog();
    void unmount();

    std::string image_;
    std::string mount_point_;
    std::unique_ptr<LoopDevice> image_loop_;
    std::unique_ptr<LoopDevice> disk_;
    Fd mount_;
    Fd watchdog_;
    int watchdog_pid_ = -1;
    bool mounted_ = false;
};

}  // namespace conformance
