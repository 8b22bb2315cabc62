/// \file
/// A storage device: opening one by name, its geometry, synchronous commands, memory and queues.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <xnvme/buffer.hpp>
#include <xnvme/command.hpp>
#include <xnvme/export.hpp>
#include <xnvme/geometry.hpp>
#include <xnvme/nvme/identify.hpp>
#include <xnvme/nvme/registers.hpp>
#include <xnvme/options.hpp>
#include <xnvme/queue.hpp>
#include <xnvme/result.hpp>

namespace xnvme {

/// The part that an interface plays.
enum class Contract : std::uint8_t { async, sync, admin, memory };
inline constexpr unsigned kContractCount = 4;

/// One interface that was considered for a device, and what came of it.
struct Candidate {
    Contract contract{};
    std::string interface{};
    std::string backend{};
    bool chosen = false;
    std::string reason{};  ///< Why it was taken, or why not.
};

/// What an identifier names, found without opening it.
struct Found {
    std::string uri{};      ///< What `Device::open` takes.
    std::string backend{};  ///< The backend that serves it.
    DeviceClass device_class{};
    std::uint64_t size_bytes = 0;   ///< 0 where the system does not say.
    std::uint32_t block_bytes = 0;  ///< 0 where the system does not say.
    bool read_only = false;
    std::string model{};   ///< Empty where the system does not say.
    std::string serial{};  ///< The same.
    std::string use{};     ///< What holds it, such as a mount point or a backing file; else empty.

    // What follows is for NVMe's devices, and empty for all others.
    std::string firmware{};
    std::uint32_t nsid = 0;  ///< Namespace; 0 for a controller.
    /// Command set of a namespace; nothing where the system does not say.
    std::optional<CommandSet> command_set{};
    /// The same namespace as another device: its generic device, or its block device.
    std::string twin{};
    /// The controllers that a namespace is reached through. Several, where the system chooses among
    /// paths: then the namespace is listed once.
    std::vector<std::string> controllers{};
    std::string subsystem_nqn{};  ///< NVM subsystem's name.
    std::string transport{};      ///< "pcie", "tcp", ...; of the first controller, like the rest.
    std::string address{};        ///< "0000:00:04.0", or as the transport has it.
    std::string driver{};         ///< What drives the PCI function, such as "nvme".
    std::string state{};          ///< "live", "resetting", ...
};

/// What can be done to a controller as a whole.
enum class ControllerAction : std::uint8_t {
    /// Resets the controller. What is outstanding completes with an error, later commands work.
    reset,
    /// Resets the NVM subsystem, all controllers of it.
    subsystem_reset,
    /// Has the system look again at which namespaces there are.
    rescan,
};

/// Which interfaces a device uses, and what they carry.
struct Capabilities {
    std::string_view backend{};
    std::string_view async{};  ///< What `create_queue` uses.
    std::string_view sync{};
    std::string_view admin{};
    std::string_view mem{};
    const CommandRules* rules = nullptr;  ///< Of `execute`. Lives as long as the device.

    Service service(std::uint8_t opcode) const noexcept { return rules->opcodes[opcode].service; }
};

/// An open device. Move-only; queues and buffers made from it keep what they need of it alive.
///
/// `execute`, `admin`, `allocate`, `map` and `create_queue` may be called from several threads.
class Device {
  public:
    /// Opens what `uri` names: a path, `mem:1GiB`, and so on. Chooses the interfaces, or takes
    /// those that `options` names. What cannot work is refused here. The failure's sentence says
    /// what to do. Blocks while the system opens the device.
    [[nodiscard]] XNVME_API static Result<Device, Failure> open(std::string_view uri,
                                                                const Options& options = {});

    XNVME_API Device(Device&&) noexcept;
    XNVME_API Device& operator=(Device&&) noexcept;
    XNVME_API ~Device();

    XNVME_API std::string_view uri() const noexcept;
    XNVME_API DeviceClass device_class() const noexcept;
    /// Namespace identifier that commands are addressed to.
    XNVME_API std::uint32_t nsid() const noexcept;
    XNVME_API const Options& options() const noexcept;
    /// Sizes and limits as of open, or of the last `refresh`.
    XNVME_API const Geometry& geometry() const noexcept;
    /// Identify Controller data (CNS 01h). Synthesised for files and plain block devices.
    XNVME_API const nvme::IdentifyController& identify_controller() const noexcept;
    /// Identify Namespace data (CNS 00h). The same. All zeroes where the namespace is key-value.
    XNVME_API const nvme::IdentifyNamespace& identify_namespace() const noexcept;
    [[nodiscard]] XNVME_API Capabilities capabilities() const noexcept;
    /// Every interface that was considered, with the reason why it was taken or not.
    XNVME_API const std::vector<Candidate>& candidates() const noexcept;

