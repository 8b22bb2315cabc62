#include <xnvme/admin.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <thread>

#include <xnvme/describe.hpp>
#include <xnvme/nvme/builders.hpp>
#include <xnvme/nvme/status.hpp>
#include <xnvme/size.hpp>

namespace xnvme {
namespace {

std::unexpected<Failure> failed(const Device& device, const std::string& what, const Error& error) {
    return fail(error, std::string(device.uri()) + ": " + what + " failed: " + describe(error));
}

/// Parts of a firmware image: what fits a command on every controller, where it has no wish.
constexpr std::uint32_t kImagePartBytes = 4096;

std::uint32_t image_part_bytes(const Device& device) {
    const nvme::IdentifyController& id = device.identify_controller();
    // FWUG: 0 is not reported, ffh no restriction, else the granularity in 4 KiB.
    const std::uint64_t granularity =
        id.fwug == 0 || id.fwug == 0xff ? kImagePartBytes : std::uint64_t{id.fwug} * 4096;
    const std::uint64_t most = id.max_transfer_bytes();
    if (most == 0 || granularity <= most) return static_cast<std::uint32_t>(granularity);
    return static_cast<std::uint32_t>(most);
}

Result<void, Failure> change_attachment(Device& device, nvme::NamespaceAttachment operation,
                                        std::uint32_t nsid,
                                        std::span<const std::uint16_t> cntlids) {
    const bool attach = operation == nvme::NamespaceAttachment::attach;
    const std::array<std::uint16_t, 1> own{device.identify_controller().cntlid};
    if (cntlids.empty()) cntlids = own;
    nvme::ControllerList list{};
    if (cntlids.size() > list.cntlid.size())
        return fail(Errc::invalid_argument, "A namespace is attached to at most " +
                                                std::to_string(list.cntlid.size()) +
                                                " controllers at a time, and " +
                                                std::to_string(cntlids.size()) + " were given.");
    list.num = static_cast<std::uint16_t>(cntlids.size());
    std::copy(cntlids.begin(), cntlids.end(), list.cntlid.begin());
    // The list is in ascending order. NVMe Base 2.0 §4.4.1
    std::sort(list.cntlid.begin(),
              list.cntlid.begin() + static_cast<std::ptrdiff_t>(cntlids.size()),
              [](nvme::Le16 a, nvme::Le16 b) { return a.value() < b.value(); });
    const auto done =
        device.admin(nvme::namespace_attachment(operation, nsid), Data(&list, sizeof list));
    if (done) return {};
    return failed(
        device,
        std::string(attach ? "attaching" : "detaching") + " namespace " + std::to_string(nsid),
        done.error());
}

/// Reads a log page again and again until `running` says that the operation has ended.
template <class Log, class Running>
Result<Log, Failure> follow_log(Device& device, nvme::LogPage page, const Follow<Log>& follow,
                                Running running) {
    nvme::LogFields fields;
    fields.page = page;
    fields.bytes = sizeof(Log);
    for (;;) {
        Log log;
        const auto done = device.admin(nvme::get_log_page(fields), Data(&log, sizeof log));
        if (!done) return failed(device, "reading how far it is", done.error());
        const bool go_on = !follow.progress || follow.progress(log);
        if (!running(log) || !go_on) return log;
        // Nothing that can be waited for tells that it has ended: the device is asked.
        std::this_thread::sleep_for(follow.interval);
    }
}

}  // namespace

Result<FeatureValue> get_feature(Device& device, nvme::FeatureId id, nvme::FeatureSelect select,
                                 std::uint32_t nsid, std::uint32_t cdw11) {
    const nvme::FeatureInfo* info = nvme::find_feature(id);
    const bool structure =
        info != nullptr && info->data_bytes != 0 && select != nvme::FeatureSelect::capabilities;
    if (nsid == 0 && info != nullptr && info->per_namespace) nsid = device.nsid();
    FeatureValue feature;
    Buffer buffer;
    Data data;
    if (structure) {
        auto memory = device.allocate(info->data_bytes);
        if (!memory) return fail(memory.error().error);
        buffer = std::move(*memory);
        data = buffer.part(0, info->data_bytes);
        // The host identifier has 16 bytes when they are asked for, else 8.
        // NVMe Base 2.0 §5.27.1.25 (EXHID)
        const bool wide = (device.identify_controller().ctratt & 1u) != 0;
        if (id == nvme::FeatureId::host_identifier && wide) cdw11 |= 1;
        if (id == nvme::FeatureId::host_identifier && !wide) data = buffer.part(0, 8);
    }
    const auto done = device.admin(nvme::get_features(id, select, nsid, cdw11), data);
    if (!done) return fail(done.error());
    feature.value = static_cast<std::uint32_t>(done->result);
    if (structure) feature.data.assign(buffer.data(), buffer.data() + data.bytes());
    return feature;
}

Result<std::uint32_t, Failure> create_namespace(Device& device, const NamespaceSpec& spec) {
    if (spec.lbaf > 63 || spec.protection_type > 3 || spec.size_blocks == 0)
        return fail(Errc::invalid_argument,
                    "A namespace has blocks, an LBA format from 0 to 63 and a protection type from "
                    "0 to 3.");
    nvme::NamespaceRequest request{};
    request.nsze = spec.size_blocks;
    request.ncap = spec.capacity_blocks == 0 ? spec.size_blocks : spec.capacity_blocks;
    request.set_format(spec.lbaf, spec.metadata_extended);
    request.dps =
        static_cast<std::uint8_t>(spec.protection_type | (spec.protection_first ? 8u : 0u));
    request.nmic = spec.shared ? 1 : 0;
    request.nvmsetid = spec.nvmsetid;
    request.endgid = spec.endgid;
    const auto done =
        device.admin(nvme::namespace_create(spec.command_set), Data(&request, sizeof request));
    if (!done) return failed(device, "creating a namespace", done.error());
    return static_cast<std::uint32_t>(done->result);
}

Result<void, Failure> delete_namespace(Device& device, std::uint32_t nsid) {
    const auto done = device.admin(nvme::namespace_delete(nsid));
    if (done) return {};
    return failed(device, "deleting namespace " + std::to_string(nsid), done.error());
}

Result<void, Failure> attach_namespace(Device& device, std::uint32_t nsid,
                                       std::span<const std::uint16_t> cntlids) {
    return change_attachment(device, nvme::NamespaceAttachment::attach, nsid, cntlids);
}

Result<void, Failure> detach_namespace(Device& device, std::uint32_t nsid,
                                       std::span<const std::uint16_t> cntlids) {
    return change_attachment(device, nvme::NamespaceAttachment::detach, nsid, cntlids);
}

Result<void, Failure> download_firmware(
    Device& device, std::span<const std::byte> image,
    const std::function<void(std::uint64_t done_bytes)>& progress) {
    // The offset counts dwords in 32 bits. NVMe Base 2.0 §5.13
    constexpr std::uint64_t kMost = std::uint64_t{1} << 32;
    if (image.empty() || image.size() % 4 != 0 || image.size() > kMost)
        return fail(Errc::invalid_argument,
                    "A firmware image has a length that is a multiple of 4, up to 4 GiB; this one "
                    "has " +
                        std::to_string(image.size()) + " bytes.");
    const std::uint32_t part_bytes = image_part_bytes(device);
    auto buffer = device.allocate(part_bytes);
    if (!buffer) return std::unexpected(std::move(buffer.error()));
    for (std::size_t offset = 0; offset < image.size();) {
        const std::size_t part = std::min<std::size_t>(image.size() - offset, part_bytes);
        std::memcpy(buffer->data(), image.data() + offset, part);
        const Command command = nvme::firmware_download(static_cast<std::uint32_t>(offset),
                                                        static_cast<std::uint32_t>(part));
        if (const auto done = device.admin(command, buffer->part(0, part)); !done)
            return failed(device, "the firmware download at byte " + std::to_string(offset),
                          done.error());
        offset += part;
        if (progress) progress(offset);
    }
    return {};
}

Result<FirmwareActivation, Failure> commit_firmware(Device& device, nvme::FirmwareAction action,
                                                    unsigned slot, unsigned boot_partition) {
    if (slot > 7 || boot_partition > 1)
        return fail(Errc::invalid_argument,
                    "Firmware slots are 1 to 7, or 0 for the controller's choice; boot partitions "
                    "are 0 and 1.");
    const auto done = device.admin(nvme::firmware_commit(action, slot, boot_partition));
    if (done) return FirmwareActivation::done;
    // The image was committed, and these say what is still to be done. NVMe Base 2.0 §5.12.1
    const Error& error = done.error();
    using nvme::CommandStatus;
    if (error.code == Errc::device) {
        if (nvme::is(error.status, CommandStatus::firmware_needs_controller_reset))
            return FirmwareActivation::controller_reset;
        if (nvme::is(error.status, CommandStatus::firmware_needs_subsystem_reset))
            return FirmwareActivation::subsystem_reset;
        if (nvme::is(error.status, CommandStatus::firmware_needs_conventional_reset))
            return FirmwareActivation::conventional_reset;
    }
    return failed(device, "the firmware commit", error);
}

Result<nvme::SanitizeStatusLog, Failure> follow_sanitize(
    Device& device, const Follow<nvme::SanitizeStatusLog>& follow) {
    return follow_log(device, nvme::LogPage::sanitize_status, follow, [](const auto& log) {
        return log.state() == nvme::SanitizeState::in_progress;
    });
}

Result<nvme::SelfTestLog, Failure> follow_self_test(Device& device,
                                                    const Follow<nvme::SelfTestLog>& follow) {
    return follow_log(device, nvme::LogPage::self_test, follow,
                      [](const auto& log) { return (log.operation & 0xf) != 0; });
}

}  // namespace xnvme
