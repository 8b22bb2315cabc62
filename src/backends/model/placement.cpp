#include "placement.hpp"

#include <algorithm>
#include <array>
#include <new>

#include <xnvme/nvme/builders.hpp>

namespace xnvme::be_model {

namespace {

using nvme::DirectiveType;

constexpr Status kFdpDisabled = nvme::status_of(nvme::GenericStatus::fdp_disabled, true);

bool names_namespace(std::uint32_t nsid) noexcept {
    return nsid == 0 || nsid == kNsid || nsid == nvme::kNsidAll;
}

bool has_fdp(Controller& controller) noexcept {
    return controller.fdp() != nullptr && controller.fdp()->enabled();
}
bool has_streams(Controller& controller) noexcept {
    return controller.streams() != nullptr && controller.streams()->enabled();
}

/// Moves what fits of a structure, and fills the rest of what was asked for with zeroes.
Outcome put(std::uint64_t wanted, Scatter& data, std::span<const std::byte> bytes) noexcept {
    if (!data.status().ok()) return Outcome::of(data.status());
    if (data.bytes() < wanted) return Outcome::of(kDataLengthInvalid);
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(wanted, bytes.size()));
    data.put(bytes.data(), part);
    data.fill(std::byte{0}, static_cast<std::size_t>(wanted) - part);
    return {};
}

template <class T>
void append(std::vector<std::byte>& bytes, const T& value) {
    const auto encoded = nvme::encode(value);
    bytes.insert(bytes.end(), encoded.begin(), encoded.end());
}

nvme::DirectiveParameters directive_parameters(Controller& controller) noexcept {
    nvme::DirectiveParameters parameters{};
    const auto add = [&](DirectiveType type, bool enabled, bool persistent) {
        nvme::DirectiveParameters::add(parameters.supported, type);
        if (enabled) nvme::DirectiveParameters::add(parameters.enabled, type);
        if (persistent) nvme::DirectiveParameters::add(parameters.persistent, type);
    };
    add(DirectiveType::identify, true, false);
    if (controller.streams() != nullptr)
        add(DirectiveType::streams, has_streams(controller), false);
    // It goes with flexible data placement, and is turned on and off with that alone.
    if (has_fdp(controller)) add(DirectiveType::data_placement, true, true);
    return parameters;
}

Outcome receive_streams(Controller& controller, const Command& command, std::uint64_t wanted,
                        Scatter& data) {
    if (!has_streams(controller)) return Outcome::of(kInvalidField);
    Streams& streams = *controller.streams();
    switch (command.cdw11 & 0xff) {
        case nvme::kStreamsReceiveParameters:
            return put(wanted, data, nvme::encode(streams.parameters()));
        case nvme::kStreamsReceiveStatus: {
            const std::vector<std::uint16_t> open = streams.open();
            std::vector<std::byte> bytes;
            append(bytes, nvme::Le16(static_cast<std::uint16_t>(open.size())));
            for (const std::uint16_t stream : open) append(bytes, nvme::Le16(stream));
            return put(wanted, data, bytes);
        }
        case nvme::kStreamsReceiveAllocate:
            return streams.allocate(static_cast<std::uint16_t>(command.cdw12));
        default:
            return Outcome::of(kInvalidField);
    }
}

// ---- Log pages ----

void put_configurations(Controller& controller, std::vector<std::byte>& page) {
    const PlacementConfig& config = controller.fdp()->config();
    const std::uint32_t each = static_cast<std::uint32_t>(
        sizeof(nvme::FdpConfigurationDescriptor) + config.handles * sizeof(nvme::FdpRuhDescriptor));
    nvme::FdpConfigurationsHeader header{};
    header.sze = static_cast<std::uint32_t>(sizeof(header)) + each;
    append(page, header);
    nvme::FdpConfigurationDescriptor descriptor{};
    descriptor.dsze = static_cast<std::uint16_t>(each);
    descriptor.fdpa = static_cast<std::uint8_t>(0x80 | controller.fdp()->group_bits());
    descriptor.nrg = config.groups;
    descriptor.nruh = static_cast<std::uint16_t>(config.handles);
    descriptor.maxpids = static_cast<std::uint16_t>(config.handles - 1);
    descriptor.nns = std::uint32_t{1};
    descriptor.runs = config.unit_bytes;
    append(page, descriptor);
    nvme::FdpRuhDescriptor handle{};
    // Nothing is ever moved from one handle's units to another's.
    handle.ruht = static_cast<std::uint8_t>(nvme::FdpIsolation::persistently);
    for (std::uint32_t i = 0; i < config.handles; ++i) append(page, handle);
}

void put_usage(Controller& controller, std::vector<std::byte>& page) {
    const std::uint32_t handles = controller.fdp()->config().handles;
    nvme::FdpUsageHeader header{};
    header.nruh = static_cast<std::uint16_t>(handles);
    append(page, header);
    nvme::FdpUsage usage{};
    usage.ruha = static_cast<std::uint8_t>(nvme::FdpUse::host);
    for (std::uint32_t i = 0; i < handles; ++i) append(page, usage);
}

void put_events(Controller& controller, bool host, std::vector<std::byte>& page) {
    const std::vector<nvme::FdpEvent> events = controller.fdp()->events(host);
    nvme::FdpEventsHeader header{};
    header.n = static_cast<std::uint32_t>(events.size());
    append(page, header);
    for (const nvme::FdpEvent& event : events) append(page, event);
}

Status build_log(Controller& controller, const Command& command, std::vector<std::byte>& page) {
    const auto id = static_cast<nvme::LogPage>(command.cdw10 & 0xff);
    const std::uint32_t group = command.cdw11 >> 16;
    if (controller.fdp() == nullptr) return kInvalidLogPage;
    if (group != kEnduranceGroup) return kInvalidField;
    // What can be configured is told in any case; the rest is there while it is on.
    if (id == nvme::LogPage::fdp_configurations) {
        put_configurations(controller, page);
        return kSuccess;
    }
    if (!controller.fdp()->enabled()) return kFdpDisabled;
    switch (id) {
        case nvme::LogPage::fdp_ruh_usage:
            put_usage(controller, page);
            return kSuccess;
        case nvme::LogPage::fdp_statistics:
            append(page, controller.fdp()->statistics());
            return kSuccess;
        default:
            // LSP bit 0: the host's events. NVMe Base 2.1 §5.1.12.1.31
            put_events(controller, (command.cdw10 & 0x100) != 0, page);
            return kSuccess;
    }
}

}  // namespace

