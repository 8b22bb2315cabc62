// Asynchronous commands at depth: writes and verified reads, lists, a full queue, submission from
// callbacks, batches, waiting with a time-out, the completion descriptor.
#include <poll.h>

#include "check.h"

enum { kRounds = 5 };

static struct xnvme_dev* dev;
static const struct xnvme_geo* geo;
static uint32_t nsid;
static struct xnvme_queue* queue;
static uint32_t depth;
static char* buffers;

/// One command in flight.
struct slot {
    uint64_t slba;
    bool is_read;
    uint32_t done;
    struct iovec list[2];
};
static struct slot* slots;
static uint32_t completed;
static uint32_t failures;

static char* buffer_of(uint32_t index) {
    return buffers + (size_t)index * 2 * geo->lba_nbytes;
}

static void note_completion(struct xnvme_cmd_ctx* ctx, void* cb_arg) {
    struct slot* const slot = cb_arg;
    if (xnvme_cmd_ctx_cpl_status(ctx) != 0 || xnvme_cmd_ctx_result(ctx) != 0) ++failures;
    ++slot->done;
    ++completed;
    CHECK(ctx->dev == dev && ctx->async.queue == queue);
    CHECK_INT(xnvme_queue_put_cmd_ctx(ctx->async.queue, ctx), 0);
}

static int submit(uint32_t index, bool is_read, bool as_list, uint64_t slba) {
    struct xnvme_cmd_ctx* const ctx = xnvme_queue_get_cmd_ctx(queue);
    NEED(ctx != NULL);
    struct slot* const slot = &slots[index];
    slot->slba = slba;
    slot->is_read = is_read;
    ctx->async.cb_arg = slot;
    ctx->cmd.common.opcode = is_read ? XNVME_SPEC_NVM_OPC_READ : XNVME_SPEC_NVM_OPC_WRITE;
    ctx->cmd.common.nsid = nsid;
    ctx->cmd.nvm.slba = slba;
    ctx->cmd.nvm.nlb = 1;
    const size_t block = geo->lba_nbytes;
    if (!as_list) return xnvme_cmd_pass(ctx, buffer_of(index), 2 * block, NULL, 0);
    slot->list[0] = (struct iovec){buffer_of(index), block};
    slot->list[1] = (struct iovec){buffer_of(index) + block, block};
    return xnvme_cmd_passv(ctx, slot->list, 2, 2 * block, NULL, 0, 0);
}

static void test_rounds(bool as_list) {
    const size_t nbytes = 2 * (size_t)geo->lba_nbytes;
    for (uint32_t round = 0; round < kRounds; ++round) {
        for (int is_read = 0; is_read < 2; ++is_read) {
            completed = 0;
            for (uint32_t i = 0; i < depth; ++i) {
                const uint64_t slba = 2 * ((uint64_t)round * depth + i);
                if (is_read) memset(buffer_of(i), 0, nbytes);
                if (!is_read) test_fill(buffer_of(i), nbytes, slba + as_list);
                CHECK_INT(submit(i, is_read != 0, as_list, slba), 0);
            }
            CHECK(xnvme_queue_get_outstanding(queue) <= depth);
            CHECK_INT(xnvme_queue_drain(queue), depth);
            CHECK_INT(completed, depth);
            CHECK_INT(xnvme_queue_get_outstanding(queue), 0);
        }
        for (uint32_t i = 0; i < depth; ++i) {
            CHECK(test_holds(buffer_of(i), nbytes, slots[i].slba + as_list));
        }
    }
    CHECK_INT(failures, 0);
}

