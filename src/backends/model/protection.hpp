/// \file
/// The commands of the NVM command set on a namespace with protection information, which the model
/// checks, generates and strips as a controller does. NVM Command Set 1.0 §5.2
#pragma once

#include <span>

#include <xnvme/command.hpp>

#include "controller.hpp"
#include "scatter.hpp"

namespace xnvme::be_model {

/// The bytes that one command moves per block.
struct TransferUnit {
    std::uint32_t data_bytes = 0;
    std::uint32_t metadata_bytes = 0;  ///< Of separate metadata.
};
TransferUnit transfer_unit(const Shape& shape, const Command& command) noexcept;

/// A read, write, compare, verify or write zeroes without deallocation, of blocks with protection
/// information. The stripes are held, the range, the lengths and that the blocks can be read have
/// been checked. Fails with the error of the field that is wrong and its block, or with Invalid
/// Protection Information.
Outcome execute_protected(Controller& controller, const Shape& shape, const Command& command,
                          const Scatter& data, const Scatter& metadata) noexcept;

/// A copy likewise. `ranges` are the source ranges, which the command's descriptors say more of.
/// Dword 0 of a failure's completion is the number of the source range that failed.
Outcome copy_protected(Controller& controller, const Shape& shape, const Context& context,
                       std::span<const BlockRange> ranges) noexcept;

}  // namespace xnvme::be_model
