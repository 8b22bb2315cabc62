// What perf found, as a table and for programs.

#include <algorithm>

#include <fmt/core.h>

#include "perf.hpp"

namespace xnvme::tool {
namespace {

/// The measurements of a row: that of the whole, and of each device where there are several.
struct Named {
    std::string device;  ///< Empty for the whole.
    const Measurement* measurement;
};

std::vector<Named> measurements_of(const PerfArguments& arguments, const Row& row) {
    std::vector<Named> list{{"", &row.outcome.all}};
    for (std::size_t i = 0; arguments.devices.size() > 1 && i < row.outcome.devices.size(); ++i)
        list.push_back({arguments.devices[i], &row.outcome.devices[i]});
    return list;
}

/// Percentiles that there are too few I/Os for are left out.
Node times_node(const Histogram& times) {
    Node node = Node::map().add("mean", times.mean_ns());
    for (const Percentile& percentile : kPercentiles)
        if (const auto time_ns = times.percentile_ns(percentile.part))
            node.add(percentile.name, *time_ns);
    return node.add("max", times.max_ns());
}

/// Pairs of the longest time in a bucket, in nanoseconds, and how many fell into it.
Node buckets_node(const Histogram& times) {
    Node list = Node::list();
    times.for_each([&list](std::uint64_t, std::uint64_t last_ns, std::uint64_t count) {
        list.push(Node::list().push(last_ns).push(count));
    });
    return list;
}

void add_measurement(Node& node, const Measurement& m, const PerfArguments& arguments) {
    Node counts = Node::list();
    for (const std::uint64_t count : m.timeline.counts()) counts.push(count);
    node.add("iops", per_second(m.ios, m.time))
        .add("bytes_per_second", static_cast<std::uint64_t>(per_second(m.bytes, m.time)))
        .add("ios", m.ios)
        .add("reads", m.reads)
        .add("writes", m.ios - m.reads)
        .add("time_ns", static_cast<std::uint64_t>(m.time.count()))
        .add("latency_ns", times_node(m.latencies))
        .add("latency_buckets", buckets_node(m.latencies));
    // With a rate the latency counts from when an I/O was due; this one from when it was sent.
    if (arguments.rate != 0)
        node.add("service_ns", times_node(m.services))
            .add("service_buckets", buckets_node(m.services))
            .add("unsent", m.unsent);
    node.add(
        "timeline",
        Node::map().add("interval_ns", m.timeline.interval_ns()).add("ios", std::move(counts)));
    if (arguments.pattern == "append") node.add("zone_resets", m.zone_resets);
    if (arguments.verify) node.add("verified_bytes", m.verified_bytes);
}

/// The processor time of a run with a rate is left out: most of it goes by while this program waits
/// for the next I/O to be due.
Node row_node(const Row& row, const PerfArguments& arguments) {
    Node node = Node::map().add("async", row.interface).add("ok", row.refusal.empty());
    if (!row.refusal.empty()) node.add("reason", row.refusal);
    if (row.rounds == 0) return node;
    const Measurement& m = row.outcome.all;
    node.add("rounds", row.rounds).add("moves_data", m.moves_data);
    add_measurement(node, m, arguments);
    if (arguments.rate == 0)
        node.add("cpu_ns_per_io", row.outcome.cpu_ns / std::max<std::uint64_t>(m.ios, 1));
    if (arguments.devices.size() == 1) return node;
    Node devices = Node::list();
    for (std::size_t i = 0; i < row.outcome.devices.size(); ++i) {
        Node device = Node::map().add("device", arguments.devices[i]);
        add_measurement(device, row.outcome.devices[i], arguments);
        devices.push(std::move(device));
    }
    return node.add("devices", std::move(devices));
}

/// Microseconds with as many decimals as are worth reading.
std::string microseconds(double time_ns) {
    return fmt::format("{:.{}f}", time_ns / 1e3, time_ns < 100'000 ? 1 : 0);
}

/// How many times the first interface's IOPS.
std::string to_first(const Row& row, const Row& first) {
    const double base = per_second(first.outcome.all.ios, first.outcome.all.time);
    const double rate = per_second(row.outcome.all.ios, row.outcome.all.time);
    return base > 0 ? fmt::format("{:.2f}", rate / base) : "-";
}

std::vector<std::string> cells(const Measurement& m) {
    std::vector<std::string> line{
        grouped(static_cast<std::uint64_t>(per_second(m.ios, m.time))),
        fmt::format("{:.1f}", per_second(m.bytes, m.time) / (1024.0 * 1024.0)),
        microseconds(m.latencies.mean_ns())};
    for (const Percentile& percentile : kPercentiles) {
        const auto time_ns = m.latencies.percentile_ns(percentile.part);
        line.push_back(time_ns ? microseconds(static_cast<double>(*time_ns)) : "-");
    }
    line.push_back(microseconds(static_cast<double>(m.latencies.max_ns())));
    return line;
}

std::string sizes_text(const PerfArguments& arguments) {
    if (arguments.sizes.size() == 1) return format_size(arguments.sizes.front().bytes);
    std::string text;
    for (const SizeShare& size : arguments.sizes)
        text += fmt::format("{}{} ({}%)", text.empty() ? "" : ", ", format_size(size.bytes),
                            size.percent);
    return text;
}

Node sizes_node(const PerfArguments& arguments) {
    Node list = Node::list();
    for (const SizeShare& size : arguments.sizes)
        list.push(Node::map().add("bytes", size.bytes).add("percent", size.percent));
    return list;
}

template <class T>
Node list_node(const std::vector<T>& values) {
    Node list = Node::list();
    for (const T& value : values) list.push(Node(value));
    return list;
}

}  // namespace

double per_second(std::uint64_t count, std::chrono::nanoseconds time) {
    const double seconds = std::chrono::duration<double>(time).count();
    return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

std::string summary_of(const PerfArguments& arguments) {
    const auto nanoseconds = static_cast<std::uint64_t>(arguments.time.count());
    return fmt::format(
        "{}, {} I/Os, depth {}, {}{}{}{}{}{}{}",
        arguments.pattern == "mixed" ? fmt::format("mixed ({}% reads)", arguments.read_percent)
                                     : arguments.pattern,
        sizes_text(arguments), arguments.depth, counted(arguments.queues, "queue"),
        arguments.devices.size() > 1 ? " on each device" : "", arguments.direct ? ", direct" : "",
        arguments.rate != 0 ? fmt::format(", {} I/Os a second", grouped(arguments.rate)) : "",
        arguments.rounds > 1 ? fmt::format(", {} rounds", arguments.rounds) : "",
        arguments.verify ? ", verified" : "",
        (arguments.count != 0 ? fmt::format(", {} in all", counted(arguments.count, "I/O")) : "") +
            (arguments.timed() ? fmt::format(", {}", format_duration(nanoseconds)) : ""));
}

std::vector<Table::Column> columns_of(const PerfArguments& arguments) {
    std::vector<Table::Column> columns{{"ASYNC"}};
    if (arguments.devices.size() > 1) columns.push_back({"DEVICE"});
    for (const std::string_view title : {"IOPS", "MiB/s", "MEAN", "P50", "P90", "P99", "P99.9",
                                         "P99.99", "P99.999", "MAX", "CPU/IO", "TO FIRST"})
        columns.push_back({title, true});
    return columns;
}

std::vector<std::vector<std::string>> lines_of(const PerfArguments& arguments,
                                               const std::vector<Row>& rows) {
    const auto first = std::ranges::find_if(rows, [](const Row& row) { return row.rounds != 0; });
    std::vector<std::vector<std::string>> lines;
    for (const Row& row : rows) {
        if (row.rounds == 0) continue;
        const double ios = static_cast<double>(std::max<std::uint64_t>(row.outcome.all.ios, 1));
        for (const Named& named : measurements_of(arguments, row)) {
            const bool whole = named.device.empty();
            std::vector<std::string> line{
                whole ? row.interface + (named.measurement->moves_data ? "" : " *") : " "};
            if (arguments.devices.size() > 1) line.push_back(whole ? "all" : named.device);
            std::ranges::move(cells(*named.measurement), std::back_inserter(line));
            line.push_back(
                !whole || arguments.rate != 0
                    ? "-"
                    : fmt::format("{:.2f}", static_cast<double>(row.outcome.cpu_ns) / ios / 1e3));
            line.push_back(whole ? to_first(row, *first) : "-");
            lines.push_back(std::move(line));
        }
    }
    return lines;
}

std::vector<std::string> notes_of(const PerfArguments& arguments, const std::vector<Row>& rows) {
    std::vector<std::string> notes;
    const auto measured = [](const Row& row) { return row.rounds != 0; };
    if (std::ranges::any_of(rows, measured))
        notes.push_back(fmt::format(
            "Times are in microseconds{}; CPU/IO is that of all threads, TO FIRST how many times "
            "the IOPS of the first line.",
            arguments.rate != 0 ? ", from when an I/O was due" : ""));
    if (std::ranges::any_of(
            rows, [&](const Row& row) { return measured(row) && !row.outcome.all.moves_data; }))
        notes.emplace_back(
            "* moves no data: it completes every command at once, and shows what the library "
            "itself costs.");
    for (const Row& row : rows) {
        const Measurement& all = row.outcome.all;
        if (!row.refusal.empty())
            notes.push_back(fmt::format(
                "{} {}{}: {}", row.interface, row.started ? "failed" : "did not run",
                row.rounds != 0 ? fmt::format(" in round {}", row.rounds + 1) : "", row.refusal));
        if (all.unsent != 0)
            notes.push_back(
                fmt::format("{} did not keep up. I/Os that were due and never sent: {}.",
                            row.interface, grouped(all.unsent)));
        if (all.zone_resets != 0)
            notes.push_back(fmt::format("{} emptied {} that it had filled, and appended again.",
                                        row.interface, counted(all.zone_resets, "zone")));
        if (all.verified_bytes != 0)
            notes.push_back(fmt::format("{}: {} that were written are verified, every block right.",
                                        row.interface, format_size(all.verified_bytes)));
    }
    return notes;
}

Node result_node(const PerfArguments& arguments, const std::vector<Row>& rows) {
    const auto nanoseconds = [](std::chrono::nanoseconds time) {
        return static_cast<std::uint64_t>(time.count());
    };
    Node list = Node::list();
    for (const Row& row : rows) list.push(row_node(row, arguments));
    Node node = Node::map();
    node.add("version", kVersion)
        .add("devices", list_node(arguments.devices))
        .add("pattern", arguments.pattern);
    if (arguments.pattern == "mixed") node.add("read_percent", arguments.read_percent);
    node.add("sizes", sizes_node(arguments))
        .add("depth", arguments.depth)
        .add("queues", arguments.queues)
        .add("direct", arguments.direct)
        .add("time_ns", arguments.timed() ? Node(nanoseconds(arguments.time)) : Node())
        .add("ramp_ns", nanoseconds(arguments.warm_up()))
        .add("count", arguments.count)
        .add("rate", arguments.rate)
        .add("rounds", arguments.rounds)
        .add("cpus", list_node(arguments.processors))
        .add("seed", arguments.seed)
        .add("verify", arguments.verify);
    return node.add("results", std::move(list));
}

}  // namespace xnvme::tool
