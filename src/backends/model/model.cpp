#include "model.hpp"

#include <span>
#include <utility>

#include "controller.hpp"
#include "kv_commands.hpp"
#include "store.hpp"

namespace xnvme::be_model {

namespace {

std::string current_firmware(Controller& controller) {
    const std::lock_guard lock(controller.admin_mutex());
    return std::string(nvme::trimmed(controller.firmware().revision()));
}

void take_zones(const Zones& zones, const Shape& shape, Geometry& geometry) {
    const ZoneConfig& config = zones.config();
    geometry.command_set = CommandSet::zoned;
    geometry.zoned = true;
    geometry.zones = zones.count();
    geometry.zone_blocks = zones.zone_blocks(shape);
    geometry.max_open_zones = config.max_open;
    geometry.max_active_zones = config.max_active;
    geometry.max_append_bytes = static_cast<std::uint32_t>(config.append_bytes);
    geometry.zone_extension_bytes = config.extension_bytes;
    geometry.random_write_areas = config.areas;
    geometry.random_write_area_blocks =
        static_cast<std::uint32_t>(config.area_bytes >> shape.block_shift);
    geometry.random_write_area_flush_blocks =
        static_cast<std::uint32_t>(config.area_flush_bytes >> shape.block_shift);
}

/// An open model device: a share of its controller.
struct ModelHandle final : Handle {
    explicit ModelHandle(ControllerRef opened) : controller(std::move(opened)) {}

    Result<void, Failure> refresh() override {
        const Config& config = controller->config();
        const Shape& shape = controller->media().shape();
        if (shape.hidden)
            return fail(Errc::device_gone,
                        "The namespace of '" + identifier.text +
                            "' is not attached any more: attach it, or create it again.");
        facts.firmware = current_firmware(*controller);
        Geometry& geometry = facts.geometry;
        if (controller->kv() != nullptr) {
            nvme::take_kv_geometry(identify_namespace_kv(*controller), config.mdts_bytes, geometry);
            return {};
        }
        geometry = Geometry{};
        geometry.blocks = shape.blocks;
        geometry.block_bytes = shape.block_bytes;
        geometry.size_bytes = shape.blocks << shape.block_shift;
        geometry.metadata_bytes = shape.metadata_bytes;
        geometry.metadata_extended = shape.extended;
        geometry.transfer_block_bytes = shape.transfer_bytes;
        geometry.protection_type = shape.protection.type;
        if (geometry.protection_type != 0) {
            geometry.guard_bits = shape.protection.guard_bits;
            geometry.storage_tag_bits = shape.protection.storage_tag_bits;
            geometry.protection_first = shape.protection.first;
        }
        geometry.max_transfer_bytes = config.mdts_bytes;
        geometry.max_segments = kIoVecMax;
        geometry.buffer_alignment = 1;
        geometry.physical_block_bytes = shape.block_bytes;
        geometry.command_set = CommandSet::nvm;
        geometry.deallocated_read = config.deallocated;
        if (const Zones* zones = controller->zones()) take_zones(*zones, shape, geometry);
        return {};
    }

    ControllerRef controller;
};

ModelHandle& model_of(Handle& handle) {
    return static_cast<ModelHandle&>(handle);
}

/// What the registers of this controller would say. It has no queues in memory, whose addresses are
/// 0 therefore. NVMe Base 2.0 §3.1.3
nvme::ControllerRegisters model_registers() noexcept {
    nvme::ControllerRegisters registers{};
    // MQES 65536, CQR, TO 500 ms, NSSRS, CSS the NVM command set and others; MPSMAX 64 KiB.
    registers.cap = std::uint64_t{0xffff} | (std::uint64_t{1} << 16) | (std::uint64_t{1} << 24) |
                    (std::uint64_t{1} << 36) | (std::uint64_t{0x41} << 37) |
                    (std::uint64_t{4} << 52);
    registers.vs = std::uint32_t{0x00020000};
    // EN, all command sets, entries of 64 and 16 bytes.
    registers.cc = 1u | (6u << 4) | (6u << 16) | (4u << 20);
    registers.csts = std::uint32_t{1};
    return registers;
}

/// Both contracts: the command runs on the caller's thread.
class ModelSync final : public SyncInterface {
  public:
    ModelSync(Controller& controller, std::chrono::milliseconds timeout) noexcept
        : controller_(controller), timeout_(timeout) {}
    void execute(Context& context) noexcept override { controller_.execute_io(context, timeout_); }
    /// With the common command inlined, so that what it needs is looked up once for all.
    [[gnu::flatten]] void execute_each(std::span<Context* const> contexts) noexcept override {
        for (Context* const context : contexts) {
            controller_.execute_io(*context, timeout_);
            context->callback(*context, context->argument);
        }
    }

