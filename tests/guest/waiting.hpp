// Waiting for what the kernel's driver does in the background.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <xnvme/device.hpp>

namespace guest {

/// Asks `there` again and again until it says yes. Throws std::runtime_error, which fails the test
/// that called it, with `what` as its text when 20 seconds have passed.
void wait_until(const std::string& what, const std::function<bool()>& there);

/// The driver sets a controller up. A controller that is live may not have its namespaces yet.
void wait_until_live(const std::string& controller);

/// The driver makes or removes the devices of a controller's namespace. Returns its generic device,
/// with an empty `uri` once it has gone.
xnvme::Found wait_for_namespace(const std::string& controller, std::uint32_t nsid,
                                bool there = true);

}  // namespace guest
