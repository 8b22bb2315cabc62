/// \file
/// The admin commands, by group. Each trusts nothing in the command or its data.
#pragma once

#include <xnvme/command.hpp>
#include <xnvme/nvme/identify.hpp>
#include <xnvme/nvme/zoned.hpp>

#include "controller.hpp"

namespace xnvme::be_model {

/// Executes one admin command.
Outcome execute_admin_command(Controller& controller, const Context& context) noexcept;

/// Identify. NVMe Base 2.0 §5.17 (admin_identify.cpp)
Outcome identify(Controller& controller, const Command& command, Scatter& data) noexcept;
/// What Identify with CNS 00h and 01h say of the model.
nvme::IdentifyNamespace identify_namespace(Controller& controller) noexcept;
nvme::IdentifyController identify_controller(Controller& controller) noexcept;

/// Identify of the zoned command set, CNS 05h and 06h with CSI 02h. The namespace is zoned.
/// Zoned Namespace Command Set 1.1 §4.1.5 (zoned_admin.cpp)
nvme::IdentifyNamespaceZoned identify_namespace_zoned(Controller& controller) noexcept;
nvme::IdentifyControllerZoned identify_controller_zoned(Controller& controller) noexcept;
/// The changes that zones make to Identify Controller and Identify Namespace.
void add_zones(const Controller& controller, nvme::IdentifyController& id) noexcept;
void add_zones(Controller& controller, nvme::IdentifyNamespace& ns) noexcept;
/// The commands of a zoned namespace. Zoned Namespace Command Set 1.1 §4.1.4
void add_zoned_effects(nvme::CommandsEffectsLog& log) noexcept;

/// Get Log Page. NVMe Base 2.0 §5.16 (admin_log.cpp)
Outcome get_log_page(Controller& controller, const Command& command, Scatter& data) noexcept;

/// Format NVM. NVMe Base 2.0 §5.14 (admin_actions.cpp)
Outcome format_nvm(Controller& controller, const Command& command) noexcept;
/// Sanitize: done when the command completes. NVMe Base 2.0 §5.24
Outcome sanitize(Controller& controller, const Command& command) noexcept;
/// Device Self-test: done when the command completes. NVMe Base 2.0 §5.8
Outcome self_test(Controller& controller, const Command& command) noexcept;

}  // namespace xnvme::be_model
