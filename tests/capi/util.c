// What the headers have inline: bit patterns, the stopwatch, macros. And the version of the API.
#include <unistd.h>

#include <libxnvmec.h>

#include "check.h"

/// Macros of the headers at the places that programs use them: without a semicolon behind it.
XNVME_STATIC_ASSERT(sizeof(uint32_t) == 4, "a declaration of its own")
XNVME_STATIC_ASSERT(XNVME_SIZEOF_MEMBER(struct xnvme_cmd_ctx, cmd) == 64, "size of a member")

static int ignores(int XNVME_UNUSED(value)) {
    return 7;
}

#define CHECK_BITS(format, expected, ...)                 \
    do {                                                  \
        char text[80];                                    \
        snprintf(text, sizeof text, format, __VA_ARGS__); \
        CHECK(strcmp(text, expected) == 0);               \
    } while (0)

static void test_bits(void) {
    CHECK_BITS(XNVME_I8_FMT, "10000001", XNVME_I8_TO_STR(0x81));
    CHECK_BITS(XNVME_I16_FMT, "1010010100001111", XNVME_I16_TO_STR(0xa50f));
    CHECK_BITS(XNVME_I32_FMT, "11111111000000001000000000000001", XNVME_I32_TO_STR(0xff008001u));
    CHECK_BITS(XNVME_I64_FMT, "1000000000000000000000000000000000000000000000000000000000000010",
               XNVME_I64_TO_STR(UINT64_C(0x8000000000000002)));
    CHECK(xnvme_is_pow2(1) && xnvme_is_pow2(4096) && xnvme_is_pow2(UINT32_C(1) << 31));
    CHECK(!xnvme_is_pow2(0) && !xnvme_is_pow2(3) && !xnvme_is_pow2(UINT32_MAX));
    CHECK_INT(ignores(1), 7);
    CHECK_INT(UINT64_C(1) << XNVME_UNIVERSAL_SECT_SH, 512);
    XNVME_DEBUG("nothing is printed: %d", 1);
    XNVME_DEBUG_FCALL(exit(1));
}

static void test_timer(void) {
    struct xnvme_timer timer = {0};
    const uint64_t started = xnvme_timer_start(&timer);
    CHECK(started != 0 && timer.start == started);
    CHECK(xnvme_timer_stop(&timer) >= started);
    timer.start = 1000000000;
    timer.stop = 3500000000;
    CHECK_INT(xnvme_timer_elapsed_nsecs(&timer), 2500000000);
    CHECK(xnvme_timer_elapsed_usecs(&timer) == 2500000.0);
    CHECK(xnvme_timer_elapsed_msecs(&timer) == 2500.0);
    CHECK(xnvme_timer_elapsed_secs(&timer) == 2.5 && xnvme_timer_elapsed(&timer) == 2.5);
    xnvme_timer_pr(&timer, "timer");
    xnvme_timer_bw_pr(&timer, "bandwidth", 5 << 20);
}

// Both streams of the program go to a file for the time.
static void test_messages(void) {
    FILE* const file = tmpfile();
    const int out = dup(1);
    const int err = dup(2);
    NEED(file != NULL && out >= 0 && err >= 0);
    NEED(fflush(stdout) == 0 && dup2(fileno(file), 1) == 1 && dup2(fileno(file), 2) == 2);
    xnvme_cli_pinf("%d of %s", 3, "them");
    fflush(stdout);
    xnvme_cli_perr("the first", ENOENT);
    xnvmec_perr("the second", -ENOENT);
    NEED(dup2(out, 1) == 1 && dup2(err, 2) == 2);
    close(out);
    close(err);
    char text[200] = {0};
    rewind(file);
    CHECK(fread(text, 1, sizeof text - 1, file) > 0);
    fclose(file);
    CHECK(strcmp(text,
                 "# 3 of them\n"
                 "# the first: No such file or directory (errno 2)\n"
                 "# the second: No such file or directory (errno 2)\n") == 0);
    CHECK_INT(XNVME_MIN(2, 3), 2);
}

static void test_version(void) {
    CHECK_INT(xnvme_ver_major(), 0);
    CHECK_INT(xnvme_ver_minor(), 7);
    CHECK_INT(xnvme_ver_patch(), 5);
}

static void test_context(void) {
    struct xnvme_cmd_ctx ctx;
    memset(&ctx, 0, sizeof ctx);
    CHECK_INT(xnvme_cmd_ctx_cpl_status(&ctx), 0);
    ctx.cpl.status.sc = 0x81;
    CHECK(xnvme_cmd_ctx_cpl_status(&ctx) != 0);
    ctx.cpl.status.sc = 0;
    ctx.cpl.status.sct = XNVME_STATUS_CODE_TYPE_MEDIA;
    CHECK(xnvme_cmd_ctx_cpl_status(&ctx) != 0);
    // The phase and the bits beside the status do not make a failure.
    ctx.cpl.status.val = 1;
    CHECK_INT(xnvme_cmd_ctx_cpl_status(&ctx), 0);
    xnvme_cmd_ctx_set_cb(&ctx, NULL, &ctx);
    CHECK(ctx.async.cb == NULL && ctx.async.cb_arg == &ctx);
}

int main(void) {
    test_bits();
    test_timer();
    test_messages();
    test_version();
    test_context();
    return test_finish("util");
}
