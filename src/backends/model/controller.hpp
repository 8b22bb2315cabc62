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
#include "faults.hpp"
#include "fdp_state.hpp"
#include "features.hpp"
#include "kv_store.hpp"
#include "media.hpp"
#include "streams.hpp"
#include "uri.hpp"
#include "zones.hpp"

namespace xnvme::be_model {

/// The namespace that the model has.
inline constexpr std::uint32_t kNsid = 1;
inline constexpr char kModelNumber[] = "xNVMe++ model controller";
inline constexpr char kFirmware[] = "1.0";

/// What admin commands change apart from features; guarded by `Controller::admin_mutex`.
struct AdminState {
    std::uint16_t sanitize_state = 0;      ///< SSTAT of the sanitize status log.
    std::uint32_t sanitize_command = 0;    ///< Dword 10 of the last Sanitize.
    std::uint64_t writes_at_sanitize = 0;  ///< Write commands until then.
    bool namespace_changed = false;        ///< The changed namespace list has the namespace.
    nvme::SelfTestLog self_tests{};
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
    FaultSet& faults() noexcept { return faults_; }
    ErrorLog& errors() noexcept { return errors_; }
    Features& features() noexcept { return features_; }
    std::mutex& admin_mutex() noexcept { return admin_mutex_; }
    AdminState& admin_state() noexcept { return admin_state_; }
    std::chrono::steady_clock::time_point started() const noexcept { return started_; }

  private:
    friend class ControllerRef;
    Controller(const Config& config, std::unique_ptr<Media> media, std::unique_ptr<KvStore> kv,
               std::unique_ptr<Zones> zones);
    void fail_command(Context& context, bool admin, const Outcome& outcome,
                      std::chrono::milliseconds timeout) noexcept;

    const Config config_;
    const bool delays_;
    const bool plain_;  ///< Nothing asked for stands in the way of the short path.
    std::unique_ptr<Media> media_;
    std::unique_ptr<KvStore> kv_;
    std::unique_ptr<FdpState> fdp_;
    std::unique_ptr<Streams> streams_;
    std::unique_ptr<Zones> zones_;
    FaultSet faults_;
    ErrorLog errors_;
    Features features_;
    std::mutex admin_mutex_;
    AdminState admin_state_;
    std::chrono::steady_clock::time_point started_;
    std::uint32_t owners_ = 0;  ///< Guarded by the store's lock.
};

}  // namespace xnvme::be_model
