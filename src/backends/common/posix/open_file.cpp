#include "backends/common/posix/open_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <string>
#include <utility>

#include "os/error_text.hpp"
#include "os/fd.hpp"
#include "os/posix/file.hpp"

namespace xnvme::be_common {

namespace {

constexpr std::uint32_t kBlockBytes = 512;
/// What one command of 65536 blocks can name, and a transfer of the system can hold.
constexpr std::uint64_t kTransferBytesMax = std::uint64_t{1} << 30;

std::string quoted(const std::string& path) {
    return "'" + path + "'";
}

/// A regular file that is open.
struct FileHandle final : Handle {
    Result<void, Failure> refresh() override;

    os::Fd owned;
};

Failure stat_failure(const std::string& path, int why) {
    return {Error::of_system(why),
            "The system cannot say what " + quoted(path) + " is: " + os::message(why) + "."};
}

/// Sizes and limits of the open file, as they are now.
void fill_geometry(Geometry& geometry, const struct stat& found, os::DirectAlignment alignment,
                   bool direct) {
    geometry.size_bytes = static_cast<std::uint64_t>(std::max<off_t>(found.st_size, 0));
    geometry.block_bytes = direct ? std::max(alignment.offset_bytes, kBlockBytes) : kBlockBytes;
    geometry.blocks = geometry.size_bytes / geometry.block_bytes;
    geometry.transfer_block_bytes = geometry.block_bytes;
    geometry.max_transfer_bytes = static_cast<std::uint32_t>(
        std::min(std::uint64_t{65536} * geometry.block_bytes, kTransferBytesMax));
    geometry.max_segments = kIoVecMax;
    geometry.buffer_alignment = direct ? std::max(alignment.buffer_bytes, 1u) : 1;
    geometry.physical_block_bytes =
        std::max(static_cast<std::uint32_t>(found.st_blksize), geometry.block_bytes);
    geometry.optimal_io_bytes = geometry.physical_block_bytes;
    geometry.command_set = CommandSet::nvm;
    geometry.deallocated_read = DeallocatedRead::zeroes;
}

Result<void, Failure> FileHandle::refresh() {
    struct stat found{};
    if (::fstat(fd, &found) != 0) return std::unexpected(stat_failure(identifier.path, errno));
    const os::DirectAlignment alignment =
        direct ? os::direct_alignment(fd) : os::DirectAlignment{1, 1};
    fill_geometry(facts.geometry, found, alignment, direct);
    return {};
}

/// Why open(2) failed, and what to do.
Failure open_failure(const std::string& path, const Options& options, int why,
                     bool direct_refused) {
    const std::string name = quoted(path);
    if (direct_refused)
        return {{Errc::unsupported, Status{}, why},
                "The file system of " + name +
                    " does not do direct I/O. Open it without direct, or put the file elsewhere."};
    switch (why) {
        case ENOENT:
        case ENOTDIR:
            if (options.create)
                return {{Errc::not_found, Status{}, why},
                        "The directory that " + name +
                            " is to be created in is not there. Create it first."};
            return {{Errc::not_found, Status{}, why},
                    "There is no file " + name +
                        ". Check the path, or ask for the file to be created."};
        case EACCES:
        case EPERM: {
            const char* what = options.access == Access::read_only    ? "reading"
                               : options.access == Access::write_only ? "writing"
                                                                      : "reading and writing";
            return {{Errc::no_permission, Status{}, why},
                    "This user may not open " + name + " for " + what +
                        ". Change its permissions, or open it as another user" +
                        (options.access == Access::read_write ? ", or for reading only." : ".")};
        }
        case EROFS:
            return {{Errc::read_only, Status{}, why},
                    "The file system of " + name +
                        " is mounted read-only. Open the file for reading only."};
        case EISDIR:
            return {{Errc::invalid_argument, Status{}, why},
                    name + " is a directory, not a file or device. Name a file in it."};
        case ENOSPC:
        case EDQUOT:
            return {Error::of_system(why), "The file system has no room for " + name + ": " +
                                               os::message(why) + ". Nothing was created."};
        default:
            return {Error::of_system(why),
                    "The system did not open " + name + ": " + os::message(why) + "."};
    }
}

/// Removes the file that it names when it is destroyed, unless it was told to keep it.
class CreatedFile {
  public:
    explicit CreatedFile(const std::string& path) noexcept : path_(path) {}
    CreatedFile(const CreatedFile&) = delete;
    CreatedFile& operator=(const CreatedFile&) = delete;
    ~CreatedFile() {
        if (created_) ::unlink(path_.c_str());
    }
    void created() noexcept { created_ = true; }
    bool was_created() const noexcept { return created_; }
    void keep() noexcept { created_ = false; }

