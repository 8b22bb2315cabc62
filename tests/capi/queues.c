// The life of queues: many of them, every depth, ends with commands outstanding, and the order in
// which devices and queues go.
#include "check.h"

static int called_back;

static void give_back(struct xnvme_cmd_ctx* ctx, void* cb_arg) {
    (void)cb_arg;
    ++called_back;
    CHECK_INT(xnvme_queue_put_cmd_ctx(ctx->async.queue, ctx), 0);
}

static void submit_read(struct xnvme_dev* dev, struct xnvme_queue* queue, void* buf) {
    struct xnvme_cmd_ctx* const ctx = xnvme_queue_get_cmd_ctx(queue);
    NEED(ctx != NULL);
    CHECK_INT(xnvme_nvm_read(ctx, xnvme_dev_get_nsid(dev), 0, 0, buf, NULL), 0);
}

static void test_depths(struct xnvme_dev* dev) {
    const uint16_t depths[] = {1, 2, 3, 7, 31, 64, 100, 1000, 4096};
    for (size_t i = 0; i < sizeof depths / sizeof depths[0]; ++i) {
        struct xnvme_queue* queue = NULL;
        CHECK_INT(xnvme_queue_init(dev, depths[i], 0, &queue), 0);
        CHECK_INT(xnvme_queue_get_capacity(queue), depths[i]);
        CHECK_INT(xnvme_queue_get_outstanding(queue), 0);
        CHECK_INT(xnvme_queue_drain(queue), 0);
        CHECK_INT(xnvme_queue_wait(queue), 0);
        CHECK_INT(xnvme_queue_term(queue), 0);
    }
    struct xnvme_queue* queue = NULL;
    CHECK_INT(xnvme_queue_init(dev, 0, 0, &queue), -EINVAL);
    CHECK(queue == NULL);
    CHECK(strstr(xnvme_error_sentence(), "depth of 0") != NULL);
    CHECK_INT(xnvme_queue_init(dev, UINT16_MAX, 0, &queue), -EINVAL);
    CHECK_INT(xnvme_queue_init(dev, 8, 4, &queue), -EINVAL);
    CHECK_INT(xnvme_queue_init(dev, 8, 0, NULL), -EINVAL);
    CHECK_INT(xnvme_queue_create(dev, 1000000, NULL, &queue), -EINVAL);
}

static void test_many(struct xnvme_dev* dev, void* buf) {
    struct xnvme_queue* queues[16];
    called_back = 0;
    for (int i = 0; i < 16; ++i) {
        NEED(xnvme_queue_init(dev, 4, 0, &queues[i]) == 0);
        CHECK_INT(xnvme_queue_set_cb(queues[i], give_back, NULL), 0);
        for (int n = 0; n < 4; ++n) submit_read(dev, queues[i], buf);
    }
    for (int i = 15; i >= 0; --i) CHECK_INT(xnvme_queue_drain(queues[i]), 4);
    CHECK_INT(called_back, 64);
    for (int i = 0; i < 16; ++i) CHECK_INT(xnvme_queue_term(queues[i]), 0);
}

// What is outstanding when a queue ends is not called back, and the buffer may be freed at once.
static void test_end_with_commands_outstanding(struct xnvme_dev* dev) {
    void* const buf = xnvme_buf_alloc(dev, xnvme_dev_get_geo(dev)->lba_nbytes);
    NEED(buf != NULL);
    struct xnvme_queue* queue = NULL;
    NEED(xnvme_queue_init(dev, 8, 0, &queue) == 0);
    CHECK_INT(xnvme_queue_set_cb(queue, give_back, NULL), 0);
    called_back = 0;
    for (int n = 0; n < 8; ++n) submit_read(dev, queue, buf);
    CHECK_INT(xnvme_queue_term(queue), 0);
    CHECK_INT(called_back, 0);
    xnvme_buf_free(dev, buf);
}

// A context without a callback of its own gives itself back.
static void test_without_callback(struct xnvme_dev* dev, void* buf) {
    struct xnvme_queue* queue = NULL;
    NEED(xnvme_queue_init(dev, 2, 0, &queue) == 0);
    for (int n = 0; n < 6; ++n) {
        submit_read(dev, queue, buf);
        CHECK_INT(xnvme_queue_drain(queue), 1);
    }
    CHECK_INT(xnvme_queue_set_cb(queue, NULL, NULL), 0);
    struct xnvme_cmd_ctx* const ctx = xnvme_queue_get_cmd_ctx(queue);
    NEED(ctx != NULL);
    CHECK_INT(xnvme_nvm_read(ctx, xnvme_dev_get_nsid(dev), 0, 0, buf, NULL), -EINVAL);
    CHECK_INT(xnvme_queue_term(queue), 0);
}

static void test_options(struct xnvme_dev* dev) {
    const struct xnvme_queue_config config = {.strict = true, .nthreads = 2, .spin_ns = 1000};
    struct xnvme_queue* queue = NULL;
    CHECK_INT(xnvme_queue_create(dev, 33, &config, &queue), 0);
    CHECK_INT(xnvme_queue_get_capacity(queue), 33);
    CHECK_INT(xnvme_queue_term(queue), 0);
    // Polling is io_uring's, where the device can: the others refuse it with a reason.
    const int err = xnvme_queue_init(dev, 8, XNVME_QUEUE_IOPOLL, &queue);
    CHECK(err == 0 || err == -ENOTSUP);
    if (err == 0) CHECK_INT(xnvme_queue_term(queue), 0);
    if (err != 0) CHECK(strstr(xnvme_error_sentence(), "poll_io") != NULL);
}

int main(int argc, char** argv) {
    struct test_arguments arguments = test_parse(argc, argv);
    struct xnvme_dev* const dev = test_open(&arguments);
    void* const buf = xnvme_buf_alloc(dev, xnvme_dev_get_geo(dev)->lba_nbytes);
    NEED(buf != NULL);
    test_depths(dev);
    test_many(dev, buf);
    test_end_with_commands_outstanding(dev);
    test_without_callback(dev, buf);
    test_options(dev);

    // A device that is closed before its queue: the queue goes on, and ends.
    struct xnvme_queue* queue = NULL;
    NEED(xnvme_queue_init(dev, 4, 0, &queue) == 0);
    CHECK_INT(xnvme_queue_set_cb(queue, give_back, NULL), 0);
    called_back = 0;
    submit_read(dev, queue, buf);
    xnvme_dev_close(dev);
    CHECK_INT(xnvme_queue_drain(queue), 1);
    CHECK_INT(called_back, 1);
    CHECK_INT(xnvme_queue_term(queue), 0);
    xnvme_buf_free(NULL, buf);
    return test_finish("queues");
}
