#include <xnvme/nvme/key_value.hpp>

#include <gtest/gtest.h>

#include <limits>

namespace xnvme::nvme {
namespace {

std::vector<std::byte> bytes(std::initializer_list<unsigned> values) {
    std::vector<std::byte> made;
    made.reserve(values.size());
    for (const unsigned value : values) made.push_back(static_cast<std::byte>(value));
    return made;
}

TEST(KvKey, HasOneToSixteenBytes) {
    EXPECT_FALSE(KvKey::of(""));
    EXPECT_FALSE(KvKey::of("seventeen bytes k"));
    EXPECT_EQ(KvKey::of("k")->length, 1);
    EXPECT_EQ(KvKey::of("sixteen bytes k!")->length, 16);
    EXPECT_TRUE(KvKey::of("prefix-1")->starts_with(KvKey::of("prefix")->span()));
    EXPECT_FALSE(KvKey::of("pre")->starts_with(KvKey::of("prefix")->span()));
}

TEST(KvKey, IsOrderedByItsBytes) {
    const KvKey zero = *KvKey::of(bytes({1, 0}));
    EXPECT_LT(*KvKey::of(bytes({1})), zero);
    EXPECT_LT(zero, *KvKey::of(bytes({1, 1})));
    EXPECT_LT(*KvKey::of("ab"), *KvKey::of("b"));
    EXPECT_LT(KvKey{}, *KvKey::of(bytes({0})));
    EXPECT_NE(*KvKey::of(bytes({0})), *KvKey::of(bytes({0, 0})));
}

TEST(KvBuilders, PutEachFieldWhereItBelongs) {
    const KvKey key = *KvKey::of("0123456789abcdef");
    const Command store = kv_store(key, 0x12345678, kKvMustNotExist | kKvNoCompression, 7);
    EXPECT_EQ(store.opcode, 0x01);
    EXPECT_EQ(store.nsid, 7u);
    EXPECT_EQ(store.cdw2, 0x33323130u);
    EXPECT_EQ(store.cdw3, 0x37363534u);
    EXPECT_EQ(store.cdw14, 0x62613938u);
    EXPECT_EQ(store.cdw15, 0x66656463u);
    EXPECT_EQ(store.cdw10, 0x12345678u);
    EXPECT_EQ(store.cdw11, 0x0610u);
    EXPECT_EQ(store.data, 0u);
    EXPECT_EQ(kv_key(store), key);
    EXPECT_EQ(kv_options(store), 6);
    EXPECT_EQ(kv_retrieve(key, 512, kKvRaw).opcode, 0x02);
    EXPECT_EQ(kv_retrieve(key, 512, kKvRaw).cdw11, 0x0110u);
    EXPECT_EQ(kv_list(4096).opcode, 0x06);
    EXPECT_EQ(kv_list(4096).cdw11, 0u);
    EXPECT_EQ(kv_list(4096, key).cdw11, 16u);
    EXPECT_EQ(kv_delete(key).opcode, 0x10);
    EXPECT_EQ(kv_exist(key).opcode, 0x14);
}

TEST(KvBuilders, AForeignKeyIsTakenWithinBounds) {
    Command command = kv_exist(*KvKey::of("ab"));
    command.cdw14 = 0xffffffff;
    EXPECT_EQ(kv_key(command), *KvKey::of("ab")) << "what lies behind the key is no part of it";
    command.cdw11 = 255;
    EXPECT_EQ(kv_key_bytes(command), 255u);
    EXPECT_EQ(kv_key(command).length, 16);
}

TEST(KvList, IsDecoded) {
    const KvKeys list =
        decode_kv_keys(bytes({2, 0, 0, 0, 1, 0, 'a', 0, 3, 0, 'b', 'c', 'd', 0, 0, 0, 9, 0, 1, 2}));
    EXPECT_TRUE(list.well_formed);
    EXPECT_EQ(list.reported, 2u);
    ASSERT_EQ(list.keys.size(), 2u);
    EXPECT_EQ(list.keys[0], *KvKey::of("a"));
    EXPECT_EQ(list.keys[1], *KvKey::of("bcd"));
    EXPECT_EQ(kv_list_entry_bytes(list.keys[0]), 4u);
    EXPECT_EQ(kv_list_entry_bytes(list.keys[1]), 8u);
}

TEST(KvList, TheLastKeyMayEndWithoutItsFilling) {
    const KvKeys list = decode_kv_keys(bytes({1, 0, 0, 0, 3, 0, 'b', 'c', 'd'}));
    EXPECT_TRUE(list.well_formed);
    EXPECT_EQ(list.keys.size(), 1u);
}

TEST(KvList, DamageEndsItAndKeepsWhatWasBefore) {
    // A key without a length, one longer than keys are, one past the end, a count without keys.
    for (const auto& damaged : {bytes({2, 0, 0, 0, 1, 0, 'a', 0, 0, 0, 0, 0}),
                                bytes({2, 0, 0, 0, 1, 0,  'a', 0,  17, 0,  1,  2,  3,  4,
                                       5, 6, 7, 8, 9, 10, 11,  12, 13, 14, 15, 16, 17, 18}),
                                bytes({2, 0, 0, 0, 1, 0, 'a', 0, 8, 0, 'b', 'c'}),
                                bytes({0xff, 0xff, 0xff, 0xff, 1, 0, 'a', 0})}) {
        const KvKeys list = decode_kv_keys(damaged);
        EXPECT_FALSE(list.well_formed);
        ASSERT_EQ(list.keys.size(), 1u);
        EXPECT_EQ(list.keys[0], *KvKey::of("a"));
    }
    EXPECT_FALSE(decode_kv_keys({}).well_formed);
    EXPECT_FALSE(decode_kv_keys(bytes({0, 0, 0})).well_formed);
    EXPECT_TRUE(decode_kv_keys(bytes({0, 0, 0, 0})).well_formed);
}

TEST(KvIdentify, LimitsOfADeviceAreKeptWithinWhatCanBe) {
    IdentifyNamespaceKv ns{};
    EXPECT_EQ(ns.key_bytes_max(), 16u);
    ns.kvf[0].kml = std::uint16_t{200};
    EXPECT_EQ(ns.key_bytes_max(), 16u);
    ns.kvf[0].kml = std::uint16_t{8};
    ns.kvf[0].vml = std::numeric_limits<std::uint32_t>::max();
    ns.nsze = std::uint64_t{1} << 40;
    ns.nkvf = 255;
    EXPECT_EQ(ns.formats(), 16u);
    Geometry geometry;
    geometry.blocks = 5;
    take_kv_geometry(ns, 65536, geometry);
    EXPECT_EQ(geometry.command_set, CommandSet::key_value);
    EXPECT_EQ(geometry.blocks, 0u);
    EXPECT_EQ(geometry.size_bytes, std::uint64_t{1} << 40);
    EXPECT_EQ(geometry.key_bytes_max, 8u);
    EXPECT_EQ(geometry.value_bytes_max, 65536u);
}

TEST(KvPrint, KeysAreTextWhereTheyCanBe) {
    EXPECT_EQ(kv_key_text(*KvKey::of("name:1")), "name:1");
    EXPECT_EQ(kv_key_text(*KvKey::of(bytes({0, 1, 0xfe}))), "0x0001fe");
    EXPECT_EQ(kv_key_text(*KvKey::of("a b")), "0x612062");
    EXPECT_EQ(kv_key_text(*KvKey::of("0x12")), "0x30783132");
    KvKeys keys;
    keys.keys = {*KvKey::of("k")};
    keys.reported = 1;
    EXPECT_EQ(to_json(to_node(keys), 0), R"({"keys":["k"],"reported":1})");
}

TEST(KvPrint, IdentifyGoesByTheCommandSet) {
    IdentifyNamespaceKv ns{};
    ns.nsze = std::uint64_t{4096};
    ns.nuse = std::uint64_t{17};
    ns.kvf[0].kml = std::uint16_t{16};
    const Node node = identify_node(Cns::ns_csi, CommandSet::key_value, encode(ns));
    ASSERT_NE(node.find("nuse_bytes"), nullptr);
    EXPECT_EQ(node.find("nuse_bytes")->as_unsigned(), 17u);
    EXPECT_EQ(node.find("formats")->at(0).find("key_max_bytes")->as_unsigned(), 16u);
}

}  // namespace
}  // namespace xnvme::nvme
