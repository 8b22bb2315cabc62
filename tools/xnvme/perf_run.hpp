/// \file
/// One measurement: an access pattern on a device for a while.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <xnvme/xnvme.hpp>

#include "histogram.hpp"

namespace xnvme::tool {

/// One of the sizes of a mix.
struct IoSize {
    std::uint32_t blocks = 1;
    std::uint32_t percent_up_to = 100;  ///< Its share and that of those before it.
};

struct Workload {
    bool random = true;
    std::uint32_t read_percent = 100;  ///< The rest are writes.
    std::vector<IoSize> sizes;         ///< At least one.
    std::uint32_t depth = 32;
    std::uint32_t queues = 1;  ///< Each on a thread of its own.
    std::chrono::nanoseconds time{0};
    std::chrono::nanoseconds warm_up{0};
    std::uint64_t count = 0;  ///< I/Os in all, 0 for no limit.
    /// I/Os a second in all that are due, whether or not the device keeps up; 0: each queue starts
    /// the next when one has completed.
    double rate = 0;
    std::vector<unsigned> processors;  ///< Threads are bound to these in turn; none: to no one.
    std::uint64_t seed = 1;
};

struct Measurement {
    Histogram latencies;  ///< Of each I/O, from when it was due.
    Histogram services;   ///< With a rate: from when it was submitted.
    std::uint64_t ios = 0;
    std::uint64_t reads = 0;
    std::uint64_t bytes = 0;
    std::chrono::nanoseconds time{0};  ///< Without the warm-up.
    std::uint64_t unsent = 0;          ///< With a rate: I/Os that were due and never submitted.
    std::uint64_t cpu_ns = 0;          ///< Of all threads of the process, kernel time included.
    bool moves_data = true;
    bool interrupted = false;
    std::optional<Error> error;  ///< The first one; it ended the run.
};

/// Adds up another run of the same.
void merge(Measurement& all, const Measurement& one);

/// Measures. Throws `Stop` when the queues or buffers cannot be made.
Measurement measure(Device& device, const Workload& workload);

}  // namespace xnvme::tool
