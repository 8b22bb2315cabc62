/// \file
/// Small things that headers and programs share: assertions, bit patterns for printf, a timer.
/// All of it is inline; nothing here blocks, and any thread may use it.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

// Not needed here: programs count on these by way of this header.
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#ifdef __cplusplus
extern "C" {
#endif

/// log2 of the sector size that Linux counts in, whatever the device's blocks are.
#define XNVME_UNIVERSAL_SECT_SH 9

/// A declaration that does not compile where `cond` is false. It ends with its own semicolon.
#ifdef __cplusplus
#define XNVME_STATIC_ASSERT(cond, msg) static_assert(cond, msg);
#else
#define XNVME_STATIC_ASSERT(cond, msg) _Static_assert(cond, msg);
#endif

/// Names a parameter that the function does not use.
#if defined(__GNUC__) || defined(__clang__)
#define XNVME_UNUSED(x) UNUSED_##x __attribute__((__unused__))
#else
#define XNVME_UNUSED(x) UNUSED_##x
#endif

/// Bytes in a member of a type.
#define XNVME_SIZEOF_MEMBER(type, member) sizeof(((type*)0)->member)

/// The bits of an integer, the highest first: `printf(XNVME_I8_FMT "\n", XNVME_I8_TO_STR(value))`.
#define XNVME_I8_FMT "%c%c%c%c%c%c%c%c"
#define XNVME_I8_TO_STR(val)                                                                      \
    (((val) & 0x80) ? '1' : '0'), (((val) & 0x40) ? '1' : '0'), (((val) & 0x20) ? '1' : '0'),     \
        (((val) & 0x10) ? '1' : '0'), (((val) & 0x08) ? '1' : '0'), (((val) & 0x04) ? '1' : '0'), \
        (((val) & 0x02) ? '1' : '0'), (((val) & 0x01) ? '1' : '0')
#define XNVME_I16_FMT XNVME_I8_FMT XNVME_I8_FMT
#define XNVME_I16_TO_STR(val) XNVME_I8_TO_STR((val) >> 8), XNVME_I8_TO_STR(val)
#define XNVME_I32_FMT XNVME_I16_FMT XNVME_I16_FMT
#define XNVME_I32_TO_STR(val) XNVME_I16_TO_STR((val) >> 16), XNVME_I16_TO_STR(val)
#define XNVME_I64_FMT XNVME_I32_FMT XNVME_I32_FMT
#define XNVME_I64_TO_STR(val) XNVME_I32_TO_STR((val) >> 32), XNVME_I32_TO_STR(val)

/// What a program wants to see while it is being worked on: nothing at all unless
/// XNVME_DEBUG_ENABLED is defined. The library itself prints nothing.
#ifdef XNVME_DEBUG_ENABLED
#define XNVME_DEBUG(...)                                               \
    do {                                                               \
        fprintf(stderr, "# %s:%d %s: ", __FILE__, __LINE__, __func__); \
        fprintf(stderr, __VA_ARGS__);                                  \
        fprintf(stderr, "\n");                                         \
    } while (0)
#define XNVME_DEBUG_FCALL(x) x
#else
#define XNVME_DEBUG(...)
#define XNVME_DEBUG_FCALL(x)
#endif

/// A stopwatch.
struct xnvme_timer {
    uint64_t start;  ///< Nanoseconds since 1970.
    uint64_t stop;   ///< The same, or 0 while it runs.
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_timer) == 16, "xnvme_timer has 16 bytes")

/// Nanoseconds since 1970.
static inline uint64_t xnvme_timer_now(void) {
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/// Starts it. Returns the time, in nanoseconds of the clock.
static inline uint64_t xnvme_timer_start(struct xnvme_timer* t) {
    t->start = xnvme_timer_now();
    return t->start;
}

/// Stops it. Returns the time, in nanoseconds of the clock.
static inline uint64_t xnvme_timer_stop(struct xnvme_timer* t) {
    t->stop = xnvme_timer_now();
    return t->stop;
}

/// Nanoseconds from start to stop.
static inline uint64_t xnvme_timer_elapsed_nsecs(struct xnvme_timer* t) {
    return t->stop - t->start;
}

/// Microseconds from start to stop.
static inline double xnvme_timer_elapsed_usecs(struct xnvme_timer* t) {
    return (double)xnvme_timer_elapsed_nsecs(t) / 1e3;
}

/// Milliseconds from start to stop.
static inline double xnvme_timer_elapsed_msecs(struct xnvme_timer* t) {
    return (double)xnvme_timer_elapsed_nsecs(t) / 1e6;
}

/// Seconds from start to stop.
static inline double xnvme_timer_elapsed_secs(struct xnvme_timer* t) {
    return (double)xnvme_timer_elapsed_nsecs(t) / 1e9;
}

/// Seconds from start to stop.
static inline double xnvme_timer_elapsed(struct xnvme_timer* t) {
    return xnvme_timer_elapsed_secs(t);
}

/// Prints the seconds from start to stop to standard output, as one line of YAML.
static inline void xnvme_timer_pr(struct xnvme_timer* t, const char* prefix) {
    printf("%s: {elapsed: %.4f}\n", prefix, xnvme_timer_elapsed(t));
}

/// Prints the seconds from start to stop, and the MiB/s of `nbytes` moved in that time, to standard
/// output, as one line of YAML.
static inline void xnvme_timer_bw_pr(struct xnvme_timer* t, const char* prefix, size_t nbytes) {
    const double secs = xnvme_timer_elapsed_secs(t);
    const double mib = (double)nbytes / 1048576.0;
    printf("%s: {elapsed: %.4f, mib: %.2f, mib_sec: %.2f}\n", prefix, secs, mib,
           secs > 0.0 ? mib / secs : 0.0);
}

/// 1 where `val` is a power of two, else 0.
static inline int xnvme_is_pow2(uint32_t val) {
    return val != 0 && (val & (val - 1)) == 0;
}

#ifdef __cplusplus
}
#endif
