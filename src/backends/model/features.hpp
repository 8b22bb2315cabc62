/// \file
/// The features of the model: their values, and what may be set.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

#include <xnvme/command.hpp>
#include <xnvme/nvme/features.hpp>

#include "scatter.hpp"
#include "verdicts.hpp"

namespace xnvme::be_model {

/// I/O queues that the model says it has, of each kind.
inline constexpr std::uint32_t kIoQueues = 64;
/// Power states that the model says it has.
inline constexpr std::uint32_t kPowerStates = 3;
/// What the thermal management of the host can be set to: 27 to 97 degrees Celsius in kelvin.
inline constexpr std::uint16_t kThermalMinKelvin = 300;
inline constexpr std::uint16_t kThermalMaxKelvin = 370;
/// The composite temperature, which does not change: 40 degrees Celsius in kelvin.
inline constexpr std::uint16_t kTemperatureKelvin = 313;
/// The over temperature threshold to begin with: 77 degrees Celsius in kelvin.
inline constexpr std::uint16_t kWarningKelvin = 350;

/// What Get Features and Set Features work on. Any thread may use it.
class Features {
  public:
    Features() noexcept;

    /// Every feature becomes what was saved, or where nothing was, what it began with.
    /// NVMe Base 2.0 §5.27: a reset of the controller ends the current values.
    void reset() noexcept;

    /// Get Features. NVMe Base 2.0 §5.15
    Outcome get(const Command& command, Scatter& data) noexcept;
    /// Set Features. NVMe Base 2.0 §5.27
    Outcome set(const Command& command, Scatter& data) noexcept;

    /// What the feature may do, as Get Features has it; nothing for one that is not there.
    static std::optional<nvme::FeatureCapabilities> capabilities(nvme::FeatureId id) noexcept;
    /// The timestamp as its feature returns it, in eight bytes.
    std::uint64_t timestamp() const noexcept;

    /// Reading deallocated blocks is an error (DULBE of Error Recovery).
    bool refuses_deallocated() const noexcept {
        return refuses_deallocated_.load(std::memory_order_relaxed);
    }
    /// A sanitize that may not keep blocks allocated says so in its log and goes on (NODRM of
    /// Sanitize Config), instead of failing.
    bool warns_of_deallocation() const noexcept;
    /// The temperature is beyond a threshold: a critical warning of the health log.
    bool temperature_warning() const noexcept;

  private:
    /// Rows of the table of features that hold a dword.
    static constexpr std::size_t kRows = 24;
    struct Values {
        std::uint32_t current = 0;
        std::uint32_t saved = 0;
    };

    Outcome get_data(const Command& command, Scatter& data) const noexcept;
    Outcome set_data(const Command& command, Scatter& data) noexcept;
    Outcome set_power_states(const Command& command, Scatter& data) noexcept;
    Outcome get_temperature(const Command& command) const noexcept;
    Outcome set_temperature(const Command& command) noexcept;
    std::uint64_t now_ms() const noexcept;
    nvme::Timestamp timestamp_locked() const noexcept;

    mutable std::mutex mutex_;
    std::array<Values, kRows> values_{};
    std::atomic<bool> refuses_deallocated_{false};

    /// Composite temperature thresholds: over, under.
    std::array<Values, 2> thresholds_{};
    std::array<std::byte, 16> host_identifier_{};
    std::array<std::byte, 512> host_behavior_{};
    nvme::AutonomousPowerState power_states_{};
    bool power_states_enabled_ = false;
    std::uint64_t timestamp_ms_ = 0;  ///< What the host set, at `timestamp_set_`.
    bool timestamp_by_host_ = false;
    std::chrono::steady_clock::time_point timestamp_set_;
};

}  // namespace xnvme::be_model
