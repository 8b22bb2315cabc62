/// \file
/// Admin commands. Each function sets the fields that it takes in the context's command, leaves the
/// others as they are, passes it with `xnvme_cmd_pass_admin`, and waits. They return 0 or a
/// negative errno: -EIO where the device said no, with the status in the completion.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libxnvme_cmd.h>
#include <libxnvme_spec.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Identify. NVMe Base 2.0 §5.17. `nsid` is the low byte only; the other functions take all of it.
int xnvme_adm_idfy(struct xnvme_cmd_ctx* ctx, uint8_t cns, uint16_t cntid, uint8_t nsid,
                   uint16_t nvmsetid, uint8_t uuid, struct xnvme_spec_idfy* dbuf);
/// Identify Controller (CNS 01h).
int xnvme_adm_idfy_ctrlr(struct xnvme_cmd_ctx* ctx, struct xnvme_spec_idfy* dbuf);
/// Identify Controller of a command set (CNS 06h).
int xnvme_adm_idfy_ctrlr_csi(struct xnvme_cmd_ctx* ctx, uint8_t csi, struct xnvme_spec_idfy* dbuf);
/// Identify Namespace (CNS 00h).
int xnvme_adm_idfy_ns(struct xnvme_cmd_ctx* ctx, uint32_t nsid, struct xnvme_spec_idfy* dbuf);
/// Identify Namespace of a command set (CNS 05h).
int xnvme_adm_idfy_ns_csi(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint8_t csi,
                          struct xnvme_spec_idfy* dbuf);

/// Fills a Get Log Page command: `lid` the page, `lsp` its own field, `lpo_nbytes` where to start,
/// `rae` not 0 to keep the asynchronous event. `dbuf_nbytes` is a multiple of 4. NVMe Base 2.0
/// §5.16
void xnvme_prep_adm_log(struct xnvme_cmd_ctx* ctx, uint8_t lid, uint8_t lsp, uint64_t lpo_nbytes,
                        uint32_t nsid, uint8_t rae, uint32_t dbuf_nbytes);
/// Get Log Page. -EINVAL also where offset or length are no multiples of 4, or the length is 0.
int xnvme_adm_log(struct xnvme_cmd_ctx* ctx, uint8_t lid, uint8_t lsp, uint64_t lpo_nbytes,
                  uint32_t nsid, uint8_t rae, void* dbuf, uint32_t dbuf_nbytes);

/// Fills a Get Features command. NVMe Base 2.0 §5.15
void xnvme_prep_adm_gfeat(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint8_t fid, uint8_t sel);
/// Fills a Set Features command. NVMe Base 2.0 §5.27
void xnvme_prep_adm_sfeat(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint8_t fid, uint32_t feat,
                          uint8_t save);
/// Get Features. The value is in dword 0 of the completion; `dbuf` may be NULL for features without
/// a structure.
int xnvme_adm_gfeat(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint8_t fid, uint8_t sel, void* dbuf,
                    size_t dbuf_nbytes);
/// Set Features. `dbuf` may be NULL for features without a structure.
int xnvme_adm_sfeat(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint8_t fid, uint32_t feat,
                    uint8_t save, const void* dbuf, size_t dbuf_nbytes);

/// Format NVM. `lbaf` is the block format, `zf` is not used, `mset` 1 for extended metadata, `ses`
/// the secure erase setting, `pi` the type of protection information and `pil` its place. The
/// device's geometry is read again afterwards: not while it has queues. NVMe Base 2.0 §5.14
int xnvme_adm_format(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint8_t lbaf, uint8_t zf,
                     uint8_t mset, uint8_t ses, uint8_t pi, uint8_t pil);

/// Starts a sanitize operation. `sanact` the action, `ause` to allow an unrestricted exit, `ovrpat`
/// and `owpass` pattern and passes of an overwrite, `oipbp` to invert the pattern between passes,
/// `nodas` not to deallocate afterwards. NVMe Base 2.0 §5.24
int xnvme_nvm_sanitize(struct xnvme_cmd_ctx* ctx, uint8_t sanact, bool ause, uint32_t ovrpat,
                       uint8_t owpass, bool oipbp, bool nodas);

/// Directive Send: `val` is command dword 12. NVMe Base 2.0 §5.10
int xnvme_adm_dir_send(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint8_t doper, uint32_t dtype,
                       uint32_t dspec, uint32_t val);
/// Directive Receive: `val` is command dword 12. NVMe Base 2.0 §5.9
int xnvme_adm_dir_recv(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint8_t doper, uint32_t dtype,
                       uint32_t val, void* dbuf, size_t dbuf_nbytes);

#ifdef __cplusplus
}
#endif
