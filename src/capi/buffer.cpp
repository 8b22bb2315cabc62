#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <utility>

#include "capi/errors.hpp"
#include "capi/handles.hpp"

using namespace xnvme;
using namespace xnvme::capi;

namespace {

/// The buffers that programs hold, by address. They are kept apart from their devices, so that they
/// may be freed after the device was closed. Never destroyed: a program may free a buffer while it
/// ends.
struct Buffers {
    std::mutex mutex;
    std::map<const void*, Buffer> allocated;
    std::map<std::pair<DeviceState*, const void*>, Buffer> mapped;
};

Buffers& buffers() {
    static auto* const all = new Buffers;
    return *all;
}

void* keep(Buffer buffer) {
    Buffers& all = buffers();
    void* const base = buffer.data();
    const std::lock_guard lock(all.mutex);
    all.allocated.insert_or_assign(base, std::move(buffer));
    return base;
}

/// The buffer that begins at `base`, taken out of the table; empty where there is none.
Buffer take(const void* base) {
    Buffers& all = buffers();
    const std::lock_guard lock(all.mutex);
    auto node = all.allocated.extract(base);
    return node.empty() ? Buffer{} : std::move(node.mapped());
}

/// Frees memory outside the table's lock, which other threads may wait for.
void release(void* base) noexcept {
    if (base == nullptr) return;
    (void)guarded([&] {
        const Buffer freed = take(base);
        return freed.data() == base ? 0 : -EINVAL;
    });
}

struct CloseFile {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

template <class Generator>
void fill_random(std::uint8_t* bytes, std::size_t count, Generator generator) {
    for (std::size_t i = 0; i < count; ++i) {
        bytes[i] = static_cast<std::uint8_t>('A' + generator() % 26);
    }
}

}  // namespace

void* xnvme_buf_alloc(const struct xnvme_dev* dev, size_t nbytes) {
    if (dev == nullptr) return null_with<void>(-EINVAL);
    return guarded([&]() -> void* {
        auto buffer = device_of(dev).allocate(nbytes);
        if (!buffer) return null_with<void>(failed(buffer.error()));
        return keep(std::move(*buffer));
    });
}

void* xnvme_buf_realloc(const struct xnvme_dev* dev, void* buf, size_t nbytes) {
    if (buf == nullptr) return xnvme_buf_alloc(dev, nbytes);
    if (dev == nullptr) return null_with<void>(-EINVAL);
    return guarded([&]() -> void* {
        auto fresh = device_of(dev).allocate(nbytes);
        if (!fresh) return null_with<void>(failed(fresh.error()));
        const Buffer old = take(buf);
        if (old.data() == nullptr) return null_with<void>(-EINVAL);
        std::memcpy(fresh->data(), old.data(), std::min(old.size(), fresh->size()));
        return keep(std::move(*fresh));
    });
}

void xnvme_buf_free(const struct xnvme_dev*, void* buf) {
    release(buf);
}

void* xnvme_buf_phys_alloc(const struct xnvme_dev* dev, size_t nbytes, uint64_t* phys) {
    return xnvme_buf_phys_realloc(dev, nullptr, nbytes, phys);
}

void xnvme_buf_phys_free(const struct xnvme_dev*, void* buf) {
    release(buf);
}

void* xnvme_buf_phys_realloc(const struct xnvme_dev* dev, void* buf, size_t nbytes,
                             uint64_t* phys) {
    if (dev == nullptr || phys == nullptr) return null_with<void>(-EINVAL);
    return guarded([&]() -> void* {
        auto fresh = device_of(dev).allocate(nbytes);
        if (!fresh) return null_with<void>(failed(fresh.error()));
        const auto address = fresh->device_address();
        if (!address) return null_with<void>(-errno_of(address.error()));
        if (buf != nullptr) {
            const Buffer old = take(buf);
            if (old.data() == nullptr) return null_with<void>(-EINVAL);
            std::memcpy(fresh->data(), old.data(), std::min(old.size(), fresh->size()));
        }
        *phys = *address;
        return keep(std::move(*fresh));
    });
}

int xnvme_buf_vtophys(const struct xnvme_dev* dev, void* buf, uint64_t* phys) {
    if (dev == nullptr || buf == nullptr || phys == nullptr) return -EINVAL;
    const auto address = state_of(dev)->memory->translate(buf);
    if (!address) return -errno_of(address.error());
    *phys = *address;
    return 0;
}

void* xnvme_buf_virt_alloc(size_t alignment, size_t nbytes) {
    const bool is_power = alignment != 0 && (alignment & (alignment - 1)) == 0;
    if (!is_power || nbytes == 0 || nbytes > SIZE_MAX - alignment) {
        return null_with<void>(-EINVAL);
    }
    void* const memory = std::aligned_alloc(alignment, (nbytes + alignment - 1) & ~(alignment - 1));
    if (memory == nullptr) return null_with<void>(-ENOMEM);
    std::memset(memory, 0, nbytes);
    return memory;
}

void xnvme_buf_virt_free(void* buf) {
    std::free(buf);
}

int xnvme_buf_fill(void* buf, size_t nbytes, const char* content) {
    if (buf == nullptr || content == nullptr) return -EINVAL;
    const std::string_view what = content;
    auto* const bytes = static_cast<std::uint8_t*>(buf);
    if (what == "zero") {
        std::memset(buf, 0, nbytes);
    } else if (what == "anum") {
        for (std::size_t i = 0; i < nbytes; ++i) bytes[i] = static_cast<std::uint8_t>('A' + i % 26);
    } else if (what == "rand-k") {
        fill_random(bytes, nbytes, std::minstd_rand(1));
    } else if (what == "rand-t") {
        return guarded([&] {
            fill_random(bytes, nbytes, std::minstd_rand(std::random_device{}()));
            return 0;
        });
    } else {
        return xnvme_buf_from_file(buf, nbytes, content);
    }
    return 0;
}

void* xnvme_buf_clear(void* buf, size_t nbytes) {
    if (buf != nullptr) std::memset(buf, 0, nbytes);
    return buf;
}

size_t xnvme_buf_diff(const void* expected, const void* actual, size_t nbytes) {
    if (expected == nullptr || actual == nullptr) return expected == actual ? 0 : nbytes;
    const auto* const left = static_cast<const std::uint8_t*>(expected);
    const auto* const right = static_cast<const std::uint8_t*>(actual);
    std::size_t different = 0;
    for (std::size_t i = 0; i < nbytes; ++i) different += left[i] != right[i] ? 1 : 0;
    return different;
}

int xnvme_buf_to_file(void* buf, size_t nbytes, const char* path) {
    if (buf == nullptr || path == nullptr) return -EINVAL;
    File file(std::fopen(path, "wb"));
    if (file == nullptr) return -errno;
    errno = 0;
    const bool written = std::fwrite(buf, 1, nbytes, file.get()) == nbytes;
    // The last bytes are written when the file is closed, which may fail as well.
    const bool closed = std::fclose(file.release()) == 0;
    if (written && closed) return 0;
    return errno != 0 ? -errno : -EIO;
}

int xnvme_buf_from_file(void* buf, size_t nbytes, const char* path) {
    if (buf == nullptr || path == nullptr) return -EINVAL;
    const File file(std::fopen(path, "rb"));
    if (file == nullptr) return -errno;
    errno = 0;
    (void)std::fread(buf, 1, nbytes, file.get());
    if (std::ferror(file.get()) == 0) return 0;
    return errno != 0 ? -errno : -EIO;
}

int xnvme_mem_map(const struct xnvme_dev* dev, void* vaddr, size_t nbytes) {
    if (dev == nullptr) return -EINVAL;
    return guarded([&] {
        Buffers& all = buffers();
        const std::lock_guard lock(all.mutex);
        const std::pair<DeviceState*, const void*> key{state_of(dev), vaddr};
        if (all.mapped.contains(key)) return failed(EEXIST, "That memory is mapped already.");
        auto mapped = device_of(dev).map(vaddr, nbytes);
        if (!mapped) return failed(mapped.error());
        all.mapped.emplace(key, std::move(*mapped));
        return 0;
    });
}

int xnvme_mem_unmap(const struct xnvme_dev* dev, void* buf) {
    if (dev == nullptr || buf == nullptr) return -EINVAL;
    return guarded([&] {
        Buffers& all = buffers();
        const std::lock_guard lock(all.mutex);
        return all.mapped.erase({state_of(dev), buf}) == 1 ? 0 : -EINVAL;
    });
}
