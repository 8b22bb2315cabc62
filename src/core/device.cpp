#include <xnvme/describe.hpp>
#include <xnvme/device.hpp>
#include <xnvme/nvme/builders.hpp>
#include <xnvme/nvme/transfer.hpp>

#include <utility>

#include "backends/common/thrpool.hpp"
#include "core/device_state.hpp"
#include "core/identifier.hpp"
#include "core/rule_table.hpp"

namespace xnvme {

namespace {

Result<void, Failure> make_interfaces(DeviceState& state) {
    auto memory = state.selection.memory->make_memory(*state.handle, state.options);
    if (!memory) return std::unexpected(std::move(memory.error()));
    state.memory = std::move(*memory);
    auto sync = state.selection.sync->make_sync(*state.handle, state.options);
    if (!sync) return std::unexpected(std::move(sync.error()));
    state.sync = std::move(*sync);
    auto admin = state.selection.admin->make_admin(*state.handle, state.options);
    if (!admin) return std::unexpected(std::move(admin.error()));
    state.admin = std::move(*admin);
    return {};
}

template <class Structure>
Result<void, Failure> identify(DeviceState& state, nvme::Cns cns, std::uint32_t nsid,
                               Structure& structure) {
    Context context{};
    context.command = nvme::identify({.cns = cns, .nsid = nsid});
    context.device = &state;
    CommandRules::fill(context, Data(&structure, sizeof structure));
    state.admin->execute(context);
    if (context.ok()) return {};
    structure = Structure{};
    return fail(context.why(),
                "'" + state.handle->identifier.text + "' did not answer Identify (CNS " +
                    std::to_string(static_cast<unsigned>(cns)) + "): " + describe(context.why()));
}

/// Identify data and the rules that follow from the geometry. A controller without the namespace
/// that was asked for has no namespace data; its I/O commands have nothing to address.
Result<void, Failure> learn(DeviceState& state) {
    if (auto done = identify(state, nvme::Cns::controller, 0, state.identify_controller); !done)
        return done;
    const Handle& handle = *state.handle;
    const bool controller = handle.identifier.device_class == DeviceClass::nvme_controller;
    // A namespace without blocks does not have the data structure that describes them.
    if (handle.facts.geometry.command_set != CommandSet::key_value) {
        auto identified =
            identify(state, nvme::Cns::ns, handle.facts.nsid, state.identify_namespace);
        if (!identified && !controller) return identified;
    }
    state.sync_carries = state.selection.sync->carries(handle);
    state.rules = core::make_rules(handle, state.sync_carries, OpcodeSet{});
    return {};
}

/// The worker that serves what the interface does not carry. It holds contexts of the engine's
/// slots, so it has none of its own; twice the depth is more than can ever be handed to it.
Result<std::unique_ptr<AsyncQueue>, Failure> make_worker(QueueState& queue,
                                                         const CommandRules& rules,
                                                         std::uint32_t depth) {
    DeviceState& state = *queue.device;
    SyncInterface* commands = state.sync.get();
    if (queue.admin == Service::emulated) {
        queue.worker_commands = std::make_unique<WorkerCommands>(*state.sync, *state.admin);
        commands = queue.worker_commands.get();
    }
    auto slots = SlotArray::create(0);
    if (!slots) return fail(slots.error(), "No memory for the queue's worker.");
    return be_common::thrpool::make_worker(
        QueueParts{.slots = std::move(*slots), .rules = rules, .device = &state}, *commands,
        2 * depth);
}

bool any_emulated(const CommandRules& rules) {
    for (const OpcodeRule& rule : rules.opcodes) {
        if (rule.service == Service::emulated) return true;
    }
    return false;
}

std::unexpected<Failure> cannot_poll(const DeviceState& state, const std::string& reason) {
    return fail(Errc::unsupported, "The queue of '" + state.handle->identifier.text +
                                       "' cannot have poll_io or poll_sq on " +
                                       std::string(state.selection.async->name) + ": " + reason +
                                       ".");
}

Failure bad_depth(std::uint32_t depth) {
    return Failure{Error::of(Errc::invalid_argument),
                   "A queue cannot have a depth of " + std::to_string(depth) + ": ask for 1 to " +
                       std::to_string(kDepthMax) + "."};
}

}  // namespace

Error prepare_admin(const DeviceState& device, Context& context, const Data& data,
                    const Data& metadata) noexcept {
    const bool lists = data.vectored() || metadata.vectored();
    const bool missing = data.base() == nullptr && data.bytes() != 0;
    if (lists || missing) return Error::of(Errc::invalid_argument);
    const std::uint32_t limit = device.handle->facts.geometry.max_transfer_bytes;
    if (data.bytes() > limit || metadata.bytes() > limit) return Error::of(Errc::too_large);
    if (nvme::filled_bytes(nvme::OpcodeSet::admin, context.command) > data.bytes())
        return Error::of(Errc::bad_length);
    CommandRules::fill(context, data);
    context.command.metadata = reinterpret_cast<std::uintptr_t>(metadata.base());
    context.command.metadata_bytes = static_cast<std::uint32_t>(metadata.bytes());
    return {};
}

Device::Device(std::shared_ptr<DeviceState> state) noexcept : state_(std::move(state)) {}
Device::Device(Device&&) noexcept = default;
Device& Device::operator=(Device&&) noexcept = default;
Device::~Device() = default;

Result<Device, Failure> Device::open(std::string_view uri, const Options& options) {
    auto identifier = core::identify(uri, options);
    if (!identifier) return std::unexpected(std::move(identifier.error()));
    // Names are checked before anything is opened, so that a slip creates and changes nothing.
    auto backend = core::select_backend(*identifier, options);
    if (!backend) return std::unexpected(std::move(backend.error()));
    if (auto checked = core::check_names(*identifier, options); !checked) {
        return std::unexpected(std::move(checked.error()));
    }
    auto handle = (*backend)->open(*identifier, options);
    if (!handle) return std::unexpected(std::move(handle.error()));

    auto state = std::make_shared<DeviceState>();
    state->options = options;
    state->backend = *backend;
    state->handle = std::move(*handle);
    auto selected = core::select_interfaces(*state->handle, options, state->selection);
    if (!selected) return std::unexpected(std::move(selected.error()));
    if (auto made = make_interfaces(*state); !made) {
        return std::unexpected(std::move(made.error()));
    }
    if (auto learned = learn(*state); !learned) return std::unexpected(std::move(learned.error()));
    return Device(std::move(state));
}

std::string_view Device::uri() const noexcept {
    return state_->handle->identifier.text;
}
DeviceClass Device::device_class() const noexcept {
    return state_->handle->identifier.device_class;
}
std::uint32_t Device::nsid() const noexcept {
    return state_->handle->facts.nsid;
}
const Options& Device::options() const noexcept {
    return state_->options;
}
const Geometry& Device::geometry() const noexcept {
    return state_->handle->facts.geometry;
}
const nvme::IdentifyController& Device::identify_controller() const noexcept {
    return state_->identify_controller;
}
const nvme::IdentifyNamespace& Device::identify_namespace() const noexcept {
    return state_->identify_namespace;
}
const std::vector<Candidate>& Device::candidates() const noexcept {
    return state_->selection.candidates;
}

Capabilities Device::capabilities() const noexcept {
    return Capabilities{.backend = state_->backend->name,
                        .async = state_->selection.async->name,
                        .sync = state_->selection.sync->name,
                        .admin = state_->selection.admin->name,
                        .mem = state_->selection.memory->name,
                        .rules = &state_->rules};
}

Result<void> Device::execute(Context& context, const Data& data, const Data& metadata) noexcept {
    if (const Error error = state_->rules.prepare(context, data, metadata)) return fail(error);
    context.device = state_.get();
    context.queue = nullptr;
    state_->sync->execute(context);
    if (!context.ok()) return fail(context.why());
    return {};
}

Result<Completion> Device::execute(const Command& command, const Data& data,
                                   const Data& metadata) noexcept {
    Context context{};
    context.command = command;
    if (auto executed = execute(context, data, metadata); !executed) {
        return std::unexpected(executed.error());
    }
    return context.completion;
}

Result<void> Device::admin(Context& context, const Data& data, const Data& metadata) noexcept {
    if (const Error error = prepare_admin(*state_, context, data, metadata)) return fail(error);
    context.device = state_.get();
    context.queue = nullptr;
    state_->admin->execute(context);
    if (!context.ok()) return fail(context.why());
    return {};
}

Result<Completion> Device::admin(const Command& command, const Data& data,
                                 const Data& metadata) noexcept {
    Context context{};
    context.command = command;
    if (auto executed = admin(context, data, metadata); !executed) {
        return std::unexpected(executed.error());
    }
    return context.completion;
}

Result<void, Failure> Device::refresh() {
    if (auto refreshed = state_->handle->refresh(); !refreshed) return refreshed;
    return learn(*state_);
}

Result<void, Failure> Device::control(ControllerAction action) {
    return state_->admin->control(action);
}

Result<nvme::ControllerRegisters, Failure> Device::registers() {
    return state_->admin->registers();
}

Result<Buffer, Failure> Device::allocate(std::size_t bytes) {
    if (bytes == 0) return fail(Errc::invalid_argument, "A buffer of 0 bytes was asked for.");
    const std::size_t alignment = state_->handle->facts.geometry.buffer_alignment;
    auto memory = state_->memory->allocate(bytes, alignment);
    if (!memory) return std::unexpected(std::move(memory.error()));
    state_->regions.add(*memory, bytes);
    return Buffer(state_, static_cast<std::byte*>(*memory), bytes, false);
}

Result<Buffer, Failure> Device::map(void* base, std::size_t bytes) {
    if (base == nullptr || bytes == 0) {
        return fail(Errc::invalid_argument,
                    "Memory to map needs an address and a length that is not 0.");
    }
    if (auto mapped = state_->memory->map(base, bytes); !mapped) {
        return std::unexpected(std::move(mapped.error()));
    }
    state_->regions.add(base, bytes);
    return Buffer(state_, static_cast<std::byte*>(base), bytes, true);
}

Result<Queue, Failure> Device::create_queue(std::uint32_t depth, const QueueOptions& options) {
    if (depth == 0 || depth > kDepthMax) return std::unexpected(bad_depth(depth));
    DeviceState& state = *state_;
    const InterfaceRow& row = *state.selection.async;
    const OpcodeSet native =
        row.carries == nullptr ? state.sync_carries : row.carries(*state.handle);
    const OpcodeSet fallback = options.strict ? OpcodeSet{} : state.sync_carries;
    const CommandRules rules = core::make_rules(*state.handle, native, fallback);

    auto slots = SlotArray::create(depth);
    if (!slots) {
        return fail(slots.error(),
                    "There is no memory for a queue of depth " + std::to_string(depth) + ".");
    }
    auto queue = std::make_unique<QueueState>();
    queue->device = state_;
    queue->options = options;
    queue->device_options = state.options;
    queue->device_options.poll_io |= options.poll_io;
    queue->device_options.poll_sq |= options.poll_sq;
    if (options.poll_io || options.poll_sq) {
        const Verdict verdict = row.probe(*state.handle, queue->device_options);
        if (verdict.kind == Verdict::Kind::refuses) return cannot_poll(state, verdict.reason);
    }
    auto engine = row.make_queue(QueueSetup{
        .parts = QueueParts{.slots = std::move(*slots), .rules = rules, .device = &state},
        .handle = *state.handle,
        .sync = *state.sync,
        .device_options = queue->device_options,
        .options = options,
        .regions = state.regions});
    if (!engine) return std::unexpected(std::move(engine.error()));
    queue->engine = std::move(*engine);
    const QueueTraits& traits = queue->engine->traits();
    if ((options.poll_io && !traits.io_poll) || (options.poll_sq && !traits.kernel_thread)) {
        return cannot_poll(state, "poll_io and poll_sq are io_uring's");
    }
    if (options.admin && traits.admin) queue->admin = Service::native;
    if (options.admin && queue->admin == Service::refused && !options.strict)
        queue->admin = Service::emulated;
    if (any_emulated(rules) || queue->admin == Service::emulated) {
        auto worker = make_worker(*queue, rules, depth);
        if (!worker) return std::unexpected(std::move(worker.error()));
        queue->worker = std::move(*worker);
        queue->engine->set_worker(queue->worker.get());
    }
    queue->engine->set_state(queue.get());
    return Queue(std::move(queue));
}

Result<std::vector<Candidate>, Failure> explain(std::string_view uri, const Options& options) {
    auto identifier = core::identify(uri, options);
    if (!identifier) return std::unexpected(std::move(identifier.error()));
    auto backend = core::select_backend(*identifier, options);
    if (!backend) return std::unexpected(std::move(backend.error()));
    if (auto checked = core::check_names(*identifier, options); !checked) {
        return std::unexpected(std::move(checked.error()));
    }
    auto handle = (*backend)->open(*identifier, options);
    if (!handle) return std::unexpected(std::move(handle.error()));
    core::Selection selection;
    // What cannot be selected is in the candidates, which is what was asked for.
    (void)core::select_interfaces(**handle, options, selection);
    return std::move(selection.candidates);
}

Result<std::vector<Found>, Failure> scan() {
    std::vector<Found> found;
    for (const BackendRow& backend : core::backend_rows()) {
        if (backend.scan == nullptr) continue;
        auto part = backend.scan();
        if (!part) return std::unexpected(std::move(part.error()));
        for (Found& one : *part) found.push_back(std::move(one));
    }
    return found;
}

Result<void, Failure> enumerate(
    const Options& options,
    const std::function<bool(const Found&, Result<Device, Failure>&)>& visit) {
    auto found = scan();
    if (!found) return std::unexpected(std::move(found.error()));
    for (const Found& one : *found) {
        auto device = Device::open(one.uri, options);
        if (!visit(one, device)) break;
    }
    return {};
}

std::vector<InterfaceInfo> interfaces() {
    std::vector<InterfaceInfo> all;
    const auto classes_of = [](const ClassSet& set) {
        std::vector<DeviceClass> classes;
        for (unsigned i = 0; i < kDeviceClassCount; ++i) {
            if (set.has(static_cast<DeviceClass>(i)))
                classes.push_back(static_cast<DeviceClass>(i));
        }
        return classes;
    };
    for (const InterfaceRow& row : core::interface_rows()) {
        const Verdict verdict = row.machine();
        const bool available = verdict.kind != Verdict::Kind::refuses;
        // A reason is often made at run time; keep it in the value that is handed out.
        all.push_back(InterfaceInfo{.name = row.name,
                                    .contract = row.contract,
                                    .backend = row.backend,
                                    .summary = row.summary,
                                    .classes = classes_of(row.classes),
                                    .automatic = row.automatic,
                                    .built = true,
                                    .available = available,
                                    .reason = verdict.reason});
    }
    for (const core::LeftOut& row : core::left_out_rows()) {
        all.push_back(InterfaceInfo{.name = row.name,
                                    .contract = row.contract,
                                    .backend = row.backend,
                                    .summary = row.summary,
                                    .classes = classes_of(row.classes),
                                    .automatic = false,
                                    .built = false,
                                    .available = false,
                                    .reason = std::string(row.reason)});
    }
    return all;
}

}  // namespace xnvme
