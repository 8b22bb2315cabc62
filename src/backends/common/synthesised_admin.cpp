#include "backends/common/synthesised_admin.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <string_view>

#include <xnvme/nvme/opcodes.hpp>
#include <xnvme/nvme/status.hpp>

#include "contracts/complete.hpp"

namespace xnvme::be_common {

namespace {

using nvme::AdminOpcode;
using nvme::Cns;
using nvme::CommandStatus;
using nvme::FeatureId;
using nvme::FeatureSelect;
using nvme::GenericStatus;
using nvme::LogPage;
using nvme::NvmOpcode;

constexpr std::uint32_t kOverTemperatureDefault = 0xffff;

template <class E>
constexpr std::uint8_t code(E value) noexcept {
    return static_cast<std::uint8_t>(value);
}

void refuse(Context& context, GenericStatus status) noexcept {
    complete_device(context, nvme::status_of(status, true));
}
void refuse(Context& context, CommandStatus status) noexcept {
    complete_device(context, nvme::status_of(status, true));
}

/// Copies `bytes` to the front of a command's data, then zeroes up to `total`. False, with nothing
/// copied, when the data has no room for that.
bool scatter(const Context& context, std::span<const std::byte> bytes,
             std::uint64_t total) noexcept {
    IoVec single{reinterpret_cast<void*>(context.command.data), context.bytes};
    std::span<const IoVec> list(&single, 1);
    if ((context.options & kVectored) != 0)
        list = {reinterpret_cast<const IoVec*>(context.command.data), context.command.data_bytes};
    if (context.bytes < total || (total != 0 && context.command.data == 0)) return false;
    for (const IoVec& element : list) {
        auto* to = static_cast<std::byte*>(element.base);
        std::size_t room = static_cast<std::size_t>(std::min<std::uint64_t>(element.bytes, total));
        total -= room;
        const std::size_t copied = std::min(room, bytes.size());
        if (copied != 0) std::memcpy(to, bytes.data(), copied);
        bytes = bytes.subspan(copied);
        if (room > copied) std::memset(to + copied, 0, room - copied);
    }
    return total == 0;
}

/// Hands over a whole structure.
void answer(Context& context, std::span<const std::byte> bytes) noexcept {
    if (scatter(context, bytes, bytes.size())) return complete_ok(context);
    complete_failed(context, Errc::bad_length, 0);
}

template <class T, std::size_t N>
void put(std::array<std::byte, N>& page, const T& structure) noexcept {
    static_assert(sizeof(T) <= N);
    std::memcpy(page.data(), &structure, sizeof(T));
}

/// A feature, and what it is when nobody has set it.
struct Feature {
    FeatureId id;
    std::uint32_t initial;
    bool changeable;
};
constexpr auto kFeatures = std::to_array<Feature>({
    {FeatureId::arbitration, 0x7, true},  // No limit to a burst.
    {FeatureId::power_management, 0, true},
    {FeatureId::temperature_threshold, kOverTemperatureDefault, true},
    {FeatureId::error_recovery, 0, true},
    // The page cache cannot be switched off from here.
    {FeatureId::volatile_write_cache, 1, false},
    {FeatureId::number_of_queues, nvme::NumberOfQueues::of(65535, 65535).raw, true},
    {FeatureId::interrupt_coalescing, 0, true},
    {FeatureId::interrupt_vector, 0, true},
    {FeatureId::write_atomicity, 0, true},
    {FeatureId::async_event, 0, true},
});

const Feature* find_feature(std::uint8_t id, const DeviceFacts& facts) noexcept {
    if (id == code(FeatureId::volatile_write_cache) && !facts.volatile_cache) return nullptr;
    const auto* found = std::find_if(kFeatures.begin(), kFeatures.end(),
                                     [id](const Feature& row) { return code(row.id) == id; });
    return found == kFeatures.end() ? nullptr : found;
}

/// A limit in the form of MDTS: the largest power of two, in pages, that does not exceed it.
std::uint8_t mdts_of(std::uint32_t bytes) noexcept {
    const std::uint32_t pages = bytes / 4096;
    // 0 would say "no limit", so that one page cannot be told.
    return static_cast<std::uint8_t>(pages < 2 ? 1 : std::bit_width(pages) - 1);
}

std::uint64_t hash_of(std::uint64_t seed, std::string_view text) noexcept {
    // FNV-1a.
    for (const char letter : text)
        seed = (seed ^ static_cast<std::uint8_t>(letter)) * 0x100000001b3;
    return seed;
}

}  // namespace

SynthesisedAdmin::SynthesisedAdmin(Handle& handle, const AdminHooks& hooks)
    : handle_(handle), hooks_(hooks) {
    for (const Feature& feature : kFeatures) features_[code(feature.id)] = feature.initial;
}

void SynthesisedAdmin::execute(Context& context) noexcept {
    dispatch(context);
    if (context.error == Errc::device) keep_error(context);
}

void SynthesisedAdmin::dispatch(Context& context) noexcept {
    switch (context.command.opcode) {
        case code(AdminOpcode::identify):
            return identify(context);
        case code(AdminOpcode::get_log_page):
            return get_log_page(context);
        case code(AdminOpcode::get_features):
            return get_features(context);
        case code(AdminOpcode::set_features):
            return set_features(context);
        case code(AdminOpcode::format_nvm):
            if (hooks_.erase != nullptr) return format(context);
            [[fallthrough]];
        default:
            return refuse(context, GenericStatus::invalid_opcode);
    }
}

std::uint32_t SynthesisedAdmin::namespace_of(const Command& command) const noexcept {
    return command.nsid == 0 ? handle_.facts.nsid : command.nsid;
}

void SynthesisedAdmin::keep_error(const Context& context) noexcept {
    const std::lock_guard lock(mutex_);
    nvme::ErrorLogEntry& entry = errors_[error_count_ % kErrorEntries];
    entry = nvme::ErrorLogEntry{};
    entry.error_count = ++error_count_;
    entry.cid = context.command.cid;
    entry.status_field = context.completion.status.raw;
    entry.parameter_error_location = 0xffff;
    entry.nsid = context.command.nsid;
    entry.opcode = context.command.opcode;
    entry.version = 1;
}

// ---- Identify -----------------------------------------------------------------------------------

void SynthesisedAdmin::identify(Context& context) noexcept {
    const Command& command = context.command;
    const bool nvm = (command.cdw11 >> 24) == code(CommandSet::nvm);
    Page page{};
    switch (static_cast<Cns>(command.cdw10 & 0xff)) {
        case Cns::controller:
            put(page, controller());
            return answer(context, page);
        case Cns::active_namespaces_csi:
            if (!nvm) break;
            [[fallthrough]];
        case Cns::active_namespaces:
            // A list of what comes after the namespace given. NVMe Base 2.0 §5.17.2.2
            if (command.nsid >= nvme::kNsidAll - 1)
                return refuse(context, GenericStatus::invalid_namespace);
            if (command.nsid < handle_.facts.nsid) {
                const nvme::Le32 nsid = handle_.facts.nsid;
                put(page, nsid);
            }
            return answer(context, page);
        case Cns::controller_csi:
            if (!nvm) break;
            return answer(context, page);  // No limits.
        case Cns::io_command_sets: {
            const nvme::Le64 combination = 1u << code(CommandSet::nvm);
            put(page, combination);
            return answer(context, page);
        }
        case Cns::ns_csi:
            if (!nvm) break;
            return identify_namespace(context, page);
        case Cns::ns:
        case Cns::namespace_descriptors:
        case Cns::ns_independent:
            return identify_namespace(context, page);
        default:
            break;
    }
    refuse(context, GenericStatus::invalid_field);
}

/// The structures of one namespace: all zeroes for those before ours, which are not active.
void SynthesisedAdmin::identify_namespace(Context& context, Page& page) noexcept {
    const std::uint32_t nsid = namespace_of(context.command);
    if (nsid > handle_.facts.nsid) return refuse(context, GenericStatus::invalid_namespace);
    const auto cns = static_cast<Cns>(context.command.cdw10 & 0xff);
    if (nsid != handle_.facts.nsid) {
        // There are no identifiers of a namespace that is not there. NVMe Base 2.0 §5.17.2.3
        if (cns == Cns::namespace_descriptors)
            return refuse(context, GenericStatus::invalid_namespace);
    } else if (cns == Cns::ns) {
        put(page, name_space());
    } else if (cns == Cns::namespace_descriptors) {
        fill_identifiers(page);
    } else if (cns == Cns::ns_independent) {
        nvme::IdentifyNamespaceIndependent independent{};
        independent.nsattr = handle_.facts.read_only ? 1 : 0;
        independent.nstat = 1;
        put(page, independent);
    }
    answer(context, page);
}

nvme::IdentifyController SynthesisedAdmin::controller() const noexcept {
    const DeviceFacts& facts = handle_.facts;
    nvme::IdentifyController id{};
    nvme::set_text(id.sn, facts.serial);
    nvme::set_text(id.mn, facts.model);
    nvme::set_text(id.fr, facts.firmware);
    id.mdts = mdts_of(facts.geometry.max_transfer_bytes);
    id.ver = 0x00020000;
    id.cntrltype = 1;
    id.oacs = hooks_.erase != nullptr ? nvme::kOacsFormat : 0;
    id.elpe = kErrorEntries - 1;
    id.lpa = nvme::kLpaCommandsEffects | nvme::kLpaExtendedData | nvme::kLpaSupportedPages;
    id.frmw = (1u << 1) | 1;  // One slot, which is read-only.
    id.tnvmcap = nvme::U128::of(facts.geometry.size_bytes);
    id.sqes = 0x66;
    id.cqes = 0x44;
    id.maxcmd = kDepthMax;
    id.nn = facts.nsid;
    unsigned oncs = nvme::kOncsSaveSelect;
    if (hooks_.io.has(code(NvmOpcode::compare))) oncs |= nvme::kOncsCompare;
    if (hooks_.io.has(code(NvmOpcode::write_uncorrectable))) oncs |= nvme::kOncsWriteUncorrectable;
    if (hooks_.io.has(code(NvmOpcode::dataset_management))) oncs |= nvme::kOncsDatasetManagement;
    if (hooks_.io.has(code(NvmOpcode::write_zeroes))) oncs |= nvme::kOncsWriteZeroes;
    if (hooks_.io.has(code(NvmOpcode::verify))) oncs |= nvme::kOncsVerify;
    if (hooks_.io.has(code(NvmOpcode::copy))) {
        oncs |= nvme::kOncsCopy;
        id.ocfs = 0x3;  // Formats 0 and 1.
    }
    id.oncs = static_cast<std::uint16_t>(oncs);
    id.fna = 1;
    // Flush takes the namespace identifier of all namespaces.
    id.vwc = static_cast<std::uint8_t>(0x6 | (facts.volatile_cache ? 1 : 0));

    constexpr std::string_view kPrefix = "nqn.2014-08.org.nvmexpress:uuid:";
    std::size_t at = kPrefix.copy(id.subnqn.data(), kPrefix.size());
    const auto bytes = uuid();
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        constexpr std::string_view kDigits = "0123456789abcdef";
        if (i == 4 || i == 6 || i == 8 || i == 10) id.subnqn[at++] = '-';
        id.subnqn[at++] = kDigits[bytes[i] >> 4];
        id.subnqn[at++] = kDigits[bytes[i] & 0xf];
    }
    return id;
}

