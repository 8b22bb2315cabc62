// Opens what its argument names (a file, a block device, mem:64MiB), writes a block and reads it
// back.
#include <cstdio>
#include <cstring>
#include <xnvme/xnvme.hpp>

int main(int argc, char** argv) {
    auto device = xnvme::Device::open(argc > 1 ? argv[1] : "mem:64MiB");
    if (!device) return std::fprintf(stderr, "%s\n", device.error().sentence.c_str()), 1;
    auto buffer = device->allocate(device->geometry().transfer_block_bytes);
    if (!buffer) return std::fprintf(stderr, "%s\n", buffer.error().sentence.c_str()), 1;
    std::memcpy(buffer->data(), "hello", 6);
    auto written = device->execute(xnvme::nvme::write(0, 1), *buffer);
    std::memset(buffer->data(), 0, buffer->size());
    auto read = device->execute(xnvme::nvme::read(0, 1), *buffer);
    std::printf("%s\n", written && read ? reinterpret_cast<char*>(buffer->data()) : "failed");
    return written && read ? 0 : 1;
}
