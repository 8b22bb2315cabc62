/// \file
/// Numbers that look like chance and follow from others.
#pragma once

#include <cstdint>

namespace xnvme::tool {

/// What SplitMix64 adds to its state for each number.
inline constexpr std::uint64_t kMixStep = 0x9e3779b97f4a7c15;

/// SplitMix64, from a state to its next number: every bit of the input changes half of the output.
/// Fast, and good enough to choose places and to fill blocks.
constexpr std::uint64_t mix(std::uint64_t state) noexcept {
    std::uint64_t value = state + kMixStep;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
    return value ^ (value >> 31);
}

}  // namespace xnvme::tool
