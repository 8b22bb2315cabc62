#include <cerrno>

#include "capi/errors.hpp"
#include "capi/handles.hpp"

using namespace xnvme::capi;

namespace {

int identify(xnvme_cmd_ctx* ctx, unsigned cns, std::uint32_t nsid, unsigned csi,
             xnvme_spec_idfy* dbuf) noexcept {
    if (ctx == nullptr || dbuf == nullptr) return -EINVAL;
    xnvme_spec_cmd& cmd = ctx->cmd;
    cmd.common.opcode = XNVME_SPEC_ADM_OPC_IDFY;
    cmd.common.nsid = nsid;
    cmd.idfy.cns = cns & 0xffu;
    cmd.idfy.cntid = 0;
    cmd.idfy.nvmsetid = 0;
    cmd.idfy.csi = csi & 0xffu;
    cmd.idfy.uuid = 0;
    return xnvme_cmd_pass_admin(ctx, dbuf, sizeof *dbuf, nullptr, 0);
}

/// Dwords of a transfer, counted from zero; no data at all is zero too.
constexpr std::uint32_t zero_based_dwords(std::size_t bytes) noexcept {
    return bytes < 4 ? 0 : static_cast<std::uint32_t>(bytes / 4 - 1);
}

}  // namespace

int xnvme_adm_idfy(struct xnvme_cmd_ctx* ctx, uint8_t cns, uint16_t cntid, uint8_t nsid,
                   uint16_t nvmsetid, uint8_t uuid, struct xnvme_spec_idfy* dbuf) {
    if (ctx == nullptr || dbuf == nullptr) return -EINVAL;
    xnvme_spec_cmd& cmd = ctx->cmd;
    cmd.common.opcode = XNVME_SPEC_ADM_OPC_IDFY;
    cmd.common.nsid = nsid;
    cmd.idfy.cns = cns;
    cmd.idfy.cntid = cntid;
    cmd.idfy.nvmsetid = nvmsetid;
    cmd.idfy.uuid = uuid & 0x7fu;
    return xnvme_cmd_pass_admin(ctx, dbuf, sizeof *dbuf, nullptr, 0);
}

int xnvme_adm_idfy_ctrlr(struct xnvme_cmd_ctx* ctx, struct xnvme_spec_idfy* dbuf) {
    return identify(ctx, XNVME_SPEC_IDFY_CTRLR, 0, 0, dbuf);
}

int xnvme_adm_idfy_ctrlr_csi(struct xnvme_cmd_ctx* ctx, uint8_t csi, struct xnvme_spec_idfy* dbuf) {
    return identify(ctx, XNVME_SPEC_IDFY_CTRLR_IOCS, 0, csi, dbuf);
}

int xnvme_adm_idfy_ns(struct xnvme_cmd_ctx* ctx, uint32_t nsid, struct xnvme_spec_idfy* dbuf) {
    return identify(ctx, XNVME_SPEC_IDFY_NS, nsid, 0, dbuf);
}

int xnvme_adm_idfy_ns_csi(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint8_t csi,
                          struct xnvme_spec_idfy* dbuf) {
    return identify(ctx, XNVME_SPEC_IDFY_NS_IOCS, nsid, csi, dbuf);
}

void xnvme_prep_adm_log(struct xnvme_cmd_ctx* ctx, uint8_t lid, uint8_t lsp, uint64_t lpo_nbytes,
                        uint32_t nsid, uint8_t rae, uint32_t dbuf_nbytes) {
    if (ctx == nullptr) return;
    const std::uint32_t dwords = zero_based_dwords(dbuf_nbytes);
    xnvme_spec_cmd& cmd = ctx->cmd;
    cmd.common.opcode = XNVME_SPEC_ADM_OPC_LOG;
    cmd.common.nsid = nsid;
    cmd.log.lid = lid;
    cmd.log.lsp = lsp & 0x7fu;
    cmd.log.rae = rae != 0;
    cmd.log.numdl = dwords & 0xffffu;
    cmd.log.numdu = static_cast<std::uint16_t>(dwords >> 16);
    cmd.log.lpol = static_cast<std::uint32_t>(lpo_nbytes);
    cmd.log.lpou = static_cast<std::uint32_t>(lpo_nbytes >> 32);
}

int xnvme_adm_log(struct xnvme_cmd_ctx* ctx, uint8_t lid, uint8_t lsp, uint64_t lpo_nbytes,
                  uint32_t nsid, uint8_t rae, void* dbuf, uint32_t dbuf_nbytes) {
    if (ctx == nullptr || dbuf == nullptr || dbuf_nbytes == 0 || dbuf_nbytes % 4 != 0 ||
        lpo_nbytes % 4 != 0) {
        return -EINVAL;
    }
    xnvme_prep_adm_log(ctx, lid, lsp, lpo_nbytes, nsid, rae, dbuf_nbytes);
    return xnvme_cmd_pass_admin(ctx, dbuf, dbuf_nbytes, nullptr, 0);
}

