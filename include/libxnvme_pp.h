/// \file
/// Printing what the library knows. The functions print YAML to the stream that is given (`_fpr`)
/// or to standard output (`_pr`), and return the bytes printed or a negative errno. NULL prints as
/// null. `opts` is an `enum xnvme_pr`.
#pragma once

#include <stdint.h>
#include <stdio.h>

#include <libxnvme_be.h>
#include <libxnvme_cmd.h>
#include <libxnvme_dev.h>
#include <libxnvme_geo.h>
#include <libxnvme_ident.h>
#include <libxnvme_lba.h>
#include <libxnvme_opts.h>
#include <libxnvme_spec.h>
#include <libxnvme_spec_pp.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Prints a backend.
int xnvme_be_attr_fpr(FILE* stream, const struct xnvme_be_attr* attr, int opts);
int xnvme_be_attr_pr(const struct xnvme_be_attr* attr, int opts);
/// Prints a list of backends.
int xnvme_be_attr_list_fpr(FILE* stream, const struct xnvme_be_attr_list* list, int opts);
int xnvme_be_attr_list_pr(const struct xnvme_be_attr_list* list, int opts);

/// Prints a block's address.
int xnvme_lba_fpr(FILE* stream, uint64_t lba, enum xnvme_pr opts);
int xnvme_lba_pr(uint64_t lba, enum xnvme_pr opts);
/// Prints `nlb` addresses of blocks.
int xnvme_lba_fprn(FILE* stream, const uint64_t* lba, uint16_t nlb, enum xnvme_pr opts);
int xnvme_lba_prn(const uint64_t* lba, uint16_t nlb, enum xnvme_pr opts);

/// Prints the members of an identification, indented by `indent` spaces, with `sep` between them,
/// after a line with its name where `head` is not 0.
int xnvme_ident_yaml(FILE* stream, const struct xnvme_ident* ident, int indent, const char* sep,
                     int head);
/// Prints an identification.
int xnvme_ident_fpr(FILE* stream, const struct xnvme_ident* ident, int opts);
int xnvme_ident_pr(const struct xnvme_ident* ident, int opts);

/// Prints a device: what it is, its options and its geometry.
int xnvme_dev_fpr(FILE* stream, const struct xnvme_dev* dev, int opts);
int xnvme_dev_pr(const struct xnvme_dev* dev, int opts);

/// Prints a geometry.
int xnvme_geo_fpr(FILE* stream, const struct xnvme_geo* geo, int opts);
int xnvme_geo_pr(const struct xnvme_geo* geo, int opts);

/// Prints a context's completion to standard output.
void xnvme_cmd_ctx_pr(const struct xnvme_cmd_ctx* ctx, int opts);

/// Prints options to standard output.
int xnvme_opts_pr(const struct xnvme_opts* opts, int pr_opts);

#ifdef __cplusplus
}
#endif