nvme::IdentifyNamespace SynthesisedAdmin::name_space() const noexcept {
    const DeviceFacts& facts = handle_.facts;
    const Geometry& geometry = facts.geometry;
    nvme::IdentifyNamespace id{};
    id.nsze = geometry.blocks;
    id.ncap = geometry.blocks;
    id.nuse = geometry.blocks;
    id.dlfeat = static_cast<std::uint8_t>(static_cast<unsigned>(geometry.deallocated_read) |
                                          (facts.can_deallocate ? 0x8u : 0u));
    id.nvmcap = nvme::U128::of(geometry.blocks * geometry.block_bytes);
    const auto zero_based = [&](std::uint32_t bytes) {
        const std::uint32_t blocks = geometry.block_bytes != 0 ? bytes / geometry.block_bytes : 0;
        return static_cast<std::uint16_t>(std::clamp(blocks, 1u, 65536u) - 1);
    };
    if (geometry.physical_block_bytes != 0 || geometry.optimal_io_bytes != 0) {
        id.nsfeat = 0x10;
        id.npwg = id.npwa = id.npdg = id.npda = zero_based(geometry.physical_block_bytes);
        id.nows = zero_based(geometry.optimal_io_bytes);
    }
    if (hooks_.io.has(code(NvmOpcode::copy))) {
        id.mssrl = 0xffff;
        id.mcl = 0xffffu * nvme::kCopyRangesMax;
        id.msrc = nvme::kCopyRangesMax - 1;
    }
    id.nsattr = facts.read_only ? 1 : 0;
    if (std::has_single_bit(geometry.block_bytes))
        id.lbaf[0].lbads = static_cast<std::uint8_t>(std::countr_zero(geometry.block_bytes));
    id.lbaf[0].ms = static_cast<std::uint16_t>(geometry.metadata_bytes);
    return id;
}

