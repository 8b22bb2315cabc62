#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include <xnvme/nvme/builders.hpp>

#include "capi/errors.hpp"
#include "capi/handles.hpp"

using namespace xnvme;
using namespace xnvme::capi;

namespace {

constexpr std::size_t kDescriptorBytes = sizeof(xnvme_spec_znd_descr);

/// True for a device with zones; else errno says why not.
bool has_zones(const xnvme_dev* dev) noexcept {
    errno = dev == nullptr ? EINVAL : ENOTSUP;
    return dev != nullptr && device_of(dev).geometry().zoned;
}

int receive(xnvme_dev* dev, std::uint64_t slba, bool extended,
            xnvme_spec_znd_cmd_mgmt_recv_action_sf which, bool partial, void* dbuf,
            std::uint32_t nbytes) noexcept {
    xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    return xnvme_znd_mgmt_recv(&ctx, xnvme_dev_get_nsid(dev), slba,
                               extended ? XNVME_SPEC_ZND_CMD_MGMT_RECV_ACTION_REPORT_EXTENDED
                                        : XNVME_SPEC_ZND_CMD_MGMT_RECV_ACTION_REPORT,
                               which, partial ? 1 : 0, dbuf, nbytes);
}

/// A report header and as many descriptors as `C` says.
template <std::size_t C>
struct SmallReport {
    xnvme_spec_znd_report_hdr header{};
    xnvme_spec_znd_descr descriptors[C];
};

/// Reads the entries of a report whose header is filled in, in commands as large as the device
/// takes.
int read_entries(xnvme_dev* dev, xnvme_znd_report& report) {
    const Geometry& geometry = device_of(dev).geometry();
    const std::size_t entry = report.zrent_nbytes;
    const std::size_t room = std::max<std::size_t>(geometry.max_transfer_bytes, 4096);
    const auto most = static_cast<std::uint32_t>(
        std::min<std::size_t>(report.nentries, (room - sizeof(xnvme_spec_znd_report_hdr)) / entry));
    auto buffer =
        device_of(dev).allocate(sizeof(xnvme_spec_znd_report_hdr) + std::size_t{most} * entry);
    if (!buffer) return failed(buffer.error());
    std::uint64_t zslba = report.zslba;
    for (std::uint32_t done = 0; done < report.nentries;) {
        const std::uint32_t want = std::min(most, report.nentries - done);
        const std::size_t nbytes = sizeof(xnvme_spec_znd_report_hdr) + want * entry;
        const int err =
            receive(dev, zslba, report.extended != 0, XNVME_SPEC_ZND_CMD_MGMT_RECV_SF_ALL, true,
                    buffer->data(), static_cast<std::uint32_t>(nbytes));
        if (err != 0) return err;
        xnvme_spec_znd_report_hdr header;
        std::memcpy(&header, buffer->data(), sizeof header);
        // The device is not trusted to have as many zones as it said before.
        if (header.nzones < want) return -EIO;
        std::memcpy(report.storage + done * entry, buffer->data() + sizeof header, want * entry);
        done += want;
        zslba += want * geometry.zone_blocks;
    }
    return 0;
}

}  // namespace

const struct xnvme_spec_znd_idfy_ctrlr* xnvme_znd_dev_get_ctrlr(struct xnvme_dev* dev) {
    if (!has_zones(dev)) return nullptr;
    return reinterpret_cast<const xnvme_spec_znd_idfy_ctrlr*>(xnvme_dev_get_ctrlr_css(dev));
}

const struct xnvme_spec_znd_idfy_ns* xnvme_znd_dev_get_ns(struct xnvme_dev* dev) {
    if (!has_zones(dev)) return nullptr;
    return reinterpret_cast<const xnvme_spec_znd_idfy_ns*>(xnvme_dev_get_ns_css(dev));
}

const struct xnvme_spec_znd_idfy_lbafe* xnvme_znd_dev_get_lbafe(struct xnvme_dev* dev) {
    const xnvme_spec_znd_idfy_ns* const zns = xnvme_znd_dev_get_ns(dev);
    if (zns == nullptr) return nullptr;
    // The specification has room for 64 formats; the structure shows the first 16 of them.
    const unsigned format = device_of(dev).identify_namespace().format_index();
    if (format >= std::size(zns->lbafe))
        return null_with<const xnvme_spec_znd_idfy_lbafe>(-ENOTSUP);
    return &zns->lbafe[format];
}

