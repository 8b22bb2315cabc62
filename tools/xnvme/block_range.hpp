/// \file
/// Ranges of blocks on the command line, and errors that name them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "program.hpp"

namespace xnvme::tool {

/// `--slba`, and `--blocks` or its zero-based twin `--nlb`.
struct BlockRange {
    std::uint64_t slba = 0;
    std::uint32_t blocks = 0;  ///< 0: not given.
};

/// Adds `--slba`, `--blocks` and `--nlb`; the last two exclude each other.
void add_block_range(CLI::App* command, BlockRange& range);

/// Ends the command with an error of an I/O command on a range: like `stop_with`, but what reaches
/// past the end, is too large or is misaligned is told in this device's own numbers.
[[noreturn]] void stop_at(const Device& device, std::string_view what, const BlockRange& range,
                          const Error& error);

/// Ends a command over many blocks on a device that wants metadata beside each command's data,
/// which only the commands on one range have.
void refuse_metadata_apart(const Device& device);

/// "block 7" or "blocks 7 to 9".
std::string range_text(std::uint64_t slba, std::uint64_t blocks);

/// "128 blocks of 512 bytes (64 KiB)", for a device's size.
std::string size_text(const Geometry& geometry);

}  // namespace xnvme::tool
