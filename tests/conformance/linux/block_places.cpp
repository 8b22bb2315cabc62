#include "tests/conformance/linux/block_places.hpp"

#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "tests/conformance/linux/nvme_places.hpp"
#include "tests/conformance/system.hpp"

namespace conformance {

void throw_errno(const std::string& what) {
    const int error = errno;
    throw std::runtime_error(what + ": " + std::strerror(error));
}

Fd& Fd::operator=(Fd&& other) noexcept {
    if (this != &other) {
        close();
        fd_ = other.fd_;
        other.fd_ = -1;
    }
    return *this;
}
Fd::~Fd() {
    close();
}
void Fd::close() noexcept {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

LoopDevice::LoopDevice(const std::string& backing_file, bool read_only) {
    const int mode = (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC;
    const Fd backing(::open(backing_file.c_str(), mode));
    if (backing.get() < 0) throw_errno("the loop device's file " + backing_file);
    const Fd control(::open("/dev/loop-control", O_RDWR | O_CLOEXEC));
    if (control.get() < 0)
        throw_errno("a loop device needs /dev/loop-control (run as root, with the loop module)");
    // Somebody else may take the free device between the two calls: then the next one is tried.
    for (int attempt = 0; attempt < 64; ++attempt) {
        const int number = ::ioctl(control.get(), LOOP_CTL_GET_FREE);
        if (number < 0) throw_errno("LOOP_CTL_GET_FREE");
        path_ = "/dev/loop" + std::to_string(number);
        fd_ = Fd(::open(path_.c_str(), mode));
        if (fd_.get() < 0) throw_errno("the loop device " + path_);
        loop_config config{};
        config.fd = static_cast<std::uint32_t>(backing.get());
        config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
        if (read_only) config.info.lo_flags |= LO_FLAGS_READ_ONLY;
        if (::ioctl(fd_.get(), LOOP_CONFIGURE, &config) == 0) return;
        if (errno != EBUSY) throw_errno("LOOP_CONFIGURE of " + path_);
    }
    throw std::runtime_error("no loop device stayed free");
}

LoopDevice::~LoopDevice() {
    if (fd_.get() >= 0) ::ioctl(fd_.get(), LOOP_CLR_FD, 0);
}

void LoopDevice::detach() {
    if (::ioctl(fd_.get(), LOOP_CLR_FD, 0) != 0) throw_errno("LOOP_CLR_FD of " + path_);
    fd_.close();
}

void LoopDevice::take_size() {
    if (::ioctl(fd_.get(), LOOP_SET_CAPACITY, 0) != 0) throw_errno("LOOP_SET_CAPACITY");
}

namespace {

class LoopPlace : public Place {
  public:
    LoopPlace(std::unique_ptr<Place> file, bool is_direct)
        : file_(std::move(file)), loop_(file_->uri, false) {
        uri = loop_.path();
        direct = is_direct;
    }

  private:
    std::unique_ptr<Place> file_;
    LoopDevice loop_;
};

void write_attribute(const std::string& path, const std::string& value) {
    std::ofstream out(path);
    out << value << std::flush;
    if (!out) throw std::runtime_error("cannot write " + value + " to " + path);
}

class ZramPlace : public Place {
  public:
    explicit ZramPlace(bool is_direct) {
        direct = is_direct;
        // Reading hot_add makes a new device and says its number, so that zram0, which may be
        // somebody's swap, is left alone.
        std::ifstream("/sys/class/zram-control/hot_add") >> number_;
        if (number_ < 0)
            throw std::runtime_error(
                "zram needs /sys/class/zram-control/hot_add (run as root, with the zram module)");
        uri = "/dev/zram" + std::to_string(number_);
        try {
            write_attribute(attribute("disksize"), std::to_string(kPlaceBytes));
            guard();
        } catch (...) {
            remove();
            throw;
        }
    }
    ~ZramPlace() override {
        remove();
        // One byte tells the helper that there is nothing left for it to do.
        const char done = 1;
        if (helper_ > 0 && ::write(alive_.get(), &done, 1) == 1) ::waitpid(helper_, nullptr, 0);
    }

  private:
    std::string attribute(const char* name) const {
        return "/sys/block/zram" + std::to_string(number_) + "/" + name;
    }
    /// A helper process removes the device when this program ends without doing so: the kernel
    /// does not, and its memory would stay taken.
    void guard() {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("a pipe");
        const std::string reset = attribute("reset");
        const std::string number = std::to_string(number_);
        helper_ = ::fork();
        if (helper_ < 0) throw_errno("a helper process");
        if (helper_ == 0) {
            ::setsid();
            constexpr int kPipe = 500;
            ::dup2(ends[0], kPipe);
            // It keeps nothing else open, so that devices close and readers of our output end.
            ::close_range(0, kPipe - 1, 0);
            ::close_range(kPipe + 1, ~0u, 0);
            char done = 0;
            if (::read(kPipe, &done, 1) == 0) {
                put(reset.c_str(), "1");
                put("/sys/class/zram-control/hot_remove", number.c_str());
            }
            ::_exit(0);
        }
        ::close(ends[0]);
        alive_ = Fd(ends[1]);
    }
    /// Of what a process may call between fork and exit.
    static void put(const char* path, const char* value) noexcept {
        const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
        if (fd >= 0 && ::write(fd, value, std::strlen(value)) < 0) ::_exit(1);
        ::close(fd);
    }
    void remove() const noexcept {
        try {
            write_attribute(attribute("reset"), "1");
            write_attribute("/sys/class/zram-control/hot_remove", std::to_string(number_));
        } catch (const std::exception& error) {
            std::fprintf(stderr, "conformance: %s stays: %s\n", uri.c_str(), error.what());
        }
    }
    int number_ = -1;
    ::pid_t helper_ = -1;
    Fd alive_;
};

template <class Make>
MadePlace guarded(Make make) {
    try {
        return make();
    } catch (const std::exception& error) {
        return std::unexpected(std::string(error.what()));
    }
}

}  // namespace

MadePlace make_loop(std::string_view name, bool direct) {
    return guarded([&]() -> MadePlace {
        MadePlace file =
            make_file(work_folder(), std::string(name) + ".backing", kPlaceBytes, false);
        if (!file) return file;
        return std::make_unique<LoopPlace>(std::move(*file), direct);
    });
}

MadePlace make_zram(bool direct) {
    return guarded([&]() -> MadePlace { return std::make_unique<ZramPlace>(direct); });
}

std::vector<TargetKind> system_targets() {
    using xnvme::DeviceClass;
    const auto in_memory = []() -> MadePlace {
        return make_file("/dev/shm", "xnvme-conformance-" + std::to_string(::getpid()), kPlaceBytes,
                         false);
    };
    const auto past_the_cache = [] {
        return make_file(work_folder(), "target_direct", kPlaceBytes, true);
    };
    std::vector<TargetKind> all{
        {"file_tmpfs", "tmpfs", DeviceClass::file, in_memory},
        {"file_direct", "file", DeviceClass::file, past_the_cache},
        {"loop", "loop", DeviceClass::block, [] { return make_loop("loop", false); }},
        {"loop_direct", "loop", DeviceClass::block, [] { return make_loop("loop_direct", true); }},
        {"zram", "zram", DeviceClass::block, [] { return make_zram(false); }},
        {"zram_direct", "zram", DeviceClass::block, [] { return make_zram(true); }},
    };
    for (TargetKind& kind : nvme_targets()) all.push_back(std::move(kind));
    return all;
}

}  // namespace conformance
