// The log family: what a controller has kept a record of.

#include <algorithm>

#include <fmt/core.h>

#include <xnvme/admin.hpp>
#include <xnvme/nvme/builders.hpp>

#include "command_set.hpp"
#include "files.hpp"
#include "log_long.hpp"
#include "output.hpp"

namespace xnvme::tool {
namespace {

struct LogArguments {
    std::uint8_t lid = static_cast<std::uint8_t>(nvme::LogPage::health);
    std::uint64_t bytes = 0;  ///< 0: the page's own size.
    std::uint64_t offset_bytes = 0;
    std::uint8_t lsp = 0;
    std::uint16_t lsi = 0;
    CommandSetChoice csi;
    bool retain = false;
    bool own_namespace = false;
    std::uint32_t entries = 0;  ///< Of the error log; 0: as many as the controller keeps.
    std::string data;
};

/// What the log specific identifier of a page names; null where it names nothing.
struct Row {
    const char* name;
    nvme::LogPage page;
    const char* summary;
    const char* identifier = nullptr;
    const char* identifier_summary = nullptr;
};
constexpr const char* kGroup = "--endurance-group";
constexpr const char* kOfGroup = "Which endurance group";
constexpr std::array<Row, 19> kRows{{
    {"ana", nvme::LogPage::ana, "Groups of asymmetric namespace access, and their states"},
    {"boot-partition", nvme::LogPage::boot_partition, "The boot partition's size and state"},
    {"changed-ns", nvme::LogPage::changed_namespaces, "Namespaces that have changed"},
    {"effects", nvme::LogPage::commands_effects, "Commands that are supported, and their effects"},
    {"endurance-group", nvme::LogPage::endurance_group, "Wear and counters of an endurance group",
     kGroup, kOfGroup},
    {"endurance-group-events", nvme::LogPage::endurance_group_events,
     "Endurance groups that have events"},
    {"error", nvme::LogPage::error_information, "Errors, the latest first"},
    {"feature-effects", nvme::LogPage::feature_effects,
     "Features that are supported, and their effects"},
    {"fw", nvme::LogPage::firmware_slot, "Firmware slots"},
    {"health", nvme::LogPage::health, "Health: temperature, wear, counters"},
    {"lba-status", nvme::LogPage::lba_status, "Blocks that may be unrecoverable"},
    {"lockdown", nvme::LogPage::lockdown, "Commands and features that are locked"},
    {"mi-effects", nvme::LogPage::mi_commands_effects, "NVMe-MI commands, and their effects"},
    {"predictable-latency", nvme::LogPage::predictable_latency,
     "Windows of predictable latency of an NVM set", "--nvm-set", "Which NVM set"},
    {"predictable-latency-events", nvme::LogPage::predictable_latency_events,
     "NVM sets that have events"},
    {"reservation", nvme::LogPage::reservation, "The oldest notification of a reservation"},
    {"rotational", nvme::LogPage::rotational_media, "Rotational media of an endurance group",
     kGroup, kOfGroup},
    {"sanitize", nvme::LogPage::sanitize_status, "How far a sanitize is"},
    {"supported", nvme::LogPage::supported_pages, "Log pages that are supported"},
}};
/// Beside the command of this name.
constexpr Row kSelfTest{"self-test", nvme::LogPage::self_test, "Results of self-tests"};

/// How much to read: what was asked for, or as much as the page has.
std::uint64_t bytes_of(Device& device, const LogArguments& arguments,
                       const nvme::LogFields& fields) {
    if (arguments.bytes != 0) return arguments.bytes;
    auto bytes = log_bytes(device, fields);
    if (!bytes && bytes.error().error.code == Errc::unsupported)
        throw Stop(kUsage, fmt::format("Log page {:#04x} has no length that is known; say with "
                                       "--bytes how much of it to read.",
                                       arguments.lid));
    const std::uint64_t all = take(std::move(bytes));
    if (arguments.entries == 0) return all;
    return std::min(all, std::uint64_t{arguments.entries} * sizeof(nvme::ErrorLogEntry));
}

int run_log(const Program& program, const LogArguments& arguments) {
    if (arguments.bytes % 4 != 0)
        throw Stop(kUsage, fmt::format("--bytes {} is no multiple of 4, in which log pages are "
                                       "counted.",
                                       arguments.bytes));
    Device device = open_device(program, Access::read_only);
    nvme::LogFields fields;
    fields.page = static_cast<nvme::LogPage>(arguments.lid);
    fields.offset_bytes = arguments.offset_bytes;
    fields.nsid = arguments.own_namespace ? device.nsid() : nvme::kNsidAll;
    fields.lsp = arguments.lsp;
    fields.lsi = arguments.lsi;
    fields.retain_event = arguments.retain;
    fields.csi = chosen_command_set(arguments.csi, device);
    const std::uint64_t bytes = bytes_of(device, arguments, fields);
    if (!arguments.data.empty()) {
        FileWriter file(arguments.data);
        take(read_log(
            device, fields, bytes,
            [&file](std::uint64_t, std::span<const std::byte> part) { return file.write(part); }));
        file.finish();
        return kDone;
    }
    const std::vector<std::byte> log = take(read_log(device, fields, bytes));
    Node node = Node::map();
    node.add("lid", Node::hex(arguments.lid, 2));
    node.add("name", nvme::log_page_name(fields.page));
    node.add("log", fields.offset_bytes == 0 ? nvme::log_node(fields.page, fields.csi, log)
                                             : nvme::bytes_node(log));
    print(program.format, node);
    return kDone;
}

void add_common(Program& program, CLI::App* command, LogArguments& arguments) {
    command->add_flag("--retain", arguments.retain, "Leave the asynchronous event set (RAE)");
    command->add_option("--data", arguments.data, "Write the bytes to FILE ('-': to stdout)")
        ->type_name("FILE");
    add_device_options(program, command);
}

void finish(Program& program, CLI::App* command, const std::shared_ptr<LogArguments>& arguments) {
    command->callback([&program, arguments, command] {
        arguments->own_namespace = command->count("--nsid") != 0;
        program.action = [&program, arguments] { return run_log(program, *arguments); };
    });
}

void add_row(Program& program, CLI::App& log, const Row& row) {
    const std::string words =
        row.identifier == nullptr ? std::string() : fmt::format(" {} 1", row.identifier);
    CLI::App* command = add_command(log, row.name, "Log pages", row.summary,
                                    fmt::format("  xnvme log {0} /dev/nvme0{1}\n"
                                                "  xnvme log {0} mem:64MiB{1} --output json\n",
                                                row.name, words));
    auto arguments = std::make_shared<LogArguments>();
    arguments->lid = static_cast<std::uint8_t>(row.page);
    if (row.page == nvme::LogPage::error_information)
        add_number(command, "--entries", arguments->entries, "Read at most so many entries", 1);
    if (row.page == nvme::LogPage::commands_effects)
        add_command_set_option(command, arguments->csi);
    if (row.identifier != nullptr) {
        arguments->lsi = 1;
        add_number(command, row.identifier, arguments->lsi,
                   fmt::format("{}; the default is 1", row.identifier_summary));
    }
    add_common(program, command, *arguments);
    finish(program, command, arguments);
}

}  // namespace

void add_log(Program& program) {
    CLI::App* log = add_command(program.app, "log", "NVMe admin", "Read a log page",
                                "  xnvme log health /dev/nvme0\n"
                                "  xnvme log error mem:64MiB --output json\n"
                                "  xnvme log raw /dev/nvme0 --lid 0x02 --bytes 512\n");
    log->require_subcommand(1);
    for (const Row& row : kRows) add_row(program, *log, row);
    add_row(program, *log, kSelfTest);
    add_long_logs(program, *log);
    CLI::App* raw =
        add_command(*log, "raw", "Log pages", "Any log page, by its identifier",
                    "  xnvme log raw /dev/nvme0 --lid 0x02\n"
                    "  xnvme log raw /dev/nvme0 --lid 0xca --bytes 4KiB --data log.bin\n");
    auto arguments = std::make_shared<LogArguments>();
    add_number(raw, "--lid", arguments->lid, "Log page identifier")->required();
    add_size(raw, "--bytes", arguments->bytes, "How much to read; the default is the page's size")
        ->check([](const std::string& text) {
            auto size = parse_size(text);
            if (size && (*size < 4 || *size > (std::uint64_t{1} << 30)))
                return std::string("--bytes must be 4 to 1 GiB");
            return std::string();
        });
    add_number(raw, "--offset", arguments->offset_bytes, "Start at this byte, a multiple of 4");
    add_number(raw, "--lsp", arguments->lsp, "Log specific field", 0, 127);
    add_number(raw, "--lsi", arguments->lsi, "Log specific identifier");
    add_command_set_option(raw, arguments->csi);
    add_common(program, raw, *arguments);
    finish(program, raw, arguments);
}

}  // namespace xnvme::tool
