// What perf found, as a page with curves.

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <map>

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <xnvme/version.hpp>

#include "chart.hpp"
#include "os/thread.hpp"
#include "perf.hpp"

namespace xnvme::tool {
namespace {

/// The style of the page. The eight colours are told apart by those who see few of them, too.
constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --ink: #1c1c1c; --faint: #666; --rule: #ddd; --paper: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e8e8; --faint: #aaa; --rule: #3a3a3a; --paper: #161616; } }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 1180px; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.5em; margin-bottom: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.1em; margin: 2em 0 .3em; }
p.what, .note, footer { color: var(--faint); }
.note { margin: .2em 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { padding: .25em .6em; text-align: right; border-bottom: 1px solid var(--rule);
  white-space: nowrap; }
th { color: var(--faint); font-weight: 600; }
th.left, td.left { text-align: left; }
tr.part td { color: var(--faint); }
svg { width: 100%; height: auto; font-size: 12px; }
svg text { fill: var(--faint); }
.rule { stroke: var(--rule); }
.curve { fill: none; stroke-width: 2; stroke-linejoin: round; }
.area { opacity: .15; stroke: none; }
.legend span { margin-right: 1.4em; white-space: nowrap; }
.legend i { display: inline-block; width: .8em; height: .8em; margin-right: .4em; }
pre { overflow-x: auto; }
)";
constexpr std::string_view kColours[] = {"#0072b2", "#e69f00", "#009e73", "#d55e00",
                                         "#cc79a7", "#56b4e9", "#8c6d1f", "#7f7f7f"};

std::string style() {
    std::string css(kStyle);
    for (std::size_t i = 0; i < std::size(kColours); ++i)
        css += fmt::format(
            ".curve.c{0} {{ stroke: {1}; }} .bar.c{0}, .area.c{0}, .point.c{0} {{ fill: {1}; }} "
            ".legend .c{0} {{ background: {1}; }}\n",
            i, kColours[i]);
    return css;
}

/// The rows that were measured. A row's number is its colour in every drawing.
std::vector<const Row*> measured(const std::vector<Row>& rows) {
    std::vector<const Row*> list;
    for (const Row& row : rows)
        if (row.rounds != 0 && row.outcome.all.ios != 0) list.push_back(&row);
    return list;
}

std::string table(const PerfArguments& arguments, const std::vector<Row>& rows) {
    const std::vector<Table::Column> columns = columns_of(arguments);
    std::string html = "<div class=\"wide\"><table><thead><tr>";
    for (const Table::Column& column : columns)
        html += fmt::format("<th{}>{}</th>", column.right ? "" : " class=\"left\"",
                            escaped(column.title));
    html += "</tr></thead><tbody>\n";
    for (const std::vector<std::string>& line : lines_of(arguments, rows)) {
        html += line.front() == " " ? "<tr class=\"part\">" : "<tr>";
        for (std::size_t i = 0; i < line.size(); ++i)
            html += fmt::format("<td{}>{}</td>", columns[i].right ? "" : " class=\"left\"",
                                escaped(line[i]));
        html += "</tr>\n";
    }
    return html + "</tbody></table></div>\n";
}

std::string iops_bars(const std::vector<const Row*>& rows) {
    std::vector<Bar> bars;
    double most = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const Measurement& all = rows[i]->outcome.all;
        const double iops = per_second(all.ios, all.time);
        bars.push_back({rows[i]->interface, iops, in_short(iops), i});
        most = std::max(most, iops);
    }
    return bar_chart(count_axis("I/Os a second", most), bars);
}

/// Nines: 90 % is 1, 99 % is 2.
double nines(double part) {
    return -std::log10(1 - part);
}

/// The time that each part of all I/Os did not exceed. It ends where a single I/O decides.
Curve percentile_curve(const Row& row) {
    const Histogram& times = row.outcome.all.latencies;
    Curve curve{.name = row.interface, .points = {}, .remarks = {}};
    const auto count = static_cast<double>(times.count());
    std::uint64_t seen = 0;
    times.for_each([&](std::uint64_t first_ns, std::uint64_t last_ns, std::uint64_t in_bucket) {
        if (curve.points.empty())
            curve.points.emplace_back(
                0, std::log10(std::max<double>(1, static_cast<double>(first_ns))));
        seen += in_bucket;
        const double part = std::min(static_cast<double>(seen), count - 1) / count;
        const double time_ns = static_cast<double>(std::min(last_ns, times.max_ns()));
        curve.points.emplace_back(nines(part), std::log10(std::max(1.0, time_ns)));
    });
    for (const Percentile& percentile : kPercentiles) {
        const auto time_ns = times.percentile_ns(percentile.part);
        if (!time_ns) continue;
        curve.remarks.push_back(
            {nines(percentile.part), std::log10(std::max<double>(1, static_cast<double>(*time_ns))),
             fmt::format("{} {}: {}", row.interface, percentile.name, format_duration(*time_ns))});
    }
    return curve;
}

std::string percentile_chart(const PerfArguments& arguments, const std::vector<const Row*>& rows) {
    Axis x{.title = "percentile",
           .low = 0,
           .high = 1,
           .ticks = {{0, "0"},
                     {nines(0.5), "50"},
                     {1, "90"},
                     {2, "99"},
                     {3, "99.9"},
                     {4, "99.99"},
                     {5, "99.999"},
                     {6, "99.9999"}}};
    double least_ns = 1e18;
    double most_ns = 1;
    std::vector<Curve> curves;
    for (const Row* row : rows) {
        curves.push_back(percentile_curve(*row));
        x.high = std::clamp(curves.back().points.back().first, x.high, 6.0);
        least_ns = std::min(least_ns, std::pow(10.0, curves.back().points.front().second));
        most_ns = std::max(most_ns, static_cast<double>(row->outcome.all.latencies.max_ns()));
    }
    std::erase_if(x.ticks, [&](const Tick& tick) { return tick.at > x.high; });
    return line_chart(x,
                      time_axis(arguments.rate != 0 ? "latency from when it was due" : "latency",
                                least_ns, most_ns),
                      curves);
}

std::string timeline_chart(const std::vector<const Row*>& rows) {
    std::vector<Curve> curves;
    double most = 0;
    double seconds_most = 0;
    for (const Row* row : rows) {
        const Timeline& timeline = row->outcome.all.timeline;
        const double interval = static_cast<double>(timeline.interval_ns()) / 1e9;
        Curve curve{.name = row->interface, .points = {}, .remarks = {}};
        for (std::size_t i = 0; i < timeline.counts().size(); ++i) {
            const double iops = static_cast<double>(timeline.counts()[i]) / interval;
            curve.points.emplace_back((static_cast<double>(i) + 0.5) * interval, iops);
            most = std::max(most, iops);
        }
        seconds_most =
            std::max(seconds_most, static_cast<double>(timeline.counts().size()) * interval);
        curves.push_back(std::move(curve));
    }
    Axis x = count_axis("seconds that were measured", seconds_most);
    x.high = seconds_most;
    std::erase_if(x.ticks, [&](const Tick& tick) { return tick.at > x.high * 1.0001; });
    return line_chart(x, count_axis("I/Os a second", most), curves);
}

/// How often each latency was: eight steps for each doubling, as parts of all I/Os.
std::string histogram_chart(const std::vector<const Row*>& rows) {
    constexpr double kSteps = 8;
    std::vector<Curve> curves;
    double most = 0;
    double least_ns = 1e18;
    double most_ns = 1;
    for (const Row* row : rows) {
        const Histogram& times = row->outcome.all.latencies;
        std::map<int, double> steps;
        times.for_each([&](std::uint64_t first_ns, std::uint64_t, std::uint64_t count) {
            const double time_ns = std::max<double>(1, static_cast<double>(first_ns));
            steps[static_cast<int>(std::floor(std::log2(time_ns) * kSteps))] +=
                static_cast<double>(count) / static_cast<double>(times.count());
        });
        Curve curve{.name = row->interface, .points = {}, .remarks = {}};
        const auto at = [](int step) { return step / kSteps * std::log10(2.0); };
        for (int step = steps.begin()->first; step <= steps.rbegin()->first; ++step) {
            const auto there = steps.find(step);
            const double percent = there == steps.end() ? 0 : there->second * 100;
            curve.points.emplace_back(at(step), percent);
            curve.points.emplace_back(at(step + 1), percent);
            most = std::max(most, percent);
        }
        least_ns = std::min(least_ns, std::pow(10.0, curve.points.front().first));
        most_ns = std::max(most_ns, std::pow(10.0, curve.points.back().first));
        curves.push_back(std::move(curve));
    }
    return line_chart(time_axis("latency", least_ns, most_ns), count_axis("% of the I/Os", most),
                      curves, true);
}

std::string section(std::string_view title, std::string_view what, const std::string& content) {
    return fmt::format("<h2>{}</h2>\n<p class=\"what\">{}</p>\n{}\n", title, what, content);
}

/// JSON as the content of an element that a browser does not look into: nothing ends it early.
std::string embedded(const Node& node) {
    std::string json = nvme::to_json(node);
    for (std::size_t at = 0; (at = json.find('<', at)) != std::string::npos; at += 6)
        json.replace(at, 1, "\\u003c");
    return json;
}

}  // namespace

