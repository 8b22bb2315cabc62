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

std::string bar(double part, std::size_t columns) {
    if (columns < 10) return {};
    const std::size_t width = std::min<std::size_t>(columns - 3, 40);
    const auto filled =
        static_cast<std::size_t>(std::clamp(part, 0.0, 1.0) * static_cast<double>(width));
    return "[" + std::string(filled, '#') + std::string(width - filled, '.') + "] ";
}

}  // namespace

ProgressLine::ProgressLine(std::string label, bool lines)
    : label_(std::move(label)),
      terminal_(os::is_terminal(os::Stream::err)),
      lines_(lines),
      due_(start_ + (terminal_ ? kRedraw : kLine)) {}

ProgressLine::~ProgressLine() {
    if (drawn_) std::fputs("\n", stderr);
}

bool ProgressLine::due() {
    if (!shown()) return false;
    const Clock::time_point now = Clock::now();
    if (now < due_) return false;
    due_ = now + (terminal_ ? kRedraw : kLine);
    return true;
}

void ProgressLine::draw(double part, const std::string& words) {
    if (!terminal_) {
        if (lines_) fmt::print(stderr, "{}: {}\n", label_, words);
        return;
    }
    const std::size_t width = os::terminal_width();
    const std::size_t used = label_.size() + 1 + words.size() + 1;
    std::string text = label_ + " " + bar(part, width > used ? width - used : 0) + words;
    text.resize(std::max<std::size_t>(width, 2) - 1, ' ');
    fmt::print(stderr, "\r{}", text);
    std::fflush(stderr);
    drawn_ = true;
}

void ProgressLine::clear() {
    if (!drawn_) return;
    const std::string blank(std::max<std::size_t>(os::terminal_width(), 2) - 1, ' ');
    fmt::print(stderr, "\r{}\r", blank);
    std::fflush(stderr);
    drawn_ = false;
}

std::string Progress::words(std::uint64_t done_bytes) const {
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

void Progress::update(std::uint64_t done_bytes) {
    if (!line_.due()) return;
    const double part = total_bytes_ == 0
                            ? 1.0
                            : static_cast<double>(done_bytes) / static_cast<double>(total_bytes_);
    line_.draw(part, words(done_bytes));
}

void PercentProgress::update(unsigned percent) {
    if (line_.due()) line_.draw(percent / 100.0, fmt::format("{:3}%", percent));
}

}  // namespace xnvme::tool
