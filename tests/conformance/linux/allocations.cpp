// Every allocation of the process passes the program's own malloc, which counts and hands on to
// glibc's. With a sanitizer, which has its own malloc, the sanitizer's hook counts instead.
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "tests/conformance/system.hpp"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CONFORMANCE_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CONFORMANCE_SANITIZED 1
#endif

namespace {
std::atomic<std::uint64_t> allocations{0};
void note() {
    allocations.fetch_add(1, std::memory_order_relaxed);
}
}  // namespace

#if defined(CONFORMANCE_SANITIZED)

extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void*,
                                                                           std::size_t),
                                                         void (*on_free)(const volatile void*));
namespace {
void on_malloc(const volatile void*, std::size_t) {
    note();
}
void on_free(const volatile void*) {}
void start() {
    static const int installed = __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
    (void)installed;
}
}  // namespace

#else

extern "C" {
void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* memory, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);

void* malloc(std::size_t bytes) {
    note();
    return __libc_malloc(bytes);
}
void* calloc(std::size_t count, std::size_t bytes) {
    note();
    return __libc_calloc(count, bytes);
}
void* realloc(void* memory, std::size_t bytes) {
    note();
    return __libc_realloc(memory, bytes);
}
void* memalign(std::size_t alignment, std::size_t bytes) {
    note();
    return __libc_memalign(alignment, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
    note();
    return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t bytes) {
    note();
    *memory = __libc_memalign(alignment, bytes);
    return *memory == nullptr ? ENOMEM : 0;
}
}
namespace {
void start() {}
}  // namespace

#endif

namespace conformance {

AllocationCount::AllocationCount() {
    start();
    allocations.store(0);
}
AllocationCount::~AllocationCount() = default;
std::uint64_t AllocationCount::count() const {
    return allocations.load();
}

}  // namespace conformance
