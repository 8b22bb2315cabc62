#include "backends/linux/block.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "backends/linux/devices_for_test.hpp"
#include "backends/linux/discovery.hpp"
#include "backends/linux/sysfs.hpp"

namespace xnvme::be_linux::testing {

namespace {

Identifier block_of(const std::string& path) {
    return identifier_of(path, DeviceClass::block);
}

Context context_of(std::uint8_t opcode, std::uint64_t slba, std::uint32_t blocks, void* data,
                   std::uint32_t bytes) {
    Context context{};
    context.command.opcode = opcode;
    context.command.set_slba(slba);
    context.command.set_blocks(blocks);
    context.command.data = reinterpret_cast<std::uintptr_t>(data);
    context.command.data_bytes = bytes;
    context.bytes = bytes;
    return context;
}

TEST(Discovery, OpensALoopDeviceWithItsGeometry) {
    for (const std::uint32_t block_bytes : {512u, 4096u}) {
        LoopDevice loop(1 << 20, block_bytes);
        Options options;
        options.direct = true;
        auto handle = be_linux::open(block_of(loop.path()), options);
        ASSERT_TRUE(handle.has_value()) << handle.error().sentence;
        const Geometry& geometry = (*handle)->facts.geometry;
        EXPECT_EQ(geometry.block_bytes, block_bytes);
        EXPECT_EQ(geometry.transfer_block_bytes, block_bytes);
        EXPECT_EQ(geometry.size_bytes, 1u << 20);
        EXPECT_EQ(geometry.blocks, (1u << 20) / block_bytes);
        EXPECT_EQ(geometry.max_transfer_bytes, block_bytes * 65536);
        EXPECT_GE(geometry.buffer_alignment, 1u);
        EXPECT_TRUE((*handle)->direct);
        EXPECT_FALSE((*handle)->facts.read_only);
    }
}

TEST(Discovery, SaysWhatIsWrongWithADevice) {
    auto missing = be_linux::open(block_of("/dev/no-such-device"), Options{});
    ASSERT_FALSE(missing.has_value());
    EXPECT_EQ(missing.error().error.code, Errc::not_found);
    EXPECT_NE(missing.error().sentence.find("/dev/no-such-device"), std::string::npos);

    LoopDevice loop(1 << 20);
    const os::Fd fd(::open(loop.path().c_str(), O_RDONLY | O_CLOEXEC));
    int yes = 1;
    ASSERT_EQ(::ioctl(fd.get(), BLKROSET, &yes), 0);
    auto refused = be_linux::open(block_of(loop.path()), Options{});
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().error.code, Errc::read_only);
    EXPECT_NE(refused.error().sentence.find("reading only"), std::string::npos);
    Options reading;
    reading.access = Access::read_only;
    auto taken = be_linux::open(block_of(loop.path()), reading);
    ASSERT_TRUE(taken.has_value()) << taken.error().sentence;
    EXPECT_TRUE((*taken)->facts.read_only);
    // The mark would stay on the loop device when its file is taken away.
    yes = 0;
    ASSERT_EQ(::ioctl(fd.get(), BLKROSET, &yes), 0);

    Options growing;
    growing.create_bytes = 2 << 20;
    growing.access = Access::read_only;
    auto small = be_linux::open(block_of(loop.path()), growing);
    ASSERT_FALSE(small.has_value());
    EXPECT_NE(small.error().sentence.find("cannot grow"), std::string::npos);
}

TEST(Discovery, ALoopDeviceWithoutAFileIsToldHowToGetOne) {
    std::string path;
    {
        LoopDevice loop(1 << 20);
        path = loop.path();
    }
    auto handle = be_linux::open(block_of(path), Options{});
    ASSERT_FALSE(handle.has_value());
    EXPECT_EQ(handle.error().error.code, Errc::not_found);
    EXPECT_NE(handle.error().sentence.find("losetup " + path), std::string::npos)
        << handle.error().sentence;
}

TEST(Discovery, ScanFindsALoopDeviceAndWhatBacksIt) {
    LoopDevice loop(1 << 20, 4096);
    const auto found = be_linux::scan();
    ASSERT_TRUE(found.has_value());
    bool seen = false;
    for (const Found& device : *found) {
        EXPECT_NE(device.size_bytes == 0 && device.device_class == DeviceClass::block, true);
        if (device.uri != loop.path()) continue;
        seen = true;
        EXPECT_EQ(device.size_bytes, 1u << 20);
        EXPECT_EQ(device.block_bytes, 4096u);
        EXPECT_NE(device.use.find("backed by /tmp/xnvme-test-"), std::string::npos) << device.use;
    }
    EXPECT_TRUE(seen);
}

TEST(Discovery, UseNamesTheMountPointOfTheRootDevice) {
    struct stat status;
    ASSERT_EQ(::stat("/", &status), 0);
    const auto folders = block_folders(status.st_dev);
    ASSERT_TRUE(folders.has_value()) << "the root file system stands on no block device";
    EXPECT_NE(use_of(*folders).find("mounted on /"), std::string::npos);
    LoopDevice loop(1 << 20);
    EXPECT_EQ(use_of(loop.path()), "");
    EXPECT_EQ(use_of("/etc/passwd"), "");
}

class BlockSync : public ::testing::Test {
  protected:
    void SetUp() override {
        auto opened = be_linux::open(block_of(loop_.path()), Options{});
        ASSERT_TRUE(opened.has_value()) << opened.error().sentence;
        handle_ = std::move(*opened);
        auto made = block::make_sync(*handle_, Options{});
        ASSERT_TRUE(made.has_value());
        sync_ = std::move(*made);
        std::memset(pages_.data, 0x5a, pages_.bytes);
        Context write = context_of(0x01, 0, 32, pages_.data, 16384);
        sync_->execute(write);
        ASSERT_TRUE(write.ok());
    }
    bool reads_as(std::uint64_t slba, std::uint32_t blocks, std::byte value) {
        Pages back(blocks * 512);
        std::memset(back.data, 0xff, back.bytes);
        Context read = context_of(0x02, slba, blocks, back.data, blocks * 512);
        sync_->execute(read);
        if (!read.ok()) return false;
        for (std::size_t i = 0; i < back.bytes; ++i) {
            if (back.data[i] != value) return false;
        }
        return true;
    }

