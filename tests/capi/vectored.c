// Lists of buffers: of one element to the most, of unequal lengths, of data and of metadata, at
// once and in a queue; and lists that are refused.
#include "check.h"

enum { kBlocks = 24, kElementsMax = 1024 };

static struct xnvme_dev* dev;
static const struct xnvme_geo* geo;
static struct xnvme_queue* queue;
static uint32_t nsid;
static size_t nbytes;        ///< Of data in a command.
static size_t md_nbytes;     ///< Of its separate metadata.
static size_t md_count_max;  ///< Elements that its metadata may come in.
static char* data;
static char* metadata;
static char* back;
static char* back_metadata;

/// Cuts a buffer into `count` elements of whole units, whose order in memory is not that in the
/// list. The first takes what the others leave.
static void cut(struct iovec* list, size_t count, char* buffer, size_t total, size_t unit) {
    const size_t each = total / unit / count * unit;
    char* end = buffer + total;
    for (size_t i = 0; i < count; ++i) {
        const size_t length = i == 0 ? total - (count - 1) * each : each;
        end -= length;
        list[i] = (struct iovec){end, length};
    }
}

/// Bytes in the order of the list.
static void gather(char* to, const struct iovec* list, size_t count) {
    for (size_t i = 0; i < count; ++i) {
        memcpy(to, list[i].iov_base, list[i].iov_len);
        to += list[i].iov_len;
    }
}

static void keep_status(struct xnvme_cmd_ctx* ctx, void* cb_arg) {
    *(int*)cb_arg = xnvme_cmd_ctx_result(ctx);
    CHECK_INT(xnvme_queue_put_cmd_ctx(ctx->async.queue, ctx), 0);
}

/// Passes a command with lists, in the queue or without. The lengths beside the lists are zeroes:
/// they are not looked at.
static int pass(bool queued, uint8_t opcode, struct iovec* dvec, size_t dvec_cnt,
                struct iovec* mvec, size_t mvec_cnt) {
    struct xnvme_cmd_ctx alone = xnvme_cmd_ctx_from_dev(dev);
    struct xnvme_cmd_ctx* const ctx = queued ? xnvme_queue_get_cmd_ctx(queue) : &alone;
    NEED(ctx != NULL);
    xnvme_prep_nvm(ctx, opcode, nsid, 8, kBlocks - 1);
    if (!queued) return xnvme_cmd_passv(ctx, dvec, dvec_cnt, 0, mvec, mvec_cnt, 0);
    int status = 1;
    xnvme_cmd_ctx_set_cb(ctx, keep_status, &status);
    const int err = xnvme_cmd_passv(ctx, dvec, dvec_cnt, 0, mvec, mvec_cnt, 0);
    if (err != 0) {
        CHECK_INT(xnvme_queue_put_cmd_ctx(queue, ctx), 0);
        return err;
    }
    CHECK_INT(xnvme_queue_drain(queue), 1);
    return status;
}

/// Writes with one cut, reads with another.
static void write_and_read(bool queued, size_t write_count, size_t read_count, size_t unit) {
    static struct iovec list[kElementsMax];
    static struct iovec md_list[kBlocks];
    const size_t md_count = write_count < md_count_max ? write_count : md_count_max;
    test_fill(data, nbytes, write_count);
    cut(list, write_count, data, nbytes, unit);
    if (md_count != 0) {
        test_fill(metadata, md_nbytes, read_count);
        cut(md_list, md_count, metadata, md_nbytes, md_nbytes / kBlocks);
    }
    CHECK_INT(pass(queued, XNVME_SPEC_NVM_OPC_WRITE, list, write_count, md_list, md_count), 0);
    char* const expected = malloc(nbytes + md_nbytes);
    NEED(expected != NULL);
    gather(expected, list, write_count);
    gather(expected + nbytes, md_list, md_count);

    memset(back, 0, nbytes);
    cut(list, read_count, back, nbytes, unit);
    struct iovec whole = {back_metadata, md_nbytes};
    CHECK_INT(pass(queued, XNVME_SPEC_NVM_OPC_READ, list, read_count, &whole, md_nbytes != 0), 0);
    char* const got = malloc(nbytes);
    NEED(got != NULL);
    gather(got, list, read_count);
    CHECK(memcmp(expected, got, nbytes) == 0);
    if (md_nbytes != 0) CHECK(memcmp(expected + nbytes, back_metadata, md_nbytes) == 0);
    free(got);
    free(expected);
}

static void test_lists(bool queued) {
    const size_t block = geo->lba_nbytes;
    const size_t counts[] = {1, 2, 3, 7, kBlocks};
    for (size_t i = 0; i < 5; ++i) {
        for (size_t j = 0; j < 5; ++j) write_and_read(queued, counts[i], counts[j], block);
    }
}

