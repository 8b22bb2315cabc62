// What a controller says of itself, through each node that the driver makes for it.
#include <array>

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

TEST(MetaIdentify, TellsTheMetadataOfEachNamespace) {
    struct Expected {
        const char* role;
        std::uint32_t metadata_bytes;
        bool extended;
        unsigned protection_type;
    };
    for (const Expected& expected :
         {Expected{"meta_sep", 8, false, 0}, Expected{"meta_ext", 16, true, 0},
          Expected{"pi1", 8, false, 1}, Expected{"pi2", 8, false, 2}, Expected{"pi3", 8, false, 3},
          Expected{"pi1_ext", 8, true, 1}, Expected{"pi1_64", 16, false, 1}}) {
        SCOPED_TRACE(expected.role);
        xnvme::Device device = open_with_ioctl(guest::device(expected.role).generic);
        const xnvme::Geometry& geometry = device.geometry();
        EXPECT_EQ(geometry.metadata_bytes, expected.metadata_bytes);
        EXPECT_EQ(geometry.metadata_extended, expected.extended);
        EXPECT_EQ(geometry.protection_type, expected.protection_type);
        EXPECT_EQ(geometry.size_bytes, 16u << 20);
    }
}

TEST(ZonedIdentify, TellsTheZonesOfEachNamespace) {
    struct Expected {
        const char* role;
        std::uint64_t zone_blocks;
        std::uint64_t zones;
    };
    for (const Expected& expected : {Expected{"zoned", 512, 16}, Expected{"zoned_zrwa", 512, 16},
                                     Expected{"zoned512", 2048, 16}}) {
        SCOPED_TRACE(expected.role);
        xnvme::Device device = open_with_ioctl(guest::device(expected.role).generic);
        EXPECT_TRUE(device.geometry().zoned);
        EXPECT_EQ(device.geometry().zone_blocks, expected.zone_blocks);
        EXPECT_EQ(device.geometry().zones, expected.zones);
    }
}

TEST(SharedIdentify, BothControllersShowTheNamespace) {
    const guest::Device& shared = guest::device("shared");
    ASSERT_EQ(shared.controllers.size(), 2u);
    std::vector<std::uint16_t> identifiers;
    for (const std::string& path : shared.controllers) {
        SCOPED_TRACE(path);
        xnvme::Device controller = open_with_ioctl(path);
        xnvme::nvme::NamespaceList list{};
        xnvme::nvme::IdentifyFields fields;
        fields.cns = xnvme::nvme::Cns::active_namespaces;
        (void)must(
            controller.admin(xnvme::nvme::identify(fields), xnvme::Data(&list, sizeof list)));
        EXPECT_EQ(list.nsid[0].value(), 1u);
        EXPECT_EQ(list.nsid[1].value(), 0u);
        identifiers.push_back(controller.identify_controller().cntlid.value());
    }
    EXPECT_NE(identifiers[0], identifiers[1]);
}

TEST(SharedIdentify, AControllerListsItsVirtualFunctions) {
    xnvme::Device device = open_with_ioctl(guest::device("sriov").generic);
    std::array<std::byte, 4096> list{};
    xnvme::nvme::IdentifyFields fields;
    // Secondary Controller List: how many, then 32 bytes each. NVMe Base 2.0 §5.17.2.14
    fields.cns = static_cast<xnvme::nvme::Cns>(0x15);
    (void)must(device.admin(xnvme::nvme::identify(fields), xnvme::Data(list.data(), list.size())));
    EXPECT_EQ(list[0], std::byte{2});
}

TEST(FdpIdentify, OneControllerPlacesData) {
    // CTRATT bit 19: flexible data placement. NVMe Base 2.1, figure "Identify Controller"
    const auto places_data = [](const char* role) {
        xnvme::Device device = open_with_ioctl(guest::device(role).generic);
        return (device.identify_controller().ctratt.value() & (1u << 19)) != 0;
    };
    EXPECT_TRUE(places_data("fdp"));
    EXPECT_FALSE(places_data("new512"));
}

}  // namespace
