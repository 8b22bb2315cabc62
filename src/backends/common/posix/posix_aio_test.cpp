#include "backends/common/posix/posix_aio.hpp"

#include <fcntl.h>

#include <cerrno>
#include <chrono>
#include <utility>

#include "backends/common/posix/file_commands.hpp"
#include "backends/common/posix/test_support.hpp"
#include "os/event.hpp"
#include "os/fd.hpp"

namespace xnvme::be_common {
namespace {

using namespace test;
using std::chrono::nanoseconds;
constexpr nanoseconds kForEver{-1};
constexpr nanoseconds kLong = std::chrono::seconds{60};
constexpr std::uint64_t kBlocks = 8192;

class PosixAioTest : public ::testing::Test {
  protected:
    PosixAioTest() { fill_handle(handle_, file_.fd(), kBlocks); }

    std::unique_ptr<AsyncQueue> make(std::uint32_t depth) {
        auto queue = posix_aio::make(
            QueueSetup{make_parts(depth), handle_, sync_, options_, QueueOptions{}, regions_});
        EXPECT_TRUE(queue.has_value());
        return std::move(*queue);
    }
    /// Takes a context, fills it and submits it.
    Context& submit(AsyncQueue& queue, const Command& command, const Data& data = {}) {
        Context& context = *queue.slots().take();
        fill(context, command, data);
        context.callback = [](Context&, void* argument) { ++*static_cast<unsigned*>(argument); };
        context.argument = &completed_;
        queue.count_submission();
        queue.submit(context);
        return context;
    }
    void drain(AsyncQueue& queue) {
        while (queue.in_flight() > 0) {
            const auto done = queue.wait(1, UINT32_MAX, kForEver);
            ASSERT_TRUE(done.has_value() && *done > 0);
        }
    }
    void write(std::uint64_t slba, std::uint32_t blocks, unsigned generation) {
        const auto bytes = pattern(slba, blocks, generation);
        ASSERT_EQ(::pwrite(file_.fd(), bytes.data(), bytes.size(),
                           static_cast<off_t>(slba * kBlockBytes)),
                  static_cast<ssize_t>(bytes.size()));
    }
    std::vector<std::uint8_t> read(std::uint64_t slba, std::uint32_t blocks) {
        std::vector<std::uint8_t> bytes(std::size_t{blocks} * kBlockBytes);
        EXPECT_EQ(
            ::pread(file_.fd(), bytes.data(), bytes.size(), static_cast<off_t>(slba * kBlockBytes)),
            static_cast<ssize_t>(bytes.size()));
        return bytes;
    }

