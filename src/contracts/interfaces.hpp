/// \file
/// The contracts that a backend implements, but for the asynchronous one, which is in
/// <xnvme/async_queue.hpp> because programs inline a part of it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <xnvme/async_queue.hpp>
#include <xnvme/command.hpp>
#include <xnvme/device.hpp>
#include <xnvme/geometry.hpp>
#include <xnvme/options.hpp>
#include <xnvme/result.hpp>

namespace xnvme {

/// A name that was understood: what class of device it is, and where.
struct Identifier {
    std::string text;  ///< As the caller wrote it.
    DeviceClass device_class{};
    std::string path;      ///< Canonical path for what has one, else the text.
    bool missing = false;  ///< A file that is not there yet, to be created.
};

/// What a backend found out when it opened the device.
struct DeviceFacts {
    Geometry geometry;
    std::string model;
    std::string serial;
    std::string firmware;
    std::uint32_t nsid = 1;
    bool read_only = false;  ///< The device itself refuses writes.
    bool nowait = false;     ///< Reads that would block can be refused (RWF_NOWAIT).
    bool in_memory = false;  ///< Reads and writes copy memory, and are done when they return.
    bool can_deallocate = false;
    bool can_write_zeroes = false;
    bool can_secure_erase = false;
    bool volatile_cache = false;  ///< There is something that a flush flushes.
    /// The namespace's I/O commands go to the device as they are (NVMe devices, the model), so
    /// that what an opcode is allowed to do is the device's verdict and not a table's.
    bool takes_raw_commands = false;
};

/// An open device, as the operating system or driver knows it. A backend derives from it to add
/// what its interfaces share.
struct Handle {
    Handle() = default;
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    virtual ~Handle() = default;

    /// Reads `facts` again, after a format or a change of size. Blocks.
    virtual Result<void, Failure> refresh() { return {}; }

    Identifier identifier;
    DeviceFacts facts;
    int fd = -1;          ///< POSIX descriptor, or -1 where the backend has none.
    int admin_fd = -1;    ///< The descriptor of admin commands, where it is not `fd`.
    bool direct = false;  ///< The descriptor bypasses the page cache.
    Access access = Access::read_write;
};

/// A set of opcodes.
class OpcodeSet {
  public:
    constexpr OpcodeSet() = default;
    constexpr OpcodeSet(std::initializer_list<unsigned> opcodes) {
        for (unsigned opcode : opcodes) add(static_cast<std::uint8_t>(opcode));
    }
    static constexpr OpcodeSet all() {
        OpcodeSet set;
        for (auto& word : set.words_) word = ~std::uint64_t{0};
        return set;
    }
    /// True for interfaces that send commands to the device as they are.
    constexpr bool is_all() const { return *this == all(); }
    constexpr bool operator==(const OpcodeSet&) const = default;
    constexpr void add(std::uint8_t opcode) {
        words_[opcode / 64] |= std::uint64_t{1} << (opcode % 64);
    }
    constexpr bool has(std::uint8_t opcode) const {
        return ((words_[opcode / 64] >> (opcode % 64)) & 1) != 0;
    }

  private:
    std::uint64_t words_[4] = {};
};

/// Contract: execute an I/O command and wait for it. `execute` may be called from several threads
/// at once; it is given commands that have passed the rules, fills in the completion (see
/// complete.hpp) and neither calls back nor throws.
class SyncInterface {
  public:
    SyncInterface() = default;
    SyncInterface(const SyncInterface&) = delete;
    SyncInterface& operator=(const SyncInterface&) = delete;
    virtual ~SyncInterface() = default;
    virtual void execute(Context& context) noexcept = 0;
    /// Executes commands one after the other, and calls each one's callback before the next. An
    /// interface that can do so for less than a call each overrides it.
    virtual void execute_each(std::span<Context* const> contexts) noexcept {
        for (Context* const context : contexts) {
            execute(*context);
            context->callback(*context, context->argument);
        }
    }
};

/// Contract: execute an admin command and wait for it. As `SyncInterface`; data lengths have not
/// been checked against the command, so implementations do not trust them.
class AdminInterface {
  public:
    AdminInterface() = default;
    AdminInterface(const AdminInterface&) = delete;
    AdminInterface& operator=(const AdminInterface&) = delete;
    virtual ~AdminInterface() = default;
    virtual void execute(Context& context) noexcept = 0;
    /// `Device::control` and `Device::registers`. Without a controller behind the interface there
    /// is nothing to do them to: the base class says so.
    virtual Result<void, Failure> control(ControllerAction) { return no_controller(); }
    virtual Result<nvme::ControllerRegisters, Failure> registers() { return no_controller(); }

