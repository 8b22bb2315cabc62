#include "transfer.hpp"

#include <cstring>

namespace xnvme::tool {

Transfer::Transfer(Device& device, std::uint8_t opcode, std::uint32_t blocks, bool pract)
    : blocks_(blocks), block_bytes_(device.geometry().block_bytes) {
    const Geometry& geometry = device.geometry();
    inline_bytes_ =
        static_cast<std::uint32_t>(geometry.transfer_bytes(1, pract)) - geometry.block_bytes;
    if (device.capabilities().rules->opcodes[opcode].carries_metadata)
        separate_bytes_ = static_cast<std::uint32_t>(geometry.separate_metadata_bytes(1, pract));
    data_bytes_ = std::size_t{blocks} * (block_bytes_ + inline_bytes_);
    metadata_bytes_ = std::size_t{blocks} * separate_bytes_;
    data_buffer_ = take(device.allocate(data_bytes_));
    if (metadata_bytes_ != 0) metadata_buffer_ = take(device.allocate(metadata_bytes_));
}

std::vector<std::byte> Transfer::block_data() const {
    std::vector<std::byte> bytes(std::size_t{blocks_} * block_bytes_);
    for (std::size_t i = 0; i < blocks_; ++i)
        std::memcpy(bytes.data() + i * block_bytes_,
                    data_buffer_.data() + i * (block_bytes_ + inline_bytes_), block_bytes_);
    return bytes;
}

std::vector<std::byte> Transfer::block_metadata() const {
    std::vector<std::byte> bytes(std::size_t{blocks_} * block_metadata_bytes());
    if (separate_bytes_ != 0) std::memcpy(bytes.data(), metadata_buffer_.data(), bytes.size());
    for (std::size_t i = 0; inline_bytes_ != 0 && i < blocks_; ++i)
        std::memcpy(bytes.data() + i * inline_bytes_,
                    data_buffer_.data() + i * (block_bytes_ + inline_bytes_) + block_bytes_,
                    inline_bytes_);
    return bytes;
}

void Transfer::set_block_data(std::span<const std::byte> bytes) {
    for (std::size_t i = 0; i < blocks_; ++i)
        std::memcpy(data_buffer_.data() + i * (block_bytes_ + inline_bytes_),
                    bytes.data() + i * block_bytes_, block_bytes_);
}

void Transfer::set_block_metadata(std::span<const std::byte> bytes) {
    if (separate_bytes_ != 0) std::memcpy(metadata_buffer_.data(), bytes.data(), metadata_bytes_);
    for (std::size_t i = 0; inline_bytes_ != 0 && i < blocks_; ++i)
        std::memcpy(data_buffer_.data() + i * (block_bytes_ + inline_bytes_) + block_bytes_,
                    bytes.data() + i * inline_bytes_, inline_bytes_);
}

}  // namespace xnvme::tool
