/// \file
/// Memory that a device can move data to and from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include <xnvme/command.hpp>
#include <xnvme/export.hpp>
#include <xnvme/result.hpp>

namespace xnvme {

class DeviceState;

/// A buffer of a device: memory that `Device::allocate` made, or the caller's own that
/// `Device::map` made known. Aligned for the device. It keeps the device open for as long as it
/// lives; freeing it while a command uses it is an error of the program.
class Buffer {
  public:
    Buffer() noexcept = default;
    XNVME_API Buffer(Buffer&&) noexcept;
    XNVME_API Buffer& operator=(Buffer&&) noexcept;
    XNVME_API ~Buffer();

    std::byte* data() const noexcept { return data_; }
    std::size_t size() const noexcept { return bytes_; }
    std::span<std::byte> span() const noexcept { return {data_, bytes_}; }
    operator Data() const noexcept { return Data(data_, bytes_); }
    /// A part of it, `bytes` from `offset_bytes`; the caller keeps within the buffer.
    Data part(std::size_t offset_bytes, std::size_t bytes) const noexcept {
        return Data(data_ + offset_bytes, bytes);
    }
    /// The address by which the device knows it, where the memory interface has such
    /// (`Errc::unsupported` elsewhere).
    [[nodiscard]] XNVME_API Result<std::uint64_t> device_address() const noexcept;

  private:
    friend class Device;
    Buffer(std::shared_ptr<DeviceState> device, std::byte* data, std::size_t bytes,
           bool mapped) noexcept;
    void reset() noexcept;

    std::shared_ptr<DeviceState> device_;
    std::byte* data_ = nullptr;
    std::size_t bytes_ = 0;
    bool mapped_ = false;
};

}  // namespace xnvme
