#include "backends/common/posix/transfer.hpp"

#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>

#include "contracts/complete.hpp"

namespace xnvme::be_common {

static_assert(sizeof(IoVec) == sizeof(struct iovec) &&
                  offsetof(IoVec, base) == offsetof(struct iovec, iov_base) &&
                  offsetof(IoVec, bytes) == offsetof(struct iovec, iov_len),
              "a list is handed to the system as it is");

namespace {

/// One call of the system: bytes moved, or a negative errno.
std::int64_t move_some(Direction direction, int fd, std::span<const IoVec> list,
                       std::uint64_t offset) noexcept {
    const auto* elements = reinterpret_cast<const struct iovec*>(list.data());
    const int count = static_cast<int>(std::min<std::size_t>(list.size(), kIoVecMax));
    const auto at = static_cast<off_t>(offset);
    for (;;) {
        ssize_t moved = 0;
        if (count == 1) {
            const IoVec& only = list.front();
            moved = direction == Direction::read ? ::pread(fd, only.base, only.bytes, at)
                                                 : ::pwrite(fd, only.base, only.bytes, at);
        } else {
            moved = direction == Direction::read ? ::preadv(fd, elements, count, at)
                                                 : ::pwritev(fd, elements, count, at);
        }
        if (moved >= 0) return moved;
        if (errno != EINTR) return -errno;
    }
}

}  // namespace

std::int64_t transfer(Direction direction, int fd, std::span<const IoVec> list,
                      std::uint64_t offset, std::uint32_t unit) noexcept {
    std::uint64_t total = 0;
    std::size_t first = 0;
    std::size_t into_first = 0;
    for (;;) {
        while (first < list.size() && into_first == list[first].bytes) {
            ++first;
            into_first = 0;
        }
        if (first == list.size()) return static_cast<std::int64_t>(total);
        // The rest of an element that was moved in part goes alone, and the others follow as they
        // stand, so that the list is never copied.
        IoVec rest{static_cast<std::byte*>(list[first].base) + into_first,
                   list[first].bytes - into_first};
        const std::int64_t moved =
            into_first != 0 ? move_some(direction, fd, {&rest, 1}, offset + total)
                            : move_some(direction, fd, list.subspan(first), offset + total);
        if (moved < 0) return moved;
        total += static_cast<std::uint64_t>(moved);
        if (moved == 0 || total % unit != 0) return static_cast<std::int64_t>(total);
        auto left = static_cast<std::uint64_t>(moved);
        while (left > 0) {
            const std::uint64_t step =
                std::min<std::uint64_t>(left, list[first].bytes - into_first);
            left -= step;
            into_first += step;
            if (into_first == list[first].bytes) {
                ++first;
                into_first = 0;
            }
        }
    }
}

std::int64_t transfer(Direction direction, int fd, void* base, std::uint64_t bytes,
                      std::uint64_t offset, std::uint32_t unit) noexcept {
    const IoVec only{base, bytes};
    return transfer(direction, fd, {&only, 1}, offset, unit);
}

std::span<const IoVec> data_of(const Context& context, IoVec& single) noexcept {
    const Command& command = context.command;
    if ((context.options & kVectored) != 0)
        return {reinterpret_cast<const IoVec*>(command.data), command.data_bytes};
    single = IoVec{reinterpret_cast<void*>(command.data), command.data_bytes};
    return {&single, 1};
}

void transfer_command(Direction direction, int fd, Context& context, std::uint64_t offset,
                      std::uint32_t unit) noexcept {
    IoVec single;
    complete_transfer(context, transfer(direction, fd, data_of(context, single), offset, unit));
}

}  // namespace xnvme::be_common
