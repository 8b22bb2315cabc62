#include "backends/common/posix/open_file.hpp"

#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <csignal>
#include <string>

#include "backends/common/posix/test_support.hpp"
#include "os/file_kind.hpp"

namespace xnvme::be_common {
namespace {

using namespace test;

/// A folder of its own, removed at the end with the files that the tests put there.
class OpenFile : public ::testing::Test {
  protected:
    OpenFile() {
        const char* folder = std::getenv("TMPDIR");
        folder_ = std::string(folder != nullptr ? folder : "/tmp") + "/xnvme-open-XXXXXX";
        EXPECT_NE(::mkdtemp(folder_.data()), nullptr);
    }
    ~OpenFile() override {
        ::unlink(path().c_str());
        ::rmdir(folder_.c_str());
    }
    std::string path() const { return folder_ + "/file"; }
    Result<std::unique_ptr<Handle>, Failure> open(const Options& options = {}) {
        return open_path(path(), options);
    }
    static Result<std::unique_ptr<Handle>, Failure> open_path(const std::string& path,
                                                              const Options& options = {}) {
        return open_file(Identifier{path, DeviceClass::file, path, false}, options);
    }
    void make(off_t bytes) {
        const int fd = ::open(path().c_str(), O_CREAT | O_RDWR | O_TRUNC, 0600);
        ASSERT_GE(fd, 0);
        ASSERT_EQ(::ftruncate(fd, bytes), 0);
        ::close(fd);
    }
    os::FileFound found() const { return os::file_kind(path()); }

