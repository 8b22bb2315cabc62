/// \file
/// Status codes and their names. The name of each stands once, in the table of status.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <xnvme/export.hpp>
#include <xnvme/result.hpp>

namespace xnvme::nvme {

/// Status code types. NVMe Base 2.0 §3.3.3.2.1, figure "Status Code Type"
enum class StatusType : std::uint8_t {
    generic = 0,
    command_specific = 1,
    media = 2,  ///< Media and data integrity errors.
    path = 3,
    vendor = 7,
};

/// Generic command status. NVMe Base 2.0 §3.3.3.2.1.1; from 80h of the I/O command sets
enum class GenericStatus : std::uint8_t {
    success = 0x00,
    invalid_opcode = 0x01,
    invalid_field = 0x02,
    command_id_conflict = 0x03,
    data_transfer_error = 0x04,
    power_loss = 0x05,
    internal_error = 0x06,
    abort_requested = 0x07,
    abort_sq_deletion = 0x08,
    abort_fused_failed = 0x09,
    abort_fused_missing = 0x0a,
    invalid_namespace = 0x0b,
    command_sequence_error = 0x0c,
    invalid_sgl_segment = 0x0d,
    invalid_sgl_count = 0x0e,
    invalid_data_sgl_length = 0x0f,
    invalid_metadata_sgl_length = 0x10,
    invalid_sgl_type = 0x11,
    invalid_cmb_use = 0x12,
    invalid_prp_offset = 0x13,
    atomic_write_unit_exceeded = 0x14,
    operation_denied = 0x15,
    sanitize_failed = 0x1c,
    sanitize_in_progress = 0x1d,
    command_not_supported_for_queue = 0x1f,
    namespace_write_protected = 0x20,
    command_interrupted = 0x21,
    transient_transport_error = 0x22,
    admin_media_not_ready = 0x24,
    fdp_disabled = 0x29,
    invalid_placement_handle_list = 0x2a,
    lba_out_of_range = 0x80,
    capacity_exceeded = 0x81,
    namespace_not_ready = 0x82,
    reservation_conflict = 0x83,
    format_in_progress = 0x84,
    invalid_value_size = 0x85,  ///< Key Value Command Set.
    invalid_key_size = 0x86,    ///< Key Value Command Set.
    key_does_not_exist = 0x87,  ///< Key Value Command Set.
    unrecovered_error = 0x88,   ///< Key Value Command Set.
    key_exists = 0x89,          ///< Key Value Command Set.
};

/// Command specific status. NVMe Base 2.0 §3.3.3.2.1.2; from 80h of the I/O command sets
enum class CommandStatus : std::uint8_t {
    invalid_completion_queue = 0x00,
    invalid_queue_id = 0x01,
    invalid_queue_size = 0x02,
    abort_limit_exceeded = 0x03,
    async_event_limit_exceeded = 0x05,
    invalid_firmware_slot = 0x06,
    invalid_firmware_image = 0x07,
    invalid_interrupt_vector = 0x08,
    invalid_log_page = 0x09,
    invalid_format = 0x0a,
    firmware_needs_conventional_reset = 0x0b,
    invalid_queue_deletion = 0x0c,
    feature_not_saveable = 0x0d,
    feature_not_changeable = 0x0e,
    feature_not_per_namespace = 0x0f,
    firmware_needs_subsystem_reset = 0x10,
    firmware_needs_controller_reset = 0x11,
    firmware_needs_more_time = 0x12,
    firmware_activation_prohibited = 0x13,
    overlapping_range = 0x14,
    namespace_insufficient_capacity = 0x15,
    namespace_id_unavailable = 0x16,
    namespace_already_attached = 0x18,
    namespace_private = 0x19,
    namespace_not_attached = 0x1a,
    controller_list_invalid = 0x1c,
    self_test_in_progress = 0x1d,
    invalid_controller_id = 0x1f,
    io_command_set_not_supported = 0x29,
    io_command_set_not_enabled = 0x2a,
    conflicting_attributes = 0x80,
    invalid_protection_information = 0x81,
    write_to_read_only_range = 0x82,
    command_size_limit_exceeded = 0x83,
    incompatible_namespace_or_format = 0x85,
    fast_copy_not_possible = 0x86,
    overlapping_io_range = 0x87,
    insufficient_resources = 0x89,
    invalid_zone_operation = 0xb6,
    no_zrwa_resources = 0xb7,
    zone_boundary_error = 0xb8,
    zone_is_full = 0xb9,
    zone_is_read_only = 0xba,
    zone_is_offline = 0xbb,
    zone_invalid_write = 0xbc,
    too_many_active_zones = 0xbd,
    too_many_open_zones = 0xbe,
    invalid_zone_transition = 0xbf,
};

/// Media and data integrity errors. NVMe Base 2.0 §3.3.3.2.1.3, NVM Command Set 1.0
enum class MediaStatus : std::uint8_t {
    write_fault = 0x80,
    unrecovered_read_error = 0x81,
    guard_check_error = 0x82,
    application_tag_check_error = 0x83,
    reference_tag_check_error = 0x84,
    compare_failure = 0x85,
    access_denied = 0x86,
    deallocated_or_unwritten = 0x87,
    storage_tag_check_error = 0x88,
};

/// Path related status. NVMe Base 2.0 §3.3.3.2.1.4
enum class PathStatus : std::uint8_t {
    internal_error = 0x00,
    ana_persistent_loss = 0x01,
    ana_inaccessible = 0x02,
    ana_transition = 0x03,
    controller_pathing_error = 0x60,
    host_pathing_error = 0x70,
    aborted_by_host = 0x71,
};

/// A status as it stands in a completion. `dnr` asks the host not to retry.
constexpr Status status_of(GenericStatus code, bool dnr = false) noexcept {
    return Status::make(0, static_cast<unsigned>(code), dnr);
}
constexpr Status status_of(CommandStatus code, bool dnr = false) noexcept {
    return Status::make(1, static_cast<unsigned>(code), dnr);
}
constexpr Status status_of(MediaStatus code, bool dnr = false) noexcept {
    return Status::make(2, static_cast<unsigned>(code), dnr);
}
constexpr Status status_of(PathStatus code, bool dnr = false) noexcept {
    return Status::make(3, static_cast<unsigned>(code), dnr);
}

/// True when the status has this code, whatever its other bits say.
template <class Code>
    requires requires(Code code) { status_of(code); }
constexpr bool is(Status status, Code code) noexcept {
    return (status.raw & 0x0ffe) == (status_of(code).raw & 0x0ffe);
}

/// The name of a status, such as "Invalid Field in Command". "Vendor Specific" for status code
/// type 7 and for codes from C0h, "Unknown Status" where the specification has none. The text is
/// constant. Any thread.
[[nodiscard]] XNVME_API std::string_view status_name(Status status) noexcept;

/// The name of a status code type, such as "Generic Command Status".
[[nodiscard]] XNVME_API std::string_view status_type_name(Status status) noexcept;

/// The name with its numbers, such as "Invalid Field in Command (sct 0x0, sc 0x02, do not retry)".
/// Any thread. Allocates.
[[nodiscard]] XNVME_API std::string status_text(Status status);

}  // namespace xnvme::nvme
