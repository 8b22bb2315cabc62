/// \file
/// What every program here has in common, in C and C++: the same options, the same random reads of
/// 4 KiB, the same buffers, the same way to measure and to print. A program adds its interface.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { kLoadBytes = 4096, kLoadDepthMax = 4096 };

/// Options, and where a run is.
struct load {
    const char* device;
    const char* interface;  ///< What the program knows by this name; "default" is its choice.
    uint64_t count;         ///< Reads in all.
    uint32_t depth;         ///< Reads outstanding at most.
    bool wait;              ///< Sleep until something has completed, instead of polling.
    bool direct;
    bool batch;    ///< Submit with one call, where the program can.
    bool latency;  ///< Take the time of every read, where the program can.
    bool fill;     ///< Write the whole device first: of a device that lives in the program.

    uint64_t blocks;  ///< Of 4 KiB, in the device.
    uint64_t random;
    uint64_t submitted;
    uint64_t completed;
    char* memory;  ///< `depth` buffers, one after the other.
    char** free;   ///< A stack of those that no read uses.
    uint32_t free_count;
    uint64_t* started_ns;  ///< Of the read in each buffer.
    uint64_t* latency_ns;  ///< Of each read that has completed.
    uint64_t wall_ns;      ///< When the reads began; after `load_stop`, what they took.
    uint64_t cpu_ns;       ///< The same, of the processor, all threads told.
    uint64_t switches;     ///< The same, context switches of the program's own will.
};

static inline void load_fail(const char* what, int error) {
    fprintf(stderr, "%s%s%s\n", what, error != 0 ? ": " : "", error != 0 ? strerror(error) : "");
    exit(1);
}

static inline uint64_t load_clock_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline void load_usage(const char* program) {
    fprintf(stderr,
            "usage: %s --device D [--interface I] [--depth 32] [--count 100000]\n"
            "       [--mode poll|wait] [--direct] [--batch] [--latency] [--fill]\n"
            "Reads 4 KiB at random places and prints what it took, as one line of JSON.\n",
            program);
    exit(2);
}

static inline void load_options(struct load* load, int argc, char** argv) {
    load->interface = "default";
    load->count = 100000;
    load->depth = 32;
    for (int i = 1; i < argc; ++i) {
        const char* const word = argv[i];
        if (strcmp(word, "--direct") == 0) {
            load->direct = true;
        } else if (strcmp(word, "--batch") == 0) {
            load->batch = true;
        } else if (strcmp(word, "--latency") == 0) {
            load->latency = true;
        } else if (strcmp(word, "--fill") == 0) {
            load->fill = true;
        } else if (i + 1 == argc) {
            load_usage(argv[0]);
        } else if (strcmp(word, "--device") == 0) {
            load->device = argv[++i];
        } else if (strcmp(word, "--interface") == 0) {
            load->interface = argv[++i];
        } else if (strcmp(word, "--depth") == 0) {
            load->depth = (uint32_t)strtoul(argv[++i], NULL, 10);
        } else if (strcmp(word, "--count") == 0) {
            load->count = strtoull(argv[++i], NULL, 10);
        } else if (strcmp(word, "--mode") == 0) {
            ++i;
            load->wait = strcmp(argv[i], "wait") == 0;
            if (!load->wait && strcmp(argv[i], "poll") != 0) load_usage(argv[0]);
        } else {
            load_usage(argv[0]);
        }
    }
    if (load->device == NULL || load->count == 0 || load->depth == 0 || load->depth > kLoadDepthMax)
        load_usage(argv[0]);
}

