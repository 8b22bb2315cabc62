/// \file
/// How far a long command has come, on standard error.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace xnvme::tool {

/// A line of progress: a bar that is drawn over and over on a terminal, a line a second elsewhere
/// when that was asked for, and nothing otherwise.
class Progress {
  public:
    /// \param label what is being done, such as "copy"
    /// \param lines also where standard error is no terminal
    Progress(std::string label, std::uint64_t total_bytes, bool lines);
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    /// Leaves the cursor on a fresh line.
    ~Progress();

    /// Says how many bytes are done. Cheap: it looks at the clock and mostly returns.
    void update(std::uint64_t done_bytes);
    std::chrono::nanoseconds elapsed() const { return Clock::now() - start_; }

  private:
    using Clock = std::chrono::steady_clock;
    std::string line(std::uint64_t done_bytes) const;
    std::string bar(std::uint64_t done_bytes, std::size_t columns) const;

    std::string label_;
    std::uint64_t total_bytes_;
    bool terminal_;
    bool lines_;
    bool drawn_ = false;
    Clock::time_point start_ = Clock::now();
    Clock::time_point due_;
};

/// The same for an operation that tells only how many per cent of it are done.
class PercentProgress {
  public:
    explicit PercentProgress(std::string label);
    PercentProgress(const PercentProgress&) = delete;
    PercentProgress& operator=(const PercentProgress&) = delete;
    ~PercentProgress();

    void update(unsigned percent);

  private:
    std::string label_;
    bool terminal_;
    bool drawn_ = false;
};

}  // namespace xnvme::tool
