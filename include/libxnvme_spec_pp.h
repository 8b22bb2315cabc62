/// \file
/// Names of the specification's values, and a controller's registers.
///
/// The names are constant text: "identify" for XNVME_SPEC_ADM_OPC_IDFY, and "unknown" for a value
/// that the specification does not have. Never NULL. Any thread.
#pragma once

#include <stdint.h>
#include <stdio.h>

#include <libxnvme_spec.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Commands.
const char* xnvme_spec_adm_opc_str(enum xnvme_spec_adm_opc eval);
const char* xnvme_spec_nvm_opc_str(enum xnvme_spec_nvm_opc eval);
const char* xnvme_spec_znd_opc_str(enum xnvme_spec_znd_opc eval);
/// Command sets.
const char* xnvme_spec_csi_str(enum xnvme_spec_csi eval);
/// Features, and which value of one.
const char* xnvme_spec_feat_id_str(enum xnvme_spec_feat_id eval);
const char* xnvme_spec_feat_sel_str(enum xnvme_spec_feat_sel eval);
/// Flags of reads and writes.
const char* xnvme_spec_flag_str(enum xnvme_spec_flag eval);
/// Structures that Identify returns.
const char* xnvme_spec_idfy_cns_str(enum xnvme_spec_idfy_cns eval);
/// Log pages.
const char* xnvme_spec_log_lpi_str(enum xnvme_spec_log_lpi eval);
const char* xnvme_spec_znd_log_lid_str(enum xnvme_spec_znd_log_lid eval);
/// Status codes.
const char* xnvme_spec_nvm_cmd_cpl_sc_str(enum xnvme_spec_nvm_cmd_cpl_sc eval);
const char* xnvme_spec_znd_status_code_str(enum xnvme_spec_znd_status_code eval);
/// Data pointers and SGL descriptors.
const char* xnvme_spec_psdt_str(enum xnvme_spec_psdt eval);
const char* xnvme_spec_sgl_descriptor_subtype_str(enum xnvme_spec_sgl_descriptor_subtype eval);
/// Zones.
const char* xnvme_spec_znd_cmd_mgmt_recv_action_str(enum xnvme_spec_znd_cmd_mgmt_recv_action eval);
const char* xnvme_spec_znd_cmd_mgmt_recv_action_sf_str(
    enum xnvme_spec_znd_cmd_mgmt_recv_action_sf eval);
const char* xnvme_spec_znd_cmd_mgmt_send_action_str(enum xnvme_spec_znd_cmd_mgmt_send_action eval);
const char* xnvme_spec_znd_mgmt_send_action_so_str(enum xnvme_spec_znd_mgmt_send_action_so eval);
const char* xnvme_spec_znd_state_str(enum xnvme_spec_znd_state eval);
const char* xnvme_spec_znd_type_str(enum xnvme_spec_znd_type eval);

/// A controller's registers. NVMe Base 2.0 §3.1.3
struct xnvme_spec_ctrlr_bar {
    uint64_t cap;
    uint32_t vs;
    uint32_t intms;
    uint32_t intmc;
    uint32_t cc;
    uint32_t rsvd24;
    uint32_t csts;
    uint32_t nssr;
    uint32_t aqa;
    uint64_t asq;
    uint64_t acq;
    uint32_t cmbloc;
    uint32_t cmbsz;
    uint32_t bpinfo;
    uint32_t bprsel;
    uint64_t bpmbl;
    uint64_t cmbmsc;
    uint32_t cmbsts;
    uint8_t rsvd92[3492];
    uint32_t pmrcap;
    uint32_t pmrctl;
    uint32_t pmrsts;
    uint32_t pmrebs;
    uint32_t pmrswtp;
    uint32_t pmrmscl;
    uint32_t pmrmscu;
    uint8_t css[484];
};
XNVME_STATIC_ASSERT(sizeof(struct xnvme_spec_ctrlr_bar) == 4096,
                    "xnvme_spec_ctrlr_bar has 4096 bytes")

/// Prints a controller's registers to `stream`, as YAML. Returns the bytes printed or a negative
/// errno.
int xnvme_spec_ctrlr_bar_fpr(FILE* stream, struct xnvme_spec_ctrlr_bar* bar, int opts);
/// The same, to standard output.
int xnvme_spec_ctrlr_bar_pp(struct xnvme_spec_ctrlr_bar* bar, int opts);

#ifdef __cplusplus
}
#endif