/// `memory` has `depth` buffers of 4 KiB, and stays the caller's.
static inline void load_prepare(struct load* load, uint64_t device_bytes, char* memory) {
    load->blocks = device_bytes / kLoadBytes;
    if (load->blocks == 0) load_fail("the device is smaller than one read", 0);
    load->random = 88172645463325252u;
    load->memory = memory;
    memset(memory, 1, (size_t)load->depth * kLoadBytes);
    load->free = (char**)calloc(load->depth, sizeof *load->free);
    load->started_ns = (uint64_t*)calloc(load->depth, sizeof *load->started_ns);
    load->latency_ns = (uint64_t*)calloc(load->latency ? load->count : 1, sizeof *load->latency_ns);
    if (load->free == NULL || load->started_ns == NULL || load->latency_ns == NULL)
        load_fail("memory", errno);
    for (uint32_t i = 0; i < load->depth; ++i)
        load->free[load->free_count++] = memory + (size_t)i * kLoadBytes;
}

static inline bool load_may_submit(const struct load* load) {
    return load->free_count != 0 && load->submitted < load->count;
}

/// The block to read next. Marsaglia's xorshift: the sequence is the same in every program.
static inline uint64_t load_next_block(struct load* load) {
    uint64_t random = load->random;
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    load->random = random;
    ++load->submitted;
    return random % load->blocks;
}

static inline char* load_take(struct load* load) {
    return load->free[--load->free_count];
}

/// What is done with every read that completes.
static inline void load_completed(struct load* load, char* buffer, bool good) {
    if (!good) load_fail("a read failed", 0);
    load->free[load->free_count++] = buffer;
    ++load->completed;
}

static inline uint32_t load_index(const struct load* load, const char* buffer) {
    return (uint32_t)((size_t)(buffer - load->memory) / kLoadBytes);
}

/// The time of a read, where times are taken: before it is submitted, and before `load_completed`.
static inline void load_stamp(struct load* load, const char* buffer) {
    load->started_ns[load_index(load, buffer)] = load_clock_ns(CLOCK_MONOTONIC);
}
static inline void load_measure(struct load* load, const char* buffer) {
    load->latency_ns[load->completed] =
        load_clock_ns(CLOCK_MONOTONIC) - load->started_ns[load_index(load, buffer)];
}

static inline uint64_t load_switches(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (uint64_t)usage.ru_nvcsw;
}

static inline void load_start(struct load* load) {
    load->switches = load_switches();
    load->wall_ns = load_clock_ns(CLOCK_MONOTONIC);
    load->cpu_ns = load_clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

static inline void load_stop(struct load* load) {
    load->cpu_ns = load_clock_ns(CLOCK_PROCESS_CPUTIME_ID) - load->cpu_ns;
    load->wall_ns = load_clock_ns(CLOCK_MONOTONIC) - load->wall_ns;
    load->switches = load_switches() - load->switches;
}

static inline int load_compare(const void* left, const void* right) {
    const uint64_t a = *(const uint64_t*)left;
    const uint64_t b = *(const uint64_t*)right;
    return (a > b) - (a < b);
}

static inline double load_percentile_us(const struct load* load, double part) {
    return (double)load->latency_ns[(uint64_t)((double)(load->count - 1) * part)] / 1e3;
}

/// Prints one line of JSON; `interface` is what was used.
static inline void load_print(struct load* load, const char* interface) {
    printf(
        "{\"device\": \"%s\", \"interface\": \"%s\", \"depth\": %u, \"mode\": \"%s\", "
        "\"count\": %llu, \"cpu_s\": %.9f, \"wall_s\": %.9f, \"switches\": %llu",
        load->device, interface, load->depth, load->wait ? "wait" : "poll",
        (unsigned long long)load->count, (double)load->cpu_ns / 1e9, (double)load->wall_ns / 1e9,
        (unsigned long long)load->switches);
    if (load->latency) {
        qsort(load->latency_ns, load->count, sizeof *load->latency_ns, load_compare);
        printf(", \"latency_us\": {\"p50\": %.3f, \"p99\": %.3f, \"p99.9\": %.3f, \"max\": %.3f}",
               load_percentile_us(load, 0.5), load_percentile_us(load, 0.99),
               load_percentile_us(load, 0.999), load_percentile_us(load, 1.0));
    }
    printf("}\n");
    free(load->free);
    free(load->started_ns);
    free(load->latency_ns);
}
