/// \file
/// One measurement: an access pattern on some devices for a while.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <xnvme/xnvme.hpp>

#include "histogram.hpp"
#include "pattern.hpp"
#include "timeline.hpp"

namespace xnvme::tool {

/// Where the next I/O goes.
enum class Order : std::uint8_t {
    random,
    sequential,
    append,  ///< To zones, each queue to its own, which it empties when it comes round to them.
};

/// One of the sizes of a mix.
struct IoSize {
    std::uint64_t bytes = 4096;
    std::uint32_t percent_up_to = 100;  ///< Its share and that of those before it.
};

struct Workload {
    Order order = Order::random;
    std::uint32_t read_percent = 100;  ///< The rest are writes.
    std::vector<IoSize> sizes;         ///< At least one, each of whole blocks of every device.
    std::uint32_t depth = 32;
    std::uint32_t queues = 1;  ///< Of each device, each on a thread of its own.
    std::chrono::nanoseconds time{0};
    std::chrono::nanoseconds warm_up{0};
    std::uint64_t count = 0;  ///< I/Os in all, 0 for no limit.
    /// I/Os a second in all that are due, whether or not the device keeps up; 0: each queue starts
    /// the next when one has completed.
    double rate = 0;
    std::vector<unsigned> processors;  ///< Threads are bound to these in turn; none: to no one.
    std::uint64_t seed = 1;
    /// Writes what says where it belongs, and reads it back afterwards.
    bool verify = false;
    /// Goes into that, so that what an earlier run left is told. The lower 16 bits are the writes'.
    std::uint64_t generation = 0;
    Pattern pattern() const noexcept { return {seed, generation}; }
};

/// What was found of one device, or of several together.
struct Measurement {
    Histogram latencies;  ///< Of each I/O, from when it was due.
    Histogram services;   ///< With a rate: from when it was submitted.
    Timeline timeline;    ///< Of the completions.
    std::uint64_t ios = 0;
    std::uint64_t reads = 0;
    std::uint64_t bytes = 0;
    std::chrono::nanoseconds time{0};  ///< Without the warm-up.
    std::uint64_t unsent = 0;          ///< With a rate: I/Os that were due and never submitted.
    std::uint64_t zone_resets = 0;
    std::uint64_t verified_bytes = 0;  ///< Read back, and right.
    bool moves_data = true;
};

/// What a run came to.
struct Outcome {
    Measurement all;
    std::vector<Measurement> devices;  ///< In their order.
    std::uint64_t cpu_ns = 0;          ///< Of all threads of the process, kernel time included.
    std::string failure;               ///< What ended the run early, as a sentence; else empty.
    bool interrupted = false;
};

/// Adds up another run of the same.
void merge(Outcome& all, const Outcome& one);

/// Measures on all devices at the same time.
/// \param label what stands before the line of progress
/// \param lines lines of progress also where standard error is no terminal
/// Throws `Stop` when the queues or buffers cannot be made.
Outcome measure(std::vector<Device>& devices, const Workload& workload, const std::string& label,
                bool lines);

}  // namespace xnvme::tool
