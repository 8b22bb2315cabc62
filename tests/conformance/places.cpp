#include "tests/conformance/places.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

#include "tests/conformance/system.hpp"

namespace conformance {
namespace {

class FilePlace : public Place {
  public:
    ~FilePlace() override {
        std::error_code ignored;
        std::filesystem::remove(uri, ignored);
    }
};

/// A named model lives as long as somebody has it open: between the cases, that is the place.
class ModelPlace : public Place {
  public:
    ModelPlace(const std::string& name, xnvme::Device device) : device_(std::move(device)) {
        uri = name;
    }

  private:
    xnvme::Device device_;
};

struct ModelFormat {
    const char* target;
    std::vector<std::string> options;
};
const std::vector<ModelFormat>& model_formats() {
    static const std::vector<ModelFormat> all{
        {"model_512", {"block=512"}},
        {"model_4096", {"block=4096"}},
        {"model_4096_64", {"block=4096", "meta=64", "extended=1"}},
        {"model_512_pi", {"block=512", "meta=8", "extended=1", "pi=1"}},
        {"model_4096_pi64",
         {"block=4096", "meta=64", "extended=1", "pi=2", "guard=64", "pi_first=1",
          "storage_tag=16"}},
    };
    return all;
}

TargetKind model_target(const char* name, std::vector<std::string> options) {
    options.push_back(std::string("name=conformance_") + name);
    auto make = [uri = model_uri("16MiB", options)]() -> MadePlace {
        auto device = xnvme::Device::open(uri);
        if (!device) return std::unexpected(device.error().sentence);
        return std::make_unique<ModelPlace>(uri, std::move(*device));
    };
    return {name, "model", xnvme::DeviceClass::model, make};
}

std::vector<TargetKind> every_target() {
    std::vector<TargetKind> all;
    for (const ModelFormat& format : model_formats())
        all.push_back(model_target(format.target, format.options));
    all.push_back(model_target("model_kv", {"csi=kv"}));
    all.back().family = "modelkv";
    all.back().key_value = true;
    // Small zones with limits, of which not all blocks can be written.
    all.push_back(model_target("model_zoned", {"zoned=1", "zone=1MiB", "zone_capacity=768KiB",
                                               "max_open=3", "max_active=4", "append=64KiB"}));
    all.back().family = "modelzoned";
    all.back().zoned = true;
    all.push_back({"file", "file", xnvme::DeviceClass::file,
                   [] { return make_file(work_folder(), "target", kPlaceBytes, false); }});
    for (TargetKind& kind : system_targets()) all.push_back(std::move(kind));
    return all;
}

bool named_in(std::string_view list, const TargetKind& kind) {
    std::istringstream in{std::string(list)};
    for (std::string name; std::getline(in, name, ',');) {
        if (name == kind.name || name == kind.family) return true;
    }
    return false;
}

std::vector<TargetKind> chosen_targets() {
    std::vector<TargetKind> all = every_target();
    const char* list = std::getenv("XNVME_CONFORMANCE_TARGETS");
    if (list == nullptr || *list == '\0') return all;
    std::istringstream in{list};
    for (std::string name; std::getline(in, name, ',');) {
        if (std::ranges::none_of(all,
                                 [&](const TargetKind& kind) { return named_in(name, kind); })) {
            std::fprintf(stderr,
                         "XNVME_CONFORMANCE_TARGETS names \"%s\", which is none of:", name.c_str());
            for (const TargetKind& kind : all) std::fprintf(stderr, " %s", kind.name.c_str());
            std::fprintf(stderr, "\n");
            std::exit(2);
        }
    }
    std::erase_if(all, [&](const TargetKind& kind) { return !named_in(list, kind); });
    return all;
}

std::map<std::string, MadePlace, std::less<>>& made() {
    static std::map<std::string, MadePlace, std::less<>> all;
    return all;
}

}  // namespace

const std::vector<TargetKind>& targets() {
    static const std::vector<TargetKind> chosen = chosen_targets();
    return chosen;
}

bool target_runs(std::string_view name) {
    return std::ranges::any_of(targets(), [&](const TargetKind& kind) {
        return kind.name == name || kind.family == name;
    });
}

Place& shared_place(std::string_view target) {
    auto place = made().find(target);
    if (place == made().end()) {
        const auto kind = std::ranges::find(targets(), target, &TargetKind::name);
        if (kind == targets().end())
            throw std::runtime_error("there is no target " + std::string(target));
        place = made().emplace(kind->name, kind->make()).first;
    }
    if (!place->second)
        throw std::runtime_error("the target " + std::string(target) +
                                 " cannot be made here: " + place->second.error());
    return **place->second;
}

void forget_places() {
    made().clear();
}

MadePlace make_file(const std::string& folder, std::string_view name, std::uint64_t bytes,
                    bool direct) {
    auto place = std::make_unique<FilePlace>();
    place->uri = folder + "/" + std::string(name);
    place->direct = direct;
    if (!std::ofstream(place->uri, std::ios::trunc | std::ios::binary))
        return std::unexpected("the file " + place->uri + " cannot be created");
    std::error_code error;
    std::filesystem::resize_file(place->uri, bytes, error);
    if (error)
        return std::unexpected("the file " + place->uri +
                               " cannot be given a size: " + error.message());
    return place;
}

std::vector<std::string> model_format(std::string_view target) {
    for (const ModelFormat& format : model_formats()) {
        if (format.target == target) return format.options;
    }
    return {};
}

std::string model_uri(std::string_view size, const std::vector<std::string>& options) {
    std::string uri = "mem:" + std::string(size);
    char separator = '?';
    for (const std::string& option : options) {
        uri += separator + option;
        separator = '&';
    }
    return uri;
}

void truncate_file(const std::string& path, std::uint64_t bytes) {
    std::filesystem::resize_file(path, bytes);
}

}  // namespace conformance
