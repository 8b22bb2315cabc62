/// \file
/// One measurement: an access pattern on a device for a while.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <xnvme/xnvme.hpp>

#include "histogram.hpp"

namespace xnvme::tool {

struct Workload {
    bool random = true;
    std::uint32_t read_percent = 100;  ///< The rest are writes.
    std::uint32_t blocks_per_io = 1;
    std::uint32_t depth = 32;
    std::uint32_t queues = 1;  ///< Each on a thread of its own.
    std::chrono::nanoseconds time{0};
    std::chrono::nanoseconds warm_up{0};
    std::uint64_t count = 0;  ///< I/Os in all, 0 for no limit.
    std::uint64_t seed = 1;
};

struct Measurement {
    Histogram latencies;
    std::uint64_t ios = 0;
    std::uint64_t reads = 0;
    std::uint64_t bytes = 0;
    std::chrono::nanoseconds time{0};  ///< Without the warm-up.
    std::uint64_t cpu_ns = 0;          ///< Of all threads of the process, kernel time included.
    bool moves_data = true;
    bool interrupted = false;
    std::optional<Error> error;  ///< The first one; it ended the run.
};

/// Measures. Throws `Stop` when the queues or buffers cannot be made.
Measurement measure(Device& device, const Workload& workload);

}  // namespace xnvme::tool
