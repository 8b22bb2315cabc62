// scan and enum: what storage this system has.

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include <xnvme/nvme/builders.hpp>
#include <xnvme/nvme/identify.hpp>
#include <xnvme/nvme/print.hpp>

#include "output.hpp"

namespace xnvme::tool {
namespace {

constexpr const char* kGroup = "Look";

std::string size_or_empty(std::uint64_t bytes) {
    return bytes == 0 ? "" : format_size(bytes);
}

bool is_nvme(const Found& found) {
    return found.device_class == DeviceClass::nvme_block ||
           found.device_class == DeviceClass::nvme_generic ||
           found.device_class == DeviceClass::nvme_controller;
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
    if (!is_nvme(found)) return node;
    node.add("firmware", Node::device_text(found.firmware));
    if (found.device_class == DeviceClass::nvme_controller) {
        node.add("state", found.state);
    } else {
        node.add("nsid", found.nsid);
        node.add("command_set",
                 found.command_set ? Node(command_set_name(*found.command_set)) : Node());
        node.add("twin", found.twin);
        Node controllers = Node::list();
        for (const std::string& name : found.controllers) controllers.push(name);
        node.add("controllers", std::move(controllers));
    }
    node.add("subsystem", Node::device_text(found.subsystem_nqn));
    node.add("transport", found.transport).add("address", found.address);
    return node.add("driver", found.driver);
}

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
    return text;
}

/// NVMe's own words on what the first table lists: controllers, and namespaces once each.
std::string nvme_tables(const std::vector<Found>& all) {
    Table controllers({{"CONTROLLER"},
                       {"SERIAL"},
                       {"FIRMWARE"},
                       {"STATE"},
                       {"TRANSPORT"},
                       {"ADDRESS"},
                       {"DRIVER"},
                       {"SUBSYSTEM"}});
    Table spaces({{"NAMESPACE"}, {"NSID", true}, {"COMMAND SET"}, {"BLOCK DEVICE"}, {"THROUGH"}});
    const auto scanned = [&](const std::string& uri) {
        return std::ranges::any_of(all, [&](const Found& found) { return found.uri == uri; });
    };
    for (const Found& found : all) {
        if (found.device_class == DeviceClass::nvme_controller)
            controllers.add({found.uri, found.serial, found.firmware, found.state, found.transport,
                             found.address, found.driver, found.subsystem_nqn});
        if (found.device_class == DeviceClass::nvme_generic)
            spaces.add({found.uri, fmt::format("{}", found.nsid),
                        found.command_set ? std::string(command_set_name(*found.command_set)) : "",
                        scanned(found.twin) ? found.twin : "", joined(found.controllers)});
    }
    std::string text;
    if (!controllers.empty()) text += "\n" + controllers.text();
    if (!spaces.empty()) text += "\n" + spaces.text();
    return text;
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
    print(table.text() + nvme_tables(all));
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
    std::uint32_t nsid = 0;  ///< 0 for what has no namespace.
    CommandSet command_set{};
    std::string model;
    std::string serial;
    std::string firmware;
    Node ids;  ///< Identifiers of the namespace that are the same wherever it is attached.
};

/// The identifiers of a namespace: from Identify Namespace, and the UUID from the list of its
/// identifiers, which controllers before NVMe 1.3 do not have.
Node namespace_ids(Device& device) {
    nvme::NamespaceIds ids{};
    std::array<std::byte, nvme::kIdentifyBytes> data{};
    const auto listed = device.admin(
        nvme::identify({.cns = nvme::Cns::namespace_descriptors, .nsid = device.nsid()}),
        Data(data.data(), data.size()));
    if (listed) ids = nvme::decode_namespace_ids(data);
    return nvme::to_node(ids);
}

Node visited_node(const Visited& visited) {
    Node node = found_node(visited.found);
    node.add("opened", visited.failure.empty());
    if (!visited.failure.empty()) return node.add("reason", visited.failure);
    node.add("async", visited.async).add("sync", visited.sync);
    node.add("admin", visited.admin).add("mem", visited.mem);
    Node identity = Node::map();
    identity.add("model", Node::device_text(visited.model));
    identity.add("serial", Node::device_text(visited.serial));
    identity.add("firmware", Node::device_text(visited.firmware));
    if (visited.nsid != 0) {
        identity.add("nsid", visited.nsid);
        identity.add("command_set", command_set_name(visited.command_set));
        identity.add("size_bytes", visited.found.size_bytes);
        identity.add("block_bytes", visited.found.block_bytes);
        identity.add("ids", visited.ids);
    }
    return node.add("identity", std::move(identity));
}

/// The first identifier that a namespace has, longest first.
std::string id_text(const Node& ids) {
    for (const char* const name : {"uuid", "nguid", "eui64"}) {
        const Node* const id = ids.find(name);
        if (id != nullptr && id->kind() == Node::Kind::text) return name + (" " + id->as_text());
    }
    return "";
}

std::string identity_table(const std::vector<Visited>& all) {
    Table table({{"DEVICE"},
                 {"NSID", true},
                 {"COMMAND SET"},
                 {"MODEL"},
                 {"SERIAL"},
                 {"FIRMWARE"},
                 {"IDENTIFIER"}});
    for (const Visited& visited : all) {
        if (!visited.failure.empty()) continue;
        const bool space = visited.nsid != 0;
        table.add({visited.found.uri, space ? fmt::format("{}", visited.nsid) : "",
                   space ? std::string(command_set_name(visited.command_set)) : "", visited.model,
                   visited.serial, visited.firmware, id_text(visited.ids)});
    }
    return "\n" + table.text();
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
        const auto& controller = device->identify_controller();
        visited.model = nvme::trimmed(controller.mn);
        visited.serial = nvme::trimmed(controller.sn);
        visited.firmware = nvme::trimmed(controller.fr);
        visited.nsid = device->nsid();
        visited.command_set = device->geometry().command_set;
        if (visited.nsid != 0) visited.ids = namespace_ids(*device);
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
    if (!table.empty()) print(table.text() + identity_table(all));
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
