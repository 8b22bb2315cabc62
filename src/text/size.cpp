#include <xnvme/size.hpp>

#include <cctype>
#include <cstdio>

namespace xnvme {

namespace {

/// log2 of what a suffix multiplies by, or -1 when it is none.
int suffix_shift(std::string_view suffix) {
    if (suffix.empty() || suffix == "B" || suffix == "b") return 0;
    static constexpr std::string_view kLetters = "KMGTP";
    const char letter = static_cast<char>(std::toupper(static_cast<unsigned char>(suffix[0])));
    const std::size_t index = kLetters.find(letter);
    if (index == std::string_view::npos) return -1;
    const std::string_view rest = suffix.substr(1);
    const bool whole =
        rest.empty() || rest == "B" || rest == "b" || rest == "iB" || rest == "i" || rest == "ib";
    return whole ? static_cast<int>(index + 1) * 10 : -1;
}

}  // namespace

Result<std::uint64_t, Failure> parse_size(std::string_view text) {
    const auto refuse = [text](std::string_view why) {
        return fail(Errc::invalid_argument, "'" + std::string(text) +
                                                "' is not a size: " + std::string(why) +
                                                ". Write digits and a unit, such as 4096, 4KiB, "
                                                "64MiB or 1GB (units are powers of 1024).");
    };
    std::size_t digits = 0;
    std::uint64_t value = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
        const auto digit = static_cast<std::uint64_t>(text[digits] - '0');
        if (value > (UINT64_MAX - digit) / 10) return refuse("it does not fit in 64 bits");
        value = value * 10 + digit;
        ++digits;
    }
    if (digits == 0) return refuse("it does not begin with a digit");
    std::string_view suffix = text.substr(digits);
    while (!suffix.empty() && suffix.front() == ' ') suffix.remove_prefix(1);
    const int shift = suffix_shift(suffix);
    if (shift < 0) return refuse("'" + std::string(suffix) + "' is not a unit");
    if (shift > 0 && value > (UINT64_MAX >> shift)) return refuse("it does not fit in 64 bits");
    return value << shift;
}

std::string format_size(std::uint64_t bytes) {
    static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    unsigned unit = 0;
    while (unit < 6 && (bytes >> (10 * (unit + 1))) != 0) ++unit;
    const std::uint64_t below = unit == 0 ? 0 : bytes & ((std::uint64_t{1} << (10 * unit)) - 1);
    char text[48];
    if (below == 0) {
        std::snprintf(text, sizeof text, "%llu %s",
                      static_cast<unsigned long long>(bytes >> (10 * unit)), kUnits[unit]);
    } else {
        const double scaled =
            static_cast<double>(bytes) / static_cast<double>(std::uint64_t{1} << (10 * unit));
        std::snprintf(text, sizeof text, "%.2f %s", scaled, kUnits[unit]);
    }
    return text;
}

}  // namespace xnvme
