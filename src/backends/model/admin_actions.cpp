#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

#include <xnvme/nvme/builders.hpp>

#include "admin.hpp"

namespace xnvme::be_model {

namespace {

bool names_namespace(std::uint32_t nsid) noexcept {
    return nsid == 0 || nsid == kNsid || nsid == nvme::kNsidAll;
}

/// Why what changes the namespace cannot be done now, or success.
Status change_blocked(Controller& controller) noexcept {
    const std::lock_guard lock(controller.admin_mutex());
    const AdminState& state = controller.admin_state();
    if (state.sanitize.running) return kSanitizeInProgress;
    return state.attached ? kSuccess : kInvalidNamespace;
}

/// The results move on, and a new one is the first of them.
void add_result(nvme::SelfTestLog& log, const nvme::SelfTestResult& result) noexcept {
    std::shift_right(log.results.begin(), log.results.end(), 1);
    log.results[0] = result;
}

}  // namespace

std::expected<FormatChoice, Status> choose_format(Controller& controller,
                                                  const nvme::FormatFields& fields) noexcept {
    if (fields.lbaf >= (controller.kv() != nullptr ? 1 : kFormats.size()))
        return std::unexpected(kInvalidFormat);
    const BlockFormat& format = kFormats[fields.lbaf];
    nvme::ProtectionFormat protection;
    protection.type = fields.protection_type;
    protection.guard_bits = format.guard_bits;
    if (protection.type > 3) return std::unexpected(kInvalidField);
    if (protection.type != 0 && format.metadata_bytes < protection.bytes())
        return std::unexpected(kInvalidFormat);
    // Appended blocks would need their reference tags remapped, which the model does not do.
    if (protection.type != 0 && controller.zones() != nullptr)
        return std::unexpected(kInvalidFormat);
    return FormatChoice{fields.lbaf, fields.metadata_extended && format.metadata_bytes != 0,
                        fields.protection_type,
                        fields.protection_type != 0 && fields.protection_first};
}

Outcome format_nvm(Controller& controller, const Command& command) noexcept {
    const nvme::FormatFields fields = nvme::format_fields(command);
    if (!names_namespace(command.nsid)) return Outcome::of(kInvalidNamespace);
    if (fields.erase > nvme::SecureErase::cryptographic) return Outcome::of(kInvalidField);
    if (controller.config().read_only) return Outcome::of(kWriteProtected);
    const auto choice = choose_format(controller, fields);
    if (!choice) return Outcome::of(choice.error());
    if (const Status blocked = change_blocked(controller); !blocked.ok())
        return Outcome::of(blocked);
    nvme::FormatStartEvent started{};
    started.nsid = command.nsid;
    started.cdw10 = command.cdw10;
    controller.record(nvme::PersistentEventType::format_start, started);
    if (controller.kv() != nullptr) {
        controller.kv()->erase();
    } else {
        // Zones are locked before blocks are, as commands on zones do.
        std::optional<Zones::Held> zones;
        if (controller.zones() != nullptr) zones.emplace(*controller.zones(), kAllZoneStripes);
        Media::Held held(controller.media(), kAllStripes);
        controller.media().reformat(*choice);
        if (zones) controller.zones()->clear();
        if (controller.fdp() != nullptr) controller.fdp()->erased();
    }
    const std::lock_guard lock(controller.admin_mutex());
    controller.admin_state().namespace_changed = true;
    nvme::FormatCompletionEvent completed{};
    completed.nsid = command.nsid;
    controller.record(nvme::PersistentEventType::format_completion, completed);
    return {};
}

Outcome sanitize(Controller& controller, const Command& command) noexcept {
    constexpr std::uint16_t kCompleted = 1;
    constexpr std::uint16_t kCompletedAndDeallocated = 4;
    const auto action = static_cast<nvme::SanitizeAction>(command.cdw10 & 7);
    const bool keep_allocated = (command.cdw10 & (1u << 9)) != 0;
    const std::lock_guard lock(controller.admin_mutex());
    AdminState& state = controller.admin_state();
    switch (action) {
        case nvme::SanitizeAction::exit_failure:
            // No sanitize operation has ever failed, so there is nothing to leave.
            return {};
        case nvme::SanitizeAction::block_erase:
        case nvme::SanitizeAction::overwrite:
        case nvme::SanitizeAction::crypto_erase:
            break;
        default:
            return Outcome::of(kInvalidField);
    }
    if (controller.config().read_only) return Outcome::of(kWriteProtected);
    if (state.sanitize.running) return Outcome::of(kSanitizeInProgress);
    // Blocks are deallocated in any case (NDI of SANICAP). Who asked for the contrary gets an
    // error, or with NODRM of the feature a note in the log. NVMe Base 2.0 §5.24
    if (keep_allocated && !controller.features().warns_of_deallocation())
        return Outcome::of(kInvalidField);
    if (controller.kv() != nullptr) {
        controller.kv()->erase();
    } else {
        std::optional<Zones::Held> zones;
        if (controller.zones() != nullptr) zones.emplace(*controller.zones(), kAllZoneStripes);
        Media::Held held(controller.media(), kAllStripes);
        controller.media().erase();
        if (zones) controller.zones()->clear();
        if (controller.fdp() != nullptr) controller.fdp()->erased();
    }
    // Bits 7:3 of the state: passes of an overwrite that were done.
    const std::uint32_t passes = (command.cdw10 >> 4) & 0xf;
    const std::uint32_t done =
        action == nvme::SanitizeAction::overwrite ? (passes == 0 ? 16 : passes) : 0;
    state.sanitize_outcome = static_cast<std::uint16_t>(
        (keep_allocated ? kCompletedAndDeallocated : kCompleted) | (done << 3));
    state.sanitize_state = static_cast<std::uint16_t>(nvme::SanitizeState::in_progress);
    state.sanitize_command = command.cdw10;
    state.writes_at_sanitize = controller.traffic().write_commands;
    nvme::SanitizeStartEvent event{};
    event.cdw10 = command.cdw10;
    event.cdw11 = command.cdw11;
    controller.record(nvme::PersistentEventType::sanitize_start, event);
    state.sanitize.start(controller.config().background);
    controller.set_sanitizing(true);
    return {};
}

Outcome self_test(Controller& controller, const Command& command) noexcept {
    constexpr std::uint32_t kShort = 1;
    constexpr std::uint32_t kExtended = 2;
    constexpr std::uint32_t kAbort = 0xf;
    const std::uint32_t code = command.cdw10 & 0xf;
    if (!names_namespace(command.nsid)) return Outcome::of(kInvalidNamespace);
    const std::lock_guard lock(controller.admin_mutex());
    AdminState& state = controller.admin_state();
    if (code == kAbort) {
        if (!state.self_test.running) return {};
        state.self_test.running = false;
        state.self_tests.operation = 0;
        nvme::SelfTestResult aborted = state.self_test_outcome;
        aborted.status |= 1;  // Bits 3:0: aborted by a Device Self-test command.
        add_result(state.self_tests, aborted);
        return {};
    }
    if (code != kShort && code != kExtended) return Outcome::of(kInvalidField);
    if (state.sanitize.running) return Outcome::of(kSanitizeInProgress);
    if (state.self_test.running) return Outcome::of(kSelfTestInProgress);
    nvme::SelfTestResult result{};
    result.status = static_cast<std::uint8_t>(code << 4);  // Bits 3:0: no error.
    const auto on = std::chrono::steady_clock::now() - controller.started();
    result.power_on_hours =
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::hours>(on).count());
    if (command.nsid == kNsid) {
        result.valid = 1;
        result.nsid = kNsid;
    }
    state.self_test_outcome = result;
    state.self_tests.operation = static_cast<std::uint8_t>(code);
    state.self_test.start(controller.config().background);
    return {};
}

}  // namespace xnvme::be_model
