#include <fcntl.h>
#include <linux/loop.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include <xnvme/nvme/opcodes.hpp>

#include "backends/common/emu.hpp"
#include "backends/common/posix/psync.hpp"
#include "backends/linux/devices_for_test.hpp"
#include "backends/linux/discovery.hpp"
#include "core/rule_table.hpp"

namespace xnvme::be_linux::testing {

namespace {

using std::chrono::milliseconds;

[[noreturn]] void give_up(const std::string& what) {
    std::fprintf(stderr, "cannot set the test up: %s: %s\n", what.c_str(), std::strerror(errno));
    std::abort();
}

std::uint8_t pattern(std::uint64_t block, std::uint32_t generation, std::size_t at) {
    return static_cast<std::uint8_t>(block * 131 + generation * 17 + at * 7 + (at >> 8));
}

void count(Context& context, void* argument) {
    Rig& rig = *static_cast<Rig*>(argument);
    ++rig.called_back;
    if (!context.ok()) rig.errors.push_back(context.error);
    rig.last_bytes = context.bytes;
    rig.last_os_error = context.os_error;
    rig.queue->slots().give_back(context);
}

}  // namespace

TempFile::TempFile(std::uint64_t bytes, const std::string& folder)
    : path_(folder + "/xnvme-test-XXXXXX") {
    const os::Fd fd(::mkstemp(path_.data()));
    if (!fd || ::ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0) give_up(path_);
}

TempFile::~TempFile() {
    ::unlink(path_.c_str());
}

LoopDevice::LoopDevice(std::uint64_t bytes, std::uint32_t block_bytes, const std::string& folder)
    : file_(bytes, folder) {
    const os::Fd control(::open("/dev/loop-control", O_RDWR | O_CLOEXEC));
    if (!control) give_up("/dev/loop-control");
    const os::Fd backing(::open(file_.path().c_str(), O_RDWR | O_CLOEXEC));
    loop_config config{};
    config.fd = static_cast<std::uint32_t>(backing.get());
    config.block_size = block_bytes;
    // Somebody else may take the device between the two calls.
    for (int attempt = 0; attempt < 100; ++attempt) {
        const int number = ::ioctl(control.get(), LOOP_CTL_GET_FREE);
        if (number < 0) give_up("LOOP_CTL_GET_FREE");
        path_ = "/dev/loop" + std::to_string(number);
        fd_ = os::Fd(::open(path_.c_str(), O_RDWR | O_CLOEXEC));
        if (!fd_) give_up(path_);
        if (::ioctl(fd_.get(), LOOP_CONFIGURE, &config) == 0) return;
        if (errno != EBUSY) break;
    }
    give_up("LOOP_CONFIGURE");
}

LoopDevice::~LoopDevice() {
    ::ioctl(fd_.get(), LOOP_CLR_FD);
}

Pages::Pages(std::size_t size)
    : data(static_cast<std::byte*>(::operator new(size, std::align_val_t{4096}))), bytes(size) {
    std::memset(data, 0, size);
}
Pages::~Pages() {
    ::operator delete(data, std::align_val_t{4096});
}

Identifier identifier_of(const std::string& path, DeviceClass device_class) {
    Identifier identifier;
    identifier.text = identifier.path = path;
    identifier.device_class = device_class;
    return identifier;
}

Rig::Rig(const AsyncCase& interface, const Identifier& identifier, std::uint32_t depth,
         const Options& given, bool with_worker)
    : options(given) {
    auto opened = be_linux::open(identifier, options);
    if (!opened) give_up(opened.error().sentence);
    handle = std::move(*opened);
    auto made_sync = be_common::psync::make(*handle, options);
    if (!made_sync) give_up(made_sync.error().sentence);
    sync = std::move(*made_sync);
    const CommandRules rules =
        core::make_rules(*handle, interface.carries(*handle), be_common::psync::carries(*handle));
    const auto setup = [&] {
        auto slots = SlotArray::create(depth);
        if (!slots) give_up("slots");
        return QueueSetup{QueueParts{std::move(*slots), rules, nullptr},
                          *handle,
                          *sync,
                          options,
                          QueueOptions{},
                          regions};
    };
    auto made = interface.make(setup());
    if (!made) give_up(made.error().sentence);
    queue = std::move(*made);
    if (!with_worker) return;
    auto made_worker = be_common::emu::make(setup());
    if (!made_worker) give_up(made_worker.error().sentence);
    worker = std::move(*made_worker);
    queue->set_worker(worker.get());
}

Rig::~Rig() = default;

bool Rig::submit(const Command& command, const Data& data) {
    if (queue->in_flight() >= queue->depth()) return false;
    Context* const context = queue->slots().take();
    if (context == nullptr) return false;
    context->command = command;
    context->callback = count;
    context->argument = this;
    if (queue->rules().prepare(*context, data, {})) {
        queue->slots().give_back(*context);
        return false;
    }
    queue->count_submission();
    queue->submit(*context);
    return true;
}

bool Rig::transfer(bool write, std::uint64_t slba, void* data, std::size_t bytes) {
    Command command;
    command.opcode = write ? 0x01 : 0x02;
    command.set_slba(slba);
    command.set_blocks(static_cast<std::uint32_t>(bytes / handle->facts.geometry.block_bytes));
    return submit(command, Data(data, bytes));
}

bool Rig::transfer(bool write, std::uint64_t slba, std::span<const IoVec> list) {
    const Data data(list);
    Command command;
    command.opcode = write ? 0x01 : 0x02;
    command.set_slba(slba);
    command.set_blocks(
        static_cast<std::uint32_t>(data.bytes() / handle->facts.geometry.block_bytes));
    return submit(command, data);
}

bool Rig::drain() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (queue->in_flight() + (worker ? worker->in_flight() : 0) != 0) {
        if (std::chrono::steady_clock::now() > end) return false;
        if (worker && worker->in_flight() != 0) {
            worker->poll(UINT32_MAX);
            queue->poll(UINT32_MAX);
        } else if (!queue->wait(queue->in_flight(), UINT32_MAX, milliseconds{1000})) {
            return false;
        }
    }
    return true;
}

