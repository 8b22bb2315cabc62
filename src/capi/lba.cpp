#include "capi/handles.hpp"

using namespace xnvme;
using namespace xnvme::capi;

namespace {

/// The range of `naddrs` blocks from `slba`. `whole` is false where what was asked for is no whole
/// number of blocks.
xnvme_lba_range range_of(const xnvme_dev* dev, std::uint64_t slba, std::uint64_t naddrs,
                         bool whole) noexcept {
    xnvme_lba_range range{};
    if (dev == nullptr) return range;
    const Geometry& geometry = device_of(dev).geometry();
    range.slba = slba;
    range.elba = naddrs == 0 ? slba : slba + (naddrs - 1);
    range.naddrs = static_cast<std::uint32_t>(naddrs);
    range.nbytes = naddrs * geometry.transfer_block_bytes;
    range.attr.is_zoned = geometry.zoned;
    range.attr.is_valid = whole && naddrs != 0 && naddrs <= UINT32_MAX && slba < geometry.blocks &&
                          naddrs <= geometry.blocks - slba;
    return range;
}

}  // namespace

struct xnvme_lba_range xnvme_lba_range_from_offset_nbytes(struct xnvme_dev* dev, uint64_t offset,
                                                          uint64_t nbytes) {
    const std::uint64_t unit = dev == nullptr ? 0 : device_of(dev).geometry().transfer_block_bytes;
    if (unit == 0) return {};
    return range_of(dev, offset / unit, nbytes / unit, offset % unit == 0 && nbytes % unit == 0);
}

struct xnvme_lba_range xnvme_lba_range_from_slba_elba(struct xnvme_dev* dev, uint64_t slba,
                                                      uint64_t elba) {
    const bool forward = elba >= slba;
    return range_of(dev, slba, forward ? elba - slba + 1 : 0, forward);
}

struct xnvme_lba_range xnvme_lba_range_from_slba_naddrs(struct xnvme_dev* dev, uint64_t slba,
                                                        uint64_t naddrs) {
    return range_of(dev, slba, naddrs, true);
}

struct xnvme_lba_range xnvme_lba_range_from_zdescr(struct xnvme_dev* dev,
                                                   struct xnvme_spec_znd_descr* zdescr) {
    if (zdescr == nullptr) return {};
    return range_of(dev, zdescr->zslba, zdescr->zcap, true);
}
