// Protection information: made and checked on the host, and by the device, whose namespace has it.
#include "check.h"

enum { kBlocks = 4 };

/// One way that blocks can be protected.
struct layout {
    uint32_t block_size;
    uint32_t md_size;
    bool interleaved;
    bool at_front;
    enum xnvme_pi_type type;
    enum xnvme_spec_nvm_ns_pif format;
};

static void test_on_host(struct layout layout) {
    static uint8_t data[kBlocks * 4224];
    static uint8_t metadata[kBlocks * 64];
    struct xnvme_pi_ctx ctx;
    const uint32_t flags =
        XNVME_PI_FLAGS_GUARD_CHECK | XNVME_PI_FLAGS_APPTAG_CHECK | XNVME_PI_FLAGS_REFTAG_CHECK;
    const uint32_t check = layout.type == XNVME_PI_TYPE3 ? flags & ~1u : flags;
    CHECK_INT(
        xnvme_pi_ctx_init(&ctx, layout.block_size, layout.md_size, layout.interleaved,
                          layout.at_front, layout.type, check, 1000, 0xffff, 0x1234, layout.format),
        0);
    test_fill(data, sizeof data, 5);
    memset(metadata, 0, sizeof metadata);
    uint8_t* const md = layout.interleaved ? NULL : metadata;
    xnvme_pi_generate(&ctx, data, md, kBlocks);
    CHECK_INT(xnvme_pi_verify(&ctx, data, md, kBlocks), 0);

    // A changed byte of the data is found, in the first block and in the last.
    data[0] ^= 1;
    CHECK_INT(xnvme_pi_verify(&ctx, data, md, kBlocks), -EIO);
    data[0] ^= 1;
    data[(kBlocks - 1) * layout.block_size + 100] ^= 0x80;
    CHECK_INT(xnvme_pi_verify(&ctx, data, md, kBlocks), -EIO);
    // Nobody looks where the guard is not to be checked.
    ctx.pi_flags = XNVME_PI_FLAGS_APPTAG_CHECK;
    CHECK_INT(xnvme_pi_verify(&ctx, data, md, kBlocks), 0);
    ctx.app_tag = 0x4321;
    CHECK_INT(xnvme_pi_verify(&ctx, data, md, kBlocks), -EIO);
    ctx.apptag_mask = 0;
    CHECK_INT(xnvme_pi_verify(&ctx, data, md, kBlocks), 0);
    ctx.pi_flags = XNVME_PI_FLAGS_REFTAG_CHECK;
    ctx.init_ref_tag = 1001;
    CHECK_INT(xnvme_pi_verify(&ctx, data, md, kBlocks), -EIO);
}

static void test_layouts(void) {
    for (int type = XNVME_PI_TYPE1; type <= XNVME_PI_TYPE3; ++type) {
        for (int format = 0; format < 3; ++format) {
            for (int at_front = 0; at_front < 2; ++at_front) {
                for (int interleaved = 0; interleaved < 2; ++interleaved) {
                    for (uint32_t md = 16; md <= 64; md *= 2) {
                        const struct layout layout = {.block_size = 512u + (interleaved ? md : 0),
                                                      .md_size = md,
                                                      .interleaved = interleaved != 0,
                                                      .at_front = at_front != 0,
                                                      .type = (enum xnvme_pi_type)type,
                                                      .format = (enum xnvme_spec_nvm_ns_pif)format};
                        test_on_host(layout);
                    }
                }
            }
        }
    }
}

// What others compute: the guard of a block of zeroes is zero with a 16-bit guard, and that of
// "123456789" is d0dbh (T10 DIF). The fields stand with the most significant byte first.
static void test_known_guard(void) {
    struct xnvme_pi_ctx ctx;
    uint8_t data[512] = "123456789";
    uint8_t metadata[8] = {0};
    CHECK_INT(xnvme_pi_ctx_init(&ctx, 9, 8, false, false, XNVME_PI_TYPE1, 7, 0x01020304, 0xffff,
                                0xabcd, XNVME_SPEC_NVM_NS_16B_GUARD),
              0);
    CHECK_INT(ctx.guard_interval, 9);
    xnvme_pi_generate(&ctx, data, metadata, 1);
    const uint8_t expected[8] = {0xd0, 0xdb, 0xab, 0xcd, 1, 2, 3, 4};
    CHECK(memcmp(metadata, expected, sizeof expected) == 0);
}

