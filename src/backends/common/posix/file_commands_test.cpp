#include "backends/common/posix/file_commands.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include <xnvme/nvme/status.hpp>

#include "backends/common/posix/psync.hpp"
#include "backends/common/posix/test_support.hpp"

namespace xnvme::be_common {
namespace {

using namespace test;
using nvme::GenericStatus;

constexpr std::uint64_t kBlocks = 4096;

class FileCommandsTest : public ::testing::Test {
  protected:
    FileCommandsTest() { fill_handle(handle_, file_.fd(), kBlocks); }

    Context run(const Command& command, const Data& data = {}) {
        FileCommands commands(handle_);
        return run_on(commands, command, data);
    }
    static Context run_on(SyncInterface& sync, const Command& command, const Data& data = {}) {
        Context context{};
        fill(context, command, data);
        sync.execute(context);
        return context;
    }
    void write(std::uint64_t slba, std::uint32_t blocks, unsigned generation) {
        const auto bytes = pattern(slba, blocks, generation);
        ASSERT_TRUE(run(nvme::write(slba, blocks), Data(bytes.data(), bytes.size())).ok());
    }
    std::vector<std::uint8_t> read(std::uint64_t slba, std::uint32_t blocks) {
        std::vector<std::uint8_t> bytes(std::size_t{blocks} * kBlockBytes, 0xee);
        EXPECT_TRUE(run(nvme::read(slba, blocks), Data(bytes.data(), bytes.size())).ok());
        return bytes;
    }
    std::uint64_t allocated_bytes() const {
        struct stat found{};
        EXPECT_EQ(::fstat(file_.fd(), &found), 0);
        return static_cast<std::uint64_t>(found.st_blocks) * 512;
    }

    TempFile file_{kBlocks};
    Handle handle_;
};

std::vector<std::uint8_t> zeroes(std::uint32_t blocks) {
    return std::vector<std::uint8_t>(std::size_t{blocks} * kBlockBytes);
}

TEST_F(FileCommandsTest, ReadsBackWhatWasWritten) {
    write(7, 33, 1);
    EXPECT_EQ(read(7, 33), pattern(7, 33, 1));
    EXPECT_EQ(read(6, 1), zeroes(1));
    EXPECT_EQ(read(40, 1), zeroes(1));
}

TEST_F(FileCommandsTest, MovesListsOfOneTo1024Elements) {
    for (const std::size_t elements : {1u, 2u, 3u, 255u, 1024u}) {
        auto source = pattern(64, 2048, static_cast<unsigned>(elements));
        std::vector<IoVec> list(elements);
        const std::size_t part = source.size() / elements / 16 * 16;
        for (std::size_t i = 0; i < elements; ++i)
            list[i] = {source.data() + i * part,
                       i + 1 == elements ? source.size() - i * part : part};
        ASSERT_TRUE(run(nvme::write(64, 2048), Data(std::span<const IoVec>(list))).ok());
        EXPECT_EQ(read(64, 2048), source) << elements << " elements";

        std::vector<std::uint8_t> target(source.size());
        for (std::size_t i = 0; i < elements; ++i) list[i].base = target.data() + i * part;
        ASSERT_TRUE(run(nvme::read(64, 2048), Data(std::span<const IoVec>(list))).ok());
        EXPECT_EQ(target, source) << elements << " elements";
    }
}

TEST_F(FileCommandsTest, ReadPastTheEndIsAShortTransferThatSaysHowMuch) {
    ASSERT_EQ(::ftruncate(file_.fd(), 10 * kBlockBytes + 100), 0);
    std::vector<std::uint8_t> bytes(4 * kBlockBytes);
    const Context context = run(nvme::read(8, 4), Data(bytes.data(), bytes.size()));
    EXPECT_EQ(context.error, Errc::short_transfer);
    EXPECT_EQ(context.bytes, 2 * kBlockBytes + 100);
    EXPECT_FALSE(context.completion.ok());
}

TEST_F(FileCommandsTest, TheSystemsErrnoIsKept) {
    Handle closed;
    fill_handle(closed, 1 << 20, kBlocks);
    FileCommands commands(closed);
    std::vector<std::uint8_t> bytes(kBlockBytes);
    const Context context = run_on(commands, nvme::read(0, 1), Data(bytes.data(), bytes.size()));
    EXPECT_EQ(context.error, Errc::system);
    EXPECT_EQ(context.os_error, EBADF);
    EXPECT_EQ(run_on(commands, nvme::flush()).os_error, EBADF);
    EXPECT_EQ(run_on(commands, nvme::verify(0, 1)).os_error, EBADF);
    EXPECT_EQ(run_on(commands, nvme::write_zeroes(0, 1)).os_error, EBADF);
}

TEST_F(FileCommandsTest, WritesZeroesExactlyWhereAsked) {
    for (const bool deallocate : {false, true}) {
        write(0, 64, 3);
        ASSERT_TRUE(run(nvme::write_zeroes(5, 50, deallocate)).ok());
        EXPECT_EQ(read(0, 5), pattern(0, 5, 3));
        EXPECT_EQ(read(5, 50), zeroes(50));
        EXPECT_EQ(read(55, 9), pattern(55, 9, 3));
    }
}

/// A file system that has no way but writing.
class NoRanges final : public FileCommands {
  public:
    using FileCommands::FileCommands;

