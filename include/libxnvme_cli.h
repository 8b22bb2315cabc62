/// \file
/// What programs say of themselves: a line of information, an error. Both are comments in YAML, so
/// that they may stand between what the printing functions print. They are inline: the library does
/// not print. Nothing else of xNVMe's command-line framework is part of this library.
#pragma once

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Prints a line to standard output, as printf does.
#if defined(__GNUC__) || defined(__clang__)
__attribute__((__format__(__printf__, 1, 2)))
#endif
static inline void
xnvme_cli_pinf(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    printf("# ");
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
}

/// Prints `msg` and what the errno `err`, positive or negative, means to standard error.
static inline void xnvme_cli_perr(const char* msg, int err) {
    const int number = err < 0 ? -err : err;
    fprintf(stderr, "# %s: %s (errno %d)\n", msg, strerror(number), number);
}

#ifdef __cplusplus
}
#endif
