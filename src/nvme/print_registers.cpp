// Printing of a controller's registers.
#include <array>
#include <string>

#include "nvme/print_parts.hpp"

namespace xnvme::nvme {
namespace {

template <class T>
constexpr std::uint64_t bits(LittleEndian<T> field, unsigned first, unsigned count) noexcept {
    return (std::uint64_t{field.value()} >> first) & ((std::uint64_t{1} << count) - 1);
}

template <class T>
Node raw(LittleEndian<T> field) {
    return Node::map().add("value", Node::hex(field.value(), 2 * sizeof(T)));
}

Node cap_node(const ControllerRegisters& registers) {
    const Le64 cap = registers.cap;
    Node node = raw(cap);
    node.add("queue_entries", registers.queue_entries());
    node.add("contiguous_queues_required", bits(cap, 16, 1) != 0);
    node.add("weighted_round_robin", bits(cap, 17, 1) != 0);
    node.add("vendor_arbitration", bits(cap, 18, 1) != 0);
    node.add("ready_timeout_ms", registers.ready_timeout_ms());
    node.add("doorbell_stride_bytes", registers.doorbell_stride_bytes());
    node.add("subsystem_reset", registers.subsystem_reset_supported());
    node.add("command_sets",
             flags_node(bits(cap, 37, 8), 2, {{0, "nvm"}, {6, "others"}, {7, "admin_only"}}));
    node.add("boot_partitions", bits(cap, 45, 1) != 0);
    node.add("power_scope", bits(cap, 46, 2));
    node.add("page_bytes_min", registers.page_bytes_min());
    node.add("page_bytes_max", registers.page_bytes_max());
    node.add("persistent_memory", registers.persistent_memory_supported());
    node.add("memory_buffer", registers.memory_buffer_supported());
    node.add("subsystem_shutdown", bits(cap, 58, 1) != 0);
    node.add("ready_modes", bits(cap, 59, 2));
    return node;
}

Node vs_node(Le32 vs) {
    Node node = raw(vs);
    std::string version = std::to_string(bits(vs, 16, 16)) + "." + std::to_string(bits(vs, 8, 8));
    if (const auto tertiary = bits(vs, 0, 8); tertiary != 0)
        version += "." + std::to_string(tertiary);
    node.add("version", std::move(version));
    return node;
}

Node cc_node(Le32 cc) {
    static constexpr std::array<std::string_view, 4> kShutdown{"none", "normal", "abrupt",
                                                               "reserved"};
    Node node = raw(cc);
    node.add("enabled", bits(cc, 0, 1) != 0);
    node.add("command_sets", bits(cc, 4, 3));
    node.add("page_bytes", std::uint64_t{4096} << bits(cc, 7, 4));
    node.add("arbitration", bits(cc, 11, 3));
    node.add("shutdown", kShutdown[bits(cc, 14, 2)]);
    node.add("submission_entry_bytes", std::uint64_t{1} << bits(cc, 16, 4));
    node.add("completion_entry_bytes", std::uint64_t{1} << bits(cc, 20, 4));
    node.add("ready_independent_of_media", bits(cc, 24, 1) != 0);
    return node;
}

Node csts_node(Le32 csts) {
    static constexpr std::array<std::string_view, 4> kShutdown{"none", "under way", "complete",
                                                               "reserved"};
    Node node = raw(csts);
    node.add("ready", bits(csts, 0, 1) != 0);
    node.add("fatal", bits(csts, 1, 1) != 0);
    node.add("shutdown", kShutdown[bits(csts, 2, 2)]);
    node.add("subsystem_reset_occurred", bits(csts, 4, 1) != 0);
    node.add("processing_paused", bits(csts, 5, 1) != 0);
    node.add("shutdown_of_subsystem", bits(csts, 6, 1) != 0);
    return node;
}

Node aqa_node(Le32 aqa) {
    Node node = raw(aqa);
    node.add("submission_entries", bits(aqa, 0, 12) + 1);
    node.add("completion_entries", bits(aqa, 16, 12) + 1);
    return node;
}

/// Only where CMBSZ is not 0 do the two say anything. NVMe Base 2.0 §3.1.3.11
void add_memory_buffer(Node& node, const ControllerRegisters& registers) {
    Node location = raw(registers.cmbloc);
    Node size = raw(registers.cmbsz);
    if (registers.memory_buffer_bytes() != 0) {
        const std::uint64_t unit = std::uint64_t{4096} << (4 * bits(registers.cmbsz, 8, 4));
        location.add("bar", bits(registers.cmbloc, 0, 3));
        location.add("offset_bytes", bits(registers.cmbloc, 12, 20) * unit);
        size.add("submission_queues", bits(registers.cmbsz, 0, 1) != 0);
        size.add("completion_queues", bits(registers.cmbsz, 1, 1) != 0);
        size.add("lists", bits(registers.cmbsz, 2, 1) != 0);
        size.add("read_data", bits(registers.cmbsz, 3, 1) != 0);
        size.add("write_data", bits(registers.cmbsz, 4, 1) != 0);
        size.add("bytes", registers.memory_buffer_bytes());
    }
    node.add("cmbloc", std::move(location)).add("cmbsz", std::move(size));
}

Node pmr_node(const PersistentMemoryRegisters& pmr) {
    Node node = Node::map();
    node.add("pmrcap", raw(pmr.pmrcap)).add("pmrctl", raw(pmr.pmrctl));
    node.add("pmrsts", raw(pmr.pmrsts)).add("pmrebs", raw(pmr.pmrebs));
    node.add("pmrswtp", raw(pmr.pmrswtp));
    return node.add("pmrmscl", raw(pmr.pmrmscl)).add("pmrmscu", raw(pmr.pmrmscu));
}

}  // namespace

Node to_node(const ControllerRegisters& registers) {
    Node node = Node::map();
    node.add("cap", cap_node(registers));
    node.add("vs", vs_node(registers.vs));
    node.add("intms", raw(registers.intms)).add("intmc", raw(registers.intmc));
    node.add("cc", cc_node(registers.cc));
    node.add("csts", csts_node(registers.csts));
    node.add("nssr", raw(registers.nssr));
    node.add("aqa", aqa_node(registers.aqa));
    node.add("asq", raw(registers.asq)).add("acq", raw(registers.acq));
    add_memory_buffer(node, registers);
    node.add("bpinfo", raw(registers.bpinfo)).add("bprsel", raw(registers.bprsel));
    node.add("bpmbl", raw(registers.bpmbl)).add("cmbmsc", raw(registers.cmbmsc));
    node.add("cmbsts", raw(registers.cmbsts)).add("cmbebs", raw(registers.cmbebs));
    node.add("cmbswtp", raw(registers.cmbswtp)).add("nssd", raw(registers.nssd));
    Node crto = raw(registers.crto);
    crto.add("with_media_timeout_ms", bits(registers.crto, 0, 16) * 500);
    crto.add("independent_of_media_timeout_ms", bits(registers.crto, 16, 16) * 500);
    node.add("crto", std::move(crto));
    if (registers.persistent_memory_supported()) node.add("pmr", pmr_node(registers.pmr));
    return node;
}

}  // namespace xnvme::nvme
