#include <xnvme/nvme/crc.hpp>

#include "nvme/crc_tables.hpp"

#ifdef XNVME_HAVE_LIBISAL
#include <isa-l.h>

#include <algorithm>
#include <climits>
#endif

namespace xnvme::nvme {

#ifdef XNVME_HAVE_LIBISAL

std::uint16_t crc16_t10dif(std::span<const std::byte> bytes, std::uint16_t crc) noexcept {
    return ::crc16_t10dif(crc, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
}

std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t crc) noexcept {
    // ISA-L leaves the inversions to the caller, counts in int, and does not write to the buffer.
    crc = ~crc;
    while (!bytes.empty()) {
        const std::size_t part = std::min<std::size_t>(bytes.size(), INT_MAX);
        auto* at = reinterpret_cast<unsigned char*>(const_cast<std::byte*>(bytes.data()));
        crc = ::crc32_iscsi(at, static_cast<int>(part), crc);
        bytes = bytes.subspan(part);
    }
    return ~crc;
}

#else

std::uint16_t crc16_t10dif(std::span<const std::byte> bytes, std::uint16_t crc) noexcept {
    return tables::crc16_t10dif(bytes, crc);
}

std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t crc) noexcept {
    return tables::crc32c(bytes, crc);
}

#endif

#ifdef XNVME_HAVE_LIBISAL_CRC64

// ISA-L 2.31: crc64_rocksoft_refl, which inverts before and after by itself.
std::uint64_t crc64_nvme(std::span<const std::byte> bytes, std::uint64_t crc) noexcept {
    return ::crc64_rocksoft_refl(crc, reinterpret_cast<const unsigned char*>(bytes.data()),
                                 bytes.size());
}

#else

std::uint64_t crc64_nvme(std::span<const std::byte> bytes, std::uint64_t crc) noexcept {
    return tables::crc64_nvme(bytes, crc);
}

#endif

}  // namespace xnvme::nvme
