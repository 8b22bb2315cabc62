#include "block_range.hpp"

#include <fmt/core.h>

#include <xnvme/nvme/builders.hpp>
#include <xnvme/nvme/opcodes.hpp>

#include "output.hpp"

namespace xnvme::tool {
namespace {

/// The generic device of a namespace that was opened as a block device; empty for any other.
std::string generic_device(const Device& device) {
    if (device.device_class() != DeviceClass::nvme_block) return {};
    const auto all = scan();
    if (!all) return {};
    for (const Found& found : *all)
        if (found.uri == device.uri()) return found.twin;
    return {};
}

}  // namespace

void refuse_metadata_apart(const Device& device) {
    constexpr auto kRead = static_cast<std::uint8_t>(nvme::NvmOpcode::read);
    const Geometry& geometry = device.geometry();
    if (geometry.separate_metadata_bytes(1, false) == 0 ||
        !device.capabilities().rules->opcodes[kRead].carries_metadata ||
        device.capabilities().rules->metadata_optional)
        return;
    throw Stop(
        kUsage,
        fmt::format("{} transfers {} bytes of metadata beside each block, which this command "
                    "does not. Use 'xnvme read' and 'write', the namespace's block device, "
                    "or a format without metadata.",
                    device.uri(), geometry.metadata_bytes));
}

void add_block_range(CLI::App* command, BlockRange& range) {
    add_number(command, "--slba", range.slba, "First block; the default is 0");
    CLI::Option* blocks =
        add_number(command, "--blocks", range.blocks, "How many blocks", 1, nvme::kBlocksMax);
    command
        ->add_option_function<std::string>(
            "--nlb",
            [&range](const std::string& text) {
                range.blocks = static_cast<std::uint32_t>(
                    parse_number("--nlb", text, 0, nvme::kBlocksMax - 1) + 1);
            },
            "The same as the specification counts: one less")
        ->type_name("N")
        ->excludes(blocks);
}

std::string range_text(std::uint64_t slba, std::uint64_t blocks) {
    if (blocks <= 1) return fmt::format("block {}", slba);
    return fmt::format("blocks {} to {}", slba, slba + (blocks - 1));
}

std::string size_text(const Geometry& geometry) {
    return fmt::format("{} of {} bytes ({})", counted(geometry.blocks, "block"),
                       geometry.block_bytes, format_size(geometry.blocks * geometry.block_bytes));
}

void stop_at(const Device& device, std::string_view what, const BlockRange& range,
             const Error& error) {
    const Geometry& geometry = device.geometry();
    const std::string where = range_text(range.slba, range.blocks);
    if (error.code == Errc::out_of_range)
        throw Stop(kUsage,
                   fmt::format("The range of {} reaches past the end of {}, which has {}; its last "
                               "block is {}.",
                               where, device.uri(), size_text(geometry),
                               geometry.blocks == 0 ? 0 : geometry.blocks - 1));
    if (error.code == Errc::too_large)
        throw Stop(
            kUsage,
            fmt::format("{} of {} is {}, and {} takes at most {} in one command. Ask for "
                        "fewer blocks, or use 'xnvme dd'.",
                        what, where,
                        format_size(std::uint64_t{range.blocks} * geometry.transfer_block_bytes),
                        device.uri(), format_size(geometry.max_transfer_bytes)));
    const std::string generic = error.code == Errc::unsupported ? generic_device(device) : "";
    if (!generic.empty())
        throw Stop(kFailed,
                   fmt::format("{} of {} on {}: the block device does not carry it like this. "
                               "Open the generic device: {}.",
                               what, where, device.uri(), generic));
    stop_with(fmt::format("{} of {} on {}", what, where, device.uri()), error);
}

}  // namespace xnvme::tool
