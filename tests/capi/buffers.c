// Buffers: allocating, growing, filling, comparing, files, mapping.
#include <unistd.h>

#include "check.h"

static void test_allocation(struct xnvme_dev* dev) {
    unsigned char* buf = xnvme_buf_alloc(dev, 10000);
    NEED(buf != NULL);
    CHECK_INT((uintptr_t)buf % 4096, 0);
    CHECK_INT(buf[0] | buf[9999], 0);
    test_fill(buf, 10000, 1);
    buf = xnvme_buf_realloc(dev, buf, 30000);
    NEED(buf != NULL);
    CHECK(test_holds(buf, 10000, 1));
    buf = xnvme_buf_realloc(dev, buf, 5000);
    NEED(buf != NULL);
    CHECK(buf[0] != 0 || buf[1] != 0);
    xnvme_buf_free(dev, buf);
    unsigned char* const fresh = xnvme_buf_realloc(dev, NULL, 512);
    CHECK(fresh != NULL);
    xnvme_buf_free(dev, fresh);
    errno = 0;
    CHECK(xnvme_buf_alloc(dev, 0) == NULL);
    CHECK_INT(errno, EINVAL);
    int stranger = 0;
    errno = 0;
    CHECK(xnvme_buf_realloc(dev, &stranger, 64) == NULL);
    CHECK_INT(errno, EINVAL);
}

// Interfaces that go through the system have no addresses of a device.
static void test_addresses(struct xnvme_dev* dev) {
    void* const buf = xnvme_buf_alloc(dev, 4096);
    NEED(buf != NULL);
    uint64_t address = 0;
    const int err = xnvme_buf_vtophys(dev, buf, &address);
    CHECK(err == 0 || err == -ENOTSUP);
    void* const with_address = xnvme_buf_phys_alloc(dev, 4096, &address);
    CHECK((with_address != NULL) == (err == 0));
    if (with_address == NULL) CHECK_INT(errno, ENOTSUP);
    xnvme_buf_phys_free(dev, with_address);
    CHECK_INT(xnvme_buf_vtophys(dev, NULL, &address), -EINVAL);
    xnvme_buf_free(dev, buf);
}

static void test_plain_memory(void) {
    for (size_t alignment = 1; alignment <= 65536; alignment *= 4) {
        unsigned char* const buf = xnvme_buf_virt_alloc(alignment, 1000);
        NEED(buf != NULL);
        CHECK_INT((uintptr_t)buf % alignment, 0);
        CHECK_INT(buf[999], 0);
        xnvme_buf_virt_free(buf);
    }
    errno = 0;
    CHECK(xnvme_buf_virt_alloc(48, 1000) == NULL);
    CHECK_INT(errno, EINVAL);
    CHECK(xnvme_buf_virt_alloc(4096, 0) == NULL);
}

static void test_contents(void) {
    unsigned char left[1000];
    unsigned char right[1000];
    CHECK_INT(xnvme_buf_fill(left, sizeof left, "anum"), 0);
    CHECK(left[0] == 'A' && left[25] == 'Z' && left[26] == 'A');
    CHECK_INT(xnvme_buf_fill(left, sizeof left, "zero"), 0);
    CHECK(xnvme_buf_clear(right, sizeof right) == right);
    CHECK_INT(xnvme_buf_diff(left, right, sizeof left), 0);
    right[0] = 1;
    right[999] = 1;
    CHECK_INT(xnvme_buf_diff(left, right, sizeof left), 2);
    CHECK_INT(xnvme_buf_fill(left, sizeof left, "rand-k"), 0);
    CHECK_INT(xnvme_buf_fill(right, sizeof right, "rand-k"), 0);
    CHECK_INT(xnvme_buf_diff(left, right, sizeof left), 0);
    CHECK_INT(xnvme_buf_fill(right, sizeof right, "rand-t"), 0);
    CHECK(xnvme_buf_diff(left, right, sizeof left) > 500);
    CHECK_INT(xnvme_buf_fill(left, sizeof left, "/no/such/file"), -ENOENT);
}

static void test_files(void) {
    char path[] = "/tmp/xnvme-capi-XXXXXX";
    const int fd = mkstemp(path);
    NEED(fd >= 0);
    close(fd);
    unsigned char buf[5000];
    test_fill(buf, sizeof buf, 3);
    CHECK_INT(xnvme_buf_to_file(buf, sizeof buf, path), 0);
    memset(buf, 0, sizeof buf);
    CHECK_INT(xnvme_buf_from_file(buf, sizeof buf, path), 0);
    CHECK(test_holds(buf, sizeof buf, 3));
    CHECK_INT(xnvme_buf_fill(buf, sizeof buf, path), 0);
    CHECK_INT(xnvme_buf_to_file(buf, sizeof buf, "/no/such/folder/file"), -ENOENT);
    CHECK_INT(unlink(path), 0);
    CHECK_INT(xnvme_buf_from_file(buf, sizeof buf, path), -ENOENT);
}

static void test_mapping(struct xnvme_dev* dev) {
    void* const memory = xnvme_buf_virt_alloc(4096, 8192);
    NEED(memory != NULL);
    CHECK_INT(xnvme_mem_map(dev, memory, 8192), 0);
    CHECK_INT(xnvme_mem_map(dev, memory, 8192), -EEXIST);
    struct xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    CHECK_INT(xnvme_nvm_read(&ctx, 0, 0, 0, memory, NULL), 0);
    CHECK_INT(xnvme_mem_unmap(dev, memory), 0);
    CHECK_INT(xnvme_mem_unmap(dev, memory), -EINVAL);
    CHECK_INT(xnvme_mem_map(dev, NULL, 8192), -EINVAL);
    CHECK_INT(xnvme_mem_map(dev, memory, 0), -EINVAL);
    xnvme_buf_virt_free(memory);
}

int main(int argc, char** argv) {
    struct test_arguments arguments = test_parse(argc, argv);
    struct xnvme_dev* const dev = test_open(&arguments);
    test_allocation(dev);
    test_addresses(dev);
    test_plain_memory();
    test_contents();
    test_files();
    test_mapping(dev);
    // A buffer outlives its device.
    unsigned char* const buf = xnvme_buf_alloc(dev, 4096);
    NEED(buf != NULL);
    xnvme_dev_close(dev);
    memset(buf, 1, 4096);
    xnvme_buf_free(NULL, buf);
    return test_finish("buffers");
}
