#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <vector>

#include <xnvme/nvme/builders.hpp>
#include <xnvme/nvme/zoned.hpp>

#include "core/rule_table.hpp"

namespace xnvme {
namespace {

/// A device of 1024 blocks of 512 bytes, at most 64 KiB in a command.
struct Fixture {
    Handle handle;
    CommandRules rules;

    explicit Fixture(Access access = Access::read_write, std::uint32_t alignment = 1,
                     std::uint32_t metadata = 0, bool extended = false, std::uint8_t guard = 0,
                     bool carries_metadata = true) {
        handle.identifier.device_class = DeviceClass::file;
        handle.access = access;
        Geometry& geometry = handle.facts.geometry;
        geometry.blocks = 1024;
        geometry.block_bytes = 512;
        geometry.metadata_bytes = metadata;
        geometry.metadata_extended = extended;
        geometry.transfer_block_bytes = 512 + (extended ? metadata : 0);
        geometry.protection_type = guard != 0 ? 1 : 0;
        geometry.guard_bits = guard;
        geometry.max_transfer_bytes = 65536;
        geometry.max_segments = 4;
        geometry.buffer_alignment = alignment;
        const OpcodeSet native{0x00, 0x01, 0x02, 0xac, 0xdc, 0xad};
        const OpcodeSet fallback{0x00, 0x01, 0x02, 0x05, 0x08, 0x09, 0x0c, 0x19};
        rules = metadata != 0 && carries_metadata ? core::make_rules(handle, OpcodeSet::all(), {})
                                                  : core::make_rules(handle, native, fallback);
    }

