#include "nvm_commands.hpp"

#include <array>
#include <optional>

#include <xnvme/nvme/builders.hpp>
#include <xnvme/nvme/opcodes.hpp>

#include "placement.hpp"

#include "protection.hpp"

namespace xnvme::be_model {

namespace {

using nvme::NvmOpcode;

constexpr bool moves_data(NvmOpcode opcode) {
    return opcode == NvmOpcode::read || opcode == NvmOpcode::write || opcode == NvmOpcode::compare;
}
constexpr bool changes_blocks(NvmOpcode opcode) {
    return opcode == NvmOpcode::write || opcode == NvmOpcode::write_zeroes ||
           opcode == NvmOpcode::write_uncorrectable;
}

/// The buffers must be as long as the blocks say, and the data no longer than MDTS.
Status check_lengths(const Shape& shape, const Command& command, std::uint32_t mdts_bytes,
                     const Scatter& data, const Scatter& metadata) noexcept {
    if (!data.status().ok()) return data.status();
    if (!metadata.status().ok()) return metadata.status();
    const std::uint64_t blocks = command.blocks();
    const TransferUnit unit = transfer_unit(shape, command);
    if (blocks * unit.data_bytes > mdts_bytes) return kInvalidField;
    if (data.bytes() != blocks * unit.data_bytes) return kDataLengthInvalid;
    if (metadata.bytes() != blocks * unit.metadata_bytes) return kMetadataLengthInvalid;
    return kSuccess;
}

Outcome out_of_range(const Shape& shape, std::uint64_t slba) noexcept {
    // It was detached while the command was on its way.
    if (shape.hidden) return Outcome::of(kInvalidNamespace);
    return Outcome::of(kLbaOutOfRange, slba < shape.blocks ? shape.blocks : slba);
}

Outcome stored(bool enough_memory, std::uint64_t slba) noexcept {
    return enough_memory ? Outcome{} : Outcome::of(kInternalError, slba);
}

/// Write Zeroes may deallocate where deallocated blocks are promised to read as zeroes.
Outcome zero(Controller& controller, const Shape& shape, const Command& command) noexcept {
    Media& media = controller.media();
    const std::uint64_t slba = command.slba();
    const std::uint32_t blocks = command.blocks();
    const bool deallocates = (command.cdw12 & nvme::kDeallocate) != 0 &&
                             media.deallocated_read() == DeallocatedRead::zeroes;
    if (!deallocates && shape.protection.type != 0)
        return execute_protected(controller, shape, command, {}, {});
    if (!deallocates) return stored(media.write_zeroes(shape, slba, blocks), slba);
    media.deallocate(shape, slba, blocks);
    return {};
}

/// One command on one range of blocks, with its stripes held and its range and lengths checked.
template <NvmOpcode opcode>
Outcome on_blocks(Controller& controller, const Shape& shape, const Command& command, Scatter& data,
                  Scatter& metadata, Traffic& traffic) noexcept {
    Media& media = controller.media();
    const std::uint64_t slba = command.slba();
    const std::uint32_t blocks = command.blocks();
    const std::uint64_t bytes = std::uint64_t{blocks} << shape.block_shift;
    if constexpr (!changes_blocks(opcode)) {
        const Outcome readable =
            media.check_readable(shape, slba, blocks, controller.features().refuses_deallocated());
        if (!readable.status.ok()) [[unlikely]]
            return readable;
        // NVM Command Set 1.0: verify reads the medium but is no read command of the host's.
        traffic.read_bytes += bytes;
        if (opcode != NvmOpcode::verify) ++traffic.read_commands;
    }
    if constexpr (moves_data(opcode) || opcode == NvmOpcode::verify) {
        if (shape.protection.type != 0) [[unlikely]] {
            const Outcome outcome = execute_protected(controller, shape, command, data, metadata);
            if (opcode == NvmOpcode::write && outcome.status.ok()) {
                traffic.written_bytes += bytes;
                ++traffic.write_commands;
            }
            return outcome;
        }
    }
    if constexpr (opcode == NvmOpcode::read) {
        media.read(shape, slba, blocks, data, metadata);
    } else if constexpr (opcode == NvmOpcode::compare) {
        if (!media.equals(shape, slba, blocks, data, metadata))
            return Outcome::of(kCompareFailure, slba);
    } else if constexpr (opcode == NvmOpcode::write) {
        if (!media.write(shape, slba, blocks, data, metadata)) return stored(false, slba);
        traffic.written_bytes += bytes;
        ++traffic.write_commands;
        note_write(controller, command, bytes,
                   bytes + std::uint64_t{blocks} * shape.metadata_bytes);
    } else if constexpr (opcode == NvmOpcode::write_zeroes) {
        return zero(controller, shape, command);
    } else if constexpr (opcode == NvmOpcode::write_uncorrectable) {
        return stored(media.mark_uncorrectable(shape, slba, blocks), slba);
    }
    return {};
}

template <NvmOpcode opcode>
Outcome on_range_past_faults(Controller& controller, const Context& context) noexcept {
    const Command& command = context.command;
    const std::uint64_t slba = command.slba();
    const std::uint32_t blocks = command.blocks();
    if (changes_blocks(opcode) && controller.config().read_only)
        return Outcome::of(kWriteProtected, slba);
    Scatter data;
    Scatter metadata;
    if constexpr (moves_data(opcode)) {
        data = Scatter::data_of(context);
        metadata = Scatter::metadata_of(context);
    }
    Media& media = controller.media();
    while (true) {
        const Shape& shape = media.shape();
        if (!shape.holds(slba, blocks)) [[unlikely]]
            return out_of_range(shape, slba);
        if constexpr (moves_data(opcode)) {
            const Status status =
                check_lengths(shape, command, controller.config().mdts_bytes, data, metadata);
            if (!status.ok()) [[unlikely]]
                return Outcome::of(status, slba);
        }
        Media::Held held(media, Media::stripes_of(shape, slba, blocks));
        // A format may have come between; then everything is checked again.
        if (!media.is_current(shape)) [[unlikely]]
            continue;
        return on_blocks<opcode>(controller, shape, command, data, metadata, held.traffic());
    }
}

template <NvmOpcode opcode>
Outcome on_range(Controller& controller, const Context& context) noexcept {
    const Command& command = context.command;
    if (!controller.faults().empty()) [[unlikely]] {
        const BlockRange range{command.slba(), command.blocks()};
        if (auto fault = controller.faults().meet(false, command.opcode, {&range, 1}))
            return *fault;
    }
    return on_range_past_faults<opcode>(controller, context);
}

Outcome meet_faults(Controller& controller, const Command& command,
                    std::span<const BlockRange> ranges) noexcept {
    if (controller.faults().empty()) return {};
    return controller.faults().meet(false, command.opcode, ranges).value_or(Outcome{});
}

bool ends(const Outcome& outcome) noexcept {
    return outcome.dropped || outcome.lost || !outcome.status.ok();
}

/// The stripes of several ranges.
StripeMask stripes_of(const Shape& shape, std::span<const BlockRange> ranges) noexcept {
    StripeMask mask = 0;
    for (const BlockRange& range : ranges) {
        if (range.blocks != 0) mask |= Media::stripes_of(shape, range.slba, range.blocks);
    }
    return mask;
}

/// The range lists of Dataset Management and Copy in our own form.
using RangeList = std::array<BlockRange, nvme::kDsmRangesMax + 1>;

/// NVM Command Set 1.0 §3.2.3. The context attributes and the hints for reading and writing are
/// accepted and change nothing.
Outcome dataset_management(Controller& controller, const Context& context) noexcept {
    const Command& command = context.command;
    const std::uint32_t count = nvme::dsm_range_count(command);
    Scatter data = Scatter::data_of(context);
    if (!data.status().ok()) return Outcome::of(data.status());
    // Longer is fine: hosts send whole pages.
    if (data.bytes() < std::uint64_t{count} * sizeof(nvme::DsmRange))
        return Outcome::of(kDataLengthInvalid);
    RangeList list;
    for (std::uint32_t i = 0; i < count; ++i) {
        nvme::DsmRange range;
        data.get(&range, sizeof(range));
        list[i] = {range.slba, range.nlb};
    }
    const std::span<const BlockRange> ranges(list.data(), count);
    if (const Outcome fault = meet_faults(controller, command, ranges); ends(fault)) return fault;
    if (controller.config().read_only) return Outcome::of(kWriteProtected);
    Media& media = controller.media();
    while (true) {
        const Shape& shape = media.shape();
        // All ranges are checked before the first is deallocated.
        for (const BlockRange& range : ranges) {
            if (!shape.holds(range.slba, range.blocks)) return out_of_range(shape, range.slba);
        }
        const StripeMask stripes = stripes_of(shape, ranges);
        if ((command.cdw11 & nvme::kDsmDeallocate) == 0 || stripes == 0) return {};
        Media::Held held(media, stripes);
        if (!media.is_current(shape)) continue;
        for (const BlockRange& range : ranges) media.deallocate(shape, range.slba, range.blocks);
        return {};
    }
}

/// The source ranges of a Copy command, or why there are none. NVM Command Set 1.0 §3.2.2
template <class Descriptor>
Status copy_sources(Scatter& data, std::uint32_t count, RangeList& list) noexcept {
    if (data.bytes() < std::uint64_t{count} * sizeof(Descriptor)) return kDataLengthInvalid;
    for (std::uint32_t i = 0; i < count; ++i) {
        Descriptor descriptor;
        data.get(&descriptor, sizeof(descriptor));
        list[i] = {descriptor.slba, descriptor.blocks()};
    }
    return kSuccess;
}

/// Copies with the stripes held. Dword 0 of a failure's completion is the number of the source
/// range that failed.
Outcome copy_held(Controller& controller, const Shape& shape, const Context& context,
                  std::span<const BlockRange> sources, Traffic& traffic) noexcept {
    Media& media = controller.media();
    std::uint64_t destination = context.command.slba();
    std::uint64_t blocks = 0;
    for (std::size_t i = 0; i < sources.size(); ++i) {
        Outcome readable = media.check_readable(shape, sources[i].slba, sources[i].blocks,
                                                controller.features().refuses_deallocated());
        readable.result = i;
        if (!readable.status.ok()) return readable;
        blocks += sources[i].blocks;
    }
    const std::uint64_t bytes = blocks << shape.block_shift;
    if (shape.protection.type != 0) {
        const Outcome copied = copy_protected(controller, shape, context, sources);
        if (!copied.status.ok()) return copied;
    } else {
        for (const BlockRange& source : sources) {
            if (!media.copy(shape, source.slba, destination, source.blocks))
                return stored(false, destination);
            destination += source.blocks;
        }
    }
    traffic.read_bytes += bytes;
    traffic.written_bytes += bytes;
    ++traffic.read_commands;
    ++traffic.write_commands;
    return {};
}

Outcome copy(Controller& controller, const Context& context) noexcept {
    const Command& command = context.command;
    const std::uint32_t count = nvme::copy_range_count(command);
    const unsigned format = nvme::copy_format(command);
    if (format > 1) return Outcome::of(kInvalidField);
    Scatter data = Scatter::data_of(context);
    if (!data.status().ok()) return Outcome::of(data.status());
    if (count > kCopyRanges) return Outcome::of(kCommandSizeLimit);
    RangeList list;
    const Status parsed = format == 0 ? copy_sources<nvme::CopyRange0>(data, count, list)
                                      : copy_sources<nvme::CopyRange1>(data, count, list);
    if (!parsed.ok()) return Outcome::of(parsed);
    std::uint64_t total = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        if (list[i].blocks > kCopyRangeBlocks) return {kCommandSizeLimit, i, list[i].slba, false};
        total += list[i].blocks;
    }
    if (total > kCopyTotalBlocks) return Outcome::of(kCommandSizeLimit);
    // The destination stands behind the sources: locks and faults are about all of them.
    list[count] = {command.slba(), total};
    const std::span<const BlockRange> ranges(list.data(), count + 1);
    if (const Outcome fault = meet_faults(controller, command, ranges); ends(fault)) return fault;
    if (controller.config().read_only) return Outcome::of(kWriteProtected);
    Media& media = controller.media();
    while (true) {
        const Shape& shape = media.shape();
        for (std::uint32_t i = 0; i <= count; ++i) {
            if (shape.holds(list[i].slba, list[i].blocks)) continue;
            Outcome outcome = out_of_range(shape, list[i].slba);
            outcome.result = i < count ? i : 0;
            return outcome;
        }
        Media::Held held(media, stripes_of(shape, ranges));
        if (!media.is_current(shape)) continue;
        return copy_held(controller, shape, context, ranges.first(count), held.traffic());
    }
}

/// Everything is on the medium when its command completes, so there is nothing to flush.
Outcome flush(Controller& controller, const Context& context) noexcept {
    return meet_faults(controller, context.command, {});
}

}  // namespace

