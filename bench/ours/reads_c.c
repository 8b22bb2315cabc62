// The reads through the C API, filled in and passed as fio's engine does it.
#include <libxnvme.h>
#include <libxnvme_more.h>

#include "bench/load.h"

static struct load run;

static void finished(struct xnvme_cmd_ctx* ctx, void* buffer) {
    const bool good = xnvme_cmd_ctx_cpl_status(ctx) == 0;
    xnvme_queue_put_cmd_ctx(ctx->async.queue, ctx);
    load_completed(&run, (char*)buffer, good);
}

static void complete(struct xnvme_queue* queue) {
    const int done = run.wait ? xnvme_queue_wait_for(queue, 1, -1) : xnvme_queue_poke(queue, 0);
    if (done < 0) load_fail("the queue", -done);
}

static void read_all(struct xnvme_queue* queue, uint32_t nsid, uint32_t blocks) {
    load_start(&run);
    while (run.completed < run.count) {
        while (load_may_submit(&run)) {
            struct xnvme_cmd_ctx* const ctx = xnvme_queue_get_cmd_ctx(queue);
            char* const buffer = load_take(&run);
            ctx->async.cb = finished;
            ctx->async.cb_arg = buffer;
            ctx->cmd.common.opcode = XNVME_SPEC_NVM_OPC_READ;
            ctx->cmd.common.nsid = nsid;
            ctx->cmd.nvm.slba = load_next_block(&run) * blocks;
            ctx->cmd.nvm.nlb = (uint16_t)(blocks - 1);
            const int error = xnvme_cmd_pass(ctx, buffer, kLoadBytes, NULL, 0);
            if (error != 0) load_fail("xnvme_cmd_pass", -error);
        }
        complete(queue);
    }
    load_stop(&run);
}

/// What was never written is not read: a model device answers with zeroes from nowhere.
static void write_all(struct xnvme_dev* dev, void* memory, uint32_t blocks) {
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    const uint64_t end = xnvme_dev_get_geo(dev)->tbytes / kLoadBytes * blocks;
    for (uint64_t slba = 0; slba < end; slba += blocks) {
        const int error = xnvme_nvm_write(&ctx, xnvme_dev_get_nsid(dev), slba,
                                          (uint16_t)(blocks - 1), memory, NULL);
        if (error != 0) load_fail("xnvme_nvm_write", -error);
    }
}

int main(int argc, char** argv) {
    load_options(&run, argc, argv);
    if (run.batch || run.latency) load_usage(argv[0]);
    struct xnvme_opts opts = xnvme_opts_default();
    opts.async = strcmp(run.interface, "default") != 0 ? run.interface : NULL;
    opts.rdonly = run.fill ? 0 : 1;
    opts.direct = run.direct ? 1 : 0;
    struct xnvme_dev* const dev = xnvme_dev_open(run.device, &opts);
    if (dev == NULL) load_fail(xnvme_error_sentence(), 0);
    const struct xnvme_geo* const geo = xnvme_dev_get_geo(dev);
    if (geo->lba_nbytes == 0 || kLoadBytes % geo->lba_nbytes != 0)
        load_fail("a read of 4 KiB is not whole blocks of this device", 0);
    void* const memory = xnvme_buf_alloc(dev, (size_t)run.depth * kLoadBytes);
    struct xnvme_queue* queue = NULL;
    if (memory == NULL || xnvme_queue_init(dev, (uint16_t)run.depth, 0, &queue) != 0)
        load_fail(xnvme_error_sentence(), 0);
    if (run.fill) write_all(dev, memory, kLoadBytes / geo->lba_nbytes);
    load_prepare(&run, geo->tbytes, (char*)memory);
    read_all(queue, xnvme_dev_get_nsid(dev), kLoadBytes / geo->lba_nbytes);
    load_print(&run, run.interface);
    xnvme_queue_term(queue);
    xnvme_buf_free(dev, memory);
    xnvme_dev_close(dev);
    return 0;
}
