#include "nvm_commands.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>

#include "test_device.hpp"

namespace xnvme::be_model {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes all(std::size_t bytes, std::uint8_t value) {
    return Bytes(bytes, value);
}

TEST(ModelNvm, ReadsWhatWasWrittenAcrossChunks) {
    TestDevice device("mem:4MiB");
    // 256 KiB are 512 blocks: from the middle of one chunk to the middle of the third.
    const Bytes data = pattern(1024 * 512, 1);
    device.write(300, 1024, data);
    EXPECT_EQ(device.read(300, 1024), data);
    EXPECT_EQ(device.read(299, 1), all(512, 0));
    EXPECT_EQ(device.read(1324, 1), all(512, 0));
    EXPECT_EQ(device.io_status(nvme::write(0, 1, nvme::kForceUnitAccess),
                               TestDevice::bytes_of(pattern(512, 9))),
              kSuccess);
}

TEST(ModelNvm, TakesListsOfBuffers) {
    TestDevice device("mem:1MiB");
    Bytes data = pattern(4 * 512, 5);
    const std::array<IoVec, 4> out{IoVec{data.data(), 1}, IoVec{nullptr, 0},
                                   IoVec{data.data() + 1, 1500}, IoVec{data.data() + 1501, 547}};
    EXPECT_EQ(device.io_status(nvme::write(7, 4), Data(std::span<const IoVec>(out))), kSuccess);
    Bytes back(4 * 512);
    const std::array<IoVec, 2> in{IoVec{back.data(), 700}, IoVec{back.data() + 700, 1348}};
    EXPECT_EQ(device.io_status(nvme::read(7, 4), Data(std::span<const IoVec>(in))), kSuccess);
    EXPECT_EQ(back, data);
    EXPECT_EQ(device.io_status(nvme::compare(7, 4), Data(std::span<const IoVec>(out))), kSuccess);
    const std::array<IoVec, 1> lost{IoVec{nullptr, 512}};
    EXPECT_EQ(device.io_status(nvme::read(7, 1), Data(std::span<const IoVec>(lost))),
              kDataTransferError);
    const std::array<IoVec, 2> endless{IoVec{back.data(), SIZE_MAX}, IoVec{back.data(), 513}};
    EXPECT_EQ(device.io_status(nvme::read(7, 1), Data(std::span<const IoVec>(endless))),
              kDataTransferError);
}

TEST(ModelNvm, RangesPastTheEndAreRefusedWithoutMovingAnything) {
    TestDevice device("mem:1MiB");
    Bytes data(65536 * 512);
    const std::uint64_t blocks = device.geometry().blocks;
    const std::uint64_t starts[] = {blocks, blocks - 1, UINT64_MAX, UINT64_MAX - 1, 1ull << 63};
    for (const std::uint64_t slba : starts) {
        EXPECT_EQ(device.io_status(nvme::read(slba, 2), Data(data.data(), 1024)), kLbaOutOfRange);
        EXPECT_EQ(device.io_status(nvme::write(slba, 2), Data(data.data(), 1024)), kLbaOutOfRange);
        EXPECT_EQ(device.io_status(nvme::compare(slba, 2), Data(data.data(), 1024)),
                  kLbaOutOfRange);
        EXPECT_EQ(device.io_status(nvme::write_zeroes(slba, 65536)), kLbaOutOfRange);
        EXPECT_EQ(device.io_status(nvme::verify(slba, 65536)), kLbaOutOfRange);
        EXPECT_EQ(device.io_status(nvme::write_uncorrectable(slba, 65536)), kLbaOutOfRange);
    }
    EXPECT_TRUE(kLbaOutOfRange.dnr());
    EXPECT_EQ(device.read(blocks - 1, 1), all(512, 0));
}

TEST(ModelNvm, LengthsMustAgreeWithTheFields) {
    TestDevice device("mem:1MiB?mdts=8KiB");
    Bytes data(16384);
    EXPECT_EQ(device.io_status(nvme::read(0, 2), Data(data.data(), 1023)), kDataLengthInvalid);
    EXPECT_EQ(device.io_status(nvme::read(0, 2), Data(data.data(), 1536)), kDataLengthInvalid);
    EXPECT_EQ(device.io_status(nvme::read(0, 2)), kDataLengthInvalid);
    EXPECT_EQ(device.io_status(nvme::read(0, 2), Data(static_cast<void*>(nullptr), 1024)),
              kDataTransferError);
    EXPECT_EQ(device.io_status(nvme::read(0, 16), Data(data.data(), 8192)), kSuccess);
    EXPECT_EQ(device.io_status(nvme::read(0, 17), Data(data.data(), 17 * 512)), kInvalidField);
    EXPECT_EQ(device.io_status(nvme::read(0, 1), Data(data.data(), 512), Data(data.data(), 8)),
              kMetadataLengthInvalid);
}

TEST(ModelNvm, UnknownCommandsFieldsAndNamespacesAreRefused) {
    TestDevice device("mem:1MiB");
    Bytes data(512);
    Command command = nvme::read(0, 1);
    command.opcode = 0x7d;
    EXPECT_EQ(device.io_status(command, TestDevice::bytes_of(data)), kInvalidOpcode);
    EXPECT_EQ(device.io_status(nvme::read(0, 1, 0, 2), TestDevice::bytes_of(data)),
              kInvalidNamespace);
    EXPECT_EQ(device.io_status(nvme::read(0, 1, 0, nvme::kNsidAll), TestDevice::bytes_of(data)),
              kInvalidNamespace);
    EXPECT_EQ(device.io_status(nvme::read(0, 1, 0, 1), TestDevice::bytes_of(data)), kSuccess);
    EXPECT_EQ(device.io_status(nvme::flush()), kSuccess);
    EXPECT_EQ(device.io_status(nvme::flush(nvme::kNsidAll)), kSuccess);
    command = nvme::read(0, 1);
    command.flags = 1;
    EXPECT_EQ(device.io_status(command, TestDevice::bytes_of(data)), kInvalidField);
    command = nvme::write(0, 1, 1u << 20);
    EXPECT_EQ(device.io_status(command, TestDevice::bytes_of(data)), kInvalidField);
}

TEST(ModelNvm, CompareFindsOneBitInDataAndMetadata) {
    TestDevice device("mem:1MiB?block=4096&meta=64");
    Bytes data = pattern(2 * 4096, 1);
    Bytes metadata = pattern(2 * 64, 2);
    const auto compare = [&] {
        return device.io_status(nvme::compare(9, 2), TestDevice::bytes_of(data),
                                TestDevice::bytes_of(metadata));
    };
    EXPECT_EQ(compare(), kCompareFailure);
    ASSERT_EQ(device.io_status(nvme::write(9, 2), TestDevice::bytes_of(data),
                               TestDevice::bytes_of(metadata)),
              kSuccess);
    EXPECT_EQ(compare(), kSuccess);
    data[8191] ^= 0x80;
    EXPECT_EQ(compare(), kCompareFailure);
    data[8191] ^= 0x80;
    metadata[127] ^= 1;
    EXPECT_EQ(compare(), kCompareFailure);
}

TEST(ModelNvm, SeparateMetadataStaysWithItsBlocks) {
    TestDevice device("mem:1MiB?block=4096&meta=64");
    const Bytes data = pattern(3 * 4096, 1);
    const Bytes metadata = pattern(3 * 64, 2);
    ASSERT_EQ(device.io_status(nvme::write(63, 3), TestDevice::bytes_of(data),
                               TestDevice::bytes_of(metadata)),
              kSuccess);
    Bytes back(4096);
    Bytes extra(64);
    const std::array<IoVec, 2> list{IoVec{extra.data(), 10}, IoVec{extra.data() + 10, 54}};
    ASSERT_EQ(device.io_status(nvme::read(64, 1), TestDevice::bytes_of(back),
                               Data(std::span<const IoVec>(list))),
              kSuccess);
    EXPECT_TRUE(std::equal(back.begin(), back.end(), data.begin() + 4096));
    EXPECT_TRUE(std::equal(extra.begin(), extra.end(), metadata.begin() + 64));
    EXPECT_EQ(device.io_status(nvme::read(64, 1), TestDevice::bytes_of(back)),
              kMetadataLengthInvalid);
    EXPECT_EQ(
        device.io_status(nvme::read(64, 1), TestDevice::bytes_of(back), Data(extra.data(), 63)),
        kMetadataLengthInvalid);
}

TEST(ModelNvm, ExtendedMetadataFollowsEachBlock) {
    TestDevice device("mem:1MiB?block=4096&meta=64&extended=1");
    const Bytes data = pattern(3 * 4160, 4);
    ASSERT_EQ(device.io_status(nvme::write(62, 3), TestDevice::bytes_of(data)), kSuccess);
    EXPECT_EQ(device.read(62, 3), data);
    EXPECT_EQ(device.read(64, 1), Bytes(data.begin() + 2 * 4160, data.end()));
    EXPECT_EQ(device.io_status(nvme::compare(62, 3), TestDevice::bytes_of(data)), kSuccess);
    Bytes other = data;
    other[4159] ^= 1;
    EXPECT_EQ(device.io_status(nvme::compare(62, 3), TestDevice::bytes_of(other)), kCompareFailure);
    EXPECT_EQ(device.io_status(nvme::read(62, 1), Data(other.data(), 4096)), kDataLengthInvalid);
}

TEST(ModelNvm, WriteUncorrectableLastsUntilTheBlockIsWritten) {
    TestDevice device("mem:1MiB");
    device.write(10, 4, pattern(4 * 512, 1));
    ASSERT_EQ(device.io_status(nvme::write_uncorrectable(11, 2)), kSuccess);
    ASSERT_EQ(device.io_status(nvme::write_uncorrectable(11, 2)), kSuccess);
    Bytes data(4 * 512);
    EXPECT_EQ(device.io_status(nvme::read(10, 4), TestDevice::bytes_of(data)), kUnrecoveredRead);
    EXPECT_EQ(device.io_status(nvme::verify(12, 1)), kUnrecoveredRead);
    EXPECT_EQ(device.io_status(nvme::compare(10, 4), TestDevice::bytes_of(data)), kUnrecoveredRead);
    EXPECT_EQ(device.io_status(nvme::read(10, 1), Data(data.data(), 512)), kSuccess);
    EXPECT_EQ(device.io_status(nvme::read(13, 1), Data(data.data(), 512)), kSuccess);
    device.write(11, 1, pattern(512, 7));
    EXPECT_EQ(device.read(11, 1), pattern(512, 7));
    EXPECT_EQ(device.io_status(nvme::read(12, 1), Data(data.data(), 512)), kUnrecoveredRead);
    ASSERT_EQ(device.io_status(nvme::write_zeroes(12, 1)), kSuccess);
    EXPECT_EQ(device.read(12, 1), all(512, 0));
    EXPECT_EQ(device.io_status(nvme::verify(10, 4)), kSuccess);
}

TEST(ModelNvm, WriteZeroesCoversDataAndMetadata) {
    TestDevice device("mem:8MiB?block=4096&meta=64&extended=1&dealloc=ones");
    const Bytes data = pattern(5 * 4160, 1);
    ASSERT_EQ(device.io_status(nvme::write(100, 5), TestDevice::bytes_of(data)), kSuccess);
    ASSERT_EQ(device.io_status(nvme::write_zeroes(101, 3)), kSuccess);
    EXPECT_EQ(device.read(101, 3), all(3 * 4160, 0));
    EXPECT_EQ(device.read(100, 1), Bytes(data.begin(), data.begin() + 4160));
    // DEAC cannot deallocate here: the blocks have to read as zeroes.
    ASSERT_EQ(device.io_status(nvme::write_zeroes(1000, 200, true)), kSuccess);
    EXPECT_EQ(device.read(1100, 1), all(4160, 0));
    EXPECT_EQ(device.read(1200, 1), all(4160, 0xff));
}

Context deallocate(TestDevice& device, const std::vector<nvme::DsmRange>& ranges,
                   std::uint32_t attributes = nvme::kDsmDeallocate) {
    return device.io(
        nvme::dataset_management(static_cast<std::uint32_t>(ranges.size()), attributes),
        Data(ranges.data(), ranges.size() * sizeof(nvme::DsmRange)));
}

nvme::DsmRange dsm_range(std::uint64_t slba, std::uint32_t blocks) {
    return {0, blocks, slba};
}

TEST(ModelNvm, DeallocatedBlocksReadAsPromised) {
    const std::pair<const char*, int> cases[] = {{"mem:2MiB?dealloc=zeroes", 0},
                                                 {"mem:2MiB?dealloc=ones", 0xff},
                                                 {"mem:2MiB?dealloc=unreported", -1}};
    for (const auto& [uri, value] : cases) {
        SCOPED_TRACE(uri);
        TestDevice device(uri);
        const Bytes data = pattern(1024 * 512, 1);
        device.write(100, 1024, data);
        // A whole chunk, and parts of its neighbours.
        ASSERT_TRUE(deallocate(device, {dsm_range(500, 600)}).ok());
        Bytes expected = data;
        for (std::size_t i = 400 * 512; i < 1000 * 512 && value >= 0; ++i)
            expected[i] = static_cast<std::uint8_t>(value);
        EXPECT_EQ(device.read(100, 1024), expected);
        const auto never = static_cast<std::uint8_t>(value > 0 ? value : 0);
        EXPECT_EQ(device.read(2000, 1), all(512, never));
    }
}

TEST(ModelNvm, DatasetManagementChecksAllRangesFirst) {
    TestDevice device("mem:1TiB");
    const std::uint64_t blocks = device.geometry().blocks;
    const Bytes data = pattern(512, 1);
    device.write(5, 1, data);
    EXPECT_EQ(deallocate(device, {dsm_range(5, 1), dsm_range(blocks, 1)}).completion.status,
              kLbaOutOfRange);
    EXPECT_EQ(
        deallocate(device, {dsm_range(5, 1), dsm_range(UINT64_MAX, UINT32_MAX)}).completion.status,
        kLbaOutOfRange);
    EXPECT_EQ(device.read(5, 1), data);
    // Without the deallocate attribute, and without blocks, it is a hint.
    EXPECT_TRUE(deallocate(device, {dsm_range(5, 1)}, nvme::kDsmIntegralRead).ok());
    EXPECT_TRUE(deallocate(device, {dsm_range(5, 0), dsm_range(blocks, 0)}).ok());
    EXPECT_EQ(device.read(5, 1), data);
    // The list must hold the ranges that the command counts.
    const nvme::DsmRange one = dsm_range(5, 1);
    EXPECT_EQ(device.io_status(nvme::dataset_management(2), Data(&one, sizeof(one))),
              kDataLengthInvalid);
    EXPECT_EQ(device.io_status(nvme::dataset_management(1)), kDataLengthInvalid);
    EXPECT_EQ(device.io_status(nvme::dataset_management(1), Data(static_cast<void*>(nullptr), 16)),
              kDataTransferError);
    std::vector<nvme::DsmRange> most(256, dsm_range(0, 0));
    most[255] = dsm_range(0, 0x7fffffff);
    EXPECT_TRUE(deallocate(device, most).ok());
    EXPECT_EQ(device.read(5, 1), all(512, 0));
}

TEST(ModelNvm, DeallocatedBlocksAreAnErrorWhereTheHostWantsThat) {
    TestDevice device("mem:1MiB");
    nvme::SetFeaturesFields fields;
    fields.id = nvme::FeatureId::error_recovery;
    fields.nsid = 1;
    fields.cdw11 = 0x10000;
    ASSERT_EQ(device.admin_status(nvme::set_features(fields)), kSuccess);
    Bytes data(1024);
    EXPECT_EQ(device.io_status(nvme::read(8, 2), TestDevice::bytes_of(data)), kDeallocatedBlock);
    device.write(8, 1, pattern(512, 1));
    EXPECT_EQ(device.io_status(nvme::read(8, 1), Data(data.data(), 512)), kSuccess);
    const Context context = device.io(nvme::read(8, 2), TestDevice::bytes_of(data));
    EXPECT_EQ(context.completion.status, kDeallocatedBlock);
    using Entries = std::array<nvme::ErrorLogEntry, 1>;
    EXPECT_EQ(device.log<Entries>(nvme::LogPage::error_information)[0].lba.value(), 9u);
    EXPECT_EQ(device.io_status(nvme::verify(9, 1)), kDeallocatedBlock);
    EXPECT_EQ(device.io_status(nvme::write_zeroes(9, 1)), kSuccess);
    EXPECT_EQ(device.io_status(nvme::verify(9, 1)), kSuccess);
    EXPECT_EQ(device.io_status(nvme::write_zeroes(9, 1, true)), kSuccess);
    EXPECT_EQ(device.io_status(nvme::verify(9, 1)), kDeallocatedBlock);
}

template <class Descriptor>
Context copy(TestDevice& device, std::uint64_t destination, const std::vector<Descriptor>& sources,
             unsigned format) {
    return device.io(nvme::copy(destination, static_cast<std::uint32_t>(sources.size()), format),
                     Data(sources.data(), sources.size() * sizeof(Descriptor)));
}

TEST(ModelNvm, CopiesRangesInBothFormats) {
    TestDevice device("mem:4MiB?block=4096&meta=64&extended=1");
    const Bytes data = pattern(4 * 4160, 1);
    device.write(62, 4, data);
    using nvme::CopyRange0;
    using nvme::CopyRange1;
    ASSERT_TRUE(
        copy<CopyRange0>(device, 500, {CopyRange0::of(64, 2), CopyRange0::of(62, 1)}, 0).ok());
    Bytes expected(data.begin() + 2 * 4160, data.end());
    expected.insert(expected.end(), data.begin(), data.begin() + 4160);
    EXPECT_EQ(device.read(500, 3), expected);
    ASSERT_TRUE(copy<CopyRange1>(device, 600, {CopyRange1::of(500, 3)}, 1).ok());
    EXPECT_EQ(device.read(600, 3), expected);
    // What was never written is copied as it reads.
    ASSERT_TRUE(copy<CopyRange0>(device, 600, {CopyRange0::of(900, 1)}, 0).ok());
    EXPECT_EQ(device.read(600, 1), all(4160, 0));
}

TEST(ModelNvm, CopyKeepsItsLimits) {
    TestDevice device("mem:8MiB");
    using nvme::CopyRange0;
    const std::uint64_t blocks = device.geometry().blocks;
    const std::vector<CopyRange0> many(129, CopyRange0::of(0, 1));
    EXPECT_EQ(copy(device, 0, many, 0).completion.status, kCommandSizeLimit);
    EXPECT_EQ(copy<CopyRange0>(device, 0, {CopyRange0::of(0, 1025)}, 0).completion.status,
              kCommandSizeLimit);
    const std::vector<CopyRange0> total(5, CopyRange0::of(0, 1024));
    EXPECT_EQ(copy(device, 0, total, 0).completion.status, kCommandSizeLimit);
    const Context source =
        copy<CopyRange0>(device, 0, {CopyRange0::of(0, 1), CopyRange0::of(blocks, 1)}, 0);
    EXPECT_EQ(source.completion.status, kLbaOutOfRange);
    EXPECT_EQ(source.completion.result, 1u);
    EXPECT_EQ(copy<CopyRange0>(device, blocks - 1, {CopyRange0::of(0, 2)}, 0).completion.status,
              kLbaOutOfRange);
    EXPECT_EQ(copy<CopyRange0>(device, UINT64_MAX, {CopyRange0::of(0, 2)}, 0).completion.status,
              kLbaOutOfRange);
    EXPECT_EQ(copy<CopyRange0>(device, 0, {CopyRange0::of(0, 2)}, 2).completion.status,
              kInvalidField);
    const CopyRange0 one = CopyRange0::of(0, 1);
    EXPECT_EQ(device.io_status(nvme::copy(0, 2), Data(&one, sizeof(one))), kDataLengthInvalid);
    ASSERT_EQ(device.io_status(nvme::write_uncorrectable(7, 1)), kSuccess);
    const Context bad =
        copy<CopyRange0>(device, 100, {CopyRange0::of(0, 1), CopyRange0::of(6, 2)}, 0);
    EXPECT_EQ(bad.completion.status, kUnrecoveredRead);
    EXPECT_EQ(bad.completion.result, 1u);
}

TEST(ModelNvm, WriteProtectedDevicesOnlyRead) {
    TestDevice device("mem:1MiB?ro=1");
    EXPECT_TRUE(device.handle().facts.read_only);
    Bytes data(512);
    const Data buffer = TestDevice::bytes_of(data);
    EXPECT_EQ(device.io_status(nvme::read(0, 1), buffer), kSuccess);
    EXPECT_EQ(device.io_status(nvme::flush()), kSuccess);
    EXPECT_EQ(device.io_status(nvme::write(0, 1), buffer), kWriteProtected);
    EXPECT_EQ(device.io_status(nvme::write_zeroes(0, 1)), kWriteProtected);
    EXPECT_EQ(device.io_status(nvme::write_uncorrectable(0, 1)), kWriteProtected);
    EXPECT_EQ(deallocate(device, {dsm_range(0, 1)}).completion.status, kWriteProtected);
    EXPECT_EQ(copy<nvme::CopyRange0>(device, 4, {nvme::CopyRange0::of(0, 1)}, 0).completion.status,
              kWriteProtected);
    EXPECT_EQ(device.admin_status(nvme::format({})), kWriteProtected);
    EXPECT_EQ(device.admin_status(nvme::sanitize({})), kWriteProtected);
}

TEST(ModelFaults, MeetCommandsThatTouchTheBlocks) {
    TestDevice device("mem:1MiB?fault=read@lba:100..107,sct=2,sc=0x81,count=2");
    Bytes data(10 * 512);
    EXPECT_EQ(device.io_status(nvme::read(90, 10), TestDevice::bytes_of(data)), kSuccess);
    EXPECT_EQ(device.io_status(nvme::read(108, 1), Data(data.data(), 512)), kSuccess);
    EXPECT_EQ(device.io_status(nvme::verify(100, 1)), kSuccess);
    EXPECT_EQ(device.io_status(nvme::read(91, 10), TestDevice::bytes_of(data)),
              Status::make(2, 0x81));
    EXPECT_EQ(device.io_status(nvme::read(107, 10), TestDevice::bytes_of(data)),
              Status::make(2, 0x81));
    // It was met as often as it was asked to be.
    EXPECT_EQ(device.io_status(nvme::read(107, 10), TestDevice::bytes_of(data)), kSuccess);
}

TEST(ModelFaults, CountCommandsOfTheirOpcode) {
    TestDevice device("mem:1MiB?fault=write@nth:2,count=2&fault=any@nth:6,sct=0,sc=6,dnr=1");
    const Bytes data = pattern(512, 1);
    const auto write = [&] {
        return device.io_status(nvme::write(0, 1), TestDevice::bytes_of(data));
    };
    EXPECT_EQ(write(), kSuccess);
    EXPECT_EQ(device.io_status(nvme::flush()), kSuccess);
    EXPECT_EQ(write(), kWriteFault);
    EXPECT_EQ(write(), kWriteFault);
    EXPECT_EQ(write(), kSuccess);
    EXPECT_EQ(device.io_status(nvme::flush()), Status::make(0, 6, true));
    EXPECT_EQ(device.io_status(nvme::flush()), kSuccess);
}

TEST(ModelFaults, MeetListsOfRangesAndAdminCommands) {
    TestDevice device(
        "mem:1MiB?fault=dataset-management@lba:50&fault=copy@lba:60,sct=2,sc=0x81&"
        "fault=identify,once,sct=0,sc=6");
    EXPECT_TRUE(deallocate(device, {dsm_range(0, 50)}).ok());
    EXPECT_EQ(deallocate(device, {dsm_range(0, 1), dsm_range(49, 2)}).completion.status,
              kWriteFault);
    using nvme::CopyRange0;
    EXPECT_TRUE(copy<CopyRange0>(device, 61, {CopyRange0::of(0, 1)}, 0).ok());
    EXPECT_EQ(copy<CopyRange0>(device, 60, {CopyRange0::of(0, 1)}, 0).completion.status,
              Status::make(2, 0x81));
    EXPECT_EQ(copy<CopyRange0>(device, 0, {CopyRange0::of(59, 2)}, 0).completion.status,
              Status::make(2, 0x81));
    Bytes data(4096);
    EXPECT_EQ(device.admin_status(nvme::identify({}), TestDevice::bytes_of(data)),
              Status::make(0, 6));
    EXPECT_EQ(device.admin_status(nvme::identify({}), TestDevice::bytes_of(data)), kSuccess);
}

TEST(ModelFaults, LostCommandsSucceedAndDoNothing) {
    TestDevice device("mem:1MiB?fault=write@nth:2,lost&fault=read@nth:3,lost&fault=copy,lost");
    const Bytes data = pattern(512, 1);
    device.write(0, 1, data);
    device.write(0, 1, pattern(512, 2));
    EXPECT_EQ(device.read(0, 1), data);
    EXPECT_EQ(copy<nvme::CopyRange0>(device, 8, {nvme::CopyRange0::of(0, 1)}, 0).completion.status,
              kSuccess);
    EXPECT_EQ(device.read(8, 1), Bytes(512));
    Bytes untouched = pattern(512, 7);
    EXPECT_EQ(device.io_status(nvme::read(0, 1), TestDevice::bytes_of(untouched)), kSuccess);
    EXPECT_EQ(untouched, pattern(512, 7));
    device.write(0, 1, pattern(512, 3));
    EXPECT_EQ(device.read(0, 1), pattern(512, 3));
}

TEST(ModelFaults, DroppedCommandsEndWithTheTimeOut) {
    Options options;
    options.command_timeout = std::chrono::milliseconds(30);
    options.admin_timeout = std::chrono::milliseconds(20);
    TestDevice device("mem:1MiB?fault=drop@nth:2", options);
    const Bytes data = pattern(512, 1);
    device.write(0, 1, data);
    const auto begun = std::chrono::steady_clock::now();
    const Context context = device.io(nvme::write(0, 1), TestDevice::bytes_of(pattern(512, 2)));
    EXPECT_GE(std::chrono::steady_clock::now() - begun, options.command_timeout);
    EXPECT_EQ(context.error, Errc::timed_out);
    EXPECT_FALSE(context.completion.ok());
    EXPECT_EQ(device.read(0, 1), data);
    // No event is ever raised, so the request for one waits for as long as it may.
    Command event;
    event.opcode = static_cast<std::uint8_t>(nvme::AdminOpcode::async_event_request);
    EXPECT_EQ(device.admin(event).error, Errc::timed_out);
}

TEST(ModelNvm, LatencyIsTheLeastThatACommandTakes) {
    TestDevice device("mem:1MiB?read_latency=3ms&write_latency=20ms");
    Bytes data(512);
    const auto timed = [&](const Command& command, const Data& buffer) {
        const auto begun = std::chrono::steady_clock::now();
        EXPECT_EQ(device.io_status(command, buffer), kSuccess);
        return std::chrono::steady_clock::now() - begun;
    };
    EXPECT_GE(timed(nvme::read(0, 1), TestDevice::bytes_of(data)), std::chrono::milliseconds(3));
    EXPECT_GE(timed(nvme::write(0, 1), TestDevice::bytes_of(data)), std::chrono::milliseconds(20));
    EXPECT_GE(timed(nvme::flush(), {}), std::chrono::milliseconds(20));
}

}  // namespace
}  // namespace xnvme::be_model
