// A client that does as fio's engine does: jobs that are threads, each with a device and a queue of
// its own, opened and closed under one lock; fields filled by the client; plain and listed
// commands; -EBUSY and -EAGAIN tried again; completions collected by poking; everything that was
// written is read back and compared.
#include <pthread.h>

#include "check.h"

enum { kJobs = 4, kRounds = 3 };

static pthread_mutex_t serialize = PTHREAD_MUTEX_INITIALIZER;
static struct test_arguments arguments;

struct job;

/// What the client knows of one command.
struct io {
    struct job* job;
    struct iovec vec;
    char* buffer;
    uint64_t offset;
    bool is_read;
    bool failed;
};

struct job {
    int number;
    struct xnvme_dev* dev;
    const struct xnvme_geo* geo;
    struct xnvme_queue* queue;
    uint32_t ssw;
    uint64_t first;  ///< Byte where this job's part of the device begins.
    uint64_t nbytes;
    size_t block;  ///< Bytes of one command.
    struct io* ios;
    struct io** done;
    unsigned ndone;
    unsigned retries;
    unsigned errors;
};

static void collect(struct xnvme_cmd_ctx* ctx, void* cb_arg) {
    struct io* const io = cb_arg;
    struct job* const job = io->job;
    if (xnvme_cmd_ctx_cpl_status(ctx)) {
        xnvme_cmd_ctx_pr(ctx, XNVME_PR_DEF);
        io->failed = true;
        ++job->errors;
    }
    job->done[job->ndone++] = io;
    xnvme_queue_put_cmd_ctx(ctx->async.queue, ctx);
}

static int open_device(struct job* job) {
    struct xnvme_opts opts = arguments.opts;
    opts.nsid = 0;
    int err = pthread_mutex_lock(&serialize);
    if (err) return -err;
    job->dev = xnvme_dev_open(arguments.uri, &opts);
    if (job->dev == NULL) goto failure;
    job->geo = xnvme_dev_get_geo(job->dev);
    if (xnvme_queue_init(job->dev, arguments.depth, 0, &job->queue)) goto failure;
    xnvme_queue_set_cb(job->queue, collect, NULL);
    job->ssw = (uint32_t)xnvme_dev_get_ssw(job->dev);
    return -pthread_mutex_unlock(&serialize);

failure:
    err = errno;
    xnvme_queue_term(job->queue);
    xnvme_dev_close(job->dev);
    pthread_mutex_unlock(&serialize);
    return -err;
}

static void close_device(struct job* job) {
    pthread_mutex_lock(&serialize);
    xnvme_queue_term(job->queue);
    xnvme_dev_close(job->dev);
    pthread_mutex_unlock(&serialize);
}

/// 0 queued, 1 try again, negative a failure.
static int queue_io(struct job* job, struct io* io, bool as_list) {
    struct xnvme_cmd_ctx* const ctx = xnvme_queue_get_cmd_ctx(job->queue);
    if (ctx == NULL) return 1;
    ctx->async.cb_arg = io;
    ctx->cmd.common.nsid = xnvme_dev_get_nsid(job->dev);
    ctx->cmd.nvm.slba = io->offset >> job->ssw;
    ctx->cmd.nvm.nlb = ((job->block >> job->ssw) - 1) & 0xffff;
    ctx->cmd.common.opcode = io->is_read ? XNVME_SPEC_NVM_OPC_READ : XNVME_SPEC_NVM_OPC_WRITE;
    int err;
    if (as_list) {
        io->vec = (struct iovec){io->buffer, job->block};
        err = xnvme_cmd_passv(ctx, &io->vec, 1, job->block, NULL, 0, 0);
    } else {
        err = xnvme_cmd_pass(ctx, io->buffer, job->block, NULL, 0);
    }
    switch (err) {
        case 0:
            return 0;
        case -EBUSY:
        case -EAGAIN:
            xnvme_queue_put_cmd_ctx(ctx->async.queue, ctx);
            return 1;
        default:
            xnvme_queue_put_cmd_ctx(ctx->async.queue, ctx);
            return err;
    }
}

