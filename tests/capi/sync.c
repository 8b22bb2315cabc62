// Synchronous commands: reads and writes, lists, the rest of the NVM command set, admin commands.
#include "check.h"

enum { kBlocks = 8 };

static struct xnvme_dev* dev;
static const struct xnvme_geo* geo;
static uint32_t nsid;
static char* wbuf;
static char* rbuf;
static size_t nbytes;

static void test_geometry(void) {
    CHECK(geo->lba_nbytes >= 512);
    CHECK_INT(UINT64_C(1) << xnvme_dev_get_ssw(dev), geo->nbytes);
    CHECK_INT((uint64_t)geo->npugrp * geo->npunit * geo->nzone * geo->nsect * geo->lba_nbytes,
              geo->tbytes);
    CHECK(geo->mdts_nbytes >= nbytes);
    CHECK(xnvme_dev_get_ctrlr(dev) != NULL);
    CHECK_INT(xnvme_dev_get_ns(dev)->nsze, geo->nsect);
    CHECK(xnvme_dev_get_be_state(dev) != NULL);
    CHECK(strlen(xnvme_dev_get_ident(dev)->uri) > 0);
    CHECK_INT(xnvme_dev_get_ident(dev)->nsid, nsid);
    CHECK(xnvme_dev_get_opts(dev)->sync != NULL);
    CHECK_INT(xnvme_dev_derive_geo(dev), 0);
}

static void test_write_and_read(void) {
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    CHECK(ctx.dev == dev && ctx.async.queue == NULL);
    for (uint64_t slba = 0; slba < 3 * kBlocks; slba += kBlocks) {
        test_fill(wbuf, nbytes, slba);
        CHECK_INT(xnvme_nvm_write(&ctx, nsid, slba, kBlocks - 1, wbuf, NULL), 0);
        CHECK_INT(xnvme_cmd_ctx_cpl_status(&ctx), 0);
    }
    for (uint64_t slba = 0; slba < 3 * kBlocks; slba += kBlocks) {
        memset(rbuf, 0, nbytes);
        CHECK_INT(xnvme_nvm_read(&ctx, nsid, slba, kBlocks - 1, rbuf, NULL), 0);
        CHECK(test_holds(rbuf, nbytes, slba));
    }
}

// Programs fill the fields themselves, and a namespace of 0 is the device's own.
static void test_own_fields(void) {
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    test_fill(wbuf, nbytes, 77);
    ctx.cmd.common.opcode = XNVME_SPEC_NVM_OPC_WRITE;
    ctx.cmd.common.nsid = 0;
    ctx.cmd.nvm.slba = 5;
    ctx.cmd.nvm.nlb = kBlocks - 1;
    CHECK_INT(xnvme_cmd_pass(&ctx, wbuf, nbytes, NULL, 0), 0);
    ctx.cmd.common.opcode = XNVME_SPEC_NVM_OPC_READ;
    CHECK_INT(xnvme_cmd_pass(&ctx, rbuf, nbytes, NULL, 0), 0);
    CHECK(test_holds(rbuf, nbytes, 77));
    CHECK_INT(xnvme_cmd_ctx_nbytes(&ctx), nbytes);
    xnvme_cmd_ctx_clear(&ctx);
    CHECK_INT(ctx.cmd.common.opcode, 0);
    CHECK(ctx.dev == dev);
}

static void test_lists(void) {
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    const size_t block = geo->lba_nbytes;
    struct iovec list[3] = {
        {wbuf, block}, {wbuf + 3 * block, 4 * block}, {wbuf + block, 3 * block}};
    test_fill(wbuf, nbytes, 99);
    xnvme_prep_nvm(&ctx, XNVME_SPEC_NVM_OPC_WRITE, nsid, 16, kBlocks - 1);
    CHECK_INT(xnvme_cmd_passv(&ctx, list, 3, nbytes, NULL, 0, 0), 0);
    xnvme_prep_nvm(&ctx, XNVME_SPEC_NVM_OPC_READ, nsid, 16, kBlocks - 1);
    CHECK_INT(xnvme_cmd_pass(&ctx, rbuf, nbytes, NULL, 0), 0);
    CHECK(memcmp(rbuf, wbuf, block) == 0);
    CHECK(memcmp(rbuf + block, wbuf + 3 * block, 4 * block) == 0);
    CHECK(memcmp(rbuf + 5 * block, wbuf + block, 3 * block) == 0);

    memset(rbuf, 0, nbytes);
    struct iovec one = {rbuf, nbytes};
    CHECK_INT(xnvme_cmd_pass_iov(&ctx, &one, 1, nbytes, NULL, 0), 0);
    CHECK(memcmp(rbuf, wbuf, block) == 0);
    CHECK_INT(xnvme_cmd_passv(&ctx, NULL, 1, 0, NULL, 0, 0), -EINVAL);
}

