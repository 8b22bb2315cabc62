/// \file
/// The key-value command set.
#pragma once

#include <array>
#include <cstdint>

#include <xnvme/command.hpp>
#include <xnvme/nvme/key_value.hpp>

#include "controller.hpp"

namespace xnvme::be_model {

/// The commands of the command set's own that the model has.
inline constexpr std::array<std::uint8_t, 5> kKvOpcodes{
    static_cast<std::uint8_t>(nvme::KeyValueOpcode::store),
    static_cast<std::uint8_t>(nvme::KeyValueOpcode::retrieve),
    static_cast<std::uint8_t>(nvme::KeyValueOpcode::list),
    static_cast<std::uint8_t>(nvme::KeyValueOpcode::remove),
    static_cast<std::uint8_t>(nvme::KeyValueOpcode::exist),
};

/// Executes one I/O command of the key-value command set on a controller whose namespace is of it.
/// Trusts nothing in the command.
Outcome execute_kv(Controller& controller, const Context& context) noexcept;

/// What Identify with CNS 05h says of such a namespace.
nvme::IdentifyNamespaceKv identify_namespace_kv(Controller& controller) noexcept;

}  // namespace xnvme::be_model
