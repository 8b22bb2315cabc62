#include "tests/guest/waiting.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "tests/conformance/harness.hpp"

namespace guest {

using conformance::must;
using namespace std::chrono_literals;

void wait_until(const std::string& what, const std::function<bool()>& there) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!there()) {
        if (std::chrono::steady_clock::now() > end) throw std::runtime_error(what);
        std::this_thread::sleep_for(10ms);
    }
}

void wait_until_live(const std::string& controller) {
    wait_until(controller + " does not come up", [&] {
        return std::ranges::any_of(must(xnvme::scan()), [&](const xnvme::Found& found) {
            return found.uri == controller && found.state == "live";
        });
    });
}

xnvme::Found wait_for_namespace(const std::string& controller, std::uint32_t nsid, bool there) {
    const std::string name = controller.substr(controller.rfind('/') + 1);
    xnvme::Found space;
    wait_until("namespace " + std::to_string(nsid) + " of " + controller +
                   (there ? " does not come" : " does not go"),
               [&] {
                   space = {};
                   for (const xnvme::Found& found : must(xnvme::scan())) {
                       if (found.device_class == xnvme::DeviceClass::nvme_generic &&
                           found.nsid == nsid &&
                           std::ranges::find(found.controllers, name) != found.controllers.end() &&
                           ::access(found.uri.c_str(), F_OK) == 0 &&
                           ::access(found.twin.c_str(), F_OK) == 0)
                           space = found;
                   }
                   return space.uri.empty() != there;
               });
    return space;
}

}  // namespace guest
