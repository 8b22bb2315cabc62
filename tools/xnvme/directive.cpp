// The directive family: which directives a namespace has, and its streams.

#include <algorithm>

#include <fmt/core.h>

#include <xnvme/nvme/directives.hpp>

#include "files.hpp"
#include "output.hpp"

namespace xnvme::tool {
namespace {

constexpr const char* kGroup = "Data placement";
constexpr std::uint32_t kStatusBytes = 131072;  ///< Room for every stream there can be.

struct DirectiveArguments {
    nvme::DirectiveFields fields{.type = nvme::DirectiveType::streams};
    std::uint16_t stream = 0;
    std::uint16_t count = 0;
    std::uint64_t bytes = 0;
    std::string data;
    bool all = false;
};

nvme::DirectiveType parse_type(const std::string& text) {
    for (const auto type : {nvme::DirectiveType::identify, nvme::DirectiveType::streams,
                            nvme::DirectiveType::data_placement}) {
        if (text == nvme::directive_name(type)) return type;
    }
    return static_cast<nvme::DirectiveType>(parse_number("--type", text, 0, 255));
}

std::string on(const Program& program, std::string_view what) {
    return fmt::format("{} of {}", what, program.device.uri);
}

nvme::DirectiveParameters parameters_of(const Program& program, Device& device) {
    nvme::DirectiveParameters parameters{};
    take(device.admin(nvme::directive_parameters(device.nsid()),
                      Data(&parameters, sizeof(parameters))),
         on(program, "directive parameters"));
    return parameters;
}

int run_show(const Program& program, const DirectiveArguments&) {
    Device device = open_device(program, Access::read_only);
    const nvme::DirectiveParameters parameters = parameters_of(program, device);
    Node node = Node::map().add("device", program.device.uri);
    const Node tree = nvme::to_node(parameters);
    node.add("directives", *tree.find("directives"));
    print(program.format, node);
    return kDone;
}

int switch_directive(const Program& program, const DirectiveArguments& arguments, bool enable) {
    const nvme::DirectiveType type = arguments.fields.type;
    Device device = open_device(program, Access::read_write);
    take(device.admin(nvme::directive_enable(type, enable, device.nsid())),
         on(program, fmt::format("{} the {} directive", enable ? "enabling" : "disabling",
                                 nvme::directive_name(type))));
    print(program.format, Node::map()
                              .add("device", program.device.uri)
                              .add("directive", nvme::directive_name(type))
                              .add("enabled", enable));
    return kDone;
}
int run_enable(const Program& program, const DirectiveArguments& arguments) {
    return switch_directive(program, arguments, true);
}
int run_disable(const Program& program, const DirectiveArguments& arguments) {
    return switch_directive(program, arguments, false);
}

/// The streams directive's parameters and the streams that are open.
int run_streams(const Program& program, const DirectiveArguments&) {
    Device device = open_device(program, Access::read_only);
    nvme::StreamsParameters parameters{};
    take(device.admin(nvme::streams_parameters(device.nsid()),
                      Data(&parameters, sizeof(parameters))),
         on(program, "streams parameters"));
    const Buffer buffer = take(device.allocate(kStatusBytes));
    take(device.admin(nvme::streams_status(kStatusBytes, device.nsid()),
                      buffer.part(0, kStatusBytes)),
         on(program, "streams status"));
    Node open = Node::list();
    for (const std::uint16_t stream : nvme::decode_streams_status(buffer.span())) open.push(stream);
    Node node = Node::map().add("device", program.device.uri);
    const Node tree = nvme::to_node(parameters);
    for (std::size_t i = 0; i < tree.size(); ++i) node.add(tree.name(i), tree.at(i));
    node.add("open", std::move(open));
    print(program.format, node);
    return kDone;
}

int run_allocate(const Program& program, const DirectiveArguments& arguments) {
    Device device = open_device(program, Access::read_write);
    const Completion completion =
        take(device.admin(nvme::streams_allocate(arguments.count, device.nsid())),
             on(program, "streams allocation"));
    print(program.format, Node::map()
                              .add("device", program.device.uri)
                              .add("namespace_streams", completion.result & 0xffff));
    return kDone;
}

int run_release(const Program& program, const DirectiveArguments& arguments) {
    if (arguments.all == (arguments.stream != 0))
        throw Stop(kUsage, "Say what to release: --stream N, or --all.");
    Device device = open_device(program, Access::read_write);
    const Command command = arguments.all ? nvme::streams_release_all(device.nsid())
                                          : nvme::streams_release(arguments.stream, device.nsid());
    take(device.admin(command), on(program, "streams release"));
    Node node = Node::map().add("device", program.device.uri);
    node.add("released", arguments.all ? Node("all") : Node(arguments.stream));
    print(program.format, node);
    return kDone;
}

nvme::DirectiveFields raw_fields(const DirectiveArguments& arguments, const Device& device,
                                 std::uint64_t bytes) {
    if (bytes % 4 != 0)
        throw Stop(kUsage, fmt::format("{} bytes are no multiple of 4, in which directives count "
                                       "their data.",
                                       bytes));
    nvme::DirectiveFields fields = arguments.fields;
    fields.nsid = device.nsid();
    fields.bytes = static_cast<std::uint32_t>(bytes);
    return fields;
}

int run_receive(const Program& program, const DirectiveArguments& arguments) {
    Device device = open_device(program, Access::read_only);
    const Buffer buffer = take(device.allocate(std::max<std::size_t>(arguments.bytes, 4)));
    const Data data = buffer.part(0, arguments.bytes);
    const Completion completion = take(
        device.admin(nvme::directive_receive(raw_fields(arguments, device, arguments.bytes)), data),
        on(program, "directive receive"));
    const auto bytes = std::span<const std::byte>(buffer.data(), arguments.bytes);
    if (!arguments.data.empty()) write_file(arguments.data, bytes);
    if (arguments.data == "-") return kDone;
    Node node = Node::map().add("result", Node::hex(completion.result, 8));
    if (arguments.data.empty() && arguments.bytes != 0) node.add("data", nvme::bytes_node(bytes));
    print(program.format, node);
    return kDone;
}

int run_send(const Program& program, const DirectiveArguments& arguments) {
    constexpr std::uint64_t kMost = std::uint64_t{1} << 30;
    std::vector<std::byte> bytes;
    if (!arguments.data.empty()) bytes = read_file(arguments.data, kMost);
    Device device = open_device(program, Access::read_write);
    const Completion completion =
        take(device.admin(nvme::directive_send(raw_fields(arguments, device, bytes.size())),
                          Data(bytes.data(), bytes.size())),
             on(program, "directive send"));
    print(program.format, Node::map().add("result", Node::hex(completion.result, 8)));
    return kDone;
}

using Run = int (*)(const Program&, const DirectiveArguments&);

struct One {
    CLI::App* command;
    std::shared_ptr<DirectiveArguments> arguments;
};

One add_one(Program& program, CLI::App* family, const char* name, const char* summary,
            const char* examples, Run run) {
    auto arguments = std::make_shared<DirectiveArguments>();
    CLI::App* command = add_command(*family, name, kGroup, summary, examples);
    add_device_options(program, command);
    command->callback([&program, arguments, run] {
        program.action = [&program, arguments, run] { return run(program, *arguments); };
    });
    return {command, std::move(arguments)};
}

void add_type(const One& one) {
    one.command
        ->add_option_function<std::string>(
            "--type",
            [arguments = one.arguments](const std::string& text) {
                arguments->fields.type = parse_type(text);
            },
            "identify, streams (the default), data-placement, or a number")
        ->type_name("TYPE");
}

void add_raw_fields(const One& one) {
    add_type(one);
    add_number(one.command, "--operation", one.arguments->fields.operation, "Operation (DOPER)")
        ->required();
    add_number(one.command, "--specific", one.arguments->fields.specific, "DSPEC");
    add_number(one.command, "--cdw12", one.arguments->fields.cdw12, "Command dword 12");
    add_number(one.command, "--cdw13", one.arguments->fields.cdw13, "Command dword 13");
}

}  // namespace

void add_directive(Program& program) {
    CLI::App* family =
        add_command(program.app, "directive", kGroup, "Directives of a namespace, and its streams",
                    "  xnvme directive show /dev/nvme0n1\n"
                    "  xnvme directive enable /dev/nvme0n1 --type streams\n");
    family->require_subcommand(1);
    add_one(program, family, "show", "Which directives there are, and which are on",
            "  xnvme directive show 'mem:64MiB?streams=16' --output json\n", run_show);
    add_type(add_one(program, family, "enable", "Turn a directive on",
                     "  xnvme directive enable /dev/nvme0n1 --type streams\n", run_enable));
    add_type(add_one(program, family, "disable", "Turn a directive off",
                     "  xnvme directive disable /dev/nvme0n1 --type streams\n", run_disable));
    add_one(program, family, "streams", "What streams there are, and which are open",
            "  xnvme directive streams /dev/nvme0n1\n", run_streams);
    const One allocate =
        add_one(program, family, "allocate", "Ask for streams of one's own",
                "  xnvme directive allocate /dev/nvme0n1 --count 4\n", run_allocate);
    add_number(allocate.command, "--count", allocate.arguments->count, "How many", 1)->required();
    const One release = add_one(program, family, "release", "Close a stream, or give all back",
                                "  xnvme directive release /dev/nvme0n1 --stream 3\n"
                                "  xnvme directive release /dev/nvme0n1 --all\n",
                                run_release);
    add_number(release.command, "--stream", release.arguments->stream, "Close this one", 1);
    release.command->add_flag("--all", release.arguments->all, "Give back what was allocated");
    const One receive = add_one(program, family, "receive", "Any Directive Receive",
                                "  xnvme directive receive /dev/nvme0n1 --type identify "
                                "--operation 1 --bytes 4KiB\n",
                                run_receive);
    add_raw_fields(receive);
    add_size(receive.command, "--bytes", receive.arguments->bytes, "How much to receive");
    receive.command->add_option("--data", receive.arguments->data, "Write it to FILE")
        ->type_name("FILE");
    const One send = add_one(program, family, "send", "Any Directive Send",
                             "  xnvme directive send /dev/nvme0n1 --type identify --operation 1 "
                             "--cdw12 0x101\n",
                             run_send);
    add_raw_fields(send);
    send.command->add_option("--data", send.arguments->data, "Send the bytes of FILE")
        ->type_name("FILE");
}

}  // namespace xnvme::tool
