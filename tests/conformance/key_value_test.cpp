// Keys and values, on every interface that serves a namespace of them: at depth, from callbacks, in
// batches, waited for; and what is refused, at submission and by the device.
#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <random>
#include <string>

#include <xnvme/key_value.hpp>
#include <xnvme/nvme/status.hpp>

#include "tests/conformance/harness.hpp"

namespace conformance {
namespace {

using xnvme::KeyValue;
using xnvme::nvme::GenericStatus;
using xnvme::nvme::KvKey;

KvKey key_of(std::string_view text) {
    return must(KvKey::of(text));
}
KvKey numbered(std::uint32_t number) {
    return key_of("key-" + std::to_string(number));
}
/// Lengths from nothing to several pages, no two neighbours alike.
std::uint32_t length_of(std::uint32_t number) {
    return number * 379 % 9001;
}
std::vector<std::byte> value_of(std::uint32_t number, std::uint64_t generation) {
    std::vector<std::byte> value(length_of(number));
    fill(value, number, 16384, generation);
    return value;
}
xnvme::Data data_of(const std::vector<std::byte>& value) {
    return xnvme::Data(value.data(), value.size());
}
bool is_status(const xnvme::Error& error, GenericStatus code) {
    return error.code == Errc::device && xnvme::nvme::is(error.status, code);
}

/// Removes what earlier cases left behind: the place is shared.
void empty(xnvme::Device& device) {
    const KeyValue store = must(KeyValue::of(device));
    for (const KvKey& key : must(store.keys())) must(store.remove(key));
}

class AsyncKeyValue : public AsyncCase {
  protected:
    xnvme::Device open_empty() {
        xnvme::Device device = open();
        empty(device);
        return device;
    }
};

TEST_P(AsyncKeyValue, StoresAndRetrievesAtDepth) {
    xnvme::Device device = open_empty();
    for (const std::uint32_t depth : {1u, 3u, 64u}) {
        xnvme::Queue queue = must(device.create_queue(depth));
        constexpr std::uint32_t kCount = 300;
        std::vector<std::vector<std::byte>> values;
        values.reserve(kCount);
        for (std::uint32_t i = 0; i < kCount; ++i) values.push_back(value_of(i, depth));
        Runner runner(queue);
        for (std::uint32_t i = 0; i < kCount; ++i)
            runner.add(xnvme::nvme::kv_store(numbered(i), length_of(i)), data_of(values[i]));
        runner.drain();
        ASSERT_EQ(runner.failed(), 0u) << text(runner.first_failure());
        std::vector<std::vector<std::byte>> read(kCount, std::vector<std::byte>(9216));
        Runner reader(queue);
        for (std::uint32_t i = 0; i < kCount; ++i)
            reader.add(xnvme::nvme::kv_retrieve(numbered(i), 9216), data_of(read[i]));
        reader.drain();
        ASSERT_EQ(reader.failed(), 0u) << text(reader.first_failure());
        for (std::uint32_t i = 0; i < kCount; ++i) {
            EXPECT_EQ(reader.outcomes()[i].completion.result, length_of(i)) << i;
            EXPECT_TRUE(std::equal(values[i].begin(), values[i].end(), read[i].begin())) << i;
        }
    }
}

TEST_P(AsyncKeyValue, AShortBufferGetsWhatFitsAndTheWholeLength) {
    xnvme::Device device = open_empty();
    xnvme::Queue queue = must(device.create_queue(2));
    Runner runner(queue);
    const std::vector<std::byte> value(1000, std::byte{7});
    EXPECT_FALSE(runner.run(xnvme::nvme::kv_store(key_of("k"), 1000), data_of(value)).why);
    std::vector<std::byte> buffer(1000);
    const Outcome outcome =
        runner.run(xnvme::nvme::kv_retrieve(key_of("k"), 10), xnvme::Data(buffer.data(), 10));
    EXPECT_FALSE(outcome.why) << text(outcome.why);
    EXPECT_EQ(outcome.completion.result, 1000u);
    EXPECT_TRUE(all_bytes(std::span(buffer).first(10), std::byte{7}));
    EXPECT_TRUE(all_bytes(std::span(buffer).subspan(10), std::byte{0}));
    const Outcome length = runner.run(xnvme::nvme::kv_retrieve(key_of("k"), 0));
    EXPECT_FALSE(length.why) << text(length.why);
    EXPECT_EQ(length.completion.result, 1000u);
}

TEST_P(AsyncKeyValue, ListsAreGatheredAndScattered) {
    xnvme::Device device = open_empty();
    xnvme::Queue queue = must(device.create_queue(2));
    Runner runner(queue);
    std::vector<std::byte> value(700);
    fill(value, 1, 1024, 5);
    const std::vector<std::byte> before = value;
    const xnvme::IoVec parts[] = {
        {value.data() + 300, 400}, {value.data(), 1}, {value.data() + 1, 299}};
    const xnvme::Data list{std::span<const xnvme::IoVec>(parts)};
    EXPECT_FALSE(runner.run(xnvme::nvme::kv_store(key_of("k"), 700), list).why);
    std::vector<std::byte> flat(700);
    EXPECT_FALSE(runner.run(xnvme::nvme::kv_retrieve(key_of("k"), 700), data_of(flat)).why);
    EXPECT_TRUE(std::equal(flat.begin(), flat.begin() + 400, before.begin() + 300));
    EXPECT_TRUE(std::equal(flat.begin() + 400, flat.end(), before.begin()));
    std::ranges::fill(value, std::byte{0});
    EXPECT_FALSE(runner.run(xnvme::nvme::kv_retrieve(key_of("k"), 700), list).why);
    EXPECT_EQ(value, before);
}

TEST_P(AsyncKeyValue, ExistDeleteAndTheConditionsOfAStore) {
    xnvme::Device device = open_empty();
    xnvme::Queue queue = must(device.create_queue(4));
    Runner runner(queue);
    const KvKey key = key_of("sixteen bytes k!");
    const auto why = [&](const xnvme::Command& command) { return runner.run(command).why; };
    EXPECT_TRUE(is_status(why(xnvme::nvme::kv_exist(key)), GenericStatus::key_does_not_exist));
    EXPECT_TRUE(is_status(why(xnvme::nvme::kv_delete(key)), GenericStatus::key_does_not_exist));
    EXPECT_TRUE(
        is_status(why(xnvme::nvme::kv_retrieve(key, 0)), GenericStatus::key_does_not_exist));
    EXPECT_TRUE(is_status(why(xnvme::nvme::kv_store(key, 0, xnvme::nvme::kKvMustExist)),
                          GenericStatus::key_does_not_exist));
    EXPECT_FALSE(why(xnvme::nvme::kv_store(key, 0, xnvme::nvme::kKvMustNotExist)));
    EXPECT_FALSE(why(xnvme::nvme::kv_exist(key)));
    EXPECT_TRUE(is_status(why(xnvme::nvme::kv_store(key, 0, xnvme::nvme::kKvMustNotExist)),
                          GenericStatus::key_exists));
    EXPECT_FALSE(why(xnvme::nvme::kv_store(key, 0, xnvme::nvme::kKvMustExist)));
    EXPECT_FALSE(why(xnvme::nvme::kv_delete(key)));
    EXPECT_TRUE(is_status(why(xnvme::nvme::kv_exist(key)), GenericStatus::key_does_not_exist));
}

TEST_P(AsyncKeyValue, ListsTheKeysThatWereStored) {
    xnvme::Device device = open_empty();
    xnvme::Queue queue = must(device.create_queue(16));
    Runner runner(queue);
    for (std::uint32_t i = 0; i < 200; ++i) runner.add(xnvme::nvme::kv_store(numbered(i), 0));
    runner.drain();
    std::vector<std::byte> buffer(1024);
    std::vector<KvKey> found;
    for (KvKey from;;) {
        const Outcome outcome = runner.run(xnvme::nvme::kv_list(1024, from), data_of(buffer));
        ASSERT_FALSE(outcome.why) << text(outcome.why);
        const auto list = xnvme::nvme::decode_kv_keys(buffer);
        ASSERT_TRUE(list.well_formed);
        const std::size_t known = !list.keys.empty() && list.keys.front() == from ? 1 : 0;
        if (list.keys.size() == known) break;
        found.insert(found.end(), list.keys.begin() + static_cast<std::ptrdiff_t>(known),
                     list.keys.end());
        from = found.back();
    }
    ASSERT_EQ(found.size(), 200u);
    std::ranges::sort(found);
    EXPECT_EQ(std::ranges::adjacent_find(found), found.end());
    for (std::uint32_t i = 0; i < 200; ++i)
        EXPECT_TRUE(std::ranges::binary_search(found, numbered(i))) << i;
}

TEST_P(AsyncKeyValue, BatchesCompleteAsSingleCommandsDo) {
    xnvme::Device device = open_empty();
    xnvme::Queue queue = must(device.create_queue(8));
    struct Seen {
        unsigned ok = 0;
        unsigned refused = 0;
    } seen;
    const std::vector<std::byte> value(100, std::byte{9});
    std::array<xnvme::Context*, 8> batch{};
    for (std::uint32_t i = 0; i < batch.size(); ++i) {
        batch[i] = queue.acquire();
        ASSERT_NE(batch[i], nullptr);
        batch[i]->command = i % 2 == 0 ? xnvme::nvme::kv_store(numbered(i), 100)
                                       : xnvme::nvme::kv_delete(numbered(1000 + i));
        batch[i]->callback = [](xnvme::Context& context, void* argument) {
            auto& counts = *static_cast<Seen*>(argument);
            context.ok() ? ++counts.ok : ++counts.refused;
            context.queue->slots().give_back(context);
        };
        batch[i]->argument = &seen;
        must(queue.prepare(*batch[i], i % 2 == 0 ? data_of(value) : xnvme::Data{}));
    }
    must(queue.submit_batch(batch));
    EXPECT_EQ(must(queue.drain()), 8u);
    EXPECT_EQ(seen.ok, 4u);
    EXPECT_EQ(seen.refused, 4u);
    EXPECT_EQ(must(must(KeyValue::of(device)).keys()).size(), 4u);
}

/// Retrieves a key, and stores what it got under the next, until the last.
struct Chain {
    xnvme::Queue& queue;
    std::vector<std::byte> buffer = std::vector<std::byte>(64);
    std::uint32_t at = 0;
    bool storing = false;
    bool failed = false;

