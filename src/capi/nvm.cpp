#include <cerrno>

#include <xnvme/nvme/builders.hpp>

#include "capi/errors.hpp"
#include "capi/handles.hpp"

using namespace xnvme;
using namespace xnvme::capi;

namespace {

int transfer(xnvme_cmd_ctx* ctx, unsigned opcode, std::uint32_t nsid, std::uint64_t slba,
             std::uint16_t nlb, const void* dbuf, const void* mbuf) noexcept {
    if (ctx == nullptr || ctx->dev == nullptr) return -EINVAL;
    const Geometry& geometry = device_of(ctx->dev).geometry();
    xnvme_prep_nvm(ctx, static_cast<std::uint8_t>(opcode), nsid, slba, nlb);
    const std::uint64_t blocks = nlb + std::uint64_t{1};
    const bool pract = (context_of(ctx).command.cdw12 & nvme::kPract) != 0;
    // Metadata that the namespace does not have separately is not handed on.
    const std::uint64_t metadata_bytes =
        mbuf == nullptr ? 0 : geometry.separate_metadata_bytes(blocks, pract);
    return xnvme_cmd_pass(ctx, const_cast<void*>(dbuf), geometry.transfer_bytes(blocks, pract),
                          metadata_bytes == 0 ? nullptr : const_cast<void*>(mbuf), metadata_bytes);
}

}  // namespace

void xnvme_prep_nvm(struct xnvme_cmd_ctx* ctx, uint8_t opcode, uint32_t nsid, uint64_t slba,
                    uint16_t nlb) {
    if (ctx == nullptr) return;
    ctx->cmd.common.opcode = opcode;
    ctx->cmd.common.nsid = nsid;
    ctx->cmd.nvm.slba = slba;
    ctx->cmd.nvm.nlb = nlb;
}

int xnvme_nvm_read(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint64_t slba, uint16_t nlb,
                   void* dbuf, void* mbuf) {
    return transfer(ctx, XNVME_SPEC_NVM_OPC_READ, nsid, slba, nlb, dbuf, mbuf);
}

int xnvme_nvm_write(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint64_t slba, uint16_t nlb,
                    const void* dbuf, const void* mbuf) {
    return transfer(ctx, XNVME_SPEC_NVM_OPC_WRITE, nsid, slba, nlb, dbuf, mbuf);
}

int xnvme_nvm_compare(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint64_t slba, uint16_t nlb,
                      void* dbuf, void* mbuf) {
    return transfer(ctx, XNVME_SPEC_NVM_OPC_COMPARE, nsid, slba, nlb, dbuf, mbuf);
}

int xnvme_nvm_write_uncorrectable(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint64_t slba,
                                  uint16_t nlb) {
    xnvme_prep_nvm(ctx, XNVME_SPEC_NVM_OPC_WRITE_UNCORRECTABLE, nsid, slba, nlb);
    return xnvme_cmd_pass(ctx, nullptr, 0, nullptr, 0);
}

int xnvme_nvm_write_zeroes(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint64_t sdlba, uint16_t nlb) {
    xnvme_prep_nvm(ctx, XNVME_SPEC_NVM_OPC_WRITE_ZEROES, nsid, sdlba, nlb);
    return xnvme_cmd_pass(ctx, nullptr, 0, nullptr, 0);
}

int xnvme_nvm_dsm(struct xnvme_cmd_ctx* ctx, uint32_t nsid, struct xnvme_spec_dsm_range* dsm_range,
                  uint8_t nr, bool ad, bool idw, bool idr) {
    if (ctx == nullptr) return -EINVAL;
    ctx->cmd.common.opcode = XNVME_SPEC_NVM_OPC_DATASET_MANAGEMENT;
    ctx->cmd.common.nsid = nsid;
    ctx->cmd.dsm.nr = nr;
    ctx->cmd.dsm.rsvd1 = 0;
    ctx->cmd.dsm.ad = ad;
    ctx->cmd.dsm.idw = idw;
    ctx->cmd.dsm.idr = idr;
    ctx->cmd.dsm.rsvd2 = 0;
    return xnvme_cmd_pass(ctx, dsm_range, (nr + std::size_t{1}) * sizeof *dsm_range, nullptr, 0);
}

int xnvme_nvm_scopy(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint64_t sdlba,
                    struct xnvme_spec_nvm_scopy_fmt_zero* ranges, uint8_t nr,
                    enum xnvme_nvm_scopy_fmt copy_fmt) {
    if (ctx == nullptr) return -EINVAL;
    if (copy_fmt != XNVME_NVM_SCOPY_FMT_ZERO) return -ENOTSUP;
    ctx->cmd.common.opcode = XNVME_SPEC_NVM_OPC_SCOPY;
    ctx->cmd.common.nsid = nsid;
    ctx->cmd.scopy.sdlba = sdlba;
    ctx->cmd.scopy.nr = nr;
    ctx->cmd.scopy.df = 0;
    return xnvme_cmd_pass(ctx, ranges, (nr + std::size_t{1}) * sizeof *ranges, nullptr, 0);
}

int xnvme_nvm_mgmt_recv(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint8_t mo, uint16_t mos,
                        void* dbuf, uint32_t dbuf_nbytes) {
    if (ctx == nullptr || dbuf_nbytes < 4) return -EINVAL;
    ctx->cmd.common.opcode = XNVME_SPEC_NVM_OPC_IO_MGMT_RECV;
    ctx->cmd.common.nsid = nsid;
    ctx->cmd.mgmt.mgmt_recv.mo = mo;
    ctx->cmd.mgmt.mgmt_recv.rsvd = 0;
    ctx->cmd.mgmt.mgmt_recv.mos = mos;
    ctx->cmd.mgmt.mgmt_recv.numd = dbuf_nbytes / 4 - 1;
    return xnvme_cmd_pass(ctx, dbuf, dbuf_nbytes, nullptr, 0);
}

int xnvme_nvm_mgmt_send(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint8_t mo, uint16_t mos,
                        void* dbuf, uint32_t dbuf_nbytes) {
    if (ctx == nullptr) return -EINVAL;
    ctx->cmd.common.opcode = XNVME_SPEC_NVM_OPC_IO_MGMT_SEND;
    ctx->cmd.common.nsid = nsid;
    ctx->cmd.mgmt.mgmt_send.mo = mo;
    ctx->cmd.mgmt.mgmt_send.rsvd = 0;
    ctx->cmd.mgmt.mgmt_send.mos = mos;
    return xnvme_cmd_pass(ctx, dbuf, dbuf_nbytes, nullptr, 0);
}