  private:
    const std::string& path_;
    bool created_ = false;
};

int open_flags(Access access) noexcept {
    switch (access) {
        case Access::read_only:
            return O_RDONLY;
        case Access::write_only:
            return O_WRONLY;
        case Access::read_write:
            break;
    }
    return O_RDWR;
}

/// Opens the file, and creates it where that is asked for and it is missing.
os::Opened open_or_create(const std::string& path, const Options& options, CreatedFile& created) {
    // Not kept waiting by a pipe that nobody writes to.
    const int flags = open_flags(options.access) | O_NONBLOCK;
    if (options.create) {
        // Exclusive, so as to know that the file is ours to remove should something fail.
        os::Opened opened = os::open_path(path, flags | O_CREAT | O_EXCL,
                                          options.create_mode & 07777u, options.direct);
        if (opened.fd) created.created();
        // The file has been created by then, without a descriptor to show for it.
        if (opened.direct_refused) ::unlink(path.c_str());
        if (opened.os_error != EEXIST) return opened;
    }
    return os::open_path(path, flags, 0, options.direct);
}

/// Cuts the file and makes it as long as asked for.
Result<void, Failure> set_length(int fd, const std::string& path, const Options& options) {
    if (options.truncate && ::ftruncate(fd, 0) != 0) {
        const int why = errno;
        return fail(Error::of_system(why),
                    "The file " + quoted(path) + " could not be cut: " + os::message(why) + ".");
    }
    struct stat found{};
    if (::fstat(fd, &found) != 0) return std::unexpected(stat_failure(path, errno));
    const auto length = static_cast<std::uint64_t>(found.st_size);
    if (options.create_bytes <= length) return {};
    // An offset of the system is signed.
    const bool representable = options.create_bytes <= INT64_MAX;
    const int why =
        representable ? os::allocate_range(fd, length, options.create_bytes - length) : EFBIG;
    if (why == 0) return {};
    // What was set aside before the disk was full is given back. Should that fail too, the first
    // failure is the one to report.
    if (::ftruncate(fd, found.st_size) != 0) {
    }
    std::string sentence = "The file " + quoted(path) + " could not be made " +
                           std::to_string(options.create_bytes) +
                           " bytes long: " + os::message(why) + ".";
    if (why == ENOSPC || why == EDQUOT) sentence += " Free some space, or ask for less.";
    if (why == EFBIG) sentence += " Ask for less.";
    return fail(Error::of_system(why), std::move(sentence));
}

/// Options that contradict each other.
Result<void, Failure> check(const std::string& path, const Options& options) {
    const bool changes = options.create || options.truncate || options.create_bytes != 0;
    if (changes && options.access == Access::read_only)
        return fail(Errc::invalid_argument,
                    "Creating, cutting or growing " + quoted(path) +
                        " was asked for together with opening it for reading only. Leave out one.");
    return {};
}

Result<void, Failure> check_is_regular(const std::string& path, const struct stat& found) {
    if (S_ISREG(found.st_mode)) return {};
    if (S_ISDIR(found.st_mode))
        return fail(Errc::invalid_argument,
                    quoted(path) + " is a directory, not a file or device. Name a file in it.");
    return fail(Errc::invalid_argument, quoted(path) + " is not a regular file.");
}

void fill_facts(DeviceFacts& facts, int fd, const struct stat& found, const Options& options) {
    const std::string file_system = os::file_system_name(fd);
    facts.model = file_system + " file";
    facts.in_memory = file_system == "tmpfs" || file_system == "ramfs";
    facts.serial = std::to_string(static_cast<unsigned long long>(found.st_ino));
    facts.firmware = "1.0";
    facts.nsid = 1;
    facts.read_only = false;
    facts.nowait = os::takes_nowait(fd);
    const bool writable = options.access != Access::read_only;
    facts.can_deallocate = writable && os::can_punch_hole(fd, facts.geometry.size_bytes);
    facts.can_write_zeroes = writable;
    facts.volatile_cache = true;
}

}  // namespace

Result<std::unique_ptr<Handle>, Failure> open_file(const Identifier& identifier,
                                                   const Options& options) {
    const std::string& path = identifier.path;
    if (auto checked = check(path, options); !checked)
        return std::unexpected(std::move(checked.error()));
    CreatedFile created(path);
    os::Opened opened = open_or_create(path, options, created);
    if (!opened.fd)
        return std::unexpected(open_failure(path, options, opened.os_error, opened.direct_refused));
    const int fd = opened.fd.get();
    struct stat found{};
    if (::fstat(fd, &found) != 0) return std::unexpected(stat_failure(path, errno));
    if (auto regular = check_is_regular(path, found); !regular)
        return std::unexpected(std::move(regular.error()));
    // io_uring takes this flag to mean that a read which would block is to fail.
    if (::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) & ~O_NONBLOCK) != 0)
        return std::unexpected(stat_failure(path, errno));
    if (auto set = set_length(fd, path, options); !set)
        return std::unexpected(std::move(set.error()));
    const os::DirectAlignment alignment =
        options.direct ? os::direct_alignment(fd) : os::DirectAlignment{1, 1};
    if (alignment.offset_bytes == 0)
        return std::unexpected(open_failure(path, options, EINVAL, true));
    if (::fstat(fd, &found) != 0) return std::unexpected(stat_failure(path, errno));

    std::unique_ptr<FileHandle> handle(new (std::nothrow) FileHandle);
    if (handle == nullptr)
        return fail(Errc::no_memory, "There is no memory for opening " + quoted(path) + ".");
    handle->identifier = identifier;
    handle->access = options.access;
    handle->direct = options.direct;
    handle->owned = std::move(opened.fd);
    handle->fd = fd;
    fill_geometry(handle->facts.geometry, found, alignment, options.direct);
    fill_facts(handle->facts, fd, found, options);
    created.keep();
    return handle;
}

Result<std::unique_ptr<Handle>, Failure> open(const Identifier& identifier,
                                              const Options& options) {
    if (identifier.device_class != DeviceClass::file)
        return fail(Errc::unsupported, "The backend 'common' opens regular files alone, and '" +
                                           identifier.text + "' is none.");
    return open_file(identifier, options);
}

Result<std::vector<Found>, Failure> scan() {
    return std::vector<Found>{};
}

}  // namespace xnvme::be_common
