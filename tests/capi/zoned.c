// Zones: what describes them, reports, management, appends alone and at depth, descriptor
// extensions, random write areas, the changed zone list, and devices that have no zones.
#include "check.h"

enum { kBlocks = 2, kAppends = 48 };

static struct xnvme_dev* dev;
static const struct xnvme_geo* geo;
static const struct xnvme_spec_znd_idfy_ns* zns;
static const struct xnvme_spec_znd_idfy_lbafe* format;
static uint32_t nsid;
static size_t nbytes;
static char* wbuf;
static char* rbuf;

static int manage(uint64_t zslba, enum xnvme_spec_znd_cmd_mgmt_send_action action) {
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    return xnvme_znd_mgmt_send(&ctx, nsid, zslba, false, action,
                               (enum xnvme_spec_znd_mgmt_send_action_so)0, NULL);
}

static void reset_all(void) {
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    CHECK_INT(xnvme_znd_mgmt_send(&ctx, nsid, 0, true, XNVME_SPEC_ZND_CMD_MGMT_SEND_RESET,
                                  (enum xnvme_spec_znd_mgmt_send_action_so)0, NULL),
              0);
}

static struct xnvme_spec_znd_descr zone_at(uint64_t slba) {
    struct xnvme_spec_znd_descr zone;
    memset(&zone, 0, sizeof zone);
    CHECK_INT(xnvme_znd_descr_from_dev(dev, slba, &zone), 0);
    return zone;
}

static uint64_t zones_that_are(enum xnvme_spec_znd_cmd_mgmt_recv_action_sf which) {
    uint64_t count = UINT64_MAX;
    CHECK_INT(xnvme_znd_stat(dev, which, &count), 0);
    return count;
}

static int write_at(uint64_t slba, uint64_t seed, struct xnvme_spec_status* status) {
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    test_fill(wbuf, nbytes, seed);
    const int err = xnvme_nvm_write(&ctx, nsid, slba, kBlocks - 1, wbuf, NULL);
    if (status != NULL) *status = ctx.cpl.status;
    return err;
}

static bool holds_at(uint64_t slba, uint64_t seed) {
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    memset(rbuf, 0, nbytes);
    CHECK_INT(xnvme_nvm_read(&ctx, nsid, slba, kBlocks - 1, rbuf, NULL), 0);
    return test_holds(rbuf, nbytes, seed);
}

static void test_identity(void) {
    CHECK_INT(geo->type, XNVME_GEO_ZONED);
    CHECK_INT(xnvme_dev_get_csi(dev), XNVME_SPEC_CSI_ZONED);
    CHECK_INT(geo->nsect, format->zsze);
    CHECK_INT((uint64_t)geo->nzone * geo->nsect, xnvme_dev_get_ns(dev)->nsze);
    CHECK(xnvme_znd_dev_get_ctrlr(dev) != NULL);
    CHECK((const void*)zns == (const void*)xnvme_dev_get_ns_css(dev));
    CHECK((const void*)xnvme_znd_dev_get_ctrlr(dev) == (const void*)xnvme_dev_get_ctrlr_css(dev));
    CHECK_INT(xnvme_dev_derive_geo(dev), 0);
    CHECK(xnvme_znd_dev_get_ns(dev) == zns);
    CHECK_INT(format->zsze, geo->nsect);
}

