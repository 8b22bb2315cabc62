#include <algorithm>
#include <cstring>
#include <span>

#include <libxnvme_spec.h>
#include <libxnvme_spec_pp.h>

#include <xnvme/nvme/print.hpp>

#include "capi/print.hpp"

using namespace xnvme;
using namespace xnvme::capi;
using nvme::Node;

namespace {

Node feature_of(std::uint8_t fid, const xnvme_spec_feat& feat) {
    return nvme::feature_node(static_cast<nvme::FeatureId>(fid), feat.val);
}

Node command_of(const xnvme_spec_cmd& cmd) {
    // Whether it is an admin command the bytes do not say: the fields are printed as they are.
    Node node = Node::map();
    node.add("opcode", Node::hex(cmd.common.opcode, 2))
        .add("fuse", std::uint32_t{cmd.common.fuse})
        .add("psdt", std::uint32_t{cmd.common.psdt})
        .add("cid", cmd.common.cid)
        .add("nsid", cmd.common.nsid)
        .add("cdw2", Node::hex(cmd.common.cdw02, 8))
        .add("cdw3", Node::hex(cmd.common.cdw03, 8))
        .add("mptr", Node::hex(cmd.common.mptr, 16))
        .add("prp1", Node::hex(cmd.common.dptr.prp.prp1, 16))
        .add("prp2", Node::hex(cmd.common.dptr.prp.prp2, 16))
        .add("cdw10", Node::hex(cmd.common.ndt, 8))
        .add("cdw11", Node::hex(cmd.common.ndm, 8))
        .add("cdw12", Node::hex(cmd.common.cdw12, 8))
        .add("cdw13", Node::hex(cmd.common.cdw13, 8))
        .add("cdw14", Node::hex(cmd.common.cdw14, 8))
        .add("cdw15", Node::hex(cmd.common.cdw15, 8));
    return node;
}

template <class Directives>
Node directives_node(const Directives& set) {
    Node node = Node::map();
    node.add("identify", set.identify != 0)
        .add("streams", set.streams != 0)
        .add("data_placement", set.data_placement != 0);
    return node;
}

Node source_range_node(const xnvme_spec_nvm_scopy_fmt_zero& range) {
    Node node = Node::map();
    node.add("slba", Node::hex(range.slba, 16))
        .add("nlb", std::uint32_t{range.nlb})
        .add("eilbrt", Node::hex(range.eilbrt, 8))
        .add("elbatm", Node::hex(range.elbatm, 8))
        .add("elbat", Node::hex(range.elbat, 8));
    return node;
}

Node registers_node(const xnvme_spec_ctrlr_bar& bar) {
    Node node = Node::map();
    node.add("cap", Node::hex(bar.cap, 16))
        .add("vs", Node::hex(bar.vs, 8))
        .add("intms", Node::hex(bar.intms, 8))
        .add("intmc", Node::hex(bar.intmc, 8))
        .add("cc", Node::hex(bar.cc, 8))
        .add("csts", Node::hex(bar.csts, 8))
        .add("nssr", Node::hex(bar.nssr, 8))
        .add("aqa", Node::hex(bar.aqa, 8))
        .add("asq", Node::hex(bar.asq, 16))
        .add("acq", Node::hex(bar.acq, 16))
        .add("cmbloc", Node::hex(bar.cmbloc, 8))
        .add("cmbsz", Node::hex(bar.cmbsz, 8))
        .add("bpinfo", Node::hex(bar.bpinfo, 8))
        .add("bprsel", Node::hex(bar.bprsel, 8))
        .add("bpmbl", Node::hex(bar.bpmbl, 16))
        .add("cmbmsc", Node::hex(bar.cmbmsc, 16))
        .add("cmbsts", Node::hex(bar.cmbsts, 8))
        .add("pmrcap", Node::hex(bar.pmrcap, 8))
        .add("pmrctl", Node::hex(bar.pmrctl, 8))
        .add("pmrsts", Node::hex(bar.pmrsts, 8))
        .add("pmrebs", Node::hex(bar.pmrebs, 8))
        .add("pmrswtp", Node::hex(bar.pmrswtp, 8))
        .add("pmrmscl", Node::hex(bar.pmrmscl, 8))
        .add("pmrmscu", Node::hex(bar.pmrmscu, 8));
    return node;
}

}  // namespace

