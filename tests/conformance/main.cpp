// The conformance suite: every rule of a queue, over every interface and every kind of target.
//
//   XNVME_CONFORMANCE_TARGETS=model,file,...  runs on these targets alone
//   XNVME_CONFORMANCE_JSON=PATH               writes how many cases ran, per pair, to PATH
#include <gtest/gtest.h>

#include "tests/conformance/harness.hpp"
#include "tests/conformance/system.hpp"

int main(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
    const int result = RUN_ALL_TESTS();
    conformance::forget_places();
    conformance::remove_work_folder();
    conformance::report();
    return result;
}
