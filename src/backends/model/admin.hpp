/// \file
/// The admin commands, by group. Each trusts nothing in the command or its data.
#pragma once

#include <expected>
#include <optional>
#include <span>

#include <xnvme/command.hpp>
#include <xnvme/nvme/builders.hpp>
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

/// The format that Format NVM or Namespace Management asks for, or why it cannot be had.
std::expected<FormatChoice, Status> choose_format(Controller& controller,
                                                  const nvme::FormatFields& fields) noexcept;
/// Format NVM. NVMe Base 2.0 §5.14 (admin_actions.cpp)
Outcome format_nvm(Controller& controller, const Command& command) noexcept;
/// Sanitize: goes on for as long as the identifier's `background` says. NVMe Base 2.0 §5.24
Outcome sanitize(Controller& controller, const Command& command) noexcept;
/// Device Self-test: goes on for as long as the identifier's `background` says.
/// NVMe Base 2.0 §5.8
Outcome self_test(Controller& controller, const Command& command) noexcept;

/// Namespace Management and Attachment, of the one namespace that there can be.
/// NVMe Base 2.0 §5.22, §5.23 (admin_namespaces.cpp)
Outcome manage_namespace(Controller& controller, const Command& command, Scatter& data) noexcept;
Outcome attach_namespace(Controller& controller, const Command& command, Scatter& data) noexcept;
/// What Identify answers of formats and endurance groups, and of a namespace that is not attached;
/// nothing where the usual answer stands.
std::optional<Outcome> identify_managed(Controller& controller, const Command& command,
                                        Scatter& data) noexcept;
/// True where namespaces are managed: those of blocks.
bool manages_namespaces(Controller& controller) noexcept;
/// What the controller says of all this.
void add_management(Controller& controller, nvme::IdentifyController& id) noexcept;

/// Firmware and security. NVMe Base 2.0 §5.12, §5.13, §5.25, §5.26 (admin_manage.cpp)
Outcome firmware_download(Controller& controller, const Command& command, Scatter& data) noexcept;
Outcome firmware_commit(Controller& controller, const Command& command) noexcept;
Outcome security_receive(const Command& command, Scatter& data) noexcept;
Outcome security_send() noexcept;

/// The log pages of admin_records.cpp: telemetry, persistent events, endurance groups, effects of
/// features. Nothing for another page.
std::optional<Outcome> get_record(Controller& controller, const Command& command,
                                  Scatter& data) noexcept;
/// Which those are.
std::span<const nvme::LogPage> record_pages() noexcept;
/// The part of a log page that a Get Log Page command asks for. What lies past the page's end reads
/// as zeroes.
Outcome put_log_part(const Command& command, Scatter& data,
                     std::span<const std::byte> page) noexcept;

}  // namespace xnvme::be_model
