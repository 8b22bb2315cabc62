#include "event_log.hpp"

#include <algorithm>
#include <cstring>

#include <xnvme/nvme/builders.hpp>

namespace xnvme::be_model {

using nvme::PersistentEventAction;
using nvme::PersistentEventEntry;
using nvme::PersistentEventHeader;
using nvme::PersistentEventType;

namespace {

/// The types of events that the model records.
constexpr auto kRecorded = std::to_array<PersistentEventType>({
    PersistentEventType::firmware_commit,
    PersistentEventType::timestamp_change,
    PersistentEventType::power_on_or_reset,
    PersistentEventType::change_namespace,
    PersistentEventType::format_start,
    PersistentEventType::format_completion,
    PersistentEventType::sanitize_start,
    PersistentEventType::sanitize_completion,
    PersistentEventType::set_feature,
    PersistentEventType::telemetry_create,
});

}  // namespace

void EventLog::add(PersistentEventType type, std::uint64_t timestamp,
                   std::span<const std::byte> data) noexcept {
    const std::lock_guard lock(mutex_);
    Event& event = ring_[count_++ % kEventsMax];
    event = {};
    event.bytes = static_cast<std::uint16_t>(std::min(data.size(), kEventDataMax));
    std::copy_n(data.begin(), event.bytes, event.data.begin());
    event.entry.type = static_cast<std::uint8_t>(type);
    event.entry.revision = 1;
    event.entry.ehl = sizeof(PersistentEventEntry) - offsetof(PersistentEventEntry, ehl) - 1;
    event.entry.ehai = 3;  // Of no port.
    event.entry.timestamp = timestamp;
    event.entry.el = event.bytes;
}

void EventLog::establish(PersistentEventHeader header) noexcept {
    if (generation_ == 0 || count_ != reported_) ++generation_;
    reported_ = count_;
    const auto events = static_cast<std::uint32_t>(std::min<std::uint64_t>(count_, kEventsMax));
    std::size_t at = sizeof(header);
    for (std::uint32_t i = 0; i < events; ++i) {
        const Event& event = ring_[(count_ - 1 - i) % kEventsMax];
        std::memcpy(context_.data() + at, &event.entry, sizeof(event.entry));
        std::memcpy(context_.data() + at + sizeof(event.entry), event.data.data(), event.bytes);
        at += sizeof(event.entry) + event.bytes;
    }
    header.lid = static_cast<std::uint8_t>(nvme::LogPage::persistent_event);
    header.tnev = events;
    header.tll = std::uint64_t{at};
    header.revision = 2;
    header.lhl = static_cast<std::uint16_t>(sizeof(header) - offsetof(PersistentEventHeader, lhl) -
                                            sizeof(header.lhl));
    header.generation = generation_;
    for (const PersistentEventType type : kRecorded) {
        const auto bit = static_cast<std::uint8_t>(type);
        header.supported[bit / 8u] =
            static_cast<std::uint8_t>(header.supported[bit / 8u] | (1u << (bit % 8u)));
    }
    std::memcpy(context_.data(), &header, sizeof(header));
    context_bytes_ = at;
    established_ = true;
}

Outcome EventLog::get(const Command& command, Scatter& data,
                      const PersistentEventHeader& header) noexcept {
    const auto action = static_cast<PersistentEventAction>((command.cdw10 >> 8) & 3);
    const std::lock_guard lock(mutex_);
    switch (action) {
        case PersistentEventAction::release:
            established_ = false;
            return {};
        case PersistentEventAction::establish_and_read:
            if (established_) return Outcome::of(kSequenceError);
            establish(header);
            break;
        case PersistentEventAction::read:
            if (!established_) return Outcome::of(kSequenceError);
            break;
        default:
            return Outcome::of(kInvalidField);
    }
    const std::uint64_t offset = nvme::log_offset_bytes(command);
    const auto wanted = static_cast<std::size_t>(nvme::log_bytes(command));
    if (offset % 4 != 0 || offset > context_bytes_) return Outcome::of(kInvalidField);
    const std::size_t part =
        std::min<std::size_t>(wanted, context_bytes_ - static_cast<std::size_t>(offset));
    data.put(context_.data() + offset, part);
    data.fill(std::byte{0}, wanted - part);
    return {};
}

}  // namespace xnvme::be_model
