#include "os/event.hpp"

#include <array>
#include <utility>

#include <windows.h>

#include "os/deadline.hpp"

namespace xnvme::os {

namespace {

HANDLE native(NativeHandle handle) noexcept {
    return reinterpret_cast<HANDLE>(handle);
}

Error last_error() noexcept {
    return Error::of_system(static_cast<std::int32_t>(::GetLastError()));
}

}  // namespace

Result<Event> Event::create() noexcept {
    const HANDLE handle = ::CreateEventW(nullptr, TRUE, FALSE, nullptr);
    if (handle == nullptr) return fail(last_error());
    const auto value = reinterpret_cast<NativeHandle>(handle);
    return Event(value, value);
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
    if (read_ != kNoNativeHandle) ::CloseHandle(native(read_));
    read_ = write_ = kNoNativeHandle;
}

void Event::signal() noexcept {
    ::SetEvent(native(write_));
}

void Event::clear() noexcept {
    ::ResetEvent(native(read_));
}

Result<EventSet> EventSet::create() noexcept {
    return fail(Errc::unsupported);
}

EventSet::EventSet(EventSet&& other) noexcept
    : handle_(std::exchange(other.handle_, kNoNativeHandle)) {}

EventSet& EventSet::operator=(EventSet&& other) noexcept {
    handle_ = std::exchange(other.handle_, kNoNativeHandle);
    return *this;
}

EventSet::~EventSet() = default;

void EventSet::reset() noexcept {}

Result<void> EventSet::add(NativeHandle) noexcept {
    return fail(Errc::unsupported);
}

Result<bool> wait_readable(std::span<const NativeHandle> handles,
                           std::chrono::nanoseconds timeout) noexcept {
    std::array<HANDLE, 8> waited{};
    if (handles.size() > waited.size()) return fail(Errc::invalid_argument);
    for (std::size_t i = 0; i < handles.size(); ++i) waited[i] = native(handles[i]);
    const Deadline deadline(timeout);
    for (;;) {
        DWORD limit_ms = INFINITE;
        if (!deadline.endless()) {
            // Rounded up, so that it does not spin at the end; in pieces of at most a day.
            const auto left_ms =
                std::chrono::ceil<std::chrono::milliseconds>(deadline.left()).count();
            limit_ms = left_ms > 86'400'000 ? 86'400'000 : static_cast<DWORD>(left_ms);
        }
        if (handles.empty()) {
            ::Sleep(limit_ms);
        } else {
            const DWORD got = ::WaitForMultipleObjects(static_cast<DWORD>(handles.size()),
                                                       waited.data(), FALSE, limit_ms);
            if (got == WAIT_FAILED) return fail(last_error());
            if (got != WAIT_TIMEOUT) return true;
        }
        if (deadline.passed()) return false;
    }
}

}  // namespace xnvme::os
