/// \file
/// Files and loop devices for the tests of this folder, and a queue on one of them.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "contracts/interfaces.hpp"
#include "contracts/regions.hpp"
#include "os/fd.hpp"

namespace xnvme::be_linux::testing {

/// A file of zeroes that is removed again. Aborts the test program when it cannot be made.
class TempFile {
  public:
    explicit TempFile(std::uint64_t bytes, const std::string& folder = "/tmp");
    ~TempFile();
    const std::string& path() const noexcept { return path_; }

  private:
    std::string path_;
};

/// A loop device over a file of its own, detached again. Needs root and the loop driver, and aborts
/// the test program without.
class LoopDevice {
  public:
    explicit LoopDevice(std::uint64_t bytes, std::uint32_t block_bytes = 512,
                        const std::string& folder = "/tmp");
    ~LoopDevice();
    const std::string& path() const noexcept { return path_; }

  private:
    TempFile file_;
    std::string path_;
    os::Fd fd_;
};

Identifier identifier_of(const std::string& path, DeviceClass device_class);

/// An asynchronous interface.
struct AsyncCase {
    Verdict (*probe)(const Handle&, const Options&);
    OpcodeSet (*carries)(const Handle&);
    Result<std::unique_ptr<AsyncQueue>, Failure> (*make)(QueueSetup);
};

/// A queue with all that it needs. Its callbacks count, and give their context back.
struct Rig {
    /// Opens the device and makes a queue; aborts the test program when that fails. With
    /// `with_worker` the queue has one, which runs psync.
    Rig(const AsyncCase& interface, const Identifier& identifier, std::uint32_t depth,
        const Options& options = {}, bool with_worker = false);
    ~Rig();

    /// Fills in and submits one transfer of whole blocks as `Queue::submit` does. True when it was
    /// taken.
    bool transfer(bool write, std::uint64_t slba, void* data, std::size_t bytes);
    bool transfer(bool write, std::uint64_t slba, std::span<const IoVec> list);
    bool submit(const Command& command, const Data& data = {});
    /// Polls and waits until nothing is outstanding; false when ten seconds did not do.
    bool drain();

    Options options;
    std::unique_ptr<Handle> handle;
    std::unique_ptr<SyncInterface> sync;
    RegionTable regions;
    std::unique_ptr<AsyncQueue> worker;
    std::unique_ptr<AsyncQueue> queue;
    std::uint32_t called_back = 0;
    std::vector<Errc> errors;        ///< Of the commands that failed, in order.
    std::uint32_t last_bytes = 0;    ///< `Context::bytes` of the last command.
    std::int32_t last_os_error = 0;  ///< `Context::os_error` of the last command.
};

/// Memory aligned to a page.
struct Pages {
    explicit Pages(std::size_t bytes);
    ~Pages();
    Pages(const Pages&) = delete;
    Pages& operator=(const Pages&) = delete;
    std::byte* data;
    std::size_t bytes;
};

// What every asynchronous interface of this folder does the same, on the device that is named.
void check_verified_transfers(const AsyncCase& interface, const Identifier& identifier,
                              std::uint32_t depth, const Options& options);
void check_vectored(const AsyncCase& interface, const Identifier& identifier,
                    const Options& options);
void check_wait_sleeps_and_times_out(const AsyncCase& interface, const Identifier& identifier);
void check_completion_fd(const AsyncCase& interface, const Identifier& identifier,
                         const Options& options);
void check_past_the_end(const AsyncCase& interface);
void check_destroyed_with_commands_outstanding(const AsyncCase& interface,
                                               const Identifier& identifier,
                                               const Options& options);
void check_handed_over_between_threads(const AsyncCase& interface, const Identifier& identifier,
                                       const Options& options);
void check_resubmits_from_the_callback(const AsyncCase& interface, const Identifier& identifier,
                                       const Options& options);

}  // namespace xnvme::be_linux::testing
