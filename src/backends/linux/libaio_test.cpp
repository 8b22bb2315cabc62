#include "backends/linux/libaio.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <utility>

#include "backends/common/posix/open_file.hpp"
#include "backends/linux/devices_for_test.hpp"

namespace xnvme::be_linux::testing {

namespace {

constexpr AsyncCase kLibaio{libaio::probe, libaio::carries, libaio::make};

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

TEST(Libaio, ServesThisMachine) {
    EXPECT_EQ(libaio::machine().kind, Verdict::Kind::serves) << libaio::machine().reason;
}

// Measured: a loop of plain reads costs a fourteenth less there, with direct too.
TEST(Libaio, IsPassedOverWhereTheDataIsInMemory) {
    TempFile data(1 << 20);
    TempFile memory(1 << 20, "/dev/shm");
    for (const auto& [path, in_memory] : {std::pair{&data, false}, std::pair{&memory, true}}) {
        auto handle = be_common::open_file(file(*path), {});
        ASSERT_TRUE(handle.has_value());
        EXPECT_EQ((*handle)->facts.in_memory, in_memory);
        // Not every kernel opens files of tmpfs with O_DIRECT.
        (*handle)->direct = true;
        EXPECT_EQ(libaio::probe(**handle, direct()).kind,
                  in_memory ? Verdict::Kind::demoted : Verdict::Kind::serves);
    }
}

TEST(Libaio, MovesVerifiedDataAtAnyDepth) {
    TempFile data(1 << 20);
    TempFile memory(1 << 20, "/dev/shm");
    LoopDevice loop(1 << 20);
    for (const std::uint32_t depth : {1u, 2u, 33u, 128u, 1000u}) {
        check_verified_transfers(kLibaio, file(data), depth, Options{});
        check_verified_transfers(kLibaio, file(memory), depth, Options{});
        check_verified_transfers(kLibaio, block(loop), depth, Options{});
        check_verified_transfers(kLibaio, block(loop), depth, direct());
    }
}

TEST(Libaio, MovesLists) {
    TempFile data(4 << 20);
    LoopDevice loop(4 << 20);
    check_vectored(kLibaio, file(data), Options{});
    check_vectored(kLibaio, block(loop), direct());
}

TEST(Libaio, WaitReturnsWhenSomethingIsThereOrTheTimeIsOver) {
    TempFile data(1 << 20);
    check_wait_sleeps_and_times_out(kLibaio, file(data));
}

TEST(Libaio, CompletionFdIsReadableWhilePollHasSomething) {
    TempFile data(1 << 20);
    LoopDevice loop(1 << 20);
    check_completion_fd(kLibaio, file(data), Options{});
    check_completion_fd(kLibaio, block(loop), direct());
}

TEST(Libaio, ShortReadsSayHowMuchWasMoved) {
    check_past_the_end(kLibaio);
}

TEST(Libaio, CanBeDestroyedWithCommandsOutstanding) {
    TempFile data(8 << 20);
    LoopDevice loop(8 << 20);
    check_destroyed_with_commands_outstanding(kLibaio, file(data), Options{});
    check_destroyed_with_commands_outstanding(kLibaio, block(loop), direct());
}

TEST(Libaio, IsHandedOverBetweenThreads) {
    TempFile data(1 << 20);
    LoopDevice loop(1 << 20);
    check_handed_over_between_threads(kLibaio, file(data), Options{});
    check_handed_over_between_threads(kLibaio, block(loop), direct());
}

TEST(Libaio, ResubmitsFromTheCallback) {
    TempFile data(1 << 20);
    LoopDevice loop(1 << 20);
    check_resubmits_from_the_callback(kLibaio, file(data), Options{});
    check_resubmits_from_the_callback(kLibaio, block(loop), direct());
}

TEST(Libaio, FlushesWithoutAWorker) {
    TempFile data(1 << 20);
    Rig rig(kLibaio, file(data), 4);
    Command flush;
    ASSERT_TRUE(rig.submit(flush));
    ASSERT_TRUE(rig.drain());
    EXPECT_TRUE(rig.errors.empty());
    EXPECT_EQ(rig.called_back, 1u);
}

TEST(Libaio, ARefusedRequestFailsAloneAndTheRestGoesOn) {
    LoopDevice loop(1 << 20);
    Rig rig(kLibaio, block(loop), 8, direct());
    Pages pages(8 * 4096);
    for (unsigned i = 0; i < 8; ++i) {
        // The third buffer is not in this process's memory.
        void* const at = i == 2 ? reinterpret_cast<void*>(4096) : pages.data + i * 4096;
        ASSERT_TRUE(rig.transfer(true, 8 * i, at, 4096));
    }
    ASSERT_TRUE(rig.drain());
    EXPECT_EQ(rig.called_back, 8u);
    EXPECT_EQ(rig.errors, std::vector<Errc>{Errc::system});
}

}  // namespace

}  // namespace xnvme::be_linux::testing
