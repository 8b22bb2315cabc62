/// \file
/// The loop of the raw programs: written by hand on one interface each, with everything inlined.
///
/// An engine has `submit(offset_bytes, buffer)`, and `complete(wait, finished)`, which hands on
/// what was submitted and calls `finished(buffer, good)` for what has completed.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "bench/load.h"

namespace raw {

/// What a raw program opens: a file or block device, and memory for the buffers.
struct Opened {
    explicit Opened(load& load)
        : fd(::open(load.device, O_RDONLY | O_CLOEXEC | (load.direct ? O_DIRECT : 0))) {
        if (fd < 0) load_fail(load.device, errno);
        const off_t bytes = ::lseek(fd, 0, SEEK_END);
        if (bytes < 0) load_fail(load.device, errno);
        load_prepare(&load, static_cast<std::uint64_t>(bytes), buffers(load));
    }
    ~Opened() { ::close(fd); }
    Opened(const Opened&) = delete;
    Opened& operator=(const Opened&) = delete;

    static char* buffers(const load& load) {
        void* const memory =
            ::aligned_alloc(kLoadBytes, std::size_t{load.depth} * std::size_t{kLoadBytes});
        if (memory == nullptr) load_fail("memory", errno);
        return static_cast<char*>(memory);
    }

    int fd;
};

/// Bytes of a device that is named as the model device is: mem:64MiB.
inline std::uint64_t model_bytes(const load& load) {
    const std::uint64_t mebibytes =
        std::strncmp(load.device, "mem:", 4) == 0 ? std::strtoull(load.device + 4, nullptr, 10) : 0;
    if (mebibytes == 0) load_fail("the device is mem:NMiB", 0);
    return mebibytes << 20;
}

template <bool kTimed, class Engine>
void read_all(load& load, Engine& engine) {
    const auto finished = [&load](char* buffer, bool good) {
        if constexpr (kTimed) load_measure(&load, buffer);
        load_completed(&load, buffer, good);
    };
    load_start(&load);
    while (load.completed < load.count) {
        while (load_may_submit(&load)) {
            char* const buffer = load_take(&load);
            if constexpr (kTimed) load_stamp(&load, buffer);
            engine.submit(load_next_block(&load) * kLoadBytes, buffer);
        }
        engine.complete(load.wait, finished);
    }
    load_stop(&load);
}

template <class Engine>
int run(load& load, Engine& engine, const char* name) {
    if (load.latency)
        read_all<true>(load, engine);
    else
        read_all<false>(load, engine);
    load_print(&load, name);
    return 0;
}

}  // namespace raw
