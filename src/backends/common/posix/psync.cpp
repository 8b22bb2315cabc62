#include "backends/common/posix/psync.hpp"

#include <new>

#include "backends/common/posix/file_commands.hpp"

namespace xnvme::be_common::psync {

Verdict machine() {
    return Verdict::serves("part of POSIX");
}

Verdict probe(const Handle& handle, const Options&) {
    if (handle.fd < 0)
        return Verdict::refuses("reads and writes a descriptor, and this device has none");
    if (handle.facts.geometry.block_bytes == 0)
        return Verdict::refuses("the device has no blocks to read or write");
    return Verdict::serves("pread and pwrite, and their vectored forms");
}

OpcodeSet carries(const Handle& handle) {
    return FileCommands::carries(handle);
}

Result<std::unique_ptr<SyncInterface>, Failure> make(Handle& handle, const Options&) {
    std::unique_ptr<SyncInterface> sync(new (std::nothrow) FileCommands(handle));
    if (sync == nullptr)
        return fail(Errc::no_memory, "There is no memory for the psync interface.");
    return sync;
}

}  // namespace xnvme::be_common::psync