    Errc check(const Command& command, const Data& data = {}, const Data& metadata = {}) {
        Context context{};
        context.command = command;
        context.completion.status = Status::make(2, 0x81);
        context.error = Errc::device;
        const bool fast = rules.passes_fast(context, data, metadata);
        const Error error = rules.prepare(context, data, metadata);
        // What passes the quick look passes the whole check.
        if (fast) {
            EXPECT_FALSE(error);
        }
        if (error) {
            EXPECT_EQ(context.completion.status, Status::make(2, 0x81)) << "changed on an error";
            EXPECT_EQ(context.error, Errc::device);
        } else {
            EXPECT_TRUE(context.completion.status.ok());
            EXPECT_EQ(context.error, Errc::ok);
            EXPECT_EQ(context.bytes, data.bytes());
        }
        return error.code;
    }
};

alignas(4096) std::array<std::byte, 1 << 17> memory;
Data buffer(std::size_t bytes, std::size_t offset = 0) {
    return Data(memory.data() + offset, bytes);
}

TEST(Rules, ARangeEndsWithTheNamespace) {
    Fixture f;
    EXPECT_EQ(f.check(nvme::read(0, 1), buffer(512)), Errc::ok);
    EXPECT_EQ(f.check(nvme::read(1023, 1), buffer(512)), Errc::ok);
    EXPECT_EQ(f.check(nvme::read(1024, 1), buffer(512)), Errc::out_of_range);
    EXPECT_EQ(f.check(nvme::read(1023, 2), buffer(1024)), Errc::out_of_range);
    EXPECT_EQ(f.check(nvme::read(UINT64_MAX, 2), buffer(1024)), Errc::out_of_range);
    EXPECT_EQ(f.check(nvme::write_zeroes(1000, 24)), Errc::ok);
    EXPECT_EQ(f.check(nvme::write_zeroes(1000, 25)), Errc::out_of_range);
}

TEST(Rules, TheDataLengthIsThatOfTheBlocks) {
    Fixture f;
    EXPECT_EQ(f.check(nvme::read(0, 2), buffer(512)), Errc::bad_length);
    EXPECT_EQ(f.check(nvme::read(0, 2), buffer(1025)), Errc::bad_length);
    EXPECT_EQ(f.check(nvme::read(0, 2)), Errc::bad_length);
    EXPECT_EQ(f.check(nvme::flush(), buffer(512)), Errc::bad_length);
    EXPECT_EQ(f.check(nvme::write_zeroes(0, 1), buffer(512)), Errc::bad_length);
    EXPECT_EQ(f.check(nvme::read(0, 2), Data(static_cast<void*>(nullptr), 1024)),
              Errc::invalid_argument);
}

TEST(Rules, NoMoreThanTheDeviceTakes) {
    Fixture f;
    EXPECT_EQ(f.check(nvme::read(0, 128), buffer(65536)), Errc::ok);
    EXPECT_EQ(f.check(nvme::read(0, 129), buffer(129 * 512)), Errc::too_large);
    std::vector<IoVec> list(5, IoVec{memory.data(), 512});
    EXPECT_EQ(f.check(nvme::read(0, 5), std::span<const IoVec>(list)), Errc::too_large);
    list.resize(4);
    EXPECT_EQ(f.check(nvme::read(0, 4), std::span<const IoVec>(list)), Errc::ok);
    EXPECT_EQ(f.check(nvme::read(0, 5), std::span<const IoVec>(list)), Errc::bad_length);
    EXPECT_EQ(f.check(nvme::read(0, 1), std::span<const IoVec>()), Errc::bad_length);
}

TEST(Rules, TheQuickLookTakesAllThatNeedsNoCloserOne) {
    Fixture f(Access::read_write, 512);
    f.handle.facts.geometry.blocks = 4096;
    f.rules = core::make_rules(f.handle, OpcodeSet{0x00, 0x01, 0x02}, {});
    const auto fast = [&f](const Command& command, const Data& data) {
        Context context{};
        context.command = command;
        return f.rules.passes_fast(context, data, {});
    };
    EXPECT_TRUE(fast(nvme::read(0, 1), buffer(512)));
    EXPECT_TRUE(fast(nvme::write(4092, 4), buffer(4 * 512)));
    // A 1024th of the namespace is the longest, and what is nearer to its end than that is not
    // taken.
    EXPECT_FALSE(fast(nvme::read(0, 5), buffer(5 * 512)));
    EXPECT_FALSE(fast(nvme::read(4093, 1), buffer(512)));
    EXPECT_EQ(f.check(nvme::read(4093, 3), buffer(3 * 512)), Errc::ok);
    EXPECT_EQ(f.check(nvme::read(4093, 4), buffer(4 * 512)), Errc::out_of_range);
    EXPECT_FALSE(fast(nvme::read(4096, 1), buffer(512)));
    EXPECT_FALSE(fast(nvme::read(UINT64_MAX, 1), buffer(512)));
    EXPECT_FALSE(fast(nvme::read(UINT64_MAX, 2), buffer(1024)));
    EXPECT_FALSE(fast(nvme::read(0, 1), buffer(1024)));
    EXPECT_FALSE(fast(nvme::read(0, 1), buffer(512, 8)));
    EXPECT_FALSE(fast(nvme::read(0, 1), Data(static_cast<void*>(nullptr), 512)));
    EXPECT_FALSE(fast(nvme::flush(), {}));
    Command forced = nvme::write(0, 1);
    forced.cdw12 |= kForceUnitAccess;
    EXPECT_FALSE(fast(forced, buffer(512)));
    EXPECT_EQ(f.check(forced, buffer(512)), Errc::ok);
}

TEST(Rules, ANamespaceSmallerThanACommandMayBeIsReadWhole) {
    Fixture f;
    f.handle.facts.geometry.blocks = 5;
    f.rules = core::make_rules(f.handle, OpcodeSet{0x02}, {});
    EXPECT_EQ(f.check(nvme::read(4, 1), buffer(512)), Errc::ok);
    EXPECT_EQ(f.check(nvme::read(5, 1), buffer(512)), Errc::out_of_range);
    EXPECT_EQ(f.check(nvme::read(0, 5), buffer(5 * 512)), Errc::ok);
    EXPECT_EQ(f.check(nvme::read(0, 6), buffer(6 * 512)), Errc::out_of_range);
    EXPECT_EQ(f.check(nvme::read(1, 5), buffer(5 * 512)), Errc::out_of_range);
    f.handle.facts.geometry.blocks = 0;
    f.rules = core::make_rules(f.handle, OpcodeSet{0x02}, {});
    EXPECT_EQ(f.check(nvme::read(0, 1), buffer(512)), Errc::out_of_range);
}

TEST(Rules, WhatNeedsACloserLookSaysSo) {
    Fixture f;
    const auto options = [&f](const Command& command, const Data& data) {
        Context context{};
        context.command = command;
        context.options = 0x80000001;
        EXPECT_FALSE(f.rules.prepare(context, data, {}));
        EXPECT_EQ(context.options & ~kCloserLook, 0u) << "nothing of an earlier command stays";
        return context.options;
    };
    const std::array<IoVec, 2> list{IoVec{memory.data(), 100}, IoVec{memory.data() + 512, 412}};
    EXPECT_NE(options(nvme::flush(), {}), 0u);
    EXPECT_EQ(options(nvme::read(0, 128), buffer(65536)), 0u) << "long, and nothing else";
    EXPECT_EQ(options(nvme::read(1023, 1), buffer(512)), 0u) << "the last block";
    Command forced = nvme::write(0, 1);
    forced.cdw12 |= kForceUnitAccess;
    EXPECT_NE(options(forced, buffer(512)), 0u);
    EXPECT_NE(options(nvme::read(0, 1), std::span<const IoVec>(list)) & kVectored, 0u);
    Context context{};
    context.command = nvme::read(0, 1);
    context.options = 0x80ff0001;
    CommandRules::fill(context, buffer(512));
    EXPECT_EQ(context.options, 0u);
}

TEST(Rules, AReadIsFilledInAsItsCommandIs) {
    Context filled{};
    std::memset(static_cast<void*>(&filled), 0xa5, sizeof filled);
    filled.callback = nullptr;
    Context expected = filled;
    CommandRules::fill(filled, 0x02, 0x123456789abc, 8, memory.data(), 4096);
    expected.command = nvme::read(0x123456789abc, 8);
    CommandRules::fill(expected, buffer(4096));
    EXPECT_EQ(std::memcmp(&filled, &expected, sizeof filled), 0);
    EXPECT_EQ(filled.command.data, reinterpret_cast<std::uintptr_t>(memory.data()));
    EXPECT_EQ(filled.command.data_bytes, 4096u);
    EXPECT_EQ(filled.command.metadata_bytes, 0u);
    EXPECT_EQ(filled.completion.result, 0u);
    EXPECT_TRUE(filled.completion.ok());
    EXPECT_EQ(filled.why(), Error{});
    EXPECT_EQ(filled.bytes, 4096u);
}

TEST(Rules, AlignmentIsOfEveryBuffer) {
    Fixture f(Access::read_write, 512);
    EXPECT_EQ(f.check(nvme::read(0, 1), buffer(512, 512)), Errc::ok);
    EXPECT_EQ(f.check(nvme::read(0, 1), buffer(512, 8)), Errc::misaligned);
    const std::array<IoVec, 2> odd{IoVec{memory.data(), 100}, IoVec{memory.data() + 512, 412}};
    EXPECT_EQ(f.check(nvme::read(0, 1), std::span<const IoVec>(odd)), Errc::misaligned);
    EXPECT_EQ(f.check(nvme::file_read(512), buffer(512)), Errc::ok);
    EXPECT_EQ(f.check(nvme::file_read(100), buffer(512)), Errc::misaligned);
    EXPECT_EQ(f.check(nvme::file_read(512), buffer(100)), Errc::misaligned);
}

TEST(Rules, PermissionIsAskedAtSubmission) {
    Fixture reader(Access::read_only);
    EXPECT_EQ(reader.check(nvme::read(0, 1), buffer(512)), Errc::ok);
    EXPECT_EQ(reader.check(nvme::write(0, 1), buffer(512)), Errc::read_only);
    EXPECT_EQ(reader.check(nvme::write_zeroes(0, 1)), Errc::read_only);
    EXPECT_EQ(reader.check(nvme::flush()), Errc::ok);
    Fixture writer(Access::write_only);
    EXPECT_EQ(writer.check(nvme::write(0, 1), buffer(512)), Errc::ok);
    EXPECT_EQ(writer.check(nvme::read(0, 1), buffer(512)), Errc::write_only);
    EXPECT_EQ(writer.check(nvme::verify(0, 1)), Errc::write_only);
}

TEST(Rules, AWriteThatNamesADirectiveGoesWhereDirectivesGo) {
    Handle handle;
    handle.identifier.device_class = DeviceClass::nvme_block;
    handle.facts.geometry = Fixture().handle.facts.geometry;
    const OpcodeSet some{0x00, 0x01, 0x02};
    Command placed = nvme::write(0, 1);
    placed.cdw12 |= 2u << 20;
    const auto served = [&](const OpcodeSet& native, const OpcodeSet& fallback) {
        const CommandRules rules = core::make_rules(handle, native, fallback);
        Context context{};
        context.command = placed;
        EXPECT_FALSE(rules.passes_fast(context, buffer(512), {}));
        const Error error = rules.prepare(context, buffer(512), {});
        EXPECT_EQ(rules.service_of(nvme::write(0, 1)), Service::native);
        EXPECT_EQ(error.code == Errc::unsupported, rules.service_of(placed) == Service::refused);
        return rules.service_of(placed);
    };
    EXPECT_EQ(served(OpcodeSet::all(), {}), Service::native);
    EXPECT_EQ(served(some, OpcodeSet::all()), Service::emulated);
    EXPECT_EQ(served(some, some), Service::refused) << "it would be a write like any other";
    EXPECT_EQ(served(some, {}), Service::refused);
}

TEST(Rules, WhoServesIsDecidedOnce) {
    Fixture f;
    const auto service = [&](unsigned opcode) { return f.rules.opcodes[opcode].service; };
    EXPECT_EQ(service(0x02), Service::native);
    EXPECT_EQ(service(0x05), Service::emulated);
    EXPECT_EQ(service(0x04), Service::refused);
    EXPECT_EQ(service(0x99), Service::refused);
    EXPECT_EQ(f.rules.fast_below[0x02], 1u);
    EXPECT_EQ(f.rules.fast_below[0x05], 0u);
    EXPECT_EQ(f.rules.opcodes[0x02].shift, 9);
    EXPECT_EQ(f.rules.opcodes[0xdc].shift, 0);
    Command unknown{};
    unknown.opcode = 0x99;
    EXPECT_EQ(f.check(unknown), Errc::unsupported);
}

TEST(Rules, SeparateMetadataComesWithItsBlocks) {
    Fixture f(Access::read_write, 1, 8);
    EXPECT_EQ(f.rules.fast_below[0x02], 0u);
    EXPECT_EQ(f.check(nvme::read(0, 2), buffer(1024), buffer(16, 4096)), Errc::ok);
    EXPECT_EQ(f.check(nvme::read(0, 2), buffer(1024), buffer(8, 4096)), Errc::bad_length);
    EXPECT_EQ(f.check(nvme::read(0, 2), buffer(1024)), Errc::bad_length);
    f.rules.metadata_optional = true;
    EXPECT_EQ(f.check(nvme::read(0, 2), buffer(1024)), Errc::ok);
    EXPECT_EQ(f.check(nvme::write(0, 2), buffer(1024), buffer(8, 4096)), Errc::bad_length);
    EXPECT_EQ(f.check(nvme::compare(0, 2), buffer(1024)), Errc::bad_length);
    Fixture none;
    EXPECT_EQ(none.check(nvme::read(0, 1), buffer(512), buffer(8, 4096)), Errc::unsupported);
    Fixture extended(Access::read_write, 1, 8, true);
    EXPECT_EQ(extended.check(nvme::read(0, 2), buffer(1040)), Errc::ok);
    EXPECT_EQ(extended.check(nvme::read(0, 2), buffer(1024)), Errc::bad_length);
}

// NVM Command Set 1.0 §5.2.2.1: with PRACT nothing of the metadata is transferred where all of it
// is protection information, and all of it where it is longer.
TEST(Rules, PractTransfersNoProtectionInformationThatIsAllOfTheMetadata) {
    Fixture separate(Access::read_write, 1, 8, false, 16);
    EXPECT_EQ(separate.check(nvme::read(0, 2), buffer(1024)), Errc::bad_length);
    EXPECT_EQ(separate.check(nvme::read(0, 2), buffer(1024), buffer(16, 4096)), Errc::ok);
    EXPECT_EQ(separate.check(nvme::read(0, 2, nvme::kPract), buffer(1024)), Errc::ok);
    EXPECT_EQ(separate.check(nvme::read(0, 2, nvme::kPract), buffer(1024), buffer(16, 4096)),
              Errc::bad_length);
    Fixture extended(Access::read_write, 1, 16, true, 64);
    EXPECT_EQ(extended.check(nvme::write(0, 2), buffer(1056)), Errc::ok);
    EXPECT_EQ(extended.check(nvme::write(0, 2, nvme::kPract), buffer(1024)), Errc::ok);
    EXPECT_EQ(extended.check(nvme::write(0, 2, nvme::kPract), buffer(1056)), Errc::bad_length);
    Fixture longer(Access::read_write, 1, 16, true, 16);
    EXPECT_EQ(longer.check(nvme::write(0, 2, nvme::kPract), buffer(1056)), Errc::ok);
    EXPECT_EQ(longer.check(nvme::write(0, 2, nvme::kPract), buffer(1024)), Errc::bad_length);
    Fixture none;
    EXPECT_EQ(none.check(nvme::read(0, 2, nvme::kPract), buffer(1024)), Errc::ok)
        << "without protection information the field means nothing";
}

TEST(Rules, TheBlockLayerTakesNeitherMetadataNorItsChecks) {
    Fixture f(Access::read_write, 1, 8, false, 16, false);
    EXPECT_EQ(f.check(nvme::read(0, 2), buffer(1024)), Errc::ok);
    EXPECT_EQ(f.check(nvme::read(0, 2), buffer(1024), buffer(16, 4096)), Errc::unsupported);
    EXPECT_EQ(f.check(nvme::read(0, 2, nvme::kPract), buffer(1024)), Errc::unsupported);
    EXPECT_EQ(f.check(nvme::verify(0, 2, nvme::kCheckGuard)), Errc::unsupported);
    EXPECT_EQ(f.check(nvme::write_zeroes(0, 2, true)), Errc::ok);
}

TEST(Rules, AListOfMetadataGoesWhereItIsTaken) {
    Fixture f(Access::read_write, 1, 8);
    const IoVec parts[] = {{memory.data() + 4096, 8}, {memory.data() + 8192, 8}};
    const Data list{std::span<const IoVec>(parts)};
    EXPECT_EQ(f.check(nvme::read(0, 2), buffer(1024), list), Errc::unsupported);
    f.rules.metadata_lists = true;
    EXPECT_EQ(f.check(nvme::read(0, 2), buffer(1024), list), Errc::ok);
}

TEST(Rules, ListsAreAsLongAsTheirCount) {
    Fixture f;
    EXPECT_EQ(f.check(nvme::dataset_management(2, nvme::kDsmDeallocate), buffer(32)), Errc::ok);
    EXPECT_EQ(f.check(nvme::dataset_management(2, nvme::kDsmDeallocate), buffer(16)),
              Errc::bad_length);
    Command copy{};
    copy.opcode = 0x19;
    copy.cdw12 = 1;
    EXPECT_EQ(f.check(copy, buffer(64)), Errc::ok);
    EXPECT_EQ(f.check(copy, buffer(32)), Errc::bad_length);
    copy.cdw12 = 1 | (1u << 8);
    EXPECT_EQ(f.check(copy, buffer(80)), Errc::ok);
    copy.cdw12 = 1 | (9u << 8);
    EXPECT_EQ(f.check(copy, buffer(80)), Errc::unsupported);
}

template <class Range, std::size_t kCount>
Data bytes_of(std::array<Range, kCount>& ranges) {
    return Data(ranges.data(), sizeof ranges);
}

TEST(Rules, EveryRangeOfAListEndsWithTheNamespace) {
    Fixture f;
    const Command deallocate = nvme::dataset_management(2, nvme::kDsmDeallocate);
    std::array<nvme::DsmRange, 2> ranges{};
    ranges[1].slba = 1000;
    ranges[1].nlb = 24;
    EXPECT_EQ(f.check(deallocate, bytes_of(ranges)), Errc::ok);
    ranges[1].nlb = 25;
    EXPECT_EQ(f.check(deallocate, bytes_of(ranges)), Errc::out_of_range);
    ranges[1].slba = UINT64_MAX;
    EXPECT_EQ(f.check(deallocate, bytes_of(ranges)), Errc::out_of_range);

    std::array<nvme::CopyRange0, 2> sources{nvme::CopyRange0::of(0, 8),
                                            nvme::CopyRange0::of(1016, 8)};
    EXPECT_EQ(f.check(nvme::copy(100, 2), bytes_of(sources)), Errc::ok);
    EXPECT_EQ(f.check(nvme::copy(1008, 2), bytes_of(sources)), Errc::ok);
    EXPECT_EQ(f.check(nvme::copy(1009, 2), bytes_of(sources)), Errc::out_of_range);
    sources[1] = nvme::CopyRange0::of(1016, 9);
    EXPECT_EQ(f.check(nvme::copy(100, 2), bytes_of(sources)), Errc::out_of_range);
    std::array<nvme::CopyRange1, 1> wide{};
    wide[0].slba = 1024;
    EXPECT_EQ(f.check(nvme::copy(100, 1, 1), bytes_of(wide)), Errc::out_of_range);
}

TEST(Rules, FileOffsetsAreBytesAndDoNotOverflow) {
    Fixture f;
    EXPECT_EQ(f.check(nvme::file_write(524'289), buffer(100)), Errc::ok);
    EXPECT_EQ(f.check(nvme::file_read(UINT64_MAX), buffer(100)), Errc::out_of_range);
    EXPECT_EQ(f.check(nvme::file_read(0)), Errc::bad_length);
}

TEST(Slots, TheOneGivenBackLastIsTakenNext) {
    auto slots = SlotArray::create(3);
    static_assert(alignof(AsyncQueue) >= 64, "queues have cache lines of their own");
    ASSERT_TRUE(slots.has_value());
    Context* first = slots->take();
    Context* second = slots->take();
    Context* third = slots->take();
    EXPECT_EQ(first, &slots->at(0));
    EXPECT_EQ(third, &slots->at(2));
    EXPECT_EQ(slots->take(), nullptr);
    slots->give_back(*second);
    EXPECT_EQ(slots->take(), second);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(first) % 128, 0u);
}

/// Eight zones of 128 blocks; appends of at most 8 KiB; extensions of 64 bytes.
struct ZonedFixture : Fixture {
    explicit ZonedFixture(bool carries_appends = true) {
        handle.identifier.device_class = DeviceClass::block;
        Geometry& geometry = handle.facts.geometry;
        geometry.zoned = true;
        geometry.command_set = CommandSet::zoned;
        geometry.zone_blocks = 128;
        geometry.zones = 8;
        geometry.max_append_bytes = 8192;
        geometry.zone_extension_bytes = 64;
        const OpcodeSet zones{0x79, 0x7a};
        const OpcodeSet all{0x79, 0x7a, 0x7d};
        rules = core::make_rules(handle, carries_appends ? all : zones, {});
    }
};

TEST(Rules, AnAppendNamesTheFirstBlockOfAZoneAndKeepsItsLimit) {
    ZonedFixture f;
    EXPECT_EQ(f.check(nvme::zone_append(128, 1), buffer(512)), Errc::ok);
    EXPECT_EQ(f.check(nvme::zone_append(896, 16), buffer(8192)), Errc::ok);
    EXPECT_EQ(f.check(nvme::zone_append(129, 1), buffer(512)), Errc::misaligned);
    EXPECT_EQ(f.check(nvme::zone_append(1024, 1), buffer(512)), Errc::out_of_range);
    EXPECT_EQ(f.check(nvme::zone_append(0, 17), buffer(8704)), Errc::too_large);
    EXPECT_EQ(f.check(nvme::zone_append(0, 2), buffer(512)), Errc::bad_length);
    EXPECT_EQ(f.check(nvme::zone_append(0, 1), Data()), Errc::bad_length);
    EXPECT_EQ(ZonedFixture(false).check(nvme::zone_append(0, 1), buffer(512)), Errc::unsupported);
}

TEST(Rules, ZoneManagementNamesAZone) {
    ZonedFixture f;
    EXPECT_EQ(f.check(nvme::zone_reset(256)), Errc::ok);
    EXPECT_EQ(f.check(nvme::zone_reset(257)), Errc::misaligned);
    EXPECT_EQ(f.check(nvme::zone_open(1024)), Errc::out_of_range);
    EXPECT_EQ(f.check(nvme::zone_open(0), buffer(512)), Errc::bad_length);
    EXPECT_EQ(f.check(nvme::zone_flush(131)), Errc::ok);
    EXPECT_EQ(f.check(nvme::zone_flush(1024)), Errc::out_of_range);
    EXPECT_EQ(f.check(nvme::zone_set_extension(128), buffer(64)), Errc::ok);
    EXPECT_EQ(f.check(nvme::zone_set_extension(128), buffer(128)), Errc::bad_length);
    EXPECT_EQ(f.check(nvme::zone_management_send(nvme::ZoneAction::reset, 7, nvme::kZoneSelectAll)),
              Errc::ok);
}

TEST(Rules, AReportIsAsLongAsItsCommandSays) {
    ZonedFixture f;
    EXPECT_EQ(f.check(nvme::zone_management_receive({.slba = 5, .bytes = 4096}), buffer(4096)),
              Errc::ok);
    EXPECT_EQ(f.check(nvme::zone_management_receive({.bytes = 4096}), buffer(2048)),
              Errc::bad_length);
    EXPECT_EQ(f.check(nvme::zone_management_receive({.slba = 1024, .bytes = 64}), buffer(64)),
              Errc::out_of_range);
    EXPECT_EQ(f.check(nvme::zone_management_receive({.bytes = 65540}), buffer(65540)),
              Errc::too_large);
}

}  // namespace
}  // namespace xnvme
