// Drives each device it is given through every asynchronous interface that serves it: writes a
// pattern, reads it back with another queue, checks every byte, then measures random reads. The
// code below does not know which interface it runs on.
//
//   demo URI...          for example: demo mem:64MiB /tmp/file
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>
#include <xnvme/xnvme.hpp>

namespace {

constexpr std::uint32_t kDepth = 32;
constexpr std::uint64_t kReads = 20'000;
constexpr std::uint32_t kTransferBytes = 4096;

/// What one command at a time of a run does with its data.
enum class Job { write_pattern, verify_pattern, random_read };

std::uint64_t pattern_word(std::uint64_t block, std::uint64_t generation, std::size_t word) {
    return (block * 0x9e3779b97f4a7c15u) ^ (generation << 32) ^ word;
}

class Run {
  public:
    Run(xnvme::Queue& queue, xnvme::Buffer& memory, std::uint32_t block_bytes, std::uint64_t blocks,
        std::uint64_t generation)
        : queue_(queue),
          memory_(memory),
          block_bytes_(block_bytes),
          blocks_each_(std::max(1u, kTransferBytes / block_bytes)),
          pieces_(blocks / blocks_each_),
          generation_(generation) {}

    /// Runs `count` commands, `kDepth` at a time. False when one failed or read wrong data.
    bool go(Job job, std::uint64_t count, bool check) {
        job_ = job;
        left_ = count;
        next_ = 0;
        check_ = check;
        while (xnvme::Context* context = queue_.acquire()) {
            context->callback = [](xnvme::Context& done, void* self) {
                static_cast<Run*>(self)->finished(done);
            };
            context->argument = this;
            slots_.push_back(context);
        }
        for (xnvme::Context* context : slots_) start(*context);
        slots_.clear();
        return queue_.drain().has_value() && failures_ == 0;
    }

  private:
    xnvme::Data data_of(const xnvme::Context& context) {
        const auto index = static_cast<std::size_t>(&context - first());
        return memory_.part(index * blocks_each_ * block_bytes_,
                            std::size_t{blocks_each_} * block_bytes_);
    }
    const xnvme::Context* first() { return &queue_.engine().slots().at(0); }

    void start(xnvme::Context& context) {
        if (left_ == 0) return queue_.release(context);
        --left_;
        const std::uint64_t piece = job_ == Job::random_read ? random() % pieces_ : next_++;
        const std::uint64_t slba = piece * blocks_each_;
        const xnvme::Data data = data_of(context);
        if (job_ == Job::write_pattern) fill(slba, data);
        const auto submitted = job_ == Job::write_pattern
                                   ? queue_.write(context, slba, blocks_each_, data)
                                   : queue_.read(context, slba, blocks_each_, data);
        if (submitted) return;
        ++failures_;
        queue_.release(context);
    }

    void finished(xnvme::Context& context) {
        if (!context.ok()) {
            if (failures_++ == 0) {
                std::fprintf(stderr, "%s\n", xnvme::describe(context.why()).c_str());
            }
        } else if (job_ == Job::verify_pattern && check_) {
            failures_ += holds(context.command.slba(), data_of(context)) ? 0 : 1;
        }
        start(context);
    }

    void fill(std::uint64_t slba, const xnvme::Data& data) {
        auto* words = static_cast<std::uint64_t*>(data.base());
        const std::size_t each = block_bytes_ / 8;
        for (std::size_t i = 0; i < data.bytes() / 8; ++i) {
            words[i] = pattern_word(slba + i / each, generation_, i % each);
        }
    }
    bool holds(std::uint64_t slba, const xnvme::Data& data) {
        const auto* words = static_cast<const std::uint64_t*>(data.base());
        const std::size_t each = block_bytes_ / 8;
        for (std::size_t i = 0; i < data.bytes() / 8; ++i) {
            if (words[i] != pattern_word(slba + i / each, generation_, i % each)) return false;
        }
        return true;
    }
    std::uint64_t random() {
        seed_ ^= seed_ << 13;
        seed_ ^= seed_ >> 7;
        return seed_ ^= seed_ << 17;
    }

