// perf: what devices and interfaces can do.

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <thread>

#include <fmt/core.h>

#include <xnvme/nvme/builders.hpp>

#include "block_range.hpp"
#include "files.hpp"
#include "open.hpp"
#include "os/error_text.hpp"
#include "os/terminal.hpp"
#include "os/thread.hpp"
#include "perf.hpp"
#include "progress.hpp"
#include "text/nearest.hpp"
#include "worker.hpp"

namespace xnvme::tool {
namespace {

using namespace std::chrono_literals;

/// What is not timed unless `--ramp` says otherwise: the interfaces' first use of memory, files and
/// threads.
constexpr std::chrono::nanoseconds kWarmUp = 100ms;

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> parts;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t comma = std::min(text.find(',', at), text.size());
        if (comma > at) parts.push_back(text.substr(at, comma - at));
        at = comma + 1;
    }
    return parts;
}

/// Opens all devices with one interface.
Result<std::vector<Device>, Failure> open_all(const Program& program,
                                              const PerfArguments& arguments,
                                              const std::string& interface) {
    Options options = program.device.options;
    options.async = interface;
    options.access = arguments.writes() ? Access::read_write : Access::read_only;
    std::vector<Device> devices;
    devices.reserve(arguments.devices.size());
    for (const std::string& uri : arguments.devices) {
        auto device = Device::open(uri, options);
        if (!device) return std::unexpected(std::move(device.error()));
        devices.push_back(std::move(*device));
    }
    return devices;
}

/// A name that no interface has makes no sense, whatever the device; better now than after the
/// others have been measured.
void refuse_unknown(const std::string& interfaces_named) {
    if (interfaces_named.empty() || interfaces_named == "all") return;
    const std::vector<std::string> names = split(interfaces_named);
    if (names.empty()) throw Stop(kUsage, "--compare names no interface.");
    std::vector<std::string_view> known;
    const std::vector<InterfaceInfo> rows = interfaces();
    for (const InterfaceInfo& row : rows)
        if (row.contract == Contract::async) known.push_back(row.name);
    for (const std::string& name : names) {
        if (std::ranges::find(known, name) != known.end()) continue;
        const std::string_view near = text::nearest(name, known);
        throw Stop(
            kUsage,
            fmt::format("There is no asynchronous interface '{}'{} 'xnvme library-info' "
                        "lists them.",
                        name, near.empty() ? "." : fmt::format("; did you mean '{}'?", near)));
    }
}

/// The interfaces to measure: those named, every one that serves the devices for "all", or, named
/// by an empty text, the one that is chosen.
std::vector<std::string> choose_interfaces(const Program& program, const PerfArguments& arguments) {
    if (arguments.interfaces.empty()) return {""};
    if (arguments.interfaces != "all") return split(arguments.interfaces);
    std::vector<std::string> names;
    for (const InterfaceInfo& row : interfaces()) {
        if (row.contract != Contract::async || !row.built || !row.available) continue;
        if (open_all(program, arguments, std::string(row.name))) names.emplace_back(row.name);
    }
    // With nothing to measure, opening the devices says what is the matter with them.
    if (names.empty()) names.emplace_back();
    return names;
}

void check_size(std::uint64_t bytes, std::uint32_t most_bytes, const Device& device) {
    const Geometry& geometry = device.geometry();
    if (bytes % geometry.block_bytes != 0)
        throw Stop(kUsage, fmt::format("--size {} is no multiple of the {} bytes of a block of {}.",
                                       bytes, geometry.block_bytes, device.uri()));
    if (bytes > most_bytes)
        throw Stop(kUsage,
                   fmt::format("--size {} is more than the {} that {} takes in one command.",
                               format_size(bytes), format_size(most_bytes), device.uri()));
    if (geometry.blocks < bytes / geometry.block_bytes)
        throw Stop(kUsage, fmt::format("{} has {}, less than one I/O of {}. --create SIZE makes a "
                                       "file larger.",
                                       device.uri(), size_text(geometry), format_size(bytes)));
}

