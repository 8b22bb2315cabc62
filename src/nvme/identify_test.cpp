#include <xnvme/nvme/identify.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <random>
#include <vector>

#include "nvme/reader.hpp"

namespace xnvme::nvme {
namespace {

std::vector<std::byte> bytes_of(std::initializer_list<int> values) {
    std::vector<std::byte> bytes;
    for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
    return bytes;
}

TEST(IdentifyController, FieldsStandWhereTheSpecificationPutsThem) {
    std::array<std::uint8_t, 4096> raw{};
    raw[0] = 0x36, raw[1] = 0x1b;      // VID
    raw[77] = 5;                       // MDTS
    raw[78] = 0x34, raw[79] = 0x12;    // CNTLID
    raw[81] = 4, raw[82] = 1;          // VER 1.4.0
    raw[256] = 0x0e;                   // OACS
    raw[262] = 63;                     // ELPE
    raw[516] = 3;                      // NN
    raw[520] = 0x5f, raw[521] = 0x01;  // ONCS
    raw[525] = 7;                      // VWC
    raw[534] = 3;                      // OCFS
    std::memcpy(&raw[4], "SERIAL              ", 20);
    std::memcpy(&raw[768], "nqn.2014-08.org.example:x", 26);
    const Result<IdentifyController> id = decode<IdentifyController>(std::as_bytes(std::span(raw)));
    ASSERT_TRUE(id.has_value());
    EXPECT_EQ(id->vid, 0x1b36);
    EXPECT_EQ(id->serial(), "SERIAL");
    EXPECT_EQ(id->subsystem_nqn(), "nqn.2014-08.org.example:x");
    EXPECT_EQ(id->max_transfer_bytes(), 4096u << 5);
    EXPECT_EQ(id->max_transfer_bytes(8192), 8192u << 5);
    EXPECT_EQ(id->cntlid, 0x1234);
    EXPECT_EQ(id->version_major(), 1u);
    EXPECT_EQ(id->version_minor(), 4u);
    EXPECT_EQ(id->error_log_entries(), 64u);
    EXPECT_EQ(id->nn, 3u);
    EXPECT_EQ(id->oacs & kOacsFormat, kOacsFormat);
    EXPECT_EQ(id->oncs & kOncsCopy, kOncsCopy);
    EXPECT_EQ(id->oncs & kOncsVerify, 0);
    EXPECT_TRUE(id->volatile_write_cache());
    EXPECT_TRUE(id->copy_format(1));
    EXPECT_FALSE(id->copy_format(2));
    EXPECT_FALSE(id->copy_format(99));
}

TEST(IdentifyController, NoTransferLimitIsZeroAndNonsenseDoesNotShiftTooFar) {
    IdentifyController id{};
    EXPECT_EQ(id.max_transfer_bytes(), 0u);
    id.mdts = 255;
    EXPECT_EQ(id.max_transfer_bytes(), 0u);
    id.npss = 255;
    EXPECT_EQ(id.power_states(), 32u);
}

TEST(IdentifyController, TextFillsItsFieldWithSpaces) {
    IdentifyController id{};
    set_text(id.fr, "1.0");
    EXPECT_EQ(std::string_view(id.fr.data(), 8), "1.0     ");
    set_text(id.fr, "longer than eight");
    EXPECT_EQ(id.firmware(), "longer t");
}

TEST(PowerState, ScalesItsPowers) {
    PowerState state{};
    state.mp = 250;
    EXPECT_EQ(state.max_power_microwatts(), 2'500'000u);
    state.flags = 3;
    EXPECT_EQ(state.max_power_microwatts(), 25'000u);
    EXPECT_TRUE(state.non_operational());
    state.idlp = 5;
    state.ips = 2 << 6;
    EXPECT_EQ(state.idle_power_microwatts(), 50'000u);
    state.actp = 5;
    EXPECT_EQ(state.active_power_microwatts(), 0u) << "no scale means not reported";
}

TEST(IdentifyNamespace, FormatIndexUsesTheUpperBitsOnlyWithManyFormats) {
    IdentifyNamespace id{};
    id.lbaf[1] = LbaFormat{8, 12, 2};
    id.lbaf[0x2a] = LbaFormat{0, 9, 0};
    id.nlbaf = 3;
    id.flbas = 0x51;  // Format 1, extended, and a stray upper bit.
    EXPECT_EQ(id.format_index(), 1u);
    EXPECT_TRUE(id.metadata_extended());
    EXPECT_EQ(id.format().block_bytes(), 4096u);
    EXPECT_EQ(id.format().metadata_bytes(), 8u);
    EXPECT_EQ(id.format().relative_performance(), 2u);
    id.nlbaf = 63;
    id.flbas = 0x4a;  // 10 | 2 << 4
    EXPECT_EQ(id.format_index(), 0x2au);
    id.flbas = 0xff;
    id.nlbaf = 255;
    EXPECT_EQ(id.format_index(), 63u);
    EXPECT_EQ(id.formats(), 64u);
}

TEST(IdentifyNamespace, SizeSaturatesAndABadBlockSizeGivesNone) {
    IdentifyNamespace id{};
    id.nsze = 1000;
    EXPECT_EQ(id.size_bytes(), 0u);
    id.lbaf[0].lbads = 9;
    EXPECT_EQ(id.size_bytes(), 512'000u);
    id.nsze = UINT64_MAX;
    EXPECT_EQ(id.size_bytes(), UINT64_MAX);
    id.lbaf[0].lbads = 200;
    EXPECT_EQ(id.format().block_bytes(), 0u);
    id.lbaf[0].lbads = 8;
    EXPECT_EQ(id.format().block_bytes(), 0u);
}

TEST(IdentifyNamespace, DeallocatedBlocksReadAsReported) {
    IdentifyNamespace id{};
    id.dlfeat = 0x09;
    EXPECT_EQ(id.deallocated_read(), DeallocatedRead::zeroes);
    EXPECT_TRUE(id.write_zeroes_deallocates());
    id.dlfeat = 0x02;
    EXPECT_EQ(id.deallocated_read(), DeallocatedRead::ones);
    id.dlfeat = 0x07;
    EXPECT_EQ(id.deallocated_read(), DeallocatedRead::unreported);
}

TEST(IdentifyNamespaceNvm, ExtendedFormatsHaveTagAndGuardSizes) {
    const ExtendedLbaFormat format{Le32((2u << 7) | 16u)};
    EXPECT_EQ(format.storage_tag_bits(), 16u);
    EXPECT_EQ(format.protection_format(), 2u);
}

TEST(IoCommandSets, SupportsOnlyWhatItsBitsSay) {
    IoCommandSets sets{};
    sets.vector[1] = 0x05;
    EXPECT_TRUE(sets.supports(1, CommandSet::nvm));
    EXPECT_TRUE(sets.supports(1, CommandSet::zoned));
    EXPECT_FALSE(sets.supports(1, CommandSet::key_value));
    EXPECT_FALSE(sets.supports(0, CommandSet::nvm));
    EXPECT_FALSE(sets.supports(4096, CommandSet::nvm));
}

TEST(NamespaceIds, DecodesEveryKnownTypeAndPassesOverOthers) {
    std::array<std::byte, 4096> list{};
    std::size_t at = 0;
    const std::array<std::uint8_t, 8> eui64{1, 2, 3, 4, 5, 6, 7, 8};
    const std::array<std::uint8_t, 16> nguid{9, 9, 9};
    const std::array<std::uint8_t, 16> uuid{7, 7};
    const std::array<std::uint8_t, 1> csi{2};
    const std::array<std::uint8_t, 3> other{1, 1, 1};
    at = encode_namespace_id(list, at, NamespaceIdType::eui64, eui64);
    ASSERT_EQ(at, 12u);
    at = encode_namespace_id(list, at, static_cast<NamespaceIdType>(0x44), other);
    at = encode_namespace_id(list, at, NamespaceIdType::nguid, nguid);
    at = encode_namespace_id(list, at, NamespaceIdType::uuid, uuid);
    at = encode_namespace_id(list, at, NamespaceIdType::csi, csi);
    ASSERT_EQ(at, 12u + 7u + 20u + 20u + 5u);
    const NamespaceIds ids = decode_namespace_ids(list);
    EXPECT_TRUE(ids.well_formed);
    EXPECT_TRUE(ids.has_eui64 && ids.has_nguid && ids.has_uuid && ids.has_csi);
    EXPECT_EQ(ids.eui64, eui64);
    EXPECT_EQ(ids.nguid, nguid);
    EXPECT_EQ(ids.uuid, uuid);
    EXPECT_EQ(ids.csi, CommandSet::zoned);
}

TEST(NamespaceIds, EncodesNothingThatDoesNotFit) {
    std::array<std::byte, 8> list{};
    const std::array<std::uint8_t, 8> eui64{1, 2, 3, 4, 5, 6, 7, 8};
    EXPECT_EQ(encode_namespace_id(list, 0, NamespaceIdType::eui64, eui64), 0u);
    EXPECT_EQ(encode_namespace_id(list, 9, NamespaceIdType::eui64, eui64), 0u);
    EXPECT_EQ(list[0], std::byte{0});
}

TEST(NamespaceIds, AHostileLengthEndsTheListInsideTheBuffer) {
    // Says 255 bytes, with four there.
    const auto past_end = bytes_of({3, 255, 0, 0, 1, 2, 3, 4});
    EXPECT_FALSE(decode_namespace_ids(past_end).well_formed);
    EXPECT_FALSE(decode_namespace_ids(past_end).has_uuid);
    // A known type of the wrong length, behind one that is right.
    const auto wrong = bytes_of({4, 1, 0, 0, 0, 1, 4, 0, 0, 1, 2, 3, 4});
    const NamespaceIds kept = decode_namespace_ids(wrong);
    EXPECT_FALSE(kept.well_formed);
    EXPECT_TRUE(kept.has_csi);
    EXPECT_FALSE(kept.has_eui64);
    // No length at all, and half a header.
    EXPECT_FALSE(decode_namespace_ids(bytes_of({0x44, 0, 0, 0, 0, 0, 0, 0})).well_formed);
    EXPECT_FALSE(decode_namespace_ids(bytes_of({4, 1, 0})).well_formed);
    EXPECT_TRUE(decode_namespace_ids({}).well_formed);
}

TEST(NamespaceIds, RandomListsNeverLeaveTheBuffer) {
    // Every buffer is an allocation of exactly its size, so that the address sanitizer sees a
    // read of one byte too many.
    std::mt19937 random(20);
    for (int round = 0; round < 2000; ++round) {
        std::vector<std::byte> list(random() % 64);
        for (std::byte& byte : list) byte = static_cast<std::byte>(random() % 24);
        const NamespaceIds ids = decode_namespace_ids(list);
        if (ids.has_uuid) {
            EXPECT_GE(list.size(), 20u);
        }
        EXPECT_LE(decode_namespace_list(list).size(), list.size() / 4);
        EXPECT_LE(decode_controller_list(list).size(), list.size() / 2);
    }
}

TEST(Lists, EndAtTheFirstZeroOrWhereTheBufferDoes) {
    const auto list = bytes_of({1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0});
    EXPECT_EQ(decode_namespace_list(list), (std::vector<std::uint32_t>{1, 3}));
    EXPECT_EQ(decode_namespace_list(std::span(list).first(6)), (std::vector<std::uint32_t>{1}));
    const auto controllers = bytes_of({200, 0, 1, 0, 5, 0, 6});
    EXPECT_EQ(decode_controller_list(controllers), (std::vector<std::uint16_t>{1, 5}));
    EXPECT_TRUE(decode_controller_list({}).empty());

    NamespaceList full;
    for (Le32& nsid : full.nsid) nsid = 7;
    EXPECT_EQ(full.count(), 1024u);
    ControllerList many{};
    many.num = 0xffff;
    EXPECT_EQ(many.count(), 2047u);
}

TEST(Reader, AnAccessThatDoesNotFitChangesNothing) {
    const auto bytes = bytes_of({1, 2, 3, 4, 5});
    Reader reader(bytes);
    ASSERT_TRUE(reader.read<Le32>().has_value());
    EXPECT_FALSE(reader.read<Le16>().has_value());
    EXPECT_FALSE(reader.take(2).has_value());
    EXPECT_EQ(reader.remaining_bytes(), 1u);
    ASSERT_TRUE(reader.take(1).has_value());
    EXPECT_EQ(reader.offset_bytes(), 5u);
    EXPECT_TRUE(reader.take(0).has_value());
    EXPECT_FALSE(reader.seek(6));
    EXPECT_TRUE(reader.seek(0));
    EXPECT_EQ(reader.read<Le16>()->value(), 0x0201);
}

TEST(Cns, EveryValueHasOneName) {
    EXPECT_EQ(cns_name(Cns::ns), "namespace");
    EXPECT_EQ(cns_name(static_cast<Cns>(0x77)), "unknown");
    for (const CnsInfo& row : kCnsValues) {
        for (const CnsInfo& other : kCnsValues) {
            if (&row == &other) continue;
            EXPECT_NE(row.name, other.name);
            EXPECT_NE(row.cns, other.cns);
        }
    }
}

}  // namespace
}  // namespace xnvme::nvme