    TempFile file_{kBlocks};
    Handle handle_;
    FileCommands sync_{handle_};
    Options options_;
    RegionTable regions_;
    unsigned completed_ = 0;
};

TEST_F(PosixAioTest, ReadsAndWritesAtEveryDepth) {
    for (const std::uint32_t depth : {1u, 2u, 33u, 128u, 1000u}) {
        auto queue = make(depth);
        std::vector<std::vector<std::uint8_t>> buffers(depth);
        for (std::uint32_t i = 0; i < depth; ++i) {
            buffers[i] = pattern(i * 8, 8, depth);
            submit(*queue, nvme::write(i * 8, 8), Data(buffers[i].data(), buffers[i].size()));
        }
        drain(*queue);
        for (std::uint32_t i = 0; i < depth; ++i) {
            EXPECT_TRUE(queue->slots().at(i).ok());
            queue->slots().give_back(queue->slots().at(i));
            EXPECT_EQ(read(i * 8, 8), buffers[i]);
            std::fill(buffers[i].begin(), buffers[i].end(), std::uint8_t{0});
        }
        for (std::uint32_t i = 0; i < depth; ++i)
            submit(*queue, nvme::read(i * 8, 8), Data(buffers[i].data(), buffers[i].size()));
        drain(*queue);
        for (std::uint32_t i = 0; i < depth; ++i) EXPECT_EQ(buffers[i], pattern(i * 8, 8, depth));
    }
}

TEST_F(PosixAioTest, MovesListsWhoseElementsTouchOrDoNot) {
    for (const std::size_t elements : {1u, 2u, 7u, 1024u}) {
        const std::uint32_t blocks = 2048;
        write(100, blocks, static_cast<unsigned>(elements));
        // Backwards in memory, so that neighbours of the list do not touch.
        const std::size_t part = blocks * kBlockBytes / elements / 8 * 8;
        const std::size_t rest = blocks * kBlockBytes - part * elements;
        std::vector<std::uint8_t> memory(blocks * kBlockBytes);
        std::vector<IoVec> list(elements);
        for (std::size_t i = 0; i < elements; ++i)
            list[i] = {memory.data() + rest + (elements - 1 - i) * part, part};
        if (rest != 0) list.push_back({memory.data(), rest});
        if (list.size() > kIoVecMax) {
            list.pop_back();
            list.back() = {memory.data(), part + rest};
        }
        auto queue = make(2);
        const Data data{std::span<const IoVec>(list)};
        ASSERT_EQ(data.bytes(), memory.size());
        EXPECT_TRUE((submit(*queue, nvme::read(100, blocks), data), drain(*queue),
                     queue->slots().at(0).ok()));
        std::vector<std::uint8_t> joined;
        for (const IoVec& element : list) {
            const auto* from = static_cast<const std::uint8_t*>(element.base);
            joined.insert(joined.end(), from, from + element.bytes);
        }
        EXPECT_EQ(joined, pattern(100, blocks, static_cast<unsigned>(elements))) << elements;

        submit(*queue, nvme::write(4000, blocks), data);
        drain(*queue);
        EXPECT_EQ(read(4000, blocks), joined);
    }
}

TEST_F(PosixAioTest, AShortTransferSaysHowMuchMovedAndDoesNotStick) {
    write(0, 4, 1);
    ASSERT_EQ(::ftruncate(file_.fd(), 3 * kBlockBytes + 7), 0);
    auto queue = make(1);
    std::vector<std::uint8_t> bytes(4 * kBlockBytes);
    Context& context = submit(*queue, nvme::read(0, 4), Data(bytes.data(), bytes.size()));
    drain(*queue);
    EXPECT_EQ(context.error, Errc::short_transfer);
    EXPECT_EQ(context.bytes, 3 * kBlockBytes + 7);
    queue->slots().give_back(context);
    Context& again = submit(*queue, nvme::read(0, 3), Data(bytes.data(), 3 * kBlockBytes));
    drain(*queue);
    EXPECT_TRUE(again.ok());
    EXPECT_EQ(again.bytes, 3 * kBlockBytes);
    queue->slots().give_back(again);
    // The first element of a list is whole, the second is not.
    IoVec list[2] = {{bytes.data() + 1024, 1024}, {bytes.data(), 1024}};
    Context& vectored = submit(*queue, nvme::read(0, 4), Data(std::span<const IoVec>(list)));
    drain(*queue);
    EXPECT_EQ(vectored.error, Errc::short_transfer);
    EXPECT_EQ(vectored.bytes, 3 * kBlockBytes + 7);
}

TEST_F(PosixAioTest, TheSystemsErrnoIsKept) {
    const os::Fd null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    ASSERT_TRUE(null);
    handle_.fd = null.get();
    auto queue = make(2);
    std::vector<std::uint8_t> bytes(kBlockBytes);
    Context& read = submit(*queue, nvme::read(0, 1), Data(bytes.data(), bytes.size()));
    Context& flush = submit(*queue, nvme::flush());
    drain(*queue);
    EXPECT_EQ(read.error, Errc::system);
    EXPECT_EQ(read.os_error, EBADF) << "it is open for writing alone";
    EXPECT_EQ(flush.os_error, EINVAL) << "there is nothing to flush";
    EXPECT_EQ(completed_, 2u);
}

TEST_F(PosixAioTest, AQueueHasADescriptorOfItsOwn) {
    handle_.fd = 1 << 20;
    const auto queue = posix_aio::make(
        QueueSetup{make_parts(1), handle_, sync_, options_, QueueOptions{}, regions_});
    ASSERT_FALSE(queue.has_value());
    EXPECT_EQ(queue.error().error.os, EBADF);
}

TEST_F(PosixAioTest, FlushesAndForcedWritesComplete) {
    auto queue = make(4);
    const auto bytes = pattern(9, 1, 2);
    Context& flush = submit(*queue, nvme::flush());
    Context& forced =
        submit(*queue, nvme::write(9, 1, nvme::kForceUnitAccess), Data(bytes.data(), bytes.size()));
    drain(*queue);
    EXPECT_TRUE(flush.ok());
    EXPECT_TRUE(forced.ok());
    EXPECT_EQ(read(9, 1), bytes);
}

TEST_F(PosixAioTest, FileCommandsTakeBytes) {
    auto queue = make(2);
    const char text[] = "odd";
    submit(*queue, nvme::file_write(kBlocks * kBlockBytes + 1), Data(text, sizeof(text)));
    drain(*queue);
    char back[sizeof(text)] = {};
    Context& context =
        submit(*queue, nvme::file_read(kBlocks * kBlockBytes + 1), Data(back, sizeof(back)));
    drain(*queue);
    EXPECT_TRUE(context.ok());
    EXPECT_STREQ(back, text);
}

TEST_F(PosixAioTest, WaitReturnsWhenNothingIsOutstanding) {
    auto queue = make(1);
    EXPECT_EQ(queue->wait(1, 1, kForEver).value(), 0u);
}

TEST_F(PosixAioTest, PollTakesAtMostWhatIsAskedFor) {
    auto queue = make(8);
    std::vector<std::uint8_t> bytes(8 * kBlockBytes);
    for (std::uint32_t i = 0; i < 8; ++i)
        submit(*queue, nvme::read(i, 1), Data(bytes.data() + i * kBlockBytes, kBlockBytes));
    while (queue->in_flight() > 0) {
        const unsigned before = completed_;
        const auto done = queue->wait(1, 3, kForEver);
        ASSERT_TRUE(done.has_value());
        EXPECT_LE(*done, 3u);
        EXPECT_EQ(completed_ - before, *done);
    }
}

TEST_F(PosixAioTest, TheDescriptorTellsOfEveryCompletion) {
    auto queue = make(4);
    std::vector<std::uint8_t> bytes(4 * 64 * kBlockBytes);
    const auto submit_all = [&] {
        for (std::uint32_t i = 0; i < 4; ++i) {
            Context& context =
                submit(*queue, nvme::read(i * 64, 64),
                       Data(bytes.data() + i * 64 * kBlockBytes, std::size_t{64} * kBlockBytes));
            context.callback = [](Context& done, void*) { done.queue->slots().give_back(done); };
        }
    };
    // Before the descriptor exists, and after.
    submit_all();
    const auto handle = queue->completion_fd();
    ASSERT_TRUE(handle.has_value());
    for (int round = 0; round < 100; ++round) {
        while (queue->in_flight() > 0) {
            ASSERT_TRUE(os::wait_readable({&*handle, 1}, kLong).value()) << "round " << round;
            queue->poll(round % 2 == 0 ? UINT32_MAX : 1);
        }
        while (queue->poll(UINT32_MAX) != 0) {
        }
        ASSERT_FALSE(os::wait_readable({&*handle, 1}, nanoseconds{0}).value());
        submit_all();
    }
    drain(*queue);
}

TEST_F(PosixAioTest, TheDescriptorTellsOfAListToGoOnWith) {
    auto queue = make(1);
    const auto handle = queue->completion_fd();
    ASSERT_TRUE(handle.has_value());
    std::vector<std::uint8_t> bytes(4 * kBlockBytes);
    IoVec list[2] = {{bytes.data() + 1024, 1024}, {bytes.data(), 1024}};
    submit(*queue, nvme::read(0, 4), Data(std::span<const IoVec>(list)));
    while (queue->in_flight() > 0) {
        ASSERT_TRUE(os::wait_readable({&*handle, 1}, kLong).value());
        queue->poll(UINT32_MAX);
    }
    EXPECT_EQ(completed_, 1u);
}

TEST_F(PosixAioTest, DestroyedWithCommandsOutstandingMemoryMayBeFreed) {
    for (int round = 0; round < 20; ++round) {
        auto queue = make(64);
        if (round % 2 == 1) {
            ASSERT_TRUE(queue->completion_fd().has_value());
        }
        std::vector<std::uint8_t> bytes(std::size_t{64} * 64 * kBlockBytes);
        for (std::uint32_t i = 0; i < 64; ++i)
            submit(*queue, nvme::read(i * 64, 64),
                   Data(bytes.data() + std::size_t{i} * 64 * kBlockBytes,
                        std::size_t{64} * kBlockBytes));
        queue.reset();
        EXPECT_EQ(completed_, 0u);
    }
}

TEST_F(PosixAioTest, RefusesWhatHasNoDescriptor) {
    EXPECT_EQ(posix_aio::probe(handle_, {}).kind, Verdict::Kind::serves);
    handle_.fd = -1;
    EXPECT_EQ(posix_aio::probe(handle_, {}).kind, Verdict::Kind::refuses);
}

}  // namespace
}  // namespace xnvme::be_common
