#include "backends/linux/nvme.hpp"

#include <linux/nvme_ioctl.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <span>

#include "contracts/complete.hpp"

namespace xnvme::be_linux::nvme {

namespace {

/// The driver's command is the library's, but for what follows the 64 bytes.
/// linux/nvme_ioctl.h: struct nvme_passthru_cmd64
nvme_passthru_cmd64 driver_command(const Context& context, const Handle& handle,
                                   std::uint32_t timeout_ms, bool admin) noexcept {
    nvme_passthru_cmd64 command{};
    static_assert(offsetof(nvme_passthru_cmd64, timeout_ms) == sizeof(Command));
    std::memcpy(&command, &context.command, sizeof(Command));
    command.rsvd1 = 0;
    command.timeout_ms = timeout_ms;
    // An admin command without a namespace is meant so; an I/O command is the handle's.
    if (command.nsid == 0 && !admin) command.nsid = handle.facts.nsid;
    return command;
}

/// What an ioctl of the driver returned: a negative number with errno, or the status that the
/// device answered with, which is the status field without its phase tag.
void complete_ioctl(Context& context, int returned, int os_errno, std::uint64_t result) noexcept {
    if (returned < 0) {
        if (os_errno == ETIME || os_errno == ETIMEDOUT) {
            complete_failed(context, Errc::timed_out, os_errno);
        } else {
            complete_system(context, os_errno);
        }
        return;
    }
    complete_device(context, Status{static_cast<std::uint16_t>(returned << 1)}, result);
}

std::uint32_t milliseconds(std::chrono::milliseconds timeout) noexcept {
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(timeout.count(), 0, UINT32_MAX));
}

/// Sends commands by the ioctls that return 64 bits of result, or on kernels without those (before
/// Linux 5.5) by the ones that return 32.
class Driver {
  public:
    Driver(const Handle& handle, std::chrono::milliseconds timeout) noexcept
        : handle_(handle), timeout_ms_(milliseconds(timeout)) {}

    void execute(Context& context, bool admin) noexcept {
        nvme_passthru_cmd64 command = driver_command(context, handle_, timeout_ms_, admin);
        const bool vectored = (context.options & kVectored) != 0;
        if ((context.options & kMetadataVectored) != 0)
            return complete_failed(context, Errc::unsupported, EOPNOTSUPP);
        if (vectored && (admin || !vectored_ioctl_.load(std::memory_order_relaxed)))
            return bounce(context, command, admin);
        if (wide_.load(std::memory_order_relaxed)) {
            const unsigned long request = admin      ? NVME_IOCTL_ADMIN64_CMD
                                          : vectored ? NVME_IOCTL_IO64_CMD_VEC
                                                     : NVME_IOCTL_IO64_CMD;
            const int returned = ::ioctl(handle_.fd, request, &command);
            if (returned >= 0 || errno != ENOTTY)
                return complete_ioctl(context, returned, errno, command.result);
            if (vectored) {
                // Linux 5.18: NVME_IOCTL_IO64_CMD_VEC
                vectored_ioctl_.store(false, std::memory_order_relaxed);
                return bounce(context, command, admin);
            }
            wide_.store(false, std::memory_order_relaxed);
        }
        narrow(context, command, admin);
    }

  private:
    void narrow(Context& context, const nvme_passthru_cmd64& wide, bool admin) noexcept {
        nvme_passthru_cmd command{};
        static_assert(offsetof(nvme_passthru_cmd, timeout_ms) == sizeof(Command));
        std::memcpy(&command, &wide, sizeof(Command));
        command.timeout_ms = wide.timeout_ms;
        const unsigned long request = admin ? NVME_IOCTL_ADMIN_CMD : NVME_IOCTL_IO_CMD;
        const int returned = ::ioctl(handle_.fd, request, &command);
        complete_ioctl(context, returned, errno, command.result);
    }

