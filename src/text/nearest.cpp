#include "text/nearest.hpp"

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

namespace xnvme::text {

unsigned edit_distance(std::string_view a, std::string_view b) {
    const std::size_t width = b.size() + 1;
    std::vector<unsigned> rows((a.size() + 1) * width);
    const auto at = [&](std::size_t i, std::size_t j) -> unsigned& { return rows[i * width + j]; };
    for (std::size_t i = 0; i <= a.size(); ++i) at(i, 0) = static_cast<unsigned>(i);
    for (std::size_t j = 0; j <= b.size(); ++j) at(0, j) = static_cast<unsigned>(j);
    for (std::size_t i = 1; i <= a.size(); ++i) {
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const unsigned cost = a[i - 1] == b[j - 1] ? 0 : 1;
            unsigned best = std::min({at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + cost});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) best = std::min(best, at(i - 2, j - 2) + 1);
            at(i, j) = best;
        }
    }
    return at(a.size(), b.size());
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
    // Words longer than any name are no slip, and their table would be large.
    if (word.size() > 64) return {};
    const auto fold = [](std::string_view text) {
        std::string folded(text);
        for (char& c : folded) {
            c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
            if (c == '-') c = '_';
        }
        return folded;
    };
    const std::string folded = fold(word);
    std::string_view best;
    unsigned best_distance = 4;
    for (std::string_view candidate : candidates) {
        const unsigned distance = edit_distance(folded, fold(candidate));
        const auto allowed = static_cast<unsigned>(std::max<std::size_t>(candidate.size() / 3, 1));
        if (distance < best_distance && distance <= allowed) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

}  // namespace xnvme::text
