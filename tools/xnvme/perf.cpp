// perf: what each interface costs on a device.

#include <algorithm>
#include <filesystem>

#include <fmt/core.h>

#include <xnvme/nvme/builders.hpp>

#include "block_range.hpp"
#include "open.hpp"
#include "os/terminal.hpp"
#include "output.hpp"
#include "perf_run.hpp"

namespace xnvme::tool {
namespace {

using namespace std::chrono_literals;

/// What is not timed: the interfaces' first use of memory, files and threads.
constexpr std::chrono::nanoseconds kWarmUp = 100ms;

struct PerfArguments {
    std::string pattern = "randread";
    std::uint32_t read_percent = 70;  ///< Of the pattern "mixed".
    std::uint64_t io_bytes = 4096;
    std::uint32_t depth = 32;
    std::uint32_t queues = 1;
    std::chrono::nanoseconds time{1s};
    std::uint64_t count = 0;
    std::uint64_t seed = 1;
    std::uint64_t create_bytes = 0;
    std::string interfaces;  ///< `--async`, with commas.
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

Workload workload_of(const PerfArguments& arguments, const Device& device) {
    refuse_without_blocks(device);
    refuse_metadata_apart(device);
    const Geometry& geometry = device.geometry();
    Workload workload;
    workload.random = arguments.pattern.starts_with("rand") || arguments.pattern == "mixed";
    if (arguments.pattern == "mixed") workload.read_percent = arguments.read_percent;
    if (arguments.pattern.ends_with("write")) workload.read_percent = 0;
    if (arguments.io_bytes % geometry.block_bytes != 0)
        throw Stop(kUsage, fmt::format("--size {} is no multiple of the {} bytes of a block of {}.",
                                       arguments.io_bytes, geometry.block_bytes, device.uri()));
    if (arguments.io_bytes > geometry.max_transfer_bytes)
        throw Stop(kUsage,
                   fmt::format("--size {} is more than the {} that {} takes in one command.",
                               format_size(arguments.io_bytes),
                               format_size(geometry.max_transfer_bytes), device.uri()));
    workload.blocks_per_io = static_cast<std::uint32_t>(arguments.io_bytes / geometry.block_bytes);
    if (geometry.blocks < workload.blocks_per_io)
        throw Stop(kUsage,
                   fmt::format("{} has {}, less than one I/O of {}. --create SIZE makes a "
                               "file larger.",
                               device.uri(), size_text(geometry), format_size(arguments.io_bytes)));
    workload.depth = arguments.depth;
    workload.queues = arguments.queues;
    workload.count = arguments.count;
    workload.seed = arguments.seed;
    // A run that ends by count counts from the first I/O.
    const bool timed = arguments.count == 0 || arguments.time_given;
    workload.time = timed ? arguments.time : 0ns;
    workload.warm_up = arguments.count == 0 ? std::min(kWarmUp, arguments.time / 4) : 0ns;
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

Node row_node(const Row& row) {
    Node node = Node::map().add("async", row.interface).add("ok", row.refusal.empty());
    if (!row.refusal.empty()) return node.add("reason", row.refusal);
    const Measurement& m = row.measurement;
    const auto ios = std::max<std::uint64_t>(m.ios, 1);
    return node.add("moves_data", m.moves_data)
        .add("iops", per_second(m.ios, m.time))
        .add("bytes_per_second", static_cast<std::uint64_t>(per_second(m.bytes, m.time)))
        .add("ios", m.ios)
        .add("reads", m.reads)
        .add("writes", m.ios - m.reads)
        .add("time_ns", static_cast<std::uint64_t>(m.time.count()))
        .add("latency_ns", Node::map()
                               .add("mean", m.latencies.mean_ns())
                               .add("p50", m.latencies.percentile_ns(0.5))
                               .add("p90", m.latencies.percentile_ns(0.9))
                               .add("p99", m.latencies.percentile_ns(0.99))
                               .add("p99.9", m.latencies.percentile_ns(0.999))
                               .add("max", m.latencies.max_ns()))
        .add("cpu_ns_per_io", m.cpu_ns / ios);
}

/// Microseconds with as many decimals as are worth reading.
std::string microseconds(double time_ns) {
    return fmt::format("{:.{}f}", time_ns / 1e3, time_ns < 100'000 ? 1 : 0);
}

std::vector<std::string> cells(const Row& row) {
    const Measurement& m = row.measurement;
    std::vector<std::string> line{
        row.interface + (m.moves_data ? "" : " *"),
        grouped(static_cast<std::uint64_t>(per_second(m.ios, m.time))),
        fmt::format("{:.1f}", per_second(m.bytes, m.time) / (1024.0 * 1024.0)),
        microseconds(m.latencies.mean_ns())};
    for (const double part : {0.5, 0.9, 0.99, 0.999})
        line.push_back(microseconds(static_cast<double>(m.latencies.percentile_ns(part))));
    line.push_back(microseconds(static_cast<double>(m.latencies.max_ns())));
    const double ios = static_cast<double>(std::max<std::uint64_t>(m.ios, 1));
    line.push_back(fmt::format("{:.2f}", static_cast<double>(m.cpu_ns) / ios / 1e3));
    return line;
}

void print_text(const Program& program, const PerfArguments& arguments,
                const std::vector<Row>& rows) {
    const std::string mix = arguments.pattern == "mixed"
                                ? fmt::format("mixed ({}% reads)", arguments.read_percent)
                                : arguments.pattern;
    print(fmt::format(
        "{}: {}, {} I/Os, depth {}, {}{}\n\n", program.device.uri, mix,
        format_size(arguments.io_bytes), arguments.depth, counted(arguments.queues, "queue"),
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
                 {"MAX", true},
                 {"CPU/IO", true}});
    std::string notes;
    bool moved_nothing = false;
    for (const Row& row : rows) {
        if (row.refusal.empty())
            table.add(cells(row));
        else
            notes += fmt::format("{} did not run: {}\n", row.interface, row.refusal);
        moved_nothing = moved_nothing || (row.refusal.empty() && !row.measurement.moves_data);
    }
    if (!table.empty()) print(table.text());
    if (!table.empty()) print("\nTimes are in microseconds; CPU/IO is that of all threads.\n");
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

int run_perf(const Program& program, const PerfArguments& arguments) {
    refuse_to_overwrite(program, arguments);
    create_file(program, arguments);
    const std::vector<std::string> names = choose_interfaces(program, arguments);
    os::install_interrupt_flag();
    std::vector<Row> rows;
    for (const std::string& name : names) {
        rows.push_back(run_one(program, arguments, name));
        if (os::interrupted()) break;
    }
    if (program.format == Format::json) {
        Node list = Node::list();
        for (const Row& row : rows) list.push(row_node(row));
        print(program.format, Node::map()
                                  .add("device", program.device.uri)
                                  .add("pattern", arguments.pattern)
                                  .add("size_bytes", arguments.io_bytes)
                                  .add("depth", arguments.depth)
                                  .add("queues", arguments.queues)
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

void add_workload_options(CLI::App* command, PerfArguments& arguments) {
    command
        ->add_option("--pattern", arguments.pattern,
                     "randread (the default), read, randwrite, write or mixed")
        ->check(CLI::IsMember({"randread", "read", "randwrite", "write", "mixed"}))
        ->type_name("PATTERN");
    add_number(command, "--read-percent", arguments.read_percent,
               "Reads in the pattern mixed; the default is 70", 0, 100);
    add_size(command, "--size", arguments.io_bytes, "Bytes of one I/O; the default is 4 KiB");
    add_number(command, "--depth", arguments.depth, "I/Os at a time on a queue; the default is 32",
               1, kDepthMax);
    add_number(command, "--queues", arguments.queues,
               "Queues, each with a thread; the default is 1", 1, 1024);
    add_duration(command, "--time", arguments.time, "How long each run takes; the default is 1s");
    add_number(command, "--count", arguments.count, "End after so many I/Os", 1);
    add_number(command, "--seed", arguments.seed, "Of the random places");
    add_size(command, "--create", arguments.create_bytes, "Create the file first, with this size");
}

}  // namespace

void add_perf(Program& program) {
    CLI::App* command = add_command(
        program.app, "perf", "Whole devices", "Measure what each interface costs",
        "  xnvme perf mem:64MiB --async nil,emu,thrpool\n"
        "  xnvme perf scratch.img --create 256MiB --async all --time 2s\n"
        "  xnvme perf /dev/nvme0n1 --direct --depth 128 --queues 4 --size 4KiB\n"
        "  xnvme perf scratch.img --pattern mixed --read-percent 70 --force\n"
        "--async takes several names, with commas, or 'all'; each is measured in turn, on the\n"
        "device opened anew. Patterns that write need --force on what exists already.\n");
    auto arguments = std::make_shared<PerfArguments>();
    add_workload_options(command, *arguments);
    add_force_option(program, command);
    add_device_options(program, command);
    command->callback([&program, arguments, command] {
        arguments->interfaces = program.device.options.async;
        arguments->time_given = command->count("--time") != 0;
        program.action = [&program, arguments] { return run_perf(program, *arguments); };
    });
}

}  // namespace xnvme::tool