static void test_refusals(void) {
    struct xnvme_pi_ctx ctx;
    uint8_t byte[16] = {0};
    CHECK_INT(xnvme_pi_size(XNVME_SPEC_NVM_NS_16B_GUARD), 8);
    CHECK_INT(xnvme_pi_size(XNVME_SPEC_NVM_NS_32B_GUARD), 16);
    CHECK_INT(xnvme_pi_size(XNVME_SPEC_NVM_NS_64B_GUARD), 16);
    CHECK_INT(xnvme_pi_ctx_init(&ctx, 512, 8, false, false, XNVME_PI_TYPE1, 7, 0, 0, 0,
                                XNVME_SPEC_NVM_NS_64B_GUARD),
              -EINVAL);
    CHECK_INT(xnvme_pi_ctx_init(&ctx, 8, 8, true, false, XNVME_PI_TYPE1, 7, 0, 0, 0,
                                XNVME_SPEC_NVM_NS_16B_GUARD),
              -EINVAL);
    CHECK_INT(xnvme_pi_ctx_init(NULL, 512, 8, false, false, XNVME_PI_TYPE1, 7, 0, 0, 0,
                                XNVME_SPEC_NVM_NS_16B_GUARD),
              -EINVAL);
    CHECK_INT(xnvme_pi_ctx_init(&ctx, 512, 8, false, false, XNVME_PI_TYPE1, 7, 0, 0, 0,
                                XNVME_SPEC_NVM_NS_16B_GUARD),
              0);
    CHECK_INT(xnvme_pi_verify(&ctx, byte, NULL, 1), -EINVAL);
    // fio asks for a check of nothing, without metadata, where the device checks and strips it.
    ctx.pi_flags = 0;
    CHECK_INT(xnvme_pi_verify(&ctx, byte, NULL, 1), 0);
    memset(&ctx, 0, sizeof ctx);
    CHECK_INT(xnvme_pi_verify(&ctx, byte, NULL, 1), 0);
    CHECK_INT(xnvme_pi_verify(NULL, byte, byte, 1), -EINVAL);
    xnvme_pi_generate(&ctx, byte, NULL, 1);
    xnvme_pi_generate(NULL, byte, byte, 1);
}

// As fio does it: generated here, checked by the device on its way in, and here on its way out.
static void test_on_device(struct xnvme_dev* dev) {
    const struct xnvme_geo* const geo = xnvme_dev_get_geo(dev);
    NEED(geo->pi_type != 0);
    const size_t nbytes = kBlocks * (size_t)geo->lba_nbytes;
    const size_t md_nbytes = geo->lba_extended ? 0 : kBlocks * (size_t)geo->nbytes_oob;
    uint8_t* const data = xnvme_buf_alloc(dev, nbytes);
    uint8_t* const md = md_nbytes == 0 ? NULL : xnvme_buf_alloc(dev, md_nbytes);
    NEED(data != NULL && (md != NULL || md_nbytes == 0));
    const uint64_t slba = 8;
    const uint32_t prchk = geo->pi_type == XNVME_PI_TYPE3
                               ? XNVME_PI_FLAGS_GUARD_CHECK
                               : XNVME_PI_FLAGS_GUARD_CHECK | XNVME_PI_FLAGS_REFTAG_CHECK;
    struct xnvme_pi_ctx ctx;
    NEED(xnvme_pi_ctx_init(&ctx, geo->lba_nbytes, geo->nbytes_oob, geo->lba_extended, geo->pi_loc,
                           (enum xnvme_pi_type)geo->pi_type, prchk, (uint32_t)slba, 0xffff, 0x1234,
                           (enum xnvme_spec_nvm_ns_pif)geo->pi_format) == 0);
    test_fill(data, nbytes, 9);
    xnvme_pi_generate(&ctx, data, md, kBlocks);
    struct xnvme_cmd_ctx cmd = xnvme_cmd_ctx_from_dev(dev);
    cmd.cmd.nvm.prinfo = prchk & 0xf;
    cmd.cmd.nvm.ilbrt = (uint32_t)slba;
    CHECK_INT(xnvme_nvm_write(&cmd, xnvme_dev_get_nsid(dev), slba, kBlocks - 1, data, md), 0);
    memset(data, 0, nbytes);
    CHECK_INT(xnvme_nvm_read(&cmd, xnvme_dev_get_nsid(dev), slba, kBlocks - 1, data, md), 0);
    CHECK_INT(xnvme_pi_verify(&ctx, data, md, kBlocks), 0);

    // Wrong protection information does not get in.
    data[3] ^= 1;
    CHECK_INT(xnvme_nvm_write(&cmd, xnvme_dev_get_nsid(dev), slba, kBlocks - 1, data, md), -EIO);
    CHECK_INT(cmd.cpl.status.sct, XNVME_STATUS_CODE_TYPE_MEDIA);
    CHECK_INT(cmd.cpl.status.sc, 0x82);
    xnvme_buf_free(dev, data);
    xnvme_buf_free(dev, md);
}

int main(int argc, char** argv) {
    struct test_arguments arguments = test_parse(argc, argv);
    test_layouts();
    test_known_guard();
    test_refusals();
    struct xnvme_dev* const dev = test_open(&arguments);
    test_on_device(dev);
    xnvme_dev_close(dev);
    return test_finish("protection");
}
