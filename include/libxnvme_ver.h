/// \file
/// The version of the C API that the library has: 0.7.5.
#pragma once

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/// 0
int xnvme_ver_major(void);
/// 7
int xnvme_ver_minor(void);
/// 5
int xnvme_ver_patch(void);

/// Prints the version of the API and that of the library to `stream`, as YAML. Returns the bytes
/// printed or a negative errno.
int xnvme_ver_fpr(FILE* stream, int opts);
/// The same, to standard output.
int xnvme_ver_pr(int opts);

#ifdef __cplusplus
}
#endif
