// Controllers as a whole: registers, reset, rescan. Where there is no such thing, that is said.
#include "check.h"

/// Reads one block twice, so that a controller that was reset is seen to work.
static void still_works(struct xnvme_dev* dev) {
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    void* const buf = xnvme_buf_alloc(dev, xnvme_dev_get_geo(dev)->lba_nbytes);
    NEED(buf != NULL);
    CHECK_INT(xnvme_nvm_read(&ctx, xnvme_dev_get_nsid(dev), 0, 0, buf, NULL), 0);
    CHECK_INT(xnvme_nvm_read(&ctx, xnvme_dev_get_nsid(dev), 1, 0, buf, NULL), 0);
    xnvme_buf_free(dev, buf);
}

static void test_controller(struct xnvme_dev* dev) {
    static struct xnvme_spec_ctrlr_bar bar;
    CHECK_INT(xnvme_controller_get_registers(dev, &bar), 0);
    CHECK_INT(bar.vs, xnvme_dev_get_ctrlr(dev)->ver.val);
    CHECK(bar.cc & 1 && bar.csts & 1);
    CHECK(bar.cap != 0);
    CHECK_INT(xnvme_controller_reset(dev), 0);
    still_works(dev);
    CHECK_INT(xnvme_namespace_rescan(dev), 0);
    still_works(dev);
    // Bit 36 of the capabilities: the subsystem can be reset. NVMe Base 2.0 §3.1.3.1
    if ((bar.cap >> 36 & 1) == 0) CHECK_INT(xnvme_subsystem_reset(dev), -ENOTSUP);
}

/// A file or a plain block device has no controller.
static void test_nothing_to_reset(struct xnvme_dev* dev) {
    static struct xnvme_spec_ctrlr_bar bar;
    CHECK_INT(xnvme_subsystem_reset(dev), -ENOTSUP);
    CHECK(xnvme_error_sentence()[0] != '\0');
    CHECK_INT(xnvme_controller_reset(dev), -ENOTSUP);
    CHECK_INT(xnvme_namespace_rescan(dev), -ENOTSUP);
    CHECK_INT(xnvme_controller_get_registers(dev, &bar), -ENOTSUP);
    still_works(dev);
}

int main(int argc, char** argv) {
    struct test_arguments arguments = test_parse(argc, argv);
    static struct xnvme_spec_ctrlr_bar bar;
    CHECK_INT(xnvme_subsystem_reset(NULL), -EINVAL);
    CHECK_INT(xnvme_controller_reset(NULL), -EINVAL);
    CHECK_INT(xnvme_namespace_rescan(NULL), -EINVAL);
    CHECK_INT(xnvme_controller_get_registers(NULL, &bar), -EINVAL);
    struct xnvme_dev* const dev = test_open(&arguments);
    const uint32_t dtype = xnvme_dev_get_ident(dev)->dtype;
    const bool has_none = dtype == 3 || dtype == 4;
    if (has_none) test_nothing_to_reset(dev);
    if (!has_none) {
        CHECK_INT(xnvme_controller_get_registers(dev, NULL), -EINVAL);
        test_controller(dev);
    }
    xnvme_dev_close(dev);
    return test_finish("topology");
}
