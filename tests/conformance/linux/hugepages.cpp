#include <chrono>
#include <fstream>
#include <string>
#include <thread>

#include "tests/conformance/system.hpp"

namespace conformance {
namespace {

constexpr const char* kReserved = "/proc/sys/vm/nr_hugepages";

unsigned reserved() {
    unsigned count = 0;
    std::ifstream(kReserved) >> count;
    return count;
}
unsigned free_now() {
    std::ifstream file("/proc/meminfo");
    for (std::string word; file >> word;) {
        unsigned count = 0;
        if (word == "HugePages_Free:" && file >> count) return count;
    }
    return 0;
}
/// True once `count` are free. The kernel takes a ring apart in the background after it was closed,
/// and until then the buffers that were registered with it keep their pages.
bool wait_for_free(unsigned count) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (free_now() < count) {
        if (std::chrono::steady_clock::now() >= deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    return true;
}
void reserve(unsigned count) {
    std::ofstream(kReserved) << count << std::flush;
}

/// Gives back at the end of the program what the suite reserved.
struct Reservation {
    unsigned before = reserved();
    unsigned made = 0;
    ~Reservation() {
        if (made != 0 && reserved() == made) reserve(before);
    }
};

}  // namespace

std::string reserve_hugepages(unsigned count) {
    static Reservation reservation;
    if (reserved() < count) {
        reserve(count);
        reservation.made = reserved();
    }
    if (reserved() >= count) {
        if (wait_for_free(count)) return {};
        return std::to_string(free_now()) + " of " + std::to_string(reserved()) +
               " hugepages are free, and " + std::to_string(count) + " are needed";
    }
    return "hugepages cannot be reserved: " + std::string(kReserved) + " says " +
           std::to_string(reservation.made) + " after " + std::to_string(count) +
           " were asked for (run as root, with free memory)";
}

}  // namespace conformance
