// Printing of what Identify returns.
#include <array>

#include <xnvme/describe.hpp>
#include <xnvme/nvme/key_value.hpp>

#include "nvme/print_parts.hpp"

namespace xnvme::nvme {
namespace {

Node command_set_node(CommandSet set) {
    const std::string_view name = command_set_name(set);
    if (name != "unknown") return name;
    return Node::hex(static_cast<std::uint8_t>(set), 2);
}

std::string version_text(std::uint32_t major, std::uint32_t minor, std::uint32_t tertiary) {
    return std::to_string(major) + '.' + std::to_string(minor) + '.' + std::to_string(tertiary);
}

std::string_view controller_type_name(std::uint8_t type) noexcept {
    constexpr auto kNames =
        std::to_array<std::string_view>({"not reported", "I/O", "discovery", "administrative"});
    return type < kNames.size() ? kNames[type] : std::string_view("reserved");
}

/// A limit counted like MDTS, or null for none.
Node limit_node(std::uint64_t bytes) {
    return bytes == 0 ? Node() : Node(bytes);
}

void add_identity(Node& node, const IdentifyController& id) {
    node.add("vid", Node::hex(id.vid, 4))
        .add("ssvid", Node::hex(id.ssvid, 4))
        .add("serial", Node::device_text(id.serial()))
        .add("model", Node::device_text(id.model()))
        .add("firmware", Node::device_text(id.firmware()))
        .add("ieee_oui", hex_text(std::array{id.ieee[2], id.ieee[1], id.ieee[0]}))
        .add("subsystem_nqn", Node::device_text(id.subsystem_nqn()))
        .add("cntlid", id.cntlid)
        .add("version", version_text(id.version_major(), id.version_minor(), id.version_tertiary()))
        .add("cntrltype", controller_type_name(id.cntrltype))
        .add("fguid", hex_text(id.fguid))
        .add("rab_commands", std::uint64_t{1} << (id.rab & 31))
        .add("mdts", id.mdts)
        .add("max_transfer_bytes", limit_node(id.max_transfer_bytes()))
        .add("cmic", flags_node(id.cmic, 2,
                                {{0, "multiple_ports"},
                                 {1, "multiple_controllers"},
                                 {2, "sriov_function"},
                                 {3, "asymmetric_namespace_access"}}))
        .add("rtd3_resume_us", id.rtd3r)
        .add("rtd3_entry_us", id.rtd3e)
        .add("oaes", flags_node(id.oaes, 8,
                                {{8, "namespace_attributes"},
                                 {9, "firmware_activation"},
                                 {11, "asymmetric_namespace_access"},
                                 {12, "predictable_latency"},
                                 {13, "lba_status"},
                                 {14, "endurance_group"},
                                 {15, "normal_subsystem_shutdown"},
                                 {27, "zone_descriptor_changed"},
                                 {31, "discovery_log_changed"}}))
        .add("ctratt", flags_node(id.ctratt, 8,
                                  {{0, "host_identifier_128_bit"},
                                   {1, "non_operational_power_state"},
                                   {2, "nvm_sets"},
                                   {3, "read_recovery_levels"},
                                   {4, "endurance_groups"},
                                   {5, "predictable_latency"},
                                   {6, "traffic_based_keep_alive"},
                                   {7, "namespace_granularity"},
                                   {8, "sq_associations"},
                                   {9, "uuid_list"},
                                   {10, "multi_domain_subsystem"},
                                   {11, "fixed_capacity_management"},
                                   {12, "variable_capacity_management"},
                                   {13, "delete_endurance_group"},
                                   {14, "delete_nvm_set"},
                                   {15, "extended_lba_formats"},
                                   {19, "flexible_data_placement"}}))
        .add("rrls", Node::hex(id.rrls, 4))
        .add("crdt1_ms", id.crdt1.value() * 100u)
        .add("crdt2_ms", id.crdt2.value() * 100u)
        .add("crdt3_ms", id.crdt3.value() * 100u)
        .add("nvmsr", flags_node(id.nvmsr, 2, {{0, "storage_device"}, {1, "enclosure"}}))
        .add("vpd_writes_remaining", (id.vwci & 0x80) != 0 ? Node(id.vwci & 0x7f) : Node())
        .add("mec", flags_node(id.mec, 2, {{0, "smbus_endpoint"}, {1, "pcie_endpoint"}}));
}

/// Replay protected memory blocks; null where there are none.
Node rpmb_node(std::uint32_t rpmbs) {
    if ((rpmbs & 7) == 0) return {};
    Node node = Node::map();
    node.add("units", rpmbs & 7)
        .add("authentication", (rpmbs >> 3) & 7)
        .add("unit_bytes", (((rpmbs >> 16) & 0xff) + 1) * 131072u)
        .add("access_bytes", ((rpmbs >> 24) + 1) * 512u);
    return node;
}

Node sgl_node(std::uint32_t sgls) {
    constexpr auto kSupport =
        std::to_array<std::string_view>({"none", "any alignment", "dword alignment", "reserved"});
    Node node = flags_node(sgls, 8,
                           {{2, "keyed_data_block"},
                            {16, "bit_bucket"},
                            {17, "byte_aligned_metadata"},
                            {18, "longer_than_data"},
                            {19, "metadata_segment"},
                            {20, "offset_address"},
                            {21, "transport_data_block"}});
    node.add("support", kSupport[sgls & 3]);
    return node;
}

void add_admin(Node& node, const IdentifyController& id) {
    node.add("oacs", flags_node(id.oacs, 4,
                                {{0, "security"},
                                 {1, "format_nvm"},
                                 {2, "firmware"},
                                 {3, "namespace_management"},
                                 {4, "device_self_test"},
                                 {5, "directives"},
                                 {6, "nvme_mi"},
                                 {7, "virtualization_management"},
                                 {8, "doorbell_buffer_config"},
                                 {9, "get_lba_status"},
                                 {10, "lockdown"}}))
        .add("abort_commands", id.abort_commands())
        .add("async_event_requests", id.async_event_requests());
    Node frmw = flags_node(id.frmw, 2,
                           {{0, "first_slot_read_only"},
                            {4, "activation_without_reset"},
                            {5, "overlapping_updates_detected"}});
    frmw.add("slots", (id.frmw >> 1) & 7);
    node.add("frmw", std::move(frmw))
        .add("lpa", flags_node(id.lpa, 2,
                               {{0, "health_per_namespace"},
                                {1, "commands_effects"},
                                {2, "extended_data"},
                                {3, "telemetry"},
                                {4, "persistent_event"},
                                {5, "supported_pages"},
                                {6, "telemetry_data_area_4"}}))
        .add("error_log_entries", id.error_log_entries())
        .add("power_states", id.power_states())
        .add("avscc", Node::hex(id.avscc, 2))
        .add("autonomous_power_states", (id.apsta & 1) != 0)
        .add("warning_temperature_celsius", celsius_node(id.wctemp))
        .add("critical_temperature_celsius", celsius_node(id.cctemp))
        .add("firmware_activation_max_ms", id.mtfa.value() * 100u)
        .add("hmb_preferred_bytes", std::uint64_t{id.hmpre} * 4096)
        .add("hmb_minimum_bytes", std::uint64_t{id.hmmin} * 4096)
        .add("hmb_minimum_entry_bytes", std::uint64_t{id.hmminds} * 4096)
        .add("hmb_max_entries", id.hmmaxd)
        .add("total_capacity_bytes", id.tnvmcap)
        .add("unallocated_capacity_bytes", id.unvmcap)
        .add("max_endurance_group_capacity_bytes", id.megcap)
        .add("rpmb", rpmb_node(id.rpmbs))
        .add("extended_self_test_minutes", id.edstt)
        .add("dsto", flags_node(id.dsto, 2, {{0, "one_at_a_time"}}))
        .add("firmware_granularity_bytes",
             id.fwug == 0xff ? Node(0u) : Node(std::uint32_t{id.fwug} * 4096u))
        .add("keep_alive_granularity_ms", id.kas.value() * 100u)
        .add("host_thermal_management", (id.hctma.value() & 1) != 0)
        .add("thermal_minimum_celsius", celsius_node(id.mntmt))
        .add("thermal_maximum_celsius", celsius_node(id.mxtmt))
        .add("sanicap", flags_node(id.sanicap, 8,
                                   {{0, "crypto_erase"},
                                    {1, "block_erase"},
                                    {2, "overwrite"},
                                    {29, "no_deallocate_inhibited"}}))
        .add("nvm_sets_max", id.nsetidmax)
        .add("endurance_groups_max", id.endgidmax)
        .add("ana_transition_seconds", id.anatt)
        .add("anacap", flags_node(id.anacap, 2,
                                  {{0, "optimized"},
                                   {1, "non_optimized"},
                                   {2, "inaccessible"},
                                   {3, "persistent_loss"},
                                   {4, "change"},
                                   {6, "group_kept_while_attached"},
                                   {7, "group_chosen_by_host"}}))
        .add("ana_groups_max", id.anagrpmax)
        .add("ana_groups", id.nanagrpid)
        .add("persistent_event_log_bytes", std::uint64_t{id.pels} * 65536)
        .add("domain_id", id.domain_id);
}

void add_io(Node& node, const IdentifyController& id) {
    const auto entry_bytes = [](std::uint8_t field) {
        Node sizes = Node::map();
        sizes.add("required_bytes", 1u << (field & 0xf)).add("maximum_bytes", 1u << (field >> 4));
        return sizes;
    };
    node.add("sqes", entry_bytes(id.sqes))
        .add("cqes", entry_bytes(id.cqes))
        .add("max_commands", id.maxcmd)
        .add("nn", id.nn)
        .add("max_namespaces", id.mnan)
        .add("oncs", flags_node(id.oncs, 4,
                                {{0, "compare"},
                                 {1, "write_uncorrectable"},
                                 {2, "dataset_management"},
                                 {3, "write_zeroes"},
                                 {4, "feature_save_and_select"},
                                 {5, "reservations"},
                                 {6, "timestamp"},
                                 {7, "verify"},
                                 {8, "copy"}}))
        .add("fuses", flags_node(id.fuses, 4, {{0, "compare_and_write"}}))
        .add("fna", flags_node(id.fna, 2,
                               {{0, "format_all_namespaces"},
                                {1, "secure_erase_all_namespaces"},
                                {2, "cryptographic_erase"},
                                {3, "no_broadcast_format"}}))
        .add("volatile_write_cache", id.volatile_write_cache())
        .add("flush_all_namespaces", ((id.vwc >> 1) & 3) == 3)
        .add("atomic_write_blocks", one_based(id.awun))
        .add("atomic_write_power_fail_blocks", one_based(id.awupf))
        .add("atomic_compare_and_write_blocks", one_based(id.acwu))
        .add("icsvscc", Node::hex(id.icsvscc, 2))
        .add("nwpc", flags_node(id.nwpc, 2,
                                {{0, "write_protect"}, {1, "until_power_cycle"}, {2, "permanent"}}))
        .add("copy_formats", flags_node(id.ocfs, 4,
                                        {{0, "format_0"},
                                         {1, "format_1"},
                                         {2, "format_2"},
                                         {3, "format_3"},
                                         {4, "format_4"}}))
        .add("sgls", sgl_node(id.sgls))
        .add("max_domain_namespace_attachments", id.maxdna)
        .add("max_namespace_attachments", id.maxcna);
}

void add_fabrics(Node& node, const IdentifyController& id) {
    // Only a controller behind a fabric has them.
    if (id.ioccsz.value() == 0) return;
    Node fabrics = Node::map();
    fabrics.add("io_command_capsule_bytes", std::uint64_t{id.ioccsz} * 16)
        .add("io_response_capsule_bytes", std::uint64_t{id.iorcsz} * 16)
        .add("in_capsule_data_offset_bytes", std::uint64_t{id.icdoff} * 16)
        .add("fcatt", Node::hex(id.fcatt, 2))
        .add("msdbd", id.msdbd)
        .add("ofcs", Node::hex(id.ofcs, 4));
    node.add("fabrics", std::move(fabrics));
}

void add_atomics(Node& node, const IdentifyNamespace& id) {
    // Without NSFEAT bit 1 the controller's own limits hold, and these fields mean nothing.
    if ((id.nsfeat & 2) == 0) return;
    const auto boundary = [](std::uint16_t blocks) {
        return blocks == 0 ? Node() : Node(one_based(blocks));
    };
    node.add("atomic_write_blocks", one_based(id.nawun))
        .add("atomic_write_power_fail_blocks", one_based(id.nawupf))
        .add("atomic_compare_and_write_blocks", one_based(id.nacwu))
        .add("atomic_boundary_blocks", boundary(id.nabsn))
        .add("atomic_boundary_offset_blocks", id.nabo)
        .add("atomic_boundary_power_fail_blocks", boundary(id.nabspf));
}

Node lba_formats_node(const IdentifyNamespace& id) {
    Node formats = Node::list();
    for (std::uint32_t i = 0; i < id.formats(); ++i) {
        Node format = to_node(id.lbaf[i]);
        format.add("in_use", i == id.format_index());
        formats.push(std::move(format));
    }
    return formats;
}

template <class T>
Node decoded_node(std::span<const std::byte> data) {
    const Result<T> value = decode<T>(data);
    return value ? to_node(*value) : bytes_node(data);
}

}  // namespace

Node to_node(const IdentifyController& id) {
    Node node = Node::map();
    add_identity(node, id);
    add_admin(node, id);
    add_io(node, id);
    add_fabrics(node, id);
    Node states = Node::list();
    for (std::uint32_t i = 0; i < id.power_states(); ++i) states.push(to_node(id.psd[i]));
    node.add("power_state_descriptors", std::move(states));
    return node;
}

Node to_node(const PowerState& state) {
    Node node = Node::map();
    node.add("max_power_microwatts", state.max_power_microwatts())
        .add("non_operational", state.non_operational())
        .add("entry_latency_us", state.enlat)
        .add("exit_latency_us", state.exlat)
        .add("relative_read_throughput", state.rrt)
        .add("relative_read_latency", state.rrl)
        .add("relative_write_throughput", state.rwt)
        .add("relative_write_latency", state.rwl)
        .add("idle_power_microwatts", state.idle_power_microwatts())
        .add("active_power_microwatts", state.active_power_microwatts())
        .add("active_power_workload", state.apw_aps & 7);
    return node;
}

Node to_node(const LbaFormat& format) {
    constexpr auto kPerformance =
        std::to_array<std::string_view>({"best", "better", "good", "degraded"});
    Node node = Node::map();
    node.add("block_bytes", format.block_bytes())
        .add("metadata_bytes", format.metadata_bytes())
        .add("relative_performance", kPerformance[format.relative_performance()]);
    return node;
}

Node to_node(const IdentifyNamespace& id) {
    Node node = Node::map();
    node.add("nsze_blocks", id.nsze)
        .add("ncap_blocks", id.ncap)
        .add("nuse_blocks", id.nuse)
        .add("size_bytes", id.size_bytes())
        .add("block_bytes", id.format().block_bytes())
        .add("metadata_bytes", id.format().metadata_bytes())
        .add("metadata_extended", id.metadata_extended())
        .add("protection_type", id.protection_type())
        .add("protection_first", id.protection_first())
        .add("nsfeat", flags_node(id.nsfeat, 2,
                                  {{0, "thin_provisioning"},
                                   {1, "namespace_atomics"},
                                   {2, "deallocated_error"},
                                   {3, "identifiers_never_reused"},
                                   {4, "optimal_performance"}}))
        .add("flbas", Node::hex(id.flbas, 2))
        .add("format_index", id.format_index())
        .add("mc", flags_node(id.mc, 2, {{0, "extended"}, {1, "separate"}}))
        .add("dpc", flags_node(id.dpc, 2,
                               {{0, "type_1"},
                                {1, "type_2"},
                                {2, "type_3"},
                                {3, "first_bytes"},
                                {4, "last_bytes"}}))
        .add("nmic", flags_node(id.nmic, 2, {{0, "shared"}}))
        .add("rescap", flags_node(id.rescap, 2,
                                  {{0, "persist_through_power_loss"},
                                   {1, "write_exclusive"},
                                   {2, "exclusive_access"},
                                   {3, "write_exclusive_registrants"},
                                   {4, "exclusive_access_registrants"},
                                   {5, "write_exclusive_all_registrants"},
                                   {6, "exclusive_access_all_registrants"},
                                   {7, "ignore_existing_key_1_3"}}))
        .add("format_progress_reported", (id.fpi & 0x80) != 0)
        .add("format_remaining_percent", id.fpi & 0x7f)
        .add("deallocated_read", deallocated_read_name(id.deallocated_read()))
        .add("write_zeroes_deallocates", id.write_zeroes_deallocates())
        .add("noiob_blocks", id.noiob)
        .add("capacity_bytes", id.nvmcap);
    add_atomics(node, id);
    if (id.reports_optimal_io()) {
        node.add("preferred_write_granularity_blocks", one_based(id.npwg))
            .add("preferred_write_alignment_blocks", one_based(id.npwa))
            .add("preferred_deallocate_granularity_blocks", one_based(id.npdg))
            .add("preferred_deallocate_alignment_blocks", one_based(id.npda))
            .add("optimal_write_blocks", one_based(id.nows));
    }
    node.add("copy_range_max_blocks", id.mssrl)
        .add("copy_max_blocks", id.mcl)
        .add("copy_max_ranges", id.copy_ranges())
        .add("anagrpid", id.anagrpid)
        .add("write_protected", id.write_protected())
        .add("nvmsetid", id.nvmsetid)
        .add("endgid", id.endgid)
        .add("nguid", hex_text(id.nguid))
        .add("eui64", hex_text(id.eui64))
        .add("lba_formats", lba_formats_node(id));
    return node;
}

Node to_node(const IdentifyControllerNvm& id) {
    const auto limit = [](std::uint8_t exponent) {
        return limit_node(IdentifyControllerNvm::limit_bytes(exponent));
    };
    Node node = Node::map();
    node.add("verify_max_bytes", limit(id.vsl))
        .add("write_zeroes_max_bytes", limit(id.wzsl))
        .add("write_zeroes_deallocate_max_bytes", limit(id.wzdsl))
        .add("write_uncorrectable_max_bytes", limit(id.wusl))
        .add("dsm_max_ranges", limit_node(id.dmrl))
        .add("dsm_range_max_blocks", limit_node(id.dmrsl))
        .add("dsm_max_blocks", limit_node(id.dmsl))
        .add("aocs", Node::hex(id.aocs, 4))
        .add("ver", Node::hex(id.ver, 8));
    return node;
}

Node to_node(const IdentifyNamespaceNvm& id, std::uint32_t formats) {
    constexpr auto kGuards = std::to_array<std::string_view>(
        {"16-bit guard", "32-bit guard", "64-bit guard", "qualified"});
    Node list = Node::list();
    for (std::uint32_t i = 0; i < formats && i < id.elbaf.size(); ++i) {
        Node format = Node::map();
        format.add("protection_format", kGuards[id.elbaf[i].protection_format()])
            .add("storage_tag_bits", id.elbaf[i].storage_tag_bits());
        list.push(std::move(format));
    }
    Node node = Node::map();
    node.add("storage_tag_mask", Node::hex(id.lbstm, 16))
        .add("pic", flags_node(id.pic, 2,
                               {{0, "guard_16_storage_tag"},
                                {1, "guard_16_storage_tag_mask"},
                                {2, "storage_tag_check_read"}}))
        .add("preferred_deallocate_granularity_blocks", id.npdgl)
        .add("preferred_deallocate_alignment_blocks", id.npdal)
        .add("preferred_read_granularity_blocks", id.nprg)
        .add("preferred_read_alignment_blocks", id.npra)
        .add("optimal_read_blocks", id.nors)
        .add("extended_lba_formats", std::move(list));
    return node;
}

Node to_node(const IdentifyNamespaceIndependent& id) {
    Node node = Node::map();
    node.add("nsfeat", flags_node(id.nsfeat, 2,
                                  {{3, "identifiers_never_reused"},
                                   {4, "rotational"},
                                   {5, "volatile_write_cache_not_present"}}))
        .add("nmic", flags_node(id.nmic, 2, {{0, "shared"}}))
        .add("rescap", Node::hex(id.rescap, 2))
        .add("format_remaining_percent", id.fpi & 0x7f)
        .add("anagrpid", id.anagrpid)
        .add("write_protected", (id.nsattr & 1) != 0)
        .add("nvmsetid", id.nvmsetid)
        .add("endgid", id.endgid)
        .add("ready", id.ready());
    return node;
}

Node to_node(const NamespaceList& list) {
    Node nsids = Node::list();
    for (std::uint32_t i = 0; i < list.count(); ++i) nsids.push(list.nsid[i].value());
    Node node = Node::map();
    node.add("nsids", std::move(nsids));
    return node;
}

Node to_node(const ControllerList& list) {
    Node cntlids = Node::list();
    for (std::uint32_t i = 0; i < list.count(); ++i) cntlids.push(list.cntlid[i].value());
    Node node = Node::map();
    node.add("cntlids", std::move(cntlids));
    return node;
}

Node to_node(const IoCommandSets& sets) {
    Node combinations = Node::list();
    for (std::uint32_t i = 0; i < sets.vector.size(); ++i) {
        if (sets.vector[i].value() == 0) continue;
        Node members = Node::list();
        for (std::uint8_t bit = 0; bit < 64; ++bit) {
            const auto set = static_cast<CommandSet>(bit);
            if (sets.supports(i, set)) members.push(command_set_node(set));
        }
        Node combination = Node::map();
        combination.add("index", i)
            .add("value", Node::hex(sets.vector[i], 16))
            .add("command_sets", std::move(members));
        combinations.push(std::move(combination));
    }
    Node node = Node::map();
    node.add("combinations", std::move(combinations));
    return node;
}

Node to_node(const NamespaceIds& ids) {
    Node node = Node::map();
    if (ids.has_eui64) node.add("eui64", hex_text(ids.eui64));
    if (ids.has_nguid) node.add("nguid", hex_text(ids.nguid));
    if (ids.has_uuid) node.add("uuid", uuid_text(ids.uuid));
    if (ids.has_csi) node.add("command_set", command_set_node(ids.csi));
    node.add("well_formed", ids.well_formed);
    return node;
}

Node identify_node(Cns cns, CommandSet csi, std::span<const std::byte> data) {
    // A zoned namespace is one of the NVM command set too; the key-value command set has its own.
    const bool nvm = csi == CommandSet::nvm;
    switch (cns) {
        case Cns::ns:
        case Cns::allocated_ns:
        case Cns::ns_format:
            return decoded_node<IdentifyNamespace>(data);
        case Cns::controller:
            return decoded_node<IdentifyController>(data);
        case Cns::active_namespaces:
        case Cns::active_namespaces_csi:
        case Cns::allocated_namespaces:
        case Cns::allocated_namespaces_csi:
            return decoded_node<NamespaceList>(data);
        case Cns::namespace_descriptors:
            return to_node(decode_namespace_ids(data));
        case Cns::ns_csi:
        case Cns::ns_csi_format:
            if (csi == CommandSet::zoned) return decoded_node<IdentifyNamespaceZoned>(data);
            if (csi == CommandSet::key_value) return decoded_node<IdentifyNamespaceKv>(data);
            return nvm ? decoded_node<IdentifyNamespaceNvm>(data) : bytes_node(data);
        case Cns::controller_csi:
            if (csi == CommandSet::zoned) return decoded_node<IdentifyControllerZoned>(data);
            return nvm ? decoded_node<IdentifyControllerNvm>(data) : bytes_node(data);
        case Cns::ns_independent:
        case Cns::allocated_ns_independent:
            return decoded_node<IdentifyNamespaceIndependent>(data);
        case Cns::ns_controllers:
        case Cns::controllers:
            return decoded_node<ControllerList>(data);
        case Cns::io_command_sets:
            return decoded_node<IoCommandSets>(data);
        case Cns::nvm_set_list:
            return decoded_node<NvmSetList>(data);
        case Cns::primary_capabilities:
            return decoded_node<PrimaryControllerCapabilities>(data);
        case Cns::secondary_controllers:
            return decoded_node<SecondaryControllerList>(data);
        case Cns::namespace_granularity:
            return decoded_node<NamespaceGranularityList>(data);
        case Cns::uuid_list:
            return decoded_node<UuidList>(data);
        case Cns::domain_list:
            return decoded_node<DomainList>(data);
        case Cns::endurance_groups:
            return decoded_node<EnduranceGroupList>(data);
    }
    return bytes_node(data);
}

}  // namespace xnvme::nvme
