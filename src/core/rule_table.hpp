/// \file
/// Working out, once per device or queue, what each opcode means and who serves it.
#pragma once

#include <xnvme/rules.hpp>

#include "contracts/interfaces.hpp"

namespace xnvme::core {

/// The rules of a device or queue. `native` is what its interface carries, `fallback` what the
/// queue's worker would; empty where there is none, or where `strict` was asked for.
CommandRules make_rules(const Handle& handle, const OpcodeSet& native, const OpcodeSet& fallback);

}  // namespace xnvme::core
