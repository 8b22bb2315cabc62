// firmware download, commit and update; security receive and send.

#include <algorithm>

#include <fmt/core.h>

#include <xnvme/admin.hpp>

#include "files.hpp"
#include "output.hpp"
#include "progress.hpp"

namespace xnvme::tool {
namespace {

struct FirmwareArguments {
    std::string image;
    std::string action = "store-and-activate";
    std::uint32_t slot = 0;
    std::uint32_t boot_partition = 0;
};

struct Action {
    const char* name;
    nvme::FirmwareAction action;
};
constexpr std::array<Action, 6> kActions{{
    {"store", nvme::FirmwareAction::store},
    {"store-and-activate", nvme::FirmwareAction::store_and_activate},
    {"activate", nvme::FirmwareAction::activate},
    {"activate-now", nvme::FirmwareAction::activate_now},
    {"store-boot", nvme::FirmwareAction::store_boot},
    {"activate-boot", nvme::FirmwareAction::activate_boot},
}};

/// The largest image that is read from a file.
constexpr std::uint64_t kImageMax = std::uint64_t{1} << 30;

std::string_view needs(FirmwareActivation activation) {
    switch (activation) {
        case FirmwareActivation::done:
            return "nothing";
        case FirmwareActivation::controller_reset:
            return "a controller reset";
        case FirmwareActivation::subsystem_reset:
            return "a reset of the NVM subsystem";
        case FirmwareActivation::conventional_reset:
            return "a conventional reset";
    }
    return "unknown";
}

std::uint64_t download(Device& device, const FirmwareArguments& arguments) {
    const std::vector<std::byte> image = read_file(arguments.image, kImageMax);
    Progress progress("download", image.size(), false);
    take(download_firmware(device, image,
                           [&progress](std::uint64_t done) { progress.update(done); }));
    return image.size();
}

Node commit(Device& device, const FirmwareArguments& arguments) {
    const auto chosen = std::find_if(kActions.begin(), kActions.end(), [&](const Action& action) {
        return arguments.action == action.name;
    });
    const FirmwareActivation activation =
        take(commit_firmware(device, chosen->action, arguments.slot, arguments.boot_partition));
    Node node = Node::map();
    node.add("committed", arguments.action)
        .add("slot", arguments.slot)
        .add("activation_needs", needs(activation));
    return node;
}

int run_download(const Program& program, const FirmwareArguments& arguments) {
    Device device = open_device(program, Access::read_write);
    print(program.format, Node::map().add("downloaded_bytes", download(device, arguments)));
    return kDone;
}

int run_commit(const Program& program, const FirmwareArguments& arguments) {
    Device device = open_device(program, Access::read_write);
    print(program.format, commit(device, arguments));
    return kDone;
}

int run_update(const Program& program, const FirmwareArguments& arguments) {
    Device device = open_device(program, Access::read_write);
    const std::uint64_t bytes = download(device, arguments);
    Node node = commit(device, arguments);
    take(device.refresh());
    node.add("downloaded_bytes", bytes)
        .add("firmware", Node::device_text(device.identify_controller().firmware()));
    print(program.format, node);
    return kDone;
}

void add_image(CLI::App* command, FirmwareArguments& arguments) {
    command->add_option("--image", arguments.image, "The image, from FILE or '-'")
        ->required()
        ->type_name("FILE");
}

void add_commit_options(CLI::App* command, FirmwareArguments& arguments) {
    std::vector<std::string> names;
    names.reserve(kActions.size());
    for (const Action& action : kActions) names.emplace_back(action.name);
    command
        ->add_option("--action", arguments.action,
                     "store, store-and-activate (the default), activate, activate-now, store-boot, "
                     "activate-boot")
        ->check(CLI::IsMember(names))
        ->type_name("ACTION");
    add_number(command, "--slot", arguments.slot, "Slot 1 to 7; 0 leaves it to the controller", 0,
               7);
    add_number(command, "--boot-partition", arguments.boot_partition, "Boot partition", 0, 1);
}

/// Adds a command of the family, with its options, that does `run`.
template <class Run>
void add_one(Program& program, CLI::App& parent, const char* name, const char* summary,
             const char* examples, bool image, bool commits, Run run) {
    CLI::App* command = add_command(parent, name, "Firmware", summary, examples);
    auto arguments = std::make_shared<FirmwareArguments>();
    if (image) add_image(command, *arguments);
    if (commits) add_commit_options(command, *arguments);
    add_device_options(program, command);
    command->callback([&program, arguments, run] {
        program.action = [&program, arguments, run] { return run(program, *arguments); };
    });
}

struct SecurityArguments {
    nvme::SecurityFields fields;
    std::uint64_t bytes = 512;
    std::string data;
};

/// The list of protocols that protocol 0 answers with. SPC-4 §7.7.1.3: bytes 7:6 its length, most
/// significant first, then a byte for each.
Node protocols_node(std::span<const std::byte> data) {
    Node protocols = Node::list();
    if (data.size() < 8) return protocols;
    const std::size_t claimed =
        std::to_integer<std::size_t>(data[6]) << 8 | std::to_integer<std::size_t>(data[7]);
    const std::size_t count = std::min(claimed, data.size() - 8);
    for (std::size_t i = 0; i < count; ++i)
        protocols.push(Node::hex(std::to_integer<unsigned>(data[8 + i]), 2));
    return protocols;
}

int run_receive(const Program& program, const SecurityArguments& arguments) {
    Device device = open_device(program, Access::read_write);
    nvme::SecurityFields fields = arguments.fields;
    fields.nsid = device.nsid();
    fields.bytes = static_cast<std::uint32_t>(arguments.bytes);
    const Buffer buffer = take(device.allocate(fields.bytes));
    take(device.admin(nvme::security_receive(fields), buffer.part(0, fields.bytes)),
         fmt::format("security receive with protocol {:#04x}", fields.protocol));
    const std::span<const std::byte> bytes = buffer.span().first(fields.bytes);
    if (!arguments.data.empty()) {
        write_file(arguments.data, bytes);
        return kDone;
    }
    Node node = Node::map();
    node.add("protocol", Node::hex(fields.protocol, 2))
        .add("protocol_specific", Node::hex(fields.protocol_specific, 4));
    if (fields.protocol == 0 && fields.protocol_specific == 0)
        node.add("protocols", protocols_node(bytes));
    node.add("data", nvme::bytes_node(bytes));
    print(program.format, node);
    return kDone;
}

int run_send(const Program& program, const SecurityArguments& arguments) {
    Device device = open_device(program, Access::read_write);
    const std::vector<std::byte> bytes = read_file(arguments.data, 1u << 20);
    nvme::SecurityFields fields = arguments.fields;
    fields.nsid = device.nsid();
    fields.bytes = static_cast<std::uint32_t>(bytes.size());
    Buffer buffer = take(device.allocate(std::max<std::size_t>(bytes.size(), 1)));
    std::copy(bytes.begin(), bytes.end(), buffer.data());
    take(device.admin(nvme::security_send(fields), buffer.part(0, bytes.size())),
         fmt::format("security send with protocol {:#04x}", fields.protocol));
    print(
        program.format,
        Node::map().add("protocol", Node::hex(fields.protocol, 2)).add("sent_bytes", bytes.size()));
    return kDone;
}

void add_security_options(CLI::App* command, SecurityArguments& arguments) {
    add_number(command, "--protocol", arguments.fields.protocol,
               "Security protocol; 0 lists those that there are");
    add_number(command, "--specific", arguments.fields.protocol_specific,
               "Protocol specific field (SPSP)");
    add_number(command, "--nvme-specific", arguments.fields.nvme_specific,
               "NVMe specific field (NSSF)");
}

void add_security(Program& program) {
    CLI::App* parent =
        add_command(program.app, "security", "NVMe admin", "Security protocols: receive and send",
                    "  xnvme security receive /dev/nvme0\n"
                    "  xnvme security receive mem:64MiB --output json\n");
    parent->require_subcommand(1);
    CLI::App* receive =
        add_command(*parent, "receive", "Security", "Receive data of a security protocol",
                    "  xnvme security receive /dev/nvme0\n"
                    "  xnvme security receive /dev/nvme0 --protocol 1 --specific 1 --bytes 2KiB "
                    "--data l0.bin\n");
    auto in = std::make_shared<SecurityArguments>();
    add_security_options(receive, *in);
    add_size(receive, "--bytes", in->bytes, "How much to receive; the default is 512")
        ->check([](const std::string& text) {
            const auto size = parse_size(text);
            if (size && *size > (1u << 20)) return std::string("--bytes must be at most 1 MiB");
            return std::string();
        });
    receive->add_option("--data", in->data, "Write it to FILE ('-': to stdout)")->type_name("FILE");
    add_device_options(program, receive);
    receive->callback(
        [&program, in] { program.action = [&program, in] { return run_receive(program, *in); }; });
    CLI::App* send = add_command(
        *parent, "send", "Security", "Send data of a security protocol",
        "  xnvme security send /dev/nvme0 --protocol 1 --specific 0x100 --data session.bin\n");
    auto out = std::make_shared<SecurityArguments>();
    add_security_options(send, *out);
    send->add_option("--data", out->data, "What to send, from FILE or '-'")
        ->required()
        ->type_name("FILE");
    add_device_options(program, send);
    send->callback(
        [&program, out] { program.action = [&program, out] { return run_send(program, *out); }; });
}

}  // namespace

void add_firmware(Program& program) {
    CLI::App* parent =
        add_command(program.app, "firmware", "NVMe admin", "Hand over, store and activate firmware",
                    "  xnvme firmware update /dev/nvme0 --image fw.bin --slot 2\n"
                    "  xnvme log fw /dev/nvme0      the slots\n");
    parent->require_subcommand(1);
    add_one(program, *parent, "download", "Hand an image over",
            "  xnvme firmware download /dev/nvme0 --image fw.bin\n", true, false, run_download);
    add_one(program, *parent, "commit", "Store the image in a slot, or activate a slot",
            "  xnvme firmware commit /dev/nvme0 --slot 2 --action store-and-activate\n"
            "  xnvme firmware commit /dev/nvme0 --slot 1 --action activate-now\n",
            false, true, run_commit);
    add_one(program, *parent, "update", "Hand an image over and commit it",
            "  xnvme firmware update /dev/nvme0 --image fw.bin --slot 2\n", true, true, run_update);
    add_security(program);
}

}  // namespace xnvme::tool
