// namespace list, create, delete, attach and detach.

#include <fmt/core.h>

#include <xnvme/admin.hpp>
#include <xnvme/nvme/builders.hpp>

#include "output.hpp"

namespace xnvme::tool {
namespace {

constexpr const char* kGroup = "Namespaces";

struct NamespaceArguments {
    NamespaceSpec spec;
    std::uint32_t id = 0;
    bool all = false;
    bool attach = false;
    std::vector<std::uint16_t> controllers;
};

/// The structure that Identify returns for a CNS value; nothing where the device refuses it.
template <class T>
Result<T> identify(Device& device, nvme::Cns cns, std::uint32_t nsid = 0) {
    T structure;
    const auto done = device.admin(nvme::identify({.cns = cns, .nsid = nsid}),
                                   Data(&structure, sizeof structure));
    if (!done) return std::unexpected(done.error());
    return structure;
}

bool contains(const nvme::NamespaceList& list, std::uint32_t nsid) {
    for (std::uint32_t i = 0; i < list.count(); ++i)
        if (list.nsid[i].value() == nsid) return true;
    return false;
}

Node namespace_node(Device& device, std::uint32_t nsid, bool attached) {
    Node node = Node::map();
    node.add("nsid", nsid).add("attached", attached);
    const auto cns = attached ? nvme::Cns::ns : nvme::Cns::allocated_ns;
    if (const auto id = identify<nvme::IdentifyNamespace>(device, cns, nsid)) {
        node.add("size_bytes", id->size_bytes())
            .add("block_bytes", id->format().block_bytes())
            .add("metadata_bytes", id->format().metadata_bytes())
            .add("shared", (id->nmic & 1) != 0);
    }
    if (const auto list = identify<nvme::ControllerList>(device, nvme::Cns::ns_controllers, nsid))
        node.add("cntlids", *nvme::to_node(*list).find("cntlids"));
    return node;
}

int run_list(const Program& program) {
    Device device = open_device(program, Access::read_only);
    const auto active = take(identify<nvme::NamespaceList>(device, nvme::Cns::active_namespaces),
                             "identify the active namespaces");
    // A controller without namespace management has no other namespaces than the active ones.
    const auto allocated =
        identify<nvme::NamespaceList>(device, nvme::Cns::allocated_namespaces).value_or(active);
    Node list = Node::list();
    for (std::uint32_t i = 0; i < allocated.count(); ++i) {
        const std::uint32_t nsid = allocated.nsid[i];
        list.push(namespace_node(device, nsid, contains(active, nsid)));
    }
    const nvme::IdentifyController& id = device.identify_controller();
    Node node = Node::map();
    node.add("device", program.device.uri)
        .add("cntlid", id.cntlid)
        .add("manages_namespaces", (id.oacs.value() & nvme::kOacsNamespaceManagement) != 0)
        .add("total_capacity_bytes", id.tnvmcap)
        .add("unallocated_capacity_bytes", id.unvmcap)
        .add("namespaces", std::move(list));
    print(program.format, node);
    return kDone;
}

int run_create(const Program& program, const NamespaceArguments& arguments) {
    Device device = open_device(program, Access::read_write);
    const std::uint32_t nsid = take(create_namespace(device, arguments.spec));
    if (arguments.attach) take(attach_namespace(device, nsid, arguments.controllers));
    print(program.format, Node::map()
                              .add("created", nsid)
                              .add("attached", arguments.attach)
                              .add("blocks", arguments.spec.size_blocks));
    return kDone;
}

int run_delete(const Program& program, const NamespaceArguments& arguments) {
    if (arguments.all == (arguments.id != 0))
        throw Stop(kUsage, "Say which namespace is deleted: --id N, or --all.");
    refuse_if_used(program, program.device.uri, "delete a namespace of");
    Device device = open_device(program, Access::read_write);
    const std::uint32_t nsid = arguments.all ? nvme::kNsidAll : arguments.id;
    take(delete_namespace(device, nsid));
    print(program.format,
          Node::map().add("deleted", arguments.all ? Node("all") : Node(arguments.id)));
    return kDone;
}

int run_attachment(const Program& program, const NamespaceArguments& arguments, bool attach) {
    if (!attach) refuse_if_used(program, program.device.uri, "detach a namespace of");
    Device device = open_device(program, Access::read_write);
    take(attach ? attach_namespace(device, arguments.id, arguments.controllers)
                : detach_namespace(device, arguments.id, arguments.controllers));
    print(program.format, Node::map()
                              .add(attach ? "attached" : "detached", arguments.id)
                              .add("device", program.device.uri));
    return kDone;
}

void add_controllers(CLI::App* command, NamespaceArguments& arguments) {
    command
        ->add_option("--controllers", arguments.controllers,
                     "Controller identifiers; without it the device's own")
        ->delimiter(',')
        ->type_name("N,N...");
}

void add_id(CLI::App* command, NamespaceArguments& arguments, bool required) {
    add_number(command, "--id", arguments.id, "Namespace identifier", 1, 0xfffffffe)
        ->required(required);
}

void add_create(Program& program, CLI::App& parent) {
    CLI::App* command =
        add_command(parent, "create", kGroup, "Create a namespace",
                    "  xnvme namespace create /dev/nvme0 --blocks 262144 --lbaf 1 --attach\n"
                    "  xnvme namespace create /dev/nvme0 --blocks 0x100000 --shared\n");
    auto arguments = std::make_shared<NamespaceArguments>();
    NamespaceSpec& spec = arguments->spec;
    add_number(command, "--blocks", spec.size_blocks, "Its size in blocks", 1)->required();
    add_number(command, "--capacity", spec.capacity_blocks,
               "Its capacity in blocks, where that is less", 1);
    add_number(command, "--lbaf", spec.lbaf, "Index of the LBA format", 0, 63);
    command->add_flag("--extended", spec.metadata_extended,
                      "Metadata is transferred at the end of each block's data");
    add_number(command, "--protection", spec.protection_type, "Protection information type", 0, 3);
    command->add_flag("--protection-first", spec.protection_first,
                      "It stands in the first bytes of the metadata");
    command->add_flag("--shared", spec.shared, "Several controllers may have it");
    add_number(command, "--nvm-set", spec.nvmsetid, "NVM set");
    add_number(command, "--endurance-group", spec.endgid, "Endurance group");
    command->add_flag("--attach", arguments->attach, "Attach it as well");
    add_controllers(command, *arguments);
    add_device_options(program, command);
    command->callback([&program, arguments] {
        program.action = [&program, arguments] { return run_create(program, *arguments); };
    });
}

void add_delete(Program& program, CLI::App& parent) {
    CLI::App* command = add_command(parent, "delete", kGroup, "Delete a namespace and its data",
                                    "  xnvme namespace delete /dev/nvme0 --id 2\n"
                                    "  xnvme namespace delete /dev/nvme0 --all\n");
    auto arguments = std::make_shared<NamespaceArguments>();
    add_id(command, *arguments, false);
    command->add_flag("--all", arguments->all, "All namespaces of the NVM subsystem");
    add_force_option(program, command);
    add_device_options(program, command);
    command->callback([&program, arguments] {
        program.action = [&program, arguments] { return run_delete(program, *arguments); };
    });
}

void add_attachment(Program& program, CLI::App& parent, bool attach) {
    const char* name = attach ? "attach" : "detach";
    CLI::App* command = add_command(
        parent, name, kGroup, attach ? "Attach a namespace to controllers" : "Detach it from them",
        fmt::format("  xnvme namespace {0} /dev/nvme0 --id 2\n"
                    "  xnvme namespace {0} /dev/nvme0 --id 2 --controllers 0,1\n",
                    name));
    auto arguments = std::make_shared<NamespaceArguments>();
    add_id(command, *arguments, true);
    add_controllers(command, *arguments);
    if (!attach) add_force_option(program, command);
    add_device_options(program, command);
    command->callback([&program, arguments, attach] {
        program.action = [&program, arguments, attach] {
            return run_attachment(program, *arguments, attach);
        };
    });
}

}  // namespace

void add_namespace(Program& program) {
    CLI::App* parent = add_command(program.app, "namespace", "NVMe admin",
                                   "List, create, delete, attach and detach namespaces",
                                   "  xnvme namespace list /dev/nvme0\n"
                                   "  xnvme namespace list mem:64MiB --output json\n");
    parent->require_subcommand(1);
    CLI::App* list = add_command(*parent, "list", kGroup, "The namespaces that there are",
                                 "  xnvme namespace list /dev/nvme0\n"
                                 "  xnvme namespace list mem:64MiB --output json\n");
    add_device_options(program, list);
    list->callback([&program] { program.action = [&program] { return run_list(program); }; });
    add_create(program, *parent);
    add_delete(program, *parent);
    add_attachment(program, *parent, true);
    add_attachment(program, *parent, false);
}

}  // namespace xnvme::tool