  protected:
    int zero(std::uint64_t, std::uint64_t, bool) noexcept override { return EOPNOTSUPP; }
    int deallocate(std::uint64_t, std::uint64_t) noexcept override { return EOPNOTSUPP; }
};

TEST_F(FileCommandsTest, WritesZeroesByWritingWhereTheFileSystemHasNoOtherWay) {
    NoRanges commands(handle_);
    // More than one call of the system takes, and no multiple of the zeroes at hand.
    write(0, 4096, 4);
    ASSERT_TRUE(run_on(commands, nvme::write_zeroes(1, 4093)).ok());
    EXPECT_EQ(read(0, 1), pattern(0, 1, 4));
    EXPECT_EQ(read(1, 4093), zeroes(4093));
    EXPECT_EQ(read(4094, 2), pattern(4094, 2, 4));
}

TEST_F(FileCommandsTest, DeallocationGivesSpaceBackAndReadsAsZeroes) {
    write(0, 4096, 5);
    ASSERT_EQ(::fsync(file_.fd()), 0);
    const std::uint64_t before = allocated_bytes();
    nvme::DsmRange ranges[3] = {{0, 1024, 0}, {0, 0, 7}, {0, 1024, 2048}};
    ASSERT_TRUE(run(nvme::dataset_management(3), Data(ranges, sizeof(ranges))).ok());
    EXPECT_EQ(read(0, 1024), zeroes(1024));
    EXPECT_EQ(read(1024, 1024), pattern(1024, 1024, 5));
    EXPECT_EQ(read(2048, 1024), zeroes(1024));
    EXPECT_LE(allocated_bytes() + 2048 * kBlockBytes, before);
}

TEST_F(FileCommandsTest, ARangeOutsideStopsADeallocationBeforeItBegins) {
    write(0, 8, 6);
    nvme::DsmRange ranges[2] = {{0, 8, 0}, {0, 2, kBlocks - 1}};
    Context context = run(nvme::dataset_management(2), Data(ranges, sizeof(ranges)));
    EXPECT_EQ(context.error, Errc::device);
    EXPECT_EQ(context.completion.status, nvme::status_of(GenericStatus::lba_out_of_range, true));
    EXPECT_EQ(read(0, 8), pattern(0, 8, 6));
    // A sum that wraps is outside too.
    ranges[1] = {0, 2, UINT64_MAX};
    context = run(nvme::dataset_management(2), Data(ranges, sizeof(ranges)));
    EXPECT_EQ(context.completion.status.sc(), 0x80);
}

TEST_F(FileCommandsTest, OtherAttributesAreHints) {
    write(0, 8, 6);
    nvme::DsmRange range{0, 8, 0};
    EXPECT_TRUE(run(nvme::dataset_management(1, nvme::kDsmIntegralRead), Data(&range, 16)).ok());
    EXPECT_EQ(read(0, 8), pattern(0, 8, 6));
}

TEST_F(FileCommandsTest, AListShorterThanItsCountIsAnInvalidField) {
    nvme::DsmRange range{0, 8, 0};
    Context context = run(nvme::dataset_management(2), Data(&range, 16));
    EXPECT_EQ(context.completion.status, nvme::status_of(GenericStatus::invalid_field, true));
    nvme::CopyRange0 source = nvme::CopyRange0::of(0, 1);
    context = run(nvme::copy(0, 2), Data(&source, sizeof(source)));
    EXPECT_EQ(context.completion.status, nvme::status_of(GenericStatus::invalid_field, true));
}

TEST_F(FileCommandsTest, WithoutPunchingHolesDeallocationIsUnsupported) {
    NoRanges commands(handle_);
    nvme::DsmRange range{0, 8, 0};
    EXPECT_EQ(run_on(commands, nvme::dataset_management(1), Data(&range, 16)).error,
              Errc::unsupported);
    handle_.facts.can_deallocate = false;
    EXPECT_FALSE(FileCommands::carries(handle_).has(0x09));
}

TEST_F(FileCommandsTest, CompareTellsEqualFromDifferent) {
    write(3, 1500, 7);
    auto expected = pattern(3, 1500, 7);
    // A list that splits blocks and the scratch buffer anywhere.
    const std::size_t cut = 262'000;
    IoVec list[3] = {{expected.data(), 1},
                     {expected.data() + 1, cut},
                     {expected.data() + 1 + cut, expected.size() - 1 - cut}};
    EXPECT_TRUE(run(nvme::compare(3, 1500), Data(std::span<const IoVec>(list))).ok());
    expected.back() ^= 1;
    const Context context = run(nvme::compare(3, 1500), Data(std::span<const IoVec>(list)));
    EXPECT_EQ(context.error, Errc::device);
    EXPECT_EQ(context.completion.status.sct(), 2);
    EXPECT_EQ(context.completion.status.sc(), 0x85);
    EXPECT_EQ(context.os_error, 0);
}

TEST_F(FileCommandsTest, VerifyFindsThatBlocksAreMissing) {
    EXPECT_TRUE(run(nvme::verify(0, 4096)).ok());
    ASSERT_EQ(::ftruncate(file_.fd(), 1000 * kBlockBytes), 0);
    const Context context = run(nvme::verify(0, 4096));
    EXPECT_EQ(context.error, Errc::short_transfer);
    EXPECT_EQ(context.bytes, 1000 * kBlockBytes);
}

TEST_F(FileCommandsTest, CopiesRangesOneAfterAnother) {
    write(0, 1024, 8);
    const nvme::CopyRange0 ranges[2] = {nvme::CopyRange0::of(100, 10),
                                        nvme::CopyRange0::of(0, 900)};
    ASSERT_TRUE(run(nvme::copy(2000, 2), Data(ranges, sizeof(ranges))).ok());
    EXPECT_EQ(read(2000, 10), pattern(100, 10, 8));
    EXPECT_EQ(read(2010, 900), pattern(0, 900, 8));
    EXPECT_EQ(read(2910, 1), zeroes(1));

    const nvme::CopyRange1 other[1] = {nvme::CopyRange1::of(5, 3)};
    ASSERT_TRUE(run(nvme::copy(3000, 1, 1), Data(other, sizeof(other))).ok());
    EXPECT_EQ(read(3000, 3), pattern(5, 3, 8));
}

TEST_F(FileCommandsTest, CopyChecksSourcesAndDestinationFirst) {
    write(0, 16, 9);
    nvme::CopyRange0 ranges[2] = {nvme::CopyRange0::of(0, 4), nvme::CopyRange0::of(kBlocks, 1)};
    Context context = run(nvme::copy(100, 2), Data(ranges, sizeof(ranges)));
    EXPECT_EQ(context.completion.status.sc(), 0x80);
    EXPECT_EQ(read(100, 4), zeroes(4));
    ranges[1] = nvme::CopyRange0::of(4, 4);
    context = run(nvme::copy(kBlocks - 7, 2), Data(ranges, sizeof(ranges)));
    EXPECT_EQ(context.completion.status.sc(), 0x80);
    context = run(nvme::copy(100, 2, 2), Data(ranges, sizeof(ranges)));
    EXPECT_EQ(context.completion.status, nvme::status_of(GenericStatus::invalid_field, true));
}

TEST_F(FileCommandsTest, CopyFromAFileThatWasCutSaysWhichRangeFailed) {
    ASSERT_EQ(::ftruncate(file_.fd(), 100 * kBlockBytes), 0);
    const nvme::CopyRange0 ranges[2] = {nvme::CopyRange0::of(0, 10), nvme::CopyRange0::of(95, 10)};
    const Context context = run(nvme::copy(20, 2), Data(ranges, sizeof(ranges)));
    EXPECT_EQ(context.error, Errc::short_transfer);
    EXPECT_EQ(context.completion.result, 1u);
}

/// Counts how often data was made durable.
class CountsFlushes final : public FileCommands {
  public:
    using FileCommands::FileCommands;
    int flushes = 0;

