#include <fstream>
#include <string>

#include "tests/conformance/system.hpp"

namespace conformance {
namespace {

constexpr const char* kReserved = "/proc/sys/vm/nr_hugepages";

unsigned reserved() {
    unsigned count = 0;
    std::ifstream(kReserved) >> count;
    return count;
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
    if (reserved() >= count) return {};
    reserve(count);
    reservation.made = reserved();
    if (reservation.made >= count) return {};
    return "hugepages cannot be reserved: " + std::string(kReserved) + " says " +
           std::to_string(reservation.made) + " after " + std::to_string(count) +
           " were asked for (run as root, with free memory)";
}

}  // namespace conformance
