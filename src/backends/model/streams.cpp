#include "streams.hpp"

#include <algorithm>
#include <new>

namespace xnvme::be_model {

bool Streams::enabled() const noexcept {
    const std::lock_guard lock(mutex_);
    return enabled_;
}

void Streams::enable(bool on) noexcept {
    const std::lock_guard lock(mutex_);
    enabled_ = on;
    if (on) return;
    open_.clear();
    allocated_ = 0;
}

bool Streams::wrote(std::uint16_t stream) noexcept {
    const std::lock_guard lock(mutex_);
    if (std::ranges::find(open_, stream) != open_.end()) return true;
    const std::size_t most = allocated_ != 0 ? allocated_ : most_;
    while (open_.size() >= most) open_.erase(open_.begin());
    try {
        open_.push_back(stream);
    } catch (const std::bad_alloc&) {
        return false;
    }
    return true;
}

nvme::StreamsParameters Streams::parameters() const noexcept {
    const std::lock_guard lock(mutex_);
    const auto open = static_cast<std::uint16_t>(open_.size());
    nvme::StreamsParameters parameters{};
    parameters.msl = static_cast<std::uint16_t>(most_);
    parameters.nssa = static_cast<std::uint16_t>(most_ - allocated_);
    parameters.nsso = allocated_ != 0 ? std::uint16_t{0} : open;
    parameters.sws = std::uint32_t{8};
    parameters.sgs = std::uint16_t{1};
    parameters.nsa = allocated_;
    parameters.nso = open;
    return parameters;
}

std::vector<std::uint16_t> Streams::open() const {
    const std::lock_guard lock(mutex_);
    return open_;
}

Outcome Streams::allocate(std::uint16_t count) noexcept {
    const std::lock_guard lock(mutex_);
    if (count == 0 || allocated_ != 0) return Outcome::of(kInvalidField);
    allocated_ = static_cast<std::uint16_t>(std::min<std::uint32_t>(count, most_));
    while (open_.size() > allocated_) open_.erase(open_.begin());
    return Outcome::success(allocated_);
}

void Streams::release(std::uint16_t stream) noexcept {
    const std::lock_guard lock(mutex_);
    std::erase(open_, stream);
}

void Streams::release_all() noexcept {
    const std::lock_guard lock(mutex_);
    open_.clear();
    allocated_ = 0;
}

}  // namespace xnvme::be_model
