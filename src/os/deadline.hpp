/// \file
/// The moment at which a time-out has passed.
#pragma once

#include <chrono>

namespace xnvme::os {

/// A time-out that was turned into a moment, so that a sleep that is cut short goes on with the
/// time that is left. A negative time-out never passes.
class Deadline {
  public:
    explicit Deadline(std::chrono::nanoseconds timeout) noexcept : endless_(timeout.count() < 0) {
        if (endless_) return;
        const auto now = std::chrono::steady_clock::now();
        // A time-out beyond the end of the clock is as good as none.
        if (timeout >= std::chrono::steady_clock::time_point::max() - now) {
            endless_ = true;
        } else {
            at_ = now + std::chrono::duration_cast<std::chrono::steady_clock::duration>(timeout);
        }
    }

    bool endless() const noexcept { return endless_; }
    std::chrono::steady_clock::time_point at() const noexcept { return at_; }
    /// What is left: 0 when it has passed, negative when it never does.
    std::chrono::nanoseconds left() const noexcept {
        if (endless_) return std::chrono::nanoseconds{-1};
        const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(
            at_ - std::chrono::steady_clock::now());
        return left.count() > 0 ? left : std::chrono::nanoseconds{0};
    }
    bool passed() const noexcept { return !endless_ && left().count() == 0; }

  private:
    std::chrono::steady_clock::time_point at_{};
    bool endless_ = false;
};

}  // namespace xnvme::os
