#include <xnvme/protection.hpp>

#include <gtest/gtest.h>

#include <cstring>
#include <numeric>
#include <vector>

namespace xnvme {
namespace {

using nvme::ProtectionField;
using nvme::ProtectionFormat;
using nvme::ProtectionInfo;
using nvme::ProtectionMismatch;
using nvme::ProtectionTags;

std::vector<std::byte> bytes_of(std::initializer_list<unsigned> values) {
    std::vector<std::byte> bytes;
    bytes.reserve(values.size());
    for (const unsigned value : values) bytes.push_back(static_cast<std::byte>(value));
    return bytes;
}

std::vector<std::byte> encoded(const ProtectionFormat& format, const ProtectionInfo& info) {
    std::vector<std::byte> bytes(format.bytes());
    nvme::encode_protection(format, info, bytes);
    return bytes;
}

constexpr ProtectionFormat format_of(unsigned type, unsigned guard_bits, unsigned storage_bits = 0,
                                     bool first = false) {
    return {static_cast<std::uint8_t>(type), static_cast<std::uint8_t>(guard_bits),
            static_cast<std::uint8_t>(storage_bits), first};
}

// The figures of NVM Command Set 1.0 §5.2.1: guard, application tag, storage and reference space,
// all big-endian.
TEST(Protection, StandsInMetadataAsTheFiguresShow) {
    const ProtectionInfo info{0x1122334455667788, 0x0102030405060708, 0x1112131415161718, 0xaabb};
    EXPECT_EQ(encoded(format_of(1, 16), info),
              bytes_of({0x77, 0x88, 0xaa, 0xbb, 0x15, 0x16, 0x17, 0x18}));
    EXPECT_EQ(encoded(format_of(1, 16, 8), info),
              bytes_of({0x77, 0x88, 0xaa, 0xbb, 0x08, 0x16, 0x17, 0x18}));
    EXPECT_EQ(encoded(format_of(1, 16, 32), info),
              bytes_of({0x77, 0x88, 0xaa, 0xbb, 0x05, 0x06, 0x07, 0x08}));
    EXPECT_EQ(encoded(format_of(1, 32, 16), info),
              bytes_of({0x55, 0x66, 0x77, 0x88, 0xaa, 0xbb, 0x07, 0x08, 0x11, 0x12, 0x13, 0x14,
                        0x15, 0x16, 0x17, 0x18}));
    EXPECT_EQ(encoded(format_of(1, 32, 64), info),
              bytes_of({0x55, 0x66, 0x77, 0x88, 0xaa, 0xbb, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06,
                        0x07, 0x08, 0x17, 0x18}));
    EXPECT_EQ(encoded(format_of(1, 64), info),
              bytes_of({0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0xaa, 0xbb, 0x13, 0x14,
                        0x15, 0x16, 0x17, 0x18}));
    EXPECT_EQ(encoded(format_of(1, 64, 20), info),
              bytes_of({0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0xaa, 0xbb, 0x60, 0x70,
                        0x85, 0x16, 0x17, 0x18}));
}

/// Every split that the guards allow.
std::vector<ProtectionFormat> every_format() {
    std::vector<ProtectionFormat> all;
    all.reserve(1024);
    for (unsigned type = 1; type <= 3; ++type) {
        for (const unsigned guard : {16u, 32u, 64u}) {
            for (unsigned storage = 0; storage <= 64; ++storage) {
                for (const bool first : {false, true}) {
                    const auto format = format_of(type, guard, storage, first);
                    if (format.valid()) all.push_back(format);
                }
            }
        }
    }
    return all;
}

TEST(Protection, EverySplitOfTheSpaceReadsBack) {
    EXPECT_EQ(every_format().size(), 3u * 2u * (33u + 49u + 49u));
    for (const ProtectionFormat& format : every_format()) {
        const ProtectionInfo info{
            0xf1e2d3c4b5a69788 &
                (format.guard_bits == 64 ? ~std::uint64_t{0}
                                         : (std::uint64_t{1} << format.guard_bits) - 1),
            0x9182736455463728 & format.storage_tag_mask(),
            0xa1b2c3d4e5f60718 & format.reference_tag_mask(), 0x1234};
        ASSERT_EQ(nvme::decode_protection(format, encoded(format, info)), info)
            << unsigned{format.guard_bits} << " " << unsigned{format.storage_tag_bits};
        // Ones in one tag are nothing in the other.
        const ProtectionInfo storage{0, format.storage_tag_mask(), 0, 0};
        ASSERT_EQ(nvme::decode_protection(format, encoded(format, storage)), storage);
        const ProtectionInfo reference{0, 0, format.reference_tag_mask(), 0};
        ASSERT_EQ(nvme::decode_protection(format, encoded(format, reference)), reference);
        const ProtectionTags tags{.reference_tag = info.reference_tag,
                                  .storage_tag = info.storage_tag,
                                  .application_tag = 7,
                                  .application_tag_mask = 0xff00};
        const ProtectionTags back =
            nvme::tags_of(nvme::with_tags(nvme::read(1, 2), format, tags), format);
        ASSERT_EQ(back.reference_tag, tags.reference_tag);
        ASSERT_EQ(back.storage_tag, tags.storage_tag);
        ASSERT_EQ(back.application_tag, 7);
        ASSERT_EQ(back.application_tag_mask, 0xff00);
    }
    EXPECT_FALSE(format_of(1, 16, 33).valid());
    EXPECT_FALSE(format_of(1, 32, 15).valid());
    EXPECT_FALSE(format_of(1, 64, 49).valid());
    EXPECT_FALSE(format_of(1, 24).valid());
    EXPECT_FALSE(format_of(4, 16).valid());
}

TEST(Protection, TagsStandInTheDwordsOfACommand) {
    const ProtectionTags tags{.reference_tag = 0x1112131415161718,
                              .storage_tag = 0xa1a2,
                              .application_tag = 0xbeef,
                              .application_tag_mask = 0x0ff0};
    Command command = nvme::with_tags(nvme::write(3, 4), format_of(1, 16), tags);
    EXPECT_EQ(command.cdw2, 0u);
    EXPECT_EQ(command.cdw3, 0u);
    EXPECT_EQ(command.cdw14, 0x15161718u);
    EXPECT_EQ(command.cdw15, 0x0ff0beefu);
    EXPECT_EQ(command.slba(), 3u);
    EXPECT_EQ(command.blocks(), 4u);
    command = nvme::with_tags(command, format_of(1, 16, 16), tags);
    EXPECT_EQ(command.cdw14, 0xa1a21718u);
    command = nvme::with_tags(command, format_of(1, 64, 16), tags);
    EXPECT_EQ(command.cdw2, 0u);
    EXPECT_EQ(command.cdw3, 0xa1a2u);
    EXPECT_EQ(command.cdw14, 0x15161718u);
    command = nvme::with_tags(command, format_of(1, 32, 16), tags);
    EXPECT_EQ(command.cdw2, 0xa1a2u);
    EXPECT_EQ(command.cdw3, 0x11121314u);
    EXPECT_EQ(command.cdw14, 0x15161718u);
}

TEST(Protection, TagsStandInTheRangesOfACopy) {
    const ProtectionTags tags{.reference_tag = 0x1112131415161718,
                              .storage_tag = 0xa1a2,
                              .application_tag = 0xbeef,
                              .application_tag_mask = 0x0ff0};
    auto short_range = nvme::CopyRange0::of(1, 2);
    nvme::set_expected_tags(short_range, format_of(1, 16, 8), tags);
    EXPECT_EQ(short_range.eilbrt.value(), 0xa2161718u);
    EXPECT_EQ(short_range.elbat.value(), 0xbeef);
    EXPECT_EQ(short_range.elbatm.value(), 0x0ff0);
    EXPECT_EQ(nvme::expected_tags(short_range, format_of(1, 16, 8)).storage_tag, 0xa2u);
    auto range = nvme::CopyRange1::of(1, 2);
    nvme::set_expected_tags(range, format_of(1, 64), tags);
    EXPECT_EQ(range.elbt,
              (std::array<std::uint8_t, 10>{0, 0, 0, 0, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18}));
    EXPECT_EQ(nvme::expected_tags(range, format_of(1, 64)).reference_tag, 0x131415161718u);
    nvme::set_expected_tags(range, format_of(1, 32, 16), tags);
    EXPECT_EQ(range.elbt, (std::array<std::uint8_t, 10>{0xa1, 0xa2, 0x11, 0x12, 0x13, 0x14, 0x15,
                                                        0x16, 0x17, 0x18}));
    EXPECT_EQ(nvme::expected_tags(range, format_of(1, 32, 16)).storage_tag, 0xa1a2u);

    const Command copy =
        nvme::with_copy_checks(nvme::copy(9, 3, 1), nvme::kCheckGuard | nvme::kCheckStorageTag,
                               nvme::kPract | nvme::kCheckReferenceTag);
    EXPECT_EQ(copy.cdw12, 2u | (1u << 8) | (4u << 12) | (1u << 25) | (0xau - 1u) << 26);
    EXPECT_EQ(nvme::copy_read_flags(copy), nvme::kCheckGuard | nvme::kCheckStorageTag);
    EXPECT_EQ(nvme::copy_write_flags(copy), nvme::kPract | nvme::kCheckReferenceTag);
    EXPECT_EQ(nvme::copy_range_count(copy), 3u);
    EXPECT_EQ(nvme::copy_format(copy), 1u);
}

/// A layout with a buffer for five blocks, filled with what no block has twice.
struct Blocks {
    static constexpr std::uint64_t kCount = 5;
    ProtectionLayout layout;
    std::vector<std::byte> data;
    std::vector<std::byte> metadata;