static void test_report(void) {
    struct xnvme_znd_report* report = xnvme_znd_report_from_dev(dev, 0, 0, 0);
    NEED(report != NULL);
    CHECK_INT(report->nzones, geo->nzone);
    CHECK_INT(report->nentries, geo->nzone);
    CHECK_INT(report->zrent_nbytes, 64);
    CHECK_INT(report->entries_nbytes, 64 * (uint64_t)geo->nzone);
    CHECK_INT(report->report_nbytes, sizeof *report + report->entries_nbytes);
    CHECK_INT(report->zelba, (geo->nzone - 1) * geo->nsect);
    for (uint32_t i = 0; i < report->nentries; ++i) {
        struct xnvme_spec_znd_descr* const zone = XNVME_ZND_REPORT_DESCR(report, i);
        CHECK_INT(zone->zslba, i * geo->nsect);
        CHECK_INT(zone->zt, XNVME_SPEC_ZND_TYPE_SEQWR);
        CHECK_INT(zone->zs, XNVME_SPEC_ZND_STATE_EMPTY);
        CHECK(zone->zcap > 0 && zone->zcap <= geo->nsect);
        const struct xnvme_lba_range range = xnvme_lba_range_from_zdescr(dev, zone);
        CHECK(range.attr.is_valid && range.attr.is_zoned);
        CHECK_INT(range.slba, zone->zslba);
        CHECK_INT(range.naddrs, zone->zcap);
    }
    uint64_t found = UINT64_MAX;
    CHECK_INT(xnvme_znd_report_find_arbitrary(report, XNVME_SPEC_ZND_STATE_EMPTY, &found, 0), 0);
    CHECK_INT(found % geo->nsect, 0);
    CHECK_INT(xnvme_znd_report_find_arbitrary(report, XNVME_SPEC_ZND_STATE_FULL, &found, 0),
              -ENXIO);
    FILE* const stream = tmpfile();
    NEED(stream != NULL);
    CHECK(xnvme_znd_report_fpr(stream, report, XNVME_PR_DEF) > 64 * (int)geo->nzone);
    fclose(stream);
    xnvme_buf_virt_free(report);

    // From the middle of the second zone, two of them.
    report = xnvme_znd_report_from_dev(dev, geo->nsect + 1, 2, 0);
    NEED(report != NULL);
    CHECK_INT(report->nentries, 2);
    CHECK_INT(report->zslba, geo->nsect);
    CHECK_INT(XNVME_ZND_REPORT_DESCR(report, 1)->zslba, 2 * geo->nsect);
    xnvme_buf_virt_free(report);
    errno = 0;
    CHECK(xnvme_znd_report_from_dev(dev, geo->nzone * geo->nsect, 0, 0) == NULL);
    CHECK_INT(errno, ERANGE);
}

static void test_states(void) {
    const uint64_t zslba = 2 * geo->nsect;
    struct xnvme_spec_znd_descr zone;
    CHECK_INT(zones_that_are(XNVME_SPEC_ZND_CMD_MGMT_RECV_SF_EMPTY), geo->nzone);
    CHECK_INT(manage(zslba, XNVME_SPEC_ZND_CMD_MGMT_SEND_OPEN), 0);
    CHECK_INT(zone_at(zslba).zs, XNVME_SPEC_ZND_STATE_EOPEN);
    CHECK_INT(write_at(zslba, 1, NULL), 0);
    CHECK_INT(manage(zslba, XNVME_SPEC_ZND_CMD_MGMT_SEND_CLOSE), 0);
    zone = zone_at(zslba);
    CHECK_INT(zone.zs, XNVME_SPEC_ZND_STATE_CLOSED);
    CHECK_INT(zone.wp, zslba + kBlocks);
    CHECK_INT(write_at(zslba + kBlocks, 2, NULL), 0);
    CHECK_INT(zone_at(zslba + 1).zs, XNVME_SPEC_ZND_STATE_IOPEN);
    CHECK(holds_at(zslba, 1) && holds_at(zslba + kBlocks, 2));
    struct xnvme_spec_status status;
    CHECK_INT(write_at(zslba, 3, &status), -EIO);
    CHECK_INT(status.sct, XNVME_STATUS_CODE_TYPE_CMDSPEC);
    CHECK_INT(status.sc, XNVME_SPEC_ZND_SC_INVALID_WRITE);

    CHECK_INT(manage(zslba, XNVME_SPEC_ZND_CMD_MGMT_SEND_FINISH), 0);
    CHECK_INT(zones_that_are(XNVME_SPEC_ZND_CMD_MGMT_RECV_SF_FULL), 1);
    CHECK_INT(zones_that_are(XNVME_SPEC_ZND_CMD_MGMT_RECV_SF_ALL), geo->nzone);
    CHECK_INT(xnvme_znd_descr_from_dev_in_state(dev, XNVME_SPEC_ZND_STATE_FULL, &zone), 0);
    CHECK_INT(zone.zslba, zslba);
    CHECK_INT(write_at(zslba + 2 * kBlocks, 3, &status), -EIO);
    CHECK_INT(status.sc, XNVME_SPEC_ZND_SC_IS_FULL);
    CHECK_INT(manage(zslba, XNVME_SPEC_ZND_CMD_MGMT_SEND_OPEN), -EIO);
    CHECK_INT(manage(zslba, XNVME_SPEC_ZND_CMD_MGMT_SEND_RESET), 0);
    CHECK_INT(zone_at(zslba).zs, XNVME_SPEC_ZND_STATE_EMPTY);
    CHECK_INT(xnvme_znd_descr_from_dev_in_state(dev, XNVME_SPEC_ZND_STATE_FULL, &zone), -ENXIO);
}

