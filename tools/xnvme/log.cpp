// The log family: what a controller has kept a record of.

#include <algorithm>

#include <fmt/core.h>

#include <xnvme/nvme/builders.hpp>

#include "files.hpp"
#include "output.hpp"

namespace xnvme::tool {
namespace {

struct LogArguments {
    std::uint8_t lid = static_cast<std::uint8_t>(nvme::LogPage::health);
    std::uint64_t bytes = 0;  ///< 0: the page's own size.
    std::uint64_t offset_bytes = 0;
    std::uint8_t lsp = 0;
    std::uint16_t lsi = 0;
    std::uint8_t csi = 0;
    bool retain = false;
    bool own_namespace = false;
    std::uint32_t entries = 0;  ///< Of the error log; 0: as many as the controller keeps.
    std::string data;
};

struct Row {
    const char* name;
    nvme::LogPage page;
    const char* summary;
};
constexpr std::array<Row, 8> kRows{{
    {"changed-ns", nvme::LogPage::changed_namespaces, "Namespaces that have changed"},
    {"effects", nvme::LogPage::commands_effects, "Commands that are supported, and their effects"},
    {"error", nvme::LogPage::error_information, "Errors, the latest first"},
    {"fw", nvme::LogPage::firmware_slot, "Firmware slots"},
    {"health", nvme::LogPage::health, "Health: temperature, wear, counters"},
    {"sanitize", nvme::LogPage::sanitize_status, "How far a sanitize is"},
    {"self-test", nvme::LogPage::self_test, "Results of self-tests"},
    {"supported", nvme::LogPage::supported_pages, "Log pages that are supported"},
}};

/// How much to ask for: what was asked for, or the page's own size.
std::uint32_t bytes_of(const LogArguments& arguments, const Device& device) {
    if (arguments.bytes != 0) {
        if (arguments.bytes % 4 != 0)
            throw Stop(kUsage, fmt::format("--bytes {} is no multiple of 4, in which log pages are "
                                           "counted.",
                                           arguments.bytes));
        return static_cast<std::uint32_t>(arguments.bytes);
    }
    const auto page = static_cast<nvme::LogPage>(arguments.lid);
    const nvme::LogPageInfo* info = nvme::find_log_page(page);
    if (info == nullptr || info->bytes == 0)
        throw Stop(kUsage, fmt::format("Log page {:#04x} has no fixed size; say with --bytes how "
                                       "much of it to read.",
                                       arguments.lid));
    if (page != nvme::LogPage::error_information) return info->bytes;
    // ELPE is zero-based.
    const std::uint32_t kept = device.identify_controller().elpe + 1u;
    const std::uint32_t entries = arguments.entries == 0 ? kept : std::min(arguments.entries, kept);
    return info->bytes * entries;
}

int run_log(const Program& program, const LogArguments& arguments) {
    Device device = open_device(program, Access::read_only);
    nvme::LogFields fields;
    fields.page = static_cast<nvme::LogPage>(arguments.lid);
    fields.bytes = bytes_of(arguments, device);
    fields.offset_bytes = arguments.offset_bytes;
    fields.nsid = arguments.own_namespace ? device.nsid() : nvme::kNsidAll;
    fields.lsp = arguments.lsp;
    fields.lsi = arguments.lsi;
    fields.retain_event = arguments.retain;
    fields.csi = static_cast<CommandSet>(arguments.csi);
    const Buffer buffer = take(device.allocate(fields.bytes));
    const Data data = buffer.part(0, fields.bytes);
    take(device.admin(nvme::get_log_page(fields), data),
         fmt::format("get log page {:#04x}", arguments.lid));
    const auto bytes = std::span<const std::byte>(buffer.data(), fields.bytes);
    if (!arguments.data.empty()) {
        write_file(arguments.data, bytes);
        return kDone;
    }
    Node node = Node::map();
    node.add("lid", Node::hex(arguments.lid, 2));
    node.add("name", nvme::log_page_name(fields.page));
    node.add("log", fields.offset_bytes == 0 ? nvme::log_node(fields.page, fields.csi, bytes)
                                             : nvme::bytes_node(bytes));
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

}  // namespace

void add_log(Program& program) {
    CLI::App* log = add_command(program.app, "log", "NVMe admin", "Read a log page",
                                "  xnvme log health /dev/nvme0\n"
                                "  xnvme log error mem:64MiB --output json\n"
                                "  xnvme log raw /dev/nvme0 --lid 0x02 --bytes 512\n");
    log->require_subcommand(1);
    for (const Row& row : kRows) {
        CLI::App* command = add_command(*log, row.name, "Log pages", row.summary,
                                        fmt::format("  xnvme log {0} /dev/nvme0\n"
                                                    "  xnvme log {0} mem:64MiB --output json\n",
                                                    row.name));
        auto arguments = std::make_shared<LogArguments>();
        arguments->lid = static_cast<std::uint8_t>(row.page);
        if (row.page == nvme::LogPage::error_information)
            add_number(command, "--entries", arguments->entries, "Read at most so many entries", 1);
        if (row.page == nvme::LogPage::commands_effects)
            add_number(command, "--csi", arguments->csi,
                       "Command set: 0 NVM, 1 key-value, 2 zoned");
        add_common(program, command, *arguments);
        finish(program, command, arguments);
    }
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
    add_number(raw, "--csi", arguments->csi, "Command set: 0 NVM, 1 key-value, 2 zoned");
    add_common(program, raw, *arguments);
    finish(program, raw, arguments);
}

}  // namespace xnvme::tool
