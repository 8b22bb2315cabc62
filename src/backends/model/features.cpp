#include "features.hpp"

#include <bit>
#include <cstring>

#include <xnvme/nvme/builders.hpp>
#include <xnvme/nvme/log.hpp>

#include "controller.hpp"

namespace xnvme::be_model {

namespace {

using nvme::FeatureId;
using nvme::FeatureSelect;

// Bits of a capabilities answer, and what a feature may do.
constexpr std::uint32_t kSaveable = 1;
constexpr std::uint32_t kPerNamespace = 2;
constexpr std::uint32_t kChangeable = 4;

/// A feature whose value is a dword.
struct Row {
    FeatureId id;
    std::uint32_t capabilities;
    std::uint32_t initial;
    std::uint32_t allowed;  ///< Bits that may be set; the others are reserved or not supported.
};

constexpr std::uint32_t kQueuesGranted = (kIoQueues - 1) | ((kIoQueues - 1) << 16);

constexpr auto kTable = std::to_array<Row>({
    {FeatureId::arbitration, kSaveable | kChangeable, 0x7, 0xffffff07},
    {FeatureId::power_management, kSaveable | kChangeable, 0, 0xff},
    {FeatureId::error_recovery, kSaveable | kPerNamespace | kChangeable, 0, 0x1ffff},
    {FeatureId::volatile_write_cache, kSaveable | kChangeable, 1, 1},
    {FeatureId::number_of_queues, kChangeable, kQueuesGranted, 0xffffffff},
    {FeatureId::interrupt_coalescing, kSaveable | kChangeable, 0, 0xffff},
    {FeatureId::write_atomicity, kSaveable | kChangeable, 0, 1},
    // Critical warnings of the health log, and namespace attribute notices.
    {FeatureId::async_event, kSaveable | kChangeable, 0, 0x11f},
    {FeatureId::keep_alive, kChangeable, 0, 0xffffffff},
    {FeatureId::thermal_management, kSaveable | kChangeable, 0, 0xffffffff},
    {FeatureId::non_operational_power, kSaveable | kChangeable, 0, 1},
    {FeatureId::sanitize_config, kSaveable | kChangeable, 0, 1},
    // Combination 0, the NVM command set alone.
    {FeatureId::command_set_profile, kChangeable, 0, 0},
    {FeatureId::software_progress, kSaveable | kChangeable, 0, 0xff},
});
constexpr std::size_t kNoRow = kTable.size();

constexpr std::size_t find_row(FeatureId id) {
    for (std::size_t i = 0; i < kTable.size(); ++i) {
        if (kTable[i].id == id) return i;
    }
    return kNoRow;
}

FeatureId id_of(const Command& command) {
    return static_cast<FeatureId>(command.cdw10 & 0xff);
}
bool saves(const Command& command) {
    return (command.cdw10 & (1u << 31)) != 0;
}
FeatureSelect select_of(const Command& command) {
    return static_cast<FeatureSelect>((command.cdw10 >> 8) & 7);
}

/// Features with a data structure: none is saved.
bool holds_data(FeatureId id) {
    return id == FeatureId::timestamp || id == FeatureId::host_identifier ||
           id == FeatureId::host_behavior || id == FeatureId::autonomous_power_state;
}

/// The namespace that a Set Features names must fit the feature. NVMe Base 2.0 §5.27
Status check_namespace(const Command& command, bool per_namespace) {
    if (command.nsid == 0 || command.nsid == nvme::kNsidAll) return kSuccess;
    if (command.nsid != kNsid) return kInvalidNamespace;
    return per_namespace ? kSuccess : kFeatureNotPerNamespace;
}

/// Each threshold is 0, or within the limits, and light throttling begins before heavy does.
/// NVMe Base 2.0 §5.27.1.13
Status check_thermal(std::uint32_t value) {
    const std::uint32_t light = value >> 16;
    const std::uint32_t heavy = value & 0xffff;
    for (const std::uint32_t kelvin : {light, heavy}) {
        if (kelvin != 0 && (kelvin < kThermalMinKelvin || kelvin > kThermalMaxKelvin))
            return kInvalidField;
    }
    return light != 0 && heavy != 0 && light >= heavy ? kInvalidField : kSuccess;
}

/// Rules of single features that are more than reserved bits.
Status check_value(FeatureId id, std::uint32_t value) {
    if (id == FeatureId::power_management && (value & 0x1f) >= kPowerStates) return kInvalidField;
    // 65535 queues, zero-based, is not a number that may be asked for. NVMe Base 2.0 §5.27.1.5
    if (id == FeatureId::number_of_queues &&
        ((value & 0xffff) == 0xffff || (value >> 16) == 0xffff))
        return kInvalidField;
    if (id == FeatureId::thermal_management) return check_thermal(value);
    return kSuccess;
}

/// What the controller makes of a value: it grants no more queues than it has.
std::uint32_t granted(FeatureId id, std::uint32_t value) {
    if (id != FeatureId::number_of_queues) return value;
    const std::uint32_t submission = std::min(value & 0xffff, kIoQueues - 1);
    const std::uint32_t completion = std::min(value >> 16, kIoQueues - 1);
    return submission | (completion << 16);
}

/// Which threshold a Temperature Threshold command is about: 0 over, 1 under; 2 for none.
unsigned threshold_index(const Command& command, bool sets) {
    const unsigned sensor = (command.cdw11 >> 16) & 0xf;
    const unsigned type = (command.cdw11 >> 20) & 3;
    // The composite temperature alone has thresholds; all sensors at once may be set.
    const bool known = sensor == 0 || (sets && sensor == 0xf);
    return known && type <= 1 ? type : 2;
}
constexpr std::array<std::uint32_t, 2> kInitialThresholds{kWarningKelvin, 0};

}  // namespace

Features::Features() noexcept : timestamp_set_(std::chrono::steady_clock::now()) {
    static_assert(kTable.size() <= kRows);
    for (std::size_t i = 0; i < kTable.size(); ++i)
        values_[i] = {kTable[i].initial, kTable[i].initial};
    for (std::size_t i = 0; i < thresholds_.size(); ++i)
        thresholds_[i] = {kInitialThresholds[i], kInitialThresholds[i]};
}

void Features::reset() noexcept {
    const std::lock_guard lock(mutex_);
    for (Values& values : values_) values.current = values.saved;
    for (Values& values : thresholds_) values.current = values.saved;
    host_identifier_.fill(std::byte{0});
    host_behavior_.fill(std::byte{0});
    timestamp_by_host_ = false;
    timestamp_ms_ = 0;
    timestamp_set_ = std::chrono::steady_clock::now();
    const std::uint32_t recovery = values_[find_row(FeatureId::error_recovery)].current;
    refuses_deallocated_.store((recovery & (1u << 16)) != 0, std::memory_order_relaxed);
}

bool Features::temperature_warning() const noexcept {
    const std::lock_guard lock(mutex_);
    return kTemperatureKelvin >= thresholds_[0].current ||
           kTemperatureKelvin <= thresholds_[1].current;
}

bool Features::warns_of_deallocation() const noexcept {
    const std::lock_guard lock(mutex_);
    return (values_[find_row(FeatureId::sanitize_config)].current & 1) != 0;
}

Outcome Features::get(const Command& command, Scatter& data) noexcept {
    const FeatureId id = id_of(command);
    if (select_of(command) > FeatureSelect::capabilities) return Outcome::of(kInvalidField);
    if (command.nsid != 0 && command.nsid != kNsid && command.nsid != nvme::kNsidAll)
        return Outcome::of(kInvalidNamespace);
    const std::lock_guard lock(mutex_);
    if (id == FeatureId::temperature_threshold) return get_temperature(command);
    if (holds_data(id)) return get_data(command, data);
    const std::size_t row = find_row(id);
    if (row == kNoRow) return Outcome::of(kInvalidField);
    switch (select_of(command)) {
        case FeatureSelect::current:
            return Outcome::success(values_[row].current);
        case FeatureSelect::defaults:
            return Outcome::success(kTable[row].initial);
        case FeatureSelect::saved:
            return Outcome::success(values_[row].saved);
        case FeatureSelect::capabilities:
            return Outcome::success(kTable[row].capabilities);
    }
    return Outcome::of(kInvalidField);
}

Outcome Features::set(const Command& command, Scatter& data) noexcept {
    const FeatureId id = id_of(command);
    const std::lock_guard lock(mutex_);
    if (id == FeatureId::temperature_threshold) return set_temperature(command);
    if (holds_data(id)) return set_data(command, data);
    const std::size_t row = find_row(id);
    if (row == kNoRow) return Outcome::of(kInvalidField);
    const Row& rules = kTable[row];
    const Status named = check_namespace(command, (rules.capabilities & kPerNamespace) != 0);
    if (!named.ok()) return Outcome::of(named);
    if (saves(command) && (rules.capabilities & kSaveable) == 0)
        return Outcome::of(kFeatureNotSaveable);
    if ((command.cdw11 & ~rules.allowed) != 0) return Outcome::of(kInvalidField);
    const Status valid = check_value(id, command.cdw11);
    if (!valid.ok()) return Outcome::of(valid);
    values_[row].current = granted(id, command.cdw11);
    if (saves(command)) values_[row].saved = values_[row].current;
    if (id == FeatureId::error_recovery) {
        // Relaxed: a command that runs at the same time may see either value.
        refuses_deallocated_.store((command.cdw11 & 0x10000) != 0, std::memory_order_relaxed);
    }
    return Outcome::success(id == FeatureId::number_of_queues ? values_[row].current : 0);
}

/// NVMe Base 2.0 §5.27.1.3
Outcome Features::get_temperature(const Command& command) const noexcept {
    const unsigned index = threshold_index(command, false);
    if (select_of(command) == FeatureSelect::capabilities)
        return Outcome::success(kSaveable | kChangeable);
    if (index > 1) return Outcome::of(kInvalidField);
    switch (select_of(command)) {
        case FeatureSelect::defaults:
            return Outcome::success(kInitialThresholds[index]);
        case FeatureSelect::saved:
            return Outcome::success(thresholds_[index].saved);
        default:
            return Outcome::success(thresholds_[index].current);
    }
}

Outcome Features::set_temperature(const Command& command) noexcept {
    const Status named = check_namespace(command, false);
    if (!named.ok()) return Outcome::of(named);
    const unsigned index = threshold_index(command, true);
    if (index > 1) return Outcome::of(kInvalidField);
    thresholds_[index].current = command.cdw11 & 0xffff;
    if (saves(command)) thresholds_[index].saved = thresholds_[index].current;
    return {};
}

std::uint64_t Features::now_ms() const noexcept {
    const auto passed = std::chrono::steady_clock::now() - timestamp_set_;
    return timestamp_ms_ +
           static_cast<std::uint64_t>(
               std::chrono::duration_cast<std::chrono::milliseconds>(passed).count());
}

nvme::Timestamp Features::timestamp_locked() const noexcept {
    nvme::Timestamp timestamp{};
    const std::uint64_t now = now_ms();
    for (std::size_t i = 0; i < timestamp.milliseconds.size(); ++i)
        timestamp.milliseconds[i] = static_cast<std::uint8_t>(now >> (8 * i));
    timestamp.attributes = timestamp_by_host_ ? 2 : 0;
    return timestamp;
}

std::uint64_t Features::timestamp() const noexcept {
    const std::lock_guard lock(mutex_);
    return std::bit_cast<std::uint64_t>(timestamp_locked());
}

std::optional<nvme::FeatureCapabilities> Features::capabilities(FeatureId id) noexcept {
    if (id == FeatureId::temperature_threshold)
        return nvme::FeatureCapabilities{kSaveable | kChangeable};
    if (holds_data(id)) return nvme::FeatureCapabilities{kChangeable};
    const std::size_t row = find_row(id);
    if (row == kNoRow) return std::nullopt;
    return nvme::FeatureCapabilities{kTable[row].capabilities};
}

/// NVMe Base 2.0 §5.27.1.9
Outcome Features::set_power_states(const Command& command, Scatter& data) noexcept {
    nvme::AutonomousPowerState states;
    if (data.bytes() < sizeof(states)) return Outcome::of(kDataLengthInvalid);
    data.get(&states, sizeof(states));
    for (std::uint32_t state = 0; state < states.raw.size(); ++state) {
        // A transition goes to a non-operational state: the last one is the only such.
        const bool transitions = states.idle_ms(state) != 0;
        if (transitions && (state >= kPowerStates || states.next_state(state) != kPowerStates - 1))
            return Outcome::of(kInvalidField);
    }
    power_states_ = states;
    power_states_enabled_ = (command.cdw11 & 1) != 0;
    return {};
}

Outcome Features::get_data(const Command& command, Scatter& data) const noexcept {
    const FeatureSelect select = select_of(command);
    if (select == FeatureSelect::capabilities) return Outcome::success(kChangeable);
    const bool current = select == FeatureSelect::current;
    if (id_of(command) == FeatureId::timestamp) {
        const nvme::Timestamp timestamp = current ? timestamp_locked() : nvme::Timestamp{};
        if (data.bytes() < sizeof(timestamp)) return Outcome::of(kDataLengthInvalid);
        data.put(&timestamp, sizeof(timestamp));
        return {};
    }
    if (id_of(command) == FeatureId::host_behavior) {
        if (data.bytes() < host_behavior_.size()) return Outcome::of(kDataLengthInvalid);
        if (!current) return (data.fill(std::byte{0}, host_behavior_.size()), Outcome{});
        data.put(host_behavior_.data(), host_behavior_.size());
        return {};
    }
    if (id_of(command) == FeatureId::autonomous_power_state) {
        if (data.bytes() < sizeof(power_states_)) return Outcome::of(kDataLengthInvalid);
        const nvme::AutonomousPowerState states =
            current ? power_states_ : nvme::AutonomousPowerState{};
        data.put(&states, sizeof(states));
        return Outcome::success(current && power_states_enabled_ ? 1 : 0);
    }
    // EXHID: 16 bytes instead of 8. NVMe Base 2.0 §5.27.1.25
    const std::size_t bytes = (command.cdw11 & 1) != 0 ? 16 : 8;
    if (data.bytes() < bytes) return Outcome::of(kDataLengthInvalid);
    if (!current) return (data.fill(std::byte{0}, bytes), Outcome{});
    data.put(host_identifier_.data(), bytes);
    return {};
}

Outcome Features::set_data(const Command& command, Scatter& data) noexcept {
    const Status named = check_namespace(command, false);
    if (!named.ok()) return Outcome::of(named);
    if (saves(command)) return Outcome::of(kFeatureNotSaveable);
    if (id_of(command) == FeatureId::timestamp) {
        nvme::Timestamp timestamp;
        if (data.bytes() < sizeof(timestamp)) return Outcome::of(kDataLengthInvalid);
        data.get(&timestamp, sizeof(timestamp));
        timestamp_ms_ = timestamp.time_ms();
        timestamp_set_ = std::chrono::steady_clock::now();
        timestamp_by_host_ = true;
        return {};
    }
    if (id_of(command) == FeatureId::host_behavior) {
        if (data.bytes() < host_behavior_.size()) return Outcome::of(kDataLengthInvalid);
        data.get(host_behavior_.data(), host_behavior_.size());
        return {};
    }
    if (id_of(command) == FeatureId::autonomous_power_state) return set_power_states(command, data);
    const std::size_t bytes = (command.cdw11 & 1) != 0 ? 16 : 8;
    if (data.bytes() < bytes) return Outcome::of(kDataLengthInvalid);
    host_identifier_.fill(std::byte{0});
    data.get(host_identifier_.data(), bytes);
    return {};
}

}  // namespace xnvme::be_model
