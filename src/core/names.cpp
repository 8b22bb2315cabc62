// The names by which programs know interfaces and backends, beside those of the registry: what they
// are called elsewhere, and what other systems have.

#include <algorithm>

#include "core/registry.hpp"

namespace xnvme::core {

namespace {

/// A name that programs also use. It counts only where the registry has no row of that name.
struct Alias {
    Contract contract;
    std::string_view alias;
    std::string_view name;
};
constexpr Alias kAliases[] = {
    {Contract::async, "posix", "posix_aio"}, {Contract::async, "io_uring_passthru", "io_uring_cmd"},
    {Contract::async, "libvfn", "vfio"},     {Contract::sync, "ramdisk", "model"},
    {Contract::sync, "file", "psync"},       {Contract::admin, "ramdisk", "model"},
    {Contract::memory, "posix", "libc"},     {Contract::memory, "windows", "libc"},
    {Contract::memory, "libvfn", "vfio"},
};

struct BackendAlias {
    std::string_view alias;
    std::string_view name;
};
constexpr BackendAlias kBackendAliases[] = {
    {"ramdisk", "model"},
    {"fbsd", "freebsd"},
    {"vfio", "libvfn"},
};

/// What other systems and builds have. Where a build has it, its row is found first.
struct Foreign {
    Contract contract;
    std::string_view name;
    std::string_view whose;
};
constexpr Foreign kForeign[] = {
    {Contract::async, "io_uring", "Linux's"},
    {Contract::async, "io_uring_cmd", "Linux's"},
    {Contract::async, "libaio", "Linux's"},
    {Contract::async, "posix_aio", "that of Unix-like systems"},
    {Contract::async, "kqueue", "FreeBSD's"},
    {Contract::async, "iocp", "Windows's"},
    {Contract::async, "iocp_th", "Windows's"},
    {Contract::async, "io_ring", "Windows's"},
    {Contract::async, "vfio", "that of a driver in user space"},
    {Contract::async, "spdk", "that of a driver in user space"},
    {Contract::sync, "nvme", "that of a system's NVMe driver"},
    {Contract::sync, "psync", "that of Unix-like systems"},
    {Contract::sync, "block", "that of a system's block layer"},
    {Contract::sync, "vfio", "that of a driver in user space"},
    {Contract::sync, "spdk", "that of a driver in user space"},
    {Contract::admin, "nvme", "that of a system's NVMe driver"},
    {Contract::admin, "block", "that of a system's block layer"},
    {Contract::admin, "file", "that of Unix-like systems"},
    {Contract::admin, "vfio", "that of a driver in user space"},
    {Contract::admin, "spdk", "that of a driver in user space"},
    {Contract::memory, "hugepage", "Linux's"},
    {Contract::memory, "vfio", "that of a driver in user space"},
    {Contract::memory, "spdk", "that of a driver in user space"},
};

struct ForeignBackend {
    std::string_view name;
    std::string_view whose;
};
constexpr ForeignBackend kForeignBackends[] = {
    {"linux", "Linux's"},
    {"freebsd", "FreeBSD's"},
    {"macos", "macOS's"},
    {"windows", "Windows's"},
    {"spdk", "a driver in user space"},
    {"libvfn", "a driver in user space"},
};

bool has_row(Contract contract, std::string_view name) {
    return std::ranges::any_of(interface_rows(), [&](const InterfaceRow& row) {
        return row.contract == contract && row.name == name;
    });
}

bool has_backend(std::string_view name) {
    return std::ranges::any_of(backend_rows(),
                               [&](const BackendRow& row) { return row.name == name; });
}

bool knows(Contract contract, std::string_view asked) {
    const std::string_view name = canonical_name(contract, asked);
    if (name.empty() || has_row(contract, name)) return true;
    const bool left_out = std::ranges::any_of(left_out_rows(), [&](const LeftOut& row) {
        return row.contract == contract && row.name == name;
    });
    return left_out || !foreign_interface(contract, name).empty();
}

}  // namespace

std::string_view canonical_name(Contract contract, std::string_view name) {
    if (has_row(contract, name)) return name;
    for (const Alias& alias : kAliases) {
        if (alias.contract == contract && alias.alias == name) return alias.name;
    }
    return name;
}

std::string_view canonical_backend(std::string_view name) {
    if (has_backend(name)) return name;
    for (const BackendAlias& alias : kBackendAliases) {
        if (alias.alias == name) return alias.name;
    }
    return name;
}

std::string_view foreign_interface(Contract contract, std::string_view name) {
    for (const Foreign& foreign : kForeign) {
        if (foreign.contract == contract && foreign.name == name) return foreign.whose;
    }
    return {};
}

std::string_view foreign_backend(std::string_view name) {
    for (const ForeignBackend& foreign : kForeignBackends) {
        if (foreign.name == name) return foreign.whose;
    }
    return {};
}

bool knows_names(const Options& options) {
    const std::string_view backend = canonical_backend(options.be);
    const bool backend_known =
        backend.empty() || has_backend(backend) || !foreign_backend(backend).empty();
    return backend_known && knows(Contract::async, options.async) &&
           knows(Contract::sync, options.sync) && knows(Contract::admin, options.admin) &&
           knows(Contract::memory, options.mem);
}

}  // namespace xnvme::core
