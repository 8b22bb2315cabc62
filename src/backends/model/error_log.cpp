#include "error_log.hpp"

namespace xnvme::be_model {

namespace {

/// The queue that an error is reported on: all I/O of the model is one queue to the log.
constexpr std::uint16_t kAdminQueue = 0;
constexpr std::uint16_t kIoQueue = 1;

/// Unrecovered data integrity errors, as the health log counts them. NVMe Base 2.0 §5.16.1.3
bool is_media_error(Status status) {
    return status.sct() == static_cast<unsigned>(nvme::StatusType::media) &&
           status.sc() != static_cast<unsigned>(nvme::MediaStatus::compare_failure) &&
           status.sc() != static_cast<unsigned>(nvme::MediaStatus::access_denied) &&
           status.sc() != static_cast<unsigned>(nvme::MediaStatus::deallocated_or_unwritten);
}

}  // namespace

void ErrorLog::add(const Command& command, bool admin, const Outcome& outcome) noexcept {
    const std::lock_guard lock(mutex_);
    ++counts_.errors;
    if (is_media_error(outcome.status)) ++counts_.media_errors;
    nvme::ErrorLogEntry& entry = ring_[(counts_.errors - 1) % kErrorEntries];
    entry = {};
    entry.error_count = counts_.errors;
    entry.sqid = admin ? kAdminQueue : kIoQueue;
    entry.cid = command.cid;
    entry.status_field = outcome.status.raw;
    entry.parameter_error_location = std::uint16_t{0xffff};
    entry.lba = outcome.lba == kNoLba ? 0 : outcome.lba;
    entry.nsid = command.nsid;
    entry.opcode = command.opcode;
    entry.version = 1;
}

ErrorLog::Entries ErrorLog::entries() const noexcept {
    const std::lock_guard lock(mutex_);
    Entries newest_first{};
    for (std::uint32_t i = 0; i < kErrorEntries && i < counts_.errors; ++i)
        newest_first[i] = ring_[(counts_.errors - 1 - i) % kErrorEntries];
    return newest_first;
}

ErrorCounts ErrorLog::counts() const noexcept {
    const std::lock_guard lock(mutex_);
    return counts_;
}

}  // namespace xnvme::be_model