    xnvme::Queue& queue_;
    xnvme::Buffer& memory_;
    std::uint32_t block_bytes_;
    std::uint32_t blocks_each_;
    std::uint64_t pieces_;
    std::uint64_t generation_;
    std::vector<xnvme::Context*> slots_;
    std::uint64_t left_ = 0;
    std::uint64_t next_ = 0;
    std::uint64_t failures_ = 0;
    std::uint64_t seed_ = 88172645463325252u;
    Job job_{};
    bool check_ = true;
};

/// Processor time of the whole process, helper threads included, in seconds.
double cpu_seconds() {
    return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

std::string refused(const char* uri, const std::string& async, const std::string& sentence) {
    std::printf("  %-12s not used: %s\n", async.c_str(), sentence.c_str());
    (void)uri;
    return sentence;
}

/// One row of the table. False when data was wrong or a command failed.
bool drive(const char* uri, const std::string& async, std::uint64_t generation) {
    auto device = xnvme::Device::open(uri, {.async = async});
    if (!device) return refused(uri, async, device.error().sentence), true;
    const xnvme::Geometry& geometry = device->geometry();
    const std::uint32_t blocks_each = std::max(1u, kTransferBytes / geometry.transfer_block_bytes);
    auto memory =
        device->allocate(std::size_t{kDepth} * blocks_each * geometry.transfer_block_bytes);
    if (!memory) return refused(uri, async, memory.error().sentence), false;
    auto queue = device->create_queue(kDepth);
    if (!queue) return refused(uri, async, queue.error().sentence), false;

    const bool moves_data = queue->capabilities().traits.moves_data;
    const std::uint64_t pieces = geometry.blocks / blocks_each;
    Run run(*queue, *memory, geometry.transfer_block_bytes, geometry.blocks, generation);
    bool good = run.go(Job::write_pattern, pieces, false);
    good = run.go(Job::verify_pattern, pieces, moves_data) && good;

    const double cpu = cpu_seconds();
    const auto start = std::chrono::steady_clock::now();
    good = run.go(Job::random_read, kReads, false) && good;
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
    const double used = cpu_seconds() - cpu;
    std::printf("  %-12s %-22s %10.0f %12.2f %12.2f\n", async.c_str(),
                !good        ? "FAILED"
                : moves_data ? "every byte as written"
                             : "moves no data",
                static_cast<double>(kReads) / wall.count(),
                wall.count() * 1e6 / static_cast<double>(kReads),
                used * 1e6 / static_cast<double>(kReads));
    return good;
}

bool drive_all(const char* uri, std::uint64_t& generation) {
    auto device = xnvme::Device::open(uri);
    if (!device) return std::fprintf(stderr, "%s\n", device.error().sentence.c_str()), false;
    const xnvme::DeviceClass device_class = device->device_class();
    std::printf("\n%s: %s of %s in blocks of %u bytes; chosen: %s\n", uri,
                xnvme::device_class_phrase(device_class).data(),
                xnvme::format_size(device->geometry().size_bytes).c_str(),
                device->geometry().block_bytes, device->capabilities().async.data());
    std::printf("  %-12s %-22s %10s %12s %12s\n", "interface", "wrote and read back", "reads/s",
                "us per read", "CPU us/read");
    bool good = true;
    for (const xnvme::InterfaceInfo& row : xnvme::interfaces()) {
        const bool serves = std::ranges::find(row.classes, device_class) != row.classes.end();
        if (row.contract != xnvme::Contract::async || !serves) continue;
        if (!row.built || !row.available) {
            refused(uri, std::string(row.name), row.reason);
            continue;
        }
        good = drive(uri, std::string(row.name), ++generation) && good;
    }
    return good;
}

}  // namespace

int main(int argc, char** argv) {
    std::printf(
        "Every interface writes the whole device, reads it back and checks each byte, then\n"
        "does %llu random reads of 4 KiB with %u in flight.\n",
        static_cast<unsigned long long>(kReads), kDepth);
    std::uint64_t generation = 0;
    bool good = true;
    const char* in_memory[] = {"mem:64MiB"};
    char** begin = argv + 1;
    if (argc < 2) return drive_all(in_memory[0], generation) ? 0 : 1;
    for (char** uri = begin; uri != argv + argc; ++uri) {
        good = drive_all(*uri, generation) && good;
    }
    std::printf("\n%s\n", good ? "All of them moved the data that they were given."
                               : "Something FAILED: see above.");
    return good ? 0 : 1;
}
