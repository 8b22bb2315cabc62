#include "backends/common/posix/aio_watcher.hpp"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <new>
#include <utility>

namespace xnvme::be_common {

Result<std::unique_ptr<AioWatcher>> AioWatcher::start(std::uint32_t depth) noexcept {
    auto event = os::Event::create();
    if (!event) return std::unexpected(event.error());
    std::unique_ptr<AioWatcher> watcher(new (std::nothrow) AioWatcher(std::move(*event)));
    if (watcher == nullptr) return fail(Errc::no_memory);
    // Room for all that there can ever be, so that nothing is allocated later.
    watcher->outstanding_.reserve(depth);
    watcher->watched_.reserve(depth);
    auto thread = os::Thread::start(
        [](void* argument) { static_cast<AioWatcher*>(argument)->run(); }, watcher.get());
    if (!thread) return std::unexpected(thread.error());
    watcher->thread_ = std::move(*thread);
    return watcher;
}

AioWatcher::~AioWatcher() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void AioWatcher::add(const struct aiocb& request) noexcept {
    bool first = false;
    {
        const std::lock_guard lock(mutex_);
        first = outstanding_.empty();
        outstanding_.push_back(&request);
    }
    if (first) changed_.notify_one();
}

void AioWatcher::remove(const struct aiocb& request) noexcept {
    const std::lock_guard lock(mutex_);
    std::erase(outstanding_, &request);
}

void AioWatcher::signal() noexcept {
    const std::lock_guard lock(mutex_);
    if (std::exchange(signalled_, true)) return;
    event_.signal();
}

void AioWatcher::settle() noexcept {
    {
        const std::lock_guard lock(mutex_);
        if (!signalled_) return;
        event_.clear();
        signalled_ = false;
        // Not left to the thread: it may take a moment, and the caller may go to sleep.
        if (any_done()) {
            event_.signal();
            signalled_ = true;
            return;
        }
    }
    changed_.notify_one();
}

bool AioWatcher::any_done() const noexcept {
    return std::any_of(outstanding_.begin(), outstanding_.end(), [](const struct aiocb* request) {
        return ::aio_error(request) != EINPROGRESS;
    });
}

void AioWatcher::run() noexcept {
    std::unique_lock lock(mutex_);
    for (;;) {
        // With the event signalled there is nothing to say until the queue has looked.
        changed_.wait(lock, [this] { return stop_ || (!signalled_ && !outstanding_.empty()); });
        if (stop_) return;
        if (any_done()) {
            signalled_ = true;
            event_.signal();
            continue;
        }
        watched_.assign(outstanding_.begin(), outstanding_.end());
        lock.unlock();
        // Requests of the list may complete, and be submitted again, while this sleeps. They stay
        // where they are in memory for as long as the queue lives.
        const struct timespec limit{0, kLookAgainNs};
        ::aio_suspend(watched_.data(), static_cast<int>(watched_.size()), &limit);
        lock.lock();
    }
}

}  // namespace xnvme::be_common
