/// \file
/// What systems do differently in POSIX asynchronous I/O.
#pragma once

#include <aio.h>

#include <cstdint>
#include <span>

#include <xnvme/command.hpp>

namespace xnvme::os {

/// Elements that one request of `aio_start_vectored` takes; 1 where the system has no vectored
/// requests. FreeBSD 13: aio_readv, aio_writev.
extern const std::uint32_t kAioElementsMax;

/// True when the requests of one descriptor end in the order in which they were started.
/// glibc 2.36: a descriptor has one thread at a time.
extern const bool kAioIsInOrder;

/// True when a control block that was used is used again as it stands; else it is zeroed first.
/// FreeBSD: aio_read(2), BUGS.
extern const bool kAioReusesBlocks;

/// Starts a read or write of a list. Returns 0 or an errno. The list must stay until it is done.
int aio_start_vectored(struct aiocb& request, bool write, std::span<const IoVec> list) noexcept;

/// Starts a flush of the request's descriptor. Returns 0 or an errno. macOS knows O_SYNC alone.
int aio_start_flush(struct aiocb& request) noexcept;

/// True when a flush of `aio_start_flush` reaches the medium. Not on macOS, whose fsync leaves it
/// in the drive's cache.
extern const bool kAioFlushIsDurable;

}  // namespace xnvme::os
