// Each queue of an interface that does its I/O on the file itself has an open file of its own, so
// that two queues share no line of cache in the kernel. docs/decisions/0013
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>

#include "tests/conformance/harness.hpp"

namespace conformance {
namespace {

/// The open files that this process has of a device or file. Descriptors that are duplicates of
/// each other share their place, which nothing else here uses.
std::size_t open_files(const std::string& path) {
    struct stat wanted{};
    if (::stat(path.c_str(), &wanted) != 0) throw std::runtime_error(path + " is not there");
    std::vector<int> descriptors;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        const int fd = std::stoi(entry.path().filename().string());
        struct stat status{};
        if (::fstat(fd, &status) == 0 && status.st_dev == wanted.st_dev &&
            status.st_ino == wanted.st_ino)
            descriptors.push_back(fd);
    }
    off_t place = 0;
    for (const int fd : descriptors) {
        place += 4096;
        if (::lseek(fd, place, SEEK_SET) != place)
            throw std::runtime_error("a descriptor of " + path + " has no place");
    }
    std::set<off_t> places;
    for (const int fd : descriptors) places.insert(::lseek(fd, 0, SEEK_CUR));
    return places.size();
}

class AsyncOwnFile : public AsyncCase {};

TEST_P(AsyncOwnFile, EachQueueOpensTheFileAgainAndClosesIt) {
    xnvme::Device device = open();
    const std::string path(device.uri());
    const std::size_t before = open_files(path);
    ASSERT_GE(before, 1u);
    const bool own = GetParam().interface != "emu" && GetParam().interface != "thrpool" &&
                     GetParam().interface != "nil";
    {
        std::optional<xnvme::Queue> queues[2];
        for (std::size_t i = 0; i < 2; ++i) {
            queues[i] = must(device.create_queue(4));
            EXPECT_EQ(open_files(path), before + (own ? i + 1 : 0));
        }
        // What one writes the other reads.
        const std::uint32_t unit = device.geometry().transfer_block_bytes;
        xnvme::Buffer buffer = must(device.allocate(unit));
        if (GetParam().interface != "nil") {
            fill(buffer.span(), 3, unit, 9);
            EXPECT_FALSE(
                Runner(*queues[0]).run(xnvme::nvme::write(3, 1), buffer.part(0, unit)).why);
            std::ranges::fill(buffer.span(), std::byte{0});
            EXPECT_FALSE(Runner(*queues[1]).run(xnvme::nvme::read(3, 1), buffer.part(0, unit)).why);
            EXPECT_TRUE(holds(buffer.span(), 3, unit, 9));
        }
    }
    EXPECT_EQ(open_files(path), before);
}

CONFORMANCE_OVER(AsyncOwnFile, pairs(xnvme::Contract::async, [](const Pair& pair) {
                     return pair.device_class == xnvme::DeviceClass::file ||
                            pair.device_class == xnvme::DeviceClass::block;
                 }));

}  // namespace
}  // namespace conformance