int xnvme_spec_log_health_fpr(FILE* stream, const struct xnvme_spec_log_health_entry* log, int) {
    return print(stream, "xnvme_spec_log_health_entry", log,
                 as<nvme::HealthLog, xnvme_spec_log_health_entry>);
}
int xnvme_spec_log_health_pr(const struct xnvme_spec_log_health_entry* log, int opts) {
    return xnvme_spec_log_health_fpr(stdout, log, opts);
}

int xnvme_spec_log_erri_fpr(FILE* stream, const struct xnvme_spec_log_erri_entry* log, int limit,
                            int) {
    return print(stream, "xnvme_spec_log_erri", log, [limit](const xnvme_spec_log_erri_entry& one) {
        Node list = Node::list();
        for (int i = 0; i < limit; ++i) {
            const xnvme_spec_log_erri_entry& entry = (&one)[i];
            if (entry.ecnt != 0) list.push(as<nvme::ErrorLogEntry>(entry));
        }
        return list;
    });
}
int xnvme_spec_log_erri_pr(const struct xnvme_spec_log_erri_entry* log, int limit, int opts) {
    return xnvme_spec_log_erri_fpr(stdout, log, limit, opts);
}

int xnvme_spec_idfy_ns_fpr(FILE* stream, const struct xnvme_spec_idfy_ns* idfy, int) {
    return print(stream, "xnvme_spec_idfy_ns", idfy,
                 as<nvme::IdentifyNamespace, xnvme_spec_idfy_ns>);
}
int xnvme_spec_idfy_ns_pr(const struct xnvme_spec_idfy_ns* idfy, int opts) {
    return xnvme_spec_idfy_ns_fpr(stdout, idfy, opts);
}

int xnvme_spec_idfy_ctrlr_fpr(FILE* stream, const struct xnvme_spec_idfy_ctrlr* idfy, int) {
    return print(stream, "xnvme_spec_idfy_ctrlr", idfy,
                 as<nvme::IdentifyController, xnvme_spec_idfy_ctrlr>);
}
int xnvme_spec_idfy_ctrlr_pr(const struct xnvme_spec_idfy_ctrlr* idfy, int opts) {
    return xnvme_spec_idfy_ctrlr_fpr(stdout, idfy, opts);
}

int xnvme_spec_idfy_cs_fpr(FILE* stream, const struct xnvme_spec_idfy_cs* idfy, int) {
    return print(stream, "xnvme_spec_idfy_cs", idfy, as<nvme::IoCommandSets, xnvme_spec_idfy_cs>);
}
int xnvme_spec_idfy_cs_pr(const struct xnvme_spec_idfy_cs* idfy, int opts) {
    return xnvme_spec_idfy_cs_fpr(stdout, idfy, opts);
}

int xnvme_spec_feat_fpr(FILE* stream, uint8_t fid, struct xnvme_spec_feat feat, int) {
    return print(stream, "xnvme_spec_feat", &feat,
                 [fid](const xnvme_spec_feat& value) { return feature_of(fid, value); });
}
int xnvme_spec_feat_pr(uint8_t fid, struct xnvme_spec_feat feat, int opts) {
    return xnvme_spec_feat_fpr(stdout, fid, feat, opts);
}

int xnvme_spec_cmd_fpr(FILE* stream, struct xnvme_spec_cmd* cmd, int) {
    return print(stream, "xnvme_spec_cmd", cmd, command_of);
}
int xnvme_spec_cmd_pr(struct xnvme_spec_cmd* cmd, int opts) {
    return xnvme_spec_cmd_fpr(stdout, cmd, opts);
}

int xnvme_spec_drecv_idfy_pr(struct xnvme_spec_idfy_dir_rp* idfy, int) {
    return print(stdout, "xnvme_spec_idfy_dir_rp", idfy, [](const xnvme_spec_idfy_dir_rp& data) {
        Node node = Node::map();
        node.add("directives_supported", directives_node(data.directives_supported))
            .add("directives_enabled", directives_node(data.directives_enabled))
            .add("directives_persistence", directives_node(data.directives_persistence));
        return node;
    });
}

int xnvme_spec_drecv_srp_pr(struct xnvme_spec_streams_dir_rp* srp, int) {
    return print(stdout, "xnvme_spec_streams_dir_rp", srp,
                 [](const xnvme_spec_streams_dir_rp& data) {
                     Node node = Node::map();
                     node.add("msl", data.msl)
                         .add("nssa", data.nssa)
                         .add("nsso", data.nsso)
                         .add("multi_host", data.nssc.bits.multi_host != 0)
                         .add("sws", data.sws)
                         .add("sgs", data.sgs)
                         .add("nsa", data.nsa)
                         .add("nso", data.nso);
                     return node;
                 });
}

