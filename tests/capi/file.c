// Files: creating, cutting, offsets in bytes, the end of the file. The argument is a folder.
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static char path[4096];

static off_t size_of_file(void) {
    struct stat found;
    NEED(stat(path, &found) == 0);
    return found.st_size;
}

static void test_create_and_write(void) {
    struct xnvme_opts opts = xnvme_opts_default();
    errno = 0;
    CHECK(xnvme_file_open(path, &opts) == NULL);
    CHECK_INT(errno, ENOENT);
    opts.create = 1;
    opts.create_mode = 0640;
    struct xnvme_dev* const file = xnvme_file_open(path, &opts);
    NEED(file != NULL);
    struct stat found;
    NEED(stat(path, &found) == 0);
    CHECK_INT(found.st_mode & 0777 & ~0027u, 0640 & ~0027u);
    CHECK_INT(xnvme_dev_get_csi(file), XNVME_SPEC_CSI_FS);

    char text[] = "offsets are in bytes";
    struct xnvme_cmd_ctx ctx = xnvme_file_get_cmd_ctx(file);
    CHECK_INT(xnvme_file_pwrite(&ctx, text, sizeof text, 3), 0);
    CHECK_INT(size_of_file(), 3 + sizeof text);
    CHECK_INT(xnvme_file_sync(file), 0);
    char back[sizeof text] = {0};
    CHECK_INT(xnvme_file_pread(&ctx, back, sizeof back, 3), 0);
    CHECK(strcmp(back, text) == 0);
    CHECK_INT(xnvme_file_close(file), 0);
}

// A read past the end is no success, and says how much there was.
static void test_end_of_file(void) {
    struct xnvme_dev* const file = xnvme_file_open(path, NULL);
    NEED(file != NULL);
    char back[64];
    struct xnvme_cmd_ctx ctx = xnvme_file_get_cmd_ctx(file);
    CHECK_INT(xnvme_file_pread(&ctx, back, sizeof back, 3), -EIO);
    CHECK_INT(xnvme_cmd_ctx_nbytes(&ctx), size_of_file() - 3);
    CHECK(xnvme_cmd_ctx_cpl_status(&ctx) != 0);
    CHECK_INT(ctx.cpl.status.sct, 7);
    CHECK_INT(xnvme_file_pread(&ctx, back, 4, 3), 0);
    CHECK_INT(xnvme_cmd_ctx_cpl_status(&ctx), 0);
    CHECK_INT(xnvme_file_pread(&ctx, back, 4, -1), -EINVAL);
    CHECK_INT(xnvme_file_close(file), 0);
}

static void test_access(void) {
    struct xnvme_opts opts = xnvme_opts_default();
    opts.rdonly = 1;
    struct xnvme_dev* file = xnvme_file_open(path, &opts);
    NEED(file != NULL);
    char byte = 0;
    struct xnvme_cmd_ctx ctx = xnvme_file_get_cmd_ctx(file);
    CHECK_INT(xnvme_file_pread(&ctx, &byte, 1, 3), 0);
    CHECK_INT(xnvme_file_pwrite(&ctx, &byte, 1, 3), -EROFS);
    CHECK(xnvme_dev_get_opts(file)->rdonly == 1 && xnvme_dev_get_opts(file)->rdwr == 0);
    CHECK_INT(xnvme_file_close(file), 0);

    opts = xnvme_opts_default();
    opts.wronly = 1;
    file = xnvme_file_open(path, &opts);
    NEED(file != NULL);
    ctx = xnvme_file_get_cmd_ctx(file);
    CHECK_INT(xnvme_file_pwrite(&ctx, &byte, 1, 0), 0);
    CHECK_INT(xnvme_file_pread(&ctx, &byte, 1, 0), -EBADF);
    CHECK_INT(xnvme_file_close(file), 0);

    // Nothing asked for at all: reading and writing where that is permitted.
    struct xnvme_opts zeroes;
    memset(&zeroes, 0, sizeof zeroes);
    file = xnvme_file_open(path, &zeroes);
    NEED(file != NULL);
    ctx = xnvme_file_get_cmd_ctx(file);
    CHECK_INT(xnvme_file_pwrite(&ctx, &byte, 1, 0), 0);
    CHECK_INT(xnvme_file_close(file), 0);
}

static void test_truncate(void) {
    struct xnvme_opts opts = xnvme_opts_default();
    opts.truncate = 1;
    struct xnvme_dev* const file = xnvme_file_open(path, &opts);
    NEED(file != NULL);
    CHECK_INT(size_of_file(), 0);
    CHECK_INT(xnvme_file_close(file), 0);
}

static int written;
static void note_write(struct xnvme_cmd_ctx* ctx, void* cb_arg) {
    (void)cb_arg;
    if (xnvme_cmd_ctx_cpl_status(ctx) == 0) ++written;
    CHECK_INT(xnvme_queue_put_cmd_ctx(ctx->async.queue, ctx), 0);
}

static void test_queue(void) {
    struct xnvme_dev* const file = xnvme_file_open(path, NULL);
    NEED(file != NULL);
    struct xnvme_queue* queue = NULL;
    NEED(xnvme_queue_init(file, 8, 0, &queue) == 0);
    CHECK_INT(xnvme_queue_set_cb(queue, note_write, NULL), 0);
    char text[8] = "queued.";
    for (int i = 0; i < 8; ++i) {
        struct xnvme_cmd_ctx* const ctx = xnvme_queue_get_cmd_ctx(queue);
        NEED(ctx != NULL);
        CHECK_INT(xnvme_file_pwrite(ctx, text, 7, i * 7), 0);
    }
    CHECK_INT(xnvme_queue_drain(queue), 8);
    CHECK_INT(written, 8);
    CHECK_INT(xnvme_queue_term(queue), 0);
    CHECK_INT(size_of_file(), 56);
    CHECK_INT(xnvme_file_close(file), 0);
}

// On what is no file, whole blocks.
static void test_blocks(void) {
    struct xnvme_dev* const dev = xnvme_file_open("1MB", NULL);
    NEED(dev != NULL);
    char block[512];
    test_fill(block, sizeof block, 8);
    struct xnvme_cmd_ctx ctx = xnvme_file_get_cmd_ctx(dev);
    CHECK_INT(xnvme_file_pwrite(&ctx, block, sizeof block, 1024), 0);
    memset(block, 0, sizeof block);
    CHECK_INT(xnvme_file_pread(&ctx, block, sizeof block, 1024), 0);
    CHECK(test_holds(block, sizeof block, 8));
    CHECK_INT(xnvme_file_pread(&ctx, block, sizeof block, 100), -EINVAL);
    CHECK_INT(xnvme_file_pread(&ctx, block, 100, 512), -EINVAL);
    CHECK_INT(xnvme_file_sync(dev), 0);
    CHECK_INT(xnvme_file_close(dev), 0);
}

int main(int argc, char** argv) {
    if (argc != 2) return fprintf(stderr, "usage: %s FOLDER\n", argv[0]), 2;
    snprintf(path, sizeof path, "%s/file-%ld", argv[1], (long)getpid());
    test_create_and_write();
    test_end_of_file();
    test_access();
    test_truncate();
    test_queue();
    test_blocks();
    CHECK_INT(unlink(path), 0);
    return test_finish("file");
}
