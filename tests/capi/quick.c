// What the compiler puts into a program of the common functions, against the library's functions of
// the same names: the same verdicts, the same contexts, for commands of every kind.
#include "check.h"

#if !defined(__OPTIMIZE__)
#error "without optimisation there is nothing to compare: compile this program with -O1 or more"
#endif

// Called through pointers that the compiler cannot see through, they are the library's.
static int (*volatile whole_pass)(struct xnvme_cmd_ctx*, void*, size_t, void*,
                                  size_t) = xnvme_cmd_pass;
static struct xnvme_cmd_ctx* (*volatile whole_get)(struct xnvme_queue*) = xnvme_queue_get_cmd_ctx;
static int (*volatile whole_put)(struct xnvme_queue*,
                                 struct xnvme_cmd_ctx*) = xnvme_queue_put_cmd_ctx;

enum { kBlocksMax = 64 };

static struct xnvme_dev* dev;
static struct xnvme_queue* queue;
static uint64_t blocks;
static uint32_t block_nbytes;
static char* memory;
static int completed;

static void finished(struct xnvme_cmd_ctx* ctx, void* cb_arg) {
    (void)ctx;
    (void)cb_arg;
    ++completed;
}

struct attempt {
    uint8_t opcode;
    uint64_t slba;
    uint32_t nblocks;
    uint32_t nbytes;
    uint32_t control;  ///< Of command dword 12, above the count.
    ptrdiff_t shift;   ///< Of the buffer; negative: none.
    bool metadata;
    bool callback;
};

static void fill(struct xnvme_cmd_ctx* ctx, const struct attempt* a) {
    ctx->async.cb = a->callback ? finished : NULL;
    ctx->cmd.common.opcode = a->opcode;
    ctx->cmd.common.nsid = xnvme_dev_get_nsid(dev);
    ctx->cmd.nvm.slba = a->slba;
    ctx->cmd.common.cdw12 = (a->nblocks - 1) | a->control;
    ctx->cmd.common.cdw13 = ctx->cmd.common.cdw14 = ctx->cmd.common.cdw15 = 0;
    // What an earlier command may have left.
    ctx->cmd.common.mptr = 0x1234;
    memset(&ctx->cmd.common.dptr, 0x5a, sizeof ctx->cmd.common.dptr);
    memset(&ctx->cpl, 0x5a, sizeof ctx->cpl);
    memset(&ctx->opts, 0x5a, sizeof ctx->opts + sizeof ctx->be_rsvd);
}

/// The bytes of a context that do not depend on the queue's own bookkeeping: what `kMark` and the
/// like say of where it is, in the highest byte of `opts`, is not the command's.
static bool same(const struct xnvme_cmd_ctx* a, const struct xnvme_cmd_ctx* b) {
    struct xnvme_cmd_ctx left = *a;
    struct xnvme_cmd_ctx right = *b;
    left.opts &= 0x00ffffff;
    right.opts &= 0x00ffffff;
    return memcmp(&left, &right, sizeof left) == 0;
}

static int compare(const char* what, const struct attempt* a) {
    struct xnvme_cmd_ctx* const ctx = xnvme_queue_get_cmd_ctx(queue);
    NEED(ctx != NULL);
    char* const buffer = a->shift < 0 ? NULL : memory + a->shift;
    char* const metadata = a->metadata ? memory : NULL;
    fill(ctx, a);
    const int whole = whole_pass(ctx, buffer, a->nbytes, metadata, a->metadata ? 8 : 0);
    const struct xnvme_cmd_ctx by_library = *ctx;
    if (whole == 0) CHECK_INT(xnvme_queue_drain(queue), 1);
    fill(ctx, a);
    const int quick = xnvme_cmd_pass(ctx, buffer, a->nbytes, metadata, a->metadata ? 8 : 0);
    const struct xnvme_cmd_ctx by_program = *ctx;
    if (quick == 0) CHECK_INT(xnvme_queue_drain(queue), 1);
    if (quick != whole || !same(&by_library, &by_program)) {
        fprintf(stderr, "%s: %d by the program, %d by the library\n", what, quick, whole);
        CHECK(false);
    }
    CHECK_INT(xnvme_queue_put_cmd_ctx(queue, ctx), 0);
    return quick;
}

