#include "kv_commands.hpp"

#include <string_view>

#include <xnvme/nvme/builders.hpp>

#include "admin.hpp"

namespace xnvme::be_model {

namespace {

using nvme::KeyValueOpcode;
using nvme::NvmOpcode;

constexpr Status kInvalidKeySize = nvme::status_of(nvme::GenericStatus::invalid_key_size, true);
constexpr Status kInvalidValueSize = nvme::status_of(nvme::GenericStatus::invalid_value_size, true);
constexpr unsigned kStoreOptions =
    nvme::kKvMustExist | nvme::kKvMustNotExist | nvme::kKvNoCompression;

/// The options of a command, or that there is one that does not exist.
Status check_options(const Command& command) noexcept {
    unsigned allowed = 0;
    if (command.opcode == static_cast<std::uint8_t>(KeyValueOpcode::store)) allowed = kStoreOptions;
    if (command.opcode == static_cast<std::uint8_t>(KeyValueOpcode::retrieve))
        allowed = nvme::kKvRaw;
    return (nvme::kv_options(command) & ~allowed) == 0 ? kSuccess : kInvalidField;
}

Status check_key(const Command& command, const KvConfig& limits, bool needed) noexcept {
    const std::uint32_t bytes = nvme::kv_key_bytes(command);
    return bytes > limits.key_bytes_max || (needed && bytes == 0) ? kInvalidKeySize : kSuccess;
}

/// The buffer must hold what the command says, and that must be within MDTS.
Status check_length(const Controller& controller, const Command& command,
                    const Scatter& data) noexcept {
    if (!data.status().ok()) return data.status();
    if (nvme::kv_value_bytes(command) > controller.config().mdts_bytes) return kInvalidField;
    return data.bytes() < nvme::kv_value_bytes(command) ? kDataLengthInvalid : kSuccess;
}

Outcome run(Controller& controller, const Command& command, Scatter& data) noexcept {
    KvStore& store = *controller.kv();
    const nvme::KvKey key = nvme::kv_key(command);
    const std::uint32_t bytes = nvme::kv_value_bytes(command);
    switch (static_cast<KeyValueOpcode>(command.opcode)) {
        case KeyValueOpcode::store:
            if (controller.config().read_only) return Outcome::of(kWriteProtected);
            if (bytes > store.limits().value_bytes_max) return Outcome::of(kInvalidValueSize);
            if (const Status status = check_length(controller, command, data); !status.ok())
                return Outcome::of(status);
            return store.store(key, data, bytes, nvme::kv_options(command));
        case KeyValueOpcode::retrieve:
            if (const Status status = check_length(controller, command, data); !status.ok())
                return Outcome::of(status);
            return store.retrieve(key, data, bytes);
        case KeyValueOpcode::list:
            if (const Status status = check_length(controller, command, data); !status.ok())
                return Outcome::of(status);
            if (bytes < nvme::kKvListHeaderBytes) return Outcome::of(kInvalidField);
            return store.list(key, data, bytes);
        case KeyValueOpcode::remove:
            if (controller.config().read_only) return Outcome::of(kWriteProtected);
            return store.remove(key);
        case KeyValueOpcode::exist:
            return store.exist(key);
    }
    return Outcome::of(kInvalidOpcode);
}

bool is_key_value(std::uint8_t opcode) noexcept {
    return nvme::find_opcode(nvme::OpcodeSet::key_value, opcode) != nullptr;
}

}  // namespace

Outcome execute_kv(Controller& controller, const Context& context) noexcept {
    const Command& command = context.command;
    const bool flush = command.opcode == static_cast<std::uint8_t>(NvmOpcode::flush);
    const bool broadcast = command.nsid == nvme::kNsidAll && flush;
    if (command.nsid != 0 && command.nsid != kNsid && !broadcast)
        return Outcome::of(kInvalidNamespace);
    // FUSE: the model has no fused operations. NVMe Base 2.0 §3.3.3.1
    if ((command.flags & 3) != 0) return Outcome::of(kInvalidField);
    if (!flush && !is_key_value(command.opcode)) return Outcome::of(kInvalidOpcode);
    const nvme::KvKey key = nvme::kv_key(command);
    if (!controller.faults().empty()) {
        const std::string_view text(reinterpret_cast<const char*>(key.bytes.data()), key.length);
        if (auto fault = controller.faults().meet(false, command.opcode, {}, text)) return *fault;
    }
    // Everything is stored when its command completes, so there is nothing to flush.
    if (flush) return {};
    const bool list = command.opcode == static_cast<std::uint8_t>(KeyValueOpcode::list);
    if (const Status status = check_options(command); !status.ok()) return Outcome::of(status);
    if (const Status status = check_key(command, controller.kv()->limits(), !list); !status.ok())
        return Outcome::of(status);
    Scatter data = Scatter::data_of(context);
    return run(controller, command, data);
}

nvme::IdentifyNamespaceKv identify_namespace_kv(Controller& controller) noexcept {
    const KvStore& store = *controller.kv();
    const nvme::IdentifyNamespace same = identify_namespace(controller);
    nvme::IdentifyNamespaceKv ns{};
    ns.nsze = store.capacity_bytes();
    ns.nuse = store.used_bytes();
    ns.nsattr = same.nsattr;
    ns.nguid = same.nguid;
    ns.eui64 = same.eui64;
    ns.kvf[0].kml = static_cast<std::uint16_t>(store.limits().key_bytes_max);
    ns.kvf[0].vml = store.limits().value_bytes_max;
    ns.kvf[0].mnk = store.limits().keys_max;
    return ns;
}

}  // namespace xnvme::be_model
