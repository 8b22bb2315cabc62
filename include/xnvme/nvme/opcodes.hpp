/// \file
/// Opcodes, and the one table that says what each is called and which way its data goes.
///
/// Printing, the command line and the registry read `kOpcodes`; no name stands anywhere else.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include <xnvme/geometry.hpp>

namespace xnvme::nvme {

/// Admin commands. NVMe Base 2.0 §5, figure "Opcodes for Admin Commands"
enum class AdminOpcode : std::uint8_t {
    delete_io_sq = 0x00,
    create_io_sq = 0x01,
    get_log_page = 0x02,
    delete_io_cq = 0x04,
    create_io_cq = 0x05,
    identify = 0x06,
    abort = 0x08,
    set_features = 0x09,
    get_features = 0x0a,
    async_event_request = 0x0c,
    namespace_management = 0x0d,
    firmware_commit = 0x10,
    firmware_image_download = 0x11,
    device_self_test = 0x14,
    namespace_attachment = 0x15,
    keep_alive = 0x18,
    directive_send = 0x19,
    directive_receive = 0x1a,
    virtualization_management = 0x1c,
    nvme_mi_send = 0x1d,
    nvme_mi_receive = 0x1e,
    capacity_management = 0x20,
    lockdown = 0x24,
    doorbell_buffer_config = 0x7c,
    fabrics = 0x7f,
    format_nvm = 0x80,
    security_send = 0x81,
    security_receive = 0x82,
    sanitize = 0x84,
    get_lba_status = 0x86,
};

/// Commands of the NVM command set, and the I/O commands that every command set shares.
/// NVM Command Set 1.0 §3; NVMe Base 2.0 §7
enum class NvmOpcode : std::uint8_t {
    flush = 0x00,
    write = 0x01,
    read = 0x02,
    write_uncorrectable = 0x04,
    compare = 0x05,
    write_zeroes = 0x08,
    dataset_management = 0x09,
    verify = 0x0c,
    reservation_register = 0x0d,
    reservation_report = 0x0e,
    reservation_acquire = 0x11,
    io_management_receive = 0x12,
    reservation_release = 0x15,
    cancel = 0x18,
    copy = 0x19,
    io_management_send = 0x1d,
};

/// What the zoned namespace command set adds to the NVM command set.
/// Zoned Namespace Command Set 1.1 §3
enum class ZonedOpcode : std::uint8_t {
    zone_management_send = 0x79,
    zone_management_receive = 0x7a,
    zone_append = 0x7d,
};

/// The key-value command set. Key Value Command Set 1.0 §3
enum class KeyValueOpcode : std::uint8_t {
    store = 0x01,
    retrieve = 0x02,
    list = 0x06,
    remove = 0x10,  ///< "Delete", which is a word of the language.
    exist = 0x14,
};

/// The file-system command set: a regular file seen as a namespace. The starting LBA field holds
/// an offset in bytes, and the length is that of the data. Outside the specification.
enum class FileOpcode : std::uint8_t {
    write = 0xac,
    flush = 0xad,
    read = 0xdc,
};

/// Where an opcode is defined. Admin and I/O opcodes are numbered apart.
enum class OpcodeSet : std::uint8_t { admin, nvm, zoned, key_value, file_system };

/// Which way a command's data goes.
enum class Transfer : std::uint8_t { none, to_device, from_device };

/// What is known of an opcode.
struct OpcodeInfo {
    OpcodeSet set;
    std::uint8_t opcode;
    Transfer transfer;
    /// The command changes the device, what it stores or how it behaves: refused where it was
    /// opened for reading only.
    bool changes_device;
    /// Command dwords 10 to 12 hold a starting LBA and a zero-based number of blocks.
    bool has_block_range;
    std::string_view name;  ///< The specification's name, in lower case and with hyphens.
};

namespace detail {
template <class E>
constexpr OpcodeInfo info(OpcodeSet set, E opcode, Transfer transfer, bool changes, bool range,
                          std::string_view name) noexcept {
    return {set, static_cast<std::uint8_t>(opcode), transfer, changes, range, name};
}
constexpr OpcodeInfo admin(AdminOpcode opcode, Transfer transfer, std::string_view name,
                           bool changes = false) noexcept {
    return info(OpcodeSet::admin, opcode, transfer, changes, false, name);
}
inline constexpr Transfer kNone = Transfer::none;
inline constexpr Transfer kOut = Transfer::to_device;
inline constexpr Transfer kIn = Transfer::from_device;
}  // namespace detail

/// Every opcode that the library has a name for.
inline constexpr auto kOpcodes = std::to_array<OpcodeInfo>({
    detail::admin(AdminOpcode::delete_io_sq, detail::kNone, "delete-io-sq"),
    detail::admin(AdminOpcode::create_io_sq, detail::kNone, "create-io-sq"),
    detail::admin(AdminOpcode::get_log_page, detail::kIn, "get-log-page"),
    detail::admin(AdminOpcode::delete_io_cq, detail::kNone, "delete-io-cq"),
    detail::admin(AdminOpcode::create_io_cq, detail::kNone, "create-io-cq"),
    detail::admin(AdminOpcode::identify, detail::kIn, "identify"),
    detail::admin(AdminOpcode::abort, detail::kNone, "abort"),
    detail::admin(AdminOpcode::set_features, detail::kOut, "set-features", true),
    detail::admin(AdminOpcode::get_features, detail::kIn, "get-features"),
    detail::admin(AdminOpcode::async_event_request, detail::kNone, "async-event-request"),
    detail::admin(AdminOpcode::namespace_management, detail::kOut, "namespace-management", true),
    detail::admin(AdminOpcode::firmware_commit, detail::kNone, "firmware-commit", true),
    detail::admin(AdminOpcode::firmware_image_download, detail::kOut, "firmware-image-download",
                  true),
    detail::admin(AdminOpcode::device_self_test, detail::kNone, "device-self-test"),
    detail::admin(AdminOpcode::namespace_attachment, detail::kOut, "namespace-attachment", true),
    detail::admin(AdminOpcode::keep_alive, detail::kNone, "keep-alive"),
    detail::admin(AdminOpcode::directive_send, detail::kOut, "directive-send", true),
    detail::admin(AdminOpcode::directive_receive, detail::kIn, "directive-receive"),
    detail::admin(AdminOpcode::virtualization_management, detail::kNone,
                  "virtualization-management", true),
    detail::admin(AdminOpcode::nvme_mi_send, detail::kOut, "nvme-mi-send", true),
    detail::admin(AdminOpcode::nvme_mi_receive, detail::kIn, "nvme-mi-receive"),
    detail::admin(AdminOpcode::capacity_management, detail::kNone, "capacity-management", true),
    detail::admin(AdminOpcode::lockdown, detail::kNone, "lockdown", true),
    detail::admin(AdminOpcode::doorbell_buffer_config, detail::kNone, "doorbell-buffer-config"),
    detail::admin(AdminOpcode::fabrics, detail::kOut, "fabrics"),
    detail::admin(AdminOpcode::format_nvm, detail::kNone, "format-nvm", true),
    detail::admin(AdminOpcode::security_send, detail::kOut, "security-send", true),
    detail::admin(AdminOpcode::security_receive, detail::kIn, "security-receive"),
    detail::admin(AdminOpcode::sanitize, detail::kNone, "sanitize", true),
    detail::admin(AdminOpcode::get_lba_status, detail::kIn, "get-lba-status"),

    detail::info(OpcodeSet::nvm, NvmOpcode::flush, detail::kNone, false, false, "flush"),
    detail::info(OpcodeSet::nvm, NvmOpcode::write, detail::kOut, true, true, "write"),
    detail::info(OpcodeSet::nvm, NvmOpcode::read, detail::kIn, false, true, "read"),
    detail::info(OpcodeSet::nvm, NvmOpcode::write_uncorrectable, detail::kNone, true, true,
                 "write-uncorrectable"),
    detail::info(OpcodeSet::nvm, NvmOpcode::compare, detail::kOut, false, true, "compare"),
    detail::info(OpcodeSet::nvm, NvmOpcode::write_zeroes, detail::kNone, true, true,
                 "write-zeroes"),
    detail::info(OpcodeSet::nvm, NvmOpcode::dataset_management, detail::kOut, true, false,
                 "dataset-management"),
    detail::info(OpcodeSet::nvm, NvmOpcode::verify, detail::kNone, false, true, "verify"),
    detail::info(OpcodeSet::nvm, NvmOpcode::reservation_register, detail::kOut, true, false,
                 "reservation-register"),
    detail::info(OpcodeSet::nvm, NvmOpcode::reservation_report, detail::kIn, false, false,
                 "reservation-report"),
    detail::info(OpcodeSet::nvm, NvmOpcode::reservation_acquire, detail::kOut, true, false,
                 "reservation-acquire"),
    detail::info(OpcodeSet::nvm, NvmOpcode::io_management_receive, detail::kIn, false, false,
                 "io-management-receive"),
    detail::info(OpcodeSet::nvm, NvmOpcode::reservation_release, detail::kOut, true, false,
                 "reservation-release"),
    detail::info(OpcodeSet::nvm, NvmOpcode::cancel, detail::kNone, false, false, "cancel"),
    detail::info(OpcodeSet::nvm, NvmOpcode::copy, detail::kOut, true, false, "copy"),
    detail::info(OpcodeSet::nvm, NvmOpcode::io_management_send, detail::kOut, true, false,
                 "io-management-send"),

    detail::info(OpcodeSet::zoned, ZonedOpcode::zone_management_send, detail::kOut, true, false,
                 "zone-management-send"),
    detail::info(OpcodeSet::zoned, ZonedOpcode::zone_management_receive, detail::kIn, false, false,
                 "zone-management-receive"),
    detail::info(OpcodeSet::zoned, ZonedOpcode::zone_append, detail::kOut, true, true,
                 "zone-append"),

    detail::info(OpcodeSet::key_value, KeyValueOpcode::store, detail::kOut, true, false, "store"),
    detail::info(OpcodeSet::key_value, KeyValueOpcode::retrieve, detail::kIn, false, false,
                 "retrieve"),
    detail::info(OpcodeSet::key_value, KeyValueOpcode::list, detail::kIn, false, false, "list"),
    detail::info(OpcodeSet::key_value, KeyValueOpcode::remove, detail::kNone, true, false,
                 "delete"),
    detail::info(OpcodeSet::key_value, KeyValueOpcode::exist, detail::kNone, false, false, "exist"),

    detail::info(OpcodeSet::file_system, FileOpcode::write, detail::kOut, true, false,
                 "file-write"),
    detail::info(OpcodeSet::file_system, FileOpcode::flush, detail::kNone, false, false,
                 "file-flush"),
    detail::info(OpcodeSet::file_system, FileOpcode::read, detail::kIn, false, false, "file-read"),
});

/// The row of exactly this set, or null.
constexpr const OpcodeInfo* find_opcode(OpcodeSet set, std::uint8_t opcode) noexcept {
    for (const OpcodeInfo& row : kOpcodes) {
        if (row.set == set && row.opcode == opcode) return &row;
    }
    return nullptr;
}

/// The row of an I/O command on a namespace of this command set, or null. A zoned namespace and a
/// file take the commands of the NVM command set too, and every namespace takes flush, the
/// reservations and I/O management, which are numbered the same in every command set.
constexpr const OpcodeInfo* find_io_opcode(CommandSet set, std::uint8_t opcode) noexcept {
    const OpcodeInfo* row = nullptr;
    if (set == CommandSet::zoned) row = find_opcode(OpcodeSet::zoned, opcode);
    if (set == CommandSet::file_system) row = find_opcode(OpcodeSet::file_system, opcode);
    if (set == CommandSet::key_value) {
        row = find_opcode(OpcodeSet::key_value, opcode);
        if (row != nullptr) return row;
        row = find_opcode(OpcodeSet::nvm, opcode);
        // The NVM command set's own numbers mean nothing in the key-value command set.
        const bool shared = opcode == static_cast<std::uint8_t>(NvmOpcode::flush) ||
                            (opcode >= static_cast<std::uint8_t>(NvmOpcode::reservation_register) &&
                             opcode != static_cast<std::uint8_t>(NvmOpcode::copy));
        return shared ? row : nullptr;
    }
    return row != nullptr ? row : find_opcode(OpcodeSet::nvm, opcode);
}

/// The row of this name in this set, or null. Upper and lower case differ.
constexpr const OpcodeInfo* find_opcode(OpcodeSet set, std::string_view name) noexcept {
    for (const OpcodeInfo& row : kOpcodes) {
        if (row.set == set && row.name == name) return &row;
    }
    return nullptr;
}

/// The name of an opcode, such as "write-zeroes", or "unknown".
constexpr std::string_view opcode_name(OpcodeSet set, std::uint8_t opcode) noexcept {
    const OpcodeInfo* row = find_opcode(set, opcode);
    return row != nullptr ? row->name : std::string_view("unknown");
}
constexpr std::string_view opcode_name(AdminOpcode opcode) noexcept {
    return opcode_name(OpcodeSet::admin, static_cast<std::uint8_t>(opcode));
}
constexpr std::string_view opcode_name(NvmOpcode opcode) noexcept {
    return opcode_name(OpcodeSet::nvm, static_cast<std::uint8_t>(opcode));
}
constexpr std::string_view opcode_name(ZonedOpcode opcode) noexcept {
    return opcode_name(OpcodeSet::zoned, static_cast<std::uint8_t>(opcode));
}
constexpr std::string_view opcode_name(KeyValueOpcode opcode) noexcept {
    return opcode_name(OpcodeSet::key_value, static_cast<std::uint8_t>(opcode));
}
constexpr std::string_view opcode_name(FileOpcode opcode) noexcept {
    return opcode_name(OpcodeSet::file_system, static_cast<std::uint8_t>(opcode));
}

}  // namespace xnvme::nvme
