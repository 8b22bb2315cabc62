#include "store.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <optional>
#include <thread>

#include "test_device.hpp"

namespace xnvme::be_model {
namespace {

using Bytes = std::vector<std::uint8_t>;

TEST(ModelStore, UnnamedDevicesShareNothing) {
    TestDevice a("mem:1MiB");
    TestDevice b("mem:1MiB");
    a.write(0, 1, pattern(512, 1));
    EXPECT_EQ(b.read(0, 1), Bytes(512, 0));
}

TEST(ModelStore, NamedDevicesAreSharedUntilTheLastIsClosed) {
    const std::string uri = "mem:1MiB?name=shared";
    const Bytes data = pattern(512, 1);
    {
        std::optional<TestDevice> a(uri);
        a->write(7, 1, data);
        TestDevice b("mem:1MiB?block=512&name=shared");
        EXPECT_EQ(b.read(7, 1), data);
        EXPECT_EQ(a->handle().facts.serial, b.handle().facts.serial);
        a.reset();
        EXPECT_EQ(b.read(7, 1), data);
    }
    TestDevice c(uri);
    EXPECT_EQ(c.read(7, 1), Bytes(512, 0));
}

TEST(ModelStore, AFormatShowsOnEveryHandle) {
    TestDevice a("mem:1MiB?name=formatted");
    TestDevice b("mem:1MiB?name=formatted");
    ASSERT_EQ(a.admin_status(nvme::format({.nsid = 1, .lbaf = 1})), kSuccess);
    ASSERT_TRUE(b.handle().refresh());
    EXPECT_EQ(b.geometry().block_bytes, 4096u);
}

TEST(ModelStore, NamedDevicesMustAgree) {
    TestDevice device("mem:1MiB?name=agreed&mdts=64KiB");
    EXPECT_EQ(refusal("mem:1MiB?name=agreed"), "");
    EXPECT_EQ(refusal("mem:1024KiB?name=agreed&block=512&mdts=65536"), "");
    const std::pair<const char*, const char*> cases[] = {
        {"mem:2MiB?name=agreed", "another size (its size is 1 MiB)"},
        {"mem:1MiB?name=agreed&block=4096", "another block"},
        {"mem:1MiB?name=agreed&mdts=8KiB", "another mdts"},
        {"mem:1MiB?name=agreed&ro=1", "another ro"},
        {"mem:1MiB?name=agreed&dealloc=ones", "another dealloc"},
        {"mem:1MiB?name=agreed&latency=1ms", "another latency"},
        {"mem:1MiB?name=agreed&fault=read", "another fault"},
        {"mem:1MiB?name=agreed&serial=other", "another serial"},
    };
    for (const auto& [uri, part] : cases) {
        const std::string sentence = refusal(uri);
        EXPECT_NE(sentence.find(part), std::string::npos) << uri << ": " << sentence;
    }
}

/// Runs `work(thread)` on several threads at once.
template <class Work>
void on_threads(unsigned count, Work work) {
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < count; ++i) threads.emplace_back(work, i);
    for (std::thread& thread : threads) thread.join();
}

/// Every block is written whole with one byte value, so a torn block is seen.
void expect_whole_blocks(const Bytes& data, std::size_t block_bytes, std::atomic<int>& torn) {
    for (std::size_t at = 0; at < data.size(); at += block_bytes) {
        for (std::size_t i = 1; i < block_bytes; ++i) {
            if (data[at + i] != data[at]) {
                ++torn;
                return;
            }
        }
    }
}

TEST(ModelConcurrency, OverlappingCommandsNeverTearABlock) {
    // Around the border between two chunks, so that commands take one stripe or two.
    TestDevice device("mem:1MiB?name=overlap");
    std::atomic<int> torn{0};
    std::atomic<int> failed{0};
    on_threads(4, [&](unsigned thread) {
        TestDevice own("mem:1MiB?name=overlap");
        Bytes data(16 * 512);
        for (unsigned i = 0; i < 300; ++i) {
            const std::uint64_t slba = 500 + (i * 5 + thread * 3) % 16;
            const std::uint32_t blocks = 1 + (i + thread) % 16;
            data.assign(std::size_t{blocks} * 512, static_cast<std::uint8_t>(i * 4 + thread));
            Command command = nvme::write(slba, blocks);
            if (thread % 2 == 1) command = nvme::read(slba, blocks);
            if (!own.io(command, TestDevice::bytes_of(data)).ok()) ++failed;
            if (thread % 2 == 1) expect_whole_blocks(data, 512, torn);
        }
    });
    EXPECT_EQ(torn.load(), 0);
    EXPECT_EQ(failed.load(), 0);
}

TEST(ModelConcurrency, CommandsOnManyStripesDoNotWaitForEachOther) {
    // Copies and deallocations take stripes in every order of blocks; ascending order of stripes
    // keeps them from waiting for each other for ever.
    TestDevice device("mem:64MiB?name=stripes");
    const std::uint64_t blocks = device.geometry().blocks;
    std::atomic<int> failed{0};
    on_threads(4, [&](unsigned thread) {
        for (unsigned i = 0; i < 100; ++i) {
            const std::uint64_t a = (i * 7919ull + thread * 104729ull) % (blocks - 2000);
            const std::uint64_t b = (i * 15485863ull + thread * 32452843ull) % (blocks - 2000);
            if (thread % 2 == 0) {
                const nvme::CopyRange0 range = nvme::CopyRange0::of(a, 600);
                if (!device.io(nvme::copy(b, 1), Data(&range, sizeof(range))).ok()) ++failed;
            } else {
                const std::array<nvme::DsmRange, 2> ranges{nvme::DsmRange{0, 900, a},
                                                           nvme::DsmRange{0, 900, b}};
                if (!device.io(nvme::dataset_management(2), Data(ranges.data(), sizeof(ranges)))
                         .ok())
                    ++failed;
                if (!device.io(nvme::write_zeroes(a, 700)).ok()) ++failed;
            }
        }
    });
    EXPECT_EQ(failed.load(), 0);
}

TEST(ModelConcurrency, FormatsComeBetweenCommandsAndNotIntoThem) {
    TestDevice device("mem:1MiB?name=reformatted");
    std::atomic<int> wrong{0};
    on_threads(3, [&](unsigned thread) {
        TestDevice own("mem:1MiB?name=reformatted");
        if (thread == 0) {
            for (unsigned i = 0; i < 100; ++i) {
                const auto lbaf = static_cast<std::uint8_t>(i % 2);
                if (!own.admin_status(nvme::format({.nsid = 1, .lbaf = lbaf})).ok()) ++wrong;
            }
            return;
        }
        Bytes data(512, 1);
        for (unsigned i = 0; i < 400; ++i) {
            // Block 1000 is there with blocks of 512 alone, and a block of 512 has its length.
            const Status status = own.io_status(nvme::write(1000, 1), TestDevice::bytes_of(data));
            if (status != kSuccess && status != kLbaOutOfRange) ++wrong;
            const Status low = own.io_status(nvme::read(0, 1), TestDevice::bytes_of(data));
            if (low != kSuccess && low != kDataLengthInvalid) ++wrong;
            own.identify<nvme::IdentifyNamespace>({.cns = nvme::Cns::ns, .nsid = 1});
            own.log<nvme::HealthLog>(nvme::LogPage::health);
        }
    });
    EXPECT_EQ(wrong.load(), 0);
}

TEST(ModelConcurrency, NamesAreOpenedAndClosedFromManyThreads) {
    on_threads(4, [](unsigned) {
        for (unsigned i = 0; i < 200; ++i) {
            TestDevice device("mem:1MiB?name=busy");
            device.write(0, 1, pattern(512, 1));
        }
    });
}

}  // namespace
}  // namespace xnvme::be_model