    LoopDevice loop_{1 << 20};
    Pages pages_{16384};
    std::unique_ptr<Handle> handle_;
    std::unique_ptr<SyncInterface> sync_;
};

TEST_F(BlockSync, WritesZeroesInPlaceAndByDeallocating) {
    Context zeroes = context_of(0x08, 4, 2, nullptr, 0);
    sync_->execute(zeroes);
    ASSERT_TRUE(zeroes.ok());
    EXPECT_TRUE(reads_as(3, 1, std::byte{0x5a}));
    EXPECT_TRUE(reads_as(4, 2, std::byte{0}));
    EXPECT_TRUE(reads_as(6, 1, std::byte{0x5a}));
    Context hole = context_of(0x08, 8, 8, nullptr, 0);
    hole.command.cdw12 |= 1u << 25;
    sync_->execute(hole);
    ASSERT_TRUE(hole.ok());
    EXPECT_TRUE(reads_as(8, 8, std::byte{0}));
    EXPECT_TRUE(reads_as(16, 1, std::byte{0x5a}));
}

TEST_F(BlockSync, DiscardsAndFlushes) {
    ASSERT_TRUE(handle_->facts.can_deallocate);
    ASSERT_TRUE(block::carries(*handle_).has(0x09));
    struct {
        std::uint32_t attributes = 0;
        std::uint32_t blocks = 8;
        std::uint64_t slba = 0;
    } range;
    Context discard{};
    discard.command.opcode = 0x09;
    discard.command.cdw11 = 4;
    discard.command.data = reinterpret_cast<std::uintptr_t>(&range);
    discard.command.data_bytes = discard.bytes = sizeof range;
    sync_->execute(discard);
    ASSERT_TRUE(discard.ok());
    EXPECT_TRUE(reads_as(0, 8, std::byte{0}));  // A loop device punches a hole.
    EXPECT_TRUE(reads_as(8, 8, std::byte{0x5a}));
    Context flush{};
    sync_->execute(flush);
    EXPECT_TRUE(flush.ok());
}

TEST_F(BlockSync, DoesNotCarryZonesOnADeviceWithoutThem) {
    EXPECT_FALSE(handle_->facts.geometry.zoned);
    EXPECT_FALSE(block::carries(*handle_).has(0x79));
    EXPECT_FALSE(block::carries(*handle_).has(0x7a));
}

TEST_F(BlockSync, FormatLeavesZeroesAndSecureEraseIsRefusedWithoutTheHardware) {
    auto admin = block::make_admin(*handle_, Options{});
    ASSERT_TRUE(admin.has_value());
    Context secure{};
    secure.command.opcode = 0x80;
    secure.command.nsid = 1;
    secure.command.cdw10 = 1u << 9;
    (*admin)->execute(secure);
    EXPECT_FALSE(secure.ok()) << "a loop device has no secure erase";
    EXPECT_TRUE(reads_as(0, 32, std::byte{0x5a}));
    Context format{};
    format.command.opcode = 0x80;
    format.command.nsid = 1;
    (*admin)->execute(format);
    ASSERT_TRUE(format.ok());
    EXPECT_TRUE(reads_as(0, 32, std::byte{0}));
}

}  // namespace

}  // namespace xnvme::be_linux::testing
