#include <xnvme/fdp.hpp>

#include <algorithm>
#include <array>
#include <string>

#include <xnvme/nvme/builders.hpp>

namespace xnvme {

namespace {

/// The largest log that is asked for at once; larger ones come in parts. Any controller takes that
/// much in one command.
constexpr std::uint32_t kPartBytes = 4096;
/// No device has a log of configurations that is longer: 64 KiB descriptors, 256 of them.
constexpr std::uint32_t kConfigurationsMax = 16u << 20;

}  // namespace

Result<Fdp, Failure> Fdp::of(Device& device) {
    if ((device.identify_controller().ctratt.value() & nvme::kCtrattFdp) == 0)
        return fail(Errc::unsupported,
                    std::string(device.uri()) +
                        " has no flexible data placement: its controller does not report it. A "
                        "device in memory that has is mem:1GiB?fdp=1.");
    const std::uint16_t group = device.identify_namespace().endgid;
    return Fdp(device, group == 0 ? std::uint16_t{1} : group);
}

Result<nvme::FdpFeature> Fdp::state() const noexcept {
    auto done = device_->admin(nvme::fdp_state(endurance_group_));
    if (!done) return std::unexpected(done.error());
    return nvme::FdpFeature{static_cast<std::uint32_t>(done->result)};
}

Result<void> Fdp::enable(bool on, std::uint8_t configuration) const noexcept {
    auto done = device_->admin(nvme::fdp_enable(endurance_group_, on, configuration));
    if (!done) return std::unexpected(done.error());
    return {};
}

Result<std::vector<std::byte>> Fdp::read_log(nvme::LogPage page, std::uint32_t bytes,
                                             bool host_events) const {
    std::vector<std::byte> log((std::size_t{bytes} + 3) / 4 * 4);
    for (std::size_t at = 0; at < log.size(); at += kPartBytes) {
        const auto part =
            static_cast<std::uint32_t>(std::min<std::size_t>(kPartBytes, log.size() - at));
        auto done = device_->admin(nvme::fdp_log(page, endurance_group_, part, at, host_events),
                                   Data(log.data() + at, part));
        if (!done) return std::unexpected(done.error());
    }
    return log;
}

Result<nvme::FdpConfigurations> Fdp::configurations() const {
    const auto page = nvme::LogPage::fdp_configurations;
    auto header = read_log(page, sizeof(nvme::FdpConfigurationsHeader), false);
    if (!header) return std::unexpected(header.error());
    const std::uint32_t bytes = nvme::decode<nvme::FdpConfigurationsHeader>(*header)->sze;
    auto log =
        read_log(page, std::clamp<std::uint32_t>(bytes, kPartBytes, kConfigurationsMax), false);
    if (!log) return std::unexpected(log.error());
    // What lies behind the log's end is no part of it, whatever stands there.
    return nvme::decode_fdp_configurations(
        std::span(*log).first(std::min<std::size_t>(std::max(bytes, 16u), log->size())));
}

Result<std::vector<nvme::FdpUsage>> Fdp::usage() const {
    const auto page = nvme::LogPage::fdp_ruh_usage;
    auto header = read_log(page, sizeof(nvme::FdpUsageHeader), false);
    if (!header) return std::unexpected(header.error());
    const std::uint32_t count = nvme::decode<nvme::FdpUsageHeader>(*header)->nruh.value();
    auto log = read_log(
        page,
        static_cast<std::uint32_t>(sizeof(nvme::FdpUsageHeader) + count * sizeof(nvme::FdpUsage)),
        false);
    if (!log) return std::unexpected(log.error());
    return nvme::decode_fdp_usage(*log);
}

Result<nvme::FdpStatisticsLog> Fdp::statistics() const {
    auto log = read_log(nvme::LogPage::fdp_statistics, sizeof(nvme::FdpStatisticsLog), false);
    if (!log) return std::unexpected(log.error());
    return nvme::decode<nvme::FdpStatisticsLog>(*log);
}

Result<std::vector<nvme::FdpEvent>> Fdp::events(bool host) const {
    auto log = read_log(
        nvme::LogPage::fdp_events,
        sizeof(nvme::FdpEventsHeader) + nvme::kFdpEventsMax * sizeof(nvme::FdpEvent), host);
    if (!log) return std::unexpected(log.error());
    return nvme::decode_fdp_events(*log);
}

Result<std::vector<nvme::FdpEventDescriptor>> Fdp::event_types(std::uint16_t handle) const {
    constexpr std::uint8_t kMost = 255;
    // A whole number of dwords, which is what data pointers are made of.
    std::vector<nvme::FdpEventDescriptor> types(kMost + 1);
    auto done = device_->admin(nvme::fdp_get_events(handle, kMost, device_->nsid()),
                               Data(std::span(types)));
    if (!done) return std::unexpected(done.error());
    types.resize(std::min<std::size_t>(kMost, done->result & 0xff));
    return types;
}

Result<void> Fdp::enable_events(std::uint16_t handle, std::span<const nvme::FdpEventType> types,
                                bool on) const noexcept {
    if (types.empty() || types.size() > 255) return fail(Errc::invalid_argument);
    // Some devices take whole dwords alone.
    std::array<std::uint8_t, 256> bytes{};
    std::ranges::transform(types, bytes.begin(),
                           [](nvme::FdpEventType type) { return static_cast<std::uint8_t>(type); });
    auto done = device_->admin(
        nvme::fdp_set_events(handle, static_cast<std::uint8_t>(types.size()), on, device_->nsid()),
        Data(std::span(bytes)));
    if (!done) return std::unexpected(done.error());
    return {};
}

Result<nvme::FdpStatuses> Fdp::status() const {
    std::size_t room = kPartBytes;
    while (true) {
        auto buffer = device_->allocate(room);
        if (!buffer) return fail(buffer.error().error);
        auto done = device_->execute(nvme::fdp_status(static_cast<std::uint32_t>(room)), *buffer);
        if (!done) return std::unexpected(done.error());
        nvme::FdpStatuses statuses = nvme::decode_fdp_status(buffer->span());
        const std::size_t needed =
            sizeof(nvme::FdpStatusHeader) + statuses.reported * sizeof(nvme::FdpStatus);
        // Once more with room for all, where one command can have that much.
        if (needed <= room || needed > device_->geometry().max_transfer_bytes) return statuses;
        room = needed;
    }
}

Result<void> Fdp::update(std::span<const std::uint16_t> placements) const noexcept {
    if (placements.empty() || placements.size() > nvme::kFdpUpdateMax)
        return fail(Errc::invalid_argument);
    auto done = device_->execute(nvme::fdp_update(static_cast<std::uint32_t>(placements.size())),
                                 Data(placements));
    if (!done) return std::unexpected(done.error());
    return {};
}

}  // namespace xnvme
