// Printing what belongs to command sets and directives: flexible data placement, zones, keys. The
// structures are variable in length, as the C API hands them over; what a device says of their
// length is believed no further than the caller's limit, or the structure's own end.

#include <algorithm>
#include <cstring>

#include <libxnvme_spec.h>
#include <libxnvme_spec_pp.h>
#include <libxnvme_znd.h>

#include <xnvme/nvme/print.hpp>

#include "capi/print.hpp"

using namespace xnvme;
using namespace xnvme::capi;
using nvme::Node;

namespace {

/// A 128-bit count.
Node count_node(const std::uint64_t (&value)[2]) {
    static_assert(sizeof value == sizeof(nvme::U128));
    nvme::U128 count;
    std::memcpy(&count, value, sizeof count);
    return count;
}

/// The first `limit` of `count` elements.
template <class T, class Make>
Node first_of(const T* elements, std::uint64_t count, int limit, Make&& make) {
    Node list = Node::list();
    const std::uint64_t most = limit < 0 ? 0 : static_cast<std::uint64_t>(limit);
    for (std::uint64_t i = 0; i < std::min(count, most); ++i) list.push(make(elements[i]));
    return list;
}

// ---- Flexible data placement --------------------------------------------------------------------

Node configuration_node(const xnvme_spec_fdp_conf_desc& desc, std::size_t room) {
    const std::size_t fits = (room - sizeof desc) / sizeof(xnvme_spec_ruh_desc);
    Node handles = Node::list();
    for (std::size_t i = 0; i < std::min<std::size_t>(desc.nruh, fits); ++i) {
        handles.push(std::uint32_t{desc.ruh_desc[i].ruht});
    }
    Node attributes = Node::map();
    attributes.add("rgif", std::uint32_t{desc.fdpa.rgif})
        .add("fdpvwc", desc.fdpa.fdpvwc != 0)
        .add("fdpcv", desc.fdpa.fdpcv != 0);
    Node node = Node::map();
    node.add("ds", desc.ds)
        .add("fdpa", std::move(attributes))
        .add("vss", desc.vss)
        .add("nrg", desc.nrg)
        .add("nruh", desc.nruh)
        .add("maxpids", desc.maxpids)
        .add("nns", desc.nns)
        .add("runs", desc.runs)
        .add("erutl", desc.erutl)
        .add("ruht", std::move(handles));
    return node;
}

Node configurations_node(const xnvme_spec_log_fdp_conf& log) {
    Node list = Node::list();
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(&log);
    std::size_t at = sizeof log;
    // The number of configurations is zero-based.
    for (unsigned i = 0; i <= log.ncfg; ++i) {
        if (log.size < at || log.size - at < sizeof(xnvme_spec_fdp_conf_desc)) break;
        const auto& desc = *reinterpret_cast<const xnvme_spec_fdp_conf_desc*>(bytes + at);
        if (desc.ds < sizeof desc || desc.ds > log.size - at) break;
        list.push(configuration_node(desc, desc.ds));
        at += desc.ds;
    }
    Node node = Node::map();
    node.add("ncfg", log.ncfg)
        .add("version", log.version)
        .add("size", log.size)
        .add("conf_desc", std::move(list));
    return node;
}

Node event_node(const xnvme_spec_fdp_event& event) {
    Node node = Node::map();
    node.add("type", Node::hex(event.type, 2));
    if (event.fdpef.piv != 0) node.add("pid", std::uint32_t{event.pid});
    if (event.fdpef.nsidv != 0) node.add("nsid", std::uint32_t{event.nsid});
    if (event.fdpef.lv != 0) {
        node.add("rgid", std::uint32_t{event.rgid}).add("ruhid", std::uint32_t{event.ruhid});
    }
    return node.add("timestamp", std::uint64_t{event.timestamp});
}

Node unit_node(const xnvme_spec_ruhs_desc& desc) {
    Node node = Node::map();
    node.add("pi", Node::hex(desc.pi, 4))
        .add("ruhi", desc.ruhi)
        .add("earutr", desc.earutr)
        .add("ruamw", desc.ruamw);
    return node;
}

// ---- Zones --------------------------------------------------------------------------------------

/// No limit is all ones, and otherwise a limit is zero-based.
Node limit_node(std::uint32_t value) {
    return value == UINT32_MAX ? Node("none") : Node(std::uint64_t{value} + 1);
}

Node zone_format_node(const xnvme_spec_znd_idfy_lbafe& format) {
    Node node = Node::map();
    node.add("zsze", format.zsze).add("zdes", format.zdes);
    return node;
}

Node zoned_namespace_node(const xnvme_spec_znd_idfy_ns& zns) {
    Node formats = Node::list();
    for (const xnvme_spec_znd_idfy_lbafe& format : zns.lbafe) {
        if (format.zsze != 0) formats.push(zone_format_node(format));
    }
    Node node = Node::map();
    node.add("variable_zone_capacity", zns.zoc.bits.vzcap != 0)
        .add("zone_active_excursions", zns.zoc.bits.zae != 0)
        .add("read_across_zone_boundaries", zns.ozcs.bits.razb != 0)
        .add("zrwa_supported", zns.ozcs.bits.zrwasup != 0)
        .add("mar", limit_node(zns.mar))
        .add("mor", limit_node(zns.mor))
        .add("rrl", zns.rrl)
        .add("frl", zns.frl)
        .add("numzrwa", zns.numzrwa)
        .add("zrwafg", zns.zrwafg)
        .add("zrwas", zns.zrwas)
        .add("explicit_zrwa_flush", zns.zrwacap.bits.expflushsup != 0)
        .add("lbafe", std::move(formats));
    return node;
}

Node zone_node(const xnvme_spec_znd_descr& zone) {
    Node node = Node::map();
    node.add("zt", xnvme_spec_znd_type_str(static_cast<enum xnvme_spec_znd_type>(zone.zt)))
        .add("zs", xnvme_spec_znd_state_str(static_cast<enum xnvme_spec_znd_state>(zone.zs)))
        .add("za", Node::hex(zone.za.val, 2))
        .add("zcap", zone.zcap)
        .add("zslba", Node::hex(zone.zslba, 16))
        .add("wp", Node::hex(zone.wp, 16));
    return node;
}

Node changes_node(const xnvme_spec_znd_log_changes& changes) {
    Node zones = Node::list();
    // All ones: more zones changed than there is room for, and none is listed.
    const std::size_t count =
        changes.nidents == UINT16_MAX
            ? 0
            : std::min<std::size_t>(changes.nidents, std::size(changes.idents));
    for (std::size_t i = 0; i < count; ++i) zones.push(Node::hex(changes.idents[i], 16));
    Node node = Node::map();
    node.add("nidents", changes.nidents).add("idents", std::move(zones));
    return node;
}

Node report_node(const xnvme_znd_report& report) {
    Node zones = Node::list();
    for (std::uint32_t i = 0; i < report.nentries; ++i) {
        xnvme_spec_znd_descr zone;
        std::memcpy(&zone, report.storage + i * report.zrent_nbytes, sizeof zone);
        zones.push(zone_node(zone));
    }
    Node node = Node::map();
    node.add("nzones", report.nzones)
        .add("zslba", Node::hex(report.zslba, 16))
        .add("zelba", Node::hex(report.zelba, 16))
        .add("nentries", report.nentries)
        .add("extended", report.extended != 0)
        .add("zdext_nbytes", report.zdext_nbytes)
        .add("entries", std::move(zones));
    return node;
}

// ---- Keys ---------------------------------------------------------------------------------------

Node key_namespace_node(const xnvme_spec_kvs_idfy_ns& ns) {
    Node formats = Node::list();
    // The number of formats is zero-based.
    for (std::size_t i = 0; i < std::min<std::size_t>(ns.nkvf + 1u, std::size(ns.kvf)); ++i) {
        Node format = Node::map();
        format.add("kml", ns.kvf[i].kml)
            .add("fopt", Node::hex(ns.kvf[i].fopt, 2))
            .add("vml", ns.kvf[i].vml)
            .add("mnk", ns.kvf[i].mnk);
        formats.push(std::move(format));
    }
    Node node = Node::map();
    node.add("nsze", ns.nsze)
        .add("nuse", ns.nuse)
        .add("nsfeat", Node::hex(ns.nsfeat, 2))
        .add("nmic", Node::hex(ns.nmic, 2))
        .add("rescap", Node::hex(ns.rescap, 2))
        .add("fpi", Node::hex(ns.fpi, 2))
        .add("novg", ns.novg)
        .add("anagrpid", ns.anagrpid)
        .add("nsattr", Node::hex(ns.nsattr, 2))
        .add("nvmsetid", ns.nvmsetid)
        .add("endgid", ns.endgid)
        .add("eui64", Node::hex(ns.eui64, 16))
        .add("kvf", std::move(formats));
    return node;
}

}  // namespace