static void test_one_append(void) {
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    for (uint64_t i = 0; i < 3; ++i) {
        test_fill(wbuf, nbytes, i);
        CHECK_INT(xnvme_znd_append(&ctx, nsid, geo->nsect, kBlocks - 1, wbuf, NULL), 0);
        CHECK_INT(ctx.cpl.result, geo->nsect + i * kBlocks);
        CHECK(holds_at(geo->nsect + i * kBlocks, i));
    }
    CHECK_INT(xnvme_znd_append(&ctx, nsid, geo->nsect + 1, kBlocks - 1, wbuf, NULL), -EINVAL);
    CHECK_INT(xnvme_znd_append(&ctx, nsid, geo->nzone * geo->nsect, 0, wbuf, NULL), -ERANGE);
    CHECK_INT(manage(geo->nsect, XNVME_SPEC_ZND_CMD_MGMT_SEND_RESET), 0);
}

/// Where each append went; its data says which one it was.
static uint64_t landed[kAppends];
static unsigned failures;

static void note_append(struct xnvme_cmd_ctx* ctx, void* cb_arg) {
    if (xnvme_cmd_ctx_cpl_status(ctx) != 0) ++failures;
    *(uint64_t*)cb_arg = ctx->cpl.result;
    CHECK_INT(xnvme_queue_put_cmd_ctx(ctx->async.queue, ctx), 0);
}

// The device decides where each goes: none lies on another, and together they fill the zone's
// front.
static void test_appends_at_depth(uint16_t depth) {
    struct xnvme_queue* queue = NULL;
    char* const data = xnvme_buf_alloc(dev, kAppends * nbytes);
    NEED(data != NULL && xnvme_queue_init(dev, depth, 0, &queue) == 0);
    CHECK_INT(xnvme_queue_set_cb(queue, note_append, NULL), 0);
    for (unsigned i = 0; i < kAppends; ++i) {
        struct xnvme_cmd_ctx* ctx = NULL;
        while ((ctx = xnvme_queue_get_cmd_ctx(queue)) == NULL) {
            NEED(xnvme_queue_wait_for(queue, 1, -1) > 0);
        }
        ctx->async.cb_arg = &landed[i];
        test_fill(data + i * nbytes, nbytes, 1000 + i);
        CHECK_INT(xnvme_znd_append(ctx, nsid, 0, kBlocks - 1, data + i * nbytes, NULL), 0);
    }
    CHECK(xnvme_queue_drain(queue) >= 0);
    CHECK_INT(failures, 0);
    CHECK_INT(xnvme_queue_term(queue), 0);
    bool taken[kAppends] = {false};
    for (unsigned i = 0; i < kAppends; ++i) {
        NEED(landed[i] % kBlocks == 0 && landed[i] / kBlocks < kAppends);
        CHECK(!taken[landed[i] / kBlocks]);
        taken[landed[i] / kBlocks] = true;
        CHECK(holds_at(landed[i], 1000 + i));
    }
    CHECK_INT(zone_at(0).wp, kAppends * kBlocks);
    xnvme_buf_free(dev, data);
    CHECK_INT(manage(0, XNVME_SPEC_ZND_CMD_MGMT_SEND_RESET), 0);
}

static void note_write(struct xnvme_cmd_ctx* ctx, void* cb_arg) {
    if (xnvme_cmd_ctx_cpl_status(ctx) != 0) ++failures;
    ++*(unsigned*)cb_arg;
    CHECK_INT(xnvme_queue_put_cmd_ctx(ctx->async.queue, ctx), 0);
}

