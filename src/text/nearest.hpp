/// \file
/// Finding what somebody probably meant.
#pragma once

#include <span>
#include <string_view>

namespace xnvme::text {

/// The number of single-character insertions, deletions, replacements and swaps of neighbours
/// between two words.
unsigned edit_distance(std::string_view a, std::string_view b);

/// The candidate closest to `word`, or an empty view when none is close enough to be a slip of the
/// fingers (more than a third of its letters, or three, differ).
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace xnvme::text
