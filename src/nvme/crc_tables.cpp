#include "nvme/crc_tables.hpp"

#include <array>
#include <cstring>

namespace xnvme::nvme::tables {

namespace {

/// Table n has what a byte comes to with n bytes of zero after it.
template <class T>
using Tables = std::array<std::array<T, 256>, 8>;

/// For checksums that take the least significant bit first; `polynomial` is reflected.
template <class T>
constexpr Tables<T> reflected_tables(T polynomial) {
    Tables<T> tables{};
    for (unsigned byte = 0; byte < 256; ++byte) {
        T crc = static_cast<T>(byte);
        for (int bit = 0; bit < 8; ++bit)
            crc = static_cast<T>((crc >> 1) ^ ((crc & 1) != 0 ? polynomial : T{0}));
        tables[0][byte] = crc;
    }
    for (std::size_t n = 1; n < 8; ++n) {
        for (std::size_t byte = 0; byte < 256; ++byte) {
            const T crc = tables[n - 1][byte];
            tables[n][byte] = static_cast<T>((crc >> 8) ^ tables[0][crc & 0xff]);
        }
    }
    return tables;
}

constexpr Tables<std::uint16_t> forward_tables(std::uint16_t polynomial) {
    Tables<std::uint16_t> tables{};
    for (unsigned byte = 0; byte < 256; ++byte) {
        unsigned crc = byte << 8;
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc << 1) ^ ((crc & 0x8000u) != 0 ? polynomial : 0u);
        tables[0][byte] = static_cast<std::uint16_t>(crc);
    }
    for (std::size_t n = 1; n < 8; ++n) {
        for (std::size_t byte = 0; byte < 256; ++byte) {
            const unsigned crc = tables[n - 1][byte];
            tables[n][byte] = static_cast<std::uint16_t>((crc << 8) ^ tables[0][crc >> 8]);
        }
    }
    return tables;
}

constexpr auto kCrc16 = forward_tables(0x8bb7);
constexpr auto kCrc32 = reflected_tables<std::uint32_t>(0x82f63b78);
constexpr auto kCrc64 = reflected_tables<std::uint64_t>(0x9a6c9329ac4bc9b5);

std::uint64_t load(const std::byte* at) noexcept {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof(word));
    return word;
}

template <class T>
T reflected(const Tables<T>& tables, std::span<const std::byte> bytes, T crc) noexcept {
    crc = static_cast<T>(~crc);
    const std::byte* at = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= 8; left -= 8, at += 8) {
        const std::uint64_t word = load(at) ^ crc;
        T next = 0;
        for (unsigned i = 0; i < 8; ++i) next ^= tables[7 - i][(word >> (8 * i)) & 0xff];
        crc = next;
    }
    for (; left != 0; --left, ++at)
        crc = static_cast<T>((crc >> 8) ^
                             tables[0][(crc ^ std::to_integer<std::uint8_t>(*at)) & 0xff]);
    return static_cast<T>(~crc);
}

}  // namespace

std::uint16_t crc16_t10dif(std::span<const std::byte> bytes, std::uint16_t crc) noexcept {
    const std::byte* at = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= 8; left -= 8, at += 8) {
        // The first byte of the step is the lowest of the word, and the checksum's highest.
        const std::uint64_t word =
            load(at) ^ ((crc >> 8) | (static_cast<std::uint64_t>(crc & 0xffu) << 8));
        std::uint16_t next = 0;
        for (unsigned i = 0; i < 8; ++i)
            next = static_cast<std::uint16_t>(next ^ kCrc16[7 - i][(word >> (8 * i)) & 0xff]);
        crc = next;
    }
    for (; left != 0; --left, ++at) {
        const unsigned index = ((crc >> 8) ^ std::to_integer<unsigned>(*at)) & 0xff;
        crc = static_cast<std::uint16_t>((crc << 8) ^ kCrc16[0][index]);
    }
    return crc;
}

std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t crc) noexcept {
    return reflected(kCrc32, bytes, crc);
}

std::uint64_t crc64_nvme(std::span<const std::byte> bytes, std::uint64_t crc) noexcept {
    return reflected(kCrc64, bytes, crc);
}

}  // namespace xnvme::nvme::tables
