#include <xnvme/nvme/print.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cctype>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <xnvme/nvme/builders.hpp>
#include <xnvme/nvme/status.hpp>

namespace xnvme::nvme {
namespace {

/// A reader of JSON that accepts exactly RFC 8259 in UTF-8, for checking what the library writes.
class JsonChecker {
  public:
    static bool valid(std::string_view text) {
        JsonChecker checker(text);
        checker.space();
        if (!checker.value()) return false;
        checker.space();
        return checker.at_ == text.size();
    }

  private:
    explicit JsonChecker(std::string_view text) : text_(text) {}

    int peek() const { return at_ < text_.size() ? static_cast<unsigned char>(text_[at_]) : -1; }
    bool eat(char c) {
        if (peek() != static_cast<unsigned char>(c)) return false;
        ++at_;
        return true;
    }
    bool eat(std::string_view word) {
        if (text_.substr(at_, word.size()) != word) return false;
        at_ += word.size();
        return true;
    }
    void space() {
        while (peek() == ' ' || peek() == '\n' || peek() == '\t' || peek() == '\r') ++at_;
    }
    bool digits() {
        const std::size_t start = at_;
        while (peek() >= '0' && peek() <= '9') ++at_;
        return at_ > start;
    }
    bool value() {
        if (peek() == '{') return members('{', '}', true);
        if (peek() == '[') return members('[', ']', false);
        if (peek() == '"') return string();
        return eat("true") || eat("false") || eat("null") || number();
    }
    bool members(char open, char close, bool named) {
        eat(open);
        space();
        if (eat(close)) return true;
        do {
            space();
            if (named) {
                if (!string()) return false;
                space();
                if (!eat(':')) return false;
                space();
            }
            if (!value()) return false;
            space();
        } while (eat(','));
        return eat(close);
    }
    bool number() {
        eat('-');
        if (!eat('0') && !digits()) return false;
        if (eat('.') && !digits()) return false;
        if (eat('e') || eat('E')) {
            if (!eat('+')) eat('-');
            if (!digits()) return false;
        }
        return true;
    }
    bool string() {
        if (!eat('"')) return false;
        while (!eat('"')) {
            if (peek() < 0x20) return false;
            if (eat('\\')) {
                if (eat('u')) {
                    for (int i = 0; i < 4; ++i, ++at_) {
                        if (peek() < 0 || !std::isxdigit(peek())) return false;
                    }
                } else if (peek() < 0 || std::strchr("\"\\/bfnrt", peek()) == nullptr) {
                    return false;
                } else {
                    ++at_;
                }
            } else if (!character()) {
                return false;
            }
        }
        return true;
    }
    bool character() {
        const int first = peek();
        ++at_;
        if (first < 0x80) return true;
        const int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc2 ? 1 : -1;
        if (more < 0 || first > 0xf4) return false;
        for (int i = 0; i < more; ++i, ++at_) {
            if ((peek() & 0xc0) != 0x80) return false;
        }
        return true;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

TEST(JsonChecker, RejectsWhatIsNotJson) {
    for (const char* text : {"", "{", "[1,]", "\"\n\"", "\"\\x41\"", "01", "1.", "nul", "{\"a\" 1}",
                             "\"\xff\"", "\"\xc3\"", "[1] 2", "\"\\u12g4\""}) {
        EXPECT_FALSE(JsonChecker::valid(text)) << text;
    }
    EXPECT_TRUE(JsonChecker::valid(" {\"a\": [1, -2.5e3, true, null, \"\\u00e9\xc3\xa9\"]} "));
}

TEST(Json, KeepsAllBitsOfIntegers) {
    EXPECT_EQ(to_json(std::uint64_t{UINT64_MAX}, 0), "18446744073709551615");
    EXPECT_EQ(to_json(std::int64_t{INT64_MIN}, 0), "-9223372036854775808");
    EXPECT_EQ(to_json(Node::hex(UINT64_MAX, 16), 0), "18446744073709551615");
    EXPECT_EQ(to_json(U128{0, 1}, 0), "\"18446744073709551616\"");
    EXPECT_EQ(to_json(std::uint8_t{200}, 0), "200");
    EXPECT_EQ(to_json(Le16(7), 0), "7");
    EXPECT_EQ(to_json(-1, 0), "-1");
}

TEST(Json, WritesEveryKindOfValue) {
    Node node = Node::map();
    node.add("null", Node())
        .add("yes", true)
        .add("real", 1.5)
        .add("whole", 2.0)
        .add("large", 1e300)
        .add("undefined", std::numeric_limits<double>::quiet_NaN())
        .add("infinite", std::numeric_limits<double>::infinity())
        .add("list", Node::list().push(1).push("two"))
        .add("empty_list", Node::list())
        .add("empty_map", Node::map());
    EXPECT_EQ(to_json(node, 0),
              "{\"null\":null,\"yes\":true,\"real\":1.5,\"whole\":2.0,\"large\":1e+300,"
              "\"undefined\":null,\"infinite\":null,\"list\":[1,\"two\"],\"empty_list\":[],"
              "\"empty_map\":{}}");
    EXPECT_TRUE(JsonChecker::valid(to_json(node)));
}

TEST(Json, IndentsByLevels) {
    EXPECT_EQ(to_json(Node::map().add("a", Node::list().push(1).push(2)).add("b", "c")),
              "{\n  \"a\": [1, 2],\n  \"b\": \"c\"\n}\n");
    EXPECT_EQ(to_json(Node::list().push(Node::list().push(1).push(2)).push(3)),
              "[\n  [1, 2],\n  3\n]\n");
}

TEST(Json, EscapesTextAndNames) {
    EXPECT_EQ(to_json("a\"b\\c\nd\te\rf", 0), "\"a\\\"b\\\\c\\nd\\te\\rf\"");
    EXPECT_EQ(to_json(std::string_view("\0\x1b[31m\x7f", 7), 0), "\"\\u0000\\u001b[31m\\u007f\"");
    EXPECT_EQ(to_json(Node::map().add("\"x\"", 1), 0), "{\"\\\"x\\\"\":1}");
}

TEST(Json, KeepsUtf8AndEscapesWhatIsNone) {
    EXPECT_EQ(to_json("caf\xc3\xa9 \xf0\x9f\x98\x80", 0), "\"caf\xc3\xa9 \xf0\x9f\x98\x80\"");
    EXPECT_EQ(to_json("\xe9t\xe9", 0), "\"\\\\xe9t\\\\xe9\"");
    // Overlong, a surrogate, past the last character, and cut off.
    EXPECT_EQ(to_json("\xc0\xaf", 0), "\"\\\\xc0\\\\xaf\"");
    EXPECT_EQ(to_json("\xed\xa0\x80", 0), "\"\\\\xed\\\\xa0\\\\x80\"");
    EXPECT_EQ(to_json("\xf4\x90\x80\x80", 0), "\"\\\\xf4\\\\x90\\\\x80\\\\x80\"");
    EXPECT_EQ(to_json("\xe2\x82", 0), "\"\\\\xe2\\\\x82\"");
    // A character that turns the reading direction, and one of the second control block.
    EXPECT_EQ(to_json("\xe2\x80\xae", 0), "\"\\u202e\"");
    EXPECT_EQ(to_json("\xc2\x9b", 0), "\"\\u009b\"");
}

TEST(Json, RandomBytesAreAlwaysValid) {
    std::mt19937 random(7);
    for (unsigned round = 0; round < 3000; ++round) {
        std::string bytes(random() % 40, '\0');
        for (char& c : bytes) c = static_cast<char>(random());
        const Node node = Node::map().add(bytes, bytes).add("d", Node::device_text(bytes));
        ASSERT_TRUE(JsonChecker::valid(to_json(node, round % 3)));
    }
}

TEST(DeviceText, BecomesPrintableAscii) {
    EXPECT_EQ(Node::device_text("S\xe9r\\1\n").as_text(), "S\\xe9r\\x5c1\\x0a");
    EXPECT_EQ(Node::device_text("plain 1").as_text(), "plain 1");
}

TEST(Yaml, WritesOneValuePerLine) {
    const Node node =
        Node::map()
            .add("name", "write zeroes")
            .add("raw", Node::hex(0x2a, 4))
            .add("wide", Node::hex(0x12345, 2))
            .add("zero", Node::hex(0, 1))
            .add("empty", Node::list())
            .add("nothing", Node())
            .add("sub", Node::map().add("on", true).add("list", Node::list().push(1).push(2)))
            .add("maps", Node::list()
                             .push(Node::map().add("a", 1).add("b", 2))
                             .push(Node::map().add("a", 3)))
            .add("lists", Node::list().push(Node::list().push(1).push(2)));
    EXPECT_EQ(to_yaml(node),
              "name: write zeroes\n"
              "raw: 0x002a\n"
              "wide: 0x12345\n"
              "zero: 0x0\n"
              "empty: []\n"
              "nothing: null\n"
              "sub:\n"
              "  \"on\": true\n"
              "  list:\n"
              "    - 1\n"
              "    - 2\n"
              "maps:\n"
              "  - a: 1\n"
              "    b: 2\n"
              "  - a: 3\n"
              "lists:\n"
              "  - - 1\n"
              "    - 2\n");
    EXPECT_EQ(to_yaml(7), "7\n");
    EXPECT_EQ(to_yaml(Node::map()), "{}\n");
}

TEST(Yaml, QuotesTextThatWouldReadAsSomethingElse) {
    for (const char* text :
         {"",   "true", "No",         "null",  "12",      "-3",   "1e5",   "0x1f",
          ".5", "~",    "- a",        "a: b",  "a #b",    "[x]",  "{x}",   "*a",
          "&a", "!a",   "ends with ", "ends:", " starts", "a\nb", "\"q\"", "caf\xc3\xa9"}) {
        const std::string yaml = to_yaml(text);
        EXPECT_EQ(yaml.front(), '"') << text;
        EXPECT_EQ(yaml.substr(yaml.size() - 2), "\"\n") << text;
    }
    for (const char* text :
         {"io_uring", "/dev/nvme0n1", "Invalid Field in Command", "nqn.2014:x", "it's", "a, b"}) {
        EXPECT_EQ(to_yaml(text), std::string(text) + '\n');
    }
}

TEST(Node, FindsMembersByName) {
    const Node node = Node::map().add("a", 1u).add("b", "x");
    ASSERT_NE(node.find("b"), nullptr);
    EXPECT_EQ(node.find("b")->as_text(), "x");
    EXPECT_EQ(node.find("a")->as_unsigned(), 1u);
    EXPECT_EQ(node.find("c"), nullptr);
    EXPECT_EQ(node.size(), 2u);
    EXPECT_EQ(node.name(1), "b");
}

const Node& member(const Node& node, std::string_view name) {
    static const Node kNone("no such member");
    const Node* found = node.find(name);
    EXPECT_NE(found, nullptr) << name;
    return found != nullptr ? *found : kNone;
}

TEST(Print, IdentifyControllerHasUnitsAndFlags) {
    IdentifyController id{};
    set_text(id.sn,
             "S\xff"
             "1");
    set_text(id.mn, "Model X");
    id.mdts = 7;
    id.oacs = kOacsFormat;
    id.tnvmcap = U128{0, 1};
    id.wctemp = 343;
    id.ieee = {0x54, 0x52, 0x00};
    id.elpe = 3;
    const Node node = to_node(id);
    EXPECT_EQ(member(node, "serial").as_text(), "S\\xff1");
    EXPECT_EQ(member(node, "model").as_text(), "Model X");
    EXPECT_EQ(member(node, "max_transfer_bytes").as_unsigned(), 524288u);
    EXPECT_TRUE(member(member(node, "oacs"), "format_nvm").as_bool());
    EXPECT_FALSE(member(member(node, "oacs"), "security").as_bool());
    EXPECT_EQ(member(node, "total_capacity_bytes").as_text(), "18446744073709551616");
    EXPECT_EQ(member(node, "warning_temperature_celsius").as_signed(), 70);
    EXPECT_EQ(member(node, "critical_temperature_celsius").kind(), Node::Kind::null);
    EXPECT_EQ(member(node, "ieee_oui").as_text(), "005254");
    EXPECT_EQ(member(node, "error_log_entries").as_unsigned(), 4u);
    EXPECT_EQ(member(node, "power_state_descriptors").size(), 1u);
}

TEST(Print, IdentifyNamespaceMarksTheFormatInUse) {
    IdentifyNamespace id{};
    id.nsze = 100;
    id.nlbaf = 1;
    id.flbas = 1;
    id.lbaf[0].lbads = 9;
    id.lbaf[1].lbads = 12;
    const Node node = to_node(id);
    EXPECT_EQ(member(node, "size_bytes").as_unsigned(), 409600u);
    const Node& formats = member(node, "lba_formats");
    ASSERT_EQ(formats.size(), 2u);
    EXPECT_FALSE(member(formats.at(0), "in_use").as_bool());
    EXPECT_TRUE(member(formats.at(1), "in_use").as_bool());
    EXPECT_EQ(member(formats.at(1), "block_bytes").as_unsigned(), 4096u);
}

TEST(Print, HealthHasTemperaturesInCelsius) {
    HealthLog log{};
    log.composite_temperature = 300;
    log.critical_warning = kWarnReadOnly;
    log.temperature_sensor[0] = 310;
    log.power_on_hours = U128::of(12);
    const Node node = to_node(log);
    EXPECT_EQ(member(node, "temperature_celsius").as_signed(), 27);
    EXPECT_TRUE(member(member(node, "critical_warning"), "read_only").as_bool());
    ASSERT_EQ(member(node, "temperature_sensors_celsius").size(), 1u);
    EXPECT_EQ(member(node, "temperature_sensors_celsius").at(0).as_signed(), 37);
    EXPECT_EQ(member(node, "power_on_hours").as_text(), "12");
}

TEST(Print, ErrorLogListsTheEntriesInUse) {
    std::array<ErrorLogEntry, 4> entries{};
    entries[0].error_count = 2;
    entries[0].status_field = status_of(GenericStatus::lba_out_of_range).raw;
    entries[0].lba = 77;
    entries[0].parameter_error_location = 0xffff;
    entries[1].error_count = 1;
    const auto bytes = std::as_bytes(std::span(entries));
    const Node node = log_node(LogPage::error_information, CommandSet::nvm, bytes);
    const Node& list = member(node, "entries");
    ASSERT_EQ(list.size(), 2u);
    EXPECT_EQ(member(member(list.at(0), "status"), "name").as_text(), "LBA Out of Range");
    EXPECT_EQ(member(list.at(0), "lba").as_unsigned(), 77u);
    EXPECT_EQ(list.at(0).find("parameter_byte"), nullptr);
    EXPECT_NE(list.at(1).find("parameter_byte"), nullptr);
    // A buffer that ends inside an entry.
    const Node cut = log_node(LogPage::error_information, CommandSet::nvm, bytes.first(100));
    EXPECT_EQ(member(cut, "entries").size(), 1u);
}

TEST(Print, SanitizeStatusLeavesOutWhatIsNotReported) {
    SanitizeStatusLog log{};
    log.sstat = 3;
    log.eto = 0xffffffff;
    log.etbe = 10;
    const Node node = log_node(LogPage::sanitize_status, CommandSet::nvm, encode(log));
    EXPECT_EQ(member(node, "state").as_text(), "failed");
    EXPECT_EQ(member(node, "overwrite_seconds").kind(), Node::Kind::null);
    EXPECT_EQ(member(node, "block_erase_seconds").as_unsigned(), 10u);
}

TEST(Print, SelfTestShowsTheResultsInUse) {
    SelfTestLog log{};
    for (SelfTestResult& result : log.results) result.status = 0x0f;
    log.operation = 1;
    log.completion = 40;
    log.results[0].status = 0x27;
    log.results[0].valid = 0x0f;
    log.results[0].failing_lba = 99;
    log.results[0].sct = 2;
    log.results[0].sc = 0x81;
    const Node node = log_node(LogPage::self_test, CommandSet::nvm, encode(log));
    EXPECT_EQ(member(node, "in_progress").as_text(), "short");
    EXPECT_EQ(member(node, "completed_percent").as_signed(), 40);
    ASSERT_EQ(member(node, "results").size(), 1u);
    const Node& result = member(node, "results").at(0);
    EXPECT_EQ(member(result, "test").as_text(), "extended");
    EXPECT_EQ(member(result, "result").as_text(), "failed");
    EXPECT_EQ(member(result, "failing_lba").as_unsigned(), 99u);
    EXPECT_EQ(member(member(result, "status"), "name").as_text(), "Unrecovered Read Error");
}

TEST(Print, FirmwareAndChangedNamespacesListWhatIsThere) {
    FirmwareSlotLog slots{};
    slots.afi = 2;
    set_text(slots.frs[1], "2.1\xff");
    const Node firmware = log_node(LogPage::firmware_slot, CommandSet::nvm, encode(slots));
    EXPECT_EQ(member(firmware, "next_slot").kind(), Node::Kind::null);
    ASSERT_EQ(member(firmware, "slots").size(), 1u);
    EXPECT_EQ(member(member(firmware, "slots").at(0), "revision").as_text(), "2.1\\xff");
    EXPECT_TRUE(member(member(firmware, "slots").at(0), "active").as_bool());
    ChangedNamespacesLog changed{};
    changed.list.nsid[0] = kNsidAll;
    EXPECT_EQ(to_json(to_node(changed), 0), "{\"too_many_to_list\":true,\"nsids\":[]}");
}

TEST(Print, CommandsEffectsNamesTheCommands) {
    CommandsEffectsLog log{};
    log.admin[0x06].raw = kEffectSupported;
    log.io[0x01].raw = kEffectSupported | kEffectBlocks;
    const Node node = to_node(log);
    ASSERT_EQ(member(node, "admin").size(), 1u);
    EXPECT_EQ(member(member(node, "admin").at(0), "name").as_text(), "identify");
    EXPECT_EQ(member(member(node, "io").at(0), "name").as_text(), "write");
    EXPECT_TRUE(member(member(node, "io").at(0), "changes_blocks").as_bool());
    const Node store = to_node(log, CommandSet::key_value);
    EXPECT_EQ(member(member(store, "io").at(0), "name").as_text(), "store");
}

TEST(Print, FeaturesDecodeTheirValue) {
    const Node queues = feature_node(FeatureId::number_of_queues, 0x001f003f);
    EXPECT_EQ(member(queues, "name").as_text(), "number-of-queues");
    EXPECT_EQ(member(queues, "submission_queues").as_unsigned(), 64u);
    const Node threshold = feature_node(FeatureId::temperature_threshold, 343);
    EXPECT_EQ(member(threshold, "threshold_celsius").as_signed(), 70);
    const Timestamp stamp{{1, 0, 0, 0, 0, 0}, 2, 0};
    const Node time = feature_node(FeatureId::timestamp, 0, encode(stamp));
    EXPECT_EQ(member(time, "time_ms").as_unsigned(), 1u);
    const std::array<std::byte, 16> data{std::byte{0xab}};
    const Node host = feature_node(FeatureId::host_identifier, 0, data);
    EXPECT_EQ(member(member(host, "data"), "lines").at(0).as_text(),
              "0000: ab00000000000000 0000000000000000");
}

TEST(Print, CommandsShowTheirFields) {
    const Node node = to_node(read(5, 8), OpcodeSet::nvm);
    EXPECT_EQ(member(node, "name").as_text(), "read");
    EXPECT_EQ(member(node, "slba").as_unsigned(), 5u);
    EXPECT_EQ(member(node, "blocks").as_unsigned(), 8u);
    const Node file = to_node(file_write(4097), OpcodeSet::file_system);
    EXPECT_EQ(member(file, "name").as_text(), "file-write");
    EXPECT_EQ(member(file, "offset_bytes").as_unsigned(), 4097u);
    const Node admin = to_node(identify({}), OpcodeSet::admin);
    EXPECT_EQ(member(admin, "name").as_text(), "identify");
    EXPECT_EQ(admin.find("slba"), nullptr);
}

TEST(Print, ErrorsKeepDeviceAndSystemApart) {
    const Node device = to_node(Error::of_device(status_of(MediaStatus::compare_failure, true)));
    EXPECT_EQ(member(member(device, "status"), "name").as_text(), "Compare Failure");
    EXPECT_TRUE(member(member(device, "status"), "do_not_retry").as_bool());
    EXPECT_EQ(device.find("errno"), nullptr);
    const Node system = to_node(Error::of_system(5));
    EXPECT_EQ(member(system, "errno").as_signed(), 5);
    EXPECT_EQ(system.find("status"), nullptr);
}

TEST(Print, NamespaceIdsShowWhatIsThere) {
    NamespaceIds ids;
    ids.has_uuid = true;
    for (std::uint8_t i = 0; i < 16; ++i) ids.uuid[i] = static_cast<std::uint8_t>(0x10 + i);
    ids.has_csi = true;
    ids.csi = static_cast<CommandSet>(0x30);
    const Node node = to_node(ids);
    EXPECT_EQ(member(node, "uuid").as_text(), "10111213-1415-1617-1819-1a1b1c1d1e1f");
    EXPECT_EQ(member(node, "command_set").as_unsigned(), 0x30u);
    EXPECT_EQ(node.find("eui64"), nullptr);
}

TEST(Print, BytesLeaveOutTrailingZeroes) {
    std::array<std::byte, 100> data{};
    data[33] = std::byte{0x5a};
    const Node node = bytes_node(data);
    EXPECT_EQ(member(node, "bytes").as_unsigned(), 100u);
    ASSERT_EQ(member(node, "lines").size(), 2u);
    EXPECT_EQ(member(node, "lines").at(1).as_text().substr(0, 11), "0020: 005a0");
    EXPECT_EQ(member(bytes_node({}), "lines").size(), 0u);
}

TEST(Print, WhateverADeviceSaysBecomesValidJson) {
    std::mt19937 random(3);
    for (int round = 0; round < 12; ++round) {
        std::vector<std::byte> data(round % 4 == 0 ? random() % 5000 : 4096);
        for (std::byte& byte : data) byte = static_cast<std::byte>(random());
        for (unsigned value = 0; value < 0x20; ++value) {
            const auto csi = static_cast<CommandSet>(random() % 4);
            const Node identify = identify_node(static_cast<Cns>(value), csi, data);
            ASSERT_TRUE(JsonChecker::valid(to_json(identify, 0))) << value;
            const Node log = log_node(static_cast<LogPage>(value), csi, data);
            ASSERT_TRUE(JsonChecker::valid(to_json(log, 0))) << value;
            const Node feature = feature_node(static_cast<FeatureId>(value),
                                              static_cast<std::uint32_t>(random()), data);
            ASSERT_TRUE(JsonChecker::valid(to_json(feature, 0))) << value;
        }
    }
}

TEST(Print, GeometryCompletionAndListsAreComplete) {
    Geometry geometry;
    geometry.blocks = 10;
    geometry.zoned = true;
    geometry.zones = 4;
    EXPECT_EQ(member(to_node(geometry), "zones").as_unsigned(), 4u);
    Completion completion;
    completion.status = status_of(GenericStatus::invalid_field);
    EXPECT_EQ(member(member(to_node(completion), "status"), "sc").as_unsigned(), 2u);
    NamespaceList list{};
    list.nsid[0] = 4;
    EXPECT_EQ(to_json(to_node(list), 0), "{\"nsids\":[4]}");
    IoCommandSets sets{};
    sets.vector[2] = 5;
    const Node combinations = to_node(sets);
    EXPECT_EQ(to_json(member(combinations, "combinations").at(0), 0),
              "{\"index\":2,\"value\":5,\"command_sets\":[\"nvm\",\"zoned\"]}");
    EXPECT_EQ(to_json(to_node(FeatureCapabilities{4}), 0),
              "{\"value\":4,\"saveable\":false,\"per_namespace\":false,\"changeable\":true}");
}

}  // namespace
}  // namespace xnvme::nvme
