// NULL, and the reasons why a device does not open.
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

#define CHECK_NULL(call)          \
    do {                          \
        errno = 0;                \
        CHECK((call) == NULL);    \
        CHECK_INT(errno, EINVAL); \
    } while (0)

static void test_null_handles(void) {
    uint64_t address = 0;
    struct xnvme_queue* queue = NULL;
    xnvme_dev_close(NULL);
    xnvme_buf_free(NULL, NULL);
    xnvme_buf_phys_free(NULL, NULL);
    xnvme_buf_virt_free(NULL);
    xnvme_cmd_ctx_clear(NULL);
    xnvme_cmd_ctx_pr(NULL, XNVME_PR_DEF);
    xnvme_opts_set_defaults(NULL);
    CHECK_INT(xnvme_queue_term(NULL), -EINVAL);
    CHECK_INT(xnvme_queue_init(NULL, 8, 0, &queue), -EINVAL);
    CHECK_INT(xnvme_queue_create(NULL, 8, NULL, &queue), -EINVAL);
    CHECK_INT(xnvme_queue_poke(NULL, 0), -EINVAL);
    CHECK_INT(xnvme_queue_drain(NULL), -EINVAL);
    CHECK_INT(xnvme_queue_wait(NULL), -EINVAL);
    CHECK_INT(xnvme_queue_wait_for(NULL, 1, 0), -EINVAL);
    CHECK_INT(xnvme_queue_set_cb(NULL, NULL, NULL), -EINVAL);
    CHECK_INT(xnvme_queue_put_cmd_ctx(NULL, NULL), -EINVAL);
    CHECK_INT(xnvme_queue_get_completion_fd(NULL), -EINVAL);
    CHECK_INT(xnvme_queue_submit(NULL, NULL, 0), -EINVAL);
    CHECK_INT(xnvme_queue_get_capacity(NULL), 0);
    CHECK_INT(xnvme_queue_get_outstanding(NULL), 0);
    CHECK_NULL(xnvme_queue_get_cmd_ctx(NULL));
    CHECK_NULL(xnvme_cmd_ctx_from_queue(NULL));
    CHECK_NULL(xnvme_dev_open(NULL, NULL));
    CHECK_NULL(xnvme_file_open(NULL, NULL));
    CHECK_NULL(xnvme_dev_get_geo(NULL));
    CHECK_NULL(xnvme_dev_get_ctrlr(NULL));
    CHECK_NULL(xnvme_dev_get_ctrlr_css(NULL));
    CHECK_NULL(xnvme_dev_get_ns(NULL));
    CHECK_NULL(xnvme_dev_get_ns_css(NULL));
    CHECK_NULL(xnvme_dev_get_ident(NULL));
    CHECK_NULL(xnvme_dev_get_opts(NULL));
    CHECK_NULL(xnvme_dev_get_be_state(NULL));
    CHECK_NULL(xnvme_buf_alloc(NULL, 1));
    CHECK_NULL(xnvme_buf_realloc(NULL, NULL, 1));
    CHECK_NULL(xnvme_buf_phys_alloc(NULL, 1, &address));
    CHECK_NULL(xnvme_buf_phys_realloc(NULL, NULL, 1, NULL));
    CHECK_INT(xnvme_dev_get_nsid(NULL), 0);
    CHECK_INT(xnvme_dev_get_csi(NULL), 0);
    CHECK_INT(xnvme_dev_get_ssw(NULL), 0);
    CHECK_INT(xnvme_dev_derive_geo(NULL), -EINVAL);
    CHECK_INT(xnvme_buf_vtophys(NULL, NULL, NULL), -EINVAL);
    CHECK_INT(xnvme_buf_fill(NULL, 1, "zero"), -EINVAL);
    CHECK_INT(xnvme_buf_to_file(NULL, 1, "x"), -EINVAL);
    CHECK_INT(xnvme_buf_from_file(NULL, 1, "x"), -EINVAL);
    CHECK(xnvme_buf_clear(NULL, 1) == NULL);
    CHECK_INT(xnvme_mem_map(NULL, NULL, 1), -EINVAL);
    CHECK_INT(xnvme_mem_unmap(NULL, NULL), -EINVAL);
    CHECK_INT(xnvme_enumerate(NULL, NULL, NULL, NULL), -EINVAL);
    CHECK_INT(xnvme_ident_from_uri(NULL, NULL), -EINVAL);
    CHECK_INT(xnvme_be_attr_list_bundled(NULL), -EINVAL);
    CHECK_INT(xnvme_file_close(NULL), 0);
    CHECK_INT(xnvme_file_sync(NULL), -EINVAL);
    CHECK_INT(xnvme_lba_range_from_slba_naddrs(NULL, 0, 1).attr.is_valid, 0);
    CHECK_INT(xnvme_lba_range_from_offset_nbytes(NULL, 0, 512).attr.is_valid, 0);
    CHECK_INT(xnvme_lba_range_from_slba_elba(NULL, 0, 0).attr.is_valid, 0);
    CHECK_INT(xnvme_lba_range_from_zdescr(NULL, NULL).attr.is_valid, 0);
}

