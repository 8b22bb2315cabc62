/// \file
/// Writing blocks with a pattern, or reading them and comparing, at depth.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <utility>

#include <xnvme/xnvme.hpp>

#include "block_range.hpp"
#include "pattern.hpp"
#include "progress.hpp"

namespace xnvme::tool {

/// What a pass is over.
struct PassPlan {
    /// The next range, of at most `most` blocks; nothing at the end.
    std::function<std::optional<BlockRange>(std::uint32_t most)> next;
    /// Compares a block that was read; without it, with what `pattern` makes of its number.
    std::function<std::optional<Mismatch>(std::span<const std::byte> block, std::uint64_t lba)>
        check;
    std::uint32_t blocks_per_io = 1;
    std::uint32_t depth = 1;
    Pattern pattern;
};

/// The ranges of a plan over one stretch of blocks.
std::function<std::optional<BlockRange>(std::uint32_t)> stretch(std::uint64_t slba,
                                                                std::uint64_t blocks);

/// What one pass, of writing or of verifying, came to.
struct PassOutcome {
    std::uint64_t blocks = 0;
    std::optional<Mismatch> mismatch;  ///< The first one, in the order of the device.
    std::optional<std::pair<BlockRange, Error>> failure;
    bool interrupted = false;
    std::chrono::nanoseconds time{0};
};

/// Ends the command where a queue moves no data, so that there is nothing to verify.
void refuse_without_data(const Queue& queue);

/// Runs a pass, `plan.depth` I/Os at a time, to its end, to the first failure or mismatch, or until
/// it is interrupted. Throws `Stop` when the queue or the buffers cannot be made, or the queue
/// itself fails.
PassOutcome run_pass(Device& device, const PassPlan& plan, bool writing, Progress& progress);

/// "Block 9 of disk.img is wrong from byte 0 on: ..."
std::string mismatch_text(const Device& device, const Mismatch& mismatch);

/// Has the device store what it was given, where it has such a command.
void flush(Device& device);

}  // namespace xnvme::tool
