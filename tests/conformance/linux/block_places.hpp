// Block devices that the suite makes: loop devices over files, and zram.
#pragma once

#include <cstdint>
#include <string>

#include "tests/conformance/places.hpp"

namespace conformance {

/// A descriptor that is closed with its owner.
class Fd {
  public:
    explicit Fd(int fd = -1) noexcept : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
    Fd& operator=(Fd&& other) noexcept;
    ~Fd();
    int get() const noexcept { return fd_; }
    void close() noexcept;

  private:
    int fd_;
};

/// A loop device over a file. The kernel detaches it when this program ends, however it ends.
class LoopDevice {
  public:
    /// Throws std::runtime_error with what is missing.
    LoopDevice(const std::string& backing_file, bool read_only);
    LoopDevice(const LoopDevice&) = delete;
    LoopDevice& operator=(const LoopDevice&) = delete;
    ~LoopDevice();

    const std::string& path() const { return path_; }
    int fd() const { return fd_.get(); }
    /// Detaches it from its file, or asks the kernel to as soon as nobody has it open.
    void detach();
    /// Takes over the backing file's length.
    void take_size();

  private:
    Fd fd_;
    std::string path_;
};

MadePlace make_loop(std::string_view name, bool direct);
MadePlace make_zram(bool direct);

/// "what: reason" with the reason of errno.
[[noreturn]] void throw_errno(const std::string& what);

}  // namespace conformance
