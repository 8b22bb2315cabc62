// The names of interfaces that programs pass, older and newer: each is understood, which is to say
// used, or refused as something that this build or this device does not have. Names of values.
#include "check.h"

static const char* const kBackends[] = {"linux",   "fbsd", "freebsd", "macos", "windows",
                                        "ramdisk", "spdk", "vfio",    "libvfn"};
static const char* const kAsync[] = {"io_uring", "io_uring_cmd", "libaio", "posix", "emu",
                                     "thrpool",  "nil",          "kqueue", "iocp",  "iocp_th",
                                     "io_ring",  "vfio",         "libvfn"};
static const char* const kSync[] = {"nvme", "psync", "block", "ramdisk", "file"};
static const char* const kAdmin[] = {"nvme", "block", "ramdisk", "file"};
static const char* const kMem[] = {"posix", "hugepage", "spdk", "vfio", "libvfn", "windows"};

static int works(const char* uri, struct xnvme_opts* opts) {
    errno = 0;
    struct xnvme_dev* const dev = xnvme_dev_open(uri, opts);
    const int why = errno;
    if (dev == NULL) return -why;
    const bool complete = xnvme_dev_get_opts(dev)->async != NULL;
    xnvme_dev_close(dev);
    return complete ? 0 : -EIO;
}

static void test_all(const char* uri, const char* const* names, size_t count, size_t place) {
    for (size_t i = 0; i < count; ++i) {
        struct xnvme_opts opts = xnvme_opts_default();
        memcpy((char*)&opts + place, &names[i], sizeof names[i]);
        const int err = works(uri, &opts);
        // Huge pages may be missing from the machine; a name that nobody knows would be EINVAL.
        const bool understood = err == 0 || err == -ENOTSUP || err == -ENOMEM;
        if (!understood) fprintf(stderr, "%s: %s\n", names[i], xnvme_error_sentence());
        CHECK(understood);
    }
}

#define TEST_ALL(uri, names, member) \
    test_all(uri, names, sizeof names / sizeof names[0], offsetof(struct xnvme_opts, member))

static void expect_used(const char* uri, size_t place, const char* name, const char* used) {
    struct xnvme_opts opts = xnvme_opts_default();
    memcpy((char*)&opts + place, &name, sizeof name);
    struct xnvme_dev* const dev = xnvme_dev_open(uri, &opts);
    NEED(dev != NULL);
    const char* chosen = NULL;
    memcpy(&chosen, (const char*)xnvme_dev_get_opts(dev) + place, sizeof chosen);
    CHECK(strcmp(chosen, used) == 0);
    xnvme_dev_close(dev);
}

static void test_values(void) {
    CHECK(strcmp(xnvme_spec_adm_opc_str(XNVME_SPEC_ADM_OPC_IDFY), "identify") == 0);
    CHECK(strcmp(xnvme_spec_nvm_opc_str(XNVME_SPEC_NVM_OPC_WRITE_ZEROES), "write-zeroes") == 0);
    CHECK(strcmp(xnvme_spec_nvm_opc_str(XNVME_SPEC_NVM_OPC_FMT), "format-nvm") == 0);
    CHECK(strcmp(xnvme_spec_znd_opc_str(XNVME_SPEC_ZND_OPC_APPEND), "zone-append") == 0);
    CHECK(strcmp(xnvme_spec_csi_str(XNVME_SPEC_CSI_ZONED), "zoned") == 0);
    CHECK(strcmp(xnvme_spec_feat_id_str(XNVME_SPEC_FEAT_NQUEUES), "number-of-queues") == 0);
    CHECK(strcmp(xnvme_spec_feat_sel_str(XNVME_SPEC_FEAT_SEL_SAVED), "saved") == 0);
    CHECK(strcmp(xnvme_spec_flag_str(XNVME_SPEC_FLAG_FORCE_UNIT_ACCESS), "force-unit-access") == 0);
    CHECK(strcmp(xnvme_spec_idfy_cns_str(XNVME_SPEC_IDFY_CTRLR), "controller") == 0);
    CHECK(strlen(xnvme_spec_log_lpi_str(XNVME_SPEC_LOG_HEALTH)) > 0);
    CHECK(strcmp(xnvme_spec_znd_state_str(XNVME_SPEC_ZND_STATE_FULL), "full") == 0);
    CHECK(strcmp(xnvme_spec_psdt_str(XNVME_SPEC_PSDT_PRP), "prp") == 0);
    CHECK(strcmp(xnvme_spec_znd_cmd_mgmt_send_action_str(XNVME_SPEC_ZND_CMD_MGMT_SEND_RESET),
                 "reset") == 0);
    // Values that the specification does not have.
    CHECK(strcmp(xnvme_spec_adm_opc_str((enum xnvme_spec_adm_opc)0xfe), "unknown") == 0);
    CHECK(strcmp(xnvme_spec_adm_opc_str((enum xnvme_spec_adm_opc)0x106), "unknown") == 0);
    CHECK(strcmp(xnvme_spec_znd_state_str((enum xnvme_spec_znd_state)0), "unknown") == 0);
    CHECK(xnvme_spec_znd_status_code_str(XNVME_SPEC_ZND_SC_IS_FULL) != NULL);
    CHECK(xnvme_spec_nvm_cmd_cpl_sc_str(XNVME_SPEC_NVM_CMD_CPL_SC_WRITE_TO_RONLY) != NULL);
}

int main(int argc, char** argv) {
    struct test_arguments arguments = test_parse(argc, argv);
    const char* const uris[] = {arguments.uri, "1MB"};
    for (int i = 0; i < 2; ++i) {
        TEST_ALL(uris[i], kBackends, be);
        TEST_ALL(uris[i], kAsync, async);
        TEST_ALL(uris[i], kSync, sync);
        TEST_ALL(uris[i], kAdmin, admin);
        TEST_ALL(uris[i], kMem, mem);
    }
    expect_used("1MB", offsetof(struct xnvme_opts, be), "ramdisk", "model");
    expect_used("1MB", offsetof(struct xnvme_opts, sync), "ramdisk", "model");
    expect_used("1MB", offsetof(struct xnvme_opts, admin), "ramdisk", "model");
    expect_used("1MB", offsetof(struct xnvme_opts, mem), "posix", "libc");
    expect_used(arguments.uri, offsetof(struct xnvme_opts, async), "posix", "posix_aio");
    expect_used(arguments.uri, offsetof(struct xnvme_opts, sync), "file", "psync");
    test_values();
    return test_finish("names");
}
