// What bad input gets, where it takes files, users, full disks and read-only devices to show.
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/conformance/harness.hpp"
#include "tests/conformance/linux/block_places.hpp"
#include "tests/conformance/system.hpp"

namespace conformance {
namespace {

constexpr ::uid_t kNobody = 65534;

/// Another user for as long as it lives. Asserts that the suite runs as root.
class OtherUser {
  public:
    OtherUser() : worked_(::geteuid() == 0 && ::seteuid(kNobody) == 0) {}
    ~OtherUser() {
        if (worked_ && ::seteuid(0) != 0) ::abort();
    }
    bool worked() const { return worked_; }

  private:
    bool worked_;
};

class BadInputFile : public ::testing::Test {
  protected:
    void SetUp() override {
        ::chmod(work_folder().c_str(), 0755);
        path_ = work_folder() + "/bad-input";
        write_file(path_, std::string(8192, 'x'));
    }
    void TearDown() override { std::filesystem::remove(path_); }
    static void write_file(const std::string& path, const std::string& content) {
        std::ofstream(path, std::ios::trunc | std::ios::binary) << content << std::flush;
    }
    static std::string content(const std::string& path) {
        std::ifstream in(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    std::string path_;
};

TEST_F(BadInputFile, AFileOfAnotherUserIsRefused) {
    ASSERT_EQ(::chmod(path_.c_str(), 0600), 0);
    xnvme::Result<xnvme::Device, xnvme::Failure> result =
        xnvme::fail(Errc::ok, "it was not opened");
    {
        const OtherUser other;
        ASSERT_TRUE(other.worked()) << "this case changes its user, which takes root";
        result = xnvme::Device::open(path_);
    }
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().error.code, Errc::no_permission) << sentence_of(result);
    EXPECT_EQ(result.error().error.os, EACCES);
    EXPECT_TRUE(says(sentence_of(result), {path_, "ermission"}));
    EXPECT_EQ(content(path_), std::string(8192, 'x'));
}

TEST_F(BadInputFile, AReadableFileOfAnotherUserSaysHowToReadIt) {
    ASSERT_EQ(::chmod(path_.c_str(), 0644), 0);
    xnvme::Result<xnvme::Device, xnvme::Failure> writing =
        xnvme::fail(Errc::ok, "it was not opened");
    xnvme::Result<xnvme::Device, xnvme::Failure> reading =
        xnvme::fail(Errc::ok, "it was not opened");
    {
        const OtherUser other;
        ASSERT_TRUE(other.worked()) << "this case changes its user, which takes root";
        writing = xnvme::Device::open(path_);
        xnvme::Options read_only;
        read_only.access = xnvme::Access::read_only;
        reading = xnvme::Device::open(path_, read_only);
    }
    ASSERT_FALSE(writing);
    EXPECT_TRUE(says(sentence_of(writing), {path_, "read"}));
    EXPECT_TRUE(reading) << sentence_of(reading);
}

TEST_F(BadInputFile, AnInterfaceThatDoesNotServeAFileIsRefusedWithThoseThatDo) {
    for (const xnvme::InterfaceInfo& row : xnvme::interfaces()) {
        const bool serves =
            std::ranges::find(row.classes, xnvme::DeviceClass::file) != row.classes.end();
        if (serves || !row.built) continue;
        xnvme::Options options;
        if (row.contract == xnvme::Contract::async) options.async = row.name;
        if (row.contract == xnvme::Contract::sync) options.sync = row.name;
        if (row.contract == xnvme::Contract::admin) options.admin = row.name;
        if (row.contract == xnvme::Contract::memory) options.mem = row.name;
        const auto result = xnvme::Device::open(path_, options);
        ASSERT_FALSE(result) << row.name;
        EXPECT_TRUE(says(sentence_of(result), {row.name, "file"}));
    }
    EXPECT_EQ(content(path_), std::string(8192, 'x'));
}

TEST_F(BadInputFile, AWrongNameCreatesAndTruncatesNothing) {
    xnvme::Options options;
    options.create = true;
    options.truncate = true;
    options.create_bytes = 1 << 20;
    options.async = "io_urnig";
    EXPECT_TRUE(says(sentence_of(xnvme::Device::open(path_, options)), {"io_urnig", "io_uring"}));
    EXPECT_EQ(content(path_), std::string(8192, 'x'));
    const std::string missing = path_ + ".missing";
    EXPECT_FALSE(xnvme::Device::open(missing, options));
    EXPECT_FALSE(std::filesystem::exists(missing));
}

TEST_F(BadInputFile, AFileThatIsNoMultipleOfItsBlockIsRefusedOrItsTailIsUntouched) {
    write_file(path_, std::string(8192 + 100, 'y'));
    xnvme::Options direct;
    direct.direct = true;
    const auto refused = xnvme::Device::open(path_, direct);
    if (!refused) {
        EXPECT_TRUE(says(sentence_of(refused), {path_, "multiple"}));
    } else {
        EXPECT_EQ(refused->geometry().blocks, 8192 / refused->geometry().block_bytes);
    }
    EXPECT_EQ(content(path_), std::string(8192 + 100, 'y'));
}

TEST_F(BadInputFile, AnEmptyFileHasNoBlocks) {
    write_file(path_, "");
    const auto result = xnvme::Device::open(path_);
    if (!result) {
        EXPECT_TRUE(says(sentence_of(result), {path_, "empty"}));
        return;
    }
    xnvme::Device device = must(xnvme::Device::open(path_));
    EXPECT_EQ(device.geometry().blocks, 0u);
    xnvme::Buffer buffer = must(device.allocate(4096));
    EXPECT_EQ(
        code_of(device.execute(xnvme::nvme::read(0, 4096 / device.geometry().block_bytes), buffer)),
        Errc::out_of_range);
}

TEST_F(BadInputFile, SpecialFilesAreNoDevices) {
    for (const char* path : {"/dev/null", "/dev/zero"}) {
        const auto result = xnvme::Device::open(path);
        ASSERT_FALSE(result) << path;
        EXPECT_TRUE(says(sentence_of(result), {path}));
    }
    const std::string fifo = work_folder() + "/fifo";
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    const auto result = xnvme::Device::open(fifo);
    ASSERT_FALSE(result);
    EXPECT_TRUE(says(sentence_of(result), {fifo}));
    std::filesystem::remove(fifo);
}

TEST_F(BadInputFile, PollingIsRefusedWhereTheDeviceCannot) {
    if (!target_runs("loop")) GTEST_SKIP() << "XNVME_CONFORMANCE_TARGETS leaves loop devices out";
    xnvme::Options options;
    options.async = "io_uring";
    options.poll_io = true;
    options.direct = true;
    const auto result = xnvme::Device::open(shared_place("loop_direct").uri, options);
    ASSERT_FALSE(result) << "a loop device has no polled completions";
    EXPECT_TRUE(says(sentence_of(result), {"poll"}));
    options.direct = false;
    const auto buffered = xnvme::Device::open(path_, options);
    ASSERT_FALSE(buffered);
    EXPECT_TRUE(says(sentence_of(buffered), {"poll"}));
}

// ---- A full disk
// ---------------------------------------------------------------------------------

class BadInputFullDisk : public ::testing::Test {
  protected:
    void SetUp() override {
        folder_ = work_folder() + "/full";
        std::filesystem::create_directories(folder_);
        ASSERT_EQ(::mount("none", folder_.c_str(), "tmpfs", 0, "size=1m"), 0)
            << "a full disk takes a file system of its own, which takes root";
        mounted_ = true;
    }
    void TearDown() override {
        if (mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
        std::filesystem::remove(folder_);
    }
    std::string folder_;
    bool mounted_ = false;
};

TEST_F(BadInputFullDisk, AWriteThatDoesNotFitIsAnErrorOfTheSystem) {
    const std::string path = folder_ + "/file";
    MadePlace sparse = make_file(folder_, "file", 4u << 20, false);
    ASSERT_TRUE(sparse) << sparse.error();
    for (const Pair& pair : pairs_with_data()) {
        if (pair.target != "file_tmpfs" && pair.target != "file") continue;
        xnvme::Options options;
        options.async = pair.interface;
        xnvme::Device device = must(xnvme::Device::open(path, options));
        const std::uint32_t count = (1u << 19) / device.geometry().block_bytes;
        xnvme::Buffer buffer = must(device.allocate(1u << 19));
        xnvme::Queue queue = must(device.create_queue(8));
        Runner runner(queue);
        for (std::uint32_t i = 0; i < 8; ++i)
            must(runner.submit(xnvme::nvme::write(std::uint64_t{i} * count, count), buffer));
        EXPECT_EQ(runner.drain(), 8u);
        EXPECT_GE(runner.failed(), 6u) << pair.interface;
        for (const Outcome& outcome : runner.outcomes()) {
            if (!outcome.why) continue;
            const bool full = outcome.why.code == Errc::system && outcome.why.os == ENOSPC;
            const bool partly = outcome.why.code == Errc::short_transfer;
            EXPECT_TRUE(full || partly) << pair.interface << ": " << text(outcome.why);
            EXPECT_EQ(outcome.os_error, full ? ENOSPC : 0);
        }
    }
}

TEST_F(BadInputFullDisk, AFileThatCannotGrowIsRefusedAtOpen) {
    xnvme::Options options;
    options.create = true;
    options.create_bytes = 1ull << 62;
    const auto result = xnvme::Device::open(folder_ + "/large", options);
    ASSERT_FALSE(result);
    EXPECT_TRUE(says(sentence_of(result), {folder_ + "/large"}));
}

// ---- A read-only device -------------------------------------------------------------------------

class BadInputReadOnly : public ::testing::Test {
  protected:
    void SetUp() override {
        if (!target_runs("loop"))
            GTEST_SKIP() << "XNVME_CONFORMANCE_TARGETS leaves loop devices out";
        MadePlace file = make_file(work_folder(), "read-only.backing", 1u << 20, false);
        ASSERT_TRUE(file) << file.error();
        file_ = std::move(*file);
        loop_ = std::make_unique<LoopDevice>(file_->uri, true);
    }
    std::unique_ptr<Place> file_;
    std::unique_ptr<LoopDevice> loop_;
};

TEST_F(BadInputReadOnly, ADeviceThatCannotBeWrittenSaysSoAtTheEarliestMoment) {
    auto opened = xnvme::Device::open(loop_->path());
    if (!opened) {
        EXPECT_TRUE(says(sentence_of(opened), {loop_->path(), "read"}));
        xnvme::Options options;
        options.access = xnvme::Access::read_only;
        opened = xnvme::Device::open(loop_->path(), options);
    }
    xnvme::Device device = must(std::move(opened));
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    xnvme::Buffer buffer = must(device.allocate(unit));
    xnvme::Queue queue = must(device.create_queue(4));
    std::ranges::fill(buffer.span(), std::byte{8});
    Runner runner(queue);
    EXPECT_EQ(code_of(runner.submit(xnvme::nvme::write(0, 1), buffer)), Errc::read_only);
    EXPECT_EQ(code_of(device.execute(xnvme::nvme::write_zeroes(0, 1))), Errc::read_only);
    EXPECT_TRUE(all_bytes(read_blocks(device, 0, 1).span(), std::byte{0}));
}

// ---- Hugepages
// -----------------------------------------------------------------------------------

TEST(BadInputMemory, HugepagesThatNobodyReservedAreRefusedWithWhatToDo) {
    xnvme::Options options;
    options.mem = "hugepage";
    auto device = xnvme::Device::open("mem:16MiB", options);
    if (!device) {
        EXPECT_TRUE(says(sentence_of(device), {"hugepage", "nr_hugepages"}));
        return;
    }
    // More than any machine of ours has reserved.
    const auto buffer = device->allocate(std::size_t{1} << 44);
    ASSERT_FALSE(buffer);
    EXPECT_EQ(buffer.error().error.code, Errc::no_memory);
    EXPECT_TRUE(says(sentence_of(buffer), {"hugepage", "nr_hugepages"}));
}

}  // namespace
}  // namespace conformance
