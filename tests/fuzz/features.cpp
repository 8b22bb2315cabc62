// Values and structures of features, and what people write for their fields.
#include <xnvme/nvme/feature_fields.hpp>
#include <xnvme/nvme/print.hpp>

#include "tests/fuzz/fuzz.hpp"

using namespace xnvme;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    const auto id = static_cast<nvme::FeatureId>(input.byte());
    const std::uint32_t value = input.word();
    fuzz::require(!nvme::to_json(nvme::feature_node(id, value, input.rest()), 2).empty());
    for (const nvme::FeatureField& field : nvme::feature_fields(id)) {
        const auto raw = nvme::parse_feature_field(field, input.text());
        if (raw) {
            fuzz::require(*raw <= field.raw_max());
            fuzz::require(field.raw(field.with(value, *raw)) == *raw);
        } else {
            fuzz::require(!raw.error().sentence.empty());
        }
    }
    return 0;
}
