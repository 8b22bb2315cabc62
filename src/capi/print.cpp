#include "capi/print.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include <xnvme/describe.hpp>
#include <xnvme/version.hpp>

#include "capi/handles.hpp"

using namespace xnvme;
using namespace xnvme::capi;
using nvme::Node;

namespace xnvme::capi {

int write_text(std::FILE* stream, std::string_view text) noexcept {
    errno = 0;
    if (std::fwrite(text.data(), 1, text.size(), stream) == text.size()) {
        return static_cast<int>(text.size());
    }
    return errno != 0 ? -errno : -EIO;
}

int print_node(std::FILE* stream, std::string_view name, Node node) {
    Node document = Node::map();
    document.add(name, std::move(node));
    return write_text(stream, nvme::to_yaml(document));
}

int print_members(std::FILE* stream, const Node& map, int indent, const char* sep) {
    std::string text;
    for (std::size_t i = 0; i < map.size(); ++i) {
        const Node& value = map.at(i);
        const bool nested = value.kind() == Node::Kind::map || value.kind() == Node::Kind::list;
        // A map within a line is written as JSON, which is YAML too.
        std::string written = nested ? nvme::to_json(value, 0) : nvme::to_yaml(value);
        while (written.ends_with('\n')) written.pop_back();
        if (i != 0) text += sep == nullptr ? "\n" : sep;
        text.append(static_cast<std::size_t>(std::max(indent, 0)), ' ');
        text += std::string(map.name(i)) + ": " + written;
    }
    return write_text(stream, text);
}

namespace {

Node text_or_null(const char* text) {
    return text == nullptr ? Node{} : Node(text);
}

Node attribute_node(const xnvme_be_attr& attribute) {
    Node node = Node::map();
    node.add("name", text_or_null(attribute.name)).add("enabled", attribute.enabled != 0);
    return node;
}

Node attributes_node(const xnvme_be_attr_list& list) {
    Node items = Node::list();
    for (int i = 0; i < list.count; ++i) items.push(attribute_node(list.item[i]));
    Node node = Node::map();
    node.add("capacity", list.capacity).add("count", list.count).add("items", std::move(items));
    return node;
}

Node ident_node(const xnvme_ident& ident) {
    Node node = Node::map();
    node.add("uri", Node::device_text(ident.uri))
        .add("dtype", ident.dtype)
        .add("nsid", ident.nsid)
        .add("csi", Node::hex(ident.csi, 2))
        .add("subnqn", Node::device_text(ident.subnqn));
    return node;
}

std::string_view geo_type_name(enum xnvme_geo_type type) {
    switch (type) {
        case XNVME_GEO_CONVENTIONAL:
            return "XNVME_GEO_CONVENTIONAL";
        case XNVME_GEO_ZONED:
            return "XNVME_GEO_ZONED";
        case XNVME_GEO_KV:
            return "XNVME_GEO_KV";
        case XNVME_GEO_UNKNOWN:
            break;
    }
    return "XNVME_GEO_UNKNOWN";
}

Node geo_node(const xnvme_geo& geo) {
    Node node = Node::map();
    node.add("type", geo_type_name(geo.type))
        .add("npugrp", geo.npugrp)
        .add("npunit", geo.npunit)
        .add("nzone", geo.nzone)
        .add("nsect", geo.nsect)
        .add("nbytes", geo.nbytes)
        .add("nbytes_oob", geo.nbytes_oob)
        .add("tbytes", geo.tbytes)
        .add("mdts_nbytes", geo.mdts_nbytes)
        .add("lba_nbytes", geo.lba_nbytes)
        .add("lba_extended", geo.lba_extended)
        .add("ssw", geo.ssw)
        .add("pi_type", geo.pi_type)
        .add("pi_loc", geo.pi_loc)
        .add("pi_format", geo.pi_format);
    return node;
}

Node opts_node(const xnvme_opts& opts) {
    Node node = Node::map();
    node.add("be", text_or_null(opts.be))
        .add("async", text_or_null(opts.async))
        .add("sync", text_or_null(opts.sync))
        .add("admin", text_or_null(opts.admin))
        .add("mem", text_or_null(opts.mem))
        .add("nsid", opts.nsid)
        .add("rdonly", opts.rdonly)
        .add("wronly", opts.wronly)
        .add("rdwr", opts.rdwr)
        .add("create", opts.create)
        .add("truncate", opts.truncate)
        .add("direct", opts.direct)
        .add("create_mode", Node::hex(opts.create_mode, 4))
        .add("poll_io", opts.poll_io)
        .add("poll_sq", opts.poll_sq)
        .add("admin_timeout", opts.admin_timeout)
        .add("command_timeout", opts.command_timeout);
    return node;
}

Node device_node(const OpenDevice& open) {
    Node node = Node::map();
    node.add("xnvme_ident", ident_node(open.ident))
        .add("xnvme_opts", opts_node(open.opts))
        .add("xnvme_geo", geo_node(open.geo));
    return node;
}

Node context_node(const xnvme_cmd_ctx& ctx) {
    const Context& context = context_of(&ctx);
    Node node = nvme::to_node(context.completion);
    node.add("os_error", context.os_error);
    node.add("result", describe(context.why()));
    return node;
}

Node version_node() {
    Node node = Node::map();
    node.add("major", xnvme_ver_major())
        .add("minor", xnvme_ver_minor())
        .add("patch", xnvme_ver_patch())
        .add("library", "xnvmepp " + std::string(version()));
    return node;
}

Node range_node(const xnvme_lba_range& range) {
    Node attributes = Node::map();
    attributes.add("is_zoned", range.attr.is_zoned).add("is_valid", range.attr.is_valid);
    Node node = Node::map();
    node.add("slba", Node::hex(range.slba, 16))
        .add("elba", Node::hex(range.elba, 16))
        .add("naddrs", range.naddrs)
        .add("nbytes", range.nbytes)
        .add("attr", std::move(attributes));
    return node;
}

}  // namespace

}  // namespace xnvme::capi

