// Namespace management: the one namespace that there can be is created, deleted, attached and
// detached, and Identify answers accordingly.
#include <array>
#include <mutex>

#include <xnvme/nvme/builders.hpp>
#include <xnvme/nvme/management.hpp>

#include "admin.hpp"

namespace xnvme::be_model {

namespace {

using nvme::Cns;

/// What becomes of the namespace, for the log of events and that of changed namespaces.
void record_change(Controller& controller, const Command& command,
                   const nvme::NamespaceRequest& request) noexcept {
    controller.admin_state().namespace_changed = true;
    nvme::ChangeNamespaceEvent event{};
    event.cdw10 = command.cdw10;
    event.nsze = request.nsze;
    event.ncap = request.ncap;
    event.flbas = request.flbas;
    event.dps = request.dps;
    event.nmic = request.nmic;
    event.nsid = kNsid;
    controller.record(nvme::PersistentEventType::change_namespace, event);
}

/// Shows or hides the namespace's blocks; the caller holds the admin mutex.
void set_attached(Controller& controller, bool attached) noexcept {
    controller.admin_state().attached = attached;
    controller.set_attached(attached);
    Media::Held held(controller.media(), kAllStripes);
    controller.media().set_hidden(!attached);
}

/// Fields of the host must say what the model can do. NVMe Base 2.0 §5.23.1
Outcome create(Controller& controller, const Command& command, Scatter& data) noexcept {
    AdminState& state = controller.admin_state();
    if (static_cast<CommandSet>(command.cdw11 >> 24) != CommandSet::nvm)
        return Outcome::of(
            nvme::status_of(nvme::CommandStatus::io_command_set_not_supported, true));
    nvme::NamespaceRequest request;
    if (data.bytes() < sizeof(request)) return Outcome::of(kDataLengthInvalid);
    data.get(&request, sizeof(request));
    const auto choice =
        choose_format(controller, {.lbaf = static_cast<std::uint8_t>(request.format_index()),
                                   .metadata_extended = (request.flbas & 0x10) != 0,
                                   .protection_type = static_cast<std::uint8_t>(request.dps & 7),
                                   .protection_first = (request.dps & 8) != 0});
    if (!choice) return Outcome::of(choice.error());
    if (request.nsze == 0 || request.ncap != request.nsze) return Outcome::of(kInvalidField);
    if (request.nmic != 0 || request.nvmsetid != 0 || request.anagrpid != 0 ||
        request.endgid > kEnduranceGroup)
        return Outcome::of(kInvalidField);
    if (state.allocated) return Outcome::of(kNamespaceIdUnavailable);
    if (request.nsze > controller.config().size_bytes >> kFormats[choice->format].block_shift)
        return Outcome::of(kInsufficientCapacity);
    {
        Media::Held held(controller.media(), kAllStripes);
        if (!controller.media().reformat(*choice, request.nsze)) return Outcome::of(kInternalError);
    }
    state.allocated = true;
    record_change(controller, command, request);
    return Outcome::success(kNsid);
}

Outcome remove(Controller& controller, const Command& command) noexcept {
    AdminState& state = controller.admin_state();
    if (command.nsid != kNsid && command.nsid != nvme::kNsidAll)
        return Outcome::of(kInvalidNamespace);
    // All namespaces may be none.
    if (!state.allocated) return command.nsid == kNsid ? Outcome::of(kInvalidNamespace) : Outcome{};
    set_attached(controller, false);
    {
        Media::Held held(controller.media(), kAllStripes);
        controller.media().erase();
    }
    state.allocated = false;
    record_change(controller, command, {});
    return {};
}

/// True for the list that names this controller alone: there is no other.
bool names_controller(Scatter& data) noexcept {
    std::array<nvme::Le16, 2> list{};
    data.get(list.data(), sizeof(list));
    return list[0] == 1 && list[1] == kControllerId;
}

template <class T>
Outcome put(const T& structure, Scatter& data) noexcept {
    static_assert(sizeof(structure) == nvme::kIdentifyBytes);
    data.put(&structure, sizeof(structure));
    return {};
}

/// A format of the list, as a namespace in it would be described. NVM Command Set 1.0 §4.1.5.2
Outcome put_format(Controller& controller, Cns cns, std::uint32_t index, Scatter& data) noexcept {
    // Formats are those of blocks.
    if (controller.kv() != nullptr) return Outcome::of(kInvalidField);
    if (index >= kFormats.size()) return Outcome::of(kInvalidFormat);
    if (cns == Cns::ns_csi_format) {
        Command usual;
        usual.opcode = static_cast<std::uint8_t>(nvme::AdminOpcode::identify);
        usual.cdw10 = static_cast<std::uint32_t>(Cns::ns_csi);
        return identify(controller, usual, data);
    }
    nvme::IdentifyNamespace ns = identify_namespace(controller);
    // What depends on a namespace is not in it.
    ns.nsze = std::uint64_t{0};
    ns.ncap = std::uint64_t{0};
    ns.nuse = std::uint64_t{0};
    ns.flbas = 0;
    ns.dps = 0;
    ns.nvmcap = {};
    ns.nguid = {};
    ns.eui64 = {};
    return put(ns, data);
}

/// The answer where the namespace is not attached. NVMe Base 2.0 §5.17.2: structures of an inactive
/// namespace are zeroes.
std::optional<Outcome> of_detached(Cns cns, std::uint32_t nsid, bool allocated,
                                   Scatter& data) noexcept {
    switch (cns) {
        case Cns::ns:
        case Cns::ns_csi:
        case Cns::ns_independent:
            if (nsid != 0 && nsid != kNsid) return std::nullopt;
            return put(nvme::IdentifyNamespace{}, data);
        case Cns::namespace_descriptors:
            return Outcome::of(kInvalidField);
        case Cns::active_namespaces:
        case Cns::active_namespaces_csi:
            return put(nvme::NamespaceList{}, data);
        case Cns::ns_controllers:
            return put(nvme::ControllerList{}, data);
        case Cns::allocated_namespaces:
        case Cns::allocated_namespaces_csi:
            if (allocated) return std::nullopt;
            return put(nvme::NamespaceList{}, data);
        case Cns::allocated_ns:
        case Cns::allocated_ns_independent:
            if (allocated) return std::nullopt;
            return put(nvme::IdentifyNamespace{}, data);
        default:
            return std::nullopt;
    }
}

}  // namespace

bool manages_namespaces(Controller& controller) noexcept {
    return controller.config().command_set == CommandSet::nvm;
}

Outcome manage_namespace(Controller& controller, const Command& command, Scatter& data) noexcept {
    if (!manages_namespaces(controller)) return Outcome::of(kInvalidOpcode);
    if (controller.config().read_only) return Outcome::of(kWriteProtected);
    const std::lock_guard lock(controller.admin_mutex());
    if (controller.admin_state().sanitize.running) return Outcome::of(kSanitizeInProgress);
    switch (static_cast<nvme::NamespaceManagement>(command.cdw10 & 0xf)) {
        case nvme::NamespaceManagement::create:
            return create(controller, command, data);
        case nvme::NamespaceManagement::remove:
            return remove(controller, command);
    }
    return Outcome::of(kInvalidField);
}

Outcome attach_namespace(Controller& controller, const Command& command, Scatter& data) noexcept {
    if (!manages_namespaces(controller)) return Outcome::of(kInvalidOpcode);
    if (data.bytes() < sizeof(nvme::ControllerList)) return Outcome::of(kDataLengthInvalid);
    const auto operation = static_cast<nvme::NamespaceAttachment>(command.cdw10 & 0xf);
    if (operation > nvme::NamespaceAttachment::detach) return Outcome::of(kInvalidField);
    const std::lock_guard lock(controller.admin_mutex());
    AdminState& state = controller.admin_state();
    if (command.nsid != kNsid || !state.allocated) return Outcome::of(kInvalidNamespace);
    if (!names_controller(data)) return Outcome::of(kControllerListInvalid);
    const bool attach = operation == nvme::NamespaceAttachment::attach;
    if (attach == state.attached) return Outcome::of(attach ? kAlreadyAttached : kNotAttached);
    set_attached(controller, attach);
    state.namespace_changed = true;
    return {};
}

std::optional<Outcome> identify_managed(Controller& controller, const Command& command,
                                        Scatter& data) noexcept {
    const auto cns = static_cast<Cns>(command.cdw10 & 0xff);
    bool allocated = true;
    bool attached = true;
    {
        const std::lock_guard lock(controller.admin_mutex());
        allocated = controller.admin_state().allocated;
        attached = controller.admin_state().attached;
    }
    if (!attached) {
        if (auto outcome = of_detached(cns, command.nsid, allocated, data)) return outcome;
    }
    switch (cns) {
        case Cns::ns_format:
        case Cns::ns_csi_format:
            return put_format(controller, cns, command.cdw11 & 0xffff, data);
        case Cns::allocated_ns_independent: {
            Command usual = command;
            usual.cdw10 = static_cast<std::uint32_t>(Cns::ns_independent);
            return identify(controller, usual, data);
        }
        case Cns::endurance_groups: {
            // Groups from the one that the command begins with.
            nvme::EnduranceGroupList list{};
            if ((command.cdw11 & 0xffff) <= kEnduranceGroup) {
                list.num = std::uint16_t{1};
                list.endgid[0] = kEnduranceGroup;
            }
            return put(list, data);
        }
        default:
            return std::nullopt;
    }
}

void add_management(Controller& controller, nvme::IdentifyController& id) noexcept {
    id.oacs |= static_cast<std::uint16_t>(nvme::kOacsSecurity | nvme::kOacsFirmware);
    if (manages_namespaces(controller)) id.oacs |= std::uint16_t{nvme::kOacsNamespaceManagement};
    id.lpa |= nvme::kLpaTelemetry | nvme::kLpaPersistentEvent | nvme::kLpaTelemetryDataArea4;
    id.ctratt |= (1u << 1) | (1u << 4);  // Non-operational power state, endurance groups.
    // Three slots, the first read-only; images are activated without a reset when asked to be.
    id.frmw = static_cast<std::uint8_t>(1u | (kFirmwareSlots << 1) | (1u << 4));
    id.fwug = 1;
    id.apsta = 1;
    id.hctma = std::uint16_t{1};
    id.mntmt = kThermalMinKelvin;
    id.mxtmt = kThermalMaxKelvin;
    id.endgidmax = kEnduranceGroup;
    id.pels = std::uint32_t{(EventLog::kBytesMax + 65535) / 65536};
    const std::lock_guard lock(controller.admin_mutex());
    id.fr = controller.firmware().revision();
    std::uint64_t allocated = 0;
    if (controller.admin_state().allocated) {
        Media::Held held(controller.media(), 1);
        const Shape& shape = controller.media().shown();
        allocated = shape.blocks << shape.block_shift;
    }
    id.unvmcap = nvme::U128::of(controller.config().size_bytes - allocated);
}

}  // namespace xnvme::be_model