  protected:
    int make_durable() noexcept override {
        ++flushes;
        return FileCommands::make_durable();
    }
};

TEST_F(FileCommandsTest, ForceUnitAccessMakesWritesDurable) {
    CountsFlushes commands(handle_);
    const auto bytes = pattern(0, 1, 1);
    const Data data(bytes.data(), bytes.size());
    ASSERT_TRUE(run_on(commands, nvme::write(0, 1), data).ok());
    ASSERT_TRUE(run_on(commands, nvme::write_zeroes(0, 1)).ok());
    EXPECT_EQ(commands.flushes, 0);
    ASSERT_TRUE(run_on(commands, nvme::write(0, 1, nvme::kForceUnitAccess), data).ok());
    ASSERT_TRUE(run_on(commands, nvme::write_zeroes(0, 1, false, nvme::kForceUnitAccess)).ok());
    EXPECT_EQ(commands.flushes, 2);
    ASSERT_TRUE(run_on(commands, nvme::flush()).ok());
    EXPECT_EQ(commands.flushes, 3);
}

TEST_F(FileCommandsTest, FileCommandsTakeBytesAndGrowTheFile) {
    const char text[] = "at an odd place";
    const std::uint64_t end = kBlocks * kBlockBytes;
    ASSERT_TRUE(run(nvme::file_write(end + 3), Data(text, sizeof(text))).ok());
    char back[sizeof(text)] = {};
    ASSERT_TRUE(run(nvme::file_read(end + 3), Data(back, sizeof(back))).ok());
    EXPECT_STREQ(back, text);
    struct stat found{};
    ASSERT_EQ(::fstat(file_.fd(), &found), 0);
    EXPECT_EQ(static_cast<std::uint64_t>(found.st_size), end + 3 + sizeof(text));
    EXPECT_TRUE(run(nvme::file_flush()).ok());
    const Context past = run(nvme::file_read(end + 10), Data(back, sizeof(back)));
    EXPECT_EQ(past.error, Errc::short_transfer);
    EXPECT_EQ(past.bytes, sizeof(text) - 7);
}

TEST_F(FileCommandsTest, AnOpcodeThatIsNotCarriedIsInvalid) {
    const Context context = run(nvme::write_uncorrectable(0, 1));
    EXPECT_EQ(context.completion.status, nvme::status_of(GenericStatus::invalid_opcode, true));
}

TEST_F(FileCommandsTest, PsyncRefusesWhatHasNoDescriptor) {
    EXPECT_EQ(psync::probe(handle_, {}).kind, Verdict::Kind::serves);
    handle_.fd = -1;
    EXPECT_EQ(psync::probe(handle_, {}).kind, Verdict::Kind::refuses);
}

}  // namespace
}  // namespace xnvme::be_common
