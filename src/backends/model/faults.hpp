/// \file
/// Faults on purpose: which commands fail or never complete, as the identifier asked for.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <xnvme/result.hpp>

#include "verdicts.hpp"

namespace xnvme::be_model {

/// One fault: which commands it meets, and what becomes of them.
struct FaultRule {
    enum class When : std::uint8_t {
        always,  ///< Every command of the opcode.
        lba,     ///< Commands that touch a block of `first` to `last`.
        key,     ///< Commands on one key of a key-value namespace.
        nth,     ///< The command number `first` of the opcode since open, and those after it.
    };
    bool any = false;        ///< Every I/O command; `opcode` means nothing.
    bool admin = false;      ///< `opcode` is that of an admin command.
    bool key_value = false;  ///< `opcode` is one of the key-value command set's own.
    std::uint8_t opcode = 0;
    When when = When::always;
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::string key;
    std::uint64_t count = UINT64_MAX;    ///< How many commands it meets before it is spent.
    bool drop = false;                   ///< The command never completes.
    bool lost = false;                   ///< The command succeeds, and does nothing.
    ZoneDefect zone = ZoneDefect::none;  ///< What becomes of the zone that it touches.
    Status status{};

    bool operator==(const FaultRule&) const = default;
};

/// Reads the value of `fault=`:
///
///     OPCODE[@lba:FIRST[..LAST] | @key:KEY |
///     @nth:N][,sct=N,sc=N][,dnr=0|1][,count=N][,once][,drop | ,lost]
///         [,zone=read-only|offline|full]
///
/// OPCODE is a name such as `read`, `write-zeroes` or `identify`, `any` for every I/O command, or
/// `drop` for every I/O command with `drop`. Numbers are decimal or begin with 0x. Without a status
/// the command fails as a broken medium would make it fail. `@nth` meets one command unless `count`
/// says more. `zone=` breaks the zone of the block that was met, on a zoned device. Fails with a
/// sentence that names the bad part and says what is allowed.
Result<FaultRule, Failure> parse_fault(std::string_view text);

/// The faults of a controller, with how often each was met. Any thread may use it.
class FaultSet {
  public:
    explicit FaultSet(const std::vector<FaultRule>& rules);

    bool empty() const noexcept { return entries_.empty(); }
    /// Counts a command, once, and says what becomes of it: nothing, or an outcome that ends it.
    /// \param ranges the blocks that it touches
    /// \param key the key that it is about, on a key-value namespace
    std::optional<Outcome> meet(bool admin, std::uint8_t opcode, std::span<const BlockRange> ranges,
                                std::string_view key = {}) noexcept;

  private:
    struct Entry {
        FaultRule rule;
        std::uint64_t seen = 0;
        std::uint64_t met = 0;
    };
    std::mutex mutex_;
    std::vector<Entry> entries_;
};

}  // namespace xnvme::be_model
