#include "backends/linux/io_uring.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#include "backends/linux/devices_for_test.hpp"

namespace xnvme::be_linux::testing {

namespace {

constexpr AsyncCase kIoUring{io_uring::probe, io_uring::carries, io_uring::make};

Options direct() {
    Options options;
    options.direct = true;
    return options;
}

Identifier file(const TempFile& file) {
    return identifier_of(file.path(), DeviceClass::file);
}
Identifier block(const LoopDevice& loop) {
    return identifier_of(loop.path(), DeviceClass::block);
}

TEST(IoUring, ServesThisMachine) {
    EXPECT_EQ(io_uring::machine().kind, Verdict::Kind::serves) << io_uring::machine().reason;
}

TEST(IoUring, MovesVerifiedDataAtAnyDepth) {
    TempFile data(1 << 20);
    TempFile memory(1 << 20, "/dev/shm");
    LoopDevice loop(1 << 20);
    for (const std::uint32_t depth : {1u, 2u, 33u, 128u, 1000u}) {
        check_verified_transfers(kIoUring, file(data), depth, Options{});
        check_verified_transfers(kIoUring, file(memory), depth, Options{});
        check_verified_transfers(kIoUring, block(loop), depth, Options{});
        check_verified_transfers(kIoUring, block(loop), depth, direct());
    }
}

TEST(IoUring, MovesLists) {
    TempFile data(4 << 20);
    LoopDevice loop(4 << 20);
    check_vectored(kIoUring, file(data), Options{});
    check_vectored(kIoUring, block(loop), direct());
}

TEST(IoUring, WaitReturnsWhenSomethingIsThereOrTheTimeIsOver) {
    TempFile data(1 << 20);
    check_wait_sleeps_and_times_out(kIoUring, file(data));
}

TEST(IoUring, CompletionFdIsReadableWhilePollHasSomething) {
    TempFile data(1 << 20);
    LoopDevice loop(1 << 20);
    check_completion_fd(kIoUring, file(data), Options{});
    check_completion_fd(kIoUring, block(loop), direct());
}

TEST(IoUring, ShortReadsSayHowMuchWasMoved) {
    check_past_the_end(kIoUring);
}

TEST(IoUring, CanBeDestroyedWithCommandsOutstanding) {
    TempFile data(8 << 20);
    LoopDevice loop(8 << 20);
    check_destroyed_with_commands_outstanding(kIoUring, file(data), Options{});
    check_destroyed_with_commands_outstanding(kIoUring, block(loop), direct());
}

TEST(IoUring, IsHandedOverBetweenThreads) {
    TempFile data(1 << 20);
    LoopDevice loop(1 << 20);
    check_handed_over_between_threads(kIoUring, file(data), Options{});
    check_handed_over_between_threads(kIoUring, block(loop), direct());
}

TEST(IoUring, ResubmitsFromTheCallback) {
    TempFile data(1 << 20);
    LoopDevice loop(1 << 20);
    check_resubmits_from_the_callback(kIoUring, file(data), Options{});
    check_resubmits_from_the_callback(kIoUring, block(loop), direct());
}

TEST(IoUring, RegistersBuffersAndForgetsThemWhenTheyAreFreed) {
    LoopDevice loop(1 << 20);
    Rig rig(kIoUring, block(loop), 4, direct());
    constexpr std::size_t kBytes = 65536;
    const auto map = [] {
        void* const base =
            ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return static_cast<std::byte*>(base);
    };
    std::byte* const one = map();
    std::byte* const other = map();
    std::memset(one, 0x11, kBytes);
    rig.regions.add(one, kBytes);
    rig.queue->poll(1);
    ASSERT_TRUE(rig.queue->traits().registered_buffers);
    ASSERT_TRUE(rig.queue->traits().registered_file);
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(rig.transfer(true, 0, one, 4096));
        ASSERT_TRUE(rig.drain());
    }
    // The same addresses, but other memory: what is registered under them is the old pages. A queue
    // that went by the address alone would write 0x11.
    rig.regions.remove(one);
    ASSERT_NE(::mremap(other, kBytes, kBytes, MREMAP_MAYMOVE | MREMAP_FIXED, one), MAP_FAILED);
    std::memset(one, 0x22, kBytes);
    rig.regions.add(one, kBytes);
    ASSERT_TRUE(rig.transfer(true, 0, one, 4096));
    ASSERT_TRUE(rig.drain());
    Pages check(4096);
    ASSERT_TRUE(rig.transfer(false, 0, check.data, 4096));
    ASSERT_TRUE(rig.drain());
    ASSERT_TRUE(rig.errors.empty());
    EXPECT_EQ(check.data[0], std::byte{0x22});
    EXPECT_EQ(check.data[4095], std::byte{0x22});
    rig.queue.reset();
    ::munmap(one, kBytes);
}

Command command_of(std::uint8_t opcode, std::uint64_t slba, std::uint32_t blocks) {
    Command command;
    command.opcode = opcode;
    command.set_slba(slba);
    command.set_blocks(blocks);
    return command;
}

bool reads_as(Rig& rig, std::uint64_t slba, std::uint32_t blocks, std::byte value) {
    const std::size_t bytes = blocks * std::size_t{rig.handle->facts.geometry.block_bytes};
    Pages back(std::max<std::size_t>(bytes, 4096));
    std::memset(back.data, 0xff, bytes);
    if (!rig.transfer(false, slba, back.data, bytes) || !rig.drain()) return false;
    for (std::size_t i = 0; i < bytes; ++i) {
        if (back.data[i] != value) return false;
    }
    return true;
}

/// Flush, write zeroes and deallocate, with a worker for what the device refuses.
void check_range_commands(const Identifier& identifier, const Options& options) {
    Rig rig(kIoUring, identifier, 4, options, true);
    const std::uint32_t unit = 4096 / rig.handle->facts.geometry.block_bytes;
    Pages pages(8 * 4096);
    std::memset(pages.data, 0x33, pages.bytes);
    ASSERT_TRUE(rig.transfer(true, 0, pages.data, pages.bytes));
    ASSERT_TRUE(rig.drain());
    ASSERT_TRUE(rig.submit(Command{}));  // Flush.
    ASSERT_TRUE(rig.drain());
    ASSERT_TRUE(rig.submit(command_of(0x08, unit, unit)));
    ASSERT_TRUE(rig.drain());
    struct Range {
        std::uint32_t attributes = 0;
        std::uint32_t blocks = 0;
        std::uint64_t slba = 0;
    };
    const Range ranges[] = {{0, unit, 2 * unit}, {0, unit, 4 * unit}, {0, unit, 6 * unit}};
    Command deallocate;
    deallocate.opcode = 0x09;
    deallocate.cdw11 = 4;
    ASSERT_TRUE(rig.submit(deallocate, Data(&ranges[0], sizeof(Range))));
    ASSERT_TRUE(rig.drain());
    deallocate.cdw10 = 1;
    ASSERT_TRUE(rig.submit(deallocate, Data(&ranges[1], 2 * sizeof(Range))));
    ASSERT_TRUE(rig.drain());
    EXPECT_TRUE(rig.errors.empty()) << identifier.path;
    EXPECT_EQ(rig.called_back, 5u);
    for (unsigned i = 0; i < 8; ++i) {
        const bool zeroed = i == 1 || i == 2 || i == 4 || i == 6;
        EXPECT_TRUE(reads_as(rig, i * unit, unit, zeroed ? std::byte{0} : std::byte{0x33}))
            << identifier.path << " " << i;
    }
}

TEST(IoUring, FlushesZeroesAndDeallocatesNativelyOrByTheWorker) {
    TempFile data(1 << 20);
    TempFile memory(1 << 20, "/dev/shm");  // Refuses FALLOC_FL_ZERO_RANGE.
    LoopDevice loop(1 << 20);
    check_range_commands(file(data), Options{});
    check_range_commands(file(memory), Options{});
    check_range_commands(block(loop), Options{});
    check_range_commands(block(loop), direct());
}

TEST(IoUring, PollingIsRefusedAtOpenWhereItCannotWork) {
    LoopDevice loop(1 << 20);
    Options options;
    options.poll_io = true;
    {
        Rig rig(kIoUring, block(loop), 1, Options{});
        const Verdict verdict = io_uring::probe(*rig.handle, options);
        EXPECT_EQ(verdict.kind, Verdict::Kind::refuses);
        EXPECT_NE(verdict.reason.find("only with direct"), std::string::npos) << verdict.reason;
    }
    Rig rig(kIoUring, block(loop), 1, direct());
    options.direct = true;
    const Verdict verdict = io_uring::probe(*rig.handle, options);
    EXPECT_EQ(verdict.kind, Verdict::Kind::refuses) << "a loop device cannot be polled";
    EXPECT_NE(verdict.reason.find("leave poll_io out"), std::string::npos) << verdict.reason;
}

TEST(IoUring, AKernelThreadTakesSubmissions) {
    TempFile data(1 << 20);
    LoopDevice loop(1 << 20);
    Options options;
    options.poll_sq = true;
    {
        Rig rig(kIoUring, file(data), 8, options);
        EXPECT_EQ(io_uring::probe(*rig.handle, options).kind, Verdict::Kind::serves);
        EXPECT_TRUE(rig.queue->traits().kernel_thread);
    }
    check_verified_transfers(kIoUring, file(data), 32, options);
    check_completion_fd(kIoUring, file(data), options);
    check_handed_over_between_threads(kIoUring, file(data), options);
    options.direct = true;
    check_verified_transfers(kIoUring, block(loop), 32, options);
    check_destroyed_with_commands_outstanding(kIoUring, block(loop), options);
}

TEST(IoUring, WaitSleepsAndItsTimePasses) {
    LoopDevice loop(16 << 20);
    Rig rig(kIoUring, block(loop), 64, direct());
    Pages pages(64 * 4096);
    // Asked for more than can come, wait returns when all are there, long before its time.
    for (unsigned i = 0; i < 8; ++i)
        ASSERT_TRUE(rig.transfer(false, 8 * i, pages.data + i * 4096, 4096));
    const auto got = rig.queue->wait(64, UINT32_MAX, std::chrono::seconds{100});
    ASSERT_TRUE(got.has_value());
    EXPECT_EQ(*got, 8u);
}

}  // namespace

}  // namespace xnvme::be_linux::testing
