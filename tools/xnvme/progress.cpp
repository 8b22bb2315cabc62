#include "progress.hpp"

#include <algorithm>
#include <cstdio>

#include <fmt/core.h>

#include "os/terminal.hpp"
#include "output.hpp"

namespace xnvme::tool {
namespace {

using namespace std::chrono_literals;
constexpr std::chrono::nanoseconds kRedraw = 100ms;
constexpr std::chrono::nanoseconds kLine = 1s;

}  // namespace

Progress::Progress(std::string label, std::uint64_t total_bytes, bool lines)
    : label_(std::move(label)),
      total_bytes_(total_bytes),
      terminal_(os::is_terminal(os::Stream::err)),
      lines_(lines),
      due_(start_ + (terminal_ ? kRedraw : kLine)) {}

Progress::~Progress() {
    if (drawn_) std::fputs("\n", stderr);
}

std::string Progress::line(std::uint64_t done_bytes) const {
    const double seconds = std::chrono::duration<double>(elapsed()).count();
    const double rate = seconds > 0 ? static_cast<double>(done_bytes) / seconds : 0;
    const double left = static_cast<double>(total_bytes_ - std::min(done_bytes, total_bytes_));
    const auto percent = total_bytes_ == 0 ? 100.0
                                           : 100.0 * static_cast<double>(done_bytes) /
                                                 static_cast<double>(total_bytes_);
    std::string text = fmt::format("{:3.0f}%  {} of {}  {}", percent, format_size(done_bytes),
                                   format_size(total_bytes_), format_rate(rate));
    if (rate > 0 && left > 0) text += fmt::format("  {:.0f} s left", left / rate);
    return text;
}

std::string Progress::bar(std::uint64_t done_bytes, std::size_t columns) const {
    if (columns < 10) return {};
    const std::size_t width = std::min<std::size_t>(columns - 3, 40);
    const double part = total_bytes_ == 0
                            ? 1.0
                            : static_cast<double>(done_bytes) / static_cast<double>(total_bytes_);
    const auto filled =
        std::min(width, static_cast<std::size_t>(part * static_cast<double>(width)));
    return "[" + std::string(filled, '#') + std::string(width - filled, '.') + "] ";
}

void Progress::update(std::uint64_t done_bytes) {
    if (!terminal_ && !lines_) return;
    const Clock::time_point now = Clock::now();
    if (now < due_) return;
    due_ = now + (terminal_ ? kRedraw : kLine);
    const std::string words = line(done_bytes);
    if (!terminal_) {
        fmt::print(stderr, "{}: {}\n", label_, words);
        return;
    }
    const std::size_t width = os::terminal_width();
    const std::size_t used = label_.size() + 1 + words.size() + 1;
    std::string text = label_ + " " + bar(done_bytes, width > used ? width - used : 0) + words;
    text.resize(std::max<std::size_t>(width, 2) - 1, ' ');
    fmt::print(stderr, "\r{}", text);
    std::fflush(stderr);
    drawn_ = true;
}

PercentProgress::PercentProgress(std::string label)
    : label_(std::move(label)), terminal_(os::is_terminal(os::Stream::err)) {}

PercentProgress::~PercentProgress() {
    if (drawn_) std::fputs("\n", stderr);
}

void PercentProgress::update(unsigned percent) {
    if (!terminal_) return;
    fmt::print(stderr, "\r{} {:3}%", label_, percent);
    std::fflush(stderr);
    drawn_ = true;
}

}  // namespace xnvme::tool
