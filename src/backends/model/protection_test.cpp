#include "protection.hpp"

#include <xnvme/protection.hpp>

#include "test_device.hpp"

namespace xnvme::be_model {
namespace {

using nvme::MediaStatus;
using nvme::ProtectionTags;

bool failed(Status status, MediaStatus code) {
    return nvme::is(status, code);
}

/// A device with protection information, and buffers for the blocks of one command.
class Protected {
  public:
    explicit Protected(const std::string& options, std::uint32_t blocks = 4)
        : device_("mem:8MiB?" + options),
          layout_(*ProtectionLayout::of(device_.geometry())),
          blocks_(blocks),
          data_(pattern(std::size_t{blocks} * layout_.transfer_block_bytes(), 3)),
          metadata_(pattern(std::size_t{blocks} * layout_.separate_block_bytes(), 9)) {}

    TestDevice& device() { return device_; }
    const ProtectionLayout& layout() const { return layout_; }
    std::uint32_t blocks() const { return blocks_; }
    ProtectionTags tags(std::uint64_t slba) const {
        ProtectionTags tags = layout_.tags(slba, 0x1234, 0x77);
        if (layout_.format.type == 2) tags.reference_tag = 0x5000;
        return tags;
    }
    std::uint32_t checks() const { return nvme::all_checks(layout_.format); }
    Data data() { return TestDevice::bytes_of(data_); }
    Data metadata() { return metadata_.empty() ? Data{} : TestDevice::bytes_of(metadata_); }
    std::uint8_t& byte(std::uint64_t block, std::size_t at) {
        return data_[block * layout_.transfer_block_bytes() + at];
    }
    std::uint8_t& metadata_byte(std::uint64_t block, std::size_t at) {
        return layout_.extended ? byte(block, layout_.block_bytes + at)
                                : metadata_[block * layout_.metadata_bytes + at];
    }
    std::size_t place() const {
        return layout_.format.first ? 0 : layout_.metadata_bytes - layout_.format.bytes();
    }
    nvme::ProtectionInfo info(std::uint64_t block) {
        return nvme::decode_protection(
            layout_.format,
            std::as_bytes(std::span(&metadata_byte(block, place()), layout_.format.bytes())));
    }
    void generate(const ProtectionTags& tags) {
        EXPECT_TRUE(generate_protection(layout_, tags, data(), metadata()));
    }
    void clear() {
        std::fill(data_.begin(), data_.end(), std::uint8_t{0xaa});
        std::fill(metadata_.begin(), metadata_.end(), std::uint8_t{0xaa});
    }
    Context run(const Command& command, const ProtectionTags& tags, const Data& sent,
                const Data& extra) {
        return device_.io(layout_.command(command, tags), sent, extra);
    }
    Status write(std::uint64_t slba, const ProtectionTags& tags, std::uint32_t flags) {
        return run(nvme::write(slba, blocks_, flags), tags, data(), metadata()).completion.status;
    }
    Status read(std::uint64_t slba, const ProtectionTags& tags, std::uint32_t flags) {
        return run(nvme::read(slba, blocks_, flags), tags, data(), metadata()).completion.status;
    }
    Status verify(std::uint64_t slba, const ProtectionTags& tags, std::uint32_t flags) {
        return run(nvme::verify(slba, blocks_, flags), tags, {}, {}).completion.status;
    }
    std::vector<std::uint8_t>& bytes() { return data_; }
    std::vector<std::uint8_t>& extra() { return metadata_; }

