// What the suite needs of the operating system, one implementation per system's folder.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <xnvme/async_queue.hpp>

#include "tests/conformance/places.hpp"

namespace conformance {

/// Processor time that the calling thread has used.
std::chrono::nanoseconds thread_cpu_time();

/// Waits until `handle` is readable (or signalled) or the time has passed. True when it is.
bool watch(xnvme::NativeHandle handle, std::chrono::milliseconds timeout);

/// A folder for this run's files, made at the first call and removed at the end of the program.
const std::string& work_folder();
void remove_work_folder();

/// The kinds of target that only this system has.
std::vector<TargetKind> system_targets();

/// Sees to it that at least `count` hugepages are reserved until the end of the program, and waits
/// until as many are free. Empty, or why that cannot be.
std::string reserve_hugepages(unsigned count);

/// Counts what is allocated between its construction and `count`, in every thread, by `new` and,
/// where the system lets a program see it, by `malloc`.
class AllocationCount {
  public:
    AllocationCount();
    AllocationCount(const AllocationCount&) = delete;
    AllocationCount& operator=(const AllocationCount&) = delete;
    ~AllocationCount();
    std::uint64_t count() const;
};

}  // namespace conformance