static void test_null_commands(void) {
    // A context of no device, and no context at all.
    struct xnvme_cmd_ctx none = xnvme_cmd_ctx_from_dev(NULL);
    struct xnvme_cmd_ctx* const contexts[] = {NULL, &none};
    char byte[4096] = {0};
    for (int i = 0; i < 2; ++i) {
        struct xnvme_cmd_ctx* const ctx = contexts[i];
        CHECK_INT(xnvme_cmd_pass(ctx, byte, 1, NULL, 0), -EINVAL);
        CHECK_INT(xnvme_cmd_passv(ctx, NULL, 0, 0, NULL, 0, 0), -EINVAL);
        CHECK_INT(xnvme_cmd_pass_iov(ctx, NULL, 0, 0, NULL, 0), -EINVAL);
        CHECK_INT(xnvme_cmd_pass_admin(ctx, byte, 1, NULL, 0), -EINVAL);
        CHECK_INT(xnvme_cmd_prepare(ctx, byte, 1, NULL, 0), -EINVAL);
        CHECK_INT(xnvme_cmd_preparev(ctx, NULL, 0, NULL, 0), -EINVAL);
        CHECK_INT(xnvme_nvm_read(ctx, 1, 0, 0, byte, NULL), -EINVAL);
        CHECK_INT(xnvme_nvm_write(ctx, 1, 0, 0, byte, NULL), -EINVAL);
        CHECK_INT(xnvme_nvm_write_zeroes(ctx, 1, 0, 0), -EINVAL);
        CHECK_INT(xnvme_nvm_write_uncorrectable(ctx, 1, 0, 0), -EINVAL);
        CHECK_INT(xnvme_nvm_dsm(ctx, 1, (void*)byte, 0, true, false, false), -EINVAL);
        CHECK_INT(xnvme_nvm_scopy(ctx, 1, 0, (void*)byte, 0, XNVME_NVM_SCOPY_FMT_ZERO), -EINVAL);
        CHECK_INT(xnvme_nvm_mgmt_recv(ctx, 1, 1, 0, byte, 16), -EINVAL);
        CHECK_INT(xnvme_nvm_mgmt_send(ctx, 1, 1, 0, byte, 16), -EINVAL);
        CHECK_INT(xnvme_adm_idfy_ctrlr(ctx, (void*)byte), -EINVAL);
        CHECK_INT(xnvme_adm_idfy_ns_csi(ctx, 1, 0, (void*)byte), -EINVAL);
        CHECK_INT(xnvme_adm_log(ctx, 2, 0, 0, 1, 0, byte, 512), -EINVAL);
        CHECK_INT(xnvme_adm_gfeat(ctx, 0, 7, 0, NULL, 0), -EINVAL);
        CHECK_INT(xnvme_adm_sfeat(ctx, 0, 7, 0, 0, NULL, 0), -EINVAL);
        CHECK_INT(xnvme_adm_format(ctx, 1, 0, 0, 0, 0, 0, 0), -EINVAL);
        CHECK_INT(xnvme_nvm_sanitize(ctx, 1, false, 0, 0, false, false), -EINVAL);
        CHECK_INT(xnvme_adm_dir_send(ctx, 1, 1, 0, 0, 0), -EINVAL);
        CHECK_INT(xnvme_adm_dir_recv(ctx, 1, 1, 0, 0, byte, 4096), -EINVAL);
        CHECK_INT(xnvme_file_pread(ctx, byte, 1, 0), -EINVAL);
        CHECK_INT(xnvme_file_pwrite(ctx, byte, 1, 0), -EINVAL);
        CHECK_INT(xnvme_kvs_store(ctx, 1, "key", 3, byte, 1, 0), -EINVAL);
        CHECK_INT(xnvme_kvs_retrieve(ctx, 1, "key", 3, byte, 1, 0), -EINVAL);
        CHECK_INT(xnvme_kvs_delete(ctx, 1, "key", 3), -EINVAL);
        CHECK_INT(xnvme_kvs_exist(ctx, 1, "key", 3), -EINVAL);
        CHECK_INT(xnvme_kvs_list(ctx, 1, "key", 3, byte, 1), -EINVAL);
        CHECK_INT(xnvme_znd_mgmt_send(ctx, 1, 0, false, XNVME_SPEC_ZND_CMD_MGMT_SEND_RESET,
                                      (enum xnvme_spec_znd_mgmt_send_action_so)0, NULL),
                  -EINVAL);
        CHECK_INT(xnvme_znd_append(ctx, 1, 0, 0, byte, NULL), -EINVAL);
    }
    CHECK_INT(xnvme_cmd_ctx_result(NULL), -EINVAL);
    CHECK_INT(xnvme_cmd_ctx_os_error(NULL), 0);
    CHECK_INT(xnvme_cmd_ctx_nbytes(NULL), 0);
    CHECK_NULL(xnvme_znd_dev_get_ns(NULL));
    CHECK_NULL(xnvme_znd_dev_get_lbafe(NULL));
    CHECK_NULL(xnvme_znd_report_from_dev(NULL, 0, 0, 0));
    CHECK_NULL(xnvme_znd_log_changes_from_dev(NULL));
    CHECK_INT(xnvme_znd_descr_from_dev(NULL, 0, NULL), -EINVAL);
    CHECK_INT(xnvme_znd_report_find_arbitrary(NULL, XNVME_SPEC_ZND_STATE_FULL, NULL, 0), -EINVAL);
}