static void test_commands(void) {
    const uint32_t one = block_nbytes;
    const struct attempt read = {
        .opcode = XNVME_SPEC_NVM_OPC_READ, .nblocks = 1, .nbytes = one, .callback = true};
    struct attempt a = read;
    CHECK_INT(compare("a read", &a), 0);
    a.nblocks = 8, a.nbytes = 8 * one;
    CHECK_INT(compare("eight blocks", &a), 0);
    a.opcode = XNVME_SPEC_NVM_OPC_WRITE;
    CHECK_INT(compare("a write", &a), 0);
    a.nblocks = kBlocksMax, a.nbytes = kBlocksMax * one;
    CHECK_INT(compare("a long write", &a), 0);
    a = read, a.slba = blocks - 1;
    CHECK_INT(compare("the last block", &a), 0);
    a.slba = blocks;
    CHECK_INT(compare("behind the end", &a), -ERANGE);
    a.slba = UINT64_MAX;
    CHECK_INT(compare("far behind the end", &a), -ERANGE);
    a.slba = blocks - 1, a.nblocks = 2, a.nbytes = 2 * one;
    CHECK_INT(compare("across the end", &a), -ERANGE);
    a = read, a.nbytes = one - 1;
    CHECK_INT(compare("too few bytes", &a), -EINVAL);
    a.nbytes = 2 * one;
    CHECK_INT(compare("too many bytes", &a), -EINVAL);
    a = read, a.shift = -1;
    CHECK_INT(compare("no buffer", &a), -EINVAL);
    a = read, a.shift = 1;
    compare("a buffer at an odd address", &a);
    a = read, a.callback = false;
    CHECK_INT(compare("no callback", &a), -EINVAL);
    a = read, a.metadata = true;
    compare("metadata", &a);
    a = read, a.opcode = XNVME_SPEC_NVM_OPC_WRITE, a.control = 1u << 30;
    CHECK_INT(compare("force unit access", &a), 0);
    a.control = 2u << 20;
    compare("a directive", &a);
    a.control = 1u << 26;
    compare("protection information", &a);
    a = read, a.opcode = XNVME_SPEC_NVM_OPC_FLUSH, a.nbytes = 0, a.shift = -1;
    CHECK_INT(compare("a flush", &a), 0);
    a = read, a.opcode = XNVME_SPEC_NVM_OPC_COMPARE;
    compare("a compare", &a);
    a = read, a.opcode = 0x7f;
    compare("an unknown opcode", &a);
    for (unsigned opcode = 0; opcode < 256; ++opcode) {
        a = read, a.opcode = (uint8_t)opcode;
        compare("any opcode", &a);
    }
    CHECK_INT(xnvme_cmd_pass(NULL, memory, one, NULL, 0), -EINVAL);
}

