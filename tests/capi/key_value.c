// Keys and values. The device is a key-value one.
#include "check.h"

static struct xnvme_dev* dev;
static uint32_t nsid;
static char* value;
enum { kBytes = 4096 };

static void test_store_and_retrieve(void) {
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    const char key[] = "0123456789abcdef";
    for (uint8_t length = 1; length <= 16; ++length) {
        const uint32_t nbytes = 100u * length;
        test_fill(value, nbytes, length);
        CHECK_INT(xnvme_kvs_store(&ctx, nsid, key, length, value, nbytes, 0), 0);
    }
    for (uint8_t length = 1; length <= 16; ++length) {
        CHECK_INT(xnvme_kvs_exist(&ctx, nsid, key, length), 0);
        memset(value, 0, kBytes);
        CHECK_INT(xnvme_kvs_retrieve(&ctx, nsid, key, length, value, kBytes, 0), 0);
        CHECK_INT(ctx.cpl.cdw0, 100u * length);
        CHECK(test_holds(value, 100u * length, length));
    }
}

static void test_options(void) {
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    CHECK_INT(xnvme_kvs_store(&ctx, nsid, "there", 5, value, 8, 0), 0);
    CHECK_INT(xnvme_kvs_store(&ctx, nsid, "there", 5, value, 8,
                              XNVME_KVS_STORE_OPT_DONT_STORE_IF_KEY_EXISTS),
              -EIO);
    CHECK_INT(ctx.cpl.status.sc, XNVME_SPEC_KV_SC_KEY_EXISTS);
    CHECK_INT(xnvme_kvs_store(&ctx, nsid, "absent", 6, value, 8,
                              XNVME_KVS_STORE_OPT_DONT_STORE_IF_KEY_NOT_EXISTS),
              -EIO);
    CHECK_INT(ctx.cpl.status.sc, XNVME_SPEC_KV_SC_KEY_NOT_EXISTS);
}

static void test_delete(void) {
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    CHECK_INT(xnvme_kvs_store(&ctx, nsid, "gone", 4, value, 16, 0), 0);
    CHECK_INT(xnvme_kvs_delete(&ctx, nsid, "gone", 4), 0);
    CHECK_INT(xnvme_kvs_exist(&ctx, nsid, "gone", 4), -EIO);
    CHECK_INT(ctx.cpl.status.sc, XNVME_SPEC_KV_SC_KEY_NOT_EXISTS);
    CHECK_INT(xnvme_kvs_retrieve(&ctx, nsid, "gone", 4, value, kBytes, 0), -EIO);
    // What failed does not stick.
    CHECK_INT(xnvme_kvs_exist(&ctx, nsid, "there", 5), 0);
    CHECK_INT(xnvme_cmd_ctx_cpl_status(&ctx), 0);
}

static void test_list(void) {
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    memset(value, 0, kBytes);
    CHECK_INT(xnvme_kvs_list(&ctx, nsid, "0", 1, value, kBytes), 0);
    uint32_t count = 0;
    memcpy(&count, value, sizeof count);
    CHECK(count >= 17);
    const char* at = value + sizeof count;
    bool found = false;
    for (uint32_t i = 0; i < count && at + 2 <= value + kBytes; ++i) {
        uint16_t length = 0;
        memcpy(&length, at, sizeof length);
        CHECK(length >= 1 && length <= 16);
        found |= length == 5 && memcmp(at + 2, "there", 5) == 0;
        at += (2u + length + 3u) / 4 * 4;
    }
    CHECK(found);
}

static int completed;
static void note(struct xnvme_cmd_ctx* ctx, void* cb_arg) {
    (void)cb_arg;
    if (xnvme_cmd_ctx_cpl_status(ctx) == 0) ++completed;
    CHECK_INT(xnvme_queue_put_cmd_ctx(ctx->async.queue, ctx), 0);
}

static void test_queue(void) {
    struct xnvme_queue* queue = NULL;
    NEED(xnvme_queue_init(dev, 16, 0, &queue) == 0);
    CHECK_INT(xnvme_queue_set_cb(queue, note, NULL), 0);
    for (int i = 0; i < 16; ++i) {
        struct xnvme_cmd_ctx* const ctx = xnvme_queue_get_cmd_ctx(queue);
        NEED(ctx != NULL);
        char key[16];
        snprintf(key, sizeof key, "queue%02d", i);
        CHECK_INT(xnvme_kvs_store(ctx, nsid, key, 7, value, 64, 0), 0);
    }
    CHECK_INT(xnvme_queue_drain(queue), 16);
    CHECK_INT(completed, 16);
    CHECK_INT(xnvme_queue_term(queue), 0);
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    CHECK_INT(xnvme_kvs_exist(&ctx, nsid, "queue15", 7), 0);
}

static void test_refusals(void) {
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    CHECK_INT(xnvme_kvs_store(&ctx, nsid, "12345678901234567", 17, value, 8, 0), -EINVAL);
    CHECK_INT(xnvme_kvs_store(&ctx, nsid, "x", 0, value, 8, 0), -EINVAL);
    CHECK_INT(xnvme_kvs_store(&ctx, nsid, NULL, 4, value, 8, 0), -EINVAL);
    CHECK_INT(xnvme_kvs_delete(&ctx, nsid, "x", 0), -EINVAL);
}

int main(int argc, char** argv) {
    struct test_arguments arguments = test_parse(argc, argv);
    dev = test_open(&arguments);
    nsid = xnvme_dev_get_nsid(dev);
    CHECK_INT(xnvme_dev_get_geo(dev)->type, XNVME_GEO_KV);
    CHECK_INT(xnvme_dev_get_csi(dev), XNVME_SPEC_CSI_KV);
    const struct xnvme_spec_kvs_idfy_ns* const ns = (const void*)xnvme_dev_get_ns_css(dev);
    NEED(ns != NULL);
    CHECK_INT(ns->kvf[0].kml, 16);
    const uint64_t used = ns->nuse;
    value = xnvme_buf_alloc(dev, kBytes);
    NEED(value != NULL);
    test_store_and_retrieve();
    // What was read before shows what is so now, when the device is asked again.
    CHECK_INT(ns->nuse, used);
    CHECK_INT(xnvme_dev_derive_geo(dev), 0);
    CHECK(ns->nuse > used);
    test_options();
    test_delete();
    test_list();
    test_queue();
    test_refusals();
    xnvme_buf_free(dev, value);
    xnvme_dev_close(dev);
    return test_finish("key_value");
}
