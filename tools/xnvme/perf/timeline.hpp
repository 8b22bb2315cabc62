/// \file
/// How many I/Os completed when.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace xnvme::tool {

/// Counts of I/Os in intervals of equal length from a start on. The intervals become twice as long
/// whenever there are too many of them, so that a run of any length has as many as can be drawn.
class Timeline {
  public:
    explicit Timeline(std::uint64_t start_ns = 0, std::uint64_t interval_ns = kShortestNs)
        : end_ns_(start_ns), interval_ns_(interval_ns) {
        counts_.reserve(kMost + 1);
    }

    /// Counts one at this time, which is not before the start.
    void add(std::uint64_t time_ns) noexcept {
        while (time_ns >= end_ns_) [[unlikely]]
            begin_next();
        ++counts_.back();
    }

    /// Adds those of another queue, from the same start.
    void merge(Timeline other) {
        make_equal(other);
        counts_.resize(std::max(counts_.size(), other.counts_.size()));
        for (std::size_t i = 0; i < other.counts_.size(); ++i) counts_[i] += other.counts_[i];
    }

    /// Puts another run behind this one.
    void append(Timeline other) {
        make_equal(other);
        counts_.insert(counts_.end(), other.counts_.begin(), other.counts_.end());
        while (counts_.size() > kMost) fold();
    }

    /// Forgets the intervals that were not over when the run was, `time_ns` after the start: they
    /// would show a drop that was none. One stays in any case.
    void end_at(std::uint64_t time_ns) {
        const std::uint64_t whole = std::max<std::uint64_t>(time_ns / interval_ns_, 1);
        if (counts_.size() > whole) counts_.resize(static_cast<std::size_t>(whole));
    }

    const std::vector<std::uint64_t>& counts() const { return counts_; }
    std::uint64_t interval_ns() const { return interval_ns_; }

  private:
    static constexpr std::uint64_t kShortestNs = 1'000'000;
    static constexpr std::size_t kMost = 256;

    void begin_next() noexcept {
        if (counts_.size() == kMost) {
            // The start stays where it is, and the last interval is whole: kMost is even.
            fold();
        }
        counts_.push_back(0);
        end_ns_ += interval_ns_;
    }

    void fold() noexcept {
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            if (i % 2 == 0)
                counts_[i / 2] = counts_[i];
            else
                counts_[i / 2] += counts_[i];
        }
        counts_.resize((counts_.size() + 1) / 2);
        interval_ns_ *= 2;
    }

    void make_equal(Timeline& other) {
        while (interval_ns_ < other.interval_ns_) fold();
        while (other.interval_ns_ < interval_ns_) other.fold();
    }

    std::vector<std::uint64_t> counts_;
    std::uint64_t end_ns_;  ///< Of the last interval.
    std::uint64_t interval_ns_;
};

}  // namespace xnvme::tool