    explicit Blocks(const ProtectionFormat& format, std::uint32_t metadata_bytes, bool extended)
        : layout{format, 512, metadata_bytes, extended},
          data(kCount * layout.transfer_block_bytes()),
          metadata(kCount * layout.separate_block_bytes()) {
        for (std::size_t i = 0; i < data.size(); ++i)
            data[i] = static_cast<std::byte>(i * 7 + i / 251);
        for (std::size_t i = 0; i < metadata.size(); ++i)
            metadata[i] = static_cast<std::byte>(i * 5 + 1);
    }
    Data buffer() { return std::span<std::byte>(data); }
    Data extra() { return metadata.empty() ? Data{} : Data(std::span<std::byte>(metadata)); }
    std::byte& data_byte(std::uint64_t block, std::size_t at) {
        return data[block * layout.transfer_block_bytes() + at];
    }
    std::byte& metadata_byte(std::uint64_t block, std::size_t at) {
        return layout.extended ? data_byte(block, layout.block_bytes + at)
                               : metadata[block * layout.metadata_bytes + at];
    }
    std::size_t pi_offset() const {
        return layout.format.first ? 0 : layout.metadata_bytes - layout.format.bytes();
    }
    ProtectionInfo info(std::uint64_t block) {
        return nvme::decode_protection(layout.format,
                                       {&metadata_byte(block, pi_offset()), layout.format.bytes()});
    }
    std::optional<ProtectionMismatch> verify(const ProtectionTags& tags, std::uint32_t checks = 0) {
        const auto result = verify_protection(layout, tags, buffer(), extra(), checks);
        EXPECT_TRUE(result);
        return result.value_or(ProtectionMismatch{.block = 999});
    }
};

const ProtectionTags kTags{.reference_tag = 0x77, .storage_tag = 0x5a, .application_tag = 0x1234};

/// Calls `visit` with blocks of every type, guard, position, place and size of metadata.
template <class Visit>
void for_every_layout(Visit visit) {
    for (unsigned type = 1; type <= 3; ++type) {
        for (const auto& [guard, storage] :
             {std::pair{16u, 0u}, {16u, 8u}, {32u, 16u}, {64u, 0u}, {64u, 12u}}) {
            for (const bool first : {false, true}) {
                for (const bool extended : {false, true}) {
                    const auto format = format_of(type, guard, storage, first);
                    for (const std::uint32_t metadata : {format.bytes(), 64u}) {
                        Blocks blocks(format, metadata, extended);
                        SCOPED_TRACE(::testing::Message()
                                     << "type " << type << ", guard " << guard << ", storage "
                                     << storage << ", first " << first << ", extended " << extended
                                     << ", metadata " << metadata);
                        visit(blocks);
                        if (::testing::Test::HasFailure()) return;
                    }
                }
            }
        }
    }
}

TEST(Protection, WhatIsGeneratedHolds) {
    for_every_layout([](Blocks& blocks) {
        ASSERT_TRUE(generate_protection(blocks.layout, kTags, blocks.buffer(), blocks.extra()));
        EXPECT_EQ(blocks.verify(kTags), std::nullopt);
        for (std::uint64_t i = 0; i < Blocks::kCount; ++i) {
            const ProtectionInfo info = blocks.info(i);
            EXPECT_EQ(info.application_tag, 0x1234);
            EXPECT_EQ(info.reference_tag, blocks.layout.format.type == 3 ? 0x77 : 0x77 + i);
            EXPECT_EQ(info.storage_tag,
                      std::uint64_t{0x5a} & blocks.layout.format.storage_tag_mask());
            nvme::Guard guard(blocks.layout.format);
            guard.add({&blocks.data_byte(i, 0), 512});
            if (blocks.pi_offset() != 0)
                guard.add({&blocks.metadata_byte(i, 0), blocks.pi_offset()});
            EXPECT_EQ(info.guard, guard.value());
        }
    });
}

TEST(Protection, OnlyItsOwnBytesAreWritten) {
    for_every_layout([](Blocks& blocks) {
        Blocks before = blocks;
        ASSERT_TRUE(generate_protection(blocks.layout, kTags, blocks.buffer(), blocks.extra()));
        for (std::uint64_t i = 0; i < Blocks::kCount; ++i) {
            for (std::size_t at = 0; at < blocks.layout.metadata_bytes; ++at) {
                if (at >= blocks.pi_offset() &&
                    at < blocks.pi_offset() + blocks.layout.format.bytes())
                    continue;
                EXPECT_EQ(blocks.metadata_byte(i, at), before.metadata_byte(i, at));
            }
            EXPECT_EQ(std::memcmp(&blocks.data_byte(i, 0), &before.data_byte(i, 0), 512), 0);
        }
    });
}

TEST(Protection, EveryDamageIsNamedByBlockAndField) {
    for_every_layout([](Blocks& blocks) {
        ASSERT_TRUE(generate_protection(blocks.layout, kTags, blocks.buffer(), blocks.extra()));
        const std::size_t guard_bytes = blocks.layout.format.guard_bits / 8;
        const std::uint64_t good = blocks.info(3).guard;

        blocks.data_byte(3, 511) ^= std::byte{1};
        auto mismatch = blocks.verify(kTags);
        ASSERT_TRUE(mismatch);
        EXPECT_EQ(mismatch->block, 3u);
        EXPECT_EQ(mismatch->field, ProtectionField::guard);
        EXPECT_EQ(mismatch->found, good);
        EXPECT_NE(mismatch->expected, good);
        EXPECT_EQ(blocks.verify(kTags, nvme::kCheckApplicationTag), std::nullopt);
        blocks.data_byte(3, 511) ^= std::byte{1};

        blocks.metadata_byte(2, blocks.pi_offset() + guard_bytes) ^= std::byte{0x80};
        EXPECT_EQ(blocks.verify(kTags),
                  (ProtectionMismatch{2, ProtectionField::application_tag, 0x1234, 0x9234}));
        ProtectionTags masked = kTags;
        masked.application_tag_mask = 0x7fff;
        EXPECT_EQ(blocks.verify(masked), std::nullopt);
        blocks.metadata_byte(2, blocks.pi_offset() + guard_bytes) ^= std::byte{0x80};

        const std::uint64_t tag = blocks.info(4).reference_tag;
        blocks.metadata_byte(4, blocks.pi_offset() + blocks.layout.format.bytes() - 1) ^=
            std::byte{0x20};
        const ProtectionMismatch other{4, ProtectionField::reference_tag, tag, tag ^ 0x20};
        if (blocks.layout.format.type == 3)
            EXPECT_EQ(blocks.verify(kTags), std::nullopt) << "type 3 ties no tag to a block";
        else
            EXPECT_EQ(blocks.verify(kTags), other);
        EXPECT_EQ(blocks.verify(kTags, nvme::kCheckReferenceTag), other);
        blocks.metadata_byte(4, blocks.pi_offset() + blocks.layout.format.bytes() - 1) ^=
            std::byte{0x20};

        if (blocks.layout.format.storage_tag_bits != 0) {
            ProtectionTags stored = kTags;
            stored.storage_tag = 0x5b;
            EXPECT_EQ(blocks.verify(stored),
                      (ProtectionMismatch{0, ProtectionField::storage_tag, 0x5b, 0x5a}));
            stored.storage_tag_mask = 0xfe;
            EXPECT_EQ(blocks.verify(stored), std::nullopt);
        }
        EXPECT_EQ(blocks.verify(kTags), std::nullopt);
    });
}

TEST(Protection, MetadataBeforeItIsUnderTheGuardAndBehindItIsNot) {
    for_every_layout([](Blocks& blocks) {
        const std::uint32_t rest = blocks.layout.metadata_bytes - blocks.layout.format.bytes();
        if (rest == 0) return;
        ASSERT_TRUE(generate_protection(blocks.layout, kTags, blocks.buffer(), blocks.extra()));
        const bool first = blocks.layout.format.first;
        blocks.metadata_byte(1, first ? blocks.layout.metadata_bytes - 1 : 0) ^= std::byte{4};
        const auto mismatch = blocks.verify(kTags);
        EXPECT_EQ(mismatch.has_value(), !first);
        if (mismatch) {
            EXPECT_EQ(mismatch->field, ProtectionField::guard);
        }
    });
}

TEST(Protection, EscapeValuesSwitchTheChecksOff) {
    for_every_layout([](Blocks& blocks) {
        ASSERT_TRUE(generate_protection(blocks.layout, kTags, blocks.buffer(), blocks.extra()));
        const ProtectionFormat& format = blocks.layout.format;
        ProtectionInfo info = blocks.info(1);
        info.guard ^= 1;
        info.application_tag = 0xffff;
        const std::span<std::byte> place(&blocks.metadata_byte(1, blocks.pi_offset()),
                                         format.bytes());
        nvme::encode_protection(format, info, place);
        EXPECT_EQ(blocks.verify(kTags).has_value(), format.type == 3);
        info.reference_tag = format.reference_tag_mask();
        nvme::encode_protection(format, info, place);
        EXPECT_EQ(blocks.verify(kTags), std::nullopt);
    });
}

TEST(Protection, ListsAreAsGoodAsBuffers) {
    for_every_layout([](Blocks& blocks) {
        Blocks flat = blocks;
        ASSERT_TRUE(generate_protection(flat.layout, kTags, flat.buffer(), flat.extra()));
        // Elements that end in the middle of a block, of a tag, and elements of nothing.
        const auto cut = [](std::vector<std::byte>& memory) {
            std::vector<IoVec> list;
            std::size_t at = 0;
            for (std::size_t step = 3; at < memory.size(); step = step * 2 % 1021) {
                const std::size_t part = std::min(step, memory.size() - at);
                list.push_back({memory.data() + at, part});
                list.push_back({nullptr, 0});
                at += part;
            }
            return list;
        };
        const auto data = cut(blocks.data);
        const auto metadata = cut(blocks.metadata);
        const Data data_list{std::span<const IoVec>(data)};
        const Data metadata_list =
            metadata.empty() ? Data{} : Data{std::span<const IoVec>(metadata)};
        ASSERT_TRUE(generate_protection(blocks.layout, kTags, data_list, metadata_list));
        EXPECT_EQ(blocks.data, flat.data);
        EXPECT_EQ(blocks.metadata, flat.metadata);
        auto verdict = verify_protection(blocks.layout, kTags, data_list, metadata_list);
        ASSERT_TRUE(verdict);
        EXPECT_EQ(*verdict, std::nullopt);
        blocks.data_byte(4, 0) ^= std::byte{1};
        verdict = verify_protection(blocks.layout, kTags, data_list, metadata_list);
        ASSERT_TRUE(verdict && *verdict);
        EXPECT_EQ((*verdict)->block, 4u);
    });
}

TEST(Protection, TheReferenceTagWrapsWhereItsBitsEnd) {
    Blocks blocks(format_of(2, 16, 28), 8, false);
    ProtectionTags tags = kTags;
    tags.reference_tag = 14;  // Of four bits: 14, 15, 0, 1, 2.
    ASSERT_TRUE(generate_protection(blocks.layout, tags, blocks.buffer(), blocks.extra()));
    EXPECT_EQ(blocks.info(1).reference_tag, 15u);
    EXPECT_EQ(blocks.info(2).reference_tag, 0u);
    EXPECT_EQ(blocks.verify(tags), std::nullopt);
}

TEST(Protection, BuffersThatAreNoBlocksAreRefused) {
    Blocks separate(format_of(1, 16), 8, false);
    const auto code = [](const Result<void>& result) {
        return result ? Errc::ok : result.error().code;
    };
    EXPECT_EQ(code(generate_protection(separate.layout, kTags, separate.buffer())),
              Errc::bad_length);
    EXPECT_EQ(code(generate_protection(separate.layout, kTags, Data(separate.data.data(), 511),
                                       Data(separate.metadata.data(), 8))),
              Errc::bad_length);
    EXPECT_EQ(code(generate_protection(separate.layout, kTags, Data(separate.data.data(), 1024),
                                       Data(separate.metadata.data(), 8))),
              Errc::bad_length);
    ProtectionLayout small = separate.layout;
    small.metadata_bytes = 4;
    EXPECT_EQ(code(generate_protection(small, kTags, separate.buffer())), Errc::invalid_argument);
    EXPECT_FALSE(verify_protection(small, kTags, separate.buffer()));
}

TEST(Protection, TheLayoutIsThatOfTheGeometry) {
    Geometry geometry;
    geometry.block_bytes = 4096;
    geometry.transfer_block_bytes = 4096;
    geometry.metadata_bytes = 64;
    EXPECT_FALSE(ProtectionLayout::of(geometry));
    geometry.protection_type = 2;
    geometry.guard_bits = 64;
    geometry.protection_first = true;
    auto layout = ProtectionLayout::of(geometry);
    ASSERT_TRUE(layout);
    EXPECT_EQ(layout->format, format_of(2, 64, 0, true));
    EXPECT_EQ(layout->transfer_block_bytes(), 4096u);
    EXPECT_EQ(layout->separate_block_bytes(), 64u);
    EXPECT_EQ(layout->tags(0x1'2345'6789'abcd, 9).reference_tag, 0x2345'6789'abcdu);
    EXPECT_EQ(geometry.protection_bytes(), 16u);
    EXPECT_FALSE(geometry.pract_strips());
    EXPECT_EQ(geometry.separate_metadata_bytes(3, true), 192u);
    geometry.metadata_bytes = 16;
    EXPECT_TRUE(geometry.pract_strips());
    EXPECT_EQ(geometry.separate_metadata_bytes(3), 48u);
    EXPECT_EQ(geometry.separate_metadata_bytes(3, true), 0u);
    geometry.metadata_extended = true;
    geometry.transfer_block_bytes = 4112;
    EXPECT_EQ(geometry.transfer_bytes(2), 8224u);
    EXPECT_EQ(geometry.transfer_bytes(2, true), 8192u);
    EXPECT_EQ(geometry.separate_metadata_bytes(3), 0u);
    geometry.guard_bits = 32;
    EXPECT_FALSE(ProtectionLayout::of(geometry)) << "a 32-bit guard has a storage tag";
}

TEST(Protection, AMismatchIsSaidInWords) {
    EXPECT_EQ(describe(ProtectionMismatch{2, ProtectionField::reference_tag, 0x12, 0x1f}, 40),
              "the reference tag of block 42 is 0x1f, and should be 0x12");
    EXPECT_EQ(nvme::check_error(ProtectionField::storage_tag),
              nvme::MediaStatus::storage_tag_check_error);
    EXPECT_EQ(nvme::check_error(ProtectionField::guard), nvme::MediaStatus::guard_check_error);
}

}  // namespace
}  // namespace xnvme
