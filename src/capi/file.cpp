#include <cerrno>

#include "capi/errors.hpp"
#include "capi/handles.hpp"

using namespace xnvme;
using namespace xnvme::capi;

namespace {

/// A file takes offsets in bytes. Everything else takes whole blocks, in the NVM command set.
int transfer(xnvme_cmd_ctx* ctx, unsigned file_opcode, unsigned block_opcode, void* buf,
             std::size_t count, off_t offset) noexcept {
    if (ctx == nullptr || ctx->dev == nullptr || offset < 0) return -EINVAL;
    const auto start = static_cast<std::uint64_t>(offset);
    if (xnvme_dev_get_csi(ctx->dev) == XNVME_SPEC_CSI_FS) {
        ctx->cmd.common.opcode = file_opcode & 0xffu;
        ctx->cmd.common.nsid = xnvme_dev_get_nsid(ctx->dev);
        ctx->cmd.nvm.slba = start;
        return xnvme_cmd_pass(ctx, buf, count, nullptr, 0);
    }
    const std::uint64_t unit = open_of(ctx->dev).geo.lba_nbytes;
    if (unit == 0 || count == 0 || start % unit != 0 || count % unit != 0) return -EINVAL;
    if (count / unit > 65536) return -EMSGSIZE;
    xnvme_prep_nvm(ctx, static_cast<std::uint8_t>(block_opcode), xnvme_dev_get_nsid(ctx->dev),
                   start / unit, static_cast<std::uint16_t>(count / unit - 1));
    return xnvme_cmd_pass(ctx, buf, count, nullptr, 0);
}

}  // namespace

struct xnvme_dev* xnvme_file_open(const char* pathname, struct xnvme_opts* opts) {
    return xnvme_dev_open(pathname, opts);
}

int xnvme_file_close(struct xnvme_dev* fh) {
    xnvme_dev_close(fh);
    return 0;
}

int xnvme_file_pread(struct xnvme_cmd_ctx* ctx, void* buf, size_t count, off_t offset) {
    return transfer(ctx, XNVME_SPEC_FS_OPC_READ, XNVME_SPEC_NVM_OPC_READ, buf, count, offset);
}

int xnvme_file_pwrite(struct xnvme_cmd_ctx* ctx, void* buf, size_t count, off_t offset) {
    return transfer(ctx, XNVME_SPEC_FS_OPC_WRITE, XNVME_SPEC_NVM_OPC_WRITE, buf, count, offset);
}

int xnvme_file_sync(struct xnvme_dev* fh) {
    if (fh == nullptr) return -EINVAL;
    xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(fh);
    const bool is_file = xnvme_dev_get_csi(fh) == XNVME_SPEC_CSI_FS;
    ctx.cmd.common.opcode =
        (is_file ? unsigned{XNVME_SPEC_FS_OPC_FLUSH} : unsigned{XNVME_SPEC_NVM_OPC_FLUSH}) & 0xffu;
    ctx.cmd.common.nsid = xnvme_dev_get_nsid(fh);
    return xnvme_cmd_pass(&ctx, nullptr, 0, nullptr, 0);
}

struct xnvme_cmd_ctx xnvme_file_get_cmd_ctx(struct xnvme_dev* fh) {
    return xnvme_cmd_ctx_from_dev(fh);
}