static void test_zeroes_and_flush(void) {
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    CHECK_INT(xnvme_nvm_write_zeroes(&ctx, nsid, 0, kBlocks - 1), 0);
    CHECK_INT(xnvme_nvm_read(&ctx, nsid, 0, kBlocks - 1, rbuf, NULL), 0);
    memset(wbuf, 0, nbytes);
    CHECK_INT(xnvme_buf_diff(wbuf, rbuf, nbytes), 0);
    xnvme_cmd_ctx_clear(&ctx);
    ctx.cmd.common.opcode = XNVME_SPEC_NVM_OPC_FLUSH;
    ctx.cmd.common.nsid = nsid;
    CHECK_INT(xnvme_cmd_pass(&ctx, NULL, 0, NULL, 0), 0);
    CHECK_INT(xnvme_file_sync(dev), 0);
}

static void test_refusals(void) {
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    const uint64_t blocks = geo->nzone * geo->nsect;
    CHECK_INT(xnvme_nvm_read(&ctx, nsid, blocks, 0, rbuf, NULL), -ERANGE);
    CHECK_INT(xnvme_nvm_read(&ctx, nsid, blocks - 1, 1, rbuf, NULL), -ERANGE);
    CHECK_INT(xnvme_nvm_read(&ctx, nsid, 0, 0, NULL, NULL), -EINVAL);
    xnvme_prep_nvm(&ctx, XNVME_SPEC_NVM_OPC_READ, nsid, 0, 1);
    CHECK_INT(xnvme_cmd_pass(&ctx, rbuf, geo->lba_nbytes, NULL, 0), -EINVAL);
    // A failure does not stick to the context.
    CHECK_INT(xnvme_nvm_read(&ctx, nsid, 0, 0, rbuf, NULL), 0);
    CHECK_INT(xnvme_cmd_ctx_cpl_status(&ctx), 0);
}

static void test_admin(void) {
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    struct xnvme_spec_idfy* const idfy = xnvme_buf_alloc(dev, sizeof *idfy);
    NEED(idfy != NULL);
    CHECK_INT(xnvme_adm_idfy_ctrlr(&ctx, idfy), 0);
    CHECK(memcmp(idfy, xnvme_dev_get_ctrlr(dev), sizeof idfy->ctrlr.mn + 24) == 0);
    CHECK_INT(xnvme_adm_idfy_ns(&ctx, nsid, idfy), 0);
    CHECK_INT(idfy->ns.nsze, geo->nsect);
    CHECK_INT(xnvme_adm_idfy(&ctx, XNVME_SPEC_IDFY_CTRLR, 0, 0, 0, 0, idfy), 0);
    CHECK_INT(idfy->ctrlr.sqes.min, 6);
    // A structure that nobody has is the device's to refuse.
    CHECK(xnvme_adm_idfy(&ctx, 0xf0, 0, 0, 0, 0, idfy) < 0);
    xnvme_buf_free(dev, idfy);
}

int main(int argc, char** argv) {
    struct test_arguments arguments = test_parse(argc, argv);
    dev = test_open(&arguments);
    geo = xnvme_dev_get_geo(dev);
    nsid = xnvme_dev_get_nsid(dev);
    nbytes = (size_t)kBlocks * geo->lba_nbytes;
    wbuf = xnvme_buf_alloc(dev, nbytes);
    rbuf = xnvme_buf_alloc(dev, nbytes);
    NEED(wbuf != NULL && rbuf != NULL);
    test_geometry();
    test_write_and_read();
    test_own_fields();
    test_lists();
    test_zeroes_and_flush();
    test_refusals();
    test_admin();
    xnvme_buf_free(dev, wbuf);
    xnvme_buf_free(dev, rbuf);
    xnvme_dev_close(dev);
    return test_finish("sync");
}
