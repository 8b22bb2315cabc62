// scan and enum: what storage this system has.

#include <fmt/core.h>

#include "output.hpp"

namespace xnvme::tool {
namespace {

constexpr const char* kGroup = "Look";

std::string size_or_empty(std::uint64_t bytes) {
    return bytes == 0 ? "" : format_size(bytes);
}

Node found_node(const Found& found) {
    Node node = Node::map();
    node.add("uri", found.uri);
    node.add("class", device_class_name(found.device_class));
    node.add("backend", found.backend);
    node.add("size_bytes", found.size_bytes);
    node.add("block_bytes", found.block_bytes);
    node.add("read_only", found.read_only);
    node.add("model", Node::device_text(found.model));
    node.add("serial", Node::device_text(found.serial));
    node.add("use", found.use);
    return node;
}

int run_scan(const Program& program) {
    const std::vector<Found> all = take(scan());
    if (program.format == Format::json) {
        Node devices = Node::list();
        for (const Found& found : all) devices.push(found_node(found));
        print(program.format, Node::map().add("devices", std::move(devices)));
        return kDone;
    }
    if (all.empty()) {
        print("No storage devices were found. Files and mem:SIZE can be used all the same.\n");
        return kDone;
    }
    Table table({{"DEVICE"}, {"CLASS"}, {"SIZE", true}, {"BLOCK", true}, {"MODEL"}, {"USE"}});
    for (const Found& found : all) {
        const std::string use = found.read_only && found.use.empty() ? "read-only" : found.use;
        table.add({found.uri, std::string(device_class_name(found.device_class)),
                   size_or_empty(found.size_bytes), size_or_empty(found.block_bytes), found.model,
                   use});
    }
    print(table.text());
    return kDone;
}

/// One device of `enum`: opened, or the reason why not.
struct Visited {
    Found found;
    std::string async;
    std::string sync;
    std::string admin;
    std::string mem;
    std::string failure;
};

Node visited_node(const Visited& visited) {
    Node node = found_node(visited.found);
    node.add("opened", visited.failure.empty());
    if (!visited.failure.empty()) return node.add("reason", visited.failure);
    node.add("async", visited.async).add("sync", visited.sync);
    return node.add("admin", visited.admin).add("mem", visited.mem);
}

int run_enum(const Program& program) {
    Options options = program.device.options;
    options.access = Access::read_only;
    std::vector<Visited> all;
    take(enumerate(options, [&all](const Found& found, Result<Device, Failure>& device) {
        Visited& visited = all.emplace_back();
        visited.found = found;
        if (!device) {
            visited.failure = device.error().sentence;
            return true;
        }
        const Capabilities capabilities = device->capabilities();
        visited.found.size_bytes = device->geometry().size_bytes;
        visited.found.block_bytes = device->geometry().block_bytes;
        visited.async = capabilities.async;
        visited.sync = capabilities.sync;
        visited.admin = capabilities.admin;
        visited.mem = capabilities.mem;
        return true;
    }));
    if (program.format == Format::json) {
        Node devices = Node::list();
        for (const Visited& visited : all) devices.push(visited_node(visited));
        print(program.format, Node::map().add("devices", std::move(devices)));
        return kDone;
    }
    Table table({{"DEVICE"}, {"SIZE", true}, {"BLOCK", true}, {"ASYNC"}, {"SYNC"}, {"ADMIN"}});
    Table failed({{"NOT OPENED"}, {"WHY"}});
    for (const Visited& visited : all) {
        if (visited.failure.empty())
            table.add({visited.found.uri, size_or_empty(visited.found.size_bytes),
                       size_or_empty(visited.found.block_bytes), visited.async, visited.sync,
                       visited.admin});
        else
            failed.add({visited.found.uri, visited.failure});
    }
    if (!table.empty()) print(table.text());
    if (!failed.empty()) print((table.empty() ? "" : "\n") + failed.text());
    if (all.empty()) print("No storage devices were found.\n");
    return kDone;
}

}  // namespace

void add_scan(Program& program) {
    CLI::App* scan_command =
        add_command(program.app, "scan", kGroup, "List the storage of this system",
                    "  xnvme scan\n  xnvme scan --output json\n");
    add_output_option(program, scan_command);
    scan_command->callback(
        [&program] { program.action = [&program] { return run_scan(program); }; });

    CLI::App* enum_command = add_command(
        program.app, "enum", kGroup, "Open each device of 'scan' and say how it is reached",
        "  xnvme enum\n  xnvme enum --async libaio --output json\n");
    add_interface_options(program, enum_command);
    enum_command->callback(
        [&program] { program.action = [&program] { return run_enum(program); }; });
}

}  // namespace xnvme::tool
