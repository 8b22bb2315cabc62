/// \file
/// Choosing the interfaces of a device.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "contracts/interfaces.hpp"

namespace xnvme::core {

/// The rows that a device uses, and what became of every candidate.
struct Selection {
    const InterfaceRow* async = nullptr;
    const InterfaceRow* sync = nullptr;
    const InterfaceRow* admin = nullptr;
    const InterfaceRow* memory = nullptr;
    std::vector<Candidate> candidates;
};

/// The backend that opens this class of device, or the one that is named. Fails with a sentence.
Result<const BackendRow*, Failure> select_backend(const Identifier& identifier,
                                                  const Options& options);

/// Refuses names that are unknown, or that cannot serve this class of device, before anything is
/// opened or created.
Result<void, Failure> check_names(const Identifier& identifier, const Options& options);

/// Probes the candidates of each contract on an open device. `selection` has the candidates also
/// when this fails.
Result<void, Failure> select_interfaces(const Handle& handle, const Options& options,
                                        Selection& selection);

}  // namespace xnvme::core
