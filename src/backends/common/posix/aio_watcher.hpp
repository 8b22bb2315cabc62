/// \file
/// Tells an event when POSIX asynchronous I/O completes.
#pragma once

#include <aio.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include <xnvme/async_queue.hpp>

#include "os/event.hpp"
#include "os/thread.hpp"

namespace xnvme::be_common {

/// A thread that sleeps in aio_suspend on a queue's requests and signals an event when one is done.
/// It exists only for queues whose descriptor was asked for. The system's own notifications do not
/// serve: macOS has none but signals, and glibc starts a thread for each.
///
/// Requests that are submitted while it sleeps are seen when an older one completes, or after
/// `kLookAgainNs`, whichever is first.
class AioWatcher {
  public:
    static constexpr long kLookAgainNs = 2'000'000;

    /// Errors: `no_memory`, `system`.
    static Result<std::unique_ptr<AioWatcher>> start(std::uint32_t depth) noexcept;
    ~AioWatcher();

    NativeHandle handle() const noexcept { return event_.handle(); }

    // Called by the queue's thread.

    /// A request was handed to the system.
    void add(const struct aiocb& request) noexcept;
    /// The queue is about to look at a request that is done, and to use it for something else.
    void remove(const struct aiocb& request) noexcept;
    /// The queue has work to do that no request tells of.
    void signal() noexcept;
    /// `poll` has taken what was done: the event is cleared, and signalled again by what is done
    /// then or later.
    void settle() noexcept;

  private:
    explicit AioWatcher(os::Event event) noexcept : event_(std::move(event)) {}
    void run() noexcept;
    bool any_done() const noexcept;

    os::Event event_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<const struct aiocb*> outstanding_;
    std::vector<const struct aiocb*> watched_;  ///< The thread's own copy, to sleep on.
    bool signalled_ = false;
    bool stop_ = false;
    os::Thread thread_;
};

}  // namespace xnvme::be_common
