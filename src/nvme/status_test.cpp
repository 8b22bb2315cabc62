#include <xnvme/nvme/status.hpp>

#include <gtest/gtest.h>

#include <cerrno>

#include <xnvme/describe.hpp>

namespace xnvme::nvme {
namespace {

TEST(StatusName, FollowsTypeAndCode) {
    EXPECT_EQ(status_name(Status{}), "Successful Completion");
    EXPECT_EQ(status_name(Status::make(0, 0x02)), "Invalid Field in Command");
    EXPECT_EQ(status_name(Status::make(0, 0x80)), "LBA Out of Range");
    EXPECT_EQ(status_name(Status::make(1, 0x0a)), "Invalid Format");
    EXPECT_EQ(status_name(Status::make(1, 0x80)), "Conflicting Attributes");
    EXPECT_EQ(status_name(Status::make(2, 0x81)), "Unrecovered Read Error");
    EXPECT_EQ(status_name(Status::make(2, 0x85)), "Compare Failure");
    EXPECT_EQ(status_name(Status::make(3, 0x03)), "Asymmetric Access Transition");
    EXPECT_EQ(status_name(Status::make(1, 0xbf)), "Invalid Zone State Transition");
}

TEST(StatusName, IgnoresPhaseRetryAndMore) {
    EXPECT_EQ(status_name(Status{static_cast<std::uint16_t>(Status::make(0, 2).raw | 0xf001)}),
              "Invalid Field in Command");
}

TEST(StatusName, SaysWhatItDoesNotKnow) {
    EXPECT_EQ(status_name(Status::make(0, 0x7f)), "Unknown Status");
    EXPECT_EQ(status_name(Status::make(4, 0x01)), "Unknown Status");
    EXPECT_EQ(status_name(Status::make(7, 0x05)), "Vendor Specific");
    EXPECT_EQ(status_name(Status::make(0, 0xc0)), "Vendor Specific");
    EXPECT_EQ(status_name(Status::make(1, 0xff)), "Vendor Specific");
}

TEST(StatusName, EveryCodeOfTheEnumsHasOne) {
    for (unsigned sc = 0; sc < 0x100; ++sc) {
        for (unsigned sct = 0; sct < 8; ++sct) {
            EXPECT_FALSE(status_name(Status::make(sct, sc)).empty());
        }
    }
    for (const auto code :
         {GenericStatus::invalid_opcode, GenericStatus::internal_error,
          GenericStatus::abort_requested, GenericStatus::invalid_namespace,
          GenericStatus::sanitize_in_progress, GenericStatus::namespace_write_protected,
          GenericStatus::capacity_exceeded, GenericStatus::format_in_progress,
          GenericStatus::key_exists}) {
        EXPECT_NE(status_name(status_of(code)), "Unknown Status");
    }
    for (const auto code :
         {CommandStatus::invalid_log_page, CommandStatus::invalid_format,
          CommandStatus::feature_not_saveable, CommandStatus::feature_not_changeable,
          CommandStatus::overlapping_range, CommandStatus::write_to_read_only_range,
          CommandStatus::command_size_limit_exceeded, CommandStatus::overlapping_io_range,
          CommandStatus::invalid_zone_operation, CommandStatus::too_many_open_zones}) {
        EXPECT_NE(status_name(status_of(code)), "Unknown Status");
    }
}

TEST(StatusText, HasTheNumbers) {
    EXPECT_EQ(status_text(status_of(GenericStatus::invalid_field, true)),
              "Invalid Field in Command (sct 0x0, sc 0x02, do not retry)");
    EXPECT_EQ(status_text(status_of(MediaStatus::compare_failure)),
              "Compare Failure (sct 0x2, sc 0x85)");
}

TEST(Status, IsComparesTypeAndCodeAlone) {
    EXPECT_TRUE(is(status_of(MediaStatus::compare_failure, true), MediaStatus::compare_failure));
    EXPECT_FALSE(
        is(status_of(GenericStatus::format_in_progress), MediaStatus::reference_tag_check_error));
    EXPECT_TRUE(is(Status{}, GenericStatus::success));
}

TEST(Describe, EveryErrorHasANameAndASentence) {
    for (unsigned code = 0; code <= static_cast<unsigned>(Errc::busy); ++code) {
        const auto errc = static_cast<Errc>(code);
        EXPECT_NE(errc_name(errc), "unknown") << code;
        const std::string text = describe(Error::of(errc));
        EXPECT_EQ(text.back(), '.') << text;
        EXPECT_EQ(text.find('\n'), std::string::npos);
        EXPECT_NE(text, "Unknown error.");
    }
    EXPECT_EQ(errc_name(static_cast<Errc>(0xfff)), "unknown");
    EXPECT_EQ(describe(Error::of(static_cast<Errc>(0xfff))), "Unknown error.");
}

TEST(Describe, ADevicesVerdictIsNamed) {
    EXPECT_EQ(describe(Error::of_device(status_of(GenericStatus::lba_out_of_range, true))),
              "The device failed the command: LBA Out of Range (sct 0x0, sc 0x80, do not retry); "
              "ask for blocks inside the namespace.");
    EXPECT_EQ(describe(Error::of_device(Status::make(0, 0x06))),
              "The device failed the command: Internal Error (sct 0x0, sc 0x06); it may be tried "
              "again.");
    EXPECT_EQ(describe(Error::of_device(Status::make(0, 0x06, true))),
              "The device failed the command: Internal Error (sct 0x0, sc 0x06, do not retry); the "
              "same command would fail again.");
}

TEST(Describe, ASystemErrorIsNamed) {
    EXPECT_EQ(describe(Error::of_system(ENOSPC)),
              "The system refused: no space left on device (ENOSPC); free some space.");
    EXPECT_EQ(describe(Error::of_system(123456)), "The system refused: error 123456.");
    EXPECT_NE(describe(Error{Errc::not_found, {}, ENOENT}).find("(ENOENT)"), std::string::npos);
    EXPECT_EQ(os_error_text(EACCES), "permission denied (EACCES)");
}

TEST(Describe, WordsOfTheApiHaveNames) {
    for (unsigned i = 0; i < kDeviceClassCount; ++i) {
        EXPECT_NE(device_class_name(static_cast<DeviceClass>(i)), "unknown") << i;
    }
    EXPECT_EQ(device_class_name(DeviceClass::nvme_block), "nvme-block");
    EXPECT_EQ(device_class_name(static_cast<DeviceClass>(99)), "unknown");
    EXPECT_EQ(command_set_name(CommandSet::file_system), "file-system");
    EXPECT_EQ(command_set_name(static_cast<CommandSet>(9)), "unknown");
    EXPECT_EQ(deallocated_read_name(DeallocatedRead::ones), "ones");
    EXPECT_EQ(access_name(Access::read_only), "read-only");
}

}  // namespace
}  // namespace xnvme::nvme
