// The fdp family: flexible data placement.

#include <algorithm>

#include <fmt/core.h>

#include <xnvme/fdp.hpp>
#include <xnvme/nvme/status.hpp>

#include "block_range.hpp"
#include "files.hpp"
#include "output.hpp"
#include "text/nearest.hpp"

namespace xnvme::tool {
namespace {

constexpr const char* kGroup = "Data placement";

struct FdpArguments {
    bool controller_events = false;
    std::uint8_t configuration = 0;
    std::uint16_t handle = 0;
    std::vector<std::string> enabled;
    std::vector<std::string> disabled;
    std::vector<std::uint16_t> placements;
    BlockRange range;
    std::uint16_t placement = 0;
    std::string data;
    std::uint32_t fill = 256;  ///< 256: not given.
};

Fdp fdp_of(Device& device) {
    auto fdp = Fdp::of(device);
    if (!fdp) throw Stop(kUsage, fdp.error().sentence);
    return *fdp;
}

/// What was asked for, of this device, or the end of the command with its error.
template <class Asked>
auto take_from(const Program& program, Asked result, std::string_view what) {
    return take(std::move(result), fmt::format("{} of {}", what, program.device.uri));
}

Node device_node(const Program& program, const Fdp& fdp) {
    return Node::map()
        .add("device", program.device.uri)
        .add("endurance_group", fdp.endurance_group());
}

/// Prints a tree with the device in front of it.
void print_under(const Program& program, const Fdp& fdp, const Node& tree) {
    Node node = device_node(program, fdp);
    for (std::size_t i = 0; i < tree.size(); ++i) node.add(tree.name(i), tree.at(i));
    print(program.format, node);
}

int run_state(const Program& program, const FdpArguments&) {
    Device device = open_device(program, Access::read_only);
    const Fdp fdp = fdp_of(device);
    const nvme::FdpFeature state = take_from(program, fdp.state(), "data placement");
    print(program.format, device_node(program, fdp)
                              .add("enabled", state.enabled())
                              .add("configuration", state.configuration()));
    return kDone;
}

int run_configs(const Program& program, const FdpArguments&) {
    Device device = open_device(program, Access::read_only);
    const Fdp fdp = fdp_of(device);
    print_under(program, fdp,
                nvme::to_node(take_from(program, fdp.configurations(), "configurations")));
    return kDone;
}

int run_usage(const Program& program, const FdpArguments&) {
    Device device = open_device(program, Access::read_only);
    const Fdp fdp = fdp_of(device);
    const auto usage = take_from(program, fdp.usage(), "handle usage");
    print_under(program, fdp, nvme::to_node(std::span<const nvme::FdpUsage>(usage)));
    return kDone;
}

int run_stats(const Program& program, const FdpArguments&) {
    Device device = open_device(program, Access::read_only);
    const Fdp fdp = fdp_of(device);
    print_under(program, fdp, nvme::to_node(take_from(program, fdp.statistics(), "statistics")));
    return kDone;
}

int run_events(const Program& program, const FdpArguments& arguments) {
    Device device = open_device(program, Access::read_only);
    const Fdp fdp = fdp_of(device);
    const auto events = take_from(program, fdp.events(!arguments.controller_events), "events");
    print_under(program, fdp, nvme::to_node(std::span<const nvme::FdpEvent>(events)));
    return kDone;
}

int run_status(const Program& program, const FdpArguments&) {
    Device device = open_device(program, Access::read_only);
    const Fdp fdp = fdp_of(device);
    print_under(program, fdp, nvme::to_node(take_from(program, fdp.status(), "handle status")));
    return kDone;
}

std::vector<nvme::FdpEventType> event_types(const std::vector<std::string>& names) {
    std::vector<nvme::FdpEventType> types;
    types.reserve(names.size());
    for (const std::string& name : names) {
        const auto row = std::ranges::find(nvme::kFdpEvents, name, &nvme::FdpEventInfo::name);
        if (row == nvme::kFdpEvents.end()) {
            std::vector<std::string_view> known;
            known.reserve(nvme::kFdpEvents.size());
            for (const nvme::FdpEventInfo& info : nvme::kFdpEvents) known.push_back(info.name);
            const std::string_view meant = text::nearest(name, known);
            throw Stop(
                kUsage,
                meant.empty()
                    ? fmt::format("'{}' is no type of event; 'xnvme fdp event-types' lists "
                                  "them.",
                                  name)
                    : fmt::format("'{}' is no type of event; did you mean '{}'?", name, meant));
        }
        types.push_back(row->type);
    }
    return types;
}

int run_event_types(const Program& program, const FdpArguments& arguments) {
    const auto enabled = event_types(arguments.enabled);
    const auto disabled = event_types(arguments.disabled);
    const bool changes = !enabled.empty() || !disabled.empty();
    Device device = open_device(program, changes ? Access::read_write : Access::read_only);
    const Fdp fdp = fdp_of(device);
    if (!enabled.empty())
        take_from(program, fdp.enable_events(arguments.handle, enabled, true), "enabling events");
    if (!disabled.empty())
        take_from(program, fdp.enable_events(arguments.handle, disabled, false),
                  "disabling events");
    const auto types = take_from(program, fdp.event_types(arguments.handle), "event types");
    Node node = device_node(program, fdp).add("placement_handle", arguments.handle);
    const Node tree = nvme::to_node(std::span<const nvme::FdpEventDescriptor>(types));
    node.add("types", *tree.find("types"));
    print(program.format, node);
    return kDone;
}

/// Of the handles that a command was about, what they are after it.
Node handles_node(const nvme::FdpStatuses& statuses, std::span<const std::uint16_t> placements) {
    nvme::FdpStatuses some;
    for (const nvme::FdpStatus& status : statuses.list) {
        if (std::ranges::find(placements, status.pid.value()) != placements.end())
            some.list.push_back(status);
    }
    return *nvme::to_node(some).find("handles");
}

int run_update(const Program& program, const FdpArguments& arguments) {
    const std::vector<std::uint16_t>& placements = arguments.placements;
    if (placements.size() > nvme::kFdpUpdateMax)
        throw Stop(kUsage, fmt::format("One update takes at most {} placement identifiers.",
                                       nvme::kFdpUpdateMax));
    refuse_if_used(program, program.device.uri, "change the reclaim units of");
    Device device = open_device(program, Access::read_write);
    const Fdp fdp = fdp_of(device);
    take_from(program, fdp.update(placements), "reclaim unit handle update");
    const auto statuses = take_from(program, fdp.status(), "handle status");
    print(program.format,
          device_node(program, fdp).add("handles", handles_node(statuses, placements)));
    return kDone;
}

int enable(const Program& program, bool on, std::uint8_t configuration) {
    refuse_if_used(program, program.device.uri, "reconfigure");
    Device device = open_device(program, Access::read_write);
    const Fdp fdp = fdp_of(device);
    const auto done = fdp.enable(on, configuration);
    if (!done && nvme::is(done.error().status, nvme::GenericStatus::command_sequence_error))
        throw Stop(kFailed,
                   fmt::format("Flexible data placement of {} can be turned on and off only while "
                               "endurance group {} has no namespace: delete those that it has, and "
                               "create them anew afterwards. (A device in memory takes it after a "
                               "format.)",
                               program.device.uri, fdp.endurance_group()));
    take_from(program, done, on ? "enabling data placement" : "disabling data placement");
    print(program.format, device_node(program, fdp).add("enabled", on));
    return kDone;
}

int run_enable(const Program& program, const FdpArguments& arguments) {
    return enable(program, true, arguments.configuration);
}
int run_disable(const Program& program, const FdpArguments&) {
    return enable(program, false, 0);
}

/// A device takes a write with a placement identifier that it does not have, and places the data
/// elsewhere.
void refuse_unknown_placement(const Program& program, const Fdp& fdp, std::uint16_t placement) {
    const auto statuses = take_from(program, fdp.status(), "handle status");
    for (const auto& status : statuses.list)
        if (status.pid.value() == placement) return;
    throw Stop(kUsage, fmt::format("{0} has no placement identifier {1}: 'xnvme fdp status {0}' "
                                   "lists those that it has.",
                                   program.device.uri, placement));
}

int run_write(const Program& program, const FdpArguments& arguments) {
    refuse_if_used(program, program.device.uri, "write to");
    Device device = open_blocks(program, Access::read_write);
    const Fdp fdp = fdp_of(device);
    refuse_unknown_placement(program, fdp, arguments.placement);
    const Geometry& geometry = device.geometry();
    const std::size_t block = geometry.transfer_block_bytes;
    BlockRange range = arguments.range;
    std::vector<std::byte> bytes;
    if (arguments.data.empty()) {
        if (range.blocks == 0) range.blocks = 1;
        bytes.assign(std::min<std::size_t>(range.blocks * block, geometry.max_transfer_bytes),
                     static_cast<std::byte>(arguments.fill));
        if (bytes.size() != range.blocks * block)
            stop_at(device, "write", range, Error::of(Errc::too_large));
    } else {
        bytes = read_file(arguments.data, geometry.max_transfer_bytes);
        if (bytes.empty() || bytes.size() % block != 0)
            throw Stop(kUsage,
                       fmt::format("{} holds {} bytes, which is no multiple of the {} bytes "
                                   "of a block of {}.",
                                   arguments.data, bytes.size(), block, device.uri()));
        range.blocks = static_cast<std::uint32_t>(bytes.size() / block);
    }
    const Buffer buffer = take(device.allocate(bytes.size()));
    std::ranges::copy(bytes, buffer.data());
    const Command command =
        nvme::placed(nvme::write(range.slba, range.blocks), arguments.placement);
    if (auto done = device.execute(command, buffer.part(0, bytes.size())); !done)
        stop_at(device, "write", range, done.error());
    const auto statuses = take_from(program, fdp.status(), "handle status");
    print(program.format, device_node(program, fdp)
                              .add("slba", range.slba)
                              .add("blocks", range.blocks)
                              .add("bytes", bytes.size())
                              .add("handles", handles_node(statuses, {&arguments.placement, 1})));
    return kDone;
}

using Run = int (*)(const Program&, const FdpArguments&);

struct One {
    CLI::App* command;
    std::shared_ptr<FdpArguments> arguments;
};

One add_one(Program& program, CLI::App* family, const char* name, const char* summary,
            const char* examples, Run run, bool changes = false) {
    auto arguments = std::make_shared<FdpArguments>();
    CLI::App* command = add_command(*family, name, kGroup, summary, examples);
    if (changes) add_force_option(program, command);
    add_device_options(program, command);
    command->callback([&program, arguments, run] {
        program.action = [&program, arguments, run] { return run(program, *arguments); };
    });
    return {command, std::move(arguments)};
}

void add_looks(Program& program, CLI::App* family) {
    add_one(program, family, "state", "Whether it is on, and with which configuration",
            "  xnvme fdp state /dev/ng0n1\n", run_state);
    add_one(program, family, "configs", "What the endurance group can be configured to",
            "  xnvme fdp configs 'mem:1GiB?fdp=1&ruh=8' --output json\n", run_configs);
    add_one(program, family, "status", "Placement identifiers, and the room in their units",
            "  xnvme fdp status /dev/ng0n1\n", run_status);
    add_one(program, family, "usage", "Who uses which reclaim unit handle",
            "  xnvme fdp usage /dev/ng0n1\n", run_usage);
    add_one(program, family, "stats", "Bytes written by the host and to the media, and erased",
            "  xnvme fdp stats /dev/ng0n1 --output json\n", run_stats);
    const One events = add_one(program, family, "events", "Events that were logged",
                               "  xnvme fdp events /dev/ng0n1\n"
                               "  xnvme fdp events /dev/ng0n1 --controller\n",
                               run_events);
    events.command->add_flag("--controller", events.arguments->controller_events,
                             "Those of the controller, not those of the host");
}

void add_changes(Program& program, CLI::App* family) {
    const One types = add_one(
        program, family, "event-types", "Which events a placement handle logs; turn them on or off",
        "  xnvme fdp event-types /dev/ng0n1 --handle 2\n"
        "  xnvme fdp event-types /dev/ng0n1 --handle 2 --enable unit-not-full\n",
        run_event_types);
    add_number(types.command, "--handle", types.arguments->handle, "Placement handle");
    types.command->add_option("--enable", types.arguments->enabled, "Log these")
        ->type_name("TYPE...");
    types.command->add_option("--disable", types.arguments->disabled, "Do not log these")
        ->type_name("TYPE...");
    const One update = add_one(program, family, "update", "Go on to empty reclaim units",
                               "  xnvme fdp update /dev/ng0n1 --pid 2 --pid 3\n", run_update, true);
    const auto add_placements = [into = update.arguments](const std::vector<std::string>& texts) {
        into->placements.reserve(texts.size());
        for (const std::string& text : texts)
            into->placements.push_back(
                static_cast<std::uint16_t>(parse_number("--pid", text, 0, 0xffff)));
    };
    update.command
        ->add_option_function<std::vector<std::string>>("--pid", add_placements,
                                                        "Placement identifier")
        ->required()
        ->type_name("N...");
    const One on = add_one(program, family, "enable", "Turn it on",
                           "  xnvme fdp enable /dev/nvme0 --config 0\n"
                           "The endurance group must have no namespace.\n",
                           run_enable, true);
    add_number(on.command, "--config", on.arguments->configuration, "Index of the configuration");
    add_one(program, family, "disable", "Turn it off",
            "  xnvme fdp disable /dev/nvme0\n"
            "The endurance group must have no namespace.\n",
            run_disable, true);
    const One write = add_one(program, family, "write", "Write with a placement identifier",
                              "  xnvme fdp write /dev/ng0n1 --pid 2 --slba 64 --data blocks.bin\n"
                              "  xnvme fdp write 'mem:1GiB?fdp=1' --pid 2 --blocks 8 --fill 0xa5\n",
                              run_write, true);
    add_block_range(write.command, write.arguments->range);
    add_number(write.command, "--pid", write.arguments->placement, "Placement identifier")
        ->required();
    CLI::Option_group* source = write.command->add_option_group("Where the data comes from");
    source->add_option("--data", write.arguments->data, "Take the data from FILE ('-': from stdin)")
        ->type_name("FILE");
    add_number(source, "--fill", write.arguments->fill, "Take one byte, 0 to 255, over and over", 0,
               255);
    source->require_option(1);
}

}  // namespace

void add_fdp(Program& program) {
    CLI::App* family = add_command(program.app, "fdp", kGroup,
                                   "Flexible data placement: handles, statistics, events",
                                   "  xnvme fdp configs /dev/ng0n1\n"
                                   "  xnvme fdp write /dev/ng0n1 --pid 2 --fill 0 --blocks 8\n");
    family->require_subcommand(1);
    add_looks(program, family);
    add_changes(program, family);
}

}  // namespace xnvme::tool
