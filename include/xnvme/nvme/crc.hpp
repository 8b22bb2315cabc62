/// \file
/// The checksums that guard data: those of protection information.
///
/// ISA-L computes them where the library was built with it and it has them (the 64-bit one since
/// 2.31), tables of the library's own otherwise; both give the same. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <xnvme/export.hpp>

namespace xnvme::nvme {

/// CRC-16/T10-DIF: polynomial 8BB7h, most significant bit first, beginning at 0, not inverted.
/// NVM Command Set 1.0 §5.2.1.1 (16b guard); SBC-3
/// \param crc what the bytes before these came to; 0 for none
[[nodiscard]] XNVME_API std::uint16_t crc16_t10dif(std::span<const std::byte> bytes,
                                                   std::uint16_t crc = 0) noexcept;

/// CRC-32C (Castagnoli): polynomial 1EDC6F41h, reflected, inverted before and after.
/// NVM Command Set 1.0 §5.2.1.2 (32b guard)
/// \param crc what the bytes before these came to; 0 for none
[[nodiscard]] XNVME_API std::uint32_t crc32c(std::span<const std::byte> bytes,
                                             std::uint32_t crc = 0) noexcept;

/// CRC-64/NVME: polynomial AD93D23594C93659h, reflected, inverted before and after.
/// NVM Command Set 1.0 §5.2.1.3 (64b guard)
/// \param crc what the bytes before these came to; 0 for none
[[nodiscard]] XNVME_API std::uint64_t crc64_nvme(std::span<const std::byte> bytes,
                                                 std::uint64_t crc = 0) noexcept;

}  // namespace xnvme::nvme
