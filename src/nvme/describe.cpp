#include <xnvme/describe.hpp>

#include <array>
#include <cerrno>
#include <cstddef>

#include <xnvme/nvme/status.hpp>

namespace xnvme {
namespace {

struct ErrcRow {
    Errc code;
    std::string_view name;
    std::string_view sentence;
};

constexpr auto kErrcRows = std::to_array<ErrcRow>({
    {Errc::ok, "ok", "No error."},
    {Errc::device, "device", "The device failed the command."},
    {Errc::system, "system", "The system refused."},
    {Errc::queue_full, "queue_full",
     "Every slot of the queue is taken: reap completions with poll or wait, then submit again."},
    {Errc::out_of_range, "out_of_range",
     "The blocks reach past the end of the namespace: ask for fewer, or start earlier."},
    {Errc::misaligned, "misaligned",
     "A buffer, offset or length is not a multiple of what direct access needs: allocate the "
     "buffer from the device, use whole blocks, or open without direct; zone commands name the "
     "first block of a zone."},
    {Errc::bad_length, "bad_length",
     "The data's length does not agree with the command: give as many bytes as its blocks or "
     "ranges have."},
    {Errc::too_large, "too_large",
     "More data or segments than the device takes in one command: split it; the device's geometry "
     "has the limits."},
    {Errc::short_transfer, "short_transfer",
     "Fewer bytes moved than were asked for: the end of the file or device may have been reached."},
    {Errc::unsupported, "unsupported",
     "This interface or device does not carry the command: choose another interface, or ask the "
     "device what it supports."},
    {Errc::read_only, "read_only",
     "The device was opened for reading only: open it for writing to change it."},
    {Errc::write_only, "write_only",
     "The device was opened for writing only: open it for reading to read it."},
    {Errc::timed_out, "timed_out",
     "The command did not complete within its time-out: try a longer one, or look at the device's "
     "health."},
    {Errc::device_gone, "device_gone",
     "The device, or the connection to it, is no longer there: open it again once it is back."},
    {Errc::cancelled, "cancelled",
     "The command was cancelled, by the queue or by a reset of the controller; it may have been "
     "done all the same. Submit it again if it is still wanted."},
    {Errc::invalid_argument, "invalid_argument",
     "An option or argument has no meaning here: correct it and try again."},
    {Errc::not_found, "not_found", "There is no such path, device or interface: check the name."},
    {Errc::no_permission, "no_permission",
     "This user may not do that: use an account that may, or have the permissions of the device "
     "changed."},
    {Errc::no_memory, "no_memory",
     "Memory, hugepages or a limit of the kernel ran out: free some, or raise the limit."},
    {Errc::busy, "busy",
     "Something else holds the device: unmount it or close what uses it, then try again."},
});

constexpr const ErrcRow* find_errc(Errc code) noexcept {
    for (const ErrcRow& row : kErrcRows) {
        if (row.code == code) return &row;
    }
    return nullptr;
}

struct OsRow {
    int code;
    std::string_view name;
    std::string_view meaning;
    std::string_view advice;  // May be empty.
};

// The system's own text is not used: strerror() is not safe in threads everywhere, and follows the
// locale. Two names may have one number; the first is found.
constexpr auto kOsRows = std::to_array<OsRow>({
    {EPERM, "EPERM", "operation not permitted", "use an account that may, such as root"},
    {ENOENT, "ENOENT", "no such file or directory", "check the name"},
    {EINTR, "EINTR", "interrupted by a signal", "try again"},
    {EIO, "EIO", "input/output error", "look at the system's log and the device's health"},
    {ENXIO, "ENXIO", "no such device or address", "check that the device is still there"},
    {E2BIG, "E2BIG", "argument list too long", ""},
    {EBADF, "EBADF", "bad file descriptor", "open the device for this kind of access"},
    {EAGAIN, "EAGAIN", "resource temporarily unavailable", "try again"},
    {ENOMEM, "ENOMEM", "out of memory", "free some memory, or raise the limit on locked memory"},
    {EACCES, "EACCES", "permission denied", "use an account that may, such as root"},
    {EFAULT, "EFAULT", "bad address", "check that the buffer is mapped and large enough"},
    {EBUSY, "EBUSY", "device or resource busy",
     "unmount the device or close what uses it, then try again"},
    {EEXIST, "EEXIST", "file exists", ""},
    {ENODEV, "ENODEV", "no such device", "check that the device is still there"},
    {ENOTDIR, "ENOTDIR", "not a directory", "check the path"},
    {EISDIR, "EISDIR", "is a directory", "name a file or device inside it"},
    {EINVAL, "EINVAL", "invalid argument",
     "check offset, length and buffer against the block size of the device"},
    {ENFILE, "ENFILE", "too many open files in the system", "close some"},
    {EMFILE, "EMFILE", "too many open files", "close some, or raise the limit (ulimit -n)"},
    {ENOTTY, "ENOTTY", "the device does not know this operation", "choose another interface"},
    {ETXTBSY, "ETXTBSY", "file is being executed", "stop the program first"},
    {EFBIG, "EFBIG", "file too large", "stay within the file size limit (ulimit -f)"},
    {ENOSPC, "ENOSPC", "no space left on device", "free some space"},
    {ESPIPE, "ESPIPE", "illegal seek", "name a file or device that has offsets"},
    {EROFS, "EROFS", "read-only file system or device", "open it for reading only"},
    {EPIPE, "EPIPE", "broken pipe", "connect again"},
    {ERANGE, "ERANGE", "result out of range", ""},
    {EDEADLK, "EDEADLK", "resource deadlock avoided", ""},
    {ENAMETOOLONG, "ENAMETOOLONG", "file name too long", "use a shorter one"},
    {ENOSYS, "ENOSYS", "function not implemented", "choose another interface"},
    {ELOOP, "ELOOP", "too many levels of symbolic links", "check the path"},
    {EPROTO, "EPROTO", "protocol error", ""},
    {EOVERFLOW, "EOVERFLOW", "value too large", ""},
    {EILSEQ, "EILSEQ", "invalid sequence of bytes", ""},
    {EMSGSIZE, "EMSGSIZE", "message too long", "send less at a time"},
    {EOPNOTSUPP, "EOPNOTSUPP", "operation not supported", "choose another interface"},
    {ENOTSUP, "ENOTSUP", "operation not supported", "choose another interface"},
    {EAFNOSUPPORT, "EAFNOSUPPORT", "address family not supported", ""},
    {EADDRINUSE, "EADDRINUSE", "address already in use", ""},
    {EADDRNOTAVAIL, "EADDRNOTAVAIL", "address not available", ""},
    {ENETDOWN, "ENETDOWN", "network is down", "check the network"},
    {ENETUNREACH, "ENETUNREACH", "network unreachable", "check the address and the network"},
    {ECONNABORTED, "ECONNABORTED", "connection aborted", "connect again"},
    {ECONNRESET, "ECONNRESET", "connection reset by the other side", "connect again"},
    {ENOBUFS, "ENOBUFS", "no buffer space", "try again with fewer commands at a time"},
    {ENOTCONN, "ENOTCONN", "not connected", "connect again"},
    {ETIMEDOUT, "ETIMEDOUT", "timed out", "try a longer time-out"},
    {ECONNREFUSED, "ECONNREFUSED", "connection refused",
     "check the address and that the target listens"},
    {EHOSTUNREACH, "EHOSTUNREACH", "host unreachable", "check the address and the network"},
    {EALREADY, "EALREADY", "already in progress", "wait for it"},
    {EINPROGRESS, "EINPROGRESS", "in progress", "wait for it"},
    {ECANCELED, "ECANCELED", "cancelled", "submit it again if it is still wanted"},
});

constexpr const OsRow* find_os(int code) noexcept {
    for (const OsRow& row : kOsRows) {
        if (row.code == code) return &row;
    }
    return nullptr;
}

// What a person can do about the verdicts that are met most.
struct AdviceRow {
    Status status;
    std::string_view advice;
};
using nvme::status_of;
constexpr auto kAdvice = std::to_array<AdviceRow>({
    {status_of(nvme::GenericStatus::invalid_opcode),
     "the device does not have this command: see its Commands Supported and Effects log"},
    {status_of(nvme::GenericStatus::invalid_field),
     "check the command's fields: the error information log may name the one at fault"},
    {status_of(nvme::GenericStatus::invalid_namespace),
     "check the namespace identifier against the list of active namespaces"},
    {status_of(nvme::GenericStatus::namespace_write_protected), "lift the write protection first"},
    {status_of(nvme::GenericStatus::lba_out_of_range), "ask for blocks inside the namespace"},
    {status_of(nvme::GenericStatus::capacity_exceeded), "delete or deallocate something first"},
    {status_of(nvme::GenericStatus::format_in_progress), "wait until the format is done"},
    {status_of(nvme::GenericStatus::sanitize_in_progress), "wait until the sanitize is done"},
    {status_of(nvme::GenericStatus::sanitize_failed),
     "sanitize again, or leave the failure mode with exit-failure"},
    {status_of(nvme::CommandStatus::invalid_log_page),
     "the device does not have this log page: see its supported log pages"},
    {status_of(nvme::CommandStatus::invalid_format),
     "choose one of the formats that Identify Namespace lists"},
    {status_of(nvme::CommandStatus::feature_not_saveable), "set the feature without saving it"},
    {status_of(nvme::CommandStatus::command_size_limit_exceeded),
     "use fewer ranges or blocks: the identify data has the limits"},
    {status_of(nvme::CommandStatus::zone_is_full), "reset the zone, or write to another"},
    {status_of(nvme::CommandStatus::zone_invalid_write), "write at the zone's write pointer"},
    {status_of(nvme::CommandStatus::too_many_open_zones), "close or finish a zone first"},
    {status_of(nvme::CommandStatus::too_many_active_zones), "finish or reset a zone first"},
    {status_of(nvme::MediaStatus::compare_failure), "the data on the device is different"},
    {status_of(nvme::MediaStatus::unrecovered_read_error),
     "the blocks cannot be read until they are written again"},
    {status_of(nvme::MediaStatus::deallocated_or_unwritten), "write the blocks before reading"},
});

std::string describe_device(Status status) {
    std::string text = "The device failed the command: ";
    text += nvme::status_text(status);
    for (const AdviceRow& row : kAdvice) {
        if (((row.status.raw ^ status.raw) & 0x0ffe) != 0) continue;
        text += "; ";
        text += row.advice;
        return text + '.';
    }
    text += status.dnr() ? "; the same command would fail again." : "; it may be tried again.";
    return text;
}

}  // namespace

std::string_view errc_name(Errc code) noexcept {
    const ErrcRow* row = find_errc(code);
    return row != nullptr ? row->name : std::string_view("unknown");
}

std::string os_error_text(int os_errno) {
    const OsRow* row = find_os(os_errno);
    if (row == nullptr) return "error " + std::to_string(os_errno);
    std::string text(row->meaning);
    text += " (";
    text += row->name;
    text += ')';
    return text;
}

std::string describe(const Error& error) {
    if (error.code == Errc::device) return describe_device(error.status);
    const ErrcRow* row = find_errc(error.code);
    if (error.code == Errc::system) {
        std::string text = "The system refused: " + os_error_text(error.os);
        const OsRow* os = find_os(error.os);
        if (os != nullptr && !os->advice.empty()) {
            text += "; ";
            text += os->advice;
        }
        return text + '.';
    }
    std::string text(row != nullptr ? row->sentence : std::string_view("Unknown error."));
    // The system's word on it helps where the library gave the error a meaning of its own.
    if (error.os != 0) text += " The system said: " + os_error_text(error.os) + '.';
    return text;
}

std::string_view device_class_name(DeviceClass device_class) noexcept {
    switch (device_class) {
        case DeviceClass::file:
            return "file";
        case DeviceClass::block:
            return "block";
        case DeviceClass::nvme_block:
            return "nvme-block";
        case DeviceClass::nvme_generic:
            return "nvme-generic";
        case DeviceClass::nvme_controller:
            return "nvme-controller";
        case DeviceClass::pci:
            return "pci";
        case DeviceClass::tcp:
            return "tcp";
        case DeviceClass::driverkit:
            return "driverkit";
        case DeviceClass::model:
            return "model";
    }
    return "unknown";
}

std::string_view device_class_phrase(DeviceClass device_class) noexcept {
    switch (device_class) {
        case DeviceClass::file:
            return "a file";
        case DeviceClass::block:
            return "a block device";
        case DeviceClass::nvme_block:
            return "an NVMe namespace as a block device";
        case DeviceClass::nvme_generic:
            return "an NVMe namespace as a character device";
        case DeviceClass::nvme_controller:
            return "an NVMe controller";
        case DeviceClass::pci:
            return "an NVMe controller by its PCI address";
        case DeviceClass::tcp:
            return "an NVMe/TCP endpoint";
        case DeviceClass::driverkit:
            return "a DriverKit device";
        case DeviceClass::model:
            return "a model device";
    }
    return "an unknown device";
}

std::string_view command_set_name(CommandSet set) noexcept {
    switch (set) {
        case CommandSet::nvm:
            return "nvm";
        case CommandSet::key_value:
            return "key-value";
        case CommandSet::zoned:
            return "zoned";
        case CommandSet::file_system:
            return "file-system";
    }
    return "unknown";
}

std::string_view deallocated_read_name(DeallocatedRead value) noexcept {
    switch (value) {
        case DeallocatedRead::unreported:
            return "unreported";
        case DeallocatedRead::zeroes:
            return "zeroes";
        case DeallocatedRead::ones:
            return "ones";
    }
    return "unknown";
}

std::string_view access_name(Access access) noexcept {
    switch (access) {
        case Access::read_write:
            return "read-write";
        case Access::read_only:
            return "read-only";
        case Access::write_only:
            return "write-only";
    }
    return "unknown";
}

}  // namespace xnvme
