#include "backends/linux/io_uring.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>

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

Identifier file(const TempFile& file) { return identifier_of(file.path(), DeviceClass::file); }
Identifier block(const LoopDevice& loop) { return identifier_of(loop.path(), DeviceClass::block); }

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

TEST(IoUring, ShortReadsSayHowMuchWasMoved) { check_past_the_end(kIoUring); }

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
        void* const base = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
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

}  // namespace

}  // namespace xnvme::be_linux::testing
