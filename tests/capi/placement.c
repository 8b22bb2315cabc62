// Flexible data placement: the state of the handles, a write that is placed, an update of a handle,
// and what the logs then say.
#include "check.h"

enum { kHandlesMax = 128 };

static struct xnvme_dev* dev;
static uint32_t nsid;
static struct xnvme_spec_ruhs* ruhs;

static void receive(size_t nbytes) {
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    memset(ruhs, 0, nbytes);
    CHECK_INT(xnvme_nvm_mgmt_recv(&ctx, nsid, XNVME_SPEC_IO_MGMT_RECV_RUHS, 0, ruhs,
                                  (uint32_t)nbytes),
              0);
}

// First how many there are, then just those. A device that does not accept a list of segments longer
// than what it has to say (SGLS bit 18 is clear) fails a command that asks for more, with Data SGL
// Length Invalid, if the buffer happens to lie in several pieces of memory.
static void read_handles(void) {
    receive(sizeof *ruhs);
    NEED(ruhs->nruhsd >= 2 && ruhs->nruhsd <= kHandlesMax);
    receive(sizeof *ruhs + ruhs->nruhsd * sizeof ruhs->desc[0]);
}

/// Bytes written by the host, the low 64 bits.
static uint64_t bytes_written(void) {
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    struct xnvme_spec_log_fdp_stats stats;
    ctx.cmd.log.lsi = 1;
    CHECK_INT(xnvme_adm_log(&ctx, XNVME_SPEC_LOG_FDPSTATS, 0, 0, 0, 0, &stats, sizeof stats), 0);
    return stats.hbmw[0];
}

static void test_placed_write(void) {
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    const size_t nbytes = 4 * (size_t)xnvme_dev_get_geo(dev)->lba_nbytes;
    char* const buf = xnvme_buf_alloc(dev, nbytes);
    NEED(buf != NULL);
    read_handles();
    const uint64_t room = ruhs->desc[1].ruamw;
    const uint16_t placement = ruhs->desc[1].pi;
    const uint64_t before = bytes_written();

    test_fill(buf, nbytes, 5);
    ctx.cmd.nvm.dtype = 2;
    ctx.cmd.nvm.cdw13.dspec = placement;
    CHECK_INT(xnvme_nvm_write(&ctx, nsid, 0, 3, buf, NULL), 0);
    memset(buf, 0, nbytes);
    xnvme_cmd_ctx_clear(&ctx);
    CHECK_INT(xnvme_nvm_read(&ctx, nsid, 0, 3, buf, NULL), 0);
    CHECK(test_holds(buf, nbytes, 5));
    CHECK_INT(bytes_written() - before, nbytes);
    read_handles();
    CHECK_INT(ruhs->desc[1].ruamw, room - 4);

    // The handle goes on to an empty unit.
    uint16_t* const list = xnvme_buf_alloc(dev, 4096);
    NEED(list != NULL);
    list[0] = placement;
    CHECK_INT(xnvme_nvm_mgmt_send(&ctx, nsid, XNVME_SPEC_IO_MGMT_SEND_RUHU, 0, list, 2), 0);
    read_handles();
    CHECK(ruhs->desc[1].ruamw > room - 4);
    xnvme_buf_free(dev, list);
    xnvme_buf_free(dev, buf);
}

static void test_configurations(void) {
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    struct xnvme_spec_log_fdp_conf* const conf = xnvme_buf_alloc(dev, 4096);
    NEED(conf != NULL);
    ctx.cmd.log.lsi = 1;
    CHECK_INT(xnvme_adm_log(&ctx, XNVME_SPEC_LOG_FDPCONF, 0, 0, 0, 0, conf, 512), 0);
    CHECK(conf->size >= sizeof *conf && conf->size <= 512);
    CHECK(conf->conf_desc[0].nruh >= 2);
    xnvme_buf_free(dev, conf);
}

int main(int argc, char** argv) {
    struct test_arguments arguments = test_parse(argc, argv);
    dev = test_open(&arguments);
    nsid = xnvme_dev_get_nsid(dev);
    ruhs = xnvme_buf_alloc(dev, sizeof *ruhs + kHandlesMax * sizeof ruhs->desc[0]);
    NEED(ruhs != NULL);
    test_placed_write();
    test_configurations();
    xnvme_buf_free(dev, ruhs);
    xnvme_dev_close(dev);
    return test_finish("placement");
}
