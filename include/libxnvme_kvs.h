/// \file
/// The key-value command set. Key Value Command Set 1.0
///
/// A key is 1 to 16 bytes. The functions wait where the context has no queue. They return 0 or a
/// negative errno: -EINVAL for a key of another length; -EIO where the device said no, with the
/// status (`enum xnvme_spec_kv_status_code`) in the completion.
#pragma once

#include <stdint.h>

#include <libxnvme_cmd.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Options of `xnvme_kvs_retrieve`.
enum xnvme_retrieve_opts {
    XNVME_KVS_RETRIEVE_OPT_RETRIEVE_RAW = 0x1,
};

/// Options of `xnvme_kvs_store`.
enum xnvme_store_opts {
    XNVME_KVS_STORE_OPT_DONT_STORE_IF_KEY_NOT_EXISTS = 0x1,
    XNVME_KVS_STORE_OPT_DONT_STORE_IF_KEY_EXISTS = 0x2,
    XNVME_KVS_STORE_OPT_COMPRESS = 0x4,
};

/// Reads the value of a key. Dword 0 of the completion has the bytes that the value has, which may
/// be more than were asked for.
int xnvme_kvs_retrieve(struct xnvme_cmd_ctx* ctx, uint32_t nsid, const void* key, uint8_t key_len,
                       const void* vbuf, uint32_t vbuf_nbytes, uint8_t opt);
/// Stores a value under a key.
int xnvme_kvs_store(struct xnvme_cmd_ctx* ctx, uint32_t nsid, const void* key, uint8_t key_len,
                    const void* vbuf, uint32_t vbuf_nbytes, uint8_t opt);
/// Deletes a key.
int xnvme_kvs_delete(struct xnvme_cmd_ctx* ctx, uint32_t nsid, const void* key, uint8_t key_len);
/// Succeeds where the key is there.
int xnvme_kvs_exist(struct xnvme_cmd_ctx* ctx, uint32_t nsid, const void* key, uint8_t key_len);
/// Lists keys, from the one given: a 32-bit count, then for each a 16-bit length and the key,
/// filled up to a multiple of 4 bytes.
int xnvme_kvs_list(struct xnvme_cmd_ctx* ctx, uint32_t nsid, const void* key, uint8_t key_len,
                   const void* vbuf, uint32_t vbuf_nbytes);

#ifdef __cplusplus
}
#endif