  private:
    static std::unexpected<Failure> no_controller() {
        return fail(Errc::unsupported,
                    "There is no NVMe controller behind this device's admin interface. Name an "
                    "NVMe device, such as /dev/nvme0.");
    }
};

/// Contract: memory for I/O. May be called from several threads at once.
class MemoryInterface {
  public:
    MemoryInterface() = default;
    MemoryInterface(const MemoryInterface&) = delete;
    MemoryInterface& operator=(const MemoryInterface&) = delete;
    virtual ~MemoryInterface() = default;

    /// Zeroed memory, aligned to `alignment` (a power of two) and at least to the page.
    virtual Result<void*, Failure> allocate(std::size_t bytes, std::size_t alignment) = 0;
    virtual void free(void* base, std::size_t bytes) noexcept = 0;
    /// Makes caller's memory usable. Interfaces that need nothing for it return success.
    virtual Result<void, Failure> map(void* base, std::size_t bytes) = 0;
    virtual void unmap(void* base, std::size_t bytes) noexcept = 0;
    /// The address by which the device knows `base`; `unsupported` where there is none.
    virtual Result<std::uint64_t> translate(const void* base) noexcept = 0;
};

class RegionTable;

/// What an asynchronous interface gets to make a queue from. The references live as long as the
/// queue.
struct QueueSetup {
    QueueParts parts;
    Handle& handle;
    SyncInterface& sync;
    const Options& device_options;
    QueueOptions options;
    const RegionTable& regions;  ///< The device's buffers, for interfaces that register memory.
};

/// What asking an interface about a machine or a device comes to.
struct Verdict {
    enum class Kind : std::uint8_t {
        serves,   ///< Take it.
        demoted,  ///< It works, but something further down the table is faster here.
        refuses,  ///< It cannot work.
    };
    Kind kind = Kind::serves;
    std::string reason;

    static Verdict serves(std::string reason) { return {Kind::serves, std::move(reason)}; }
    static Verdict demoted(std::string reason) { return {Kind::demoted, std::move(reason)}; }
    static Verdict refuses(std::string reason) { return {Kind::refuses, std::move(reason)}; }
};

/// A set of device classes.
class ClassSet {
  public:
    constexpr ClassSet(std::initializer_list<DeviceClass> classes) {
        for (DeviceClass device_class : classes) bits_ |= 1u << static_cast<unsigned>(device_class);
    }
    constexpr bool has(DeviceClass device_class) const {
        return ((bits_ >> static_cast<unsigned>(device_class)) & 1u) != 0;
    }

  private:
    unsigned bits_ = 0;
};

/// One row of the registry: an interface. Exactly one of the four factories is set, the one of
/// `contract`.
struct InterfaceRow {
    std::string_view name;
    Contract contract;
    std::string_view backend;
    std::string_view summary;  ///< One line, for tables.
    ClassSet classes;
    bool automatic;  ///< False: used only when it is named.
    /// Does this machine have it? Asks the running system.
    Verdict (*machine)();
    /// Does it serve this device with these options? Asks the real thing.
    Verdict (*probe)(const Handle& handle, const Options& options);
    /// Opcodes that it carries itself, on this device. For `async` and `sync`. An asynchronous
    /// interface that runs the synchronous one carries what that carries: null says so.
    OpcodeSet (*carries)(const Handle& handle);

    Result<std::unique_ptr<AsyncQueue>, Failure> (*make_queue)(QueueSetup setup) = nullptr;
    Result<std::unique_ptr<SyncInterface>, Failure> (*make_sync)(Handle& handle,
                                                                 const Options& options) = nullptr;
    Result<std::unique_ptr<AdminInterface>, Failure> (*make_admin)(
        Handle& handle, const Options& options) = nullptr;
    Result<std::unique_ptr<MemoryInterface>, Failure> (*make_memory)(
        Handle& handle, const Options& options) = nullptr;
};

/// Contract: discovery, one per backend.
struct BackendRow {
    std::string_view name;
    std::string_view summary;
    ClassSet classes;  ///< Classes that `open` takes.
    /// What is there, without opening it; null for backends with nothing to find.
    Result<std::vector<Found>, Failure> (*scan)();
    Result<std::unique_ptr<Handle>, Failure> (*open)(const Identifier& identifier,
                                                     const Options& options);
};

}  // namespace xnvme