    static constexpr std::uint32_t kLast = 50;

    static void step(xnvme::Context& context, void* argument) {
        auto& chain = *static_cast<Chain*>(argument);
        chain.failed = chain.failed || !context.ok();
        if (chain.failed || (chain.storing && chain.at == kLast))
            return context.queue->slots().give_back(context);
        chain.storing = !chain.storing;
        if (chain.storing) ++chain.at;
        context.command = chain.storing ? xnvme::nvme::kv_store(numbered(chain.at), 64)
                                        : xnvme::nvme::kv_retrieve(numbered(chain.at), 64);
        if (!chain.queue.submit(context, data_of(chain.buffer))) chain.failed = true;
    }
};

TEST_P(AsyncKeyValue, CallbacksSubmitTheNext) {
    xnvme::Device device = open_empty();
    const KeyValue store = must(KeyValue::of(device));
    const std::vector<std::byte> value(64, std::byte{3});
    must(store.store(numbered(0), data_of(value)));
    xnvme::Queue queue = must(device.create_queue(1));
    Chain chain{queue};
    xnvme::Context* context = queue.acquire();
    ASSERT_NE(context, nullptr);
    context->callback = Chain::step;
    context->argument = &chain;
    context->command = xnvme::nvme::kv_retrieve(numbered(0), 64);
    must(queue.submit(*context, data_of(chain.buffer)));
    EXPECT_EQ(must(queue.drain()), 2 * Chain::kLast);
    EXPECT_FALSE(chain.failed);
    EXPECT_EQ(must(store.retrieve(numbered(Chain::kLast))), value);
}

TEST_P(AsyncKeyValue, IsRefusedAtSubmissionWithoutSideEffect) {
    xnvme::Device device = open_empty();
    xnvme::Queue queue = must(device.create_queue(2));
    const xnvme::Geometry& geometry = device.geometry();
    xnvme::Buffer buffer = must(device.allocate(std::size_t{geometry.max_transfer_bytes} + 4));
    Runner runner(queue);
    const KvKey key = key_of("k");
    const auto code = [&](const xnvme::Command& command, std::size_t bytes) {
        return code_of(runner.submit(command, buffer.part(0, bytes)));
    };
    xnvme::Command no_key = xnvme::nvme::kv_exist(key);
    no_key.cdw11 = 0;
    EXPECT_EQ(code(no_key, 0), Errc::invalid_argument);
    xnvme::Command long_key = xnvme::nvme::kv_store(key, 4);
    long_key.cdw11 = geometry.key_bytes_max + 1;
    EXPECT_EQ(code(long_key, 4), Errc::invalid_argument);
    xnvme::Command long_list = xnvme::nvme::kv_list(64);
    long_list.cdw11 = 17;
    EXPECT_EQ(code(long_list, 64), Errc::invalid_argument);
    EXPECT_EQ(code(xnvme::nvme::kv_store(key, 5), 4), Errc::bad_length);
    EXPECT_EQ(code(xnvme::nvme::kv_retrieve(key, 4), 5), Errc::bad_length);
    EXPECT_EQ(code(xnvme::nvme::kv_exist(key), 4), Errc::bad_length);
    EXPECT_EQ(code(xnvme::nvme::kv_delete(key), 4), Errc::bad_length);
    const std::uint32_t value_max = geometry.value_bytes_max;
    EXPECT_EQ(code(xnvme::nvme::kv_store(key, value_max + 1), value_max + 1), Errc::too_large);
    const std::uint32_t more = geometry.max_transfer_bytes + 1;
    EXPECT_EQ(code(xnvme::nvme::kv_retrieve(key, more), more), Errc::too_large);
    EXPECT_EQ(code(xnvme::nvme::kv_list(more), more), Errc::too_large);
    EXPECT_EQ(queue.outstanding(), 0u);
    EXPECT_TRUE(must(must(KeyValue::of(device)).keys()).empty());
}

TEST_P(AsyncKeyValue, AReadOnlyOpenChangesNothing) {
    xnvme::Options read_only = options();
    read_only.access = xnvme::Access::read_only;
    xnvme::Device device = open(read_only);
    xnvme::Queue queue = must(device.create_queue(2));
    Runner runner(queue);
    EXPECT_EQ(code_of(runner.submit(xnvme::nvme::kv_store(key_of("k"), 0))), Errc::read_only);
    EXPECT_EQ(code_of(runner.submit(xnvme::nvme::kv_delete(key_of("k")))), Errc::read_only);
}

TEST_P(AsyncKeyValue, ItsOwnCommandsAreNativeAndThoseOfBlocksAreTheDevicesVerdict) {
    xnvme::Device device = open_empty();
    xnvme::Queue queue = must(device.create_queue(2, {.strict = true}));
    for (const unsigned opcode : {0x00u, 0x01u, 0x02u, 0x06u, 0x10u, 0x14u}) {
        EXPECT_EQ(queue.capabilities().service(static_cast<std::uint8_t>(opcode)),
                  xnvme::Service::native)
            << opcode;
    }
    Runner runner(queue);
    EXPECT_FALSE(runner.run(xnvme::nvme::flush()).why);
    EXPECT_TRUE(
        is_status(runner.run(xnvme::nvme::write_zeroes(0, 1)).why, GenericStatus::invalid_opcode));
}

TEST_P(AsyncKeyValue, FaultsMeetOneAmongMany) {
    xnvme::Device device = must(xnvme::Device::open(
        model_uri("4MiB", {"csi=kv", "fault=store@key:key-7", "fault=drop@key:key-20"}), [this] {
            xnvme::Options opened = options();
            opened.command_timeout = milliseconds{100};
            return opened;
        }()));
    xnvme::Queue queue = must(device.create_queue(8));
    Runner runner(queue);
    for (std::uint32_t i = 0; i < 40; ++i) runner.add(xnvme::nvme::kv_store(numbered(i), 0));
    runner.drain();
    EXPECT_EQ(runner.completed(), 40u);
    EXPECT_EQ(runner.failed(), 2u);
    const Outcome& faulty = runner.outcomes()[7];
    EXPECT_TRUE(is_status(faulty.why, GenericStatus::unrecovered_error)) << text(faulty.why);
    const auto timed_out = [](const Outcome& one) { return one.why.code == Errc::timed_out; };
    EXPECT_EQ(std::ranges::count_if(runner.outcomes(), timed_out), 1);
    EXPECT_EQ(must(must(KeyValue::of(device)).keys()).size(), 38u);
}

TEST_P(AsyncKeyValue, RandomCommandsOfManyLeaveWhatTheirOrderSays) {
    // With one command in flight for each key, what is stored last under it is known.
    xnvme::Device device = open_empty();
    constexpr std::uint32_t kKeys = 32;
    xnvme::Queue queue = must(device.create_queue(kKeys));
    std::mt19937 engine(7);
    std::array<std::vector<std::byte>, kKeys> values;
    std::array<bool, kKeys> there{};
    for (std::uint32_t round = 0; round < 100; ++round) {
        Runner runner(queue);
        for (std::uint32_t i = 0; i < kKeys; ++i) {
            if (engine() % 4 == 0 && there[i]) {
                runner.add(xnvme::nvme::kv_delete(numbered(i)));
                there[i] = false;
            } else {
                values[i] = value_of(static_cast<std::uint32_t>(engine() % 1000), round);
                runner.add(xnvme::nvme::kv_store(numbered(i),
                                                 static_cast<std::uint32_t>(values[i].size())),
                           data_of(values[i]));
                there[i] = true;
            }
        }
        runner.drain();
        ASSERT_EQ(runner.failed(), 0u) << text(runner.first_failure());
    }
    const KeyValue store = must(KeyValue::of(device));
    for (std::uint32_t i = 0; i < kKeys; ++i) {
        ASSERT_EQ(must(store.exists(numbered(i))), there[i]) << i;
        if (there[i]) {
            EXPECT_EQ(must(store.retrieve(numbered(i))), values[i]) << i;
        }
    }
}

class SyncKeyValue : public SyncCase {};

TEST_P(SyncKeyValue, StoresRetrievesAndLists) {
    xnvme::Device device = open();
    EXPECT_EQ(device.capabilities().sync, GetParam().interface);
    empty(device);
    const KeyValue store = must(KeyValue::of(device));
    for (std::uint32_t i = 0; i < 100; ++i) must(store.store(numbered(i), data_of(value_of(i, 1))));
    for (std::uint32_t i = 0; i < 100; ++i)
        EXPECT_EQ(must(store.retrieve(numbered(i))), value_of(i, 1)) << i;
    EXPECT_EQ(must(store.keys()).size(), 100u);
    const std::string_view prefix = "key-9";
    EXPECT_EQ(must(store.keys(std::as_bytes(std::span(prefix)))).size(), 11u);
}

class AdminKeyValue : public AdminCase {};

TEST_P(AdminKeyValue, IdentifiesANamespaceThatFitsTheGeometry) {
    xnvme::Device device = open();
    EXPECT_EQ(device.capabilities().admin, GetParam().interface);
    empty(device);
    const KeyValue store = must(KeyValue::of(device));
    const auto before = must(store.identify());
    EXPECT_EQ(before.nsze.value(), device.geometry().size_bytes);
    EXPECT_EQ(before.key_bytes_max(), device.geometry().key_bytes_max);
    EXPECT_EQ(before.nuse.value(), 0u);
    must(store.store(key_of("key"), data_of(std::vector<std::byte>(97))));
    EXPECT_EQ(must(store.identify()).nuse.value(), 100u);
    EXPECT_EQ(device.geometry().blocks, 0u);
    EXPECT_EQ(device.geometry().command_set, xnvme::CommandSet::key_value);
}

CONFORMANCE_OVER(AsyncKeyValue, key_value_pairs(xnvme::Contract::async));
CONFORMANCE_OVER(SyncKeyValue, key_value_pairs(xnvme::Contract::sync));
CONFORMANCE_OVER(AdminKeyValue, key_value_pairs(xnvme::Contract::admin));

}  // namespace
}  // namespace conformance
