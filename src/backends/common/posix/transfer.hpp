/// \file
/// Whole transfers on a descriptor: what the system moves in pieces is moved to the end.
#pragma once

#include <cstdint>
#include <span>

#include <xnvme/command.hpp>

namespace xnvme::be_common {

enum class Direction : std::uint8_t { read, write };

/// Moves the bytes of `list` from or to `offset` of `fd`. Goes on after an interruption and after a
/// part, until all is moved, the end of the file or device is reached, or the system says no.
///
/// `unit` is what the descriptor's transfers are a multiple of: a part that is no multiple of it
/// ends at the end of the file, and going on from there would be misaligned. 1 where it does not
/// matter. Returns the bytes moved, or a negative errno. Any thread. Blocks.
std::int64_t transfer(Direction direction, int fd, std::span<const IoVec> list,
                      std::uint64_t offset, std::uint32_t unit) noexcept;

/// The same with one buffer.
std::int64_t transfer(Direction direction, int fd, void* base, std::uint64_t bytes,
                      std::uint64_t offset, std::uint32_t unit) noexcept;

/// Does the transfer of a read or write command, from `offset` bytes, and completes it.
void transfer_command(Direction direction, int fd, Context& context, std::uint64_t offset,
                      std::uint32_t unit) noexcept;

/// Where the data of a command is, as a list: its own, or `single` for one buffer.
std::span<const IoVec> data_of(const Context& context, IoVec& single) noexcept;

}  // namespace xnvme::be_common
