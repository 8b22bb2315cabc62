// The things that the suite does I/O on: how they are made, and how they are called.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <xnvme/device.hpp>

namespace conformance {

inline constexpr std::uint64_t kPlaceBytes = 16ull << 20;

/// A target that was made. What it holds is given back when it is destroyed.
class Place {
  public:
    Place() = default;
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    virtual ~Place() = default;

    std::string uri;       ///< What `Device::open` takes.
    bool direct = false;   ///< Opened past the page cache.
    bool poll_io = false;  ///< Opened to poll the device for completions.
};

/// A place, or a sentence that names what this machine lacks.
using MadePlace = std::expected<std::unique_ptr<Place>, std::string>;

/// A kind of target. `name` is unique; `family` is what XNVME_CONFORMANCE_TARGETS may also name.
struct TargetKind {
    std::string name;
    std::string family;
    xnvme::DeviceClass device_class{};
    std::function<MadePlace()> make;
    std::vector<std::string> interfaces{};     ///< Those that run on it; empty: all that serve it.
    std::vector<xnvme::Contract> contracts{};  ///< The same.
    /// It stores keys and values and has no blocks: the cases that read, write, count or compare
    /// blocks do not run on it, the ones of key_value_test.cpp run on nothing else.
    bool key_value = false;
    /// Its zones are written at their write pointers alone. The cases that write where they like
    /// and again do not run on it; those of zoned_test.cpp do.
    bool zoned = false;
};

/// The kinds of target of this system that XNVME_CONFORMANCE_TARGETS, a list with commas, leaves
/// in. Without it all of them. Ends the program when it names one that does not exist.
const std::vector<TargetKind>& targets();

/// The place of a kind, made at the first call and kept until `forget_places`. Throws
/// std::runtime_error with the sentence when it cannot be made.
Place& shared_place(std::string_view target);
void forget_places();

/// True when `name` is a target, or a family of targets, that runs.
bool target_runs(std::string_view name);

/// A regular file of `bytes` in `folder`, with nothing in it, removed with the place.
MadePlace make_file(const std::string& folder, std::string_view name, std::uint64_t bytes,
                    bool direct);

/// Sets the length of a file that exists.
void truncate_file(const std::string& path, std::uint64_t bytes);

/// The options that give a model device the format of a target; none for the others.
std::vector<std::string> model_format(std::string_view target);

/// The name of a model device: `mem:` with `options` joined as its URI wants them.
std::string model_uri(std::string_view size, const std::vector<std::string>& options);

}  // namespace conformance
