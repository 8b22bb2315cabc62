// Tests that need an NVMe device of a kind: `./dev guest --set SET -- build/tests/guest_tests`.
//
// The name of a suite begins with the set that it runs with: NvmIdentify runs with `nvm`. Without
// --gtest_filter the suites of the set of this boot run.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <stdexcept>

#include "tests/guest/devices.hpp"

namespace {

std::string suite_prefix(std::string set) {
    set[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(set[0])));
    return set;
}

/// The suites that no set would ever run, which nobody would notice otherwise.
std::string suites_of_no_set(const std::vector<std::string>& sets) {
    std::string lost;
    const auto& unit = *::testing::UnitTest::GetInstance();
    for (int index = 0; index < unit.total_test_suite_count(); ++index) {
        const std::string full = unit.GetTestSuite(index)->name();
        // A suite with parameters is called PREFIX/SUITE.
        const std::string name =
            full.substr(full.find('/') == std::string::npos ? 0 : full.find('/') + 1);
        if (std::ranges::none_of(sets, [&](const std::string& set) {
                return name.starts_with(suite_prefix(set)) || full.starts_with(suite_prefix(set));
            }))
            lost += " " + full;
    }
    return lost;
}

}  // namespace

int main(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
    try {
        if (const std::string lost = suites_of_no_set(guest::device_sets()); !lost.empty()) {
            std::fprintf(stderr,
                         "guest_tests: the names of these begin with no set of devices:%s\n",
                         lost.c_str());
            return 2;
        }
        if (GTEST_FLAG_GET(filter) == "*") {
            const std::string prefix = suite_prefix(guest::device_set());
            GTEST_FLAG_SET(filter, prefix + "*:*/" + prefix + "*");
        }
    } catch (const std::runtime_error& error) {
        std::fprintf(stderr, "guest_tests: %s\n", error.what());
        return 2;
    }
    return RUN_ALL_TESTS();
}
