#include "os/terminal.hpp"

#include <atomic>
#include <cstdio>

#include <fcntl.h>
#include <io.h>
#include <windows.h>

namespace xnvme::os {
namespace {

std::atomic<bool> interrupt_flag{false};

// Windows calls this on a thread of its own, so the flag is an atomic.
BOOL WINAPI on_control(DWORD event) {
    if (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT) return FALSE;
    return interrupt_flag.exchange(true, std::memory_order_relaxed) ? FALSE : TRUE;
}

std::FILE* file(Stream stream) noexcept {
    switch (stream) {
        case Stream::in:
            return stdin;
        case Stream::out:
            return stdout;
        case Stream::err:
            break;
    }
    return stderr;
}

// FILETIME counts in 100 nanoseconds.
std::uint64_t nanoseconds(const FILETIME& time) noexcept {
    return ((static_cast<std::uint64_t>(time.dwHighDateTime) << 32) | time.dwLowDateTime) * 100u;
}

}  // namespace

bool is_terminal(Stream stream) noexcept {
    return ::_isatty(::_fileno(file(stream))) != 0;
}

std::uint32_t terminal_width() noexcept {
    CONSOLE_SCREEN_BUFFER_INFO info{};
    if (!::GetConsoleScreenBufferInfo(::GetStdHandle(STD_ERROR_HANDLE), &info)) return 80;
    return static_cast<std::uint32_t>(info.srWindow.Right - info.srWindow.Left + 1);
}

void make_binary(Stream stream) noexcept {
    ::_setmode(::_fileno(file(stream)), _O_BINARY);
}

void install_interrupt_flag() noexcept {
    ::SetConsoleCtrlHandler(on_control, TRUE);
}

bool interrupted() noexcept {
    return interrupt_flag.load(std::memory_order_relaxed);
}

std::uint64_t process_cpu_time_ns() noexcept {
    FILETIME created{};
    FILETIME exited{};
    FILETIME kernel{};
    FILETIME user{};
    if (!::GetProcessTimes(::GetCurrentProcess(), &created, &exited, &kernel, &user)) return 0;
    return nanoseconds(kernel) + nanoseconds(user);
}

}  // namespace xnvme::os
