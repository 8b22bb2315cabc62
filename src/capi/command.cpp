#include <bit>
#include <cerrno>

#include "capi/errors.hpp"
#include "capi/handles.hpp"

using namespace xnvme;
using namespace xnvme::capi;

namespace {

/// A list of one is a plain buffer: interfaces without lists take it, and no check looks twice.
Data data_of(iovec* list, std::size_t count) noexcept {
    if (count == 0) return {};
    if (count == 1) return {list->iov_base, list->iov_len};
    return std::span<const IoVec>(reinterpret_cast<const IoVec*>(list), count);
}

int pass(xnvme_cmd_ctx* ctx, const Data& data, const Data& metadata) noexcept {
    Context& context = context_of(ctx);
    if (context.queue != nullptr) {
        return code_of(queue_of(*context.queue).submit(context, data, metadata));
    }
    if (ctx->dev == nullptr) return -EINVAL;
    return code_of(device_of(ctx->dev).execute(context, data, metadata));
}

/// Not inlined, so that the quick way past it saves and restores nothing.
[[gnu::noinline]] int pass_other(xnvme_cmd_ctx* ctx, void* dbuf, size_t dbuf_nbytes, void* mbuf,
                                 size_t mbuf_nbytes) noexcept {
    if (ctx == nullptr) return -EINVAL;
    return pass(ctx, Data(dbuf, dbuf_nbytes), Data(mbuf, mbuf_nbytes));
}

}  // namespace

struct xnvme_cmd_ctx xnvme_cmd_ctx_from_dev(struct xnvme_dev* dev) {
    Context context{};
    context.device = state_of(dev);
    return std::bit_cast<xnvme_cmd_ctx>(context);
}

struct xnvme_cmd_ctx* xnvme_cmd_ctx_from_queue(struct xnvme_queue* queue) {
    return xnvme_queue_get_cmd_ctx(queue);
}

void xnvme_cmd_ctx_clear(struct xnvme_cmd_ctx* ctx) {
    if (ctx == nullptr) return;
    Context& context = context_of(ctx);
    context.command = Command{};
    context.completion = Completion{};
    context.os_error = 0;
    context.bytes = 0;
    context.error = Errc::ok;
}

int xnvme_cmd_pass(struct xnvme_cmd_ctx* ctx, void* dbuf, size_t dbuf_nbytes, void* mbuf,
                   size_t mbuf_nbytes) {
    if (ctx != nullptr && ctx->async.queue != nullptr && mbuf == nullptr &&
        engine_of(ctx->async.queue).submit_fast(context_of(ctx), dbuf, dbuf_nbytes)) [[likely]]
        return 0;
    return pass_other(ctx, dbuf, dbuf_nbytes, mbuf, mbuf_nbytes);
}

int xnvme_cmd_passv(struct xnvme_cmd_ctx* ctx, struct iovec* dvec, size_t dvec_cnt, size_t,
                    struct iovec* mvec, size_t mvec_cnt, size_t) {
    if (ctx == nullptr || (dvec == nullptr && dvec_cnt != 0) ||
        (mvec == nullptr && mvec_cnt != 0)) {
        return -EINVAL;
    }
    return pass(ctx, data_of(dvec, dvec_cnt), data_of(mvec, mvec_cnt));
}

int xnvme_cmd_pass_iov(struct xnvme_cmd_ctx* ctx, struct iovec* dvec, size_t dvec_cnt, size_t,
                       void* mbuf, size_t mbuf_nbytes) {
    if (ctx == nullptr || (dvec == nullptr && dvec_cnt != 0)) return -EINVAL;
    return pass(ctx, data_of(dvec, dvec_cnt), Data(mbuf, mbuf_nbytes));
}

int xnvme_cmd_pass_admin(struct xnvme_cmd_ctx* ctx, void* dbuf, size_t dbuf_nbytes, void* mbuf,
                         size_t mbuf_nbytes) {
    if (ctx == nullptr || ctx->dev == nullptr) return -EINVAL;
    Context& context = context_of(ctx);
    // An admin command is not the queue's, but the context may be: it stays so.
    AsyncQueue* const queue = context.queue;
    const Result<void> executed =
        device_of(ctx->dev).admin(context, Data(dbuf, dbuf_nbytes), Data(mbuf, mbuf_nbytes));
    context.queue = queue;
    return code_of(executed);
}

int xnvme_cmd_prepare(struct xnvme_cmd_ctx* ctx, void* dbuf, size_t dbuf_nbytes, void* mbuf,
                      size_t mbuf_nbytes) {
    if (ctx == nullptr || ctx->async.queue == nullptr) return -EINVAL;
    return code_of(queue_of(ctx->async.queue)
                       .prepare(context_of(ctx), Data(dbuf, dbuf_nbytes), Data(mbuf, mbuf_nbytes)));
}

int xnvme_cmd_preparev(struct xnvme_cmd_ctx* ctx, struct iovec* dvec, size_t dvec_cnt,
                       struct iovec* mvec, size_t mvec_cnt) {
    if (ctx == nullptr || ctx->async.queue == nullptr || (dvec == nullptr && dvec_cnt != 0) ||
        (mvec == nullptr && mvec_cnt != 0)) {
        return -EINVAL;
    }
    return code_of(queue_of(ctx->async.queue)
                       .prepare(context_of(ctx), data_of(dvec, dvec_cnt), data_of(mvec, mvec_cnt)));
}

int xnvme_cmd_ctx_os_error(const struct xnvme_cmd_ctx* ctx) {
    return ctx == nullptr ? 0 : context_of(ctx).os_error;
}

int xnvme_cmd_ctx_result(const struct xnvme_cmd_ctx* ctx) {
    return ctx == nullptr ? -EINVAL : -errno_of(context_of(ctx).why());
}

uint32_t xnvme_cmd_ctx_nbytes(const struct xnvme_cmd_ctx* ctx) {
    return ctx == nullptr ? 0 : context_of(ctx).bytes;
}
