#include "controller.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <new>
#include <thread>

#include <xnvme/nvme/opcodes.hpp>
#include <xnvme/size.hpp>

#include "admin.hpp"
#include "contracts/complete.hpp"
#include "kv_commands.hpp"
#include "nvm_commands.hpp"
#include "zoned_commands.hpp"

namespace xnvme::be_model {

namespace {

/// Never returns early, which sleeping does where the system's timer is coarse (Windows).
void sleep_until(std::chrono::steady_clock::time_point end) noexcept {
    while (std::chrono::steady_clock::now() < end) std::this_thread::sleep_until(end);
}

using std::chrono::steady_clock;

/// With a serial number of its own where none was asked for.
Config with_serial(Config config) {
    static std::atomic<unsigned> last{0};
    if (config.serial.empty()) {
        char serial[21];
        std::snprintf(serial, sizeof(serial), "XNVME%08u", ++last);
        config.serial = serial;
    }
    return config;
}

/// How long the medium takes for a command. Flushes wait as long as writes do.
std::chrono::nanoseconds latency_of(const Config& config, std::uint8_t opcode) {
    const nvme::OpcodeInfo* info = nvme::find_io_opcode(config.command_set, opcode);
    const bool writes = info != nullptr && info->changes_device;
    const bool flushes = opcode == static_cast<std::uint8_t>(nvme::NvmOpcode::flush);
    return writes || flushes ? config.write_latency : config.read_latency;
}

}  // namespace

Result<Controller*, Failure> Controller::create(const Config& config) {
    const ProtectionConfig& protection = config.protection;
    StorageTags storage_tags;
    if (protection.storage_tag_bits)
        storage_tags.of(protection.guard_bits.value_or(16)) = *protection.storage_tag_bits;
    auto media = Media::create(config.size_bytes,
                               {config.format, config.extended, protection.type, protection.first},
                               storage_tags, config.deallocated);
    if (!media)
        return fail(media.error(),
                    "There is not enough memory for the tables of a model device of " +
                        format_size(config.size_bytes) + ": make it smaller.");
    std::unique_ptr<Zones> zones;
    if (config.zones.zoned) {
        auto made = Zones::create(config);
        if (!made)
            return fail(made.error(),
                        "There is not enough memory for the zones of a model device of " +
                            format_size(config.size_bytes) + ": make them larger.");
        zones = std::move(*made);
    }
    std::unique_ptr<KvStore> kv;
    if (config.command_set == CommandSet::key_value)
        kv = std::make_unique<KvStore>(config.size_bytes, config.kv);
    return new Controller(config, std::move(*media), std::move(kv), std::move(zones));
}

Controller::Controller(const Config& config, std::unique_ptr<Media> media,
                       std::unique_ptr<KvStore> kv, std::unique_ptr<Zones> zones)
    : config_(with_serial(config)),
      delays_(config.read_latency.count() != 0 || config.write_latency.count() != 0),
      plain_bytes_max_(!delays_ && !config.read_only && config.faults.empty() &&
                               config.background.count() == 0 &&
                               config.command_set == CommandSet::nvm && !config.placement.fdp
                           ? config.mdts_bytes
                           : 0),
      media_(std::move(media)),
      kv_(std::move(kv)),
      zones_(std::move(zones)),
      faults_(config.faults),
      started_(steady_clock::now()) {
    if (config.placement.fdp)
        fdp_ = std::make_unique<FdpState>(config.placement, config.size_bytes);
    if (config.placement.streams != 0)
        streams_ = std::make_unique<Streams>(config.placement.streams);
    for (nvme::SelfTestResult& result : admin_state_.self_tests.results) result.status = 0xf;
    struct PowerOn {
        std::array<char, 8> firmware;
        nvme::ResetInformation controller;
    } event{};
    static_assert(sizeof(PowerOn) == 44);
    event.firmware = firmware_.revision();
    event.controller.cntlid = kControllerId;
    event.controller.power_cycle = std::uint32_t{1};
    record(nvme::PersistentEventType::power_on_or_reset, event);
}

void BackgroundTask::start(std::chrono::nanoseconds duration) noexcept {
    running = true;
    begin = steady_clock::now();
    end = begin + duration;
}

std::uint32_t BackgroundTask::fraction(std::uint32_t whole) const noexcept {
    const auto length = (end - begin).count();
    if (!running || length <= 0) return 0;
    const auto passed = std::min((steady_clock::now() - begin).count(), length);
    const double part = static_cast<double>(passed) / static_cast<double>(length);
    return std::min(static_cast<std::uint32_t>(part * whole), whole - 1);
}

void Controller::settle() noexcept {
    const std::lock_guard lock(admin_mutex_);
    AdminState& state = admin_state_;
    if (state.sanitize.due()) {
        state.sanitize.running = false;
        state.sanitize_state = state.sanitize_outcome;
        set_sanitizing(false);
        nvme::SanitizeCompletionEvent event{};
        event.progress = std::uint16_t{0xffff};
        event.status = state.sanitize_state;
        record(nvme::PersistentEventType::sanitize_completion, event);
    }
    if (state.self_test.due()) {
        state.self_test.running = false;
        state.self_tests.operation = 0;
        auto& results = state.self_tests.results;
        std::shift_right(results.begin(), results.end(), 1);
        results[0] = state.self_test_outcome;
    }
}

Status Controller::refusal() noexcept {
    if (sanitizing_.load(std::memory_order_relaxed)) {
        settle();
        if (sanitizing_.load(std::memory_order_relaxed)) return kSanitizeInProgress;
    }
    return attached_.load(std::memory_order_relaxed) ? kSuccess : kInvalidNamespace;
}

Controller::~Controller() = default;

Traffic Controller::traffic() noexcept {
    if (kv_ != nullptr) return kv_->traffic();
    Media::Held held(*media_, kAllStripes);
    return media_->traffic();
}

void Controller::execute_io(Context& context, std::chrono::milliseconds timeout) noexcept {
    // The rules have reset the completion, and success adds nothing to that.
    if (execute_nvm_plain(*this, context)) [[likely]]
        return;
    execute_any(context, timeout);
}

void Controller::execute_any(Context& context, std::chrono::milliseconds timeout) noexcept {
    if (const Status refused = refusal(); !refused.ok()) [[unlikely]] {
        fail_command(context, false, Outcome::of(refused), timeout);
        return;
    }
    const auto begun = delays_ ? steady_clock::now() : steady_clock::time_point{};
    const Outcome outcome = kv_ != nullptr      ? execute_kv(*this, context)
                            : zones_ != nullptr ? execute_zoned(*this, context)
                                                : execute_nvm(*this, context);
    if (delays_) [[unlikely]]
        sleep_until(begun + latency_of(config_, context.command.opcode));
    if (outcome.status.ok() && !outcome.dropped) [[likely]] {
        complete_ok(context, outcome.result);
        return;
    }
    fail_command(context, false, outcome, timeout);
}

void Controller::execute_admin(Context& context, std::chrono::milliseconds timeout) noexcept {
    const Outcome outcome = execute_admin_command(*this, context);
    if (outcome.status.ok() && !outcome.dropped) {
        complete_ok(context, outcome.result);
        return;
    }
    fail_command(context, true, outcome, timeout);
}

void Controller::reset() noexcept {
    const std::lock_guard lock(admin_mutex_);
    features_.reset();
}

void Controller::fail_command(Context& context, bool admin, const Outcome& outcome,
                              std::chrono::milliseconds timeout) noexcept {
    if (outcome.dropped) {
        // The device says nothing: what ends the command is the caller's time-out.
        sleep_until(steady_clock::now() + timeout);
        complete_failed(context, Errc::timed_out, ETIMEDOUT);
        return;
    }
    errors_.add(context.command, admin, outcome);
    complete_device(context, outcome.status, outcome.result);
}

}  // namespace xnvme::be_model
