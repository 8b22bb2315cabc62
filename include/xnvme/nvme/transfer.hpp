/// \file
/// How many bytes a command makes a device fill, from the command's own fields.
#pragma once

#include <cstdint>

#include <xnvme/command.hpp>
#include <xnvme/export.hpp>
#include <xnvme/nvme/opcodes.hpp>

namespace xnvme::nvme {

/// The bytes of the caller's memory that the device may fill, where the command's fields alone say
/// so; 0 for all other commands. A driver that hands commands on as they are cannot keep a device
/// from filling as much, however little room there is.
[[nodiscard]] XNVME_API std::uint64_t filled_bytes(OpcodeSet set, const Command& command) noexcept;

}  // namespace xnvme::nvme
