// What needs an interface that does not serve the model, which only some systems have.
#include <gtest/gtest.h>
#include <xnvme/xnvme.hpp>

namespace xnvme {
namespace {

TEST(Interfaces, OneThatDoesNotServeTheDeviceIsRefusedWithThoseThatDo) {
    const auto device = Device::open("mem:1MiB", {.sync = "psync"});
    ASSERT_FALSE(device.has_value());
    const std::string& sentence = device.error().sentence;
    EXPECT_NE(sentence.find("'psync' does not serve 'mem:1MiB', which is a model device"),
              std::string::npos)
        << sentence;
    EXPECT_NE(sentence.find("Use model"), std::string::npos) << sentence;
}

}  // namespace
}  // namespace xnvme
