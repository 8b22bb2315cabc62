#include "faults.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <xnvme/nvme/opcodes.hpp>

#include "parse.hpp"
#include "text/nearest.hpp"

namespace xnvme::be_model {

namespace {

std::unexpected<Failure> refuse(std::string_view fault, std::string why) {
    return fail(Errc::invalid_argument,
                "The fault '" + std::string(fault) + "' is not understood: " + std::move(why));
}

/// The command sets whose commands a fault can name.
constexpr nvme::OpcodeSet kSets[] = {nvme::OpcodeSet::nvm, nvme::OpcodeSet::zoned,
                                     nvme::OpcodeSet::admin, nvme::OpcodeSet::key_value};

/// The opcode's name, or `any`, or `drop`.
Result<void, Failure> parse_what(std::string_view fault, std::string_view what, FaultRule& rule) {
    if (what == "any" || what == "drop") {
        rule.any = true;
        rule.drop = what == "drop";
        return {};
    }
    for (const auto set : kSets) {
        const nvme::OpcodeInfo* info = nvme::find_opcode(set, what);
        if (info == nullptr) continue;
        rule.opcode = info->opcode;
        rule.admin = set == nvme::OpcodeSet::admin;
        rule.key_value = set == nvme::OpcodeSet::key_value;
        return {};
    }
    std::vector<std::string_view> names{"any", "drop"};
    for (const nvme::OpcodeInfo& info : nvme::kOpcodes) {
        if (std::ranges::find(kSets, info.set) != std::end(kSets)) names.push_back(info.name);
    }
    const std::string_view near = text::nearest(what, names);
    return refuse(fault, "'" + std::string(what) + "' is not a command. " +
                             (near.empty() ? std::string("Name one, such as read, write, flush or "
                                                         "identify, or say any or drop.")
                                           : "Did you mean '" + std::string(near) + "'?"));
}

/// `lba:FIRST[..LAST]`, `key:KEY` or `nth:N`.
Result<void, Failure> parse_when(std::string_view fault, std::string_view when, FaultRule& rule) {
    std::string_view rest = when;
    const std::string_view kind = take_until(rest, ':');
    if (kind == "nth") {
        const auto number = parse_number(rest);
        if (!number || *number == 0)
            return refuse(fault, "'" + std::string(rest) +
                                     "' after nth: must be a whole number from 1, such as nth:50.");
        rule.when = FaultRule::When::nth;
        rule.first = *number;
        rule.count = 1;
        return {};
    }
    if (kind == "key") {
        if (rest.empty() || rest.size() > 16)
            return refuse(fault, "the key after key: must have 1 to 16 characters.");
        rule.when = FaultRule::When::key;
        rule.key = rest;
        return {};
    }
    if (kind != "lba")
        return refuse(fault, "'@" + std::string(when) +
                                 "' is none of @lba:FIRST..LAST, @key:KEY and @nth:NUMBER.");
    const std::size_t dots = rest.find("..");
    const auto first = parse_number(rest.substr(0, dots));
    const auto last = dots == std::string_view::npos ? first : parse_number(rest.substr(dots + 2));
    if (!first || !last || *first > *last)
        return refuse(fault, "'" + std::string(rest) +
                                 "' after lba: must be a block or a range of blocks in ascending "
                                 "order, such as lba:100 or lba:100..107.");
    rule.when = FaultRule::When::lba;
    rule.first = *first;
    rule.last = *last;
    return {};
}

/// What the items after the first comma say.
struct Items {
    std::optional<std::uint64_t> sct;
    std::optional<std::uint64_t> sc;
    bool dnr = false;
};

Result<void, Failure> parse_item(std::string_view fault, std::string_view item, FaultRule& rule,
                                 Items& items) {
    if (item == "once") rule.count = 1;
    if (item == "drop") rule.drop = true;
    if (item == "lost") rule.lost = true;
    if (item == "once" || item == "drop" || item == "lost") return {};
    std::string_view value = item;
    const std::string_view key = take_until(value, '=');
    static constexpr std::string_view kKeys[] = {"sct",  "sc",   "dnr",  "count",
                                                 "once", "drop", "lost", "zone"};
    const auto number = parse_number(value);
    const auto bad = [&](std::string_view allowed) {
        return refuse(fault, "'" + std::string(item) + "' must be " + std::string(allowed) + ".");
    };
    if (key == "sct") {
        if (!number || *number > 7) return bad("sct=0 to sct=7");
        items.sct = number;
    } else if (key == "sc") {
        if (!number || *number > 255) return bad("sc=0 to sc=0xff");
        items.sc = number;
    } else if (key == "dnr") {
        if (!number || *number > 1) return bad("dnr=0 or dnr=1");
        items.dnr = *number == 1;
    } else if (key == "count") {
        if (!number || *number == 0) return bad("count= and a whole number from 1");
        rule.count = *number;
    } else if (key == "zone") {
        if (value != "read-only" && value != "offline" && value != "full")
            return bad("zone=read-only, zone=offline or zone=full");
        rule.zone = value == "read-only" ? ZoneDefect::read_only
                    : value == "offline" ? ZoneDefect::offline
                                         : ZoneDefect::finished;
    } else {
        const std::string_view near = text::nearest(key, kKeys);
        return refuse(fault, "'" + std::string(item) +
                                 "' is none of sct=, sc=, dnr=, count=, zone=, once, drop, lost." +
                                 (near.empty() ? std::string()
                                               : " Did you mean '" + std::string(near) + "'?"));
    }
    return {};
}

/// How a command fails when nothing else is said: as on a broken medium.
Status default_status(const FaultRule& rule) {
    if (rule.key_value) return nvme::status_of(nvme::GenericStatus::unrecovered_error);
    const nvme::OpcodeInfo* info =
        rule.any || rule.admin ? nullptr : nvme::find_io_opcode(CommandSet::zoned, rule.opcode);
    if (info == nullptr) return kInternalError;
    return info->changes_device ? kWriteFault
                                : nvme::status_of(nvme::MediaStatus::unrecovered_read_error);
}

bool touches(const FaultRule& rule, std::span<const BlockRange> ranges, std::uint64_t& lba) {
    for (const BlockRange& range : ranges) {
        if (range.blocks == 0 || range.slba > rule.last) continue;
        // The last block, not the end: the end of a range from a hostile command may wrap.
        const std::uint64_t last = range.slba + (range.blocks - 1) < range.slba
                                       ? UINT64_MAX
                                       : range.slba + (range.blocks - 1);
        if (last < rule.first) continue;
        lba = range.slba > rule.first ? range.slba : rule.first;
        return true;
    }
    return false;
}

}  // namespace

Result<FaultRule, Failure> parse_fault(std::string_view text) {
    FaultRule rule;
    Items items;
    std::string_view rest = text;
    std::string_view when = take_until(rest, ',');
    const bool has_when = when.find('@') != std::string_view::npos;
    const std::string_view what = take_until(when, '@');
    if (auto parsed = parse_what(text, what, rule); !parsed)
        return std::unexpected(std::move(parsed.error()));
    if (has_when) {
        if (auto parsed = parse_when(text, when, rule); !parsed)
            return std::unexpected(std::move(parsed.error()));
    }
    while (!rest.empty()) {
        const std::string_view item = take_until(rest, ',');
        if (auto parsed = parse_item(text, item, rule, items); !parsed)
            return std::unexpected(std::move(parsed.error()));
    }
    if (rule.lost && (rule.drop || rule.zone != ZoneDefect::none))
        return refuse(text,
                      "a command that is lost succeeds: it is neither dropped, nor does it break a "
                      "zone. Leave out lost, or drop and zone=.");
    if (rule.drop || rule.lost) {
        if (items.sct || items.sc)
            return refuse(text, rule.drop
                                    ? "a command that is dropped never completes, so it has no "
                                      "status. Leave out either drop or sct= and sc=."
                                    : "a command that is lost succeeds, so it has no other "
                                      "status. Leave out either lost or sct= and sc=.");
        return rule;
    }
    if (items.sct.has_value() != items.sc.has_value())
        return refuse(text, "sct= and sc= go together, such as sct=2,sc=0x81.");
    if (!items.sct) {
        rule.status = default_status(rule);
        rule.status.raw = static_cast<std::uint16_t>(rule.status.raw | (items.dnr ? 0x8000u : 0u));
        return rule;
    }
    if (*items.sct == 0 && *items.sc == 0)
        return refuse(text, "sct=0,sc=0 is success, which is no fault.");
    rule.status = Status::make(static_cast<unsigned>(*items.sct), static_cast<unsigned>(*items.sc),
                               items.dnr);
    return rule;
}

FaultSet::FaultSet(const std::vector<FaultRule>& rules) {
    entries_.reserve(rules.size());
    for (const FaultRule& rule : rules) entries_.push_back({rule, 0, 0});
}

std::optional<Outcome> FaultSet::meet(bool admin, std::uint8_t opcode,
                                      std::span<const BlockRange> ranges,
                                      std::string_view key) noexcept {
    const std::lock_guard lock(mutex_);
    std::optional<Outcome> outcome;
    for (Entry& entry : entries_) {
        const FaultRule& rule = entry.rule;
        if (rule.any ? admin : (rule.admin != admin || rule.opcode != opcode)) continue;
        ++entry.seen;
        // Every rule counts the command, the first that meets it decides.
        std::uint64_t lba = kNoLba;
        if (outcome || entry.met >= rule.count) continue;
        if (rule.when == FaultRule::When::nth && entry.seen < rule.first) continue;
        if (rule.when == FaultRule::When::lba && !touches(rule, ranges, lba)) continue;
        if (rule.when == FaultRule::When::key && rule.key != key) continue;
        ++entry.met;
        if (lba == kNoLba && !ranges.empty()) lba = ranges.front().slba;
        outcome = Outcome::of(rule.status, lba);
        outcome->dropped = rule.drop;
        outcome->lost = rule.lost;
        outcome->defect = rule.zone;
    }
    return outcome;
}

}  // namespace xnvme::be_model