Status check_directive(Controller& controller, const Command& command) noexcept {
    const std::uint32_t type = (command.cdw12 >> 20) & 0xf;
    if (type == 0) return kSuccess;
    switch (static_cast<DirectiveType>(type)) {
        case DirectiveType::streams:
            return has_streams(controller) ? kSuccess : kInvalidField;
        case DirectiveType::data_placement:
            return has_fdp(controller) ? kSuccess : kInvalidField;
        default:
            return kInvalidField;
    }
}

void note_write(Controller& controller, const Command& command, std::uint64_t data_bytes,
                std::uint64_t total_bytes) noexcept {
    const DirectiveType type = nvme::directive_of(command);
    const std::uint16_t specific = nvme::directive_specific(command);
    // Stream 0 is no stream. NVMe Base 2.0 §8.7.3
    if (type == DirectiveType::streams && specific != 0) controller.streams()->wrote(specific);
    if (!has_fdp(controller)) return;
    const bool placed = type == DirectiveType::data_placement;
    controller.fdp()->wrote(placed ? specific : std::uint16_t{0}, data_bytes, total_bytes);
}

Outcome directive_receive(Controller& controller, const Command& command, Scatter& data) noexcept {
    const auto type = static_cast<DirectiveType>((command.cdw11 >> 8) & 0xff);
    const std::uint64_t wanted = (std::uint64_t{command.cdw10} + 1) * 4;
    if (!names_namespace(command.nsid)) return Outcome::of(kInvalidNamespace);
    try {
        if (type == DirectiveType::streams)
            return receive_streams(controller, command, wanted, data);
    } catch (const std::bad_alloc&) {
        return Outcome::of(kInternalError);
    }
    const bool parameters = (command.cdw11 & 0xff) == nvme::kIdentifyReceiveParameters;
    if (type != DirectiveType::identify || !parameters) return Outcome::of(kInvalidField);
    return put(wanted, data, nvme::encode(directive_parameters(controller)));
}