/// The same for the same device: made of its model and serial number. RFC 9562, version 8.
std::array<std::uint8_t, 16> SynthesisedAdmin::uuid() const noexcept {
    std::array<std::uint8_t, 16> bytes{};
    const std::uint64_t high =
        hash_of(hash_of(0xcbf29ce484222325, handle_.facts.model), handle_.facts.serial);
    const std::uint64_t low = hash_of(high, handle_.facts.serial);
    std::memcpy(bytes.data(), &high, sizeof(high));
    std::memcpy(bytes.data() + 8, &low, sizeof(low));
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x80);
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
    return bytes;
}

void SynthesisedAdmin::fill_identifiers(Page& page) const noexcept {
    const std::array<std::uint8_t, 1> csi{code(CommandSet::nvm)};
    const std::size_t at = nvme::encode_namespace_id(page, 0, nvme::NamespaceIdType::uuid, uuid());
    static_cast<void>(nvme::encode_namespace_id(page, at, nvme::NamespaceIdType::csi, csi));
}

// ---- Log pages ----------------------------------------------------------------------------------

void SynthesisedAdmin::get_log_page(Context& context) noexcept {
    const Command& command = context.command;
    Page page{};
    std::size_t bytes = 0;
    switch (static_cast<LogPage>(command.cdw10 & 0xff)) {
        case LogPage::supported_pages:
            fill_supported_pages(page);
            bytes = sizeof(nvme::SupportedLogPages);
            break;
        case LogPage::error_information:
            fill_errors(page);
            bytes = sizeof(errors_);
            break;
        case LogPage::health:
            fill_health(page);
            bytes = sizeof(nvme::HealthLog);
            break;
        case LogPage::firmware_slot:
            fill_firmware(page);
            bytes = sizeof(nvme::FirmwareSlotLog);
            break;
        case LogPage::commands_effects:
            fill_effects(page);
            bytes = sizeof(nvme::CommandsEffectsLog);
            break;
        default:
            return refuse(context, CommandStatus::invalid_log_page);
    }
    // The offset is in dwords, and within the page. NVMe Base 2.0 §5.16
    const std::uint64_t offset = nvme::log_offset_bytes(command);
    if (offset % 4 != 0 || offset > bytes) return refuse(context, GenericStatus::invalid_field);
    const std::span<const std::byte> all(page.data(), bytes);
    if (scatter(context, all.subspan(static_cast<std::size_t>(offset)), nvme::log_bytes(command)))
        return complete_ok(context);
    complete_failed(context, Errc::bad_length, 0);
}

