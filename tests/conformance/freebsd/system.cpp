#include "tests/conformance/system.hpp"

#include "tests/conformance/counted_new.inc"

namespace conformance {

std::vector<TargetKind> system_targets() { return {}; }

}  // namespace conformance