int xnvme_znd_mgmt_send(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint64_t zslba, bool select_all,
                        enum xnvme_spec_znd_cmd_mgmt_send_action zsa,
                        enum xnvme_spec_znd_mgmt_send_action_so zsaso, void* dbuf) {
    if (ctx == nullptr || ctx->dev == nullptr) return -EINVAL;
    std::size_t nbytes = 0;
    if (dbuf != nullptr) {
        const xnvme_spec_znd_idfy_lbafe* const format = xnvme_znd_dev_get_lbafe(ctx->dev);
        if (format == nullptr) return -errno;
        nbytes = format->zdes * std::size_t{64};
    }
    ctx->cmd.common.opcode = XNVME_SPEC_ZND_OPC_MGMT_SEND;
    ctx->cmd.common.nsid = nsid;
    xnvme_spec_znd_cmd_mgmt_send& cmd = ctx->cmd.znd.mgmt_send;
    cmd.slba = zslba;
    cmd.nrange = 0;
    cmd.zsa = static_cast<unsigned>(zsa) & 0xffu;
    cmd.select_all = select_all;
    cmd.zsaso = static_cast<unsigned>(zsaso) & 0x1u;
    cmd.rsvd = 0;
    return xnvme_cmd_pass(ctx, dbuf, nbytes, nullptr, 0);
}

int xnvme_znd_mgmt_recv(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint64_t slba,
                        enum xnvme_spec_znd_cmd_mgmt_recv_action zra,
                        enum xnvme_spec_znd_cmd_mgmt_recv_action_sf zrasf, uint8_t partial,
                        void* dbuf, uint32_t dbuf_nbytes) {
    if (ctx == nullptr || dbuf_nbytes < 4) return -EINVAL;
    ctx->cmd.common.opcode = XNVME_SPEC_ZND_OPC_MGMT_RECV;
    ctx->cmd.common.nsid = nsid;
    xnvme_spec_znd_cmd_mgmt_recv& cmd = ctx->cmd.znd.mgmt_recv;
    cmd.slba = slba;
    cmd.ndwords = dbuf_nbytes / 4 - 1;
    cmd.zra = static_cast<unsigned>(zra) & 0xffu;
    cmd.zrasf = static_cast<unsigned>(zrasf) & 0xffu;
    cmd.partial = partial != 0;
    cmd.rsvd = 0;
    return xnvme_cmd_pass(ctx, dbuf, dbuf_nbytes, nullptr, 0);
}

int xnvme_znd_append(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint64_t zslba, uint16_t nlb,
                     const void* dbuf, const void* mbuf) {
    if (ctx == nullptr || ctx->dev == nullptr) return -EINVAL;
    const Geometry& geometry = device_of(ctx->dev).geometry();
    ctx->cmd.common.opcode = XNVME_SPEC_ZND_OPC_APPEND;
    ctx->cmd.common.nsid = nsid;
    ctx->cmd.znd.append.zslba = zslba;
    ctx->cmd.znd.append.nlb = nlb;
    const std::uint64_t blocks = nlb + std::uint64_t{1};
    const bool pract = (context_of(ctx).command.cdw12 & nvme::kPract) != 0;
    const std::uint64_t metadata_bytes =
        mbuf == nullptr ? 0 : geometry.separate_metadata_bytes(blocks, pract);
    return xnvme_cmd_pass(ctx, const_cast<void*>(dbuf), geometry.transfer_bytes(blocks, pract),
                          metadata_bytes == 0 ? nullptr : const_cast<void*>(mbuf), metadata_bytes);
}

int xnvme_znd_zrwa_flush(struct xnvme_cmd_ctx* ctx, uint32_t nsid, uint64_t lba) {
    return xnvme_znd_mgmt_send(ctx, nsid, lba, false, XNVME_SPEC_ZND_CMD_MGMT_SEND_FLUSH,
                               static_cast<enum xnvme_spec_znd_mgmt_send_action_so>(0), nullptr);
}

struct xnvme_znd_report* xnvme_znd_report_from_dev(struct xnvme_dev* dev, uint64_t slba,
                                                   size_t limit, uint8_t extended) {
    if (!has_zones(dev)) return nullptr;
    const xnvme_spec_znd_idfy_lbafe* const format = xnvme_znd_dev_get_lbafe(dev);
    if (format == nullptr) return nullptr;
    return guarded([&]() -> xnvme_znd_report* {
        const Geometry& geometry = device_of(dev).geometry();
        const std::uint64_t first = slba / geometry.zone_blocks;
        if (first >= geometry.zones) return null_with<xnvme_znd_report>(-ERANGE);
        const std::uint64_t there = geometry.zones - first;
        const std::uint64_t count = limit == 0 ? there : std::min<std::uint64_t>(limit, there);
        const std::uint32_t extension = extended != 0 ? std::uint32_t{format->zdes} * 64 : 0;
        const std::size_t entry = kDescriptorBytes + extension;
        auto* const report = static_cast<xnvme_znd_report*>(
            xnvme_buf_virt_alloc(4096, sizeof(xnvme_znd_report) + count * entry));
        if (report == nullptr) return nullptr;
        report->nzones = geometry.zones;
        report->zd_nbytes = kDescriptorBytes;
        report->zdext_nbytes = extension;
        report->zslba = first * geometry.zone_blocks;
        report->zelba = (first + count - 1) * geometry.zone_blocks;
        report->nentries = static_cast<std::uint32_t>(count);
        report->extended = extended != 0 ? 1 : 0;
        report->zrent_nbytes = entry;
        report->entries_nbytes = count * entry;
        report->report_nbytes = sizeof(xnvme_znd_report) + report->entries_nbytes;
        const int err = read_entries(dev, *report);
        if (err == 0) return report;
        xnvme_buf_virt_free(report);
        return null_with<xnvme_znd_report>(err);
    });
}

