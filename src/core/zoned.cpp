#include <xnvme/zoned.hpp>

#include <algorithm>
#include <string>

#include <xnvme/describe.hpp>
#include <xnvme/nvme/builders.hpp>
#include <xnvme/size.hpp>

namespace xnvme::zoned {

namespace {

using nvme::ZoneAction;

/// Asked of the device in one command at most: more than this is no faster.
constexpr std::uint64_t kReportBytesMax = std::uint64_t{1} << 20;

std::string name_of(const Device& device) {
    return "'" + std::string(device.uri()) + "'";
}

/// "the zone at block 4096 of 'mem:1GiB'"
std::string zone_text(const Device& device, std::uint64_t zslba) {
    return "the zone at block " + std::to_string(zslba) + " of " + name_of(device);
}

std::string count_text(std::uint64_t count, const char* noun) {
    return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

/// The sentence for a zone command that failed. What the library refused is told in this device's
/// own numbers.
Failure failure(const Device& device, const std::string& what, std::uint64_t lba,
                const Error& error) {
    const Geometry& geometry = device.geometry();
    if (error.code == Errc::misaligned && geometry.zone_blocks != 0 &&
        lba % geometry.zone_blocks != 0)
        return {error, what + ": block " + std::to_string(lba) +
                           " is not the first of a zone; the zone that has it starts at block " +
                           std::to_string(lba / geometry.zone_blocks * geometry.zone_blocks) + "."};
    if (error.code == Errc::out_of_range)
        return {error, what + ": block " + std::to_string(lba) + " is past the end; the last is " +
                           std::to_string(geometry.blocks - 1) + ", in the zone at block " +
                           std::to_string((geometry.blocks - 1) / geometry.zone_blocks *
                                          geometry.zone_blocks) +
                           "."};
    return {error, what + ": " + describe(error)};
}

/// As `check`; what the device's interface does not carry is told from what the access forbids.
Result<void, Failure> check_carried(const Device& device, nvme::ZonedOpcode opcode,
                                    const std::string& what, const std::string& instead) {
    if (auto checked = check(device); !checked) return checked;
    const Command command{.opcode = static_cast<std::uint8_t>(opcode)};
    const OpcodeRule& rule = device.capabilities().rules->of(command);
    if (rule.service != Service::refused || rule.refusal != Errc::unsupported) return {};
    return fail(Errc::unsupported, name_of(device) + " is reached by the system's zone calls, " +
                                       "which have no " + what + ": " + instead + ".");
}

Result<void, Failure> manage(Device& device, ZoneAction action, std::uint64_t lba,
                             std::uint32_t options = 0, const Data& data = {}) {
    if (auto checked = check(device); !checked) return checked;
    auto done = device.execute(nvme::zone_management_send(action, lba, options), data);
    if (done) return {};
    const std::string what =
        std::string(nvme::zone_action_name(action)) + " of " + zone_text(device, lba);
    return std::unexpected(failure(device, what, lba, done.error()));
}

Zone zone_of(const nvme::ZoneDescriptor& descriptor) {
    return Zone{.start = descriptor.zslba,
                .capacity = descriptor.zcap,
                .write_pointer = descriptor.wp,
                .state = descriptor.state(),
                .type = descriptor.type(),
                .attributes = descriptor.za};
}

/// Zones that one command reports.
std::uint64_t zones_per_command(const Geometry& geometry, const ReportOptions& options,
                                std::uint32_t extension_bytes) {
    const std::uint64_t bytes =
        std::min<std::uint64_t>(kReportBytesMax, geometry.max_transfer_bytes);
    const std::uint64_t entry = sizeof(nvme::ZoneDescriptor) + extension_bytes;
    const std::uint64_t fit = bytes <= sizeof(nvme::ZoneReportHeader) + entry
                                  ? 1
                                  : (bytes - sizeof(nvme::ZoneReportHeader)) / entry;
    std::uint64_t zones = std::min(fit, std::max<std::uint64_t>(geometry.zones, 1));
    if (options.zones_per_command != 0)
        zones = std::min<std::uint64_t>(zones, options.zones_per_command);
    return std::max<std::uint64_t>(1, std::min(zones, options.max_zones));
}

/// What a device may not say of a zone that a report has: it must be the first block of a zone of
/// the namespace, behind those before it, and the write pointer must be in the zone.
bool makes_sense(const Geometry& geometry, std::uint64_t next, const Zone& zone) {
    if (zone.start < next || zone.start >= geometry.blocks ||
        zone.start % geometry.zone_blocks != 0 || zone.capacity > geometry.zone_blocks)
        return false;
    return !zone.has_write_pointer() || (zone.write_pointer >= zone.start &&
                                         zone.write_pointer - zone.start <= geometry.zone_blocks);
}

}  // namespace

Result<void, Failure> check(const Device& device) {
    if (device.geometry().zoned && device.geometry().zone_blocks != 0) return {};
    const std::string use =
        "use a zoned NVMe namespace, a zoned block device, or try it out on a model device such as "
        "mem:1GiB?zoned=1";
    switch (device.device_class()) {
        case DeviceClass::file:
            return fail(Errc::unsupported,
                        name_of(device) + " is a regular file, which has no zones: " + use + ".");
        case DeviceClass::model:
            return fail(Errc::unsupported, name_of(device) +
                                               " is a model device without zones: add zoned=1 to "
                                               "its name, such as mem:1GiB?zoned=1.");
        default:
            return fail(Errc::unsupported,
                        name_of(device) + " is " +
                            std::string(device_class_phrase(device.device_class())) +
                            " without zones: " + use + ".");
    }
}

Result<void, Failure> for_each_zone(Device& device, const ReportOptions& options,
                                    const Visit& visit) {
    if (auto checked = check(device); !checked) return checked;
    const Geometry& geometry = device.geometry();
    const std::uint32_t extension_bytes = options.extensions ? geometry.zone_extension_bytes : 0;
    if (options.extensions && extension_bytes == 0)
        return fail(Errc::unsupported,
                    name_of(device) + " has no zone descriptor extensions: report without them.");
    const std::uint64_t per_command = zones_per_command(geometry, options, extension_bytes);
    const auto bytes =
        static_cast<std::uint32_t>(nvme::ZoneReportView::bytes_for(per_command, extension_bytes));
    auto buffer = device.allocate(bytes);
    if (!buffer) return std::unexpected(std::move(buffer.error()));
    std::uint64_t slba = options.slba;
    std::uint64_t next = slba - slba % geometry.zone_blocks;
    std::uint64_t left = options.max_zones;
    do {
        const Command command = nvme::zone_management_receive(
            {.slba = slba, .bytes = bytes, .state = options.state, .extended = options.extensions});
        auto done = device.execute(command, buffer->part(0, bytes));
        if (!done)
            return std::unexpected(
                failure(device, "The zones of " + name_of(device), slba, done.error()));
        const nvme::ZoneReportView view(buffer->span().first(bytes), extension_bytes);
        for (std::size_t i = 0; i < view.size() && left != 0; ++i, --left) {
            const Zone zone = zone_of(view.at(i));
            if (!makes_sense(geometry, next, zone))
                return fail(Errc::device, "The report of " + name_of(device) +
                                              " makes no sense: it has a zone at block " +
                                              std::to_string(zone.start) +
                                              " where one from block " + std::to_string(next) +
                                              " on was to come.");
            if (!visit(zone, view.extension(i))) return {};
            next = zone.start + geometry.zone_blocks;
        }
        // Fewer than there is room for: there are no more.
        if (view.size() < per_command) return {};
        slba = next;
    } while (left != 0 && slba < geometry.blocks);
    return {};
}

Result<std::vector<Zone>, Failure> report(Device& device, const ReportOptions& options) {
    std::vector<Zone> zones;
    ReportOptions plain = options;
    plain.extensions = false;
    auto done = for_each_zone(device, plain, [&zones](const Zone& zone, auto) {
        zones.push_back(zone);
        return true;
    });
    if (!done) return std::unexpected(std::move(done.error()));
    return zones;
}

Result<Zone, Failure> zone_at(Device& device, std::uint64_t lba) {
    Zone found;
    auto done =
        for_each_zone(device, {.slba = lba, .max_zones = 1}, [&found](const Zone& zone, auto) {
            found = zone;
            return false;
        });
    if (!done) return std::unexpected(std::move(done.error()));
    const Geometry& geometry = device.geometry();
    if (found.capacity == 0 || lba - found.start >= geometry.zone_blocks)
        return fail(Errc::device, name_of(device) + " did not report the zone that has block " +
                                      std::to_string(lba) + ".");
    return found;
}

Result<std::uint64_t, Failure> count_zones(Device& device, std::optional<nvme::ZoneState> state,
                                           std::uint64_t slba) {
    if (auto checked = check(device); !checked) return std::unexpected(std::move(checked.error()));
    // Room for no zone: the header alone, which counts all that match.
    nvme::ZoneReportHeader header{};
    const Command command = nvme::zone_management_receive(
        {.slba = slba, .bytes = sizeof header, .state = state, .partial = false});
    auto done = device.execute(command, Data(&header, sizeof header));
    if (!done)
        return std::unexpected(
            failure(device, "The zones of " + name_of(device), slba, done.error()));
    return header.nzones.value();
}

Result<void, Failure> open(Device& device, std::uint64_t zslba, bool random_write_area) {
    if (random_write_area) {
        if (auto checked = check(device); !checked) return checked;
        if (device.geometry().random_write_area_blocks == 0)
            return fail(Errc::unsupported, name_of(device) +
                                               " has no zone random write areas: open the zone "
                                               "without one.");
    }
    return manage(device, ZoneAction::open, zslba,
                  random_write_area ? nvme::kZoneAllocateRandomWriteArea : 0);
}
Result<void, Failure> close(Device& device, std::uint64_t zslba) {
    return manage(device, ZoneAction::close, zslba);
}
Result<void, Failure> finish(Device& device, std::uint64_t zslba) {
    return manage(device, ZoneAction::finish, zslba);
}
Result<void, Failure> reset(Device& device, std::uint64_t zslba) {
    return manage(device, ZoneAction::reset, zslba);
}
Result<void, Failure> take_offline(Device& device, std::uint64_t zslba) {
    return manage(device, ZoneAction::offline, zslba);
}

Result<void, Failure> manage_all(Device& device, ZoneAction action) {
    if (auto checked = check(device); !checked) return checked;
    const std::string what =
        std::string(nvme::zone_action_name(action)) + " of all zones of " + name_of(device);
    if (action == ZoneAction::set_extension || action == ZoneAction::flush_explicit)
        return fail(Errc::invalid_argument, what + ": this action names one zone.");
    auto done = device.execute(nvme::zone_management_send(action, 0, nvme::kZoneSelectAll));
    if (done) return {};
    return std::unexpected(failure(device, what, 0, done.error()));
}

Result<std::uint64_t, Failure> append(Device& device, std::uint64_t zslba, std::uint32_t blocks,
                                      const Data& data, const Data& metadata) {
    if (auto checked = check_carried(device, nvme::ZonedOpcode::zone_append, "append",
                                     "write at the zone's write pointer");
        !checked)
        return std::unexpected(std::move(checked.error()));
    const std::string what =
        "append of " + count_text(blocks, "block") + " to " + zone_text(device, zslba);
    if (blocks == 0 || blocks > nvme::kBlocksMax)
        return fail(Errc::too_large, what + ": one command takes 1 to 65536 blocks.");
    auto done = device.execute(nvme::zone_append(zslba, blocks), data, metadata);
    if (done) return nvme::appended_lba(*done);
    const Geometry& geometry = device.geometry();
    if (done.error().code == Errc::too_large)
        return fail(
            done.error(),
            what + ": " + format_size(data.bytes()) + " is more than the device takes in " +
                "one append, which is " +
                format_size(std::min(geometry.max_append_bytes, geometry.max_transfer_bytes)) +
                ".");
    return std::unexpected(failure(device, what, zslba, done.error()));
}

Result<void, Failure> flush(Device& device, std::uint64_t last) {
    if (auto checked = check(device); !checked) return checked;
    if (device.geometry().random_write_area_blocks == 0)
        return fail(Errc::unsupported, name_of(device) +
                                           " has no zone random write areas: there is nothing to "
                                           "commit.");
    auto done = device.execute(nvme::zone_flush(last));
    if (done) return {};
    return std::unexpected(failure(device,
                                   "flush of the random write area up to block " +
                                       std::to_string(last) + " of " + name_of(device),
                                   last, done.error()));
}

Result<void, Failure> set_extension(Device& device, std::uint64_t zslba,
                                    std::span<const std::byte> extension) {
    if (auto checked = check(device); !checked) return checked;
    const std::uint32_t bytes = device.geometry().zone_extension_bytes;
    if (bytes == 0)
        return fail(Errc::unsupported, name_of(device) + " has no zone descriptor extensions.");
    if (extension.size() != bytes)
        return fail(Errc::bad_length, "A zone descriptor extension of " + name_of(device) +
                                          " has " + count_text(bytes, "byte") + ", and " +
                                          std::to_string(extension.size()) + " were given.");
    return manage(device, ZoneAction::set_extension, zslba, 0, extension);
}

Result<ChangedZones, Failure> changed(Device& device, bool keep) {
    if (auto checked = check(device); !checked) return std::unexpected(std::move(checked.error()));
    if (device.device_class() == DeviceClass::block)
        return fail(Errc::unsupported, name_of(device) +
                                           " is no NVMe namespace, and the system keeps no list of "
                                           "changed zones: report the zones instead.");
    nvme::ChangedZonesLog log{};
    auto done = device.admin(nvme::get_log_page({.page = nvme::LogPage::changed_zones,
                                                 .bytes = sizeof log,
                                                 .nsid = device.nsid(),
                                                 .retain_event = keep}),
                             Data(&log, sizeof log));
    if (!done)
        return fail(done.error(),
                    "The changed zone list of " + name_of(device) + ": " + describe(done.error()));
    ChangedZones zones;
    zones.too_many = log.overflowed();
    zones.zones.reserve(log.count());
    for (std::uint32_t i = 0; i < log.count(); ++i) zones.zones.push_back(log.zid[i]);
    return zones;
}

}  // namespace xnvme::zoned
