// perf: what each interface costs on a device.

#include <algorithm>
#include <array>
#include <filesystem>
#include <thread>

#include <fmt/core.h>

#include <xnvme/nvme/builders.hpp>

#include "block_range.hpp"
#include "open.hpp"
#include "os/error_text.hpp"
#include "os/terminal.hpp"
#include "os/thread.hpp"
#include "output.hpp"
#include "perf_run.hpp"

namespace xnvme::tool {
namespace {

using namespace std::chrono_literals;

/// What is not timed unless `--ramp` says otherwise: the interfaces' first use of memory, files and
/// threads.
constexpr std::chrono::nanoseconds kWarmUp = 100ms;

/// One size of `--size`, and how many in a hundred have it.
struct SizeShare {
    std::uint64_t bytes = 4096;
    std::uint32_t percent = 100;
};

struct PerfArguments {
    std::string pattern = "randread";
    std::uint32_t read_percent = 70;  ///< Of the pattern "mixed".
    std::vector<SizeShare> sizes{SizeShare{}};
    std::uint32_t depth = 32;
    std::uint32_t queues = 1;
    std::chrono::nanoseconds time{1s};
    std::chrono::nanoseconds ramp{-1};  ///< Negative: as long as seems right.
    std::uint64_t count = 0;
    std::uint64_t rate = 0;    ///< I/Os a second, 0 for as many as go.
    std::uint32_t rounds = 1;  ///< Of all interfaces, one after the other in each.
    std::vector<unsigned> processors;
    std::uint64_t seed = 1;
    std::uint64_t create_bytes = 0;
    std::string interfaces;  ///< `--compare` or `--async`, with commas.
    bool time_given = false;
};

/// One line of the table.
struct Row {
    std::string interface;
    std::string refusal;  ///< Why it did not run; empty when it did.
    int code = kFailed;   ///< What the command exits with when this is all there is.
    Measurement measurement;
};

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> parts;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t comma = std::min(text.find(',', at), text.size());
        if (comma > at) parts.push_back(text.substr(at, comma - at));
        at = comma + 1;
    }
    return parts;
}

/// The interfaces to measure: those named, every one that serves the device for "all", or, named
/// by an empty text, the one that is chosen.
std::vector<std::string> choose_interfaces(const Program& program, const PerfArguments& arguments) {
    if (arguments.interfaces.empty()) return {""};
    if (arguments.interfaces != "all") return split(arguments.interfaces);
    Options options = program.device.options;
    std::vector<std::string> names;
    for (const InterfaceInfo& row : interfaces()) {
        if (row.contract != Contract::async || !row.built || !row.available) continue;
        options.async = row.name;
        if (Device::open(program.device.uri, options)) names.emplace_back(row.name);
    }
    // With nothing to measure, opening the device says what is the matter with it.
    options.async.clear();
    if (names.empty()) open_or_stop(program.device.uri, options);
    return names;
}

std::uint32_t blocks_of(std::uint64_t bytes, const Device& device) {
    const Geometry& geometry = device.geometry();
    if (bytes % geometry.block_bytes != 0)
        throw Stop(kUsage, fmt::format("--size {} is no multiple of the {} bytes of a block of {}.",
                                       bytes, geometry.block_bytes, device.uri()));
    if (bytes > geometry.max_transfer_bytes)
        throw Stop(kUsage,
                   fmt::format("--size {} is more than the {} that {} takes in one command.",
                               format_size(bytes), format_size(geometry.max_transfer_bytes),
                               device.uri()));
    if (geometry.blocks < bytes / geometry.block_bytes)
        throw Stop(kUsage, fmt::format("{} has {}, less than one I/O of {}. --create SIZE makes a "
                                       "file larger.",
                                       device.uri(), size_text(geometry), format_size(bytes)));
    return static_cast<std::uint32_t>(bytes / geometry.block_bytes);
}

Workload workload_of(const PerfArguments& arguments, const Device& device) {
    refuse_without_blocks(device);
    refuse_metadata_apart(device);
    Workload workload;
    workload.random = arguments.pattern.starts_with("rand") || arguments.pattern == "mixed";
    if (arguments.pattern == "mixed") workload.read_percent = arguments.read_percent;
    if (arguments.pattern.ends_with("write")) workload.read_percent = 0;
    std::uint32_t percent_up_to = 0;
    for (const SizeShare& size : arguments.sizes) {
        percent_up_to += size.percent;
        workload.sizes.push_back({blocks_of(size.bytes, device), percent_up_to});
    }
    workload.depth = arguments.depth;
    workload.queues = arguments.queues;
    workload.count = arguments.count;
    workload.seed = arguments.seed;
    // A run that ends by count counts from the first I/O.
    const bool timed = arguments.count == 0 || arguments.time_given;
    workload.time = timed ? arguments.time : 0ns;
    workload.warm_up = arguments.ramp >= 0ns  ? arguments.ramp
                       : arguments.count == 0 ? std::min(kWarmUp, arguments.time / 4)
                                              : 0ns;
    workload.rate = static_cast<double>(arguments.rate);
    workload.processors = arguments.processors;
    return workload;
}

