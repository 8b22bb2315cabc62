// Firmware and security.
#include <array>
#include <mutex>

#include <xnvme/nvme/management.hpp>

#include "admin.hpp"

namespace xnvme::be_model {

Outcome firmware_download(Controller& controller, const Command& command, Scatter& data) noexcept {
    const std::lock_guard lock(controller.admin_mutex());
    return controller.firmware().download(command, data);
}

Outcome firmware_commit(Controller& controller, const Command& command) noexcept {
    const std::lock_guard lock(controller.admin_mutex());
    nvme::FirmwareCommitEvent event{};
    event.old_revision = controller.firmware().revision();
    const Outcome outcome = controller.firmware().commit(command);
    event.new_revision = controller.firmware().revision();
    event.action = static_cast<std::uint8_t>((command.cdw10 >> 3) & 7);
    event.slot = static_cast<std::uint8_t>(command.cdw10 & 7);
    event.sct = outcome.status.sct();
    event.sc = outcome.status.sc();
    controller.record(nvme::PersistentEventType::firmware_commit, event);
    return outcome;
}

Outcome security_receive(const Command& command, Scatter& data) noexcept {
    const std::uint32_t protocol = command.cdw10 >> 24;
    const std::uint32_t specific = (command.cdw10 >> 8) & 0xffff;
    // Protocol 0 alone: it says which there are. SPC-4 §7.7.1
    if (protocol != 0 || specific != 0) return Outcome::of(kInvalidField);
    if (data.bytes() < command.cdw11) return Outcome::of(kDataLengthInvalid);
    std::array<std::byte, 9> list{};
    list[7] = std::byte{1};  // One protocol in the list: 0 itself.
    const std::size_t part = command.cdw11 < list.size() ? command.cdw11 : list.size();
    data.put(list.data(), part);
    data.fill(std::byte{0}, command.cdw11 - part);
    return {};
}

Outcome security_send() noexcept {
    // Protocol 0 can only be received from.
    return Outcome::of(kInvalidField);
}

}  // namespace xnvme::be_model
