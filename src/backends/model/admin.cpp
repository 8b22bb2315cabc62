#include "admin.hpp"

#include <array>

#include <xnvme/nvme/opcodes.hpp>

#include "placement.hpp"

namespace xnvme::be_model {

namespace {

using nvme::AdminOpcode;

/// A feature that was set is an event. NVMe Base 2.0 §5.16.1.14.1.11
Outcome set_features(Controller& controller, const Command& command, Scatter& data) noexcept {
    const Outcome outcome = is_fdp_feature(controller, command)
                                ? set_fdp_feature(controller, command, data)
                                : controller.features().set(command, data);
    if (!outcome.status.ok()) return outcome;
    // Command dwords 10 to 12, and no data.
    const std::array<nvme::Le32, 4> event{std::uint32_t{3}, command.cdw10, command.cdw11,
                                          command.cdw12};
    const auto id = static_cast<nvme::FeatureId>(command.cdw10 & 0xff);
    controller.record(id == nvme::FeatureId::timestamp ? nvme::PersistentEventType::timestamp_change
                                                       : nvme::PersistentEventType::set_feature,
                      event);
    return outcome;
}

Outcome dispatch(Controller& controller, const Command& command, Scatter& data) noexcept {
    switch (static_cast<AdminOpcode>(command.opcode)) {
        case AdminOpcode::identify:
            return identify(controller, command, data);
        case AdminOpcode::get_log_page:
            return get_log_page(controller, command, data);
        case AdminOpcode::get_features:
            if (is_fdp_feature(controller, command))
                return get_fdp_feature(controller, command, data);
            return controller.features().get(command, data);
        case AdminOpcode::set_features:
            return set_features(controller, command, data);
        case AdminOpcode::format_nvm:
            return format_nvm(controller, command);
        case AdminOpcode::sanitize:
            return sanitize(controller, command);
        case AdminOpcode::directive_receive:
            return directive_receive(controller, command, data);
        case AdminOpcode::directive_send:
            return directive_send(controller, command);
        case AdminOpcode::device_self_test:
            return self_test(controller, command);
        case AdminOpcode::namespace_management:
            return manage_namespace(controller, command, data);
        case AdminOpcode::namespace_attachment:
            return attach_namespace(controller, command, data);
        case AdminOpcode::firmware_image_download:
            return firmware_download(controller, command, data);
        case AdminOpcode::firmware_commit:
            return firmware_commit(controller, command);
        case AdminOpcode::security_receive:
            return security_receive(command, data);
        case AdminOpcode::security_send:
            return security_send();
        case AdminOpcode::abort:
            // Bit 0: not aborted. Commands run on their callers' threads, so there is never one
            // waiting that could be. NVMe Base 2.0 §5.1
            return Outcome::success(1);
        case AdminOpcode::keep_alive:
            return {};
        case AdminOpcode::async_event_request: {
            // It completes when an event occurs, and the model raises none.
            Outcome outcome;
            outcome.dropped = true;
            return outcome;
        }
        default:
            return Outcome::of(kInvalidOpcode);
    }
}

}  // namespace

Outcome execute_admin_command(Controller& controller, const Context& context) noexcept {
    const Command& command = context.command;
    controller.settle();
    if (!controller.faults().empty()) {
        if (auto fault = controller.faults().meet(true, command.opcode, {})) return *fault;
    }
    Scatter data = Scatter::data_of(context);
    if (!data.status().ok()) return Outcome::of(data.status());
    if (data.bytes() > controller.config().mdts_bytes) return Outcome::of(kInvalidField);
    return dispatch(controller, command, data);
}

}  // namespace xnvme::be_model
