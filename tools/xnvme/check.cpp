// check: writes a pattern and verifies it.

#include <algorithm>

#include <fmt/core.h>

#include <xnvme/nvme/builders.hpp>

#include "block_range.hpp"
#include "open.hpp"
#include "os/terminal.hpp"
#include "output.hpp"
#include "pattern.hpp"
#include "progress.hpp"

namespace xnvme::tool {
namespace {

using namespace std::chrono_literals;
constexpr std::chrono::nanoseconds kNap = 100ms;

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
    std::uint32_t blocks_per_io = 0;
    std::uint32_t depth = 0;
    Pattern pattern;
};

/// What one pass, of writing or of verifying, came to.
struct PassOutcome {
    std::uint64_t blocks = 0;
    std::optional<Mismatch> mismatch;  ///< The first one, in the order of the device.
    std::optional<std::pair<BlockRange, Error>> failure;
    bool interrupted = false;
    std::chrono::nanoseconds time{0};
};

/// One pass over the range, `depth` I/Os at a time.
class Pass {
  public:
    Pass(Device& device, const Plan& plan, bool writing, Progress& progress)
        : plan_(plan),
          writing_(writing),
          block_bytes_(device.geometry().transfer_block_bytes),
          progress_(progress),
          tasks_(plan.depth),
          queue_(take(device.create_queue(plan.depth))) {
        if (!queue_.capabilities().traits.moves_data)
            throw Stop(kUsage, fmt::format("The interface {} moves no data, so there is nothing to "
                                           "verify; take another with --async.",
                                           queue_.capabilities().interface));
        for (Task& task : tasks_) {
            task.pass = this;
            task.buffer = take(device.allocate(std::size_t{plan.blocks_per_io} * block_bytes_));
        }
    }

    PassOutcome run() {
        for (Task& task : tasks_) {
            ++active_;
            start_next(task);
        }
        while (active_ > 0) {
            if (os::interrupted() && !stopping_) {
                stopping_ = true;
                outcome_.interrupted = true;
            }
            if (queue_.poll() == 0 && active_ > 0) take(queue_.wait(1, kNap), "waiting for I/O");
            progress_.update(outcome_.blocks * block_bytes_);
        }
        outcome_.time = progress_.elapsed();
        return std::move(outcome_);
    }

  private:
    struct Task {
        Pass* pass = nullptr;
        Buffer buffer;
        BlockRange range;
    };

    std::span<std::byte> block_of(Task& task, std::uint32_t index) const {
        return task.buffer.span().subspan(std::size_t{index} * block_bytes_, block_bytes_);
    }

    void start_next(Task& task) {
        if (stopping_ || cursor_ == plan_.blocks) {
            --active_;
            return;
        }
        task.range.slba = plan_.slba + cursor_;
        task.range.blocks = static_cast<std::uint32_t>(
            std::min<std::uint64_t>(plan_.blocks_per_io, plan_.blocks - cursor_));
        cursor_ += task.range.blocks;
        if (writing_)
            for (std::uint32_t i = 0; i < task.range.blocks; ++i)
                fill_block(block_of(task, i), task.range.slba + i, plan_.pattern);
        submit(task);
    }

    void submit(Task& task) {
        Context* context = queue_.acquire();
        context->callback = on_done;
        context->argument = &task;
        const Data data = task.buffer.part(0, std::size_t{task.range.blocks} * block_bytes_);
        const auto sent = writing_
                              ? queue_.write(*context, task.range.slba, task.range.blocks, data)
                              : queue_.read(*context, task.range.slba, task.range.blocks, data);
        if (sent) return;
        queue_.release(*context);
        failed(task, sent.error());
    }

    void failed(const Task& task, const Error& error) {
        if (!outcome_.failure || task.range.slba < outcome_.failure->first.slba)
            outcome_.failure.emplace(task.range, error);
        stopping_ = true;
        --active_;
    }

