#include "backends/linux/nvme.hpp"

#include <fcntl.h>
#include <linux/nvme_ioctl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <span>

#include <xnvme/nvme/opcodes.hpp>

#include "backends/linux/handle.hpp"
#include "backends/linux/nvme_complete.hpp"
#include "backends/linux/nvme_controller.hpp"
#include "backends/linux/nvme_sysfs.hpp"
#include "contracts/complete.hpp"

namespace xnvme::be_linux::nvme {

namespace {

using ::xnvme::nvme::AdminOpcode;
using ::xnvme::nvme::NvmOpcode;

/// The driver's command is the library's, but for what follows the 64 bytes.
/// linux/nvme_ioctl.h: struct nvme_passthru_cmd64
nvme_passthru_cmd64 driver_command(const Context& context, std::uint32_t timeout_ms) noexcept {
    nvme_passthru_cmd64 command{};
    static_assert(offsetof(nvme_passthru_cmd64, timeout_ms) == sizeof(Command));
    std::memcpy(&command, &context.command, sizeof(Command));
    command.rsvd1 = 0;
    command.timeout_ms = timeout_ms;
    return command;
}

std::uint32_t milliseconds(std::chrono::milliseconds timeout) noexcept {
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(timeout.count(), 0, UINT32_MAX));
}

struct Free {
    static constexpr std::align_val_t kAlignment{4096};
    void operator()(std::byte* base) const noexcept { ::operator delete(base, kAlignment); }
};
using Memory = std::unique_ptr<std::byte, Free>;

Memory take_memory(std::size_t bytes) noexcept {
    return Memory(static_cast<std::byte*>(::operator new(bytes, Free::kAlignment, std::nothrow)));
}

/// Sends commands by the ioctls that return 64 bits of result, or on kernels without those (before
/// Linux 5.5) by the ones that return 32.
class Driver {
  public:
    Driver(const Handle& handle, std::chrono::milliseconds timeout, bool admin) noexcept
        : fd_(admin ? admin_descriptor(handle) : handle.fd),
          admin_(admin),
          nsid_(handle.facts.nsid),
          timeout_ms_(milliseconds(timeout)),
          geometry_(handle.facts.geometry),
          block_device_(handle.identifier.device_class == DeviceClass::nvme_block),
          cached_(block_device_ && !handle.direct) {}

    void execute(Context& context) noexcept {
        nvme_passthru_cmd64 command = driver_command(context, timeout_ms_);
        if ((context.options & kMetadataVectored) != 0)
            return complete_failed(context, Errc::unsupported, EOPNOTSUPP);
        if (!admin_) {
            // An admin command without a namespace is meant so; an I/O command is the handle's.
            if (command.nsid == 0) command.nsid = nsid_;
            if (command.nsid != nsid_)
                return complete_failed(context, Errc::invalid_argument, EINVAL);
        }
        const bool past_cache = cached_ && touches_blocks(command.opcode);
        if (past_cache) write_back();
        if (!admin_ && block_device_ && command.metadata == 0 && is_read_or_write(command.opcode)) {
            with_hidden_metadata(context, command);
        } else {
            send_list_or_buffer(context, command);
        }
        if (past_cache) write_back();
    }

  private:
    static bool is_read_or_write(std::uint8_t opcode) noexcept {
        return opcode == static_cast<std::uint8_t>(NvmOpcode::write) ||
               opcode == static_cast<std::uint8_t>(NvmOpcode::read);
    }
    bool touches_blocks(std::uint8_t opcode) const noexcept {
        return !admin_ || opcode == static_cast<std::uint8_t>(AdminOpcode::format_nvm) ||
               opcode == static_cast<std::uint8_t>(AdminOpcode::sanitize);
    }

    /// Commands go past the page cache, which other commands of the same handle use: what it holds
    /// is written before, and what it has kept is dropped after.
    void write_back() const noexcept {
        (void)::fdatasync(fd_);
        (void)::posix_fadvise(fd_, 0, 0, POSIX_FADV_DONTNEED);
    }