std::string report_page(const PerfArguments& arguments, const std::vector<Row>& rows) {
    std::string devices;
    for (const std::string& uri : arguments.devices) devices += (devices.empty() ? "" : ", ") + uri;
    const std::vector<const Row*> shown = measured(rows);
    std::string html = fmt::format(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width\">\n<title>{0}</title>\n"
        "<style>{1}</style></head><body>\n<h1>{0}</h1>\n<p class=\"what\">{2}</p>\n",
        escaped(devices), style(), escaped(summary_of(arguments)));
    html += table(arguments, rows);
    for (const std::string& note : notes_of(arguments, rows))
        html += fmt::format("<p class=\"note\">{}</p>\n", escaped(note));
    if (!shown.empty()) {
        html += section("I/Os a second", "Of all devices and queues together.", iops_bars(shown));
        html += section("Latency by percentile",
                        "How long the fastest so many per cent of the I/Os took; each step to the "
                        "right is ten times as rare.",
                        percentile_chart(arguments, shown));
        html += section("I/Os a second over time",
                        "Completions in equal intervals; rounds stand one behind the other.",
                        timeline_chart(shown));
        html += section("Latency by frequency", "How many of the I/Os took how long.",
                        histogram_chart(shown));
    }
    const auto now =
        std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
    html += fmt::format(
        "<footer><p>xnvme {}, {:%Y-%m-%d %H:%M:%S} UTC, {}. The figures and buckets behind the "
        "curves are in this page as JSON, in the element <code>results</code>.</p></footer>\n"
        "<script type=\"application/json\" id=\"results\">\n{}</script>\n</body></html>\n",
        kVersion, fmt::gmtime(std::chrono::system_clock::to_time_t(now)),
        counted(os::processors(), "processor"), embedded(result_node(arguments, rows)));
    return html;
}

}  // namespace xnvme::tool
