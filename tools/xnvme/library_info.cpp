// library-info: the interfaces that this build and this machine have.

#include <array>

#include <fmt/core.h>

#include "output.hpp"

namespace xnvme::tool {
namespace {

/// One of the three tables.
struct Section {
    std::string_view name;   ///< In JSON.
    std::string_view title;  ///< In text.
    std::array<Contract, 2> contracts;
};
constexpr std::array<Section, 3> kSections{{
    {"async", "Asynchronous I/O (--async)", {Contract::async, Contract::async}},
    {"sync_and_admin",
     "Synchronous I/O (--sync) and admin commands (--admin)",
     {Contract::sync, Contract::admin}},
    {"memory", "Memory (--mem)", {Contract::memory, Contract::memory}},
}};

bool belongs(const InterfaceInfo& row, const Section& section) {
    return row.contract == section.contracts[0] || row.contract == section.contracts[1];
}

/// "yes", or the first thing that is missing.
std::string_view state(const InterfaceInfo& row) {
    if (!row.built) return "not built";
    return row.available ? "yes" : "no";
}

std::string class_list(const InterfaceInfo& row) {
    if (row.classes.size() == kDeviceClassCount) return "everything";
    std::string text;
    for (const DeviceClass device_class : row.classes)
        text += (text.empty() ? "" : " ") + std::string(device_class_name(device_class));
    return text;
}

Node row_node(const InterfaceInfo& row) {
    Node classes = Node::list();
    for (const DeviceClass device_class : row.classes)
        classes.push(device_class_name(device_class));
    return Node::map()
        .add("name", row.name)
        .add("contract", contract_name(row.contract))
        .add("backend", row.backend)
        .add("summary", row.summary)
        .add("classes", std::move(classes))
        .add("automatic", row.automatic)
        .add("built", row.built)
        .add("available", row.available)
        .add("reason", row.reason);
}

std::string section_text(const Section& section, const std::vector<InterfaceInfo>& rows) {
    const bool mixed = section.contracts[0] != section.contracts[1];
    std::vector<Table::Column> columns{{"INTERFACE"}, {"BACKEND"}, {"HERE"}, {"WHAT IT IS"}};
    if (mixed) columns.insert(columns.begin() + 1, {"FOR"});
    Table table(columns);
    std::string missing;
    std::string serves;
    for (const InterfaceInfo& row : rows) {
        if (!belongs(row, section)) continue;
        const std::string named_only = row.automatic ? "" : " (only when named)";
        std::vector<std::string> cells{std::string(row.name), std::string(row.backend),
                                       std::string(state(row)),
                                       std::string(row.summary) + named_only};
        if (mixed) cells.insert(cells.begin() + 1, std::string(contract_name(row.contract)));
        table.add(std::move(cells));
        if (!row.built || !row.available)
            missing += fmt::format("    {} ({}): {}\n", row.name, row.backend, row.reason);
        serves += fmt::format("    {} ({}): {}\n", row.name,
                              mixed ? contract_name(row.contract) : row.backend, class_list(row));
    }
    std::string text = fmt::format("\n{}\n", section.title);
    if (table.empty()) return text + "  none\n";
    text += table.text(2) + "  Serves:\n" + serves;
    if (!missing.empty()) text += "  Not here, because:\n" + missing;
    return text;
}

int run_library_info(const Program& program) {
    const std::vector<InterfaceInfo> rows = interfaces();
    if (program.format == Format::json) {
        Node node = Node::map().add("library", "xnvmepp").add("version", version());
        for (const Section& section : kSections) {
            Node list = Node::list();
            for (const InterfaceInfo& row : rows)
                if (belongs(row, section)) list.push(row_node(row));
            node.add(section.name, std::move(list));
        }
        print(program.format, node);
        return kDone;
    }
    print(fmt::format("xNVMe++ {}\n", version()));
    for (const Section& section : kSections) print(section_text(section, rows));
    print(
        "\nWithin a table, what is further up is preferred. 'xnvme info DEVICE --explain' shows "
        "what\nthat comes to for a device.\n");
    return kDone;
}

}  // namespace

void add_library_info(Program& program) {
    CLI::App* command = add_command(program.app, "library-info", "Look",
                                    "Say which interfaces this build and this machine have",
                                    "  xnvme library-info\n  xnvme library-info --output json\n");
    add_output_option(program, command);
    command->callback(
        [&program] { program.action = [&program] { return run_library_info(program); }; });
}

}  // namespace xnvme::tool
