/// \file
/// Admin commands that take more than one command, or more than its fields: logs of any length,
/// features with their structure, namespaces, firmware, and operations that go on in the device.
///
/// Everything here blocks, may be called from any thread, and allocates. It works on any open
/// device; what the device or its interface does not support fails with the device's own status
/// (`Errc::device`, by name in the sentence) or `Errc::unsupported`.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include <xnvme/device.hpp>
#include <xnvme/export.hpp>
#include <xnvme/nvme/features.hpp>
#include <xnvme/nvme/log.hpp>
#include <xnvme/nvme/log_events.hpp>
#include <xnvme/nvme/management.hpp>
#include <xnvme/result.hpp>

namespace xnvme {

// ---- Log pages ----------------------------------------------------------------------------------

/// The most of a log that one call reads: what a device says of its logs' lengths is not trusted.
inline constexpr std::uint64_t kLogBytesMax = std::uint64_t{1} << 30;

/// Takes the bytes of a log from `offset_bytes`, in ascending order and without gaps. A failure
/// ends the reading, and is what it returns. The bytes are gone when it returns.
using ByteSink = std::function<Result<void, Failure>(std::uint64_t offset_bytes,
                                                     std::span<const std::byte> bytes)>;

/// Reads `bytes` of a log page from `fields.offset_bytes` on, in as many commands as its length
/// takes: each within the device's limit and on a multiple of 4 bytes. All but the last retain the
/// page's asynchronous event, so that the page does not change on account of being read; the last
/// does as `fields.retain_event` says. `fields.bytes` is not looked at. NVMe Base 2.0 §5.16
///
/// Errors: `invalid_argument` for an offset that is no multiple of 4; `too_large` for more than
/// `kLogBytesMax`; `unsupported` where more than one command is needed and the controller's
/// pages have no offsets (LPA bit 2).
[[nodiscard]] XNVME_API Result<void, Failure> read_log(Device& device,
                                                       const nvme::LogFields& fields,
                                                       std::uint64_t bytes, const ByteSink& sink);
/// The same, into memory.
[[nodiscard]] XNVME_API Result<std::vector<std::byte>, Failure> read_log(
    Device& device, const nvme::LogFields& fields, std::uint64_t bytes);

/// How many bytes a log page has: a fixed number, one that follows from Identify, or what its
/// header says, which is read for that. Of telemetry it is data area 3. `too_large` where the
/// header says more than `kLogBytesMax`, `unsupported` for pages whose length the library cannot
/// know.
[[nodiscard]] XNVME_API Result<std::uint64_t, Failure> log_bytes(Device& device,
                                                                 const nvme::LogFields& fields);

/// What to read of telemetry. NVMe Base 2.0 §8.24
struct TelemetryRequest {
    /// The host-initiated log; else what the controller captured by itself.
    bool host_initiated = true;
    /// Capture the controller's state anew first; for the host-initiated log alone.
    bool create = true;
    /// Up to which data area, 1 to 4.
    unsigned area = 3;
    /// Of the controller-initiated log: let the controller capture again.
    bool release = false;
};

/// Reads a telemetry log, header and all, in chunks. The header is read again at the end: a capture
/// that was replaced meanwhile fails with `busy`, since what was read is then of two captures.
/// \return the header. Its `bytes(area)` is what the sink was given.
[[nodiscard]] XNVME_API Result<nvme::TelemetryHeader, Failure> read_telemetry(
    Device& device, const TelemetryRequest& request, const ByteSink& sink);

/// Reads the persistent event log, header and all, in chunks, in a reporting context of its own
/// that is released in any case. NVMe Base 2.0 §5.16.1.14
/// \param take_over where a context is there already: release it first, instead of failing with
/// `busy`
/// \return the header
[[nodiscard]] XNVME_API Result<nvme::PersistentEventHeader, Failure> read_persistent_events(
    Device& device, const ByteSink& sink, bool take_over = false);

// ---- Features -----------------------------------------------------------------------------------

/// What Get Features returned.
struct FeatureValue {
    std::uint32_t value = 0;      ///< Dword 0 of the completion.
    std::vector<std::byte> data;  ///< Its structure, empty for a feature without one.
};

/// Reads a feature, with its structure where it has one. The device's error as it is, so that
/// "not supported" (`Invalid Field in Command`) can be told from others.
/// \param nsid 0 for the controller's, or for the device's namespace where a feature has one
/// \param cdw11 fields that choose, such as a sensor; see `nvme::FieldRole`
[[nodiscard]] XNVME_API Result<FeatureValue> get_feature(
    Device& device, nvme::FeatureId id, nvme::FeatureSelect select = nvme::FeatureSelect::current,
    std::uint32_t nsid = 0, std::uint32_t cdw11 = 0);

// ---- Namespaces ---------------------------------------------------------------------------------

/// A namespace to create. NVMe Base 2.0 §5.23
struct NamespaceSpec {
    std::uint64_t size_blocks = 0;
    std::uint64_t capacity_blocks = 0;  ///< 0: as many as `size_blocks`.
    std::uint8_t lbaf = 0;              ///< Index of the LBA format, 0 to 63.
    bool metadata_extended = false;
    std::uint8_t protection_type = 0;  ///< 0 to 3.
    bool protection_first = false;
    bool shared = false;  ///< May be attached to several controllers.
    std::uint16_t nvmsetid = 0;
    std::uint16_t endgid = 0;
    CommandSet command_set = CommandSet::nvm;
};

/// Creates a namespace, attached to no controller.
/// \return its identifier
[[nodiscard]] XNVME_API Result<std::uint32_t, Failure> create_namespace(Device& device,
                                                                        const NamespaceSpec& spec);
/// Deletes a namespace, or with `nvme::kNsidAll` all of them. What it held is gone.
[[nodiscard]] XNVME_API Result<void, Failure> delete_namespace(Device& device, std::uint32_t nsid);
/// Attaches a namespace to controllers, at most 2047; with none given, to the device's own.
/// A kernel finds out by itself; device files appear and go a moment after.
[[nodiscard]] XNVME_API Result<void, Failure> attach_namespace(
    Device& device, std::uint32_t nsid, std::span<const std::uint16_t> cntlids = {});
/// Detaches it likewise. Commands to it then fail.
[[nodiscard]] XNVME_API Result<void, Failure> detach_namespace(
    Device& device, std::uint32_t nsid, std::span<const std::uint16_t> cntlids = {});

// ---- Firmware -----------------------------------------------------------------------------------

/// Hands an image over, in parts of the size that the controller asks for (FWUG).
/// \param image its length is a multiple of 4
/// \param progress called with the bytes that are done; may be empty
[[nodiscard]] XNVME_API Result<void, Failure> download_firmware(
    Device& device, std::span<const std::byte> image,
    const std::function<void(std::uint64_t done_bytes)>& progress = {});

/// What a committed image still needs to run.
enum class FirmwareActivation : std::uint8_t {
    done,                ///< Nothing.
    controller_reset,    ///< A controller level reset.
    subsystem_reset,     ///< A reset of the NVM subsystem.
    conventional_reset,  ///< A conventional reset of the PCI function.
};

/// Commits the image that was handed over to a slot, or activates a slot.
[[nodiscard]] XNVME_API Result<FirmwareActivation, Failure> commit_firmware(
    Device& device, nvme::FirmwareAction action, unsigned slot, unsigned boot_partition = 0);

// ---- Operations that go on in the device --------------------------------------------------------

/// How to follow an operation: how often to ask, and whom to tell.
template <class Log>
struct Follow {
    std::chrono::milliseconds interval{500};
    /// Called with each log that was read. False: stop following; the operation goes on.
    std::function<bool(const Log&)> progress{};
};

/// Follows a sanitize operation to its end, by its log page.
/// \return the last log that was read: finished, failed, or what `progress` stopped at
[[nodiscard]] XNVME_API Result<nvme::SanitizeStatusLog, Failure> follow_sanitize(
    Device& device, const Follow<nvme::SanitizeStatusLog>& follow = {});

/// Follows a device self-test to its end likewise. Its result is the first of the log.
[[nodiscard]] XNVME_API Result<nvme::SelfTestLog, Failure> follow_self_test(
    Device& device, const Follow<nvme::SelfTestLog>& follow = {});

}  // namespace xnvme
