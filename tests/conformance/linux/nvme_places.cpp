// NVMe namespaces of the machine that the suite runs on. It does not make them: the environment
// names them, and what they held is lost.
#include "tests/conformance/linux/nvme_places.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sstream>

namespace conformance {
namespace {

class NvmePlace : public Place {
  public:
    NvmePlace(const std::string& path, bool is_direct, bool is_polled) {
        uri = path;
        direct = is_direct;
        poll_io = is_polled;
    }
};

/// How much of the suite runs on a namespace.
struct Extent {
    std::string_view name;
    std::vector<std::string> interfaces;     ///< Empty: all that serve it.
    std::vector<xnvme::Contract> contracts;  ///< Empty: all.
    bool poll_io = false;
};

const Extent* find_extent(std::string_view name) {
    using xnvme::Contract;
    static const std::vector<Extent> all{
        {"", {}, {}},
        {"native", {"io_uring_cmd", "nvme"}, {}},
        {"polled", {"io_uring_cmd", "io_uring"}, {}, true},
        {"admin", {}, {Contract::admin}},
    };
    const auto found = std::ranges::find(all, name, &Extent::name);
    return found == all.end() ? nullptr : &*found;
}

/// The kind of an entry; without a name when it cannot be read.
TargetKind nvme_target(std::string_view entry) {
    using xnvme::DeviceClass;
    constexpr std::string_view kZoned = "zoned:";
    const std::size_t equals = entry.find('=');
    if (equals == std::string_view::npos) return {};
    std::string_view path = entry.substr(equals + 1);
    const bool zoned = path.starts_with(kZoned);
    if (zoned) path.remove_prefix(kZoned.size());
    const std::size_t colon = path.find(':');
    const bool has_extent = colon != std::string_view::npos;
    const Extent* extent = find_extent(has_extent ? path.substr(0, colon) : std::string_view{});
    if (has_extent) path.remove_prefix(colon + 1);
    // The page cache would answer for the device.
    const bool direct = path.starts_with("/dev/nvme");
    if (extent == nullptr || (!direct && !path.starts_with("/dev/ng"))) return {};
    TargetKind kind;
    kind.name = entry.substr(0, equals);
    kind.family = "nvme";
    kind.zoned = zoned;
    kind.device_class = direct ? DeviceClass::nvme_block : DeviceClass::nvme_generic;
    kind.make = [path = std::string(path), direct, extent]() -> MadePlace {
        return std::make_unique<NvmePlace>(path, direct, extent->poll_io);
    };
    kind.interfaces = extent->interfaces;
    kind.contracts = extent->contracts;
    return kind;
}

}  // namespace

std::vector<TargetKind> nvme_targets() {
    std::vector<TargetKind> all;
    const char* list = std::getenv("XNVME_CONFORMANCE_NVME");
    std::istringstream in{list == nullptr ? "" : list};
    for (std::string entry; std::getline(in, entry, ',');) {
        TargetKind kind = nvme_target(entry);
        if (kind.name.empty()) {
            std::fprintf(stderr,
                         "XNVME_CONFORMANCE_NVME holds \"%s\", which is not NAME=[native: polled: "
                         "or admin:]/dev/nvmeXnY or /dev/ngXnY\n",
                         entry.c_str());
            std::exit(2);
        }
        all.push_back(std::move(kind));
    }
    return all;
}

}  // namespace conformance
