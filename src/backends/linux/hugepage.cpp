#include "backends/linux/hugepage.hpp"

#include <fcntl.h>
#include <linux/mman.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <map>
#include <mutex>
#include <string>

#include <xnvme/size.hpp>

#include "backends/linux/sysfs.hpp"
#include "os/error_text.hpp"
#include "os/fd.hpp"

namespace xnvme::be_linux::hugepage {

namespace {

constexpr std::size_t kGigabyte = std::size_t{1} << 30;

/// Pages of one size: /sys/kernel/mm/hugepages/hugepages-<size in kB>kB.
struct Pool {
    std::size_t page_bytes = 0;
    std::uint64_t total = 0;
    std::uint64_t free = 0;
};

Pool pool_of(std::size_t page_bytes) {
    const std::string folder =
        "/sys/kernel/mm/hugepages/hugepages-" + std::to_string(page_bytes / 1024) + "kB/";
    Pool pool;
    pool.page_bytes = page_bytes;
    // Surplus pages are made when they are asked for, as far as the system has memory.
    pool.total = read_number(folder + "nr_hugepages").value_or(0) +
                 read_number(folder + "nr_overcommit_hugepages").value_or(0);
    pool.free = read_number(folder + "free_hugepages").value_or(0) +
                read_number(folder + "nr_overcommit_hugepages").value_or(0);
    return pool;
}

/// The system's default size.
std::size_t default_page_bytes() {
    for (const std::string& name : list_names("/sys/kernel/mm/hugepages")) {
        // The default is the one whose count is that of /proc/sys/vm. There is one size on most
        // machines, and 2 MiB is the default on the others.
        if (name == "hugepages-2048kB") return std::size_t{2} << 20;
    }
    for (const std::string& name : list_names("/sys/kernel/mm/hugepages")) {
        const auto number = name.find_first_of("0123456789");
        if (number != std::string::npos) return std::stoull(name.substr(number)) * 1024;
    }
    return 0;
}

std::size_t rounded(std::size_t bytes, std::size_t unit) {
    return (bytes + unit - 1) / unit * unit;
}

std::string how_to_reserve(std::size_t bytes, std::size_t page_bytes) {
    const std::size_t pages = rounded(bytes, page_bytes) / page_bytes;
    return "Set some aside with: echo " + std::to_string(pages) +
           " > /proc/sys/vm/nr_hugepages, or use the libc memory interface.";
}

class HugeMemory final : public MemoryInterface {
  public:
    Result<void*, Failure> allocate(std::size_t bytes, std::size_t alignment) override {
        if (bytes == 0)
            return fail(Errc::invalid_argument, "A buffer of 0 bytes cannot be allocated.");
        std::size_t page = default_page_bytes();
        if (page == 0)
            return fail(Errc::no_memory,
                        "This kernel has no huge pages (CONFIG_HUGETLBFS). Use "
                        "the libc memory interface.");
        if (bytes % kGigabyte == 0 && pool_of(kGigabyte).free * kGigabyte >= bytes)
            page = kGigabyte;
        if (!std::has_single_bit(alignment) || alignment > page)
            return fail(Errc::invalid_argument, "A buffer in huge pages of " + format_size(page) +
                                                    " cannot be aligned to " +
                                                    std::to_string(alignment) + " bytes.");
        if (bytes > SIZE_MAX - page)
            return fail(Errc::no_memory, "No machine has a buffer of that many bytes.");
        const std::size_t whole = rounded(bytes, page);
        const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE |
                          (std::countr_zero(page) << MAP_HUGE_SHIFT);
        void* const base = ::mmap(nullptr, whole, PROT_READ | PROT_WRITE, flags, -1, 0);
        if (base == MAP_FAILED) {
            const int error = errno;
            const Pool pool = pool_of(page);
            return fail(Error{Errc::no_memory, {}, error},
                        "A buffer of " + format_size(bytes) + " in huge pages was refused (" +
                            os::message(error) + "): " + std::to_string(pool.free) + " of " +
                            std::to_string(pool.total) + " pages of " + format_size(page) +
                            " are free. " + how_to_reserve(bytes, page));
        }
        const std::lock_guard lock(mutex_);
        lengths_[base] = whole;
        return base;
    }

    void free(void* base, std::size_t) noexcept override {
        if (base == nullptr) return;
        const std::lock_guard lock(mutex_);
        const auto found = lengths_.find(base);
        if (found == lengths_.end()) return;
        ::munmap(base, found->second);
        lengths_.erase(found);
    }

    Result<void, Failure> map(void* base, std::size_t bytes) override {
        if (base == nullptr || bytes == 0)
            return fail(Errc::invalid_argument, "There is nothing to map: the memory is empty.");
        return {};
    }
    void unmap(void*, std::size_t) noexcept override {}

    Result<std::uint64_t> translate(const void* base) noexcept override {
        // Linux, Documentation/admin-guide/mm/pagemap.rst: eight bytes per small page; bits 54:0
        // the frame, 0 for those without CAP_SYS_ADMIN; bit 63 present.
        const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
        const auto address = reinterpret_cast<std::uintptr_t>(base);
        const os::Fd map(::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
        std::uint64_t entry = 0;
        if (!map || ::pread(map.get(), &entry, sizeof entry,
                            static_cast<off_t>(address / page * sizeof entry)) != sizeof entry)
            return fail(Error::of_system(errno));
        const std::uint64_t frame = entry & ((std::uint64_t{1} << 55) - 1);
        if ((entry >> 63) == 0) return fail(Errc::not_found);
        if (frame == 0) return fail(Errc::no_permission);
        return frame * page + address % page;
    }

  private:
    std::mutex mutex_;
    std::map<void*, std::size_t> lengths_;
};

}  // namespace

Verdict machine() {
    const std::size_t page = default_page_bytes();
    if (page == 0) return Verdict::refuses("this kernel has no huge pages (CONFIG_HUGETLBFS)");
    const Pool pool = pool_of(page);
    const Pool large = pool_of(kGigabyte);
    if (pool.total == 0 && large.total == 0)
        return Verdict::refuses("no huge pages are set aside. " + how_to_reserve(16 * page, page));
    return Verdict::serves(std::to_string(pool.free) + " of " + std::to_string(pool.total) +
                           " huge pages of " + format_size(page) + " are free");
}

Verdict probe(const Handle&, const Options&) {
    return machine();
}

Result<std::unique_ptr<MemoryInterface>, Failure> make(Handle&, const Options&) {
    return std::make_unique<HugeMemory>();
}

}  // namespace xnvme::be_linux::hugepage
