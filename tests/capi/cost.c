// Reads through the C API, for counting what one costs: see cost_test.py, which compares it with
// the same loop through the C++ API in cost.cpp.
//   cost DEVICE ASYNC COUNT
#include <stdio.h>
#include <stdlib.h>

#include <libxnvme.h>

enum { kDepth = 32 };

static uint64_t completed;

static void finished(struct xnvme_cmd_ctx* ctx, void* cb_arg) {
    (void)cb_arg;
    completed += xnvme_cmd_ctx_cpl_status(ctx) == 0;
    xnvme_queue_put_cmd_ctx(ctx->async.queue, ctx);
}

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    const uint64_t count = strtoull(argv[3], NULL, 10);
    struct xnvme_opts opts = xnvme_opts_default();
    opts.async = argv[2];
    struct xnvme_dev* const dev = xnvme_dev_open(argv[1], &opts);
    if (dev == NULL) return perror(argv[1]), 1;
    const uint32_t nbytes = xnvme_dev_get_geo(dev)->lba_nbytes;
    const uint32_t nsid = xnvme_dev_get_nsid(dev);
    void* const buf = xnvme_buf_alloc(dev, nbytes);
    struct xnvme_queue* queue = NULL;
    if (buf == NULL || xnvme_queue_init(dev, kDepth, 0, &queue)) return 1;
    xnvme_queue_set_cb(queue, finished, NULL);
    for (uint64_t submitted = 0; completed < count;) {
        struct xnvme_cmd_ctx* ctx;
        while (submitted < count && (ctx = xnvme_queue_get_cmd_ctx(queue)) != NULL) {
            ctx->cmd.common.opcode = XNVME_SPEC_NVM_OPC_READ;
            ctx->cmd.common.nsid = nsid;
            ctx->cmd.nvm.slba = submitted & 1023;
            ctx->cmd.nvm.nlb = 0;
            if (xnvme_cmd_pass(ctx, buf, nbytes, NULL, 0)) return 1;
            ++submitted;
        }
        if (xnvme_queue_poke(queue, 0) < 0) return 1;
    }
    xnvme_queue_term(queue);
    xnvme_buf_free(dev, buf);
    xnvme_dev_close(dev);
    return 0;
}
