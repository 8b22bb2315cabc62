#include <bit>
#include <cstdio>
#include <span>
#include <string_view>

#include <xnvme/nvme/builders.hpp>

#include "admin.hpp"
#include "kv_commands.hpp"
#include "nvm_commands.hpp"

namespace xnvme::be_model {

namespace {

using nvme::Cns;

/// Namespace identifiers from here on start no list. NVMe Base 2.0 §5.17.2.2
constexpr std::uint32_t kListEnd = 0xfffffffe;

/// Identifiers that differ between serial numbers (FNV-1a), so that two models are told apart.
std::array<std::uint8_t, 16> identifier_of(std::string_view serial) {
    std::array<std::uint8_t, 16> id{};
    std::uint64_t hash = 0xcbf29ce484222325;
    for (std::size_t half = 0; half < 2; ++half) {
        for (const char c : serial) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
        for (std::size_t i = 0; i < 8; ++i)
            id[8 * half + i] = static_cast<std::uint8_t>(hash >> (8 * i));
    }
    return id;
}

/// The power states: active, idle, and asleep, where no I/O is done.
void set_power_states(nvme::IdentifyController& id) {
    id.npss = kPowerStates - 1;
    id.psd[0].mp = std::uint16_t{800};  // In 10 milliwatts.
    id.psd[1].mp = std::uint16_t{300};
    id.psd[2].mp = std::uint16_t{5};
    id.psd[2].flags = 2;
    id.psd[2].enlat = std::uint32_t{1000};
    id.psd[2].exlat = std::uint32_t{1000};
    for (std::uint8_t i = 0; i < kPowerStates; ++i) {
        id.psd[i].rrt = i;
        id.psd[i].rrl = i;
        id.psd[i].rwt = i;
        id.psd[i].rwl = i;
    }
}

Outcome put(const auto& structure, Scatter& data) {
    static_assert(sizeof(structure) == nvme::kIdentifyBytes);
    data.put(&structure, sizeof(structure));
    return {};
}

/// Namespaces after `nsid`: the only one there is, or none.
Outcome put_namespace_list(std::uint32_t nsid, Scatter& data) {
    if (nsid >= kListEnd) return Outcome::of(kInvalidNamespace);
    nvme::NamespaceList list{};
    if (nsid < kNsid) list.nsid[0] = kNsid;
    return put(list, data);
}

/// Controllers from `cntid` on.
Outcome put_controller_list(std::uint32_t cntid, Scatter& data) {
    nvme::ControllerList list{};
    if (cntid <= kControllerId) {
        list.num = std::uint16_t{1};
        list.cntlid[0] = kControllerId;
    }
    return put(list, data);
}

/// NVMe Base 2.0 §5.17.2.3
Outcome put_descriptors(Controller& controller, Scatter& data) {
    std::array<std::byte, nvme::kIdentifyBytes> list{};
    const nvme::IdentifyNamespace ns = identify_namespace(controller);
    const std::array<std::uint8_t, 1> csi{
        static_cast<std::uint8_t>(controller.config().command_set)};
    std::size_t at = 0;
    at = nvme::encode_namespace_id(list, at, nvme::NamespaceIdType::eui64, ns.eui64);
    at = nvme::encode_namespace_id(list, at, nvme::NamespaceIdType::nguid, ns.nguid);
    at = nvme::encode_namespace_id(list, at, nvme::NamespaceIdType::uuid, ns.nguid);
    at = nvme::encode_namespace_id(list, at, nvme::NamespaceIdType::csi, csi);
    data.put(list.data(), list.size());
    return {};
}

Outcome put_independent(Controller& controller, Scatter& data) {
    const nvme::IdentifyNamespace ns = identify_namespace(controller);
    nvme::IdentifyNamespaceIndependent independent{};
    independent.nmic = ns.nmic;
    independent.rescap = ns.rescap;
    independent.fpi = ns.fpi;
    independent.nsattr = ns.nsattr;
    independent.nstat = 1;
    return put(independent, data);
}

Outcome put_command_sets(Controller& controller, std::uint32_t cntid, Scatter& data) {
    if (cntid != kControllerId && cntid != 0xffff) return Outcome::of(kInvalidField);
    nvme::IoCommandSets sets{};
    sets.vector[0] = std::uint64_t{1} << static_cast<unsigned>(controller.config().command_set);
    // A zoned namespace takes the commands of the NVM command set too.
    if (controller.zones() != nullptr) sets.vector[0] |= 1u;
    return put(sets, data);
}

/// The storage tags and guards of the formats. NVM Command Set 1.0 §4.1.5.3
nvme::IdentifyNamespaceNvm identify_namespace_nvm(Controller& controller) {
    nvme::IdentifyNamespaceNvm nvm{};
    // 16-bit guards may have storage tags, all of whose bits are checked, also in reads.
    nvm.pic = 0x07;
    Media& media = controller.media();
    const nvme::ProtectionFormat current = media.shape().protection;
    nvm.lbstm = current.type == 0 ? 0 : current.storage_tag_mask();
    for (std::size_t i = 0; i < kFormats.size(); ++i) {
        const unsigned guard = kFormats[i].guard_bits;
        const std::uint32_t format = guard == 16 ? 0 : guard == 32 ? 1 : 2;
        nvm.elbaf[i].raw = media.storage_tags().of(guard) | (format << 7);
    }
    return nvm;
}

/// The structures that are about one namespace.
Outcome put_namespace(Controller& controller, Cns cns, Scatter& data) {
    switch (cns) {
        case Cns::ns_csi:
            if (controller.kv() != nullptr) return put(identify_namespace_kv(controller), data);
            return put(identify_namespace_nvm(controller), data);
        case Cns::namespace_descriptors:
            return put_descriptors(controller, data);
        case Cns::ns_independent:
            return put_independent(controller, data);
        case Cns::ns_controllers:
            return put_controller_list(0, data);
        default:
            return put(identify_namespace(controller), data);
    }
}

Outcome put_controller_nvm(Scatter& data) {
    nvme::IdentifyControllerNvm nvm{};
    nvm.dmrl = 0;  // Of 256 ranges, the most there can be, any length.
    nvm.ver = std::uint32_t{0x00010000};
    return put(nvm, data);
}

}  // namespace

nvme::IdentifyController identify_controller(Controller& controller) noexcept {
    const Config& config = controller.config();
    nvme::IdentifyController id{};
    nvme::set_text(id.sn, config.serial);
    nvme::set_text(id.mn, kModelNumber);
    // MDTS counts in pages of 4 KiB, as a power of two.
    id.mdts = static_cast<std::uint8_t>(std::countr_zero(config.mdts_bytes) - 12);
    id.cntlid = kControllerId;
    id.ver = std::uint32_t{0x00020000};
    id.oaes = std::uint32_t{1u << 8};  // Namespace attribute notices.
    // 128-bit host identifiers; formats with guards of 32 and 64 bits (ELBAS).
    id.ctratt = std::uint32_t{1 | (1u << 15)};
    if (controller.fdp() != nullptr) {
        id.ctratt |= nvme::kCtrattEnduranceGroups | nvme::kCtrattFdp;
        id.endgidmax = kEnduranceGroup;
    }
    id.cntrltype = 1;
    id.oacs =
        static_cast<std::uint16_t>(nvme::kOacsFormat | nvme::kOacsSelfTest | nvme::kOacsDirectives);
    id.lpa = nvme::kLpaHealthPerNamespace | nvme::kLpaCommandsEffects | nvme::kLpaExtendedData |
             nvme::kLpaSupportedPages;
    id.elpe = kErrorEntries - 1;
    set_power_states(id);
    id.wctemp = kWarningKelvin;
    id.cctemp = static_cast<std::uint16_t>(kWarningKelvin + 10);
    id.tnvmcap = nvme::U128::of(config.size_bytes);
    id.kas = std::uint16_t{10};
    id.edstt = std::uint16_t{1};
    // Crypto erase, block erase and overwrite; blocks are deallocated whether or not it is asked
    // for (NDI), and the media is not modified further (NODMMAS 01b). NVMe Base 2.0 §5.17.2.1
    id.sanicap = std::uint32_t{0x60000007};
    id.sqes = 0x66;
    id.cqes = 0x44;
    id.nn = kNsid;
    id.oncs = static_cast<std::uint16_t>(nvme::kOncsCompare | nvme::kOncsWriteUncorrectable |
                                         nvme::kOncsDatasetManagement | nvme::kOncsWriteZeroes |
                                         nvme::kOncsSaveSelect | nvme::kOncsTimestamp |
                                         nvme::kOncsVerify | nvme::kOncsCopy);
    if (controller.kv() != nullptr)
        id.oncs = static_cast<std::uint16_t>(nvme::kOncsSaveSelect | nvme::kOncsTimestamp);
    id.fna = 0x04;  // Cryptographic erase.
    id.vwc = 0x07;  // A cache, and a flush may be for all namespaces.
    // A command holds all its blocks while it runs, however many.
    id.awun = std::uint16_t{0xffff};
    id.ocfs = std::uint16_t{0x3};
    id.mnan = kNsid;
    add_management(controller, id);
    const auto unique = identifier_of(config.serial);
    char nqn[80];
    std::snprintf(nqn, sizeof(nqn),
                  "nqn.2014-08.org.nvmexpress:uuid:%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
                  "%02x%02x%02x%02x%02x%02x",
                  unique[0], unique[1], unique[2], unique[3], unique[4], unique[5], unique[6],
                  unique[7], unique[8], unique[9], unique[10], unique[11], unique[12], unique[13],
                  unique[14], unique[15]);
    nvme::set_text(id.subnqn, nqn, '\0');
    if (controller.zones() != nullptr) add_zones(controller, id);
    return id;
}

nvme::IdentifyNamespace identify_namespace(Controller& controller) noexcept {
    const Config& config = controller.config();
    Media& media = controller.media();
    nvme::IdentifyNamespace ns{};
    {
        // A size, a format and a utilization that belong together.
        Media::Held held(media, kAllStripes);
        const Shape& shape = media.shown();
        ns.nsze = shape.blocks;
        ns.ncap = shape.blocks;
        ns.nuse = media.allocated_blocks();
        ns.nvmcap = nvme::U128::of(shape.blocks << shape.block_shift);
        ns.flbas = static_cast<std::uint8_t>(shape.format | (shape.extended ? 0x10 : 0));
        ns.dps = static_cast<std::uint8_t>(
            shape.protection.type == 0 ? 0
                                       : shape.protection.type | (shape.protection.first ? 8 : 0));
    }
    ns.nsfeat = 0x05;  // Thin provisioned; errors for deallocated blocks (DAE).
    ns.nlbaf = static_cast<std::uint8_t>(kFormats.size() - 1);
    ns.mc = 0x03;   // Extended and separate metadata.
    ns.dpc = 0x1f;  // Protection information of types 1 to 3, first and last in metadata.
    ns.dlfeat =
        static_cast<std::uint8_t>(static_cast<unsigned>(config.deallocated) |
                                  (config.deallocated == DeallocatedRead::zeroes ? 0x08u : 0u));
    ns.endgid = kEnduranceGroup;
    ns.mssrl = kCopyRangeBlocks;
    ns.mcl = kCopyTotalBlocks;
    ns.msrc = kCopyRanges - 1;
    ns.nsattr = config.read_only ? 1 : 0;
    ns.nguid = identifier_of(config.serial);
    for (std::size_t i = 0; i < ns.eui64.size(); ++i) ns.eui64[i] = ns.nguid[i + 8];
    for (std::size_t i = 0; i < kFormats.size(); ++i) {
        ns.lbaf[i].lbads = kFormats[i].block_shift;
        ns.lbaf[i].ms = kFormats[i].metadata_bytes;
    }
    if (controller.zones() != nullptr) add_zones(controller, ns);
    return ns;
}

Outcome identify(Controller& controller, const Command& command, Scatter& data) noexcept {
    if (data.bytes() < nvme::kIdentifyBytes) return Outcome::of(kDataLengthInvalid);
    const auto cns = static_cast<Cns>(command.cdw10 & 0xff);
    const std::uint32_t cntid = command.cdw10 >> 16;
    const auto csi = static_cast<CommandSet>(command.cdw11 >> 24);
    const CommandSet own = controller.config().command_set;
    const bool of_blocks = cns == Cns::ns || cns == Cns::allocated_ns;
    // A key-value namespace has no blocks to describe.
    if (of_blocks && own == CommandSet::key_value) return Outcome::of(kInvalidField);
    if (const auto managed = identify_managed(controller, command, data)) return *managed;
    switch (cns) {
        case Cns::ns_csi:
            if (csi != own && !(csi == CommandSet::nvm && own == CommandSet::zoned))
                return Outcome::of(kInvalidField);
            if (csi == CommandSet::zoned && (command.nsid == 0 || command.nsid == kNsid))
                return put(identify_namespace_zoned(controller), data);
            [[fallthrough]];
        case Cns::ns:
        case Cns::allocated_ns:
        case Cns::namespace_descriptors:
        case Cns::ns_independent:
        case Cns::ns_controllers:
            if (command.nsid != 0 && command.nsid != kNsid) return Outcome::of(kInvalidNamespace);
            return put_namespace(controller, cns, data);
        case Cns::controller:
            return put(identify_controller(controller), data);
        case Cns::controller_csi:
            if (csi == CommandSet::nvm && own == CommandSet::zoned) return put_controller_nvm(data);
            if (csi != own) return Outcome::of(kInvalidField);
            if (own == CommandSet::zoned) return put(identify_controller_zoned(controller), data);
            // The key-value command set's structure has nothing but reserved bytes.
            return own == CommandSet::key_value ? put(std::array<std::uint8_t, 4096>{}, data)
                                                : put_controller_nvm(data);
        case Cns::active_namespaces_csi:
        case Cns::allocated_namespaces_csi:
            // The namespace is in the list of its own command set.
            if (csi == CommandSet::nvm && own == CommandSet::zoned)
                return put(nvme::NamespaceList{}, data);
            if (csi != own) return Outcome::of(kInvalidField);
            [[fallthrough]];
        case Cns::active_namespaces:
        case Cns::allocated_namespaces:
            return put_namespace_list(command.nsid, data);
        case Cns::controllers:
            return put_controller_list(cntid, data);
        case Cns::io_command_sets:
            return put_command_sets(controller, cntid, data);
        default:
            return Outcome::of(kInvalidField);
    }
}

}  // namespace xnvme::be_model
