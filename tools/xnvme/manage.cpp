// format and sanitize: commands that erase everything.

#include <fmt/core.h>

#include <xnvme/nvme/builders.hpp>

#include "output.hpp"

namespace xnvme::tool {
namespace {

constexpr const char* kGroup = "NVMe admin";

struct FormatArguments {
    nvme::FormatFields fields;
    std::string erase = "none";
    bool all = false;
};

nvme::SecureErase parse_erase(const std::string& text) {
    if (text == "user-data") return nvme::SecureErase::user_data;
    if (text == "crypto") return nvme::SecureErase::cryptographic;
    return nvme::SecureErase::none;
}

int run_format(const Program& program, const FormatArguments& arguments) {
    refuse_if_used(program, program.device.uri, "format");
    Device device = open_device(program, Access::read_write);
    nvme::FormatFields fields = arguments.fields;
    fields.nsid = arguments.all ? nvme::kNsidAll : device.nsid();
    fields.erase = parse_erase(arguments.erase);
    const std::uint32_t formats = device.identify_namespace().formats();
    if (fields.lbaf >= formats)
        throw Stop(kUsage,
                   fmt::format("{} has no LBA format {}; its formats are 0 to {}. 'xnvme "
                               "idfy-ns {}' lists them.",
                               program.device.uri, fields.lbaf, formats - 1, program.device.uri));
    take(device.admin(nvme::format(fields)), fmt::format("format of {}", program.device.uri));
    take(device.refresh());
    Node node = Node::map();
    node.add("formatted", program.device.uri);
    node.add("lbaf", fields.lbaf);
    node.add("erase", arguments.erase);
    node.add("geometry", nvme::to_node(device.geometry()));
    print(program.format, node);
    return kDone;
}

struct SanitizeArguments {
    nvme::SanitizeFields fields;
    std::string action = "block";
};

int run_sanitize(const Program& program, const SanitizeArguments& arguments) {
    refuse_if_used(program, program.device.uri, "sanitize");
    Device device = open_device(program, Access::read_write);
    nvme::SanitizeFields fields = arguments.fields;
    if (arguments.action == "overwrite") fields.action = nvme::SanitizeAction::overwrite;
    if (arguments.action == "crypto") fields.action = nvme::SanitizeAction::crypto_erase;
    if (arguments.action == "exit-failure") fields.action = nvme::SanitizeAction::exit_failure;
    take(device.admin(nvme::sanitize(fields)), fmt::format("sanitize of {}", program.device.uri));
    print(program.format, Node::map()
                              .add("sanitize", "started")
                              .add("device", program.device.uri)
                              .add("action", arguments.action));
    return kDone;
}

void add_sanitize(Program& program) {
    CLI::App* command = add_command(program.app, "sanitize", kGroup,
                                    "Erase the whole NVM subsystem, all its namespaces",
                                    "  xnvme sanitize /dev/nvme0 --action crypto\n"
                                    "  xnvme sanitize /dev/nvme0 --action overwrite --passes 3\n"
                                    "  xnvme log sanitize /dev/nvme0      how far it is\n");
    auto arguments = std::make_shared<SanitizeArguments>();
    command
        ->add_option("--action", arguments->action,
                     "block (the default), overwrite, crypto or exit-failure")
        ->check(CLI::IsMember({"block", "overwrite", "crypto", "exit-failure"}))
        ->type_name("ACTION");
    add_number(command, "--passes", arguments->fields.overwrite_passes, "Passes of overwrite", 1,
               16);
    add_number(command, "--pattern", arguments->fields.overwrite_pattern, "Pattern of overwrite");
    command->add_flag("--no-deallocate", arguments->fields.no_deallocate,
                      "Leave the blocks allocated afterwards");
    command->add_flag("--allow-exit", arguments->fields.allow_unrestricted_exit,
                      "Let a failed sanitize be left (AUSE)");
    add_force_option(program, command);
    add_device_options(program, command);
    command->callback([&program, arguments] {
        program.action = [&program, arguments] { return run_sanitize(program, *arguments); };
    });
}

}  // namespace

void add_manage(Program& program) {
    CLI::App* command =
        add_command(program.app, "format", kGroup, "Format the namespace: erases all of it",
                    "  xnvme format /dev/nvme0n1 --lbaf 1\n"
                    "  xnvme format /dev/nvme0n1 --erase crypto\n"
                    "  xnvme format mem:64MiB --lbaf 1      a device in memory, to try it out\n");
    auto arguments = std::make_shared<FormatArguments>();
    add_number(command, "--lbaf", arguments->fields.lbaf,
               "Index of the LBA format; 'xnvme idfy-ns' lists them", 0, 63);
    command->add_option("--erase", arguments->erase, "none (the default), user-data or crypto")
        ->check(CLI::IsMember({"none", "user-data", "crypto"}))
        ->type_name("WHAT");
    add_number(command, "--protection", arguments->fields.protection_type,
               "Protection information type", 0, 3);
    command->add_flag("--protection-first", arguments->fields.protection_first,
                      "It stands in the first bytes of the metadata");
    command->add_flag("--extended", arguments->fields.metadata_extended,
                      "Metadata is transferred at the end of each block's data");
    command->add_flag("--all", arguments->all, "Format all namespaces of the controller");
    add_force_option(program, command);
    add_device_options(program, command);
    command->callback([&program, arguments] {
        program.action = [&program, arguments] { return run_format(program, *arguments); };
    });
    add_sanitize(program);
}

}  // namespace xnvme::tool
