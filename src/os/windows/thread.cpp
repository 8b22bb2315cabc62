#include "os/thread.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <new>
#include <utility>

#include <process.h>
#include <windows.h>

namespace xnvme::os {

namespace {

struct Start {
    Thread::Function function;
    void* argument;
};

unsigned __stdcall run(void* argument) {
    const std::unique_ptr<Start> start(static_cast<Start*>(argument));
    start->function(start->argument);
    return 0;
}

}  // namespace

unsigned processors() noexcept {
    SYSTEM_INFO info{};
    ::GetSystemInfo(&info);
    return std::max<unsigned>(info.dwNumberOfProcessors, 1);
}

Result<void> bind_to_processor(unsigned number) noexcept {
    if (number >= sizeof(DWORD_PTR) * 8) return fail(Error::of_system(EINVAL));
    if (::SetThreadAffinityMask(::GetCurrentThread(), DWORD_PTR{1} << number) == 0)
        return fail(Error::of_system(EINVAL));
    return {};
}

Result<Thread> Thread::start(Function function, void* argument, std::size_t stack_bytes) noexcept {
    std::unique_ptr<Start> start(new (std::nothrow) Start{function, argument});
    if (start == nullptr) return fail(Error{Errc::no_memory, Status{}, ENOMEM});
    const std::uintptr_t native =
        ::_beginthreadex(nullptr, static_cast<unsigned>(stack_bytes), run, start.get(),
                         STACK_SIZE_PARAM_IS_A_RESERVATION, nullptr);
    if (native == 0) return fail(Error{Errc::no_memory, Status{}, errno});
    static_cast<void>(start.release());
    Thread thread;
    thread.native_ = native;
    thread.running_ = true;
    return thread;
}

Thread::Thread(Thread&& other) noexcept
    : native_(other.native_), running_(std::exchange(other.running_, false)) {}

Thread& Thread::operator=(Thread&& other) noexcept {
    if (this != &other) {
        join();
        native_ = other.native_;
        running_ = std::exchange(other.running_, false);
    }
    return *this;
}

void Thread::join() noexcept {
    if (!std::exchange(running_, false)) return;
    const auto native = reinterpret_cast<HANDLE>(native_);
    ::WaitForSingleObject(native, INFINITE);
    ::CloseHandle(native);
}

}  // namespace xnvme::os
