// What the programs of tests/capi share: checks that count and go on, the device and options of the
// command line, and buffers with a pattern.
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxnvme.h>
#include <libxnvme_more.h>

static int check_count;
static int check_failures;

/// Counts a check, and says which one failed.
#define CHECK(condition)                                                    \
    do {                                                                    \
        ++check_count;                                                      \
        if (!(condition)) {                                                 \
            ++check_failures;                                               \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
        }                                                                   \
    } while (0)

/// The same for two integers, which are shown.
#define CHECK_INT(actual, expected)                                                        \
    do {                                                                                   \
        const long long check_actual = (long long)(actual);                                \
        const long long check_expected = (long long)(expected);                            \
        ++check_count;                                                                     \
        if (check_actual != check_expected) {                                              \
            ++check_failures;                                                              \
            fprintf(stderr, "%s:%d: %s is %lld, and should be %lld\n", __FILE__, __LINE__, \
                    #actual, check_actual, check_expected);                                \
        }                                                                                  \
    } while (0)

/// Ends the program where there is no point in going on.
#define NEED(condition)                                                                          \
    do {                                                                                         \
        ++check_count;                                                                           \
        if (!(condition)) {                                                                      \
            fprintf(stderr, "%s:%d: %s (errno %d: %s)\n", __FILE__, __LINE__, #condition, errno, \
                    xnvme_error_sentence());                                                     \
            exit(1);                                                                             \
        }                                                                                        \
    } while (0)

/// What the command line says: a device, then KEY=VALUE for options and `depth`.
struct test_arguments {
    const char* uri;
    struct xnvme_opts opts;
    uint16_t depth;
};

static inline bool test_option(struct test_arguments* arguments, const char* key,
                               const char* value) {
    struct xnvme_opts* const opts = &arguments->opts;
    const struct {
        const char* key;
        const char** place;
    } names[] = {{"be", &opts->be},
                 {"async", &opts->async},
                 {"sync", &opts->sync},
                 {"admin", &opts->admin},
                 {"mem", &opts->mem}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; ++i) {
        if (strcmp(key, names[i].key) == 0) return *names[i].place = value, true;
    }
    if (strcmp(key, "direct") == 0) return opts->direct = (uint8_t)atoi(value), true;
    if (strcmp(key, "nsid") == 0) return opts->nsid = (uint32_t)atoi(value), true;
    if (strcmp(key, "depth") == 0) return arguments->depth = (uint16_t)atoi(value), true;
    return false;
}

static inline struct test_arguments test_parse(int argc, char** argv) {
    struct test_arguments arguments = {
        .uri = argc > 1 ? argv[1] : NULL, .opts = xnvme_opts_default(), .depth = 32};
    for (int i = 2; i < argc; ++i) {
        char* const value = strchr(argv[i], '=');
        if (value != NULL) *value = '\0';
        if (value == NULL || !test_option(&arguments, argv[i], value + 1)) {
            fprintf(stderr, "%s: what is '%s'?\n", argv[0], argv[i]);
            exit(2);
        }
    }
    if (arguments.uri == NULL) {
        fprintf(stderr, "usage: %s DEVICE [KEY=VALUE...]\n", argv[0]);
        exit(2);
    }
    return arguments;
}

static inline struct xnvme_dev* test_open(struct test_arguments* arguments) {
    struct xnvme_dev* const dev = xnvme_dev_open(arguments->uri, &arguments->opts);
    NEED(dev != NULL);
    return dev;
}

/// Fills a buffer so that every byte depends on its place and on `seed`.
static inline void test_fill(void* buffer, size_t nbytes, uint64_t seed) {
    unsigned char* const bytes = buffer;
    uint64_t state = seed * 2654435761u + 1;
    for (size_t i = 0; i < nbytes; ++i) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        bytes[i] = (unsigned char)(state >> 56);
    }
}

/// True when a buffer holds what `test_fill` put there.
static inline bool test_holds(const void* buffer, size_t nbytes, uint64_t seed) {
    unsigned char* const expected = malloc(nbytes);
    NEED(expected != NULL);
    test_fill(expected, nbytes, seed);
    const bool same = memcmp(expected, buffer, nbytes) == 0;
    free(expected);
    return same;
}

static inline int test_finish(const char* name) {
    printf("%s: %d checks, %d failed\n", name, check_count, check_failures);
    return check_failures == 0 ? 0 : 1;
}
