// What bad input gets, wherever the suite runs: each mistake its own sentence, at the earliest
// moment. What needs files, users and devices stands in linux/bad_input_test.cpp.
#include <algorithm>
#include <filesystem>

#include <xnvme/size.hpp>

#include "tests/conformance/harness.hpp"
#include "tests/conformance/system.hpp"

namespace conformance {
namespace {

xnvme::Result<xnvme::Device, xnvme::Failure> open(std::string_view uri,
                                                  const xnvme::Options& options = {}) {
    return xnvme::Device::open(uri, options);
}

TEST(BadInput, AMissingPathIsNamedWithWhatToDo) {
    const std::string path = work_folder() + "/nothing-here";
    const auto result = open(path);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().error.code, Errc::not_found);
    EXPECT_TRUE(says(sentence_of(result), {path, "scan", "create"}));
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(BadInput, ADirectoryIsNoDevice) {
    const auto result = open(work_folder());
    ASSERT_FALSE(result);
    EXPECT_TRUE(says(sentence_of(result), {work_folder(), "directory"}));
}

TEST(BadInput, AnEmptyNameIsNoDevice) {
    const auto result = open("");
    ASSERT_FALSE(result);
    EXPECT_TRUE(says(sentence_of(result), {"no name"}));
}

TEST(BadInput, AnInterfaceThatDoesNotExistGetsTheNearestOne) {
    xnvme::Options options;
    options.async = "thrpol";
    const auto async = open("mem:16MiB", options);
    ASSERT_FALSE(async);
    EXPECT_EQ(async.error().error.code, Errc::not_found);
    EXPECT_TRUE(says(sentence_of(async), {"thrpol", "thrpool"}));
    options = {};
    options.mem = "lbic";
    EXPECT_TRUE(says(sentence_of(open("mem:16MiB", options)), {"lbic", "libc"}));
    options = {};
    options.sync = "modle";
    EXPECT_TRUE(says(sentence_of(open("mem:16MiB", options)), {"modle", "model"}));
    options = {};
    options.admin = "modle";
    EXPECT_TRUE(says(sentence_of(open("mem:16MiB", options)), {"modle", "model"}));
    options = {};
    options.be = "modell";
    EXPECT_TRUE(says(sentence_of(open("mem:16MiB", options)), {"modell", "model"}));
}

TEST(BadInput, ANameLikeNoOtherGetsTheWholeList) {
    xnvme::Options options;
    options.async = "zzzzzzzzzzzz";
    EXPECT_TRUE(
        says(sentence_of(open("mem:16MiB", options)), {"zzzzzzzzzzzz", "emu", "thrpool", "nil"}));
}

TEST(BadInput, AnInterfaceThatDoesNotServeTheDeviceIsRefusedWithThoseThatDo) {
    for (const xnvme::InterfaceInfo& row : xnvme::interfaces()) {
        const bool serves =
            std::ranges::find(row.classes, xnvme::DeviceClass::model) != row.classes.end();
        if (row.contract != xnvme::Contract::async || serves || !row.built) continue;
        xnvme::Options options;
        options.async = row.name;
        const auto result = open("mem:16MiB", options);
        ASSERT_FALSE(result) << row.name;
        EXPECT_TRUE(says(sentence_of(result), {row.name, "emu"}));
    }
}

TEST(BadInput, ADepthOfNothingIsRefused) {
    xnvme::Device device = must(open("mem:16MiB"));
    const auto queue = device.create_queue(0);
    ASSERT_FALSE(queue);
    EXPECT_EQ(queue.error().error.code, Errc::invalid_argument);
    EXPECT_TRUE(says(sentence_of(queue), {"0", "1 to 32768"}));
}

TEST(BadInput, ADepthOverTheLimitIsRefused) {
    xnvme::Device device = must(open("mem:16MiB"));
    const auto queue = device.create_queue(xnvme::kDepthMax + 1);
    ASSERT_FALSE(queue);
    EXPECT_TRUE(says(sentence_of(queue), {"32769", "32768"}));
    EXPECT_TRUE(device.create_queue(xnvme::kDepthMax));
}

TEST(BadInput, ASizeThatIsNoMultipleOfTheBlockIsRefusedWithTheNearestOnes) {
    const auto result = open("mem:10000");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().error.code, Errc::invalid_argument);
    EXPECT_TRUE(says(sentence_of(result), {"10000", "512", "9728", "10240"}));
}

TEST(BadInput, ASizeWithAnUnknownUnitIsRefused) {
    for (const char* uri : {"mem:1GBB", "1GBB"}) {
        const auto result = open(uri);
        ASSERT_FALSE(result) << uri;
        EXPECT_EQ(result.error().error.code, Errc::invalid_argument) << uri;
        EXPECT_TRUE(says(sentence_of(result), {"1GBB", "KiB"})) << uri;
    }
    const auto parsed = xnvme::parse_size("1GBB");
    ASSERT_FALSE(parsed);
    EXPECT_TRUE(says(sentence_of(parsed), {"1GBB"}));
}

TEST(BadInput, SizesThatMakeNoSenseAreRefused) {
    for (const char* uri : {"mem:", "mem:0", "mem:-1", "mem:99999999999999999999", "mem:16XiB",
                            "mem:1.5GiB", "mem:20000000T"}) {
        const auto result = open(uri);
        ASSERT_FALSE(result) << uri;
        EXPECT_EQ(result.error().error.code, Errc::invalid_argument) << uri;
        EXPECT_TRUE(says(sentence_of(result), {})) << uri;
    }
}

TEST(BadInput, OptionsOfTheModelThatDoNotExistAreRefused) {
    EXPECT_TRUE(says(sentence_of(open("mem:16MiB?blok=512")), {"blok", "block"}));
    EXPECT_TRUE(says(sentence_of(open("mem:16MiB?block=513")), {"513", "512", "4096"}));
    EXPECT_TRUE(says(sentence_of(open("mem:16MiB?fault=read@lba")), {"fault"}));
    EXPECT_TRUE(says(sentence_of(open("mem:16MiB?latency=fast")), {"fast"}));
}

TEST(BadInput, ExplainSaysWhyNot) {
    const auto candidates = must(xnvme::explain("mem:16MiB"));
    unsigned chosen = 0;
    for (const xnvme::Candidate& candidate : candidates) {
        chosen += candidate.chosen ? 1 : 0;
        EXPECT_FALSE(candidate.reason.empty()) << candidate.interface;
    }
    EXPECT_EQ(chosen, xnvme::kContractCount);
}

TEST(BadInput, EveryFailureOfOpenIsASentence) {
    for (const char* uri : {"mem:16MiB?name=", "mem", "0000:ff:1f.7", "127.0.0.1:4420", "MacVFN-x",
                            "\\\\.\\PhysicalDrive77", "no such device"}) {
        const auto result = open(uri);
        ASSERT_FALSE(result) << uri;
        EXPECT_TRUE(
            says(sentence_of(result), {uri == std::string("mem:16MiB?name=") ? "name" : uri}));
        EXPECT_TRUE(sentence_of(result).ends_with('.')) << sentence_of(result);
    }
}

}  // namespace
}  // namespace conformance
