// Printing: what is asked for, as YAML, to the stream that is given. Nothing else ever prints.
#include <fcntl.h>
#include <unistd.h>

#include "check.h"

static FILE* stream;
static struct xnvme_dev* dev;

/// What was printed since the last call.
static char* printed(void) {
    static char text[1 << 20];
    CHECK_INT(fflush(stream), 0);
    rewind(stream);
    const size_t length = fread(text, 1, sizeof text - 1, stream);
    text[length] = '\0';
    rewind(stream);
    CHECK_INT(ftruncate(fileno(stream), 0), 0);
    return text;
}

/// Lines of "name: value", lists, and nothing that is no YAML: no tabs, no comments.
static bool is_yaml(const char* text) {
    if (*text == '\0' || strchr(text, '\t') != NULL) return false;
    for (const char* line = text; *line != '\0';) {
        const char* const end = strchr(line, '\n');
        if (end == NULL) return false;
        const size_t indent = strspn(line, " ");
        const bool is_member = memchr(line, ':', (size_t)(end - line)) != NULL;
        if (!is_member && line[indent] != '-') return false;
        line = end + 1;
    }
    return true;
}

#define CHECK_PRINTS(call, word)            \
    do {                                    \
        const int count = (call);           \
        const char* const text = printed(); \
        CHECK_INT(count, strlen(text));     \
        CHECK(is_yaml(text));               \
        CHECK(strstr(text, word) != NULL);  \
    } while (0)

static void test_library(void) {
    struct xnvme_opts opts = xnvme_opts_default();
    struct xnvme_be_attr_list* list = NULL;
    NEED(xnvme_be_attr_list_bundled(&list) == 0);
    CHECK_PRINTS(xnvme_be_attr_list_fpr(stream, list, XNVME_PR_DEF), "model");
    CHECK_PRINTS(xnvme_be_attr_fpr(stream, list->item, XNVME_PR_DEF), "enabled: true");
    free(list);
    CHECK_PRINTS(xnvme_ver_fpr(stream, XNVME_PR_DEF), "minor: 7");
    CHECK_PRINTS(xnvme_dev_fpr(stream, dev, XNVME_PR_DEF), "xnvme_geo");
    CHECK_PRINTS(xnvme_geo_fpr(stream, xnvme_dev_get_geo(dev), XNVME_PR_DEF), "nsect");
    CHECK_PRINTS(xnvme_ident_fpr(stream, xnvme_dev_get_ident(dev), XNVME_PR_DEF), "uri");
    CHECK_PRINTS(xnvme_geo_fpr(stream, NULL, XNVME_PR_DEF), "xnvme_geo: null");
    uint64_t lbas[2] = {1, 255};
    CHECK_PRINTS(xnvme_lba_fpr(stream, 255, XNVME_PR_DEF), "ff");
    CHECK_PRINTS(xnvme_lba_fprn(stream, lbas, 2, XNVME_PR_DEF), "ff");
    struct xnvme_lba_range range = xnvme_lba_range_from_slba_naddrs(dev, 0, 8);
    CHECK(range.attr.is_valid);
    CHECK_INT(range.elba, 7);
    CHECK_PRINTS(xnvme_lba_range_fpr(stream, &range, XNVME_PR_DEF), "is_valid: true");
    CHECK_INT(xnvme_ident_yaml(stream, xnvme_dev_get_ident(dev), 4, "\n", 1), strlen(printed()));
    CHECK_INT(xnvme_geo_fpr(NULL, NULL, XNVME_PR_DEF), -EINVAL);
    (void)opts;
}

