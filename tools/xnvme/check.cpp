// check: writes a pattern and verifies it.

#include <algorithm>

#include <fmt/core.h>

#include "block_range.hpp"
#include "open.hpp"
#include "os/terminal.hpp"
#include "output.hpp"
#include "pattern_pass.hpp"
#include "progress.hpp"

namespace xnvme::tool {
namespace {

struct CheckArguments {
    std::uint64_t slba = 0;
    std::uint64_t blocks = 0;  ///< 0: to the end.
    std::uint64_t io_bytes = 0;
    std::uint32_t depth = 16;
    std::uint64_t create_bytes = 0;
    Pattern pattern;
    bool verify_only = false;
    bool write_only = false;
    bool progress = false;
};

/// The range and the sizes, in the device's own terms.
struct Plan {
    std::uint64_t slba = 0;
    std::uint64_t blocks = 0;
    PassPlan pass;
};

PassOutcome run_one_pass(Device& device, Plan& plan, bool writing, bool lines) {
    Progress progress(writing ? "write" : "verify", plan.blocks * device.geometry().block_bytes,
                      lines);
    plan.pass.next = stretch(plan.slba, plan.blocks);
    return run_pass(device, plan.pass, writing, progress);
}

Plan make_plan(const Device& device, const CheckArguments& arguments) {
    const Geometry& geometry = device.geometry();
    Plan plan;
    plan.slba = arguments.slba;
    plan.pass.depth = arguments.depth;
    plan.pass.pattern = arguments.pattern;
    if (arguments.slba >= geometry.blocks || arguments.blocks > geometry.blocks - arguments.slba)
        throw Stop(kUsage,
                   fmt::format("The range from block {} reaches past the end of {}, which has {}.",
                               arguments.slba, device.uri(), size_text(geometry)));
    plan.blocks = arguments.blocks != 0 ? arguments.blocks : geometry.blocks - arguments.slba;
    const std::uint64_t io_bytes =
        arguments.io_bytes != 0
            ? arguments.io_bytes
            : std::min<std::uint64_t>(std::uint64_t{128} * 1024, geometry.max_transfer_bytes);
    if (io_bytes % geometry.block_bytes != 0 || io_bytes > geometry.max_transfer_bytes)
        throw Stop(
            kUsage,
            fmt::format("--size {} must be a multiple of the block, {} bytes, and at "
                        "most {}.",
                        io_bytes, geometry.block_bytes, format_size(geometry.max_transfer_bytes)));
    plan.pass.blocks_per_io = static_cast<std::uint32_t>(io_bytes / geometry.block_bytes);
    return plan;
}

Node pass_node(const PassOutcome& outcome, std::uint64_t block_bytes) {
    const double seconds = std::chrono::duration<double>(outcome.time).count();
    const std::uint64_t bytes = outcome.blocks * block_bytes;
    return Node::map()
        .add("bytes", bytes)
        .add("time_ns", static_cast<std::uint64_t>(outcome.time.count()))
        .add("bytes_per_second",
             seconds > 0 ? static_cast<std::uint64_t>(static_cast<double>(bytes) / seconds) : 0u);
}

void stop_if_failed(const Device& device, const PassOutcome& outcome, bool writing) {
    const char* const what = writing ? "write" : "read";
    if (outcome.mismatch) throw Stop(kFailed, mismatch_text(device, *outcome.mismatch));
    if (outcome.failure) stop_at(device, what, outcome.failure->first, outcome.failure->second);
    if (outcome.interrupted)
        throw Stop(kFailed,
                   fmt::format("Interrupted while {}, after {}.", writing ? "writing" : "verifying",
                               counted(outcome.blocks, "block")));
}

Device open_for_check(const Program& program, const CheckArguments& arguments) {
    Options options = program.device.options;
    options.access = arguments.verify_only ? Access::read_only : Access::read_write;
    if (arguments.create_bytes != 0 && !arguments.verify_only) {
        options.create = true;
        options.create_bytes = arguments.create_bytes;
    }
    Device device = open_or_stop(program.device.uri, options);
    refuse_without_blocks(device);
    refuse_metadata_apart(device);
    return device;
}

int run_check(const Program& program, const CheckArguments& arguments) {
    if (!arguments.verify_only) refuse_if_used(program, program.device.uri, "overwrite");
    Device device = open_for_check(program, arguments);
    Plan plan = make_plan(device, arguments);
    const std::uint64_t block_bytes = device.geometry().block_bytes;
    os::install_interrupt_flag();
    Node node = Node::map()
                    .add("device", device.uri())
                    .add("async", device.capabilities().async)
                    .add("slba", plan.slba)
                    .add("blocks", plan.blocks)
                    .add("block_bytes", block_bytes)
                    .add("seed", plan.pass.pattern.seed)
                    .add("generation", plan.pass.pattern.generation);
    std::optional<PassOutcome> written;
    std::optional<PassOutcome> verified;
    if (!arguments.verify_only) {
        written = run_one_pass(device, plan, true, arguments.progress);
        stop_if_failed(device, *written, true);
        flush(device);
        node.add("written", pass_node(*written, block_bytes));
    }
    if (!arguments.write_only) {
        verified = run_one_pass(device, plan, false, arguments.progress);
        stop_if_failed(device, *verified, false);
        node.add("verified", pass_node(*verified, block_bytes));
    }
    node.add("result", arguments.write_only ? "written, not verified" : "every block is right");
    print(program.format, node);
    return kDone;
}

}  // namespace

void add_check(Program& program) {
    CLI::App* command = add_command(
        program.app, "check", "Whole devices", "Overwrite a device with a pattern and verify it",
        "  xnvme check scratch.img --create 64MiB\n"
        "  xnvme check /dev/sdb --slba 0 --blocks 65536 --depth 32 --direct\n"
        "  xnvme check scratch.img --verify-only\n"
        "Each block holds its number, --generation and --seed, so that data that is stale or in\n"
        "the wrong place is told from data that is damaged. What the device held is lost.\n");
    auto arguments = std::make_shared<CheckArguments>();
    add_number(command, "--slba", arguments->slba, "First block; the default is 0");
    add_number(command, "--blocks", arguments->blocks, "How many; the default is to the end", 1);
    add_size(command, "--size", arguments->io_bytes, "Bytes of one I/O; the default is 128 KiB");
    add_number(command, "--depth", arguments->depth, "I/Os at a time; the default is 16", 1,
               kDepthMax);
    add_number(command, "--seed", arguments->pattern.seed, "Part of the pattern");
    add_number(command, "--generation", arguments->pattern.generation, "Part of the pattern");
    add_size(command, "--create", arguments->create_bytes,
             "Create the file with this size, or let it grow to it");
    CLI::Option* verify_only = command->add_flag("--verify-only", arguments->verify_only,
                                                 "Write nothing: verify what was written before");
    command->add_flag("--write-only", arguments->write_only, "Write the pattern, do not verify it")
        ->excludes(verify_only);
    command->add_flag("--progress", arguments->progress,
                      "Lines of progress also where stderr is no terminal");
    add_force_option(program, command);
    add_device_options(program, command);
    command->callback([&program, arguments] {
        program.action = [&program, arguments] { return run_check(program, *arguments); };
    });
}

}  // namespace xnvme::tool
