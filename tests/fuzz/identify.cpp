// What Identify returns: every structure, for every command set.
#include <xnvme/nvme/identify.hpp>
#include <xnvme/nvme/print.hpp>

#include "tests/fuzz/fuzz.hpp"

using namespace xnvme;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    const auto cns = static_cast<nvme::Cns>(input.byte());
    const auto csi = static_cast<CommandSet>(input.byte());
    const std::vector<std::byte> bytes = input.rest();
    fuzz::require(!nvme::to_json(nvme::identify_node(cns, csi, bytes), 0).empty());
    fuzz::require(nvme::decode_namespace_list(bytes).size() <= 1024);
    fuzz::require(nvme::decode_controller_list(bytes).size() <= 2047);
    (void)nvme::decode_namespace_ids(bytes);
    if (const auto id = nvme::decode<nvme::IdentifyNamespace>(bytes)) {
        fuzz::require(id->format_index() < 64 && id->formats() <= 64);
        (void)id->size_bytes();
    }
    if (const auto id = nvme::decode<nvme::IdentifyController>(bytes)) {
        fuzz::require(id->power_states() <= 32);
        (void)id->max_transfer_bytes();
    }
    return 0;
}
