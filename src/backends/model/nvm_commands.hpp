/// \file
/// The NVM command set. Other command sets get a function like `execute_nvm` each, and the
/// controller chooses by what its namespace is.
#pragma once

#include <xnvme/command.hpp>

#include "controller.hpp"

namespace xnvme::be_model {

/// The limits of Copy that the model reports and keeps. NVM Command Set 1.0 §4.1.5.1
inline constexpr std::uint16_t kCopyRangeBlocks = 1024;  ///< MSSRL
inline constexpr std::uint32_t kCopyTotalBlocks = 4096;  ///< MCL
inline constexpr std::uint32_t kCopyRanges = 128;        ///< MSRC, counted from one

/// Executes the common read or write: without faults, latency or write protection, of blocks
/// without metadata, with one buffer. False: it is something else, and nothing was done.
bool execute_nvm_plain(Controller& controller, const Context& context) noexcept;

/// Executes one I/O command of the NVM command set. Trusts nothing in it.
Outcome execute_nvm(Controller& controller, const Context& context) noexcept;

/// Writes as a write command does, but for the faults, which another command has met in its stead.
Outcome execute_write(Controller& controller, const Context& context) noexcept;

}  // namespace xnvme::be_model
