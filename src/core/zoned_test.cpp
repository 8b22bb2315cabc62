#include <xnvme/zoned.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

#include <xnvme/nvme/status.hpp>
#include <xnvme/xnvme.hpp>

namespace xnvme {
namespace {

using nvme::ZoneState;

constexpr char kUri[] =
    "mem:16MiB?zoned=1&zone=1MiB&zone_capacity=768KiB&append=8KiB&extension=64&zrwa=8KiB";
constexpr std::uint64_t kZone = 2048;

Device open(const std::string& uri = kUri, const Options& options = {}) {
    auto device = Device::open(uri, options);
    if (!device) throw std::runtime_error(device.error().sentence);
    return std::move(*device);
}

template <class T>
std::string sentence_of(const std::expected<T, Failure>& result) {
    return result ? "(it succeeded)" : result.error().sentence;
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

Buffer blocks_of(Device& device, std::uint32_t blocks, std::byte value) {
    auto buffer = device.allocate(std::size_t{blocks} * 512);
    if (!buffer) throw std::runtime_error(buffer.error().sentence);
    std::ranges::fill(buffer->span(), value);
    return std::move(*buffer);
}

TEST(ZonedApi, ReportsInAsManyCommandsAsItTakes) {
    Device device = open();
    const auto whole = zoned::report(device);
    ASSERT_TRUE(whole) << sentence_of(whole);
    ASSERT_EQ(whole->size(), 16u);
    EXPECT_EQ(whole->at(3).start, 3 * kZone);
    EXPECT_EQ(whole->at(3).capacity, 1536u);
    EXPECT_EQ(whole->at(3).room(), 1536u);
    for (const std::uint32_t chunk : {1u, 3u, 16u, 100u}) {
        const auto parts = zoned::report(device, {.zones_per_command = chunk});
        ASSERT_TRUE(parts) << sentence_of(parts);
        EXPECT_EQ(*parts, *whole) << chunk;
    }
    const auto some = zoned::report(device, {.slba = 5 * kZone + 9, .max_zones = 2});
    ASSERT_TRUE(some) << sentence_of(some);
    ASSERT_EQ(some->size(), 2u);
    EXPECT_EQ(some->front().start, 5 * kZone);
}

TEST(ZonedApi, ReportsByStateAndCounts) {
    Device device = open();
    for (const std::uint64_t zone : {2u, 7u, 15u}) ASSERT_TRUE(zoned::open(device, zone * kZone));
    const auto opened =
        zoned::report(device, {.state = ZoneState::explicitly_open, .zones_per_command = 1});
    ASSERT_TRUE(opened) << sentence_of(opened);
    ASSERT_EQ(opened->size(), 3u);
    EXPECT_EQ(opened->at(1).start, 7 * kZone);
    EXPECT_EQ(zoned::count_zones(device).value(), 16u);
    EXPECT_EQ(zoned::count_zones(device, ZoneState::empty).value(), 13u);
    EXPECT_EQ(zoned::count_zones(device, ZoneState::explicitly_open, 8 * kZone).value(), 1u);
    EXPECT_EQ(zoned::count_zones(device, ZoneState::full).value(), 0u);
}

TEST(ZonedApi, ManagesZones) {
    Device device = open();
    const auto state = [&](std::uint64_t lba) { return zoned::zone_at(device, lba).value().state; };
    EXPECT_TRUE(zoned::open(device, kZone));
    EXPECT_EQ(state(kZone + 5), ZoneState::explicitly_open);
    EXPECT_TRUE(zoned::close(device, kZone));
    EXPECT_EQ(state(kZone), ZoneState::closed);
    EXPECT_TRUE(zoned::finish(device, kZone));
    EXPECT_EQ(state(kZone), ZoneState::full);
    EXPECT_EQ(zoned::zone_at(device, kZone).value().room(), 0u);
    EXPECT_TRUE(zoned::finish(device, 0));
    EXPECT_TRUE(zoned::manage_all(device, nvme::ZoneAction::reset));
    EXPECT_EQ(zoned::count_zones(device, ZoneState::empty).value(), 16u);
    EXPECT_FALSE(zoned::manage_all(device, nvme::ZoneAction::flush_explicit));
}

TEST(ZonedApi, AppendsAndSaysWhere) {
    Device device = open();
    const Buffer data = blocks_of(device, 4, std::byte{7});
    EXPECT_EQ(zoned::append(device, kZone, 4, data).value(), kZone);
    EXPECT_EQ(zoned::append(device, kZone, 4, data).value(), kZone + 4);
    Buffer back = blocks_of(device, 8, std::byte{0});
    ASSERT_TRUE(device.execute(nvme::read(kZone, 8), back));
    EXPECT_TRUE(std::ranges::all_of(back.span(), [](std::byte b) { return b == std::byte{7}; }));
}

TEST(ZonedApi, BadAppendsAreRefusedWithTheNumbersOfTheDevice) {
    Device device = open();
    const Buffer data = blocks_of(device, 32, std::byte{1});
    const auto inside = zoned::append(device, kZone + 3, 1, data.part(0, 512));
    ASSERT_FALSE(inside);
    EXPECT_EQ(inside.error().error.code, Errc::misaligned);
    EXPECT_TRUE(has(sentence_of(inside), "block 2051 is not the first of a zone"));
    EXPECT_TRUE(has(sentence_of(inside), "starts at block 2048")) << sentence_of(inside);
    const auto large = zoned::append(device, kZone, 17, data.part(0, 17 * 512));
    ASSERT_FALSE(large);
    EXPECT_EQ(large.error().error.code, Errc::too_large);
    EXPECT_TRUE(has(sentence_of(large), "one append, which is 8 KiB")) << sentence_of(large);
    const auto past = zoned::append(device, 16 * kZone, 1, data.part(0, 512));
    ASSERT_FALSE(past);
    EXPECT_EQ(past.error().error.code, Errc::out_of_range);
    EXPECT_TRUE(has(sentence_of(past), "the last is 32767")) << sentence_of(past);
    EXPECT_EQ(zoned::append(device, 0, 0, {}).error().error.code, Errc::too_large);
    ASSERT_TRUE(zoned::finish(device, kZone));
    const auto full = zoned::append(device, kZone, 1, data.part(0, 512));
    ASSERT_FALSE(full);
    EXPECT_TRUE(nvme::is(full.error().error.status, nvme::CommandStatus::zone_is_full));
    EXPECT_TRUE(has(sentence_of(full), "Zone Is Full")) << sentence_of(full);
    EXPECT_TRUE(has(sentence_of(full), "reset the zone")) << sentence_of(full);
}

TEST(ZonedApi, ExtensionsComeWithTheirZone) {
    Device device = open();
    std::array<std::byte, 64> extension;
    extension.fill(std::byte{0x5a});
    ASSERT_TRUE(zoned::set_extension(device, kZone, extension));
    EXPECT_FALSE(zoned::set_extension(device, kZone, std::span(extension).first(8)));
    std::uint64_t with_extension = 0;
    const auto done = zoned::for_each_zone(
        device, {.extensions = true, .zones_per_command = 3},
        [&](const zoned::Zone& zone, std::span<const std::byte> bytes) {
            EXPECT_EQ(bytes.size(), 64u);
            EXPECT_EQ(zone.has(nvme::kZoneExtensionValid), zone.start == kZone);
            if (zone.start == kZone) {
                EXPECT_TRUE(std::ranges::equal(bytes, extension));
                ++with_extension;
            }
            return true;
        });
    ASSERT_TRUE(done) << sentence_of(done);
    EXPECT_EQ(with_extension, 1u);
    Device without = open("mem:32MiB?zoned=1");
    EXPECT_EQ(zoned::for_each_zone(without, {.extensions = true}, [](auto&&...) { return true; })
                  .error()
                  .error.code,
              Errc::unsupported);
    EXPECT_FALSE(zoned::set_extension(without, 0, extension));
}

TEST(ZonedApi, RandomWriteAreasAreCommitted) {
    Device device = open();
    EXPECT_EQ(device.geometry().random_write_area_blocks, 16u);
    ASSERT_TRUE(zoned::open(device, 0, true));
    const Buffer data = blocks_of(device, 8, std::byte{1});
    ASSERT_TRUE(device.execute(nvme::write(8, 8), data));
    ASSERT_TRUE(device.execute(nvme::write(0, 8), data));
    ASSERT_TRUE(zoned::flush(device, 15));
    EXPECT_EQ(zoned::zone_at(device, 0).value().write_pointer, 16u);
    EXPECT_FALSE(zoned::flush(device, 15));
    Device without = open("mem:32MiB?zoned=1");
    EXPECT_TRUE(has(sentence_of(zoned::open(without, 0, true)), "without one"));
    EXPECT_TRUE(has(sentence_of(zoned::flush(without, 0)), "nothing to commit"));
}

TEST(ZonedApi, ChangedZonesAreListedOnce) {
    std::string uri = kUri;
    uri += "&fault=write@lba:4096,zone=read-only,once";
    Device device = open(uri);
    const Buffer data = blocks_of(device, 1, std::byte{1});
    EXPECT_FALSE(device.execute(nvme::write(4096, 1), data));
    EXPECT_EQ(zoned::changed(device, true).value().zones, std::vector<std::uint64_t>{4096});
    EXPECT_EQ(zoned::changed(device).value().zones, std::vector<std::uint64_t>{4096});
    EXPECT_TRUE(zoned::changed(device).value().zones.empty());
    EXPECT_TRUE(zoned::take_offline(device, 4096));
    EXPECT_EQ(zoned::zone_at(device, 4096).value().state, ZoneState::offline);
}

TEST(ZonedApi, DevicesWithoutZonesAreRefusedWithWhatToUse) {
    Device device = open("mem:1MiB");
    const std::string sentence = sentence_of(zoned::report(device));
    EXPECT_TRUE(has(sentence, "'mem:1MiB' is a model device without zones")) << sentence;
    EXPECT_TRUE(has(sentence, "zoned=1")) << sentence;
    EXPECT_EQ(zoned::reset(device, 0).error().error.code, Errc::unsupported);
    EXPECT_EQ(zoned::append(device, 0, 1, {}).error().error.code, Errc::unsupported);
    EXPECT_EQ(zoned::changed(device).error().error.code, Errc::unsupported);
    EXPECT_EQ(zoned::count_zones(device).error().error.code, Errc::unsupported);
}

TEST(ZonedApi, ADeviceOpenedForReadingReportsAndChangesNothing) {
    Device device = open(kUri, {.access = Access::read_only});
    EXPECT_TRUE(zoned::report(device));
    EXPECT_EQ(zoned::reset(device, 0).error().error.code, Errc::read_only);
    EXPECT_EQ(zoned::append(device, 0, 1, blocks_of(device, 1, std::byte{1})).error().error.code,
              Errc::read_only);
}

}  // namespace
}  // namespace xnvme
