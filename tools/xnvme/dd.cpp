// dd: copies between any two devices or files.

#include <algorithm>
#include <filesystem>
#include <numeric>

#include <fmt/core.h>

#include <xnvme/nvme/builders.hpp>

#include "block_range.hpp"
#include "copier.hpp"
#include "open.hpp"
#include "os/terminal.hpp"
#include "output.hpp"

namespace xnvme::tool {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kDefaultIoBytes = 128 * 1024;

/// One end of a copy, or its middle.
struct SideArguments {
    std::string uri;
    std::string async;
    bool direct = false;
};

/// A count of blocks of `--size`, or of bytes where it was written with a unit.
struct Amount {
    std::uint64_t value = 0;
    bool in_bytes = false;
    bool given = false;

    std::uint64_t bytes(std::uint64_t io_bytes) const {
        return in_bytes ? value : value * io_bytes;
    }
};

struct DdArguments {
    SideArguments in;
    SideArguments via;
    SideArguments out;
    std::uint64_t io_bytes = 0;  ///< 0: chosen.
    std::uint32_t depth = 16;
    Amount count;
    Amount skip;
    Amount seek;
    bool truncate = false;
    bool progress = false;
    bool go_on = false;
    std::string on_bad = "zero";
};

Options options_of(const Program& program, const SideArguments& side, Access access) {
    Options options = program.device.options;
    options.access = access;
    if (!side.async.empty()) options.async = side.async;
    options.direct = options.direct || side.direct;
    return options;
}

/// All bytes that a device has: of a file its length, of anything else whole blocks.
std::uint64_t size_of(const Device& device) {
    const Geometry& geometry = device.geometry();
    return is_byte_addressed(device) ? geometry.size_bytes : geometry.blocks * geometry.block_bytes;
}

void refuse_metadata(const Device& device) {
    refuse_without_blocks(device);
    refuse_metadata_apart(device);
    const Geometry& geometry = device.geometry();
    if (geometry.transfer_block_bytes == geometry.block_bytes) return;
    throw Stop(kUsage, fmt::format("{} transfers {} bytes of metadata with each block, which dd "
                                   "does not copy. Format it without, or use 'read' and 'write'.",
                                   device.uri(), geometry.metadata_bytes));
}

/// Bytes of one I/O: as asked for, or the largest that suits both sides.
std::uint32_t choose_io_bytes(const DdArguments& arguments, const std::vector<Device*>& devices) {
    std::uint64_t unit = 1;
    std::uint64_t most = kDefaultIoBytes;
    for (const Device* device : devices) {
        const std::uint64_t own = transfer_unit(*device);
        if (arguments.io_bytes % own != 0)
            throw Stop(kUsage, fmt::format("--size {} is no multiple of the {} bytes of a block of "
                                           "{}.",
                                           arguments.io_bytes, own, device->uri()));
        const std::uint32_t limit = device->geometry().max_transfer_bytes;
        if (arguments.io_bytes > limit)
            throw Stop(kUsage, fmt::format("--size {} is more than the {} that {} takes in one "
                                           "command.",
                                           format_size(arguments.io_bytes), format_size(limit),
                                           device->uri()));
        unit = std::lcm(unit, own);
        most = std::min<std::uint64_t>(most, limit);
    }
    if (arguments.io_bytes != 0) return static_cast<std::uint32_t>(arguments.io_bytes);
    if (most < unit)
        throw Stop(kUsage, fmt::format("The blocks of these devices have no common size up to {}; "
                                       "copy through a file.",
                                       format_size(most)));
    return static_cast<std::uint32_t>(most / unit * unit);
}

void check_offset(const char* option, std::uint64_t bytes, const Device& device) {
    const std::uint64_t unit = transfer_unit(device);
    if (bytes % unit != 0)
        throw Stop(kUsage, fmt::format("{} comes to {} bytes, which is no multiple of the {} bytes "
                                       "of a block of {}.",
                                       option, bytes, unit, device.uri()));
}

/// How much to copy: `--count`, or all there is after `--skip`.
std::uint64_t choose_length(const DdArguments& arguments, std::uint64_t io_bytes,
                            const Device& in) {
    const std::uint64_t size = size_of(in);
    const std::uint64_t skip = arguments.skip.bytes(io_bytes);
    if (skip > size)
        throw Stop(kUsage, fmt::format("--skip comes to {}, and {} has only {}.", format_size(skip),
                                       in.uri(), format_size(size)));
    if (!arguments.count.given) return size - skip;
    const std::uint64_t count = arguments.count.bytes(io_bytes);
    if (count > size - skip)
        throw Stop(kUsage, fmt::format("--count comes to {}, and {} has only {}{}.",
                                       format_size(count), in.uri(), format_size(size - skip),
                                       skip == 0 ? "" : " after --skip"));
    return count;
}

[[noreturn]] void too_small(const Device& device, std::uint64_t has, const Device& in,
                            std::uint64_t wanted, bool file) {
    throw Stop(
        kUsage,
        fmt::format("{} is too small: it has {} ({} bytes), and {} from {} would "
                    "need {} bytes. {}",
                    device.uri(), format_size(has), has, format_size(wanted), in.uri(), wanted,
                    file ? "Give --truncate to replace the file." : "Give --count to copy less."));
}

/// Makes sure that a file that is about to be created has room, before anything is written.
void refuse_full_disk(const std::string& path, std::uint64_t bytes) {
    std::error_code error;
    const fs::path folder = fs::absolute(path, error).parent_path();
    const fs::space_info space = fs::space(folder, error);
    if (!error && space.available < bytes)
        throw Stop(kFailed, fmt::format("{} needs {}, and its disk has only {} left. Nothing was "
                                        "written.",
                                        path, format_size(bytes), format_size(space.available)));
}

/// Opens the target, and creates the file where there is none. `bytes` is all that it has to hold,
/// `--seek` included.
Device open_target(const Program& program, const DdArguments& arguments, const Device& in,
                   std::uint64_t bytes) {
    Options options = options_of(program, arguments.out, Access::read_write);
    std::error_code ignored;
    const bool file = fs::is_regular_file(arguments.out.uri, ignored);
    if (!(file && arguments.truncate)) {
        auto opened = Device::open(arguments.out.uri, options);
        if (opened) {
            const std::uint64_t has = size_of(*opened);
            if (has < bytes) too_small(*opened, has, in, bytes, is_byte_addressed(*opened));
            return std::move(*opened);
        }
        const bool missing = opened.error().error.code == Errc::not_found &&
                             exit_code(opened.error(), options) != kUsage;
        if (!missing) throw Stop(exit_code(opened.error(), options), opened.error().sentence);
    }
    if (!file) refuse_full_disk(arguments.out.uri, bytes);
    options.create = true;
    options.truncate = file;
    options.create_bytes = bytes;
    options.create_mode = 0644;
    return open_or_stop(arguments.out.uri, options);
}

void refuse_same(const Program& program, const DdArguments& arguments) {
    std::error_code error;
    const bool same = arguments.in.uri == arguments.out.uri ||
                      fs::equivalent(arguments.in.uri, arguments.out.uri, error);
    if (same && !arguments.in.uri.starts_with("mem:"))
        throw Stop(kUsage, fmt::format("--in and --out are the same, {}.", arguments.in.uri));
    if (!arguments.via.uri.empty()) refuse_if_used(program, arguments.via.uri, "write to");
    refuse_if_used(program, arguments.out.uri, "write to");
}

/// One copy from a device to the next.
struct Leg {
    Device* from = nullptr;
    Device* to = nullptr;
    CopyPlan plan;
    CopyOutcome outcome;
    std::chrono::nanoseconds time{0};
};

/// What was written is on the medium when this returns.
void flush(Device& device) {
    const Command command = is_byte_addressed(device) ? nvme::file_flush() : nvme::flush();
    if (device.capabilities().service(command.opcode) == Service::refused) return;
    take(device.execute(command), fmt::format("flush of {}", device.uri()));
}

Node bad_node(const BadRange& bad) {
    return Node::map()
        .add("offset", bad.source_offset)
        .add("bytes", bad.bytes)
        .add("while", bad.reading ? "reading" : "writing")
        .add("why", describe(bad.error));
}

Node leg_node(const Leg& leg) {
    const double seconds = std::chrono::duration<double>(leg.time).count();
    const auto copied = leg.outcome.copied_bytes;
    Node bad = Node::list();
    for (const BadRange& range : leg.outcome.bad) bad.push(bad_node(range));
    return Node::map()
        .add("in", leg.from->uri())
        .add("out", leg.to->uri())
        .add("copied_bytes", copied)
        .add("size_bytes", leg.plan.io_bytes)
        .add("depth", leg.plan.depth)
        .add("time_ns", static_cast<std::uint64_t>(leg.time.count()))
        .add("bytes_per_second",
             seconds > 0 ? static_cast<std::uint64_t>(static_cast<double>(copied) / seconds) : 0u)
        .add("bad_ranges", std::move(bad));
}

void print_result(const Program& program, const std::vector<Leg>& legs) {
    if (legs.size() == 1) return print(program.format, leg_node(legs.front()));
    Node list = Node::list();
    for (const Leg& leg : legs) list.push(leg_node(leg));
    print(program.format, Node::map().add("copies", std::move(list)));
}

/// The error that a leg ended with, if any.
void stop_if_failed(const Leg& leg) {
    const CopyOutcome& outcome = leg.outcome;
    if (outcome.fatal)
        throw Stop(kFailed,
                   fmt::format("{} {} failed at byte {} of the input, after {} were copied: {}{}",
                               outcome.fatal->reading ? "Reading" : "Writing",
                               outcome.fatal->reading ? leg.from->uri() : leg.to->uri(),
                               outcome.fatal->source_offset, format_size(outcome.copied_bytes),
                               describe(outcome.fatal->error),
                               leg.plan.on_bad == OnBad::stop
                                   ? " --continue-on-error goes on past bad blocks."
                                   : ""));
    if (outcome.interrupted)
        throw Stop(kFailed,
                   fmt::format("Interrupted: {} of {} were copied.",
                               format_size(outcome.copied_bytes), format_size(leg.plan.bytes)));
    std::uint64_t bad_bytes = 0;
    for (const BadRange& range : outcome.bad) bad_bytes += range.bytes;
    if (!outcome.bad.empty())
        throw Stop(kFailed, fmt::format("{} could not be copied, {} bytes in all; bad_ranges in "
                                        "the result lists them.",
                                        counted(outcome.bad.size(), "range"), bad_bytes));
}

void run_leg(Leg& leg, const DdArguments& arguments, const std::string& label) {
    Progress progress(label, leg.plan.bytes, arguments.progress);
    leg.outcome = copy(leg.plan, progress);
    flush(*leg.to);
    leg.time = progress.elapsed();
}

/// A file that was written in whole units, because it bypasses the page cache, gets its length.
void cut_to_length(const DdArguments& arguments, const Device& out, std::uint64_t bytes,
                   bool fresh) {
    if (!is_byte_addressed(out) || !fresh) return;
    std::error_code error;
    if (fs::file_size(arguments.out.uri, error) != bytes && !error)
        fs::resize_file(arguments.out.uri, bytes, error);
    if (error)
        throw Stop(kFailed, fmt::format("{} could not be cut to {} bytes: {}.", arguments.out.uri,
                                        bytes, error.message()));
}

OnBad on_bad_of(const DdArguments& arguments) {
    if (!arguments.go_on) return OnBad::stop;
    return arguments.on_bad == "skip" ? OnBad::skip : OnBad::zero;
}

Leg make_leg(Device& from, Device& to, const DdArguments& arguments, std::uint32_t io_bytes) {
    Leg leg;
    leg.from = &from;
    leg.to = &to;
    leg.plan.source = &from;
    leg.plan.target = &to;
    leg.plan.io_bytes = io_bytes;
    leg.plan.depth = arguments.depth;
    leg.plan.on_bad = on_bad_of(arguments);
    return leg;
}

int run_dd(const Program& program, const DdArguments& arguments) {
    refuse_same(program, arguments);
    Device in =
        open_or_stop(arguments.in.uri, options_of(program, arguments.in, Access::read_only));
    std::optional<Device> via;
    if (!arguments.via.uri.empty())
        via.emplace(open_or_stop(arguments.via.uri,
                                 options_of(program, arguments.via, Access::read_write)));
    // What can be checked without the target is, so that no file is created in vain.
    std::vector<Device*> devices{&in};
    if (via) devices.push_back(&*via);
    for (const Device* device : devices) refuse_metadata(*device);
    const std::uint64_t wanted_io = choose_io_bytes(arguments, devices);
    check_offset("--skip", arguments.skip.bytes(wanted_io), in);
    const std::uint64_t length = choose_length(arguments, wanted_io, in);
    const std::uint64_t seek = arguments.seek.bytes(wanted_io);
    if (via && size_of(*via) < length) too_small(*via, size_of(*via), in, length, false);
    std::error_code ignored;
    const bool fresh = arguments.truncate || !fs::exists(arguments.out.uri, ignored);
    Device out = open_target(program, arguments, in, seek + length);
    refuse_metadata(out);
    devices.push_back(&out);
    const std::uint32_t io_bytes = choose_io_bytes(arguments, devices);
    check_offset("--seek", seek, out);
    if (!fresh && is_byte_addressed(out) && length % transfer_unit(out) != 0)
        throw Stop(kUsage, fmt::format("With --direct the end of a file can be written only in "
                                       "steps of {} bytes, and {} bytes are to be copied. Leave "
                                       "--direct out for {}, or give --truncate.",
                                       transfer_unit(out), length, out.uri()));
    std::vector<Leg> legs;
    legs.push_back(make_leg(in, via ? *via : out, arguments, io_bytes));
    if (via) legs.push_back(make_leg(*via, out, arguments, io_bytes));
    legs.front().plan.source_offset = arguments.skip.bytes(wanted_io);
    legs.back().plan.target_offset = seek;
    os::install_interrupt_flag();
    for (std::size_t i = 0; i < legs.size(); ++i) {
        legs[i].plan.bytes = length;
        run_leg(legs[i], arguments,
                via ? fmt::format("copy {} of {}", i + 1, legs.size()) : std::string("copy"));
        if (legs[i].outcome.fatal || legs[i].outcome.interrupted) break;
    }
    cut_to_length(arguments, out, seek + length, fresh);
    print_result(program, legs);
    for (const Leg& leg : legs) stop_if_failed(leg);
    return kDone;
}

void add_side(CLI::App* command, const std::string& name, SideArguments& side,
              const std::string& summary, bool required) {
    command->add_option("--" + name, side.uri, summary)->required(required)->type_name("DEVICE");
}

void add_side_interface(CLI::App* command, const std::string& name, SideArguments& side) {
    constexpr const char* kGroup = "How each side is reached";
    command->add_option("--" + name + "-async", side.async, "Its interface for queues")
        ->type_name("NAME")
        ->group(kGroup);
    command->add_flag("--" + name + "-direct", side.direct, "Bypass the page cache on it")
        ->group(kGroup);
}

void add_amount(CLI::App* command, const std::string& name, Amount& amount,
                const std::string& summary) {
    command
        ->add_option_function<std::string>(
            name,
            [name, &amount](const std::string& text) {
                amount.value = parse_size_option(name, text);
                amount.in_bytes = text.find_first_not_of("0123456789") != std::string::npos;
                amount.given = true;
            },
            summary)
        ->type_name("N|SIZE");
}

constexpr const char* kExamples =
    "  xnvme dd --in disk.img --out /dev/sdb\n"
    "  xnvme dd --in /dev/nvme0n1 --out disk.img --size 1MiB --depth 32 --direct\n"
    "  xnvme dd --in disk.img --out first.img --count 1GiB --skip 64MiB\n"
    "  xnvme dd --in failing.img --out saved.img --continue-on-error --on-bad zero\n"
    "  xnvme dd --in a.img --via mem:64MiB --out b.img && cmp a.img b.img\n"
    "\n"
    "--count, --skip and --seek count I/Os of --size; with a unit (64MiB, 512B) they are bytes.\n"
    "A file that is not there is created with exactly the length of what is copied. One that is\n"
    "there keeps what lies behind it; --truncate replaces it. The last block of a device is "
    "filled\n"
    "up with zeroes where the input ends inside it.\n"
    "A device in memory (mem:SIZE) lives as long as the command: --via copies to it and from "
    "there\n"
    "to --out in one run.\n"
    "--continue-on-error tries a failed I/O again in halves, down to single blocks, does with "
    "those\n"
    "what --on-bad says, lists them at the end, and exits with 1.\n";

}  // namespace

