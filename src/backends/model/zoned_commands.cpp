#include "zoned_commands.hpp"

#include <algorithm>
#include <array>

#include <xnvme/nvme/zoned.hpp>

#include "nvm_commands.hpp"

namespace xnvme::be_model {

namespace {

using nvme::NvmOpcode;
using nvme::ZoneAction;
using nvme::ZonedOpcode;

bool succeeded(const Outcome& outcome) noexcept {
    return outcome.status.ok() && !outcome.dropped;
}

std::optional<Outcome> meet_faults(Controller& controller, const Command& command,
                                   std::uint64_t blocks) noexcept {
    if (controller.faults().empty()) return std::nullopt;
    const BlockRange range{command.slba(), blocks};
    return controller.faults().meet(false, command.opcode, {&range, 1});
}

/// A command of the NVM command set that writes `blocks` blocks from `slba`, all to one zone. What
/// is wrong with it apart from zones is for that command set to say.
Outcome write(Controller& controller, const Context& context, std::uint64_t slba,
              std::uint64_t blocks) noexcept {
    Zones& zones = *controller.zones();
    Media& media = controller.media();
    while (true) {
        const Shape& shape = media.shape();
        if (controller.config().read_only || blocks == 0 || !shape.holds(slba, blocks))
            return execute_nvm(controller, context);
        const Zones::Held held(zones, Zones::stripes_of(zones.index_of(shape, slba)));
        // A format may have come between.
        if (!media.is_current(shape)) continue;
        Zones::Write admitted;
        const Outcome refused = zones.begin_write(shape, slba, blocks, admitted);
        if (!refused.status.ok()) return refused;
        const Outcome outcome = execute_nvm(controller, context);
        zones.end_write(shape, admitted, succeeded(outcome));
        return outcome;
    }
}

Outcome read(Controller& controller, const Context& context) noexcept {
    const Shape& shape = controller.media().shape();
    const Command& command = context.command;
    if (shape.holds(command.slba(), command.blocks())) {
        const Outcome refused =
            controller.zones()->check_read(shape, command.slba(), command.blocks());
        if (!refused.status.ok()) return refused;
    }
    return execute_nvm(controller, context);
}

/// The checks of a copy's source ranges, and how many blocks they have together.
template <class Descriptor>
Outcome check_sources(Controller& controller, const Shape& shape, Scatter& data,
                      std::uint32_t count, std::uint64_t& total) noexcept {
    // A list that is too short is for the command itself to refuse.
    if (data.bytes() < std::uint64_t{count} * sizeof(Descriptor)) return {};
    for (std::uint32_t i = 0; i < count; ++i) {
        Descriptor source;
        data.get(&source, sizeof(source));
        total += source.blocks();
        if (!shape.holds(source.slba, source.blocks())) continue;
        Outcome refused = controller.zones()->check_read(shape, source.slba, source.blocks());
        refused.result = i;
        if (!refused.status.ok()) return refused;
    }
    return {};
}

Outcome copy(Controller& controller, const Context& context) noexcept {
    const Command& command = context.command;
    const std::uint32_t count = nvme::copy_range_count(command);
    Scatter data = Scatter::data_of(context);
    if (!data.status().ok()) return Outcome::of(data.status());
    const Shape& shape = controller.media().shape();
    std::uint64_t total = 0;
    const Outcome refused =
        nvme::copy_format(command) == 0
            ? check_sources<nvme::CopyRange0>(controller, shape, data, count, total)
            : check_sources<nvme::CopyRange1>(controller, shape, data, count, total);
    if (!refused.status.ok()) return refused;
    return write(controller, context, command.slba(), total);
}

/// Zone Append. Zoned Namespace Command Set 1.1 §3.4.1
Outcome append(Controller& controller, const Context& context) noexcept {
    const Command& command = context.command;
    const std::uint64_t zslba = command.slba();
    const std::uint32_t blocks = command.blocks();
    const std::optional<Outcome> fault = meet_faults(controller, command, blocks);
    if (fault && !fault->lost) return *fault;
    if (controller.config().read_only) return Outcome::of(kWriteProtected, zslba);
    Zones& zones = *controller.zones();
    Media& media = controller.media();
    while (true) {
        const Shape& shape = media.shape();
        if (zslba >= shape.blocks) return Outcome::of(kLbaOutOfRange, zslba);
        const std::uint64_t index = zones.index_of(shape, zslba);
        if (zslba != zones.start_of(shape, index)) return Outcome::of(kInvalidField, zslba);
        if (std::uint64_t{blocks} * shape.transfer_bytes > zones.config().append_bytes)
            return Outcome::of(kInvalidField, zslba);
        const Zones::Held held(zones, Zones::stripes_of(index));
        if (!media.is_current(shape)) continue;
        Zones::Write admitted;
        const Outcome refused = zones.begin_append(shape, zslba, blocks, admitted);
        if (!refused.status.ok()) return refused;
        Context placed = context;
        placed.command.opcode = static_cast<std::uint8_t>(NvmOpcode::write);
        placed.command.set_slba(admitted.slba);
        // What is lost has a place nevertheless, as a write at the write pointer would.
        const Outcome outcome = fault ? Outcome{} : execute_write(controller, placed);
        zones.end_write(shape, admitted, succeeded(outcome));
        return succeeded(outcome) ? Outcome::success(admitted.slba) : outcome;
    }
}

// ---- Zone Management Send -----------------------------------------------------------------------

Status reset(Controller& controller, const Shape& shape, std::uint64_t index) noexcept {
    Zones& zones = *controller.zones();
    bool emptied = false;
    const Status status = zones.reset(index, emptied);
    if (!emptied) return status;
    Media& media = controller.media();
    const std::uint64_t zslba = zones.start_of(shape, index);
    const std::uint64_t blocks = zones.zone_blocks(shape);
    const Media::Held held(media, Media::stripes_of(shape, zslba, blocks));
    media.deallocate(shape, zslba, blocks);
    return status;
}

/// One action on one zone, its stripe held.
Status manage(Controller& controller, const Shape& shape, const Context& context,
              std::uint64_t index) noexcept {
    Zones& zones = *controller.zones();
    const Command& command = context.command;
    switch (nvme::zone_action(command)) {
        case ZoneAction::close:
            return zones.close(index);
        case ZoneAction::finish:
            return zones.finish(shape, index);
        case ZoneAction::open:
            return zones.open(index, (command.cdw13 & nvme::kZoneAllocateRandomWriteArea) != 0);
        case ZoneAction::reset:
            return reset(controller, shape, index);
        case ZoneAction::offline:
            return zones.take_offline(index);
        case ZoneAction::flush_explicit:
            return zones.flush(shape, command.slba());
        case ZoneAction::set_extension: {
            std::array<std::byte, 255 * 64> extension;
            const std::size_t bytes = zones.config().extension_bytes;
            Scatter data = Scatter::data_of(context);
            if (!data.status().ok()) return data.status();
            if (bytes != 0 && data.bytes() < bytes) return kDataLengthInvalid;
            data.get(extension.data(), bytes);
            return zones.set_extension(index, std::span(extension).first(bytes));
        }
    }
    return kInvalidField;
}

/// One action on all zones that it applies to. Zoned Namespace Command Set 1.1 §3.4.3, Select All
Outcome manage_all(Controller& controller, const Context& context) noexcept {
    Zones& zones = *controller.zones();
    Media& media = controller.media();
    const ZoneAction action = nvme::zone_action(context.command);
    switch (action) {
        case ZoneAction::close:
        case ZoneAction::finish:
        case ZoneAction::open:
        case ZoneAction::reset:
        case ZoneAction::offline:
            break;
        default:
            return Outcome::of(kInvalidField);
    }
    const Zones::Held held(zones, kAllZoneStripes);
    // The format stays as it is while the stripes are held.
    const Shape& shape = media.shape();
    if (action == ZoneAction::open) {
        // Areas are given to one zone at a time.
        if ((context.command.cdw13 & nvme::kZoneAllocateRandomWriteArea) != 0)
            return Outcome::of(kInvalidField);
        return Outcome::of(zones.open_closed());
    }
    for (std::uint64_t index = 0; index < zones.count(); ++index) {
        if (!zones.selected(index, action)) continue;
        const Status status = manage(controller, shape, context, index);
        if (!status.ok()) return Outcome::of(status, zones.start_of(shape, index));
    }
    return {};
}

/// Zone Management Send. Zoned Namespace Command Set 1.1 §3.4.3
Outcome send(Controller& controller, const Context& context) noexcept {
    const Command& command = context.command;
    if (auto fault = meet_faults(controller, command, 1)) return *fault;
    if (controller.config().read_only) return Outcome::of(kWriteProtected);
    if ((command.cdw13 & nvme::kZoneSelectAll) != 0) return manage_all(controller, context);
    Zones& zones = *controller.zones();
    Media& media = controller.media();
    const std::uint64_t slba = command.slba();
    while (true) {
        const Shape& shape = media.shape();
        if (slba >= shape.blocks) return Outcome::of(kLbaOutOfRange, slba);
        const std::uint64_t index = zones.index_of(shape, slba);
        const bool flushes = nvme::zone_action(command) == ZoneAction::flush_explicit;
        if (!flushes && slba != zones.start_of(shape, index))
            return Outcome::of(kInvalidField, slba);
        const Zones::Held held(zones, Zones::stripes_of(index));
        if (!media.is_current(shape)) continue;
        return Outcome::of(manage(controller, shape, context, index), slba);
    }
}

// ---- Zone Management Receive --------------------------------------------------------------------

/// Zone Management Receive. Zoned Namespace Command Set 1.1 §3.4.2
Outcome receive(Controller& controller, const Context& context) noexcept {
    const Command& command = context.command;
    if (auto fault = meet_faults(controller, command, 1)) return *fault;
    Zones& zones = *controller.zones();
    const auto action = static_cast<nvme::ZoneReceiveAction>(command.cdw13 & 0xff);
    const bool extended = action == nvme::ZoneReceiveAction::extended_report;
    const std::uint32_t filter = (command.cdw13 >> 8) & 0xff;
    const bool partial = (command.cdw13 & nvme::kZonePartialReport) != 0;
    const std::uint32_t extension_bytes = extended ? zones.config().extension_bytes : 0;
    if (!extended && action != nvme::ZoneReceiveAction::report) return Outcome::of(kInvalidField);
    // An extended report is of extensions, which there have to be.
    if (extended && extension_bytes == 0) return Outcome::of(kInvalidField);
    if (filter > nvme::kZoneFilterMax) return Outcome::of(kInvalidField);
    Scatter data = Scatter::data_of(context);
    if (!data.status().ok()) return Outcome::of(data.status());
    const std::uint64_t bytes = nvme::zone_receive_bytes(command);
    if (data.bytes() < bytes) return Outcome::of(kDataLengthInvalid);
    if (bytes > controller.config().mdts_bytes || bytes < sizeof(nvme::ZoneReportHeader))
        return Outcome::of(kInvalidField);

    const Zones::Held held(zones, kAllZoneStripes);
    const Shape& shape = controller.media().shape();
    if (command.slba() >= shape.blocks) return Outcome::of(kLbaOutOfRange, command.slba());
    const std::uint64_t entry_bytes = sizeof(nvme::ZoneDescriptor) + extension_bytes;
    const std::uint64_t room = (bytes - sizeof(nvme::ZoneReportHeader)) / entry_bytes;
    const std::uint64_t first = zones.index_of(shape, command.slba());
    // The header, which counts them, stands before the zones.
    std::uint64_t matching = 0;
    for (std::uint64_t index = first; index < zones.count(); ++index) {
        if (partial && matching == room) break;
        matching += nvme::zone_matches(filter, zones.describe(shape, index).state()) ? 1 : 0;
    }
    nvme::ZoneReportHeader header{};
    header.nzones = matching;
    data.put(&header, sizeof(header));
    std::uint64_t done = 0;
    std::array<std::byte, 255 * 64> extension;
    for (std::uint64_t index = first; index < zones.count() && done < std::min(room, matching);
         ++index) {
        const nvme::ZoneDescriptor zone = zones.describe(shape, index);
        if (!nvme::zone_matches(filter, zone.state())) continue;
        data.put(&zone, sizeof(zone));
        zones.copy_extension(index, std::span(extension).first(extension_bytes));
        data.put(extension.data(), extension_bytes);
        ++done;
    }
    data.fill(std::byte{0}, static_cast<std::size_t>(bytes - sizeof(header) - done * entry_bytes));
    return {};
}

Outcome dispatch(Controller& controller, const Context& context) noexcept {
    const Command& command = context.command;
    switch (command.opcode) {
        case static_cast<std::uint8_t>(ZonedOpcode::zone_append):
            return append(controller, context);
        case static_cast<std::uint8_t>(ZonedOpcode::zone_management_send):
            return send(controller, context);
        case static_cast<std::uint8_t>(ZonedOpcode::zone_management_receive):
            return receive(controller, context);
        case static_cast<std::uint8_t>(NvmOpcode::write):
        case static_cast<std::uint8_t>(NvmOpcode::write_zeroes):
        case static_cast<std::uint8_t>(NvmOpcode::write_uncorrectable):
            return write(controller, context, command.slba(), command.blocks());
        case static_cast<std::uint8_t>(NvmOpcode::read):
        case static_cast<std::uint8_t>(NvmOpcode::compare):
        case static_cast<std::uint8_t>(NvmOpcode::verify):
            return read(controller, context);
        case static_cast<std::uint8_t>(NvmOpcode::copy):
            return copy(controller, context);
        case static_cast<std::uint8_t>(NvmOpcode::dataset_management):
            // Blocks of a zone are given back by resetting it.
            return Outcome::of(kInvalidOpcode);
        default:
            return execute_nvm(controller, context);
    }
}

}  // namespace

Outcome execute_zoned(Controller& controller, const Context& context) noexcept {
    const Command& command = context.command;
    // What is wrong for every command set is the NVM command set's to say.
    const bool elsewhere = command.nsid != 0 && command.nsid != kNsid;
    const bool fused = (command.flags & 3) != 0;
    const Outcome outcome =
        elsewhere || fused ? execute_nvm(controller, context) : dispatch(controller, context);
    if (outcome.defect != ZoneDefect::none && outcome.lba != kNoLba) {
        Zones& zones = *controller.zones();
        const Shape& shape = controller.media().shape();
        if (outcome.lba < shape.blocks) {
            const std::uint64_t index = zones.index_of(shape, outcome.lba);
            const Zones::Held held(zones, Zones::stripes_of(index));
            zones.break_zone(index, outcome.defect);
        }
    }
    return outcome;
}

}  // namespace xnvme::be_model
