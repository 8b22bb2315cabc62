#include "backends/linux/nvme.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "backends/linux/devices_for_test.hpp"
#include "backends/linux/discovery.hpp"

namespace xnvme::be_linux::testing {

namespace {

TEST(Nvme, RefusesWhatIsNoNvmeDevice) {
    LoopDevice loop(1 << 20);
    auto handle = be_linux::open(identifier_of(loop.path(), DeviceClass::block), Options{});
    ASSERT_TRUE(handle.has_value());
    EXPECT_EQ(nvme::probe_sync(**handle, Options{}).kind, Verdict::Kind::refuses);
    EXPECT_EQ(nvme::probe_admin(**handle, Options{}).kind, Verdict::Kind::refuses);

    auto generic = be_linux::open(identifier_of("/dev/null", DeviceClass::nvme_generic), Options{});
    ASSERT_FALSE(generic.has_value());
    EXPECT_NE(generic.error().sentence.find("no NVMe namespace"), std::string::npos);
    auto controller =
        be_linux::open(identifier_of("/dev/null", DeviceClass::nvme_controller), Options{});
    ASSERT_FALSE(controller.has_value());
    EXPECT_NE(controller.error().sentence.find("Identify Controller failed"), std::string::npos);
    auto missing =
        be_linux::open(identifier_of("/dev/ng97n1", DeviceClass::nvme_generic), Options{});
    ASSERT_FALSE(missing.has_value());
    EXPECT_EQ(missing.error().error.code, Errc::not_found);
}

class NullHandle final : public Handle {
  public:
    NullHandle() : owner_(::open("/dev/null", O_RDWR | O_CLOEXEC)) {
        fd = owner_.get();
        identifier.device_class = DeviceClass::nvme_generic;
    }

  private:
    os::Fd owner_;
};

TEST(Nvme, ADescriptorThatIsNoneKeepsTheSystemsErrno) {
    // Every form of a command falls back to the oldest ioctl before it fails.
    NullHandle handle;
    auto sync = nvme::make_sync(handle, Options{});
    auto admin = nvme::make_admin(handle, Options{});
    ASSERT_TRUE(sync.has_value() && admin.has_value());
    Pages pages(8192);
    IoVec list[] = {{pages.data, 4096}, {pages.data + 4096, 4096}};
    for (const bool vectored : {false, true}) {
        for (int round = 0; round < 2; ++round) {
            Context context{};
            context.command.opcode = 0x02;
            context.bytes = 8192;
            context.command.data =
                reinterpret_cast<std::uintptr_t>(vectored ? static_cast<void*>(list) : pages.data);
            context.command.data_bytes = vectored ? 2 : 8192;
            context.options = vectored ? kVectored : 0u;
            Context other = context;
            (*sync)->execute(context);
            EXPECT_EQ(context.error, Errc::system);
            EXPECT_EQ(context.os_error, ENOTTY);
            (*admin)->execute(other);
            EXPECT_EQ(other.error, Errc::system);
            EXPECT_EQ(other.os_error, ENOTTY);
        }
    }
}

}  // namespace

}  // namespace xnvme::be_linux::testing
