#include "backends/common/posix/file_commands.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <new>
#include <span>

#include <xnvme/nvme/builders.hpp>
#include <xnvme/nvme/opcodes.hpp>
#include <xnvme/nvme/status.hpp>

#include "backends/common/posix/transfer.hpp"
#include "contracts/complete.hpp"
#include "os/posix/file.hpp"

namespace xnvme::be_common {

namespace {

using nvme::FileOpcode;
using nvme::NvmOpcode;

constexpr std::uint8_t code(NvmOpcode opcode) noexcept {
    return static_cast<std::uint8_t>(opcode);
}
constexpr std::uint8_t code(FileOpcode opcode) noexcept {
    return static_cast<std::uint8_t>(opcode);
}

/// A bounded buffer, aligned for I/O past the page cache. It lies on the stack, because nothing on
/// the I/O path allocates; a thread of the library has four times as much.
class Scratch {
  public:
    explicit Scratch(std::uint64_t wanted) noexcept
        : size_(static_cast<std::size_t>(
              std::min<std::uint64_t>(wanted, FileCommands::kScratchBytes))) {}

    std::byte* data() noexcept { return bytes_; }
    std::size_t size() const noexcept { return size_; }

  private:
    static constexpr std::size_t kAlignment = 4096;
    std::size_t size_;
    alignas(kAlignment) std::byte bytes_[FileCommands::kScratchBytes];
};

/// Copies the first `bytes` bytes of a command's data out of its buffers. False when there are
/// fewer.
bool gather(const Context& context, void* destination, std::size_t bytes) noexcept {
    IoVec single;
    auto* to = static_cast<std::byte*>(destination);
    for (const IoVec& element : data_of(context, single)) {
        const std::size_t step = std::min(element.bytes, bytes);
        if (step != 0) std::memcpy(to, element.base, step);
        to += step;
        bytes -= step;
    }
    return bytes == 0;
}

/// What is left of a command's data, walked through from the front.
class DataWalk {
  public:
    explicit DataWalk(std::span<const IoVec> list) noexcept : list_(list) {}

    /// True when the next bytes are those of `other`; moves past them.
    bool equals(const std::byte* other, std::size_t bytes) noexcept {
        while (bytes > 0 && !list_.empty()) {
            const IoVec& element = list_.front();
            const std::size_t step = std::min(bytes, element.bytes - into_);
            if (step != 0 &&
                std::memcmp(static_cast<const std::byte*>(element.base) + into_, other, step) != 0)
                return false;
            other += step;
            bytes -= step;
            into_ += step;
            if (into_ == element.bytes) {
                list_ = list_.subspan(1);
                into_ = 0;
            }
        }
        return bytes == 0;
    }

