// The identify family: what a controller and its namespaces say of themselves.

#include <fmt/core.h>

#include <xnvme/nvme/builders.hpp>

#include "command_set.hpp"
#include "files.hpp"
#include "output.hpp"
#include "text/nearest.hpp"

namespace xnvme::tool {
namespace {

constexpr const char* kGroup = "NVMe admin";

struct IdentifyArguments {
    std::uint8_t cns = 0x01;
    std::uint32_t nsid = 0;
    std::uint16_t cntid = 0;
    std::uint16_t cnssid = 0;
    CommandSetChoice csi;
    std::uint8_t uuid = 0;
    std::string data;  ///< Where the raw bytes go; empty for decoded fields.
};

/// A command of the family: the CNS it stands for, and whether that takes a namespace.
struct Row {
    const char* name;
    nvme::Cns cns;
    bool takes_nsid;
    const char* summary;
};
constexpr std::array<Row, 17> kRows{{
    {"idfy-ctrlr", nvme::Cns::controller, false, "Identify the controller"},
    {"idfy-ctrlr-csi", nvme::Cns::controller_csi, false,
     "Identify the controller, command set specific"},
    {"idfy-ctrlr-list", nvme::Cns::controllers, false, "List the controllers of the subsystem"},
    {"idfy-cs", nvme::Cns::io_command_sets, false, "List the I/O command sets"},
    {"idfy-ns", nvme::Cns::ns, true, "Identify the namespace"},
    {"idfy-ns-csi", nvme::Cns::ns_csi, true, "Identify the namespace, command set specific"},
    {"idfy-ns-ids", nvme::Cns::namespace_descriptors, true,
     "List the namespace's unique identifiers"},
    {"idfy-ns-indep", nvme::Cns::ns_independent, true,
     "Identify the namespace, independent of its command set"},
    {"idfy-ns-list", nvme::Cns::active_namespaces, false, "List the active namespaces"},
    {"idfy-ns-list-all", nvme::Cns::allocated_namespaces, false, "List the allocated namespaces"},
    {"idfy-ns-ctrlr-list", nvme::Cns::ns_controllers, true,
     "List the controllers that the namespace is attached to"},
    {"idfy-ns-granularity", nvme::Cns::namespace_granularity, false,
     "In which steps namespaces are best created"},
    {"idfy-primary", nvme::Cns::primary_capabilities, false,
     "What a primary controller has to share out"},
    {"idfy-secondary-list", nvme::Cns::secondary_controllers, false,
     "List the secondary controllers"},
    {"idfy-uuid-list", nvme::Cns::uuid_list, false, "List the UUIDs that a UUID index selects"},
    {"idfy-domain-list", nvme::Cns::domain_list, false, "List the domains"},
    {"idfy-endgrp-list", nvme::Cns::endurance_groups, false, "List the endurance groups"},
}};

void print_result(const Program& program, const nvme::IdentifyFields& fields,
                  const IdentifyArguments& arguments, std::span<const std::byte> data) {
    if (!arguments.data.empty()) {
        write_file(arguments.data, data);
        return;
    }
    Node node = Node::map();
    node.add("cns", Node::hex(static_cast<unsigned>(fields.cns), 2));
    node.add("name", nvme::cns_name(fields.cns));
    node.add("nsid", fields.nsid);
    node.add("identify", nvme::identify_node(fields.cns, fields.csi, data));
    print(program.format, node);
}

int run_identify(const Program& program, const IdentifyArguments& arguments, bool takes_nsid) {
    Device device = open_device(program, Access::read_only);
    nvme::IdentifyFields fields;
    fields.cns = static_cast<nvme::Cns>(arguments.cns);
    fields.nsid = takes_nsid ? device.nsid() : arguments.nsid;
    fields.cntid = arguments.cntid;
    fields.cnssid = arguments.cnssid;
    fields.csi = chosen_command_set(arguments.csi, device);
    fields.uuid = arguments.uuid;
    const Buffer buffer = take(device.allocate(nvme::kIdentifyBytes));
    take(device.admin(nvme::identify(fields), buffer),
         fmt::format("identify with CNS {:#04x}", arguments.cns));
    print_result(program, fields, arguments, buffer.span());
    return kDone;
}

/// True for the structures that belong to a namespace, so that plain `idfy` needs no `--nsid`.
bool is_of_namespace(std::uint8_t cns) {
    const auto which = static_cast<nvme::Cns>(cns);
    if (which == nvme::Cns::allocated_ns || which == nvme::Cns::allocated_ns_independent)
        return true;
    for (const Row& row : kRows)
        if (row.cns == which) return row.takes_nsid;
    return false;
}

/// A structure by name, such as "secondary-controllers", or by number, such as 0x15.
std::uint8_t parse_cns(const std::string& text) {
    for (const nvme::CnsInfo& row : nvme::kCnsValues)
        if (row.name == text) return static_cast<std::uint8_t>(row.cns);
    if (!text.empty() && text.front() >= '0' && text.front() <= '9')
        return static_cast<std::uint8_t>(parse_number("--cns", text, 0, 255));
    std::vector<std::string_view> names;
    names.reserve(nvme::kCnsValues.size());
    for (const nvme::CnsInfo& row : nvme::kCnsValues) names.push_back(row.name);
    const std::string_view meant = text::nearest(text, names);
    throw CLI::ValidationError(
        "--cns", meant.empty()
                     ? fmt::format("'{}' is not a structure; give its CNS, such as 0x01", text)
                     : fmt::format("'{}' is not a structure; did you mean '{}'?", text, meant));
}

void add_data_option(CLI::App* command, IdentifyArguments& arguments) {
    command->add_option("--data", arguments.data, "Write the 4096 bytes to FILE ('-': to stdout)")
        ->type_name("FILE");
}

}  // namespace

void add_identify(Program& program) {
    CLI::App* raw = add_command(program.app, "idfy", kGroup, "Identify, with any CNS value",
                                "  xnvme idfy /dev/nvme0n1 --cns 0x01\n"
                                "  xnvme idfy /dev/nvme0 --cns secondary-controllers\n"
                                "  xnvme idfy mem:64MiB --cns 0x05 --csi 0 --output json\n"
                                "  xnvme idfy disk.img --cns 0x00 --data identify.bin\n");
    raw->add_option("DEVICE", program.device.uri, "A path, or mem:SIZE for one in memory")
        ->required()
        ->type_name("");
    auto arguments = std::make_shared<IdentifyArguments>();
    raw->add_option_function<std::string>(
           "--cns",
           [target = arguments.get()](const std::string& text) { target->cns = parse_cns(text); },
           "Which structure, by name or CNS; 0x01 is the controller")
        ->type_name("NAME|N");
    add_number(raw, "--cntid", arguments->cntid, "Controller identifier");
    add_number(raw, "--cns-specific", arguments->cnssid, "CNS specific identifier");
    add_command_set_option(raw, arguments->csi);
    add_number(raw, "--uuid-index", arguments->uuid, "UUID index", 0, 127);
    add_data_option(raw, *arguments);
    add_interface_options(program, raw);
    raw->callback([&program, arguments, raw] {
        arguments->nsid = raw->count("--nsid") != 0 ? program.device.options.nsid : 0;
        const bool own = raw->count("--nsid") == 0 && is_of_namespace(arguments->cns);
        program.action = [&program, arguments, own] {
            return run_identify(program, *arguments, own);
        };
    });

    for (const Row& row : kRows) {
        CLI::App* command = add_command(
            program.app, row.name, kGroup, row.summary,
            fmt::format("  xnvme {0} /dev/nvme0n1\n  xnvme {0} mem:64MiB --output json\n",
                        row.name));
        add_device_options(program, command);
        auto fixed = std::make_shared<IdentifyArguments>();
        fixed->cns = static_cast<std::uint8_t>(row.cns);
        add_data_option(command, *fixed);
        command->callback([&program, fixed, &row] {
            program.action = [&program, fixed, &row] {
                return run_identify(program, *fixed, row.takes_nsid);
            };
        });
    }
}

}  // namespace xnvme::tool
