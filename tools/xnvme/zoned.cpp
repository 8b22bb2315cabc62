// The zoned family: reports of zones, their management, appends.

#include <algorithm>

#include <fmt/core.h>

#include <xnvme/nvme/builders.hpp>
#include <xnvme/nvme/zoned.hpp>
#include <xnvme/zoned.hpp>

#include "output.hpp"
#include "progress.hpp"
#include "zoned.hpp"

namespace xnvme::tool {
namespace {

using nvme::ZoneAction;
using zoned::Zone;

// ---- report -------------------------------------------------------------------------------------

struct ReportArguments {
    zoned::ReportOptions options;
    std::string state;
    bool count = false;
};

std::vector<std::string> state_names() {
    std::vector<std::string> names;
    names.reserve(nvme::kZoneStates.size());
    for (const nvme::ZoneStateInfo& row : nvme::kZoneStates)
        if (row.filter != 0) names.emplace_back(row.name);
    return names;
}

/// "finished-by-controller, extension", or "-".
std::string attributes_text(const Zone& zone) {
    std::string text;
    const auto add = [&](nvme::ZoneAttribute attribute, std::string_view name) {
        if (zone.has(attribute)) text += (text.empty() ? "" : ", ") + std::string(name);
    };
    add(nvme::kZoneFinishedByController, "finished by controller");
    add(nvme::kZoneFinishRecommended, "finish recommended");
    add(nvme::kZoneResetRecommended, "reset recommended");
    add(nvme::kZoneRandomWriteArea, "random write area");
    add(nvme::kZoneExtensionValid, "extension");
    return text;
}

Node zone_node(const Zone& zone) {
    return Node::map()
        .add("zslba", zone.start)
        .add("state", nvme::zone_state_name(zone.state))
        .add("type", nvme::zone_type_name(zone.type))
        .add("write_pointer", zone.has_write_pointer() ? Node(zone.write_pointer) : Node())
        .add("capacity_blocks", zone.capacity)
        .add("room_blocks", zone.room())
        .add("finished_by_controller", zone.has(nvme::kZoneFinishedByController))
        .add("finish_recommended", zone.has(nvme::kZoneFinishRecommended))
        .add("reset_recommended", zone.has(nvme::kZoneResetRecommended))
        .add("random_write_area", zone.has(nvme::kZoneRandomWriteArea))
        .add("extension_valid", zone.has(nvme::kZoneExtensionValid));
}

int run_report(const Program& program, ReportArguments arguments) {
    Device device = open_device(program, Access::read_only);
    if (!arguments.state.empty()) arguments.options.state = nvme::find_zone_state(arguments.state);
    if (arguments.count) {
        const std::uint64_t zones =
            take_zoned(zoned::count_zones(device, arguments.options.state, arguments.options.slba));
        print(program.format, Node::map().add("device", program.device.uri).add("zones", zones));
        return kDone;
    }
    Node zones = Node::list();
    Table table({{"first block", true},
                 {"state"},
                 {"write pointer", true},
                 {"capacity", true},
                 {"type"},
                 {"attributes"}});
    const bool json = program.format == Format::json || arguments.options.extensions;
    take_zoned(zoned::for_each_zone(
        device, arguments.options, [&](const Zone& zone, std::span<const std::byte> extension) {
            if (json) {
                Node node = zone_node(zone);
                if (!extension.empty()) node.add("extension", hex_string(extension));
                zones.push(std::move(node));
            } else {
                table.add({std::to_string(zone.start),
                           std::string(nvme::zone_state_name(zone.state)),
                           zone.has_write_pointer() ? std::to_string(zone.write_pointer) : "",
                           std::to_string(zone.capacity),
                           std::string(nvme::zone_type_name(zone.type)), attributes_text(zone)});
            }
            return true;
        }));
    if (json)
        print(program.format, Node::map()
                                  .add("device", program.device.uri)
                                  .add("block_bytes", device.geometry().block_bytes)
                                  .add("zones", std::move(zones)));
    else
        print(table.empty() ? std::string("no such zones\n") : table.text());
    return kDone;
}

void add_report(Program& program, CLI::App& zoned) {
    CLI::App* command =
        add_command(zoned, "report", "Zones", "List zones, with their states and write pointers",
                    "  xnvme zoned report /dev/nvme0n1\n"
                    "  xnvme zoned report /dev/ng0n1 --state full --max 10 --output json\n"
                    "  xnvme zoned report 'mem:64MiB?zoned=1&zone=4MiB' --count\n");
    auto arguments = std::make_shared<ReportArguments>();
    add_number(command, "--slba", arguments->options.slba, "From the zone that has this block on");
    add_number(command, "--max", arguments->options.max_zones, "At most so many zones", 1);
    command->add_option("--state", arguments->state, "Zones in this state alone")
        ->check(CLI::IsMember(state_names()))
        ->type_name("STATE");
    CLI::Option* extensions = command->add_flag("--extensions", arguments->options.extensions,
                                                "With zone descriptor extensions");
    command->add_flag("--count", arguments->count, "Only how many there are")->excludes(extensions);
    add_device_options(program, command);
    command->callback([&program, arguments] {
        program.action = [&program, arguments] { return run_report(program, *arguments); };
    });
}

// ---- info ---------------------------------------------------------------------------------------

int run_info(const Program& program) {
    Device device = open_device(program, Access::read_only);
    take_zoned(zoned::check(device));
    const Geometry& geometry = device.geometry();
    Node states = Node::map();
    for (const nvme::ZoneStateInfo& row : nvme::kZoneStates) {
        if (row.filter == 0) continue;
        states.add(row.name, take_zoned(zoned::count_zones(device, row.state)));
    }
    const auto limit = [](std::uint64_t value) { return value == 0 ? Node() : Node(value); };
    Node node = Node::map();
    node.add("device", program.device.uri)
        .add("block_bytes", geometry.block_bytes)
        .add("zones", geometry.zones)
        .add("zone_blocks", geometry.zone_blocks)
        .add("zone_bytes", geometry.zone_blocks * geometry.block_bytes)
        .add("max_open_zones", limit(geometry.max_open_zones))
        .add("max_active_zones", limit(geometry.max_active_zones))
        .add("max_append_bytes", limit(geometry.max_append_bytes))
        .add("extension_bytes", limit(geometry.zone_extension_bytes));
    if (geometry.random_write_area_blocks != 0)
        node.add("random_write_areas", limit(geometry.random_write_areas))
            .add("random_write_area_blocks", geometry.random_write_area_blocks)
            .add("random_write_area_flush_blocks", geometry.random_write_area_flush_blocks);
    node.add("states", std::move(states));
    print(program.format, node);
    return kDone;
}

void add_info(Program& program, CLI::App& zoned) {
    CLI::App* command =
        add_command(zoned, "info", "Zones", "Sizes and limits, and how many zones in which state",
                    "  xnvme zoned info /dev/nvme0n1\n"
                    "  xnvme zoned info 'mem:1GiB?zoned=1&max_open=14' --output json\n");
    add_device_options(program, command);
    command->callback([&program] { program.action = [&program] { return run_info(program); }; });
}

// ---- open, close, finish, reset, offline --------------------------------------------------------

struct ManageArguments {
    ZoneChoice zone;
    std::uint64_t count = 1;
    bool all = false;
    bool random_write_area = false;
};

Result<void, Failure> apply(Device& device, ZoneAction action, std::uint64_t zslba,
                            bool random_write_area) {
    switch (action) {
        case ZoneAction::open:
            return zoned::open(device, zslba, random_write_area);
        case ZoneAction::close:
            return zoned::close(device, zslba);
        case ZoneAction::finish:
            return zoned::finish(device, zslba);
        case ZoneAction::offline:
            return zoned::take_offline(device, zslba);
        default:
            return zoned::reset(device, zslba);
    }
}

int run_manage(const Program& program, ZoneAction action, const ManageArguments& arguments) {
    const std::string_view name = nvme::zone_action_name(action);
    if (!arguments.all && !arguments.zone.given)
        throw Stop(kUsage, "Say which zone: --slba or --zone, or --all.");
    refuse_if_used(program, program.device.uri, fmt::format("{} zones of", name));
    Device device = open_device(program, Access::read_write);
    Node node = Node::map();
    node.add("command", name).add("device", program.device.uri);
    if (arguments.all) {
        take_zoned(zoned::manage_all(device, action));
        node.add("all", true);
        print(program.format, node);
        return kDone;
    }
    const std::uint64_t first = block_of(device, arguments.zone);
    const Geometry& geometry = device.geometry();
    const std::uint64_t zone_bytes = geometry.zone_blocks * geometry.block_bytes;
    {
        Progress progress(std::string(name), arguments.count * zone_bytes, false);
        for (std::uint64_t i = 0; i < arguments.count; ++i) {
            take_zoned(apply(device, action, first + i * geometry.zone_blocks,
                             arguments.random_write_area));
            progress.update((i + 1) * zone_bytes);
        }
    }
    node.add("zslba", first).add("zones", arguments.count);
    if (arguments.count == 1)
        node.add("zone", zone_node(take_zoned(zoned::zone_at(device, first))));
    print(program.format, node);
    return kDone;
}

void add_action(Program& program, CLI::App& zoned, ZoneAction action, const char* summary) {
    const std::string name(nvme::zone_action_name(action));
    CLI::App* command =
        add_command(zoned, name, "Zones", summary,
                    fmt::format("  xnvme zoned {0} /dev/nvme0n1 --zone 3\n"
                                "  xnvme zoned {0} /dev/ng0n1 --slba 0x8000 --count 4\n"
                                "  xnvme zoned {0} /dev/nvme0n1 --all\n",
                                name));
    auto arguments = std::make_shared<ManageArguments>();
    add_zone_choice(command, arguments->zone);
    CLI::Option* count = add_number(command, "--count", arguments->count,
                                    "How many zones, from that one on; the default is 1", 1);
    CLI::Option* all =
        command->add_flag("--all", arguments->all, "All zones that it applies to, in one command");
    for (const char* other : {"--slba", "--zone"}) all->excludes(command->get_option(other));
    all->excludes(count);
    if (action == ZoneAction::open)
        command
            ->add_flag("--zrwa", arguments->random_write_area,
                       "With a zone random write area; the zone must be empty")
            ->excludes(all);
    add_force_option(program, command);
    add_device_options(program, command);
    command->callback([&program, arguments, action] {
        program.action = [&program, arguments, action] {
            return run_manage(program, action, *arguments);
        };
    });
}

// ---- flush, changed -----------------------------------------------------------------------------

int run_flush(const Program& program, std::uint64_t last) {
    Device device = open_device(program, Access::read_write);
    take_zoned(zoned::flush(device, last));
    print(program.format, Node::map()
                              .add("command", "flush")
                              .add("device", program.device.uri)
                              .add("last", last)
                              .add("zone", zone_node(take_zoned(zoned::zone_at(device, last)))));
    return kDone;
}

void add_flush(Program& program, CLI::App& zoned) {
    CLI::App* command =
        add_command(zoned, "flush", "Zones", "Commit blocks of a zone's random write area (ZRWA)",
                    "  xnvme zoned flush /dev/nvme0n1 --last 31\n"
                    "The write pointer goes behind block --last. 'xnvme zoned "
                    "info' says in how many\nblocks an area is committed.\n");
    auto last = std::make_shared<std::uint64_t>(0);
    add_number(command, "--last", *last, "The last block to commit")->required();
    add_device_options(program, command);
    command->callback([&program, last] {
        program.action = [&program, last] { return run_flush(program, *last); };
    });
}

int run_changed(const Program& program, bool keep) {
    Device device = open_device(program, Access::read_only);
    const zoned::ChangedZones changed = take_zoned(zoned::changed(device, keep));
    Node zones = Node::list();
    for (const std::uint64_t zslba : changed.zones) zones.push(zslba);
    print(program.format, Node::map()
                              .add("device", program.device.uri)
                              .add("too_many_to_list", changed.too_many)
                              .add("zslbas", std::move(zones)));
    return kDone;
}

void add_changed(Program& program, CLI::App& zoned) {
    CLI::App* command = add_command(zoned, "changed", "Zones",
                                    "List the zones that the controller changed by itself",
                                    "  xnvme zoned changed /dev/nvme0n1\n"
                                    "  xnvme zoned changed /dev/nvme0n1 --keep --output json\n"
                                    "Reading the list empties it, unless --keep is given.\n");
    auto keep = std::make_shared<bool>(false);
    command->add_flag("--keep", *keep, "The device keeps its list and the event");
    add_device_options(program, command);
    command->callback([&program, keep] {
        program.action = [&program, keep] { return run_changed(program, *keep); };
    });
}

}  // namespace

void add_zone_choice(CLI::App* command, ZoneChoice& zone) {
    const auto option = [command, &zone](const char* name, bool index, const char* summary) {
        return command
            ->add_option_function<std::string>(
                name,
                [name, index, &zone](const std::string& text) {
                    zone.value = parse_number(name, text, 0, UINT64_MAX);
                    zone.index = index;
                    zone.given = true;
                },
                summary)
            ->type_name("N");
    };
    CLI::Option* slba = option("--slba", false, "The zone's first block");
    option("--zone", true, "The zone's number, counted from 0")->excludes(slba);
}

std::uint64_t block_of(const Device& device, const ZoneChoice& zone) {
    take_zoned(zoned::check(device));
    const Geometry& geometry = device.geometry();
    if (!zone.index) return zone.value;
    if (zone.value >= geometry.zones)
        throw Stop(kUsage,
                   fmt::format("{} has no zone {}; it has {}, 0 to {}.", device.uri(), zone.value,
                               counted(geometry.zones, "zone"), geometry.zones - 1));
    return zone.value * geometry.zone_blocks;
}

void stop_zoned(Failure failure) {
    switch (failure.error.code) {
        case Errc::misaligned:
        case Errc::out_of_range:
        case Errc::too_large:
        case Errc::bad_length:
        case Errc::invalid_argument:
        case Errc::unsupported:
            throw Stop(kUsage, std::move(failure.sentence));
        default:
            throw Stop(kFailed, std::move(failure.sentence));
    }
}

void add_zoned(Program& program) {
    CLI::App* zoned = add_command(
        program.app, "zoned", "Zones", "Report and manage zones, append to them",
        "  xnvme zoned report /dev/nvme0n1\n"
        "  xnvme zoned reset /dev/nvme0n1 --all\n"
        "  xnvme zoned append 'mem:64MiB?zoned=1&zone=4MiB' --zone 0 --fill 0x5a --count 4\n");
    zoned->require_subcommand(1);
    add_report(program, *zoned);
    add_info(program, *zoned);
    add_action(program, *zoned, ZoneAction::open, "Open a zone explicitly");
    add_action(program, *zoned, ZoneAction::close, "Close an open zone");
    add_action(program, *zoned, ZoneAction::finish, "Finish a zone: it becomes full");
    add_action(program, *zoned, ZoneAction::reset, "Reset a zone: its data is gone");
    add_action(program, *zoned, ZoneAction::offline, "Take a read-only zone offline, for good");
    add_zoned_append(program, *zoned);
    add_flush(program, *zoned);
    add_changed(program, *zoned);
}

}  // namespace xnvme::tool