// Elements shorter than a block, up to as many as a command takes.
static void test_short_elements(bool queued) {
    const size_t most = nbytes / 4 < kElementsMax ? nbytes / 4 : kElementsMax;
    write_and_read(queued, most, 3, 4);
    write_and_read(queued, 5, most, 4);
}

static void test_one_metadata_buffer(void) {
    if (md_nbytes == 0) return;
    struct iovec list[3];
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    test_fill(data, nbytes, 70);
    test_fill(metadata, md_nbytes, 71);
    cut(list, 3, data, nbytes, geo->lba_nbytes);
    xnvme_prep_nvm(&ctx, XNVME_SPEC_NVM_OPC_WRITE, nsid, 8, kBlocks - 1);
    CHECK_INT(xnvme_cmd_pass_iov(&ctx, list, 3, nbytes, metadata, md_nbytes), 0);
    cut(list, 3, back, nbytes, geo->lba_nbytes);
    xnvme_prep_nvm(&ctx, XNVME_SPEC_NVM_OPC_READ, nsid, 8, kBlocks - 1);
    CHECK_INT(xnvme_cmd_pass_iov(&ctx, list, 3, nbytes, back_metadata, md_nbytes), 0);
    CHECK(test_holds(back, nbytes, 70));
    CHECK(test_holds(back_metadata, md_nbytes, 71));
    CHECK_INT(xnvme_cmd_pass_iov(&ctx, list, 3, nbytes, back_metadata, md_nbytes - 1), -EINVAL);
}

static void test_refusals(bool queued) {
    static struct iovec list[kElementsMax + 1];
    struct iovec md = {metadata, md_nbytes};
    const size_t md_count = md_nbytes != 0;
    const uint8_t opcode = XNVME_SPEC_NVM_OPC_READ;
    cut(list, 3, back, nbytes, geo->lba_nbytes);
    CHECK_INT(pass(queued, opcode, list, 2, &md, md_count), -EINVAL);
    list[2].iov_len += geo->lba_nbytes;
    CHECK_INT(pass(queued, opcode, list, 3, &md, md_count), -EINVAL);
    CHECK_INT(pass(queued, opcode, NULL, 3, &md, md_count), -EINVAL);
    CHECK_INT(pass(queued, opcode, list, 0, &md, md_count), -EINVAL);
    for (size_t i = 0; i <= kElementsMax; ++i) list[i] = (struct iovec){back, 1};
    list[kElementsMax].iov_len = nbytes - kElementsMax;
    CHECK_INT(pass(queued, opcode, list, kElementsMax + 1, &md, md_count), -EMSGSIZE);
    if (md_count_max == 1) {
        struct iovec halves[2];
        cut(halves, 2, metadata, md_nbytes, md_nbytes / kBlocks);
        cut(list, 3, back, nbytes, geo->lba_nbytes);
        CHECK_INT(pass(queued, opcode, list, 3, halves, 2), -ENOTSUP);
    }
    if (md_nbytes == 0) {
        struct iovec none = {back, 8};
        cut(list, 3, back, nbytes, geo->lba_nbytes);
        CHECK(pass(queued, opcode, list, 3, &none, 1) < 0);
    }
}

int main(int argc, char** argv) {
    struct test_arguments arguments = test_parse(argc, argv);
    dev = test_open(&arguments);
    geo = xnvme_dev_get_geo(dev);
    nsid = xnvme_dev_get_nsid(dev);
    nbytes = kBlocks * (size_t)geo->lba_nbytes;
    md_nbytes = geo->lba_extended ? 0 : kBlocks * (size_t)geo->nbytes_oob;
    // Linux's passthru commands have one pointer for metadata.
    md_count_max = strcmp(xnvme_dev_get_opts(dev)->be, "linux") == 0 ? 1 : kBlocks;
    if (md_nbytes == 0) md_count_max = 0;
    data = xnvme_buf_alloc(dev, nbytes);
    back = xnvme_buf_alloc(dev, nbytes);
    metadata = xnvme_buf_alloc(dev, md_nbytes + 8);
    back_metadata = xnvme_buf_alloc(dev, md_nbytes + 8);
    NEED(data != NULL && back != NULL && metadata != NULL && back_metadata != NULL);
    NEED(xnvme_queue_init(dev, arguments.depth, 0, &queue) == 0);
    for (int queued = 0; queued < 2; ++queued) {
        test_lists(queued != 0);
        if (!arguments.opts.direct) test_short_elements(queued != 0);
        test_refusals(queued != 0);
    }
    test_one_metadata_buffer();
    CHECK_INT(xnvme_queue_term(queue), 0);
    xnvme_buf_free(dev, data);
    xnvme_buf_free(dev, back);
    xnvme_buf_free(dev, metadata);
    xnvme_buf_free(dev, back_metadata);
    xnvme_dev_close(dev);
    return test_finish("vectored");
}
