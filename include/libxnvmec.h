/// \file
/// What programs that were written before version 0.7 call libxnvme_cli.h.
#pragma once

#include <libxnvme_cli.h>

/// As `xnvme_cli_perr`.
#define xnvmec_perr(msg, err) xnvme_cli_perr(msg, err)

/// The lesser of two.
#define XNVME_MIN(x, y) ((x) < (y) ? (x) : (y))