static void test_contexts(void) {
    const uint32_t depth = xnvme_queue_get_capacity(queue);
    struct xnvme_cmd_ctx** const taken = calloc(depth, sizeof *taken);
    NEED(taken != NULL);
    for (uint32_t i = 0; i < depth; ++i) {
        taken[i] = i % 2 == 0 ? xnvme_queue_get_cmd_ctx(queue) : whole_get(queue);
        NEED(taken[i] != NULL);
    }
    errno = 0;
    CHECK(xnvme_queue_get_cmd_ctx(queue) == NULL);
    CHECK_INT(errno, EBUSY);
    errno = 0;
    CHECK(xnvme_queue_get_cmd_ctx(NULL) == NULL);
    CHECK_INT(errno, EINVAL);
    CHECK_INT(xnvme_queue_put_cmd_ctx(queue, NULL), -EINVAL);
    CHECK_INT(xnvme_queue_put_cmd_ctx(NULL, taken[0]), -EINVAL);
    struct xnvme_queue* other = NULL;
    NEED(xnvme_queue_init(dev, 2, 0, &other) == 0);
    CHECK_INT(xnvme_queue_put_cmd_ctx(other, taken[0]), -EINVAL);
    CHECK_INT(xnvme_queue_term(other), 0);
    for (uint32_t i = 0; i < depth; ++i) {
        CHECK_INT(
            i % 2 == 0 ? whole_put(queue, taken[i]) : xnvme_queue_put_cmd_ctx(queue, taken[i]), 0);
    }
    // More than there are: refused, as it would be lost behind the end.
    CHECK_INT(xnvme_queue_put_cmd_ctx(queue, taken[0]), -EINVAL);
    // Each is still there once.
    for (uint32_t i = 0; i < depth; ++i) {
        struct xnvme_cmd_ctx* const ctx = xnvme_queue_get_cmd_ctx(queue);
        NEED(ctx != NULL && ctx != (i == 0 ? NULL : taken[i - 1]));
        taken[i] = ctx;
    }
    CHECK(xnvme_queue_get_cmd_ctx(queue) == NULL);
    for (uint32_t i = 0; i < depth; ++i) CHECK_INT(xnvme_queue_put_cmd_ctx(queue, taken[i]), 0);
    free(taken);
}

// A queue that is full refuses what comes from elsewhere, whoever looks.
static void test_full(void) {
    const uint32_t depth = xnvme_queue_get_capacity(queue);
    const struct attempt read = {
        .opcode = XNVME_SPEC_NVM_OPC_READ, .nblocks = 1, .nbytes = block_nbytes, .callback = true};
    struct xnvme_cmd_ctx** const taken = calloc(depth, sizeof *taken);
    NEED(taken != NULL);
    for (uint32_t i = 0; i < depth; ++i) {
        taken[i] = xnvme_queue_get_cmd_ctx(queue);
        NEED(taken[i] != NULL);
        fill(taken[i], &read);
        CHECK_INT(xnvme_cmd_pass(taken[i], memory, block_nbytes, NULL, 0), 0);
    }
    CHECK_INT(xnvme_queue_get_outstanding(queue), depth);
    struct xnvme_cmd_ctx own = *taken[0];
    fill(&own, &read);
    CHECK_INT(xnvme_cmd_pass(&own, memory, block_nbytes, NULL, 0), -EBUSY);
    CHECK_INT(whole_pass(&own, memory, block_nbytes, NULL, 0), -EBUSY);
    completed = 0;
    CHECK_INT(xnvme_queue_drain(queue), depth);
    CHECK_INT(completed, depth);
    for (uint32_t i = 0; i < depth; ++i) CHECK_INT(xnvme_queue_put_cmd_ctx(queue, taken[i]), 0);
    free(taken);
}

int main(int argc, char** argv) {
    struct test_arguments arguments = test_parse(argc, argv);
    dev = test_open(&arguments);
    const struct xnvme_geo* const geo = xnvme_dev_get_geo(dev);
    block_nbytes = geo->lba_nbytes;
    blocks = geo->tbytes / geo->lba_nbytes;
    NEED(xnvme_queue_init(dev, arguments.depth, 0, &queue) == 0);
    memory = xnvme_buf_alloc(dev, (size_t)(kBlocksMax + 1) * block_nbytes);
    NEED(memory != NULL);
    memset(memory, 7, (size_t)(kBlocksMax + 1) * block_nbytes);
    test_commands();
    test_contexts();
    test_full();
    CHECK_INT(xnvme_queue_term(queue), 0);
    xnvme_buf_free(dev, memory);
    xnvme_dev_close(dev);
    return test_finish("quick");
}
