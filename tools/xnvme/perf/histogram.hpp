/// \file
/// Latencies, counted.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace xnvme::tool {

/// A histogram of times in nanoseconds. Its buckets are log-linear: each power of two is cut into
/// 64, so that a percentile is right to 1.6 percent whatever its size, and counting one is an
/// increment at an index that a few instructions find.
class Histogram {
  public:
    void add(std::uint64_t time_ns) noexcept {
        ++buckets_[index(time_ns)];
        ++count_;
        sum_ns_ += time_ns;
        max_ns_ = std::max(max_ns_, time_ns);
    }
    void merge(const Histogram& other) noexcept {
        for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
        count_ += other.count_;
        sum_ns_ += other.sum_ns_;
        max_ns_ = std::max(max_ns_, other.max_ns_);
    }
    std::uint64_t count() const noexcept { return count_; }
    std::uint64_t max_ns() const noexcept { return max_ns_; }
    double mean_ns() const noexcept {
        return count_ == 0 ? 0 : static_cast<double>(sum_ns_) / static_cast<double>(count_);
    }
    /// The time that `part` (0 to 1) of all did not exceed; the upper end of its bucket, but never
    /// more than the longest. Nothing where there are too few for it: one in a thousand is not
    /// known of a hundred.
    std::optional<std::uint64_t> percentile_ns(double part) const noexcept {
        if (static_cast<double>(count_) * (1 - part) < 0.999) return std::nullopt;
        const auto wanted = static_cast<std::uint64_t>(part * static_cast<double>(count_ - 1)) + 1;
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < buckets_.size(); ++i) {
            seen += buckets_[i];
            if (seen >= wanted) return std::min(upper_ns(i), max_ns_);
        }
        return max_ns_;
    }

    /// Calls with the first and the last time of each bucket that is not empty, and how many fell
    /// into it, in ascending order.
    template <class Visit>
    void for_each(Visit&& visit) const {
        for (std::size_t i = 0; i < buckets_.size(); ++i)
            if (buckets_[i] != 0) visit(i == 0 ? 0 : upper_ns(i - 1) + 1, upper_ns(i), buckets_[i]);
    }

  private:
    static constexpr unsigned kLinearBits = 6;
    static constexpr std::size_t kLinear = std::size_t{1} << kLinearBits;
    static constexpr std::size_t kBuckets = (64 - kLinearBits + 1) * kLinear;

    /// Times below `kLinear` have a bucket each; above, the highest set bit chooses the group and
    /// the bits behind it the bucket.
    static std::size_t index(std::uint64_t time_ns) noexcept {
        if (time_ns < kLinear) return static_cast<std::size_t>(time_ns);
        const unsigned shift = static_cast<unsigned>(std::bit_width(time_ns)) - kLinearBits - 1;
        return (std::size_t{shift} + 1) * kLinear +
               static_cast<std::size_t>((time_ns >> shift) - kLinear);
    }
    /// The largest time that falls into a bucket.
    static std::uint64_t upper_ns(std::size_t bucket) noexcept {
        if (bucket < kLinear) return bucket;
        const std::size_t shift = bucket / kLinear - 1;
        const std::uint64_t base = kLinear + bucket % kLinear;
        return ((base + 1) << shift) - 1;
    }

    std::vector<std::uint64_t> buckets_ = std::vector<std::uint64_t>(kBuckets);
    std::uint64_t count_ = 0;
    std::uint64_t sum_ns_ = 0;
    std::uint64_t max_ns_ = 0;
};

}  // namespace xnvme::tool