void SynthesisedAdmin::fill_supported_pages(Page& page) const noexcept {
    nvme::SupportedLogPages log{};
    for (const LogPage supported :
         {LogPage::supported_pages, LogPage::error_information, LogPage::health,
          LogPage::firmware_slot, LogPage::commands_effects})
        log.lid[code(supported)] = 1u;
    put(page, log);
}

void SynthesisedAdmin::fill_errors(Page& page) noexcept {
    const std::lock_guard lock(mutex_);
    const std::uint64_t count = std::min<std::uint64_t>(error_count_, kErrorEntries);
    for (std::uint64_t i = 0; i < count; ++i)
        std::memcpy(page.data() + i * sizeof(nvme::ErrorLogEntry),
                    &errors_[(error_count_ - 1 - i) % kErrorEntries], sizeof(nvme::ErrorLogEntry));
}

void SynthesisedAdmin::fill_health(Page& page) noexcept {
    nvme::HealthLog log{};
    log.critical_warning = handle_.facts.read_only ? nvme::kWarnReadOnly : 0;
    log.available_spare = 100;
    {
        const std::lock_guard lock(mutex_);
        log.error_log_entries = nvme::U128::of(error_count_);
    }
    if (hooks_.health != nullptr) hooks_.health(handle_, log);
    put(page, log);
}

