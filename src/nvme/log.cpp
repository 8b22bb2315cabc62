// Decoding of log pages of variable length.
#include <algorithm>

#include <xnvme/nvme/log_events.hpp>
#include <xnvme/nvme/log_groups.hpp>

#include "nvme/reader.hpp"

namespace xnvme::nvme {
namespace {

/// So many elements of this size as are claimed, but no more than there are bytes for: what may be
/// allocated for them.
template <class T>
std::size_t bounded(std::uint64_t claimed, const Reader& reader) noexcept {
    return static_cast<std::size_t>(
        std::min<std::uint64_t>(claimed, reader.remaining_bytes() / sizeof(T)));
}

/// Reads `claimed` elements. False when they are not all there; those that are, are kept.
template <class T, class Store>
bool read_all(Reader& reader, std::uint64_t claimed, std::vector<Store>& into) {
    const std::size_t count = bounded<T>(claimed, reader);
    into.reserve(into.size() + count);
    for (std::size_t i = 0; i < count; ++i) into.push_back(static_cast<Store>(*reader.read<T>()));
    return count == claimed;
}

}  // namespace

PersistentEvents decode_persistent_events(std::span<const std::byte> log) {
    PersistentEvents decoded;
    const auto header = decode<PersistentEventHeader>(log);
    // The header ends where it says, and never before the field that says so.
    constexpr std::size_t kLengthEnd = offsetof(PersistentEventHeader, lhl) + sizeof(Le16);
    Reader reader(log);
    if (!header || !reader.seek(kLengthEnd + header->lhl.value())) {
        decoded.well_formed = false;
        return decoded;
    }
    decoded.events.reserve(bounded<PersistentEventEntry>(header->tnev, reader));
    constexpr std::size_t kBehind = offsetof(PersistentEventEntry, ehl) + 1;
    for (std::uint32_t i = 0; i < header->tnev.value(); ++i) {
        const std::size_t begin = reader.offset_bytes();
        const auto entry = reader.read<PersistentEventEntry>();
        if (!entry || entry->ehl < sizeof(PersistentEventEntry) - kBehind ||
            !reader.seek(begin + kBehind + entry->ehl) || entry->vsil > entry->el) {
            decoded.well_formed = false;
            break;
        }
        const auto body = reader.take(entry->el);
        if (!body) {
            decoded.well_formed = false;
            break;
        }
        decoded.events.push_back({*entry, body->subspan(entry->vsil)});
    }
    return decoded;
}

EventAggregate decode_event_aggregate(std::span<const std::byte> log) {
    EventAggregate decoded;
    Reader reader(log);
    const auto count = reader.read<Le64>();
    if (!count) return decoded;
    decoded.claimed = *count;
    (void)read_all<Le16>(reader, *count, decoded.identifiers);
    return decoded;
}

AnaLog decode_ana(std::span<const std::byte> log) {
    AnaLog decoded;
    Reader reader(log);
    const auto header = reader.read<AnaHeader>();
    if (!header) {
        decoded.well_formed = false;
        return decoded;
    }
    decoded.change_count = header->change_count;
    decoded.groups.reserve(bounded<AnaGroupEntry>(header->groups, reader));
    for (std::uint32_t i = 0; i < header->groups.value(); ++i) {
        const auto entry = reader.read<AnaGroupEntry>();
        if (!entry) {
            decoded.well_formed = false;
            break;
        }
        AnaGroup group;
        group.group = entry->group;
        group.change_count = entry->change_count;
        group.state = entry->state & 0xf;
        decoded.well_formed = read_all<Le32>(reader, entry->nsids, group.nsids);
        if (!decoded.well_formed) break;
        decoded.groups.push_back(std::move(group));
    }
    return decoded;
}

LbaStatusLog decode_lba_status(std::span<const std::byte> log) {
    constexpr std::uint32_t kAllBlocks = 0xffffffff;
    LbaStatusLog decoded;
    Reader reader(log);
    const auto header = reader.read<LbaStatusHeader>();
    if (!header) {
        decoded.well_formed = false;
        return decoded;
    }
    decoded.header = *header;
    decoded.elements.reserve(bounded<LbaStatusNamespace>(header->nlslne, reader));
    for (std::uint32_t i = 0; i < header->nlslne.value(); ++i) {
        const auto space = reader.read<LbaStatusNamespace>();
        if (!space) {
            decoded.well_formed = false;
            break;
        }
        LbaStatusElement element;
        element.space = *space;
        const std::uint32_t ranges = space->nlrd == kAllBlocks ? 0 : space->nlrd.value();
        decoded.well_formed = read_all<LbaStatusRange>(reader, ranges, element.ranges);
        if (!decoded.well_formed) break;
        decoded.elements.push_back(std::move(element));
    }
    return decoded;
}

}  // namespace xnvme::nvme