/// Ends the command where what was asked for makes no sense for a device.
void check_device(const PerfArguments& arguments, const Device& device) {
    refuse_without_blocks(device);
    refuse_metadata_apart(device);
    const Geometry& geometry = device.geometry();
    const bool appends = arguments.pattern == "append";
    if (geometry.zoned && arguments.writes() && !appends)
        throw Stop(kUsage, fmt::format("{} is zoned: its blocks are written in the order of their "
                                       "zones. Take --pattern append.",
                                       device.uri()));
    // Whether a device has appends at all is looked at when its zones are.
    const bool limited = appends && geometry.max_append_bytes != 0;
    for (const SizeShare& size : arguments.sizes)
        check_size(size.bytes,
                   limited ? std::min(geometry.max_append_bytes, geometry.max_transfer_bytes)
                           : geometry.max_transfer_bytes,
                   device);
    if (arguments.verify && geometry.block_bytes < 32)
        throw Stop(kUsage,
                   fmt::format("{} has blocks of {} bytes, too few for what --verify writes "
                               "into each.",
                               device.uri(), geometry.block_bytes));
}

Workload workload_of(const PerfArguments& arguments) {
    Workload workload;
    workload.order = arguments.pattern == "append" ? Order::append
                     : arguments.pattern == "mixed" || arguments.pattern.starts_with("rand")
                         ? Order::random
                         : Order::sequential;
    if (arguments.pattern == "mixed") workload.read_percent = arguments.read_percent;
    if (arguments.writes() && arguments.pattern != "mixed") workload.read_percent = 0;
    std::uint32_t percent_up_to = 0;
    for (const SizeShare& size : arguments.sizes) {
        percent_up_to += size.percent;
        workload.sizes.push_back({size.bytes, percent_up_to});
    }
    workload.depth = arguments.depth;
    workload.queues = arguments.queues;
    workload.count = arguments.count;
    workload.seed = arguments.seed;
    workload.time = arguments.timed() ? arguments.time : 0ns;
    workload.warm_up = arguments.warm_up();
    workload.rate = static_cast<double>(arguments.rate);
    workload.processors = arguments.processors;
    workload.verify = arguments.verify;
    // No two runs write the same, so that what an earlier one left is not taken for this one's.
    workload.generation = now_ns() << kRunShift;
    return workload;
}

/// One run on one interface. What makes no sense for a device ends the command; what an interface
/// refuses, or an I/O that fails, is told in the row.
Row run_one(const Program& program, const PerfArguments& arguments, const std::string& interface,
            std::uint32_t round) {
    Row row;
    row.interface = interface;
    auto devices = open_all(program, arguments, interface);
    if (!devices) {
        row.refusal = devices.error().sentence;
        row.code = exit_code(devices.error(), program.device.options);
        return row;
    }
    for (const Device& device : *devices) check_device(arguments, device);
    row.interface = devices->front().capabilities().async;
    const std::string label =
        arguments.rounds > 1 ? fmt::format("{} {}/{}", row.interface, round + 1, arguments.rounds)
                             : row.interface;
    try {
        row.outcome = measure(*devices, workload_of(arguments), label, arguments.progress);
    } catch (const Stop& stop) {
        row.refusal = stop.sentence;
        row.code = stop.code;
        return row;
    }
    row.started = true;
    row.refusal = row.outcome.failure;
    row.rounds = row.refusal.empty() ? 1 : 0;
    return row;
}

/// Writing overwrites what a file holds: it has to be new, or `--force` has to be given.
void refuse_to_overwrite(const Program& program, const PerfArguments& arguments,
                         const std::string& uri) {
    const bool creates = arguments.create_bytes != 0;
    if ((!arguments.writes() && !creates) || program.force) return;
    refuse_if_used(program, uri, "write to");
    std::error_code error;
    if (!std::filesystem::exists(uri, error)) return;
    throw Stop(kUsage,
               fmt::format("{} overwrites what {} holds. Give --force to let it, or --create SIZE "
                           "with the name of a new file.",
                           creates ? "--create" : "--pattern " + arguments.pattern, uri));
}

