// Log pages of every kind, those of variable length above all.
#include <xnvme/nvme/log_events.hpp>
#include <xnvme/nvme/log_groups.hpp>
#include <xnvme/nvme/print.hpp>

#include "tests/fuzz/fuzz.hpp"

using namespace xnvme;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    const auto page = static_cast<nvme::LogPage>(input.byte());
    const auto csi = static_cast<CommandSet>(input.byte());
    const std::vector<std::byte> bytes = input.rest();
    fuzz::require(!nvme::to_yaml(nvme::log_node(page, csi, bytes)).empty());
    const std::byte* const end = bytes.data() + bytes.size();
    for (const nvme::PersistentEvent& event : nvme::decode_persistent_events(bytes).events)
        fuzz::require(event.data.data() >= bytes.data() &&
                      event.data.data() + event.data.size() <= end);
    fuzz::require(nvme::decode_event_aggregate(bytes).identifiers.size() <= bytes.size() / 2);
    for (const nvme::AnaGroup& group : nvme::decode_ana(bytes).groups)
        fuzz::require(group.nsids.size() <= bytes.size() / 4);
    for (const nvme::LbaStatusElement& element : nvme::decode_lba_status(bytes).elements)
        fuzz::require(element.ranges.size() <= bytes.size() / 16);
    return 0;
}
