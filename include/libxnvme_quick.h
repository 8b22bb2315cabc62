/// \file
/// The three functions that a program calls for every command, once more, for the compiler to put
/// into the program: taking a context, passing the common command to a queue, giving the context
/// back. What needs a closer look, and everything that fails, goes to the functions of the same
/// names in the library, which do the same for whoever takes their addresses.
///
/// Only where the compiler optimises, so that tools that read the headers see plain declarations.
/// Define XNVME_NO_QUICK before including any header to have none of it.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <libxnvme_cmd.h>
#include <libxnvme_queue.h>

/// What stands first in a queue. This layout is the library's for as long as its soname stays.
struct xnvme_queue_quick {
    const void* library;
    struct xnvme_cmd_ctx** free_top;  ///< Behind the free context that was given back last.
    struct xnvme_cmd_ctx** free_end;  ///< Where `free_top` is when all are free.
    void* storage[2];
    uint64_t depth;
    struct xnvme_cmd_ctx** staged_begin;
    struct xnvme_cmd_ctx** staged_top;  ///< Where the next command goes,
    struct xnvme_cmd_ctx** staged_end;  ///< unless that is here.
    uint64_t counts;
    uint64_t slba_below;      ///< First blocks from here on need a closer look.
    uint64_t block_nbytes;    ///< Bytes of buffer per block.
    uint32_t alignment_mask;  ///< Addresses have these bits 0.
    uint32_t nlb_below[256];  ///< By opcode: `nlb` from here on needs a closer look.
};

#if defined(__OPTIMIZE__) && defined(__GNUC__) && defined(__LP64__) && !defined(XNVME_NO_QUICK)

#ifdef __cplusplus
extern "C" {
#endif

#define XNVME_QUICK extern inline __attribute__((gnu_inline, always_inline))
#define XNVME_QUICK_TEXT_(text) #text
#define XNVME_QUICK_TEXT(text) XNVME_QUICK_TEXT_(text)
/// The library's function of that name.
#define XNVME_QUICK_SYMBOL(name) __asm__(XNVME_QUICK_TEXT(__USER_LABEL_PREFIX__) name)

struct xnvme_cmd_ctx* xnvme_queue_get_cmd_ctx_whole(struct xnvme_queue* queue)
    XNVME_QUICK_SYMBOL("xnvme_queue_get_cmd_ctx");
int xnvme_queue_put_cmd_ctx_whole(struct xnvme_queue* queue, struct xnvme_cmd_ctx* ctx)
    XNVME_QUICK_SYMBOL("xnvme_queue_put_cmd_ctx");
int xnvme_cmd_pass_whole(struct xnvme_cmd_ctx* ctx, void* dbuf, size_t dbuf_nbytes, void* mbuf,
                         size_t mbuf_nbytes) XNVME_QUICK_SYMBOL("xnvme_cmd_pass");

XNVME_QUICK struct xnvme_cmd_ctx* xnvme_queue_get_cmd_ctx(struct xnvme_queue* queue) {
    struct xnvme_queue_quick* const quick = (struct xnvme_queue_quick*)queue;
    if (__builtin_expect(quick != NULL, 1)) {
        struct xnvme_cmd_ctx* const ctx = quick->free_top[-1];
        if (__builtin_expect(ctx != NULL, 1)) {
            --quick->free_top;
            return ctx;
        }
    }
    return xnvme_queue_get_cmd_ctx_whole(queue);
}

XNVME_QUICK int xnvme_queue_put_cmd_ctx(struct xnvme_queue* queue, struct xnvme_cmd_ctx* ctx) {
    struct xnvme_queue_quick* const quick = (struct xnvme_queue_quick*)queue;
    if (__builtin_expect(quick != NULL && ctx != NULL && ctx->async.queue == queue &&
                             quick->free_top != quick->free_end,
                         1)) {
        *quick->free_top++ = ctx;
        return 0;
    }
    return xnvme_queue_put_cmd_ctx_whole(queue, ctx);
}

XNVME_QUICK int xnvme_cmd_pass(struct xnvme_cmd_ctx* ctx, void* dbuf, size_t dbuf_nbytes,
                               void* mbuf, size_t mbuf_nbytes) {
    if (__builtin_expect(ctx != NULL && mbuf == NULL && mbuf_nbytes == 0 && dbuf != NULL, 1)) {
        struct xnvme_queue_quick* const quick = (struct xnvme_queue_quick*)ctx->async.queue;
        const uint32_t nlb = ctx->cmd.nvm.nlb;
        uint16_t control;  // The upper half of command dword 12: DTYPE, PRINFO, FUA, LR.
        __builtin_memcpy(&control, (const char*)ctx + 50, sizeof control);
        if (__builtin_expect(quick != NULL && (control & 0x40f0) == 0 &&
                                 nlb < quick->nlb_below[ctx->cmd.common.opcode] &&
                                 ctx->cmd.nvm.slba < quick->slba_below &&
                                 dbuf_nbytes == (nlb + 1) * quick->block_nbytes &&
                                 ((uintptr_t)dbuf & quick->alignment_mask) == 0 &&
                                 ctx->async.cb != NULL && quick->staged_top < quick->staged_end,
                             1)) {
            ctx->cmd.common.mptr = 0;
            ctx->cmd.common.dptr.lnx_ioctl.data = (uintptr_t)dbuf;
            ctx->cmd.common.dptr.lnx_ioctl.metadata_len = 0;
            ctx->cmd.common.dptr.lnx_ioctl.data_len = (uint32_t)dbuf_nbytes;
            __builtin_memset(&ctx->cpl, 0, sizeof ctx->cpl);
            __builtin_memset(&ctx->opts, 0, sizeof ctx->opts + sizeof ctx->be_rsvd);
            __builtin_memcpy(&ctx->be_rsvd[8], &ctx->cmd.common.dptr.lnx_ioctl.data_len, 4);
            *quick->staged_top++ = ctx;
            return 0;
        }
    }
    return xnvme_cmd_pass_whole(ctx, dbuf, dbuf_nbytes, mbuf, mbuf_nbytes);
}

#undef XNVME_QUICK
#undef XNVME_QUICK_SYMBOL
#undef XNVME_QUICK_TEXT
#undef XNVME_QUICK_TEXT_

#ifdef __cplusplus
}
#endif

#endif
