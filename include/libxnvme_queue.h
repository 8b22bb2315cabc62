/// \file
/// Asynchronous queues.
///
/// A queue belongs to one thread at a time, and queues are independent of each other. A command's
/// context is taken with `xnvme_queue_get_cmd_ctx`, filled, submitted with `xnvme_cmd_pass`, and
/// comes back through its callback inside `xnvme_queue_poke`, `_drain` or `_wait`, on the thread
/// that called it. The callback reads the completion, and submits the context again or gives it
/// back. It may submit, also when every slot was taken; it must not call `_poke`, `_drain`, `_wait`
/// or `_term`.
#pragma once

#include <stdint.h>

#include <libxnvme_dev.h>

#ifdef __cplusplus
extern "C" {
#endif

struct xnvme_cmd_ctx;

/// A queue.
struct xnvme_queue;

/// Options of `xnvme_queue_init`.
enum xnvme_queue_opts {
    XNVME_QUEUE_IOPOLL = 0x1,  ///< io_uring: completions are polled for (IOPOLL).
    XNVME_QUEUE_SQPOLL = 0x2,  ///< io_uring: a kernel thread takes submissions (SQPOLL).
};

/// Called once for every completed command.
typedef void (*xnvme_queue_cb)(struct xnvme_cmd_ctx* ctx, void* opaque);

/// Makes a queue of `capacity` commands, 1 to 32768; any number, not only powers of two. `opts` has
/// bits of `enum xnvme_queue_opts`. Returns 0; -EINVAL; -ENOMEM; -ENOTSUP where the options cannot
/// be honoured; or what the system said.
int xnvme_queue_init(struct xnvme_dev* dev, uint16_t capacity, int opts,
                     struct xnvme_queue** queue);

/// Commands that the queue holds; 0 for NULL.
uint32_t xnvme_queue_get_capacity(struct xnvme_queue* queue);

/// Commands submitted whose callback has not run; 0 for NULL.
uint32_t xnvme_queue_get_outstanding(struct xnvme_queue* queue);

/// Ends a queue. Waits for, or cancels, what is outstanding, without calling back. Returns 0, or
/// -EINVAL for NULL, which is harmless.
int xnvme_queue_term(struct xnvme_queue* queue);

/// Completes at most `max` commands, or all that have completed where `max` is 0. Does not block.
/// Returns how many, or -EINVAL for NULL.
int xnvme_queue_poke(struct xnvme_queue* queue, uint32_t max);

/// Completes everything outstanding, and what callbacks submit. Sleeps. Returns how many, -EINVAL
/// for NULL, or what the system said.
int xnvme_queue_drain(struct xnvme_queue* queue);

/// Sleeps until as many commands have completed as are outstanding when it is called. Returns how
/// many, -EINVAL for NULL, or what the system said.
int xnvme_queue_wait(struct xnvme_queue* queue);

/// Takes a context. Returns NULL with errno where all are taken (EBUSY) or for NULL (EINVAL). Its
/// command, callback and argument are what they were when it was last used.
struct xnvme_cmd_ctx* xnvme_queue_get_cmd_ctx(struct xnvme_queue* queue);

/// Gives back a context that is not outstanding. Returns 0, or -EINVAL for NULL.
int xnvme_queue_put_cmd_ctx(struct xnvme_queue* queue, struct xnvme_cmd_ctx* ctx);

/// Sets callback and argument of every context of the queue. Returns 0, or -EINVAL for NULL.
int xnvme_queue_set_cb(struct xnvme_queue* queue, xnvme_queue_cb cb, void* cb_arg);

/// A descriptor for poll or epoll that is readable whenever `xnvme_queue_poke` has something to
/// complete. It stays the queue's. Returns -EINVAL for NULL, or what the system said.
int xnvme_queue_get_completion_fd(struct xnvme_queue* queue);

#ifdef __cplusplus
}
#endif
