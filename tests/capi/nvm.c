// The NVM command set beyond reading and writing: compare, write zeroes, deallocate, copy, write
// uncorrectable. What the device says that it does not have, it refuses.
#include "check.h"

enum { kBlocks = 4 };

static struct xnvme_dev* dev;
static uint32_t nsid;
static size_t nbytes;
static char* wbuf;
static char* rbuf;

static void write_blocks(uint64_t slba, uint64_t seed) {
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    test_fill(wbuf, nbytes, seed);
    CHECK_INT(xnvme_nvm_write(&ctx, nsid, slba, kBlocks - 1, wbuf, NULL), 0);
}

static int read_blocks(uint64_t slba) {
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    memset(rbuf, 0xee, nbytes);
    return xnvme_nvm_read(&ctx, nsid, slba, kBlocks - 1, rbuf, NULL);
}

static void test_compare(void) {
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    write_blocks(0, 1);
    CHECK_INT(xnvme_nvm_compare(&ctx, nsid, 0, kBlocks - 1, wbuf, NULL), 0);
    wbuf[nbytes - 1] = (char)(wbuf[nbytes - 1] + 1);
    CHECK_INT(xnvme_nvm_compare(&ctx, nsid, 0, kBlocks - 1, wbuf, NULL), -EIO);
    CHECK_INT(ctx.cpl.status.sct, XNVME_STATUS_CODE_TYPE_MEDIA);
    CHECK_INT(ctx.cpl.status.sc, 0x85);
    CHECK(xnvme_cmd_ctx_cpl_status(&ctx) != 0);
    CHECK_INT(xnvme_cmd_ctx_os_error(&ctx), 0);
    CHECK_INT(xnvme_cmd_ctx_result(&ctx), -EIO);
}

static void test_zeroes(void) {
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    write_blocks(8, 2);
    CHECK_INT(xnvme_nvm_write_zeroes(&ctx, nsid, 8, kBlocks - 1), 0);
    CHECK_INT(read_blocks(8), 0);
    memset(wbuf, 0, nbytes);
    CHECK_INT(xnvme_buf_diff(wbuf, rbuf, nbytes), 0);
}

// What a deallocated block reads as is the device's to choose; the others stay as they are.
static void test_deallocate(void) {
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    struct xnvme_spec_dsm_range* const ranges = xnvme_buf_alloc(dev, 4096);
    NEED(ranges != NULL);
    for (uint64_t i = 0; i < 3; ++i) write_blocks(16 + i * kBlocks, 3 + i);
    ranges[0].slba = 16;
    ranges[0].llb = kBlocks;
    ranges[1].slba = 16 + 2 * kBlocks;
    ranges[1].llb = kBlocks;
    CHECK_INT(xnvme_nvm_dsm(&ctx, nsid, ranges, 1, true, false, false), 0);
    CHECK_INT(read_blocks(16 + kBlocks), 0);
    CHECK(test_holds(rbuf, nbytes, 4));
    CHECK_INT(read_blocks(16), 0);
    ranges[1].slba = UINT64_MAX - 1;
    CHECK_INT(xnvme_nvm_dsm(&ctx, nsid, ranges, 1, true, false, false), -ERANGE);
    xnvme_buf_free(dev, ranges);
}

static void test_copy(void) {
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    struct xnvme_spec_nvm_scopy_fmt_zero* const ranges = xnvme_buf_alloc(dev, 4096);
    NEED(ranges != NULL);
    write_blocks(40, 6);
    write_blocks(60, 7);
    ranges[0].slba = 60;
    ranges[0].nlb = kBlocks - 1;
    ranges[1].slba = 40;
    ranges[1].nlb = kBlocks - 1;
    CHECK_INT(xnvme_nvm_scopy(&ctx, nsid, 80, ranges, 1, XNVME_NVM_SCOPY_FMT_ZERO), 0);
    CHECK_INT(read_blocks(80), 0);
    CHECK(test_holds(rbuf, nbytes, 7));
    CHECK_INT(read_blocks(80 + kBlocks), 0);
    CHECK(test_holds(rbuf, nbytes, 6));
    CHECK_INT(xnvme_nvm_scopy(&ctx, nsid, 80, ranges, 1, XNVME_NVM_SCOPY_FMT_SRCLEN), -ENOTSUP);
    xnvme_buf_free(dev, ranges);
}

static void test_uncorrectable(bool is_there) {
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    write_blocks(100, 8);
    const int err = xnvme_nvm_write_uncorrectable(&ctx, nsid, 100, kBlocks - 1);
    if (!is_there) {
        CHECK(err == -EIO || err == -ENOTSUP);
        CHECK_INT(read_blocks(100), 0);
        CHECK(test_holds(rbuf, nbytes, 8));
        return;
    }
    CHECK_INT(err, 0);
    CHECK_INT(read_blocks(100), -EIO);
    write_blocks(100, 9);
    CHECK_INT(read_blocks(100), 0);
    CHECK(test_holds(rbuf, nbytes, 9));
}

int main(int argc, char** argv) {
    struct test_arguments arguments = test_parse(argc, argv);
    dev = test_open(&arguments);
    nsid = xnvme_dev_get_nsid(dev);
    nbytes = kBlocks * (size_t)xnvme_dev_get_geo(dev)->lba_nbytes;
    wbuf = xnvme_buf_alloc(dev, nbytes);
    rbuf = xnvme_buf_alloc(dev, nbytes);
    NEED(wbuf != NULL && rbuf != NULL);
    const struct xnvme_spec_idfy_ctrlr* const ctrlr = xnvme_dev_get_ctrlr(dev);
    CHECK(ctrlr->oncs.compare && ctrlr->oncs.dsm && ctrlr->oncs.write_zeroes && ctrlr->oncs.copy);
    test_compare();
    test_zeroes();
    test_deallocate();
    test_copy();
    test_uncorrectable(ctrlr->oncs.write_unc);
    xnvme_buf_free(dev, wbuf);
    xnvme_buf_free(dev, rbuf);
    xnvme_dev_close(dev);
    return test_finish("nvm");
}
