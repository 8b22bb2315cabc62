/// \file
/// The firmware slots of the model, and the image that is on its way to one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <xnvme/command.hpp>
#include <xnvme/nvme/log.hpp>

#include "scatter.hpp"
#include "verdicts.hpp"

namespace xnvme::be_model {

/// Slots: the first holds what the model began with, and cannot be written.
inline constexpr unsigned kFirmwareSlots = 3;
/// What an image for the model begins with; its revision, 8 characters, follows.
inline constexpr std::string_view kFirmwareMagic = "XNVMEFW1";

/// What Firmware Image Download and Firmware Commit work on. Guarded by
/// `Controller::admin_mutex`.
class Firmware {
  public:
    Firmware() noexcept;

    /// Firmware Image Download. NVMe Base 2.0 §5.13
    Outcome download(const Command& command, Scatter& data) noexcept;
    /// Firmware Commit. NVMe Base 2.0 §5.12
    Outcome commit(const Command& command) noexcept;

    const nvme::FirmwareSlotLog& slots() const noexcept { return log_; }
    /// What runs now, padded with spaces.
    const std::array<char, 8>& revision() const noexcept {
        return log_.frs[log_.active_slot() - 1];
    }

  private:
    /// True when all parts of an image were handed over once, and it is one for the model.
    bool image_is_good() const noexcept;
    void forget_image() noexcept;

    nvme::FirmwareSlotLog log_{};
    std::array<char, 16> head_{};  ///< The image's first bytes.
    std::uint64_t received_bytes_ = 0;
    std::uint64_t end_bytes_ = 0;  ///< Where the part that reaches furthest ends.
};

}  // namespace xnvme::be_model
