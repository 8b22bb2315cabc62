#include "store.hpp"

#include <map>
#include <mutex>
#include <string>

#include <xnvme/size.hpp>

#include "controller.hpp"

namespace xnvme::be_model {

namespace {

/// The named controllers. Owners are counted under the same lock, so that a name is never found
/// whose last owner is on its way out.
struct Store {
    std::mutex mutex;
    std::map<std::string, Controller*, std::less<>> named;
};

Store& store() {
    static Store instance;
    return instance;
}

/// The option of `asked` that does not agree with the controller that is there, or empty.
std::string_view disagreement(const Config& asked, const Config& there) {
    if (asked.size_bytes != there.size_bytes) return "size";
    const auto differs = [&](std::string_view key) {
        if (key == "block" || key == "meta") return asked.format != there.format;
        if (key == "pi" || key == "guard" || key == "pi_first" || key == "storage_tag")
            return asked.protection != there.protection;
        if (key == "extended") return asked.extended != there.extended;
        if (key == "mdts") return asked.mdts_bytes != there.mdts_bytes;
        if (key == "latency")
            return asked.read_latency != there.read_latency ||
                   asked.write_latency != there.write_latency;
        if (key == "read_latency") return asked.read_latency != there.read_latency;
        if (key == "write_latency") return asked.write_latency != there.write_latency;
        if (key == "background") return asked.background != there.background;
        if (key == "dealloc") return asked.deallocated != there.deallocated;
        if (key == "ro") return asked.read_only != there.read_only;
        if (key == "csi") return asked.command_set != there.command_set;
        if (key == "key_max" || key == "value_max" || key == "keys_max")
            return asked.kv != there.kv;
        if (key == "fdp" || key == "ruh" || key == "groups" || key == "ru" || key == "streams")
            return asked.placement != there.placement;
        if (key == "serial") return asked.serial != there.serial;
        if (key == "fault") return asked.faults != there.faults;
        return false;
    };
    for (const std::string& key : asked.given) {
        if (differs(key)) return key;
    }
    return {};
}

}  // namespace

Result<ControllerRef, Failure> ControllerRef::open(const Config& config) {
    Store& all = store();
    const std::lock_guard lock(all.mutex);
    if (!config.name.empty()) {
        const auto found = all.named.find(config.name);
        if (found != all.named.end()) {
            Controller& there = *found->second;
            const std::string_view key = disagreement(config, there.config());
            if (!key.empty())
                return fail(Errc::busy,
                            "The model device named '" + config.name +
                                "' is open already with another " + std::string(key) + " (its " +
                                "size is " + format_size(there.config().size_bytes) +
                                "): open it with the same options, give only its size and name, " +
                                "or choose another name.");
            ++there.owners_;
            return ControllerRef(&there);
        }
    }
    auto made = Controller::create(config);
    if (!made) return std::unexpected(std::move(made.error()));
    Controller* controller = *made;
    controller->owners_ = 1;
    if (!config.name.empty()) all.named.emplace(config.name, controller);
    return ControllerRef(controller);
}

ControllerRef::~ControllerRef() {
    if (controller_ == nullptr) return;
    Store& all = store();
    {
        const std::lock_guard lock(all.mutex);
        if (--controller_->owners_ != 0) return;
        if (!controller_->config().name.empty()) all.named.erase(controller_->config().name);
    }
    delete controller_;
}

}  // namespace xnvme::be_model
