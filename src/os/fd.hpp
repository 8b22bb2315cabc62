/// \file
/// An owner of a POSIX descriptor.
#pragma once

#include <utility>

namespace xnvme::os {

/// Closes its descriptor when it is destroyed. Move-only; -1 stands for none.
class Fd {
  public:
    Fd() noexcept = default;
    explicit Fd(int fd) noexcept : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        if (this != &other) {
            reset();
            fd_ = std::exchange(other.fd_, -1);
        }
        return *this;
    }
    ~Fd() { reset(); }

    int get() const noexcept { return fd_; }
    explicit operator bool() const noexcept { return fd_ >= 0; }
    /// Gives the descriptor up: closing it is the caller's from here on.
    int release() noexcept { return std::exchange(fd_, -1); }
    /// Closes it now. errno stays as it was.
    void reset() noexcept;

  private:
    int fd_ = -1;
};

}  // namespace xnvme::os
