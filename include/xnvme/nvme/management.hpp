/// \file
/// Command builders for the admin commands that manage a controller: namespaces, firmware,
/// self-tests, security, virtual functions. As those of builders.hpp: pure and inline, and a value
/// outside its field is a mistake of the caller that is asserted in debug builds.
#pragma once

#include <cassert>
#include <cstdint>

#include <xnvme/nvme/builders.hpp>
#include <xnvme/nvme/identify_lists.hpp>

namespace xnvme::nvme {

/// Operations of Namespace Management. NVMe Base 2.0 §5.23
enum class NamespaceManagement : std::uint8_t { create = 0, remove = 1 };

/// Namespace Management that creates a namespace; its identifier comes in dword 0 of the
/// completion. The data is a `NamespaceRequest`. The namespace is attached to no controller.
/// NVMe Base 2.0 §5.23
constexpr Command namespace_create(CommandSet csi = CommandSet::nvm) noexcept {
    Command command = detail::make(AdminOpcode::namespace_management, 0);
    command.cdw10 = static_cast<std::uint32_t>(NamespaceManagement::create);
    command.cdw11 = static_cast<std::uint32_t>(csi) << 24;
    return command;
}
/// Namespace Management that deletes a namespace, or with `kNsidAll` all of them. No data.
/// NVMe Base 2.0 §5.23
constexpr Command namespace_delete(std::uint32_t nsid) noexcept {
    Command command = detail::make(AdminOpcode::namespace_management, nsid);
    command.cdw10 = static_cast<std::uint32_t>(NamespaceManagement::remove);
    return command;
}

/// Operations of Namespace Attachment. NVMe Base 2.0 §5.22
enum class NamespaceAttachment : std::uint8_t { attach = 0, detach = 1 };

/// Namespace Attachment. The data is a `ControllerList`: the controllers that get the namespace, or
/// lose it. NVMe Base 2.0 §5.22
constexpr Command namespace_attachment(NamespaceAttachment operation, std::uint32_t nsid) noexcept {
    Command command = detail::make(AdminOpcode::namespace_attachment, nsid);
    command.cdw10 = static_cast<std::uint32_t>(operation);
    return command;
}

/// Firmware Image Download: hands over a part of an image. NVMe Base 2.0 §5.13
/// \param offset_bytes of the part in the image: a multiple of 4, and of the update granularity
/// \param bytes of the part: the same
constexpr Command firmware_download(std::uint32_t offset_bytes, std::uint32_t bytes) noexcept {
    assert(bytes >= 4 && offset_bytes % 4 == 0);
    Command command = detail::make(AdminOpcode::firmware_image_download, 0);
    command.cdw10 = detail::zero_based_dwords(bytes);
    command.cdw11 = offset_bytes / 4;
    return command;
}

/// What Firmware Commit does. NVMe Base 2.0 §5.12 (CA)
enum class FirmwareAction : std::uint8_t {
    store = 0,               ///< Replace the slot's image; do not activate it.
    store_and_activate = 1,  ///< Replace it; it is activated by the next reset.
    activate = 2,            ///< The slot's image is activated by the next reset.
    activate_now = 3,        ///< The slot's image is activated without a reset.
    store_boot = 6,          ///< Replace a boot partition.
    activate_boot = 7,       ///< Mark a boot partition active.
};

/// Firmware Commit. No data. NVMe Base 2.0 §5.12
/// \param slot 1 to 7, or 0 for one that the controller chooses
/// \param boot_partition 0 or 1, for the actions on those
constexpr Command firmware_commit(FirmwareAction action, unsigned slot,
                                  unsigned boot_partition = 0) noexcept {
    assert(slot <= 7 && boot_partition <= 1);
    Command command = detail::make(AdminOpcode::firmware_commit, 0);
    command.cdw10 =
        (slot & 7u) | (static_cast<std::uint32_t>(action) << 3) | ((boot_partition & 1u) << 31);
    return command;
}

/// What Device Self-test does. NVMe Base 2.0 §5.8 (STC)
enum class SelfTest : std::uint8_t { short_test = 1, extended = 2, vendor = 0xe, abort = 0xf };

/// Device Self-test. It completes when the test has started; the self-test log has its progress.
/// No data. NVMe Base 2.0 §5.8
/// \param nsid 0 for the controller alone, `kNsidAll` for all namespaces too
constexpr Command device_self_test(SelfTest test, std::uint32_t nsid) noexcept {
    Command command = detail::make(AdminOpcode::device_self_test, nsid);
    command.cdw10 = static_cast<std::uint32_t>(test);
    return command;
}

/// Fields of Security Send and Security Receive.
struct SecurityFields {
    std::uint32_t nsid = 0;
    std::uint8_t protocol = 0;            ///< SECP: 0 lists the protocols, 1 and 2 are the TCG's.
    std::uint16_t protocol_specific = 0;  ///< SPSP
    std::uint8_t nvme_specific = 0;       ///< NSSF
    std::uint32_t bytes = 0;              ///< To transfer.
};

namespace detail {
constexpr Command security(AdminOpcode opcode, const SecurityFields& fields) noexcept {
    Command command = make(opcode, fields.nsid);
    command.cdw10 = fields.nvme_specific |
                    (static_cast<std::uint32_t>(fields.protocol_specific) << 8) |
                    (static_cast<std::uint32_t>(fields.protocol) << 24);
    command.cdw11 = fields.bytes;
    return command;
}
}  // namespace detail

/// Security Send. NVMe Base 2.0 §5.26
constexpr Command security_send(const SecurityFields& fields) noexcept {
    return detail::security(AdminOpcode::security_send, fields);
}
/// Security Receive. NVMe Base 2.0 §5.25
constexpr Command security_receive(const SecurityFields& fields) noexcept {
    return detail::security(AdminOpcode::security_receive, fields);
}

/// Actions of Virtualization Management. NVMe Base 2.0 §5.28 (ACT)
enum class VirtualizationAction : std::uint8_t {
    allocate_primary = 1,  ///< Flexible resources of the primary controller, from its next reset.
    offline_secondary = 7,
    assign_secondary = 8,  ///< Flexible resources of a secondary controller.
    online_secondary = 9,
};
/// What is shared out. NVMe Base 2.0 §5.28 (RT)
enum class VirtualResource : std::uint8_t { queues = 0, interrupts = 1 };

/// Virtualization Management. The number that was given comes in dword 0 of the completion. No
/// data. NVMe Base 2.0 §5.28
constexpr Command virtualization_management(VirtualizationAction action, std::uint16_t cntlid,
                                            VirtualResource resource = VirtualResource::queues,
                                            std::uint16_t count = 0) noexcept {
    Command command = detail::make(AdminOpcode::virtualization_management, 0);
    command.cdw10 = static_cast<std::uint32_t>(action) |
                    (static_cast<std::uint32_t>(resource) << 8) |
                    (static_cast<std::uint32_t>(cntlid) << 16);
    command.cdw11 = count;
    return command;
}

}  // namespace xnvme::nvme
