#include "backends/linux/nvme_controller.hpp"

#include <fcntl.h>
#include <linux/nvme_ioctl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include <xnvme/nvme/opcodes.hpp>

#include "backends/linux/nvme_sysfs.hpp"
#include "backends/linux/sysfs.hpp"
#include "os/error_text.hpp"
#include "os/fd.hpp"

namespace xnvme::be_linux {

namespace {

using Registers = ::xnvme::nvme::ControllerRegisters;

/// The controller behind a device, by its name. A namespace with several is refused: what would be
/// done to one is not what was asked for.
Result<std::string, Failure> controller_name(const Handle& handle) {
    const std::string& text = handle.identifier.text;
    const bool block = handle.identifier.device_class == DeviceClass::nvme_block;
    const std::string& folder = block ? static_cast<const BlockHandle&>(handle).folders().disk
                                      : static_cast<const NvmeHandle&>(handle).parts().folder;
    if (handle.identifier.device_class == DeviceClass::nvme_controller) return base_name(folder);
    const auto names = controllers_of(folder);
    if (names.size() == 1) return names.front();
    if (names.empty())
        return fail(Errc::not_found, "/sys does not say which controller " + text + " belongs to.");
    std::string listed;
    for (const std::string& name : names) listed += (listed.empty() ? "/dev/" : ", /dev/") + name;
    return fail(Errc::invalid_argument,
                text + " is reached through several controllers. Name one: " + listed + ".");
}

std::unexpected<Failure> refused(const std::string& what, int os_errno) {
    const bool may_not = os_errno == EACCES || os_errno == EPERM;
    return fail(Error{may_not ? Errc::no_permission : Errc::system, {}, os_errno},
                what + " failed: " + os::message(os_errno) +
                    (may_not ? ". It needs root (CAP_SYS_ADMIN)." : "."));
}

/// Registers are read by their own width: wider and narrower reads are not defined.
/// NVMe Base 2.0 §3.1.3
void read_words(const volatile std::uint32_t* from, void* to, std::size_t bytes) noexcept {
    auto* out = static_cast<std::byte*>(to);
    for (std::size_t at = 0; at < bytes; at += sizeof(std::uint32_t)) {
        const std::uint32_t word = from[at / sizeof(std::uint32_t)];
        std::memcpy(out + at, &word, sizeof word);
    }
}

Result<Registers, Failure> read_memory(const std::string& controller, const std::string& address) {
    const std::string path = "/sys/class/nvme/" + controller + "/device/resource0";
    const std::string what = "Mapping the registers of /dev/" + controller + " (" + path + ")";
    const os::Fd fd(::open(path.c_str(), O_RDONLY | O_SYNC | O_CLOEXEC));
    if (!fd) return refused(what, errno);
    constexpr std::size_t kBytes = 4096;
    void* const base = ::mmap(nullptr, kBytes, PROT_READ, MAP_SHARED, fd.get(), 0);
    if (base == MAP_FAILED) {
        // CONFIG_IO_STRICT_DEVMEM: memory that a driver has taken is not for others.
        if (errno == EINVAL || errno == EPERM)
            return fail(Error{Errc::no_permission, {}, errno},
                        what + " was refused: this kernel keeps the memory of " + address +
                            " to its driver. Boot it with iomem=relaxed to read registers.");
        return refused(what, errno);
    }
    const auto* const words = static_cast<const volatile std::uint32_t*>(base);
    Registers registers{};
    read_words(words, &registers, Registers::kBytes);
    if (registers.persistent_memory_supported())
        read_words(words + Registers::kPmrOffset / sizeof(std::uint32_t), &registers.pmr,
                   sizeof registers.pmr);
    ::munmap(base, kBytes);
    // A function that has gone from the bus reads as all ones.
    if (registers.cap.value() == ~std::uint64_t{0})
        return fail(Errc::device_gone, "/dev/" + controller + " does not answer on the bus.");
    return registers;
}

/// Property Get: opcode 7Fh, type 04h where the namespace stands; dword 10 bit 0 for 8 bytes, dword
/// 11 the offset. NVMe over Fabrics 1.1 §3.4
Result<std::uint64_t, int> get_property(int fd, std::uint32_t offset, bool wide) noexcept {
    nvme_passthru_cmd64 command{};
    command.opcode = static_cast<__u8>(::xnvme::nvme::AdminOpcode::fabrics);
    command.nsid = 0x04;
    command.cdw10 = wide ? 1 : 0;
    command.cdw11 = offset;
    const int status = ::ioctl(fd, NVME_IOCTL_ADMIN64_CMD, &command);
    if (status < 0) return std::unexpected(errno);
    if (status > 0) return std::unexpected(EIO);
    return command.result;
}

Result<Registers, Failure> read_properties(const std::string& controller) {
    const std::string path = "/dev/" + controller;
    const os::Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!fd) return refused("Opening " + path, errno);
    Registers registers{};
    const auto cap = get_property(fd.get(), offsetof(Registers, cap), true);
    if (!cap) return refused("Property Get on " + path, cap.error());
    registers.cap = *cap;
    // Others than these are memory's and interrupts', which a fabric does not have.
    const auto get = [&](std::size_t offset, auto& field) {
        const auto value = get_property(fd.get(), static_cast<std::uint32_t>(offset), false);
        if (value) field = static_cast<std::uint32_t>(*value);
    };
    get(offsetof(Registers, vs), registers.vs);
    get(offsetof(Registers, cc), registers.cc);
    get(offsetof(Registers, csts), registers.csts);
    if (registers.subsystem_reset_supported()) get(offsetof(Registers, nssr), registers.nssr);
    return registers;
}

unsigned long request_of(ControllerAction action) noexcept {
    switch (action) {
        case ControllerAction::reset:
            return NVME_IOCTL_RESET;
        case ControllerAction::subsystem_reset:
            return NVME_IOCTL_SUBSYS_RESET;
        case ControllerAction::rescan:
            break;
    }
    return NVME_IOCTL_RESCAN;
}

}  // namespace

Result<void, Failure> control_nvme(const Handle& handle, ControllerAction action) {
    auto name = controller_name(handle);
    if (!name) return std::unexpected(std::move(name.error()));
    const std::string path = "/dev/" + *name;
    const os::Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!fd) return refused("Opening " + path, errno);
    if (::ioctl(fd.get(), request_of(action)) == 0) return {};
    const bool subsystem = action == ControllerAction::subsystem_reset;
    if (subsystem && (errno == ENOTTY || errno == EOPNOTSUPP))
        return fail(Errc::unsupported, path + " has no NVM subsystem reset (CAP.NSSRS is 0).");
    static constexpr const char* kWhat[] = {"Resetting ", "Resetting the subsystem of ",
                                            "Looking for the namespaces of "};
    return refused(kWhat[static_cast<unsigned>(action)] + path, errno);
}

Result<Registers, Failure> read_nvme_registers(const Handle& handle) {
    auto name = controller_name(handle);
    if (!name) return std::unexpected(std::move(name.error()));
    const std::string folder = "/sys/class/nvme/" + *name;
    const auto transport = read_line(folder + "/transport");
    if (transport == "pcie")
        return read_memory(*name, read_line(folder + "/address").value_or("it"));
    return read_properties(*name);
}

}  // namespace xnvme::be_linux