// Writes of one queue reach a zone in the order of their submission, one by one or in a batch.
// Threads have no order among them.
static void test_writes_at_depth(void) {
    enum { kWrites = 16 };
    if (strcmp(xnvme_dev_get_opts(dev)->async, "thrpool") == 0) return;
    struct xnvme_queue* queue = NULL;
    struct xnvme_cmd_ctx* batch[kWrites];
    unsigned done = 0;
    NEED(xnvme_queue_init(dev, kWrites, 0, &queue) == 0);
    CHECK_INT(xnvme_queue_set_cb(queue, note_write, &done), 0);
    for (unsigned round = 0; round < 4; ++round) {
        for (unsigned i = 0; i < kWrites; ++i) {
            struct xnvme_cmd_ctx* const ctx = xnvme_queue_get_cmd_ctx(queue);
            const uint64_t slba = (uint64_t)(round * kWrites + i) * kBlocks;
            NEED(ctx != NULL);
            if (round % 2 == 0) {
                CHECK_INT(xnvme_nvm_write(ctx, nsid, slba, kBlocks - 1, wbuf, NULL), 0);
                continue;
            }
            batch[i] = ctx;
            xnvme_prep_nvm(ctx, XNVME_SPEC_NVM_OPC_WRITE, nsid, slba, kBlocks - 1);
            CHECK_INT(xnvme_cmd_prepare(ctx, wbuf, nbytes, NULL, 0), 0);
        }
        if (round % 2 != 0) CHECK_INT(xnvme_queue_submit(queue, batch, kWrites), 0);
        CHECK_INT(xnvme_queue_drain(queue), kWrites);
    }
    CHECK_INT(done, 4 * kWrites);
    CHECK_INT(failures, 0);
    CHECK_INT(zone_at(0).wp, 4 * kWrites * kBlocks);
    CHECK_INT(xnvme_queue_term(queue), 0);
    CHECK_INT(manage(0, XNVME_SPEC_ZND_CMD_MGMT_SEND_RESET), 0);
}

static void test_extensions(void) {
    const size_t extension = format->zdes * (size_t)64;
    if (extension == 0) return;
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    char* const bytes = xnvme_buf_alloc(dev, extension);
    NEED(bytes != NULL);
    test_fill(bytes, extension, 5);
    CHECK_INT(
        xnvme_znd_mgmt_send(&ctx, nsid, geo->nsect, false, XNVME_SPEC_ZND_CMD_MGMT_SEND_DESCRIPTOR,
                            (enum xnvme_spec_znd_mgmt_send_action_so)0, bytes),
        0);
    struct xnvme_znd_report* const report = xnvme_znd_report_from_dev(dev, 0, 3, 1);
    NEED(report != NULL);
    CHECK_INT(report->extended, 1);
    CHECK_INT(report->zdext_nbytes, extension);
    CHECK_INT(report->zrent_nbytes, 64 + extension);
    for (uint32_t i = 0; i < 3; ++i) {
        struct xnvme_spec_znd_descr* const zone = XNVME_ZND_REPORT_DESCR(report, i);
        CHECK_INT(zone->zslba, i * geo->nsect);
        CHECK_INT(zone->za.zdev, i == 1);
    }
    CHECK(memcmp(XNVME_ZND_REPORT_DEXT(report, 1), bytes, extension) == 0);
    CHECK_INT(XNVME_ZND_REPORT_DESCR(report, 1)->zs, XNVME_SPEC_ZND_STATE_CLOSED);
    xnvme_buf_virt_free(report);
    xnvme_buf_free(dev, bytes);
    CHECK_INT(manage(geo->nsect, XNVME_SPEC_ZND_CMD_MGMT_SEND_RESET), 0);
}

// Blocks of an area are written in any order and again, and stay when they are flushed.
static void test_random_write_area(void) {
    if (!zns->ozcs.bits.zrwasup) return;
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    NEED(zns->zrwafg != 0);
    const uint64_t step = (kBlocks + zns->zrwafg - UINT64_C(1)) / zns->zrwafg * zns->zrwafg;
    NEED(zns->zrwas >= 2 * step);
    CHECK_INT(xnvme_znd_mgmt_send(&ctx, nsid, 0, false, XNVME_SPEC_ZND_CMD_MGMT_SEND_OPEN,
                                  XNVME_SPEC_ZND_MGMT_OPEN_WITH_ZRWA, NULL),
              0);
    CHECK_INT(zone_at(0).za.zrwav, 1);
    CHECK_INT(write_at(step, 11, NULL), 0);
    CHECK_INT(write_at(0, 12, NULL), 0);
    CHECK_INT(write_at(0, 13, NULL), 0);
    CHECK_INT(zone_at(0).wp, 0);
    CHECK_INT(xnvme_znd_zrwa_flush(&ctx, nsid, step - 1), 0);
    CHECK_INT(zone_at(0).wp, step);
    CHECK(holds_at(0, 13));
    CHECK_INT(write_at(0, 14, NULL), -EIO);
    CHECK_INT(manage(0, XNVME_SPEC_ZND_CMD_MGMT_SEND_RESET), 0);
}