Outcome directive_send(Controller& controller, const Command& command) noexcept {
    const auto type = static_cast<DirectiveType>((command.cdw11 >> 8) & 0xff);
    const std::uint32_t operation = command.cdw11 & 0xff;
    if (!names_namespace(command.nsid)) return Outcome::of(kInvalidNamespace);
    if (type == DirectiveType::identify && operation == nvme::kIdentifySendEnable) {
        // Of the directives there are, streams alone can be turned on and off.
        const auto target = static_cast<DirectiveType>((command.cdw12 >> 8) & 0xff);
        if (target != DirectiveType::streams || controller.streams() == nullptr)
            return Outcome::of(kInvalidField);
        controller.streams()->enable((command.cdw12 & 1) != 0);
        return {};
    }
    if (type != DirectiveType::streams || !has_streams(controller))
        return Outcome::of(kInvalidField);
    if (operation == nvme::kStreamsSendReleaseIdentifier) {
        controller.streams()->release(static_cast<std::uint16_t>(command.cdw11 >> 16));
        return {};
    }
    if (operation != nvme::kStreamsSendReleaseResources) return Outcome::of(kInvalidField);
    controller.streams()->release_all();
    return {};
}

Outcome io_management_receive(Controller& controller, const Context& context) noexcept {
    const Command& command = context.command;
    if (controller.fdp() == nullptr) return Outcome::of(kInvalidOpcode);
    const std::uint32_t operation = command.cdw10 & 0xff;
    if (operation == 0) return {};  // No action.
    if (operation != nvme::kIoReceiveRuhStatus) return Outcome::of(kInvalidField);
    if (!controller.fdp()->enabled()) return Outcome::of(kFdpDisabled);
    Scatter data = Scatter::data_of(context);
    try {
        const auto statuses = controller.fdp()->status(controller.media().shape().block_bytes);
        std::vector<std::byte> bytes;
        bytes.reserve(sizeof(nvme::FdpStatusHeader) + statuses.size() * sizeof(nvme::FdpStatus));
        nvme::FdpStatusHeader header{};
        header.nruhsd = static_cast<std::uint16_t>(statuses.size());
        append(bytes, header);
        for (const nvme::FdpStatus& status : statuses) append(bytes, status);
        return put((std::uint64_t{command.cdw11} + 1) * 4, data, bytes);
    } catch (const std::bad_alloc&) {
        return Outcome::of(kInternalError);
    }
}

Outcome io_management_send(Controller& controller, const Context& context) noexcept {
    const Command& command = context.command;
    if (controller.fdp() == nullptr) return Outcome::of(kInvalidOpcode);
    const std::uint32_t operation = command.cdw10 & 0xff;
    if (operation == 0) return {};  // No action.
    if (operation != nvme::kIoSendRuhUpdate) return Outcome::of(kInvalidField);
    if (!controller.fdp()->enabled()) return Outcome::of(kFdpDisabled);
    const std::uint32_t count = (command.cdw10 >> 16) + 1;
    if (count > nvme::kFdpUpdateMax) return Outcome::of(kInvalidField);
    Scatter data = Scatter::data_of(context);
    if (!data.status().ok()) return Outcome::of(data.status());
    std::array<nvme::Le16, nvme::kFdpUpdateMax> placements;
    if (data.bytes() < count * sizeof(nvme::Le16)) return Outcome::of(kDataLengthInvalid);
    data.get(placements.data(), count * sizeof(nvme::Le16));
    return Outcome::of(controller.fdp()->update(std::span(placements).first(count)));
}

