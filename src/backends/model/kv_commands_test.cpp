#include "kv_commands.hpp"

#include <array>
#include <random>

#include "admin.hpp"
#include "test_device.hpp"

namespace xnvme::be_model {
namespace {

using nvme::GenericStatus;
using nvme::KvKey;

KvKey key(std::string_view text) {
    return *KvKey::of(text);
}
Status status(GenericStatus code, bool dnr = true) {
    return nvme::status_of(code, dnr);
}
constexpr const char* kUri = "mem:1MiB?csi=kv&value_max=64KiB";

TEST(ModelKv, StoresAndRetrieves) {
    TestDevice device(kUri);
    const auto value = pattern(5000, 1);
    EXPECT_EQ(device.io_status(nvme::kv_store(key("k"), 5000), TestDevice::bytes_of(value)),
              kSuccess);
    std::vector<std::uint8_t> read(8192, 0xaa);
    const Context context =
        device.io(nvme::kv_retrieve(key("k"), 8192), TestDevice::bytes_of(read));
    EXPECT_TRUE(context.ok());
    EXPECT_EQ(context.completion.result, 5000u);
    EXPECT_TRUE(std::equal(value.begin(), value.end(), read.begin()));
    EXPECT_EQ(read[5000], 0xaa) << "nothing is written behind the value";
}

TEST(ModelKv, ALongValueFillsTheBufferAndSaysItsLength) {
    TestDevice device(kUri);
    const auto value = pattern(5000, 1);
    EXPECT_EQ(device.io_status(nvme::kv_store(key("k"), 5000), TestDevice::bytes_of(value)),
              kSuccess);
    std::vector<std::uint8_t> read(100, 0xaa);
    const Context context = device.io(nvme::kv_retrieve(key("k"), 60), TestDevice::bytes_of(read));
    EXPECT_TRUE(context.ok());
    EXPECT_EQ(context.completion.result, 5000u);
    EXPECT_TRUE(std::equal(value.begin(), value.begin() + 60, read.begin()));
    EXPECT_EQ(read[60], 0xaa);
}

TEST(ModelKv, GathersAndScattersLists) {
    TestDevice device(kUri);
    auto value = pattern(300, 2);
    const IoVec parts[] = {{value.data(), 1}, {value.data() + 1, 199}, {value.data() + 200, 100}};
    const Data list{std::span<const IoVec>(parts)};
    EXPECT_EQ(device.io_status(nvme::kv_store(key("k"), 300), list), kSuccess);
    const auto copy = value;
    std::fill(value.begin(), value.end(), std::uint8_t{0});
    EXPECT_EQ(device.io_status(nvme::kv_retrieve(key("k"), 300), list), kSuccess);
    EXPECT_EQ(value, copy);
}

TEST(ModelKv, RefusesKeysAndValuesOutsideItsLimits) {
    TestDevice device("mem:1MiB?csi=kv&key_max=8&value_max=1000");
    std::vector<std::uint8_t> data(1001);
    EXPECT_EQ(device.io_status(nvme::kv_exist(key("123456789"))),
              status(GenericStatus::invalid_key_size));
    Command none = nvme::kv_exist(key("k"));
    none.cdw11 = 0;
    EXPECT_EQ(device.io_status(none), status(GenericStatus::invalid_key_size));
    Command long_key = nvme::kv_store(key("k"), 4);
    long_key.cdw11 = 255;
    EXPECT_EQ(device.io_status(long_key, Data(data.data(), 4)),
              status(GenericStatus::invalid_key_size));
    EXPECT_EQ(device.io_status(nvme::kv_store(key("k"), 1001), TestDevice::bytes_of(data)),
              status(GenericStatus::invalid_value_size));
    EXPECT_EQ(device.io_status(nvme::kv_store(key("k"), 1000), Data(data.data(), 1000)), kSuccess);
}

TEST(ModelKv, ReservedOptionsAreInvalidFields) {
    TestDevice device(kUri);
    EXPECT_EQ(device.io_status(nvme::kv_store(key("k"), 0, 0x08)), kInvalidField);
    EXPECT_EQ(device.io_status(nvme::kv_retrieve(key("k"), 0, 0x02)), kInvalidField);
    Command remove = nvme::kv_delete(key("k"));
    remove.cdw11 |= 0x100;
    EXPECT_EQ(device.io_status(remove), kInvalidField);
    EXPECT_EQ(device.io_status(nvme::kv_store(key("k"), 0, nvme::kKvNoCompression)), kSuccess);
    EXPECT_EQ(device.io_status(nvme::kv_retrieve(key("k"), 0, nvme::kKvRaw)), kSuccess);
}

TEST(ModelKv, BuffersShorterThanTheCommandSaysAreRefused) {
    TestDevice device(kUri);
    std::vector<std::uint8_t> data(64);
    EXPECT_EQ(device.io_status(nvme::kv_store(key("k"), 65), TestDevice::bytes_of(data)),
              kDataLengthInvalid);
    EXPECT_EQ(device.io_status(nvme::kv_store(key("k"), 64), TestDevice::bytes_of(data)), kSuccess);
    EXPECT_EQ(device.io_status(nvme::kv_retrieve(key("k"), 65), TestDevice::bytes_of(data)),
              kDataLengthInvalid);
    EXPECT_EQ(device.io_status(nvme::kv_list(65), TestDevice::bytes_of(data)), kDataLengthInvalid);
    EXPECT_EQ(device.io_status(nvme::kv_list(3), TestDevice::bytes_of(data)), kInvalidField);
    EXPECT_EQ(device.io_status(nvme::kv_retrieve(key("k"), UINT32_MAX), TestDevice::bytes_of(data)),
              kInvalidField);
}

TEST(ModelKv, ListsWhatFitsFromTheKeyOn) {
    TestDevice device(kUri);
    for (const char* name : {"b", "d", "ccccc"})
        EXPECT_EQ(device.io_status(nvme::kv_store(key(name), 0)), kSuccess);
    std::vector<std::uint8_t> data(64, 0xaa);
    const auto keys_from = [&](const KvKey& from, std::uint32_t bytes) {
        std::fill(data.begin(), data.end(), std::uint8_t{0xaa});
        EXPECT_EQ(device.io_status(nvme::kv_list(bytes, from), Data(data.data(), bytes)), kSuccess);
        EXPECT_EQ(data[bytes], 0xaa);
        const auto list = nvme::decode_kv_keys(std::as_bytes(std::span(data)).first(bytes));
        EXPECT_TRUE(list.well_formed);
        return list.keys;
    };
    EXPECT_EQ(keys_from({}, 60), (std::vector{key("b"), key("ccccc"), key("d")}));
    EXPECT_EQ(keys_from(key("ccccc"), 60), (std::vector{key("ccccc"), key("d")}));
    EXPECT_EQ(keys_from(key("c"), 60), (std::vector{key("ccccc"), key("d")}));
    EXPECT_EQ(keys_from(key("e"), 60), std::vector<KvKey>{});
    EXPECT_EQ(keys_from({}, 4), std::vector<KvKey>{});
    EXPECT_EQ(keys_from({}, 8), std::vector{key("b")});
    EXPECT_EQ(keys_from({}, 15), std::vector{key("b")});
    EXPECT_EQ(keys_from({}, 16), (std::vector{key("b"), key("ccccc")}));
}

TEST(ModelKv, RunsOutOfRoomAndOfKeys) {
    TestDevice device("mem:4KiB?csi=kv&keys_max=2");
    std::vector<std::uint8_t> data(8192);
    EXPECT_EQ(device.io_status(nvme::kv_store(key("k"), 4096), Data(data.data(), 4096)),
              status(GenericStatus::capacity_exceeded, false));
    EXPECT_EQ(device.io_status(nvme::kv_store(key("k"), 4095), Data(data.data(), 4095)), kSuccess);
    EXPECT_EQ(device.io_status(nvme::kv_store(key("l"), 0)),
              status(GenericStatus::capacity_exceeded, false));
    EXPECT_EQ(device.io_status(nvme::kv_store(key("k"), 10), Data(data.data(), 10)), kSuccess);
    EXPECT_EQ(device.io_status(nvme::kv_store(key("l"), 0)), kSuccess);
    EXPECT_EQ(device.io_status(nvme::kv_store(key("m"), 0)),
              status(GenericStatus::capacity_exceeded, false));
    EXPECT_EQ(device.io_status(nvme::kv_store(key("l"), 1), Data(data.data(), 1)), kSuccess);
}

TEST(ModelKv, SaysWhatItIs) {
    TestDevice device("mem:1MiB?csi=kv&key_max=8&value_max=1000&keys_max=7");
    nvme::IdentifyFields fields;
    fields.cns = nvme::Cns::ns_csi;
    fields.nsid = 1;
    fields.csi = CommandSet::key_value;
    EXPECT_EQ(device.io_status(nvme::kv_store(key("abc"), 0)), kSuccess);
    const auto ns = device.identify<nvme::IdentifyNamespaceKv>(fields);
    EXPECT_EQ(ns.nsze.value(), 1u << 20);
    EXPECT_EQ(ns.nuse.value(), 3u);
    EXPECT_EQ(ns.kvf[0].kml.value(), 8u);
    EXPECT_EQ(ns.kvf[0].vml.value(), 1000u);
    EXPECT_EQ(ns.kvf[0].mnk.value(), 7u);
    std::array<std::byte, 4096> data;
    fields.csi = CommandSet::nvm;
    EXPECT_EQ(device.admin_status(nvme::identify(fields), std::span(data)), kInvalidField);
    fields.cns = nvme::Cns::ns;
    EXPECT_EQ(device.admin_status(nvme::identify(fields), std::span(data)), kInvalidField);
    fields.cns = nvme::Cns::io_command_sets;
    EXPECT_TRUE(device.identify<nvme::IoCommandSets>(fields).supports(0, CommandSet::key_value));
    EXPECT_FALSE(device.identify<nvme::IoCommandSets>(fields).supports(0, CommandSet::nvm));
    fields.cns = nvme::Cns::namespace_descriptors;
    EXPECT_EQ(device.admin_status(nvme::identify(fields), std::span(data)), kSuccess);
    EXPECT_EQ(nvme::decode_namespace_ids(data).csi, CommandSet::key_value);
    EXPECT_EQ(device.geometry().value_bytes_max, 1000u);
    EXPECT_EQ(device.geometry().blocks, 0u);
}

TEST(ModelKv, OnlyItsOwnCommandsAreSupported) {
    TestDevice device(kUri);
    for (unsigned opcode = 0; opcode < 256; ++opcode) {
        Command command;
        command.opcode = static_cast<std::uint8_t>(opcode);
        command.cdw11 = 1;
        const bool known = opcode == 0 || std::ranges::find(kKvOpcodes, opcode) != kKvOpcodes.end();
        EXPECT_EQ(device.io_status(command) == kInvalidOpcode, !known) << opcode;
    }
    Command foreign = nvme::kv_exist(key("k"));
    foreign.nsid = 2;
    EXPECT_EQ(device.io_status(foreign), kInvalidNamespace);
}

TEST(ModelKv, FormatAndSanitizeRemoveEverything) {
    TestDevice device(kUri);
    nvme::FormatFields fields;
    fields.nsid = 1;
    for (const Command& command : {nvme::format(fields), nvme::sanitize({})}) {
        EXPECT_EQ(device.io_status(nvme::kv_store(key("k"), 0)), kSuccess);
        EXPECT_EQ(device.admin_status(command), kSuccess);
        EXPECT_EQ(device.io_status(nvme::kv_exist(key("k"))),
                  status(GenericStatus::key_does_not_exist));
    }
    fields.lbaf = 1;
    EXPECT_EQ(device.admin_status(nvme::format(fields)), kInvalidFormat);
}

TEST(ModelKv, HealthCountsItsTraffic) {
    TestDevice device(kUri);
    std::vector<std::uint8_t> data(1000);
    EXPECT_EQ(device.io_status(nvme::kv_store(key("k"), 1000), TestDevice::bytes_of(data)),
              kSuccess);
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(device.io_status(nvme::kv_retrieve(key("k"), 1000), TestDevice::bytes_of(data)),
                  kSuccess);
    }
    const auto health = device.log<nvme::HealthLog>(nvme::LogPage::health);
    EXPECT_EQ(health.host_write_commands.saturated(), 1u);
    EXPECT_EQ(health.host_read_commands.saturated(), 3u);
    EXPECT_EQ(health.data_units_written.saturated(), 1u);
}

TEST(ModelKv, FaultsMeetCommandsByNameKeyAndNumber) {
    TestDevice device("mem:1MiB?csi=kv&fault=store@key:bad&fault=retrieve@nth:2,sct=0,sc=0x06");
    EXPECT_EQ(device.io_status(nvme::kv_store(key("bad"), 0)),
              status(GenericStatus::unrecovered_error, false));
    EXPECT_EQ(device.io_status(nvme::kv_store(key("good"), 0)), kSuccess);
    EXPECT_EQ(device.io_status(nvme::kv_exist(key("bad"))),
              status(GenericStatus::key_does_not_exist));
    EXPECT_EQ(device.io_status(nvme::kv_retrieve(key("good"), 0)), kSuccess);
    EXPECT_EQ(device.io_status(nvme::kv_retrieve(key("good"), 0)),
              status(GenericStatus::internal_error, false));
    EXPECT_EQ(device.io_status(nvme::kv_retrieve(key("good"), 0)), kSuccess);
}

TEST(ModelKv, IsWriteProtectedWhenAsked) {
    TestDevice device("mem:1MiB?csi=kv&ro=1");
    EXPECT_EQ(device.io_status(nvme::kv_store(key("k"), 0)), kWriteProtected);
    EXPECT_EQ(device.io_status(nvme::kv_delete(key("k"))), kWriteProtected);
}

TEST(ModelKv, RefusesOptionsThatMakeNoSense) {
    EXPECT_NE(refusal("mem:1MiB?csi=kvs").find("nvm or kv"), std::string::npos);
    EXPECT_NE(refusal("mem:1MiB?csi=kv&key_max=17").find("1 to 16"), std::string::npos);
    EXPECT_NE(refusal("mem:1MiB?csi=kv&key_max=0").find("1 to 16"), std::string::npos);
    EXPECT_NE(refusal("mem:1MiB?csi=kv&value_max=0").find("value_max"), std::string::npos);
    EXPECT_NE(refusal("mem:1MiB?csi=kv&value_max=2MiB").find("mdts="), std::string::npos);
    EXPECT_NE(refusal("mem:1MiB?csi=kv&keys_max=0").find("keys_max"), std::string::npos);
    EXPECT_NE(refusal("mem:1MiB?key_max=4").find("csi=kv"), std::string::npos);
    EXPECT_NE(refusal("mem:1MiB?csi=kv&block=512").find("block"), std::string::npos);
    EXPECT_NE(refusal("mem:1MiB?csi=kv&fault=read").find("store"), std::string::npos);
    EXPECT_NE(refusal("mem:1MiB?csi=kv&fault=store@lba:1").find("@key"), std::string::npos);
    EXPECT_NE(refusal("mem:1MiB?fault=store").find("csi=kv"), std::string::npos);
    EXPECT_NE(refusal("mem:1MiB?fault=read@key:a").find("csi=kv"), std::string::npos);
    EXPECT_NE(refusal("mem:1MiB?csi=kv&fault=store@key:").find("1 to 16"), std::string::npos);
    EXPECT_EQ(refusal("mem:1MiB?csi=kv&fault=flush&fault=any@nth:9&fault=identify@nth:9"), "");
    EXPECT_EQ(refusal("mem:1MiB?mdts=4MiB&csi=kv&value_max=2MiB"), "");
}

TEST(ModelKv, SurvivesRandomCommands) {
    TestDevice device("mem:64KiB?csi=kv&value_max=4KiB");
    std::mt19937 engine(20);
    const auto random = [&engine] { return static_cast<std::uint32_t>(engine()); };
    std::vector<std::uint8_t> data(4096);
    for (int i = 0; i < 20000; ++i) {
        Command command;
        command.opcode = kKvOpcodes[random() % kKvOpcodes.size()];
        command.flags = static_cast<std::uint8_t>(random() % 16 == 0 ? random() : 0);
        command.cdw2 = random() % 4;
        command.cdw3 = random();
        command.cdw10 = random() % 8 == 0 ? random() : random() % 5000;
        command.cdw11 = random() % 8 == 0 ? random() : random() % 3;
        command.cdw14 = random();
        const std::size_t bytes = random() % (data.size() + 1);
        const Context context = device.io(command, Data(data.data(), bytes));
        EXPECT_TRUE(context.error == Errc::ok || context.error == Errc::device);
    }
    nvme::IdentifyFields fields;
    fields.cns = nvme::Cns::ns_csi;
    fields.csi = CommandSet::key_value;
    EXPECT_LE(device.identify<nvme::IdentifyNamespaceKv>(fields).nuse.value(), 65536u);
}

}  // namespace
}  // namespace xnvme::be_model
