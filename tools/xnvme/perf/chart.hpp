/// \file
/// Drawings for a page in a browser, as SVG.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xnvme::tool {

/// A mark on an axis, with what stands beside it.
struct Tick {
    double at = 0;
    std::string text;
};

/// Where values stand on a drawing; the caller takes logarithms, if any.
struct Axis {
    std::string title;
    double low = 0;
    double high = 1;
    std::vector<Tick> ticks;
};

/// An axis from 0 to at least `most`, with a handful of round marks: "2", "4k", "1.5M".
Axis count_axis(std::string title, double most);
/// An axis of the logarithms (base 10) of times in nanoseconds, with marks such as "10 us".
Axis time_axis(std::string title, double least_ns, double most_ns);

/// A value with a metric letter: "1.25M".
std::string in_short(double value);

/// A line through points, or a hill under them. Its colour goes by its number in the drawing.
struct Curve {
    std::string name;
    std::vector<std::pair<double, double>> points;
    /// Places that tell more when the mouse rests on them.
    struct Remark {
        double x = 0;
        double y = 0;
        std::string text;
    };
    std::vector<Remark> remarks;
};

/// Curves over two axes. \param filled the areas below them are tinted
std::string line_chart(const Axis& x, const Axis& y, const std::vector<Curve>& curves,
                       bool filled = false);

/// A bar with its name before it and its value behind it.
struct Bar {
    std::string name;
    double value = 0;
    std::string text;
    std::size_t colour = 0;
};
std::string bar_chart(const Axis& x, const std::vector<Bar>& bars);

/// Text as it stands in a page: '&', '<', '>' and quotes are escaped.
std::string escaped(std::string_view text);

}  // namespace xnvme::tool
