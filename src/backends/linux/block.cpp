#include "backends/linux/block.hpp"

#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include <cerrno>

#include <xnvme/nvme/opcodes.hpp>

#include "backends/common/posix/file_commands.hpp"
#include "backends/common/synthesised_admin.hpp"
#include "backends/linux/block_zones.hpp"
#include "contracts/complete.hpp"

namespace xnvme::be_linux::block {

namespace {

using be_common::FileCommands;
using ::xnvme::nvme::SecureErase;
using ::xnvme::nvme::ZonedOpcode;

template <class Opcode>
constexpr std::uint8_t raw(Opcode opcode) noexcept {
    return static_cast<std::uint8_t>(opcode);
}

/// An ioctl of the block layer on a range: 0 or an errno.
int on_range(int fd, unsigned long request, std::uint64_t offset, std::uint64_t bytes) noexcept {
    std::uint64_t range[2] = {offset, bytes};
    return ::ioctl(fd, request, range) == 0 ? 0 : errno;
}

class Commands final : public FileCommands {
  public:
    explicit Commands(const Handle& handle) noexcept : FileCommands(handle) {}

    void execute(Context& context) noexcept override {
        if (handle().facts.geometry.zoned) {
            if (context.command.opcode == raw(ZonedOpcode::zone_management_send))
                return manage_zones(handle(), context);
            if (context.command.opcode == raw(ZonedOpcode::zone_management_receive))
                return report_zones(handle(), context);
        }
        FileCommands::execute(context);
    }

  protected:
    int zero(std::uint64_t offset, std::uint64_t bytes, bool may_deallocate) noexcept override {
        if (may_deallocate) {
            // Linux 4.9: zeroes by giving the space back, or not at all.
            const int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
            if (::fallocate(handle().fd, mode, static_cast<off_t>(offset),
                            static_cast<off_t>(bytes)) == 0)
                return 0;
        }
        return on_range(handle().fd, BLKZEROOUT, offset, bytes);
    }
    int deallocate(std::uint64_t offset, std::uint64_t bytes) noexcept override {
        return on_range(handle().fd, BLKDISCARD, offset, bytes);
    }
};

int erase(Handle& handle, SecureErase kind) {
    const std::uint64_t bytes = handle.facts.geometry.size_bytes;
    switch (kind) {
        case SecureErase::user_data:
            return handle.facts.can_secure_erase ? on_range(handle.fd, BLKSECDISCARD, 0, bytes)
                                                 : EOPNOTSUPP;
        case SecureErase::none:
            // What was discarded reads as the device likes; zeroes are what a fresh format has.
            if (handle.facts.can_deallocate) on_range(handle.fd, BLKDISCARD, 0, bytes);
            return on_range(handle.fd, BLKZEROOUT, 0, bytes);
        default:
            return EOPNOTSUPP;
    }
}

}  // namespace

Verdict machine() {
    return Verdict::serves("every Linux has the block layer's ioctls");
}

Verdict probe(const Handle& handle, const Options&) {
    switch (handle.identifier.device_class) {
        case DeviceClass::block:
        case DeviceClass::nvme_block:
            return Verdict::serves("a block device");
        case DeviceClass::nvme_generic:
        case DeviceClass::nvme_controller:
            return Verdict::refuses("serves block devices; use nvme here");
        default:
            return Verdict::refuses("serves block devices; use psync here");
    }
}

OpcodeSet carries(const Handle& handle) {
    OpcodeSet set = FileCommands::carries(handle);
    if (handle.facts.geometry.zoned) {
        set.add(raw(ZonedOpcode::zone_management_send));
        set.add(raw(ZonedOpcode::zone_management_receive));
    }
    return set;
}

Result<std::unique_ptr<SyncInterface>, Failure> make_sync(Handle& handle, const Options&) {
    return std::make_unique<Commands>(handle);
}

Result<std::unique_ptr<AdminInterface>, Failure> make_admin(Handle& handle, const Options&) {
    be_common::AdminHooks hooks;
    hooks.io = carries(handle);
    hooks.erase = erase;
    return std::make_unique<be_common::SynthesisedAdmin>(handle, hooks);
}

}  // namespace xnvme::be_linux::block
