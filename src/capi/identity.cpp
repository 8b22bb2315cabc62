#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "capi/device.hpp"
#include "capi/errors.hpp"
#include "capi/handles.hpp"
#include "core/identifier.hpp"

using namespace xnvme;
using namespace xnvme::capi;

int xnvme_ident_from_uri(const char* uri, struct xnvme_ident* ident) {
    if (uri == nullptr || ident == nullptr) return -EINVAL;
    const std::string_view text = uri;
    if (text.empty() || text.size() >= sizeof ident->uri) {
        return failed(EINVAL, "The name of a device has 1 to 383 bytes.");
    }
    return guarded([&] {
        *ident = {};
        std::memcpy(ident->uri, text.data(), text.size());
        const auto identifier = core::identify(text, Options{});
        // What is not there yet is a name all the same, of a kind that nobody can tell.
        if (identifier) ident->dtype = dtype_of(identifier->device_class);
        return 0;
    });
}

int xnvme_be_attr_list_bundled(struct xnvme_be_attr_list** list) {
    if (list == nullptr) return -EINVAL;
    const auto rows = core::backend_rows();
    // The caller frees it with free().
    void* const memory =
        std::calloc(1, sizeof(xnvme_be_attr_list) + rows.size() * sizeof(xnvme_be_attr));
    if (memory == nullptr) return -ENOMEM;
    *list = static_cast<xnvme_be_attr_list*>(memory);
    (*list)->capacity = static_cast<std::uint32_t>(rows.size());
    (*list)->count = static_cast<int>(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        // The registry's names are literals, which end with a zero.
        (*list)->item[i].name = rows[i].name.data();
        (*list)->item[i].enabled = 1;
    }
    return 0;
}