static void expect_failure(const char* uri, struct xnvme_opts* opts, int expected,
                           const char* word) {
    errno = 0;
    struct xnvme_dev* const dev = xnvme_dev_open(uri, opts);
    const int why = errno;
    CHECK(dev == NULL);
    CHECK_INT(why, expected);
    if (strstr(xnvme_error_sentence(), word) == NULL) {
        fprintf(stderr, "'%s' does not say '%s'\n", xnvme_error_sentence(), word);
        CHECK(false && "the sentence says why");
    }
    xnvme_dev_close(dev);
}

static void test_failed_opens(const char* folder) {
    struct xnvme_opts opts = xnvme_opts_default();
    char path[4096];
    snprintf(path, sizeof path, "%s/missing-%ld", folder, (long)getpid());
    expect_failure(path, NULL, ENOENT, path);
    expect_failure("", NULL, EINVAL, "no name");
    expect_failure(folder, NULL, EINVAL, "directory");
    expect_failure("/dev/null", NULL, EINVAL, "character device");
    expect_failure("mem:64MiB?nonsense=1", NULL, EINVAL, "nonsense");
    expect_failure("99999999999999GB", NULL, EINVAL, "99999999999999GB");

    opts.async = "io_urinng";
    expect_failure("1MB", &opts, EINVAL, "Did you mean 'io_uring'");
    opts.async = "kqueue";
    expect_failure("1MB", &opts, ENOTSUP, "FreeBSD's");
    opts.async = "libaio";
    expect_failure("1MB", &opts, ENOTSUP, "does not serve");
    opts = xnvme_opts_default();
    opts.be = "nobody";
    expect_failure("1MB", &opts, EINVAL, "nobody");
    opts.be = "windows";
    expect_failure("1MB", &opts, ENOTSUP, "Windows");
}

