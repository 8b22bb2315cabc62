// What only files have: commands with offsets in bytes, growth, ends in the middle of a command,
// and lengths that change while the file is open.
#include <algorithm>
#include <filesystem>

#include "tests/conformance/harness.hpp"

namespace conformance {
namespace {

class AsyncFile : public AsyncCase {
  protected:
    /// A file of this case alone, beside the target's own, so that its length may change.
    std::string path() const { return place().uri + ".own"; }
    void SetUp() override {
        AsyncCase::SetUp();
        if (HasFatalFailure()) return;
        auto made =
            make_file(std::filesystem::path(path()).parent_path().string(),
                      std::filesystem::path(path()).filename().string(), 1u << 20, place().direct);
        ASSERT_TRUE(made) << made.error();
        file_ = std::move(*made);
    }
    void TearDown() override {
        file_.reset();
        AsyncCase::TearDown();
    }
    xnvme::Device open_file() const { return must(xnvme::Device::open(path(), options())); }
    std::uint64_t length() const { return std::filesystem::file_size(path()); }

  private:
    std::unique_ptr<Place> file_;
};

constexpr std::uint32_t kPage = 4096;

TEST_P(AsyncFile, TakesOffsetsInBytes) {
    xnvme::Device device = open_file();
    EXPECT_EQ(device.geometry().size_bytes, 1u << 20);
    xnvme::Queue queue = must(device.create_queue(4));
    xnvme::Buffer buffer = must(device.allocate(4 * kPage));
    Runner runner(queue);
    // Past the cache only what is aligned can be moved; through it any byte can.
    const std::uint64_t offset = place().direct ? 3 * kPage : 3 * kPage + 17;
    const std::size_t bytes = place().direct ? kPage : 1234;
    fill(buffer.span().first(bytes), 0, kPage, 1);
    const Outcome written = runner.run(xnvme::nvme::file_write(offset), buffer.part(0, bytes));
    EXPECT_FALSE(written.why) << text(written.why);
    EXPECT_EQ(written.bytes, bytes);
    EXPECT_FALSE(runner.run(xnvme::nvme::file_flush()).why);
    std::ranges::fill(buffer.span(), std::byte{0});
    const Outcome read = runner.run(xnvme::nvme::file_read(offset), buffer.part(0, bytes));
    EXPECT_FALSE(read.why) << text(read.why);
    EXPECT_TRUE(holds(buffer.span().first(bytes), 0, kPage, 1));
    EXPECT_EQ(length(), 1u << 20);
    // The bytes before it are untouched.
    const Outcome before = runner.run(xnvme::nvme::file_read(2 * kPage), buffer.part(0, kPage));
    EXPECT_FALSE(before.why);
    EXPECT_TRUE(all_bytes(buffer.span().first(kPage), std::byte{0}));
}

TEST_P(AsyncFile, GrowsWithAWritePastItsEnd) {
    xnvme::Device device = open_file();
    xnvme::Queue queue = must(device.create_queue(4));
    xnvme::Buffer buffer = must(device.allocate(kPage));
    fill(buffer.span(), 9, kPage, 2);
    Runner runner(queue);
    const std::uint64_t end = length();
    const Outcome written = runner.run(xnvme::nvme::file_write(end + kPage), buffer);
    EXPECT_FALSE(written.why) << text(written.why);
    EXPECT_EQ(length(), end + 2 * kPage);
    std::ranges::fill(buffer.span(), std::byte{0});
    EXPECT_FALSE(runner.run(xnvme::nvme::file_read(end + kPage), buffer).why);
    EXPECT_TRUE(holds(buffer.span(), 9, kPage, 2));
}

TEST_P(AsyncFile, AReadAcrossItsEndSaysHowManyBytesMoved) {
    xnvme::Device device = open_file();
    xnvme::Queue queue = must(device.create_queue(4));
    xnvme::Buffer buffer = must(device.allocate(2 * kPage));
    Runner runner(queue);
    const Outcome outcome = runner.run(xnvme::nvme::file_read(length() - kPage), buffer);
    EXPECT_EQ(outcome.why.code, Errc::short_transfer) << text(outcome.why);
    EXPECT_EQ(outcome.bytes, kPage);
    EXPECT_FALSE(outcome.completion.ok());
    xnvme::Context context;
    context.command = xnvme::nvme::file_read(length() - kPage);
    EXPECT_EQ(code_of(device.execute(context, buffer)), Errc::short_transfer);
    EXPECT_EQ(context.bytes, kPage);
}

TEST_P(AsyncFile, AReadPastItsEndMovesNothing) {
    xnvme::Device device = open_file();
    xnvme::Queue queue = must(device.create_queue(4));
    xnvme::Buffer buffer = must(device.allocate(kPage));
    Runner runner(queue);
    const Outcome outcome = runner.run(xnvme::nvme::file_read(length() + kPage), buffer);
    EXPECT_EQ(outcome.why.code, Errc::short_transfer) << text(outcome.why);
    EXPECT_EQ(outcome.bytes, 0u);
    // The same context, used again, shows nothing of it.
    const Outcome clean = runner.run(xnvme::nvme::file_read(0), buffer);
    EXPECT_FALSE(clean.why) << text(clean.why);
    EXPECT_EQ(clean.bytes, kPage);
}

TEST_P(AsyncFile, AListAcrossItsEndSaysHowManyBytesMoved) {
    xnvme::Device device = open_file();
    xnvme::Queue queue = must(device.create_queue(4));
    xnvme::Buffer buffer = must(device.allocate(4 * kPage));
    const xnvme::IoVec list[] = {{buffer.data() + 2 * kPage, kPage}, {buffer.data(), 2 * kPage}};
    Runner runner(queue);
    const Outcome outcome = runner.run(xnvme::nvme::file_read(length() - 2 * kPage),
                                       std::span<const xnvme::IoVec>(list));
    EXPECT_EQ(outcome.why.code, Errc::short_transfer) << text(outcome.why);
    EXPECT_EQ(outcome.bytes, 2 * kPage);
}

TEST_P(AsyncFile, TruncatedUnderItFailsReadsAndDrains) {
    xnvme::Device device = open_file();
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    const std::uint32_t per_page = std::max(kPage / unit, 1u);
    xnvme::Queue queue = must(device.create_queue(33));
    xnvme::Buffer buffer = must(device.allocate(32 * std::size_t{kPage}));
    truncate_file(path(), 4 * kPage);
    Runner runner(queue);
    for (std::uint32_t i = 0; i < 32; ++i)
        must(runner.submit(xnvme::nvme::read(std::uint64_t{i} * per_page, per_page),
                           buffer.part(std::size_t{i} * kPage, kPage)));
    EXPECT_EQ(runner.drain(), 32u);
    for (std::size_t i = 0; i < 32; ++i) {
        const Outcome& outcome = runner.outcomes()[i];
        EXPECT_EQ(outcome.why.code, i < 4 ? Errc::ok : Errc::short_transfer) << "read " << i;
        EXPECT_EQ(outcome.bytes, i < 4 ? kPage : 0u) << "read " << i;
    }
    // Emulated commands meet the end too.
    EXPECT_EQ(runner.run(xnvme::nvme::verify(8 * per_page, 1)).why.code, Errc::short_transfer);
}

TEST_P(AsyncFile, RemovedUnderItStaysReadable) {
    xnvme::Device device = open_file();
    write_pattern(device, 0, 8, 5);
    ASSERT_TRUE(std::filesystem::remove(path()));
    xnvme::Queue queue = must(device.create_queue(4));
    const std::uint32_t unit = device.geometry().transfer_block_bytes;
    xnvme::Buffer buffer = must(device.allocate(8 * std::size_t{unit}));
    Runner runner(queue);
    EXPECT_FALSE(runner.run(xnvme::nvme::read(0, 8), buffer).why);
    EXPECT_TRUE(holds(buffer.span(), 0, unit, 5));
}

TEST_P(AsyncFile, IsCreatedWhenThatIsAskedFor) {
    const std::string created = place().uri + ".created";
    xnvme::Options create = options();
    EXPECT_FALSE(xnvme::Device::open(created, create));
    EXPECT_FALSE(std::filesystem::exists(created)) << "a refused open made a file";
    create.create = true;
    create.create_bytes = 64 * kPage;
    {
        xnvme::Device device = must(xnvme::Device::open(created, create));
        EXPECT_EQ(device.geometry().size_bytes, 64 * kPage);
        write_pattern(device, 0, 4, 6);
    }
    {
        // Opened again it is as long as it was, and holds what it held.
        xnvme::Device device = must(xnvme::Device::open(created, create));
        const std::uint32_t unit = device.geometry().transfer_block_bytes;
        EXPECT_TRUE(holds(read_blocks(device, 0, 4).span(), 0, unit, 6));
    }
    create.truncate = true;
    {
        xnvme::Device device = must(xnvme::Device::open(created, create));
        EXPECT_TRUE(all_bytes(read_blocks(device, 0, 4).span(), std::byte{0}));
    }
    std::filesystem::remove(created);
}

std::vector<Pair> file_pairs() {
    return pairs(xnvme::Contract::async, [](const Pair& pair) {
        return pair.interface != "nil" && pair.device_class == xnvme::DeviceClass::file;
    });
}
CONFORMANCE_OVER(AsyncFile, file_pairs());

}  // namespace
}  // namespace conformance
