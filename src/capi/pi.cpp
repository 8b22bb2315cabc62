#include <cerrno>
#include <cstdint>

#include <libxnvme_pi.h>

#include <xnvme/protection.hpp>

#include "capi/errors.hpp"

using namespace xnvme;
using namespace xnvme::capi;

size_t xnvme_pi_size(enum xnvme_spec_nvm_ns_pif pi_format) {
    return pi_format == XNVME_SPEC_NVM_NS_16B_GUARD ? 8 : 16;
}

int xnvme_pi_ctx_init(struct xnvme_pi_ctx* ctx, uint32_t block_size, uint32_t md_size,
                      bool md_interleave, bool pi_loc, enum xnvme_pi_type pi_type,
                      uint32_t pi_flags, uint32_t init_ref_tag, uint16_t apptag_mask,
                      uint16_t app_tag, enum xnvme_spec_nvm_ns_pif pi_format) {
    const auto pi_bytes = static_cast<std::uint32_t>(xnvme_pi_size(pi_format));
    const bool known = pi_type >= XNVME_PI_DISABLE && pi_type <= XNVME_PI_TYPE3 &&
                       pi_format >= XNVME_SPEC_NVM_NS_16B_GUARD &&
                       pi_format <= XNVME_SPEC_NVM_NS_64B_GUARD;
    const bool fits = md_size >= pi_bytes && block_size > (md_interleave ? md_size : 0);
    if (ctx == nullptr || !known || !fits) return -EINVAL;
    const std::uint32_t data_bytes = block_size - (md_interleave ? md_size : 0);
    *ctx = xnvme_pi_ctx{};
    ctx->block_size = block_size;
    ctx->md_size = md_size;
    // The guard covers the metadata before the protection information too.
    ctx->guard_interval = data_bytes + (pi_loc ? 0 : md_size - pi_bytes);
    ctx->pi_flags = pi_flags;
    ctx->md_interleave = md_interleave;
    ctx->pi_type = static_cast<std::uint16_t>(pi_type);
    ctx->pi_format = static_cast<std::uint16_t>(pi_format);
    ctx->init_ref_tag = init_ref_tag;
    ctx->app_tag = app_tag;
    ctx->apptag_mask = apptag_mask;
    return 0;
}

namespace {

/// How the library sees the blocks of a context.
ProtectionLayout layout_of(const xnvme_pi_ctx& ctx) noexcept {
    ProtectionLayout layout;
    layout.format.type = static_cast<std::uint8_t>(ctx.pi_type);
    layout.format.guard_bits = nvme::guard_bits_of(ctx.pi_format);
    // The reference tag has the 32, 64 or 48 bits of XNVME_REFTAG_MASK_*. A 32-bit guard leaves 16
    // more, which are the storage tag's.
    layout.format.storage_tag_bits = layout.format.guard_bits == 32 ? 16 : 0;
    layout.extended = ctx.md_interleave;
    layout.metadata_bytes = ctx.md_size;
    layout.block_bytes = ctx.block_size - (ctx.md_interleave ? ctx.md_size : 0);
    // Where the guard ends is where the protection information begins. Where it is all of the
    // metadata, front and end are the same.
    layout.format.first = ctx.guard_interval == layout.block_bytes;
    return layout;
}

nvme::ProtectionTags tags_of(const xnvme_pi_ctx& ctx) noexcept {
    nvme::ProtectionTags tags;
    tags.reference_tag = ctx.init_ref_tag;
    tags.application_tag = ctx.app_tag;
    tags.application_tag_mask = ctx.apptag_mask;
    return tags;
}

Data data_of(const xnvme_pi_ctx& ctx, std::uint8_t* data_buf, std::uint32_t blocks) noexcept {
    return {data_buf, std::size_t{blocks} * ctx.block_size};
}

Data metadata_of(const xnvme_pi_ctx& ctx, std::uint8_t* md_buf, std::uint32_t blocks) noexcept {
    if (ctx.md_interleave) return {};
    return {md_buf, std::size_t{blocks} * ctx.md_size};
}

bool has_buffers(const xnvme_pi_ctx* ctx, const std::uint8_t* data_buf,
                 const std::uint8_t* md_buf) noexcept {
    return ctx != nullptr && data_buf != nullptr && (ctx->md_interleave || md_buf != nullptr);
}

/// Bits of the flags as those of a command.
std::uint32_t checks_of(std::uint32_t flags) noexcept {
    return ((flags & XNVME_PI_FLAGS_GUARD_CHECK) != 0 ? nvme::kCheckGuard : 0u) |
           ((flags & XNVME_PI_FLAGS_APPTAG_CHECK) != 0 ? nvme::kCheckApplicationTag : 0u) |
           ((flags & XNVME_PI_FLAGS_REFTAG_CHECK) != 0 ? nvme::kCheckReferenceTag : 0u);
}

}  // namespace

void xnvme_pi_generate(struct xnvme_pi_ctx* ctx, uint8_t* data_buf, uint8_t* md_buf,
                       uint32_t num_blocks) {
    if (!has_buffers(ctx, data_buf, md_buf) || ctx->pi_type == XNVME_PI_DISABLE) return;
    // The lengths are made to agree here, which is all that could fail.
    (void)generate_protection(layout_of(*ctx), tags_of(*ctx), data_of(*ctx, data_buf, num_blocks),
                              metadata_of(*ctx, md_buf, num_blocks));
}

int xnvme_pi_verify(struct xnvme_pi_ctx* ctx, uint8_t* data_buf, uint8_t* md_buf,
                    uint32_t num_blocks) {
    if (ctx == nullptr) return -EINVAL;
    // Where nothing is to be checked programs have no metadata either: fio, when the device strips
    // it.
    const std::uint32_t checks = checks_of(ctx->pi_flags);
    if (checks == 0 || ctx->pi_type == XNVME_PI_DISABLE) return 0;
    if (!has_buffers(ctx, data_buf, md_buf)) return -EINVAL;
    const auto mismatch =
        verify_protection(layout_of(*ctx), tags_of(*ctx), data_of(*ctx, data_buf, num_blocks),
                          metadata_of(*ctx, md_buf, num_blocks), checks);
    if (!mismatch) return -errno_of(mismatch.error());
    return mismatch->has_value() ? -EIO : 0;
}
