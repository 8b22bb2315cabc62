// FreeBSD and macOS. Linux has a file of its own, with eventfd and epoll.
#if !defined(__linux__)

#include "os/event.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/event.h>
#include <sys/time.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <utility>

#include "os/deadline.hpp"

namespace xnvme::os {

namespace {

bool set_flags(int fd) noexcept {
    return ::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && ::fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

}  // namespace

Result<Event> Event::create() noexcept {
    // pipe2 is missing on macOS.
    int ends[2] = {-1, -1};
    if (::pipe(ends) != 0) return fail(Error::of_system(errno));
    if (!set_flags(ends[0]) || !set_flags(ends[1])) {
        const int why = errno;
        ::close(ends[0]);
        ::close(ends[1]);
        return fail(Error::of_system(why));
    }
    return Event(ends[0], ends[1]);
}

Event::Event(Event&& other) noexcept
    : read_(std::exchange(other.read_, kNoNativeHandle)),
      write_(std::exchange(other.write_, kNoNativeHandle)) {}

Event& Event::operator=(Event&& other) noexcept {
    if (this != &other) {
        reset();
        read_ = std::exchange(other.read_, kNoNativeHandle);
        write_ = std::exchange(other.write_, kNoNativeHandle);
    }
    return *this;
}

Event::~Event() {
    reset();
}

void Event::reset() noexcept {
    if (read_ != kNoNativeHandle) ::close(static_cast<int>(read_));
    if (write_ != kNoNativeHandle) ::close(static_cast<int>(write_));
    read_ = write_ = kNoNativeHandle;
}

void Event::signal() noexcept {
    const char byte = 0;
    // EAGAIN says that the pipe is full: the other end is readable, which is what counts.
    while (::write(static_cast<int>(write_), &byte, 1) < 0 && errno == EINTR) {
    }
}

void Event::clear() noexcept {
    char bytes[256];
    for (;;) {
        const ssize_t count = ::read(static_cast<int>(read_), bytes, sizeof(bytes));
        if (count < 0 && errno == EINTR) continue;
        if (count < static_cast<ssize_t>(sizeof(bytes))) return;
    }
}

Result<EventSet> EventSet::create() noexcept {
    const int fd = ::kqueue();
    if (fd < 0) return fail(Error::of_system(errno));
    return EventSet(fd);
}

EventSet::EventSet(EventSet&& other) noexcept
    : handle_(std::exchange(other.handle_, kNoNativeHandle)) {}

EventSet& EventSet::operator=(EventSet&& other) noexcept {
    if (this != &other) {
        reset();
        handle_ = std::exchange(other.handle_, kNoNativeHandle);
    }
    return *this;
}

EventSet::~EventSet() {
    reset();
}

void EventSet::reset() noexcept {
    if (handle_ != kNoNativeHandle) ::close(static_cast<int>(handle_));
    handle_ = kNoNativeHandle;
}

Result<void> EventSet::add(NativeHandle handle) noexcept {
    struct kevent change;
    EV_SET(&change, static_cast<uintptr_t>(handle), EVFILT_READ, EV_ADD, 0, 0, nullptr);
    if (::kevent(static_cast<int>(handle_), &change, 1, nullptr, 0, nullptr) < 0)
        return fail(Error::of_system(errno));
    return {};
}

Result<bool> wait_readable(std::span<const NativeHandle> handles,
                           std::chrono::nanoseconds timeout) noexcept {
    std::array<pollfd, 8> polled{};
    if (handles.size() > polled.size()) return fail(Errc::invalid_argument);
    for (std::size_t i = 0; i < handles.size(); ++i)
        polled[i] = pollfd{static_cast<int>(handles[i]), POLLIN, 0};
    const Deadline deadline(timeout);
    for (;;) {
        // macOS has no ppoll: milliseconds, rounded up so that it does not spin at the end.
        int limit_ms = -1;
        if (!deadline.endless()) {
            const auto left_ms =
                std::chrono::ceil<std::chrono::milliseconds>(deadline.left()).count();
            limit_ms = left_ms > INT_MAX ? INT_MAX : static_cast<int>(left_ms);
        }
        const int ready = ::poll(polled.data(), static_cast<nfds_t>(handles.size()), limit_ms);
        if (ready > 0) return true;
        if (ready == 0 && deadline.passed()) return false;
        if (ready < 0 && errno != EINTR) return fail(Error::of_system(errno));
    }
}

}  // namespace xnvme::os

#endif
