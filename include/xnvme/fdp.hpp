/// \file
/// Flexible data placement, as calls that wait.
///
///     auto device = xnvme::Device::open("/dev/ng0n1");
///     auto fdp = xnvme::Fdp::of(*device);
///     auto handles = fdp->status();
///     auto written = device->execute(xnvme::nvme::placed(xnvme::nvme::write(0, 8), pid), buffer);
///
/// Writes with a placement identifier go through queues like any other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <xnvme/device.hpp>
#include <xnvme/export.hpp>
#include <xnvme/nvme/fdp.hpp>
#include <xnvme/result.hpp>

namespace xnvme {

/// Flexible data placement of a namespace and its endurance group. A view of a device, which must
/// outlive it; it may be copied. Every call blocks until the device has answered, and may be made
/// from several threads. The errors of each are those of `Device::admin` or `Device::execute`, and
/// `no_memory`; where it is turned off, most are `Errc::device` with FDP Disabled.
class Fdp {
  public:
    /// Of an open device. Fails with `unsupported` and a sentence where the controller has no
    /// flexible data placement.
    [[nodiscard]] XNVME_API static Result<Fdp, Failure> of(Device& device);

    /// The endurance group that the calls are about: the namespace's, or 1 where it has none.
    std::uint16_t endurance_group() const noexcept { return endurance_group_; }

    /// Whether it is on, and the configuration in use.
    [[nodiscard]] XNVME_API Result<nvme::FdpFeature> state() const noexcept;
    /// Turns it on with a configuration, or off. Errors: Command Sequence Error while the endurance
    /// group has a namespace.
    [[nodiscard]] XNVME_API Result<void> enable(bool on,
                                                std::uint8_t configuration = 0) const noexcept;

    /// What the endurance group can be configured to.
    [[nodiscard]] XNVME_API Result<nvme::FdpConfigurations> configurations() const;
    /// The reclaim unit handles of the endurance group, and who uses them.
    [[nodiscard]] XNVME_API Result<std::vector<nvme::FdpUsage>> usage() const;
    [[nodiscard]] XNVME_API Result<nvme::FdpStatisticsLog> statistics() const;
    /// The events that were logged: those of the host's own doing, or those of the controller's.
    [[nodiscard]] XNVME_API Result<std::vector<nvme::FdpEvent>> events(bool host) const;

    /// The event types of a placement handle, and whether they are logged.
    [[nodiscard]] XNVME_API Result<std::vector<nvme::FdpEventDescriptor>> event_types(
        std::uint16_t handle) const;
    /// Turns event types of a placement handle on or off. 1 to 255 types.
    [[nodiscard]] XNVME_API Result<void> enable_events(std::uint16_t handle,
                                                       std::span<const nvme::FdpEventType> types,
                                                       bool on) const noexcept;

    /// The namespace's placement identifiers, and the room in the reclaim units they refer to.
    [[nodiscard]] XNVME_API Result<nvme::FdpStatuses> status() const;
    /// Makes placement identifiers refer to empty reclaim units. 1 to 128 of them.
    [[nodiscard]] XNVME_API Result<void> update(
        std::span<const std::uint16_t> placements) const noexcept;

  private:
    Fdp(Device& device, std::uint16_t endurance_group) noexcept
        : device_(&device), endurance_group_(endurance_group) {}
    Result<std::vector<std::byte>> read_log(nvme::LogPage page, std::uint32_t bytes,
                                            bool host_events) const;

    Device* device_;
    std::uint16_t endurance_group_;
};

}  // namespace xnvme
