#include "os/event.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <cerrno>
#include <ctime>

#include <array>
#include <cstdint>
#include <utility>

#include "os/deadline.hpp"

namespace xnvme::os {

Result<Event> Event::create() noexcept {
    const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0) return fail(Error::of_system(errno));
    return Event(fd, fd);
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
    read_ = write_ = kNoNativeHandle;
}

void Event::signal() noexcept {
    const std::uint64_t one = 1;
    // EAGAIN says that the counter is at its end: the descriptor is readable, which is what counts.
    while (::write(static_cast<int>(write_), &one, sizeof(one)) < 0 && errno == EINTR) {
    }
}

void Event::clear() noexcept {
    std::uint64_t count = 0;
    while (::read(static_cast<int>(read_), &count, sizeof(count)) < 0 && errno == EINTR) {
    }
}

Result<EventSet> EventSet::create() noexcept {
    const int fd = ::epoll_create1(EPOLL_CLOEXEC);
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
    epoll_event event{};
    event.events = EPOLLIN;
    if (::epoll_ctl(static_cast<int>(handle_), EPOLL_CTL_ADD, static_cast<int>(handle), &event) < 0)
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
        const std::chrono::nanoseconds left = deadline.left();
        const timespec limit{static_cast<time_t>(left.count() / 1'000'000'000),
                             static_cast<long>(left.count() % 1'000'000'000)};
        const int ready = ::ppoll(polled.data(), static_cast<nfds_t>(handles.size()),
                                  deadline.endless() ? nullptr : &limit, nullptr);
        if (ready >= 0) return ready > 0;
        if (errno != EINTR) return fail(Error::of_system(errno));
    }
}

}  // namespace xnvme::os
