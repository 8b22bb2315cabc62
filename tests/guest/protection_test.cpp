// Protection information against a controller that checks it by itself: what this library generates
// is taken there, what the controller generates holds here, and each wrong field has its own error.
#include <xnvme/device.hpp>
#include <xnvme/nvme/status.hpp>
#include <xnvme/protection.hpp>

#include "tests/conformance/harness.hpp"
#include "tests/guest/devices.hpp"

namespace {

using conformance::code_of;
using conformance::must;
using conformance::text;
using xnvme::Data;
using xnvme::describe;
using xnvme::Error;
using xnvme::nvme::CommandStatus;
using xnvme::nvme::MediaStatus;
using xnvme::nvme::ProtectionTags;
namespace nvme = xnvme::nvme;

constexpr std::uint32_t kBlocks = 4;

/// A namespace of the set, and the interface that its commands go through.
struct Way {
    const char* role;
    const char* interface;  ///< "nvme" (waited for), or "io_uring_cmd" (on a queue).
};

std::ostream& operator<<(std::ostream& out, const Way& way) {
    return out << way.role << " through " << way.interface;
}

std::vector<Way> every_way() {
    std::vector<Way> all;
    all.reserve(16);
    for (const char* role :
         {"pi1", "pi2", "pi3", "pi1_ext", "pi1_first", "pi1_64", "pi2_64", "pi3_64"}) {
        for (const char* interface : {"nvme", "io_uring_cmd"}) all.push_back({role, interface});
    }
    return all;
}

class MetaProtection : public ::testing::TestWithParam<Way> {
  protected:
    void SetUp() override {
        xnvme::Options options;
        options.sync = "nvme";
        options.async = "io_uring_cmd";
        device_ = std::make_unique<xnvme::Device>(
            must(xnvme::Device::open(guest::device(GetParam().role).generic, options)));
        layout_ = must(xnvme::ProtectionLayout::of(geometry()));
        const std::size_t bytes = geometry().transfer_bytes(kBlocks);
        buffer_ = must(device_->allocate(bytes));
        data_ = buffer_.part(0, bytes);
        if (const std::size_t extra = geometry().separate_metadata_bytes(kBlocks); extra != 0) {
            metadata_buffer_ = must(device_->allocate(extra));
            metadata_ = metadata_buffer_.part(0, extra);
        }
        queue_ = std::make_unique<xnvme::Queue>(must(device_->create_queue(4)));
        fill(1);
    }

    const xnvme::Geometry& geometry() const { return device_->geometry(); }
    std::uint8_t type() const { return layout_.format.type; }
    std::uint32_t checks() const { return nvme::all_checks(layout_.format); }
    /// The tags of blocks from `slba` on; those of type 2 begin with what no block is numbered.
    ProtectionTags tags(std::uint64_t slba) const {
        ProtectionTags tags = layout_.tags(slba, 0x1234);
        if (type() == 2) tags.reference_tag = 0x7000'0000 + 2 * slba;
        return tags;
    }
    void fill(std::uint64_t generation) {
        conformance::fill(buffer_.span().first(data_.bytes()), 0, layout_.transfer_block_bytes(),
                          generation);
        if (metadata_.bytes() != 0)
            conformance::fill(metadata_buffer_.span().first(metadata_.bytes()), 0,
                              layout_.metadata_bytes, generation);
    }
    void clear() {
        std::ranges::fill(buffer_.span(), std::byte{0xaa});
        std::ranges::fill(metadata_buffer_.span(), std::byte{0xaa});
    }
    void generate(const ProtectionTags& tags) {
        must(generate_protection(layout_, tags, data_, metadata_));
    }
    std::byte& data_byte(std::uint64_t block, std::size_t at) {
        return buffer_.span()[block * layout_.transfer_block_bytes() + at];
    }

    Error run(const xnvme::Command& command, const Data& data = {}, const Data& metadata = {}) {
        if (std::string_view(GetParam().interface) == "io_uring_cmd") {
            conformance::Runner runner(*queue_);
            if (const auto taken = runner.submit(command, data, metadata); !taken)
                return taken.error();
            must(queue_->drain());
            return runner.outcomes().front().why;
        }
        const auto result = device_->execute(command, data, metadata);
        return result ? Error{} : result.error();
    }
    Error write(std::uint64_t slba, const ProtectionTags& tags, std::uint32_t flags) {
        return run(layout_.command(nvme::write(slba, kBlocks, flags), tags), data_, metadata_);
    }
    Error read(std::uint64_t slba, const ProtectionTags& tags, std::uint32_t flags) {
        return run(layout_.command(nvme::read(slba, kBlocks, flags), tags), data_, metadata_);
    }
    Error verify(std::uint64_t slba, const ProtectionTags& tags, std::uint32_t flags) {
        return run(layout_.command(nvme::verify(slba, kBlocks, flags), tags));
    }
    /// The first field of the blocks in the buffers that is wrong, in words; empty when all hold.
    std::string mismatch(const ProtectionTags& tags) {
        const auto verdict = must(verify_protection(layout_, tags, data_, metadata_));
        return verdict ? describe(*verdict) : std::string();
    }

