#include "os/posix/aio.hpp"

#include <fcntl.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cerrno>

namespace xnvme::os {

#if defined(__FreeBSD__)

extern const std::uint32_t kAioElementsMax = kIoVecMax;
extern const bool kAioReusesBlocks = false;

int aio_start_vectored(struct aiocb& request, bool write, std::span<const IoVec> list) noexcept {
    request.aio_iov = const_cast<struct iovec*>(reinterpret_cast<const struct iovec*>(list.data()));
    request.aio_iovcnt = static_cast<decltype(request.aio_iovcnt)>(list.size());
    return (write ? ::aio_writev(&request) : ::aio_readv(&request)) == 0 ? 0 : errno;
}

#else

extern const std::uint32_t kAioElementsMax = 1;
extern const bool kAioReusesBlocks = true;

int aio_start_vectored(struct aiocb& request, bool write, std::span<const IoVec> list) noexcept {
    request.aio_buf = list.front().base;
    request.aio_nbytes = list.front().bytes;
    return (write ? ::aio_write(&request) : ::aio_read(&request)) == 0 ? 0 : errno;
}

#endif

#if defined(__GLIBC__)
extern const bool kAioIsInOrder = true;
#else
extern const bool kAioIsInOrder = false;
#endif

#if defined(__APPLE__)
extern const bool kAioFlushIsDurable = false;
int aio_start_flush(struct aiocb& request) noexcept {
    return ::aio_fsync(O_SYNC, &request) == 0 ? 0 : errno;
}
#else
extern const bool kAioFlushIsDurable = true;
int aio_start_flush(struct aiocb& request) noexcept {
    return ::aio_fsync(O_DSYNC, &request) == 0 ? 0 : errno;
}
#endif

}  // namespace xnvme::os
