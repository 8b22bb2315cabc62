// format, sanitize and self-test: what goes on in the device as a whole.

#include <optional>

#include <fmt/core.h>

#include <xnvme/admin.hpp>
#include <xnvme/nvme/builders.hpp>

#include "output.hpp"
#include "progress.hpp"

namespace xnvme::tool {
namespace {

constexpr const char* kGroup = "NVMe admin";

struct FormatArguments {
    nvme::FormatFields fields;
    std::string erase = "none";
    bool all = false;
    std::uint64_t block_bytes = 0;  ///< 0: the index says it.
};

nvme::SecureErase parse_erase(const std::string& text) {
    if (text == "user-data") return nvme::SecureErase::user_data;
    if (text == "crypto") return nvme::SecureErase::cryptographic;
    return nvme::SecureErase::none;
}

/// The format with blocks of this size, and as little metadata as there is with them.
std::uint8_t find_format(const Program& program, const nvme::IdentifyNamespace& id,
                         std::uint64_t block_bytes) {
    std::optional<std::uint8_t> found;
    std::string sizes;
    for (std::uint32_t i = 0; i < id.formats(); ++i) {
        const nvme::LbaFormat& format = id.lbaf[i];
        if (format.block_bytes() == 0) continue;
        sizes += fmt::format("{}{}", sizes.empty() ? "" : ", ", format.block_bytes());
        if (format.block_bytes() != block_bytes) continue;
        if (!found || format.metadata_bytes() < id.lbaf[*found].metadata_bytes())
            found = static_cast<std::uint8_t>(i);
    }
    if (found) return *found;
    throw Stop(kUsage, fmt::format("{} has no format with blocks of {} bytes; its formats have {}.",
                                   program.device.uri, block_bytes, sizes));
}

int run_format(const Program& program, const FormatArguments& arguments) {
    refuse_if_used(program, program.device.uri, "format");
    Device device = open_device(program, Access::read_write);
    nvme::FormatFields fields = arguments.fields;
    fields.nsid = arguments.all ? nvme::kNsidAll : device.nsid();
    fields.erase = parse_erase(arguments.erase);
    const std::uint32_t formats = device.identify_namespace().formats();
    if (arguments.block_bytes != 0)
        fields.lbaf = find_format(program, device.identify_namespace(), arguments.block_bytes);
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
    bool wait = false;
};

/// How often a device is asked how far it is.
constexpr std::chrono::milliseconds kAsk{200};

int run_sanitize(const Program& program, const SanitizeArguments& arguments) {
    refuse_if_used(program, program.device.uri, "sanitize");
    Device device = open_device(program, Access::read_write);
    nvme::SanitizeFields fields = arguments.fields;
    if (arguments.action == "overwrite") fields.action = nvme::SanitizeAction::overwrite;
    if (arguments.action == "crypto") fields.action = nvme::SanitizeAction::crypto_erase;
    if (arguments.action == "exit-failure") fields.action = nvme::SanitizeAction::exit_failure;
    take(device.admin(nvme::sanitize(fields)), fmt::format("sanitize of {}", program.device.uri));
    Node node = Node::map();
    node.add("sanitize", arguments.wait ? "finished" : "started")
        .add("device", program.device.uri)
        .add("action", arguments.action);
    if (arguments.wait) {
        PercentProgress progress("sanitize");
        const nvme::SanitizeStatusLog log = take(
            follow_sanitize(device, {.interval = kAsk, .progress = [&progress](const auto& now) {
                                         progress.update(now.progress_percent());
                                         return true;
                                     }}));
        if (log.state() == nvme::SanitizeState::failed)
            throw Stop(kFailed,
                       fmt::format("sanitize of {} failed; 'xnvme log sanitize' says more.",
                                   program.device.uri));
        node.add("log", nvme::to_node(log));
    }
    print(program.format, node);
    return kDone;
}

void add_sanitize(Program& program) {
    CLI::App* command = add_command(program.app, "sanitize", kGroup,
                                    "Erase the whole NVM subsystem, all its namespaces",
                                    "  xnvme sanitize /dev/nvme0 --action crypto --wait\n"
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
    command->add_flag("--wait", arguments->wait,
                      "Wait until it is finished, and show how far it is");
    add_force_option(program, command);
    add_device_options(program, command);
    command->callback([&program, arguments] {
        program.action = [&program, arguments] { return run_sanitize(program, *arguments); };
    });
}

struct SelfTestArguments {
    std::string type = "short";
    bool wait = false;
    bool all = false;
};

nvme::SelfTest parse_self_test(const std::string& text) {
    if (text == "extended") return nvme::SelfTest::extended;
    if (text == "abort") return nvme::SelfTest::abort;
    return nvme::SelfTest::short_test;
}

/// The result that a test came to: the newest of the log.
Node self_test_result(const Program& program, Device& device) {
    PercentProgress progress("self-test");
    const nvme::SelfTestLog log =
        take(follow_self_test(device, {.interval = kAsk, .progress = [&progress](const auto& now) {
                                           progress.update(now.completion & 0x7fu);
                                           return true;
                                       }}));
    // Bits 3:0 of the newest result: 0 passed, fh no result at all. NVMe Base 2.0 §5.16.1.7
    if ((log.results[0].status & 0xf) != 0)
        throw Stop(kFailed, fmt::format("The self-test of {} did not pass: 'xnvme log self-test' "
                                        "says more.",
                                        program.device.uri));
    return nvme::to_node(log);
}

int run_self_test(const Program& program, const SelfTestArguments& arguments) {
    if (arguments.wait && arguments.type == "abort")
        throw Stop(kUsage, "There is nothing to wait for after an abort: leave --wait out.");
    Device device = open_device(program, Access::read_write);
    const std::uint32_t nsid = arguments.all ? nvme::kNsidAll : device.nsid();
    take(device.admin(nvme::device_self_test(parse_self_test(arguments.type), nsid)),
         fmt::format("self-test of {}", program.device.uri));
    Node node = Node::map();
    node.add("self_test", arguments.wait ? "passed" : "started")
        .add("device", program.device.uri)
        .add("type", arguments.type);
    if (arguments.wait) node.add("log", self_test_result(program, device));
    print(program.format, node);
    return kDone;
}

void add_self_test(Program& program) {
    CLI::App* command =
        add_command(program.app, "self-test", kGroup, "Let the device test itself",
                    "  xnvme self-test /dev/nvme0 --wait\n"
                    "  xnvme self-test /dev/nvme0 --type extended\n"
                    "  xnvme log self-test /dev/nvme0      how far it is, and the results\n");
    auto arguments = std::make_shared<SelfTestArguments>();
    command->add_option("--type", arguments->type, "short (the default), extended or abort")
        ->check(CLI::IsMember({"short", "extended", "abort"}))
        ->type_name("TYPE");
    command->add_flag("--all", arguments->all, "All namespaces, not only the device's");
    command->add_flag("--wait", arguments->wait,
                      "Wait until it is finished; fail if it did not pass");
    add_device_options(program, command);
    command->callback([&program, arguments] {
        program.action = [&program, arguments] { return run_self_test(program, *arguments); };
    });
}

}  // namespace

void add_manage(Program& program) {
    CLI::App* command =
        add_command(program.app, "format", kGroup, "Format the namespace: erases all of it",
                    "  xnvme format /dev/nvme0n1 --lbaf 1\n"
                    "  xnvme format /dev/nvme0n1 --block 4KiB\n"
                    "  xnvme format /dev/nvme0n1 --erase crypto\n"
                    "  xnvme format mem:64MiB --lbaf 1      a device in memory, to try it out\n");
    auto arguments = std::make_shared<FormatArguments>();
    add_number(command, "--lbaf", arguments->fields.lbaf,
               "Index of the LBA format; 'xnvme idfy-ns' lists them", 0, 63);
    add_size(command, "--block", arguments->block_bytes,
             "Instead of the index: the format with blocks of this size")
        ->excludes("--lbaf");
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
    add_self_test(program);
}

}  // namespace xnvme::tool