static void test_full_queue(void) {
    struct xnvme_cmd_ctx** const taken = calloc(depth, sizeof *taken);
    NEED(taken != NULL);
    for (uint32_t i = 0; i < depth; ++i) {
        taken[i] = xnvme_queue_get_cmd_ctx(queue);
        CHECK(taken[i] != NULL);
    }
    errno = 0;
    CHECK(xnvme_queue_get_cmd_ctx(queue) == NULL);
    CHECK_INT(errno, EBUSY);
    CHECK(xnvme_cmd_ctx_from_queue(queue) == NULL);
    for (uint32_t i = 0; i < depth; ++i) {
        CHECK_INT(xnvme_queue_put_cmd_ctx(queue, taken[i]), 0);
    }
    // Once too often.
    CHECK_INT(xnvme_queue_put_cmd_ctx(queue, taken[0]), -EINVAL);
    free(taken);
}

static uint32_t resubmissions;

static void resubmit(struct xnvme_cmd_ctx* ctx, void* cb_arg) {
    (void)cb_arg;
    if (xnvme_cmd_ctx_cpl_status(ctx) != 0) ++failures;
    ++completed;
    if (resubmissions == 0) {
        CHECK_INT(xnvme_queue_put_cmd_ctx(queue, ctx), 0);
        return;
    }
    --resubmissions;
    CHECK_INT(xnvme_cmd_pass(ctx, buffers, geo->lba_nbytes, NULL, 0), 0);
}

// A queue with every slot taken takes a command again from the callback of one.
static void test_submission_from_callbacks(void) {
    completed = 0;
    resubmissions = 3 * depth;
    for (uint32_t i = 0; i < depth; ++i) {
        struct xnvme_cmd_ctx* const ctx = xnvme_queue_get_cmd_ctx(queue);
        NEED(ctx != NULL);
        xnvme_cmd_ctx_set_cb(ctx, resubmit, NULL);
        xnvme_prep_nvm(ctx, XNVME_SPEC_NVM_OPC_READ, nsid, i, 0);
        CHECK_INT(xnvme_cmd_pass(ctx, buffers, geo->lba_nbytes, NULL, 0), 0);
    }
    CHECK_INT(xnvme_queue_drain(queue), 4 * depth);
    CHECK_INT(completed, 4 * depth);
    CHECK_INT(failures, 0);
    CHECK_INT(xnvme_queue_set_cb(queue, note_completion, NULL), 0);
}

static void test_poke(void) {
    completed = 0;
    for (uint32_t i = 0; i < depth; ++i) CHECK_INT(submit(i, true, false, 0), 0);
    int count = 0;
    while (count < (int)depth) {
        const int got = xnvme_queue_poke(queue, 1);
        CHECK(got == 0 || got == 1);
        if (got < 0) break;
        count += got;
    }
    CHECK_INT(xnvme_queue_poke(queue, 0), 0);
    CHECK_INT(completed, depth);
}

static void test_waiting(void) {
    completed = 0;
    CHECK_INT(xnvme_queue_wait_for(queue, 1, 0), 0);
    CHECK_INT(xnvme_queue_wait_for(queue, 1, 1000000), 0);
    for (uint32_t i = 0; i < depth; ++i) CHECK_INT(submit(i, true, false, 0), 0);
    const int first = xnvme_queue_wait_for(queue, 1, -1);
    CHECK(first >= 1);
    CHECK_INT(first + xnvme_queue_wait(queue), depth);
    CHECK_INT(completed, depth);
}

static void test_batch(void) {
    struct xnvme_cmd_ctx** const batch = calloc(depth, sizeof *batch);
    NEED(batch != NULL);
    completed = 0;
    for (uint32_t i = 0; i < depth; ++i) {
        batch[i] = xnvme_queue_get_cmd_ctx(queue);
        NEED(batch[i] != NULL);
        batch[i]->async.cb_arg = &slots[i];
        xnvme_prep_nvm(batch[i], XNVME_SPEC_NVM_OPC_READ, nsid, 2 * i, 1);
        slots[i].list[0] = (struct iovec){buffer_of(i), 2 * (size_t)geo->lba_nbytes};
        CHECK_INT(i % 2 == 0 ? xnvme_cmd_prepare(batch[i], slots[i].list[0].iov_base,
                                                 slots[i].list[0].iov_len, NULL, 0)
                             : xnvme_cmd_preparev(batch[i], slots[i].list, 1, NULL, 0),
                  0);
    }
    CHECK_INT(xnvme_queue_submit(queue, batch, depth), 0);
    CHECK_INT(xnvme_queue_drain(queue), depth);
    CHECK_INT(completed, depth);
    struct xnvme_cmd_ctx stranger = xnvme_cmd_ctx_from_dev(dev);
    batch[0] = &stranger;
    CHECK_INT(xnvme_queue_submit(queue, batch, 1), -EINVAL);
    CHECK_INT(xnvme_cmd_prepare(&stranger, buffers, geo->lba_nbytes, NULL, 0), -EINVAL);
    free(batch);
}

