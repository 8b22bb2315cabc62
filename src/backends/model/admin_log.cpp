#include <chrono>
#include <cstddef>
#include <span>
#include <vector>

#include <xnvme/nvme/builders.hpp>
#include <xnvme/nvme/log.hpp>
#include <xnvme/nvme/opcodes.hpp>

#include "admin.hpp"
#include "kv_commands.hpp"
#include "placement.hpp"

namespace xnvme::be_model {

namespace {

using nvme::LogPage;

/// Sanitize Status, LID 81h. NVMe Base 2.0 §5.16.1.25
struct SanitizeStatusLog {
    nvme::Le16 sprog;
    nvme::Le16 sstat;
    nvme::Le32 scdw10;
    std::array<nvme::Le32, 6> estimates;  ///< Seconds; all ones where not reported.
    std::array<std::uint8_t, 480> rsvd32;
};
static_assert(sizeof(SanitizeStatusLog) == 512);

constexpr LogPage kPages[] = {
    LogPage::supported_pages, LogPage::error_information,  LogPage::health,
    LogPage::firmware_slot,   LogPage::changed_namespaces, LogPage::commands_effects,
    LogPage::self_test,       LogPage::sanitize_status,
};

constexpr LogPage kFdpPages[] = {LogPage::fdp_configurations, LogPage::fdp_ruh_usage,
                                 LogPage::fdp_statistics, LogPage::fdp_events};

template <class T>
Outcome put(const Command& command, Scatter& data, const T& page) {
    return put_log_part(command, data, std::as_bytes(std::span<const T, 1>(&page, 1)));
}

nvme::SupportedLogPages supported_pages(Controller& controller) {
    nvme::SupportedLogPages log{};
    for (const LogPage page : kPages) log.lid[static_cast<std::uint8_t>(page)] = std::uint32_t{1};
    for (const LogPage page : record_pages())
        log.lid[static_cast<std::uint8_t>(page)] = std::uint32_t{1};
    if (controller.zones() != nullptr)
        log.lid[static_cast<std::uint8_t>(LogPage::changed_zones)] = std::uint32_t{1};
    if (controller.fdp() == nullptr) return log;
    for (const LogPage page : kFdpPages)
        log.lid[static_cast<std::uint8_t>(page)] = std::uint32_t{1};
    return log;
}

/// Bytes in the log's unit of a thousand 512-byte units, rounded up.
nvme::U128 data_units(std::uint64_t bytes) {
    constexpr std::uint64_t kUnit = 512'000;
    return nvme::U128::of(bytes / kUnit + (bytes % kUnit != 0 ? 1 : 0));
}

nvme::HealthLog health(Controller& controller) {
    nvme::HealthLog log{};
    const Traffic traffic = controller.traffic();
    const ErrorCounts errors = controller.errors().counts();
    if (controller.features().temperature_warning()) log.critical_warning |= nvme::kWarnTemperature;
    if (controller.config().read_only) log.critical_warning |= nvme::kWarnReadOnly;
    log.composite_temperature = kTemperatureKelvin;
    log.temperature_sensor[0] = kTemperatureKelvin;
    log.available_spare = 100;
    log.available_spare_threshold = 10;
    log.data_units_read = data_units(traffic.read_bytes);
    log.data_units_written = data_units(traffic.written_bytes);
    log.host_read_commands = nvme::U128::of(traffic.read_commands);
    log.host_write_commands = nvme::U128::of(traffic.write_commands);
    log.power_cycles = nvme::U128::of(1);
    const auto on = std::chrono::steady_clock::now() - controller.started();
    log.power_on_hours = nvme::U128::of(
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::hours>(on).count()));
    log.media_errors = nvme::U128::of(errors.media_errors);
    log.error_log_entries = nvme::U128::of(errors.errors);
    return log;
}

nvme::FirmwareSlotLog firmware_slots(Controller& controller) {
    const std::lock_guard lock(controller.admin_mutex());
    return controller.firmware().slots();
}

nvme::CommandsEffectsLog commands_effects(Controller& controller) {
    using nvme::AdminOpcode;
    using nvme::NvmOpcode;
    nvme::CommandsEffectsLog log{};
    const auto admin = [&log](AdminOpcode opcode, std::uint32_t effects = 0) {
        log.admin[static_cast<std::uint8_t>(opcode)].raw = nvme::kEffectSupported | effects;
    };
    const auto io = [&log](NvmOpcode opcode, std::uint32_t effects = 0) {
        log.io[static_cast<std::uint8_t>(opcode)].raw = nvme::kEffectSupported | effects;
    };
    constexpr std::uint32_t kAlone = 1u << 16;  // No other command to the namespace meanwhile.
    admin(AdminOpcode::get_log_page);
    admin(AdminOpcode::identify);
    admin(AdminOpcode::abort);
    admin(AdminOpcode::set_features, nvme::kEffectController);
    admin(AdminOpcode::get_features);
    admin(AdminOpcode::async_event_request);
    admin(AdminOpcode::device_self_test);
    admin(AdminOpcode::keep_alive);
    admin(AdminOpcode::directive_send);
    admin(AdminOpcode::directive_receive);
    admin(AdminOpcode::format_nvm, nvme::kEffectBlocks | nvme::kEffectNamespace | kAlone);
    admin(AdminOpcode::sanitize, nvme::kEffectBlocks | kAlone);
    if (manages_namespaces(controller)) {
        admin(AdminOpcode::namespace_management, nvme::kEffectInventory | kAlone);
        admin(AdminOpcode::namespace_attachment, nvme::kEffectInventory | kAlone);
    }
    admin(AdminOpcode::firmware_image_download);
    admin(AdminOpcode::firmware_commit, nvme::kEffectController);
    admin(AdminOpcode::security_receive);
    admin(AdminOpcode::security_send);
    io(NvmOpcode::flush);
    if (controller.kv() != nullptr) {
        for (const auto opcode : kKvOpcodes) {
            const nvme::OpcodeInfo* info = nvme::find_opcode(nvme::OpcodeSet::key_value, opcode);
            log.io[opcode].raw =
                nvme::kEffectSupported | (info->changes_device ? nvme::kEffectBlocks : 0u);
        }
        return log;
    }
    io(NvmOpcode::write, nvme::kEffectBlocks);
    io(NvmOpcode::read);
    io(NvmOpcode::write_uncorrectable, nvme::kEffectBlocks);
    io(NvmOpcode::compare);
    io(NvmOpcode::write_zeroes, nvme::kEffectBlocks);
    io(NvmOpcode::dataset_management, nvme::kEffectBlocks);
    io(NvmOpcode::verify);
    io(NvmOpcode::copy, nvme::kEffectBlocks);
    if (controller.fdp() != nullptr) {
        io(NvmOpcode::io_management_receive);
        io(NvmOpcode::io_management_send);
    }
    return log;
}

/// Reading the list empties it, unless the host asks to keep the event (RAE, dword 10 bit 15).
nvme::ChangedNamespacesLog changed_namespaces(Controller& controller, const Command& command) {
    nvme::ChangedNamespacesLog log{};
    AdminState& state = controller.admin_state();
    const std::lock_guard lock(controller.admin_mutex());
    if (state.namespace_changed) log.list.nsid[0] = kNsid;
    if ((command.cdw10 & (1u << 15)) == 0) state.namespace_changed = false;
    return log;
}

/// A log of a namespace. Zoned Namespace Command Set 1.1 §4.1.4.1
Outcome changed_zones(Controller& controller, const Command& command, Scatter& data) {
    if (controller.zones() == nullptr) return Outcome::of(kInvalidLogPage);
    if (command.nsid == nvme::kNsidAll) return Outcome::of(kInvalidNamespace);
    const bool keep = (command.cdw10 & (1u << 15)) != 0;
    const Zones::Held held(*controller.zones(), kAllZoneStripes);
    return put(command, data, controller.zones()->changed(controller.media().shape(), keep));
}

nvme::SelfTestLog self_tests(Controller& controller) {
    const std::lock_guard lock(controller.admin_mutex());
    const AdminState& state = controller.admin_state();
    nvme::SelfTestLog log = state.self_tests;
    log.completion = state.self_test.percent();
    return log;
}

SanitizeStatusLog sanitize_status(Controller& controller) {
    constexpr std::uint16_t kGlobalDataErased = 1u << 8;
    SanitizeStatusLog log{};
    const Traffic traffic = controller.traffic();
    const std::lock_guard lock(controller.admin_mutex());
    const AdminState& state = controller.admin_state();
    log.sprog = state.sanitize.running ? static_cast<std::uint16_t>(state.sanitize.fraction(65536))
                                       : std::uint16_t{0xffff};
    log.sstat = static_cast<std::uint16_t>(
        state.sanitize_state |
        (traffic.write_commands == state.writes_at_sanitize ? kGlobalDataErased : 0));
    log.scdw10 = state.sanitize_command;
    log.estimates.fill(std::uint32_t{0xffffffff});
    return log;
}

}  // namespace

