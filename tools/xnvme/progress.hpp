/// \file
/// How far a long command has come, on standard error.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

namespace xnvme::tool {

/// One line that is drawn over and over on a terminal, or a line a second elsewhere when that was
/// asked for, and nothing otherwise.
class ProgressLine {
  public:
    /// \param label what is being done, such as "copy"
    /// \param lines also where standard error is no terminal
    ProgressLine(std::string label, bool lines);
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;
    /// Leaves the cursor on a fresh line.
    ~ProgressLine();

    /// True when anything is ever drawn.
    bool shown() const { return terminal_ || lines_; }
    /// True when it is time to draw again. Cheap: it looks at the clock and mostly returns.
    bool due();
    /// Draws a bar of which `part` (0 to 1) is filled, and the words behind it.
    void draw(double part, const std::string& words);
    /// Takes the line off the terminal.
    void clear();
    std::chrono::nanoseconds elapsed() const { return Clock::now() - start_; }

  private:
    using Clock = std::chrono::steady_clock;

    std::string label_;
    bool terminal_;
    bool lines_;
    bool drawn_ = false;
    Clock::time_point start_ = Clock::now();
    Clock::time_point due_;
};

/// How many bytes of so many are done, how fast, and how long it will take.
class Progress {
  public:
    Progress(std::string label, std::uint64_t total_bytes, bool lines)
        : line_(std::move(label), lines), total_bytes_(total_bytes) {}

    /// Says how many bytes are done. Cheap, as `ProgressLine::due`.
    void update(std::uint64_t done_bytes);
    std::chrono::nanoseconds elapsed() const { return line_.elapsed(); }
    void clear() { line_.clear(); }

  private:
    std::string words(std::uint64_t done_bytes) const;

    ProgressLine line_;
    std::uint64_t total_bytes_;
};

/// The same for an operation that tells only how many per cent of it are done.
class PercentProgress {
  public:
    explicit PercentProgress(std::string label) : line_(std::move(label), false) {}

    void update(unsigned percent);

  private:
    ProgressLine line_;
};

}  // namespace xnvme::tool
