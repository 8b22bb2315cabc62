#include "tests/conformance/system.hpp"

#include "tests/conformance/counted_new.inc"

namespace conformance {

std::vector<TargetKind> system_targets() {
    return {};
}

std::string reserve_hugepages(unsigned) {
    return "this system has no hugepages of ours";
}

}  // namespace conformance