Row run_one(const Program& program, const PerfArguments& arguments, const std::string& interface) {
    Options options = program.device.options;
    options.async = interface;
    const bool writes = !arguments.pattern.ends_with("read");
    options.access = writes ? Access::read_write : Access::read_only;
    Row row;
    row.interface = interface;
    auto device = Device::open(program.device.uri, options);
    if (!device) {
        row.refusal = device.error().sentence;
        row.code = exit_code(device.error(), options);
        return row;
    }
    row.interface = device->capabilities().async;
    row.measurement = measure(*device, workload_of(arguments, *device));
    if (row.measurement.error)
        row.refusal = fmt::format("an I/O failed: {}", describe(*row.measurement.error));
    return row;
}

double per_second(std::uint64_t count, std::chrono::nanoseconds time) {
    const double seconds = std::chrono::duration<double>(time).count();
    return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

struct Percentile {
    const char* name;
    double part;
};
constexpr std::array<Percentile, 6> kPercentiles{{{"p50", 0.5},
                                                  {"p90", 0.9},
                                                  {"p99", 0.99},
                                                  {"p99.9", 0.999},
                                                  {"p99.99", 0.9999},
                                                  {"p99.999", 0.99999}}};

/// Percentiles that there are too few I/Os for are left out.
Node times_node(const Histogram& times) {
    Node node = Node::map().add("mean", times.mean_ns());
    for (const Percentile& percentile : kPercentiles)
        if (const auto time_ns = times.percentile_ns(percentile.part))
            node.add(percentile.name, *time_ns);
    return node.add("max", times.max_ns());
}

/// The processor time of a run with a rate is left out: most of it goes by while this program waits
/// for the next I/O to be due.
Node row_node(const Row& row, std::uint64_t rate) {
    Node node = Node::map().add("async", row.interface).add("ok", row.refusal.empty());
    if (!row.refusal.empty()) return node.add("reason", row.refusal);
    const Measurement& m = row.measurement;
    const auto ios = std::max<std::uint64_t>(m.ios, 1);
    node.add("moves_data", m.moves_data)
        .add("iops", per_second(m.ios, m.time))
        .add("bytes_per_second", static_cast<std::uint64_t>(per_second(m.bytes, m.time)))
        .add("ios", m.ios)
        .add("reads", m.reads)
        .add("writes", m.ios - m.reads)
        .add("time_ns", static_cast<std::uint64_t>(m.time.count()))
        .add("latency_ns", times_node(m.latencies));
    // With a rate the latency counts from when an I/O was due; this one from when it was sent.
    if (rate != 0)
        node.add("service_ns", times_node(m.services)).add("unsent", m.unsent);
    else
        node.add("cpu_ns_per_io", m.cpu_ns / ios);
    return node;
}

/// Microseconds with as many decimals as are worth reading.
std::string microseconds(double time_ns) {
    return fmt::format("{:.{}f}", time_ns / 1e3, time_ns < 100'000 ? 1 : 0);
}

/// How many times the first interface's IOPS.
std::string to_first(const Row& row, const Row& first) {
    const double base = per_second(first.measurement.ios, first.measurement.time);
    const double rate = per_second(row.measurement.ios, row.measurement.time);
    return base > 0 ? fmt::format("{:.2f}", rate / base) : "-";
}

std::vector<std::string> cells(const Row& row, std::uint64_t rate) {
    const Measurement& m = row.measurement;
    std::vector<std::string> line{
        row.interface + (m.moves_data ? "" : " *"),
        grouped(static_cast<std::uint64_t>(per_second(m.ios, m.time))),
        fmt::format("{:.1f}", per_second(m.bytes, m.time) / (1024.0 * 1024.0)),
        microseconds(m.latencies.mean_ns())};
    for (const Percentile& percentile : kPercentiles) {
        const auto time_ns = m.latencies.percentile_ns(percentile.part);
        line.push_back(time_ns ? microseconds(static_cast<double>(*time_ns)) : "-");
    }
    line.push_back(microseconds(static_cast<double>(m.latencies.max_ns())));
    const double ios = static_cast<double>(std::max<std::uint64_t>(m.ios, 1));
    line.push_back(rate != 0 ? "-"
                             : fmt::format("{:.2f}", static_cast<double>(m.cpu_ns) / ios / 1e3));
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

void print_text(const Program& program, const PerfArguments& arguments,
                const std::vector<Row>& rows) {
    const std::string mix = arguments.pattern == "mixed"
                                ? fmt::format("mixed ({}% reads)", arguments.read_percent)
                                : arguments.pattern;
    print(fmt::format(
        "{}: {}, {} I/Os, depth {}, {}{}{}{}\n\n", program.device.uri, mix, sizes_text(arguments),
        arguments.depth, counted(arguments.queues, "queue"),
        arguments.rate != 0 ? fmt::format(", {} I/Os a second", grouped(arguments.rate)) : "",
        arguments.rounds > 1 ? fmt::format(", {} rounds", arguments.rounds) : "",
        arguments.count != 0 ? fmt::format(", {} in all", counted(arguments.count, "I/O"))
                             : fmt::format(", {}", format_duration(static_cast<std::uint64_t>(
                                                       arguments.time.count())))));
    Table table({{"ASYNC"},
                 {"IOPS", true},
                 {"MiB/s", true},
                 {"MEAN", true},
                 {"P50", true},
                 {"P90", true},
                 {"P99", true},
                 {"P99.9", true},
                 {"P99.99", true},
                 {"P99.999", true},
                 {"MAX", true},
                 {"CPU/IO", true},
                 {"TO FIRST", true}});
    const auto first = std::ranges::find_if(rows, [](const Row& r) { return r.refusal.empty(); });
    std::string notes;
    bool moved_nothing = false;
    for (const Row& row : rows) {
        if (row.refusal.empty()) {
            std::vector<std::string> line = cells(row, arguments.rate);
            line.push_back(to_first(row, *first));
            table.add(std::move(line));
        } else {
            notes += fmt::format("{} {}: {}\n", row.interface,
                                 row.measurement.error ? "failed" : "did not run", row.refusal);
        }
        if (row.measurement.unsent != 0)
            notes += fmt::format("{} did not keep up. I/Os that were due and never sent: {}.\n",
                                 row.interface, grouped(row.measurement.unsent));
        moved_nothing = moved_nothing || (row.refusal.empty() && !row.measurement.moves_data);
    }
    if (!table.empty()) print(table.text());
    if (!table.empty())
        print(
            fmt::format("\nTimes are in microseconds{}; CPU/IO is that of all threads, TO FIRST "
                        "how many times the IOPS of the first line.\n",
                        arguments.rate != 0 ? ", from when an I/O was due" : ""));
    if (moved_nothing)
        print(
            "* moves no data: it completes every command at once, and shows what the library "
            "itself costs.\n");
    print(notes);
}

/// Writing overwrites what a file holds: it has to be new, or `--force` has to be given.
void refuse_to_overwrite(const Program& program, const PerfArguments& arguments) {
    const bool creates = arguments.create_bytes != 0;
    if ((arguments.pattern.ends_with("read") && !creates) || program.force) return;
    refuse_if_used(program, program.device.uri, "write to");
    std::error_code error;
    if (!std::filesystem::exists(program.device.uri, error)) return;
    throw Stop(
        kUsage,
        fmt::format("{} overwrites what {} holds. Give --force to let it, or --create SIZE "
                    "with the name of a new file.",
                    creates ? "--create" : "--pattern " + arguments.pattern, program.device.uri));
}

/// Creates the file of `--create`, filled, so that reads find blocks and not holes.
void create_file(const Program& program, const PerfArguments& arguments) {
    if (arguments.create_bytes == 0) return;
    Options options = program.device.options;
    options.async.clear();
    options.create = true;
    options.create_bytes = arguments.create_bytes;
    options.direct = false;
    Device device = open_or_stop(program.device.uri, options);
    refuse_without_blocks(device);
    const Geometry& geometry = device.geometry();
    const std::uint64_t step =
        std::min<std::uint64_t>(std::uint64_t{1} << 20, geometry.max_transfer_bytes) /
        geometry.block_bytes;
    const Buffer buffer = take(device.allocate(step * geometry.block_bytes));
    std::fill(buffer.data(), buffer.data() + buffer.size(), std::byte{0x5a});
    for (std::uint64_t slba = 0; slba < geometry.blocks; slba += step) {
        const auto blocks = static_cast<std::uint32_t>(std::min(step, geometry.blocks - slba));
        const BlockRange range{slba, blocks};
        if (auto done = device.execute(nvme::write(slba, blocks),
                                       buffer.part(0, blocks * geometry.block_bytes));
            !done)
            stop_at(device, "write", range, done.error());
    }
}

Node sizes_node(const PerfArguments& arguments) {
    Node list = Node::list();
    for (const SizeShare& size : arguments.sizes)
        list.push(Node::map().add("bytes", size.bytes).add("percent", size.percent));
    return list;
}

/// Every interface once in each round. What one round finds of an interface is added to what those
/// before it found; an interface that did not run is not tried again.
std::vector<Row> run_all(const Program& program, const PerfArguments& arguments,
                         const std::vector<std::string>& names) {
    std::vector<Row> rows;
    for (std::uint32_t round = 0; round < arguments.rounds && !os::interrupted(); ++round) {
        for (std::size_t i = 0; i < names.size() && !os::interrupted(); ++i) {
            if (round == 0) {
                rows.push_back(run_one(program, arguments, names[i]));
                continue;
            }
            if (i >= rows.size() || !rows[i].refusal.empty()) continue;
            const Row again = run_one(program, arguments, names[i]);
            merge(rows[i].measurement, again.measurement);
            rows[i].refusal = again.refusal;
            rows[i].code = again.code;
        }
    }
    return rows;
}

int run_perf(const Program& program, const PerfArguments& arguments) {
    refuse_to_overwrite(program, arguments);
    create_file(program, arguments);
    const std::vector<std::string> names = choose_interfaces(program, arguments);
    os::install_interrupt_flag();
    const std::vector<Row> rows = run_all(program, arguments, names);
    if (program.format == Format::json) {
        Node list = Node::list();
        for (const Row& row : rows) list.push(row_node(row, arguments.rate));
        print(program.format, Node::map()
                                  .add("device", program.device.uri)
                                  .add("pattern", arguments.pattern)
                                  .add("sizes", sizes_node(arguments))
                                  .add("depth", arguments.depth)
                                  .add("queues", arguments.queues)
                                  .add("rate", arguments.rate)
                                  .add("rounds", arguments.rounds)
                                  .add("results", std::move(list)));
    } else if (rows.size() != 1 || rows.front().refusal.empty()) {
        print_text(program, arguments, rows);
    }
    if (rows.empty()) throw Stop(kFailed, "No interface serves this device.");
    if (rows.size() == 1 && !rows.front().refusal.empty())
        throw Stop(rows.front().code, rows.front().refusal);
    const auto refused =
        std::ranges::count_if(rows, [](const Row& r) { return !r.refusal.empty(); });
    if (refused != 0)
        throw Stop(kFailed, fmt::format("{} of {} interfaces did not run; the result says why.",
                                        refused, rows.size()));
    if (os::interrupted()) throw Stop(kFailed, "Interrupted.");
    return kDone;
}

std::vector<SizeShare> parse_sizes(const std::string& text) {
    std::vector<SizeShare> sizes;
    std::uint64_t percent = 0;
    const std::vector<std::string> parts = split(text);
    for (const std::string& part : parts) {
        const std::size_t colon = part.find(':');
        if (colon == std::string::npos && parts.size() != 1)
            throw CLI::ValidationError("--size", fmt::format("'{}' of the mix has no share; write "
                                                             "4KiB:70,64KiB:30",
                                                             part));
        SizeShare size;
        size.bytes = parse_size_option("--size", part.substr(0, colon));
        if (colon != std::string::npos)
            size.percent =
                static_cast<std::uint32_t>(parse_number("--size", part.substr(colon + 1), 1, 100));
        if (size.bytes == 0) throw CLI::ValidationError("--size", "0 is too small a size");
        percent += size.percent;
        sizes.push_back(size);
    }
    if (percent != 100)
        throw CLI::ValidationError(
            "--size",
            fmt::format("the shares of '{}' add up to {}, and should to 100", text, percent));
    return sizes;
}

/// "0,2-3". Each is tried by a thread that ends right away.
std::vector<unsigned> parse_processors(const std::string& text) {
    std::vector<unsigned> numbers;
    for (const std::string& part : split(text)) {
        const std::size_t dash = part.find('-');
        const std::uint64_t first = parse_number("--cpus", part.substr(0, dash), 0, 65535);
        const std::uint64_t last =
            dash == std::string::npos ? first
                                      : parse_number("--cpus", part.substr(dash + 1), first, 65535);
        for (std::uint64_t number = first; number <= last; ++number)
            numbers.push_back(static_cast<unsigned>(number));
    }
    for (const unsigned number : numbers) {
        Result<void> bound;
        std::thread([&] { bound = os::bind_to_processor(number); }).join();
        if (!bound)
            throw CLI::ValidationError(
                "--cpus", bound.error().code == Errc::unsupported
                              ? std::string("this system does not bind threads to processors")
                              : fmt::format("no thread can be bound to processor {} here: {}",
                                            number, os::message(bound.error().os)));
    }
    if (numbers.empty()) throw CLI::ValidationError("--cpus", "no processor is named");
    return numbers;
}

void add_workload_options(CLI::App* command, PerfArguments& arguments) {
    command
        ->add_option("--pattern", arguments.pattern,
                     "randread (the default), read, randwrite, write or mixed")
        ->check(CLI::IsMember({"randread", "read", "randwrite", "write", "mixed"}))
        ->type_name("PATTERN");
    add_number(command, "--read-percent", arguments.read_percent,
               "Reads in the pattern mixed; the default is 70", 0, 100);
    command
        ->add_option_function<std::string>(
            "--size",
            [&arguments](const std::string& text) { arguments.sizes = parse_sizes(text); },
            "Bytes of one I/O; the default is 4 KiB. A mix: 4KiB:70,64KiB:30, in percent")
        ->type_name("SIZE");
    add_number(command, "--depth", arguments.depth, "I/Os at a time on a queue; the default is 32",
               1, kDepthMax);
    add_number(command, "--queues", arguments.queues,
               "Queues, each with a thread; the default is 1", 1, 1024);
    add_duration(command, "--time", arguments.time, "How long each run takes; the default is 1s");
    add_duration(command, "--ramp", arguments.ramp, "Run so long before counting begins");
    add_number(command, "--count", arguments.count, "End after so many I/Os", 1);
    add_number(command, "--rate", arguments.rate,
               "I/Os a second that are due, in all; latency then counts from when one was due", 1,
               1'000'000'000);
    add_number(command, "--rounds", arguments.rounds,
               "Measure all interfaces so many times, one after the other in each round", 1, 1000);
    command
        ->add_option_function<std::string>(
            "--cpus",
            [&arguments](const std::string& text) {
                arguments.processors = parse_processors(text);
            },
            "Bind the threads that submit to these processors in turn, such as 0,2-3")
        ->type_name("LIST");
    add_number(command, "--seed", arguments.seed, "Of the random places");
    add_size(command, "--create", arguments.create_bytes, "Create the file first, with this size");
}

}  // namespace

void add_perf(Program& program) {
    CLI::App* command = add_command(
        program.app, "perf", "Whole devices", "Measure what each interface costs",
        "  xnvme perf mem:64MiB --compare nil,emu,thrpool\n"
        "  xnvme perf scratch.img --create 256MiB --compare all --time 2s --rounds 3\n"
        "  xnvme perf /dev/nvme0n1 --direct --depth 128 --queues 4 --cpus 0-3\n"
        "  xnvme perf /dev/nvme0n1 --direct --rate 20000 --size 4KiB:70,64KiB:30\n"
        "  xnvme perf scratch.img --pattern mixed --read-percent 70 --force\n"
        "Each interface of --compare (or of --async, which then takes several names) is measured "
        "in\n"
        "turn, on the device opened anew. With --rate, an I/O that has to wait because the device "
        "is\n"
        "behind is late from the moment at which it was due. Patterns that write need --force on\n"
        "what exists already.\n");
    auto arguments = std::make_shared<PerfArguments>();
    command
        ->add_option("--compare", arguments->interfaces,
                     "Interfaces to measure, with commas, or 'all'")
        ->type_name("NAMES");
    add_workload_options(command, *arguments);
    add_force_option(program, command);
    add_device_options(program, command);
    command->callback([&program, arguments, command] {
        if (command->count("--compare") != 0 && command->count("--async") != 0)
            throw CLI::ValidationError("--compare",
                                       "it takes the place of --async; give one of them");
        if (arguments->interfaces.empty()) arguments->interfaces = program.device.options.async;
        arguments->time_given = command->count("--time") != 0;
        program.action = [&program, arguments] { return run_perf(program, *arguments); };
    });
}

}  // namespace xnvme::tool
