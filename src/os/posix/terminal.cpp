#include "os/terminal.hpp"

#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>
#include <csignal>

namespace xnvme::os {
namespace {

volatile std::sig_atomic_t interrupt_flag = 0;

void set_interrupt_flag(int /*signal*/) {
    interrupt_flag = 1;
}

int descriptor(Stream stream) noexcept {
    switch (stream) {
        case Stream::in:
            return STDIN_FILENO;
        case Stream::out:
            return STDOUT_FILENO;
        case Stream::err:
            break;
    }
    return STDERR_FILENO;
}

std::uint64_t nanoseconds(const timeval& time) noexcept {
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000u +
           static_cast<std::uint64_t>(time.tv_usec) * 1'000u;
}

}  // namespace

bool is_terminal(Stream stream) noexcept {
    return ::isatty(descriptor(stream)) == 1;
}

std::uint32_t terminal_width() noexcept {
    winsize size{};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
    return size.ws_col;
}

void make_binary(Stream /*stream*/) noexcept {}

void install_interrupt_flag() noexcept {
    struct sigaction action{};
    action.sa_handler = set_interrupt_flag;
    // The handler is taken away by its first call, which leaves the default for the second.
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    sigemptyset(&action.sa_mask);
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() noexcept {
    return interrupt_flag != 0;
}

std::uint64_t process_cpu_time_ns() noexcept {
    rusage usage{};
    if (::getrusage(RUSAGE_SELF, &usage) != 0) return 0;
    return nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime);
}

}  // namespace xnvme::os
