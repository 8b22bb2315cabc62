#include "pattern.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include <fmt/core.h>

#include "mix.hpp"

namespace xnvme::tool {
namespace {

/// The head of every block. The words behind it follow from it.
struct Head {
    std::uint64_t magic;
    std::uint64_t number;
    std::uint64_t generation;
    std::uint64_t seed;
};
static_assert(sizeof(Head) == 32);

/// "xNVMe++!" in the order of the bytes.
constexpr std::uint64_t kMagic = 0x212b2b654d564e78;

Head head_of(std::span<const std::byte> block) noexcept {
    Head head;
    std::memcpy(&head, block.data(), sizeof(head));
    return head;
}

std::string what_it_holds(std::span<const std::byte> block, std::uint64_t number,
                          const Pattern& pattern) {
    const bool zeroes = std::ranges::all_of(block, [](std::byte b) { return b == std::byte{0}; });
    if (zeroes) return "nothing but zeroes";
    const Head head = head_of(block);
    if (head.magic != kMagic) return {};
    if (head.number != number) return fmt::format("what belongs into block {}", head.number);
    if (head.generation != pattern.generation)
        return fmt::format("its data of generation {}", head.generation);
    if (head.seed != pattern.seed) return fmt::format("its data of seed {}", head.seed);
    return {};
}

}  // namespace

void fill_block(std::span<std::byte> block, std::uint64_t number, const Pattern& pattern) noexcept {
    const Head head{kMagic, number, pattern.generation, pattern.seed};
    std::memcpy(block.data(), &head, sizeof(head));
    std::uint64_t state = mix(mix(mix(number) ^ pattern.generation) ^ pattern.seed);
    for (std::size_t at = sizeof(head); at < block.size(); at += sizeof(state)) {
        state = mix(state);
        std::memcpy(block.data() + at, &state, std::min(sizeof(state), block.size() - at));
    }
}

std::optional<Mismatch> check_block(std::span<const std::byte> block, std::uint64_t number,
                                    const Pattern& pattern) {
    std::vector<std::byte> expected(block.size());
    fill_block(expected, number, pattern);
    const auto [one, other] = std::ranges::mismatch(expected, block);
    if (one == expected.end()) return std::nullopt;
    return Mismatch{number, static_cast<std::size_t>(one - expected.begin()),
                    static_cast<std::uint8_t>(*one), static_cast<std::uint8_t>(*other),
                    what_it_holds(block, number, pattern)};
}

std::optional<Pattern> claimed_pattern(std::span<const std::byte> block,
                                       std::uint64_t number) noexcept {
    const Head head = head_of(block);
    if (head.magic != kMagic || head.number != number) return std::nullopt;
    return Pattern{head.seed, head.generation};
}

}  // namespace xnvme::tool
