/// \file
/// Sizes as people write them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <xnvme/export.hpp>
#include <xnvme/result.hpp>

namespace xnvme {

/// Reads a size: digits, with an optional suffix `B`, `k`/`K`, `M`, `G`, `T`, `P` (each also with
/// `iB` or `B`). Powers of 1024 with every suffix, as storage tools have it: `1GB` is 1 GiB.
/// Fails with `Errc::invalid_argument` and a sentence for anything else, overflow included.
[[nodiscard]] XNVME_API Result<std::uint64_t, Failure> parse_size(std::string_view text);

/// Writes a size in the largest unit that gives a whole number, or else with two decimals:
/// "4 KiB", "1.50 GiB", "100 B".
[[nodiscard]] XNVME_API std::string format_size(std::uint64_t bytes);

}  // namespace xnvme