  private:
    std::span<const IoVec> list_;
    std::size_t into_ = 0;
};

void complete_short(Context& context, std::uint64_t moved) noexcept {
    complete_failed(context, Errc::short_transfer, EIO);
    context.os_error = 0;
    context.bytes = static_cast<std::uint32_t>(std::min<std::uint64_t>(moved, UINT32_MAX));
}

/// What zeroes are written from: never written to, so threads share it.
constexpr std::size_t kZeroBytes = 64 * 1024;
alignas(4096) const std::array<std::byte, kZeroBytes> kZeroes{};

}  // namespace

OpcodeSet FileCommands::carries(const Handle& handle) {
    OpcodeSet set{code(NvmOpcode::flush),   code(NvmOpcode::write),        code(NvmOpcode::read),
                  code(NvmOpcode::compare), code(NvmOpcode::write_zeroes), code(NvmOpcode::verify),
                  code(NvmOpcode::copy)};
    if (handle.facts.can_deallocate) set.add(code(NvmOpcode::dataset_management));
    if (handle.identifier.device_class == DeviceClass::file) {
        set.add(code(FileOpcode::read));
        set.add(code(FileOpcode::write));
        set.add(code(FileOpcode::flush));
    }
    return set;
}

/// Most commands are a read that is there in one go, whose completion stays as the rules have reset
/// it. False for all others, and for what was not read whole: it is read again, by the general way.
[[gnu::always_inline]] inline bool FileCommands::read_at_once(
    const Context& context) const noexcept {
    const Command& command = context.command;
    if (command.opcode != code(NvmOpcode::read) || (context.options & kCloserLook) != 0)
        [[unlikely]]
        return false;
    const std::uint64_t at = command.slba() * handle_.facts.geometry.block_bytes;
    const ssize_t moved = ::pread(handle_.fd, reinterpret_cast<void*>(command.data), context.bytes,
                                  static_cast<off_t>(at));
    return moved == static_cast<ssize_t>(context.bytes);
}

void FileCommands::execute(Context& context) noexcept {
    if (!read_at_once(context)) [[unlikely]]
        execute_any(context);
}

void FileCommands::execute_each(std::span<Context* const> contexts) noexcept {
    for (Context* const context : contexts) {
        // Devices may know more commands than files do.
        if (!read_at_once(*context)) [[unlikely]]
            execute(*context);
        context->callback(*context, context->argument);
    }
}

void FileCommands::execute_any(Context& context) noexcept {
    const Command& command = context.command;
    const std::uint64_t at = command.slba();
    switch (command.opcode) {
        case code(NvmOpcode::read):
            return transfer_command(Direction::read, handle_.fd, context, bytes_of(at), unit());
        case code(NvmOpcode::write):
            return write(context, bytes_of(at));
        case code(FileOpcode::read):
            return transfer_command(Direction::read, handle_.fd, context, at, unit());
        case code(FileOpcode::write):
            return write(context, at);
        case code(NvmOpcode::flush):
        case code(FileOpcode::flush):
            return flush(context);
        case code(NvmOpcode::write_zeroes):
            return write_zeroes(context);
        case code(NvmOpcode::dataset_management):
            return dataset_management(context);
        case code(NvmOpcode::compare):
            return compare(context);
        case code(NvmOpcode::verify):
            return verify(context);
        case code(NvmOpcode::copy):
            return copy(context);
        default:
            return complete_device(context,
                                   nvme::status_of(nvme::GenericStatus::invalid_opcode, true));
    }
}

int FileCommands::make_durable() noexcept {
    return os::sync_data(handle_.fd);
}

int FileCommands::zero(std::uint64_t offset, std::uint64_t bytes, bool may_deallocate) noexcept {
    if (may_deallocate && os::punch_hole(handle_.fd, offset, bytes) == 0) return 0;
    return os::zero_range(handle_.fd, offset, bytes);
}

int FileCommands::deallocate(std::uint64_t offset, std::uint64_t bytes) noexcept {
    return os::punch_hole(handle_.fd, offset, bytes);
}

bool FileCommands::in_range(std::uint64_t slba, std::uint64_t blocks) const noexcept {
    const std::uint64_t size = handle_.facts.geometry.blocks;
    return slba <= size && blocks <= size - slba;
}

std::uint64_t FileCommands::bytes_of(std::uint64_t blocks) const noexcept {
    return blocks * handle_.facts.geometry.block_bytes;
}

std::uint32_t FileCommands::unit() const noexcept {
    return handle_.direct ? std::max(handle_.facts.geometry.block_bytes, 1u) : 1;
}

void FileCommands::complete_errno(Context& context, int os_errno) noexcept {
    if (os_errno == 0) {
        complete_ok(context);
    } else if (os_errno == EOPNOTSUPP) {
        complete_failed(context, Errc::unsupported, os_errno);
    } else {
        complete_system(context, os_errno);
    }
}

/// A write, of whatever kind, has been done: Force Unit Access asks for it to be on the medium
/// before it completes. NVM Command Set 1.0 §3.2.6
void FileCommands::complete_write(Context& context) noexcept {
    const bool force = (context.command.cdw12 & nvme::kForceUnitAccess) != 0;
    complete_errno(context, force ? make_durable() : 0);
}

void FileCommands::write(Context& context, std::uint64_t offset) noexcept {
    transfer_command(Direction::write, handle_.fd, context, offset, unit());
    // Dword 12 of a file-system write means nothing.
    if (context.ok() && context.command.opcode == code(NvmOpcode::write) &&
        (context.command.cdw12 & nvme::kForceUnitAccess) != 0)
        complete_write(context);
}

void FileCommands::flush(Context& context) noexcept {
    complete_errno(context, make_durable());
}

void FileCommands::write_zeroes(Context& context) noexcept {
    const Command& command = context.command;
    std::uint64_t offset = bytes_of(command.slba());
    std::uint64_t left = bytes_of(command.blocks());
    const int why = zero(offset, left, (command.cdw12 & nvme::kDeallocate) != 0);
    if (why == 0) return complete_write(context);
    if (why != EOPNOTSUPP) return complete_errno(context, why);
    std::array<IoVec, 16> list;
    while (left > 0) {
        std::size_t elements = 0;
        std::uint64_t step = 0;
        for (; elements < list.size() && step < left; ++elements) {
            const auto part = std::min<std::uint64_t>(left - step, kZeroBytes);
            // Writing does not change what it writes from.
            list[elements] = IoVec{const_cast<std::byte*>(kZeroes.data()), part};
            step += part;
        }
        const std::span<const IoVec> part = std::span<const IoVec>(list).first(elements);
        const std::int64_t moved = transfer(Direction::write, handle_.fd, part, offset, unit());
        if (moved < 0) return complete_errno(context, static_cast<int>(-moved));
        if (static_cast<std::uint64_t>(moved) != step)
            return complete_short(
                context, bytes_of(command.blocks()) - left + static_cast<std::uint64_t>(moved));
        offset += step;
        left -= step;
    }
    complete_write(context);
}

void FileCommands::dataset_management(Context& context) noexcept {
    const Command& command = context.command;
    std::array<nvme::DsmRange, nvme::kDsmRangesMax> ranges;
    const std::uint32_t count = nvme::dsm_range_count(command);
    if (!gather(context, ranges.data(), count * sizeof(nvme::DsmRange)))
        return complete_device(context, nvme::status_of(nvme::GenericStatus::invalid_field, true));
    for (std::uint32_t i = 0; i < count; ++i) {
        if (!in_range(ranges[i].slba, ranges[i].nlb))
            return complete_device(context,
                                   nvme::status_of(nvme::GenericStatus::lba_out_of_range, true));
    }
    // The other attributes are hints, which a file has no use for.
    if ((command.cdw11 & nvme::kDsmDeallocate) == 0) return complete_ok(context);
    for (std::uint32_t i = 0; i < count; ++i) {
        if (ranges[i].nlb == 0) continue;
        const int why = deallocate(bytes_of(ranges[i].slba), bytes_of(ranges[i].nlb));
        if (why != 0) return complete_errno(context, why);
    }
    complete_ok(context);
}

void FileCommands::compare(Context& context) noexcept {
    const std::uint64_t offset = bytes_of(context.command.slba());
    const std::uint64_t total = context.bytes;
    Scratch scratch(total);
    IoVec single;
    DataWalk expected(data_of(context, single));
    for (std::uint64_t done = 0; done < total;) {
        const std::uint64_t step = std::min<std::uint64_t>(total - done, scratch.size());
        const std::int64_t moved =
            transfer(Direction::read, handle_.fd, scratch.data(), step, offset + done, unit());
        if (moved < 0) return complete_errno(context, static_cast<int>(-moved));
        if (static_cast<std::uint64_t>(moved) != step)
            return complete_short(context, done + static_cast<std::uint64_t>(moved));
        if (!expected.equals(scratch.data(), static_cast<std::size_t>(step)))
            return complete_device(context, nvme::status_of(nvme::MediaStatus::compare_failure));
        done += step;
    }
    complete_ok(context);
}

void FileCommands::verify(Context& context) noexcept {
    const std::uint64_t offset = bytes_of(context.command.slba());
    const std::uint64_t total = bytes_of(context.command.blocks());
    Scratch scratch(total);
    for (std::uint64_t done = 0; done < total;) {
        const std::uint64_t step = std::min<std::uint64_t>(total - done, scratch.size());
        const std::int64_t moved =
            transfer(Direction::read, handle_.fd, scratch.data(), step, offset + done, unit());
        if (moved < 0) return complete_errno(context, static_cast<int>(-moved));
        if (static_cast<std::uint64_t>(moved) != step)
            return complete_short(context, done + static_cast<std::uint64_t>(moved));
        done += step;
    }
    complete_ok(context);
}

void FileCommands::copy(Context& context) noexcept {
    using nvme::GenericStatus;
    const Command& command = context.command;
    const unsigned format = nvme::copy_format(command);
    if (format > 1)
        return complete_device(context, nvme::status_of(GenericStatus::invalid_field, true));
    static_assert(offsetof(nvme::CopyRange0, slba) == offsetof(nvme::CopyRange1, slba) &&
                      offsetof(nvme::CopyRange0, nlb) == offsetof(nvme::CopyRange1, nlb),
                  "what is read of a descriptor stands at the same place in both formats");
    const std::size_t stride = format == 0 ? sizeof(nvme::CopyRange0) : sizeof(nvme::CopyRange1);
    std::array<std::byte, nvme::kCopyRangesMax * sizeof(nvme::CopyRange1)> list;
    const std::uint32_t count = nvme::copy_range_count(command);
    if (!gather(context, list.data(), count * stride))
        return complete_device(context, nvme::status_of(GenericStatus::invalid_field, true));
    const auto range_at = [&](std::uint32_t i) {
        nvme::CopyRange0 range;
        std::memcpy(&range, list.data() + i * stride, sizeof(range));
        return range;
    };
    std::uint64_t blocks = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        const nvme::CopyRange0 range = range_at(i);
        if (!in_range(range.slba, range.blocks()))
            return complete_device(context, nvme::status_of(GenericStatus::lba_out_of_range, true));
        blocks += range.blocks();
    }
    if (!in_range(command.slba(), blocks))
        return complete_device(context, nvme::status_of(GenericStatus::lba_out_of_range, true));

    Scratch scratch(bytes_of(blocks));
    std::uint64_t to = bytes_of(command.slba());
    for (std::uint32_t i = 0; i < count; ++i) {
        const nvme::CopyRange0 range = range_at(i);
        std::uint64_t from = bytes_of(range.slba);
        for (std::uint64_t left = bytes_of(range.blocks()); left > 0;) {
            const std::uint64_t step = std::min<std::uint64_t>(left, scratch.size());
            for (const Direction direction : {Direction::read, Direction::write}) {
                const std::int64_t moved =
                    transfer(direction, handle_.fd, scratch.data(), step,
                             direction == Direction::read ? from : to, unit());
                if (moved == static_cast<std::int64_t>(step)) continue;
                if (moved < 0) {
                    complete_errno(context, static_cast<int>(-moved));
                } else {
                    complete_short(context, 0);
                }
                // Dword 0 names the first range that was not copied whole.
                // NVM Command Set 1.0 §3.2.2
                context.completion.result = i;
                return;
            }
            from += step;
            to += step;
            left -= step;
        }
    }
    complete_write(context);
}

}  // namespace xnvme::be_common
