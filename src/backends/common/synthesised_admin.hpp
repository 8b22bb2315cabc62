/// \file
/// A controller and a namespace, made up from what the system knows of a file or block device.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>

#include <xnvme/nvme/builders.hpp>
#include <xnvme/nvme/features.hpp>
#include <xnvme/nvme/identify.hpp>
#include <xnvme/nvme/log.hpp>

#include "contracts/interfaces.hpp"

namespace xnvme::be_common {

/// What differs from one kind of device to the next.
struct AdminHooks {
    /// I/O commands that the device's synchronous interface carries.
    OpcodeSet io;
    /// Makes all blocks of the device read as zeroes (`none`) or erases them beyond recovery; 0 or
    /// an errno, `EOPNOTSUPP` for a kind of erasure that the device has not. Null: no format.
    int (*erase)(Handle& handle, nvme::SecureErase kind) = nullptr;
    /// Adds what the system knows of the device's health; null where it knows nothing.
    void (*health)(const Handle& handle, nvme::HealthLog& log) = nullptr;
};

/// Admin commands on `DeviceFacts`: Identify (CNS 00h, 01h, 02h, 03h, 05h, 06h, 07h, 08h, 1Ch), Get
/// Log Page (supported pages, error information, health, firmware slot, commands and effects), Get
/// and Set Features, and Format NVM of the one LBA format where there is a hook for it. Errors are
/// those of the specification, and are kept in the error information log; data that is shorter than
/// what the command transfers is `Errc::bad_length`.
///
/// Features keep their value for as long as the device is open; none can be saved. Any thread.
class SynthesisedAdmin final : public AdminInterface {
  public:
    /// `handle` outlives it.
    SynthesisedAdmin(Handle& handle, const AdminHooks& hooks);

    void execute(Context& context) noexcept override;

  private:
    static constexpr std::size_t kErrorEntries = 64;
    static constexpr std::size_t kPageBytes = 4096;
    using Page = std::array<std::byte, kPageBytes>;

    void dispatch(Context& context) noexcept;
    void identify(Context& context) noexcept;
    void identify_namespace(Context& context, Page& page) noexcept;
    void get_log_page(Context& context) noexcept;
    void get_features(Context& context) noexcept;
    void set_features(Context& context) noexcept;
    void format(Context& context) noexcept;

    nvme::IdentifyController controller() const noexcept;
    nvme::IdentifyNamespace name_space() const noexcept;
    std::array<std::uint8_t, 16> uuid() const noexcept;
    void fill_identifiers(Page& page) const noexcept;
    void fill_supported_pages(Page& page) const noexcept;
    void fill_errors(Page& page) noexcept;
    void fill_health(Page& page) noexcept;
    void fill_firmware(Page& page) const noexcept;
    void fill_effects(Page& page) const noexcept;
    void keep_error(const Context& context) noexcept;
    std::uint32_t namespace_of(const Command& command) const noexcept;
    std::uint32_t* feature_value(const Command& command, std::uint32_t& fallback) noexcept;

    Handle& handle_;
    AdminHooks hooks_;
    std::mutex mutex_;
    /// By feature identifier: all that are known are below 10h.
    std::array<std::uint32_t, 16> features_{};
    std::uint32_t under_temperature_ = 0;
    std::array<nvme::ErrorLogEntry, kErrorEntries> errors_{};
    std::uint64_t error_count_ = 0;
};

}  // namespace xnvme::be_common
