/// \file
/// When the I/Os of a queue are due under a rate.
#pragma once

#include <cmath>
#include <cstdint>

namespace xnvme::tool {

/// Times at even distances, which do not wait for the device.
class Schedule {
  public:
    Schedule(double first_ns, double step_ns) noexcept : first_ns_(first_ns), step_ns_(step_ns) {}

    /// When the next one is due.
    std::uint64_t due_ns() const noexcept { return time_ns(number_); }
    void advance() noexcept { ++number_; }

    /// Leaves out those before `time_ns`: they are not caught up with.
    void skip_to(std::uint64_t time_ns) noexcept {
        const double steps = (static_cast<double>(time_ns) - first_ns_) / step_ns_;
        if (steps > static_cast<double>(number_))
            number_ = static_cast<std::uint64_t>(std::ceil(steps));
        // The division may have rounded either way.
        while (due_ns() < time_ns) ++number_;
    }

    /// How many are due from the next one on to before `end_ns`.
    std::uint64_t due_before(std::uint64_t end_ns) const noexcept {
        const std::uint64_t due = due_ns();
        if (due >= end_ns) return 0;
        return static_cast<std::uint64_t>(std::ceil(static_cast<double>(end_ns - due) / step_ns_));
    }

  private:
    std::uint64_t time_ns(std::uint64_t number) const noexcept {
        return static_cast<std::uint64_t>(first_ns_ + step_ns_ * static_cast<double>(number));
    }

    double first_ns_;
    double step_ns_;
    std::uint64_t number_ = 0;
};

}  // namespace xnvme::tool