    /// Runs one I/O command and waits for it. Returns its completion, or the error: the same checks
    /// and errors as `Queue::submit`, then `device`, `system`, `short_transfer`, `timed_out`,
    /// `device_gone`.
    [[nodiscard]] XNVME_API Result<Completion> execute(const Command& command,
                                                       const Data& data = {},
                                                       const Data& metadata = {}) noexcept;
    /// The same in the caller's context, where everything of the completion stays to be read.
    [[nodiscard]] XNVME_API Result<void> execute(Context& context, const Data& data = {},
                                                 const Data& metadata = {}) noexcept;
    /// Runs one admin command and waits for it. Errors: `device`, `system`, `timed_out`,
    /// `unsupported`, `invalid_argument`.
    [[nodiscard]] XNVME_API Result<Completion> admin(const Command& command, const Data& data = {},
                                                     const Data& metadata = {}) noexcept;
    [[nodiscard]] XNVME_API Result<void> admin(Context& context, const Data& data = {},
                                               const Data& metadata = {}) noexcept;
    /// Reads identify data and geometry again, after a format for example. Not while queues of this
    /// device exist: they keep the limits they were made with.
    [[nodiscard]] XNVME_API Result<void, Failure> refresh();

    /// Does something to the whole controller, and waits for it; a rescan goes on by itself. Others
    /// who use the controller feel it. Errors: `unsupported` where the device has no such thing,
    /// `no_permission`, `invalid_argument` where a namespace is reached through several controllers
    /// and one has to be named, `system`.
    [[nodiscard]] XNVME_API Result<void, Failure> control(ControllerAction action);
    /// The controller's registers, read now. Errors: as `control`. NVMe Base 2.0 §3.1.3
    [[nodiscard]] XNVME_API Result<nvme::ControllerRegisters, Failure> registers();

    /// Memory for I/O, zeroed, aligned for the device and at least to the page size.
    [[nodiscard]] XNVME_API Result<Buffer, Failure> allocate(std::size_t bytes);
    /// Makes the caller's memory known to the device, which speeds up I/O where interfaces can
    /// register memory. It stays the caller's, and must stay until the buffer is destroyed.
    [[nodiscard]] XNVME_API Result<Buffer, Failure> map(void* base, std::size_t bytes);

    /// A queue of `depth` commands, 1 to `kDepthMax`; any number, not only powers of two.
    [[nodiscard]] XNVME_API Result<Queue, Failure> create_queue(std::uint32_t depth,
                                                                const QueueOptions& options = {});

    /// The library's side of the device.
    DeviceState& state() const noexcept { return *state_; }

  private:
    explicit Device(std::shared_ptr<DeviceState> state) noexcept;
    std::shared_ptr<DeviceState> state_;
};

/// What storage this system has, found without opening it. Interfaces that cannot look are left
/// out. The order is by backend, then by name.
[[nodiscard]] XNVME_API Result<std::vector<Found>, Failure> scan();

/// Opens each device that `scan` finds, and calls `visit` with it: an open device, or the failure
/// of opening it. `visit` returns false to stop. A device that it does not move away is closed.
[[nodiscard]] XNVME_API Result<void, Failure> enumerate(
    const Options& options,
    const std::function<bool(const Found& found, Result<Device, Failure>& device)>& visit);

/// Every interface that would be considered for `uri`, with the reason, whether or not opening it
/// succeeds. The failure is that of `Device::open` when not even the identifier can be understood.
[[nodiscard]] XNVME_API Result<std::vector<Candidate>, Failure> explain(
    std::string_view uri, const Options& options = {});

/// One row of the interface table, as this build and this machine have it.
struct InterfaceInfo {
    std::string_view name{};
    Contract contract{};
    std::string_view backend{};
    std::string_view summary{};
    std::vector<DeviceClass> classes{};  ///< Device classes that it serves.
    bool automatic = true;               ///< False: used only when it is named.
    bool built = true;                   ///< False: left out of this build; `reason` says why.
    bool available = true;               ///< False: this machine lacks it; `reason` says what.
    std::string reason{};
};

/// The interface table, in order of preference within each contract, with rows that this build
/// left out.
[[nodiscard]] XNVME_API std::vector<InterfaceInfo> interfaces();

}  // namespace xnvme
