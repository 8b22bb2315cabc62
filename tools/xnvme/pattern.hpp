/// \file
/// Data that says what it is: each block holds its own number, a generation and a seed, and words
/// that follow from those three.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace xnvme::tool {

/// What a block is filled from. Two blocks differ in every word when one of the three differs.
struct Pattern {
    std::uint64_t seed = 0;
    std::uint64_t generation = 1;
};

/// Fills one block, of any length from 32 bytes.
void fill_block(std::span<std::byte> block, std::uint64_t number, const Pattern& pattern) noexcept;

/// Where a block is not what `fill_block` made of it.
struct Mismatch {
    std::uint64_t block = 0;
    std::size_t byte = 0;  ///< The first byte in the block that differs.
    std::uint8_t expected = 0;
    std::uint8_t actual = 0;
    std::string holds;  ///< What the block seems to hold instead; empty when there is no telling.
};
std::optional<Mismatch> check_block(std::span<const std::byte> block, std::uint64_t number,
                                    const Pattern& pattern);

/// What a block says that it is filled from; nothing when it is not one of `fill_block`, or another
/// number's.
std::optional<Pattern> claimed_pattern(std::span<const std::byte> block,
                                       std::uint64_t number) noexcept;

}  // namespace xnvme::tool
