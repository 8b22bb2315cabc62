#include <cerrno>
#include <cstring>

#include "capi/errors.hpp"
#include "capi/handles.hpp"

using namespace xnvme::capi;

namespace {

constexpr std::uint8_t kKeyBytesMax = 16;

/// Fills a key-value command. The key's first 8 bytes stand in dwords 2 and 3, the others in 14 and
/// 15. Key Value Command Set 1.0 §3
int fill(xnvme_cmd_ctx* ctx, unsigned opcode, std::uint32_t nsid, const void* key,
         std::uint8_t key_len, std::uint32_t vbuf_nbytes, std::uint8_t options) noexcept {
    if (ctx == nullptr || key_len > kKeyBytesMax || (key == nullptr && key_len != 0)) {
        return -EINVAL;
    }
    std::uint8_t bytes[kKeyBytesMax] = {};
    if (key_len != 0) std::memcpy(bytes, key, key_len);
    ctx->cmd.common.opcode = opcode & 0xffu;
    xnvme_spec_kvs_cmd& cmd = ctx->cmd.kvs;
    cmd.nsid = nsid;
    std::memcpy(&cmd.key, bytes, sizeof cmd.key);
    std::memcpy(&cmd.key_hi, bytes + sizeof cmd.key, sizeof cmd.key_hi);
    cmd.cdw10 = vbuf_nbytes;
    cmd.cdw11.kl = key_len;
    cmd.cdw11.ro = options;
    cmd.cdw11.rsvd = 0;
    return 0;
}

int pass(xnvme_cmd_ctx* ctx, const void* vbuf, std::uint32_t vbuf_nbytes) noexcept {
    return xnvme_cmd_pass(ctx, const_cast<void*>(vbuf), vbuf_nbytes, nullptr, 0);
}

/// As `fill`, for commands that need a key.
int fill_with_key(xnvme_cmd_ctx* ctx, unsigned opcode, std::uint32_t nsid, const void* key,
                  std::uint8_t key_len, std::uint32_t vbuf_nbytes, std::uint8_t options) noexcept {
    if (key_len == 0) return -EINVAL;
    return fill(ctx, opcode, nsid, key, key_len, vbuf_nbytes, options);
}

}  // namespace

int xnvme_kvs_retrieve(struct xnvme_cmd_ctx* ctx, uint32_t nsid, const void* key, uint8_t key_len,
                       const void* vbuf, uint32_t vbuf_nbytes, uint8_t opt) {
    const int err =
        fill_with_key(ctx, XNVME_SPEC_KV_OPC_RETRIEVE, nsid, key, key_len, vbuf_nbytes, opt);
    return err != 0 ? err : pass(ctx, vbuf, vbuf_nbytes);
}

int xnvme_kvs_store(struct xnvme_cmd_ctx* ctx, uint32_t nsid, const void* key, uint8_t key_len,
                    const void* vbuf, uint32_t vbuf_nbytes, uint8_t opt) {
    const int err =
        fill_with_key(ctx, XNVME_SPEC_KV_OPC_STORE, nsid, key, key_len, vbuf_nbytes, opt);
    return err != 0 ? err : pass(ctx, vbuf, vbuf_nbytes);
}

int xnvme_kvs_delete(struct xnvme_cmd_ctx* ctx, uint32_t nsid, const void* key, uint8_t key_len) {
    const int err = fill_with_key(ctx, XNVME_SPEC_KV_OPC_DELETE, nsid, key, key_len, 0, 0);
    return err != 0 ? err : pass(ctx, nullptr, 0);
}

int xnvme_kvs_exist(struct xnvme_cmd_ctx* ctx, uint32_t nsid, const void* key, uint8_t key_len) {
    const int err = fill_with_key(ctx, XNVME_SPEC_KV_OPC_EXIST, nsid, key, key_len, 0, 0);
    return err != 0 ? err : pass(ctx, nullptr, 0);
}

int xnvme_kvs_list(struct xnvme_cmd_ctx* ctx, uint32_t nsid, const void* key, uint8_t key_len,
                   const void* vbuf, uint32_t vbuf_nbytes) {
    const int err = fill(ctx, XNVME_SPEC_KV_OPC_LIST, nsid, key, key_len, vbuf_nbytes, 0);
    return err != 0 ? err : pass(ctx, vbuf, vbuf_nbytes);
}
