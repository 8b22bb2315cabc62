/// \file
/// Printing in the C API: a tree of named values, as YAML, to a stream of the caller's.
#pragma once

#include <cstdio>
#include <string_view>

#include <xnvme/nvme/print.hpp>

#include "capi/errors.hpp"

namespace xnvme::capi {

/// Writes text to `stream`. Returns the bytes written or a negative errno.
int write_text(std::FILE* stream, std::string_view text) noexcept;

/// Prints `node` as the only member, `name`, of a YAML document.
int print_node(std::FILE* stream, std::string_view name, nvme::Node node);

/// Prints the members of a map, each as one line, indented by `indent` spaces, with `sep` between
/// them and nothing behind the last.
int print_members(std::FILE* stream, const nvme::Node& map, int indent, const char* sep);

/// Prints what `make` makes of `*value`, or null where `value` is null.
template <class T, class Make>
int print(std::FILE* stream, std::string_view name, const T* value, Make&& make) noexcept {
    if (stream == nullptr) return -EINVAL;
    return guarded(
        [&] { return print_node(stream, name, value == nullptr ? nvme::Node{} : make(*value)); });
}

/// What the library's own structure of the same bytes prints as.
template <class Own, class T>
nvme::Node as(const T& value) {
    static_assert(sizeof(Own) == sizeof(T));
    return nvme::to_node(reinterpret_cast<const Own&>(value));
}

}  // namespace xnvme::capi
