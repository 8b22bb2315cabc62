/// \file
/// The NVM command set. NVM Command Set 1.0
///
/// Each function sets the fields that it takes in the context's command, leaves the others as they
/// are (a directive in dword 13, say), and passes it with `xnvme_cmd_pass`: it waits where the
/// context has no queue. They return what `xnvme_cmd_pass` does. `nlb` is zero-based.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <libxnvme_cmd.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Fills opcode, namespace, first block and number of blocks.
void xnvme_prep_nvm(struct xnvme_cmd_ctx* ctx, uint8_t opcode, uint32_t nsid, uint64_t slba,
                    uint16_t nlb);

/// Reads `nlb + 1` blocks into `dbuf`. `mbuf` takes the metadata where it is separate, or is NULL.
int xnvme_nvm_read(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint64_t slba, uint16_t nlb,
                   void* dbuf, void* mbuf);
/// Writes `nlb + 1` blocks from `dbuf`.
int xnvme_nvm_write(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint64_t slba, uint16_t nlb,
                    const void* dbuf, const void* mbuf);
/// Compares `nlb + 1` blocks with `dbuf`.
int xnvme_nvm_compare(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint64_t slba, uint16_t nlb,
                      void* dbuf, void* mbuf);
/// Makes `nlb + 1` blocks fail to read until they are written.
int xnvme_nvm_write_uncorrectable(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint64_t slba,
                                  uint16_t nlb);
/// Makes `nlb + 1` blocks read as zeroes.
int xnvme_nvm_write_zeroes(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint64_t sdlba, uint16_t nlb);
/// Dataset Management of `nr + 1` ranges: `ad` deallocates them, `idw` and `idr` say that they are
/// an integral dataset for writing and reading.
int xnvme_nvm_dsm(struct xnvme_cmd_ctx* ctx, uint32_t nsid, struct xnvme_spec_dsm_range* dsm_range,
                  uint8_t nr, bool ad, bool idw, bool idr);
/// Copies `nr + 1` source ranges to `sdlba`. Of `copy_fmt` only XNVME_NVM_SCOPY_FMT_ZERO is carried
/// (-ENOTSUP else).
int xnvme_nvm_scopy(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint64_t sdlba,
                    struct xnvme_spec_nvm_scopy_fmt_zero* ranges, uint8_t nr,
                    enum xnvme_nvm_scopy_fmt copy_fmt);
/// I/O Management Receive: `mo` the operation, `mos` its own field. NVMe Base 2.0 §7.3
int xnvme_nvm_mgmt_recv(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint8_t mo, uint16_t mos,
                        void* dbuf, uint32_t dbuf_nbytes);
/// I/O Management Send. NVMe Base 2.0 §7.4
int xnvme_nvm_mgmt_send(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint8_t mo, uint16_t mos,
                        void* dbuf, uint32_t dbuf_nbytes);

#ifdef __cplusplus
}
#endif