/// Creates a file of `--create`, filled, so that reads find blocks and not holes.
void create_file(const Program& program, const PerfArguments& arguments, const std::string& uri) {
    Options options = program.device.options;
    options.async.clear();
    options.create = true;
    options.create_bytes = arguments.create_bytes;
    options.direct = false;
    Device device = open_or_stop(uri, options);
    refuse_without_blocks(device);
    const Geometry& geometry = device.geometry();
    const std::uint64_t step =
        std::min<std::uint64_t>(std::uint64_t{1} << 20, geometry.max_transfer_bytes) /
        geometry.block_bytes;
    const Buffer buffer = take(device.allocate(step * geometry.block_bytes));
    std::fill(buffer.data(), buffer.data() + buffer.size(), std::byte{0x5a});
    Progress progress("create", geometry.blocks * geometry.block_bytes, arguments.progress);
    for (std::uint64_t slba = 0; slba < geometry.blocks; slba += step) {
        const auto blocks = static_cast<std::uint32_t>(std::min(step, geometry.blocks - slba));
        const BlockRange range{slba, blocks};
        if (auto done = device.execute(nvme::write(slba, blocks),
                                       buffer.part(0, blocks * geometry.block_bytes));
            !done)
            stop_at(device, "write", range, done.error());
        progress.update((slba + blocks) * geometry.block_bytes);
    }
    progress.clear();
}

/// Every interface once in each round. What one round finds of an interface is added to what those
/// before it found; an interface that did not run, or failed, is not tried again.
std::vector<Row> run_all(const Program& program, const PerfArguments& arguments,
                         const std::vector<std::string>& names) {
    std::vector<Row> rows;
    for (std::uint32_t round = 0; round < arguments.rounds && !os::interrupted(); ++round) {
        for (std::size_t i = 0; i < names.size() && !os::interrupted(); ++i) {
            if (round == 0) {
                rows.push_back(run_one(program, arguments, names[i], round));
                continue;
            }
            if (i >= rows.size() || !rows[i].refusal.empty()) continue;
            const Row again = run_one(program, arguments, names[i], round);
            rows[i].refusal = again.refusal;
            rows[i].code = again.code;
            if (!again.refusal.empty()) continue;
            merge(rows[i].outcome, again.outcome);
            ++rows[i].rounds;
        }
    }
    return rows;
}

void print_text(const PerfArguments& arguments, const std::vector<Row>& rows) {
    std::string devices;
    for (const std::string& uri : arguments.devices) devices += (devices.empty() ? "" : ", ") + uri;
    print(fmt::format("{}: {}\n\n", devices, summary_of(arguments)));
    Table table(columns_of(arguments));
    for (std::vector<std::string>& line : lines_of(arguments, rows)) table.add(std::move(line));
    if (!table.empty()) print(table.text() + "\n");
    for (const std::string& note : notes_of(arguments, rows)) print(note + "\n");
}

