#include <xnvme/version.hpp>

namespace xnvme {

std::string_view version() noexcept {
    return kVersion;
}

}  // namespace xnvme
