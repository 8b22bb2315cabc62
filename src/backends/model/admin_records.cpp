// Log pages that tell of the device's life: telemetry, persistent events, the endurance group, and
// what setting a feature does.
#include <array>
#include <chrono>
#include <cstdio>
#include <mutex>

#include <xnvme/nvme/builders.hpp>
#include <xnvme/nvme/log_events.hpp>
#include <xnvme/nvme/log_groups.hpp>

#include "admin.hpp"

namespace xnvme::be_model {

namespace {

using nvme::LogPage;

constexpr auto kRecordPages = std::to_array<LogPage>({
    LogPage::telemetry_host,
    LogPage::telemetry_controller,
    LogPage::endurance_group,
    LogPage::persistent_event,
    LogPage::endurance_group_events,
    LogPage::feature_effects,
});

/// The last blocks of telemetry's data areas.
constexpr std::array<std::uint16_t, nvme::kTelemetryAreas> kLastBlocks{16, 48, 96, 160};
constexpr std::uint32_t kTelemetryBytes =
    (std::uint32_t{kLastBlocks.back()} + 1) * nvme::kTelemetryBlockBytes;

template <class T>
Outcome put(const Command& command, Scatter& data, const T& page) noexcept {
    return put_log_part(command, data, nvme::encode(page));
}

nvme::TelemetryHeader telemetry_header(const AdminState& state, LogPage page) noexcept {
    nvme::TelemetryHeader header{};
    header.lid = static_cast<std::uint8_t>(page);
    header.scope = 1;  // The controller's.
    header.host_generation = state.telemetry_generation;
    header.controller_generation = state.telemetry_controller_generation;
    header.controller_available = state.telemetry_available ? 1 : 0;
    const bool host = page == LogPage::telemetry_host;
    const bool captured = host ? state.telemetry_generation != 0 : state.telemetry_available;
    if (captured) {
        header.dalb1 = kLastBlocks[0];
        header.dalb2 = kLastBlocks[1];
        header.dalb3 = kLastBlocks[2];
        header.dalb4 = std::uint32_t{kLastBlocks[3]};
        constexpr std::string_view kReason = "the host asked";
        constexpr std::string_view kMedia = "media error";
        const std::string_view reason = host ? kReason : kMedia;
        for (std::size_t i = 0; i < reason.size(); ++i)
            header.reason[i] = static_cast<std::uint8_t>(reason[i]);
    }
    return header;
}

/// A block of telemetry data: which block of which capture it is, in words.
std::array<char, nvme::kTelemetryBlockBytes> telemetry_block(std::string_view serial,
                                                             unsigned generation,
                                                             std::uint32_t block) noexcept {
    std::array<char, nvme::kTelemetryBlockBytes> text{};
    std::snprintf(text.data(), text.size(), "telemetry of %.*s, capture %u, block %u",
                  static_cast<int>(serial.size()), serial.data(), generation, block);
    return text;
}

/// The controller captures its state by itself when a medium failed, and keeps it until the host
/// released it. NVMe Base 2.0 §8.24
void capture_by_itself(Controller& controller, AdminState& state) noexcept {
    const std::uint64_t errors = controller.errors().counts().media_errors;
    if (state.telemetry_available || errors == state.telemetry_media_errors) return;
    state.telemetry_media_errors = errors;
    state.telemetry_available = true;
    ++state.telemetry_controller_generation;
}

Outcome telemetry(Controller& controller, const Command& command, Scatter& data,
                  LogPage page) noexcept {
    const bool host = page == LogPage::telemetry_host;
    const std::uint64_t offset = nvme::log_offset_bytes(command);
    const std::uint64_t wanted = nvme::log_bytes(command);
    // Telemetry is read in blocks. NVMe Base 2.0 §5.16.1.8
    constexpr std::uint32_t kBlock = nvme::kTelemetryBlockBytes;
    if (offset % kBlock != 0 || wanted % kBlock != 0) return Outcome::of(kInvalidField);
    if (offset > kTelemetryBytes) return Outcome::of(kInvalidField);
    const bool create = host && ((command.cdw10 >> 8) & nvme::kTelemetryCreate) != 0;
    const bool retain = (command.cdw10 & (1u << 15)) != 0;

    const std::lock_guard lock(controller.admin_mutex());
    AdminState& state = controller.admin_state();
    if (create) {
        ++state.telemetry_generation;
        controller.record(nvme::PersistentEventType::telemetry_create, nvme::Le64(0));
    }
    if (!host) capture_by_itself(controller, state);
    const nvme::TelemetryHeader header = telemetry_header(state, page);
    const unsigned generation =
        host ? state.telemetry_generation : state.telemetry_controller_generation;
    const std::uint32_t last = header.last_block(4);
    for (std::uint64_t at = offset; at < offset + wanted; at += kBlock) {
        const auto block = static_cast<std::uint32_t>(at / kBlock);
        if (block == 0) {
            data.put(&header, sizeof(header));
        } else if (block <= last) {
            const auto text = telemetry_block(controller.config().serial, generation, block);
            data.put(text.data(), text.size());
        } else {
            data.fill(std::byte{0}, kBlock);
        }
    }
    if (!host && !retain) state.telemetry_available = false;
    return {};
}

Outcome endurance_group(Controller& controller, const Command& command, Scatter& data) noexcept {
    if (command.cdw11 >> 16 != kEnduranceGroup) return Outcome::of(kInvalidField);
    constexpr std::uint64_t kUnit = 1'000'000'000;
    const auto units = [](std::uint64_t bytes) {
        return nvme::U128::of(bytes / kUnit + (bytes % kUnit != 0 ? 1 : 0));
    };
    nvme::EnduranceGroupLog log{};
    const Traffic traffic = controller.traffic();
    const ErrorCounts errors = controller.errors().counts();
    log.available_spare = 100;
    log.available_spare_threshold = 10;
    log.data_units_read = units(traffic.read_bytes);
    log.data_units_written = units(traffic.written_bytes);
    log.media_units_written = units(traffic.written_bytes);
    log.host_read_commands = nvme::U128::of(traffic.read_commands);
    log.host_write_commands = nvme::U128::of(traffic.write_commands);
    log.media_errors = nvme::U128::of(errors.media_errors);
    log.error_log_entries = nvme::U128::of(errors.errors);
    log.total_capacity = nvme::U128::of(controller.config().size_bytes);
    log.unallocated_capacity = identify_controller(controller).unvmcap;
    return put(command, data, log);
}

Outcome persistent_events(Controller& controller, const Command& command, Scatter& data) noexcept {
    nvme::PersistentEventHeader header{};
    const nvme::IdentifyController id = identify_controller(controller);
    header.timestamp = controller.features().timestamp();
    const auto on = std::chrono::steady_clock::now() - controller.started();
    header.power_on_hours = nvme::U128::of(
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::hours>(on).count()));
    header.power_cycles = std::uint64_t{1};
    header.sn = id.sn;
    header.mn = id.mn;
    header.subnqn = id.subnqn;
    return controller.events().get(command, data, header);
}

nvme::FeatureEffectsLog feature_effects(Controller& controller) noexcept {
    constexpr std::uint32_t kOfNamespace = 1u << 20;
    constexpr std::uint32_t kOfController = 1u << 21;
    nvme::FeatureEffectsLog log{};
    for (std::uint32_t id = 0; id < log.features.size(); ++id) {
        const auto capabilities = Features::capabilities(static_cast<nvme::FeatureId>(id));
        if (!capabilities) continue;
        log.features[id].raw =
            nvme::kEffectSupported | (capabilities->per_namespace() ? kOfNamespace : kOfController);
    }
    if (controller.fdp() != nullptr) {
        constexpr std::uint32_t kOfGroup = 1u << 23;
        for (const nvme::FeatureId id : {nvme::FeatureId::fdp, nvme::FeatureId::fdp_events})
            log.features[static_cast<std::uint8_t>(id)].raw = nvme::kEffectSupported | kOfGroup;
    }
    return log;
}

}  // namespace

std::span<const nvme::LogPage> record_pages() noexcept {
    return kRecordPages;
}

std::optional<Outcome> get_record(Controller& controller, const Command& command,
                                  Scatter& data) noexcept {
    const auto page = static_cast<LogPage>(command.cdw10 & 0xff);
    switch (page) {
        case LogPage::telemetry_host:
        case LogPage::telemetry_controller:
            return telemetry(controller, command, data, page);
        case LogPage::endurance_group:
            return endurance_group(controller, command, data);
        case LogPage::persistent_event:
            return persistent_events(controller, command, data);
        case LogPage::endurance_group_events:
            // No group has had an event.
            return put(command, data, nvme::Le64(0));
        case LogPage::feature_effects:
            return put(command, data, feature_effects(controller));
        default:
            return std::nullopt;
    }
}

}  // namespace xnvme::be_model
