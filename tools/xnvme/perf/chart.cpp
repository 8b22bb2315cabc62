#include "chart.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/core.h>
#include <fmt/format.h>

namespace xnvme::tool {
namespace {

constexpr double kWidth = 860;
constexpr double kHeight = 300;
constexpr double kLeft = 70;
constexpr double kRight = 36;
constexpr double kTop = 12;
constexpr double kBottom = 46;
constexpr std::size_t kColours = 8;  ///< Classes c0 to c7 of the page's style.

double share(const Axis& axis, double value) {
    const double span = axis.high - axis.low;
    return span > 0 ? std::clamp((value - axis.low) / span, 0.0, 1.0) : 0;
}

std::string words(double x, double y, std::string_view anchor, std::string_view text) {
    return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>", x, y, anchor,
                       escaped(text));
}

std::string rule(double x1, double y1, double x2, double y2) {
    return fmt::format(
        "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" class=\"rule\"/>", x1, y1,
        x2, y2);
}

std::string begin_drawing(double width, double height, std::string_view title) {
    return fmt::format("<svg viewBox=\"0 0 {0:.0f} {1:.0f}\" role=\"img\" aria-label=\"{2}\">",
                       width, height, escaped(title));
}

/// Where the points of a line chart stand.
struct Frame {
    const Axis& x;
    const Axis& y;

    double at_x(double value) const { return kLeft + share(x, value) * (kWidth - kLeft - kRight); }
    double at_y(double value) const {
        return kHeight - kBottom - share(y, value) * (kHeight - kTop - kBottom);
    }
};

std::string axes_of(const Frame& frame) {
    std::string svg;
    for (const Tick& tick : frame.y.ticks) {
        const double y = frame.at_y(tick.at);
        svg += rule(kLeft, y, kWidth - kRight, y) + words(kLeft - 6, y + 4, "end", tick.text);
    }
    for (const Tick& tick : frame.x.ticks) {
        const double x = frame.at_x(tick.at);
        svg += rule(x, kTop, x, kHeight - kBottom) +
               words(x, kHeight - kBottom + 16, "middle", tick.text);
    }
    svg += words((kLeft + kWidth - kRight) / 2, kHeight - 8, "middle", frame.x.title);
    return svg + fmt::format(
                     "<text transform=\"translate(12 {:.0f}) rotate(-90)\" "
                     "text-anchor=\"middle\">{}</text>",
                     (kTop + kHeight - kBottom) / 2, escaped(frame.y.title));
}

std::string curve_of(const Frame& frame, const Curve& curve, std::size_t number, bool filled) {
    std::string points;
    for (const auto& [x, y] : curve.points)
        points += fmt::format("{:.1f},{:.1f} ", frame.at_x(x), frame.at_y(y));
    const std::size_t colour = number % kColours;
    std::string svg;
    if (filled)
        svg += fmt::format("<polygon class=\"area c{}\" points=\"{:.1f},{:.1f} {}{:.1f},{:.1f}\"/>",
                           colour, frame.at_x(curve.points.front().first), frame.at_y(frame.y.low),
                           points, frame.at_x(curve.points.back().first), frame.at_y(frame.y.low));
    svg += fmt::format("<polyline class=\"curve c{}\" points=\"{}\"><title>{}</title></polyline>",
                       colour, points, escaped(curve.name));
    for (const Curve::Remark& remark : curve.remarks)
        svg += fmt::format(
            "<circle class=\"point c{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\"><title>{}</title>"
            "</circle>",
            colour, frame.at_x(remark.x), frame.at_y(remark.y), escaped(remark.text));
    return svg;
}

std::string legend_of(const std::vector<Curve>& curves) {
    std::string html = "<p class=\"legend\">";
    for (std::size_t i = 0; i < curves.size(); ++i)
        html += fmt::format("<span><i class=\"c{}\"></i>{}</span>", i % kColours,
                            escaped(curves[i].name));
    return html + "</p>";
}

}  // namespace

std::string escaped(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

std::string in_short(double value) {
    constexpr std::array<std::pair<double, char>, 3> kLetters{{{1e9, 'G'}, {1e6, 'M'}, {1e3, 'k'}}};
    for (const auto& [size, letter] : kLetters)
        if (value >= size) return fmt::format("{:.3g}{}", value / size, letter);
    return fmt::format("{:.3g}", value);
}

Axis count_axis(std::string title, double most) {
    Axis axis{.title = std::move(title), .low = 0, .high = std::max(most, 1e-9), .ticks = {}};
    const double rough = axis.high / 5;
    const double power = std::pow(10.0, std::floor(std::log10(rough)));
    double step = 10 * power;
    for (const double factor : {5.0, 2.0, 1.0})
        if (factor * power >= rough) step = factor * power;
    axis.high = std::ceil(axis.high / step) * step;
    for (int i = 0; i * step <= axis.high * 1.0001; ++i)
        axis.ticks.push_back({i * step, in_short(i * step)});
    return axis;
}

Axis time_axis(std::string title, double least_ns, double most_ns) {
    constexpr std::array<std::string_view, 4> kUnits{"ns", "us", "ms", "s"};
    Axis axis{.title = std::move(title), .low = 0, .high = 1, .ticks = {}};
    axis.low = std::floor(std::log10(std::max(least_ns, 1.0)));
    axis.high = std::max(axis.low + 1, std::ceil(std::log10(std::max(most_ns, 1.0))));
    for (int power = static_cast<int>(axis.low); power <= static_cast<int>(axis.high); ++power) {
        const auto unit = std::min<std::size_t>(static_cast<std::size_t>(power) / 3, 3);
        const double value = std::pow(10.0, power - static_cast<int>(unit) * 3);
        axis.ticks.push_back(
            {static_cast<double>(power), fmt::format("{:g} {}", value, kUnits[unit])});
    }
    return axis;
}

std::string line_chart(const Axis& x, const Axis& y, const std::vector<Curve>& curves,
                       bool filled) {
    const Frame frame{x, y};
    std::string svg = begin_drawing(kWidth, kHeight, y.title) + axes_of(frame);
    for (std::size_t i = 0; i < curves.size(); ++i)
        if (!curves[i].points.empty()) svg += curve_of(frame, curves[i], i, filled);
    return svg + "</svg>" + legend_of(curves);
}

std::string bar_chart(const Axis& x, const std::vector<Bar>& bars) {
    constexpr double kRow = 26;
    constexpr double kNames = 130;
    constexpr double kValues = 70;
    const double room = kWidth - kNames - kValues;
    const double bottom = kTop + kRow * static_cast<double>(bars.size());
    std::string svg = begin_drawing(kWidth, bottom + kBottom, x.title);
    for (const Tick& tick : x.ticks) {
        const double at = kNames + share(x, tick.at) * room;
        svg += rule(at, kTop, at, bottom) + words(at, bottom + 16, "middle", tick.text);
    }
    for (std::size_t i = 0; i < bars.size(); ++i) {
        const Bar& bar = bars[i];
        const double y = kTop + kRow * static_cast<double>(i);
        const double width = std::max(share(x, bar.value) * room, 1.0);
        svg += words(kNames - 6, y + kRow / 2 + 4, "end", bar.name);
        svg += fmt::format(
            "<rect class=\"bar c{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" "
            "height=\"{:.1f}\"/>",
            bar.colour % kColours, kNames, y + 4, width, kRow - 8);
        svg += words(kNames + width + 5, y + kRow / 2 + 4, "start", bar.text);
    }
    svg += words(kNames + room / 2, bottom + kBottom - 10, "middle", x.title);
    return svg + "</svg>";
}

}  // namespace xnvme::tool
