#include <xnvme/key_value.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string>
#include <thread>

#include <xnvme/nvme/status.hpp>

namespace xnvme {
namespace {

using nvme::GenericStatus;
using nvme::KvKey;

std::vector<std::byte> bytes(std::string_view text) {
    const auto view = std::as_bytes(std::span(text.data(), text.size()));
    return {view.begin(), view.end()};
}
/// Of a vector that lives as long as the call.
Data data(const std::vector<std::byte>& value) {
    return Data(value.data(), value.size());
}
KvKey key(std::string_view text) {
    return *KvKey::of(text);
}

struct Open {
    Device device;
    KeyValue store;

    static Device open(const std::string& options) {
        auto device = Device::open("mem:4MiB?csi=kv" + options);
        if (!device) throw std::runtime_error(device.error().sentence);
        return std::move(*device);
    }
    explicit Open(const std::string& options = "")
        : device(open(options)), store(*KeyValue::of(device)) {}
};

TEST(KeyValue, IsNotForBlocks) {
    auto device = Device::open("mem:4MiB");
    ASSERT_TRUE(device);
    const auto refused = KeyValue::of(*device);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().error.code, Errc::unsupported);
    EXPECT_NE(refused.error().sentence.find("nvm"), std::string::npos);
}

TEST(KeyValue, RetrievesWhatItStored) {
    Open open;
    EXPECT_EQ(open.store.key_bytes_max(), 16u);
    EXPECT_EQ(open.store.value_bytes_max(), 1u << 20);
    ASSERT_TRUE(open.store.store(key("a"), data(bytes("first"))));
    ASSERT_TRUE(open.store.store(key("sixteen bytes k!"), data(bytes("second"))));
    EXPECT_EQ(*open.store.retrieve(key("a")), bytes("first"));
    EXPECT_EQ(*open.store.retrieve(key("sixteen bytes k!")), bytes("second"));
    ASSERT_TRUE(open.store.store(key("a"), data(bytes("in its place"))));
    EXPECT_EQ(*open.store.retrieve(key("a")), bytes("in its place"));
}

TEST(KeyValue, AValueMayBeEmptyOrLong) {
    Open open;
    ASSERT_TRUE(open.store.store(key("none"), Data{}));
    EXPECT_TRUE(open.store.retrieve(key("none"))->empty());
    std::vector<std::byte> value(1 << 20);
    for (std::size_t i = 0; i < value.size(); ++i) value[i] = static_cast<std::byte>(i / 3);
    ASSERT_TRUE(open.store.store(key("long"), std::span(value)));
    EXPECT_EQ(*open.store.retrieve(key("long")), value);
    value.push_back(std::byte{0});
    const auto refused = open.store.store(key("long"), std::span(value));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::too_large);
}

TEST(KeyValue, AShortBufferGetsWhatFitsAndTheWholeLength) {
    Open open;
    ASSERT_TRUE(open.store.store(key("k"), data(bytes("0123456789"))));
    std::vector<std::byte> buffer = bytes("....");
    EXPECT_EQ(*open.store.retrieve(key("k"), Data(std::span(buffer))), 10u);
    EXPECT_EQ(buffer, bytes("0123"));
    EXPECT_EQ(*open.store.retrieve(key("k"), Data{}), 10u);
}

TEST(KeyValue, WhatIsNotThereIsSaid) {
    Open open;
    EXPECT_FALSE(*open.store.exists(key("k")));
    for (const Error& error :
         {open.store.retrieve(key("k")).error(), open.store.remove(key("k")).error(),
          open.store.store(key("k"), Data{}, nvme::kKvMustExist).error()}) {
        EXPECT_EQ(error.code, Errc::device);
        EXPECT_TRUE(nvme::is(error.status, GenericStatus::key_does_not_exist));
    }
    ASSERT_TRUE(open.store.store(key("k"), Data{}, nvme::kKvMustNotExist));
    EXPECT_TRUE(*open.store.exists(key("k")));
    const auto again = open.store.store(key("k"), Data{}, nvme::kKvMustNotExist);
    ASSERT_FALSE(again);
    EXPECT_TRUE(nvme::is(again.error().status, GenericStatus::key_exists));
    ASSERT_TRUE(open.store.remove(key("k")));
    EXPECT_FALSE(*open.store.exists(key("k")));
}

