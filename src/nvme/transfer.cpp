#include <xnvme/nvme/transfer.hpp>

#include <xnvme/nvme/builders.hpp>
#include <xnvme/nvme/features.hpp>
#include <xnvme/nvme/identify.hpp>

namespace xnvme::nvme {
namespace {

/// A zero-based count of dwords as bytes.
constexpr std::uint64_t dword_bytes(std::uint32_t dwords) noexcept {
    return (std::uint64_t{dwords} + 1) * 4;
}

/// NVMe Base 2.0 §5.15: a structure comes but for Select 3, which asks what the feature can do.
std::uint64_t feature_bytes(const Command& command) noexcept {
    const auto id = static_cast<FeatureId>(command.cdw10 & 0xff);
    const auto select = static_cast<FeatureSelect>((command.cdw10 >> 8) & 7);
    const FeatureInfo* row = find_feature(id);
    if (row == nullptr || select == FeatureSelect::capabilities) return 0;
    // §5.27.1.29: 8 bytes, or 16 with EXHID, bit 0 of command dword 11.
    if (id == FeatureId::host_identifier && (command.cdw11 & 1) == 0) return 8;
    return row->data_bytes;
}

std::uint64_t admin_bytes(const Command& command) noexcept {
    switch (static_cast<AdminOpcode>(command.opcode)) {
        case AdminOpcode::identify:
            return kIdentifyBytes;
        case AdminOpcode::get_log_page:
            return log_bytes(command);
        case AdminOpcode::get_features:
            return feature_bytes(command);
        case AdminOpcode::directive_receive: {
            // §5.9: command dword 11 names the operation, dword 10 counts dwords. §8.7.3.2.3:
            // Allocate Resources of the streams answers in the completion and fills nothing.
            const auto type = static_cast<DirectiveType>((command.cdw11 >> 8) & 0xff);
            const bool allocates =
                type == DirectiveType::streams && (command.cdw11 & 0xff) == kStreamsReceiveAllocate;
            return allocates ? 0 : dword_bytes(command.cdw10);
        }
        case AdminOpcode::get_lba_status:
            // NVM Command Set 1.0 §4.2.1: command dword 12 counts dwords.
            return dword_bytes(command.cdw12);
        case AdminOpcode::security_receive:
            return command.cdw11;  // §5.24: allocation length.
        default:
            return 0;
    }
}

}  // namespace

std::uint64_t filled_bytes(OpcodeSet set, const Command& command) noexcept {
    switch (set) {
        case OpcodeSet::admin:
            return admin_bytes(command);
        case OpcodeSet::nvm:
            if (command.opcode == static_cast<std::uint8_t>(NvmOpcode::reservation_report))
                return dword_bytes(command.cdw10);  // NVMe Base 2.0 §7.5
            if (command.opcode == static_cast<std::uint8_t>(NvmOpcode::io_management_receive))
                return dword_bytes(command.cdw11);  // NVMe Base 2.1 §7.3
            return 0;
        case OpcodeSet::zoned:
            // Zoned Namespace Command Set 1.1 §3.4.3.2
            if (command.opcode == static_cast<std::uint8_t>(ZonedOpcode::zone_management_receive))
                return dword_bytes(command.cdw12);
            return 0;
        case OpcodeSet::key_value:
        case OpcodeSet::file_system:
            return 0;
    }
    return 0;
}

}  // namespace xnvme::nvme
