// admin and io: any command, from its fields or from its 64 bytes.

#include <algorithm>
#include <cstring>

#include <fmt/core.h>

#include <xnvme/nvme/opcodes.hpp>

#include "files.hpp"
#include "open.hpp"
#include "output.hpp"

namespace xnvme::tool {
namespace {

constexpr std::uint64_t kDataMost = std::uint64_t{1} << 30;

struct RawArguments {
    bool admin = false;
    Command command;
    bool opcode_given = false;
    bool nsid_given = false;
    std::string command_file;
    std::string data_in;   ///< A file whose bytes go to the device.
    std::string data_out;  ///< Where bytes from the device go.
    std::string metadata_in;
    std::string metadata_out;
    std::uint64_t data_bytes = 0;
    std::uint64_t metadata_bytes = 0;
    bool dry_run = false;
};

const nvme::OpcodeInfo* known(const RawArguments& arguments, CommandSet set, std::uint8_t opcode) {
    if (arguments.admin) return nvme::find_opcode(nvme::OpcodeSet::admin, opcode);
    return nvme::find_io_opcode(set, opcode);
}

/// The command: the 64 bytes of a file, with the fields that were given on top.
Command build(const RawArguments& arguments) {
    Command command = arguments.command;
    if (arguments.command_file.empty()) return command;
    const std::vector<std::byte> bytes = read_file(arguments.command_file, 1u << 20);
    if (bytes.size() != sizeof(Command))
        throw Stop(kUsage, fmt::format("{} holds {} bytes; a command has {}.",
                                       arguments.command_file, bytes.size(), sizeof(Command)));
    Command stored;
    std::memcpy(&stored, bytes.data(), sizeof(stored));
    if (arguments.opcode_given) stored.opcode = command.opcode;
    if (command.flags != 0) stored.flags = command.flags;
    if (arguments.nsid_given) stored.nsid = command.nsid;
    std::uint32_t Command::* const dwords[] = {&Command::cdw2,  &Command::cdw3,  &Command::cdw10,
                                               &Command::cdw11, &Command::cdw12, &Command::cdw13,
                                               &Command::cdw14, &Command::cdw15};
    for (const auto dword : dwords)
        if (command.*dword != 0) stored.*dword = command.*dword;
    // Addresses in a file mean nothing in this process.
    stored.data = 0;
    stored.metadata = 0;
    stored.data_bytes = 0;
    stored.metadata_bytes = 0;
    return stored;
}

struct Attached {
    Buffer buffer;
    Data data;
};

/// A buffer of the asked length, or of the file's, holding the file's bytes.
Attached attach(Device& device, const std::string& file, std::uint64_t bytes) {
    Attached attached;
    std::vector<std::byte> content;
    if (!file.empty()) content = read_file(file, kDataMost);
    const std::size_t length = bytes != 0 ? bytes : content.size();
    if (length == 0) return attached;
    if (content.size() > length)
        throw Stop(kUsage, fmt::format("{} holds {} bytes, and only {} were asked for.", file,
                                       content.size(), length));
    attached.buffer = take(device.allocate(length));
    std::copy(content.begin(), content.end(), attached.buffer.data());
    attached.data = attached.buffer.part(0, length);
    return attached;
}

void print_data(const Program& program, const RawArguments& arguments, Node& node,
                std::span<const std::byte> bytes) {
    if (!arguments.data_out.empty()) {
        write_file(arguments.data_out, bytes);
        node.add("data", arguments.data_out);
    } else if (program.format == Format::json) {
        node.add("hex", hex_string(bytes));
    }
}

int run_raw(const Program& program, const RawArguments& arguments) {
    if (arguments.command_file.empty() && !arguments.opcode_given)
        throw Stop(kUsage, "Say which command: --opcode N, or --command FILE with its 64 bytes.");
    Command command = build(arguments);
    Options options = program.device.options;
    const CommandSet any = CommandSet::nvm;
    const nvme::OpcodeInfo* guess = known(arguments, any, command.opcode);
    const bool changes = guess == nullptr || guess->changes_device;
    options.access = changes ? Access::read_write : Access::read_only;
    if (changes && !arguments.dry_run)
        refuse_if_used(program, program.device.uri, "send this command to");
    Device device = open_or_stop(program.device.uri, options);
    const CommandSet set = device.geometry().command_set;
    const nvme::OpcodeInfo* info = known(arguments, set, command.opcode);
    const auto opcode_set = arguments.admin   ? nvme::OpcodeSet::admin
                            : info != nullptr ? info->set
                                              : nvme::OpcodeSet::nvm;
    Node node = Node::map();
    node.add("command", nvme::to_node(command, opcode_set));
    if (arguments.dry_run) {
        print(program.format, node);
        return kDone;
    }
    const Attached data = attach(device, arguments.data_in, arguments.data_bytes);
    const Attached metadata = attach(device, arguments.metadata_in, arguments.metadata_bytes);
    const auto done = arguments.admin ? device.admin(command, data.data, metadata.data)
                                      : device.execute(command, data.data, metadata.data);
    // A kernel's driver takes commands for the namespace that it was opened for.
    if (!done && done.error().code == Errc::invalid_argument && !arguments.admin &&
        command.nsid != 0 && command.nsid != device.nsid())
        throw Stop(kUsage, fmt::format("The command names namespace {}, and {} is namespace {}. "
                                       "Leave the command's out, or open the other namespace.",
                                       command.nsid, device.uri(), device.nsid()));
    const Completion completion =
        take(done, fmt::format("{} command {:#04x} ({})", arguments.admin ? "admin" : "io",
                               command.opcode, info != nullptr ? info->name : "unknown"));
    node.add("completion", nvme::to_node(completion));
    const bool incoming = data.data.bytes() != 0 && arguments.data_in.empty();
    const auto bytes = std::span<const std::byte>(data.buffer.data(), data.data.bytes());
    if (incoming && arguments.data_out == "-") {
        write_raw(bytes);
        return kDone;
    }
    if (incoming) print_data(program, arguments, node, bytes);
    if (!arguments.metadata_out.empty())
        write_file(arguments.metadata_out, {metadata.buffer.data(), metadata.data.bytes()});
    print(program.format, node);
    if (incoming && arguments.data_out.empty() && program.format == Format::text)
        print("\n" + hex_dump(bytes, 0));
    return kDone;
}

void add_fields(CLI::App* command, RawArguments& arguments) {
    Command& fields = arguments.command;
    add_number(command, "--opcode", fields.opcode, "Opcode, byte 0");
    add_number(command, "--flags", fields.flags, "FUSE and PSDT, byte 1");
    add_number(command, "--cdw2", fields.cdw2, "Command dword 2; likewise the others");
    add_number(command, "--cdw3", fields.cdw3, "");
    add_number(command, "--cdw10", fields.cdw10, "");
    add_number(command, "--cdw11", fields.cdw11, "");
    add_number(command, "--cdw12", fields.cdw12, "");
    add_number(command, "--cdw13", fields.cdw13, "");
    add_number(command, "--cdw14", fields.cdw14, "");
    add_number(command, "--cdw15", fields.cdw15, "");
    command
        ->add_option("--command", arguments.command_file,
                     "Take the 64 bytes from FILE ('-': from stdin); fields go on top")
        ->type_name("FILE");
    add_size(command, "--data-bytes", arguments.data_bytes, "Length of the data");
    command->add_option("--data-in", arguments.data_in, "Send the bytes of FILE to the device")
        ->type_name("FILE");
    command->add_option("--data-out", arguments.data_out, "Write the device's bytes to FILE")
        ->type_name("FILE");
    add_size(command, "--metadata-bytes", arguments.metadata_bytes, "Length of the metadata");
    command->add_option("--metadata-in", arguments.metadata_in, "Send the metadata of FILE")
        ->type_name("FILE");
    command->add_option("--metadata-out", arguments.metadata_out, "Write the metadata to FILE")
        ->type_name("FILE");
    command->add_flag("--dry-run", arguments.dry_run, "Show the command and do not send it");
}

void add_one(Program& program, const char* name, bool admin, const char* summary,
             const char* examples) {
    CLI::App* command = add_command(program.app, name, "Any command", summary, examples);
    auto arguments = std::make_shared<RawArguments>();
    arguments->admin = admin;
    add_fields(command, *arguments);
    add_force_option(program, command);
    add_device_options(program, command);
    command->callback([&program, arguments, command] {
        arguments->opcode_given = command->count("--opcode") != 0;
        arguments->nsid_given = command->count("--nsid") != 0;
        if (arguments->nsid_given) arguments->command.nsid = program.device.options.nsid;
        program.action = [&program, arguments] { return run_raw(program, *arguments); };
    });
}

}  // namespace

void add_raw(Program& program) {
    add_one(program, "admin", true, "Send an admin command",
            "  xnvme admin /dev/nvme0 --opcode 0x06 --cdw10 1 --data-bytes 4KiB\n"
            "  xnvme admin mem:64MiB --command identify.bin --data-bytes 4096 --data-out id.bin\n"
            "  xnvme admin /dev/nvme0 --opcode 0x0a --cdw10 0x07 --dry-run\n");
    add_one(program, "io", false, "Send an I/O command",
            "  xnvme io disk.img --opcode 0x02 --cdw10 8 --cdw12 7 --data-bytes 4KiB\n"
            "  xnvme io mem:64MiB --opcode 0x01 --cdw10 8 --data-in block.bin\n");
}

}  // namespace xnvme::tool
