/// \file
/// The NVMe specification's structures, as they go over the wire, and functions that print them.
///
/// Every member has the specification's own name and raw value; counts that the specification has
/// zero-based are zero-based. The printing functions print YAML to the stream that is given
/// (`_fpr`) or to standard output (`_pr`), and return the bytes printed or a negative errno. NULL
/// prints as null. `opts` is an `enum xnvme_pr`.
#pragma once

#include <stdint.h>
#include <stdio.h>

#include <libxnvme_spec_cmd.h>
#include <libxnvme_spec_idfy.h>
#include <libxnvme_spec_log.h>
#include <libxnvme_util.h>

#ifdef __cplusplus
extern "C" {
#endif

/// How to print. Everything is printed as YAML.
enum xnvme_pr {
    XNVME_PR_DEF = 0x0,    ///< What the library thinks best: YAML.
    XNVME_PR_YAML = 0x1,   ///< YAML.
    XNVME_PR_TERSE = 0x2,  ///< YAML.
};

/// Prints the SMART / health information.
int xnvme_spec_log_health_fpr(FILE* stream, const struct xnvme_spec_log_health_entry* log,
                              int opts);
int xnvme_spec_log_health_pr(const struct xnvme_spec_log_health_entry* log, int opts);
/// Prints the entries in use among the first `limit` of the error information log.
int xnvme_spec_log_erri_fpr(FILE* stream, const struct xnvme_spec_log_erri_entry* log, int limit,
                            int opts);
int xnvme_spec_log_erri_pr(const struct xnvme_spec_log_erri_entry* log, int limit, int opts);
/// Prints the flexible data placement configurations. The structure must have all the `size` bytes
/// that it says.
int xnvme_spec_log_fdp_conf_pr(const struct xnvme_spec_log_fdp_conf* log, int opts);
/// Prints the flexible data placement statistics.
int xnvme_spec_log_fdp_stats_pr(const struct xnvme_spec_log_fdp_stats* log, int opts);
/// Prints at most `limit` flexible data placement events.
int xnvme_spec_log_fdp_events_pr(const struct xnvme_spec_log_fdp_events* log, int limit, int opts);
/// Prints at most `limit` reclaim unit handle usages.
int xnvme_spec_log_ruhu_pr(const struct xnvme_spec_log_ruhu* log, int limit, int opts);
/// Prints at most `limit` reclaim unit handle states.
int xnvme_spec_ruhs_pr(const struct xnvme_spec_ruhs* ruhs, int limit, int opts);

/// Prints Identify Namespace data.
int xnvme_spec_idfy_ns_fpr(FILE* stream, const struct xnvme_spec_idfy_ns* idfy, int opts);
int xnvme_spec_idfy_ns_pr(const struct xnvme_spec_idfy_ns* idfy, int opts);
/// Prints Identify Controller data.
int xnvme_spec_idfy_ctrlr_fpr(FILE* stream, const struct xnvme_spec_idfy_ctrlr* idfy, int opts);
int xnvme_spec_idfy_ctrlr_pr(const struct xnvme_spec_idfy_ctrlr* idfy, int opts);
/// Prints the combinations of command sets.
int xnvme_spec_idfy_cs_fpr(FILE* stream, const struct xnvme_spec_idfy_cs* idfy, int opts);
int xnvme_spec_idfy_cs_pr(const struct xnvme_spec_idfy_cs* idfy, int opts);

/// Prints the value of a feature, with its fields.
int xnvme_spec_feat_fpr(FILE* stream, uint8_t fid, struct xnvme_spec_feat feat, int opts);
int xnvme_spec_feat_pr(uint8_t fid, struct xnvme_spec_feat feat, int opts);
/// Prints the flexible data placement events that `buf` has; `feat` is the completion's dword 0,
/// the number of them.
int xnvme_spec_feat_fdp_events_pr(void* buf, struct xnvme_spec_feat feat, int opts);

/// Prints a command.
int xnvme_spec_cmd_fpr(FILE* stream, struct xnvme_spec_cmd* cmd, int opts);
int xnvme_spec_cmd_pr(struct xnvme_spec_cmd* cmd, int opts);

/// Prints what Directive Receive returns of the Identify directive.
int xnvme_spec_drecv_idfy_pr(struct xnvme_spec_idfy_dir_rp* idfy, int opts);
/// Prints what Directive Receive returns of the Streams directive: parameters, status, resources.
int xnvme_spec_drecv_srp_pr(struct xnvme_spec_streams_dir_rp* srp, int opts);
int xnvme_spec_drecv_sgs_pr(struct xnvme_spec_streams_dir_gs* sgs, int opts);
int xnvme_spec_drecv_sar_pr(struct xnvme_spec_alloc_resource sar, int opts);

/// Prints a source range of Copy.
int xnvme_spec_nvm_scopy_fmt_zero_fpr(FILE* stream,
                                      const struct xnvme_spec_nvm_scopy_fmt_zero* entry, int opts);
int xnvme_spec_nvm_scopy_fmt_zero_pr(const struct xnvme_spec_nvm_scopy_fmt_zero* entry, int opts);
/// Prints `nr + 1` source ranges of Copy.
int xnvme_spec_nvm_scopy_source_range_fpr(FILE* stream,
                                          const struct xnvme_spec_nvm_scopy_source_range* srange,
                                          uint8_t nr, int opts);
int xnvme_spec_nvm_scopy_source_range_pr(const struct xnvme_spec_nvm_scopy_source_range* srange,
                                         uint8_t nr, int opts);
/// Prints Identify data of the NVM command set.
int xnvme_spec_nvm_idfy_ctrlr_fpr(FILE* stream, struct xnvme_spec_nvm_idfy_ctrlr* idfy, int opts);
int xnvme_spec_nvm_idfy_ctrlr_pr(struct xnvme_spec_nvm_idfy_ctrlr* idfy, int opts);
int xnvme_spec_nvm_idfy_ns_fpr(FILE* stream, struct xnvme_spec_nvm_idfy_ns* idfy, int opts);
int xnvme_spec_nvm_idfy_ns_pr(struct xnvme_spec_nvm_idfy_ns* idfy, int opts);

/// Prints Identify data of the zoned command set.
int xnvme_spec_znd_idfy_ctrlr_fpr(FILE* stream, struct xnvme_spec_znd_idfy_ctrlr* zctrlr, int opts);
int xnvme_spec_znd_idfy_ctrlr_pr(struct xnvme_spec_znd_idfy_ctrlr* zctrlr, int opts);
int xnvme_spec_znd_idfy_lbafe_fpr(FILE* stream, struct xnvme_spec_znd_idfy_lbafe* zonef, int opts);
int xnvme_spec_znd_idfy_ns_fpr(FILE* stream, struct xnvme_spec_znd_idfy_ns* zns, int opts);
int xnvme_spec_znd_idfy_ns_pr(struct xnvme_spec_znd_idfy_ns* zns, int opts);
/// Prints the changed zone list.
int xnvme_spec_znd_log_changes_fpr(FILE* stream, const struct xnvme_spec_znd_log_changes* changes,
                                   int opts);
int xnvme_spec_znd_log_changes_pr(const struct xnvme_spec_znd_log_changes* changes, int opts);
/// Prints a zone descriptor.
int xnvme_spec_znd_descr_fpr(FILE* stream, const struct xnvme_spec_znd_descr* descr, int opts);
int xnvme_spec_znd_descr_pr(const struct xnvme_spec_znd_descr* descr, int opts);
/// Prints the members of a zone descriptor, indented by `indent` spaces, with `sep` between them.
int xnvme_spec_znd_descr_fpr_yaml(FILE* stream, const struct xnvme_spec_znd_descr* descr,
                                  int indent, const char* sep);
/// Prints the header of a zone report.
int xnvme_spec_znd_report_hdr_fpr(FILE* stream, const struct xnvme_spec_znd_report_hdr* hdr,
                                  int opts);
int xnvme_spec_znd_report_hdr_pr(const struct xnvme_spec_znd_report_hdr* hdr, int opts);

/// Prints Identify Namespace data of the key-value command set.
int xnvme_spec_kvs_idfy_ns_fpr(FILE* stream, const struct xnvme_spec_kvs_idfy_ns* idfy, int opts);
int xnvme_spec_kvs_idfy_ns_pr(const struct xnvme_spec_kvs_idfy_ns* idfy, int opts);

#ifdef __cplusplus
}
#endif
