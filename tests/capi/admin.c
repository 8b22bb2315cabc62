// Admin commands: identify of a command set, logs in parts, features; and, on model devices of its
// own, format, sanitize and directives.
#include "check.h"

static struct xnvme_dev* dev;
static uint32_t nsid;

static void test_identify(void) {
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    struct xnvme_spec_idfy* const idfy = xnvme_buf_alloc(dev, sizeof *idfy);
    NEED(idfy != NULL);
    CHECK_INT(xnvme_adm_idfy_ctrlr_csi(&ctx, XNVME_SPEC_CSI_NVM, idfy), 0);
    CHECK(memcmp(idfy, xnvme_dev_get_ctrlr_css(dev), sizeof *idfy) == 0);
    CHECK_INT(xnvme_adm_idfy_ns_csi(&ctx, nsid, XNVME_SPEC_CSI_NVM, idfy), 0);
    CHECK(memcmp(idfy, xnvme_dev_get_ns_css(dev), sizeof *idfy) == 0);
    // The active namespaces: a list of identifiers, of which this one is one.
    CHECK_INT(xnvme_adm_idfy(&ctx, XNVME_SPEC_IDFY_NSLIST, 0, 0, 0, 0, idfy), 0);
    uint32_t list[1024];
    memcpy(list, idfy, sizeof list);
    bool found = false;
    for (int i = 0; i < 1024 && list[i] != 0; ++i) found |= list[i] == nsid;
    CHECK(found);
    xnvme_buf_free(dev, idfy);
}

static void test_logs(void) {
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    struct xnvme_spec_log_health_entry* const health = xnvme_buf_alloc(dev, sizeof *health);
    char* const part = xnvme_buf_alloc(dev, 4096);
    NEED(health != NULL && part != NULL);
    CHECK_INT(
        xnvme_adm_log(&ctx, XNVME_SPEC_LOG_HEALTH, 0, 0, UINT32_MAX, 0, health, sizeof *health), 0);
    CHECK(health->comp_temp > 0);
    // The same bytes, by a command that the program fills.
    xnvme_prep_adm_log(&ctx, XNVME_SPEC_LOG_HEALTH, 0, 0, UINT32_MAX, 1, 16);
    CHECK_INT(ctx.cmd.common.opcode, XNVME_SPEC_ADM_OPC_LOG);
    CHECK_INT(ctx.cmd.log.numdl, 3);
    CHECK_INT(ctx.cmd.log.rae, 1);
    CHECK_INT(xnvme_cmd_pass_admin(&ctx, part, 16, NULL, 0), 0);
    CHECK(memcmp(part, health, 3) == 0);
    CHECK_INT(xnvme_adm_log(&ctx, XNVME_SPEC_LOG_HEALTH, 0, 0, UINT32_MAX, 0, part, 6), -EINVAL);
    CHECK_INT(xnvme_adm_log(&ctx, XNVME_SPEC_LOG_HEALTH, 0, 2, UINT32_MAX, 0, part, 8), -EINVAL);
    CHECK_INT(xnvme_adm_log(&ctx, XNVME_SPEC_LOG_HEALTH, 0, 0, UINT32_MAX, 0, part, 0), -EINVAL);
    // The end of the page alone.
    if (xnvme_dev_get_ctrlr(dev)->lpa.edlp) {
        CHECK_INT(xnvme_adm_log(&ctx, XNVME_SPEC_LOG_HEALTH, 0, 496, UINT32_MAX, 0, part, 16), 0);
        CHECK(memcmp(part, (char*)health + 496, 16) == 0);
    }
    xnvme_buf_free(dev, part);
    xnvme_buf_free(dev, health);
}

static uint32_t threshold(void) {
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    CHECK_INT(xnvme_adm_gfeat(&ctx, 0, XNVME_SPEC_FEAT_TEMP_THRESHOLD, XNVME_SPEC_FEAT_SEL_CURRENT,
                              NULL, 0),
              0);
    return ctx.cpl.cdw0;
}