/// Opens as a user who may do nothing: root gives its rights away for the time.
static void expect_no_permission(const char* path) {
    const bool root = geteuid() == 0;
    if (root) NEED(seteuid(65534) == 0);
    struct xnvme_opts opts = xnvme_opts_default();
    expect_failure(path, &opts, EACCES, path);
    opts.rdonly = 1;
    opts.rdwr = 0;
    expect_failure(path, &opts, EACCES, path);
    if (root) NEED(seteuid(0) == 0);
}

static void test_permission(const char* folder) {
    char path[4096];
    snprintf(path, sizeof path, "%s/closed-%ld", folder, (long)getpid());
    FILE* const file = fopen(path, "w");
    NEED(file != NULL && ftruncate(fileno(file), 4096) == 0);
    fclose(file);
    NEED(chmod(path, 0) == 0);
    expect_no_permission(path);
    CHECK_INT(unlink(path), 0);
    // A folder that hides what is in it hides whether it is there.
    snprintf(path, sizeof path, "%s/hidden-%ld", folder, (long)getpid());
    char below[4200];
    snprintf(below, sizeof below, "%s/file", path);
    NEED(mkdir(path, 0) == 0);
    expect_no_permission(below);
    CHECK_INT(rmdir(path), 0);
    // A file is no folder, so that there is nothing in it.
    expect_failure("/etc/passwd/below", NULL, ENOENT, "/etc/passwd/below");
}

static int count_devices(struct xnvme_dev* dev, void* cb_args) {
    (void)dev;
    ++*(int*)cb_args;
    return XNVME_ENUMERATE_DEV_CLOSE;
}

// Enumeration of one device fails for the reason that opening it does.
static void test_enumeration(void) {
    struct xnvme_opts opts = xnvme_opts_default();
    int count = 0;
    CHECK_INT(xnvme_enumerate("1MB", &opts, count_devices, &count), 0);
    CHECK_INT(count, 1);
    CHECK_INT(xnvme_enumerate("/no/such/device", &opts, count_devices, &count), -ENOENT);
    opts.async = "io_urinng";
    CHECK_INT(xnvme_enumerate("1MB", &opts, count_devices, &count), -EINVAL);
    opts.async = "kqueue";
    CHECK_INT(xnvme_enumerate("1MB", &opts, count_devices, &count), -ENOTSUP);
    CHECK_INT(count, 1);
}

static void* look_at_sentence(void* empty) {
    *(int*)empty = xnvme_error_sentence()[0] == '\0';
    return NULL;
}

// A sentence is its thread's own.
static void test_threads(void) {
    CHECK(xnvme_dev_open("", NULL) == NULL);
    CHECK(xnvme_error_sentence()[0] != '\0');
    int empty = 0;
    pthread_t thread;
    NEED(pthread_create(&thread, NULL, look_at_sentence, &empty) == 0);
    NEED(pthread_join(thread, NULL) == 0);
    CHECK(empty);
}

int main(int argc, char** argv) {
    if (argc != 2) return fprintf(stderr, "usage: %s FOLDER\n", argv[0]), 2;
    CHECK_INT(xnvme_error_sentence()[0], 0);
    test_null_handles();
    test_null_commands();
    test_failed_opens(argv[1]);
    test_permission(argv[1]);
    test_enumeration();
    test_threads();
    return test_finish("errors");
}
