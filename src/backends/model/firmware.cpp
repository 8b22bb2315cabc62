#include "firmware.hpp"

#include <algorithm>

#include <xnvme/nvme/management.hpp>

namespace xnvme::be_model {

namespace {

/// The revision that the model begins with.
constexpr std::string_view kRevision = "1.0";

}  // namespace

Firmware::Firmware() noexcept {
    log_.afi = 1;
    nvme::set_text(log_.frs[0], kRevision);
}

void Firmware::forget_image() noexcept {
    head_ = {};
    received_bytes_ = 0;
    end_bytes_ = 0;
}

bool Firmware::image_is_good() const noexcept {
    // Parts that overlap give more bytes than the image has, and a gap fewer.
    return received_bytes_ == end_bytes_ && end_bytes_ >= head_.size() &&
           std::string_view(head_.data(), kFirmwareMagic.size()) == kFirmwareMagic;
}

Outcome Firmware::download(const Command& command, Scatter& data) noexcept {
    const std::uint64_t bytes = (std::uint64_t{command.cdw10} + 1) * 4;
    const std::uint64_t offset = std::uint64_t{command.cdw11} * 4;
    if (data.bytes() < bytes) return Outcome::of(kDataLengthInvalid);
    // Parts begin on the granularity that FWUG asks for: 4 KiB.
    if (offset % 4096 != 0) return Outcome::of(kInvalidField);
    if (offset == 0) {
        // A new image begins with its first part.
        forget_image();
        data.get(head_.data(), std::min<std::size_t>(head_.size(), data.bytes()));
    }
    received_bytes_ += bytes;
    end_bytes_ = std::max(end_bytes_, offset + bytes);
    return {};
}

Outcome Firmware::commit(const Command& command) noexcept {
    using nvme::FirmwareAction;
    const auto action = static_cast<FirmwareAction>((command.cdw10 >> 3) & 7);
    unsigned slot = command.cdw10 & 7;
    const bool stores =
        action == FirmwareAction::store || action == FirmwareAction::store_and_activate;
    const bool activates =
        action == FirmwareAction::activate || action == FirmwareAction::activate_now;
    if (!stores && !activates) return Outcome::of(kInvalidField);
    // Which slot is the controller's choice.
    if (slot == 0) slot = stores ? 2 : log_.active_slot();
    if (slot > kFirmwareSlots || (stores && slot == 1)) return Outcome::of(kInvalidFirmwareSlot);
    if (stores) {
        if (!image_is_good()) return Outcome::of(kInvalidFirmwareImage);
        std::copy_n(head_.begin() + kFirmwareMagic.size(), log_.frs[slot - 1].size(),
                    log_.frs[slot - 1].begin());
        forget_image();
    }
    if (log_.revision(slot).empty()) return Outcome::of(kInvalidFirmwareImage);
    if (action == FirmwareAction::store) return {};
    if (action == FirmwareAction::activate_now) {
        log_.afi = static_cast<std::uint8_t>(slot);
        return {};
    }
    log_.afi = static_cast<std::uint8_t>(log_.active_slot() | (slot << 4));
    return Outcome::of(kFirmwareNeedsReset);
}

}  // namespace xnvme::be_model