void SynthesisedAdmin::fill_firmware(Page& page) const noexcept {
    nvme::FirmwareSlotLog log{};
    log.afi = 1;
    nvme::set_text(log.frs[0], handle_.facts.firmware);
    put(page, log);
}

void SynthesisedAdmin::fill_effects(Page& page) const noexcept {
    nvme::CommandsEffectsLog log{};
    for (const AdminOpcode opcode : {AdminOpcode::identify, AdminOpcode::get_log_page,
                                     AdminOpcode::get_features, AdminOpcode::set_features})
        log.admin[code(opcode)].raw = nvme::kEffectSupported;
    if (hooks_.erase != nullptr)
        log.admin[code(AdminOpcode::format_nvm)].raw =
            nvme::kEffectSupported | nvme::kEffectBlocks | (1u << 16);
    for (unsigned opcode = 0; opcode < log.io.size(); ++opcode) {
        if (!hooks_.io.has(static_cast<std::uint8_t>(opcode))) continue;
        const nvme::OpcodeInfo* info =
            nvme::find_io_opcode(CommandSet::file_system, static_cast<std::uint8_t>(opcode));
        const bool changes = info != nullptr && info->changes_device;
        log.io[opcode].raw = nvme::kEffectSupported | (changes ? nvme::kEffectBlocks : 0u);
    }
    put(page, log);
}

// ---- Features -----------------------------------------------------------------------------------

/// Where a feature keeps its value, and in `fallback` what it is when nobody has set it; null for
/// a part of the feature that is not there. Called with the lock held.
std::uint32_t* SynthesisedAdmin::feature_value(const Command& command,
                                               std::uint32_t& fallback) noexcept {
    const auto id = static_cast<std::uint8_t>(command.cdw10 & 0xff);
    const Feature* feature = find_feature(id, handle_.facts);
    if (feature == nullptr) return nullptr;
    fallback = feature->initial;
    if (feature->id == FeatureId::temperature_threshold) {
        // There is the composite temperature alone, with an upper and a lower threshold.
        const nvme::TemperatureThreshold which{command.cdw11};
        const unsigned type = (command.cdw11 >> 20) & 3;
        if (which.sensor() != 0 || type > 1) return nullptr;
        if (which.under()) {
            fallback = 0;
            return &under_temperature_;
        }
    }
    if (feature->id == FeatureId::interrupt_vector && (command.cdw11 & 0xffff) != 0) return nullptr;
    return &features_[id];
}

