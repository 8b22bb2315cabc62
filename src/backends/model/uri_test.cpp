#include "uri.hpp"

#include <gtest/gtest.h>

#include "test_device.hpp"

namespace xnvme::be_model {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

Config parsed(const std::string& uri) {
    auto config = parse_uri(uri);
    EXPECT_TRUE(config) << (config ? "" : config.error().sentence);
    return config ? *config : Config{};
}

TEST(ModelUri, TakesSizesWithAndWithoutScheme) {
    EXPECT_EQ(parsed("mem:1GiB").size_bytes, 1u << 30);
    EXPECT_EQ(parsed("1GB").size_bytes, 1u << 30);
    EXPECT_EQ(parsed("64MiB?block=4096").size_bytes, 64u << 20);
    EXPECT_EQ(parsed("mem:1PiB").size_bytes, kSizeMax);
}

TEST(ModelUri, TakesEveryOption) {
    const Config config = parsed(
        "mem:1MiB?name=disk&block=4096&meta=64&extended=1&mdts=128KiB&latency=5ms&"
        "dealloc=ones&ro=1&serial=A1&fault=read&fault=write@nth:3");
    EXPECT_EQ(config.name, "disk");
    EXPECT_EQ(config.format, 2);
    EXPECT_TRUE(config.extended);
    EXPECT_EQ(config.mdts_bytes, 128u << 10);
    EXPECT_EQ(config.read_latency, milliseconds(5));
    EXPECT_EQ(config.write_latency, milliseconds(5));
    EXPECT_EQ(config.deallocated, DeallocatedRead::ones);
    EXPECT_TRUE(config.read_only);
    EXPECT_EQ(config.serial, "A1");
    EXPECT_EQ(config.faults.size(), 2u);
}

TEST(ModelUri, ChoosesTheFormatByBlockAndMetadata) {
    EXPECT_EQ(parsed("mem:1MiB").format, 0);
    EXPECT_EQ(parsed("mem:1MiB?block=4KiB").format, 1);
    EXPECT_EQ(parsed("mem:1MiB?meta=64").format, 2);
    EXPECT_EQ(parsed("mem:1MiB?block=512&meta=0").format, 0);
}

TEST(ModelUri, LatenciesOfReadsAndWritesAreApart) {
    const Config config = parsed("mem:1MiB?read_latency=100us&write_latency=1s");
    EXPECT_EQ(config.read_latency, std::chrono::microseconds(100));
    EXPECT_EQ(config.write_latency, std::chrono::seconds(1));
}

TEST(ModelUri, EachMistakeHasItsOwnSentence) {
    const std::pair<const char*, const char*> cases[] = {
        {"mem:", "''"},
        {"mem:1GBB", "'1GBB'"},
        {"mem:0", "from 4 KiB to 1 PiB"},
        {"mem:2PiB", "from 4 KiB to 1 PiB"},
        {"mem:5000", "4608 or 5120"},
        {"mem:4608?block=4096", "4096 or 8192"},
        {"mem:1MiB?block=1024", "'block=1024'"},
        {"mem:1MiB?meta=9", "'meta=9'"},
        {"mem:1MiB?pi=4", "'pi=4'"},
        {"mem:1MiB?pi=1&meta=0", "needs at least meta=8"},
        {"mem:1MiB?pi=1&guard=64&meta=8", "needs at least meta=16"},
        {"mem:1MiB?pi=1&guard=24", "'guard=24'"},
        {"mem:1MiB?guard=64&meta=16", "add pi=1"},
        {"mem:1MiB?pi_first=1", "add pi=1"},
        {"mem:1MiB?pi=1&pi_first=2", "'pi_first=2'"},
        {"mem:1MiB?pi=1&storage_tag=33", "storage_tag=33 does not go with a guard of 16"},
        {"mem:1MiB?pi=1&guard=32&storage_tag=8", "storage_tag=8 does not go with a guard of 32"},
        {"mem:1MiB?extended=1", "needs metadata"},
        {"mem:1MiB?extended=yes", "extended must be 0 or 1"},
        {"mem:1MiB?mdts=12KiB", "power of two from 8KiB to 1GiB"},
        {"mem:1MiB?mdts=4KiB", "power of two from 8KiB to 1GiB"},
        {"mem:1MiB?latency=100", "such as 100us"},
        {"mem:1MiB?latency=2000000000s", "such as 100us"},
        {"mem:1MiB?dealloc=one", "zeroes, ones or unreported"},
        {"mem:1MiB?ro=2", "ro must be 0 or 1"},
        {"mem:1MiB?ro", "has no value"},
        {"mem:1MiB?=1", "has no key"},
        {"mem:1MiB?ro=1&ro=1", "given twice"},
        {"mem:1MiB?nmae=x", "Did you mean 'name'?"},
        {"mem:1MiB?colour=red", "The options are name, block,"},
        {"mem:1MiB?name=", "'name='"},
        {"mem:1MiB?serial=012345678901234567890", "1 to 20 printable characters"},
    };
    for (const auto& [uri, part] : cases) {
        const std::string sentence = refusal(uri);
        EXPECT_NE(sentence.find(part), std::string::npos) << uri << ": " << sentence;
    }
}

TEST(ModelUri, DurationsHaveUnits) {
    EXPECT_EQ(*parse_duration("0ns"), nanoseconds(0));
    EXPECT_EQ(*parse_duration("100us"), nanoseconds(100'000));
    EXPECT_EQ(*parse_duration("3600s"), std::chrono::hours(1));
    EXPECT_FALSE(parse_duration("3601s"));
    EXPECT_FALSE(parse_duration("us"));
    EXPECT_FALSE(parse_duration("-1us"));
    EXPECT_FALSE(parse_duration("1 us"));
}

TEST(ModelFault, ReadsOpcodesRangesAndStatuses) {
    const auto rule = parse_fault("read@lba:100..107,sct=2,sc=0x81,dnr=1,count=3");
    ASSERT_TRUE(rule);
    EXPECT_EQ(rule->opcode, 0x02);
    EXPECT_EQ(rule->when, FaultRule::When::lba);
    EXPECT_EQ(rule->first, 100u);
    EXPECT_EQ(rule->last, 107u);
    EXPECT_EQ(rule->count, 3u);
    EXPECT_EQ(rule->status, Status::make(2, 0x81, true));

    const auto drop = parse_fault("drop@nth:50");
    ASSERT_TRUE(drop);
    EXPECT_TRUE(drop->any && drop->drop);
    EXPECT_EQ(drop->first, 50u);
    EXPECT_EQ(drop->count, 1u);

    const auto admin = parse_fault("identify,once");
    ASSERT_TRUE(admin);
    EXPECT_TRUE(admin->admin);
    EXPECT_EQ(admin->status, kInternalError);

    EXPECT_EQ(parse_fault("write")->status, kWriteFault);
    EXPECT_EQ(parse_fault("read,dnr=1")->status, Status::make(2, 0x81, true));
    EXPECT_TRUE(parse_fault("write-zeroes@lba:0x10,drop")->drop);
    EXPECT_TRUE(parse_fault("write@nth:3,lost")->lost);
    EXPECT_TRUE(parse_fault("write@nth:3,lost")->status.ok());
}

TEST(ModelFault, EachMistakeHasItsOwnSentence) {
    const std::pair<const char*, const char*> cases[] = {
        {"raed", "Did you mean 'read'?"},
        {"", "'' is not a command"},
        {"read@where:1", "none of @lba:FIRST..LAST, @key:KEY and @nth:NUMBER"},
        {"read@lba:", "after lba:"},
        {"read@lba:9..3", "ascending order"},
        {"read@lba:1..x", "ascending order"},
        {"read@nth:0", "whole number from 1"},
        {"read,sct=8,sc=1", "sct=0 to sct=7"},
        {"read,sct=1,sc=256", "sc=0 to sc=0xff"},
        {"read,sct=1", "go together"},
        {"read,sct=0,sc=0", "is success"},
        {"read,dnr=2", "dnr=0 or dnr=1"},
        {"read,count=0", "whole number from 1"},
        {"read,onec", "Did you mean 'once'?"},
        {"drop,sct=2,sc=1", "never completes"},
        {"write,lost,sct=2,sc=1", "that is lost succeeds"},
        {"write,lost,drop", "neither dropped"},
        {"write,lost,zone=full", "nor does it break a zone"},
    };
    for (const auto& [fault, part] : cases) {
        const auto rule = parse_fault(fault);
        ASSERT_FALSE(rule) << fault;
        EXPECT_NE(rule.error().sentence.find(part), std::string::npos)
            << fault << ": " << rule.error().sentence;
    }
}

TEST(ModelOpen, RefusesWhatHasNoMeaningHere) {
    Options options;
    options.nsid = 2;
    EXPECT_NE(refusal("mem:1MiB", options).find("no namespace 2"), std::string::npos);
    options = {};
    options.create = true;
    EXPECT_NE(refusal("mem:1MiB", options).find("made by opening it"), std::string::npos);
}

TEST(ModelOpen, TellsItsGeometry) {
    TestDevice device("mem:1MiB?block=4096&meta=64&extended=1&mdts=64KiB&dealloc=ones");
    const Geometry& geometry = device.geometry();
    EXPECT_EQ(geometry.blocks, 256u);
    EXPECT_EQ(geometry.size_bytes, 1u << 20);
    EXPECT_EQ(geometry.block_bytes, 4096u);
    EXPECT_EQ(geometry.metadata_bytes, 64u);
    EXPECT_EQ(geometry.transfer_block_bytes, 4160u);
    EXPECT_TRUE(geometry.metadata_extended);
    EXPECT_EQ(geometry.max_transfer_bytes, 64u << 10);
    EXPECT_EQ(geometry.deallocated_read, DeallocatedRead::ones);
    EXPECT_TRUE(device.handle().facts.takes_raw_commands);
}

TEST(ModelOpen, LargeDevicesTakeMemoryOnlyForWhatIsWritten) {
    TestDevice device("mem:1PiB");
    const std::uint64_t last = device.geometry().blocks - 1;
    const auto data = pattern(512, 3);
    device.write(last, 1, data);
    EXPECT_EQ(device.read(last, 1), data);
    EXPECT_EQ(device.read(last - 1, 1), std::vector<std::uint8_t>(512, 0));
    EXPECT_EQ(device.io_status(nvme::read(last, 2), Data(data.data(), 1024)), kLbaOutOfRange);
}

}  // namespace
}  // namespace xnvme::be_model