int run_perf(const Program& program, const PerfArguments& arguments) {
    if (arguments.verify && !arguments.writes())
        throw Stop(kUsage, fmt::format("--verify reads back what the run wrote, and --pattern {} "
                                       "writes nothing. 'xnvme check' verifies a whole device.",
                                       arguments.pattern));
    if (arguments.verify && arguments.pattern != "append" &&
        std::uint64_t{arguments.queues} * arguments.depth > Written::kMostAtOnce)
        throw Stop(kUsage,
                   fmt::format("--verify keeps count of at most {} I/Os at a time on a device; "
                               "take a smaller --depth or fewer --queues.",
                               Written::kMostAtOnce));
    refuse_unknown(arguments.interfaces);
    for (const std::string& uri : arguments.devices) refuse_to_overwrite(program, arguments, uri);
    std::optional<ReplacedFile> report;
    if (!arguments.report.empty()) report.emplace(arguments.report);
    os::install_interrupt_flag();
    for (const std::string& uri : arguments.devices)
        if (arguments.create_bytes != 0) create_file(program, arguments, uri);
    const std::vector<std::string> names = choose_interfaces(program, arguments);
    const std::vector<Row> rows = run_all(program, arguments, names);
    const auto measured = std::ranges::count_if(rows, [](const Row& r) { return r.rounds != 0; });
    const auto failed =
        std::ranges::count_if(rows, [](const Row& r) { return !r.refusal.empty(); });
    if (program.format == Format::json)
        print(program.format, result_node(arguments, rows));
    else if (rows.size() != 1 || measured != 0)
        print_text(arguments, rows);
    if (report && measured != 0) report->finish(report_page(arguments, rows));
    if (rows.empty() || (os::interrupted() && failed == 0)) throw Stop(kFailed, "Interrupted.");
    if (rows.size() == 1 && failed != 0) throw Stop(rows.front().code, rows.front().refusal);
    if (failed != 0)
        throw Stop(kFailed, fmt::format("{} of {} interfaces did not run to the end; the result "
                                        "says why.",
                                        failed, rows.size()));
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
                     "randread (the default), read, randwrite, write, mixed, or append (to zones)")
        ->check(CLI::IsMember({"randread", "read", "randwrite", "write", "mixed", "append"}))
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
               "Queues on each device, each with a thread; the default is 1", 1, 1024);
    add_duration(command, "--time", arguments.time, "How long each run takes; the default is 1s");
    add_duration(command, "--ramp", arguments.ramp,
                 "Run so long before counting begins; 0s: not at all", 0);
    add_count(command, "--count", arguments.count, "End after so many I/Os, such as 2M");
    add_count(command, "--rate", arguments.rate,
              "I/Os a second that are due, in all, such as 20k; latency then counts from when one "
              "was due",
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
    command->add_flag("--verify", arguments.verify,
                      "Read back what was written, and compare; its making costs time as well");
    command
        ->add_option("--report", arguments.report,
                     "Write a page with curves to FILE, to be opened in a browser")
        ->type_name("FILE");
    command->add_flag("--progress", arguments.progress,
                      "Lines of progress also where stderr is no terminal");
}

}  // namespace

std::chrono::nanoseconds PerfArguments::warm_up() const {
    if (ramp >= 0ns) return ramp;
    // A run that ends by count counts from the first I/O.
    return count == 0 ? std::min(kWarmUp, time / 4) : 0ns;
}

void add_perf(Program& program) {
    CLI::App* command = add_command(
        program.app, "perf", "Whole devices", "Measure what devices and interfaces can do",
        "  xnvme perf mem:64MiB --compare nil,emu,thrpool\n"
        "  xnvme perf scratch.img --create 256MiB --compare all --rounds 3 --report out.html\n"
        "  xnvme perf /dev/nvme0n1 /dev/nvme1n1 --direct --depth 128 --queues 4 --cpus 0-3\n"
        "  xnvme perf /dev/nvme0n1 --direct --rate 20k --size 4KiB:70,64KiB:30\n"
        "  xnvme perf scratch.img --pattern mixed --read-percent 70 --verify --force\n"
        "  xnvme perf /dev/ng0n1 --pattern append --size 64KiB --force\n"
        "Each interface of --compare (or of --async, which then takes several names) is measured "
        "in\n"
        "turn, on the devices opened anew; several devices are measured at the same time. With\n"
        "--rate, an I/O that has to wait because the device is behind is late from the moment at\n"
        "which it was due. Patterns that write need --force on what exists already; append "
        "empties\n"
        "all zones first.\n");
    auto arguments = std::make_shared<PerfArguments>();
    command
        ->add_option("DEVICE", arguments->devices,
                     "Paths, or mem:SIZE for a device in memory; several are measured together")
        ->required()
        ->type_name("");
    command
        ->add_option("--compare", arguments->interfaces,
                     "Interfaces to measure, with commas, or 'all'")
        ->type_name("NAMES");
    add_workload_options(command, *arguments);
    add_force_option(program, command);
    add_interface_options(program, command);
    command->callback([&program, arguments, command] {
        if (command->count("--compare") != 0 && command->count("--async") != 0)
            throw CLI::ValidationError("--compare",
                                       "it takes the place of --async; give one of them");
        if (arguments->interfaces.empty()) arguments->interfaces = program.device.options.async;
        arguments->time_given = command->count("--time") != 0;
        arguments->direct = program.device.options.direct;
        program.action = [&program, arguments] { return run_perf(program, *arguments); };
    });
}

}  // namespace xnvme::tool