void SynthesisedAdmin::get_features(Context& context) noexcept {
    const Command& command = context.command;
    const std::lock_guard lock(mutex_);
    std::uint32_t fallback = 0;
    const std::uint32_t* value = feature_value(command, fallback);
    if (value == nullptr) return refuse(context, GenericStatus::invalid_field);
    switch (static_cast<FeatureSelect>((command.cdw10 >> 8) & 0x7)) {
        case FeatureSelect::current:
            return complete_ok(context, *value);
        case FeatureSelect::defaults:
        // What cannot be saved has its default saved. NVMe Base 2.0 §5.15
        case FeatureSelect::saved:
            return complete_ok(context, fallback);
        case FeatureSelect::capabilities: {
            const Feature* feature =
                find_feature(static_cast<std::uint8_t>(command.cdw10 & 0xff), handle_.facts);
            return complete_ok(context, feature->changeable ? 0x4u : 0x0u);
        }
    }
    refuse(context, GenericStatus::invalid_field);
}

void SynthesisedAdmin::set_features(Context& context) noexcept {
    const Command& command = context.command;
    const auto id = static_cast<std::uint8_t>(command.cdw10 & 0xff);
    const std::lock_guard lock(mutex_);
    std::uint32_t fallback = 0;
    std::uint32_t* value = feature_value(command, fallback);
    if (value == nullptr) return refuse(context, GenericStatus::invalid_field);
    if ((command.cdw10 & (1u << 31)) != 0)
        return refuse(context, CommandStatus::feature_not_saveable);
    if (!find_feature(id, handle_.facts)->changeable)
        return refuse(context, CommandStatus::feature_not_changeable);
    std::uint32_t wanted = command.cdw11;
    if (id == code(FeatureId::power_management) && nvme::PowerManagement{wanted}.power_state() != 0)
        return refuse(context, GenericStatus::invalid_field);
    if (id == code(FeatureId::temperature_threshold)) wanted &= 0xffff;
    if (id == code(FeatureId::number_of_queues)) {
        // 65536 queues of a kind cannot be asked for. NVMe Base 2.0 §5.27.1.5
        if ((wanted & 0xffff) == 0xffff || (wanted >> 16) == 0xffff)
            return refuse(context, GenericStatus::invalid_field);
        *value = wanted;
        return complete_ok(context, wanted);
    }
    *value = wanted;
    complete_ok(context);
}

// ---- Format -------------------------------------------------------------------------------------

void SynthesisedAdmin::format(Context& context) noexcept {
    const std::uint32_t nsid = namespace_of(context.command);
    if (nsid != handle_.facts.nsid && nsid != nvme::kNsidAll)
        return refuse(context, GenericStatus::invalid_namespace);
    const nvme::FormatFields fields = nvme::format_fields(context.command);
    if (fields.lbaf != 0 || fields.protection_type != 0)
        return refuse(context, CommandStatus::invalid_format);
    if (handle_.facts.read_only) return refuse(context, GenericStatus::namespace_write_protected);
    if (handle_.access == Access::read_only)
        return complete_failed(context, Errc::read_only, EROFS);
    if (static_cast<unsigned>(fields.erase) >
        static_cast<unsigned>(nvme::SecureErase::cryptographic))
        return refuse(context, GenericStatus::invalid_field);
    const int why = hooks_.erase(handle_, fields.erase);
    if (why == 0) return complete_ok(context);
    if (why == EOPNOTSUPP) return refuse(context, GenericStatus::invalid_field);
    complete_system(context, why);
}

}  // namespace xnvme::be_common
