#include "core/identifier.hpp"

#include <gtest/gtest.h>

namespace xnvme::core {
namespace {

DeviceClass class_of(std::string_view uri) {
    const auto identifier = identify(uri, {});
    EXPECT_TRUE(identifier.has_value()) << uri;
    return identifier ? identifier->device_class : DeviceClass::file;
}

std::string sentence_of(std::string_view uri, const Options& options = {}) {
    const auto identifier = identify(uri, options);
    EXPECT_FALSE(identifier.has_value()) << uri;
    return identifier ? std::string{} : identifier.error().sentence;
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

TEST(Identifier, NamesWithoutAPathAreTakenByTheirForm) {
    EXPECT_EQ(class_of("mem:1GiB"), DeviceClass::model);
    EXPECT_EQ(class_of("1GB"), DeviceClass::model);
    EXPECT_EQ(class_of("64MiB"), DeviceClass::model);
    EXPECT_EQ(class_of("0000:02:00.0"), DeviceClass::pci);
    EXPECT_EQ(class_of("02:00.0"), DeviceClass::pci);
    EXPECT_EQ(class_of("172.10.10.10:4420"), DeviceClass::tcp);
    EXPECT_EQ(class_of("[::1]:4420"), DeviceClass::tcp);
    EXPECT_EQ(class_of("storage.example:4420"), DeviceClass::tcp);
    EXPECT_EQ(class_of("MacVFN-1234"), DeviceClass::driverkit);
}

TEST(Identifier, WhatCannotBeADeviceGetsASentenceOfItsOwn) {
    EXPECT_TRUE(has(sentence_of(""), "no name"));
    EXPECT_TRUE(has(sentence_of(std::string_view("a\0b", 3)), "zero byte"));
    EXPECT_TRUE(has(sentence_of("1GBB"), "'GBB' is not a unit"));
    EXPECT_TRUE(has(sentence_of("/no/such/file"), "is not there"));
    EXPECT_TRUE(has(sentence_of("no-such-file"), "'no-such-file' is not there"));
    EXPECT_TRUE(has(sentence_of("/"), "is a directory"));
}

TEST(Identifier, AMissingFileIsAFileOnlyWhenItMayBeCreated) {
    const auto identifier = identify("/no/such/file", {.create = true});
    ASSERT_TRUE(identifier.has_value());
    EXPECT_EQ(identifier->device_class, DeviceClass::file);
    EXPECT_TRUE(identifier->missing);
}

}  // namespace
}  // namespace xnvme::core