static void test_completion_descriptor(void) {
    struct pollfd watched = {.fd = xnvme_queue_get_completion_fd(queue), .events = POLLIN};
    CHECK(watched.fd >= 0);
    completed = 0;
    for (uint32_t i = 0; i < depth; ++i) CHECK_INT(submit(i, true, false, 0), 0);
    uint32_t count = 0;
    // Staged commands are handed on by a poke; then the descriptor tells when there is more.
    while (count < depth) {
        const int got = xnvme_queue_poke(queue, 0);
        CHECK(got >= 0);
        count += (uint32_t)got;
        if (got == 0 && poll(&watched, 1, 10000) != 1) {
            CHECK(false && "the descriptor became readable");
            break;
        }
    }
    CHECK_INT(xnvme_queue_drain(queue), depth - count);
    CHECK_INT(completed, depth);
}

static void test_refusals(void) {
    struct xnvme_cmd_ctx* const ctx = xnvme_queue_get_cmd_ctx(queue);
    NEED(ctx != NULL);
    xnvme_prep_nvm(ctx, XNVME_SPEC_NVM_OPC_READ, nsid, geo->nzone * geo->nsect, 0);
    CHECK_INT(xnvme_cmd_pass(ctx, buffers, geo->lba_nbytes, NULL, 0), -ERANGE);
    xnvme_prep_nvm(ctx, XNVME_SPEC_NVM_OPC_READ, nsid, 0, 0);
    CHECK_INT(xnvme_cmd_pass(ctx, buffers, geo->lba_nbytes + 1, NULL, 0), -EINVAL);
    CHECK_INT(xnvme_queue_get_outstanding(queue), 0);
    // The same context serves an admin command, and is the queue's all the same.
    struct xnvme_spec_idfy* const idfy = xnvme_buf_alloc(dev, sizeof *idfy);
    NEED(idfy != NULL);
    CHECK_INT(xnvme_adm_idfy_ctrlr(ctx, idfy), 0);
    xnvme_buf_free(dev, idfy);
    CHECK_INT(xnvme_queue_put_cmd_ctx(queue, ctx), 0);
}

int main(int argc, char** argv) {
    struct test_arguments arguments = test_parse(argc, argv);
    depth = arguments.depth;
    dev = test_open(&arguments);
    geo = xnvme_dev_get_geo(dev);
    nsid = xnvme_dev_get_nsid(dev);
    NEED(geo->nsect >= 2ull * kRounds * depth);
    slots = calloc(depth, sizeof *slots);
    buffers = xnvme_buf_alloc(dev, (size_t)depth * 2 * geo->lba_nbytes);
    NEED(slots != NULL && buffers != NULL);
    NEED(xnvme_queue_init(dev, arguments.depth, 0, &queue) == 0);
    CHECK_INT(xnvme_queue_get_capacity(queue), depth);
    CHECK_INT(xnvme_queue_set_cb(queue, note_completion, NULL), 0);
    test_rounds(false);
    test_rounds(true);
    test_full_queue();
    test_submission_from_callbacks();
    test_poke();
    test_waiting();
    test_batch();
    test_completion_descriptor();
    test_refusals();
    CHECK_INT(xnvme_queue_term(queue), 0);
    xnvme_buf_free(dev, buffers);
    xnvme_dev_close(dev);
    free(slots);
    return test_finish("async");
}
