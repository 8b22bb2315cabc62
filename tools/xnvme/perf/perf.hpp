/// \file
/// What perf was asked to do, what it found, and the forms that this is given out in.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "output.hpp"
#include "program.hpp"
#include "run.hpp"

namespace xnvme::tool {

/// One size of `--size`, and how many in a hundred have it.
struct SizeShare {
    std::uint64_t bytes = 4096;
    std::uint32_t percent = 100;
};

struct PerfArguments {
    std::vector<std::string> devices;
    std::string pattern = "randread";
    std::uint32_t read_percent = 70;  ///< Of the pattern "mixed".
    std::vector<SizeShare> sizes{SizeShare{}};
    std::uint32_t depth = 32;
    std::uint32_t queues = 1;  ///< Of each device.
    std::chrono::nanoseconds time{std::chrono::seconds(1)};
    std::chrono::nanoseconds ramp{-1};  ///< Negative: as long as seems right.
    std::uint64_t count = 0;
    std::uint64_t rate = 0;    ///< I/Os a second, 0 for as many as go.
    std::uint32_t rounds = 1;  ///< Of all interfaces, one after the other in each.
    std::vector<unsigned> processors;
    std::uint64_t seed = 1;
    std::uint64_t create_bytes = 0;
    std::string interfaces;  ///< `--compare` or `--async`, with commas.
    std::string report;      ///< The file to write it to; empty for none.
    bool verify = false;
    bool progress = false;
    bool time_given = false;
    bool direct = false;

    bool writes() const { return pattern != "read" && pattern != "randread"; }
    /// The run ends by time; otherwise by count.
    bool timed() const { return count == 0 || time_given; }
    /// How long nothing is counted.
    std::chrono::nanoseconds warm_up() const;
};

/// One interface.
struct Row {
    std::string interface;
    std::string refusal;       ///< Why it did not run, or what ended it; empty when all went well.
    bool started = false;      ///< It ran, if not to the end.
    int code = kFailed;        ///< What the command exits with when this is all there is.
    std::uint32_t rounds = 0;  ///< Those that went well, which `outcome` is the sum of.
    Outcome outcome;
};

struct Percentile {
    const char* name;
    double part;
};
inline constexpr Percentile kPercentiles[] = {{"p50", 0.5},       {"p90", 0.9},
                                              {"p99", 0.99},      {"p99.9", 0.999},
                                              {"p99.99", 0.9999}, {"p99.999", 0.99999}};

double per_second(std::uint64_t count, std::chrono::nanoseconds time);

/// "randread, 4 KiB I/Os, depth 32, 1 queue, 1 s": what was asked for.
std::string summary_of(const PerfArguments& arguments);

/// The table of the rows that were measured, and the titles of its columns.
std::vector<Table::Column> columns_of(const PerfArguments& arguments);
std::vector<std::vector<std::string>> lines_of(const PerfArguments& arguments,
                                               const std::vector<Row>& rows);
/// What has to be said beside the table: what the columns are, what did not run, and so on.
std::vector<std::string> notes_of(const PerfArguments& arguments, const std::vector<Row>& rows);

/// All of it, for programs.
Node result_node(const PerfArguments& arguments, const std::vector<Row>& rows);

/// A page that shows it in a browser, and needs nothing but itself.
std::string report_page(const PerfArguments& arguments, const std::vector<Row>& rows);

}  // namespace xnvme::tool
