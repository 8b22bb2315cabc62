#include "os/thread.hpp"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
#if defined(__linux__)
#include <dlfcn.h>
#include <sched.h>
#endif

#include <algorithm>
#include <bit>
#include <cerrno>
#include <memory>
#include <new>
#include <utility>

#include "os/pages.hpp"

namespace xnvme::os {

namespace {

struct Start {
    Thread::Function function;
    void* argument;
};

void* run(void* argument) {
    const std::unique_ptr<Start> start(static_cast<Start*>(argument));
    start->function(start->argument);
    return nullptr;
}

/// What a thread's stack holds before the thread's own first frame. glibc puts all thread-local
/// storage of the program there, which can be more than the stack that was asked for, and tells how
/// much by a function of its own that it has no header for.
std::size_t least_stack_bytes([[maybe_unused]] const pthread_attr_t& attributes) noexcept {
#if defined(__GLIBC__)
    using Least = std::size_t (*)(const pthread_attr_t*);
    static const auto least =
        reinterpret_cast<Least>(::dlsym(RTLD_DEFAULT, "__pthread_get_minstack"));
    if (least != nullptr) return least(&attributes);
#endif
    return static_cast<std::size_t>(PTHREAD_STACK_MIN);
}

}  // namespace

unsigned processors() noexcept {
#if defined(__linux__)
    // The affinity mask knows of cpusets and taskset; the number of processors online does not. It
    // fails with EINVAL on machines of more than 1024 processors.
    cpu_set_t set;
    if (::sched_getaffinity(0, sizeof(set), &set) == 0)
        return static_cast<unsigned>(std::max(CPU_COUNT(&set), 1));
#endif
    return static_cast<unsigned>(std::max(::sysconf(_SC_NPROCESSORS_ONLN), 1L));
}

Result<void> bind_to_processor([[maybe_unused]] unsigned number) noexcept {
#if defined(__linux__)
    if (number >= CPU_SETSIZE) return fail(Error::of_system(EINVAL));
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(number, &set);
    if (::sched_setaffinity(0, sizeof(set), &set) != 0) return fail(Error::of_system(errno));
    return {};
#else
    return fail(Errc::unsupported);
#endif
}

Result<Thread> Thread::start(Function function, void* argument, std::size_t stack_bytes) noexcept {
    std::unique_ptr<Start> start(new (std::nothrow) Start{function, argument});
    if (start == nullptr) return fail(Error{Errc::no_memory, Status{}, ENOMEM});
    pthread_attr_t attributes;
    if (const int why = ::pthread_attr_init(&attributes); why != 0)
        return fail(Error{Errc::no_memory, Status{}, why});
    // A size that the system refuses leaves its default, which is larger.
    const std::size_t least = least_stack_bytes(attributes) + stack_bytes;
    const std::size_t rounded = (least + page_bytes() - 1) / page_bytes() * page_bytes();
    static_cast<void>(::pthread_attr_setstacksize(&attributes, rounded));

    // The program's signals are for the program's threads. A new thread inherits the mask.
    sigset_t blocked;
    sigset_t kept;
    sigfillset(&blocked);  // A macro on macOS, which "::" cannot precede.
    ::pthread_sigmask(SIG_SETMASK, &blocked, &kept);
    pthread_t native{};
    const int why = ::pthread_create(&native, &attributes, run, start.get());
    ::pthread_sigmask(SIG_SETMASK, &kept, nullptr);
    ::pthread_attr_destroy(&attributes);
    if (why != 0) return fail(Error{Errc::no_memory, Status{}, why});
    static_cast<void>(start.release());
    Thread thread;
    static_assert(sizeof(pthread_t) <= sizeof(thread.native_));
    // An integer on Linux, a pointer elsewhere.
    thread.native_ = std::bit_cast<std::uintptr_t>(native);
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
    ::pthread_join(std::bit_cast<pthread_t>(native_), nullptr);
}

}  // namespace xnvme::os