int xnvme_spec_log_fdp_conf_pr(const struct xnvme_spec_log_fdp_conf* log, int) {
    return print(stdout, "xnvme_spec_log_fdp_conf", log, configurations_node);
}

int xnvme_spec_log_fdp_stats_pr(const struct xnvme_spec_log_fdp_stats* log, int) {
    return print(stdout, "xnvme_spec_log_fdp_stats", log,
                 [](const xnvme_spec_log_fdp_stats& stats) {
                     Node node = Node::map();
                     node.add("hbmw", count_node(stats.hbmw))
                         .add("mbmw", count_node(stats.mbmw))
                         .add("mbe", count_node(stats.mbe));
                     return node;
                 });
}

int xnvme_spec_log_fdp_events_pr(const struct xnvme_spec_log_fdp_events* log, int limit, int) {
    return print(stdout, "xnvme_spec_log_fdp_events", log,
                 [limit](const xnvme_spec_log_fdp_events& events) {
                     Node node = Node::map();
                     node.add("nevents", events.nevents)
                         .add("event", first_of(events.event, events.nevents, limit, event_node));
                     return node;
                 });
}

int xnvme_spec_log_ruhu_pr(const struct xnvme_spec_log_ruhu* log, int limit, int) {
    return print(stdout, "xnvme_spec_log_ruhu", log, [limit](const xnvme_spec_log_ruhu& usage) {
        Node node = Node::map();
        node.add("nruh", usage.nruh)
            .add("ruha", first_of(usage.ruhu_desc, usage.nruh, limit,
                                  [](const xnvme_spec_ruhu_desc& one) -> Node {
                                      return std::uint32_t{one.ruha};
                                  }));
        return node;
    });
}

