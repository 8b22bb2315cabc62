// What a controller says of itself, through each node that the driver makes for it.
#include <xnvme/device.hpp>

#include "tests/conformance/harness.hpp"
#include "tests/guest/devices.hpp"

namespace {

using conformance::must;

xnvme::Device open_with_ioctl(const std::string& path) {
    xnvme::Options options;
    options.admin = "nvme";
    return must(xnvme::Device::open(path, options));
}

TEST(NvmIdentify, TellsTheBlockSizeAndSizeOfEachNamespace) {
    struct Expected {
        const char* role;
        std::uint32_t block_bytes;
        std::uint64_t mebibytes;
    };
    for (const Expected& expected : {Expected{"nvme512", 512, 16}, Expected{"nvme4096", 4096, 16},
                                     Expected{"many2", 4096, 8}}) {
        SCOPED_TRACE(expected.role);
        for (const std::string& path :
             {guest::device(expected.role).block, guest::device(expected.role).generic}) {
            SCOPED_TRACE(path);
            xnvme::Device device = open_with_ioctl(path);
            EXPECT_EQ(device.capabilities().admin, "nvme");
            EXPECT_EQ(device.identify_namespace().format().block_bytes(), expected.block_bytes);
            EXPECT_EQ(device.identify_namespace().size_bytes(), expected.mebibytes << 20);
            EXPECT_EQ(device.geometry().block_bytes, expected.block_bytes);
        }
    }
}

TEST(NvmIdentify, TellsTheSerialNumberThatTheControllerWasGiven) {
    EXPECT_EQ(open_with_ioctl(guest::device("nvme512").generic).identify_controller().serial(),
              "conv");
    EXPECT_EQ(open_with_ioctl(guest::device("cmb").generic).identify_controller().serial(), "cmb");
}

TEST(NvmIdentify, AsksTheNamespaceOfTheNodeThatWasOpened) {
    EXPECT_EQ(open_with_ioctl(guest::device("many7").generic).nsid(), 7u);
    EXPECT_EQ(open_with_ioctl(guest::device("many7").block).nsid(), 7u);
    EXPECT_EQ(open_with_ioctl(guest::device("many1").generic).nsid(), 1u);
}

}  // namespace
