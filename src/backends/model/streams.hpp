/// \file
/// The streams directive of the model.
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include <xnvme/nvme/directives.hpp>

#include "verdicts.hpp"

namespace xnvme::be_model {

/// Which streams the namespace has open. What is written to them is stored like anything else; any
/// thread may use it. NVMe Base 2.0 §8.7.3
class Streams {
  public:
    /// \param most streams that can be open at a time
    explicit Streams(std::uint32_t most) : most_(most) {}

    bool enabled() const noexcept;
    /// Turned off, all streams are closed and given back.
    void enable(bool on) noexcept;
    /// A write to a stream opens it. Where as many are open as can be, the one that was opened
    /// first is closed for it. False when there was no memory.
    bool wrote(std::uint16_t stream) noexcept;
    nvme::StreamsParameters parameters() const noexcept;
    /// The open ones, in the order in which they were opened.
    std::vector<std::uint16_t> open() const;
    /// Streams of the namespace's own: as many as there are of those asked for. Fails with Invalid
    /// Field while it has some, and when none are asked for.
    Outcome allocate(std::uint16_t count) noexcept;
    /// Closes a stream, which may be closed already.
    void release(std::uint16_t stream) noexcept;
    /// Closes all and gives back the namespace's own.
    void release_all() noexcept;

  private:
    const std::uint32_t most_;
    mutable std::mutex mutex_;
    bool enabled_ = false;
    std::uint16_t allocated_ = 0;
    std::vector<std::uint16_t> open_;
};

}  // namespace xnvme::be_model
