/// \file
/// Things to sleep on: an event that one thread signals and another waits for or watches, a set of
/// watched handles behind one, and waiting for several.
#pragma once

#include <chrono>
#include <span>

#include <xnvme/async_queue.hpp>
#include <xnvme/result.hpp>

namespace xnvme::os {

/// A flag with a descriptor: readable from `signal` until `clear`. Linux: eventfd. Other POSIX
/// systems: a pipe. Windows: a manual-reset event.
class Event {
  public:
    static Result<Event> create() noexcept;
    Event(Event&& other) noexcept;
    Event& operator=(Event&& other) noexcept;
    ~Event();

    void signal() noexcept;
    void clear() noexcept;
    NativeHandle handle() const noexcept { return read_; }

  private:
    Event(NativeHandle read_end, NativeHandle write_end) noexcept
        : read_(read_end), write_(write_end) {}
    void reset() noexcept;
    NativeHandle read_;
    NativeHandle write_;
};

/// One descriptor that is readable while any of the handles added to it is. Linux: epoll. FreeBSD
/// and macOS: kqueue. Elsewhere `create` fails with `Errc::unsupported`.
class EventSet {
  public:
    static Result<EventSet> create() noexcept;
    EventSet(EventSet&& other) noexcept;
    EventSet& operator=(EventSet&& other) noexcept;
    ~EventSet();

    Result<void> add(NativeHandle handle) noexcept;
    NativeHandle handle() const noexcept { return handle_; }

  private:
    explicit EventSet(NativeHandle handle) noexcept : handle_(handle) {}
    void reset() noexcept;
    NativeHandle handle_;
};

/// Sleeps until one of at most eight handles is readable or `timeout` has passed (negative: for
/// ever). True when one is. An interrupted sleep (EINTR) goes on with the time that is left.
Result<bool> wait_readable(std::span<const NativeHandle> handles,
                           std::chrono::nanoseconds timeout) noexcept;

}  // namespace xnvme::os
