/// \file
/// The model: an NVMe controller with one namespace, in memory.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>

#include <xnvme/command.hpp>
#include <xnvme/nvme/log.hpp>
#include <xnvme/result.hpp>

#include "error_log.hpp"
#include "event_log.hpp"
#include "faults.hpp"
#include "fdp_state.hpp"
#include "features.hpp"
#include "firmware.hpp"
#include "kv_store.hpp"
#include "media.hpp"
#include "streams.hpp"
#include "uri.hpp"
#include "zones.hpp"

namespace xnvme::be_model {

/// The namespace that the model has.
inline constexpr std::uint32_t kNsid = 1;
inline constexpr char kModelNumber[] = "xNVMe++ model controller";
/// The controller identifier that it has.
inline constexpr std::uint16_t kControllerId = 0;

/// An operation that goes on after its command completed.
struct BackgroundTask {
    bool running = false;
    std::chrono::steady_clock::time_point begin{};
    std::chrono::steady_clock::time_point end{};

    void start(std::chrono::nanoseconds duration) noexcept;
    bool due() const noexcept { return running && std::chrono::steady_clock::now() >= end; }
    /// How much of it is done, in parts of `whole`: less than `whole` while it is running.
    std::uint32_t fraction(std::uint32_t whole) const noexcept;
    std::uint8_t percent() const noexcept { return static_cast<std::uint8_t>(fraction(100)); }
};

/// What admin commands change apart from features; guarded by `Controller::admin_mutex`.
struct AdminState {
    std::uint16_t sanitize_state = 0;      ///< SSTAT of the sanitize status log.
    std::uint32_t sanitize_command = 0;    ///< Dword 10 of the last Sanitize.
    std::uint64_t writes_at_sanitize = 0;  ///< Write commands until then.
    bool namespace_changed = false;        ///< The changed namespace list has the namespace.
    nvme::SelfTestLog self_tests{};
    BackgroundTask sanitize;
    std::uint16_t sanitize_outcome = 0;  ///< SSTAT when the running one ends.
    BackgroundTask self_test;
    nvme::SelfTestResult self_test_outcome{};  ///< The result when the running one ends.

    bool allocated = true;  ///< The namespace exists.
    bool attached = true;   ///< It is attached to the controller, too.

    std::uint8_t telemetry_generation = 0;             ///< Of the host-initiated log.
    std::uint8_t telemetry_controller_generation = 0;  ///< Of what the controller captured.
    bool telemetry_available = false;
    std::uint64_t telemetry_media_errors = 0;  ///< Media errors at the controller's last capture.
};

/// A controller. Any thread may execute commands on it; each is executed on the calling thread.
///
/// I/O goes to the namespace's command set (`nvm_commands.hpp`), admin commands to the groups of
/// `admin.hpp`; both work on the parts that this holds. It counts its owners itself: see
/// `ControllerRef`.
class Controller {
  public:
    /// A controller as `config` asks for, that nobody owns yet. Fails with a sentence when there is
    /// no memory.
    static Result<Controller*, Failure> create(const Config& config);
    ~Controller();
    Controller(const Controller&) = delete;
    Controller& operator=(const Controller&) = delete;

    /// Executes an I/O command and fills in its completion. A command that is dropped on purpose
    /// takes `timeout` and fails with `Errc::timed_out`.
    void execute_io(Context& context, std::chrono::milliseconds timeout) noexcept;
    /// Executes an admin command likewise.
    void execute_admin(Context& context, std::chrono::milliseconds timeout) noexcept;

    /// Controller reset: features are as they were saved, self-tests end. What the medium holds and
    /// what logs say stays, as NVMe Base 2.0 §3.7.2 has it.
    void reset() noexcept;

    const Config& config() const noexcept { return config_; }
    /// The blocks of the namespace; nothing is ever in them where it is key-value.
    Media& media() noexcept { return *media_; }
    /// What a key-value namespace stores; null where it has blocks.
    KvStore* kv() noexcept { return kv_.get(); }
    /// Flexible data placement; null where the controller has none.
    FdpState* fdp() noexcept { return fdp_.get(); }
    /// The streams directive; null where the controller has none.
    Streams* streams() noexcept { return streams_.get(); }
    /// What was done to the namespace, whatever it is of.
    Traffic traffic() noexcept;
    /// Null unless the namespace is zoned.
    Zones* zones() noexcept { return zones_.get(); }
    std::uint32_t plain_bytes_max() const noexcept { return plain_bytes_max_; }
    FaultSet& faults() noexcept { return faults_; }
    ErrorLog& errors() noexcept { return errors_; }
    Features& features() noexcept { return features_; }
    EventLog& events() noexcept { return events_; }
    /// Guarded by `admin_mutex`.
    Firmware& firmware() noexcept { return firmware_; }
    std::mutex& admin_mutex() noexcept { return admin_mutex_; }
    AdminState& admin_state() noexcept { return admin_state_; }
    std::chrono::steady_clock::time_point started() const noexcept { return started_; }

    /// Adds an event to the persistent event log, with the time of the Timestamp feature.
    template <class Data>
    void record(nvme::PersistentEventType type, const Data& data) noexcept {
        static_assert(sizeof(Data) <= kEventDataMax);
        events_.add(type, features_.timestamp(), nvme::encode(data));
    }
    /// Ends what went on in the background and is due. Every admin command begins with it.
    void settle() noexcept;
    /// Says whether I/O commands are refused, and why. Admin commands that change it hold
    /// `admin_mutex`.
    void set_attached(bool attached) noexcept {
        // Relaxed: a command that runs at the same time may see either.
        attached_.store(attached, std::memory_order_relaxed);
    }
    void set_sanitizing(bool sanitizing) noexcept {
        sanitizing_.store(sanitizing, std::memory_order_relaxed);
    }

  private:
    friend class ControllerRef;
    /// `execute_io` of what is not the common case. Kept apart: its many variables would otherwise
    /// be set up for each command.
    [[gnu::noinline]] void execute_any(Context& context,
                                       std::chrono::milliseconds timeout) noexcept;
    /// Why no I/O command can be executed now, or success.
    Status refusal() noexcept;
    Controller(const Config& config, std::unique_ptr<Media> media, std::unique_ptr<KvStore> kv,
               std::unique_ptr<Zones> zones);
    void fail_command(Context& context, bool admin, const Outcome& outcome,
                      std::chrono::milliseconds timeout) noexcept;

    const Config config_;
    const bool delays_;
    /// The most bytes of a command that may take the short path; 0 where something that was asked
    /// for stands in its way.
    const std::uint32_t plain_bytes_max_;
    std::unique_ptr<Media> media_;
    std::unique_ptr<KvStore> kv_;
    std::unique_ptr<FdpState> fdp_;
    std::unique_ptr<Streams> streams_;
    std::unique_ptr<Zones> zones_;
    FaultSet faults_;
    ErrorLog errors_;
    Features features_;
    EventLog events_;
    Firmware firmware_;
    std::atomic<bool> attached_{true};
    std::atomic<bool> sanitizing_{false};
    std::mutex admin_mutex_;
    AdminState admin_state_;
    std::chrono::steady_clock::time_point started_;
    std::uint32_t owners_ = 0;  ///< Guarded by the store's lock.
};

}  // namespace xnvme::be_model
