#include "core/registry.hpp"

#include "backends/common/emu.hpp"
#include "backends/common/libc.hpp"
#include "backends/common/nil.hpp"
#include "backends/common/thrpool.hpp"
#include "backends/model/model.hpp"

#if defined(__unix__) || defined(__APPLE__)
#define XNVME_POSIX 1
#include "backends/common/file_admin.hpp"
#include "backends/common/posix/open_file.hpp"
#include "backends/common/posix/posix_aio.hpp"
#include "backends/common/posix/psync.hpp"
#endif

#if defined(__linux__)
#include "backends/linux/block.hpp"
#include "backends/linux/discovery.hpp"
#include "backends/linux/hugepage.hpp"
#include "backends/linux/nvme.hpp"
#if defined(XNVME_HAVE_LIBURING)
#include "backends/linux/io_uring.hpp"
#include "backends/linux/io_uring_cmd.hpp"
#endif
#if defined(XNVME_HAVE_LIBAIO)
#include "backends/linux/libaio.hpp"
#endif
#endif

namespace xnvme::core {

namespace {

using enum DeviceClass;

// Not every system has a row for each of these.
[[maybe_unused]] constexpr ClassSet kFilesAndBlocks{file, block, nvme_block};
constexpr ClassSet kEverythingLocal{file, block, nvme_block, nvme_generic, nvme_controller, model};
[[maybe_unused]] constexpr ClassSet kNvme{nvme_block, nvme_generic, nvme_controller};

constexpr InterfaceRow kInterfaces[] = {
#if defined(__linux__) && defined(XNVME_HAVE_LIBURING)
    {.name = "io_uring_cmd",
     .contract = Contract::async,
     .backend = "linux",
     .summary = "NVMe commands through io_uring, past the block layer",
     .classes = {nvme_generic, nvme_controller},
     .automatic = true,
     .machine = be_linux::io_uring_cmd::machine,
     .probe = be_linux::io_uring_cmd::probe,
     .carries = be_linux::io_uring_cmd::carries,
     .make_queue = be_linux::io_uring_cmd::make},
    {.name = "io_uring",
     .contract = Contract::async,
     .backend = "linux",
     .summary = "Linux's rings, submitted in batches, completed in shared memory",
     .classes = kFilesAndBlocks,
     .automatic = true,
     .machine = be_linux::io_uring::machine,
     .probe = be_linux::io_uring::probe,
     .carries = be_linux::io_uring::carries,
     .make_queue = be_linux::io_uring::make},
#endif
#if defined(__linux__) && defined(XNVME_HAVE_LIBAIO)
    {.name = "libaio",
     .contract = Contract::async,
     .backend = "linux",
     .summary = "Linux's native asynchronous I/O, batched, reaped in user space",
     .classes = kFilesAndBlocks,
     .automatic = true,
     .machine = be_linux::libaio::machine,
     .probe = be_linux::libaio::probe,
     .carries = be_linux::libaio::carries,
     .make_queue = be_linux::libaio::make},
#endif
    {.name = "emu",
     .contract = Contract::async,
     .backend = "common",
     .summary = "The synchronous interface, run inside poll and wait",
     .classes = kEverythingLocal,
     .automatic = true,
     .machine = be_common::emu::machine,
     .probe = be_common::emu::probe,
     .carries = nullptr,
     .make_queue = be_common::emu::make},
    {.name = "thrpool",
     .contract = Contract::async,
     .backend = "common",
     .summary = "The synchronous interface, run by a pool of threads",
     .classes = kEverythingLocal,
     .automatic = true,
     .machine = be_common::thrpool::machine,
     .probe = be_common::thrpool::probe,
     .carries = nullptr,
     .make_queue = be_common::thrpool::make},
#if defined(XNVME_POSIX)
    {.name = "posix_aio",
     .contract = Contract::async,
     .backend = "common",
     .summary = "POSIX asynchronous I/O, which the C library runs on threads of its own",
     .classes = kFilesAndBlocks,
     .automatic = true,
     .machine = be_common::posix_aio::machine,
     .probe = be_common::posix_aio::probe,
     .carries = be_common::posix_aio::carries,
     .make_queue = be_common::posix_aio::make},
#endif
    {.name = "nil",
     .contract = Contract::async,
     .backend = "common",
     .summary = "Completes every command at once and moves no data: for measuring the rest",
     .classes = kEverythingLocal,
     .automatic = false,
     .machine = be_common::nil::machine,
     .probe = be_common::nil::probe,
     .carries = nullptr,
     .make_queue = be_common::nil::make},

#if defined(__linux__)
    {.name = "nvme",
     .contract = Contract::sync,
     .backend = "linux",
     .summary = "The NVMe driver's I/O command ioctl",
     .classes = kNvme,
     .automatic = true,
     .machine = be_linux::nvme::machine,
     .probe = be_linux::nvme::probe_sync,
     .carries = be_linux::nvme::carries,
     .make_sync = be_linux::nvme::make_sync},
    {.name = "block",
     .contract = Contract::sync,
     .backend = "linux",
     .summary = "The block layer's ioctls beside pread and pwrite",
     .classes = {block, nvme_block},
     .automatic = true,
     .machine = be_linux::block::machine,
     .probe = be_linux::block::probe,
     .carries = be_linux::block::carries,
     .make_sync = be_linux::block::make_sync},
#endif
#if defined(XNVME_POSIX)
    {.name = "psync",
     .contract = Contract::sync,
     .backend = "common",
     .summary = "pread, pwrite and their kin",
     .classes = kFilesAndBlocks,
     .automatic = true,
     .machine = be_common::psync::machine,
     .probe = be_common::psync::probe,
     .carries = be_common::psync::carries,
     .make_sync = be_common::psync::make},
#endif
    {.name = "model",
     .contract = Contract::sync,
     .backend = "model",
     .summary = "The controller in memory",
     .classes = {model},
     .automatic = true,
     .machine = be_model::model::machine,
     .probe = be_model::model::probe,
     .carries = be_model::model::carries,
     .make_sync = be_model::model::make_sync},

#if defined(__linux__)
    {.name = "nvme",
     .contract = Contract::admin,
     .backend = "linux",
     .summary = "The NVMe driver's admin command ioctl",
     .classes = kNvme,
     .automatic = true,
     .machine = be_linux::nvme::machine,
     .probe = be_linux::nvme::probe_admin,
     .carries = nullptr,
     .make_admin = be_linux::nvme::make_admin},
    {.name = "block",
     .contract = Contract::admin,
     .backend = "linux",
     .summary = "A block device seen as a controller and namespace",
     .classes = {block, nvme_block},
     .automatic = true,
     .machine = be_linux::block::machine,
     .probe = be_linux::block::probe,
     .carries = nullptr,
     .make_admin = be_linux::block::make_admin},
#endif
#if defined(XNVME_POSIX)
    {.name = "file",
     .contract = Contract::admin,
     .backend = "common",
     .summary = "A file seen as a controller and namespace",
     .classes = {file},
     .automatic = true,
     .machine = be_common::file_admin::machine,
     .probe = be_common::file_admin::probe,
     .carries = nullptr,
     .make_admin = be_common::file_admin::make},
#endif
    {.name = "model",
     .contract = Contract::admin,
     .backend = "model",
     .summary = "The controller in memory",
     .classes = {model},
     .automatic = true,
     .machine = be_model::model::machine,
     .probe = be_model::model::probe,
     .carries = nullptr,
     .make_admin = be_model::model::make_admin},

    {.name = "libc",
     .contract = Contract::memory,
     .backend = "common",
     .summary = "The C library's memory, aligned to pages",
     .classes = kEverythingLocal,
     .automatic = true,
     .machine = be_common::libc::machine,
     .probe = be_common::libc::probe,
     .carries = nullptr,
     .make_memory = be_common::libc::make},
#if defined(__linux__)
    {.name = "hugepage",
     .contract = Contract::memory,
     .backend = "linux",
     .summary = "Pages of 2 MiB or 1 GiB, reserved beforehand",
     .classes = kEverythingLocal,
     .automatic = false,
     .machine = be_linux::hugepage::machine,
     .probe = be_linux::hugepage::probe,
     .carries = nullptr,
     .make_memory = be_linux::hugepage::make},
#endif
};

constexpr BackendRow kBackends[] = {
#if defined(__linux__)
    {.name = "linux",
     .summary = "Files and block devices of Linux, and its NVMe driver",
     .classes = {file, block, nvme_block, nvme_generic, nvme_controller},
     .scan = be_linux::scan,
     .open = be_linux::open},
#elif defined(XNVME_POSIX)
    {.name = "common",
     .summary = "Files",
     .classes = {file},
     .scan = nullptr,
     .open = be_common::open},
#endif
    {.name = "model",
     .summary = "An NVMe controller in this process's memory",
     .classes = {model},
     .scan = nullptr,
     .open = be_model::open},
};

#if !defined(XNVME_LIBURING_MISSING)
#define XNVME_LIBURING_MISSING "liburing was not found when it was configured"
#endif
#if !defined(XNVME_LIBAIO_MISSING)
#define XNVME_LIBAIO_MISSING "libaio was not found when it was configured"
#endif

constexpr LeftOut kLeftOut[] = {
#if defined(__linux__) && !defined(XNVME_HAVE_LIBURING)
    {"io_uring_cmd",
     Contract::async,
     "linux",
     "NVMe commands through io_uring, past the block layer",
     {nvme_generic, nvme_controller},
     XNVME_LIBURING_MISSING},
    {"io_uring", Contract::async, "linux",
     "Linux's rings, submitted in batches, completed in shared memory", kFilesAndBlocks,
     XNVME_LIBURING_MISSING},
#endif
#if defined(__linux__) && !defined(XNVME_HAVE_LIBAIO)
    {"libaio", Contract::async, "linux",
     "Linux's native asynchronous I/O, batched, reaped in user space", kFilesAndBlocks,
     XNVME_LIBAIO_MISSING},
#endif
    {"", Contract::async, "", "", {}, ""},  // Ends the list, which may hold nothing else.
};

}  // namespace

std::span<const InterfaceRow> interface_rows() {
    return kInterfaces;
}
std::span<const BackendRow> backend_rows() {
    return kBackends;
}
std::span<const LeftOut> left_out_rows() {
    return std::span<const LeftOut>(kLeftOut).first(std::size(kLeftOut) - 1);
}

std::string_view contract_name(Contract contract) {
    static constexpr std::string_view kNames[kContractCount] = {"async", "sync", "admin", "mem"};
    return kNames[static_cast<unsigned>(contract)];
}

}  // namespace xnvme::core
