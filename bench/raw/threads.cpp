// A pool of threads that call pread, with an event loop in front: one queue under a lock, results
// in a list under another, and an eventfd in epoll that is signalled when the list was empty.
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "bench/raw/loop.hpp"

namespace {

class Threads {
  public:
    Threads(const load& load, int fd)
        : fd_(fd), event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), epoll_(::epoll_create1(0)) {
        epoll_event interest{};
        interest.events = EPOLLIN;
        if (event_ < 0 || epoll_ < 0 || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, event_, &interest) != 0)
            load_fail("epoll", errno);
        queue_.resize(load.depth);
        done_.reserve(load.depth);
        taken_.reserve(load.depth);
        const unsigned count = std::min(std::max(1u, std::thread::hardware_concurrency()),
                                        static_cast<unsigned>(load.depth));
        for (unsigned i = 0; i < count; ++i) threads_.emplace_back([this] { work(); });
    }
    ~Threads() {
        {
            const std::lock_guard lock(queue_mutex_);
            stop_ = true;
        }
        wake_.notify_all();
        for (std::thread& thread : threads_) thread.join();
        ::close(epoll_);
        ::close(event_);
    }
    Threads(const Threads&) = delete;
    Threads& operator=(const Threads&) = delete;

    void submit(std::uint64_t offset_bytes, char* buffer) {
        {
            const std::lock_guard lock(queue_mutex_);
            queue_[put_++ % queue_.size()] = {static_cast<off_t>(offset_bytes), buffer, 0};
        }
        wake_.notify_one();
    }

    template <class Finished>
    void complete(bool wait, Finished&& finished) {
        epoll_event event;
        const int ready = ::epoll_wait(epoll_, &event, 1, wait ? -1 : 0);
        if (ready < 0 && errno != EINTR) load_fail("epoll_wait", errno);
        if (ready <= 0) return;
        eventfd_t count;
        if (::eventfd_read(event_, &count) != 0) load_fail("eventfd", errno);
        {
            const std::lock_guard lock(done_mutex_);
            taken_.swap(done_);
        }
        for (const Read& read : taken_) finished(read.buffer, read.result == kLoadBytes);
        taken_.clear();
    }

  private:
    struct Read {
        off_t offset_bytes;
        char* buffer;
        ssize_t result;
    };

    void work() {
        for (;;) {
            Read read;
            {
                std::unique_lock lock(queue_mutex_);
                wake_.wait(lock, [this] { return stop_ || got_ != put_; });
                if (got_ == put_) return;
                read = queue_[got_++ % queue_.size()];
            }
            read.result = ::pread(fd_, read.buffer, kLoadBytes, read.offset_bytes);
            bool first;
            {
                const std::lock_guard lock(done_mutex_);
                first = done_.empty();
                done_.push_back(read);
            }
            if (first) ::eventfd_write(event_, 1);
        }
    }

    int fd_;
    int event_;
    int epoll_;
    std::mutex queue_mutex_;
    std::condition_variable wake_;
    std::vector<Read> queue_;  // A ring: never more than the depth is outstanding.
    std::uint64_t put_ = 0;
    std::uint64_t got_ = 0;
    bool stop_ = false;
    std::mutex done_mutex_;
    std::vector<Read> done_;
    std::vector<Read> taken_;
    std::vector<std::thread> threads_;
};

}  // namespace

int main(int argc, char** argv) {
    static load load;
    load_options(&load, argc, argv);
    const raw::Opened opened(load);
    Threads engine(load, opened.fd);
    return raw::run(load, engine, "threads");
}
