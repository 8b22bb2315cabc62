// Printing of the lists and capabilities that Identify returns of an NVM subsystem.
#include <array>

#include "nvme/print_parts.hpp"

namespace xnvme::nvme {
namespace {

std::string_view association_name(unsigned association) noexcept {
    constexpr auto kNames =
        std::to_array<std::string_view>({"none", "vendor", "subsystem vendor", "reserved"});
    return kNames[association & 3];
}

Node resources_node(std::uint32_t total, std::uint32_t assigned, std::uint32_t primary,
                    std::uint32_t own, std::uint32_t most, std::uint32_t granularity) {
    Node node = Node::map();
    node.add("flexible", total)
        .add("flexible_assigned", assigned)
        .add("flexible_of_primary", primary)
        .add("private_of_primary", own)
        .add("most_per_secondary", most)
        .add("granularity", granularity);
    return node;
}

}  // namespace

Node to_node(const NvmSetList& list) {
    Node sets = Node::list();
    for (std::uint32_t i = 0; i < list.count(); ++i) {
        const NvmSet& set = list.sets[i];
        Node node = Node::map();
        node.add("nvmsetid", set.nvmsetid)
            .add("endgid", set.endgid)
            .add("random_read_4k_ns", std::uint64_t{set.rr4kt} * 100)
            .add("optimal_write_bytes", set.ows)
            .add("total_capacity_bytes", set.tnvmsetcap)
            .add("unallocated_capacity_bytes", set.unvmsetcap);
        sets.push(std::move(node));
    }
    return std::move(Node::map().add("nvm_sets", std::move(sets)));
}

Node to_node(const PrimaryControllerCapabilities& id) {
    Node node = Node::map();
    node.add("cntlid", id.cntlid)
        .add("portid", id.portid)
        .add("crt", flags_node(id.crt, 2, {{0, "queue_resources"}, {1, "interrupt_resources"}}))
        .add("queue_resources",
             resources_node(id.vqfrt, id.vqrfa, id.vqrfap, id.vqprt, id.vqfrsm, id.vqgran))
        .add("interrupt_resources",
             resources_node(id.vifrt, id.virfa, id.virfap, id.viprt, id.vifrsm, id.vigran));
    return node;
}

Node to_node(const SecondaryControllerList& list) {
    Node controllers = Node::list();
    for (std::uint32_t i = 0; i < list.count(); ++i) {
        const SecondaryController& controller = list.controllers[i];
        Node node = Node::map();
        node.add("cntlid", controller.scid)
            .add("primary_cntlid", controller.pcid)
            .add("online", controller.online())
            .add("virtual_function", controller.vfn)
            .add("queue_resources", controller.nvq)
            .add("interrupt_resources", controller.nvi);
        controllers.push(std::move(node));
    }
    return std::move(Node::map().add("secondary_controllers", std::move(controllers)));
}

Node to_node(const NamespaceGranularityList& list) {
    Node descriptors = Node::list();
    for (std::uint32_t i = 0; i < list.count(); ++i) {
        Node node = Node::map();
        node.add("size_bytes", list.granularity[i].nszegran)
            .add("capacity_bytes", list.granularity[i].ncapgran);
        descriptors.push(std::move(node));
    }
    Node node = Node::map();
    node.add("per_format", list.per_format()).add("granularity", std::move(descriptors));
    return node;
}

Node to_node(const UuidList& list) {
    Node entries = Node::list();
    for (std::uint32_t i = 0; i < list.count(); ++i) {
        Node node = Node::map();
        node.add("index", i + 1)
            .add("uuid", uuid_text(list.entries[i].uuid))
            .add("association", association_name(list.entries[i].association()));
        entries.push(std::move(node));
    }
    return std::move(Node::map().add("uuids", std::move(entries)));
}

Node to_node(const DomainList& list) {
    Node domains = Node::list();
    for (std::uint32_t i = 0; i < list.count(); ++i) {
        const Domain& domain = list.domains[i];
        Node node = Node::map();
        node.add("domain_id", domain.domain_id)
            .add("capacity_bytes", domain.capacity)
            .add("unallocated_capacity_bytes", domain.unallocated_capacity)
            .add("max_endurance_group_capacity_bytes", domain.endurance_group_maximum);
        domains.push(std::move(node));
    }
    return std::move(Node::map().add("domains", std::move(domains)));
}

Node to_node(const EnduranceGroupList& list) {
    Node groups = Node::list();
    for (std::uint32_t i = 0; i < list.count(); ++i) groups.push(list.endgid[i].value());
    return std::move(Node::map().add("endgids", std::move(groups)));
}

}  // namespace xnvme::nvme