bool is_fdp_feature(Controller& controller, const Command& command) noexcept {
    const auto id = static_cast<nvme::FeatureId>(command.cdw10 & 0xff);
    return controller.fdp() != nullptr &&
           (id == nvme::FeatureId::fdp || id == nvme::FeatureId::fdp_events);
}

Outcome get_fdp_feature(Controller& controller, const Command& command, Scatter& data) noexcept {
    constexpr std::uint32_t kPerNamespaceAndChangeable = 6;
    constexpr std::uint32_t kChangeable = 4;
    const bool events =
        static_cast<nvme::FeatureId>(command.cdw10 & 0xff) == nvme::FeatureId::fdp_events;
    const auto select = static_cast<nvme::FeatureSelect>((command.cdw10 >> 8) & 7);
    if (select == nvme::FeatureSelect::capabilities)
        return Outcome::success(events ? kPerNamespaceAndChangeable : kChangeable);
    // Neither is saved: what they are by default is all there is beside what they are now.
    if (select > nvme::FeatureSelect::saved) return Outcome::of(kInvalidField);
    const bool current = select == nvme::FeatureSelect::current;
    if (!events) {
        if ((command.cdw11 & 0xffff) != kEnduranceGroup) return Outcome::of(kInvalidField);
        return Outcome::success(current && !controller.fdp()->enabled() ? 0 : 1);
    }
    if (command.nsid != kNsid) return Outcome::of(kInvalidNamespace);
    if (!controller.fdp()->enabled()) return Outcome::of(kFdpDisabled);
    std::array<nvme::FdpEventDescriptor, 255> types{};
    const std::uint32_t wanted = (command.cdw11 >> 16) & 0xff;
    std::uint32_t count = 0;
    const Status status =
        controller.fdp()->get_events(command.cdw11 & 0xffff, std::span(types).first(wanted), count);
    if (!status.ok()) return Outcome::of(status);
    if (!current)
        for (nvme::FdpEventDescriptor& type : types) type.attributes = 0;
    const std::size_t bytes = count * sizeof(nvme::FdpEventDescriptor);
    const Outcome moved = put(bytes, data, std::as_bytes(std::span(types)).first(bytes));
    return moved.status.ok() ? Outcome::success(count) : moved;
}

Outcome set_fdp_feature(Controller& controller, const Command& command, Scatter& data) noexcept {
    if ((command.cdw10 & (1u << 31)) != 0) return Outcome::of(kFeatureNotSaveable);
    FdpState& fdp = *controller.fdp();
    if (static_cast<nvme::FeatureId>(command.cdw10 & 0xff) == nvme::FeatureId::fdp) {
        const bool first_configuration = ((command.cdw12 >> 8) & 0xff) == 0;
        if ((command.cdw11 & 0xffff) != kEnduranceGroup || !first_configuration)
            return Outcome::of(kInvalidField);
        // It takes an endurance group without a namespace. The model's counts as one from its first
        // write on: formatting it is what deleting it is elsewhere.
        Media::Held held(controller.media(), kAllStripes);
        if (controller.media().allocated_blocks() != 0) return Outcome::of(kSequenceError);
        fdp.enable((command.cdw12 & 1) != 0);
        return {};
    }
    if (command.nsid != kNsid) return Outcome::of(kInvalidNamespace);
    if (!fdp.enabled()) return Outcome::of(kFdpDisabled);
    std::array<std::uint8_t, 255> types{};
    const std::uint32_t count = (command.cdw11 >> 16) & 0xff;
    if (count == 0) return Outcome::of(kInvalidField);
    if (data.bytes() < count) return Outcome::of(kDataLengthInvalid);
    data.get(types.data(), count);
    return Outcome::of(fdp.set_events(command.cdw11 & 0xffff, std::span(types).first(count),
                                      (command.cdw12 & 1) != 0));
}

Status fdp_log(Controller& controller, const Command& command,
               std::vector<std::byte>& page) noexcept {
    try {
        return build_log(controller, command, page);
    } catch (const std::bad_alloc&) {
        return kInternalError;
    }
}

}  // namespace xnvme::be_model
