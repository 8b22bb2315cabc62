#include <xnvme/nvme/builders.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstring>

namespace xnvme::nvme {
namespace {

/// A command as the sixteen dwords that a controller reads.
std::array<std::uint32_t, 16> dwords(const Command& command) {
    std::array<std::uint32_t, 16> words{};
    std::memcpy(words.data(), &command, sizeof(command));
    return words;
}

std::array<std::uint32_t, 16> expect(std::uint32_t cdw0, std::uint32_t nsid, std::uint32_t cdw10,
                                     std::uint32_t cdw11, std::uint32_t cdw12 = 0,
                                     std::uint32_t cdw13 = 0, std::uint32_t cdw14 = 0,
                                     std::uint32_t cdw15 = 0) {
    return {cdw0, nsid, 0, 0, 0, 0, 0, 0, 0, 0, cdw10, cdw11, cdw12, cdw13, cdw14, cdw15};
}

constexpr std::uint64_t kSlba = 0x1122334455667788;

TEST(Builders, ReadAndWriteSplitTheLbaAndCountBlocksFromZero) {
    EXPECT_EQ(dwords(read(kSlba, 8)), expect(0x02, 0, 0x55667788, 0x11223344, 7));
    EXPECT_EQ(dwords(read(0, 65536)), expect(0x02, 0, 0, 0, 0xffff));
    EXPECT_EQ(dwords(write(kSlba, 1, kForceUnitAccess | kLimitedRetry, 3)),
              expect(0x01, 3, 0x55667788, 0x11223344, 0xc0000000));
    EXPECT_EQ(
        dwords(write(5, 256, kPract | kCheckGuard | kCheckApplicationTag | kCheckReferenceTag)),
        expect(0x01, 0, 5, 0, 0x3c0000ff));
    EXPECT_EQ(read(kSlba, 65536).blocks(), 65536u);
    EXPECT_EQ(read(kSlba, 1).slba(), kSlba);
}

TEST(Builders, CommandsWithoutDataCarryTheirRange) {
    EXPECT_EQ(dwords(flush(7)), expect(0x00, 7, 0, 0));
    EXPECT_EQ(dwords(write_zeroes(16, 4)), expect(0x08, 0, 16, 0, 3));
    EXPECT_EQ(dwords(write_zeroes(16, 4, true)), expect(0x08, 0, 16, 0, 0x02000003));
    EXPECT_EQ(dwords(write_uncorrectable(9, 2, 1)), expect(0x04, 1, 9, 0, 1));
    EXPECT_EQ(dwords(verify(9, 2)), expect(0x0c, 0, 9, 0, 1));
    EXPECT_EQ(dwords(compare(9, 2, kCheckStorageTag)), expect(0x05, 0, 9, 0, 0x01000001));
}

TEST(Builders, DatasetManagementCountsRangesFromZero) {
    EXPECT_EQ(dwords(dataset_management(1)), expect(0x09, 0, 0, 4));
    EXPECT_EQ(dwords(dataset_management(256, kDsmIntegralRead | kDsmIntegralWrite, 2)),
              expect(0x09, 2, 255, 3));
    EXPECT_EQ(dsm_range_count(dataset_management(256)), 256u);
}

TEST(Builders, DsmRangeCountsBlocksFromOne) {
    const DsmRange range{.cattr = 0, .nlb = 0x100, .slba = kSlba};
    const std::array<std::uint8_t, 16> bytes{0,    0,    0,    0,    0,    1,    0,    0,
                                             0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11};
    EXPECT_EQ(std::memcmp(&range, bytes.data(), 16), 0);
}

TEST(Builders, CopyHasDestinationRangesAndFormat) {
    EXPECT_EQ(dwords(copy(kSlba, 1)), expect(0x19, 0, 0x55667788, 0x11223344, 0));
    EXPECT_EQ(dwords(copy(64, 128, 1, kForceUnitAccess, 5)), expect(0x19, 5, 64, 0, 0x4000017f));
    EXPECT_EQ(copy_range_count(copy(64, 128, 1)), 128u);
    EXPECT_EQ(copy_format(copy(64, 128, 1)), 1u);
}

TEST(Builders, CopyRangesCountBlocksFromZero) {
    const CopyRange0 first = CopyRange0::of(kSlba, 65536);
    EXPECT_EQ(first.nlb.value(), 0xffff);
    EXPECT_EQ(first.blocks(), 65536u);
    EXPECT_EQ(first.slba.value(), kSlba);
    const CopyRange1 second = CopyRange1::of(1, 1);
    EXPECT_EQ(second.nlb.value(), 0);
    EXPECT_EQ(second.blocks(), 1u);
}

TEST(Builders, FileCommandsCarryAByteOffset) {
    EXPECT_EQ(dwords(file_read(kSlba)), expect(0xdc, 0, 0x55667788, 0x11223344));
    EXPECT_EQ(dwords(file_write(12345)), expect(0xac, 0, 12345, 0));
    EXPECT_EQ(dwords(file_flush()), expect(0xad, 0, 0, 0));
}

TEST(Builders, IdentifyPlacesCnsControllerAndCommandSet) {
    EXPECT_EQ(dwords(identify({})), expect(0x06, 0, 0x01, 0));
    EXPECT_EQ(dwords(identify({.cns = Cns::ns_csi,
                               .nsid = 4,
                               .cntid = 0xbeef,
                               .cnssid = 0x1234,
                               .csi = CommandSet::zoned,
                               .uuid = 3})),
              expect(0x06, 4, 0xbeef0005, 0x02001234, 0, 0, 3));
}

TEST(Builders, GetLogPageCountsDwordsFromZeroOverTwoFields) {
    EXPECT_EQ(dwords(get_log_page({.page = LogPage::health, .bytes = 512})),
              expect(0x02, 0xffffffff, 0x007f0002, 0));
    const Command command = get_log_page({.page = LogPage::telemetry_host,
                                          .bytes = 0x100000,
                                          .offset_bytes = 0x500000200,
                                          .nsid = 1,
                                          .lsp = 0x11,
                                          .lsi = 0xabcd,
                                          .retain_event = true,
                                          .csi = CommandSet::zoned,
                                          .uuid = 2});
    EXPECT_EQ(dwords(command), expect(0x02, 1, 0xffff9107, 0xabcd0003, 0x200, 5, 0x02000002));
    EXPECT_EQ(log_bytes(command), 0x100000u);
    EXPECT_EQ(log_offset_bytes(command), 0x500000200u);
    EXPECT_EQ(log_bytes(get_log_page({.bytes = 4})), 4u);
}

TEST(Builders, FeaturesPlaceIdentifierSelectAndSave) {
    EXPECT_EQ(
        dwords(get_features(FeatureId::temperature_threshold, FeatureSelect::saved, 1, 0x00110000)),
        expect(0x0a, 1, 0x204, 0x00110000));
    EXPECT_EQ(dwords(get_features(FeatureId::arbitration, FeatureSelect::capabilities)),
              expect(0x0a, 0, 0x301, 0));
    EXPECT_EQ(dwords(set_features({.id = FeatureId::volatile_write_cache,
                                   .nsid = 2,
                                   .cdw11 = 1,
                                   .cdw12 = 12,
                                   .cdw13 = 13,
                                   .cdw15 = 15,
                                   .save = true,
                                   .uuid = 9})),
              expect(0x09, 2, 0x80000006, 1, 12, 13, 9, 15));
}

TEST(Builders, FormatSplitsTheFormatIndex) {
    EXPECT_EQ(dwords(format({.nsid = 1, .lbaf = 2})), expect(0x80, 1, 0x002, 0));
    const FormatFields fields{.nsid = kNsidAll,
                              .lbaf = 0x2a,
                              .metadata_extended = true,
                              .protection_type = 3,
                              .protection_first = true,
                              .erase = SecureErase::cryptographic};
    // LBAFU 2, SES 2, PIL, PI 3, MSET, LBAFL 10.
    EXPECT_EQ(dwords(format(fields)), expect(0x80, 0xffffffff, 0x257a, 0));
    const FormatFields back = format_fields(format(fields));
    EXPECT_EQ(back.lbaf, 0x2a);
    EXPECT_TRUE(back.metadata_extended);
    EXPECT_EQ(back.protection_type, 3);
    EXPECT_TRUE(back.protection_first);
    EXPECT_EQ(back.erase, SecureErase::cryptographic);
}

TEST(Builders, SanitizeWritesSixteenPassesAsZero) {
    EXPECT_EQ(dwords(sanitize({.action = SanitizeAction::block_erase})), expect(0x84, 0, 2, 0));
    EXPECT_EQ(dwords(sanitize({.action = SanitizeAction::overwrite,
                               .allow_unrestricted_exit = true,
                               .overwrite_passes = 5,
                               .invert_between_passes = true,
                               .no_deallocate = true,
                               .overwrite_pattern = 0xdeadbeef})),
              expect(0x84, 0, 0x35b, 0xdeadbeef));
    EXPECT_EQ(sanitize({.action = SanitizeAction::overwrite, .overwrite_passes = 16}).cdw10, 3u);
}

TEST(Builders, DirectivesPlaceOperationTypeAndSpecific) {
    EXPECT_EQ(dwords(directive_receive(
                  {.nsid = 1, .bytes = 4096, .operation = kIdentifyReceiveParameters})),
              expect(0x1a, 1, 1023, 0x0001));
    EXPECT_EQ(dwords(directive_send({.nsid = 1,
                                     .operation = kStreamsSendReleaseIdentifier,
                                     .type = DirectiveType::streams,
                                     .specific = 0x1234,
                                     .cdw12 = 1,
                                     .cdw13 = 2})),
              expect(0x19, 1, 0, 0x12340101, 1, 2));
    EXPECT_EQ(dwords(directive_enable(DirectiveType::streams, true, 1)),
              expect(0x19, 1, 0, 0x01, 0x101));
    EXPECT_EQ(dwords(directive_enable(DirectiveType::streams, false, 1)),
              expect(0x19, 1, 0, 0x01, 0x100));
}

TEST(Builders, AreUsableInConstantExpressions) {
    static_assert(read(1, 2).slba() == 1 && read(1, 2).blocks() == 2);
    static_assert(identify({.cns = Cns::ns}).cdw10 == 0);
    static_assert(get_log_page({.bytes = 4}).cdw10 == 2);
}

TEST(Opcodes, EveryRowIsFoundByNumberAndByNameAndIsUnique) {
    for (const OpcodeInfo& row : kOpcodes) {
        EXPECT_EQ(find_opcode(row.set, row.opcode), &row) << row.name;
        EXPECT_EQ(find_opcode(row.set, row.name), &row) << row.name;
    }
    EXPECT_EQ(find_opcode(OpcodeSet::nvm, std::uint8_t{0xff}), nullptr);
    EXPECT_EQ(opcode_name(OpcodeSet::admin, 0xc0), "unknown");
}

TEST(Opcodes, DirectionsAgreeWithTheLowBitsOfTheNumber) {
    // NVMe Base 2.0 §3.3.3.1: bits 1:0 are the direction. Fabrics says 3, and files are our own.
    for (const OpcodeInfo& row : kOpcodes) {
        if (row.set == OpcodeSet::file_system) continue;
        if (row.name == "fabrics") continue;
        switch (row.opcode & 3) {
            case 0:
                EXPECT_EQ(row.transfer, Transfer::none) << row.name;
                break;
            // A command may leave the data out that its number allows for.
            case 1:
                EXPECT_NE(row.transfer, Transfer::from_device) << row.name;
                break;
            case 2:
                EXPECT_NE(row.transfer, Transfer::to_device) << row.name;
                break;
            default:
                ADD_FAILURE() << row.name;
        }
    }
}

TEST(Opcodes, TheKindOfNamespaceDecidesWhatANumberMeans) {
    EXPECT_EQ(find_io_opcode(CommandSet::nvm, 0x01)->name, "write");
    EXPECT_EQ(find_io_opcode(CommandSet::zoned, 0x01)->name, "write");
    EXPECT_EQ(find_io_opcode(CommandSet::zoned, 0x7d)->name, "zone-append");
    EXPECT_EQ(find_io_opcode(CommandSet::nvm, 0x7d), nullptr);
    EXPECT_EQ(find_io_opcode(CommandSet::key_value, 0x01)->name, "store");
    EXPECT_EQ(find_io_opcode(CommandSet::key_value, 0x00)->name, "flush");
    EXPECT_EQ(find_io_opcode(CommandSet::key_value, 0x08), nullptr);
    EXPECT_EQ(find_io_opcode(CommandSet::key_value, 0x19), nullptr);
    EXPECT_EQ(find_io_opcode(CommandSet::file_system, 0xdc)->name, "file-read");
    EXPECT_EQ(find_io_opcode(CommandSet::file_system, 0x02)->name, "read");
    EXPECT_EQ(opcode_name(ZonedOpcode::zone_append), "zone-append");
    EXPECT_EQ(opcode_name(KeyValueOpcode::remove), "delete");
    EXPECT_EQ(opcode_name(FileOpcode::write), "file-write");
    EXPECT_EQ(opcode_name(AdminOpcode::get_log_page), "get-log-page");
}

}  // namespace
}  // namespace xnvme::nvme