static void test_features(void) {
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    const uint32_t before = threshold();
    CHECK_INT(xnvme_adm_sfeat(&ctx, 0, XNVME_SPEC_FEAT_TEMP_THRESHOLD, 0x155, 0, NULL, 0), 0);
    CHECK_INT(threshold() & 0xffff, 0x155);
    xnvme_cmd_ctx_clear(&ctx);
    xnvme_prep_adm_sfeat(&ctx, 0, XNVME_SPEC_FEAT_TEMP_THRESHOLD, before & 0xffff, 0);
    CHECK_INT(xnvme_cmd_pass_admin(&ctx, NULL, 0, NULL, 0), 0);
    xnvme_cmd_ctx_clear(&ctx);
    xnvme_prep_adm_gfeat(&ctx, 0, XNVME_SPEC_FEAT_TEMP_THRESHOLD, XNVME_SPEC_FEAT_SEL_CURRENT);
    CHECK_INT(xnvme_cmd_pass_admin(&ctx, NULL, 0, NULL, 0), 0);
    CHECK_INT(ctx.cpl.cdw0, before);
    // A feature that nobody has is the device's to refuse.
    CHECK_INT(xnvme_adm_gfeat(&ctx, 0, 0xfe, XNVME_SPEC_FEAT_SEL_CURRENT, NULL, 0), -EIO);
    CHECK_INT(ctx.cpl.status.sc, XNVME_STATUS_CODE_INVALID_FIELD);
}

// An admin command does not disturb a queue, also where its context is one of the queue's.
static void test_from_a_queue(void) {
    struct xnvme_queue* queue = NULL;
    NEED(xnvme_queue_init(dev, 4, 0, &queue) == 0);
    struct xnvme_cmd_ctx* const ctx = xnvme_queue_get_cmd_ctx(queue);
    NEED(ctx != NULL);
    CHECK_INT(xnvme_adm_gfeat(ctx, 0, XNVME_SPEC_FEAT_NQUEUES, 0, NULL, 0), 0);
    CHECK(ctx->async.queue == queue);
    CHECK_INT(xnvme_queue_get_outstanding(queue), 0);
    CHECK_INT(xnvme_queue_put_cmd_ctx(queue, ctx), 0);
    CHECK_INT(xnvme_queue_term(queue), 0);
}

/// The format of `data_bytes` without metadata; 255 where there is none.
static uint8_t format_of(const struct xnvme_spec_idfy_ns* ns, uint32_t data_bytes) {
    for (uint8_t i = 0; i <= ns->nlbaf; ++i) {
        if (ns->lbaf[i].ms == 0 && UINT32_C(1) << ns->lbaf[i].ds == data_bytes) return i;
    }
    return 255;
}

// After a format the geometry is that of the new format, and pointers from before show it too.
static void test_format(void) {
    struct xnvme_dev* const model = xnvme_dev_open("mem:16MiB", NULL);
    NEED(model != NULL);
    const struct xnvme_geo* const geo = xnvme_dev_get_geo(model);
    const struct xnvme_spec_idfy_ns* const set = xnvme_dev_get_ns_css(model);
    NEED(set != NULL);
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(model);
    char* const buf = xnvme_buf_alloc(model, 4096);
    NEED(buf != NULL);
    test_fill(buf, 512, 1);
    CHECK_INT(xnvme_nvm_write(&ctx, 1, 0, 0, buf, NULL), 0);
    CHECK_INT(geo->nbytes, 512);
    const uint8_t format = format_of(xnvme_dev_get_ns(model), 4096);
    NEED(format != 255);
    CHECK_INT(xnvme_adm_format(&ctx, 1, format, 0, 0, 0, 0, 0), 0);
    CHECK_INT(geo->nbytes, 4096);
    CHECK_INT(geo->ssw, 12);
    CHECK_INT(geo->nsect, (16 << 20) / 4096);
    CHECK(xnvme_dev_get_ns_css(model) == set);
    xnvme_cmd_ctx_clear(&ctx);
    CHECK_INT(xnvme_nvm_read(&ctx, 1, 0, 0, buf, NULL), 0);
    char zeroes[4096] = {0};
    CHECK_INT(xnvme_buf_diff(buf, zeroes, sizeof zeroes), 0);
    xnvme_cmd_ctx_clear(&ctx);
    CHECK_INT(xnvme_adm_format(&ctx, 1, 63, 0, 0, 0, 0, 0), -EIO);
    CHECK_INT(geo->nbytes, 4096);
    xnvme_buf_free(model, buf);
    xnvme_dev_close(model);
}

