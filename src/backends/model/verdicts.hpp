/// \file
/// The statuses that the model gives, by name, and what a command comes to.
#pragma once

#include <cstdint>

#include <xnvme/nvme/status.hpp>
#include <xnvme/result.hpp>

namespace xnvme::be_model {

// Those that judge the command itself say "do not retry": the same command would fail again.
inline constexpr Status kSuccess{};
inline constexpr Status kInvalidOpcode = nvme::status_of(nvme::GenericStatus::invalid_opcode, true);
inline constexpr Status kInvalidField = nvme::status_of(nvme::GenericStatus::invalid_field, true);
inline constexpr Status kDataTransferError =
    nvme::status_of(nvme::GenericStatus::data_transfer_error, true);
inline constexpr Status kInternalError = nvme::status_of(nvme::GenericStatus::internal_error);
inline constexpr Status kInvalidNamespace =
    nvme::status_of(nvme::GenericStatus::invalid_namespace, true);
inline constexpr Status kDataLengthInvalid =
    nvme::status_of(nvme::GenericStatus::invalid_data_sgl_length, true);
inline constexpr Status kMetadataLengthInvalid =
    nvme::status_of(nvme::GenericStatus::invalid_metadata_sgl_length, true);
inline constexpr Status kWriteProtected =
    nvme::status_of(nvme::GenericStatus::namespace_write_protected, true);
inline constexpr Status kLbaOutOfRange =
    nvme::status_of(nvme::GenericStatus::lba_out_of_range, true);
inline constexpr Status kInvalidLogPage =
    nvme::status_of(nvme::CommandStatus::invalid_log_page, true);
inline constexpr Status kInvalidFormat = nvme::status_of(nvme::CommandStatus::invalid_format, true);
inline constexpr Status kFeatureNotSaveable =
    nvme::status_of(nvme::CommandStatus::feature_not_saveable, true);
inline constexpr Status kFeatureNotPerNamespace =
    nvme::status_of(nvme::CommandStatus::feature_not_per_namespace, true);
inline constexpr Status kCommandSizeLimit =
    nvme::status_of(nvme::CommandStatus::command_size_limit_exceeded, true);
inline constexpr Status kSequenceError =
    nvme::status_of(nvme::GenericStatus::command_sequence_error, true);
inline constexpr Status kSanitizeInProgress =
    nvme::status_of(nvme::GenericStatus::sanitize_in_progress);
inline constexpr Status kSelfTestInProgress =
    nvme::status_of(nvme::CommandStatus::self_test_in_progress);
inline constexpr Status kInvalidFirmwareSlot =
    nvme::status_of(nvme::CommandStatus::invalid_firmware_slot, true);
inline constexpr Status kInvalidFirmwareImage =
    nvme::status_of(nvme::CommandStatus::invalid_firmware_image, true);
inline constexpr Status kFirmwareNeedsReset =
    nvme::status_of(nvme::CommandStatus::firmware_needs_controller_reset);
inline constexpr Status kInsufficientCapacity =
    nvme::status_of(nvme::CommandStatus::namespace_insufficient_capacity, true);
inline constexpr Status kNamespaceIdUnavailable =
    nvme::status_of(nvme::CommandStatus::namespace_id_unavailable, true);
inline constexpr Status kAlreadyAttached =
    nvme::status_of(nvme::CommandStatus::namespace_already_attached, true);
inline constexpr Status kNotAttached =
    nvme::status_of(nvme::CommandStatus::namespace_not_attached, true);
inline constexpr Status kControllerListInvalid =
    nvme::status_of(nvme::CommandStatus::controller_list_invalid, true);
inline constexpr Status kInvalidProtection =
    nvme::status_of(nvme::CommandStatus::invalid_protection_information, true);
inline constexpr Status kWriteFault = nvme::status_of(nvme::MediaStatus::write_fault);
inline constexpr Status kUnrecoveredRead =
    nvme::status_of(nvme::MediaStatus::unrecovered_read_error, true);
inline constexpr Status kCompareFailure = nvme::status_of(nvme::MediaStatus::compare_failure, true);
inline constexpr Status kDeallocatedBlock =
    nvme::status_of(nvme::MediaStatus::deallocated_or_unwritten, true);

/// The LBA of an outcome that is about no block in particular.
inline constexpr std::uint64_t kNoLba = ~std::uint64_t{0};

/// What becomes of the zone that a fault meets.
enum class ZoneDefect : std::uint8_t {
    none,
    read_only,
    offline,
    finished,  ///< The controller finishes it: it is full.
};

/// What a command comes to.
struct Outcome {
    Status status{};
    std::uint64_t result = 0;              ///< Dwords 0 and 1 of the completion.
    std::uint64_t lba = kNoLba;            ///< The first block that the error is about.
    bool dropped = false;                  ///< It never completes: the caller's time-out ends it.
    ZoneDefect defect = ZoneDefect::none;  ///< What happens to the zone of `lba`.
    bool lost = false;                     ///< It succeeds, and nothing is done.

    static Outcome of(Status status, std::uint64_t lba = kNoLba) noexcept {
        return {status, 0, lba, false};
    }
    static Outcome success(std::uint64_t result = 0) noexcept {
        return {Status{}, result, kNoLba, false};
    }
};

/// A range of blocks.
struct BlockRange {
    std::uint64_t slba = 0;
    std::uint64_t blocks = 0;
};

}  // namespace xnvme::be_model