void check_verified_transfers(const AsyncCase& interface, const Identifier& identifier,
                              std::uint32_t depth, const Options& options) {
    Rig rig(interface, identifier, depth, options);
    const std::size_t bytes = 4096;
    const std::uint64_t step = bytes / rig.handle->facts.geometry.block_bytes;
    const std::uint64_t units = rig.handle->facts.geometry.size_bytes / bytes;
    Pages pages(depth * bytes);
    for (std::uint32_t generation = 1; generation <= 2; ++generation) {
        for (const bool write : {true, false}) {
            std::uint64_t done = 0;
            while (done < units) {
                std::uint32_t batch = 0;
                for (; batch < depth && done + batch < units; ++batch) {
                    std::byte* const at = pages.data + batch * bytes;
                    for (std::size_t i = 0; i < bytes; ++i) {
                        at[i] = write ? static_cast<std::byte>(pattern(done + batch, generation, i))
                                      : std::byte{0xee};
                    }
                    ASSERT_TRUE(rig.transfer(write, (done + batch) * step, at, bytes));
                }
                ASSERT_TRUE(rig.drain());
                ASSERT_TRUE(rig.errors.empty());
                for (std::uint32_t n = 0; n < batch; ++n) {
                    for (std::size_t i = 0; i < bytes; ++i) {
                        ASSERT_EQ(static_cast<std::uint8_t>(pages.data[n * bytes + i]),
                                  pattern(done + n, generation, i));
                    }
                }
                done += batch;
            }
        }
    }
    EXPECT_EQ(rig.called_back, units * 4);
}

void check_vectored(const AsyncCase& interface, const Identifier& identifier,
                    const Options& options) {
    Rig rig(interface, identifier, 2, options);
    const std::size_t unit = std::max<std::size_t>(rig.handle->facts.geometry.block_bytes, 512);
    for (const std::uint32_t elements : {1u, 2u, 7u, 64u, 1024u}) {
        Pages from(elements * unit);
        Pages to(elements * unit);
        for (std::size_t i = 0; i < from.bytes; ++i)
            from.data[i] = static_cast<std::byte>(pattern(elements, 3, i));
        std::vector<IoVec> out(elements);
        std::vector<IoVec> in(elements);
        for (std::uint32_t i = 0; i < elements; ++i) {
            // Backwards, so that a list taken as one buffer is noticed.
            out[i] = {from.data + (elements - 1 - i) * unit, unit};
            in[i] = {to.data + (elements - 1 - i) * unit, unit};
        }
        ASSERT_TRUE(rig.transfer(true, 8, out));
        ASSERT_TRUE(rig.drain());
        ASSERT_TRUE(rig.transfer(false, 8, in));
        ASSERT_TRUE(rig.drain());
        ASSERT_TRUE(rig.errors.empty()) << elements;
        EXPECT_EQ(std::memcmp(from.data, to.data, from.bytes), 0) << elements;
    }
}

