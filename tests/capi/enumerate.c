// Enumeration: every device that the machine has, kept open or closed as the callback says.
#include "check.h"

struct seen {
    int count;
    int wanted;
    const char* uri;
    struct xnvme_dev* kept;
};

static int look(struct xnvme_dev* dev, void* cb_args) {
    struct seen* const seen = cb_args;
    ++seen->count;
    CHECK(xnvme_dev_get_geo(dev)->lba_nbytes != 0);
    if (strcmp(xnvme_dev_get_ident(dev)->uri, seen->uri) != 0) return XNVME_ENUMERATE_DEV_CLOSE;
    ++seen->wanted;
    seen->kept = dev;
    return XNVME_ENUMERATE_DEV_KEEP_OPEN;
}

int main(int argc, char** argv) {
    struct test_arguments arguments = test_parse(argc, argv);
    struct xnvme_opts* const opts = &arguments.opts;
    opts->rdonly = 1;

    // All of them. The device of the command line is one, where it is a block device.
    struct seen all = {.uri = arguments.uri};
    CHECK_INT(xnvme_enumerate(NULL, opts, look, &all), 0);
    if (strncmp(arguments.uri, "/dev/", 5) == 0) CHECK_INT(all.wanted, 1);
    xnvme_dev_close(all.kept);

    // One of them, which stays open.
    struct seen one = {.uri = arguments.uri};
    CHECK_INT(xnvme_enumerate(arguments.uri, opts, look, &one), 0);
    CHECK_INT(one.count, 1);
    CHECK_INT(one.wanted, 1);
    NEED(one.kept != NULL);
    void* const buf = xnvme_buf_alloc(one.kept, xnvme_dev_get_geo(one.kept)->lba_nbytes);
    NEED(buf != NULL);
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(one.kept);
    CHECK_INT(xnvme_nvm_read(&ctx, xnvme_dev_get_nsid(one.kept), 0, 0, buf, NULL), 0);
    xnvme_buf_free(one.kept, buf);
    xnvme_dev_close(one.kept);

    CHECK_INT(xnvme_enumerate("/dev/there-is-none", NULL, look, &one), -ENOENT);

    struct xnvme_be_attr_list* list = NULL;
    NEED(xnvme_be_attr_list_bundled(&list) == 0);
    CHECK(list->count > 0 && list->capacity >= (uint32_t)list->count);
    bool has_model = false;
    for (int i = 0; i < list->count; ++i) {
        CHECK(list->item[i].enabled);
        has_model |= strcmp(list->item[i].name, "model") == 0;
    }
    CHECK(has_model);
    free(list);

    struct xnvme_ident ident;
    CHECK_INT(xnvme_ident_from_uri("mem:1GiB", &ident), 0);
    CHECK(strcmp(ident.uri, "mem:1GiB") == 0);
    CHECK_INT(ident.dtype, 5);
    CHECK_INT(xnvme_ident_from_uri("/no/such/device", &ident), 0);
    CHECK_INT(ident.dtype, 0);
    char too_long[XNVME_IDENT_URI_LEN + 1];
    memset(too_long, 'x', sizeof too_long - 1);
    too_long[sizeof too_long - 1] = '\0';
    CHECK_INT(xnvme_ident_from_uri(too_long, &ident), -EINVAL);
    CHECK_INT(xnvme_ident_from_uri("", &ident), -EINVAL);
    return test_finish("enumerate");
}
