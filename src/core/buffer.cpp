#include <xnvme/buffer.hpp>

#include <utility>

#include "core/device_state.hpp"

namespace xnvme {

Buffer::Buffer(std::shared_ptr<DeviceState> device, std::byte* data, std::size_t bytes,
               bool mapped) noexcept
    : device_(std::move(device)), data_(data), bytes_(bytes), mapped_(mapped) {}

Buffer::Buffer(Buffer&& other) noexcept
    : device_(std::move(other.device_)),
      data_(std::exchange(other.data_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)),
      mapped_(other.mapped_) {}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
    if (this == &other) return *this;
    reset();
    device_ = std::move(other.device_);
    data_ = std::exchange(other.data_, nullptr);
    bytes_ = std::exchange(other.bytes_, 0);
    mapped_ = other.mapped_;
    return *this;
}

Buffer::~Buffer() {
    reset();
}

void Buffer::reset() noexcept {
    if (data_ == nullptr) return;
    // The region goes first: a queue that finds it gone does not use its registration for memory
    // that may be somebody else's by then.
    device_->regions.remove(data_);
    if (mapped_) {
        device_->memory->unmap(data_, bytes_);
    } else {
        device_->memory->free(data_, bytes_);
    }
    data_ = nullptr;
    bytes_ = 0;
    device_.reset();
}

Result<std::uint64_t> Buffer::device_address() const noexcept {
    if (data_ == nullptr) return fail(Errc::invalid_argument);
    return device_->memory->translate(data_);
}

}  // namespace xnvme