    /// PRACT, and the reference tags that the kernel checks when it reads the blocks: their
    /// numbers, in types 1 and 2. The initial tag stands in dword 14, and in dword 3 what is above
    /// 32 bits of the wide formats' tags. NVM Command Set 1.0 §5.2.1.4, §3.2.6
    void insert_protection(const Context& context, nvme_passthru_cmd64& command) const noexcept {
        command.cdw12 |= 1u << 29;
        if (geometry_.protection_type == 3) return;
        const std::uint64_t slba = context.command.slba();
        command.cdw14 = static_cast<std::uint32_t>(slba);
        if (geometry_.guard_bits == 64)
            command.cdw3 = static_cast<std::uint32_t>(slba >> 32) & 0xffff;
    }

    /// A block device moves data alone. What the format has beside it is made and stripped by the
    /// controller where it is protection information (PRACT, NVM Command Set 1.0 §5.2.2), and is
    /// zeroes otherwise, as the kernel's own requests have it.
    void with_hidden_metadata(Context& context, nvme_passthru_cmd64& command) noexcept {
        if (geometry_.protection_type != 0) insert_protection(context, command);
        const std::uint32_t bytes = context.command.blocks() * geometry_.metadata_bytes;
        if (bytes == 0) return send_list_or_buffer(context, command);
        const Memory memory = take_memory(bytes);
        if (memory == nullptr) return complete_failed(context, Errc::no_memory, ENOMEM);
        std::memset(memory.get(), 0, bytes);
        command.metadata = reinterpret_cast<std::uintptr_t>(memory.get());
        command.metadata_len = bytes;
        send_list_or_buffer(context, command);
    }

    void send_list_or_buffer(Context& context, nvme_passthru_cmd64& command) noexcept {
        if ((context.options & kVectored) == 0) return send(context, command);
        if (admin_ || !vectored_ioctl_.load(std::memory_order_relaxed))
            return bounce(context, command);
        const auto started = std::chrono::steady_clock::now();
        const int returned = ::ioctl(fd_, NVME_IOCTL_IO64_CMD_VEC, &command);
        if (returned >= 0 || errno != ENOTTY)
            return complete(context, returned, errno, command.result, started);
        // Linux 5.18: NVME_IOCTL_IO64_CMD_VEC
        vectored_ioctl_.store(false, std::memory_order_relaxed);
        bounce(context, command);
    }

    void send(Context& context, nvme_passthru_cmd64& command) noexcept {
        const auto started = std::chrono::steady_clock::now();
        if (wide_.load(std::memory_order_relaxed)) {
            const int returned =
                ::ioctl(fd_, admin_ ? NVME_IOCTL_ADMIN64_CMD : NVME_IOCTL_IO64_CMD, &command);
            if (returned >= 0 || errno != ENOTTY)
                return complete(context, returned, errno, command.result, started);
            wide_.store(false, std::memory_order_relaxed);
        }
        nvme_passthru_cmd narrow{};
        static_assert(offsetof(nvme_passthru_cmd, timeout_ms) == sizeof(Command));
        std::memcpy(&narrow, &command, sizeof(Command));
        narrow.timeout_ms = command.timeout_ms;
        const int returned =
            ::ioctl(fd_, admin_ ? NVME_IOCTL_ADMIN_CMD : NVME_IOCTL_IO_CMD, &narrow);
        complete(context, returned, errno, narrow.result, started);
    }

    /// A list where the driver takes one buffer: through one buffer of our own.
    void bounce(Context& context, nvme_passthru_cmd64& command) noexcept {
        const std::span<const IoVec> list(reinterpret_cast<const IoVec*>(context.command.data),
                                          context.command.data_bytes);
        const Memory memory = take_memory(context.bytes);
        if (memory == nullptr) return complete_failed(context, Errc::no_memory, ENOMEM);
        std::byte* at = memory.get();
        for (const IoVec& element : list) {
            std::memcpy(at, element.base, element.bytes);
            at += element.bytes;
        }
        command.addr = reinterpret_cast<std::uintptr_t>(memory.get());
        command.data_len = context.bytes;
        send(context, command);
        // Bits 1:0 of an opcode are the direction: 1 to the device, 2 from it, 3 both.
        // NVMe Base 2.0 §3.3.3.1, figure "Opcode"
        if ((context.command.opcode & 2) == 0 || !context.ok()) return;
        at = memory.get();
        for (const IoVec& element : list) {
            std::memcpy(element.base, at, element.bytes);
            at += element.bytes;
        }
    }

