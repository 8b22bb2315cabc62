#include "block_range.hpp"

#include <fmt/core.h>

#include <xnvme/nvme/builders.hpp>

#include "output.hpp"

namespace xnvme::tool {

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
    stop_with(fmt::format("{} of {} on {}", what, where, device.uri()), error);
}

}  // namespace xnvme::tool
