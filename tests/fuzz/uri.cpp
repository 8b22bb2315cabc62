// Identifiers of model devices: sizes, options, faults.
#include <xnvme/size.hpp>

#include "backends/model/faults.hpp"
#include "backends/model/uri.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace xnvme;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::Input(data, size).text();
    const auto config = be_model::parse_uri(text);
    if (config) {
        fuzz::require(config->size_bytes >= be_model::kSizeMin &&
                      config->size_bytes <= be_model::kSizeMax);
        fuzz::require(config->serial.size() <= 20 && config->name.size() <= 64);
        fuzz::require(config->mdts_bytes >= be_model::kMdtsMin &&
                      config->mdts_bytes <= be_model::kMdtsMax);
    } else {
        fuzz::require(!config.error().sentence.empty());
    }
    if (const auto duration = be_model::parse_duration(text))
        fuzz::require(duration->count() >= 0 && *duration <= std::chrono::hours(1));
    (void)be_model::parse_fault(text);
    (void)parse_size(text);
    return 0;
}
