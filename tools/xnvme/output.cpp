#include "output.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/core.h>
#include <fmt/format.h>

namespace xnvme::tool {
namespace {

/// What a number means to a person, from the unit in its name.
std::string remark(std::string_view name, std::uint64_t value) {
    if (name.ends_with("bytes_per_second") && value >= 1024)
        return "  # " + format_rate(static_cast<double>(value));
    if ((name.ends_with("_bytes") || name == "bytes") && value >= 1024)
        return "  # " + format_size(value);
    if (name.ends_with("_ns") && value >= 1000) return "  # " + format_duration(value);
    return {};
}

/// The remark for a line of YAML such as "  size_bytes: 4096"; empty for any other line.
std::string line_remark(std::string_view line) {
    const std::size_t colon = line.rfind(": ");
    if (colon == std::string_view::npos) return {};
    const std::string_view digits = line.substr(colon + 2);
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size()) return {};
    const std::size_t name = line.find_first_not_of(" -");
    return remark(line.substr(name, colon - name), value);
}

/// Characters, as a terminal counts columns: bytes that continue one are not counted.
std::size_t columns_of(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    }));
}

std::string dump_line(std::span<const std::byte> line, std::uint64_t offset) {
    std::string text = fmt::format("{:08x} ", offset);
    for (std::size_t i = 0; i < 16; ++i) {
        if (i == 8) text += ' ';
        text += i < line.size() ? fmt::format(" {:02x}", static_cast<unsigned>(line[i])) : "   ";
    }
    text += "  |";
    for (const std::byte byte : line) {
        const auto character = static_cast<unsigned char>(byte);
        text += character >= 0x20 && character < 0x7f ? static_cast<char>(character) : '.';
    }
    return text + "|\n";
}

}  // namespace

void print(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
}

void print(Format format, const Node& node) {
    if (format == Format::json) {
        print(nvme::to_json(node));
        return;
    }
    const std::string yaml = nvme::to_yaml(node);
    std::string out;
    for (std::size_t at = 0; at < yaml.size();) {
        const std::size_t end = std::min(yaml.find('\n', at), yaml.size());
        const std::string_view line = std::string_view(yaml).substr(at, end - at);
        out.append(line).append(line_remark(line)).append("\n");
        at = end + 1;
    }
    print(out);
}

std::string Table::text(unsigned indent) const {
    std::vector<std::vector<std::string>> lines;
    lines.emplace_back();
    for (const Column& column : columns_) lines.front().emplace_back(column.title);
    lines.insert(lines.end(), rows_.begin(), rows_.end());
    std::vector<std::size_t> widths(columns_.size(), 0);
    for (auto& line : lines) {
        line.resize(columns_.size());
        for (std::size_t i = 0; i < line.size(); ++i) {
            if (line[i].empty()) line[i] = "-";
            widths[i] = std::max(widths[i], columns_of(line[i]));
        }
    }
    std::string out;
    for (const auto& line : lines) {
        std::string row(indent, ' ');
        for (std::size_t i = 0; i < line.size(); ++i) {
            const std::string gap(widths[i] - columns_of(line[i]), ' ');
            row += columns_[i].right ? gap + line[i] : line[i] + gap;
            if (i + 1 < line.size()) row += "  ";
        }
        row.erase(row.find_last_not_of(' ') + 1);
        out += row + "\n";
    }
    return out;
}

std::string hex_dump(std::span<const std::byte> bytes, std::uint64_t offset) {
    std::string out;
    bool starred = false;
    for (std::size_t at = 0; at < bytes.size(); at += 16) {
        const auto line = bytes.subspan(at, std::min<std::size_t>(16, bytes.size() - at));
        const bool last = at + 16 >= bytes.size();
        const bool repeats =
            at >= 16 && !last && std::ranges::equal(line, bytes.subspan(at - 16, 16));
        if (!repeats) out += dump_line(line, offset + at);
        if (repeats && !starred) out += "*\n";
        starred = repeats;
    }
    return out;
}

std::string hex_string(std::span<const std::byte> bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const std::byte byte : bytes) {
        out += kDigits[static_cast<unsigned>(byte) >> 4];
        out += kDigits[static_cast<unsigned>(byte) & 0xf];
    }
    return out;
}

std::string grouped(std::uint64_t number) {
    std::string digits = std::to_string(number);
    for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, 1, ' ');
    return digits;
}

std::string counted(std::uint64_t count, std::string_view noun) {
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string format_duration(std::uint64_t nanoseconds) {
    const auto value = static_cast<double>(nanoseconds);
    if (nanoseconds < 1'000) return fmt::format("{} ns", nanoseconds);
    if (nanoseconds < 1'000'000) return fmt::format("{:.4g} us", value / 1e3);
    if (nanoseconds < 1'000'000'000) return fmt::format("{:.4g} ms", value / 1e6);
    if (nanoseconds < 120'000'000'000) return fmt::format("{:.4g} s", value / 1e9);
    const std::uint64_t seconds = nanoseconds / 1'000'000'000;
    if (seconds < 3600) return fmt::format("{}:{:02} min", seconds / 60, seconds % 60);
    return fmt::format("{}:{:02} h", seconds / 3600, seconds / 60 % 60);
}

std::string format_rate(double bytes_per_second) {
    constexpr std::array<std::string_view, 5> kUnits{"B/s", "KiB/s", "MiB/s", "GiB/s", "TiB/s"};
    std::size_t unit = 0;
    while (bytes_per_second >= 1024 && unit + 1 < kUnits.size()) {
        bytes_per_second /= 1024;
        ++unit;
    }
    return fmt::format("{:.{}f} {}", bytes_per_second, unit == 0 ? 0 : 1, kUnits[unit]);
}

std::string_view contract_name(Contract contract) {
    constexpr std::array<std::string_view, kContractCount> kNames{"async", "sync", "admin", "mem"};
    return kNames[static_cast<std::size_t>(contract)];
}

std::string_view service_name(Service service) {
    constexpr std::array<std::string_view, 3> kNames{"refused", "native", "emulated"};
    return kNames[static_cast<std::size_t>(service)];
}

}  // namespace xnvme::tool
