// What every system has. The tests of files stand in posix/.
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "os/clock.hpp"
#include "os/deadline.hpp"
#include "os/error_text.hpp"
#include "os/event.hpp"
#include "os/file_kind.hpp"
#include "os/lock.hpp"
#include "os/pages.hpp"
#include "os/parker.hpp"
#include "os/thread.hpp"

namespace xnvme::os {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
constexpr nanoseconds kForEver{-1};

bool readable(const Event& event) {
    const NativeHandle handle = event.handle();
    return wait_readable({&handle, 1}, nanoseconds{0}).value();
}

TEST(Event, IsReadableFromSignalUntilClear) {
    auto event = Event::create();
    ASSERT_TRUE(event.has_value());
    EXPECT_FALSE(readable(*event));
    event->signal();
    event->signal();
    EXPECT_TRUE(readable(*event));
    EXPECT_TRUE(readable(*event));
    event->clear();
    EXPECT_FALSE(readable(*event));
    event->clear();
    event->signal();
    EXPECT_TRUE(readable(*event));
}

TEST(Event, ManySignalsNeverBlock) {
    auto event = Event::create();
    ASSERT_TRUE(event.has_value());
    for (int i = 0; i < 200'000; ++i) event->signal();
    EXPECT_TRUE(readable(*event));
    event->clear();
    EXPECT_FALSE(readable(*event));
}

TEST(Event, MovesWithItsDescriptor) {
    auto event = Event::create();
    ASSERT_TRUE(event.has_value());
    const NativeHandle handle = event->handle();
    Event moved = std::move(*event);
    EXPECT_EQ(moved.handle(), handle);
    auto other = Event::create();
    ASSERT_TRUE(other.has_value());
    *other = std::move(moved);
    EXPECT_EQ(other->handle(), handle);
    other->signal();
    EXPECT_TRUE(readable(*other));
}

TEST(WaitReadable, TimesOutAndNotBefore) {
    auto event = Event::create();
    ASSERT_TRUE(event.has_value());
    const NativeHandle handle = event->handle();
    const std::uint64_t begin = monotonic_ns();
    EXPECT_FALSE(wait_readable({&handle, 1}, milliseconds{20}).value());
    EXPECT_GE(monotonic_ns() - begin, 20'000'000u);
    EXPECT_FALSE(wait_readable({}, milliseconds{1}).value());
}

TEST(WaitReadable, AnyOfSeveralWakesIt) {
    auto first = Event::create();
    auto second = Event::create();
    ASSERT_TRUE(first.has_value() && second.has_value());
    auto thread =
        Thread::start([](void* event) { static_cast<Event*>(event)->signal(); }, &*second);
    ASSERT_TRUE(thread.has_value());
    const NativeHandle handles[] = {first->handle(), second->handle()};
    EXPECT_TRUE(wait_readable(handles, kForEver).value());
}

TEST(WaitReadable, MoreThanEightHandlesAreRefused) {
    const NativeHandle handles[9] = {};
    const auto got = wait_readable(handles, nanoseconds{0});
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().code, Errc::invalid_argument);
}

TEST(EventSet, IsReadableWhileAnyOfItsHandlesIs) {
    auto set = EventSet::create();
    if (!set.has_value()) {
        // Windows has no handle that stands for several.
        EXPECT_EQ(set.error().code, Errc::unsupported);
        return;
    }
    auto first = Event::create();
    auto second = Event::create();
    ASSERT_TRUE(set->add(first->handle()).has_value());
    ASSERT_TRUE(set->add(second->handle()).has_value());
    const NativeHandle handle = set->handle();
    const auto set_readable = [&] { return wait_readable({&handle, 1}, nanoseconds{0}).value(); };
    EXPECT_FALSE(set_readable());
    second->signal();
    EXPECT_TRUE(set_readable());
    EXPECT_TRUE(set_readable());
    second->clear();
    EXPECT_FALSE(set_readable());
    first->signal();
    EXPECT_TRUE(set_readable());
}

TEST(Deadline, NegativeNeverPasses) {
    EXPECT_FALSE(Deadline(kForEver).passed());
    EXPECT_LT(Deadline(kForEver).left().count(), 0);
    EXPECT_TRUE(Deadline(nanoseconds{0}).passed());
    EXPECT_EQ(Deadline(nanoseconds{0}).left().count(), 0);
    EXPECT_FALSE(Deadline(nanoseconds::max()).passed());
    EXPECT_GT(Deadline(std::chrono::hours{1}).left(), std::chrono::minutes{59});
}

TEST(Pages, AreZeroedAlignedAndSparse) {
    // More than there is memory: only what is touched takes any.
    const std::size_t bytes = std::size_t{1} << 32;
    const auto base = map_anonymous(bytes);
    ASSERT_TRUE(base.has_value());
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(*base) % page_bytes(), 0u);
    auto* first = static_cast<unsigned char*>(*base);
    EXPECT_EQ(first[0], 0);
    EXPECT_EQ(first[bytes - 1], 0);
    first[bytes / 2] = 7;
    EXPECT_EQ(first[bytes / 2], 7);
    unmap(*base, bytes);
    EXPECT_EQ(map_anonymous(0).error().code, Errc::invalid_argument);
}

