/// \file
/// What the fuzz targets share. Each is a libFuzzer program that hands foreign bytes to one family
/// of decoders: nothing may be read outside them, nothing may be undefined, and what is printed of
/// them must come out whole. Run one by hand for longer than the suite does:
///
///     cmake --preset fuzz && cmake --build --preset fuzz -t fuzz_targets
///     build/fuzz/fuzz/fuzz_logs -max_total_time=600 -max_len=8192
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace fuzz {

/// Takes an input apart, from its front.
class Input {
  public:
    Input(const std::uint8_t* data, std::size_t size) noexcept : rest_(data, size) {}

    /// The next byte; 0 where there is none.
    std::uint8_t byte() noexcept {
        if (rest_.empty()) return 0;
        const std::uint8_t first = rest_.front();
        rest_ = rest_.subspan(1);
        return first;
    }
    std::uint32_t word() noexcept {
        std::uint32_t value = 0;
        for (unsigned i = 0; i < 4; ++i) value = value << 8 | byte();
        return value;
    }
    /// All that is left, in memory of exactly that size, so that a read past it is seen.
    std::vector<std::byte> rest() const {
        const auto bytes = std::as_bytes(rest_);
        return {bytes.begin(), bytes.end()};
    }
    std::string_view text() const noexcept {
        return {reinterpret_cast<const char*>(rest_.data()), rest_.size()};
    }

  private:
    std::span<const std::uint8_t> rest_;
};

/// Ends the program, as a sanitizer would, where a promise was broken.
inline void require(bool holds) noexcept {
    if (!holds) std::abort();
}

}  // namespace fuzz
