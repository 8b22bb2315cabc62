#include <xnvme/version.hpp>

#include <gtest/gtest.h>

#include <string>

namespace xnvme {
namespace {

TEST(Version, LibraryAndHeadersAgree) {
    EXPECT_EQ(version(), kVersion);
    const std::string numbers = std::to_string(kVersionMajor) + "." +
                                std::to_string(kVersionMinor) + "." + std::to_string(kVersionPatch);
    EXPECT_EQ(version(), numbers);
}

}  // namespace
}  // namespace xnvme