TEST(ErrorText, IsTheSystems) {
    EXPECT_EQ(message(ENOENT), "No such file or directory");
    EXPECT_FALSE(message(123456).empty());
}

TEST(FileKind, TellsFilesFromFoldersAndNothing) {
    const std::string name = ::testing::TempDir() + "xnvme-os-kind";
    EXPECT_EQ(file_kind(name + "-missing").kind, FileKind::missing);
    std::ofstream(name, std::ios::binary) << "12345";
    EXPECT_EQ(file_kind(name).kind, FileKind::regular);
    EXPECT_EQ(file_kind(name).bytes, 5u);
    EXPECT_EQ(file_kind(name + "/below").kind, FileKind::missing);
    EXPECT_EQ(std::remove(name.c_str()), 0);
    EXPECT_EQ(file_kind(".").kind, FileKind::directory);
}

TEST(Thread, RunsAndIsJoined) {
    std::atomic<int> ran{0};
    auto thread =
        Thread::start([](void* counter) { ++*static_cast<std::atomic<int>*>(counter); }, &ran);
    ASSERT_TRUE(thread.has_value());
    Thread moved = std::move(*thread);
    EXPECT_FALSE(thread->joinable());
    EXPECT_TRUE(moved.joinable());
    moved.join();
    EXPECT_EQ(ran.load(), 1);
    moved.join();
}

TEST(Thread, HasTheStackThatItWasPromised) {
    auto thread = Thread::start(
        [](void*) {
            // Most of it, in use at once.
            volatile char stack[kSmallStackBytes * 3 / 4];
            for (std::size_t i = 0; i < sizeof(stack); i += 512) stack[i] = 1;
        },
        nullptr);
    ASSERT_TRUE(thread.has_value());
    thread->join();
}

TEST(Parker, AWakeThatComesFirstIsKeptAndCountsOnce) {
    Parker parker;
    parker.wake();
    parker.wake();
    EXPECT_TRUE(parker.sleep(kForEver));
    EXPECT_FALSE(parker.sleep(nanoseconds{0}));
}

TEST(Parker, SleepsUntilTheTimeHasPassed) {
    Parker parker;
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_FALSE(parker.sleep(milliseconds{20}));
    EXPECT_GE(std::chrono::steady_clock::now() - begin, milliseconds{20});
}

TEST(Parker, NoWakeIsLostBetweenTwoThreads) {
    struct Pair {
        Parker here;
        Parker there;
        int ball = 0;  // Whoever was woken last may touch it.
    } pair;
    constexpr int kRounds = 20'000;
    auto other = Thread::start(
        [](void* argument) {
            auto& both = *static_cast<Pair*>(argument);
            for (int i = 0; i < kRounds; ++i) {
                both.there.sleep(kForEver);
                ++both.ball;
                both.here.wake();
            }
        },
        &pair);
    ASSERT_TRUE(other.has_value());
    for (int i = 0; i < kRounds; ++i) {
        ++pair.ball;
        pair.there.wake();
        ASSERT_TRUE(pair.here.sleep(kForEver));
    }
    other->join();
    EXPECT_EQ(pair.ball, 2 * kRounds);
}

TEST(Lock, KeepsThreadsApartAndLosesNoWake) {
    struct Counted {
        Lock lock;
        int value = 0;
    } counted;
    constexpr int kRounds = 50'000;
    constexpr std::size_t kThreads = 4;
    std::vector<Thread> threads;
    threads.reserve(kThreads);
    for (std::size_t i = 0; i < kThreads; ++i) {
        auto thread = Thread::start(
            [](void* argument) {
                auto& shared = *static_cast<Counted*>(argument);
                for (int n = 0; n < kRounds; ++n) {
                    const std::lock_guard held(shared.lock);
                    ++shared.value;
                    // Long enough that the others find it taken and go to sleep.
                    for (int spins = 0; spins < n % 128; ++spins) relax();
                }
            },
            &counted);
        ASSERT_TRUE(thread.has_value());
        threads.push_back(std::move(*thread));
    }
    for (Thread& thread : threads) thread.join();
    EXPECT_EQ(counted.value, kRounds * static_cast<int>(kThreads));
}

TEST(Processors, ThereIsAtLeastOne) {
    EXPECT_GE(processors(), 1u);
}

}  // namespace
}  // namespace xnvme::os