TEST(KeyValue, ListsGoOnWhereTheyEnded) {
    Open open;
    for (int i = 0; i < 1000; ++i) {
        const std::string name = (i % 2 == 0 ? "even-" : "odd-") + std::to_string(i);
        ASSERT_TRUE(open.store.store(key(name), Data{}));
    }
    std::vector<KvKey> all;
    std::size_t calls = 0;
    for (KvKey last;; last = all.back(), ++calls) {
        const auto part = open.store.list(last, 256);
        ASSERT_TRUE(part);
        if (part->empty()) break;
        all.insert(all.end(), part->begin(), part->end());
    }
    EXPECT_EQ(all.size(), 1000u);
    EXPECT_GT(calls, 40u);
    EXPECT_TRUE(std::ranges::is_sorted(all));
    EXPECT_EQ(std::ranges::adjacent_find(all), all.end());
    EXPECT_EQ(*open.store.keys(), all);
    EXPECT_EQ(open.store.keys(bytes("odd-"))->size(), 500u);
    EXPECT_EQ(open.store.keys(bytes("odd-99"))->size(), 1u + 5u);
    EXPECT_TRUE(open.store.keys(bytes("none"))->empty());
    EXPECT_EQ(open.store.list({}, 63).error().code, Errc::invalid_argument);
}

TEST(KeyValue, TheAccountOfRoomIsExact) {
    Open open;
    const std::uint64_t size = open.store.identify()->nsze;
    EXPECT_EQ(size, 4u << 20);
    const std::vector<std::byte> value(1 << 20);
    for (const char* name : {"a", "b", "c"})
        ASSERT_TRUE(open.store.store(key(name), std::span(value)));
    EXPECT_EQ(open.store.identify()->nuse, 3 * ((1u << 20) + 1));
    const auto full = open.store.store(key("d"), std::span(value));
    ASSERT_FALSE(full);
    EXPECT_TRUE(nvme::is(full.error().status, GenericStatus::capacity_exceeded));
    EXPECT_FALSE(*open.store.exists(key("d")));
    // Exactly what is left fits, a byte more does not, and what is removed makes room.
    const std::size_t left = (1u << 20) - 4;
    const std::span<const std::byte> all(value);
    EXPECT_FALSE(open.store.store(key("d"), all.first(left + 1)));
    EXPECT_TRUE(open.store.store(key("d"), all.first(left)));
    EXPECT_EQ(open.store.identify()->nuse, size);
    ASSERT_TRUE(open.store.remove(key("a")));
    EXPECT_TRUE(open.store.store(key("d"), all));
}

TEST(KeyValue, ThreadsSeeWholeValues) {
    Open open;
    constexpr int kRounds = 300;
    ASSERT_TRUE(open.store.store(key("shared"), data(std::vector<std::byte>(64))));
    std::atomic<int> torn{0};
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            const std::string own = "own-" + std::to_string(t);
            for (unsigned i = 0; i < kRounds; ++i) {
                const std::vector<std::byte> value(1 + (i * 37 + t) % 5000, std::byte(i + t));
                if (!open.store.store(key("shared"), std::span(value))) ++torn;
                if (!open.store.store(key(own), std::span(value))) ++torn;
                const auto shared = open.store.retrieve(key("shared"));
                if (!shared || std::ranges::count(*shared, shared->front()) !=
                                   static_cast<std::ptrdiff_t>(shared->size()))
                    ++torn;
                if (open.store.retrieve(key(own)) != value) ++torn;
                if (!open.store.keys() || !open.store.remove(key(own))) ++torn;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(torn, 0);
    EXPECT_EQ(*open.store.keys(), std::vector<KvKey>{key("shared")});
}

TEST(KeyValue, AReadOnlyOpenStoresNothing) {
    auto device = Device::open("mem:4MiB?csi=kv", {.access = Access::read_only});
    ASSERT_TRUE(device);
    const KeyValue store = *KeyValue::of(*device);
    EXPECT_EQ(store.store(key("k"), Data{}).error().code, Errc::read_only);
    EXPECT_EQ(store.remove(key("k")).error().code, Errc::read_only);
    EXPECT_FALSE(*store.exists(key("k")));
}

}  // namespace
}  // namespace xnvme