    std::string folder_;
};

bool says(const Failure& failure, std::string_view text) {
    return failure.sentence.find(text) != std::string::npos;
}

TEST_F(OpenFile, SaysSizesAndLimits) {
    make(10 * 512 + 100);
    auto handle = open();
    ASSERT_TRUE(handle.has_value()) << handle.error().sentence;
    const Geometry& geometry = (*handle)->facts.geometry;
    EXPECT_EQ(geometry.size_bytes, 10u * 512 + 100);
    EXPECT_EQ(geometry.block_bytes, 512u);
    EXPECT_EQ(geometry.blocks, 10u);
    EXPECT_EQ(geometry.max_transfer_bytes, 65536u * 512);
    EXPECT_EQ(geometry.max_segments, 1024u);
    EXPECT_EQ(geometry.buffer_alignment, 1u);
    EXPECT_FALSE((*handle)->facts.serial.empty());
    EXPECT_TRUE((*handle)->facts.can_write_zeroes);
    EXPECT_GE((*handle)->fd, 0);
    // io_uring fails reads that would block on a descriptor that has this flag.
    EXPECT_EQ(::fcntl((*handle)->fd, F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(::fcntl((*handle)->fd, F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(OpenFile, RefreshSeesANewSize) {
    make(512);
    auto handle = open();
    ASSERT_TRUE(handle.has_value());
    make(20 * 512);
    ASSERT_TRUE((*handle)->refresh().has_value());
    EXPECT_EQ((*handle)->facts.geometry.blocks, 20u);
}

TEST_F(OpenFile, AMissingFileIsNotFound) {
    const auto handle = open();
    ASSERT_FALSE(handle.has_value());
    EXPECT_EQ(handle.error().error.code, Errc::not_found);
    EXPECT_TRUE(says(handle.error(), "There is no file '" + path() + "'"));
    Options create;
    create.create = true;
    const auto nowhere = open_path(folder_ + "/no/file", create);
    ASSERT_FALSE(nowhere.has_value());
    EXPECT_TRUE(says(nowhere.error(), "directory"));
}

TEST_F(OpenFile, ADirectoryIsRefused) {
    for (const Access access : {Access::read_write, Access::read_only}) {
        Options options;
        options.access = access;
        const auto handle = open_path(folder_, options);
        ASSERT_FALSE(handle.has_value());
        EXPECT_EQ(handle.error().error.code, Errc::invalid_argument);
        EXPECT_TRUE(says(handle.error(), "is a directory"));
    }
}

TEST_F(OpenFile, APipeIsRefusedWithoutWaitingForItsOtherEnd) {
    ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
    Options options;
    options.access = Access::read_only;
    const auto handle = open(options);
    ASSERT_FALSE(handle.has_value());
    EXPECT_TRUE(says(handle.error(), "not a regular file"));
}

TEST_F(OpenFile, CreatesWithModeAndLength) {
    Options options;
    options.create = true;
    options.create_mode = 0640;
    options.create_bytes = 1 << 20;
    const mode_t kept = ::umask(0);
    auto handle = open(options);
    ::umask(kept);
    ASSERT_TRUE(handle.has_value()) << handle.error().sentence;
    EXPECT_EQ((*handle)->facts.geometry.size_bytes, 1u << 20);
    struct stat found{};
    ASSERT_EQ(::stat(path().c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 07777u, 0640u);
}

TEST_F(OpenFile, GrowsAndCutsButNeverShrinksUnasked) {
    make(4096);
    Options options;
    options.create_bytes = 1024;
    EXPECT_EQ((*open(options))->facts.geometry.size_bytes, 4096u);
    options.create_bytes = 8192;
    EXPECT_EQ((*open(options))->facts.geometry.size_bytes, 8192u);
    options.truncate = true;
    options.create_bytes = 0;
    EXPECT_EQ((*open(options))->facts.geometry.size_bytes, 0u);
}

TEST_F(OpenFile, WhatDoesNotFitLeavesNothingBehind) {
    for (const std::uint64_t bytes : {std::uint64_t{1} << 62, UINT64_MAX}) {
        Options options;
        options.create = true;
        options.create_bytes = bytes;
        const auto handle = open(options);
        ASSERT_FALSE(handle.has_value());
        EXPECT_EQ(handle.error().error.code, Errc::system);
        EXPECT_TRUE(says(handle.error(), "could not be made"));
        EXPECT_EQ(found().kind, os::FileKind::missing);
    }
    // A file that was there stays, as it was.
    make(1000);
    Options options;
    options.create = true;
    options.create_bytes = std::uint64_t{1} << 62;
    EXPECT_FALSE(open(options).has_value());
    EXPECT_EQ(found().bytes, 1000u);
}

TEST_F(OpenFile, ADiskQuotaThatIsReachedOnTheWayLeavesNothingBehind) {
    // The system stands in for a full disk with a limit on the size of files.
    struct rlimit kept{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &kept), 0);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = kept;
    limit.rlim_cur = 1 << 20;
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
    Options options;
    options.create = true;
    options.create_bytes = 2 << 20;
    const auto handle = open(options);
    ::setrlimit(RLIMIT_FSIZE, &kept);
    std::signal(SIGXFSZ, handler);
    ASSERT_FALSE(handle.has_value());
    EXPECT_EQ(handle.error().error.os, EFBIG);
    EXPECT_EQ(found().kind, os::FileKind::missing);
}

TEST_F(OpenFile, ChangingAFileThatIsOpenedForReadingIsRefused) {
    make(512);
    Options options;
    options.access = Access::read_only;
    options.truncate = true;
    const auto handle = open(options);
    ASSERT_FALSE(handle.has_value());
    EXPECT_EQ(handle.error().error.code, Errc::invalid_argument);
    EXPECT_EQ(found().bytes, 512u);
}

TEST_F(OpenFile, ReadOnlyHandlesChangeNothing) {
    make(512);
    Options options;
    options.access = Access::read_only;
    auto handle = open(options);
    ASSERT_TRUE(handle.has_value());
    EXPECT_FALSE((*handle)->facts.can_write_zeroes);
    EXPECT_FALSE((*handle)->facts.can_deallocate);
    EXPECT_EQ(::fcntl((*handle)->fd, F_GETFL) & O_ACCMODE, O_RDONLY);
}

TEST_F(OpenFile, DirectIsWhatTheDescriptorHas) {
    make(1 << 20);
    Options options;
    options.direct = true;
    auto handle = open(options);
    ASSERT_TRUE(handle.has_value())
        << "the tests need a file system with direct I/O under TMPDIR: " << handle.error().sentence;
    EXPECT_TRUE((*handle)->direct);
    const Geometry& geometry = (*handle)->facts.geometry;
    EXPECT_GE(geometry.block_bytes, 512u);
    EXPECT_GE(geometry.buffer_alignment, 1u);
#if defined(O_DIRECT)
    EXPECT_NE(::fcntl((*handle)->fd, F_GETFL) & O_DIRECT, 0);
#endif
    // What it says can be done, and can be read.
    void* memory = nullptr;
    ASSERT_EQ(::posix_memalign(&memory, std::max(geometry.buffer_alignment, 8u) * 2,
                               geometry.block_bytes * 2),
              0);
    auto* base = static_cast<std::byte*>(memory);
    EXPECT_EQ(::pread((*handle)->fd, base + geometry.buffer_alignment % geometry.block_bytes,
                      geometry.block_bytes, geometry.block_bytes),
              static_cast<ssize_t>(geometry.block_bytes));
    ::free(memory);
}

TEST_F(OpenFile, OtherClassesAreRefused) {
    const auto handle =
        be_common::open(Identifier{"/dev/sda", DeviceClass::block, "/dev/sda", false}, {});
    ASSERT_FALSE(handle.has_value());
    EXPECT_EQ(handle.error().error.code, Errc::unsupported);
    EXPECT_TRUE(scan()->empty());
}

}  // namespace
}  // namespace xnvme::be_common