static void test_sanitize(void) {
    struct xnvme_dev* const model = xnvme_dev_open("mem:4MiB", NULL);
    NEED(model != NULL);
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(model);
    char buf[512];
    char zeroes[512] = {0};
    test_fill(buf, sizeof buf, 2);
    CHECK_INT(xnvme_nvm_write(&ctx, 1, 7, 0, buf, NULL), 0);
    // Block Erase. NVMe Base 2.0 §5.24
    CHECK_INT(xnvme_nvm_sanitize(&ctx, 2, false, 0, 0, false, false), 0);
    xnvme_cmd_ctx_clear(&ctx);
    CHECK_INT(xnvme_nvm_read(&ctx, 1, 7, 0, buf, NULL), 0);
    CHECK_INT(xnvme_buf_diff(buf, zeroes, sizeof buf), 0);
    CHECK_INT(xnvme_nvm_sanitize(&ctx, 7, false, 0, 0, false, false), -EIO);
    xnvme_dev_close(model);
}

// A stream is opened by a write that names it, and closed by its release.
static void test_streams(void) {
    struct xnvme_dev* const model = xnvme_dev_open("mem:16MiB?streams=8", NULL);
    NEED(model != NULL);
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(model);
    struct xnvme_spec_idfy_dir_rp* const idfy = xnvme_buf_alloc(model, sizeof *idfy);
    NEED(idfy != NULL);
    CHECK_INT(xnvme_adm_dir_recv(&ctx, 1, XNVME_SPEC_DRECV_IDFY_RETPR, XNVME_SPEC_DIR_IDENTIFY, 0,
                                 idfy, sizeof *idfy),
              0);
    CHECK(idfy->directives_supported.streams);
    // Enable the streams directive: bit 0 enables, the type stands in bits 15:8.
    CHECK_INT(xnvme_adm_dir_send(&ctx, 1, XNVME_SPEC_DSEND_IDFY_ENDIR, XNVME_SPEC_DIR_IDENTIFY, 0,
                                 1 | XNVME_SPEC_DIR_STREAMS << 8),
              0);
    struct xnvme_spec_streams_dir_rp parameters;
    CHECK_INT(xnvme_adm_dir_recv(&ctx, 1, XNVME_SPEC_DRECV_STREAMS_RETPR, XNVME_SPEC_DIR_STREAMS, 0,
                                 &parameters, sizeof parameters),
              0);
    CHECK_INT(parameters.msl, 8);
    CHECK_INT(xnvme_adm_dir_recv(&ctx, 1, XNVME_SPEC_DRECV_STREAMS_ALLRS, XNVME_SPEC_DIR_STREAMS, 4,
                                 NULL, 0),
              0);
    CHECK_INT(ctx.cpl.cdw0 & 0xffff, 4);
    char block[512] = {0};
    xnvme_cmd_ctx_clear(&ctx);
    ctx.cmd.nvm.dtype = XNVME_SPEC_DIR_STREAMS;
    ctx.cmd.nvm.cdw13.dspec = 3;
    CHECK_INT(xnvme_nvm_write(&ctx, 1, 0, 0, block, NULL), 0);
    uint16_t status[16];
    for (int released = 0; released < 2; ++released) {
        xnvme_cmd_ctx_clear(&ctx);
        CHECK_INT(xnvme_adm_dir_recv(&ctx, 1, XNVME_SPEC_DRECV_STREAMS_GETST,
                                     XNVME_SPEC_DIR_STREAMS, 0, status, sizeof status),
                  0);
        CHECK_INT(status[0], released ? 0 : 1);
        if (!released) CHECK_INT(status[1], 3);
        if (!released)
            CHECK_INT(xnvme_adm_dir_send(&ctx, 1, XNVME_SPEC_DSEND_STREAMS_RELID,
                                         XNVME_SPEC_DIR_STREAMS, 3, 0),
                      0);
    }
    xnvme_buf_free(model, idfy);
    xnvme_dev_close(model);
}

int main(int argc, char** argv) {
    struct test_arguments arguments = test_parse(argc, argv);
    dev = test_open(&arguments);
    nsid = xnvme_dev_get_nsid(dev);
    test_identify();
    test_logs();
    test_features();
    test_from_a_queue();
    test_format();
    test_sanitize();
    test_streams();
    xnvme_dev_close(dev);
    return test_finish("admin");
}