void check_wait_sleeps_and_times_out(const AsyncCase& interface, const Identifier& identifier) {
    // The device is asked for nothing that it would not do at once, so that the wait that times out
    // is one for a command that is never there: `min` is more than one.
    Rig rig(interface, identifier, 8, Options{});
    Pages pages(4096);
    ASSERT_TRUE(rig.transfer(false, 0, pages.data, 4096));
    const auto got = rig.queue->wait(1, UINT32_MAX, std::chrono::nanoseconds{-1});
    ASSERT_TRUE(got.has_value());
    EXPECT_EQ(*got, 1u);
    EXPECT_EQ(rig.called_back, 1u);
    const auto none = rig.queue->wait(1, UINT32_MAX, milliseconds{0});
    ASSERT_TRUE(none.has_value());
    EXPECT_EQ(*none, 0u);
}

void check_completion_fd(const AsyncCase& interface, const Identifier& identifier,
                         const Options& options) {
    Rig rig(interface, identifier, 8, options);
    Pages pages(8 * 4096);
    // One command is staged before anybody watches: it must not stay there.
    ASSERT_TRUE(rig.transfer(false, 0, pages.data, 4096));
    const auto fd = rig.queue->completion_fd();
    ASSERT_TRUE(fd.has_value());
    for (int round = 0; round < 50; ++round) {
        for (unsigned i = 1; i < 8; ++i)
            ASSERT_TRUE(rig.transfer(false, 8 * i, pages.data + i * 4096, 4096));
        while (rig.queue->in_flight() != 0) {
            pollfd watched{static_cast<int>(*fd), POLLIN, 0};
            ASSERT_EQ(::poll(&watched, 1, 10'000), 1) << "round " << round;
            // One at a time: what is left must keep the descriptor readable.
            rig.queue->poll(1);
        }
        while (rig.queue->poll(1) != 0) {
        }
        pollfd watched{static_cast<int>(*fd), POLLIN, 0};
        EXPECT_EQ(::poll(&watched, 1, 0), 0) << "round " << round;
        if (round + 1 < 50) {
            ASSERT_TRUE(rig.transfer(false, 0, pages.data, 4096));
        }
    }
    EXPECT_EQ(rig.called_back, 400u);
    EXPECT_TRUE(rig.errors.empty());
}

void check_past_the_end(const AsyncCase& interface) {
    TempFile file(64 * 1024);
    Rig rig(interface, identifier_of(file.path(), DeviceClass::file), 4);
    Pages pages(8192);
    // The file is cut under the queue: the rules still let the read pass.
    ASSERT_EQ(::truncate(file.path().c_str(), 4096 + 512), 0);
    const std::uint64_t step = 4096 / rig.handle->facts.geometry.block_bytes;
    ASSERT_TRUE(rig.transfer(false, step, pages.data, 4096));
    ASSERT_TRUE(rig.drain());
    ASSERT_EQ(rig.errors, std::vector<Errc>{Errc::short_transfer});
    EXPECT_EQ(rig.last_bytes, 512u);
    ASSERT_TRUE(rig.transfer(false, 4 * step, pages.data, 4096));
    ASSERT_TRUE(rig.drain());
    ASSERT_EQ(rig.errors.size(), 2u);
    EXPECT_EQ(rig.last_bytes, 0u);
    // An error does not stick.
    ASSERT_TRUE(rig.transfer(false, 0, pages.data, 4096));
    ASSERT_TRUE(rig.drain());
    EXPECT_EQ(rig.errors.size(), 2u);
}

void check_destroyed_with_commands_outstanding(const AsyncCase& interface,
                                               const Identifier& identifier,
                                               const Options& options) {
    for (int round = 0; round < 20; ++round) {
        auto pages = std::make_unique<Pages>(64 * 65536);
        Rig rig(interface, identifier, 64, options);
        for (unsigned i = 0; i < 64; ++i)
            ASSERT_TRUE(rig.transfer(false, i, pages->data + i * 65536, 65536));
        if (round % 2 == 0) rig.queue->poll(1);
        const std::uint32_t before = rig.called_back;
        if (round % 4 < 2) {
            rig.queue.reset();
        } else {
            std::thread([&] { rig.queue.reset(); }).join();
        }
        EXPECT_EQ(rig.called_back, before) << "called back while it was destroyed";
        // Nothing writes to the memory from here on: it is filled, freed, and looked at in between.
        std::memset(pages->data, 0xa5, pages->bytes);
        // Every byte is the one before it, which memcmp sees faster than a loop of checks.
        ASSERT_EQ(pages->data[0], std::byte{0xa5});
        ASSERT_EQ(std::memcmp(pages->data, pages->data + 1, pages->bytes - 1), 0);
    }
}

void check_handed_over_between_threads(const AsyncCase& interface, const Identifier& identifier,
                                       const Options& options) {
    Rig rig(interface, identifier, 16, options);
    Pages pages(16 * 4096);
    const std::uint64_t step = 4096 / rig.handle->facts.geometry.block_bytes;
    const auto submit_all = [&](bool write) {
        for (unsigned i = 0; i < 16; ++i)
            ASSERT_TRUE(rig.transfer(write, i * step, pages.data + i * 4096, 4096));
    };
    // Staged by one thread and handed on by another, over and over.
    for (int round = 0; round < 6; ++round) {
        for (std::size_t i = 0; i < pages.bytes; ++i)
            pages.data[i] = static_cast<std::byte>(pattern(7, static_cast<unsigned>(round), i));
        submit_all(true);
        std::thread([&] { EXPECT_TRUE(rig.drain()); }).join();
        std::memset(pages.data, 0, pages.bytes);
        // In the kernel already when the other thread takes the queue over.
        submit_all(false);
        rig.queue->poll(1);
        std::thread([&] { EXPECT_TRUE(rig.drain()); }).join();
        for (std::size_t i = 0; i < pages.bytes; ++i) {
            ASSERT_EQ(static_cast<std::uint8_t>(pages.data[i]),
                      pattern(7, static_cast<unsigned>(round), i));
        }
    }
    EXPECT_EQ(rig.called_back, 6u * 32u);
    EXPECT_TRUE(rig.errors.empty());
}

void check_resubmits_from_the_callback(const AsyncCase& interface, const Identifier& identifier,
                                       const Options& options) {
    struct Again {
        Rig* rig;
        std::uint32_t left;
    };
    Rig rig(interface, identifier, 4, options);
    Pages pages(4 * 4096);
    Again again{&rig, 400};
    const auto resubmit = [](Context& context, void* argument) {
        Again& state = *static_cast<Again*>(argument);
        AsyncQueue& queue = *state.rig->queue;
        ++state.rig->called_back;
        ASSERT_TRUE(context.ok());
        ASSERT_LT(queue.in_flight(), queue.depth());
        if (state.left == 0) {
            queue.slots().give_back(context);
            return;
        }
        --state.left;
        const Data data(reinterpret_cast<void*>(context.command.data), context.bytes);
        ASSERT_FALSE(queue.rules().prepare(context, data, {}));
        queue.count_submission();
        queue.submit(context);
    };
    for (unsigned i = 0; i < 4; ++i) {
        Context* const context = rig.queue->slots().take();
        ASSERT_NE(context, nullptr);
        context->command.opcode = 0x02;
        context->command.set_slba(i);
        context->command.set_blocks(4096 / rig.handle->facts.geometry.block_bytes);
        context->callback = resubmit;
        context->argument = &again;
        ASSERT_FALSE(rig.queue->rules().prepare(*context, Data(pages.data + i * 4096, 4096), {}));
        rig.queue->count_submission();
        rig.queue->submit(*context);
    }
    ASSERT_TRUE(rig.drain());
    EXPECT_EQ(rig.called_back, 404u);
}

}  // namespace xnvme::be_linux::testing
