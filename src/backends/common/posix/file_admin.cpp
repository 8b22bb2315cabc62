#include "backends/common/file_admin.hpp"

#include <algorithm>
#include <cerrno>
#include <new>

#include "backends/common/posix/file_commands.hpp"
#include "backends/common/synthesised_admin.hpp"

namespace xnvme::be_common::file_admin {

namespace {

/// Makes all blocks read as zeroes, a command's worth at a time.
int erase(Handle& handle, nvme::SecureErase kind) {
    if (kind != nvme::SecureErase::none) return EOPNOTSUPP;
    FileCommands commands(handle);
    const std::uint64_t blocks = handle.facts.geometry.blocks;
    for (std::uint64_t slba = 0; slba < blocks;) {
        const auto count =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(blocks - slba, 65536));
        Context context{};
        context.command = nvme::write_zeroes(slba, count, true);
        commands.execute(context);
        if (!context.ok()) return context.os_error != 0 ? context.os_error : EIO;
        slba += count;
    }
    return 0;
}

}  // namespace

Verdict machine() {
    return Verdict::serves("part of the library");
}

Verdict probe(const Handle& handle, const Options&) {
    if (handle.fd < 0 || handle.identifier.device_class != DeviceClass::file)
        return Verdict::refuses("describes regular files, and this device is none");
    return Verdict::serves("makes up a controller from what the file system says of the file");
}

Result<std::unique_ptr<AdminInterface>, Failure> make(Handle& handle, const Options&) {
    AdminHooks hooks;
    hooks.io = FileCommands::carries(handle);
    hooks.erase = erase;
    std::unique_ptr<AdminInterface> admin(new (std::nothrow) SynthesisedAdmin(handle, hooks));
    if (admin == nullptr)
        return fail(Errc::no_memory, "There is no memory for the file interface.");
    return admin;
}

}  // namespace xnvme::be_common::file_admin