// A device that breaks a zone lists it, once.
static void test_changed_zones(void) {
    struct xnvme_dev* const breaks =
        xnvme_dev_open("mem:16MiB?zoned=1&zone=1MiB&fault=write@lba:2048,zone=offline", NULL);
    NEED(breaks != NULL);
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(breaks);
    char* const block = xnvme_buf_alloc(breaks, 512);
    NEED(block != NULL);
    CHECK_INT(xnvme_nvm_write(&ctx, 1, 2048, 0, block, NULL), -EIO);
    struct xnvme_spec_znd_log_changes* changes = xnvme_znd_log_changes_from_dev(breaks);
    NEED(changes != NULL);
    CHECK_INT(changes->nidents, 1);
    CHECK_INT(changes->idents[0], 2048);
    xnvme_buf_free(breaks, changes);
    changes = xnvme_znd_log_changes_from_dev(breaks);
    NEED(changes != NULL);
    CHECK_INT(changes->nidents, 0);
    xnvme_buf_free(breaks, changes);
    struct xnvme_spec_znd_descr zone;
    CHECK_INT(xnvme_znd_descr_from_dev_in_state(breaks, XNVME_SPEC_ZND_STATE_OFFLINE, &zone), 0);
    CHECK_INT(zone.zslba, 2048);
    xnvme_buf_free(breaks, block);
    xnvme_dev_close(breaks);
}

static void test_without_zones(void) {
    struct xnvme_dev* const plain = xnvme_dev_open("1MB", NULL);
    struct xnvme_spec_znd_descr zone;
    uint64_t count = 0;
    NEED(plain != NULL);
    errno = 0;
    CHECK(xnvme_znd_dev_get_ctrlr(plain) == NULL && errno == ENOTSUP);
    errno = 0;
    CHECK(xnvme_znd_dev_get_ns(plain) == NULL && errno == ENOTSUP);
    errno = 0;
    CHECK(xnvme_znd_dev_get_lbafe(plain) == NULL && errno == ENOTSUP);
    errno = 0;
    CHECK(xnvme_znd_report_from_dev(plain, 0, 0, 0) == NULL && errno == ENOTSUP);
    errno = 0;
    CHECK(xnvme_znd_log_changes_from_dev(plain) == NULL && errno == ENOTSUP);
    CHECK_INT(xnvme_znd_descr_from_dev(plain, 0, &zone), -ENOTSUP);
    CHECK_INT(xnvme_znd_descr_from_dev_in_state(plain, XNVME_SPEC_ZND_STATE_FULL, &zone), -ENOTSUP);
    CHECK_INT(xnvme_znd_stat(plain, XNVME_SPEC_ZND_CMD_MGMT_RECV_SF_ALL, &count), -ENOTSUP);
    xnvme_dev_close(plain);
}

int main(int argc, char** argv) {
    struct test_arguments arguments = test_parse(argc, argv);
    dev = test_open(&arguments);
    geo = xnvme_dev_get_geo(dev);
    nsid = xnvme_dev_get_nsid(dev);
    zns = xnvme_znd_dev_get_ns(dev);
    format = xnvme_znd_dev_get_lbafe(dev);
    NEED(zns != NULL && format != NULL);
    nbytes = kBlocks * (size_t)geo->lba_nbytes;
    wbuf = xnvme_buf_alloc(dev, nbytes);
    rbuf = xnvme_buf_alloc(dev, nbytes);
    NEED(wbuf != NULL && rbuf != NULL);
    reset_all();
    test_identity();
    test_report();
    test_states();
    test_one_append();
    test_appends_at_depth(1);
    test_appends_at_depth(arguments.depth);
    test_writes_at_depth();
    test_extensions();
    test_random_write_area();
    test_changed_zones();
    test_without_zones();
    xnvme_buf_free(dev, wbuf);
    xnvme_buf_free(dev, rbuf);
    xnvme_dev_close(dev);
    return test_finish("zoned");
}