  private:
    Controller& controller_;
    const std::chrono::milliseconds timeout_;
};

class ModelAdmin final : public AdminInterface {
  public:
    ModelAdmin(Controller& controller, std::chrono::milliseconds timeout) noexcept
        : controller_(controller), timeout_(timeout) {}
    void execute(Context& context) noexcept override {
        controller_.execute_admin(context, timeout_);
    }
    Result<void, Failure> control(ControllerAction action) override {
        // The subsystem has this controller alone. Its namespaces do not come and go: a rescan
        // finds what there was.
        if (action != ControllerAction::rescan) controller_.reset();
        return {};
    }
    Result<nvme::ControllerRegisters, Failure> registers() override { return model_registers(); }

  private:
    Controller& controller_;
    const std::chrono::milliseconds timeout_;
};

}  // namespace

Result<std::unique_ptr<Handle>, Failure> open(const Identifier& identifier,
                                              const Options& options) {
    auto config = parse_uri(identifier.text);
    if (!config) return std::unexpected(std::move(config.error()));
    if (options.nsid != 0 && options.nsid != kNsid)
        return fail(Errc::not_found, "The model device '" + identifier.text +
                                         "' has no namespace " + std::to_string(options.nsid) +
                                         ": its only one is 1.");
    if (options.create || options.truncate || options.create_bytes != 0)
        return fail(Errc::invalid_argument,
                    "A model device is made by opening it, with the size in its name: leave out "
                    "the options that create or cut files.");
    auto controller = ControllerRef::open(*config);
    if (!controller) return std::unexpected(std::move(controller.error()));
    auto handle = std::make_unique<ModelHandle>(std::move(*controller));
    handle->identifier = identifier;
    handle->access = options.access;
    // There is no cache to bypass: every transfer is direct.
    handle->direct = options.direct;
    DeviceFacts& facts = handle->facts;
    facts.model = kModelNumber;
    facts.serial = handle->controller->config().serial;
    facts.nsid = kNsid;
    facts.read_only = handle->controller->config().read_only;
    // Keys are deleted; blocks of zones are deallocated by resetting their zone.
    facts.can_deallocate = handle->controller->config().command_set == CommandSet::nvm;
    facts.can_write_zeroes = handle->controller->kv() == nullptr;
    facts.can_secure_erase = true;
    facts.volatile_cache = true;
    facts.takes_raw_commands = true;
    if (auto read = handle->refresh(); !read) return std::unexpected(std::move(read.error()));
    return handle;
}

namespace model {

Verdict machine() {
    return Verdict::serves("needs nothing of the system");
}

Verdict probe(const Handle&, const Options&) {
    return Verdict::serves("the device is in this process's memory");
}

OpcodeSet carries(const Handle&) {
    return OpcodeSet::all();
}

Result<std::unique_ptr<SyncInterface>, Failure> make_sync(Handle& handle, const Options& options) {
    return std::make_unique<ModelSync>(*model_of(handle).controller, options.command_timeout);
}

Result<std::unique_ptr<AdminInterface>, Failure> make_admin(Handle& handle,
                                                            const Options& options) {
    return std::make_unique<ModelAdmin>(*model_of(handle).controller, options.admin_timeout);
}

}  // namespace model
}  // namespace xnvme::be_model
