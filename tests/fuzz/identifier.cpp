// Names of devices, of every class.
#include "core/identifier.hpp"

#include "tests/fuzz/fuzz.hpp"

using namespace xnvme;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::Input(data, size).text();
    Options options;
    options.create = size % 2 != 0;
    const auto identifier = core::identify(text, options);
    if (identifier) {
        fuzz::require(identifier->text == text);
        fuzz::require(static_cast<unsigned>(identifier->device_class) < kDeviceClassCount);
    } else {
        fuzz::require(!identifier.error().sentence.empty());
    }
    return 0;
}