    void verify(Task& task) {
        for (std::uint32_t i = 0; i < task.range.blocks; ++i) {
            auto mismatch = check_block(block_of(task, i), task.range.slba + i, plan_.pattern);
            if (!mismatch) continue;
            if (!outcome_.mismatch || mismatch->block < outcome_.mismatch->block)
                outcome_.mismatch = std::move(mismatch);
            // What is under way, perhaps of blocks further ahead, is still looked at.
            stopping_ = true;
            return;
        }
    }

    static void on_done(Context& context, void* argument) {
        auto& task = *static_cast<Task*>(argument);
        Pass& pass = *task.pass;
        const Error error = context.why();
        pass.queue_.release(context);
        if (error) return pass.failed(task, error);
        if (!pass.writing_) pass.verify(task);
        pass.outcome_.blocks += task.range.blocks;
        pass.start_next(task);
    }

    const Plan& plan_;
    bool writing_;
    std::size_t block_bytes_;
    Progress& progress_;
    std::vector<Task> tasks_;  // Before the queue, which may write to the buffers until it goes.
    Queue queue_;
    std::uint64_t cursor_ = 0;
    std::size_t active_ = 0;
    bool stopping_ = false;
    PassOutcome outcome_;
};

PassOutcome run_pass(Device& device, const Plan& plan, bool writing, bool lines) {
    Progress progress(writing ? "write" : "verify", plan.blocks * device.geometry().block_bytes,
                      lines);
    return Pass(device, plan, writing, progress).run();
}

Plan make_plan(const Device& device, const CheckArguments& arguments) {
    const Geometry& geometry = device.geometry();
    Plan plan;
    plan.slba = arguments.slba;
    plan.depth = arguments.depth;
    plan.pattern = arguments.pattern;
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
    plan.blocks_per_io = static_cast<std::uint32_t>(io_bytes / geometry.block_bytes);
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

[[noreturn]] void stop_with_mismatch(const Device& device, const Mismatch& mismatch) {
    throw Stop(
        kFailed,
        fmt::format("Block {} of {} is wrong from byte {} on: {:#04x} was expected, {:#04x} "
                    "is there.{}",
                    mismatch.block, device.uri(), mismatch.byte, mismatch.expected, mismatch.actual,
                    mismatch.holds.empty() ? "" : fmt::format(" It holds {}.", mismatch.holds)));
}

void stop_if_failed(const Device& device, const PassOutcome& outcome, bool writing) {
    const char* const what = writing ? "write" : "read";
    if (outcome.mismatch) stop_with_mismatch(device, *outcome.mismatch);
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

void flush(Device& device) {
    const auto opcode = static_cast<std::uint8_t>(nvme::NvmOpcode::flush);
    if (device.capabilities().service(opcode) == Service::refused) return;
    take(device.execute(nvme::flush()), fmt::format("flush of {}", device.uri()));
}

int run_check(const Program& program, const CheckArguments& arguments) {
    if (!arguments.verify_only) refuse_if_used(program, program.device.uri, "overwrite");
    Device device = open_for_check(program, arguments);
    const Plan plan = make_plan(device, arguments);
    const std::uint64_t block_bytes = device.geometry().block_bytes;
    os::install_interrupt_flag();
    Node node = Node::map()
                    .add("device", device.uri())
                    .add("async", device.capabilities().async)
                    .add("slba", plan.slba)
                    .add("blocks", plan.blocks)
                    .add("block_bytes", block_bytes)
                    .add("seed", plan.pattern.seed)
                    .add("generation", plan.pattern.generation);
    std::optional<PassOutcome> written;
    std::optional<PassOutcome> verified;
    if (!arguments.verify_only) {
        written = run_pass(device, plan, true, arguments.progress);
        stop_if_failed(device, *written, true);
        flush(device);
        node.add("written", pass_node(*written, block_bytes));
    }
    if (!arguments.write_only) {
        verified = run_pass(device, plan, false, arguments.progress);
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