void add_dd(Program& program) {
    CLI::App* command = add_command(program.app, "dd", "Whole devices",
                                    "Copy between any two devices or files", kExamples);
    auto arguments = std::make_shared<DdArguments>();
    add_side(command, "in", arguments->in, "Where to copy from", true);
    add_side(command, "out", arguments->out, "Where to copy to; a missing file is created", true);
    add_side(command, "via", arguments->via, "Copy to this device first, and on from there", false);
    add_size(command, "--size", arguments->io_bytes, "Bytes of one I/O; the default is 128 KiB");
    add_number(command, "--depth", arguments->depth, "I/Os at a time; the default is 16", 1,
               kDepthMax);
    add_amount(command, "--count", arguments->count, "How much; the default is all there is");
    add_amount(command, "--skip", arguments->skip, "Leave out the beginning of the input");
    add_amount(command, "--seek", arguments->seek, "Start writing there");
    command->add_flag("--truncate", arguments->truncate, "Replace an output file that exists");
    command->add_flag("--progress", arguments->progress,
                      "Lines of progress also where stderr is no terminal");
    command->add_flag("--continue-on-error", arguments->go_on, "Go on past blocks that fail");
    command->add_option("--on-bad", arguments->on_bad, "zero (the default) or skip")
        ->check(CLI::IsMember({"zero", "skip"}))
        ->type_name("WHAT");
    add_force_option(program, command);
    add_interface_options(program, command);
    add_side_interface(command, "in", arguments->in);
    add_side_interface(command, "out", arguments->out);
    add_side_interface(command, "via", arguments->via);
    command->callback([&program, arguments] {
        program.action = [&program, arguments] { return run_dd(program, *arguments); };
    });
}

}  // namespace xnvme::tool
