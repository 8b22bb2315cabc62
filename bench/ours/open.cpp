// Opens a device, identifies its controller and namespace, and closes it, over and over. What is
// done once in a program's life is measured with --count 1, and else is not.
#include <string>

#include <xnvme/xnvme.hpp>

#include "bench/load.h"

namespace {

[[noreturn]] void fail(const std::string& why) {
    load_fail(why.c_str(), 0);
    std::abort();
}

void open_identify_close(const load& run) {
    xnvme::Options options;
    if (std::strcmp(run.interface, "default") != 0) options.async = run.interface;
    options.access = xnvme::Access::read_only;
    auto device = xnvme::Device::open(run.device, options);
    if (!device) fail(device.error().sentence);
    auto buffer = device->allocate(kLoadBytes);
    if (!buffer) fail(buffer.error().sentence);
    for (const xnvme::nvme::Cns cns : {xnvme::nvme::Cns::controller, xnvme::nvme::Cns::ns}) {
        const std::uint32_t nsid = cns == xnvme::nvme::Cns::controller ? 0 : device->nsid();
        const auto done = device->admin(xnvme::nvme::identify({.cns = cns, .nsid = nsid}), *buffer);
        if (!done) fail(xnvme::describe(done.error()));
    }
}

}  // namespace

int main(int argc, char** argv) {
    static load run;
    load_options(&run, argc, argv);
    if (run.count > 1) open_identify_close(run);
    load_start(&run);
    for (std::uint64_t i = 0; i < run.count; ++i) open_identify_close(run);
    load_stop(&run);
    load_print(&run, run.interface);
}
