/// \file
/// The buffers of one command on blocks: their data and their metadata, wherever the device has it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "program.hpp"

namespace xnvme::tool {

/// Buffers as the device takes them, and the data and the metadata of the blocks in them, each for
/// itself.
class Transfer {
  public:
    /// Buffers for `blocks` blocks of a command with this opcode. With PRACT there is no metadata
    /// where all of it is protection information. Ends the command when memory ran out.
    Transfer(Device& device, std::uint8_t opcode, std::uint32_t blocks, bool pract);

    Data data() const { return data_buffer_.part(0, data_bytes_); }
    Data metadata() const {
        return metadata_bytes_ == 0 ? Data{} : metadata_buffer_.part(0, metadata_bytes_);
    }
    /// What the device takes as data, metadata behind each block and all.
    std::span<std::byte> raw() const { return {data_buffer_.data(), data_bytes_}; }

    /// Bytes of a block's data, and of the metadata that is moved with it.
    std::uint32_t block_bytes() const { return block_bytes_; }
    std::uint32_t block_metadata_bytes() const { return inline_bytes_ + separate_bytes_; }

    std::vector<std::byte> block_data() const;
    std::vector<std::byte> block_metadata() const;
    /// As many bytes as there are blocks for.
    void set_block_data(std::span<const std::byte> bytes);
    void set_block_metadata(std::span<const std::byte> bytes);

  private:
    std::uint32_t blocks_;
    std::uint32_t block_bytes_;
    std::uint32_t inline_bytes_ = 0;    ///< Metadata behind each block's data.
    std::uint32_t separate_bytes_ = 0;  ///< Metadata per block in a buffer of its own.
    std::size_t data_bytes_;
    std::size_t metadata_bytes_;
    Buffer data_buffer_;
    Buffer metadata_buffer_;
};

}  // namespace xnvme::tool
