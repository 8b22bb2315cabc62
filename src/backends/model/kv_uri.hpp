/// \file
/// The keys of a model device's identifier that are about key-value namespaces.
#pragma once

#include <string_view>

#include <xnvme/result.hpp>

#include "uri.hpp"

namespace xnvme::be_model {

/// Reads `key_max`, `value_max` or `keys_max`.
Result<void, Failure> read_kv_limit(std::string_view key, std::string_view value, KvConfig& config);

/// Holds what was read against the command set: keys that make no sense for it, and faults that can
/// never be met, are refused. Fills in the limits that were not given.
Result<void, Failure> check_kv(Config& config);

}  // namespace xnvme::be_model