/// Collects at least `min` completions.
static int get_events(struct job* job, unsigned min) {
    while (job->ndone < min) {
        const int err = xnvme_queue_poke(job->queue, 0);
        if (err < 0 && err != -EBUSY && err != -EAGAIN) return err;
    }
    return 0;
}

/// One pass over the job's part, with as many commands in flight as the queue takes.
static int run_pass(struct job* job, bool is_read, bool as_list, uint64_t seed) {
    struct io** idle = calloc(arguments.depth + 1u, sizeof *idle);
    if (idle == NULL) return -ENOMEM;
    unsigned nidle = 0;
    for (unsigned i = 0; i <= arguments.depth; ++i) idle[nidle++] = &job->ios[i];
    int err = 0;
    uint64_t offset = job->first;
    unsigned in_flight = 0;
    while (err == 0 && (offset < job->first + job->nbytes || in_flight != 0)) {
        while (err == 0 && nidle != 0 && offset < job->first + job->nbytes) {
            struct io* const io = idle[nidle - 1];
            io->offset = offset;
            io->is_read = is_read;
            if (!is_read) test_fill(io->buffer, job->block, offset + seed);
            if (is_read) memset(io->buffer, 0, job->block);
            const int queued = queue_io(job, io, as_list);
            if (queued < 0) err = queued;
            // There is one more than the queue takes, so that it is full all the time.
            if (queued == 1) ++job->retries;
            if (queued != 0) break;
            --nidle;
            ++in_flight;
            offset += job->block;
        }
        job->ndone = 0;
        if (err == 0) err = get_events(job, in_flight == 0 ? 0 : 1);
        for (unsigned i = 0; i < job->ndone; ++i) {
            struct io* const io = job->done[i];
            if (io->failed) err = -EIO;
            if (is_read && !test_holds(io->buffer, job->block, io->offset + seed)) err = -EILSEQ;
            idle[nidle++] = io;
            --in_flight;
        }
    }
    free(idle);
    return err;
}

static int run_rounds(struct job* job) {
    for (uint64_t round = 0; round < kRounds; ++round) {
        const bool as_list = round % 2 == 1;
        int err = run_pass(job, false, as_list, round << 40);
        if (err == 0) err = run_pass(job, true, !as_list, round << 40);
        if (err != 0) return err;
    }
    return 0;
}

static void* run_job(void* argument) {
    struct job* const job = argument;
    int err = open_device(job);
    if (err != 0) return (void*)(intptr_t)err;
    job->block = 8u * job->geo->lba_nbytes;
    job->nbytes = job->geo->tbytes / kJobs / job->block * job->block;
    if (job->nbytes > 256 * job->block) job->nbytes = 256 * job->block;
    job->first = (uint64_t)job->number * job->nbytes;
    const unsigned count = arguments.depth + 1u;
    char* const memory = xnvme_buf_alloc(job->dev, count * job->block);
    job->ios = calloc(count, sizeof *job->ios);
    job->done = calloc(count, sizeof(struct io*));
    if (memory == NULL || job->ios == NULL || job->done == NULL) err = -ENOMEM;
    for (unsigned i = 0; err == 0 && i < count; ++i) {
        job->ios[i].job = job;
        job->ios[i].buffer = memory + i * job->block;
    }
    if (err == 0) err = run_rounds(job);
    xnvme_buf_free(job->dev, memory);
    free(job->ios);
    free(job->done);
    close_device(job);
    return (void*)(intptr_t)err;
}

int main(int argc, char** argv) {
    arguments = test_parse(argc, argv);
    struct job jobs[kJobs];
    pthread_t threads[kJobs];
    memset(jobs, 0, sizeof jobs);
    for (int i = 0; i < kJobs; ++i) {
        jobs[i].number = i;
        NEED(pthread_create(&threads[i], NULL, run_job, &jobs[i]) == 0);
    }
    for (int i = 0; i < kJobs; ++i) {
        void* result = NULL;
        NEED(pthread_join(threads[i], &result) == 0);
        CHECK_INT((intptr_t)result, 0);
        CHECK_INT(jobs[i].errors, 0);
        CHECK(jobs[i].retries > 0);
        CHECK(jobs[i].nbytes > 0);
    }
    return test_finish("fio_like");
}