  private:
    TestDevice device_;
    ProtectionLayout layout_;
    std::uint32_t blocks_;
    std::vector<std::uint8_t> data_;
    std::vector<std::uint8_t> metadata_;
};

std::vector<std::string> every_kind() {
    std::vector<std::string> all;
    all.reserve(96);
    for (const char* format :
         {"block=512&meta=8", "block=4096&meta=8", "block=512&meta=64",
          "block=512&meta=16&guard=32&storage_tag=20", "block=4096&meta=64&guard=32",
          "block=512&meta=16&guard=64", "block=4096&meta=64&guard=64&storage_tag=12",
          "block=4096&meta=8&storage_tag=8"}) {
        for (const char* type : {"1", "2", "3"}) {
            for (const char* rest : {"", "&extended=1", "&pi_first=1", "&extended=1&pi_first=1"})
                all.push_back(std::string(format) + "&pi=" + type + rest);
        }
    }
    return all;
}

class ModelProtection : public ::testing::TestWithParam<std::string> {};

TEST_P(ModelProtection, WhatIsRightIsWrittenAndReadBackAndHolds) {
    Protected p(GetParam());
    const ProtectionTags tags = p.tags(20);
    p.generate(tags);
    const auto data = p.bytes();
    const auto metadata = p.extra();
    ASSERT_EQ(p.write(20, tags, p.checks()), kSuccess);
    p.clear();
    ASSERT_EQ(p.read(20, tags, p.checks()), kSuccess);
    EXPECT_EQ(p.bytes(), data);
    EXPECT_EQ(p.extra(), metadata);
    EXPECT_EQ(p.verify(20, tags, p.checks()), kSuccess);
    EXPECT_EQ(p.run(nvme::compare(20, p.blocks(), p.checks()), tags, p.data(), p.metadata())
                  .completion.status,
              kSuccess);
}

TEST_P(ModelProtection, ADamagedGuardIsNotWritten) {
    Protected p(GetParam());
    const ProtectionTags tags = p.tags(20);
    p.generate(tags);
    p.byte(2, 100) ^= 1;
    const Context context =
        p.run(nvme::write(20, p.blocks(), p.checks()), tags, p.data(), p.metadata());
    EXPECT_TRUE(failed(context.completion.status, MediaStatus::guard_check_error));
    const auto errors =
        p.device().log<std::array<nvme::ErrorLogEntry, 2>>(nvme::LogPage::error_information);
    EXPECT_EQ(errors[0].lba.value(), 22u) << "the error log names the block";
    EXPECT_EQ(p.write(20, tags, p.checks() & ~std::uint32_t{nvme::kCheckGuard}), kSuccess);
    EXPECT_TRUE(failed(p.read(20, tags, p.checks()), MediaStatus::guard_check_error));
    EXPECT_TRUE(failed(p.verify(20, tags, p.checks()), MediaStatus::guard_check_error));
    EXPECT_EQ(p.verify(20, tags, nvme::kCheckApplicationTag), kSuccess);
    EXPECT_EQ(p.read(20, tags, 0), kSuccess) << "what is not asked to be checked is not";
}

TEST_P(ModelProtection, AWriteWithOneWrongBlockChangesNoBlock) {
    Protected p(GetParam());
    const ProtectionTags tags = p.tags(20);
    p.generate(tags);
    const auto before = p.bytes();
    ASSERT_EQ(p.write(20, tags, p.checks()), kSuccess);
    for (std::uint32_t i = 0; i < p.blocks(); ++i) p.byte(i, 0) ^= 0xff;
    p.generate(tags);
    p.byte(3, 0) ^= 1;
    EXPECT_TRUE(failed(p.write(20, tags, p.checks()), MediaStatus::guard_check_error));
    ASSERT_EQ(p.read(20, tags, p.checks()), kSuccess);
    EXPECT_EQ(p.bytes(), before);
}

TEST_P(ModelProtection, EveryWrongTagHasItsOwnError) {
    Protected p(GetParam());
    const ProtectionTags good = p.tags(20);
    p.generate(good);
    ASSERT_EQ(p.write(20, good, p.checks()), kSuccess);
    ProtectionTags tags = good;
    tags.application_tag ^= 0x0100;
    EXPECT_TRUE(failed(p.read(20, tags, p.checks()), MediaStatus::application_tag_check_error));
    EXPECT_TRUE(failed(p.write(20, tags, p.checks()), MediaStatus::application_tag_check_error));
    tags.application_tag_mask = 0x00ff;
    EXPECT_EQ(p.read(20, tags, p.checks()), kSuccess) << "bits outside the mask do not count";
    tags = good;
    tags.storage_tag ^= 1;
    const bool has_storage_tag = p.layout().format.storage_tag_bits != 0;
    EXPECT_EQ(failed(p.verify(20, tags, p.checks()), MediaStatus::storage_tag_check_error),
              has_storage_tag);
    EXPECT_EQ(p.verify(20, tags, p.checks() & ~std::uint32_t{nvme::kCheckStorageTag}), kSuccess);
    tags = good;
    tags.reference_tag += 1;
    const Status status = p.read(20, tags, p.checks() | nvme::kCheckReferenceTag);
    if (p.layout().format.type == 2)
        EXPECT_TRUE(failed(status, MediaStatus::reference_tag_check_error));
    else
        EXPECT_EQ(status, kInvalidProtection)
            << "type 1 wants the block's number, and type 3 checks no reference tag";
}

TEST_P(ModelProtection, AMisplacedBlockIsFoundByItsReferenceTag) {
    Protected p(GetParam());
    if (p.layout().format.type == 3) return;
    ProtectionTags tags = p.tags(20);
    p.generate(tags);
    // Written without checks to where it does not belong.
    ASSERT_EQ(p.write(24, tags, 0), kSuccess);
    if (p.layout().format.type == 1) tags.reference_tag = 24;
    if (p.layout().format.type == 2) tags.reference_tag += 4;
    EXPECT_TRUE(failed(p.verify(24, tags, p.checks()), MediaStatus::reference_tag_check_error));
    EXPECT_EQ(p.verify(24, tags, nvme::kCheckGuard), kSuccess);
}

TEST_P(ModelProtection, PractGeneratesAndStrips) {
    Protected p(GetParam());
    const ProtectionTags tags = p.tags(20);
    const auto metadata = p.metadata();
    const bool strips = p.device().geometry().pract_strips();
    const std::uint64_t bytes = p.device().geometry().transfer_bytes(p.blocks(), true);
    ASSERT_EQ(bytes, p.blocks() * std::uint64_t{strips ? p.layout().block_bytes
                                                       : p.layout().transfer_block_bytes()});
    const Data short_data(p.bytes().data(), bytes);
    const Data short_metadata = strips ? Data{} : metadata;
    const auto sent = p.bytes();
    ASSERT_EQ(p.run(nvme::write(20, p.blocks(), nvme::kPract), tags, short_data, short_metadata)
                  .completion.status,
              kSuccess);
    // What the device generated is what the host would have.
    p.clear();
    ASSERT_EQ(p.read(20, tags, p.checks()), kSuccess);
    auto verdict = verify_protection(p.layout(), tags, p.data(), p.metadata());
    ASSERT_TRUE(verdict);
    EXPECT_EQ(*verdict, std::nullopt);
    p.clear();
    ASSERT_EQ(p.run(nvme::read(20, p.blocks(), nvme::kPract | p.checks()), tags, short_data,
                    short_metadata)
                  .completion.status,
              kSuccess);
    if (strips) {
        EXPECT_TRUE(std::equal(sent.begin(), sent.begin() + static_cast<std::ptrdiff_t>(bytes),
                               p.bytes().begin()));
    } else {
        EXPECT_EQ(p.info(1).application_tag, 0x1234) << "longer metadata is transferred whole";
    }
    ProtectionTags other = tags;
    other.application_tag = 1;
    EXPECT_TRUE(failed(p.run(nvme::read(20, p.blocks(), nvme::kPract | p.checks()), other,
                             short_data, short_metadata)
                           .completion.status,
                       MediaStatus::application_tag_check_error));
}

TEST_P(ModelProtection, BlocksThatWereNotWrittenEscapeTheChecks) {
    Protected p(GetParam());
    const ProtectionTags tags = p.tags(60);
    EXPECT_EQ(p.verify(60, tags, p.checks()), kSuccess);
    ASSERT_EQ(p.read(60, tags, p.checks()), kSuccess);
    EXPECT_EQ(p.info(0).application_tag, 0xffff);
    EXPECT_EQ(p.info(0).reference_tag, p.layout().format.reference_tag_mask());
    EXPECT_EQ(p.byte(0, 0), 0);
    p.generate(tags);
    ASSERT_EQ(p.write(60, tags, p.checks()), kSuccess);
    nvme::DsmRange range{};
    range.slba = 61;
    range.nlb = 1;
    ASSERT_EQ(p.device().io_status(nvme::dataset_management(1), Data(&range, sizeof(range))),
              kSuccess);
    ASSERT_EQ(p.read(60, tags, p.checks()), kSuccess);
    EXPECT_EQ(p.info(0).application_tag, 0x1234);
    EXPECT_EQ(p.info(1).application_tag, 0xffff);
    EXPECT_EQ(p.info(2).application_tag, 0x1234);
}

TEST_P(ModelProtection, CompareLeavesProtectionInformationOut) {
    Protected p(GetParam());
    const ProtectionTags tags = p.tags(20);
    p.generate(tags);
    ASSERT_EQ(p.write(20, tags, p.checks()), kSuccess);
    const auto compare = [&](std::uint32_t flags) {
        return p.run(nvme::compare(20, p.blocks(), flags), tags, p.data(), p.metadata())
            .completion.status;
    };
    p.metadata_byte(1, p.place()) ^= 1;
    EXPECT_EQ(compare(0), kSuccess);
    EXPECT_TRUE(failed(compare(p.checks()), MediaStatus::guard_check_error))
        << "what the host sends is checked too";
    p.byte(1, 5) ^= 1;
    EXPECT_TRUE(failed(compare(0), MediaStatus::compare_failure));
    p.byte(1, 5) ^= 1;
    if (!p.device().geometry().pract_strips()) {
        p.metadata_byte(1, p.layout().format.first ? p.layout().metadata_bytes - 1 : 0) ^= 1;
        EXPECT_TRUE(failed(compare(0), MediaStatus::compare_failure)) << "other metadata counts";
    }
    const std::uint64_t bytes = p.device().geometry().transfer_bytes(p.blocks(), true);
    const Data extra = p.device().geometry().pract_strips() ? Data{} : p.metadata();
    EXPECT_EQ(p.run(nvme::compare(20, p.blocks(), nvme::kPract), tags,
                    Data(p.bytes().data(), bytes), extra)
                  .completion.status,
              kInvalidProtection);
    EXPECT_EQ(p.verify(20, tags, nvme::kPract), kInvalidProtection);
}

TEST_P(ModelProtection, WriteZeroesIsProtectedWhenItIsAskedTo) {
    Protected p(GetParam());
    const ProtectionTags tags = p.tags(20);
    ASSERT_EQ(p.run(nvme::write_zeroes(20, p.blocks(), false, nvme::kPract), tags, {}, {})
                  .completion.status,
              kSuccess);
    EXPECT_EQ(p.verify(20, tags, p.checks()), kSuccess);
    ASSERT_EQ(p.read(20, tags, 0), kSuccess);
    EXPECT_EQ(p.byte(3, 17), 0);
    EXPECT_EQ(p.info(3).application_tag, 0x1234);
    ASSERT_EQ(p.run(nvme::write_zeroes(20, p.blocks()), tags, {}, {}).completion.status, kSuccess);
    ASSERT_EQ(p.read(20, tags, 0), kSuccess);
    EXPECT_EQ(p.info(3), nvme::ProtectionInfo{});
    ASSERT_EQ(p.run(nvme::write_zeroes(20, p.blocks(), true, nvme::kPract), tags, {}, {})
                  .completion.status,
              kSuccess);
    ASSERT_EQ(p.read(20, tags, p.checks()), kSuccess);
    EXPECT_EQ(p.info(3).application_tag, 0xffff) << "deallocated";
}

/// The descriptors of a copy of two ranges, 20..21 and 22..23, for a guard.
template <class Range>
std::vector<Range> two_ranges(const Protected& p, std::uint16_t second_tag) {
    std::vector<Range> ranges{Range::of(20, 2), Range::of(22, 2)};
    ProtectionTags tags = p.tags(20);
    set_expected_tags(ranges[0], p.layout().format, tags);
    tags.reference_tag = tags.reference_tag_at(p.layout().format, 2);
    tags.application_tag = second_tag;
    set_expected_tags(ranges[1], p.layout().format, tags);
    return ranges;
}

Context copy(Protected& p, unsigned format, std::uint32_t read_flags, std::uint32_t write_flags,
             const ProtectionTags& written, std::uint16_t second_tag = 0x1234) {
    const Command command =
        nvme::with_copy_checks(nvme::copy(100, 2, format), read_flags, write_flags);
    if (format == 0) {
        const auto ranges = two_ranges<nvme::CopyRange0>(p, second_tag);
        return p.run(command, written, std::span(ranges), {});
    }
    const auto ranges = two_ranges<nvme::CopyRange1>(p, second_tag);
    return p.run(command, written, std::span(ranges), {});
}

TEST_P(ModelProtection, CopyChecksBothSidesAndGeneratesAnew) {
    Protected p(GetParam());
    const unsigned format = p.layout().format.guard_bits == 16 ? 0 : 1;
    const ProtectionTags tags = p.tags(20);
    p.generate(tags);
    const auto data = p.bytes();
    ASSERT_EQ(p.write(20, tags, p.checks()), kSuccess);
    ProtectionTags written = p.tags(100);
    written.application_tag = 0x4321;

    EXPECT_EQ(copy(p, format, nvme::kPract | p.checks(), nvme::kPract, written).completion.status,
              kSuccess);
    EXPECT_EQ(p.verify(100, written, p.checks()), kSuccess);
    ASSERT_EQ(p.read(100, written, 0), kSuccess);
    EXPECT_TRUE(std::equal(data.begin(), data.begin() + p.layout().block_bytes, p.bytes().begin()));

    const Context wrong = copy(p, format, nvme::kPract | p.checks(), nvme::kPract, written, 0x9999);
    EXPECT_TRUE(failed(wrong.completion.status, MediaStatus::application_tag_check_error));
    EXPECT_EQ(wrong.completion.result, 1u) << "the number of the source range";

    // Without PRACT what stands there is copied, and does not fit the new place.
    EXPECT_EQ(copy(p, format, p.checks(), 0, written).completion.status, kSuccess);
    EXPECT_TRUE(
        failed(p.verify(100, written, p.checks()), MediaStatus::application_tag_check_error));
    EXPECT_TRUE(failed(copy(p, format, 0, nvme::kCheckApplicationTag, written).completion.status,
                       MediaStatus::application_tag_check_error));
    EXPECT_EQ(copy(p, format, nvme::kPract, 0, written).completion.status, kInvalidField);
    EXPECT_EQ(copy(p, 1 - format, 0, 0, written).completion.status, kInvalidFormat)
        << "the descriptor does not go with the guard";
}

TEST_P(ModelProtection, IdentifySaysWhatItIs) {
    Protected p(GetParam());
    const auto ns = p.device().identify<nvme::IdentifyNamespace>({.cns = nvme::Cns::ns, .nsid = 1});
    const auto nvm =
        p.device().identify<nvme::IdentifyNamespaceNvm>({.cns = nvme::Cns::ns_csi, .nsid = 1});
    const nvme::ProtectionFormat& format = p.layout().format;
    EXPECT_EQ(ns.protection_type(), format.type);
    EXPECT_EQ(ns.protection_first(), format.first);
    EXPECT_EQ(ns.metadata_extended(), p.layout().extended);
    EXPECT_EQ(ns.format().metadata_bytes(), p.layout().metadata_bytes);
    const nvme::ExtendedLbaFormat& extended = nvm.elbaf[ns.format_index()];
    EXPECT_EQ(nvme::guard_bits_of(extended.protection_format()), format.guard_bits);
    EXPECT_EQ(extended.storage_tag_bits(), format.storage_tag_bits);
    EXPECT_EQ(nvm.lbstm.value(), format.storage_tag_mask());
}

TEST(ModelFormat, AddsAndTakesAwayProtectionInformation) {
    TestDevice device("mem:8MiB");
    EXPECT_EQ(device.admin_status(nvme::format({.nsid = 1,
                                                .lbaf = 6,
                                                .metadata_extended = true,
                                                .protection_type = 3,
                                                .protection_first = true})),
              kSuccess);
    ASSERT_TRUE(device.handle().refresh());
    EXPECT_EQ(device.geometry().protection_type, 3);
    EXPECT_EQ(device.geometry().guard_bits, 64);
    EXPECT_TRUE(device.geometry().protection_first);
    EXPECT_EQ(device.geometry().transfer_block_bytes, 528u);
    EXPECT_EQ(device.admin_status(nvme::format({.nsid = 1, .lbaf = 6})), kSuccess);
    ASSERT_TRUE(device.handle().refresh());
    EXPECT_EQ(device.geometry().protection_type, 0);
    EXPECT_EQ(device.geometry().guard_bits, 0);
    EXPECT_EQ(device.geometry().metadata_bytes, 16u);
}

INSTANTIATE_TEST_SUITE_P(, ModelProtection, ::testing::ValuesIn(every_kind()),
                         [](const auto& info) {
                             std::string name = info.param;
                             for (char& c : name)
                                 if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
                             return name;
                         });

}  // namespace
}  // namespace xnvme::be_model
