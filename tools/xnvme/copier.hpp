/// \file
/// Copies bytes from one device to another through a queue on each.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include <xnvme/xnvme.hpp>

#include "progress.hpp"

namespace xnvme::tool {

/// What to do with a block that cannot be copied.
enum class OnBad : std::uint8_t {
    stop,  ///< End the copy.
    zero,  ///< Write zeroes in its place.
    skip,  ///< Leave its place as it is.
};

/// A copy. Offsets and sizes are in bytes; offsets and `io_bytes` are multiples of both units (see
/// `transfer_unit`), the length is any.
struct CopyPlan {
    Device* source = nullptr;
    Device* target = nullptr;
    std::uint64_t source_offset = 0;
    std::uint64_t target_offset = 0;
    std::uint64_t bytes = 0;
    std::uint32_t io_bytes = 0;
    std::uint32_t depth = 1;
    OnBad on_bad = OnBad::stop;
};

/// A range that could not be copied.
struct BadRange {
    std::uint64_t source_offset = 0;
    std::uint64_t bytes = 0;
    bool reading = true;  ///< False: it was the write that failed.
    Error error;
};

struct CopyOutcome {
    std::uint64_t copied_bytes = 0;
    std::vector<BadRange> bad;  ///< In order, neighbours joined.
    bool interrupted = false;
    /// What ended the copy early, if anything did.
    std::optional<BadRange> fatal;
};

/// What lengths and offsets of transfers are multiples of on this device, in bytes: 1 on a regular
/// file that goes through the page cache.
std::uint64_t transfer_unit(const Device& device);

/// True where a device is read and written by bytes and not by blocks.
bool is_byte_addressed(const Device& device);

/// Copies. Reads and writes overlap, at most `depth` of them at a time. Throws `Stop` when the
/// queues or buffers cannot be made.
CopyOutcome copy(const CopyPlan& plan, Progress& progress);

}  // namespace xnvme::tool
