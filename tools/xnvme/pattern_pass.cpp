#include "pattern_pass.hpp"

#include <algorithm>
#include <vector>

#include <fmt/core.h>

#include <xnvme/nvme/builders.hpp>

#include "os/terminal.hpp"
#include "program.hpp"

namespace xnvme::tool {
namespace {

using namespace std::chrono_literals;

/// How long a sleep may be, so that Ctrl-C is looked at also when nothing completes.
constexpr std::chrono::nanoseconds kNap = 100ms;

/// One pass over the ranges of a plan, `depth` I/Os at a time.
class Pass {
  public:
    Pass(Device& device, const PassPlan& plan, bool writing, Progress& progress)
        : plan_(plan),
          writing_(writing),
          block_bytes_(device.geometry().transfer_block_bytes),
          progress_(progress),
          tasks_(plan.depth),
          queue_(take(device.create_queue(plan.depth))) {
        refuse_without_data(queue_);
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
    std::optional<Mismatch> check(std::span<const std::byte> block, std::uint64_t lba) const {
        return plan_.check ? plan_.check(block, lba) : check_block(block, lba, plan_.pattern);
    }

    void start_next(Task& task) {
        const std::optional<BlockRange> range =
            stopping_ ? std::nullopt : plan_.next(plan_.blocks_per_io);
        if (!range) {
            stopping_ = true;
            --active_;
            return;
        }
        task.range = *range;
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
            const std::uint64_t lba = task.range.slba + i;
            auto mismatch = check(block_of(task, i), lba);
            if (!mismatch) continue;
            mismatch->block = lba;
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

    const PassPlan& plan_;
    bool writing_;
    std::size_t block_bytes_;
    Progress& progress_;
    std::vector<Task> tasks_;  // Before the queue, which may write to the buffers until it goes.
    Queue queue_;
    std::size_t active_ = 0;
    bool stopping_ = false;
    PassOutcome outcome_;
};

}  // namespace

std::function<std::optional<BlockRange>(std::uint32_t)> stretch(std::uint64_t slba,
                                                                std::uint64_t blocks) {
    return [next = slba, left = blocks](std::uint32_t most) mutable -> std::optional<BlockRange> {
        if (left == 0) return std::nullopt;
        const BlockRange range{next,
                               static_cast<std::uint32_t>(std::min<std::uint64_t>(most, left))};
        next += range.blocks;
        left -= range.blocks;
        return range;
    };
}

void refuse_without_data(const Queue& queue) {
    if (queue.capabilities().traits.moves_data) return;
    throw Stop(kUsage, fmt::format("The interface {} moves no data, so there is nothing to verify; "
                                   "take another with --async.",
                                   queue.capabilities().interface));
}

PassOutcome run_pass(Device& device, const PassPlan& plan, bool writing, Progress& progress) {
    return Pass(device, plan, writing, progress).run();
}

std::string mismatch_text(const Device& device, const Mismatch& mismatch) {
    return fmt::format(
        "Block {} of {} is wrong from byte {} on: {:#04x} was expected, {:#04x} is there.{}",
        mismatch.block, device.uri(), mismatch.byte, mismatch.expected, mismatch.actual,
        mismatch.holds.empty() ? "" : fmt::format(" It holds {}.", mismatch.holds));
}

void flush(Device& device) {
    const auto opcode = static_cast<std::uint8_t>(nvme::NvmOpcode::flush);
    if (device.capabilities().service(opcode) == Service::refused) return;
    take(device.execute(nvme::flush()), fmt::format("flush of {}", device.uri()));
}

}  // namespace xnvme::tool
