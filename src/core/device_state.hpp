/// \file
/// What stands behind the handles: a device's interfaces and a queue's parts.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <xnvme/device.hpp>

#include "contracts/interfaces.hpp"
#include "contracts/regions.hpp"
#include "core/registry.hpp"
#include "core/selection.hpp"
#include "os/event.hpp"

namespace xnvme {

/// An open device. Shared by the device, its queues and its buffers, so that they may go in any
/// order. Interfaces go before the handle that they refer to.
class DeviceState {
  public:
    Options options;
    const BackendRow* backend = nullptr;
    core::Selection selection;
    std::unique_ptr<Handle> handle;
    std::unique_ptr<MemoryInterface> memory;
    std::unique_ptr<SyncInterface> sync;
    std::unique_ptr<AdminInterface> admin;
    CommandRules rules;  ///< Of the synchronous interface.
    OpcodeSet sync_carries;
    RegionTable regions;
    nvme::IdentifyController identify_controller{};
    nvme::IdentifyNamespace identify_namespace{};
    void* companion = nullptr;  ///< What the C API keeps beside the device; its own to free.
};

/// Checks an admin command and fills its context, as `CommandRules::prepare` does for I/O. What the
/// fields mean is the device's to judge, but that it fills no more memory than it was given.
Error prepare_admin(const DeviceState& device, Context& context, const Data& data,
                    const Data& metadata) noexcept;

/// What a worker runs: I/O commands, and admin commands where the queue takes those.
class WorkerCommands final : public SyncInterface {
  public:
    WorkerCommands(SyncInterface& sync, AdminInterface& admin) noexcept
        : sync_(sync), admin_(admin) {}
    void execute(Context& context) noexcept override {
        if ((context.options & kAdmin) != 0) return admin_.execute(context);
        sync_.execute(context);
    }

  private:
    SyncInterface& sync_;
    AdminInterface& admin_;
};

/// A queue. The worker goes first: it may hold contexts that are the engine's.
struct QueueState {
    std::shared_ptr<DeviceState> device;
    QueueOptions options;
    Service admin = Service::refused;
    bool prepared_for_worker = false;  ///< A command was ever prepared that the worker serves.
    std::unique_ptr<WorkerCommands> worker_commands;
    Options device_options;     ///< The device's, with what the queue asked for on top.
    void* companion = nullptr;  ///< What the C API keeps beside the queue; its own to free.
    std::unique_ptr<AsyncQueue> engine;
    std::unique_ptr<AsyncQueue> worker;
    std::optional<os::EventSet> watched;
};

}  // namespace xnvme
