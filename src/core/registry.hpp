/// \file
/// THE table: every interface and backend of this build. Selection, `library-info`, the
/// documentation's tables and the error messages read it, and nothing else lists interfaces.
#pragma once

#include <span>
#include <string_view>

#include "contracts/interfaces.hpp"

namespace xnvme::core {

/// An interface or backend that this build left out, and why.
struct LeftOut {
    std::string_view name;
    Contract contract;
    std::string_view backend;
    std::string_view summary;
    ClassSet classes;
    std::string_view reason;
};

/// Rows in order of preference within each contract.
std::span<const InterfaceRow> interface_rows();
std::span<const BackendRow> backend_rows();
std::span<const LeftOut> left_out_rows();

/// The registry's name for one that programs may also use, or `name` itself.
std::string_view canonical_name(Contract contract, std::string_view name);
std::string_view canonical_backend(std::string_view name);

/// What an interface is that other builds or systems have, such as "FreeBSD's", where `name` is one
/// of those that programs know; else empty.
std::string_view foreign_interface(Contract contract, std::string_view name);
std::string_view foreign_backend(std::string_view name);

/// True when every name in `options` is one of an interface or backend, of this build or another.
bool knows_names(const Options& options);

std::string_view contract_name(Contract contract);

}  // namespace xnvme::core