bool execute_nvm_plain(Controller& controller, const Context& context) noexcept {
    const Command& command = context.command;
    auto* buffer = reinterpret_cast<void*>(static_cast<std::uintptr_t>(command.data));
    // FUSE and DTYPE are the fields that make such a command another one or wrong.
    const std::uint32_t unusual = (context.options & (kVectored | kMetadataVectored)) |
                                  command.metadata_bytes | (command.flags & 3u) |
                                  (command.cdw12 & 0x00f00000u);
    if (unusual != 0 || command.nsid > kNsid || buffer == nullptr ||
        command.data_bytes > controller.plain_bytes_max()) [[unlikely]]
        return false;
    Media& media = controller.media();
    if (command.opcode == static_cast<std::uint8_t>(NvmOpcode::read)) {
        return !controller.features().refuses_deallocated() &&
               media.read_plain(command.slba(), command.blocks(), buffer, command.data_bytes);
    }
    return command.opcode == static_cast<std::uint8_t>(NvmOpcode::write) &&
           media.write_plain(command.slba(), command.blocks(), buffer, command.data_bytes);
}

Outcome execute_nvm(Controller& controller, const Context& context) noexcept {
    const Command& command = context.command;
    const auto opcode = static_cast<NvmOpcode>(command.opcode);
    const bool broadcast = command.nsid == nvme::kNsidAll && opcode == NvmOpcode::flush;
    if (command.nsid != 0 && command.nsid != kNsid && !broadcast) [[unlikely]]
        return Outcome::of(kInvalidNamespace);
    // FUSE: the model has no fused operations. NVMe Base 2.0 §3.3.3.1
    if ((command.flags & 3) != 0) [[unlikely]]
        return Outcome::of(kInvalidField);
    switch (opcode) {
        case NvmOpcode::read:
            return on_range<NvmOpcode::read>(controller, context);
        case NvmOpcode::write:
            if (const Status status = check_directive(controller, command); !status.ok())
                return Outcome::of(status);
            return on_range<NvmOpcode::write>(controller, context);
        case NvmOpcode::compare:
            return on_range<NvmOpcode::compare>(controller, context);
        case NvmOpcode::verify:
            return on_range<NvmOpcode::verify>(controller, context);
        case NvmOpcode::write_zeroes:
            return on_range<NvmOpcode::write_zeroes>(controller, context);
        case NvmOpcode::write_uncorrectable:
            return on_range<NvmOpcode::write_uncorrectable>(controller, context);
        case NvmOpcode::flush:
            return flush(controller, context);
        case NvmOpcode::dataset_management:
            return dataset_management(controller, context);
        case NvmOpcode::copy:
            return copy(controller, context);
        case NvmOpcode::io_management_receive: {
            const Outcome fault = meet_faults(controller, command, {});
            return ends(fault) ? fault : io_management_receive(controller, context);
        }
        case NvmOpcode::io_management_send: {
            const Outcome fault = meet_faults(controller, command, {});
            return ends(fault) ? fault : io_management_send(controller, context);
        }
        default:
            return Outcome::of(kInvalidOpcode);
    }
}

Outcome execute_write(Controller& controller, const Context& context) noexcept {
    return on_range_past_faults<NvmOpcode::write>(controller, context);
}

}  // namespace xnvme::be_model
