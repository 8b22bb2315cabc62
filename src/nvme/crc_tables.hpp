/// \file
/// The checksums of <xnvme/nvme/crc.hpp> by tables: eight bytes at a step, one table for the
/// distance of each from the end of the step ("slicing by eight").
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace xnvme::nvme::tables {

std::uint16_t crc16_t10dif(std::span<const std::byte> bytes, std::uint16_t crc) noexcept;
std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t crc) noexcept;
std::uint64_t crc64_nvme(std::span<const std::byte> bytes, std::uint64_t crc) noexcept;

}  // namespace xnvme::nvme::tables