int xnvme_spec_ruhs_pr(const struct xnvme_spec_ruhs* ruhs, int limit, int) {
    return print(stdout, "xnvme_spec_ruhs", ruhs, [limit](const xnvme_spec_ruhs& units) {
        Node node = Node::map();
        node.add("nruhsd", units.nruhsd)
            .add("desc", first_of(units.desc, units.nruhsd, limit, unit_node));
        return node;
    });
}

int xnvme_spec_feat_fdp_events_pr(void* buf, struct xnvme_spec_feat feat, int) {
    const auto* const events = static_cast<const xnvme_spec_fdp_event_desc*>(buf);
    return print(
        stdout, "xnvme_spec_feat_fdp_events", events, [&](const xnvme_spec_fdp_event_desc& first) {
            return first_of(
                &first, feat.val & 0xffu, 0xff, [](const xnvme_spec_fdp_event_desc& one) {
                    Node node = Node::map();
                    node.add("type", Node::hex(one.type, 2)).add("enabled", one.fdpeta.ee != 0);
                    return node;
                });
        });
}

int xnvme_spec_znd_idfy_ctrlr_fpr(FILE* stream, struct xnvme_spec_znd_idfy_ctrlr* zctrlr, int) {
    return print(stream, "xnvme_spec_znd_idfy_ctrlr", zctrlr,
                 [](const xnvme_spec_znd_idfy_ctrlr& data) {
                     Node node = Node::map();
                     node.add("zasl", data.zasl);
                     return node;
                 });
}
int xnvme_spec_znd_idfy_ctrlr_pr(struct xnvme_spec_znd_idfy_ctrlr* zctrlr, int opts) {
    return xnvme_spec_znd_idfy_ctrlr_fpr(stdout, zctrlr, opts);
}