int xnvme_ver_major(void) {
    return 0;
}
int xnvme_ver_minor(void) {
    return 7;
}
int xnvme_ver_patch(void) {
    return 5;
}

int xnvme_ver_fpr(FILE* stream, int) {
    if (stream == nullptr) return -EINVAL;
    return guarded([&] { return print_node(stream, "xnvme_ver", version_node()); });
}
int xnvme_ver_pr(int opts) {
    return xnvme_ver_fpr(stdout, opts);
}

int xnvme_be_attr_fpr(FILE* stream, const struct xnvme_be_attr* attr, int) {
    return print(stream, "xnvme_be_attr", attr, attribute_node);
}
int xnvme_be_attr_pr(const struct xnvme_be_attr* attr, int opts) {
    return xnvme_be_attr_fpr(stdout, attr, opts);
}
int xnvme_be_attr_list_fpr(FILE* stream, const struct xnvme_be_attr_list* list, int) {
    return print(stream, "xnvme_be_attr_list", list, attributes_node);
}
int xnvme_be_attr_list_pr(const struct xnvme_be_attr_list* list, int opts) {
    return xnvme_be_attr_list_fpr(stdout, list, opts);
}

int xnvme_lba_fpr(FILE* stream, uint64_t lba, enum xnvme_pr) {
    return print(stream, "lba", &lba, [](std::uint64_t value) { return Node::hex(value, 16); });
}
int xnvme_lba_pr(uint64_t lba, enum xnvme_pr opts) {
    return xnvme_lba_fpr(stdout, lba, opts);
}
int xnvme_lba_fprn(FILE* stream, const uint64_t* lba, uint16_t nlb, enum xnvme_pr) {
    return print(stream, "lbas", lba, [nlb](const std::uint64_t& first) {
        Node list = Node::list();
        for (std::uint16_t i = 0; i < nlb; ++i) list.push(Node::hex((&first)[i], 16));
        return list;
    });
}
int xnvme_lba_prn(const uint64_t* lba, uint16_t nlb, enum xnvme_pr opts) {
    return xnvme_lba_fprn(stdout, lba, nlb, opts);
}

int xnvme_ident_yaml(FILE* stream, const struct xnvme_ident* ident, int indent, const char* sep,
                     int head) {
    if (stream == nullptr || ident == nullptr) return -EINVAL;
    return guarded([&] {
        const int before = head == 0 ? 0 : write_text(stream, "xnvme_ident:\n");
        if (before < 0) return before;
        const int after = print_members(stream, ident_node(*ident), indent, sep);
        return after < 0 ? after : before + after;
    });
}
int xnvme_ident_fpr(FILE* stream, const struct xnvme_ident* ident, int) {
    return print(stream, "xnvme_ident", ident, ident_node);
}
int xnvme_ident_pr(const struct xnvme_ident* ident, int opts) {
    return xnvme_ident_fpr(stdout, ident, opts);
}

int xnvme_dev_fpr(FILE* stream, const struct xnvme_dev* dev, int) {
    return print(stream, "xnvme_dev", dev == nullptr ? nullptr : &open_of(dev), device_node);
}
int xnvme_dev_pr(const struct xnvme_dev* dev, int opts) {
    return xnvme_dev_fpr(stdout, dev, opts);
}

int xnvme_geo_fpr(FILE* stream, const struct xnvme_geo* geo, int) {
    return print(stream, "xnvme_geo", geo, geo_node);
}
int xnvme_geo_pr(const struct xnvme_geo* geo, int opts) {
    return xnvme_geo_fpr(stdout, geo, opts);
}

void xnvme_cmd_ctx_pr(const struct xnvme_cmd_ctx* ctx, int) {
    (void)print(stdout, "xnvme_cmd_ctx", ctx, context_node);
}

int xnvme_opts_pr(const struct xnvme_opts* opts, int) {
    return print(stdout, "xnvme_opts", opts, opts_node);
}

int xnvme_lba_range_fpr(FILE* stream, struct xnvme_lba_range* range, int) {
    return print(stream, "xnvme_lba_range", range, range_node);
}
int xnvme_lba_range_pr(struct xnvme_lba_range* range, int opts) {
    return xnvme_lba_range_fpr(stdout, range, opts);
}

void xnvme_buf_diff_pr(const void* expected, const void* actual, size_t nbytes, int) {
    (void)guarded([&] {
        constexpr std::size_t kShown = 16;
        Node differences = Node::list();
        const auto* const left = static_cast<const std::uint8_t*>(expected);
        const auto* const right = static_cast<const std::uint8_t*>(actual);
        const bool both = left != nullptr && right != nullptr;
        for (std::size_t i = 0; both && i < nbytes && differences.size() < kShown; ++i) {
            if (left[i] == right[i]) continue;
            Node one = Node::map();
            one.add("byte", std::uint64_t{i})
                .add("expected", Node::hex(left[i], 2))
                .add("actual", Node::hex(right[i], 2));
            differences.push(std::move(one));
        }
        Node node = Node::map();
        node.add("nbytes", std::uint64_t{nbytes})
            .add("different", std::uint64_t{xnvme_buf_diff(expected, actual, nbytes)})
            .add("first", std::move(differences));
        return print_node(stdout, "xnvme_buf_diff", std::move(node));
    });
}