    /// A list where the driver takes one buffer: through one buffer of our own.
    void bounce(Context& context, nvme_passthru_cmd64 command, bool admin) noexcept {
        const std::span<const IoVec> list(reinterpret_cast<const IoVec*>(context.command.data),
                                          context.command.data_bytes);
        const std::unique_ptr<std::byte, Free> memory(static_cast<std::byte*>(
            ::operator new(context.bytes, std::align_val_t{4096}, std::nothrow)));
        if (memory == nullptr) return complete_failed(context, Errc::no_memory, ENOMEM);
        // Bits 1:0 of an opcode are the direction: 1 to the device, 2 from it, 3 both.
        // NVMe Base 2.0 §3.3.3.1, figure "Opcode"
        std::byte* at = memory.get();
        for (const IoVec& element : list) {
            std::memcpy(at, element.base, element.bytes);
            at += element.bytes;
        }
        command.addr = reinterpret_cast<std::uintptr_t>(memory.get());
        command.data_len = context.bytes;
        const std::uint32_t options = context.options;
        narrow_or_wide(context, command, admin);
        context.options = options;
        if ((context.command.opcode & 2) == 0 || !context.ok()) return;
        at = memory.get();
        for (const IoVec& element : list) {
            std::memcpy(element.base, at, element.bytes);
            at += element.bytes;
        }
    }

    void narrow_or_wide(Context& context, nvme_passthru_cmd64& command, bool admin) noexcept {
        const int returned =
            ::ioctl(handle_.fd, admin ? NVME_IOCTL_ADMIN64_CMD : NVME_IOCTL_IO64_CMD, &command);
        if (returned < 0 && errno == ENOTTY) return narrow(context, command, admin);
        complete_ioctl(context, returned, errno, command.result);
    }

    struct Free {
        void operator()(std::byte* base) const noexcept {
            ::operator delete(base, std::align_val_t{4096});
        }
    };

    const Handle& handle_;
    std::uint32_t timeout_ms_;
    // Relaxed: they say what the kernel has, and finding that out twice does no harm.
    std::atomic<bool> wide_{true};
    std::atomic<bool> vectored_ioctl_{true};
};

class Sync final : public SyncInterface {
  public:
    Sync(const Handle& handle, const Options& options) noexcept
        : driver_(handle, options.command_timeout) {}
    void execute(Context& context) noexcept override { driver_.execute(context, false); }

  private:
    Driver driver_;
};

class Admin final : public AdminInterface {
  public:
    Admin(const Handle& handle, const Options& options) noexcept
        : driver_(handle, options.admin_timeout) {}
    void execute(Context& context) noexcept override { driver_.execute(context, true); }

  private:
    Driver driver_;
};

}  // namespace

Verdict machine() {
    return Verdict::serves("every Linux has the driver's ioctls");
}

Verdict probe(const Handle& handle, const Options&) {
    switch (handle.identifier.device_class) {
        case DeviceClass::nvme_block:
        case DeviceClass::nvme_generic:
        case DeviceClass::nvme_controller:
            break;
        default:
            return Verdict::refuses("serves NVMe devices; use block or psync here");
    }
    if (::ioctl(handle.fd, NVME_IOCTL_ID) < 0 &&
        handle.identifier.device_class != DeviceClass::nvme_controller)
        return Verdict::refuses("the driver does not say which namespace this is");
    return Verdict::serves("an NVMe device of the kernel's driver");
}

OpcodeSet carries(const Handle&) {
    return OpcodeSet::all();
}

Result<std::unique_ptr<SyncInterface>, Failure> make_sync(Handle& handle, const Options& options) {
    return std::make_unique<Sync>(handle, options);
}

Result<std::unique_ptr<AdminInterface>, Failure> make_admin(Handle& handle,
                                                            const Options& options) {
    return std::make_unique<Admin>(handle, options);
}

}  // namespace xnvme::be_linux::nvme