int xnvme_spec_znd_idfy_lbafe_fpr(FILE* stream, struct xnvme_spec_znd_idfy_lbafe* zonef, int) {
    return print(stream, "xnvme_spec_znd_idfy_lbafe", zonef, zone_format_node);
}

int xnvme_spec_znd_idfy_ns_fpr(FILE* stream, struct xnvme_spec_znd_idfy_ns* zns, int) {
    return print(stream, "xnvme_spec_znd_idfy_ns", zns, zoned_namespace_node);
}
int xnvme_spec_znd_idfy_ns_pr(struct xnvme_spec_znd_idfy_ns* zns, int opts) {
    return xnvme_spec_znd_idfy_ns_fpr(stdout, zns, opts);
}

int xnvme_spec_znd_log_changes_fpr(FILE* stream, const struct xnvme_spec_znd_log_changes* changes,
                                   int) {
    return print(stream, "xnvme_spec_znd_log_changes", changes, changes_node);
}
int xnvme_spec_znd_log_changes_pr(const struct xnvme_spec_znd_log_changes* changes, int opts) {
    return xnvme_spec_znd_log_changes_fpr(stdout, changes, opts);
}

int xnvme_spec_znd_descr_fpr(FILE* stream, const struct xnvme_spec_znd_descr* descr, int) {
    return print(stream, "xnvme_spec_znd_descr", descr, zone_node);
}
int xnvme_spec_znd_descr_pr(const struct xnvme_spec_znd_descr* descr, int opts) {
    return xnvme_spec_znd_descr_fpr(stdout, descr, opts);
}
int xnvme_spec_znd_descr_fpr_yaml(FILE* stream, const struct xnvme_spec_znd_descr* descr,
                                  int indent, const char* sep) {
    if (stream == nullptr || descr == nullptr) return -EINVAL;
    return guarded([&] { return print_members(stream, zone_node(*descr), indent, sep); });
}

int xnvme_spec_znd_report_hdr_fpr(FILE* stream, const struct xnvme_spec_znd_report_hdr* hdr, int) {
    return print(stream, "xnvme_spec_znd_report_hdr", hdr,
                 [](const xnvme_spec_znd_report_hdr& header) {
                     Node node = Node::map();
                     node.add("nzones", header.nzones);
                     return node;
                 });
}
int xnvme_spec_znd_report_hdr_pr(const struct xnvme_spec_znd_report_hdr* hdr, int opts) {
    return xnvme_spec_znd_report_hdr_fpr(stdout, hdr, opts);
}

int xnvme_znd_report_fpr(FILE* stream, const struct xnvme_znd_report* report, int) {
    return print(stream, "xnvme_znd_report", report, report_node);
}
int xnvme_znd_report_pr(const struct xnvme_znd_report* report, int opts) {
    return xnvme_znd_report_fpr(stdout, report, opts);
}

int xnvme_spec_kvs_idfy_ns_fpr(FILE* stream, const struct xnvme_spec_kvs_idfy_ns* idfy, int) {
    return print(stream, "xnvme_spec_kvs_idfy_ns", idfy, key_namespace_node);
}
int xnvme_spec_kvs_idfy_ns_pr(const struct xnvme_spec_kvs_idfy_ns* idfy, int opts) {
    return xnvme_spec_kvs_idfy_ns_fpr(stdout, idfy, opts);
}
