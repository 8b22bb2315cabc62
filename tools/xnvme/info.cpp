// info: what a device is, how it is reached, and why that way.

#include <algorithm>

#include <fmt/core.h>

#include <xnvme/nvme/opcodes.hpp>

#include "open.hpp"
#include "output.hpp"

namespace xnvme::tool {
namespace {

struct InfoArguments {
    bool explain = false;
    std::uint32_t depth = 1;
};

Node candidate_node(const Candidate& candidate) {
    return Node::map()
        .add("contract", contract_name(candidate.contract))
        .add("interface", candidate.interface)
        .add("backend", candidate.backend)
        .add("chosen", candidate.chosen)
        .add("reason", candidate.reason);
}

Node candidate_list(const std::vector<Candidate>& candidates) {
    Node list = Node::list();
    for (const Candidate& candidate : candidates) list.push(candidate_node(candidate));
    return list;
}

/// The candidates as a table, under a line that says how to read it.
std::string candidate_table(const std::vector<Candidate>& candidates) {
    Table table({{"FOR"}, {"INTERFACE"}, {"BACKEND"}, {"TAKEN"}, {"WHY"}});
    for (const Candidate& candidate : candidates)
        table.add({std::string(contract_name(candidate.contract)), candidate.interface,
                   candidate.backend, candidate.chosen ? "yes" : "no", candidate.reason});
    return "\nInterfaces that were considered, in order of preference\n" + table.text(2);
}

/// A word of information about the queue that `create_queue` makes.
Node queue_node(const QueueCapabilities& queue) {
    Node node = Node::map();
    node.add("interface", queue.interface);
    node.add("moves_data", queue.traits.moves_data);
    node.add("sleeps", queue.traits.sleeps);
    node.add("registered_file", queue.traits.registered_file);
    node.add("registered_buffers", queue.traits.registered_buffers);
    node.add("kernel_thread", queue.traits.kernel_thread);
    node.add("io_poll", queue.traits.io_poll);
    node.add("threads", queue.traits.threads);
    return node;
}

/// The I/O commands that a namespace of this command set has a name for, by opcode.
std::vector<nvme::OpcodeInfo> io_opcodes(CommandSet set) {
    std::vector<nvme::OpcodeInfo> rows;
    for (unsigned opcode = 0; opcode < 256; ++opcode) {
        const auto* row = nvme::find_io_opcode(set, static_cast<std::uint8_t>(opcode));
        if (row != nullptr) rows.push_back(*row);
    }
    return rows;
}

struct CommandRow {
    std::string name;
    std::uint8_t opcode = 0;
    Service sync = Service::refused;
    Service queue = Service::refused;
};

std::vector<CommandRow> command_rows(const Device& device, const Queue& queue) {
    std::vector<CommandRow> rows;
    const bool file = device.device_class() == DeviceClass::file;
    const CommandSet set = file ? CommandSet::file_system : device.geometry().command_set;
    for (const nvme::OpcodeInfo& info : io_opcodes(set))
        rows.push_back({std::string(info.name), info.opcode,
                        device.capabilities().service(info.opcode),
                        queue.capabilities().service(info.opcode)});
    return rows;
}

/// What `execute` serves is the interface's own: there is no worker behind it, so the word
/// "emulated" never stands there.
std::string command_table(const std::vector<CommandRow>& rows) {
    Table table({{"COMMAND"}, {"OPCODE"}, {"WAITED FOR"}, {"ON A QUEUE"}});
    std::string refused;
    for (const CommandRow& row : rows) {
        if (row.sync == Service::refused && row.queue == Service::refused) {
            refused += (refused.empty() ? "" : ", ") + row.name;
            continue;
        }
        table.add({row.name, fmt::format("{:#04x}", row.opcode),
                   std::string(service_name(row.sync)), std::string(service_name(row.queue))});
    }
    std::string text = "\nCommands\n" + table.text(2);
    if (!refused.empty()) text += "  refused: " + refused + "\n";
    return text + "  (native: by the interface; emulated: by the queue's own worker thread)\n";
}

Node device_node(const Device& device) {
    const Capabilities capabilities = device.capabilities();
    const auto& controller = device.identify_controller();
    Node node = Node::map();
    node.add("device", device.uri());
    node.add("class", device_class_name(device.device_class()));
    node.add("nsid", device.nsid());
    node.add("model", Node::device_text(nvme::trimmed(controller.mn)));
    node.add("serial", Node::device_text(nvme::trimmed(controller.sn)));
    node.add("firmware", Node::device_text(nvme::trimmed(controller.fr)));
    node.add("geometry", nvme::to_node(device.geometry()));
    node.add("interfaces", Node::map()
                               .add("backend", capabilities.backend)
                               .add("async", capabilities.async)
                               .add("sync", capabilities.sync)
                               .add("admin", capabilities.admin)
                               .add("mem", capabilities.mem)
                               .add("access", access_name(device.options().access))
                               .add("direct", device.options().direct));
    return node;
}

/// The device could not be opened, but why each interface was passed over can be told.
[[noreturn]] void explain_failure(const Program& program, const Failure& failure) {
    auto candidates = explain(program.device.uri, program.device.options);
    if (!candidates || candidates->empty()) {
        // A name that there is not, or that does not go with the device: what would be there
        // without the names helps to choose another.
        Options options = program.device.options;
        options.be = options.async = options.sync = options.admin = options.mem = "";
        candidates = explain(program.device.uri, options);
        for (std::size_t i = 0; candidates && i < candidates->size(); ++i)
            (*candidates)[i].chosen = false;
    }
    if (candidates && !candidates->empty()) {
        if (program.format == Format::json) {
            print(program.format, Node::map()
                                      .add("device", program.device.uri)
                                      .add("opened", false)
                                      .add("candidates", candidate_list(*candidates)));
        } else {
            print(fmt::format("device: {}\n", program.device.uri) + candidate_table(*candidates));
        }
    }
    throw Stop(exit_code(failure, program.device.options), failure.sentence);
}

int run_info(const Program& program, const InfoArguments& arguments) {
    // Opened for writing too, so that the table of commands shows all that the device takes.
    auto opened = Device::open(program.device.uri, program.device.options);
    if (!opened && opened.error().error.code != Errc::not_found) {
        Options options = program.device.options;
        options.access = Access::read_only;
        if (auto again = Device::open(program.device.uri, options)) opened = std::move(again);
    }
    if (!opened && arguments.explain) explain_failure(program, opened.error());
    if (!opened)
        throw Stop(exit_code(opened.error(), program.device.options), opened.error().sentence);
    Device device = std::move(*opened);
    const Queue queue = take(device.create_queue(arguments.depth));
    Node node = device_node(device);
    node.add("queue", queue_node(queue.capabilities()));
    const std::vector<CommandRow> rows = command_rows(device, queue);
    if (program.format == Format::json) {
        Node commands = Node::list();
        for (const CommandRow& row : rows)
            commands.push(Node::map()
                              .add("name", row.name)
                              .add("opcode", row.opcode)
                              .add("sync", service_name(row.sync))
                              .add("queue", service_name(row.queue)));
        node.add("commands", std::move(commands));
        if (arguments.explain) node.add("candidates", candidate_list(device.candidates()));
        print(program.format, node);
        return kDone;
    }
    print(program.format, node);
    print(command_table(rows));
    if (arguments.explain) print(candidate_table(device.candidates()));
    if (!queue.capabilities().traits.moves_data)
        print("\nThis queue interface moves no data: it completes every command at once.\n");
    return kDone;
}

}  // namespace

void add_info(Program& program) {
    CLI::App* command = add_command(
        program.app, "info", "Look", "Say what a device is and how it is reached",
        "  xnvme info disk.img\n"
        "  xnvme info /dev/nvme0n1 --explain      every interface, and why it was taken or not\n"
        "  xnvme info mem:1GiB --async thrpool --output json\n");
    add_device_options(program, command);
    auto arguments = std::make_shared<InfoArguments>();
    command->add_flag("--explain", arguments->explain,
                      "Show every interface that was considered, and why it was taken or not");
    command->callback([&program, arguments] {
        program.action = [&program, arguments] { return run_info(program, *arguments); };
    });
}

}  // namespace xnvme::tool
