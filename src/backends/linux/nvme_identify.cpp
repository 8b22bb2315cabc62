#include "backends/linux/nvme_identify.hpp"

#include <fcntl.h>
#include <linux/nvme_ioctl.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include <xnvme/nvme/identify.hpp>
#include <xnvme/nvme/opcodes.hpp>
#include <xnvme/nvme/protection.hpp>

#include "backends/linux/nvme_sysfs.hpp"
#include "backends/linux/nvme_zoned.hpp"
#include "os/error_text.hpp"

namespace xnvme::be_linux {

namespace {

using ::xnvme::nvme::Cns;
using ::xnvme::nvme::IdentifyController;
using ::xnvme::nvme::IdentifyNamespace;

/// The most bytes in one command: what the controller takes (MDTS, 0 for no limit) and what the
/// driver passes through.
std::uint32_t transfer_limit(const IdentifyController& controller, const std::string& block) {
    const std::uint64_t driver = driver_transfer_bytes(block);
    const std::uint64_t device = controller.max_transfer_bytes();
    return static_cast<std::uint32_t>(device == 0 ? driver : std::min(driver, device));
}

void take_controller(DeviceFacts& facts, const IdentifyController& controller) {
    facts.model = std::string(::xnvme::nvme::trimmed(controller.mn));
    facts.serial = std::string(::xnvme::nvme::trimmed(controller.sn));
    facts.firmware = std::string(::xnvme::nvme::trimmed(controller.fr));
    facts.volatile_cache = controller.volatile_write_cache();
}

void take_format(DeviceFacts& facts, const IdentifyNamespace& ns) {
    Geometry& geometry = facts.geometry;
    geometry.metadata_bytes = ns.format().metadata_bytes();
    geometry.metadata_extended = geometry.metadata_bytes != 0 && ns.metadata_extended();
    geometry.protection_type = static_cast<std::uint8_t>(ns.protection_type());
    geometry.deallocated_read = ns.deallocated_read();
}

void take_optional_commands(DeviceFacts& facts, const IdentifyController& controller) {
    facts.takes_raw_commands = true;
    facts.nowait = true;
    // ONCS, NVMe Base 2.0 figure "Identify Controller": bit 2 dataset management, 3 write zeroes.
    facts.can_deallocate = (controller.oncs.value() & (1u << 2)) != 0;
    facts.can_write_zeroes = (controller.oncs.value() & (1u << 3)) != 0;
    // FNA bit 2: cryptographic erase; user data erase is always there.
    facts.can_secure_erase = true;
}

}  // namespace

int identify(int fd, std::uint8_t cns, std::uint32_t nsid, std::uint8_t csi, void* data) noexcept {
    nvme_admin_cmd command{};
    command.opcode = static_cast<__u8>(::xnvme::nvme::AdminOpcode::identify);
    command.nsid = nsid;
    command.addr = reinterpret_cast<std::uintptr_t>(data);
    command.data_len = ::xnvme::nvme::kIdentifyBytes;
    command.cdw10 = cns;
    command.cdw11 = static_cast<std::uint32_t>(csi) << 24;
    const int status = ::ioctl(fd, NVME_IOCTL_ADMIN_CMD, &command);
    return status < 0 ? errno : -status;
}

namespace {

/// What the protection information of the format in use looks like. A controller that knows no
/// extended formats has guards of 16 bits without storage tags. NVM Command Set 1.0 §4.1.5.3
void take_protection(Geometry& geometry, int fd, std::uint32_t nsid, const IdentifyNamespace& ns) {
    geometry.guard_bits = 0;
    geometry.storage_tag_bits = 0;
    geometry.protection_first = false;
    if (geometry.protection_type == 0) return;
    geometry.protection_first = ns.protection_first();
    geometry.guard_bits = 16;
    const auto nvm = std::make_unique<::xnvme::nvme::IdentifyNamespaceNvm>();
    if (identify(fd, static_cast<std::uint8_t>(Cns::ns_csi), nsid,
                 static_cast<std::uint8_t>(CommandSet::nvm), nvm.get()) != 0)
        return;
    const ::xnvme::nvme::ExtendedLbaFormat& format = nvm->elbaf[ns.format_index()];
    geometry.guard_bits = ::xnvme::nvme::guard_bits_of(format.protection_format());
    geometry.storage_tag_bits = static_cast<std::uint8_t>(format.storage_tag_bits());
}

}  // namespace

std::string why_no_capacity(const std::string& block) {
    const std::string path = "/dev/" + generic_of_block(block);
    const os::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    const int nsid = fd ? ::ioctl(fd.get(), NVME_IOCTL_ID) : -1;
    IdentifyNamespace ns{};
    if (nsid <= 0 || identify(fd.get(), static_cast<std::uint8_t>(Cns::ns),
                              static_cast<std::uint32_t>(nsid), 0, &ns) != 0)
        return {};
    const unsigned bytes = ns.format().metadata_bytes();
    if (bytes == 0 || !ns.metadata_extended()) return {};
    return "has no size in the kernel: its blocks carry " + std::to_string(bytes) +
           " bytes of metadata in line, which no block device does. Open " + path;
}

void read_nvme_identity(BlockHandle& handle) {
    // Commands to the driver address the whole namespace, whichever part of it was opened.
    const bool whole = !handle.folders().partition;
    handle.facts.takes_raw_commands = whole;
    const int nsid = ::ioctl(handle.fd, NVME_IOCTL_ID);
    if (nsid <= 0) return;
    handle.facts.nsid = static_cast<std::uint32_t>(nsid);
    IdentifyController controller{};
    if (identify(handle.fd, static_cast<std::uint8_t>(Cns::controller), 0, 0, &controller) == 0) {
        take_controller(handle.facts, controller);
        Geometry& geometry = handle.facts.geometry;
        const std::uint32_t limit = transfer_limit(controller, base_name(handle.folders().disk));
        if (whole) geometry.max_transfer_bytes = std::min(geometry.max_transfer_bytes, limit);
    }
    IdentifyNamespace ns{};
    if (identify(handle.fd, static_cast<std::uint8_t>(Cns::ns), handle.facts.nsid, 0, &ns) != 0)
        return;
    take_format(handle.facts, ns);
    take_protection(handle.facts.geometry, handle.fd, handle.facts.nsid, ns);
    // The kernel gives namespaces with extended blocks no block device that can be read, unless the
    // metadata is all protection information: then the controller makes and strips it, and nobody
    // else sees it.
    Geometry& geometry = handle.facts.geometry;
    if (geometry.metadata_extended) geometry.metadata_bytes = 0;
    geometry.metadata_extended = false;
    if (whole) read_nvme_zones(handle.fd, handle.facts, ns.format_index());
}

Result<void, Failure> read_nvme_facts(NvmeHandle& handle) {
    DeviceFacts& facts = handle.facts;
    const int fd = admin_descriptor(handle);
    const auto refused = [&](const char* what, int result) {
        const std::string why = result > 0
                                    ? os::message(result)
                                    : "the device answered with status " + std::to_string(-result);
        const bool may_not = result == EACCES || result == EPERM;
        return fail(Error{may_not ? Errc::no_permission : Errc::system, {}, std::max(result, 0)},
                    handle.identifier.text + ": " + what + " failed: " + why +
                        (may_not ? ". Admin commands need root (CAP_SYS_ADMIN)." : "."));
    };
    const auto controller = std::make_unique<IdentifyController>();
    if (const int result =
            identify(fd, static_cast<std::uint8_t>(Cns::controller), 0, 0, controller.get());
        result != 0)
        return refused("Identify Controller", result);
    take_controller(facts, *controller);
    take_optional_commands(facts, *controller);
    facts.geometry.max_transfer_bytes = transfer_limit(*controller, handle.parts().block);
    facts.geometry.buffer_alignment = 4;  // NVMe data pointers are in dwords.
    if (facts.nsid == 0) return {};

    const auto ns = std::make_unique<IdentifyNamespace>();
    if (const int result =
            identify(fd, static_cast<std::uint8_t>(Cns::ns), facts.nsid, 0, ns.get());
        result != 0)
        return refused("Identify Namespace", result);
    Geometry& geometry = facts.geometry;
    geometry.block_bytes = ns->format().block_bytes();
    if (ns->nsze.value() == 0 || geometry.block_bytes == 0)
        return fail(Errc::not_found, handle.identifier.text + " has no namespace " +
                                         std::to_string(facts.nsid) +
                                         ". List the namespaces with: xnvme enum");
    take_format(facts, *ns);
    take_protection(geometry, fd, facts.nsid, *ns);
    geometry.blocks = ns->nsze.value();
    geometry.size_bytes = ns->size_bytes();
    geometry.transfer_block_bytes =
        geometry.block_bytes + (geometry.metadata_extended ? geometry.metadata_bytes : 0);
    geometry.max_segments = kIoVecMax;
    geometry.physical_block_bytes = ns->reports_optimal_io()
                                        ? (ns->npwg.value() + 1u) * geometry.block_bytes
                                        : geometry.block_bytes;
    geometry.optimal_io_bytes = ns->noiob.value() * geometry.block_bytes;
    facts.read_only = ns->write_protected();

    read_nvme_zones(fd, facts, ns->format_index());
    return {};
}

}  // namespace xnvme::be_linux