Outcome put_log_part(const Command& command, Scatter& data,
                     std::span<const std::byte> page) noexcept {
    const std::uint64_t wanted = nvme::log_bytes(command);
    const std::uint64_t offset = nvme::log_offset_bytes(command);
    if (offset % 4 != 0 || offset > page.size()) return Outcome::of(kInvalidField);
    const std::span<const std::byte> rest = page.subspan(static_cast<std::size_t>(offset));
    const std::size_t part = wanted < rest.size() ? static_cast<std::size_t>(wanted) : rest.size();
    data.put(rest.data(), part);
    data.fill(std::byte{0}, static_cast<std::size_t>(wanted) - part);
    return {};
}

Outcome get_log_page(Controller& controller, const Command& command, Scatter& data) noexcept {
    if (data.bytes() < nvme::log_bytes(command)) return Outcome::of(kDataLengthInvalid);
    if (command.nsid != 0 && command.nsid != kNsid && command.nsid != nvme::kNsidAll)
        return Outcome::of(kInvalidNamespace);
    const auto csi = static_cast<CommandSet>(command.cdw14 >> 24);
    if (const auto record = get_record(controller, command, data)) return *record;
    switch (static_cast<LogPage>(command.cdw10 & 0xff)) {
        case LogPage::supported_pages:
            return put(command, data, supported_pages(controller));
        case LogPage::error_information:
            return put(command, data, controller.errors().entries());
        case LogPage::health:
            return put(command, data, health(controller));
        case LogPage::firmware_slot:
            return put(command, data, firmware_slots(controller));
        case LogPage::changed_namespaces:
            return put(command, data, changed_namespaces(controller, command));
        case LogPage::commands_effects:
            if (csi == CommandSet::nvm && controller.zones() != nullptr)
                return put(command, data, commands_effects(controller));
            if (csi != controller.config().command_set) return Outcome::of(kInvalidField);
            if (csi == CommandSet::zoned) {
                nvme::CommandsEffectsLog log = commands_effects(controller);
                add_zoned_effects(log);
                return put(command, data, log);
            }
            return put(command, data, commands_effects(controller));
        case LogPage::self_test:
            return put(command, data, self_tests(controller));
        case LogPage::sanitize_status:
            return put(command, data, sanitize_status(controller));
        case LogPage::changed_zones:
            return changed_zones(controller, command, data);
        case LogPage::fdp_configurations:
        case LogPage::fdp_ruh_usage:
        case LogPage::fdp_statistics:
        case LogPage::fdp_events: {
            std::vector<std::byte> page;
            const Status built = fdp_log(controller, command, page);
            return built.ok() ? put_log_part(command, data, page) : Outcome::of(built);
        }
        default:
            return Outcome::of(kInvalidLogPage);
    }
}

}  // namespace xnvme::be_model