void xnvme_prep_adm_gfeat(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint8_t fid, uint8_t sel) {
    if (ctx == nullptr) return;
    ctx->cmd.common.opcode = XNVME_SPEC_ADM_OPC_GFEAT;
    ctx->cmd.common.nsid = nsid;
    ctx->cmd.gfeat.cdw10.val = 0;
    ctx->cmd.gfeat.cdw10.fid = fid;
    ctx->cmd.gfeat.cdw10.sel = sel & 0x7u;
}

void xnvme_prep_adm_sfeat(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint8_t fid, uint32_t feat,
                          uint8_t save) {
    if (ctx == nullptr) return;
    ctx->cmd.common.opcode = XNVME_SPEC_ADM_OPC_SFEAT;
    ctx->cmd.common.nsid = nsid;
    ctx->cmd.sfeat.cdw10.val = 0;
    ctx->cmd.sfeat.cdw10.fid = fid;
    ctx->cmd.sfeat.cdw10.save = save != 0;
    ctx->cmd.sfeat.feat.val = feat;
}

int xnvme_adm_gfeat(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint8_t fid, uint8_t sel, void* dbuf,
                    size_t dbuf_nbytes) {
    xnvme_prep_adm_gfeat(ctx, nsid, fid, sel);
    return xnvme_cmd_pass_admin(ctx, dbuf, dbuf_nbytes, nullptr, 0);
}

int xnvme_adm_sfeat(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint8_t fid, uint32_t feat,
                    uint8_t save, const void* dbuf, size_t dbuf_nbytes) {
    xnvme_prep_adm_sfeat(ctx, nsid, fid, feat, save);
    return xnvme_cmd_pass_admin(ctx, const_cast<void*>(dbuf), dbuf_nbytes, nullptr, 0);
}

int xnvme_adm_format(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint8_t lbaf, uint8_t, uint8_t mset,
                     uint8_t ses, uint8_t pi, uint8_t pil) {
    if (ctx == nullptr) return -EINVAL;
    xnvme_spec_cmd& cmd = ctx->cmd;
    cmd.common.opcode = XNVME_SPEC_NVM_OPC_FMT & 0xffu;
    cmd.common.nsid = nsid;
    cmd.format.lbafl = lbaf & 0xfu;
    cmd.format.lbafu = (lbaf >> 4) & 0x3u;
    cmd.format.mset = mset & 0x1u;
    cmd.format.ses = ses & 0x7u;
    cmd.format.pi = pi & 0x7u;
    cmd.format.pil = pil & 0x1u;
    cmd.format.rsvd = 0;
    const int err = xnvme_cmd_pass_admin(ctx, nullptr, 0, nullptr, 0);
    return err != 0 ? err : xnvme_dev_derive_geo(ctx->dev);
}

int xnvme_nvm_sanitize(struct xnvme_cmd_ctx* ctx, uint8_t sanact, bool ause, uint32_t ovrpat,
                       uint8_t owpass, bool oipbp, bool nodas) {
    if (ctx == nullptr) return -EINVAL;
    xnvme_spec_cmd& cmd = ctx->cmd;
    cmd.common.opcode = XNVME_SPEC_NVM_OPC_SANITIZE & 0xffu;
    cmd.sanitize.sanact = sanact & 0x7u;
    cmd.sanitize.ause = ause;
    cmd.sanitize.owpass = owpass & 0xfu;
    cmd.sanitize.oipbp = oipbp;
    cmd.sanitize.nodas = nodas;
    cmd.sanitize.rsvd = 0;
    cmd.sanitize.ovrpat = ovrpat;
    return xnvme_cmd_pass_admin(ctx, nullptr, 0, nullptr, 0);
}

int xnvme_adm_dir_send(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint8_t doper, uint32_t dtype,
                       uint32_t dspec, uint32_t val) {
    if (ctx == nullptr) return -EINVAL;
    xnvme_spec_cmd& cmd = ctx->cmd;
    cmd.common.opcode = XNVME_SPEC_ADM_OPC_DSEND;
    cmd.common.nsid = nsid;
    cmd.dsend.numd = 0;
    cmd.dsend.doper = doper;
    cmd.dsend.dtype = dtype & 0xffu;
    cmd.dsend.dspec = dspec & 0xffffu;
    cmd.dsend.cdw12.val = val;
    return xnvme_cmd_pass_admin(ctx, nullptr, 0, nullptr, 0);
}

int xnvme_adm_dir_recv(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint8_t doper, uint32_t dtype,
                       uint32_t val, void* dbuf, size_t dbuf_nbytes) {
    if (ctx == nullptr) return -EINVAL;
    xnvme_spec_cmd& cmd = ctx->cmd;
    cmd.common.opcode = XNVME_SPEC_ADM_OPC_DRECV;
    cmd.common.nsid = nsid;
    cmd.drecv.numd = zero_based_dwords(dbuf_nbytes);
    cmd.drecv.doper = doper;
    cmd.drecv.dtype = dtype & 0xffu;
    cmd.drecv.dspec = 0;
    cmd.drecv.cdw12.val = val;
    return xnvme_cmd_pass_admin(ctx, dbuf, dbuf_nbytes, nullptr, 0);
}