static void test_specification(void) {
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    struct xnvme_spec_log_health_entry health;
    CHECK_INT(
        xnvme_adm_log(&ctx, XNVME_SPEC_LOG_HEALTH, 0, 0, 0xffffffff, 0, &health, sizeof health), 0);
    CHECK_PRINTS(xnvme_spec_log_health_fpr(stream, &health, XNVME_PR_DEF), "power_cycles");
    struct xnvme_spec_log_erri_entry errors[4];
    CHECK_INT(xnvme_adm_log(&ctx, XNVME_SPEC_LOG_ERRI, 0, 0, 0xffffffff, 0, errors, sizeof errors),
              0);
    CHECK_PRINTS(xnvme_spec_log_erri_fpr(stream, errors, 4, XNVME_PR_DEF), "xnvme_spec_log_erri");
    CHECK_PRINTS(xnvme_spec_idfy_ctrlr_fpr(stream, xnvme_dev_get_ctrlr(dev), XNVME_PR_DEF), "mdts");
    CHECK_PRINTS(xnvme_spec_idfy_ns_fpr(stream, xnvme_dev_get_ns(dev), XNVME_PR_DEF), "nsze");
    CHECK_INT(xnvme_adm_gfeat(&ctx, 0, XNVME_SPEC_FEAT_NQUEUES, 0, NULL, 0), 0);
    const struct xnvme_spec_feat feat = {.val = ctx.cpl.cdw0};
    CHECK_PRINTS(xnvme_spec_feat_fpr(stream, XNVME_SPEC_FEAT_NQUEUES, feat, XNVME_PR_DEF),
                 "xnvme_spec_feat");
    CHECK_PRINTS(xnvme_spec_cmd_fpr(stream, &ctx.cmd, XNVME_PR_DEF), "opcode: 0x0a");
    struct xnvme_spec_nvm_scopy_source_range ranges;
    memset(&ranges, 0, sizeof ranges);
    ranges.entry[1].slba = 0xabc;
    CHECK_PRINTS(xnvme_spec_nvm_scopy_source_range_fpr(stream, &ranges, 1, XNVME_PR_DEF), "abc");
    CHECK_PRINTS(xnvme_spec_nvm_scopy_fmt_zero_fpr(stream, &ranges.entry[1], XNVME_PR_DEF), "abc");
    struct xnvme_spec_ctrlr_bar bar;
    memset(&bar, 0, sizeof bar);
    bar.vs = 0x20000;
    CHECK_PRINTS(xnvme_spec_ctrlr_bar_fpr(stream, &bar, XNVME_PR_DEF), "vs: 0x00020000");
}

/// Everything but printing, with errors of every kind.
static void work(void) {
    char* const buf = xnvme_buf_alloc(dev, 4096);
    struct xnvme_queue* queue = NULL;
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    NEED(buf != NULL);
    CHECK_INT(xnvme_nvm_write(&ctx, 1, 0, 0, buf, NULL), 0);
    CHECK_INT(xnvme_nvm_read(&ctx, 1, UINT64_MAX, 0, buf, NULL), -ERANGE);
    CHECK(xnvme_adm_log(&ctx, 0xee, 0, 0, 1, 0, buf, 512) < 0);
    CHECK_INT(xnvme_queue_init(dev, 8, 0, &queue), 0);
    CHECK_INT(xnvme_queue_term(queue), 0);
    CHECK(xnvme_dev_open("/no/such/device", NULL) == NULL);
    xnvme_buf_free(dev, buf);
}

int main(int argc, char** argv) {
    struct test_arguments arguments = test_parse(argc, argv);
    stream = tmpfile();
    NEED(stream != NULL);
    // Both streams of the program go to the file, so that nothing that is printed is missed.
    const int out = dup(1);
    const int err = dup(2);
    NEED(out >= 0 && err >= 0);
    NEED(dup2(fileno(stream), 1) == 1 && dup2(fileno(stream), 2) == 2);
    dev = xnvme_dev_open(arguments.uri, &arguments.opts);
    bool silent = dev != NULL;
    if (dev != NULL) work();
    fflush(stdout);
    silent = silent && lseek(fileno(stream), 0, SEEK_END) == 0;
    // To standard output where that is what the name says.
    int count = dev == NULL ? 0 : xnvme_geo_pr(xnvme_dev_get_geo(dev), XNVME_PR_DEF);
    fflush(stdout);
    const bool whole = lseek(fileno(stream), 0, SEEK_END) == count && count > 0;
    NEED(dup2(out, 1) == 1 && dup2(err, 2) == 2);
    NEED(dev != NULL);
    CHECK(silent);
    CHECK(whole);
    printed();
    test_library();
    test_specification();
    xnvme_dev_close(dev);
    fclose(stream);
    return test_finish("print");
}