int xnvme_spec_drecv_sgs_pr(struct xnvme_spec_streams_dir_gs* sgs, int) {
    return print(stdout, "xnvme_spec_streams_dir_gs", sgs,
                 [](const xnvme_spec_streams_dir_gs& data) {
                     Node ids = Node::list();
                     for (std::uint16_t i = 0; i < data.open_sc; ++i) ids.push(data.sid[i]);
                     Node node = Node::map();
                     node.add("open_sc", data.open_sc).add("sid", std::move(ids));
                     return node;
                 });
}

int xnvme_spec_drecv_sar_pr(struct xnvme_spec_alloc_resource sar, int) {
    return print(stdout, "xnvme_spec_alloc_resource", &sar,
                 [](const xnvme_spec_alloc_resource& data) {
                     Node node = Node::map();
                     node.add("nsa", std::uint32_t{data.bits.nsa});
                     return node;
                 });
}

int xnvme_spec_nvm_scopy_fmt_zero_fpr(FILE* stream,
                                      const struct xnvme_spec_nvm_scopy_fmt_zero* entry, int) {
    return print(stream, "xnvme_spec_nvm_scopy_fmt_zero", entry, source_range_node);
}
int xnvme_spec_nvm_scopy_fmt_zero_pr(const struct xnvme_spec_nvm_scopy_fmt_zero* entry, int opts) {
    return xnvme_spec_nvm_scopy_fmt_zero_fpr(stdout, entry, opts);
}

int xnvme_spec_nvm_scopy_source_range_fpr(FILE* stream,
                                          const struct xnvme_spec_nvm_scopy_source_range* srange,
                                          uint8_t nr, int) {
    return print(stream, "xnvme_spec_nvm_scopy_source_range", srange,
                 [nr](const xnvme_spec_nvm_scopy_source_range& ranges) {
                     Node list = Node::list();
                     const unsigned count = std::min(nr + 1u, XNVME_SPEC_NVM_SCOPY_NENTRY_MAX + 0u);
                     for (unsigned i = 0; i < count; ++i) {
                         list.push(source_range_node(ranges.entry[i]));
                     }
                     return list;
                 });
}
int xnvme_spec_nvm_scopy_source_range_pr(const struct xnvme_spec_nvm_scopy_source_range* srange,
                                         uint8_t nr, int opts) {
    return xnvme_spec_nvm_scopy_source_range_fpr(stdout, srange, nr, opts);
}

int xnvme_spec_nvm_idfy_ctrlr_fpr(FILE* stream, struct xnvme_spec_nvm_idfy_ctrlr* idfy, int) {
    return print(stream, "xnvme_spec_nvm_idfy_ctrlr", idfy,
                 as<nvme::IdentifyControllerNvm, xnvme_spec_nvm_idfy_ctrlr>);
}
int xnvme_spec_nvm_idfy_ctrlr_pr(struct xnvme_spec_nvm_idfy_ctrlr* idfy, int opts) {
    return xnvme_spec_nvm_idfy_ctrlr_fpr(stdout, idfy, opts);
}

int xnvme_spec_nvm_idfy_ns_fpr(FILE* stream, struct xnvme_spec_nvm_idfy_ns* idfy, int) {
    return print(stream, "xnvme_spec_nvm_idfy_ns", idfy,
                 as<nvme::IdentifyNamespaceNvm, xnvme_spec_nvm_idfy_ns>);
}
int xnvme_spec_nvm_idfy_ns_pr(struct xnvme_spec_nvm_idfy_ns* idfy, int opts) {
    return xnvme_spec_nvm_idfy_ns_fpr(stdout, idfy, opts);
}

int xnvme_spec_ctrlr_bar_fpr(FILE* stream, struct xnvme_spec_ctrlr_bar* bar, int) {
    return print(stream, "xnvme_spec_ctrlr_bar", bar, registers_node);
}
int xnvme_spec_ctrlr_bar_pp(struct xnvme_spec_ctrlr_bar* bar, int opts) {
    return xnvme_spec_ctrlr_bar_fpr(stdout, bar, opts);
}
