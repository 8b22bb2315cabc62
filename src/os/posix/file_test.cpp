#include "os/posix/file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace xnvme::os {
namespace {

class FileTest : public ::testing::Test {
  protected:
    FileTest() {
        const char* folder = std::getenv("TMPDIR");
        path_ = std::string(folder != nullptr ? folder : "/tmp") + "/xnvme-os-XXXXXX";
        fd_ = Fd(::mkstemp(path_.data()));
        EXPECT_TRUE(static_cast<bool>(fd_));
    }
    ~FileTest() override { ::unlink(path_.c_str()); }

    void fill(std::size_t bytes) {
        const std::vector<char> data(bytes, 'x');
        ASSERT_EQ(::pwrite(fd_.get(), data.data(), bytes, 0), static_cast<ssize_t>(bytes));
    }
    std::string read(std::size_t bytes) {
        std::string data(bytes, '?');
        EXPECT_EQ(::pread(fd_.get(), data.data(), bytes, 0), static_cast<ssize_t>(bytes));
        return data;
    }
    std::uint64_t length() {
        struct stat found{};
        EXPECT_EQ(::fstat(fd_.get(), &found), 0);
        return static_cast<std::uint64_t>(found.st_size);
    }

    std::string path_;
    Fd fd_;
};

TEST_F(FileTest, FdClosesOnceAndMoves) {
    const int number = ::dup(fd_.get());
    Fd first(number);
    Fd second = std::move(first);
    EXPECT_FALSE(static_cast<bool>(first));
    EXPECT_EQ(second.get(), number);
    second.reset();
    EXPECT_EQ(::fcntl(number, F_GETFD), -1);
    Fd third(::dup(fd_.get()));
    const int released = third.release();
    EXPECT_NE(::fcntl(released, F_GETFD), -1);
    ::close(released);
}

#if defined(__linux__)

TEST_F(FileTest, OpensTheSameFileAgainTheSameWay) {
    fill(3);
    Fd direct(::open(path_.c_str(), O_RDONLY | O_DSYNC | O_CLOEXEC));
    // Also one whose name is gone.
    ::unlink(path_.c_str());
    for (const int fd : {fd_.get(), direct.get()}) {
        const Fd again = open_again(fd);
        ASSERT_TRUE(again);
        EXPECT_EQ(::fcntl(again.get(), F_GETFL), ::fcntl(fd, F_GETFL));
        EXPECT_NE(::fcntl(again.get(), F_GETFD) & FD_CLOEXEC, 0);
        // A place of its own to read from: it is another open file.
        EXPECT_EQ(::lseek(again.get(), 2, SEEK_SET), 2);
        EXPECT_EQ(::lseek(fd, 0, SEEK_CUR), 0) << "as pwrite leaves it";
        char byte = 0;
        EXPECT_EQ(::pread(again.get(), &byte, 1, 0), 1);
        EXPECT_EQ(byte, 'x');
    }
}

TEST_F(FileTest, OpensNothingAgainThatItMayNot) {
    EXPECT_FALSE(open_again(-1));
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    EXPECT_FALSE(open_again(ends[0])) << "a socket is not opened by name";
    ::close(ends[0]);
    ::close(ends[1]);
}

#endif

TEST_F(FileTest, OpeningKeepsTheErrno) {
    const Opened opened = open_path(path_ + "/none", O_RDONLY, 0, false);
    EXPECT_EQ(opened.os_error, ENOTDIR);
    EXPECT_FALSE(opened.direct_refused);
    EXPECT_FALSE(static_cast<bool>(opened.fd));
}

TEST_F(FileTest, HolesReadAsZeroesWhereTheFileSystemHasThem) {
    fill(1 << 20);
    ASSERT_TRUE(can_punch_hole(fd_.get(), 1 << 20))
        << "the tests need a file system that punches holes under TMPDIR";
    EXPECT_EQ(length(), 1u << 20);
    EXPECT_EQ(read(1), "x");
    ASSERT_EQ(punch_hole(fd_.get(), 4096, 8192), 0);
    const std::string data = read(16384);
    EXPECT_EQ(data.substr(0, 4096), std::string(4096, 'x'));
    EXPECT_EQ(data.substr(4096, 8192), std::string(8192, '\0'));
    EXPECT_EQ(data.substr(12288), std::string(4096, 'x'));
}

TEST_F(FileTest, ZeroingEitherWorksOrSaysThatItCannot) {
    fill(8192);
    const int why = zero_range(fd_.get(), 512, 1024);
    const std::string data = read(8192);
    if (why == 0) {
        EXPECT_EQ(data.substr(512, 1024), std::string(1024, '\0'));
    } else {
        EXPECT_EQ(why, EOPNOTSUPP);
        EXPECT_EQ(data, std::string(8192, 'x'));
    }
    EXPECT_EQ(data.substr(1536), std::string(8192 - 1536, 'x'));
}

TEST_F(FileTest, AllocationGrowsTheFileAndKeepsItsData) {
    fill(100);
    ASSERT_EQ(allocate_range(fd_.get(), 100, 9900), 0);
    EXPECT_EQ(length(), 10'000u);
    EXPECT_EQ(read(101), std::string(100, 'x') + '\0');
}

TEST_F(FileTest, AReadOnlyDescriptorChangesNothing) {
    fill(4096);
    const Opened opened = open_path(path_, O_RDONLY, 0, false);
    ASSERT_TRUE(static_cast<bool>(opened.fd));
    EXPECT_NE(punch_hole(opened.fd.get(), 0, 4096), 0);
    EXPECT_FALSE(can_punch_hole(opened.fd.get(), 4096));
    EXPECT_EQ(read(1), "x");
    EXPECT_EQ(sync_data(fd_.get()), 0);
    EXPECT_EQ(sync_data(-1), EBADF);
}

TEST_F(FileTest, NowaitIsAnsweredByTheDescriptor) {
    fill(4096);
    EXPECT_FALSE(takes_nowait(-1));
    const Opened write_only = open_path(path_, O_WRONLY, 0, false);
    EXPECT_FALSE(takes_nowait(write_only.fd.get()));
    EXPECT_FALSE(file_system_name(fd_.get()).empty());
}

}  // namespace
}  // namespace xnvme::os