int xnvme_znd_report_find_arbitrary(const struct xnvme_znd_report* report,
                                    enum xnvme_spec_znd_state state, uint64_t* zlba, int) {
    if (report == nullptr || zlba == nullptr) return -EINVAL;
    for (std::uint32_t i = 0; i < report->nentries; ++i) {
        xnvme_spec_znd_descr zone;
        std::memcpy(&zone, report->storage + i * report->zrent_nbytes, sizeof zone);
        if (zone.zs != static_cast<unsigned>(state)) continue;
        *zlba = zone.zslba;
        return 0;
    }
    return -ENXIO;
}

int xnvme_znd_descr_from_dev(struct xnvme_dev* dev, uint64_t slba,
                             struct xnvme_spec_znd_descr* zdescr) {
    if (dev == nullptr || zdescr == nullptr) return -EINVAL;
    if (!has_zones(dev)) return -errno;
    SmallReport<1> report;
    const int err = receive(dev, slba, false, XNVME_SPEC_ZND_CMD_MGMT_RECV_SF_ALL, true, &report,
                            sizeof report);
    if (err != 0) return err;
    if (report.header.nzones == 0) return -EIO;
    *zdescr = report.descriptors[0];
    return 0;
}

int xnvme_znd_descr_from_dev_in_state(struct xnvme_dev* dev, enum xnvme_spec_znd_state state,
                                      struct xnvme_spec_znd_descr* zdescr) {
    if (dev == nullptr || zdescr == nullptr) return -EINVAL;
    if (!has_zones(dev)) return -errno;
    constexpr struct {
        enum xnvme_spec_znd_state state;
        enum xnvme_spec_znd_cmd_mgmt_recv_action_sf which;
    } kStates[] = {
        {XNVME_SPEC_ZND_STATE_EMPTY, XNVME_SPEC_ZND_CMD_MGMT_RECV_SF_EMPTY},
        {XNVME_SPEC_ZND_STATE_IOPEN, XNVME_SPEC_ZND_CMD_MGMT_RECV_SF_IOPEN},
        {XNVME_SPEC_ZND_STATE_EOPEN, XNVME_SPEC_ZND_CMD_MGMT_RECV_SF_EOPEN},
        {XNVME_SPEC_ZND_STATE_CLOSED, XNVME_SPEC_ZND_CMD_MGMT_RECV_SF_CLOSED},
        {XNVME_SPEC_ZND_STATE_FULL, XNVME_SPEC_ZND_CMD_MGMT_RECV_SF_FULL},
        {XNVME_SPEC_ZND_STATE_RONLY, XNVME_SPEC_ZND_CMD_MGMT_RECV_SF_RONLY},
        {XNVME_SPEC_ZND_STATE_OFFLINE, XNVME_SPEC_ZND_CMD_MGMT_RECV_SF_OFFLINE},
    };
    const auto* const row =
        std::ranges::find_if(kStates, [&](const auto& one) { return one.state == state; });
    if (row == std::end(kStates)) return -EINVAL;
    SmallReport<1> report;
    const int err = receive(dev, 0, false, row->which, true, &report, sizeof report);
    if (err != 0) return err;
    if (report.header.nzones == 0) return -ENXIO;
    *zdescr = report.descriptors[0];
    return 0;
}

int xnvme_znd_stat(struct xnvme_dev* dev, enum xnvme_spec_znd_cmd_mgmt_recv_action_sf sfield,
                   uint64_t* nzones) {
    if (dev == nullptr || nzones == nullptr) return -EINVAL;
    if (!has_zones(dev)) return -errno;
    SmallReport<1> report;
    // Without "partial", the header counts every zone that matches, whether or not it fits.
    const int err = receive(dev, 0, false, sfield, false, &report, sizeof report);
    if (err == 0) *nzones = report.header.nzones;
    return err;
}

struct xnvme_spec_znd_log_changes* xnvme_znd_log_changes_from_dev(struct xnvme_dev* dev) {
    if (!has_zones(dev)) return nullptr;
    auto* const log = static_cast<xnvme_spec_znd_log_changes*>(
        xnvme_buf_alloc(dev, sizeof(xnvme_spec_znd_log_changes)));
    if (log == nullptr) return nullptr;
    xnvme_cmd_ctx ctx = xnvme_cmd_ctx_from_dev(dev);
    const int err = xnvme_adm_log(&ctx, XNVME_SPEC_LOG_ZND_CHANGES, 0, 0, xnvme_dev_get_nsid(dev),
                                  0, log, sizeof *log);
    if (err == 0) return log;
    xnvme_buf_free(dev, log);
    return null_with<xnvme_spec_znd_log_changes>(err);
}
