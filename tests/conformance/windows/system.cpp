#include "tests/conformance/system.hpp"

#include <windows.h>

#include <filesystem>

#include "tests/conformance/counted_new.inc"

namespace conformance {
namespace {
std::string folder;

std::uint64_t hundred_ns(const FILETIME& time) {
    return (std::uint64_t{time.dwHighDateTime} << 32) | time.dwLowDateTime;
}
}  // namespace

std::chrono::nanoseconds thread_cpu_time() {
    FILETIME created{}, ended{}, kernel{}, user{};
    ::GetThreadTimes(::GetCurrentThread(), &created, &ended, &kernel, &user);
    return std::chrono::nanoseconds{(hundred_ns(kernel) + hundred_ns(user)) * 100};
}

bool watch(xnvme::NativeHandle handle, std::chrono::milliseconds timeout) {
    return ::WaitForSingleObject(reinterpret_cast<HANDLE>(handle),
                                 static_cast<DWORD>(timeout.count())) == WAIT_OBJECT_0;
}

const std::string& work_folder() {
    if (folder.empty()) {
        const auto path = std::filesystem::temp_directory_path() /
                          ("xnvme-" + std::to_string(::GetCurrentProcessId()));
        std::filesystem::create_directories(path);
        folder = path.string();
    }
    return folder;
}

void remove_work_folder() {
    std::error_code ignored;
    if (!folder.empty()) std::filesystem::remove_all(folder, ignored);
    folder.clear();
}

std::vector<TargetKind> system_targets() {
    return {};
}

std::string reserve_hugepages(unsigned) {
    return "this system has no hugepages of ours";
}

}  // namespace conformance