    /// What an ioctl of the driver returned: a negative number with errno, or the status that the
    /// device answered with, which is the status field without its phase tag.
    void complete(Context& context, int returned, int os_errno, std::uint64_t result,
                  std::chrono::steady_clock::time_point started) const noexcept {
        if (returned >= 0)
            return complete_device(context, Status{static_cast<std::uint16_t>(returned << 1)},
                                   result);
        const auto elapsed = std::chrono::steady_clock::now() - started;
        complete_driver_error(
            context, os_errno,
            elapsed >= std::chrono::milliseconds{timeout_ms_} && timeout_ms_ != 0);
    }

    const int fd_;
    const bool admin_;
    const std::uint32_t nsid_;
    const std::uint32_t timeout_ms_;
    const Geometry& geometry_;
    const bool block_device_;
    const bool cached_;
    // Relaxed: they say what the kernel has, and finding that out twice does no harm.
    std::atomic<bool> wide_{true};
    std::atomic<bool> vectored_ioctl_{true};
};

class Sync final : public SyncInterface {
  public:
    Sync(const Handle& handle, const Options& options) noexcept
        : driver_(handle, options.command_timeout, false) {}
    void execute(Context& context) noexcept override { driver_.execute(context); }

  private:
    Driver driver_;
};

class Admin final : public AdminInterface {
  public:
    Admin(const Handle& handle, const Options& options) noexcept
        : handle_(handle), driver_(handle, options.admin_timeout, true) {}
    void execute(Context& context) noexcept override { driver_.execute(context); }
    Result<void, Failure> control(ControllerAction action) override {
        return control_nvme(handle_, action);
    }
    Result<::xnvme::nvme::ControllerRegisters, Failure> registers() override {
        return read_nvme_registers(handle_);
    }

  private:
    const Handle& handle_;
    Driver driver_;
};

}  // namespace

Verdict machine() {
    return Verdict::serves("every Linux has the driver's ioctls");
}

namespace {

/// What both contracts ask of a device.
Verdict probe_device(const Handle& handle) {
    switch (handle.identifier.device_class) {
        case DeviceClass::nvme_block:
            if (static_cast<const BlockHandle&>(handle).folders().partition)
                return Verdict::refuses(
                    "commands to the driver address the whole namespace, not this partition of it");
            break;
        case DeviceClass::nvme_generic:
        case DeviceClass::nvme_controller:
            break;
        default:
            return Verdict::refuses("serves NVMe devices; use block or psync here");
    }
    if (handle.fd >= 0 && ::ioctl(handle.fd, NVME_IOCTL_ID) < 0)
        return Verdict::refuses("the driver does not say which namespace this is");
    return Verdict::serves("an NVMe device of the kernel's driver");
}

}  // namespace

Verdict probe_sync(const Handle& handle, const Options&) {
    Verdict verdict = probe_device(handle);
    // Zones are taken all the same: the block layer has neither appends nor random write areas.
    if (verdict.kind == Verdict::Kind::serves &&
        handle.identifier.device_class == DeviceClass::nvme_block && !handle.direct &&
        !handle.facts.geometry.zoned)
        return Verdict::demoted(
            "goes past the page cache, which was not asked to be bypassed: add direct, or open " +
            generic_path(handle.identifier.path));
    return verdict;
}

Verdict probe_admin(const Handle& handle, const Options&) {
    return probe_device(handle);
}

OpcodeSet carries(const Handle& handle) {
    // A controller without a namespace has nothing to send I/O commands to.
    return handle.fd >= 0 ? OpcodeSet::all() : OpcodeSet{};
}

Result<std::unique_ptr<SyncInterface>, Failure> make_sync(Handle& handle, const Options& options) {
    return std::make_unique<Sync>(handle, options);
}

Result<std::unique_ptr<AdminInterface>, Failure> make_admin(Handle& handle,
                                                            const Options& options) {
    return std::make_unique<Admin>(handle, options);
}

}  // namespace xnvme::be_linux::nvme