    std::unique_ptr<xnvme::Device> device_;
    std::unique_ptr<xnvme::Queue> queue_;
    xnvme::ProtectionLayout layout_;
    xnvme::Buffer buffer_;
    xnvme::Buffer metadata_buffer_;
    Data data_;
    Data metadata_;
};

testing::AssertionResult is(const Error& error, auto status) {
    if (nvme::is(error.status, status)) return testing::AssertionSuccess();
    return testing::AssertionFailure() << text(error);
}
testing::AssertionResult done(const Error& error) {
    if (!error) return testing::AssertionSuccess();
    return testing::AssertionFailure() << text(error);
}

TEST_P(MetaProtection, TheGeometryIsThatOfTheNamespace) {
    const std::string_view role = GetParam().role;
    EXPECT_EQ(type(), role[2] - '0');
    EXPECT_EQ(layout_.format.guard_bits, role.ends_with("64") ? 64 : 16);
    EXPECT_EQ(layout_.format.first, role.ends_with("first"));
    EXPECT_EQ(layout_.extended, role.ends_with("ext"));
    EXPECT_EQ(device_->capabilities().service(0x01), xnvme::Service::native);
}

TEST_P(MetaProtection, WhatIsGeneratedHereIsTakenAndGivenBack) {
    const ProtectionTags expected = tags(8);
    generate(expected);
    ASSERT_TRUE(done(write(8, expected, checks())));
    clear();
    ASSERT_TRUE(done(read(8, expected, checks())));
    EXPECT_EQ(mismatch(expected), "");
    EXPECT_TRUE(done(verify(8, expected, checks())));
    EXPECT_TRUE(done(
        run(layout_.command(nvme::compare(8, kBlocks, checks()), expected), data_, metadata_)));
    data_byte(1, 77) ^= std::byte{1};
    EXPECT_TRUE(is(run(layout_.command(nvme::compare(8, kBlocks), expected), data_, metadata_),
                   MediaStatus::compare_failure));
}

TEST_P(MetaProtection, EveryWrongFieldHasItsOwnError) {
    const ProtectionTags good = tags(16);
    generate(good);
    ASSERT_TRUE(done(write(16, good, checks())));

    data_byte(2, 100) ^= std::byte{0x10};
    EXPECT_TRUE(is(write(16, good, checks()), MediaStatus::guard_check_error));
    EXPECT_NE(mismatch(good).find("the guard of block 2 "), std::string::npos) << mismatch(good);
    data_byte(2, 100) ^= std::byte{0x10};

    ProtectionTags wrong = good;
    wrong.application_tag = 0x1235;
    EXPECT_TRUE(is(verify(16, wrong, checks()), MediaStatus::application_tag_check_error));
    EXPECT_TRUE(is(read(16, wrong, checks()), MediaStatus::application_tag_check_error));
    wrong.application_tag_mask = 0xfff0;
    EXPECT_TRUE(done(verify(16, wrong, checks())));

    wrong = good;
    ++wrong.reference_tag;
    const Error error = verify(16, wrong, checks() | nvme::kCheckReferenceTag);
    if (type() == 2)
        EXPECT_TRUE(is(error, MediaStatus::reference_tag_check_error));
    else
        EXPECT_TRUE(is(error, CommandStatus::invalid_protection_information));
    EXPECT_TRUE(done(verify(16, good, checks()))) << "a write that failed changed blocks";
}

TEST_P(MetaProtection, DamageOnTheMediumIsFoundByDeviceAndHost) {
    const ProtectionTags good = tags(24);
    generate(good);
    data_byte(3, 5) ^= std::byte{1};
    ASSERT_TRUE(done(write(24, good, 0)));
    EXPECT_TRUE(is(verify(24, good, checks()), MediaStatus::guard_check_error));
    EXPECT_TRUE(is(read(24, good, checks()), MediaStatus::guard_check_error));
    clear();
    ASSERT_TRUE(done(read(24, good, 0)));
    EXPECT_NE(mismatch(good).find("the guard of block 3 "), std::string::npos) << mismatch(good);
}

TEST_P(MetaProtection, AMisplacedBlockIsFoundByItsReferenceTag) {
    const ProtectionTags here = tags(32);
    const ProtectionTags there = tags(40);
    generate(here);
    ASSERT_TRUE(done(write(40, here, 0)));
    if (type() == 3) {
        EXPECT_TRUE(done(verify(40, there, checks()))) << "type 3 ties no tag to a block";
    } else {
        EXPECT_TRUE(is(verify(40, there, checks()), MediaStatus::reference_tag_check_error));
        ASSERT_TRUE(done(read(40, there, 0)));
        EXPECT_NE(mismatch(there).find("the reference tag of block 0 "), std::string::npos);
    }
}

TEST_P(MetaProtection, WithPractTheDeviceGeneratesWhatTheHostWould) {
    const ProtectionTags expected = tags(48);
    const std::size_t bytes = geometry().transfer_bytes(kBlocks, true);
    const Data data(buffer_.data(), bytes);
    const Data metadata = geometry().pract_strips() ? Data{} : metadata_;
    ASSERT_EQ(geometry().pract_strips(), !layout_.format.first);
    const std::vector<std::byte> sent(buffer_.data(), buffer_.data() + bytes);
    ASSERT_TRUE(done(
        run(layout_.command(nvme::write(48, kBlocks, nvme::kPract), expected), data, metadata)));
    clear();
    ASSERT_TRUE(done(read(48, expected, checks())));
    EXPECT_EQ(mismatch(expected), "");
    clear();
    ASSERT_TRUE(
        done(run(layout_.command(nvme::read(48, kBlocks, nvme::kPract | checks()), expected), data,
                 metadata)));
    EXPECT_TRUE(std::equal(sent.begin(), sent.end(), buffer_.data()));
}

TEST_P(MetaProtection, TheEscapeValueSwitchesTheChecksOff) {
    ProtectionTags escape = tags(56);
    escape.application_tag = 0xffff;
    if (type() == 3) escape.reference_tag = layout_.format.reference_tag_mask();
    generate(escape);
    for (std::uint32_t i = 0; i < kBlocks; ++i) data_byte(i, 0) ^= std::byte{1};
    ASSERT_TRUE(done(write(56, escape, 0)));
    EXPECT_TRUE(done(verify(56, tags(56), checks())));
    ASSERT_TRUE(done(read(56, tags(56), checks())));
    EXPECT_EQ(mismatch(tags(56)), "");
}

TEST_P(MetaProtection, WriteZeroesIsProtectedWhenItIsAskedTo) {
    const ProtectionTags expected = tags(64);
    ASSERT_TRUE(
        done(run(layout_.command(nvme::write_zeroes(64, kBlocks, false, nvme::kPract), expected))));
    EXPECT_TRUE(done(verify(64, expected, checks())));
    ASSERT_TRUE(done(read(64, expected, checks())));
    EXPECT_EQ(mismatch(expected), "");
    EXPECT_EQ(data_byte(3, 9), std::byte{0});
}

template <class Range>
std::array<Range, 2> two_ranges(const xnvme::ProtectionLayout& layout, std::uint64_t slba,
                                ProtectionTags tags) {
    std::array<Range, 2> ranges{Range::of(slba, 1), Range::of(slba + 1, kBlocks - 1)};
    set_expected_tags(ranges[0], layout.format, tags);
    tags.reference_tag = tags.reference_tag_at(layout.format, 1);
    set_expected_tags(ranges[1], layout.format, tags);
    return ranges;
}

TEST_P(MetaProtection, CopyChecksWhatItReadsAndProtectsWhatItWrites) {
    const ProtectionTags source = tags(72);
    ProtectionTags destination = tags(80);
    destination.application_tag = 0x4321;
    generate(source);
    ASSERT_TRUE(done(write(72, source, checks())));
    const bool long_guard = layout_.format.guard_bits != 16;
    const auto copy = [&](const ProtectionTags& expected) {
        const xnvme::Command command =
            layout_.command(nvme::with_copy_checks(nvme::copy(80, 2, long_guard ? 1 : 0),
                                                   nvme::kPract | checks(), nvme::kPract),
                            destination);
        if (long_guard) {
            const auto ranges = two_ranges<nvme::CopyRange1>(layout_, 72, expected);
            return run(command, std::as_bytes(std::span(ranges)));
        }
        const auto ranges = two_ranges<nvme::CopyRange0>(layout_, 72, expected);
        return run(command, std::as_bytes(std::span(ranges)));
    };
    ASSERT_TRUE(done(copy(source)));
    EXPECT_TRUE(done(verify(80, destination, checks())));
    ASSERT_TRUE(done(read(80, destination, checks())));
    EXPECT_EQ(mismatch(destination), "");
    ProtectionTags wrong = source;
    wrong.application_tag = 1;
    // QEMU 7.2 says Internal Error, whatever is wrong with a source.
    EXPECT_EQ(copy(wrong).code, xnvme::Errc::device);
}

TEST_P(MetaProtection, BuffersOfTheWrongLengthAreRefusedBeforeTheDevice) {
    const Data whole = data_;
    EXPECT_EQ(run(nvme::read(0, kBlocks), Data(buffer_.data(), whole.bytes() - 4), metadata_).code,
              xnvme::Errc::bad_length);
    if (geometry().pract_strips()) {
        EXPECT_EQ(run(nvme::read(0, kBlocks, nvme::kPract), data_, metadata_).code,
                  xnvme::Errc::bad_length)
            << "with PRACT none of this metadata is transferred";
    }
    if (metadata_.bytes() != 0) {
        EXPECT_EQ(run(nvme::read(0, kBlocks), data_).code, xnvme::Errc::bad_length);
    }
}

INSTANTIATE_TEST_SUITE_P(, MetaProtection, ::testing::ValuesIn(every_way()), [](const auto& info) {
    return std::string(info.param.role) + "_" + info.param.interface;
});

// What the kernel does of it on the block device, where nobody gives or asks for metadata.
TEST(MetaBlockDevice, TheKernelProtectsByItself) {
    for (const char* role : {"pi1", "pi2", "pi1_64"}) {
        SCOPED_TRACE(role);
        xnvme::Options options;
        options.async = "io_uring";
        options.direct = true;
        xnvme::Device device = must(xnvme::Device::open(guest::device(role).block, options));
        xnvme::Queue queue = must(device.create_queue(2));
        const std::uint32_t bytes = device.geometry().block_bytes;
        xnvme::Buffer buffer = must(device.allocate(2 * std::size_t{bytes}));
        conformance::fill(buffer.span(), 4000, bytes, 9);
        conformance::Runner runner(queue);
        EXPECT_TRUE(done(runner.run(nvme::write(4000, 2), buffer.part(0, 2 * bytes)).why));
        EXPECT_EQ(
            code_of(runner.submit(nvme::write(4000, 2, nvme::kPract), buffer.part(0, 2 * bytes))),
            xnvme::Errc::unsupported);
        EXPECT_EQ(code_of(runner.submit(nvme::read(4000, 2), buffer.part(0, 2 * bytes),
                                        buffer.part(0, 16))),
                  xnvme::Errc::unsupported);

        xnvme::Device raw = must(xnvme::Device::open(guest::device(role).generic));
        const auto layout = must(xnvme::ProtectionLayout::of(raw.geometry()));
        xnvme::Buffer metadata = must(raw.allocate(2 * std::size_t{layout.metadata_bytes}));
        const Data data = buffer.part(0, 2 * bytes);
        const Data extra = metadata.part(0, 2 * layout.metadata_bytes);
        (void)must(raw.execute(nvme::read(4000, 2), data, extra));
        const auto verdict =
            must(verify_protection(layout, layout.tags(4000), data, extra, nvme::kCheckGuard));
        EXPECT_FALSE(verdict) << describe(*verdict, 4000);
    }
}

TEST(MetaSeparate, MetadataWithoutProtectionIsWrittenAndReadBack) {
    for (const char* interface : {"nvme", "io_uring_cmd"}) {
        SCOPED_TRACE(interface);
        xnvme::Device device = must(xnvme::Device::open(guest::device("meta_sep").generic));
        ASSERT_EQ(device.geometry().metadata_bytes, 8u);
        ASSERT_FALSE(device.geometry().metadata_extended);
        EXPECT_FALSE(xnvme::ProtectionLayout::of(device.geometry()));
        xnvme::Queue queue = must(device.create_queue(2));
        xnvme::Buffer data = must(device.allocate(4096));
        xnvme::Buffer metadata = must(device.allocate(64));
        const auto run = [&](const xnvme::Command& command) {
            if (std::string_view(interface) == "io_uring_cmd") {
                conformance::Runner runner(queue);
                return runner.run(command, data.part(0, 4096), metadata.part(0, 64)).why;
            }
            const auto result = device.execute(command, data.part(0, 4096), metadata.part(0, 64));
            return result ? Error{} : result.error();
        };
        conformance::fill(data.span().first(4096), 0, 512, 3);
        conformance::fill(metadata.span().first(64), 0, 8, 4);
        ASSERT_TRUE(done(run(nvme::write(8, 8))));
        std::ranges::fill(data.span(), std::byte{0});
        std::ranges::fill(metadata.span(), std::byte{0});
        ASSERT_TRUE(done(run(nvme::read(8, 8))));
        EXPECT_TRUE(conformance::holds(data.span().first(4096), 0, 512, 3));
        EXPECT_TRUE(conformance::holds(metadata.span().first(64), 0, 8, 4));
        EXPECT_TRUE(done(run(nvme::compare(8, 8))));
        metadata.span()[63] ^= std::byte{1};
        EXPECT_TRUE(is(run(nvme::compare(8, 8)), MediaStatus::compare_failure))
            << "metadata is compared too";
    }
}

}  // namespace
