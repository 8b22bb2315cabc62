/// \file
/// Threads with a small stack, and how many processors there are for them.
#pragma once

#include <cstddef>
#include <cstdint>

#include <xnvme/result.hpp>

namespace xnvme::os {

/// Processors that this process may run on, at least 1.
unsigned processors() noexcept;

/// Lets the calling thread, and those that it starts from then on, run on one processor alone.
/// Errors: `system` with the errno where the process may not run there; `unsupported` on systems
/// that do not bind threads (macOS), and on FreeBSD, for which nobody has written it.
Result<void> bind_to_processor(unsigned number) noexcept;

/// Stack of a thread that runs commands: what the deepest synchronous interface takes, several
/// times over, and little enough that hundreds of threads cost nothing.
inline constexpr std::size_t kSmallStackBytes = 256 * 1024;

/// A running thread. Destroying one that was not joined joins it. Signals of the process are not
/// delivered to it.
class Thread {
  public:
    using Function = void (*)(void* argument);

    Thread() noexcept = default;
    /// Runs `function(argument)` on a thread of its own. `function` must not throw.
    /// Errors: `no_memory` with the errno beside it.
    static Result<Thread> start(Function function, void* argument,
                                std::size_t stack_bytes = kSmallStackBytes) noexcept;
    Thread(Thread&& other) noexcept;
    Thread& operator=(Thread&& other) noexcept;
    ~Thread() { join(); }

    bool joinable() const noexcept { return running_; }
    /// Waits for it to end. Does nothing where there is no thread.
    void join() noexcept;

  private:
    std::uintptr_t native_ = 0;
    bool running_ = false;
};

}  // namespace xnvme::os
