#include "tests/conformance/system.hpp"

#include <poll.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace conformance {
namespace {
std::string folder;
}

std::chrono::nanoseconds thread_cpu_time() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

bool watch(xnvme::NativeHandle handle, std::chrono::milliseconds timeout) {
    pollfd entry{static_cast<int>(handle), POLLIN, 0};
    return ::poll(&entry, 1, static_cast<int>(timeout.count())) == 1 &&
           (entry.revents & POLLIN) != 0;
}

const std::string& work_folder() {
    if (folder.empty()) {
        std::string made = (std::filesystem::temp_directory_path() / "xnvme-XXXXXX").string();
        if (::mkdtemp(made.data()) == nullptr)
            throw std::runtime_error("no folder can be made in " + made + ": set TMPDIR");
        folder = made;
    }
    return folder;
}

void remove_work_folder() {
    std::error_code ignored;
    if (!folder.empty()) std::filesystem::remove_all(folder, ignored);
    folder.clear();
}

}  // namespace conformance
